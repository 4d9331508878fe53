"""The learner's gradients beside numerical ones: which parameters are right, and what the others have instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.containers import Leaf
from pellucid.checker.learner import Learner
from pellucid.checker.matching import Given
from pellucid.checker.probing import Measured, Prober, chosen, share
from pellucid.checker.stack import role_of, stacks

Array = npt.NDArray[Any]
RIGHT, OFF, MISSING, SHAPE, NOT_NUMBERS, NOT_FINITE, ZERO, DEAD = (
    "right", "off", "missing", "shape", "not numbers", "not finite", "zero", "dead",
)  # fmt: skip
TOLERANCE = 1e-6  # relative, where the learner computes in double precision
SINGLE = 3e-4  # and in single
MORE = 1500  # entries that are looked at where a few were right and all together are not


@dataclass
class Compared:
    """One parameter.

    Attributes:
        index, leaf: which.
        given: the learner's gradient as it came; None if none came.
        gradient: the same in the parameter's shape and float64, where it can be brought there.
        point: the parameter where it was compared.
        measured: the numerical gradient.
        state: RIGHT, OFF, ...
        deviation: |given - numerical| at the entries that could be used, (m,).
        allowed: what rounding may explain, (m,).
    """

    index: int
    leaf: Leaf
    given: Any
    gradient: Array | None
    point: Array
    measured: Measured
    state: str = RIGHT
    deviation: Array = field(default_factory=lambda: np.zeros(0))
    allowed: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def at(self) -> Array:
        """The entries that could be used."""
        return self.measured.entries[self.measured.usable]

    @property
    def numerical(self) -> Array:
        return self.measured.numerical[self.measured.usable]

    @property
    def analytic(self) -> Array:
        assert self.gradient is not None
        return self.gradient.ravel()[self.at]

    @property
    def values(self) -> Array:
        return self.point.ravel()[self.at]

    @property
    def scale(self) -> float:
        """The largest gradient of this parameter."""
        return self.measured.largest

    @property
    def seen(self) -> bool:
        """Whether the gradient stands out from the rounding of the loss; a zero is seen if both say so."""
        error = self.measured.error[self.measured.usable]
        numerical = np.abs(self.numerical)
        zero = self.gradient is not None and not self.gradient.any() and not numerical.any()
        return zero or bool(np.any(numerical > 20 * error))

    def relative(self) -> tuple[float, int]:
        """The largest relative error and the position (among the usable entries) where it is."""
        if self.gradient is None or not len(self.at):
            return float("nan"), -1
        size = np.maximum(np.maximum(np.abs(self.analytic), np.abs(self.numerical)), 1e-3 * self.scale)
        errors = np.where(self.deviation <= self.allowed, 0.0, self.deviation)
        errors = (errors if self.state != RIGHT else self.deviation) / np.where(size > 0, size, 1)
        at = int(np.argmax(errors))
        return float(errors[at]), at


@dataclass
class Case:
    """Everything that is known when a name for what is wrong is looked for.

    Attributes:
        learner: theirs.
        parts: one for each parameter.
        given: the gradients as they came.
        prober: for further differences.
        names: of n, and so on: what is known about the data ("n": 50), without a value where it is not.
        data: pairs of X and y to try.
        used: everything that the learner's functions use from outside, by name.
        numbers: that stand in the learner's code.
        weights: which parameters are weights; the others are biases.
    """

    learner: Learner
    parts: list[Compared]
    given: Given
    prober: Prober
    data: Sequence[tuple[Array, Array | None]]
    used: Mapping[str, Any]
    numbers: set[float]
    weights: frozenset[int] = frozenset()

    def of(self, *states: str) -> list[Compared]:
        return [part for part in self.parts if part.state in states]

    @property
    def single(self) -> bool:
        """Whether gradients or loss are computed in single precision."""
        return self.prober.single or any(
            isinstance(part.given, np.ndarray | np.generic)
            and part.given.dtype.itemsize < 8
            and part.given.dtype.kind == "f"
            for part in self.parts
        )

    @property
    def tolerance(self) -> float:
        return SINGLE if self.single else TOLERANCE

    @property
    def samples(self) -> list[int]:
        """What n may be: the length of the data along either axis, the first axis of X first."""
        sizes: list[int] = []
        for X, y in self.data:
            if y is not None and y.ndim and y.size:
                long = max(y.shape)
                if long in X.shape:
                    sizes.append(long)
            sizes += [X.shape[0], X.shape[-1]]
        return [n for n in dict.fromkeys(sizes) if n > 1]


def weights_among(leaves: Sequence[Leaf], data: Sequence[tuple[Array, Array | None]]) -> frozenset[int]:
    """Which parameters are weights: those through which the data can go; else by their names, their shapes, their order."""
    for X, _ in data:
        stack = next(stacks(leaves, X), None)
        if stack is not None:
            return frozenset(layer.weight for layer in stack.layers)
    found = []
    for i, leaf in enumerate(leaves):
        role = role_of(leaf)
        wide = len([s for s in leaf.shape if s > 1]) > 1
        follows = i > 0 and i - 1 in found and leaf.size in leaves[i - 1].shape
        if role == "W" or (not role and (wide or (len(leaf.shape) == 2 and not follows))):
            found.append(i)
    return frozenset(found)


def in_shape(value: Any, leaf: Leaf) -> Array | None:
    """A gradient in the parameter's shape: as it is, or where only axes of length 1 differ and subtracting works."""
    array = np.asarray(value, dtype=np.float64)
    if array.shape == leaf.shape:
        return array
    if array.size == leaf.size and _harmless(array.shape, leaf.shape):
        return array.reshape(leaf.shape)
    return None


def _harmless(given: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    try:
        together = np.broadcast_shapes(given, wanted)
    except ValueError:
        return False
    return int(np.prod(together)) == int(np.prod(wanted))


def compare(
    learner: Learner, given: Given, prober: Prober, dead: Sequence[int], data: Any, used: Any, numbers: set[float]
) -> Case:
    """Measure the numerical gradient of every parameter and hold the learner's against it."""
    counts = share([leaf.size for leaf in learner.leaves], max((X.size for X, _ in data), default=0))
    parts = []
    for i, (leaf, value, count) in enumerate(zip(learner.leaves, given.values, counts, strict=True)):
        state, gradient = _first_state(value, leaf)
        entries = chosen(leaf.size, count, gradient)
        measured = prober.measure(i, gradient if state in (RIGHT,) else None, entries)
        parts.append(Compared(i, leaf, value, gradient, prober.point[i], measured, DEAD if i in dead else state))
    case = Case(learner, parts, given, prober, data, used, numbers, weights_among(learner.leaves, data))
    for part in parts:
        if part.state == RIGHT:
            judge(part, case.tolerance)
            if part.state == RIGHT and part.leaf.size > len(part.measured.entries):
                _look_again(part, prober, case.tolerance)
    return case


def _look_again(part: Compared, prober: Prober, tolerance: float) -> None:
    """Of a large parameter only some entries were compared; if all together are wrong, more are."""
    assert part.gradient is not None
    if prober.disagrees(part.index, part.gradient):
        part.measured = prober.measure(part.index, part.gradient, chosen(part.leaf.size, MORE, None))
        judge(part, tolerance)


def _first_state(value: Any, leaf: Leaf) -> tuple[str, Array | None]:
    """What is wrong with a gradient at first sight, and its numbers in the parameter's shape."""
    if value is None:
        return MISSING, None
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            return NOT_NUMBERS, None
        gradient = in_shape(array, leaf)
    except (TypeError, ValueError):
        return NOT_NUMBERS, None
    if not np.isfinite(array).all():
        return NOT_FINITE, None
    return (SHAPE, None) if gradient is None else (RIGHT, gradient)


def judge(part: Compared, tolerance: float) -> None:
    """Decide whether a gradient is right as far as rounding lets one see."""
    error = part.measured.error[part.measured.usable]
    a, b = part.analytic, part.numerical
    part.deviation = np.abs(a - b)
    part.allowed = tolerance * np.maximum(np.maximum(np.abs(a), np.abs(b)), 0.03 * part.scale) + 5 * error
    wrong = part.deviation > part.allowed
    if not wrong.any():
        part.state = RIGHT
    elif np.max(np.abs(a)) <= 1e-9 * part.scale:
        part.state = ZERO
    else:
        part.state = OFF


def negligible(part: Compared, tolerance: float) -> bool:
    """Whether a deviation that nothing explains is so small that an epsilon in a logarithm explains it."""
    size = np.maximum(np.maximum(np.abs(part.analytic), np.abs(part.numerical)), 0.05 * part.scale)
    worst = float(np.max(part.deviation / np.where(size > 0, size, 1), initial=0.0))
    norm = float(np.linalg.norm(part.deviation) / max(float(np.linalg.norm(part.numerical)), 1e-300))
    return norm < max(1e-3, 30 * tolerance) and worst < 0.05


def reassigned(given: Given, measured: Sequence[Measured], leaves: Sequence[Leaf]) -> Given:
    """Gradients that came without names, in another number than the parameters or in another kind of container: each
    goes to the parameter that it fits best, so that only those are missing which are."""
    values: list[Any] = [None] * len(leaves)
    names = [""] * len(leaves)
    left = list(range(len(given.flat)))
    offers = []
    for i, leaf in enumerate(leaves):
        for j in left:
            array = np.asarray(given.flat[j])
            gradient = in_shape(array, leaf) if array.dtype.kind in "fiu" else None
            if gradient is not None:
                m = measured[i]
                gap = np.max(np.abs(gradient.ravel()[m.entries] - m.numerical), initial=0.0) / max(m.largest, 1e-300)
                offers.append((float(gap) if np.isfinite(gap) else np.inf, abs(i - j), i, j))
    for gap, _, i, j in sorted(offers):
        if values[i] is None and j in left and (gap < np.inf):
            values[i], names[i] = given.flat[j], f"[{j}]"
            left.remove(j)
    for i, leaf in enumerate(leaves):
        if values[i] is None and left and len(given.flat) == len(leaves):
            values[i], names[i] = given.flat[left[0]], f"[{left[0]}]"
            left.pop(0)
    return Given(tuple(values), tuple(names), True, given.flat, given.container)
