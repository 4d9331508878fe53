"""Gradients that are taken at other parameters than those handed in: all of them, or the forward pass behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.checker.numerical.case import DEAD, OFF, RIGHT, Case, Compared
from pellucid.checker.numerical.probing import Prober
from pellucid.checker.numerical.reaching import nearby
from pellucid.checker.running.learner import changed
from pellucid.checker.running.protocol import Protocol
from pellucid.checker.suspicion import Suspicion


def stale(seen: Protocol, case: Case, vague: Sequence[Suspicion]) -> Suspicion | None:
    """The suspicion that gradients() takes no notice of the params it is called with, or None.

    Args:
        seen: what the first calls gave.
        case: the gradients at another point.
        vague: what is suspected of the numbers so far, where nothing has a name.
    """
    if seen.given is None or seen.accumulates or case.learner.mode != "copies":
        return None
    wrong = [part.leaf.name for part in case.parts if part.state not in (RIGHT, DEAD)]
    explains = frozenset(part.index for part in case.parts if part.state not in (RIGHT, DEAD))
    if changed(case.learner.own, case.point) and _same(seen.given.values, case.given.values):
        if not _loss_bends(case, wrong):
            return None
        return Suspicion("gradients_ignore_params", wrong[0], tuple(wrong[1:]), explains=explains)
    roots = {name for suspicion in vague for name in (suspicion.parameter, *suspicion.also)}
    doubted = [part for part in case.of(OFF) if part.leaf.name in roots and len(case.parts) > 1]
    root = next((part for part in doubted if _takes_no_notice(part, case)), None)
    if root is None:
        return None
    also = tuple(name for name in wrong if name != root.leaf.name)
    evidence, values = "evidence_forward", {"first": root.leaf.name}
    return Suspicion("gradients_ignore_params", root.leaf.name, also, values, evidence, explains=explains)


def _same(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Whether all gradients that are not zero are the same to the last bit."""
    same = []
    for a, b in zip(first, second, strict=True):
        one, other = np.asarray(a), np.asarray(b)
        if one.dtype.kind in "fiu" and one.any() and np.isfinite(one).any():
            same.append(one.shape == other.shape and not changed([one], [other]))
    return bool(same) and all(same)


def _loss_bends(case: Case, wrong: Sequence[str]) -> bool:
    """Whether the numerical gradient of some wrong parameter is measurably another at the learner's parameters, or
    further away, where the learner's stays as it is: of a loss made of flat pieces (hinge, |x|) it is the same."""
    learner = case.learner
    for place in (learner.own, nearby(learner, 0.3, seed=2), nearby(learner, 1.0, seed=3)):
        given = learner.gradients_at(place)
        if given is None or not np.isfinite(learner.loss_at(place)) or not _same(case.given.values, given.values):
            return False
        there = Prober(learner, place)
        for part in [part for part in case.parts if part.leaf.name in wrong and part.leaf.size]:
            direction = np.random.default_rng(6).choice([-1.0, 1.0], part.leaf.shape)
            (slope, error, _), (other, off, _) = (p.settled(part.index, direction) for p in (case.prober, there))
            size = max(abs(slope), abs(other))
            if max(error, off) < 1e-3 and abs(slope - other) > 10 * (max(error, off) + 1e-6) * size:
                return True
    return False


def _takes_no_notice(part: Compared, case: Case) -> bool:
    """Whether a gradient stays as it is when all other parameters are moved, though the loss's own changes."""
    learner, i = case.learner, part.index
    moved = [case.point[i] if j == i else p for j, p in enumerate(nearby(learner, 0.3, seed=2))]
    given = learner.gradients_at(moved)
    if given is None or not np.isfinite(learner.loss_at(moved)) or not _same([part.given], [given.values[i]]):
        return False
    direction = np.random.default_rng(6).choice([-1.0, 1.0], part.leaf.shape)
    there = Prober(learner, moved)
    (slope, error, _), (other, off, _) = (p.settled(i, direction) for p in (case.prober, there))
    size = max(abs(slope), abs(other))
    return max(error, off) < 1e-3 and abs(slope - other) > 1e-2 * size
