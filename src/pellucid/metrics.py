"""How good predictions are: confusion matrix, precision and recall by class, R2 and mean errors of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError

Array = npt.NDArray[Any]


def confusion_matrix(y: Any, predicted: Any, classes: int) -> Array:
    """Counts (classes, classes): rows are the true class, columns the predicted one.

    Raises:
        InputError: lengths differ, or a label is not in 0 ... classes - 1.

    Example:
        >>> confusion_matrix([0, 1, 1], [0, 1, 0], 2)
        array([[1, 0],
               [1, 1]])
    """
    y, predicted = _pair(y, predicted)
    for name, labels in (("y", y), ("predicted", predicted)):
        indices = labels.ndim == 1 and labels.dtype.kind in "iub"
        if not indices or labels.min() < 0 or labels.max() >= classes:
            raise InputError(f"{name} must hold class indices 0 ... {classes - 1}, one a row.")
    pairs = y.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True)
class ClassReport:
    """Per class, arrays of shape (classes,); where nothing was predicted or is true, the share is NaN.

    Attributes:
        precision: of the rows predicted as this class, the share that is.
        recall: of the rows of this class, the share that was predicted so.
        f1: their harmonic mean.
        support: how many rows of this class there are.
    """

    precision: Array
    recall: Array
    f1: Array
    support: Array


def class_report(matrix: Array) -> ClassReport:
    """Precision, recall and F1 by class, from a confusion matrix.

    Source: Manning, Raghavan and Schuetze, Introduction to Information Retrieval (2008), section 8.3.

    Example:
        >>> class_report(np.array([[1, 0], [1, 1]])).recall
        array([1. , 0.5])
    """
    right = np.diag(matrix).astype(float)
    support = matrix.sum(axis=1)
    with np.errstate(invalid="ignore"):
        precision, recall = right / matrix.sum(axis=0), right / support
        f1 = 2 * right / (matrix.sum(axis=0) + support)
    return ClassReport(precision, recall, f1, support)


def r2(y: Any, predicted: Any) -> float:
    """The coefficient of determination, 1 - sum (y - p)^2 / sum (y - mean)^2, averaged over outputs.

    1 is perfect, 0 is no better than the mean; constant y gives NaN, for there is nothing to explain.

    Raises:
        InputError: shapes differ.

    Example:
        >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
        1.0
    """
    y, predicted = _values(y, predicted)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = ((y - y.mean(axis=0)) ** 2).sum(axis=0)
        shares = np.where(spread > 0, 1 - ((y - predicted) ** 2).sum(axis=0) / spread, np.nan)
    return float(np.mean(shares))


def mean_absolute_error(y: Any, predicted: Any) -> float:
    """The mean of |y - p| over rows and outputs, in the units of y.

    Raises:
        InputError: shapes differ.

    Example:
        >>> mean_absolute_error([1.0, 2.0], [1.0, 4.0])
        1.0
    """
    y, predicted = _values(y, predicted)
    return float(np.mean(np.abs(y - predicted)))


def root_mean_squared_error(y: Any, predicted: Any) -> float:
    """The root of the mean of (y - p)^2 over rows and outputs, in the units of y.

    Raises:
        InputError: shapes differ.

    Example:
        >>> root_mean_squared_error([0.0, 0.0], [3.0, 3.0])
        3.0
    """
    y, predicted = _values(y, predicted)
    return float(np.sqrt(np.mean((y - predicted) ** 2)))


def _values(y: Any, predicted: Any) -> tuple[Array, Array]:
    """Both in float64: the difference of two unsigned numbers would wrap around."""
    y, predicted = _pair(y, predicted)
    return y.astype(np.float64), predicted.astype(np.float64)


def _pair(y: Any, predicted: Any) -> tuple[Array, Array]:
    """Both as arrays of one shape; (n, 1) counts as (n,), so that nothing is broadcast to (n, n)."""
    arrays = [np.asarray(values) for values in (y, predicted)]
    a, b = (array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array for array in arrays)
    if a.shape != b.shape or a.ndim == 0:
        raise InputError(f"y has shape {arrays[0].shape}, the predictions {arrays[1].shape}: they must agree.")
    if len(a) == 0:
        raise InputError("There are no rows to measure.")
    return a, b
