"""Differences of a loss about which nothing is known: how exact it is, and which step suits it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.numerical.reaching import scale_of, typical
from pellucid.checker.running.learner import Learner

Array = npt.NDArray[Any]


class Prober:
    """Differences of a learner's loss around one point.

    Args:
        learner: theirs.
        point: arrays, one a parameter; in float64.
    """

    def __init__(self, learner: Learner, point: Sequence[Array]) -> None:
        self.learner = learner
        self.point = learner.rounded(point)
        self.here = learner.loss_at(self.point)
        self.noise = self._noise()
        self._typical = typical(self.point)

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
        return max(2 * float(eps) * abs(self.here), 2 * jitter, 1e-300)

    @property
    def single(self) -> bool:
        """Whether the loss is computed in single precision."""
        return self.noise > 1e-9 * abs(self.here) > 0

    def difference(self, which: int, direction: Array, h: float) -> float:
        """The central difference of the loss along a direction of one parameter."""
        p = self.point[which]
        return (self._with(which, p + h * direction) - self._with(which, p - h * direction)) / (2 * h)

    def _with(self, which: int, value: Array) -> float:
        """The loss where one parameter has another value."""
        values = list(self.point)
        values[which] = value
        return self.learner.loss_at(values)

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
        over = self._apart(which, entry, high, self.point[which])
        under = self._apart(which, entry, self.point[which], low)
        if not over or not under:
            return float("nan"), float("nan")
        return (self.here - self._with(which, low)) / under, (self._with(which, high) - self.here) / over

    def _apart(self, which: int, entry: int, high: Array, low: Array) -> float:
        """How far two values of an entry are apart for the learner's functions."""
        if not self.learner.double:
            dtype = self.learner.leaves[which].dtype
            return float(high.flat[entry].astype(dtype)) - float(low.flat[entry].astype(dtype))
        return float(high.flat[entry] - low.flat[entry])

    def step(self, which: int) -> float:
        """A step for the entries of a parameter: where differences along a direction through all of them settle."""
        p = self.point[which]
        scale = scale_of(p) or 1.0
        direction = np.random.default_rng(2).choice([-1.0, 1.0], p.shape)
        many = min(float(np.sqrt(max(p.size, 1))), 10.0)
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
        scale = scale_of(p) or 1.0
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
        """Whether a gradient is right along its own direction and two random ones: then single entries mislead."""
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


def first_settled(tried: Sequence[tuple[Any, ...]]) -> Any:
    """Of (relative error, ...) from the smallest step to the largest the best before errors grow again.

    Far out a loss is often a straight line once more (a relu, a logarithm of a sum), with another slope: where
    differences settle for the second time they are not the derivative.

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
