"""What enters is looked at here, at the door: features X, row weights, numbers. Errors say what to write instead."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError

Array = npt.NDArray[Any]


SMALL = 4096  # numbers that are quicker looked at one by one


def features(X: Any, columns: int | None = None, what: str = "X") -> Array:
    """X as a numeric array of shape (n, columns), checked; neither copied nor converted if it is one already.

    Raises:
        InputError: no rows, text, a sparse matrix, one row given flat, the wrong number of columns, NaN or infinity.

    Example:
        >>> features([[1, 2], [3, 4]], 2).shape
        (2, 2)
    """
    if hasattr(X, "toarray"):
        raise InputError(f"{what} is a sparse matrix. Networks here take dense arrays: pass {what}.toarray().")
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise InputError(
            f"{what} is not a table: its rows differ in length. Give every row the same columns."
        ) from error
    refuse_masked(X, what)
    if array.ndim == 0:
        seen = "None" if X is None else f"a single {type(X).__name__}"
        raise InputError(f"{what} is {seen}; a table is expected: rows are samples, (n, features).")
    if array.dtype == object:
        array = _from_objects(array, what)
    if array.dtype.kind not in "fiub":
        raise InputError(
            f"{what} has dtype {array.dtype}, not numbers. Turn text columns into numbers first "
            "(pellucid.data.read_csv and one_hot help)."
        )
    if array.ndim == 1:
        raise InputError(
            f"{what} has shape {array.shape}; rows are samples, so (n, features) is expected. "
            f"For one sample write {what}.reshape(1, -1), for one feature {what}.reshape(-1, 1)."
        )
    if array.ndim != 2:
        raise InputError(
            f"{what} has shape {array.shape}; (n, features) is expected. "
            f"Flatten each sample: {what}.reshape(len({what}), -1)."
        )
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise InputError(
            f"{what} has shape {array.shape}: there is nothing in it. Give at least one row and one column."
        )
    if columns is not None and array.shape[1] != columns:
        turned = " It looks transposed: pass its .T." if array.shape[0] == columns else ""
        raise InputError(
            f"{what} has {array.shape[1]} columns, shape {array.shape}; "
            f"this network was built for inputs={columns}.{turned}"
        )
    refuse_non_finite(array, what)
    return array


def _from_objects(array: Array, what: str) -> Array:
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{what} holds things that are not numbers ({error}). Turn every column into numbers first."
        ) from error


def refuse_masked(array: Any, what: str) -> None:
    """Masked entries are missing values, and taking the numbers behind the mask for data would be wrong."""
    if type(array) is not np.ndarray and np.ma.is_masked(array):
        raise InputError(
            f"{what} has masked entries. Fill them in, such as with {what}.filled(value), or drop their rows."
        )


def refuse_non_finite(array: Array, what: str) -> None:
    """Say where the first NaN or infinity stands, row and column from 0."""
    if array.dtype.kind != "f" or (array.size <= SMALL and math.isfinite(np.vdot(array, array))):
        return  # a sum of squares is finite only if every number is; one that is not is looked at below
    with np.errstate(all="ignore"):
        if np.isfinite(array.sum()):  # one pass without a temporary; a sum is finite only if every number is
            return
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        where = ", ".join(f"{name} {index}" for name, index in zip(("row", "column"), bad[0], strict=False))
        raise InputError(
            f"{what} holds {array[tuple(bad[0])]} at {where} ({len(bad)} such in all). "
            "Fill in or drop what is missing or infinite first."
        )


def in_dtype(array: Array, dtype: np.dtype[Any], what: str) -> Array:
    """Finite numbers in the dtype of a network, or an InputError for one that would become infinite there."""
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        converted = array.astype(dtype, copy=False)
    if converted.dtype.itemsize < array.dtype.itemsize and not np.isfinite(converted).all():
        where = np.unravel_index(int(np.argmin(np.isfinite(converted))), array.shape)
        raise InputError(
            f"{what} holds {array[where]:g} in row {where[0]}, too large for {dtype}. "
            "Divide it by a large number, or build the network with dtype='float64'."
        )
    return converted


def row_weights(weights: Any, n: int, what: str = "sample_weight") -> Array:
    """Weights of n rows, (n,) float64, none negative and not all zero.

    Raises:
        InputError: another shape, a negative or non-finite weight, or nothing but zeros.

    Example:
        >>> row_weights([1, 3], 2)
        array([1., 3.])
    """
    try:
        array = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} must be numbers, one a row ({error}).") from error
    if array.shape != (n,):
        raise InputError(f"{what} has shape {array.shape}; one weight a row is expected, ({n},).")
    if not np.isfinite(array).all() or (array < 0).any():
        raise InputError(f"{what} must be finite and not negative; the smallest is {array.min():g}.")
    if not array.any():
        raise InputError(f"{what} is zero for every row: nothing would count. Give at least one positive weight.")
    largest = array.max()  # only their ratios count: extreme ones are brought to where no dtype overflows
    return array if 1e-6 <= largest <= 1e6 else array / largest


def whole(value: Any, name: str, low: int, none: bool = False) -> Any:
    """A whole number of at least `low` (or None where that is allowed), or an InputError that says so."""
    if none and value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        other = " or None" if none else ""
        raise InputError(f"{name} must be a whole number of at least {low}{other}; this is {value!r}.")
    return int(value)


def number(
    value: Any,
    name: str,
    low: float,
    high: float = np.inf,
    *,
    open_below: bool = False,
    open_above: bool = True,
    none: bool = False,
) -> Any:
    """A float from `low` to `high`, its ends in or out, or None where that is allowed, or an InputError that says so.

    Example:
        >>> number(1, "rate", 0, 1)
        Traceback (most recent call last):
        pellucid.errors.InputError: rate must be a number in [0, 1); this is 1.
    """
    if none and value is None:
        return None
    good = isinstance(value, int | float | np.number) and not isinstance(value, bool) and low <= value <= high
    if not good or (open_below and value == low) or (open_above and value == high):
        wanted = f"above {low}" if open_below else f"of at least {low}"
        if high < np.inf:
            wanted = f"in {'(' if open_below else '['}{low}, {high}{')' if open_above else ']'}"
        raise InputError(f"{name} must be a number {wanted}; this is {value!r}.")
    return float(value)
