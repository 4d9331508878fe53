"""Generated sets with a story: balanced, learnable as promised, and not learnable beyond that."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import make_microchips, make_plane, make_shirts, make_waves
from pellucid.errors import InputError


def test_shirts_are_as_described():
    X, y = make_shirts(20_000, seed=0)
    assert X.shape == (20_000, 4)
    assert y.dtype == np.int64
    assert np.unique(y).tolist() == [0, 1]
    low, high = np.array([5, 0, 0, 0]), np.array([35, 10, 10, 1])
    assert ((X - low) * (high - X) >= 0).all()
    np.testing.assert_allclose(X.mean(axis=0), (low + high) / 2, rtol=0.02)
    assert 0.47 < y.mean() < 0.53


def test_shirts_need_three_hidden_units_and_no_more():
    neural, linear = pytest.importorskip("sklearn.neural_network"), pytest.importorskip("sklearn.linear_model")
    limits = pytest.importorskip("threadpoolctl").threadpool_limits
    (X, y), (X_test, y_test) = make_shirts(600, seed=1), make_shirts(4000, seed=2)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    settings = {"activation": "tanh", "solver": "lbfgs", "max_iter": 2000}
    with limits(1):  # threads wait longer for each other than such a network computes
        network = max(
            (neural.MLPClassifier((3,), random_state=seed, **settings).fit((X - mean) / scale, y) for seed in range(3)),
            key=lambda fitted: fitted.score((X - mean) / scale, y),
        )
    line = linear.LogisticRegression().fit((X - mean) / scale, y)
    accuracy = network.score((X_test - mean) / scale, y_test)
    assert accuracy > 0.93
    assert line.score((X_test - mean) / scale, y_test) < accuracy - 0.03


def test_microchips_are_as_described():
    X, y = make_microchips(50_000, seed=0)
    assert X.min() >= -0.9
    assert X.max() <= 1.1
    assert 0.48 < y.mean() < 0.53
    # The best rule there is: inside the region or not. What it gets wrong is chance.
    along, across = (X[:, 0] - X[:, 1]) / np.sqrt(2), (X[:, 0] + X[:, 1] - 0.3) / np.sqrt(2)
    inside = np.abs(along / 0.84) ** 2.5 + np.abs(across / 0.7) ** 2.5 < 1
    assert 0.83 < (inside == y).mean() < 0.87
    assert make_microchips()[0].shape == (118, 2)


def test_microchips_of_the_usual_size_give_the_usual_accuracy():
    linear, pre = pytest.importorskip("sklearn.linear_model"), pytest.importorskip("sklearn.preprocessing")
    scores = []
    for seed in range(6):
        X, y = make_microchips(seed=seed)
        powers = pre.PolynomialFeatures(6).fit_transform(X)
        scores.append(linear.LogisticRegression(C=1, max_iter=5000).fit(powers, y).score(powers, y))
    assert 0.80 < np.median(scores) < 0.88


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (make_plane, lambda a, b: 0.5 + 0.75 * a - 0.25 * b),
        (make_waves, lambda a, b: np.sin(np.pi * a) * np.cos(np.pi * b)),
    ],
)
def test_surfaces_are_their_formulas_plus_noise(make, formula):
    X, y = make(3000, 0.0, seed=4)
    assert X.dtype == y.dtype == np.float64
    assert np.abs(X).max() <= 1
    np.testing.assert_allclose(y, formula(X[:, 0], X[:, 1]), atol=1e-15)
    same, noisy = make(3000, 0.1, seed=4)
    assert same.tobytes() == X.tobytes()
    assert 0.095 < (noisy - y).std() < 0.105


@pytest.mark.parametrize("make", [make_shirts, make_microchips, make_plane, make_waves])
def test_seeds_and_sizes(make):
    assert make(30, seed=1)[0].tobytes() == make(30, seed=1)[0].tobytes()
    assert make(30, seed=1)[0].tobytes() != make(30, seed=2)[0].tobytes()
    assert len(make(1)[1]) == 1
    with pytest.raises(InputError, match=r"^n "):
        make(0)
    with pytest.raises(InputError, match=r"^seed "):
        make(5, seed="x")


@pytest.mark.parametrize("make", [make_plane, make_waves])
def test_surfaces_refuse_bad_noise(make):
    with pytest.raises(InputError, match=r"^noise "):
        make(5, noise=-1)
