"""Numerical gradients entry by entry: with all care where they contradict the learner's, kinks left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.numerical.probing import Prober, first_settled

Array = npt.NDArray[Any]
AGREE = 1e-6  # relative; where analytic and numerical are this near, no further look is taken
REFINED = 12  # entries of a parameter whose numerical gradient is taken with all care
LADDER = (1.0, 0.1, 0.01, 1e-3, 10.0, 1e-4, 1e-5, 1e-6)  # factors of the step to try where the first does not satisfy
BENT = 1e-3  # of the difference between both sides counts as error: where it is large, a slope means little


@dataclass
class Measured:
    """The numerical gradient of one parameter at some of its entries.

    Attributes:
        entries: their flat indices, (m,).
        numerical: (m,).
        error: how far the numerical gradient may itself be off, (m,).
        usable: False where the loss has a kink within reach or the differences drown in rounding, (m,).
    """

    entries: Array
    numerical: Array
    error: Array
    usable: Array

    @property
    def largest(self) -> float:
        return float(np.max(np.abs(self.numerical[self.usable]), initial=0.0))


def measure(prober: Prober, which: int, analytic: Array | None, entries: Array) -> Measured:
    """The numerical gradient of one parameter at some entries.

    Args:
        prober: differences of the loss.
        which: parameter.
        analytic: the learner's gradient in the parameter's shape, or None where it cannot be compared.
        entries: flat indices, (m,).
    """
    h = prober.step(which)
    looked = np.array([prober.along(which, int(e), h) for e in entries]).reshape(-1, 2)
    slopes, bends = looked[:, 0], looked[:, 1]
    largest = float(np.nanmax(np.abs(slopes), initial=0.0))
    claimed = np.full(len(entries), np.nan)
    if analytic is not None:
        claimed = analytic.ravel()[entries]
        largest = max(largest, float(np.max(np.abs(analytic), initial=0.0)))
    found = Measured(entries, slopes, 2 * prober.noise / h + 1e-9 * largest + BENT * bends, np.isfinite(slopes))
    size = np.maximum(np.maximum(np.abs(claimed), np.abs(slopes)), 1e-2 * largest)
    doubted = np.flatnonzero(~(np.abs(claimed - slopes) <= AGREE * size + 2 * found.error))
    for count, i in enumerate(doubted.tolist()):
        if count < REFINED or not _settled(prober, which, i, h, largest, found):
            found.numerical[i], found.error[i], found.usable[i] = _refined(prober, which, int(entries[i]), h, largest)
    return found


def _settled(prober: Prober, which: int, i: int, h: float, largest: float, found: Measured) -> bool:
    """A second, smaller step says the same: enough where a dozen entries were already looked at closely."""
    rough = found.numerical[i]
    finer, bend = prober.along(which, int(found.entries[i]), h / 10)
    size, rounding = max(abs(finer), 1e-2 * largest), 20 * prober.noise / h
    near = abs(finer - rough) <= 1e-5 * size + 1.1 * rounding and bend <= 0.1 * size + 2 * rounding
    if near:
        found.error[i] = max(found.error[i], abs(finer - rough) + BENT * bend)
    return bool(near)


def _refined(prober: Prober, which: int, entry: int, h: float, largest: float) -> tuple[float, float, bool]:
    """One entry's numerical gradient by Richardson's extrapolation, its error, and whether it can be used."""
    tried = []
    for factor in LADDER:
        step = h * factor
        best, error = _extrapolated(prober, which, entry, step)
        relative = error / max(abs(best), 1e-3 * largest, 1e-300)
        tried.append((relative if np.isfinite(relative) else np.inf, best, error, step))
        if factor == 1.0 and error <= 1e-7 * max(abs(best), 1e-3 * largest):
            break
    relative, best, error, step = first_settled(sorted(tried, key=lambda one: one[3]))
    if relative > 1e-2:  # nearly zero, or lost in rounding: what the usual step says, if only rounding disturbs it
        relative, best, error, step = tried[0]
        if not error <= 12 * prober.noise / step:
            return (best, error, False) if np.isfinite(error) else (0.0, np.inf, False)
    return best, error, not _is_kink(prober, which, entry, step, max(abs(best), 1e-2 * largest))


def _extrapolated(prober: Prober, which: int, entry: int, step: float) -> tuple[float, float]:
    """The slope from a step and half of it, and its error."""
    (wide, wider), (narrow, bend) = prober.along(which, entry, step), prober.along(which, entry, step / 2)
    # Where the loss is smooth, half the step halves what the two sides differ by; what is over is a kink's.
    kink = max(2 * bend - wider, 0.0) / 2
    return (4 * narrow - wide) / 3, abs(wide - narrow) + 4 * prober.noise / step + BENT * bend + kink


def _is_kink(prober: Prober, which: int, entry: int, h: float, scale: float) -> bool:
    """Whether the slopes on both sides differ, however near one looks: an |x| or a relu right here."""
    small = h / 100
    bend, wide = prober.along(which, entry, small)[1], prober.along(which, entry, h)[1]
    # Where the loss is smooth, the difference between the two sides shrinks with the step; at a kink it stays.
    return bool(bend > 1e-2 * scale + 8 * prober.noise / small and bend > 0.3 * wide)
