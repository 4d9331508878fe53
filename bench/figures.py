"""Medians, quartiles, and ratios paired by round."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Spread(NamedTuple):
    """A median between its quartiles."""

    low: float
    median: float
    high: float


def spread(values: Any) -> Spread:
    return Spread(*(float(v) for v in np.percentile(np.asarray(values, dtype=float), [25, 50, 75])))


def paired(above: Any, below: Any) -> Spread:
    """The spread of the ratios of two rows, round by round: what slows a whole round down falls out."""
    rounds = min(len(above), len(below))
    return spread(np.asarray(above[:rounds], dtype=float) / np.asarray(below[:rounds], dtype=float))


def fastest(measured: list[dict[str, Any]], family: str) -> dict[str, Any] | None:
    """The row of a family with the lowest median; None where none of its rows counts."""
    counted = [row for row in measured if row["family"] == family and row["seconds"] and not row["refused"]]
    return min(counted, key=lambda row: spread(row["seconds"]).median, default=None)
