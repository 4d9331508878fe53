"""The learner's update: does it change the parameters, once, downhill?"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.calling import KNOWN, RATE, Call
from pellucid.checker.containers import get, leaves, rebuilt
from pellucid.checker.learner import Learner, quietly
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Moved:
    """By how much a step changed each parameter: in the container it was given, and in the one it gave back."""

    inside: list[Array]
    back: list[Array] | None
    gradients: list[Array | None]

    @property
    def whole(self) -> list[Array]:
        """What a training loop would see."""
        return self.inside if self.back is None else self.back


def try_step(learner: Learner, step: Call) -> Moved:
    """Make one step on copies of the learner's parameters (or on their own, which are put back).

    What goes wrong in the learner's code goes on to the caller.
    """
    own = learner.own
    alive = learner.mode != "copies" or not step.takes_params
    memo: dict[int, Array] = {}
    if alive:
        container = learner.params
    else:
        # One array under two names stays one array under two names, as it would be in training.
        twins = [_copied(get(learner.params, leaf.path), memo) for leaf in learner.leaves]
        container = rebuilt(learner.params, learner.leaves, twins)
    originals = [get(learner.params, leaf.path) for leaf in learner.leaves]
    try:
        with quietly():
            given = learner.differentiated(container)
            if changed_by_gradients := any(
                not np.array_equal(np.asarray(get(container, leaf.path)), p)
                for leaf, p in zip(learner.leaves, own, strict=True)
            ):
                _reset(container, learner, own)
            returned = learner.gradients(learner.given(container)) if given.container is None else given.container
            if changed_by_gradients:
                _reset(container, learner, own)
            out = step(learner.given(container, gradients=returned, rate=RATE, cache=None, outputs=None))
        out = _first_container(out, learner)
        inside = [
            np.array(get(container, leaf.path), dtype=np.float64) - p
            for leaf, p in zip(learner.leaves, own, strict=True)
        ]
        back = None
        if out is not None and out is not container:
            back = [_difference(out, leaf.path, p) for leaf, p in zip(learner.leaves, own, strict=True)]
    finally:
        if alive:
            learner.put_back(originals)
    shaped = [_plain(value, leaf.shape) for value, leaf in zip(given.values, learner.leaves, strict=True)]
    return Moved(inside, back, shaped)


def _copied(value: Any, memo: dict[int, Array]) -> Any:
    if isinstance(value, np.ndarray):
        return memo.setdefault(id(value), np.array(value))
    return copy.deepcopy(value)


def _reset(container: Any, learner: Learner, own: Sequence[Array]) -> None:
    for leaf, p in zip(learner.leaves, own, strict=True):
        value = get(container, leaf.path)
        if isinstance(value, np.ndarray):
            value[...] = p


def _first_container(out: Any, learner: Learner) -> Any:
    """The parameters of what a step gave back: itself, or the first of (params, state)."""
    if out is None or np.isscalar(out):
        return None
    for candidate in [out, *(out if isinstance(out, tuple) else ())]:
        try:
            shapes = [np.shape(get(candidate, leaf.path)) for leaf in learner.leaves]
        except (KeyError, IndexError, TypeError, AttributeError):
            continue
        if len(shapes) == len(learner.leaves) and leaves(candidate):
            return candidate
    return None


def _difference(out: Any, path: Any, before: Array) -> Array:
    after = np.asarray(get(out, path), dtype=np.float64)
    return after - before if after.shape == before.shape else np.full(before.shape, np.nan)


def _plain(value: Any, shape: tuple[int, ...]) -> Array | None:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return array.reshape(shape) if array.size == int(np.prod(shape)) and np.isfinite(array).all() else None


def judge_step(learner: Learner, moved: Moved, rates: Sequence[float]) -> Iterator[Suspicion]:
    """What is wrong with an update.

    Args:
        learner: theirs.
        moved: what `try_step` saw.
        rates: learning rates that the step may have been meant to use; empty if none is known.
    """
    names = [leaf.name for leaf in learner.leaves]
    telling = [i for i, g in enumerate(moved.gradients) if g is not None and np.any(g)]
    if not telling:
        return
    if moved.back is not None:
        twice = [i for i in telling if _doubled(moved.inside[i], moved.back[i])]
        if twice:
            yield _of("update_twice", twice, names, {}, "evidence_both", explains=twice)
            return
    whole = moved.whole
    lengths = [_length(whole[i], moved.gradients[i]) for i in telling if np.any(whole[i])]
    still = [i for i in telling if not np.any(whole[i]) and not _lost(learner.own[i], moved.gradients[i], lengths)]
    telling = [i for i in telling if np.any(whole[i]) or i in still]
    if still:
        evidence = "evidence" if len(still) == len(telling) else "evidence_some"
        values = {"names": ", ".join(names[i] for i in still)}
        yield _of("step_changes_nothing", still, names, values, evidence)
    going = [i for i in telling if i not in still]
    uphill = [i for i in going if _cosine(whole[i], moved.gradients[i]) > 0.05]
    if uphill:
        values = {"cosine": f"{_cosine(whole[uphill[0]], moved.gradients[uphill[0]]):+.3g}"}
        yield _of("step_uphill", uphill, names, values)
    straight = [i for i in going if i not in uphill and _cosine(whole[i], moved.gradients[i]) < -0.9999]
    yield from _rates(straight, whole, moved.gradients, names, rates)


def _of(kind: str, which: Sequence[int], names: Sequence[str], values: Mapping[str, Any], evidence: str = "evidence", explains: Sequence[int] = ()) -> Suspicion:  # fmt: skip
    return Suspicion(kind, names[which[0]], tuple(names[i] for i in which[1:]), values, evidence)


def _doubled(inside: Array, back: Array) -> bool:
    """What came back is a second step away from what was changed in place."""
    size = float(np.max(np.abs(inside), initial=0.0))
    return size > 0 and bool(np.max(np.abs(back - 2 * inside)) <= 1e-3 * size)


def _length(step: Array, gradient: Array | None) -> float:
    return float(np.linalg.norm(step) / np.linalg.norm(gradient)) if gradient is not None else 0.0


def _lost(p: Array, gradient: Array | None, lengths: Sequence[float]) -> bool:
    """Whether a step as long as the others' is lost when it is added to these numbers, by rounding alone."""
    rate = max(lengths, default=1.0)
    eps = float(np.finfo(p.dtype).eps) if p.dtype.kind == "f" else 1e-16
    return gradient is not None and bool(np.all(rate * np.abs(gradient) <= eps * np.abs(p)))


def _cosine(step: Array, gradient: Array | None) -> float:
    if gradient is None:
        return 0.0
    size = float(np.linalg.norm(step) * np.linalg.norm(gradient))
    return float(np.sum(step * gradient)) / size if size and np.isfinite(size) else 0.0


def _rates(
    straight: Sequence[int],
    whole: Sequence[Array],
    gradients: Sequence[Array | None],
    names: Sequence[str],
    rates: Sequence[float],
) -> Iterator[Suspicion]:
    """A plain step against the gradient, twice as long as the rate says, or as for the other parameters."""
    found = {i: float(np.linalg.norm(whole[i]) / np.linalg.norm(gradients[i])) for i in straight}  # type: ignore[arg-type]
    if not found:
        return
    smallest = min(found.values())
    more = [i for i, rate in found.items() if abs(rate / smallest - 2) < 1e-3]
    meant = any(abs(smallest / known - 1) < 1e-3 for known in rates)
    if more and len(more) < len(found) and meant:
        values = {"rate": f"{smallest:.4g}", "seen": f"{found[more[0]]:.4g}"}
        yield _of("update_twice", more, names, values, "evidence_some")
        return
    every = list(found.values())
    if any(abs(rate / known - 1) < 1e-3 for known in rates for rate in every):
        return
    known = next((known for known in rates if all(abs(rate / known - 2) < 1e-3 for rate in every)), None)
    if known is not None:
        values = {"rate": f"{known:.4g}", "seen": f"{every[0]:.4g}"}
        yield _of("update_twice", list(found), names, values, "evidence_rate")


def known_rates(step: Call, used: Mapping[str, Any], numbers: set[float]) -> list[float]:
    """Learning rates that a step may be meant to use: the one it was given, or numbers in and around its code."""
    if step.takes("rate"):
        return [RATE]
    named = [
        float(value)
        for name, value in used.items()
        if KNOWN.get(name.lower().replace("_", "")) == "rate" and isinstance(value, float | int | np.floating)
    ]
    return named or sorted(number for number in numbers if 0 < number < 10 and number not in (0.5, 1.0, 2.0))
