"""Backpropagation through a network that was recognised, in pieces that can be replaced by wrong ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.perceptron.network import Fit

Array = npt.NDArray[Any]


class Backward:
    """Backpropagation at one point, taken apart so that every piece can be replaced.

    Args:
        fit: the network.
        values: its parameters, in float64.
    """

    def __init__(self, fit: Fit, values: Sequence[Array]) -> None:
        self.fit, self.values = fit, values
        self.shapes = [v.shape for v in values]
        with np.errstate(all="ignore"):
            self.z, self.a = fit.forward(values)
            self.matrices = [W for W, _ in fit.stack.matrices(values)]
            self.depth = len(self.matrices)
            self.slopes = [r.slope_at(z, a) for r, z, a in zip(fit.hidden, self.z[1:], self.a[1:], strict=False)]
            self.last = fit.c * fit.pair.delta(self.z[-1], fit.t)
            self.deltas = self.chain()
            self.right = self.assemble(self.deltas)

    def chain(
        self,
        last: Array | None = None,
        slopes: dict[int, Array] | None = None,
        through: dict[int, Array] | None = None,
    ) -> list[Array]:
        """The gradients at every layer's z, the first layer's first.

        Args:
            last: at the last layer, if it is to be another.
            slopes: derivatives of hidden layers that are to be others, by layer.
            through: what layer l + 1's delta becomes at the activations of layer l, by l; without the derivative.
        """
        delta = self.last if last is None else last
        made = [delta]
        for i in range(self.depth - 2, -1, -1):
            carried = delta @ self.matrices[i + 1].T if through is None or i not in through else through[i]
            slope = self.slopes[i] if slopes is None or i not in slopes else slopes[i]
            delta = carried * slope
            made.insert(0, delta)
        return made

    def assemble(
        self, deltas: Sequence[Array], inputs: dict[int, Array] | None = None, rows: slice | None = None
    ) -> dict[int, Array]:
        """The gradients of all parameters, penalties included, in the learner's shapes."""
        found: dict[int, Array] = {}
        rows = slice(None) if rows is None else rows
        for i, delta in enumerate(deltas):
            into = self.a[i] if inputs is None or i not in inputs else inputs[i]
            found |= self.fit.stack.back(i, into[rows].T @ delta[rows], delta[rows].sum(axis=0), self.shapes)
        return {which: g + self.fit.penalty(self.values[which], which) for which, g in found.items()}

    def only(self, layer: int, dW: Array | None = None, db: Array | None = None) -> dict[int, Array]:
        """Everything right but one layer's weights or biases."""
        delta = self.deltas[layer]
        W = self.a[layer].T @ delta if dW is None else dW
        b = delta.sum(axis=0) if db is None else db
        made = self.fit.stack.back(layer, W, b, self.shapes)
        return self.right | {which: g + self.fit.penalty(self.values[which], which) for which, g in made.items()}
