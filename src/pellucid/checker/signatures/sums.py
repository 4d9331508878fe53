"""Biases whose gradient was summed over the wrong axis, over everything or over nothing: by shape and by numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.numerical.case import OFF, SHAPE, Case, Compared
from pellucid.checker.perceptron.network import Fit
from pellucid.checker.suspicion import Suspicion, suspicion_of

Array = npt.NDArray[Any]


def wrong_sums(case: Case, network: Fit | None) -> Iterator[Suspicion]:
    """Biases grouped by what was done instead of summing over the samples."""
    counts = case.samples if network is None else [network.n]
    groups: dict[str, list[Compared]] = {}
    for part in case.of(OFF, SHAPE):
        if part.index not in case.weights and (how := _how(part, counts)):
            groups.setdefault(how, []).append(part)
    for evidence, parts in groups.items():
        values = {"shape": parts[0].leaf.shape, "given": np.shape(parts[0].given)}
        yield suspicion_of("bias_wrong_axis", parts, values, evidence)


def _how(part: Compared, counts: Sequence[int]) -> str:
    """Which evidence there is; "" if none."""
    given = np.asarray(part.given, dtype=np.float64)
    if part.leaf.size > 1 and _is_total(given, part):
        return "evidence_total"
    if part.state != SHAPE or given.size == part.leaf.size or not given.size:
        return ""
    longest = max(given.shape, default=0)
    if given.ndim == 2 and part.leaf.size in given.shape and longest in counts and _is_not_summed(given, part):
        return "evidence_not_summed"
    vector = given.size == longest
    return "evidence_shape" if vector and (longest in counts or not counts) else ""


def _is_total(given: Array, part: Compared) -> bool:
    """Every number given is the sum over all samples and all units."""
    if not given.size or len(part.at) < part.leaf.size or np.ptp(given) > 1e-9 * np.max(np.abs(given)):
        return False
    slack = 1e-5 * part.scale * part.leaf.size + 5 * float(np.sum(part.measured.error))
    return abs(float(given.flat[0]) - float(np.sum(part.numerical))) <= slack


def _is_not_summed(given: Array, part: Compared) -> bool:
    """One number for each sample and unit, which summed over the samples would be right."""
    summed = given.sum(axis=0 if given.shape[1] == part.leaf.size else 1).ravel()[part.at]
    return bool(np.allclose(summed, part.numerical, rtol=1e-4, atol=1e-4 * part.scale))
