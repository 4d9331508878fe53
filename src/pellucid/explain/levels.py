"""Levels: what a loss is to be compared with. What guessing costs, what right answers cost, and how far it came."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.network import Network

Array = npt.NDArray[Any]
SURE = 1e-12  # a share that stands for 0, so that its logarithm is a number


class Levels(NamedTuple):
    """Losses of some rows, all without penalties.

    Attributes:
        loss: of the network.
        guess: of the best answer that is the same for every row: the shares of the classes, the mean of the values.
            For cross_entropy that is the entropy of the classes, ln K where they are balanced.
        blank: of outputs at z = 0: equal shares for all classes, ln K; near it a network should begin.
        best: of the right answers: 0 for most losses.
    """

    loss: float
    guess: float
    blank: float
    best: float

    @property
    def span(self) -> float:
        """From guessing to the right answers; what there is to gain."""
        return max(self.guess - self.best, 0.0)

    @property
    def skill(self) -> float:
        """How much of the span is gained: 1 for the right answers, 0 for guessing, below 0 for worse."""
        if not self.span > 0:  # all targets are the same: there is nothing to gain
            return 1.0
        return (self.guess - self.loss) / self.span if np.isfinite(self.loss) else -np.inf


def levels(net: Network, t: Array, w: Array | None, loss: float) -> Levels:
    """The levels of targets t (n, outputs) with weights w (n,) or None, beside the network's `loss`.

    Example:
        >>> from pellucid import Dense, Network
        >>> net = Network([Dense(2, "softmax")], inputs=1)
        >>> seen = levels(net, np.array([[1.0, 0.0], [0.0, 1.0]]), None, loss=0.5)
        >>> round(seen.guess, 4), round(seen.best, 4), round(seen.skill, 3)
        (0.6931, 0.0, 0.279)
    """
    w = np.ones(len(t)) if w is None else w
    t = t.astype(np.float64)  # in single precision 1 - SURE would be 1
    mean = np.average(t, axis=0, weights=w) if np.sum(w) else t.mean(axis=0)
    constants = [mean] if net.loss_function.from_logits else [mean, np.median(t, axis=0)]
    blank = net.output.activation.value(np.zeros_like(t))

    def cost(a: Array) -> float:
        a = np.broadcast_to(a, t.shape)
        rows = net.loss_function.rows(_before(net.output.activation.name, a), a, t)
        return float(np.average(rows, weights=w)) if np.sum(w) else 0.0

    zero = net.loss_function.rows(np.zeros_like(t), blank, t)
    return Levels(loss, min(map(cost, constants)), float(np.average(zero, weights=w)) if np.sum(w) else 0.0, cost(t))


def _before(activation: str, a: Array) -> Array:
    """Pre-activations z that give the outputs a, for the outputs whose losses are written at z."""
    if activation in ("softmax", "exp"):
        return np.log(np.maximum(a, SURE))
    if activation == "sigmoid":
        share = np.clip(a, SURE, 1 - SURE)
        return np.log(share) - np.log(1 - share)
    return a
