"""Who changes what: parameters and data before and after a call; whatever was changed is put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.containers import get
from pellucid.checker.learner import Learner, changed
from pellucid.checker.matching import Given
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]


class Watch:
    """Parameters and data as they were, against what they have become.

    Args:
        learner: theirs.
        data: arrays that nobody should change, by name.
    """

    def __init__(self, learner: Learner, data: Mapping[str, Array]) -> None:
        self.learner, self.data = learner, data
        self.kept = {name: np.array(array) for name, array in data.items()}
        self.originals = [get(learner.params, leaf.path) for leaf in learner.leaves]

    def changes(self, function: str, given: Given | None = None) -> list[Suspicion]:
        """What the last call changed, put back at once.

        Args:
            function: which it was, such as "gradients".
            given: the gradients it gave, so that an update is recognised as one.
        """
        return [*self._of_parameters(function, given), *self._of_data(function)]

    def _of_data(self, function: str) -> Iterator[Suspicion]:
        names = [name for name, kept in self.kept.items() if not np.array_equal(kept, self.data[name], equal_nan=True)]
        for name in names:
            self.data[name][...] = self.kept[name]
        if names:
            values = {"function": function, "names": ", ".join(names)}
            yield Suspicion("changed_in_place", function, tuple(names), values, "evidence_data", fix="fix_data")

    def _of_parameters(self, function: str, given: Given | None) -> Iterator[Suspicion]:
        before, after = self.learner.own, self.learner.current()
        which = changed(before, after)
        if not which:
            return
        self.learner.put_back(self.originals)
        names = [self.learner.leaves[i].name for i in which]
        values = {
            "function": function,
            "names": ", ".join(names),
            "moved": _furthest(before[which[0]], after[which[0]]),
        }
        rate = None if given is None else _rate(before, after, given)
        if rate is None:
            yield Suspicion("changed_in_place", names[0], tuple(names[1:]), values)
        else:
            values["rate"] = f"{rate:.4g}"
            also = tuple(names[1:])
            yield Suspicion("changed_in_place", names[0], also, values, "evidence_update", fix="fix_update")


def _furthest(before: Array, after: Array) -> str:
    if before.shape != after.shape:
        return f"{before.shape} -> {after.shape}"
    return f"{float(np.max(np.abs(after.astype(np.float64) - before))):.3g}"


def _rate(before: Sequence[Array], after: Sequence[Array], given: Given) -> float | None:
    """The learning rate, if what changed the parameters is a step against the gradient."""
    rates = []
    for old, new, value in zip(before, after, given.values, strict=True):
        if value is None or np.shape(value) != old.shape or old.dtype.kind != "f" or not np.any(value):
            continue
        g = np.asarray(value, dtype=np.float64)
        step = new.astype(np.float64) - old
        rate = -float(np.sum(step * g) / np.sum(g * g))
        if np.max(np.abs(step + rate * g)) > 1e-4 * np.max(np.abs(step), initial=0):
            return None
        rates.append(rate)
    same = len(rates) > 0 and rates[0] > 0 and np.ptp(rates) <= 1e-4 * rates[0]
    return rates[0] if same else None
