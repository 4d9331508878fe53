"""Penalties: what they are worth, their gradient, and that loss, gradients and fit mean exactly the same function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from pellucid import SGD, Dense, Network
from pellucid.penalties import penalty, penalty_gradient

PENALTIES = [(0.0, 0.0), (0.3, 0.0), (0.0, 0.2), (0.3, 0.2)]
RATE = 0.25


def network(dtype: str = "float64") -> Network:
    net = Network([Dense(4, "tanh"), Dense(3, "softmax")], inputs=2, seed=3, dtype=dtype)
    net.theta = net.theta + 0.1  # biases that are not zero, so that a penalty on them would be seen
    return net


def data() -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(12, 2)), np.arange(12) % 3, rng.uniform(0.2, 3, 12)


@given(
    W=st.lists(st.floats(-10, 10), min_size=1, max_size=5),
    b=st.lists(st.floats(-10, 10), max_size=3),
    l2=st.floats(0, 5),
    l1=st.floats(0, 5),
)
@settings(max_examples=100, deadline=None)
def test_value_and_gradient(W: list[float], b: list[float], l2: float, l1: float) -> None:
    theta, weights = np.array(W + b), np.array([1.0] * len(W) + [0.0] * len(b))
    expected = naive.penalty([naive.Layer([W], b, "identity")], l2, l1)
    assert penalty(theta, weights, l2, l1) == pytest.approx(expected, rel=1e-13, abs=1e-300)
    expected_gradient = [l2 * w + l1 * naive.sign(w) for w in W] + [0.0] * len(b)
    assert penalty_gradient(theta, weights, l2, l1) == pytest.approx(expected_gradient, rel=1e-15, abs=1e-300)


def test_by_hand() -> None:
    theta, weights = np.array([3.0, -4.0, 0.0, 7.0]), np.array([1.0, 1.0, 1.0, 0.0])
    assert penalty(theta, weights, 2.0, 0.0) == 25
    assert penalty(theta, weights, 0.0, 0.5) == 3.5
    assert penalty(theta, weights, 2.0, 0.5) == 28.5
    assert penalty_gradient(theta, weights, 2.0, 0.5).tolist() == [6.5, -8.5, 0.0, 0.0]


def test_slope_of_l1_at_zero_is_zero() -> None:
    zeros = np.array([0.0, -0.0])
    assert penalty_gradient(zeros, np.ones(2), 0.0, 3.0).tolist() == [0, 0]


@pytest.mark.parametrize(("l2", "l1"), PENALTIES)
def test_a_complex_step_runs_through(l2: float, l1: float) -> None:
    theta, weights = np.array([3.0, -4.0, 0.5, 7.0]), np.array([1.0, 1.0, 1.0, 0.0])
    step = 1e-30
    numerical = [np.imag(penalty(theta + step * 1j * e, weights, l2, l1)) / step for e in np.eye(4)]
    assert penalty_gradient(theta, weights, l2, l1) == pytest.approx(numerical, rel=1e-15, abs=0)


@pytest.mark.parametrize(("l2", "l1"), PENALTIES)
def test_dtype_is_kept(l2: float, l1: float) -> None:
    theta = np.array([3.0, -4.0], np.float32)
    assert penalty_gradient(theta, np.ones(2, np.float32), l2, l1).dtype == np.float32
    assert network("float32").gradients(*data()[:2], l2=l2, l1=l1)["W1"].dtype == np.float32


@pytest.mark.parametrize(("l2", "l1"), PENALTIES)
def test_loss_adds_it_once_whatever_the_rows_and_weights(l2: float, l1: float) -> None:
    net, (X, y, w) = network(), data()
    worth = naive.penalty(naive.layers_of(net), l2, l1)
    for rows in (slice(None), slice(0, 1), slice(3, 8)):
        plain, penalized = net.loss(X[rows], y[rows]), net.loss(X[rows], y[rows], l2=l2, l1=l1)
        assert penalized - plain == pytest.approx(worth, rel=1e-12, abs=1e-15)
        weighted = net.loss(X[rows], y[rows], sample_weight=w[rows])
        both = net.loss(X[rows], y[rows], l2=l2, l1=l1, sample_weight=w[rows])
        assert both - weighted == pytest.approx(worth, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(("l2", "l1"), PENALTIES)
def test_gradients_have_it_on_weights_and_not_on_biases(l2: float, l1: float) -> None:
    net, (X, y, w) = network(), data()
    plain, penalized = net.gradients(X, y, sample_weight=w), net.gradients(X, y, l2=l2, l1=l1, sample_weight=w)
    for name in ("b1", "b2"):
        assert np.array_equal(penalized[name], plain[name])
    for name in ("W1", "W2"):
        W = net.params[name]
        assert penalized[name] - plain[name] == pytest.approx(l2 * W + l1 * np.sign(W), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("l2", "l1"), PENALTIES)
def test_one_step_of_fit_is_one_step_down_that_gradient(l2: float, l1: float, weighted: bool, dtype: str) -> None:
    X, y, w = data()
    net, sample_weight = network(dtype), w if weighted else None
    loss = net.loss(X, y, l2=l2, l1=l1, sample_weight=sample_weight)
    before = {name: view.copy() for name, view in net.params.items()}
    gradients = net.gradients(X, y, l2=l2, l1=l1, sample_weight=sample_weight)
    history = net.fit(X, y, optimizer=SGD(RATE), epochs=1, l2=l2, l1=l1, sample_weight=sample_weight)
    assert history.loss[0] == loss  # the same bits: it is the same function
    for name, view in net.params.items():
        assert np.array_equal(view, before[name] - RATE * gradients[name])


@pytest.mark.parametrize(("l2", "l1"), PENALTIES)
def test_every_mini_batch_has_the_whole_of_it(l2: float, l1: float) -> None:
    X, y, w = data()
    net, by_hand = network(), network()
    validation = (X[:4] + 0.5, y[:4])
    losses = []
    for rows in (slice(0, 5), slice(5, 10), slice(10, 12)):
        batch = {"l2": l2, "l1": l1, "sample_weight": w[rows]}
        losses.append(by_hand.loss(X[rows], y[rows], **batch))
        for name, g in by_hand.gradients(X[rows], y[rows], **batch).items():
            by_hand.params[name] -= RATE * g
    history = net.fit(
        X, y, optimizer=SGD(RATE), epochs=1, batch_size=5, l2=l2, l1=l1, shuffle=False, sample_weight=w,
        validation=validation,
    )  # fmt: skip
    assert np.array_equal(net.theta, by_hand.theta)
    shares = [w[:5].sum(), w[5:10].sum(), w[10:].sum()]
    assert history.loss[0] == pytest.approx(np.average(losses, weights=shares), rel=1e-14)
    assert history.validation_loss is not None
    assert history.validation_loss[0] == by_hand.loss(*validation, l2=l2, l1=l1)


def test_l1_drives_useless_weights_near_zero_and_l2_shrinks_all() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5))
    X -= X.mean(axis=0)  # so that the bias, which is free, has nothing to do with the weights
    y = 2 * X[:, 0] + 0.01 * rng.normal(size=200)  # four features say nothing
    weights = {}
    for name, penalties in {"none": {}, "l1": {"l1": 0.2}, "l2": {"l2": 1.0}}.items():
        net = Network([Dense(1)], inputs=5)
        net.fit(X, y, optimizer=SGD(0.05), epochs=400, **penalties)
        weights[name] = net.params["W1"][:, 0]
    assert weights["none"][0] == pytest.approx(2, abs=0.01)
    # Least squares with l1 takes off l1 / (mean of x^2); a step of 0.05 leaves the others within rate * l1 of zero.
    assert weights["l1"][0] == pytest.approx(2 - 0.2 / np.mean(X[:, 0] ** 2), abs=0.05)
    assert np.abs(weights["l1"][1:]).max() <= 0.011
    assert weights["l2"] == pytest.approx(np.linalg.solve(X.T @ X / 200 + np.eye(5), X.T @ y / 200), abs=1e-6)
