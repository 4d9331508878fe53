"""Calls that a learner's functions must survive unchanged: called twice they say the same, and they change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.running.containers import get
from pellucid.checker.running.crossing import crossed
from pellucid.checker.running.learner import Learner, as_number, quietly
from pellucid.checker.running.matching import Given, sharing
from pellucid.checker.running.watch import Watch
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]
SAME = 1e-7  # relative; two calls that differ by less say the same (sums may be taken in another order)


@dataclass
class Protocol:
    """What the first calls showed.

    Attributes:
        suspicions: what was wrong with the calls themselves.
        loss: at the learner's parameters.
        given: the gradients there; None if it did not come to that.
        accumulates: whether each call adds to the gradients of the call before.
        over: whether nothing more can be said until this is mended.
    """

    suspicions: list[Suspicion] = field(default_factory=list)
    loss: float = float("nan")
    given: Given | None = None
    accumulates: bool = False
    over: bool = False

    def end(self, suspicion: Suspicion) -> None:
        """Add what makes every further comparison pointless."""
        self.suspicions.append(suspicion)
        self.over = True


def observe(learner: Learner, data: Mapping[str, Array]) -> Protocol:
    """Call loss and gradients as the learner would, several times, and look what changes.

    Args:
        learner: theirs; whatever goes wrong in their code at the first call goes on to the caller.
        data: arrays that nobody should change, by name (X, y).
    """
    seen = Protocol()
    watch = Watch(learner, data)
    first = _called(learner, "loss", learner.first_loss, data, seen)
    if seen.over:
        return seen
    seen.suspicions += watch.changes("loss", again=learner.first_loss)
    _look_at_loss(first, data, seen)
    if seen.over:
        return seen
    seen.loss = as_number(first)
    _repeat_loss(learner, watch, seen)
    if not np.isfinite(seen.loss):
        return seen
    given = [_called(learner, "gradients", learner.first_gradients, data, seen)]
    if seen.over:
        return seen
    seen.suspicions += watch.changes("gradients", given[0], learner.first_gradients)
    for _ in range(2):
        with quietly():
            given.append(learner.first_gradients())
        watch.changes("gradients")
    seen.given = given[0]
    _compare_calls(learner, given, seen)
    return seen


def _called(learner: Learner, name: str, function: Callable[[], Any], data: Mapping[str, Array], seen: Protocol) -> Any:
    """What a function of theirs gives; what goes wrong in it goes on to the caller, unless it shows its cause."""
    try:
        return function()
    except Exception as error:
        suspicion = crossed(error, name, data, learner.leaves)
        if suspicion is None:
            raise
        return seen.end(suspicion)


def _look_at_loss(value: Any, data: Mapping[str, Array], seen: Protocol) -> None:
    """Whether the loss is one number, or begins with one."""
    first = value[0] if isinstance(value, tuple | list) and value else value
    if first is None:
        return seen.end(Suspicion("loss_not_a_number", "loss", evidence="evidence_none", fix="fix_none"))
    try:
        array = np.asarray({} if isinstance(first, str | bytes) else first, dtype=np.float64)  # text is no number
    except (TypeError, ValueError):
        values = {"type": type(value).__name__}
        return seen.end(Suspicion("loss_not_a_number", "loss", values=values, evidence="evidence_type"))
    if array.size == 1:
        return None
    n = max((len(a) for a in data.values() if a.ndim), default=0)
    shape = {"shape": array.shape, "n": n}
    if array.ndim == 2 and array.shape == (n, n):
        return seen.end(Suspicion("broadcasting", "loss", values=shape, evidence="evidence_loss_shape"))
    return seen.end(Suspicion("loss_not_a_number", "loss", values=shape, evidence="evidence_shape"))


def _repeat_loss(learner: Learner, watch: Watch, seen: Protocol) -> None:
    """Whether the loss is the same every time."""
    losses = [seen.loss]
    for _ in range(3):
        with quietly():
            losses.append(as_number(learner.first_loss()))
        watch.changes("loss")
    finite = np.isfinite(losses)
    if (finite.all() and np.ptp(losses) <= SAME * np.max(np.abs(losses))) or not finite.any():
        return
    seen.end(Suspicion("random_loss", "loss", values={"losses": ", ".join(f"{loss:.6g}" for loss in losses)}))


def _compare_calls(learner: Learner, given: Sequence[Given], seen: Protocol) -> None:
    """The same gradients every time; or each call adds to the call before; or they are random."""
    growing: dict[str, float] = {}
    random: list[str] = []
    for i, leaf in enumerate(learner.leaves):
        calls = _numbers([g.values[i] for g in given])
        if calls is None:
            continue
        a, b, c = calls
        size = float(np.max(np.abs(calls)))
        if np.max(np.abs(calls - a)) <= SAME * size:
            continue
        if np.max(np.abs((c - b) - (b - a))) <= 1e-5 * size:
            growing[leaf.name] = float(np.max(np.abs(c)) / max(float(np.max(np.abs(a))), 1e-300))
        else:
            random.append(leaf.name)
    if growing:
        names = tuple(growing)
        values = {"ratio": f"{growing[names[0]]:.3g}", "names": ", ".join(names)}
        seen.suspicions.append(Suspicion("accumulated", names[0], names[1:], values))
        seen.accumulates = True
    if random and not seen.over:
        values = {"names": ", ".join(random)}
        seen.end(Suspicion("random_loss", random[0], tuple(random[1:]), values, "evidence_gradients"))


def _numbers(values: Sequence[Any]) -> Array | None:
    """What several calls gave for one parameter, (calls, ...), if it is finite numbers of one shape."""
    if any(value is None for value in values):
        return None
    try:
        if len({np.shape(value) for value in values}) > 1:
            return None
        calls = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return calls if calls.size and np.isfinite(calls).all() else None


def aliases(learner: Learner) -> list[Suspicion]:
    """Parameters that are one and the same array under two names."""
    found = []
    for i, j in sharing([get(learner.params, leaf.path) for leaf in learner.leaves]):
        first, second = learner.leaves[i].name, learner.leaves[j].name
        found.append(Suspicion("aliased", first, (second,), {"first": first, "second": second}))
    return found
