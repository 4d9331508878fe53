"""The penalties of a learner's loss: what remains of it when the data's part is taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.perceptron.network import Fit
from pellucid.checker.running.learner import Learner

Array = npt.NDArray[Any]
POOR = 1e-2  # of what remains; penalties that leave more than this are none


def with_penalties(found: Fit, learner: Learner, values: Sequence[Array]) -> Fit | None:
    """What remains of the loss when the data's part is taken away, as multiples of sums of squares and of sizes.

    None where something remains that is no such multiple: then the network is not the one that was guessed.
    """
    rng = np.random.default_rng(7)
    groups = _groups(found, values)
    rows, rest, sizes = [], [], []
    for _ in range(2 * len(groups) + 4):
        point = [p.copy() for p in values]
        for which, mask in groups:
            point[which][mask] *= rng.uniform(0.4, 1.6)
        loss = learner.loss_at(point)
        with np.errstate(all="ignore"):
            data = found.c * found.pair.value(found.forward(point)[0][-1], found.t)
        if np.isfinite(loss) and np.isfinite(data):
            inside = [point[which][mask] for which, mask in groups]
            rows.append([*(float(p @ p) for p in inside), *(float(np.sum(np.abs(p))) for p in inside), 1.0])
            rest.append(loss - data)
            sizes.append(abs(loss) + abs(data))
    A, r = np.array(rows), np.array(rest)
    slack = max(1e-9, 10 * found.residual) * float(np.max(sizes, initial=0.0))
    count = len(groups)
    if len(r) < count + 2 or np.max(np.abs(r)) <= slack:
        return found
    only = A[:, [*range(count), -1]]
    squares = _solve(only, r)
    if np.max(np.abs(only @ squares - r)) > slack and len(r) > A.shape[1]:
        both = _solve(A, r)
        if np.max(np.abs(A @ both - r)) <= slack:
            l1 = _spread(both[count:-1], A[:, count:], slack, groups, values)
            return replace(found, l2=_spread(2 * both[:count], A, slack, groups, values), l1=l1)
    if np.max(np.abs(only @ squares - r)) > max(slack, POOR * float(np.max(np.abs(r)))):
        return None
    return replace(found, l2=_spread(2 * squares[:count], A, slack, groups, values))


def _groups(found: Fit, values: Sequence[Array]) -> list[tuple[int, Array]]:
    """Weights and biases of each parameter apart, where both are in one."""
    groups = []
    for which, p in enumerate(values):
        biases = found.stack.biases_in(which, p.shape)
        groups += [(which, mask) for mask in (~biases, biases) if mask.any()]
    return groups


def _solve(A: Array, r: Array) -> Array:
    sizes = np.max(np.abs(A), axis=0)
    sizes[sizes == 0] = 1
    return np.asarray(np.linalg.lstsq(A / sizes, r, rcond=None)[0] / sizes)


def _spread(
    coefficients: Array, A: Array, slack: float, groups: Sequence[tuple[int, Array]], values: Sequence[Array]
) -> tuple[Array, ...]:
    """The coefficients as arrays like the parameters, those that are only rounding set to zero."""
    made = tuple(np.zeros(p.shape) for p in values)
    for i, (which, mask) in enumerate(groups):
        if abs(coefficients[i]) * np.max(np.abs(A[:, i])) > slack:
            made[which][mask] = coefficients[i]
    return made
