"""A multilayer perceptron as it was recognised in a learner's losses: layers, activations, loss and penalties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import Activation
from pellucid.checker.perceptron.forms import Pair
from pellucid.checker.perceptron.stack import Stack

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Fit:
    """A network whose losses are the learner's.

    Attributes:
        stack: which parameters are which layer's.
        hidden: activations of the hidden layers.
        pair: output activation and loss.
        t: targets (n, K).
        c: what the sum over samples and outputs is multiplied by (1/n for a mean).
        l2: for each parameter, an array of its shape such that the penalty's gradient is l2 times the parameter.
        l1: likewise, times its sign.
        residual: how far the losses are apart, relatively.
    """

    stack: Stack
    hidden: tuple[Activation, ...]
    pair: Pair
    t: Array
    c: float
    l2: tuple[Array, ...]
    l1: tuple[Array, ...]
    residual: float

    @property
    def n(self) -> int:
        return self.stack.n

    @property
    def outputs(self) -> int:
        return self.t.shape[1]

    def strength(self, which: int, biases: bool = False) -> float:
        """The penalty on one parameter as a single number: on the weights in it, or on the biases."""
        l2 = self.l2[which]
        meant = self.stack.biases_in(which, l2.shape) == biases
        return float(np.max(l2[meant] if meant.any() else l2, initial=0.0))

    @property
    def strengths(self) -> set[float]:
        """The strengths of penalties that there are on weights."""
        return {self.strength(layer.weight) for layer in self.stack.layers} - {0.0}

    def forward(self, values: Sequence[Array]) -> tuple[list[Array], list[Array]]:
        """z and a of every layer; a[0] is X, so z[0] stands for it too."""
        return forward(self.stack, self.hidden, self.pair, values)

    def penalty(self, value: Array, which: int) -> Array:
        """The penalty's part of one parameter's gradient, in its own shape."""
        return np.asarray(self.l2[which] * value + self.l1[which] * np.sign(value))


def forward(
    stack: Stack, hidden: Sequence[Activation], pair: Pair | None, values: Sequence[Array]
) -> tuple[list[Array], list[Array]]:
    zs, activations = [stack.X], [stack.X]
    matrices = stack.matrices(values)
    for i, (W, b) in enumerate(matrices):
        z = activations[-1] @ W + (0 if b is None else b)
        zs.append(z)
        if i < len(matrices) - 1:
            activations.append(hidden[i].value(z))
        else:
            activations.append(z if pair is None else pair.outputs(z))
    return zs, activations
