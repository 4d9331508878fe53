"""Parameters in whatever learners keep them in: found, named, copied, and never shared."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid import Dense, Network
from pellucid.checker.running.containers import dressed, get, leaves, put, read, rebuilt


class Plain:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def names(params: Any) -> list[str]:
    return [leaf.name for leaf in leaves(params)]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"W1": np.ones(2), "b": 0.5}, ["W1", "b"]),
        ([np.ones(2), 3.0], ["params[0]", "params[1]"]),
        ((np.ones(2),), ["params[0]"]),
        (np.ones(3), ["params"]),
        ([(np.ones(2), np.ones(1)), (np.ones(2), np.ones(1))], ["params[0][0]", "params[0][1]", "params[1][0]", "params[1][1]"]),  # noqa: E501
        ({"layers": [{"W": np.ones(2)}, {"W": np.ones(2)}]}, ['layers[0]["W"]', 'layers[1]["W"]']),
        ({0: np.ones(1), ("W", 1): np.ones(1)}, ["params[0]", "params[('W', 1)]"]),
        ({"W": [[1.0, 2.0], [3.0, 4.0]], "b": [0.0, 0.0]}, ["W", "b"]),
        ([[1.0, 2.0], [[1.0], [2.0]]], ["params[0]", "params[1]"]),
        ({"W": np.ones(2), "activation": "relu", "bias": None, "train": True}, ["W"]),
        (np.array([np.ones(2), np.ones(3)], dtype=object), ["params[0]", "params[1]"]),
        (Plain(W1=np.ones(2), b1=np.ones(1), lr=0.1, X=np.ones((3, 2))), ["self.W1", "self.b1"]),
        (Plain(W1=np.ones(2), dW1=np.ones(2), grad_b=np.ones(1), vW1=np.ones(2), name="mine"), ["self.W1"]),
        (Plain(params={"W1": np.ones(2)}, X=np.ones(2)), ["W1"]),
        (Plain(layers=[Plain(W=np.ones(2), b=np.ones(1))]), ["self.layers[0].W", "self.layers[0].b"]),
        ([Plain(W=np.ones(2)), Plain(W=np.ones(2))], ["params[0].W", "params[1].W"]),
        (Plain(weights=[np.ones(2)], biases=[np.ones(1)]), ["self.weights[0]", "self.biases[0]"]),
        (Network([Dense(1)], inputs=2).params, ["W1", "b1"]),
        ({}, []),
        (None, []),
        ("W1", []),
    ],
)  # fmt: skip
def test_parameters_go_by_the_names_that_learners_write(params: Any, expected: list[str]) -> None:
    assert names(params) == expected


def test_a_container_that_holds_itself_ends() -> None:
    params: dict[str, Any] = {"W": np.ones(2)}
    params["self"] = params
    assert names(params) == ["W"]


Pair = namedtuple("Pair", ["W", "b"])
shapes = st.sampled_from([(), (1,), (3,), (2, 3)])
arrays = shapes.map(lambda shape: np.arange(1.0, 1.0 + np.prod(shape, dtype=int)).reshape(shape))
containers = st.recursive(
    arrays | st.floats(-5, 5),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from(["W1", "b1", "W2"]), inner, min_size=1)
        | st.tuples(inner, inner)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=6,
)


@given(containers)
def test_a_copy_is_like_the_original_and_shares_nothing(params: Any) -> None:
    found = leaves(params)
    values = [dressed(leaf, read(params, leaf).astype(np.float64)) for leaf in found]
    copy = rebuilt(params, found, values)
    assert type(copy) is type(params)
    assert [(leaf.name, leaf.shape) for leaf in leaves(copy)] == [(leaf.name, leaf.shape) for leaf in found]
    before = [read(params, leaf) for leaf in found]
    for leaf in found:
        np.testing.assert_array_equal(read(copy, leaf), read(params, leaf))
        value = get(copy, leaf.path)
        if isinstance(value, np.ndarray):
            value += 1
    for leaf, kept in zip(found, before, strict=True):
        np.testing.assert_array_equal(read(params, leaf), kept)


@pytest.mark.parametrize("make", [OrderedDict, lambda items: defaultdict(list, items)])
def test_kinds_of_dicts_stay_what_they_are(make: Any) -> None:
    params = make({"W": np.ones(2)})
    copy = rebuilt(params, leaves(params), [np.zeros(2)])
    assert type(copy) is type(params)
    assert params["W"].tolist() == [1, 1]


def test_views_of_a_network_are_not_written_through() -> None:
    net = Network([Dense(1)], inputs=2)
    before = net.theta.copy()
    copy = rebuilt(net.params, leaves(net.params), [np.full((2, 1), 7.0), np.full(1, 7.0)])
    assert copy["W1"].tolist() == [[7], [7]]
    np.testing.assert_array_equal(net.theta, before)


def test_what_cannot_be_put_back_into_is_said() -> None:
    params = {"W": np.ones(2), "pair": (np.ones(1), np.ones(1))}
    first, second, _ = leaves(params)
    assert put(params, first.path, np.zeros(2))
    assert params["W"].tolist() == [0, 0]
    assert not put(params, second.path, np.zeros(1))
