"""The readable engine against the naive oracle, and what its blocks, dtypes and choices of rows must not change."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import naive
from pellucid import Dense, Dropout, InputError, Network
from pellucid.activations import ACTIVATIONS
from pellucid.data import Pixels, Standardizer
from pellucid.engines import readable

HIDDEN = tuple(name for name, record in ACTIVATIONS.items() if not record.output_only)
PAIRS = [
    ("softmax", "cross_entropy"),
    ("softmax", "squared_error"),
    ("sigmoid", "binary_cross_entropy"),
    ("sigmoid", "absolute_error"),
    ("identity", "squared_error"),
    ("identity", "huber"),
    ("tanh", "absolute_error"),
    ("exp", "poisson"),
]


class Case(NamedTuple):
    net: Network
    X: Any
    t: Any
    w: Any
    l2: float
    l1: float


def targets(output: str, n: int, units: int, rng: np.random.Generator) -> Any:
    """Of the shape (n, outputs), as every loss takes them."""
    if output == "softmax":
        return rng.dirichlet(np.ones(units), size=n)
    if output == "sigmoid":
        return rng.integers(0, 2, (n, units)).astype(float)
    if output == "exp":
        return rng.poisson(2.0, (n, units)).astype(float)
    return rng.normal(size=(n, units)) * 2


@st.composite
def cases(draw: Any) -> Case:
    output, loss = draw(st.sampled_from(PAIRS))
    hidden = draw(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(HIDDEN)), max_size=3))
    n, inputs, units = draw(st.integers(1, 5)), draw(st.integers(1, 4)), draw(st.integers(2, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    layers = [*[Dense(width, name) for width, name in hidden], Dense(units, output)]
    net = Network(layers, inputs=inputs, loss=loss, seed=draw(st.integers(0, 99)))
    net.theta = net.theta + 0.1 * rng.normal(size=net.theta.size)
    w = rng.uniform(0.1, 3, n) if draw(st.booleans()) else None
    l2, l1 = draw(st.sampled_from([(0.0, 0.0), (0.2, 0.0), (0.0, 0.1), (0.2, 0.1)]))
    return Case(net, rng.normal(size=(n, inputs)), targets(output, n, units, rng), w, l2, l1)


def classifier(n: int = 23, dtype: str = "float64", scaler: Any = None) -> tuple[Network, Any, Any, Any]:
    rng = np.random.default_rng(1)
    net = Network([Dense(6, "tanh"), Dense(3, "softmax")], inputs=4, seed=2, dtype=dtype, scaler=scaler)
    return net, rng.normal(size=(n, 4)), rng.integers(0, 3, n), rng.uniform(0.1, 2, n)


@given(case=cases())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_outputs_loss_and_gradient_are_those_of_the_naive_oracle(case: Case) -> None:
    net, X, t, w, l2, l1 = case
    layers, name, rows = naive.layers_of(net), net.loss_function.name, X.tolist()
    weights = None if w is None else w.tolist()
    assert np.allclose(net.forward(X), naive.forward(layers, rows), rtol=1e-12, atol=1e-13)
    problem = readable.problem(net, X, t, w)
    loss, correct, gradient = readable.loss_and_gradient(net, net.theta, *problem, l2, l1)
    assert loss == pytest.approx(naive.loss(layers, rows, t.tolist(), name, weights, l2, l1), rel=1e-12, abs=1e-14)
    expected = np.array(naive.flat(naive.gradients(layers, rows, t.tolist(), name, weights, l2, l1)))
    assert gradient.shape == net.theta.shape
    assert np.abs(gradient - expected).max() <= 1e-11 * max(1, np.abs(expected).max())
    assert readable.loss(net, net.theta, *problem, l2, l1) == (loss, correct)
    by_name = net.gradients(X, t, l2=l2, l1=l1, sample_weight=w)
    assert np.array_equal(np.concatenate([g.ravel() for g in by_name.values()]), gradient)
    assert {n: g.shape for n, g in by_name.items()} == {n: view.shape for n, view in net.params.items()}


@given(case=cases())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_float32_is_the_same_computation_rounded(case: Case) -> None:
    net, X, t, w, l2, l1 = case
    small = Network(net.layers, inputs=net.inputs, loss=net.loss_function, dtype="float32")
    small.theta = net.theta
    loss, _, gradient = readable.loss_and_gradient(small, small.theta, *readable.problem(small, X, t, w), l2, l1)
    assert loss.dtype == gradient.dtype == small.forward(X).dtype == np.float32
    wide = Network(net.layers, inputs=net.inputs, loss=net.loss_function)
    wide.theta = small.theta.astype(np.float64)
    rounded = (array.astype(np.float32).astype(np.float64) for array in (X, t))
    exact, _, exact_gradient = readable.loss_and_gradient(
        wide, wide.theta, *readable.problem(wide, *rounded, w), l2, l1
    )
    assert loss == pytest.approx(exact, rel=1e-4, abs=1e-5)
    if "absolute" not in net.loss_function.name:  # there a sign may turn with a rounded residual
        assert np.abs(gradient - exact_gradient).max() <= 1e-4 * max(1, np.abs(exact_gradient).max())


# Counting what is right.


def test_correct_rows_are_counted() -> None:
    net = Network([Dense(3, "softmax")], inputs=3)
    net.params["W1"] = np.eye(3)
    X, y = np.eye(3), [0, 1, 1]
    problem = readable.problem(net, X, y)
    assert readable.loss(net, net.theta, *problem)[1] == 2
    assert readable.loss_and_gradient(net, net.theta, *problem)[1] == 2
    assert readable.accuracy(net, net.theta, *problem) == 2 / 3
    assert readable.loss_and_gradient(net, net.theta, *problem, rows=np.array([2, 2, 0]))[1] == 1


# Blocks.


@pytest.mark.parametrize("block", [1, 2, 7, 22, 23, 24])
def test_blocks_change_nothing_but_rounding(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    net, X, y, w = classifier()
    rows = np.random.default_rng(0).permutation(23)[:17]
    for weights in (None, w):
        problem = readable.problem(net, X, y, weights)
        monkeypatch.setattr(readable, "BLOCK", 8192)
        whole = readable.loss_and_gradient(net, net.theta, *problem, 0.1, 0.01)
        some = readable.loss_and_gradient(net, net.theta, *problem, 0.1, 0.01, rows=rows)
        loss, outputs = readable.loss(net, net.theta, *problem, 0.1, 0.01), net.forward(X)
        monkeypatch.setattr(readable, "BLOCK", block)
        for expected, options in ((whole, {}), (some, {"rows": rows})):
            value, correct, gradient = readable.loss_and_gradient(net, net.theta, *problem, 0.1, 0.01, **options)
            assert value == pytest.approx(expected[0], rel=1e-14)
            assert correct == expected[1]
            assert np.allclose(gradient, expected[2], rtol=1e-12, atol=1e-16)
        assert readable.loss(net, net.theta, *problem, 0.1, 0.01) == (pytest.approx(loss[0], rel=1e-14), loss[1])
        assert np.allclose(net.forward(X), outputs, rtol=1e-14)


def test_blocks_cover_every_row_once() -> None:
    for n in (1, readable.BLOCK - 1, readable.BLOCK, readable.BLOCK + 1, 3 * readable.BLOCK):
        covered = np.concatenate([np.arange(n)[block] for block in readable.blocks(n)])
        assert np.array_equal(covered, np.arange(n))


def test_more_rows_than_a_block_without_any_patch() -> None:
    net, X, y, _ = classifier(n=readable.BLOCK + 5)
    parts = [slice(0, readable.BLOCK), slice(readable.BLOCK, None)]
    shares = [readable.BLOCK / len(X), 5 / len(X)]
    assert net.loss(X, y) == pytest.approx(sum(s * net.loss(X[p], y[p]) for s, p in zip(shares, parts, strict=True)))
    for name, gradient in net.gradients(X, y).items():
        expected = sum(s * net.gradients(X[p], y[p])[name] for s, p in zip(shares, parts, strict=True))
        assert np.allclose(gradient, expected, rtol=1e-12, atol=1e-15)


# Rows and weights.


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rows", [[3], [5, 1, 8], [0, 0, 4], list(range(22, -1, -1))], ids=str)
def test_a_choice_of_rows_is_the_loss_of_those_rows(rows: list[int], weighted: bool) -> None:
    net, X, y, w = classifier()
    weights = w if weighted else None
    problem = readable.problem(net, X, y, weights)
    loss, correct, gradient = readable.loss_and_gradient(net, net.theta, *problem, 0.1, 0.01, rows=np.array(rows))
    chosen = readable.problem(net, X[rows], y[rows], None if weights is None else weights[rows])
    expected = readable.loss_and_gradient(net, net.theta, *chosen, 0.1, 0.01)
    assert (loss, correct) == expected[:2]
    assert np.array_equal(gradient, expected[2])


def test_weights_are_shares() -> None:
    net, X, y, _ = classifier()
    plain = net.gradients(X, y)
    for scale in (1.0, 5.0, 1e-6):  # only their ratios count
        assert net.loss(X, y, sample_weight=np.full(23, scale)) == pytest.approx(net.loss(X, y), rel=1e-13)
        assert np.allclose(net.gradients(X, y, sample_weight=np.full(23, scale))["W1"], plain["W1"], rtol=1e-12)
    # A weight of two is the row twice, a weight of zero is no row.
    weights = np.array([2.0, 0.0] + [1.0] * 21)
    rows = [0, 0, *range(2, 23)]
    assert net.loss(X, y, sample_weight=weights) == pytest.approx(net.loss(X[rows], y[rows]), rel=1e-13)
    weighted, repeated = net.gradients(X, y, sample_weight=weights), net.gradients(X[rows], y[rows])
    assert all(np.allclose(weighted[name], repeated[name], rtol=1e-11, atol=1e-16) for name in weighted)


def test_a_batch_of_rows_that_weigh_nothing_has_a_loss_of_zero() -> None:
    net, X, y, w = classifier()
    w[:5] = 0
    problem = readable.problem(net, X, y, w)
    loss, _, gradient = readable.loss_and_gradient(net, net.theta, *problem, rows=np.arange(5))
    assert loss == 0
    assert not gradient.any()


# Inputs.


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("at_once", [True, False], ids=["scaled at once", "scaled batch by batch"])
def test_bytes_with_pixels_are_the_floats_they_stand_for(
    monkeypatch: pytest.MonkeyPatch, dtype: str, at_once: bool
) -> None:
    if not at_once:
        monkeypatch.setattr(readable, "SCALED_AT_ONCE", 0)
    X = np.random.default_rng(0).integers(0, 256, (23, 4), dtype=np.uint8)
    net, _, y, w = classifier(dtype=dtype, scaler=Pixels())
    plain = classifier(dtype=dtype)[0]
    floats = X.astype(dtype) / np.dtype(dtype).type(255)
    inputs = readable.inputs_of(net, X)
    assert inputs.X.dtype == (np.dtype(dtype) if at_once else np.uint8)  # no float copy of a large set as a whole
    assert np.array_equal(inputs.batch(slice(2, 9)), floats[2:9])
    assert np.array_equal(net.forward(X), plain.forward(floats))
    assert net.loss(X, y, 0.1, 0.01, w) == plain.loss(floats, y, 0.1, 0.01, w)
    for name, gradient in net.gradients(X, y, sample_weight=w).items():
        assert np.array_equal(gradient, plain.gradients(floats, y, sample_weight=w)[name])
    history, other = (n.fit(data, y, epochs=3, batch_size=5) for n, data in ((net, X), (plain, floats)))
    assert np.array_equal(history.loss, other.loss)
    assert np.array_equal(net.theta, plain.theta)


@pytest.mark.parametrize("limit", [0, 2**26])
def test_a_standardizer_scales_the_same_at_once_and_batch_by_batch(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(readable, "SCALED_AT_ONCE", limit)
    net, X, y, _ = classifier(scaler=Standardizer())
    far = 1e3 * X + 500
    with pytest.raises(InputError, match="scaler has not been fitted"):
        net.forward(far)
    plain = classifier()[0]
    net.fit(far, y, epochs=2, batch_size=6)
    plain.fit(Standardizer().fit_transform(far), y, epochs=2, batch_size=6)
    assert np.array_equal(net.theta, plain.theta)


@pytest.mark.parametrize("kind", [np.int64, np.int8, bool, np.float32, np.uint8])
def test_any_numbers_are_taken_as_they_are(kind: Any) -> None:
    net, X, y, _ = classifier()
    given_X = (X > 0).astype(kind) if kind is bool else np.abs(X * 3).astype(kind)
    assert net.loss(given_X, y) == net.loss(given_X.astype(float), y)
    assert net.loss(given_X.tolist(), y.tolist()) == net.loss(given_X.astype(float), y)


def test_nothing_that_was_given_is_changed() -> None:
    net, X, y, w = classifier()
    theta, arrays = net.theta.copy(), (X, y, w)
    copies = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    net.forward(X)
    net.loss(X, y, 0.1, 0.1, w)
    net.gradients(X, y, 0.1, 0.1, w)
    net.accuracy(X, y)
    net.fit(X, y, epochs=2, batch_size=5, sample_weight=w)
    assert all(np.array_equal(array, copy) for array, copy in zip(arrays, copies, strict=True))
    assert not np.array_equal(net.theta, theta)


def test_outputs_are_the_callers_own() -> None:
    """Even where nothing is computed: an identity layer, a single row, no copy of X needed."""
    net = Network([Dense(2)], inputs=2)
    X = np.ones((3, 2))
    outputs = net.forward(X)
    before = net.forward(X)
    outputs[...] = 7
    assert np.array_equal(net.forward(X), before)
    assert X.tolist() == [[1, 1]] * 3


# The parts.


def test_the_forward_pass_is_a_chain_of_operations_that_gradients_go_back_through() -> None:
    net = Network([Dense(3, "tanh"), Dropout(0.5), Dense(2, "softmax")], inputs=4)
    X = np.random.default_rng(0).normal(size=(5, 4))
    operations = readable.forward(net, net.theta, X)
    assert [o.kind for o in operations] == ["affine", "activation", "affine", "activation"]  # dropout is off
    z, a = operations[-2].output, operations[-1].output
    assert np.array_equal(a, net.forward(X))
    assert np.allclose(a, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), rtol=1e-14)
    delta = np.random.default_rng(1).normal(size=z.shape)
    gradient = readable.backpropagate(operations, delta)
    assert gradient.shape == net.theta.shape
    assert np.allclose(net.named(gradient)["b2"], delta.sum(axis=0))
    assert np.array_equal(readable.backpropagate(operations, 2 * delta), 2 * gradient)  # linear, and asked twice
    with_dropout = readable.forward(net, net.theta, X, np.random.default_rng(0))
    assert [o.kind for o in with_dropout] == ["affine", "activation", "dropout", "affine", "activation"]
    slopes = list(readable.backward(with_dropout, delta))
    assert [back.operation.kind for back in slopes] == ["affine", "dropout", "activation", "affine"]
    assert slopes[-1].at_input is None  # nobody asks for the gradient of the data


def test_complex_parameters_run_through() -> None:
    net, X, y, _ = classifier()
    value, _ = readable.loss(net, net.theta.astype(complex), *readable.problem(net, X, y), 0.1, 0.1)
    assert isinstance(value, complex | np.complexfloating)
    assert value.imag == 0
    assert value.real == pytest.approx(net.loss(X, y, 0.1, 0.1), rel=1e-15)


def test_total_weight() -> None:
    w = np.array([1.0, 2.0, 0.0])
    assert readable.total_weight(7, None) == 7
    assert readable.total_weight(3, w) == 3
    assert readable.total_weight(2, w, np.array([1, 2])) == 2
    assert readable.total_weight(1, w, np.array([2])) == 1  # what is divided by it is zero too


def test_many_float32_rows_are_weighed_in_double_precision() -> None:
    w = np.full(3_000_001, 0.1, np.float32)
    assert readable.total_weight(len(w), w) == pytest.approx(len(w) * float(np.float32(0.1)), rel=1e-12)


@pytest.mark.parametrize("batch_size", [None, 4])
def test_run_takes_the_steps_it_is_told_to(batch_size: int | None) -> None:
    """Training by hand, a step at a time, from loss_and_gradient alone: the same bits as fit."""
    net, X, y, w = classifier(n=10)
    by_hand = classifier()[0]
    history = net.fit(X, y, epochs=3, batch_size=batch_size, l2=0.1, l1=0.01, sample_weight=w, seed=4)
    problem, seen = readable.problem(by_hand, X, y, w), []
    for epoch in range(3):
        order = np.random.default_rng((4, epoch)).permutation(10)
        batches = [None] if batch_size is None else [order[k : k + batch_size] for k in range(0, 10, batch_size)]
        for rows in batches:
            loss, _, gradient = readable.loss_and_gradient(by_hand, by_hand.theta, *problem, 0.1, 0.01, rows=rows)
            by_hand.theta = by_hand.theta - 0.1 * gradient
            seen.append((epoch, float(loss), 1.0 if rows is None else float(w[rows].sum())))
    assert np.array_equal(net.theta, by_hand.theta)
    for epoch in range(3):
        losses, shares = zip(*[(loss, share) for e, loss, share in seen if e == epoch], strict=True)
        assert math.isclose(history.loss[epoch], np.average(losses, weights=shares), rel_tol=1e-14)
