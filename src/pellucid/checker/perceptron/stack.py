"""Which parameters are the weights and biases of which layer: guessed from names, order and shapes; fits prove it.

However a learner lays things out (samples in rows or columns, weights (in, out) or (out, in), biases flat, as rows or
as columns), here samples are rows and weights (in, out); gradients are turned back into the learner's layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.running.containers import Leaf

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Layer:
    """One layer's place among the parameters.

    Attributes:
        weight: index of its weights.
        bias: index of its biases; None if it has none, or they are a row of the weights.
        turned: whether the learner's weights are (out, in).
        ones: "first" or "last" where that row of the weights (in, out) is the bias; else "".
    """

    weight: int
    bias: int | None
    turned: bool
    ones: str


@dataclass(frozen=True)
class Stack:
    """Layers that fit together, and the inputs (n, features) that fit the first."""

    layers: tuple[Layer, ...]
    X: Array
    columns: bool

    @property
    def n(self) -> int:
        return len(self.X)

    def matrices(self, values: Sequence[Array]) -> list[tuple[Array, Array | None]]:
        """W (in, out) and b (out,) of each layer, from the learner's arrays."""
        return [_matrix(layer, values) for layer in self.layers]

    def back(self, layer: int, dW: Array, db: Array | None, shapes: Sequence[tuple[int, ...]]) -> dict[int, Array]:
        """One layer's gradients in the learner's layout, by index of the parameter."""
        place = self.layers[layer]
        if place.ones and db is not None:
            rows = (db[None, :], dW) if place.ones == "first" else (dW, db[None, :])
            dW = np.concatenate(rows)
        found = {place.weight: (dW.T if place.turned else dW).reshape(shapes[place.weight])}
        if place.bias is not None and db is not None:
            found[place.bias] = db.reshape(shapes[place.bias])
        return found

    def biases_in(self, which: int, shape: tuple[int, ...]) -> Array:
        """Where biases stand: nowhere in weights, everywhere in a bias, in a row or column where both are in one."""
        place = next((layer for layer in self.layers if layer.weight == which), None)
        mask = np.full(shape, place is None)
        if place is not None and place.ones:
            row = 0 if place.ones == "first" else -1
            (mask.T if place.turned else mask)[row] = True
        return mask


def _matrix(layer: Layer, values: Sequence[Array]) -> tuple[Array, Array | None]:
    W = _two(values[layer.weight])
    W = W.T if layer.turned else W
    if layer.ones == "first":
        return W[1:], W[0]
    if layer.ones == "last":
        return W[:-1], W[-1]
    return W, None if layer.bias is None else values[layer.bias].reshape(-1)


def _two(W: Array) -> Array:
    return W if W.ndim == 2 else W.reshape(-1, 1)


def number_in(name: str) -> int:
    """The number in a parameter's name that tells its layer; -1 if there is none.

    Example:
        >>> number_in("W12"), number_in("layers[3].b"), number_in("bias")
        (12, 3, -1)
    """
    digits = re.findall(r"\d+", name)
    return int(digits[0]) if digits else -1


def role_of(leaf: Leaf) -> str:
    """ "W", "b", or "" where the name does not tell."""
    words = [key for _, key in leaf.path if isinstance(key, str)]
    word = words[-1].lower().strip("_") if words else ""
    if re.match(r"b($|\d|_|ias|eta|h|o|x|y)|intercept|bias|offset|c\d", word):
        return "b"
    return "W" if re.match(r"w|theta|v\d|u\d|coef|kernel|m\d|k\d", word) else ""


def _roles(leaves: Sequence[Leaf]) -> Iterator[tuple[str, ...]]:
    """Ways to tell weights from biases, the most telling first."""
    named = tuple(role_of(leaf) for leaf in leaves)
    if all(named):
        yield named
    yield tuple(
        "W" if len(leaf.shape) == 2 and min(leaf.shape) > 1 else named[i] or "?" for i, leaf in enumerate(leaves)
    )
    yield tuple("W" if len(leaf.shape) >= 2 else "b" for leaf in leaves)
    yield tuple("Wb"[i % 2] for i in range(len(leaves)))
    yield ("W",) * len(leaves)


def stacks(leaves: Sequence[Leaf], X: Array) -> Iterator[Stack]:
    """Every way in which the parameters make up layers that X (n, d) or (d, n) can go through.

    Example:
        >>> from pellucid.checker.running.containers import leaves
        >>> found = leaves({"W1": np.ones((3, 2)), "b1": np.ones(3), "W2": np.ones((1, 3)), "b2": np.ones(1)})
        >>> [(stack.columns, stack.layers[0].turned, stack.layers[0].bias) for stack in stacks(found, np.ones((5, 2)))]
        [(False, True, 1)]
    """
    if X.ndim == 1:
        X = X.reshape(-1, 1)
    if X.ndim > 2:
        X = X.reshape(len(X), -1)
    if X.ndim != 2 or any(len(leaf.shape) > 2 for leaf in leaves):
        return
    seen = set()
    for roles in dict.fromkeys(_roles(leaves)):
        for order in _orders(leaves):
            weights = [i for i in order if roles[i] == "W"]
            biases = [i for i in order if roles[i] in "b?"]
            for made in _chains(leaves, weights, biases, X):
                key = (made.layers, made.columns)
                if key not in seen:
                    seen.add(key)
                    yield made


def _orders(leaves: Sequence[Leaf]) -> list[list[int]]:
    plain = list(range(len(leaves)))
    numbered = sorted(plain, key=lambda i: number_in(leaves[i].name))
    orders = [plain, numbered, plain[::-1]]
    return [order for i, order in enumerate(orders) if order not in orders[:i]]


def _chains(leaves: Sequence[Leaf], weights: list[int], biases: list[int], X: Array) -> Iterator[Stack]:
    if not weights:
        return
    for columns, rows in ((False, X), (True, X.T)):
        for turned in (False, True):
            for ones in ("", "first", "last") if not biases else ("",):
                layers = _chain(leaves, weights, list(biases), rows.shape[1], turned, ones)
                if layers:
                    yield Stack(tuple(layers), np.asarray(rows, dtype=np.float64), columns)


def _chain(
    leaves: Sequence[Leaf], weights: list[int], biases: list[int], width: int, turned: bool, ones: str
) -> list[Layer]:
    layers: list[Layer] = []
    for i in weights:
        shape = leaves[i].shape if len(leaves[i].shape) == 2 else (leaves[i].size, 1)
        if len(leaves[i].shape) < 2 and turned:
            return []
        into, out = shape[::-1] if turned else shape
        if into != width + bool(ones):
            return []
        bias = _bias_of(leaves, i, biases, out)
        if bias is not None:
            biases.remove(bias)
        layers.append(Layer(i, bias, turned, ones))
        width = out
    return [] if biases else layers  # every parameter must have its place


def _bias_of(leaves: Sequence[Leaf], weight: int, biases: list[int], out: int) -> int | None:
    """The bias that belongs to a weight matrix: of the right size, with the same number, or simply the next."""
    fitting = [i for i in biases if leaves[i].size == out]
    same = [i for i in fitting if number_in(leaves[i].name) == number_in(leaves[weight].name)]
    return next(iter(same or fitting), None)
