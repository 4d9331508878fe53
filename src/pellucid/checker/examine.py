"""The whole check, from the first call to the last: what is looked at, in which order, and when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.numerical import reaching
from pellucid.checker.numerical.case import DEAD, OFF, RIGHT, Case, Compared, negligible
from pellucid.checker.numerical.comparing import compare
from pellucid.checker.question import Data, Question, data_of, learner_of, watched
from pellucid.checker.running import protocol, remade
from pellucid.checker.running.calling import Call
from pellucid.checker.running.learner import Learner
from pellucid.checker.running.matching import Given, other_letters
from pellucid.checker.running.sieve import sifted
from pellucid.checker.running.snapshot import Snapshot
from pellucid.checker.running.surroundings import constants, used_by
from pellucid.checker.signatures import naming, outputs, stale, steps, unreached
from pellucid.checker.signatures.second_thoughts import changes_values, is_vague, not_of_changes, without_vague
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]


@dataclass
class Examined:
    """What came of it.

    Attributes:
        learner: the network as it was looked at.
        suspicions: root causes, the most important first.
        case: parameters and their gradients, where it came to that.
        notes: keys of the texts, with their values.
        given: the gradients at the learner's parameters, for the names that they go by.
        of_step: what is wrong with the update; the gradients may be right all the same.
    """

    learner: Learner
    suspicions: list[Suspicion] = field(default_factory=list)
    case: Case | None = None
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    given: Given | None = None
    of_step: list[Suspicion] = field(default_factory=list)

    def tells_of(self, part: Compared) -> bool:
        """Whether a parameter is named in some suspicion of its gradient."""
        return any(part.leaf.name in (s.parameter, *s.also) or part.index in s.explains for s in self.suspicions)

    @property
    def told(self) -> list[Suspicion]:
        """Everything that is wrong."""
        return [*self.suspicions, *self.of_step]

    def has(self, kind: str) -> bool:
        return any(s.kind == kind for s in self.suspicions)


def examine(question: Question) -> Examined:
    """Look at a learner's network; everything of theirs is as it was afterwards."""
    snapshot = Snapshot(question.functions, [question.params, question.X, question.y])
    try:
        with np.errstate(all="ignore"):  # numbers out of range are what is looked for
            return _examined(question, snapshot)
    finally:
        snapshot.restore()


def _examined(question: Question, snapshot: Snapshot) -> Examined:
    used = used_by(question.functions)
    learner, step = learner_of(question, used)
    constant = sifted(learner, snapshot)
    seen = _observed(question, learner, used)
    result = Examined(learner, [*protocol.aliases(learner), *seen.suspicions], given=seen.given)
    if seen.given is None or seen.over:
        _end_early(question, result, seen)
        return result
    dead = _reach(question, result, seen)
    case = _case(learner, dead, seen, data_of(question, learner, used), used)
    named = naming.suspects(case)
    case, named = _second_thoughts(result, case, named, dead, seen)
    result.case = case
    result.suspicions += without_vague(named, case) if dead else named  # a layer is out of the network
    _add_outputs(question, result)
    if step is not None:
        result.of_step = _of_step(question, learner, step, result)
    _add_notes(result)
    if constant:
        result.notes.append(("no_parameters", {"names": ", ".join(constant)}))
    return result


def _observed(question: Question, learner: Learner, used: Mapping[str, Any]) -> protocol.Protocol:
    """The first calls; once more, where they showed that some of the parameters are none."""
    data, before = watched(question, used), remade.held(question.params)
    seen = protocol.observe(learner, data)
    kept = remade.lasting(question.params, before, learner.leaves)
    if len(kept) == len(learner.leaves):
        return seen
    learner.leaves = [learner.leaves[i] for i in kept]
    learner.own = [learner.own[i] for i in kept]
    return protocol.observe(learner, data)


def _second_thoughts(
    result: Examined, case: Case, named: list[Suspicion], dead: Sequence[int], seen: protocol.Protocol
) -> tuple[Case, list[Suspicion]]:
    """What is wrong with the numbers and has no name may be right after all: elsewhere, or at other parameters."""
    vague = [s for s in named if is_vague(s)]
    if named and (of_others := stale.stale(seen, case, vague if len(vague) == len(named) else ())) is not None:
        return case, [of_others]
    if changing := [s for s in result.suspicions if changes_values(s)]:
        return case, not_of_changes(named, case, changing)
    if named and len(vague) == len(named):
        other = _elsewhere(case, dead, seen)
        if other is not None and all(part.state in (RIGHT, DEAD) and part.seen for part in other.parts):
            result.notes.append(("saturated", {}))
            return other, []
    return case, named


def _end_early(question: Question, result: Examined, seen: protocol.Protocol) -> None:
    """Nothing can be compared: the loss is no finite number, or another one every time."""
    if not np.isfinite(seen.loss) and not result.suspicions:
        result.suspicions.append(_overflow(result.learner, seen.loss))
    if result.has("random_loss"):
        result.notes.append(("no_wait", {}))
        _add_outputs(question, result)


def _overflow(learner: Learner, loss: float) -> Suspicion:
    """The loss is not finite; whether it would be with smaller parameters says that it is a matter of size."""
    largest = max(float(np.max(np.abs(p), initial=0.0)) for p in learner.own)
    smaller = ""
    for factor in (0.3, 0.1, 0.01, 1e-3, 1e-4):
        value = learner.loss_at([p * factor for p in learner.own])
        if np.isfinite(value):
            smaller = f"{factor:g} * params: {value:.4g}."
            break
    values = {"loss": loss, "largest": f"{largest:.4g}", "smaller": smaller}
    if not smaller and _divides_by_zero(learner):
        return Suspicion("overflow", "loss", (), values, "evidence_divided", "what_divided", "fix_divided")
    return Suspicion("overflow", "loss", values=values)


def _divides_by_zero(learner: Learner) -> bool:
    """Whether the first thing that goes wrong in the loss is a division, and by zero."""
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            learner.loss(learner.given(learner.params))
    except FloatingPointError as error:
        return "divide by zero encountered in" in str(error) and "divide" in str(error).split("encountered in")[1]
    except Exception:
        return False
    return False


def _reach(question: Question, result: Examined, seen: protocol.Protocol) -> list[int]:
    """Which parameters are dead; suspects are added."""
    assert seen.given is not None
    learner = result.learner
    reach = reaching.settle(learner, seen.loss)
    result.suspicions += unreached.past_arguments(question, learner, reach)
    dead, seen.given = unreached.without_settings(learner, reach, seen.given)
    result.given = seen.given
    twins = {name for s in result.suspicions if s.kind in ("aliased", "overwritten") for name in (s.parameter, *s.also)}
    result.suspicions += unreached.unreached(learner, dead, seen.given, seen.loss, twins)
    return dead


def _case(learner: Learner, dead: Sequence[int], seen: protocol.Protocol, data: Data, used: Mapping[str, Any]) -> Case:
    """Compare near the learner's parameters; where a gradient drowns in the rounding of the loss (tiny first weights),
    with weights of a usual size."""
    point = reaching.vantage(learner)
    given = _gradients(learner, point, seen)
    if given is None:
        point = [np.asarray(p, dtype=np.float64) for p in learner.own]
        given = _gradients(learner, point, seen) or seen.given
    assert given is not None
    case = compare(learner, given, point, dead, data, used)
    if all(part.seen for part in case.of(RIGHT)) or len(case.of(RIGHT, DEAD)) < len(case.parts):
        return case
    other = _elsewhere(case, dead, seen)
    better = other is not None and sum(p.seen for p in other.parts) > sum(p.seen for p in case.parts)
    return other if other is not None and better else case


def _elsewhere(case: Case, dead: Sequence[int], seen: protocol.Protocol) -> Case | None:
    """The same with parameters of a usual size; None where the learner's functions give nothing there."""
    learner = case.learner
    features = reaching.scale_of(case.data[0][0]) if case.data else 1.0
    point = reaching.elsewhere(learner, features)
    given = _gradients(learner, point, seen) if np.isfinite(learner.loss_at(point)) else None
    return None if given is None else compare(learner, given, point, dead, case.data, case.used)


def _gradients(learner: Learner, point: Sequence[Array], seen: protocol.Protocol) -> Given | None:
    """The learner's gradients at a point; where every call adds to the last one, what the second call added."""
    first = learner.gradients_at(point)
    if first is None or not seen.accumulates:
        return first
    second = learner.gradients_at(point)
    if second is None:
        return None
    pairs = zip(first.values, second.values, strict=True)
    return replace(second, values=tuple(None if a is None or b is None else _added(a, b) for a, b in pairs))


def _added(a: Any, b: Any) -> Any:
    """What was added; or the value itself where nothing was."""
    try:
        before = np.asarray(a, dtype=np.float64)
        gap = np.asarray(b, dtype=np.float64) - before
    except (TypeError, ValueError):  # no numbers
        return b
    return gap if np.any(np.abs(gap) > 1e-12 * np.abs(before)) else b


def _add_outputs(question: Question, result: Examined) -> None:
    """Add what forward shows; a wrong forward pass is told once, and explains gradients that nothing else explains."""
    learner = result.learner
    if learner.forward is None or learner.X is None:
        return
    made = learner.outputs_at(learner.own)
    if made is None:
        made = learner.run_forward(learner.params)  # lets what goes wrong in the learner's code through
    y = None if question.y is None else np.asarray(question.y)
    found = [s for s in outputs.judge_outputs(learner, made, np.asarray(learner.X), y) if not result.has(s.kind)]
    if any(s.kind in ("softmax_wrong_axis", "broadcasting") for s in found):
        result.suspicions = without_vague(result.suspicions, result.case)
    result.suspicions += found


def _of_step(question: Question, learner: Learner, step: Call, result: Examined) -> list[Suspicion]:
    """What is wrong with the update, beyond what wrong gradients make of it."""
    try:
        moved = steps.try_step(learner, step)
    except Exception:
        # Gradients that are wrong, missing or of another shape may well break an update; and so may a tuple of them,
        # which the learner puts into a container of their own before the step.
        if result.suspicions or (result.given is not None and isinstance(result.given.container, tuple)):
            return []
        raise
    rates = steps.known_rates(step, used_by([question.step]), constants([question.step]))
    updates = any(s.kind == "changed_in_place" and s.evidence == "evidence_update" for s in result.suspicions)
    return [s for s in steps.judge_step(learner, moved, rates) if not (updates and s.kind == "update_twice")]


def _add_notes(result: Examined) -> None:
    case = result.case
    assert case is not None
    small = [p for p in case.of(OFF) if not result.tells_of(p)]
    tiny = [p for p in small if case.blurred and negligible(p, case.tolerance)]
    if tiny:
        names = ", ".join(p.leaf.name for p in tiny)
        result.notes.append(("negligible", {"names": names, "error": f"{max(p.relative()[0] for p in tiny):.1e}"}))
    hidden = [p.leaf.name for p in case.parts if (p.state == RIGHT and not p.seen) or (p in small and p not in tiny)]
    if hidden:
        result.notes.append(("not_measured", {"names": ", ".join(hidden)}))
    if result.given is not None:
        pairs = other_letters(result.given, result.learner.leaves)
        result.notes += [("other_letters", {"parameter": own, "given": key}) for own, key in pairs]
    far = case.learner.loss_at([3 * p for p in case.learner.own])
    if not np.isfinite(far):
        result.notes.append(("far", {"factor": 3, "loss": far}))
    out = sum(int(np.sum(~p.measured.usable)) for p in case.parts)
    if out:
        result.notes.append(("kinks", {"count": out}))
