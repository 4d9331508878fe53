"""What a predictor says at every point of a plane: a probability, a winning class, or a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError
from pellucid.plots.inputs import Numbers, Target, finite, numbers


class HasForward(Protocol):
    """A network: rows in, the activations of its last layer out, (n, K)."""

    def forward(self, X: Any, /) -> Any: ...


class HasPredict(Protocol):
    """An estimator of scikit-learn; `predict_proba` is preferred where it is there."""

    def predict(self, X: Any, /) -> Any: ...


TINY = 1e-15
Predictor = HasForward | HasPredict | Callable[[Any], Any]


@dataclass(frozen=True)
class Surface:
    """The answers at m points.

    Attributes:
        kind: "probability" of class 1, "classes" or "values".
        values: (m,) probabilities or values; for classes (m, K) scores, of which the largest wins: the logarithms of
            the probabilities where there are some.
        strength: (m,) for classes: 0 where the winner is no better than chance, 1 where it is certain.
    """

    kind: Literal["probability", "classes", "values"]
    values: Numbers
    strength: Numbers


def known_classes(predictors: Iterable[Predictor]) -> list[Any]:
    """The classes that estimators of scikit-learn say they know."""
    return [k for predictor in predictors for k in np.asarray(getattr(predictor, "classes_", [])).tolist()]


def plane(X: Numbers, steps: int, margin: float = 0.12) -> tuple[Numbers, Numbers]:
    """Both axes (steps,) of a grid over the data and a margin around it; a single point gets a square."""
    low, high = X.min(axis=0), X.max(axis=0)
    span = np.where(high > low, high - low, np.maximum(1.0, np.abs(high)))
    low, high = low - margin * span, high + margin * span
    return np.linspace(low[0], high[0], steps), np.linspace(low[1], high[1], steps)


def survey(predictor: Predictor, x1: Numbers, x2: Numbers, target: Target) -> Surface:
    """Ask a predictor at every point of the grid x1 by x2; rows of the answer run along x1, then up x2."""
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(x1, x2)])
    answer, columns = _ask(predictor, grid)
    if answer.ndim == 2 and answer.shape[1] == 1:
        answer = answer[:, 0]
    if answer.ndim not in (1, 2) or len(answer) != len(grid):
        raise InputError(
            f"the predictor answered {len(grid)} rows of two features with shape {answer.shape}; "
            f"expected (n,) class indices, probabilities or values, or (n, K) with one column for each class"
        )
    if answer.ndim == 2:
        order = np.arange(answer.shape[1]) if columns is None else target.encode(columns)
        return _by_scores(finite(numbers(answer, "the predictor's answer"), "the predictor's answer"), order)
    return _by_column(answer, target, activations=hasattr(predictor, "forward"))


def _ask(predictor: Any, grid: Numbers) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The raw answer, and what its columns stand for where the predictor says so."""
    if hasattr(predictor, "forward"):
        return np.asarray(predictor.forward(grid)), None
    if hasattr(predictor, "predict_proba"):
        return np.asarray(predictor.predict_proba(grid)), np.asarray(predictor.classes_)
    if hasattr(predictor, "predict"):
        return np.asarray(predictor.predict(grid)), None
    if callable(predictor):
        return np.asarray(predictor(grid)), None
    raise InputError(
        f"the predictor is a {type(predictor).__name__}; expected a network, an object with predict(X), "
        f"or a function of X"
    )


def _by_scores(scores: Numbers, order: NDArray[np.int64]) -> Surface:
    """Columns to class indices; the winner's lead over chance where the rows are probabilities."""
    placed = np.full((len(scores), int(order.max()) + 1), -np.inf)
    placed[:, order] = scores
    chance = 1.0 / scores.shape[1]
    if scores.min() >= -1e-6 and np.allclose(scores.sum(axis=1), 1.0, atol=1e-3):
        # Logarithms change smoothly even where a network is so sure that its probabilities jump from 0 to 1.
        placed[:, order] = np.log(scores.clip(TINY))
        return Surface("classes", placed, ((scores.max(axis=1) - chance) / (1.0 - chance)).clip(0.0, 1.0))
    return Surface("classes", placed, np.ones(len(scores)))


def _by_column(answer: NDArray[Any], target: Target, activations: bool) -> Surface:
    """One answer a row: class names or indices, else a probability, else a value.

    A network's activations are never indices: a sigmoid that says exactly 0.0 and 1.0 is only very sure.
    """
    if answer.dtype.kind in "USO":
        return _winners(target.encode(answer.astype(str)))
    values = finite(numbers(answer, "the predictor's answer"), "the predictor's answer")
    if target.is_class and not activations and np.all(values == np.round(values)):
        return _winners(target.encode(values.astype(np.int64)))
    if target.is_class and target.count <= 2 and values.min() >= 0.0 and values.max() <= 1.0:
        return Surface("probability", values, np.abs(2.0 * values - 1.0))
    return Surface("values", values, np.ones(len(values)))


def _winners(codes: NDArray[np.int64]) -> Surface:
    """Classes without probabilities: one-hot scores, all equally sure."""
    if codes.min() < 0:
        raise InputError(f"the predictor answered class {codes.min()}; classes count from 0")
    return Surface("classes", np.eye(int(codes.max()) + 1)[codes], np.ones(len(codes)))
