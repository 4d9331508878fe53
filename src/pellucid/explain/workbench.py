"""A workbench for the checks of `sanity`: copies of a network with fresh weights, a sample of rows, and a budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.explain.case import sample, with_scaler
from pellucid.layers import Dropout
from pellucid.network import Network

Array = npt.NDArray[Any]

ROWS = 600  # what is trained on and held out together: chance is then known to a few in a hundred
WORK = 1e9  # parameters times rows times steps of one training: about a second


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: what programs call it.
        passed: True, False, or None where it could not be done.
        what: what a healthy network does.
        evidence: what was measured.
        fix: what to look at where it failed, else "".
    """

    name: str
    passed: bool | None
    what: str
    evidence: str
    fix: str = ""


@dataclass(frozen=True, eq=False)
class Bench:
    """What the checks work with: a network to be copied, and a sample of rows.

    Attributes:
        net: a copy, whose scaler is fitted.
        X: features (m, inputs); t: targets (m, outputs).
    """

    net: Network
    X: Array
    t: Array

    @classmethod
    def of(cls, net: Network, X: Array, t: Array) -> Bench:
        rows = sample(len(X), ROWS)
        return cls(with_scaler(net, X), X[rows], t[rows])

    def fresh(self, more: int = 0, dropout: bool = True) -> Network:
        """The network with the weights of another seed, and with or without its dropout."""
        net = self.net
        layers = [layer for layer in net.layers if dropout or not isinstance(layer, Dropout)]
        return Network(layers, net.inputs, net.seed + more, net.loss_function, net.dtype, net.scaler)

    def steps(self, rows: int, most: int) -> int:
        """So many steps on so many rows are affordable."""
        return int(np.clip(WORK / (self.net.theta.size * rows), 20, most))
