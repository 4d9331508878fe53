"""Diagnose: what is probably wrong with a network, its data or its training, found by measuring all three."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.explain.case import case_of, subject
from pellucid.explain.findings import Diagnosis, Finding
from pellucid.explain.rules import CAUSES, RULES
from pellucid.history import History
from pellucid.network import Network


def diagnose(net: Network, X: Any, y: Any, history: History | None = None) -> Diagnosis:
    """What is probably wrong, the weightiest first, each with why it matters, the evidence and the fix.

    It looks at features and targets, at the start (drawn again from the seed where that is known), at every layer's
    activations, slopes and gradients, at how training went, and at whether output, loss and targets belong together.
    It works before any training, after it, and tells more with a history. Of many rows a fixed sample of 2,048 is
    looked at closely. The same call gives the same findings, and nothing that is passed changes.

    Args:
        net: the network.
        X: features (n, inputs), as passed to fit.
        y: their targets, as passed to fit.
        history: what fit returned, if it has been trained.

    Returns:
        The findings, none for a network in good health. `print` it; a notebook shows it as a list.

    Raises:
        InputError: X, y or the history do not belong to the network.

    Source: LeCun et al., Efficient BackProp (1998); Glorot and Bengio, AISTATS (2010); Goodfellow, Bengio and
    Courville, Deep Learning (2016), chapter 11.

    Example:
        >>> from pellucid import Dense
        >>> from pellucid.data import make_moons
        >>> X, y = make_moons(200, noise=0.1)
        >>> net = Network([Dense(16, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> diagnose(net, X, y).ok
        True
        >>> diagnose(net, 1000 * X, y)[0].kind
        'features_unscaled'
    """
    case = case_of(net, X, y, history)
    when = f" after {len(history)} epochs" if history else " after training" if case.trained else ""
    with np.errstate(all="ignore"):  # numbers that overflow are told by a finding
        found = ordered([finding for rule in RULES for finding in rule(case)])
    return Diagnosis(found, subject(net, len(case.t), len(case.rows)) + when)


def ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Roots before what follows from them, and the weightier ones first.

    Example:
        >>> found = [Finding("plateau", "", "", "", "", 3), Finding("dead_units", "", "", "", "", 2)]
        >>> [(finding.kind, finding.cause) for finding in ordered(found)]
        [('dead_units', ''), ('plateau', 'dead_units')]
    """
    kinds = {finding.kind for finding in findings}

    def root(kind: str) -> str:
        cause = next((cause for cause in CAUSES.get(kind, ()) if cause in kinds and cause != kind), None)
        return kind if cause is None else root(cause)

    placed = [replace(f, cause="" if root(f.kind) == f.kind else root(f.kind)) for f in findings]
    return tuple(sorted(placed, key=lambda finding: (finding.cause != "", -finding.weight)))
