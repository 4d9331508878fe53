"""A large X taken a block of rows at a time, so that no float copy of all of it is ever made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.errors import InputError

Array: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float64]

BLOCK = 1 << 16  # numbers, not rows: half a megabyte as float64, which stays in the cache


def moments(data: Array) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean, sum of squared deviations, minimum and maximum of each column, all float64 (d,).

    Everything is measured from the first row, so that a large offset (years, seconds since 1970) costs no digits.
    """
    origin = data[0].astype(np.float64)
    mean, squares = np.zeros(data.shape[1]), np.zeros(data.shape[1])
    low, high = origin, origin
    for rows in blocks(data):
        block = np.subtract(data[rows], origin, dtype=np.float64)
        block_mean = block.mean(axis=0)
        block -= block_mean
        shift, seen, added = block_mean - mean, rows.start, len(block)
        squares += np.square(block, out=block).sum(axis=0) + shift**2 * (seen * added / (seen + added))
        mean = mean + shift * (added / (seen + added))
        low, high = np.minimum(low, data[rows].min(axis=0)), np.maximum(high, data[rows].max(axis=0))
    return origin + mean, squares, low, high


def prepare(X: npt.ArrayLike, dtype: npt.DTypeLike, columns: int | None) -> tuple[Array, Array]:
    """X checked, and an array of its shape for the result."""
    data = check.features(X)
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = np.dtype(object)
    if kind not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise InputError(f"dtype is {dtype!r}, and must be float64 or float32.")
    if columns is not None and data.shape[1] != columns:
        raise InputError(
            f"X has {data.shape[1]} columns, and the scaler was fitted on {columns}: pass the same features, in the "
            "same order, or fit anew."
        )
    return data, np.empty(data.shape, kind)


def blocks(data: Array) -> Iterator[slice]:
    step = max(1, BLOCK // data.shape[1])
    return (slice(start, min(start + step, len(data))) for start in range(0, len(data), step))


def in_range(block: Array, first: int) -> Array:
    """The block itself, or an InputError for its first number outside 0 ... 255."""
    if block.dtype == np.uint8 or block.dtype == bool or bool(((block >= 0) & (block <= 255)).all()):
        return block
    row, column = np.argwhere(~((block >= 0) & (block <= 255)))[0]
    raise InputError(
        f"X[{first + row}, {column}] is {block[row, column]}, and pixels are 0 ... 255: take Standardizer() for other "
        "features."
    )


def epsilon(data: Array) -> float:
    """How far apart, relatively, neighbouring numbers are where X was computed: in float32 if it is, else float64."""
    return float(np.finfo(np.float32 if data.dtype == np.float32 else np.float64).eps)
