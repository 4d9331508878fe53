"""Rows to learn from and rows held out: the second say how well the first were understood."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError

Rows: TypeAlias = npt.NDArray[np.int64]
Part: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any]]


def split(
    X: npt.ArrayLike, y: npt.ArrayLike, share: float = 0.2, seed: int = 0, stratify: bool = True
) -> tuple[Part, Part]:
    """Hold out a share of the rows: ((X_train, y_train), (X_test, y_test)).

    Args:
        X: (n, ...), rows first.
        y: (n,) or (n, K): one label, value or one-hot row for each row of X.
        share: what part of the rows is held out, between 0 and 1.
        seed: decides which rows; the same seed, the same rows.
        stratify: hold out the same share of every class, where y holds classes (see `split_indices`).

    Returns:
        Two pairs, (X_train, y_train) and (X_test, y_test); within each part the rows keep the order they had.

    Raises:
        InputError: lengths that differ, a share that leaves one side without a row, or a seed that is none.

    Example:
        >>> (X_train, y_train), (X_test, y_test) = split(np.arange(20).reshape(10, 2), [0, 1] * 5, share=0.4)
        >>> X_train.shape, sorted(y_test.tolist())
        ((6, 2), [0, 0, 1, 1])
    """
    data, targets = np.asarray(X), np.asarray(y)
    if data.ndim == 0 or targets.ndim == 0 or len(data) != len(targets):
        raise InputError(
            f"X has shape {data.shape} and y has shape {targets.shape}, but each row of X needs one row of y: "
            "pass arrays of the same length."
        )
    try:
        rng = np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise InputError(f"seed is {seed!r}, but must be a whole number of at least 0: {error}.") from None
    train, held_out = split_indices(targets, share, rng, stratify)
    return (data[train], targets[train]), (data[held_out], targets[held_out])


def split_indices(y: npt.ArrayLike, share: float, rng: np.random.Generator, stratify: bool = True) -> tuple[Rows, Rows]:
    """The rows to train on and the rows held out, round(share * n) of them.

    With `stratify`, labels (integers, booleans, text, only zeros and ones, or one-hot rows) are held out class by
    class: each class gives its share, rounded by the method of the largest remainder so that the total is exact, and a
    class of two or more rows keeps at least one row to train on. A class of one row is trained on, if that can be.
    Values (any other floats) are held out without regard to what they are.

    Args:
        y: (n,), (n, 1) or one-hot (n, K).
        share: what part of the rows is held out, between 0 and 1.
        rng: draws the rows.
        stratify: whether to look at the classes.

    Returns:
        (train_rows, held_out_rows): both int64, ascending, without a row in common, together all n.

    Raises:
        InputError: a share outside (0, 1), one that leaves a side without a row, or one so large that not every class
            could keep a row.

    Source: the apportionment is Hamilton's (largest remainder), in whole numbers so that nothing is rounded.

    Example:
        >>> train, held_out = split_indices([0] * 8 + [1] * 2, 0.5, np.random.default_rng(0))
        >>> held_out.tolist(), train.size
        ([2, 4, 6, 7, 9], 5)
    """
    targets = np.asarray(y)
    total = _held_out(share, len(targets) if targets.ndim else 0)
    classes = _classes(targets) if stratify else None
    order = rng.permutation(len(targets))
    if classes is None:
        chosen = order[:total]
    else:
        take = _apportion(np.bincount(classes), total, rng)
        by_class = order[np.argsort(classes[order], kind="stable")]  # class after class, in random order within each
        sizes = np.bincount(classes)
        place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        chosen = by_class[place < np.repeat(take, sizes)]
    held = np.zeros(len(targets), dtype=bool)
    held[chosen] = True
    return np.flatnonzero(~held).astype(np.int64), np.flatnonzero(held).astype(np.int64)


def _held_out(share: float, n: int) -> int:
    """How many of n rows the share is, or an InputError."""
    if isinstance(share, bool | str) or not np.isscalar(share) or not isinstance(share, int | float | np.number):
        raise InputError(f"share is {share!r}, but must be a number between 0 and 1, such as 0.2.")
    if not (math.isfinite(share) and 0 < share < 1):
        raise InputError(f"share is {share}, but must lie between 0 and 1, such as 0.2 for a fifth of the rows.")
    total = round(float(share) * n)
    if not 0 < total < n:
        raise InputError(
            f"share = {share} of {n} rows is {total}, and both sides need at least one row: "
            "give another share, or more rows."
        )
    return total


def _classes(y: npt.NDArray[Any]) -> Rows | None:
    """A class index for each row, or None where y holds values."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    zeros_and_ones = y.dtype.kind in "biuf" and bool(np.isin(y, (0, 1)).all())
    if y.ndim == 2 and zeros_and_ones and bool((y.sum(axis=1) == 1).all()):
        classes: Rows = np.argmax(y, axis=1).astype(np.int64)
    elif y.ndim == 1 and (zeros_and_ones or y.dtype.kind in "biuUS"):
        classes = np.unique(y, return_inverse=True)[1].astype(np.int64)
    else:
        return None
    return classes


def _apportion(sizes: Rows, total: int, rng: np.random.Generator) -> Rows:
    """How many rows of each class to hold out, `total` in all."""
    most = np.where(sizes >= 2, sizes - 1, 0)
    if most.sum() < total:  # only then are classes of a single row touched
        most = np.where(sizes == 1, 1, most)
    if most.sum() < total:
        raise InputError(
            f"{total} of {sizes.sum()} rows are to be held out, but then not every one of the "
            f"{np.count_nonzero(sizes)} classes keeps a row to train on (that allows {most.sum()}): "
            "give a smaller share, or stratify=False."
        )
    share, remainder = np.divmod(sizes * total, sizes.sum())
    take = np.minimum(share, most)
    # Equal remainders are ranked by chance: ranked by class, the first classes would always give more.
    ranking = np.lexsort((rng.permutation(len(sizes)), -remainder))
    while (lacking := total - take.sum()) > 0:
        able = ranking[take[ranking] < most[ranking]][:lacking]
        take[able] += 1
    return take.astype(np.int64)
