"""Initializers: the right mean, variance and shape of distribution at several sizes, and one seed for everything."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

from pellucid import Dense, Initializer, InputError, Network
from pellucid.activations import ACTIVATIONS
from pellucid.initializers import INITIALIZERS, MAKERS, constant, normal, uniform

SIZES = [(784, 128), (50, 400), (2000, 20), (300, 300)]
# Each drawn one with its distribution and its variance for (fan_in, fan_out).
DRAWN = [
    ("xavier", "normal", lambda i, o: 2 / (i + o)),
    ("he", "normal", lambda i, o: 2 / i),
    ("xavier_uniform", "uniform", lambda i, o: 2 / (i + o)),
    ("he_uniform", "uniform", lambda i, o: 2 / i),
    ("normal", "normal", lambda i, o: 0.01**2),
    ("normal(0.02)", "normal", lambda i, o: 0.02**2),
    ("normal(3)", "normal", lambda i, o: 9),
    ("uniform", "uniform", lambda i, o: 0.05**2 / 3),
    ("uniform(0.5)", "uniform", lambda i, o: 0.25 / 3),
]


def drawn(init: str | Initializer, fan_in: int, fan_out: int, seed: int = 0) -> Any:
    W, b = Dense(fan_out, init=init).draw(np.random.default_rng(seed), fan_in)
    assert W.shape == (fan_in, fan_out)
    assert W.dtype == np.float64
    assert b.shape == (fan_out,)
    assert not b.any()
    return W


@pytest.mark.parametrize(("fan_in", "fan_out"), SIZES)
@pytest.mark.parametrize(("name", "kind", "variance"), DRAWN, ids=[name for name, _, _ in DRAWN])
def test_mean_and_variance(name: str, kind: str, variance: Any, fan_in: int, fan_out: int) -> None:
    W, expected = drawn(name, fan_in, fan_out), variance(fan_in, fan_out)
    # Four standard errors. That of a variance is sqrt((kurtosis - 1) / n): kurtosis 3 for normal, 1.8 for uniform.
    assert abs(W.mean()) < 4 * math.sqrt(expected / W.size)
    spread = math.sqrt((2 if kind == "normal" else 0.8) / W.size)
    assert abs(W.var() / expected - 1) < 4 * spread
    # No row or column stands out: each mean has its own standard error.
    for axis, count in ((0, fan_in), (1, fan_out)):
        assert np.abs(W.mean(axis=axis)).max() < 5 * math.sqrt(expected / count)


@pytest.mark.parametrize(("name", "kind", "variance"), DRAWN, ids=[name for name, _, _ in DRAWN])
def test_shape_of_the_distribution(name: str, kind: str, variance: Any) -> None:
    stats = pytest.importorskip("scipy.stats")
    W, deviation = drawn(name, 120, 80).ravel(), math.sqrt(variance(120, 80))
    if kind == "uniform":
        limit = deviation * math.sqrt(3)
        assert np.abs(W).max() <= limit
        assert np.abs(W).max() > 0.999 * limit
        assert stats.kstest(W, stats.uniform(-limit, 2 * limit).cdf).pvalue > 1e-3
        assert stats.kstest(W, stats.norm(0, deviation).cdf).pvalue < 1e-6  # the test can tell them apart
    else:
        assert stats.kstest(W, stats.norm(0, deviation).cdf).pvalue > 1e-3
        assert stats.kstest(W, stats.uniform(-3 * deviation, 6 * deviation).cdf).pvalue < 1e-6


def test_zeros_and_constants() -> None:
    assert not drawn("zeros", 3, 2).any()
    assert (drawn("constant(-0.5)", 3, 2) == -0.5).all()
    assert (drawn(constant(2), 3, 2) == 2).all()
    assert not drawn(normal(0), 3, 2).any()
    assert not drawn(uniform(0), 3, 2).any()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_one_seed_decides(name: str) -> None:
    first, same, other = drawn(name, 20, 10), drawn(name, 20, 10), drawn(name, 20, 10, seed=1)
    assert np.array_equal(first, same)
    assert np.array_equal(first, other) == (name == "zeros")


def test_networks_of_one_seed_are_equal_and_of_another_are_not() -> None:
    def theta(seed: int) -> Any:
        return Network([Dense(7, "relu"), Dense(5, "tanh"), Dense(3, "softmax")], inputs=4, seed=seed).theta

    assert np.array_equal(theta(3), theta(3))
    assert (theta(3) != theta(4)).sum() == 4 * 7 + 7 * 5 + 5 * 3  # every weight, no bias


def test_layers_draw_one_after_the_other_from_one_generator() -> None:
    net = Network([Dense(7, "relu"), Dense(5, "tanh")], inputs=4, seed=9)
    rng = np.random.default_rng(9)
    assert np.array_equal(net.params["W1"], rng.standard_normal((4, 7)) * np.sqrt(2 / 4))
    assert np.array_equal(net.params["W2"], rng.standard_normal((7, 5)) * np.sqrt(2 / 12))


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_float32_network_has_the_same_numbers_rounded(name: str) -> None:
    layers = [Dense(7, "relu", init=name), Dense(3, "softmax", init=name)]
    wide, narrow = (Network(layers, inputs=4, seed=2, dtype=dtype) for dtype in ("float64", "float32"))
    assert narrow.theta.dtype == np.float32
    assert np.array_equal(narrow.theta, wide.theta.astype(np.float32))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_he_for_relu_like_and_xavier_otherwise(activation: str) -> None:
    relu_like = activation in ("relu", "leaky_relu", "elu", "softplus", "gelu", "swish")
    assert Dense(2, activation).init is INITIALIZERS["he" if relu_like else "xavier"]
    assert Dense(2, activation, init="zeros").init is INITIALIZERS["zeros"]


def test_biases_start_at_zero() -> None:
    net = Network([Dense(7, "relu", init="normal(2)"), Dense(3, init=constant(4))], inputs=4)
    assert not net.params["b1"].any()
    assert not net.params["b2"].any()


# By name, and users' own.

NUMBERS = ("0.02", "1e-05", "3", "2.5e+1", "0")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("maker", MAKERS)
def test_by_name_with_a_number(maker: str, number: str) -> None:
    by_name, record = Dense(1, init=f"{maker}({number})").init, MAKERS[maker](float(number))
    assert by_name.name == record.name == f"{maker}({float(number)!r})"
    assert np.array_equal(drawn(by_name, 4, 5), drawn(record, 4, 5))
    assert Dense(1, init=record.name).init.name == record.name  # its own name leads back to it


@pytest.mark.parametrize("number", ["-0.5", "-1e-05", "+2"])
def test_constants_by_name_keep_their_sign(number: str) -> None:
    record = Dense(1, init=f"constant({number})").init
    assert (drawn(record, 2, 2) == float(number)).all()
    assert np.array_equal(drawn(record.name, 2, 2), drawn(record, 2, 2))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("normal(-1)", "a number of at least 0; this is -1.0"),
        ("normal(nan)", "a number of at least 0; this is nan"),
        ("normal(inf)", "a number of at least 0; this is inf"),
        ("uniform(-0.1)", "a number of at least 0; this is -0.1"),
        ("constant(inf)", "must be a number .*; this is inf"),
        ("constant(nan)", "must be a number .*; this is nan"),
        ("normal(wide)", "could not convert"),
        ("he(2)", "There is no initializer named"),
        ("xavir", "Did you mean 'xavier'"),
        (0.01, "record of class Initializer; this is float: 0.01"),
    ],
)
def test_what_cannot_be_drawn_is_refused(bad: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Dense(3, init=bad)


def test_own_initializer() -> None:
    own = Initializer("eye", lambda rng, fan_in, fan_out: np.eye(fan_in, fan_out))
    net = Network([Dense(4, init=own), Dense(2, init=own)], inputs=4)
    assert np.array_equal(net.params["W1"], np.eye(4))
    assert net.forward([[1, 2, 3, 4]]).tolist() == [[1, 2]]


def test_own_initializer_of_the_wrong_shape_is_refused() -> None:
    turned = Initializer("turned", lambda rng, fan_in, fan_out: np.zeros((fan_out, fan_in)))
    with pytest.raises(InputError, match=r"'turned' gave weights of shape \(2, 3\); .* is \(3, 2\)"):
        Network([Dense(2, init=turned)], inputs=3)


def test_own_arrays_through_params() -> None:
    net = Network([Dense(2, "tanh")], inputs=3)
    W = np.arange(6.0).reshape(3, 2)
    net.params["W1"][...] = W
    assert net.theta.tolist() == [0, 1, 2, 3, 4, 5, 0, 0]


@pytest.mark.parametrize("name", [*INITIALIZERS, "normal(0.02)", "uniform(3)", "constant(-1)"])
def test_records_travel_between_processes(name: str) -> None:
    record = Dense(1, init=name).init
    again = pickle.loads(pickle.dumps(record))
    assert again.name == record.name
    assert np.array_equal(drawn(again, 3, 4), drawn(record, 3, 4))
