"""Gradients find their parameters: by structure, by name, by place, or where an object keeps them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pellucid.checker.running.containers import leaves
from pellucid.checker.running.matching import match, sharing, spelled

W, b = np.full((2, 3), 2.0), np.full(3, 3.0)
PARAMS = {"W1": np.zeros((2, 3)), "b1": np.zeros(3)}


@pytest.mark.parametrize(
    "returned",
    [
        {"W1": W, "b1": b},
        {"b1": b, "W1": W},
        {"dW1": W, "db1": b},
        {"dw1": W, "DB1": b},
        {"W1_grad": W, "b1_grad": b},
        {"grad_W1": W, "grad_b1": b},
        {"dL_dW1": W, "dL_db1": b},
        {"dA1": np.ones(4), "dW1": W, "dZ1": np.ones(2), "db1": b},
        (W, b),
        [W, b],
        (0.7, {"W1": W, "b1": b}),
        ({"W1": W, "b1": b}, np.float64(0.7)),
        (np.array(0.7), [W, b]),
        np.concatenate([W.ravel(), b]),
        SimpleNamespace(dW1=W, db1=b),
        {"first": W, "second": b},
    ],
)
def test_ways_to_give_gradients(returned: Any) -> None:
    found = match(returned, leaves(PARAMS)).values
    assert np.array_equal(found[0], W)
    assert np.array_equal(found[1], b)


def test_nested_containers() -> None:
    params = {"layers": [(np.zeros((2, 3)), np.zeros(3))]}
    for returned in ({"layers": [(W, b)]}, {"dlayers": [[W, b]]}, [(W, b)]):
        found = match(returned, leaves(params)).values
        assert np.array_equal(found[0], W)
        assert np.array_equal(found[1], b)


def test_objects_that_keep_their_gradients() -> None:
    found = leaves(PARAMS)
    for owner in (
        SimpleNamespace(dW1=W, db1=b),
        SimpleNamespace(grads={"W1": W, "b1": b}),
        SimpleNamespace(grads=[W, b]),
        SimpleNamespace(W1=PARAMS["W1"], grad_W1=W, grad_b1=b),
    ):
        given = match(None, found, [owner])
        assert np.array_equal(given.values[0], W)
        assert np.array_equal(given.values[1], b)
    layers = SimpleNamespace(layers=[SimpleNamespace(W=np.zeros((2, 3)), b=np.zeros(3), dW=W, db=b)])
    given = match(None, leaves(layers), [layers])
    assert given.names == ("self.layers[0].dW", "self.layers[0].db")
    assert np.array_equal(given.values[0], W)


def test_what_is_missing_is_none() -> None:
    found = leaves(PARAMS)
    assert match({"W1": W}, found).values[1] is None
    assert match({"W1": W, "b1": None}, found).values[1] is None
    assert match([b], found).values[0] is None
    assert np.array_equal(match([b], found).values[1], b)
    assert match(None, found).values == (None, None)
    assert match("nothing", found).values == (None, None)


def test_names_that_are_no_gradients_of_it() -> None:
    assert "w12" not in spelled("W1")
    assert "dw12" not in spelled("W1")
    assert "db1" not in spelled("W1")


def test_shared_memory() -> None:
    base = np.zeros((4, 4))
    assert sharing([base[0], base[1]]) == ()
    assert sharing([base[:, 0], base[:, 1]]) == ()  # their bounds overlap, their numbers do not
    assert sharing([base[:, 0], base[0]]) == ((0, 1),)
    assert sharing([base, base.T]) == ((0, 1),)
    assert sharing([1.0, None, base, np.zeros(0)]) == ()
