"""Calls that a learner's functions must survive unchanged: called twice they say the same, and they change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.containers import get
from pellucid.checker.learner import Learner, as_number, changed, quietly
from pellucid.checker.matching import Given, sharing
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]


@dataclass
class Protocol:
    """What the first calls showed.

    Attributes:
        suspicions: what was wrong with the calls themselves.
        loss: at the learner's parameters.
        given: the gradients there.
        accumulates: whether each call adds to the gradients of the call before.
        over: whether nothing more can be said until this is mended.
    """

    suspicions: list[Suspicion] = field(default_factory=list)
    loss: float = float("nan")
    given: Given | None = None
    accumulates: bool = False
    over: bool = False


def observe(learner: Learner, data: Mapping[str, Array]) -> Protocol:
    """Call loss and gradients as the learner would, several times, and look what changes.

    Args:
        learner: theirs; whatever goes wrong in their code at the first call goes on to the caller.
        data: arrays that nobody should change, by name (X, y).
    """
    seen = Protocol()
    watch = _Watch(learner, data)
    first = learner.first_loss()
    seen.suspicions += watch.changes("loss")
    _look_at_loss(first, data, seen)
    if seen.over:
        return seen
    seen.loss = as_number(first)
    again = [_again(learner) for _ in range(3)]
    watch.changes("loss")
    if any(_differs(value, seen.loss) for value in again):
        numbers = [seen.loss, *again]
        seen.suspicions.append(Suspicion("random_loss", "loss", values={"losses": _listed(numbers)}))
        seen.over = True
    if not np.isfinite(seen.loss):
        return seen
    given = [learner.first_gradients()]
    seen.suspicions += watch.changes("gradients", given[0])
    for _ in range(2):
        with quietly():
            given.append(learner.first_gradients())
        watch.changes("gradients")
    seen.given = given[0]
    _compare_calls(learner, given, seen)
    return seen


def _again(learner: Learner) -> float:
    with quietly():
        return as_number(learner.first_loss())


def _differs(a: float, b: float) -> bool:
    if np.isnan(a) or np.isnan(b):
        return bool(np.isnan(a) != np.isnan(b))
    return bool(abs(a - b) > 1e-9 * max(abs(a), abs(b)))


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.6g}" for number in numbers)


def _look_at_loss(value: Any, data: Mapping[str, Array], seen: Protocol) -> None:
    """Whether the loss is one number."""
    if isinstance(value, tuple | list) and value and np.size(value[0]) == 1:
        return
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.asarray(None, dtype=object)
    if array.size == 1 and array.dtype != object and value is not None:
        return
    seen.over = True
    if value is None:
        seen.suspicions.append(Suspicion("loss_not_a_number", "loss", evidence="evidence_none", fix="fix_none"))
    elif array.dtype == object:
        seen.suspicions.append(
            Suspicion("loss_not_a_number", "loss", values={"type": type(value).__name__}, evidence="evidence_type")
        )
    else:
        square = array.ndim == 2 and array.shape[0] == array.shape[1] and array.shape[0] > 1
        n = max((len(a) for a in data.values() if a.ndim), default=0)
        kind = "broadcasting" if square and array.shape[0] == n else "loss_not_a_number"
        evidence = "evidence_loss_shape" if kind == "broadcasting" else "evidence_shape"
        seen.suspicions.append(Suspicion(kind, "loss", values={"shape": array.shape, "n": n}, evidence=evidence))


class _Watch:
    """Parameters and data as they were, against what they have become; what changed is put back."""

    def __init__(self, learner: Learner, data: Mapping[str, Array]) -> None:
        self.learner, self.data = learner, data
        self.kept = {name: np.array(array) for name, array in data.items()}
        self.originals = [get(learner.params, leaf.path) for leaf in learner.leaves]

    def changes(self, function: str, given: Given | None = None) -> list[Suspicion]:
        found = []
        after = self.learner.current()
        which = changed(self.learner.own, after)
        if which:
            found.append(self._of_parameters(function, which, after, given))
            self.learner.put_back(self.originals)
        names = [name for name, kept in self.kept.items() if not np.array_equal(kept, self.data[name], equal_nan=True)]
        for name in names:
            if self.data[name].flags.writeable:
                self.data[name][...] = self.kept[name]
        if names:
            values = {"function": function, "names": ", ".join(names)}
            found.append(Suspicion("changed_in_place", function, tuple(names), values, "evidence_data", fix="fix_data"))
        return found

    def _of_parameters(self, function: str, which: list[int], after: list[Array], given: Given | None) -> Suspicion:
        names = [self.learner.leaves[i].name for i in which]
        before = self.learner.own
        i = which[0]
        moved = (
            float(np.max(np.abs(after[i].astype(np.float64) - before[i]))) if after[i].shape == before[i].shape else 0
        )
        values = {"function": function, "names": ", ".join(names), "moved": f"{moved:.3g}"}
        rate = _rate_of_update(before, after, given)
        if rate is not None:
            values["rate"] = f"{rate:.4g}"
            return Suspicion(
                "changed_in_place", names[0], tuple(names[1:]), values, "evidence_update", fix="fix_update"
            )
        return Suspicion("changed_in_place", names[0], tuple(names[1:]), values)


def _rate_of_update(before: list[Array], after: list[Array], given: Given | None) -> float | None:
    """The learning rate, if what changed the parameters is a step against the gradient."""
    if given is None:
        return None
    rates = []
    for old, new, g in zip(before, after, given.values, strict=True):
        if g is None or np.shape(g) != old.shape or old.dtype.kind != "f" or not np.any(g):
            continue
        g = np.asarray(g, dtype=np.float64)
        step = new.astype(np.float64) - old
        rate = -float(np.sum(step * g) / np.sum(g * g))
        if np.max(np.abs(step + rate * g)) > 1e-4 * np.max(np.abs(step), initial=0):
            return None
        rates.append(rate)
    same = len(rates) > 0 and rates[0] > 0 and np.ptp(rates) <= 1e-4 * rates[0]
    return rates[0] if same else None


def _compare_calls(learner: Learner, given: Sequence[Given], seen: Protocol) -> None:
    """The same gradients every time; or each call adds to the call before; or they are random."""
    growing, random = [], []
    for i, leaf in enumerate(learner.leaves):
        values = [g.values[i] for g in given]
        if any(value is None for value in values) or len({np.shape(value) for value in values}) > 1:
            continue
        try:
            a, b, c = (np.asarray(value, dtype=np.float64) for value in values)
        except (TypeError, ValueError):
            continue
        if not all(np.isfinite(x).all() for x in (a, b, c)) or not a.size:
            continue
        size = max(float(np.max(np.abs(x))) for x in (a, b, c))
        if np.max(np.abs(b - a)) <= 1e-7 * size and np.max(np.abs(c - a)) <= 1e-7 * size:
            continue
        steady = np.max(np.abs((c - b) - (b - a))) <= 1e-5 * size
        (growing if steady else random).append(
            (i, leaf.name, float(np.max(np.abs(c)) / max(np.max(np.abs(a)), 1e-300)))
        )
    if growing:
        names = [name for _, name, _ in growing]
        values = {"ratio": f"{growing[0][2]:.3g}", "names": ", ".join(names)}
        seen.suspicions.append(Suspicion("accumulated", names[0], tuple(names[1:]), values))
        seen.accumulates = True
    if random and not seen.over:
        names = [name for _, name, _ in random]
        seen.suspicions.append(
            Suspicion("random_loss", names[0], tuple(names[1:]), {"names": ", ".join(names)}, "evidence_gradients")
        )
        seen.over = True


def aliases(learner: Learner) -> list[Suspicion]:
    """Parameters that are one and the same array under two names."""
    found = []
    for i, j in sharing([get(learner.params, leaf.path) for leaf in learner.leaves]):
        first, second = learner.leaves[i].name, learner.leaves[j].name
        found.append(Suspicion("aliased", first, (second,), {"first": first, "second": second}))
    return found
