"""Right networks that are hard to judge: tiny and huge gradients, kinks everywhere, weights of zero, odd losses.

Their gradients are taken by the complex step, exact to the last digits; nothing of pellucid is used here.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Params = dict[str, Array]


def positive(z: Array) -> Array:
    return np.where(np.real(z) > 0, z, 0)


def size_of(z: Array) -> Array:
    return np.where(np.real(z) < 0, -z, z)


def softplus(z: Array) -> Array:
    # At 0 both parts must take the same side, or the slope is -1/2 there.
    return positive(z) + np.log(1 + np.exp(np.where(np.real(z) > 0, -z, z)))


def sigmoid(z: Array) -> Array:
    e = np.exp(-size_of(z))
    return np.where(np.real(z) < 0, e, 1) / (1 + e)


HIDDEN: dict[str, Callable[[Array], Array]] = {
    "relu": positive,
    "leaky": lambda z: np.where(np.real(z) > 0, z, 0.1 * z),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softplus": softplus,
    "sine": np.sin,
    "square": np.square,
    "swish": lambda z: z * sigmoid(z),
}


def squared(a: Array, y: Array) -> Any:
    return ((a - y) ** 2).sum()


def absolute(a: Array, y: Array) -> Any:
    return size_of(a - y).sum()


def hinge(a: Array, y: Array) -> Any:
    return positive(1 - np.sign(y) * a).sum()


def smooth_absolute(a: Array, y: Array) -> Any:
    return (np.sqrt(1 + (a - y) ** 2) - 1).sum()


def binary(a: Array, y: Array) -> Any:
    return (softplus(a) - (y > 0) * a).sum()


def cross(a: Array, y: Array) -> Any:
    shifted = a - np.max(np.real(a), axis=1, keepdims=True)
    best = np.eye(y.shape[1])[np.argmax(y, axis=1)]
    return (best * (np.log(np.exp(shifted).sum(axis=1, keepdims=True)) - shifted)).sum()


LOSSES = [squared, absolute, hinge, smooth_absolute, binary, cross]


class Awkward:
    """One network, decided by a seed.

    Attributes:
        params: {"W1": ..., "b1": ..., ...}; some without biases, some all zero, some all alike, some whole numbers.
        largest: of its gradients.
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 7])
        n, depth = int(rng.choice([1, 2, 3, 8, 30])), int(rng.integers(1, 5))
        self.error = LOSSES[int(rng.integers(len(LOSSES)))]
        widths = [*rng.integers(1, 5, size=depth).tolist(), int(rng.integers(2, 4))]
        self.hidden = HIDDEN[str(rng.choice(list(HIDDEN)))]
        features, weights, scale = (
            10.0 ** rng.integers(*r) if rng.random() < 0.4 else 1.0 for r in ((-6, 7), (-4, 1), (-12, 9))
        )
        self.scale, self.l2 = scale, float(rng.choice([0, 0, 1e-3, 1.0]))
        self.l1 = float(rng.choice([0, 0, 0, 0.01]))
        self.X = features * rng.normal(size=(n, widths[0]))
        rounded = np.round(self.X / features) * features
        if rng.random() < 0.3 and rounded.any():
            self.X = rounded  # many exact zeros
        self.y = rng.normal(size=(n, widths[-1]))
        self.depth, self.params = depth, {}
        for i, shape in enumerate(pairwise(widths), 1):
            drawn = weights * rng.normal(size=shape)
            kind = str(rng.choice(["drawn", "drawn", "drawn", "zero", "alike", "whole"]))
            starts = {"zero": 0 * drawn, "alike": np.full(shape, 0.5 * weights), "whole": np.round(2 * drawn)}
            self.params[f"W{i}"] = starts.get(kind, drawn)
            if rng.random() < 0.8:
                self.params[f"b{i}"] = 0.3 * weights * rng.normal(size=shape[1]) * (rng.random() < 0.5)
        self.largest = max(float(np.max(np.abs(g))) for g in self.gradients(self.params).values())

    def _loss(self, params: Any) -> Any:
        a: Array = self.X
        for i in range(1, self.depth + 1):
            a = a @ params[f"W{i}"] + params.get(f"b{i}", 0)
            a = self.hidden(a) if i < self.depth else a
        penalty = sum(self.l2 / 2 * (W**2).sum() + self.l1 * size_of(W).sum() for k, W in params.items() if k[0] == "W")
        return self.scale * (self.error(a, self.y) / len(self.X) + penalty)

    def loss(self, params: Any) -> Any:
        return np.real(self._loss(params))

    def gradients(self, params: Any) -> Params:
        made = {}
        for key, value in params.items():
            made[key] = np.zeros(np.shape(value))
            for entry in np.ndindex(np.shape(value)):
                moved = {k: np.array(v, dtype=complex) for k, v in params.items()}
                moved[key][entry] += 1e-30j
                made[key][entry] = np.imag(self._loss(moved)) / 1e-30
        return made
