"""Numerical gradients of a loss about which nothing is known: steps found by themselves, errors estimated, kinks left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.learner import Learner
from pellucid.checker.reaching import typical

Array = npt.NDArray[Any]
ENTRIES = 320  # how many entries are looked at in all
FEWEST = 24  # of one parameter
MANY = 3_000_000  # numbers in the data
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
        step: what the entries were moved by.
    """

    entries: Array
    numerical: Array
    error: Array
    usable: Array
    step: float

    @property
    def largest(self) -> float:
        return float(np.max(np.abs(self.numerical[self.usable]), initial=0.0))


class Prober:
    """Differences of a learner's loss around one point.

    Args:
        learner: theirs.
        point: arrays, one a parameter; in float64.
    """

    def __init__(self, learner: Learner, point: Sequence[Array]) -> None:
        self.learner = learner
        self.point = [np.array(p, dtype=np.float64) for p in point]
        self.here = learner.loss_at(self.point)
        self.noise = self._noise()
        self._typical = typical(self.point)
        self._rounded = learner.mode == "in place" or not learner.double

    def _noise(self) -> float:
        """By how much the loss is off through rounding: seen where parameters move by almost nothing.

        The way is as short as lets the loss change at all, so that it is a straight line; what is left of second
        differences is rounding.
        """
        rng = np.random.default_rng(1)
        directions = [rng.choice([-1.0, 1.0], p.shape) * np.abs(p) for p in self.point]
        jitter = 0.0
        for spacing in (1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4):
            ways = [[p + d * i * spacing for p, d in zip(self.point, directions, strict=True)] for i in range(8)]
            seen = np.array([self.learner.loss_at(way) for way in ways])
            if not np.isfinite(seen).all():
                break
            jitter = float(np.max(np.abs(np.diff(seen, 2)))) / 2
            if np.count_nonzero(np.diff(seen)) > 4:
                break
        else:
            seen = np.array([self.here])
        single = bool(np.all(seen == seen.astype(np.float32))) and bool(np.any(seen * 1024 != np.round(seen * 1024)))
        eps = np.finfo(np.float32 if single else np.float64).eps
        return max(2 * eps * abs(self.here), 2 * jitter, 1e-300)

    @property
    def single(self) -> bool:
        """Whether the loss is computed in single precision."""
        return self.noise > 1e-9 * abs(self.here) > 0

    def difference(self, which: int, direction: Array, h: float) -> float:
        """The central difference of the loss along a direction of one parameter."""
        return (self.moved(which, direction, h)[0] - self.moved(which, direction, -h)[0]) / (2 * h)

    def moved(self, which: int, direction: Array, h: float) -> tuple[float, float]:
        values = list(self.point)
        values[which] = self.point[which] + h * direction
        return self.learner.loss_at(values), h

    def along(self, which: int, entry: int, h: float) -> tuple[float, float]:
        """The central difference for one entry, divided by how far it really moved; and by how much the slopes on the
        two sides differ."""
        below, above = self.sides(which, entry, h)
        return (above + below) / 2, abs(above - below)

    def sides(self, which: int, entry: int, h: float) -> tuple[float, float]:
        """The slopes below and above."""
        high, low = self.point[which].copy(), self.point[which].copy()
        high.flat[entry] += h
        low.flat[entry] -= h
        over, under = (
            self._apart(which, high, self.point[which], entry),
            self._apart(which, self.point[which], low, entry),
        )
        if not over or not under:
            return float("nan"), float("nan")
        return (self.here - self.with_one(which, low)) / under, (self.with_one(which, high) - self.here) / over

    def with_one(self, which: int, value: Array) -> float:
        values = list(self.point)
        values[which] = value
        return self.learner.loss_at(values)

    def _apart(self, which: int, high: Array, low: Array, entry: int) -> float:
        if self._rounded:
            dtype = self.learner.leaves[which].dtype
            return float(high.flat[entry].astype(dtype)) - float(low.flat[entry].astype(dtype))
        return float(high.flat[entry] - low.flat[entry])

    def step(self, which: int) -> float:
        """A step for the entries of a parameter: where differences along a direction through all of them settle."""
        p = self.point[which]
        scale = float(np.sqrt(np.mean(p * p))) or 1.0
        direction = np.random.default_rng(2).choice([-1.0, 1.0], p.shape)
        many = min(float(np.sqrt(p.size)), 10.0)
        first = 1e-4 if not self.single else 1e-2
        quick = [self.difference(which, direction, h * scale) for h in (first, first / 4)]
        if abs(quick[0] - quick[1]) <= 1e-7 * abs(quick[0]):
            return first * scale * many
        return self.settled(which, direction)[2] * many

    def settled(self, which: int, direction: Array) -> tuple[float, float, float]:
        """The slope along a direction where it depends least on the step; its relative error; that step.

        The error has to be relative: a loss that goes up and down within the step gives small slopes, near each other.
        """
        p = self.point[which]
        scale = float(np.sqrt(np.mean(p * p))) or 1.0
        widest = max(scale, self._typical)
        heights = [widest * 10.0**k for k in range(-11, 2)]
        slopes = [self.difference(which, direction, h) for h in heights]
        tried = []
        for h, slope, finer in zip(heights[1:], slopes[1:], slopes, strict=False):
            size = max(abs(slope), abs(finer))
            error = (abs(slope - finer) + 4 * self.noise / h) / size if size else np.inf
            tried.append((error if np.isfinite(error) else np.inf, finer, h))
        error, slope, h = first_settled(tried)
        return (slope, error, h) if np.isfinite(error) else (0.0, np.inf, 1e-4 * scale)

    def confirms(self, which: int, analytic: Array) -> bool:
        """Whether a gradient is right along its own direction and two random ones: then single entries were mistaken."""
        rng = np.random.default_rng(4)
        size = float(np.linalg.norm(analytic))
        if not size or not np.isfinite(size):
            return False
        own = analytic / np.max(np.abs(analytic))
        for direction in (own, *(rng.choice([-1.0, 1.0], analytic.shape) for _ in range(2))):
            slope, error, _ = self.settled(which, direction)
            if error > 1e-2 or abs(float(np.sum(analytic * direction)) - slope) > 2e-3 * size + 3 * error * abs(slope):
                return False
        return True

    def disagrees(self, which: int, analytic: Array) -> bool:
        """Whether all entries together, along a few random directions, are not what a gradient claims."""
        rng = np.random.default_rng(3)
        h = self.step(which) / min(float(np.sqrt(analytic.size)), 10.0)
        size = float(np.linalg.norm(analytic))
        for _ in range(3):
            direction = rng.choice([-1.0, 1.0], analytic.shape)
            slope, finer = (self.difference(which, direction, step) for step in (h, h / 10))
            error = abs(slope - finer) + 20 * self.noise / h
            if abs(float(np.sum(analytic * direction)) - finer) > 1e-3 * size + 3 * error:
                return True
        return False

    def measure(self, which: int, analytic: Array | None, entries: Array) -> Measured:
        """The numerical gradient at some entries; with all care where the analytic one disagrees.

        Args:
            which: parameter.
            analytic: the learner's gradient in the parameter's shape, or None where it cannot be compared.
            entries: flat indices, (m,).
        """
        h = self.step(which)
        looked = np.array([self.along(which, int(e), h) for e in entries]).reshape(-1, 2)
        rough = looked[:, 0]
        claimed = None if analytic is None else analytic.ravel()[entries].astype(np.float64)
        largest = float(np.nanmax(np.abs(rough), initial=0.0))
        if analytic is not None:
            largest = max(largest, float(np.max(np.abs(analytic), initial=0.0)))
        error = 2 * self.noise / h + 1e-9 * largest + BENT * looked[:, 1]
        usable = np.isfinite(rough)
        refined = 0
        for i, e in enumerate(entries):
            if claimed is not None and _near(claimed[i], rough[i], largest, error[i]):
                continue
            if refined >= REFINED and self._settled(which, int(e), h, rough[i], largest, error, i):
                continue
            refined += 1
            rough[i], error[i], usable[i] = self.refined(which, int(e), h, largest)
        return Measured(entries, rough, error, usable, h)

    def _settled(self, which: int, e: int, h: float, rough: float, largest: float, error: Array, i: int) -> bool:
        """A second, smaller step says the same: enough where a dozen entries were already looked at closely."""
        finer, bend = self.along(which, e, h / 10)
        near = abs(finer - rough) <= 1e-5 * max(abs(finer), 1e-2 * largest) + 22 * self.noise / h
        near = near and bend <= 0.1 * max(abs(finer), 1e-2 * largest) + 40 * self.noise / h
        if near:
            error[i] = max(error[i], abs(finer - rough) + BENT * bend)
        return bool(near)

    def refined(self, which: int, entry: int, h: float, largest: float) -> tuple[float, float, bool]:
        """One entry's numerical gradient by Richardson's extrapolation, its error, and whether it can be used."""
        tried: list[tuple[float, float, float, float]] = []
        for factor in LADDER:
            step = h * factor
            (wide, wider), (narrow, bend) = self.along(which, entry, step), self.along(which, entry, step / 2)
            best = (4 * narrow - wide) / 3
            # Where the loss is smooth, half the step halves what the two sides differ by; what is over is a kink's.
            kink = max(2 * bend - wider, 0.0) / 2
            error = abs(wide - narrow) + 4 * self.noise / step + BENT * bend + kink
            relative = error / max(abs(best), 1e-3 * largest, 1e-300)
            tried.append((relative if np.isfinite(relative) else np.inf, best, error, step))
            if factor == 1.0 and error <= 1e-7 * max(abs(best), 1e-3 * largest):
                break
        usual = tried[0]
        relative, best, error, step = first_settled(sorted(tried, key=lambda one: one[3]))
        if relative > 1e-2:  # nearly zero, or lost in rounding: what the usual step says, if only rounding disturbs it
            relative, best, error, step = usual
            if not error <= 12 * self.noise / step:
                return (best, error, False) if np.isfinite(error) else (0.0, np.inf, False)
        return best, error, not self._kink(which, entry, step, max(abs(best), 1e-2 * largest))

    def _kink(self, which: int, entry: int, h: float, scale: float) -> bool:
        """Whether the slopes on both sides differ, however near one looks: an |x| or a relu right here."""
        small = h / 100
        below, above = self.sides(which, entry, small)
        further = self.sides(which, entry, h)
        bend, wide = abs(above - below), abs(further[1] - further[0])
        # Where the loss is smooth, the difference between the two sides shrinks with the step; at a kink it stays.
        return bool(bend > 1e-2 * scale + 8 * self.noise / small and bend > 0.3 * wide)


def first_settled(tried: Sequence[tuple[Any, ...]]) -> Any:
    """Of (relative error, ...) from the smallest step to the largest the best before errors grow again.

    Far out a loss is often a straight line once more (a relu, a logarithm of a sum), with another slope: where differences
    settle for the second time they are not the derivative.

    Example:
        >>> first_settled([(0.5, "rounding"), (1e-6, "here"), (0.2, "bent"), (1e-9, "far out")])
        (1e-06, 'here')
    """
    best = tried[0]
    for one in tried:
        if one[0] < best[0]:
            best = one
        elif best[0] < 1e-2 and one[0] > max(30 * best[0], 1e-3):
            break
    return best


def _near(a: float, b: float, largest: float, error: float) -> bool:
    return bool(abs(a - b) <= AGREE * max(abs(a), abs(b), 1e-2 * largest) + 2 * error) and bool(np.isfinite(a))


def chosen(size: int, count: int, analytic: Array | None) -> Array:
    """Which entries of a parameter are looked at: all of a small one; of a large one the largest and others at random.

    Example:
        >>> chosen(4, 10, None)
        array([0, 1, 2, 3])
    """
    if size <= count:
        return np.arange(size)
    rng = np.random.default_rng(size)
    drawn = rng.permutation(size)
    if analytic is None or analytic.size != size or not np.isfinite(analytic).all():
        return np.sort(drawn[:count])
    # Where most inputs are zero (dark pixels), so are most gradients: half of the entries are taken from the others.
    strong = np.flatnonzero(np.abs(analytic.ravel()) > 0.05 * np.max(np.abs(analytic)))
    strong = rng.permutation(strong)[: count // 2]
    rest = drawn[~np.isin(drawn, strong)][: count - len(strong)]
    return np.sort(np.concatenate([strong, rest]))


def share(sizes: Sequence[int], numbers: int) -> list[int]:
    """How many entries of each parameter are looked at; fewer where the data are many numbers and a loss takes long.

    Example:
        >>> share([4, 3], numbers=100), share([1000, 10], numbers=100), share([1000, 10], numbers=10**8)
        ([4, 3], [160, 10], [12, 10])
    """
    entries, fewest = (ENTRIES, FEWEST) if numbers < MANY else (ENTRIES // 10, FEWEST // 2)
    if sum(sizes) <= entries:
        return list(sizes)
    each = max(fewest, entries // max(len(sizes), 1))
    return [min(size, each) for size in sizes]
