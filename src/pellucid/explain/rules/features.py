"""Rules about features: their size, and columns that say nothing or nothing new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.explain.case import Case, sample
from pellucid.explain.findings import Finding
from pellucid.explain.rules.words import listed, number, sentence, there_are

Array = npt.NDArray[Any]

# Weights are drawn for features of about unit size. Features r times larger make weighted sums r times larger and the
# loss r^2 times more curved along the first layer's weights, so a learning rate must be r^2 times smaller: at 10, a
# hundred times. Standardized features have 1, pixels in 0..1 less; the iris in centimetres reach 6.
LARGE = 10.0
TINY = 0.01  # what varies by so little hardly moves a weighted sum, by the same reasoning turned round
# A column is dense if most of its rows differ from its median. A pixel at the rim of an image or a rare yes varies
# little too, and is as it should be.
DENSE = 0.5
FEW = 20  # rows below which nothing is said of how columns compare: a spread is then not known to a sixth of itself
APART = 5.0  # so far apart, as a factor or in standard deviations, two samples of the same data do not lie
MOST_COMPARED = 512  # columns: the table of their correlations is small up to here
MANY = 16  # columns from which on constant ones may be the rim of an image


class Columns(NamedTuple):
    """Of each column: mean, standard deviation, root of the mean square, and whether most rows differ."""

    mean: Array
    std: Array
    rms: Array
    dense: Array


def columns(X: Array) -> Columns:
    X = X.astype(np.float64)
    differ = np.mean(np.median(X, axis=0) != X, axis=0)
    return Columns(X.mean(axis=0), X.std(axis=0), np.sqrt(np.mean(X * X, axis=0)), differ > DENSE)


def unscaled(case: Case) -> Iterator[Finding]:
    """Features far from unit size where nothing scales them."""
    if case.net.scaler is not None:
        return
    of = columns(case.now.X)
    large = of.rms > LARGE
    tiny = of.dense & (of.std < TINY) & (of.std > 0) & (len(case.rows) >= FEW)
    if not (large.any() or tiny.any()):
        return
    chosen, size = (large, "larger") if large.any() else (tiny, "smaller")
    worst = int(np.argmax(of.rms) if large.any() else np.argmin(np.where(tiny, of.std, np.inf)))
    low, high = float(case.X[:, worst].min()), float(case.X[:, worst].max())
    pixels = case.X.dtype.kind in "iu" and case.X.shape[1] >= MANY and case.X.min() >= 0 and case.X.max() <= 255
    scaler, how = (
        ("Pixels()", "divides by 255") if pixels else ("Standardizer()", "applies what fit learnt of the scale")
    )
    overcome = case.trained and case.learnt.levels.skill > 0.9
    yield Finding(
        "features_unscaled",
        f"{there_are(int(np.count_nonzero(chosen)), 'feature', of=len(large))} far {size} than unit size.",
        "Weights are drawn for features of about unit size. Larger ones make the weighted sums huge, so that units "
        "saturate and steps overshoot; smaller ones are drowned by the rest.",
        f"{sentence(case.feature(worst))} goes from {number(low)} to {number(high)}; its root mean square is "
        f"{number(of.rms[worst])} and its standard deviation {number(of.std[worst])}.",
        f"Network(..., scaler={scaler}): every method then {how}. If you made a scaled copy of X, this is not the "
        "copy: transform returns a new array, and that one must be passed.",
        1 if overcome else 3 if of.rms.max() > LARGE**2 else 2,
    )


def other_features(case: Case) -> Iterator[Finding]:
    """The rows given are not of the size of those that the network, or its scaler, was fitted to."""
    of = columns(case.X[case.rows])
    known, where = _known(case, of)
    if known is None or len(case.rows) < FEW:
        return
    both = of.dense & known.dense & (of.std > 0) & (known.std > 0)
    ratio = np.where(both, of.std / np.where(both, known.std, 1), 1)
    shift = np.where(both, np.abs(of.mean - known.mean) / np.where(both, np.maximum(of.std, known.std), 1), 0)
    apart = np.maximum(np.maximum(ratio, 1 / ratio), shift)
    if apart.max() <= APART:
        return
    worst = int(np.argmax(apart))
    yield Finding(
        "other_features",
        f"These features are not of the size of those that {where}.",
        "A network answers in the units that it learnt in. Scaled there and raw here, or scaled twice, every weighted "
        "sum is wrong.",
        f"{sentence(case.feature(worst))} has mean {number(of.mean[worst])} and standard deviation "
        f"{number(of.std[worst])} here, and {number(known.mean[worst])} and {number(known.std[worst])} there.",
        "Pass the same kind of X everywhere. The safest is Network(..., scaler=Standardizer()), and raw X always.",
        3,
    )


def _known(case: Case, of: Columns) -> tuple[Columns | None, str]:
    """What columns should be like: those of training, or those that the scaler knows."""
    run = case.history.run if case.history else None
    scaler: Any = case.net.scaler
    if run is not None and len(run.X) >= FEW:
        return columns(run.X[sample(len(run.X))]), "the network was trained on"
    if getattr(scaler, "scale", None) is not None:
        return of._replace(mean=scaler.mean, std=scaler.scale), "the scaler was fitted to"
    if scaler is not None and columns(case.now.X).rms.max() < TINY:  # such as pixels in 0..1, divided by 255 again
        return of._replace(mean=of.mean * 255, std=of.std * 255), "the scaler expects (pixels of 0 to 255)"
    return None, ""


def constant(case: Case) -> Iterator[Finding]:
    """Columns that are the same in every row, but for the rim of images."""
    low, high = case.X.min(axis=0), case.X.max(axis=0)
    same = low == high
    n, d = case.X.shape
    rim = d >= MANY and bool((low[same] == low.min()).all()) and np.mean(same) < 0.5
    if n < 2 or not same.any() or rim:
        return
    found = np.flatnonzero(same)
    yield Finding(
        "features_constant",
        f"{there_are(len(found), 'feature', of=d)} the same in every row.",
        "A column that never changes cannot tell rows apart: its weights only repeat the bias.",
        f"In all {n:,} rows {listed([f'{case.feature(int(j))} is {float(low[j]):g}' for j in found])}.",
        f"Leave {_them(found)} out, or look at how X was read and made.",
        3 if same.all() else 1,
    )


def duplicate(case: Case) -> Iterator[Finding]:
    """Columns that repeat another, be it in other units."""
    X = case.X[case.rows].astype(np.float64)
    if len(X) < FEW or X.shape[1] > MOST_COMPARED:
        return
    # Columns that differ from their median in a few rows only, as at the rim of an image, agree by chance.
    enough = np.count_nonzero(np.median(X, axis=0) != X, axis=0) >= FEW / 2
    centred = X - X.mean(axis=0)
    size = np.sqrt(np.sum(centred * centred, axis=0))
    unit = np.divide(centred, size, out=np.zeros_like(X), where=enough & (size > 0))
    alike = np.triu(unit.T @ unit, 1) > 1 - 1e-9  # rounding leaves some 1e-15 of a correlation of 1
    pairs = [(case.feature(int(i)), case.feature(int(j))) for i, j in np.argwhere(alike)]
    if not pairs:
        return
    repeated = np.flatnonzero(alike.any(axis=0))
    yield Finding(
        "features_duplicate",
        f"{there_are(len(repeated), 'feature', of=X.shape[1])} another one over again, up to scale and offset.",
        "It brings nothing new, counts twice in every penalty, and its weight cannot be told from the other's.",
        f"The correlation is 1: {listed([f'{second} follows {first}' for first, second in pairs])}.",
        f"Leave {_them(repeated)} out.",
        1,
    )


def _them(columns: Array) -> str:
    return f"column {columns[0]}" if len(columns) == 1 else f"columns {listed([str(j) for j in columns], most=8)}"
