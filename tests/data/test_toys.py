"""Generated sets: equal to scikit-learn's in every bit, true to their formulas, strict about their arguments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data import make_blobs, make_circles, make_moons, make_spiral, make_xor
from pellucid.errors import InputError


@pytest.fixture(scope="module")
def peer():
    return pytest.importorskip("sklearn.datasets", reason="the peer of these functions is scikit-learn")


noises = st.none() | st.sampled_from([0.0, 0.05, 0.2, 1.5])
seeds = st.integers(0, 2**32 - 1)


def same_bits(ours, theirs):
    (X, y), (X_peer, y_peer) = ours, theirs
    assert X.dtype == np.float64
    assert y.dtype == np.int64
    assert X.flags.c_contiguous
    assert X.shape == X_peer.shape
    assert X.tobytes() == np.ascontiguousarray(X_peer).tobytes()
    assert y.tolist() == y_peer.tolist()


@settings(deadline=None, max_examples=150)
@given(n=st.integers(1, 300), noise=noises, seed=seeds)
def test_moons_equal_scikit_learn(peer, n, noise, seed):
    same_bits(make_moons(n, noise, seed), peer.make_moons(n, noise=noise, random_state=seed))


@settings(deadline=None, max_examples=150)
@given(n=st.integers(1, 300), noise=noises, factor=st.sampled_from([0.0, 0.3, 0.5, 0.8, 0.99]), seed=seeds)
def test_circles_equal_scikit_learn(peer, n, noise, factor, seed):
    same_bits(make_circles(n, noise, factor, seed), peer.make_circles(n, noise=noise, factor=factor, random_state=seed))


@settings(deadline=None, max_examples=150)
@given(
    n=st.integers(1, 300),
    centers=st.integers(1, 7),
    features=st.integers(1, 5),
    spread=st.sampled_from([0.0, 0.3, 1.0, 4.0]),
    seed=seeds,
)
def test_blobs_equal_scikit_learn(peer, n, centers, features, spread, seed):
    theirs = peer.make_blobs(n, centers=centers, n_features=features, cluster_std=spread, random_state=seed)
    same_bits(make_blobs(n, centers, features, spread, seed), theirs)


def test_blobs_around_given_centers_equal_scikit_learn(peer):
    centers = [[0, 0], [5, 5], [-5, 5]]
    same_bits(make_blobs(50, centers, seed=3), peer.make_blobs(50, centers=np.array(centers), random_state=3))


def test_defaults_equal_scikit_learn(peer):
    same_bits(make_moons(), peer.make_moons(random_state=0))
    same_bits(make_circles(), peer.make_circles(random_state=0))
    same_bits(make_blobs(), peer.make_blobs(random_state=0))


@pytest.mark.parametrize("ours", [make_moons, make_circles, make_blobs])
def test_no_seed_draws_from_the_global_state(peer, ours):
    theirs = getattr(peer, ours.__name__)
    before = np.random.get_state()
    try:
        np.random.seed(0)
        first = ours(51, seed=None)
        after_ours = np.random.rand()
        np.random.seed(0)
        same_bits(first, theirs(51))
        assert np.random.rand() == after_ours
    finally:
        np.random.set_state(before)


def test_a_generator_goes_on_where_it_stands(peer):
    ours, theirs = np.random.RandomState(5), np.random.RandomState(5)
    for _ in range(2):
        same_bits(make_moons(20, 0.1, ours), peer.make_moons(20, noise=0.1, random_state=theirs))


def test_spiral_is_the_published_one():
    points, arms, noise = 100, 3, 0.2
    generator = np.random.RandomState(0)
    wanted = []
    for arm in range(arms):
        e = generator.randn(points)
        for i in range(points):
            r, t = i / (points - 1), 4 * arm + 4 * i / (points - 1) + noise * e[i]
            wanted.append((r * np.sin(t), r * np.cos(t)))
    X, y = make_spiral(points, arms, noise, seed=0)
    np.testing.assert_allclose(X, wanted, rtol=0, atol=1e-14)
    assert y.tolist() == [0] * 100 + [1] * 100 + [2] * 100
    assert y.dtype == np.int64


def test_spiral_agrees_with_the_program_of_the_course_bit_for_bit():
    before = np.random.get_state()
    try:
        np.random.seed(0)
        N, D, K = 100, 2, 3
        wanted = np.zeros((N * K, D))
        for j in range(K):
            r = np.linspace(0.0, 1, N)
            t = np.linspace(j * 4, (j + 1) * 4, N) + np.random.randn(N) * 0.2
            wanted[N * j : N * (j + 1)] = np.c_[r * np.sin(t), r * np.cos(t)]
    finally:
        np.random.set_state(before)
    assert make_spiral(100, 3, 0.2, seed=0)[0].tobytes() == wanted.tobytes()


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 200), seed=seeds)
def test_xor_without_noise_is_exact_and_even(n, seed):
    X, y = make_xor(n, None, seed)
    assert ((X[:, 0] * X[:, 1] < 0) == y).all()
    assert (np.abs(X) >= 0.1).all()
    assert (np.abs(X) <= 1).all()
    squares = np.bincount(2 * (X[:, 0] > 0) + (X[:, 1] > 0), minlength=4)
    assert squares.max() - squares.min() <= 1


def test_xor_noise_comes_after_the_labels():
    clean, labels = make_xor(500, None, seed=1)
    noisy, same = make_xor(500, 0.1, seed=1)
    assert labels.tolist() == same.tolist()
    assert 0.09 < (noisy - clean).std() < 0.11


@pytest.mark.parametrize("make", [make_moons, make_circles, make_blobs, make_xor])
def test_same_seed_same_bits_and_another_seed_others(make):
    assert make(40, seed=3)[0].tobytes() == make(40, seed=3)[0].tobytes()
    assert make(40, seed=3)[0].tobytes() != make(40, seed=4)[0].tobytes()


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: make_moons(0), "n"),
        (lambda: make_moons(-5), "n"),
        (lambda: make_moons(2.5), "n"),
        (lambda: make_moons(True), "n"),
        (lambda: make_moons("100"), "n"),
        (lambda: make_moons(10, noise=-0.1), "noise"),
        (lambda: make_moons(10, noise=float("nan")), "noise"),
        (lambda: make_moons(10, noise=float("inf")), "noise"),
        (lambda: make_moons(10, noise="much"), "noise"),
        (lambda: make_moons(10, seed=-1), "seed"),
        (lambda: make_moons(10, seed=2**32), "seed"),
        (lambda: make_moons(10, seed=1.5), "seed"),
        (lambda: make_moons(10, seed=np.random.default_rng(0)), "seed"),
        (lambda: make_circles(10, factor=1.0), "factor"),
        (lambda: make_circles(10, factor=-0.1), "factor"),
        (lambda: make_blobs(10, centers=0), "centers"),
        (lambda: make_blobs(10, centers=2.0), "centers"),
        (lambda: make_blobs(10, centers=[1, 2]), "centers"),
        (lambda: make_blobs(10, centers=[[1, 2], [3]]), "centers"),
        (lambda: make_blobs(10, centers=[[1, float("nan")]]), "centers"),
        (lambda: make_blobs(10, features=0), "features"),
        (lambda: make_blobs(10, spread=-1), "spread"),
        (lambda: make_xor(0), "n"),
        (lambda: make_spiral(points=0), "points"),
        (lambda: make_spiral(arms=0), "arms"),
        (lambda: make_spiral(noise=-1), "noise"),
        (lambda: make_spiral(noise=None), "noise"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InputError, match=rf"^{argument}\b"):
        call()
