"""A learner's own network: which gradient is wrong, and by what signature. Loss and gradients are enough to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.checker.examine import Examined, examine
from pellucid.checker.numerical.case import DEAD, OFF, RIGHT, Compared
from pellucid.checker.question import Question
from pellucid.checker.report import LANGUAGES, CheckReport, Finding, Row, kinds, note, worded
from pellucid.errors import InputError

__all__ = ["CheckReport", "Finding", "Row", "check_my_network", "kinds"]


def check_my_network(
    loss: Callable[..., Any],
    gradients: Callable[..., Any],
    params: Any,
    forward: Callable[..., Any] | None = None,
    step: Callable[..., Any] | None = None,
    X: Any = None,
    y: Any = None,
    lang: str = "en",
) -> CheckReport:
    """Find out what is wrong with a network that somebody wrote themselves.

    The gradients are compared with differences of the loss, near the parameters that are handed in. Where they differ,
    the difference is held against what usual mistakes would make of it: constant factors, penalties, transposes; and,
    where the network turns out to be a multilayer perceptron (its data are looked for among what the functions use, if
    X and y are not given), against backpropagation with one mistake after the other. Only root causes are told.

    Args:
        loss: loss(params) gives a number. It may also take X and y (then give them here), or nothing at all.
        gradients: gradients(params) gives the gradients in a container like params; names such as dW1 for W1 are
            understood, and so are (loss, gradients) and an object that keeps them (self.grads, self.dW1).
        params: a dict, list or tuple of arrays, also nested, plain numbers included; or an object: then its `params`
            or its attributes that are arrays. Nothing in it is changed when this returns.
        forward: forward(params, X) gives the outputs; lets shapes and the axis of softmax be seen.
        step: step(params, gradients) gives new parameters, or None if it changes them in place; one step is tried.
        X, y: the data, in rows or in columns, as forward wants them.
        lang: "en" or "zh".

    Raises:
        InputError: what is handed in cannot be checked: no function, no arrays, arguments for which there is nothing.
        Exception: whatever the learner's own functions raise at the learner's own parameters comes through as it is.

    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 11.5.2 (verifying derivatives).

    Example:
        >>> X, y = np.array([[0.5, 1.0], [-1.0, 2.0], [0.0, 0.3]]), np.array([[1.0], [0.0], [2.0]])
        >>> def loss(params):
        ...     return np.mean((X @ params["W"] + params["b"] - y) ** 2)
        >>> def gradients(params):
        ...     delta = 2 * (X @ params["W"] + params["b"] - y)
        ...     return {"W": X.T @ delta, "b": delta.sum(axis=0)}
        >>> report = check_my_network(loss, gradients, {"W": np.array([[0.4], [-0.2]]), "b": np.zeros(1)})
        >>> report.ok, [(finding.parameter, finding.kind) for finding in report.findings]
        (False, [('W', 'missing_1_over_n')])
    """
    if lang not in LANGUAGES:
        raise InputError(f"lang must be one of {', '.join(LANGUAGES)}; this is {lang!r}.")
    seen = examine(Question(loss, gradients, params, forward, step, X, y))
    findings = tuple(worded(s, lang, _gradient_of(s.parameter, seen)) for s in _once(seen))
    rows = () if seen.case is None else tuple(_row(part, seen) for part in seen.case.parts)
    notes = tuple(note(key, lang, **values) for key, values in seen.notes)
    return CheckReport(findings, rows, notes, lang, bool(seen.of_step))


def _once(seen: Examined) -> list[Any]:
    """Each kind once for each parameter."""
    kept: dict[tuple[str, str], Any] = {}
    for suspicion in seen.told:
        kept.setdefault((suspicion.kind, suspicion.parameter), suspicion)
    return list(kept.values())


def _gradient_of(name: str, seen: Examined) -> str:
    """How the gradient of a parameter is written: grads["dW1"], grads[0], self.dW1."""
    names = [leaf.name for leaf in seen.learner.leaves]
    given = seen.case.given if seen.case is not None else seen.given
    if name not in names or given is None:
        return "dW"
    way = given.names[names.index(name)] if len(given.names) == len(names) else ""
    if not way:
        return f"d{name}" if name.isidentifier() else f"grads[{names.index(name)}]"
    return f"grads{way}" if way.startswith("[") else f"self{way}" if way.startswith(".") else way


def _row(part: Compared, seen: Examined) -> Row:
    told = seen.tells_of(part)
    error, at = (float("nan"), -1) if part.state == DEAD else part.relative()
    verdict = "wrong" if told or part.state not in (RIGHT, OFF, DEAD) else "ok"
    if not told and (part.state == DEAD or (part.state == RIGHT and (at < 0 or not part.seen))):
        verdict, error = "unseen", float("nan")
    entry: tuple[int, ...] = ()
    yours = numerical = float("nan")
    if at >= 0:
        entry = tuple(int(i) for i in np.unravel_index(int(part.at[at]), part.leaf.shape)) if part.leaf.shape else ()
        yours, numerical = float(part.analytic[at]), float(part.numerical[at])
    out = int(np.sum(~part.measured.usable))
    return Row(part.leaf.name, part.leaf.shape, error, entry, yours, numerical, len(part.at), out, verdict)
