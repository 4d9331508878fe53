"""Who changes what: parameters and data before and after a call; whatever was changed is put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.running.containers import get, is_number, of_numbers
from pellucid.checker.running.culprit import Place, line_that_changes
from pellucid.checker.running.learner import Learner, changed
from pellucid.checker.running.matching import Given
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]
GONE = object()  # what stands for an entry that is no longer there


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

    def changes(
        self, function: str, given: Given | None = None, again: Callable[[], Any] | None = None
    ) -> list[Suspicion]:
        """What the last call changed, put back at once.

        Args:
            function: which it was, such as "gradients".
            given: the gradients it gave, so that an update is recognised as one.
            again: calls it once more, to find the line that does it.
        """
        overwritten = list(self._overwritten(function, again))
        return [*(overwritten or self._of_parameters(function, given, again)), *self._of_data(function)]

    def _now(self, i: int) -> Any:
        try:
            return get(self.learner.params, self.learner.leaves[i].path)
        except (KeyError, IndexError, TypeError, AttributeError):
            return GONE

    def _is_other(self, i: int) -> bool:
        """Whether something stands in a parameter's place that is none: a number, None, an array of another shape."""
        leaf, value = self.learner.leaves[i], self._now(i)
        if value is self.originals[i]:
            return leaf.shape != np.shape(value)  # an array may be given another shape in place
        numeric = is_number(value) or of_numbers(value) or (isinstance(value, np.ndarray) and value.dtype.kind in "fiu")
        return not numeric or np.shape(value) != leaf.shape

    def _overwritten(self, function: str, again: Callable[[], Any] | None) -> Iterator[Suspicion]:
        """Entries of the container in whose place something else was put, put back at once."""
        which = [i for i in range(len(self.learner.leaves)) if self._is_other(i)]
        if not which:
            return
        seen = [self._now(i) for i in which]
        self.learner.put_back(self.originals)
        place = self._place(again, lambda: any(self._is_other(i) for i in which))
        names = [self.learner.leaves[i].name for i in which]
        values = {
            "function": function,
            "names": ", ".join(names),
            "shape": self.learner.leaves[which[0]].shape,
            "after": _shown(seen[0]),
            "place": place,
        }
        kind = "number" if is_number(seen[0]) else "array" if isinstance(seen[0], np.ndarray) else "other"
        kind = "gone" if seen[0] is GONE else kind
        what, evidence = f"what_{kind}", f"evidence_{kind}"
        yield Suspicion("overwritten", names[0], tuple(names[1:]), values, evidence, what)

    def _place(self, again: Callable[[], Any] | None, happened: Callable[[], bool]) -> Place | None:
        if again is None:
            return None
        try:
            return line_that_changes(again, happened)
        finally:
            self.learner.put_back(self.originals)

    def _of_data(self, function: str) -> Iterator[Suspicion]:
        names = [name for name, kept in self.kept.items() if not np.array_equal(kept, self.data[name], equal_nan=True)]
        for name in names:
            self.data[name][...] = self.kept[name]
        if names:
            values = {"function": function, "names": ", ".join(names)}
            yield Suspicion("changed_in_place", function, tuple(names), values, "evidence_data", fix="fix_data")

    def _of_parameters(
        self, function: str, given: Given | None, again: Callable[[], Any] | None
    ) -> Iterator[Suspicion]:
        before, after = self.learner.own, self.learner.current()
        which = changed(before, after)
        if not which:
            return
        self.learner.put_back(self.originals)
        names = [self.learner.leaves[i].name for i in which]
        values: dict[str, Any] = {
            "function": function,
            "names": ", ".join(names),
            "moved": _furthest(before[which[0]], after[which[0]]),
            "place": self._place(again, lambda: bool(changed(before, self.learner.current()))),
        }
        rate = None if given is None else _rate(before, after, given)
        if rate is None:
            yield Suspicion("changed_in_place", names[0], tuple(names[1:]), values)
        else:
            values["rate"] = f"{rate:.4g}"
            also = tuple(names[1:])
            yield Suspicion("changed_in_place", names[0], also, values, "evidence_update", fix="fix_update")


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return str(value.shape)
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 40 else text[:37] + "..."


def _furthest(before: Array, after: Array) -> str:
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
