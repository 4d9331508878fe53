"""Gradients that belong elsewhere: transposed, another parameter's, the parameter itself, one array for two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.numerical.case import OFF, SHAPE, Case, Compared
from pellucid.checker.suspicion import Suspicion, suspicion_of

Array = npt.NDArray[Any]


def transposes(case: Case) -> Iterator[Suspicion]:
    """Gradients that are the right ones transposed."""
    wrong = []
    for part in case.of(OFF, SHAPE):
        given, shape = np.asarray(part.given, dtype=np.float64), part.leaf.shape
        if len(shape) == 2 and min(shape) > 1 and given.shape == shape[::-1]:
            turned = given.T.ravel()[part.at]
            if _fits(turned, part) or (part.state == OFF and _fits_with_penalty(turned, part)):
                wrong.append(part)
    for state, evidence in ((OFF, "evidence"), (SHAPE, "evidence_shape")):
        some = [part for part in wrong if part.state == state]
        if some:
            values = {"shape": some[0].leaf.shape, "given": np.shape(some[0].given)}
            yield suspicion_of("transposed", some, values, evidence, what="what" if state == OFF else "what_shape")


def _slack(part: Compared) -> Array:
    size = np.maximum(np.abs(part.numerical), 0.03 * part.scale)
    return np.asarray(5 * part.measured.error[part.measured.usable] + 3e-5 * size)


def _fits(claimed: Array, part: Compared) -> bool:
    return len(claimed) > 1 and bool(np.all(np.abs(claimed - part.numerical) <= _slack(part)))


def _fits_with_penalty(turned: Array, part: Compared) -> bool:
    """The data's part transposed, and the penalty's not: what is left is then a multiple of W - W^T."""
    skew = (part.point - part.point.T).ravel()[part.at]
    gap = turned - part.numerical
    if len(gap) < 4 or not skew.any():
        return False
    k = float(np.sum(gap * skew) / np.sum(skew * skew))
    return bool(np.all(np.abs(gap - k * skew) <= _slack(part)))


def shared(case: Case) -> Iterator[Suspicion]:
    """One and the same array given as the gradient of two parameters."""
    indices = {part.index for part in case.of(OFF, SHAPE)}
    for i, j in case.given.shared:
        if explains := frozenset({i, j} & indices):
            first, second = case.parts[i].leaf.name, case.parts[j].leaf.name
            names = {"first": first, "second": second}
            yield Suspicion("aliased", first, (second,), names, "evidence_gradients", explains=explains)


def itself(case: Case) -> Iterator[Suspicion]:
    """Parameters given back as their own gradients."""
    same = [p for p in case.of(OFF) if np.any(p.values) and np.allclose(p.analytic, p.values, rtol=1e-6, atol=0)]
    if same:
        yield suspicion_of("other_parameter", same, {}, "evidence_itself", what="what_itself")


def only_penalties(case: Case) -> Iterator[Suspicion]:
    """A multiple of the parameter and nothing else: what the penalty adds, without what the data give."""
    found = []
    for part in case.of(OFF):
        size = float(np.sum(part.values**2))
        beta = float(np.sum(part.values * part.analytic)) / size if size else 0.0
        same = np.allclose(part.analytic, beta * part.values, rtol=1e-6 if not case.single else 1e-4, atol=0)
        if len(part.at) > 3 and 0 < beta < 1 and same:
            found.append((part, beta))
    if found:
        values = {"beta": f"{found[0][1]:.4g}", "largest": f"{max(part.scale for part, _ in found):.3g}"}
        parts = [part for part, _ in found]
        yield suspicion_of("zero_gradient", parts, values, "evidence_penalty", what="what_penalty")


def others(case: Case) -> Iterator[Suspicion]:
    """Gradients that are those of another parameter; a whole list in another order is one finding."""
    origin = {part.index: other for part in case.of(OFF, SHAPE) if (other := _origin(part, case)) is not None}
    if not origin:
        return
    _complete(case, origin)
    parts = [part for part in case.parts if part.index in origin]
    pairs = ", ".join(f"{p.leaf.name} <- {case.parts[origin[p.index]].leaf.name}" for p in parts)
    values = {"pairs": pairs, "first": parts[0].leaf.name, "other": case.parts[origin[parts[0].index]].leaf.name}
    if len(parts) > 1 and sorted(origin) == sorted(origin.values()):
        yield suspicion_of("other_parameter", parts, values, "evidence_order", what="what_order", fix="fix_order")
    else:
        yield suspicion_of("other_parameter", parts, values)


def _origin(part: Compared, case: Case) -> int | None:
    """The other parameter whose numerical gradient was given for this one."""
    given = np.asarray(part.given, dtype=np.float64)
    alike = [p for p in case.parts if p.index != part.index and p.leaf.shape == given.shape and p.scale]
    return next((p.index for p in alike if given.size > 1 and _fits(given.ravel()[p.at], p)), None)


def _complete(case: Case, origin: dict[int, int]) -> None:
    """Single numbers prove nothing by themselves, but they may belong to a list that is in another order."""
    single = [part for part in case.of(OFF, SHAPE) if np.size(part.given) == 1 and part.index not in origin]
    for part in single:
        given = float(np.asarray(part.given, dtype=np.float64).flat[0])
        alike = [p for p in case.parts if p.leaf.shape == np.shape(part.given) and p.index not in origin.values()]
        near = [p for p in alike if len(p.at) and abs(given - float(p.numerical[0])) <= 1e-4 * p.scale]
        if near:
            origin[part.index] = near[0].index
