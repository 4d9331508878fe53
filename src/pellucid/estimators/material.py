"""What a fit is made of: features and weights as the core takes them, the order of the rows, what is remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.engines.readable import Problem
from pellucid.history import Run
from pellucid.optimizers import State
from pellucid.settings import Settings

Array = npt.NDArray[Any]

DENSE_ALWAYS = 2**20  # numbers: a sparse X of fewer is made dense
DENSE_MOST = 2**23  # numbers: one of more never is
SPARSE = 0.05  # share of numbers that are not 0, below which products with a sparse matrix are quicker


@dataclass
class Memory:
    """What a later call of partial_fit, or of fit with warm_start, goes on from.

    Attributes:
        state: what the optimizer remembers; None before it took a step.
        scale: what an adaptive rate has come down to, as a factor.
        waited: epochs without an improvement.
        best: the parameters with the best validation score, (size,).
        held_out: rows that are learnt from and rows that judge, of the last fit that held some out.
        judges: how many of X and of X_val it was that judged `best`; None where nobody did, or where partial_fit has
            seen other rows since.
    """

    state: State | None = None
    scale: float = 1.0
    waited: int = 0
    best: Array | None = None
    held_out: tuple[Array, Array] | None = None
    judges: tuple[int, int] | None = None


@dataclass(frozen=True)
class Material:
    """What a fit is made of.

    Attributes:
        problem: what is learnt from.
        validation: what is looked at after every epoch, or None.
        score: how good the network is there now; None without validation.
        constants: what scikit-learn adds to our mean loss, for the problem and for the validation: what depends on no
            parameter.
        made_of: what the history keeps of the data; takes the settings.
    """

    problem: Problem
    validation: Problem | None
    score: Callable[[], float] | None
    constants: tuple[float, float]
    made_of: Callable[[Settings], Run | None]


class Orders:
    """The order of the rows in each epoch: that of the epoch before, shuffled by the same generator."""

    def __init__(self, n: int, rng: np.random.RandomState, shuffled: bool) -> None:
        self.order: Array = np.arange(n)
        self.rng, self.shuffled, self.drawn = rng, shuffled, 0

    def __call__(self, epoch: int) -> Array:
        """The order in an epoch, which is the one asked for last or comes after it."""
        while self.shuffled and self.drawn <= epoch:
            permutation = np.arange(len(self.order))  # as sklearn.utils.shuffle does, which takes as long as an epoch
            self.rng.shuffle(permutation)
            self.order = self.order[permutation]
            self.drawn += 1
        return self.order


def looked_at(weights: Any, n: int) -> Array:
    """Weights of n rows, (n,) float64, checked; as they are, for alpha is divided by their sum.

    One number is the weight of every row.
    """
    weights = np.full(n, weights) if isinstance(weights, Number) else weights
    check.row_weights(weights, n)
    return np.asarray(weights, dtype=np.float64)


def usable(X: Any, dtype: np.dtype[Any]) -> Any:
    """X (n, d) in a network's dtype: an array, or a sparse matrix by rows where that is smaller and quicker."""
    if isinstance(X, np.ndarray):
        return check.in_dtype(X, dtype, "X")
    cells = X.shape[0] * X.shape[1]
    if cells <= DENSE_ALWAYS or (cells <= DENSE_MOST and X.nnz > SPARSE * cells):
        return check.in_dtype(X.toarray(), dtype, "X")
    return X.tocsr().astype(dtype)
