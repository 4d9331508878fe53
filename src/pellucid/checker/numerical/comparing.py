"""The learner's gradients beside numerical ones: which parameters are right, and by how much the others are off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.numerical.case import (
    DEAD,
    MISSING,
    NOT_FINITE,
    NOT_NUMBERS,
    OFF,
    RIGHT,
    SHAPE,
    ZERO,
    Case,
    Compared,
)
from pellucid.checker.numerical.measuring import Measured, measure
from pellucid.checker.numerical.probing import Prober
from pellucid.checker.numerical.sampling import chosen, share
from pellucid.checker.perceptron.stack import role_of, stacks
from pellucid.checker.running.containers import Leaf, is_plain_object
from pellucid.checker.running.learner import Learner
from pellucid.checker.running.matching import Given
from pellucid.checker.running.surroundings import constants, names_in

Array = npt.NDArray[Any]
EPSILON = 1e-4  # the largest number in the code that may be one
MORE = 1500  # entries that are looked at where a few were right and all together are not


def weights_among(leaves: Sequence[Leaf], data: Sequence[tuple[Array, Array | None]]) -> frozenset[int]:
    """Which parameters are weights: those through which the data can go; else by their names, shapes and order."""
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
    learner: Learner,
    given: Given,
    point: Sequence[Array],
    dead: Sequence[int],
    data: Sequence[tuple[Array, Array | None]],
    used: Mapping[str, Any],
) -> Case:
    """Measure the numerical gradient of every parameter at a point and hold the learner's against it."""
    prober = Prober(learner, point)
    case = _measured(learner, given, prober, dead, data, used)
    if given.by_position and _no_order_promised(learner, given):
        found = reassigned(given, [part.measured for part in case.parts], learner.leaves)
        if found.names != given.names:
            return _measured(learner, found, prober, dead, data, used)
    return case


def _no_order_promised(learner: Learner, given: Given) -> bool:
    """Whether there is another number of gradients than of parameters, or a list of them beside a dict or an object."""
    named = isinstance(learner.params, Mapping) or is_plain_object(learner.params)
    return named or len(given.flat) != len(learner.leaves)


def _measured(
    learner: Learner,
    given: Given,
    prober: Prober,
    dead: Sequence[int],
    data: Sequence[tuple[Array, Array | None]],
    used: Mapping[str, Any],
) -> Case:
    counts = share([leaf.size for leaf in learner.leaves], max((X.size for X, _ in data), default=0))
    parts = []
    for i, (leaf, value, count) in enumerate(zip(learner.leaves, given.values, counts, strict=True)):
        state, gradient = _first_state(value, leaf)
        measured = measure(prober, i, gradient, chosen(leaf.size, count, gradient))
        parts.append(Compared(i, leaf, value, gradient, prober.point[i], measured, DEAD if i in dead else state))
    small = tuple(sorted(c for c in constants([learner.loss.function]) if 0 < c < 0.5))
    case = Case(learner, parts, given, prober, data, used, weights_among(learner.leaves, data), small)
    case.blurred = _may_be_blurred(learner, used)
    for part in case.of(RIGHT):
        judge(part, case.tolerance)
        if part.state == RIGHT and part.leaf.size > len(part.measured.entries):
            _look_again(part, prober, case.tolerance)
    return case


def _may_be_blurred(learner: Learner, used: Mapping[str, Any]) -> bool:
    """Whether the learner's code has a logarithm, cuts numbers off, or adds what may be an epsilon."""
    functions = [learner.loss.function, learner.gradients.function]
    if any(name.startswith("log") or name in ("clip", "xlogy", "eps") for name in names_in(functions)):
        return True
    named = any(name.lower().strip("_").startswith(("eps", "tiny")) for name in used)
    return named or any(0 < c <= EPSILON for c in constants(functions))


def _look_again(part: Compared, prober: Prober, tolerance: float) -> None:
    """Of a large parameter only some entries were compared; if all together are wrong, more are."""
    assert part.gradient is not None
    if prober.disagrees(part.index, part.gradient):
        part.measured = measure(prober, part.index, part.gradient, chosen(part.leaf.size, MORE, None))
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
    for i in range(len(leaves)):
        if values[i] is None and left and len(given.flat) == len(leaves):
            values[i], names[i] = given.flat[left[0]], f"[{left[0]}]"
            left.pop(0)
    return replace(given, values=tuple(values), names=tuple(names))
