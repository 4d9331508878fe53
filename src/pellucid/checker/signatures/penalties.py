"""What a gradient is called that differs from the right one by a multiple of the parameter: a penalty gone wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pellucid.checker.numerical.case import Case
from pellucid.checker.perceptron.network import Fit
from pellucid.checker.signatures.lines import Line
from pellucid.checker.suspicion import Suspicion, suspicion_of

# Names under which learners keep the strength of a penalty, in small letters without underscores.
L2_NAMES = {
    *(
        "l2",
        "lam",
        "lambd",
        "lambda",
        "lmbda",
        "lmbd",
        "reg",
        "regularization",
        "weightdecay",
        "decay",
        "wd",
        "penalty",
    ),
    *("ridge", "regstrength", "lambdareg", "reglambda", "l2reg", "l2lambda"),
}


def penalties(case: Case, found: Sequence[Line], network: Fit | None) -> Iterator[Suspicion]:
    """Gradients that differ from the right ones by a multiple of the parameter itself, grouped by that number."""
    for weights in (True, False):
        left = [f for f in found if not f.is_multiple and f.beta]
        left = [f for f in left if (f.part.index in case.weights and not f.bias) == weights]
        while left:
            same = [f for f in left if abs(f.beta / left[0].beta - 1) < 1e-2]
            kind, values = _of_weights(left[0], case, network) if weights else _of_biases(left[0], network)
            yield suspicion_of(kind, [f.part for f in same], values | {"beta": f"{left[0].beta:+.4g}"})
            left = [f for f in left if f not in same]


def _of_biases(found: Line, network: Fit | None) -> tuple[str, dict[str, Any]]:
    values = {"l2": f"{abs(found.beta):.4g}"}
    if found.beta < 0:
        return "penalty_forgotten", values
    inside = 0.0 if network is None else network.strength(found.part.index, biases=True)
    return ("penalty_doubled" if inside else "penalty_on_biases"), values


def _of_weights(found: Line, case: Case, network: Fit | None) -> tuple[str, dict[str, Any]]:
    """Which mistake adds this multiple of the weights; the penalty's strength is known, or believed from its name."""
    if network is not None:
        l2 = network.strength(found.part.index)
        if l2 == 0:
            return "penalty_not_in_loss", {"l2": "0"}
        named = _named(found.beta / l2, l2, [network.n], case)
        return named or ("penalty_wrong_factor", {"l2": f"{l2:.4g}", "factor": f"{1 + found.beta / l2:.4g}"})
    for l2 in believed(case):
        if named := _named(found.beta / l2, l2, case.samples, case):
            return named
    values = {"l2": f"{abs(found.beta):.4g}"}
    return (
        ("penalty_forgotten", values)
        if found.beta < 0
        else ("penalty_doubled", values | {"evidence": "evidence_unsure"})
    )


def _named(ratio: float, l2: float, counts: Sequence[int], case: Case) -> tuple[str, dict[str, Any]] | None:
    """What it is called if so many times the penalty's gradient are too much."""
    near = 3e-2 if case.single else 1e-3
    values: dict[str, Any] = {"l2": f"{l2:.4g}"}
    by_n: list[tuple[float, int, dict[str, Any]]] = [(1 / n - 1, n, {}) for n in counts]
    by_n += [(n - 1.0, n, {"evidence": "evidence_times", "fix": "fix_times"}) for n in counts if n > 2]
    if abs(ratio + 1) < near:
        return "penalty_forgotten", values
    if abs(ratio - 1) < near:
        return "penalty_doubled", values
    for value, n, texts in by_n:
        if abs(ratio - value) < near * max(1.0, abs(value)):
            return "penalty_divided_by_n", values | {"n": n} | texts
    return None


def believed(case: Case) -> list[float]:
    """What the penalty's strength may be, from numbers that the learner's functions use under a telling name."""
    numbers = []
    for name, value in case.used.items():
        number = isinstance(value, float | int | np.floating) and not isinstance(value, bool) and value > 0
        if number and name.lower().replace("_", "") in L2_NAMES:
            numbers.append(float(value))
    factors = [1.0, 2.0, *(m / n for n in case.samples for m in (1.0, 2.0))]
    return [number * factor for number in numbers for factor in factors]
