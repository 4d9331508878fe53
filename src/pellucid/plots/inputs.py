"""What comes in to be drawn, checked where it enters: features, labels and their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import InputError

Numbers = NDArray[np.float64]
MOST_CLASSES = 30


def numbers(values: ArrayLike, what: str) -> Numbers:
    """An array of floats, or an error that says what else was seen."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} must hold numbers; it could not be read as numbers ({error})") from error


def finite(values: Numbers, what: str) -> Numbers:
    """The same array, refused where a number is NaN or infinite."""
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        spot = ", ".join(str(index) for index in wrong[0])
        raise InputError(
            f"{what} has {len(wrong)} entries that are NaN or infinite, the first at [{spot}]; "
            f"leave those rows out or fill them in before drawing"
        )
    return values


def two_features(X: ArrayLike) -> Numbers:
    """X as (n, 2) finite floats: what a plane can show."""
    made = numbers(X, "X")
    if made.ndim != 2 or made.shape[1] != 2 or not len(made):
        raise InputError(
            f"X has shape {made.shape}; a picture in the plane needs (n, 2): at least one row, exactly two features. "
            f"Pick two columns, such as X[:, [0, 1]]"
        )
    return finite(made, "X")


def column(values: ArrayLike, what: str) -> Numbers:
    """A column of finite numbers as (n,), n at least 1; (n, 1) is understood."""
    made = numbers(values, what)
    if made.ndim == 2 and made.shape[1] == 1:
        made = made[:, 0]
    if made.ndim != 1 or not made.size:
        raise InputError(
            f"{what} has shape {made.shape}; it must be one column of numbers, (n,), with at least one row"
        )
    return finite(made, what)


def same_length(what: str, seen: int, other: str, expected: int) -> None:
    """Refuse two things that should have one entry for each other."""
    if seen != expected:
        raise InputError(f"{what} has {seen} entries, but {other} has {expected}; give one for each")


def class_names(labels: Sequence[Any] | None, count: int) -> list[str] | None:
    """Names for `count` classes, or None; too few are refused."""
    if labels is None:
        return None
    names = [str(label) for label in labels]
    if len(names) < count:
        raise InputError(f"labels has {len(names)} names, but there are {count} classes; give one name for each class")
    return names


@dataclass(frozen=True)
class Target:
    """What is drawn at each point: the index of a class, or a value.

    Attributes:
        values: (n,) class indices, or values.
        classes: (K,) how y writes class 0, 1, ...; None where y holds the indices themselves, or values.
        is_class: whether these are classes.
    """

    values: Numbers
    classes: NDArray[Any] | None
    is_class: bool

    @property
    def codes(self) -> NDArray[np.int64]:
        """The class indices as integers."""
        return self.values.astype(np.int64)

    @property
    def count(self) -> int:
        """How many classes there are, counted up to the largest index."""
        return len(self.classes) if self.classes is not None else int(self.values.max()) + 1

    @property
    def named(self) -> bool:
        """Whether y holds names."""
        return self.classes is not None and self.classes.dtype.kind in "US"

    def written(self) -> Numbers:
        """(n,) the numbers as y writes them; class indices where y has names."""
        return self.values if self.classes is None or self.named else self.classes[self.codes] * 1.0

    def names(self, labels: Sequence[Any] | None, count: int | None = None) -> list[str]:
        """A name for every class: the caller's, else y's own, else "class k"."""
        count = max(self.count, count or 0)
        own = [] if self.classes is None else [str(k) if self.named else f"class {k}" for k in self.classes]
        return class_names(labels, count) or [*own, *(f"class {k}" for k in range(len(own), count))]

    def encode(self, written: NDArray[Any]) -> NDArray[np.int64]:
        """Class indices of classes written as y writes them; numbers are indices where y has names."""
        names = written.dtype.kind in "US"
        if names and not self.named:
            raise InputError("the predictor answers with names, but y holds numbers; give both the same classes")
        if self.classes is None or (self.named and not names):
            return written.astype(np.int64)
        codes = np.searchsorted(self.classes, written).clip(max=len(self.classes) - 1)
        if np.any(self.classes[codes] != written):
            raise InputError(f"the predictor names classes that y does not have; y has {self.classes.tolist()}")
        return codes.astype(np.int64)


def target(y: ArrayLike, rows: int, known: Sequence[Any] = ()) -> Target:
    """Read y: integers, names or one-hot rows are classes, other numbers are values.

    Args:
        y: (n,), (n, 1) or one-hot (n, K).
        rows: n, as X has it.
        known: classes that a predictor knows, whether or not y has a row of each.
    """
    raw = np.asarray(y)
    if raw.ndim == 2 and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.ndim == 2 and raw.shape[1] > 1 and np.isin(raw, (0, 1)).all() and (raw.sum(axis=1) == 1).all():
        raw = raw.argmax(axis=1)  # one-hot
    if raw.ndim != 1:
        raise InputError(
            f"y has shape {raw.shape}; expected (n,), (n, 1) or one-hot rows (n, K), with one row for each of X"
        )
    same_length("y", len(raw), "X", rows)
    if raw.dtype.kind in "USO":
        names = [str(k) for k in known if isinstance(k, str)]
        classes = np.unique([*raw.astype(str), *names])
        return Target(np.searchsorted(classes, raw.astype(str)).astype(np.float64), classes, True)
    values = finite(numbers(raw, "y"), "y")
    distinct = np.unique(values)
    if np.any(distinct != np.round(distinct)) or len(distinct) > MOST_CLASSES:
        return Target(values, None, False)
    distinct = np.unique([*distinct, *(float(k) for k in known if not isinstance(k, str))])
    if distinct[0] >= 0 and distinct[-1] < 10 * MOST_CLASSES:
        return Target(values, None, True)
    return Target(np.searchsorted(distinct, values).astype(np.float64), distinct.astype(np.int64), True)
