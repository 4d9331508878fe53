"""The whole check, from the first call to the last: what is looked at, in which order, and when it is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker import naming, outputs, protocol, reaching, steps
from pellucid.checker.calling import KNOWN, Call, check_callable, plan
from pellucid.checker.comparing import DEAD, OFF, RIGHT, Case, Compared, compare, negligible, reassigned
from pellucid.checker.containers import get, is_numeric, leaves, of_numbers, read
from pellucid.checker.fitting import Fit
from pellucid.checker.learner import Learner, changed
from pellucid.checker.matching import Given
from pellucid.checker.probing import Prober
from pellucid.checker.surroundings import Snapshot, constants, used_by
from pellucid.checker.suspicion import Suspicion
from pellucid.errors import InputError

Array = npt.NDArray[Any]
Function = Callable[..., Any]
VAGUE = ("gradient_wrong", "wrong_chain", "constant_factor")  # what may follow from something else


@dataclass
class Examined:
    """What came of it.

    Attributes:
        learner: the network as it was looked at.
        suspicions: root causes, the most important first.
        case: parameters and their gradients, where it came to that.
        notes: keys of the texts, with their values.
        given: the gradients at the learner's parameters, for the names that they go by.
    """

    learner: Learner
    suspicions: list[Suspicion] = field(default_factory=list)
    case: Case | None = None
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    given: Given | None = None


@dataclass(frozen=True)
class Question:
    """What check_my_network was called with."""

    loss: Function
    gradients: Function
    params: Any
    forward: Function | None
    step: Function | None
    X: Any
    y: Any

    @property
    def functions(self) -> list[Function]:
        return [f for f in (self.loss, self.gradients, self.forward, self.step) if f is not None]


def examine(question: Question) -> Examined:
    """Look at a learner's network; everything of theirs is as it was afterwards."""
    for function, what in ((question.loss, "loss"), (question.gradients, "gradients")):
        check_callable(function, what)
    for optional, what in ((question.forward, "forward"), (question.step, "step")):
        if optional is not None:
            check_callable(optional, what)
    snapshot = Snapshot(question.functions, [question.params, question.X, question.y])
    try:
        with np.errstate(all="ignore"):  # numbers out of range are what is looked for
            return _examined(question, snapshot)
    finally:
        snapshot.restore()


def _examined(question: Question, snapshot: Snapshot) -> Examined:
    learner, step = _prepared(question)
    used = used_by(question.functions)
    seen = protocol.observe(learner, _watched(question, used))
    result = Examined(learner, [*protocol.aliases(learner), *seen.suspicions], given=seen.given)
    if not seen.over and not np.isfinite(seen.loss):
        result.suspicions.append(_overflow(learner, seen.loss))
        seen.over = True
    if seen.over or seen.given is None:
        if any(s.kind == "random_loss" for s in seen.suspicions):
            result.notes.append(("no_wait", {}))
            result.suspicions += _of_outputs(question, learner, None)
        return result
    reach = reaching.settle(learner, seen.loss)
    result.suspicions += _of_reach(question, learner, reach, seen, used)
    dead = _without_settings(learner, reach, seen)
    point = reaching.vantage(learner)
    given = _gradients(learner, point, seen)
    if given is None:
        point = [np.asarray(p, dtype=np.float64) for p in learner.own]
        given = _gradients(learner, point, seen) or seen.given
    data = _data(question, used)
    case = _compared(learner, point, given, dead, data, used, constants([question.loss]))
    case = _seen_better(case, dead, seen)
    result.case = case
    named, network = naming.suspects(case)
    if named and _stale(learner, seen, case):
        names = [p.leaf.name for p in case.parts if p.state not in ("right", "dead")]
        named = [Suspicion("gradients_ignore_params", names[0], tuple(names[1:]))]
    if dead:  # with a layer out of the network, nothing that is vague can be trusted
        named = [s for s in named if s.kind not in VAGUE and s.evidence != "evidence_last_layer"]
    result.suspicions += named
    _merge(result, _of_outputs(question, learner, network))
    if step is not None:
        result.suspicions += _of_step(question, learner, step, result, used)
    _notes(result)
    return result


def _prepared(question: Question) -> tuple[Learner, Call | None]:
    """Names for the parameters, and how each function is called."""
    found = leaves(question.params)
    if not found:
        seen = (
            f"{question.params!r}"[:60]
            if not hasattr(question.params, "__dict__")
            else f"a {type(question.params).__name__}"
        )
        raise InputError(
            f"params is {seen}, and no array of numbers is found in it. Hand in the parameters in a dict or a list of "
            'arrays, such as params = {"W1": W1, "b1": b1} or params = [W1, b1], or an object that has them as attributes.'
        )
    names = [leaf.name for leaf in found]
    there = ["params", *(["X"] if question.X is not None else []), *(["y"] if question.y is not None else [])]
    forward = None
    if question.forward is not None:
        used = used_by([question.forward, question.loss])
        X = question.X if question.X is not None else used.get("X")
        more = there if question.X is not None or X is None else [*there, "X"]
        forward = plan(question.forward, "forward", ("params", "X"), more, names)
    after = [*there, "outputs", "cache"] if forward is not None else there
    loss = plan(question.loss, "loss", ("params",), after, names)
    gradients = plan(question.gradients, "gradients", ("params",), after, names)
    step = None
    if question.step is not None:
        step = plan(question.step, "step", ("params", "gradients"), [*there, "gradients", "rate"], names)
    own = [read(question.params, leaf) for leaf in found]
    X = question.X
    if X is None and forward is not None and forward.takes("X"):
        X = used_by([question.forward, question.loss]).get("X")
    learner = Learner(question.params, found, own, loss, gradients, forward, X, question.y)
    if any(value is None for value in own):
        raise InputError("params changed while it was read.")
    return learner, step


def _watched(question: Question, used: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays of data that nobody should change, by name."""
    found: dict[str, Array] = {}
    own = {id(get(question.params, leaf.path)) for leaf in leaves(question.params)}
    for name, value in [*used.items(), ("X", question.X), ("y", question.y)]:
        role = KNOWN.get(name.lower().replace("_", ""))
        if is_numeric(value) and role in ("X", "y") and id(value) not in own:
            if not any(value is other for other in found.values()):
                found[name] = value
    return found


def _data(question: Question, used: Mapping[str, Any]) -> list[tuple[Array, Array | None]]:
    """Pairs of X and y to try: those given, then those that the functions use under such names, then any that fit."""
    own = {id(get(question.params, leaf.path)) for leaf in leaves(question.params)} | {id(question.params)}
    found: dict[str, list[Array]] = {"X": [], "y": [], "": []}
    for name, value in [("X", question.X), ("y", question.y), *used.items()]:
        for key, item in _inside(name, value, own):
            array = np.asarray(item)
            if array.dtype.kind in "fiub" and 0 < array.ndim <= 4 and array.size > 1:
                role = KNOWN.get(key.lower().replace("_", ""), "")
                found[role if role in found else ""].append(array)
    Xs = [*found["X"], *(a for a in found[""] if a.ndim == 2)][:5]
    ys = [*found["y"], *(a for a in found[""] if a.ndim < 3)][:5]
    pairs: list[tuple[Array, Array | None]] = [
        (X, y) for X in Xs for y in ys if y is not X and X.dtype.kind in "fiu" and set(y.shape) & set(X.shape)
    ]
    return pairs[:10] or [(X, None) for X in Xs[:2]]


def _inside(name: str, value: Any, own: set[int]) -> list[tuple[str, Any]]:
    """The arrays in something that a function uses: itself, or those in a (X, y), a list or a dict; no parameters."""
    if id(value) in own:
        return []
    if isinstance(value, dict):
        return [(str(key), item) for key, item in value.items() if id(item) not in own and is_numeric(item)]
    if is_numeric(value) or of_numbers(value):
        return [(name, value)]
    if isinstance(value, tuple | list) and len(value) <= 4:
        arrays = [item for item in value if (is_numeric(item) or of_numbers(item)) and id(item) not in own]
        names = ("X", "y") if len(arrays) == 2 == len(value) else ("",) * len(arrays)
        return list(zip(names, arrays, strict=True))
    return []


def _overflow(learner: Learner, loss: float) -> Suspicion:
    """The loss is not finite; whether it would be with smaller parameters says that it is a matter of size."""
    largest = max(float(np.max(np.abs(p), initial=0.0)) for p in learner.own)
    smaller = ""
    for factor in (0.3, 0.1, 0.01, 1e-3, 1e-4):
        value = learner.loss_at([p * factor for p in learner.own])
        if np.isfinite(value):
            smaller = f"{factor:g} * params: {value:.4g}."
            break
    values = {"loss": f"{loss}", "largest": f"{largest:.4g}", "smaller": smaller}
    return Suspicion("overflow", "loss", values=values)


def _of_reach(
    question: Question, learner: Learner, reach: reaching.Reach, seen: protocol.Protocol, used: Mapping[str, Any]
) -> list[Suspicion]:
    """Parameters that the loss does not notice, and functions that use globals instead of what they are handed."""
    found = []
    dead = [i for i in reach.dead if not _is_setting(learner, i, seen) and not _below_rounding(learner, i, seen)]
    names = [learner.leaves[i].name for i in dead]
    if dead:
        values = {"loss": f"{seen.loss:.6g}"}
        found.append(Suspicion("not_reaching_loss", names[0], tuple(names[1:]), values))
    if reach.past_argument:
        past = [learner.leaves[i].name for i in reach.past_argument]
        for call, evidence in ((learner.loss, "evidence_globals"), (learner.gradients, "evidence_globals_gradients")):
            outside = _uses_globals(question, learner, call, used)
            if outside:
                values = {"names": ", ".join(outside)}
                found.append(
                    Suspicion("not_reaching_loss", past[0], tuple(past[1:]), values, evidence, fix="fix_globals")
                )
                break
    return found


def _uses_globals(question: Question, learner: Learner, call: Call, used: Mapping[str, Any]) -> list[str]:
    """The names under which a plain function that takes params uses the learner's very arrays from outside.

    A lambda, or a method, that leaves its argument alone only fits an object to the contract; that is no mistake.
    """
    function = call.function
    name = getattr(function, "__name__", "<lambda>")
    if not call.takes_params or name == "<lambda>" or hasattr(function, "__self__"):
        return []
    code = getattr(function, "__code__", None)
    if code is None or (code.co_varnames and code.co_varnames[0].startswith("_")):
        return []
    own = {id(get(question.params, leaf.path)) for leaf in learner.leaves} | {id(question.params)}
    return [key for key, value in used_by([function]).items() if id(value) in own]


def _is_setting(learner: Learner, i: int, seen: protocol.Protocol) -> bool:
    """A number without a gradient that the loss takes no notice of is a setting (a size, a rate) and no parameter."""
    leaf = learner.leaves[i]
    missing = seen.given is not None and seen.given.values[i] is None
    attribute = any(kind == "attribute" for kind, _ in leaf.path)
    return missing and (attribute or leaf.kind != "array" or leaf.dtype.kind in "iu")


def _below_rounding(learner: Learner, i: int, seen: protocol.Protocol) -> bool:
    """Whether the learner's own gradient of a parameter is so small that the loss's rounding hides what it does."""
    value = None if seen.given is None else seen.given.values[i]
    array = np.asarray(value) if value is not None else np.zeros(1)
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        return False
    reach = float(np.sum(np.abs(array))) * max(1.0, reaching.typical(learner.own))
    return 0 < reach < 1e-13 * abs(seen.loss)


def _without_settings(learner: Learner, reach: reaching.Reach, seen: protocol.Protocol) -> list[int]:
    """Take out of the parameters what turned out to be settings; the indices of those that are dead, counted anew."""
    out = [i for i in reach.dead if _is_setting(learner, i, seen)]
    kept = [i for i in range(len(learner.leaves)) if i not in out]
    if out and kept:
        learner.leaves = [learner.leaves[i] for i in kept]
        learner.own = [learner.own[i] for i in kept]
        if seen.given is not None:
            values, names = seen.given.values, seen.given.names
            seen.given = Given(
                tuple(values[i] for i in kept), tuple(names[i] for i in kept), seen.given.by_position, seen.given.flat
            )
    return [kept.index(i) for i in reach.dead if i in kept]


def _compared(
    learner: Learner, point: list[Array], given: Given, dead: Sequence[int], data: Any, used: Any, numbers: set[float]
) -> Case:
    prober = Prober(learner, point)
    case = compare(learner, given, prober, dead, data, used, numbers)
    if given.by_position and _free(learner, given):
        found = reassigned(given, [part.measured for part in case.parts], learner.leaves)
        if found.names != given.names:
            case = compare(learner, found, prober, dead, data, used, numbers)
    return case


def _seen_better(case: Case, dead: Sequence[int], seen: protocol.Protocol) -> Case:
    """Where a gradient drowns in the rounding of the loss (tiny first weights), the same with weights of a usual size."""
    hidden = [part for part in case.parts if part.state == RIGHT and not part.seen]
    if not hidden or any(part.state not in (RIGHT, DEAD) for part in case.parts):
        return case
    learner = case.learner
    point = reaching.elsewhere(learner)
    given = _gradients(learner, point, seen) if np.isfinite(learner.loss_at(point)) else None
    if given is None:
        return case
    other = _compared(learner, point, given, dead, case.data, case.used, case.numbers)
    better = sum(part.seen for part in other.parts) > sum(part.seen for part in case.parts)
    return other if better else case


def _gradients(learner: Learner, point: Sequence[Array], seen: protocol.Protocol) -> Given | None:
    """The learner's gradients at a point; where every call adds to the last one, what the second call added."""
    first = learner.gradients_at(point)
    if first is None or not seen.accumulates:
        return first
    second = learner.gradients_at(point)
    if second is None:
        return None
    pairs = zip(first.values, second.values, strict=True)
    added = tuple(None if a is None or b is None else _less(b, a) for a, b in pairs)
    return Given(added, second.names, second.by_position, second.flat, second.container)


def _less(b: Any, a: Any) -> Any:
    """What was added; or the value itself where nothing was."""
    gap = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    return gap if np.any(np.abs(gap) > 1e-12 * np.abs(np.asarray(a, dtype=np.float64))) else b


def _free(learner: Learner, given: Given) -> bool:
    """Whether no position is promised: another number of gradients, or a list beside a dict."""
    import collections.abc as abc

    other = isinstance(learner.params, abc.Mapping) or hasattr(learner.params, "__dict__")
    return len(given.flat) != len(learner.leaves) or other


def _stale(learner: Learner, seen: protocol.Protocol, case: Case) -> bool:
    """Whether the gradients at the moved point are, to the last bit, those at the learner's own parameters."""
    if seen.given is None or seen.accumulates or learner.mode != "copies" or not changed(learner.own, case.prober.point):
        return False
    pairs = [(a, b) for a, b in zip(seen.given.values, case.given.values, strict=True) if a is not None and b is not None]
    arrays = [(np.asarray(a), np.asarray(b)) for a, b in pairs]
    same = [
        a.shape == b.shape and not changed([a], [b])
        for a, b in arrays
        if a.size and a.dtype.kind in "fiu" and np.any(a)
    ]
    return bool(same) and all(same)


def _of_outputs(question: Question, learner: Learner, network: Fit | None) -> list[Suspicion]:
    if question.forward is None or learner.X is None:
        return []
    made = learner.outputs_at(learner.own)
    if made is None:
        with np.errstate(all="ignore"):
            made = learner.run_forward(learner.params)  # lets what goes wrong in the learner's code through
    y = None if question.y is None else np.asarray(question.y)
    return list(outputs.judge_outputs(learner, made, np.asarray(learner.X), y))


def _merge(result: Examined, found: Sequence[Suspicion]) -> None:
    """Add what forward showed; a wrong forward pass is told once, and explains gradients that nothing else explains."""
    kinds = {s.kind for s in result.suspicions}
    new = [s for s in found if s.kind not in kinds]
    if any(s.kind in ("softmax_wrong_axis", "broadcasting") for s in new):
        result.suspicions = [s for s in result.suspicions if s.kind not in VAGUE]
    result.suspicions += new


def _of_step(
    question: Question, learner: Learner, step: Call, result: Examined, used: Mapping[str, Any]
) -> list[Suspicion]:
    """What is wrong with the update, beyond what wrong gradients make of it."""
    try:
        moved = steps.try_step(learner, step)
    except Exception:
        if result.suspicions:  # gradients that are wrong, missing or of another shape may well break an update
            return []
        raise
    rates = steps.known_rates(step, used_by([question.step]), constants([question.step]))
    found = list(steps.judge_step(learner, moved, rates))
    updates = any(s.kind == "changed_in_place" and s.evidence == "evidence_update" for s in result.suspicions)
    return [s for s in found if not (updates and s.kind == "update_twice")]


def _notes(result: Examined) -> None:
    case = result.case
    if case is None:
        return
    small = [p for p in case.parts if p.state == OFF and not _is_explained(p, result.suspicions)]
    tiny = [p for p in small if negligible(p, case.tolerance)]
    if tiny:
        worst = max(p.relative()[0] for p in tiny)
        result.notes.append(("negligible", {"names": ", ".join(p.leaf.name for p in tiny), "error": f"{worst:.1e}"}))
    hidden = [p.leaf.name for p in case.parts if (p.state == RIGHT and not p.seen) or (p in small and p not in tiny)]
    if hidden:
        result.notes.append(("not_measured", {"names": ", ".join(hidden)}))
    far = case.learner.loss_at([3 * p for p in case.learner.own])
    if not np.isfinite(far) and not any(s.kind == "overflow" for s in result.suspicions):
        result.notes.append(("far", {"factor": 3, "loss": far}))
    out = sum(int(np.sum(~p.measured.usable)) for p in case.parts)
    if out:
        result.notes.append(("kinks", {"count": out}))


def _is_explained(part: Compared, suspicions: Sequence[Suspicion]) -> bool:
    return any(part.leaf.name in (s.parameter, *s.also) or part.index in s.explains for s in suspicions)
