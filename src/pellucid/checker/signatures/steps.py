"""The learner's update: does it change the parameters, once, downhill?"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.running.calling import RATE, Call, role_of
from pellucid.checker.running.containers import get, rebuilt
from pellucid.checker.running.learner import COPIES, Learner, quietly
from pellucid.checker.running.matching import Given
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
    alive = learner.mode != COPIES or not step.takes_params
    container = learner.params if alive else _copy(learner)
    originals = [get(learner.params, leaf.path) for leaf in learner.leaves]
    try:
        with quietly():
            given = learner.differentiated(container)
            _reset(container, learner)  # should gradients() have made an update of its own
            out = _stepped(learner, step, container, given)
        out = _first_container(out, learner)
        inside = _differences(container, learner)
        back = None if out is None or out is container else _differences(out, learner)
    finally:
        if alive:
            learner.put_back(originals)
    shaped = [_plain(value, leaf.shape) for value, leaf in zip(given.values, learner.leaves, strict=True)]
    return Moved(inside, back, shaped)


def _stepped(learner: Learner, step: Call, container: Any, given: Given) -> Any:
    """What a step gives back; where the gradients came as a tuple, it may want them in a container like params."""

    def with_(gradients: Any) -> Any:
        return step(learner.given(container, gradients=gradients, rate=RATE, cache=None, outputs=None))

    if not isinstance(given.container, tuple) or isinstance(learner.params, tuple):
        return with_(given.container)
    try:
        return with_(given.container)
    except Exception:
        _reset(container, learner)
        return with_(rebuilt(learner.params, learner.leaves, given.values))


def _copy(learner: Learner) -> Any:
    """One array under two names stays one array under two names, as it would be in training."""
    memo: dict[int, Any] = {}
    twins = [copy.deepcopy(get(learner.params, leaf.path), memo) for leaf in learner.leaves]
    return rebuilt(learner.params, learner.leaves, twins)


def _reset(container: Any, learner: Learner) -> None:
    for leaf, own in zip(learner.leaves, learner.own, strict=True):
        value = get(container, leaf.path)
        if isinstance(value, np.ndarray) and not np.array_equal(value, own):
            value[...] = own


def _first_container(out: Any, learner: Learner) -> Any:
    """The parameters of what a step gave back: itself, or the first of (params, state)."""
    if out is None or np.isscalar(out):
        return None
    for candidate in [out, *(out if isinstance(out, tuple) else ())]:
        try:
            _differences(candidate, learner)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            continue
        return candidate
    return None


def _differences(container: Any, learner: Learner) -> list[Array]:
    """What a container's parameters are beyond the learner's own; NaN where they have another shape."""
    found = []
    for leaf, own in zip(learner.leaves, learner.own, strict=True):
        after = np.asarray(get(container, leaf.path), dtype=np.float64)
        found.append(after - own if after.shape == own.shape else np.full(own.shape, np.nan))
    return found


def _plain(value: Any, shape: tuple[int, ...]) -> Array | None:
    """A gradient as finite numbers of the parameter's shape, or None."""
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
    twice = [i for i in telling if moved.back is not None and _doubled(moved.inside[i], moved.back[i])]
    if twice:
        yield _of("update_twice", twice, names, {}, "evidence_both")
        return
    whole = moved.whole
    forgotten = [i for i in telling if _is_step_alone(learner.own[i], whole[i], moved.gradients[i])]
    sizeable = [i for i in telling if learner.own[i].size > 1 and np.any(learner.own[i])]
    if forgotten and moved.back is not None and forgotten == sizeable:
        yield _of("step_changes_nothing", forgotten, names, {}, "evidence_alone", "what_alone", "fix_alone")
        return
    lengths = [_length(whole[i], moved.gradients[i]) for i in telling if np.any(whole[i])]
    still = [i for i in telling if not np.any(whole[i]) and not _lost(learner.own[i], moved.gradients[i], lengths)]
    if still:
        evidence = "evidence_some" if lengths else "evidence"
        values = {"names": ", ".join(names[i] for i in still)}
        yield _of("step_changes_nothing", still, names, values, evidence)
    cosines = {i: _cosine(whole[i], moved.gradients[i]) for i in telling if np.any(whole[i])}
    uphill = [i for i, cosine in cosines.items() if cosine > 0.05]
    if uphill:
        yield _of("step_uphill", uphill, names, {"cosine": f"{cosines[uphill[0]]:+.3g}"})
    straight = {i: _length(whole[i], moved.gradients[i]) for i, cosine in cosines.items() if cosine < -0.9999}
    yield from _of_rates(straight, names, rates)


def _of(
    kind: str,
    which: Sequence[int],
    names: Sequence[str],
    values: Mapping[str, Any],
    evidence: str = "evidence",
    what: str = "what",
    fix: str = "fix",
) -> Suspicion:
    return Suspicion(kind, names[which[0]], tuple(names[i] for i in which[1:]), values, evidence, what, fix)


def _is_step_alone(p: Array, change: Array, gradient: Array | None) -> bool:
    """Whether what came back is a multiple of the gradient and nothing else: the parameter itself was left out."""
    new = p + change
    if gradient is None or p.size < 2 or not np.any(p) or not np.isfinite(new).all() or not np.any(new):
        return False
    if abs(_cosine(p.astype(np.float64), gradient)) > 0.9999:
        return False  # a step from such a parameter is a multiple of the gradient by right
    k = float(np.sum(new * gradient) / np.sum(gradient * gradient))
    exact = 1e-9 if p.dtype.itemsize > 4 else 1e-4
    size = float(np.max(np.abs(new)))
    lost = np.max(np.abs(p)) < 1e3 * exact * size  # beside a step as large as this one nothing is to be seen of it
    return not lost and bool(np.max(np.abs(new - k * gradient)) <= exact * size)


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


def _of_rates(straight: Mapping[int, float], names: Sequence[str], rates: Sequence[float]) -> Iterator[Suspicion]:
    """Plain steps against the gradient that are twice as long as the rate says, all of them or some."""

    def is_(rate: float, factor: float) -> list[int]:
        return [i for i, length in straight.items() if abs(length / rate - factor) < 1e-3]

    for rate in rates:
        once, twice = is_(rate, 1.0), is_(rate, 2.0)
        if once and len(once) < len(straight) == len(once) + len(twice):
            values = {"rate": f"{rate:.4g}", "seen": f"{2 * rate:.4g}"}
            yield _of("update_twice", twice, names, values, "evidence_some")
        if once:
            return
    for rate in rates:
        if straight and len(is_(rate, 2.0)) == len(straight):
            values = {"rate": f"{rate:.4g}", "seen": f"{2 * rate:.4g}"}
            yield _of("update_twice", list(straight), names, values)
            return


def known_rates(step: Call, used: Mapping[str, Any], numbers: set[float]) -> list[float]:
    """Learning rates that a step may be meant to use: the one it was given, or numbers in and around its code."""
    if step.takes("rate"):
        return [RATE]
    named = [
        float(value)
        for name, value in used.items()
        if role_of(name) == "rate" and isinstance(value, float | int | np.floating)
    ]
    return named or sorted(number for number in numbers if 0 < number < 10 and number not in (0.5, 1.0, 2.0))
