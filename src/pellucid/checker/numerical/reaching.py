"""How parameters reach the learner's functions, which of them reach the loss, and where gradients are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.running.learner import COPIES, IN_PLACE, MODES, Learner

Array = npt.NDArray[Any]
FAR = (0.03, 1.0, 30.0, 1e3, 1e5, 1e8)  # how far a parameter is moved to see whether the loss notices at all

ELSEWHERE = 40  # places from which a parameter is moved before it is said never to matter


@dataclass(frozen=True)
class Reach:
    """What was found.

    Attributes:
        mode: how parameters are handed to the functions from now on.
        dead: the parameters that do not change the loss, however they are moved.
        past_argument: whether the functions were handed copies and took no notice, but do notice the learner's arrays.
    """

    mode: str
    dead: tuple[int, ...]
    past_argument: tuple[int, ...]


def scale_of(p: Array) -> float:
    """The typical size of a parameter's numbers."""
    return float(np.sqrt(np.mean(np.square(p, dtype=np.float64)))) if p.size else 0.0


def typical(arrays: Sequence[Array]) -> float:
    """The typical size of the numbers of all parameters that are not zero, 1 if all are."""
    scales = [s for s in map(scale_of, arrays) if s > 0]
    return float(np.median(scales)) if scales else 1.0


def drawn(shape: tuple[int, ...], seed: int) -> Array:
    return np.asarray(np.random.default_rng(seed).standard_normal(shape))


def settle(learner: Learner, first_loss: float) -> Reach:
    """Find the first mode in which loss and gradients notice every parameter, or the one with the most."""
    learner.own = [np.array(p) for p in learner.own]
    results = []
    for mode in MODES:
        learner.mode = mode
        learner.double = _works_in_double(learner, first_loss)
        noticed = [i for i in range(len(learner.leaves)) if _noticed(learner, i, FAR[:2])]
        follows = _gradients_follow(learner, noticed)
        results.append((len(noticed), follows, noticed))
        if len(noticed) == len(learner.leaves) and follows:
            break
    best = max(range(len(results)), key=lambda m: (results[m][1], results[m][0], -m))
    learner.mode = MODES[best]
    learner.double = _works_in_double(learner, first_loss)
    noticed = results[best][2]
    dead = [i for i in range(len(learner.leaves)) if i not in noticed and not _noticed_anywhere(learner, i)]
    with_copies = results[MODES.index(COPIES)]
    past = tuple(i for i in noticed if i not in with_copies[2])
    if not past and best and not with_copies[1]:
        past = tuple(noticed)
    return Reach(learner.mode, tuple(dead), past)


def _works_in_double(learner: Learner, first_loss: float) -> bool:
    """Whether the learner's code takes float64 copies of float32 parameters: then differences are far sharper."""
    if learner.mode == IN_PLACE:
        return False
    learner.double = True
    loss = learner.loss_at(learner.own)
    return bool(np.isfinite(loss)) and abs(loss - first_loss) <= 1e-3 * max(abs(first_loss), 1e-30)


def _noticed(learner: Learner, which: int, distances: Sequence[float], start: Sequence[Array] | None = None) -> bool:
    """Whether the loss changes when a parameter is moved this far."""
    start = learner.own if start is None else start
    p = start[which].astype(np.float64)
    size = scale_of(p) or typical(learner.own)
    here = learner.loss_at(start)
    if not np.isfinite(here):
        return False  # nothing can be seen from there
    for i, distance in enumerate(distances):
        values = list(start)
        values[which] = p + distance * size * drawn(p.shape, 10 + i)
        if learner.loss_at(values) != here:
            return True
    return False


def _noticed_anywhere(learner: Learner, which: int) -> bool:
    """The same from other places too: where all units below are dead, the weights above them do nothing for now."""
    return any(_noticed(learner, which, FAR, start) for start in _starts(learner))


def _starts(learner: Learner) -> Iterator[list[Array]]:
    yield learner.own
    for seed, distance in enumerate((0.5, 1.0, 3.0, 10.0, 100.0), 1):
        yield nearby(learner, distance, seed)
    # And from where every number is about 1: many tiny weights in a row let nothing through that rounding would leave.
    for i in range(ELSEWHERE):
        size = (1.0, 0.3, 3.0, 1e-2, 1e-5)[i % 5]
        yield [(size if p.ndim > 1 else 1.0) * drawn(p.shape, 1000 * i + j) for j, p in enumerate(learner.own)]


def _gradients_follow(learner: Learner, noticed: Sequence[int]) -> bool:
    """Whether the gradients change when the parameters do."""
    if not noticed:
        return False
    here, there = learner.gradients_at(learner.own), learner.gradients_at(nearby(learner, 0.3))
    if here is None or there is None:
        return False
    return any(not _equal(a, b) for a, b in zip(here.values, there.values, strict=True))


def _equal(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is None and b is None
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype == object or b.dtype == object or a.shape != b.shape:
        return False
    return bool(np.array_equal(a, b))


def nearby(learner: Learner, distance: float, seed: int = 0) -> list[Array]:
    """The learner's parameters, each moved by so much of its typical size, in the same way for the same seed."""
    common = typical(learner.own)
    moved = []
    for i, p in enumerate(learner.own):
        size = scale_of(p)
        step = distance * size if size > 0 else 2 * distance * common
        moved.append(p.astype(np.float64) + step * drawn(p.shape, 100 + i + 1000 * seed))
    return moved


def vantage(learner: Learner) -> list[Array]:
    """Where gradients are compared: near the learner's parameters, and not at them.

    Where parameters are all zero or all alike, many a wrong gradient is right by luck (a bias penalty of zero biases,
    a transposed symmetric matrix), and relu has kinks at 0. So everything is moved a little, if the loss allows it.
    """
    here = learner.loss_at(learner.own)
    for distance in (0.05, 0.005, 5e-4, 5e-5):
        moved = nearby(learner, distance)
        loss = learner.loss_at(moved)
        if np.isfinite(loss) and abs(loss - here) <= 0.5 * max(abs(loss), abs(here)):
            return moved
    return [p.astype(np.float64) for p in learner.own]


def elsewhere(learner: Learner, features: float) -> list[Array]:
    """Parameters of a usual size, for gradients that cannot be judged where the learner's parameters are.

    Args:
        learner: theirs.
        features: the typical size of X; the first parameter is made smaller by as much.
    """
    made = []
    for i, p in enumerate(learner.own):
        size = 0.7 / np.sqrt(max(min(p.shape, default=1), 1)) / (features if i == 0 and features > 0 else 1.0)
        made.append(size * drawn(p.shape, 300 + i))
    return made
