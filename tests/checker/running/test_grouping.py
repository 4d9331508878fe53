"""Gradients in lists of their own, (dW, db), find their parameters; and whatever comes back, nothing breaks down."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.checker import check_my_network
from pellucid.checker.running.containers import leaves
from pellucid.checker.running.grouping import regrouped
from pellucid.checker.running.matching import match

rng = np.random.default_rng(4)
SIZES = (3, 5, 4, 2)
W = [rng.normal(size=(n, m)) for n, m in pairwise(SIZES)]
B = [rng.normal(size=m) for m in SIZES[1:]]
TURNS = [array for pair in zip(W, B, strict=True) for array in pair]
PARAMS: list[Any] = [
    SimpleNamespace(weights=W, biases=B),
    SimpleNamespace(biases=B, weights=W),
    {"W1": W[0], "b1": B[0], "W2": W[1], "b2": B[1], "W3": W[2], "b3": B[2]},
    {"weights": W, "biases": B},
    {"layers": [{"W": w, "b": b} for w, b in zip(W, B, strict=True)]},
    TURNS,
    (W, B),
    [*W, *B],
]
RETURNED: list[Any] = [
    (W, B),
    (B, W),
    [tuple(W), tuple(B)],
    {"dW": W, "db": B},
    {"nabla_b": B, "nabla_w": W},
    {"weights": W, "biases": B},
    [(w, b) for w, b in zip(W, B, strict=True)],
    {"W": {1: W[0], 2: W[1], 3: W[2]}, "b": {1: B[0], 2: B[1], 3: B[2]}},
]


@pytest.mark.parametrize("params", PARAMS)
@pytest.mark.parametrize("returned", RETURNED)
def test_lists_of_gradients_find_their_parameters(params: Any, returned: Any) -> None:
    found = leaves(params)
    if isinstance(params, tuple) and any(returned is RETURNED[i] for i in (1, 6)):
        return  # lists beside lists: there the order is all that there is, and these are wrong
    values = match(returned, found).values
    assert all(value is array for value, array in zip(values, (_own(params, leaf.path) for leaf in found), strict=True))


def _own(params: Any, path: Any) -> Any:
    for kind, key in path:
        params = params[key] if kind == "item" else getattr(params, key)
    return params


def test_keys_tell_where_shapes_do_not() -> None:
    square = [np.full((3, 3), float(i)) for i in range(4)]
    found = leaves(SimpleNamespace(weights=square[:2], recurrent=square[2:]))
    made = regrouped({"d_recurrent": square[2:], "d_weights": square[:2]}, found)
    assert made is not None
    assert [float(value[0, 0]) for value in made[0]] == [0, 1, 2, 3]
    assert not made[2]
    without = regrouped((square[:2], square[2:]), found)
    assert without is not None
    assert without[2], "only the numbers can tell"


def test_a_list_in_another_order_stays_in_it() -> None:
    """Which list it is may be guessed; which layer an entry belongs to may not."""
    given_ = match(([W[0], W[2], W[1]], B), leaves(SimpleNamespace(weights=W, biases=B)))
    assert given_.values[1] is W[2]
    assert given_.names[1] == "[0][1]"
    assert not given_.by_position


def test_lists_that_do_not_go_with_the_parameters() -> None:
    found = leaves(SimpleNamespace(weights=W, biases=B))
    assert regrouped((W, B[:2]), found) is None
    assert regrouped([*W, *B], found) is None  # not nested
    assert regrouped(([np.ones(7)] * 3, [np.ones(9)] * 3), found) is None


class Textbook:
    """The layout of a well-known book: two lists, samples in columns, and backward gives two lists back."""

    def __init__(self, sizes: tuple[int, ...] = (3, 4, 2)) -> None:
        drawn = np.random.default_rng(0)
        self.biases = [drawn.normal(size=(m, 1)) for m in sizes[1:]]
        self.weights = [drawn.normal(size=(m, n)) for n, m in pairwise(sizes)]

    def forward(self, X: Any) -> Any:
        self.activations = [X]
        for w, b in zip(self.weights, self.biases, strict=True):
            self.activations.append(1 / (1 + np.exp(-(w @ self.activations[-1] + b))))
        return self.activations[-1]

    def backward(self, y: Any, slip: str = "") -> Any:
        n, a = y.shape[1], self.activations
        dW: list[Any] = [None] * len(self.weights)
        db: list[Any] = [None] * len(self.weights)
        delta = (a[-1] - y) * a[-1] * (1 - a[-1])
        for i in reversed(range(len(self.weights))):
            dW[i] = delta @ a[i].T / (1 if slip == "n" else n)
            db[i] = delta.mean(axis=1, keepdims=True)
            if i:
                delta = self.weights[i].T @ delta * (1 if slip == "slope" else a[i] * (1 - a[i]))
        self.deltas_w, self.deltas_b = dW, db
        return dW, db


X = rng.normal(size=(3, 20))
y = (rng.random((2, 20)) > 0.5) * 1.0


@pytest.mark.parametrize("slip", ["", "n", "slope"])
@pytest.mark.parametrize("shape", [list, lambda made: {"dW": made[0], "db": made[1]}, tuple])
@pytest.mark.parametrize("warm", [False, True])
def test_the_classic_class_with_lists(slip: str, shape: Any, warm: bool) -> None:
    net = Textbook()

    def loss(net: Any) -> Any:
        return 0.5 * np.sum((net.forward(X) - y) ** 2) / 20

    def gradients(net: Any) -> Any:
        net.forward(X)
        return shape(net.backward(y, slip))

    if warm:
        gradients(net)  # it keeps activations and gradients in lists: they are no parameters
    report = check_my_network(loss, gradients, net)
    assert [row.name for row in report.parameters] == [
        *("self.biases[0]", "self.biases[1]", "self.weights[0]", "self.weights[1]")
    ]
    expected = {"": set(), "n": {"missing_1_over_n"}, "slope": {"derivative_left_out"}}[slip]
    assert {finding.kind for finding in report.findings} == expected, str(report)
    wrong = {row.name for row in report.parameters if row.verdict == "wrong"}
    assert (
        wrong
        == {
            "": set(),
            "n": {"self.weights[0]", "self.weights[1]"},
            "slope": {"self.weights[0]", "self.biases[0]"},
        }[slip]
    )
    if slip == "slope":
        assert "layer 1" in report.findings[0].what, "layers are counted from 1 in all findings"
        assert "layer 0" not in str(report)


ANYTHING = st.recursive(
    st.sampled_from([None, 0.5, "text", True, np.ones(2), np.ones((3, 2)), np.ones((2, 3)), np.array([1, None]), {1}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["W", "b", "dW", "db", 0, 1]), inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(ANYTHING, st.booleans())
def test_whatever_gradients_gives_is_told(returned: Any, as_lists: bool) -> None:
    params: Any = {"W": np.ones((3, 2)), "b": np.zeros(2)}
    holder = SimpleNamespace(weights=[params["W"]], biases=[params["b"]]) if as_lists else params

    def loss(p: Any) -> Any:
        w, b = (p.weights[0], p.biases[0]) if as_lists else (p["W"], p["b"])
        return float(np.sum((X.T @ w + b) ** 2))

    report = check_my_network(loss, lambda p: returned, holder)
    assert not report.ok
    assert str(report)
