"""Targets: what the user calls y becomes the matrix t (n, outputs) that the losses compare with, or is refused.

Which task it is follows from the output layer alone, never from y: softmax tells classes apart, sigmoid answers yes
or no (once, or once an output), everything else predicts values.
"""

from __future__ import annotations

from typing import Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError
from pellucid.inputs import in_dtype, refuse_masked, refuse_non_finite

Array = npt.NDArray[Any]
Task = Literal["classes", "binary", "labels", "values"]


def task_of(activation: str, outputs: int) -> Task:
    """What a network with this output layer answers.

    Returns:
        "classes" (softmax), "binary" (one sigmoid unit), "labels" (several sigmoid units) or "values".

    Example:
        >>> task_of("sigmoid", 1)
        'binary'
    """
    if activation == "softmax":
        return "classes"
    if activation == "sigmoid":
        return "binary" if outputs == 1 else "labels"
    return "values"


def one_hot(y: Any, classes: int | None = None) -> Array:
    """Integer labels (n,) as rows with a single 1: (n, classes) float64.

    Args:
        y: labels 0 ... classes - 1.
        classes: how many there are; the largest label + 1 when None.

    Raises:
        InputError: labels that are not whole numbers from 0, or not below `classes`.

    Example:
        >>> one_hot([0, 2], 3)
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    array = _array(y)
    if array.ndim != 1:
        raise InputError(f"one_hot takes labels of shape (n,); this has shape {array.shape}.")
    if array.size == 0:
        raise InputError("one_hot got no labels at all.")
    refuse_non_finite(array, "y")
    labels = _class_indices(array, classes if classes is not None else int(array.max()) + 1)
    t = np.zeros((len(labels), classes if classes is not None else int(labels.max()) + 1))
    t[np.arange(len(labels)), labels] = 1
    return t


def encode(y: Any, task: Task, outputs: int, n: int, loss: str, dtype: Any, what: str = "y") -> Array:
    """Targets t of shape (n, outputs) in `dtype`, checked against the task.

    Args:
        y: integers (n,) or one-hot rows (n, K) for softmax; 0/1 of shape (n,) or (n, 1) for one sigmoid unit,
            (n, K) for several; values (n,), (n, 1) or (n, K) otherwise.
        task: from `task_of`.
        outputs: K, the units of the last layer.
        n: how many rows X has.
        loss: name of the loss; poisson takes no negative values.
        dtype: of the network.
        what: what y is called in messages.

    Raises:
        InputError: anything else, with what was seen, what was expected and the fix.

    Example:
        >>> encode([1, 0], "classes", 2, 2, "cross_entropy", "float64")
        array([[0., 1.],
               [1., 0.]])
    """
    array = _array(y, what)
    if array.ndim == 0 or len(array) != n:
        seen = "a single number" if array.ndim == 0 else f"{len(array)} rows (shape {array.shape})"
        raise InputError(f"{what} has {seen}, X has {n} rows. Give one target for each row of X.")
    refuse_non_finite(array, what)
    if task == "classes":
        t = _classes(array, outputs, what)
    elif task == "binary":
        t = _binary(array, what)
    elif task == "labels":
        t = _labels(array, outputs, what)
    else:
        t = _values(array, outputs, what)
    if loss == "poisson" and (t < 0).any():
        raise InputError(f"{what} goes down to {t.min():g}; the poisson loss is for counts, 0 or more.")
    return in_dtype(t, np.dtype(dtype), what)


def labels_of(t: Array, task: Task) -> Array:
    """Back from targets (n, K) to what `predict` gives: class indices (n,), 0/1, or values."""
    if task == "classes":
        return np.argmax(t, axis=1)
    if task in ("binary", "labels"):
        t = (t >= 0.5).astype(np.int64)
    return t[:, 0] if t.shape[1] == 1 else t


def refuse_single_class(t: Array, task: Task) -> None:
    """More than one row, but only one class among them: there is nothing to learn."""
    if len(t) < 2 or task not in ("classes", "binary"):
        return
    if t[0].max() in (0, 1) and (t == t[0]).all():  # rows of equal soft labels still have something to teach
        only = int(labels_of(t[:1], task)[0])
        raise InputError(
            f"All {len(t)} rows of y belong to one class, {only}: there is nothing to tell apart. "
            "Give rows of at least two classes (was the file sorted by label and cut off?)."
        )


def _array(y: Any, what: str = "y") -> Array:
    if y is None:
        raise InputError(f"{what} is None: a target for each row of X is needed.")
    refuse_masked(y, what)
    try:
        array = np.asarray(y)
    except ValueError as error:
        raise InputError(f"{what} is not an array: its rows differ in length.") from error
    if array.dtype == object:
        array = _from_objects(array, what)
    if array.dtype.kind == "c":
        raise InputError(f"{what} holds complex numbers; targets are real.")
    if array.dtype.kind not in "fiub":
        _refuse_text(array, what)
    return array


def _from_objects(array: Array, what: str) -> Array:
    """Python numbers in an array of objects, as a column of a table often is; None becomes NaN."""
    if array.ndim and all(isinstance(value, int | np.integer) for value in array.flat):
        return np.array(array.tolist())
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return _refuse_text(array, what)


def _refuse_text(array: Array, what: str) -> NoReturn:
    example = array.ravel()[:1].tolist()[0] if array.size else ""
    raise InputError(
        f"{what} holds text or other things that are not numbers, such as {example!r}. Number the classes first: "
        f"names, {what} = np.unique({what}, return_inverse=True)."
    )


def _class_indices(array: Array, classes: int, what: str = "y") -> Array:
    """Labels (n,) as int64, all in 0 ... classes - 1."""
    if array.dtype.kind == "f":
        fix = f"write {what}.astype(int)" if (array == np.floor(array)).all() else "classes cannot be fractions"
        raise InputError(
            f"{what} holds floats ({array.dtype}, such as {array.ravel()[0]:g}) where class numbers "
            f"0 ... {classes - 1} are expected. If they are classes, {fix}; "
            "to predict values, end the network with Dense(1)."
        )
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= classes:
        fix = ""
        if low == 1 and high == classes:
            fix = f" They start at 1: write {what} - 1."
        elif high >= classes and low >= 0:
            fix = f" A last layer with {high + 1} units would have room for them."
        elif low == -1 and high == 1:
            fix = f" If these are -1 and +1, write ({what} + 1) // 2."
        raise InputError(
            f"{what} holds labels from {low} to {high}; for {classes} classes 0 ... {classes - 1} are expected.{fix}"
        )
    return array.astype(np.int64)


def _classes(array: Array, outputs: int, what: str) -> Array:
    if array.ndim == 1:
        return one_hot(_class_indices(array, outputs, what), outputs)
    if array.ndim == 2 and array.shape[1] == 1:
        raise InputError(
            f"{what} is a column of shape {array.shape}; class labels have shape (n,): write {what}.ravel()."
        )
    if array.ndim != 2 or array.shape[1] != outputs:
        raise InputError(
            f"{what} has shape {array.shape}; for {outputs} softmax outputs either labels (n,) or one-hot rows "
            f"(n, {outputs}) are expected."
        )
    if (array < 0).any() or not np.allclose(array.sum(axis=1), 1, rtol=0, atol=1e-6):
        row = int(np.argmax((array < 0).any(axis=1) | ~np.isclose(array.sum(axis=1), 1, rtol=0, atol=1e-6)))
        raise InputError(
            f"{what} looks one-hot, but row {row} is {array[row].tolist()}: "
            "each row must be shares of 0 or more that add up to 1."
        )
    return array


def _binary(array: Array, what: str) -> Array:
    if array.ndim == 2 and array.shape[1] == 2:
        raise InputError(
            f"{what} has shape {array.shape}, two columns, but the network ends in one sigmoid unit. "
            f"Pass {what}[:, 1], or end with Dense(2, 'softmax')."
        )
    if array.ndim > 2 or (array.ndim == 2 and array.shape[1] != 1):
        raise InputError(f"{what} has shape {array.shape}; one sigmoid output takes 0/1 of shape (n,) or (n, 1).")
    column = array.reshape(-1, 1)
    wrong = (column != 0) & (column != 1)
    if wrong.any():
        values = np.unique(column)
        fix = ""
        if len(values) == 2:
            fix = f" For two classes write ({what} == {values[1]:g}).astype(int)."
        elif len(values) > 2 and (values == np.floor(values)).all():
            fix = f" For {len(values)} classes end the network with Dense({len(values)}, 'softmax')."
        raise InputError(
            f"{what} holds {column[wrong][0]:g} (values from {values[0]:g} to {values[-1]:g}); "
            f"one sigmoid output takes 0 and 1.{fix}"
        )
    return column


def _labels(array: Array, outputs: int, what: str) -> Array:
    if array.ndim != 2 or array.shape[1] != outputs:
        raise InputError(
            f"{what} has shape {array.shape}; {outputs} sigmoid outputs answer {outputs} separate questions, so "
            f"(n, {outputs}) is expected. To tell {outputs} classes apart end with Dense({outputs}, 'softmax'), "
            f"or pass one_hot({what}, {outputs})."
        )
    if (array < 0).any() or (array > 1).any():
        raise InputError(
            f"{what} goes from {array.min():g} to {array.max():g}; sigmoid outputs take targets from 0 to 1."
        )
    return array


def _values(array: Array, outputs: int, what: str) -> Array:
    if array.ndim == 1 and outputs == 1:
        return array.reshape(-1, 1)
    if array.ndim != 2 or array.shape[1] != outputs:
        units, shape = ("1 unit", "(n,) or (n, 1)") if outputs == 1 else (f"{outputs} units", f"(n, {outputs})")
        raise InputError(
            f"{what} has shape {array.shape}; a last layer of {units} takes {shape}. "
            "To tell classes apart, end the network with a softmax layer."
        )
    return array


def count_correct(a: Array, t: Array, task: Task) -> int:
    """How many rows of outputs a (n, K) answer as the targets t (n, K) say; 0 for values."""
    if task == "values":
        return 0
    if task == "classes":
        return int(np.count_nonzero(np.argmax(a, axis=1) == np.argmax(t, axis=1)))
    return int(np.count_nonzero(((np.real(a) >= 0.5) == (t >= 0.5)).all(axis=1)))
