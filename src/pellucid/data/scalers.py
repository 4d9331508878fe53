"""Scalers bring features to a common size before they reach the first layer; the network saves its own with it.

Units saturate or hardly move when one feature counts in millions and another in thousandths (LeCun, Bottou, Orr,
Müller, "Efficient BackProp", 1998, section 4.3).
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.data.blocks import blocks, epsilon, in_range, moments, prepare
from pellucid.errors import InputError, did_you_mean

Array: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float64]


class Standardizer:
    """Subtract each column's mean, divide by its standard deviation: z = (x - mean) / scale.

    Attributes:
        ddof: the deviation divides by n - ddof: 0 as NumPy does, 1 as pandas and R do.
        mean: float64 (d,), or None before `fit`.
        scale: float64 (d,), the standard deviations, or None before `fit`. A column whose numbers are all equal, up to
            rounding, has scale 1, so it becomes zeros.

    Raises:
        InputError: `ddof` is no whole number of at least 0.

    Source: T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample
    variances", 1979: blocks of rows, each in two passes, then merged, so that large offsets do no harm.

    Example:
        >>> scaler = Standardizer().fit([[1.0, 100.0], [3.0, 300.0]])
        >>> scaler.mean, scaler.scale
        (array([  2., 200.]), array([  1., 100.]))
        >>> scaler.transform([[2.0, 400.0]])
        array([[0., 2.]])
    """

    def __init__(self, ddof: int = 0) -> None:
        self.ddof: int = check.whole(ddof, "ddof", 0)
        self.mean: Floats | None = None
        self.scale: Floats | None = None

    @property
    def fitted(self) -> bool:
        """Whether mean and scale are known."""
        return self.mean is not None and self.scale is not None

    def fit(self, X: npt.ArrayLike) -> Standardizer:
        """Learn mean and scale of each column of X (n, d), in blocks: no float copy of all of X is made. Returns self.

        Raises:
            InputError: X is not (n, d) finite numbers with n > ddof, or its numbers are too large to be squared.
        """
        data = check.features(X)
        if len(data) <= self.ddof:
            raise InputError(
                f"X has {len(data)} row(s), and the deviation divides by n - ddof = {len(data) - self.ddof}: "
                "give more rows, or Standardizer(ddof=0)."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            mean, squares, low, high = moments(data)
            scale = np.sqrt(squares / (len(data) - self.ddof))
            spread = high - low
        if not (np.isfinite(mean).all() and np.isfinite(scale).all() and np.isfinite(spread).all()):
            column = int(np.argmin(np.isfinite(mean) & np.isfinite(scale) & np.isfinite(spread)))
            raise InputError(
                f"column {column} of X runs from {low[column]:g} to {high[column]:g}, too large to be squared in "
                "float64: divide it by a large number, or take its logarithm."
            )
        # A spread of a few units in the last place is what rounding left of a constant, not a deviation to divide by.
        rounding = 16 * epsilon(data) * np.maximum(np.abs(low), np.abs(high))
        constant = (spread <= rounding) | (scale < np.finfo(np.float64).tiny)
        self.mean, self.scale = mean, np.where(constant, 1.0, scale)
        return self

    def transform(self, X: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> Array:
        """(X - mean) / scale as a new array (n, d) of `dtype`, float64 or float32.

        Raises:
            InputError: not fitted, another number of columns than in `fit`, or a number that is not finite.
        """
        mean, scale = self._known("transform")
        data, out = prepare(X, dtype, len(mean))
        for rows in blocks(data):
            np.divide(np.subtract(data[rows], mean, dtype=np.float64), scale, out=out[rows], casting="same_kind")
        return out

    def fit_transform(self, X: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> Array:
        """`fit`, then `transform` of the same X (n, d). Only for rows that are trained on."""
        return self.fit(X).transform(X, dtype)

    def inverse(self, X: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> Array:
        """Back from standardized numbers (n, d) to the original units: X * scale + mean.

        Raises:
            InputError: not fitted, another number of columns than in `fit`, or a number that is not finite.
        """
        mean, scale = self._known("inverse")
        data, out = prepare(X, dtype, len(mean))
        for rows in blocks(data):
            out[rows] = data[rows].astype(np.float64, copy=False) * scale + mean
        return out

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it; floats are exact there. `scaler_from_dict` reads it."""
        return {
            "kind": "standardizer",
            "ddof": self.ddof,
            "mean": None if self.mean is None else [float(m) for m in self.mean],
            "scale": None if self.scale is None else [float(s) for s in self.scale],
        }

    def _known(self, method: str) -> tuple[Floats, Floats]:
        if self.mean is None or self.scale is None:
            raise InputError(
                f"{method} was called before fit, so mean and scale are not known. Write scaler.fit(X_train) first, "
                f"with the rows that you train on, then scaler.{method}(X)."
            )
        return self.mean, self.scale

    def __repr__(self) -> str:
        settings = f"ddof={self.ddof}" if self.ddof else ""
        state = f"fitted on {len(self.mean)} columns" if self.mean is not None else "not fitted"
        return f"<Standardizer({settings}), {state}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Standardizer) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # it changes when it is fitted


class Pixels:
    """Divide bytes by 255: pixels 0 ... 255 become 0 ... 1. There is nothing to learn, so nothing to fit.

    Example:
        >>> Pixels().transform(np.array([[0, 51, 255]], dtype=np.uint8), np.float32)
        array([[0. , 0.2, 1. ]], dtype=float32)
    """

    @property
    def fitted(self) -> bool:
        """Always True."""
        return True

    def fit(self, X: npt.ArrayLike) -> Pixels:
        """Check that X (n, d) holds numbers in 0 ... 255. Returns self.

        Raises:
            InputError: X is not (n, d) numbers in 0 ... 255.
        """
        data = check.features(X)
        for rows in blocks(data):
            in_range(data[rows], rows.start)
        return self

    def transform(self, X: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> Array:
        """X / 255, computed in `dtype`, float64 or float32: a new array (n, d).

        Raises:
            InputError: X is not (n, d) numbers in 0 ... 255.
        """
        data, out = prepare(X, dtype, None)
        for rows in blocks(data):
            np.divide(in_range(data[rows], rows.start), 255, out=out[rows], dtype=out.dtype, casting="same_kind")
        return out

    def fit_transform(self, X: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> Array:
        """The same as `transform`, which checks for itself."""
        return self.transform(X, dtype)

    def inverse(self, X: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> Array:
        """Back from 0 ... 1 to 0 ... 255: X * 255 as a new array (n, d), not rounded.

        Raises:
            InputError: X is not (n, d) finite numbers.
        """
        data, out = prepare(X, dtype, None)
        for rows in blocks(data):
            out[rows] = data[rows].astype(np.float64, copy=False) * 255
        return out

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it. `scaler_from_dict` reads it."""
        return {"kind": "pixels"}

    def __repr__(self) -> str:
        return "Pixels()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pixels)

    def __hash__(self) -> int:
        return hash(Pixels)


Scaler: TypeAlias = Standardizer | Pixels

KEYS = {"standardizer": {"kind", "ddof", "mean", "scale"}, "pixels": {"kind"}}


def scaler_from_dict(d: object) -> Scaler:
    """The scaler that `to_dict` described, bit for bit; nothing that it did not write is accepted.

    Raises:
        InputError: an unknown kind or key, a missing key, lists of different lengths, numbers that are not finite, or
            a scale that is not positive.

    Example:
        >>> scaler = Standardizer().fit([[1.0], [2.0]])
        >>> scaler_from_dict(scaler.to_dict()) == scaler
        True
    """
    if not isinstance(d, dict):
        raise InputError(f"a scaler is described by a dict, and this is {type(d).__name__}: pass scaler.to_dict().")
    kind = d.get("kind")
    if not isinstance(kind, str) or kind not in KEYS:
        hint = did_you_mean(kind, KEYS) if isinstance(kind, str) else ""
        raise InputError(f"the scaler's kind is {kind!r}, and must be one of {', '.join(KEYS)}.{hint}")
    if d.keys() != KEYS[kind]:
        raise InputError(
            f"a {kind} has the keys {sorted(KEYS[kind])}, and this has {sorted(map(str, d))}: pass what to_dict wrote."
        )
    if kind == "pixels":
        return Pixels()
    scaler = Standardizer(d["ddof"])
    scaler.mean, scaler.scale = _floats("mean", d["mean"]), _floats("scale", d["scale"])
    if _length(scaler.mean) != _length(scaler.scale):
        raise InputError("the scaler's mean and scale must be two lists of the same length, or both null.")
    if scaler.scale is not None and not (scaler.scale > 0).all():
        column = int(np.argmin(scaler.scale > 0))
        raise InputError(f"the scaler's scale of column {column} is {scaler.scale[column]}, and must be positive.")
    return scaler


def _floats(name: str, values: object) -> Floats | None:
    """A list of finite numbers as float64, None as None."""
    if values is None:
        return None
    if not isinstance(values, list) or not values:
        raise InputError(f"the scaler's {name} is {values!r:.80}, and must be a list of numbers, one a column.")
    for column, value in enumerate(values):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not abs(value) <= sys.float_info.max:
            raise InputError(f"the scaler's {name} of column {column} is {value!r:.80}, and must be a finite number.")
    return np.array(values, dtype=np.float64)


def _length(values: Floats | None) -> int:
    return 0 if values is None else len(values)
