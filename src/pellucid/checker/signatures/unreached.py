"""Parameters that the loss takes no notice of, and functions that use globals instead of what they are handed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.checker.numerical.reaching import Reach, typical
from pellucid.checker.question import Question
from pellucid.checker.running.calling import Call
from pellucid.checker.running.learner import Learner
from pellucid.checker.running.matching import Given
from pellucid.checker.running.surroundings import used_by
from pellucid.checker.suspicion import Suspicion


def without_settings(learner: Learner, reach: Reach, given: Given) -> tuple[list[int], Given]:
    """Take out of the parameters what turns out to be settings (a size, a rate); the rest of the dead, counted anew."""
    out = [i for i in reach.dead if _is_setting(learner, i, given)]
    kept = [i for i in range(len(learner.leaves)) if i not in out]
    if out and kept:
        learner.leaves = [learner.leaves[i] for i in kept]
        learner.own = [learner.own[i] for i in kept]
        given = replace(given, values=tuple(given.values[i] for i in kept), names=tuple(given.names[i] for i in kept))
    return [kept.index(i) for i in reach.dead if i in kept], given


def _is_setting(learner: Learner, i: int, given: Given) -> bool:
    """A number without a gradient that the loss takes no notice of is no parameter."""
    leaf = learner.leaves[i]
    attribute = any(kind == "attribute" for kind, _ in leaf.path)
    return given.values[i] is None and (attribute or leaf.kind != "array" or leaf.dtype.kind in "iu")


def unreached(learner: Learner, dead: Sequence[int], given: Given, loss: float, twins: set[str]) -> Iterator[Suspicion]:
    """The parameters that do not change the loss, however they are moved.

    Args:
        learner: theirs.
        dead: which these are.
        given: the learner's gradients.
        loss: at the learner's parameters.
        twins: names of parameters that share an array with another: there the one is overwritten by the other.
    """
    told = [i for i in dead if learner.leaves[i].size and not _below_rounding(learner, given.values[i], loss)]
    names = [name for i in told if (name := learner.leaves[i].name) not in twins]
    if names:
        yield Suspicion("not_reaching_loss", names[0], tuple(names[1:]), {"loss": f"{loss:.6g}"})


def _below_rounding(learner: Learner, value: Any, loss: float) -> bool:
    """Whether the learner's own gradient of a parameter is so small that the loss's rounding hides what it does."""
    array = np.asarray(value) if value is not None else np.zeros(1)
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        return False
    return 0 < float(np.sum(np.abs(array))) * max(1.0, typical(learner.own)) < 1e-13 * abs(loss)


def past_arguments(question: Question, learner: Learner, reach: Reach) -> Iterator[Suspicion]:
    """A function that is handed params and uses the global ones."""
    past = [learner.leaves[i].name for i in reach.past_argument if i < len(learner.leaves)]
    if not past:
        return
    for call, evidence in ((learner.loss, "evidence_globals"), (learner.gradients, "evidence_globals_gradients")):
        if outside := _globals_of(call, question.own):
            values = {"names": ", ".join(outside)}
            yield Suspicion("not_reaching_loss", past[0], tuple(past[1:]), values, evidence, fix="fix_globals")
            return


def _globals_of(call: Call, own: set[int]) -> list[str]:
    """The names under which a plain function that takes params uses the learner's very arrays from outside.

    A lambda, or a method, that leaves its argument alone only fits an object to the contract; that is no mistake.
    """
    function = call.function
    code = getattr(function, "__code__", None)
    if code is None or not call.takes_params or hasattr(function, "__self__") or function.__name__ == "<lambda>":
        return []
    if code.co_varnames and code.co_varnames[0].startswith("_"):
        return []
    return [name for name, value in used_by([function]).items() if id(value) in own]
