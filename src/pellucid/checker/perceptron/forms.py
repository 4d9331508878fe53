"""Activations and losses as learners write them, to find out which ones theirs are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import ACTIVATIONS, Activation

Array = npt.NDArray[Any]
Two = Callable[[Array, Array], Array]


def leaky(slope: float) -> Activation:
    """A leaky relu with another slope than 0.01."""
    return Activation(
        f"leaky_relu({slope:g})",
        lambda z: np.where(z > 0, z, slope * z),
        lambda z, a: np.where(z > 0, 1.0, slope),
    )


SINE = Activation("sin", np.sin, lambda z: np.cos(z))
SQUARE = Activation("square", np.square, lambda z: 2 * z)
ARCTAN = Activation("arctan", np.arctan, lambda z: 1 / (1 + z * z))
SOFTSIGN = Activation("softsign", lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2)
LECUN = Activation(
    "1.7159 tanh(2z/3)", lambda z: 1.7159 * np.tanh(2 * z / 3), lambda z: 1.7159 * 2 / 3 / np.cosh(2 * z / 3) ** 2
)

COMMON = [ACTIVATIONS[name] for name in ("relu", "tanh", "sigmoid", "identity", "leaky_relu", "softplus")]
HIDDEN = [
    *COMMON,
    *(ACTIVATIONS[name] for name in ("elu", "gelu", "swish")),
    leaky(0.1),
    leaky(0.2),
    leaky(0.05),
    leaky(0.3),
    SINE,
    SQUARE,
    ARCTAN,
    SOFTSIGN,
    LECUN,
]


def softmax(z: Array, axis: int | None = 1) -> Array:
    """Over the outputs of each sample; with axis=0 over the samples, with axis=None over everything."""
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return np.asarray(e / np.sum(e, axis=axis, keepdims=True))


def _softmax_pull(a: Array, gradient: Array, axis: int | None) -> Array:
    return np.asarray(a * (gradient - np.sum(gradient * a, axis=axis, keepdims=True)))


@dataclass(frozen=True)
class Error:
    """A loss of outputs a against targets t, elementwise, and its derivative by a."""

    name: str
    value: Two
    slope: Two


def _log(a: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(a))


SQUARED = Error("squared_error", lambda a, t: (a - t) ** 2, lambda a, t: 2 * (a - t))
ABSOLUTE = Error("absolute_error", lambda a, t: np.abs(a - t), lambda a, t: np.sign(a - t))
CROSS = Error("cross_entropy", lambda a, t: np.where(t == 0, 0.0, -t * _log(a)), lambda a, t: -t / a)
BINARY = Error(
    "binary_cross_entropy",
    lambda a, t: np.where(t == 0, 0.0, -t * _log(a)) + np.where(t == 1, 0.0, -(1 - t) * _log(1 - a)),
    lambda a, t: (a - t) / (a * (1 - a)),
)
POISSON = Error("poisson", lambda a, t: a - t * _log(a), lambda a, t: 1 - t / a)
HINGE = Error(
    "hinge",
    lambda a, t: np.maximum(0, 1 - (2 * t - 1) * a),
    lambda a, t: np.where((2 * t - 1) * a < 1, 1 - 2 * t, 0.0),
)
LOG_COSH = Error("log_cosh", lambda a, t: np.log(np.cosh(a - t)), lambda a, t: np.tanh(a - t))
HUBER = Error(
    "huber",
    lambda a, t: np.where(np.abs(a - t) <= 1, (a - t) ** 2 / 2, np.abs(a - t) - 0.5),
    lambda a, t: np.clip(a - t, -1, 1),
)


@dataclass(frozen=True)
class Pair:
    """An output activation with a loss.

    Attributes:
        output: the activation of the last layer, or "softmax".
        error: the loss.
        axis: of softmax: 1 sums each sample's outputs to one; 0 (over the samples) and None (over all) are slips.
        shift: axis over which the largest z is subtracted before softmax, where that is not harmless; else None.
        crossed: whether outputs (n, 1) meet targets (n,), and every output every target: the slip of broadcasting.
        eps: what the learner adds inside a logarithm.
        clip: what the learner keeps probabilities away from 0 and 1 by.
        plain: whether logarithms are taken of the probabilities themselves, with the rounding that has near 0 and 1.
    """

    output: str
    error: Error
    axis: int | None = 1
    shift: int | None = None
    crossed: bool = False
    eps: float = 0.0
    clip: float = 0.0
    plain: bool = False

    @property
    def activation(self) -> Activation:
        return ACTIVATIONS[self.output]

    @property
    def is_classic(self) -> bool:
        """Whether output and loss belong together: the gradient at z is then predicted minus true."""
        return (self.output, self.error.name) in (("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy"))

    @property
    def is_rough(self) -> bool:
        """Whether differences of the loss may mislead where probabilities are near 0 or 1."""
        return bool(self.eps or self.clip or self.plain)

    def outputs(self, z: Array) -> Array:
        return softmax(self._shift(z), self.axis) if self.output == "softmax" else self.activation.value(z)

    def _shift(self, z: Array) -> Array:
        return z if self.shift is None else z - np.max(z, axis=self.shift, keepdims=True)

    def value(self, z: Array, t: Array) -> float:
        """The sum of the losses of all outputs (n, K)."""
        if self.output == "sigmoid" and self.error is BINARY and not self.is_rough:
            t = t.T if self.crossed else t
            return float(np.sum(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) - z * t))
        if self.output == "softmax" and self.error is CROSS and not self.is_rough:
            z = self._shift(z)
            shifted = z - np.max(z, axis=self.axis, keepdims=True)
            return float(np.sum(t * (np.log(np.sum(np.exp(shifted), axis=self.axis, keepdims=True)) - shifted)))
        a = self.outputs(z)
        if self.clip:
            a = np.clip(a, self.clip, 1 - self.clip)
        if self.eps:
            one = -t * np.log(a + self.eps)
            return float(np.sum(one if self.error is CROSS else one - (1 - t) * np.log(1 - a + self.eps)))
        return float(np.sum(self.error.value(a, t.T if self.crossed else t)))

    def by_output(self, z: Array, t: Array) -> Array:
        """The derivative of that sum by the outputs a (n, K)."""
        a = self.outputs(z)
        if self.crossed:
            return np.sum(self.error.slope(a, t.T), axis=1, keepdims=True)
        return self.error.slope(a, t)

    def delta(self, z: Array, t: Array) -> Array:
        """The derivative of that sum by the pre-activations z (n, K), without eps and clip, as learners have it."""
        a = self.outputs(z)
        if self.error is BINARY and self.output == "sigmoid":
            return np.sum(a - t.T, axis=1, keepdims=True) if self.crossed else a - t
        if self.error is CROSS and self.output == "softmax":
            return self._unshift(np.asarray(a * np.sum(t, axis=self.axis, keepdims=True) - t), z)
        if self.output == "softmax":
            return self._unshift(_softmax_pull(a, self.by_output(z, t), self.axis), z)
        return np.asarray(self.by_output(z, t) * self.activation.slope_at(z, a))

    def _unshift(self, delta: Array, z: Array) -> Array:
        """The derivative by z from that by the shifted z: the sum of what was shifted goes to its largest entry."""
        if self.shift is None:
            return delta
        largest = z == np.max(z, axis=self.shift, keepdims=True)
        return np.asarray(delta - largest * np.sum(delta, axis=self.shift, keepdims=True))


# Softmax over the samples or over everything, also where a maximum over another axis was subtracted first.
SOFTMAX_SLIPS = [
    Pair("softmax", error, axis=axis, shift=shift)
    for error in (CROSS, SQUARED)
    for axis, shift in ((0, None), (0, 1), (None, None), (None, 1), (None, 0), (1, 0))
]


def pairs(K: int) -> list[Pair]:
    """Every output with every loss that learners give it, the usual ones first."""
    usual = [
        Pair("softmax", CROSS),
        Pair("sigmoid", BINARY),
        Pair("identity", SQUARED),
        Pair("sigmoid", SQUARED),
        Pair("tanh", SQUARED),
        Pair("softmax", SQUARED),
        Pair("relu", SQUARED),
        *SOFTMAX_SLIPS,
        Pair("sigmoid", CROSS),
        Pair("softmax", BINARY),
        Pair("softplus", SQUARED),
        Pair("identity", ABSOLUTE),
        Pair("sigmoid", ABSOLUTE),
        Pair("exp", POISSON),
        Pair("identity", HINGE),
        Pair("identity", LOG_COSH),
        Pair("identity", HUBER),
    ]
    if K > 1:
        return usual
    single = [pair for pair in usual if pair.output != "softmax"]
    crossed = [
        ("sigmoid", BINARY),
        ("identity", SQUARED),
        ("sigmoid", SQUARED),
        ("tanh", SQUARED),
        ("identity", ABSOLUTE),
    ]
    return single + [Pair(output, error, crossed=True) for output, error in crossed]
