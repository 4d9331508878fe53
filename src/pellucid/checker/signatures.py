"""What a wrong gradient looks like beside the right one, without knowing the network: multiples, penalties, transposes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.comparing import OFF, Case, Compared
from pellucid.checker.fitting import Fit
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]
L2_NAMES = ("l2", "lam", "lambd", "lambda", "lmbda", "lmbd", "reg", "regularization", "weightdecay", "decay", "wd", "penalty", "ridge", "regstrength", "lambdareg", "reglambda", "l2reg", "l2lambda")  # fmt: skip

FACTOR = 3e-3  # how far from 1 a factor without a name must be


@dataclass(frozen=True)
class Line:
    """A gradient that is alpha times the right one plus beta times the parameter.

    Attributes:
        part: which parameter.
        alpha, beta: the two.
        sure: whether there are enough entries to prove it.
        bias: whether beta belongs to biases.
    """

    part: Compared
    alpha: float
    beta: float
    sure: bool
    bias: bool = False


def line(part: Compared, tolerance: float, network: Fit | None = None) -> Line | None:
    """Fit the learner's gradient by the right one alone, then with the parameter; None where neither does.

    One number more than is fitted must come out right, by rounding alone, for it to count.
    """
    a, b, w = part.analytic, part.numerical, part.values
    off = part.deviation > part.allowed
    if not off.any() or part.scale == 0:
        return _only_penalty(part, tolerance)
    slack = 3 * part.allowed + 2e-3 * float(np.max(part.deviation)) * (tolerance > 1e-4) + 1e-5 * np.abs(a)
    alpha = float(np.sum(a * b) / np.sum(b * b))
    # With several entries, what an epsilon in a logarithm does to the numerical gradient need not be in the way.
    wide = 1e-3 * np.maximum(np.abs(a), 0.05 * np.max(np.abs(a))) if _telling(b) > 2 and abs(alpha - 1) > FACTOR else 0.0
    if np.all(np.abs(a - alpha * b) <= np.maximum(slack * max(1.0, abs(alpha)), wide)):
        return Line(part, alpha, 0.0, _telling(b) > 1)
    for biases in (False, True):
        some = w if network is None else w * (network.stack.biases_in(part.index, part.leaf.shape).ravel()[part.at] == biases)
        beta = float(np.sum((a - b) * some) / max(np.sum(some * some), 1e-300))
        wide = 1e-2 * float(np.max(np.abs(beta * some))) if len(a) > 5 else 0.0
        if len(a) > 1 and beta and np.all(np.abs(a - b - beta * some) <= np.maximum(slack, wide)):
            return Line(part, 1.0, beta, True, biases and network is not None)
    if network is not None:
        penalty = network.penalty(part.point, part.index).ravel()[part.at]
        data = b - penalty
        alpha = float(np.sum((a - penalty) * data) / max(np.sum(data * data), 1e-300))
        if penalty.any() and np.all(np.abs(a - penalty - alpha * data) <= slack * max(1.0, abs(alpha))):
            return Line(part, alpha, (1 - alpha) * network.strength(part.index), _telling(data) > 1)
    if len(a) > 3:
        sizes = np.array([np.linalg.norm(b), np.linalg.norm(w)])
        columns = np.stack([b, w], axis=1) / np.where(sizes > 0, sizes, 1)
        found = np.linalg.lstsq(columns, a, rcond=None)[0] / np.where(sizes > 0, sizes, 1)
        if np.all(np.abs(a - found[0] * b - found[1] * w) <= slack * max(1.0, abs(found[0]))):
            return Line(part, float(found[0]), float(found[1]), True)
    return None


def _telling(b: Array) -> int:
    """How many entries are large enough to tell a factor."""
    return int(np.sum(np.abs(b) > 1e-3 * np.max(np.abs(b), initial=0.0)))


def _only_penalty(part: Compared, tolerance: float) -> Line | None:
    """The right gradient is zero all over (dead units), and what was given is a multiple of the parameter."""
    a, w = part.analytic, part.values
    if part.scale == 0 and len(a) > 1 and np.any(w):
        beta = float(np.sum(a * w) / np.sum(w * w))
        if beta and np.all(np.abs(a - beta * w) <= 1e-5 * np.abs(a) + 3 * part.allowed):
            return Line(part, 1.0, beta, True)
    return None


def lines(case: Case, network: Fit | None) -> list[Line]:
    """The lines of all parameters that have one; with the factor of the others, one entry fewer is enough."""
    found = [made for part in case.of(OFF) if (made := line(part, case.tolerance, network)) is not None]
    alphas = [f.alpha for f in found if f.sure and abs(f.alpha - 1) > 3e-5]
    for part in case.of(OFF):
        if alphas and all(f.part is not part for f in found) and len(part.at) > 1:
            rest = part.analytic - alphas[0] * part.numerical
            beta = float(np.sum(rest * part.values) / max(np.sum(part.values**2), 1e-300))
            slack = 3 * part.allowed + 1e-5 * np.abs(part.analytic)
            if np.all(np.abs(rest - beta * part.values) <= slack * max(1.0, abs(alphas[0]))):
                found.append(Line(part, alphas[0], beta, True))
    return found


def multiples(case: Case, found: Sequence[Line], fit: Fit | None) -> Iterator[Suspicion]:
    """Gradients that are a number times the right ones (the penalty's part aside), grouped by that number."""
    left = [f for f in found if abs(f.alpha - 1) > 3e-5 and abs(f.alpha) > 1e-6]
    while left:
        first = max(left, key=lambda f: (f.sure, abs(f.part.scale)))
        same = [f for f in left if abs(f.alpha / first.alpha - 1) < (1e-4 if not case.single else 2e-2)]
        left = [f for f in left if f not in same]
        kind, values = factor_kind(first.alpha, case, fit)
        if kind == "constant_factor" and not values["guess"] and abs(first.alpha - 1) < FACTOR:
            continue
        if any(f.sure for f in same) or kind != "constant_factor":
            parts = [f.part for f in sorted(same, key=lambda f: f.part.index)]
            values |= {"ratio": f"{first.alpha:.6g}", "count": sum(len(part.at) for part in parts)}
            yield _of(kind, parts, values, "evidence" if any(f.sure for f in same) else "evidence_single")


def _of(
    kind: str, parts: Sequence[Compared], values: dict[str, Any], evidence: str = "evidence", **more: str
) -> Suspicion:
    names = tuple(part.leaf.name for part in parts)
    return Suspicion(
        kind, names[0], names[1:], values, evidence, explains=frozenset(part.index for part in parts), **more
    )


def factor_kind(ratio: float, case: Case, fit: Fit | None) -> tuple[str, dict[str, Any]]:
    """What a constant ratio of analytic to numerical is called, and the numbers that show it."""
    near = 1e-3 if not case.single else 1e-2
    counts = [fit.n] if fit is not None else case.samples
    counts = [n for n in counts if n > 2]
    K = fit.outputs if fit is not None else 1

    def is_(value: float) -> bool:
        return abs(ratio / value - 1) < near

    if is_(-1):
        return "wrong_sign", {}
    for n in counts:
        for m, shown in ((1, "n"), (-1, "-n"), (2, "2n"), (0.5, "n/2"), (K, f"{K}n"), (K / 2, f"{K}n/2")):
            if is_(n * m):
                return "missing_1_over_n", {"n": n, "shown": shown}
            if is_(m / n):
                return "extra_1_over_n", {"n": n, "shown": {"n": "1/n", "-n": "-1/n"}.get(shown, f"{m:g}/n")}
    if is_(2):
        return "factor_2", {}
    if is_(0.5):
        return "factor_half", {}
    for n in counts:
        if abs(ratio * (n - 1) / n - 1) < 1e-5 or abs(ratio * n / (n - 1) - 1) < 1e-5:
            return "constant_factor", {"guess": f"n/(n-1), n = {n}" if ratio > 1 else f"(n-1)/n, n = {n}"}
    if not counts and ratio > 2.5 and abs(ratio - round(ratio)) < near * ratio:
        return "missing_1_over_n", {"n": round(ratio), "shown": "n"}
    if not counts and 0 < ratio < 0.4 and abs(1 / ratio - round(1 / ratio)) < near / ratio:
        return "extra_1_over_n", {"n": round(1 / ratio), "shown": "1/n"}
    for number in (K, 1 / K, 4, 0.25, -2, -0.5):
        if K > 1 and is_(K):
            return "constant_factor", {"guess": f"K = {K}"}
        if K > 1 and is_(1 / K):
            return "constant_factor", {"guess": f"1/K, K = {K}"}
        if is_(number) and number < 0:
            return "wrong_sign", {}
    return "constant_factor", {"guess": ""}


def penalties(case: Case, found: Sequence[Line], fit: Fit | None) -> Iterator[Suspicion]:
    """Gradients that differ from the right ones by a multiple of the parameter itself."""
    for weights in (True, False):
        kind_of = [(f, f.part.index in case.weights and not f.bias) for f in found if abs(f.alpha - 1) <= 3e-5 and f.beta]
        wrong = [f for f, weight in kind_of if weight == weights]
        while wrong:
            first = wrong[0]
            same = [f for f in wrong if abs(f.beta / first.beta - 1) < 1e-2]
            wrong = [f for f in wrong if f not in same]
            kind, values = penalty_kind(first, case, fit, weights)
            yield _of(kind, [f.part for f in same], values | {"beta": f"{first.beta:+.4g}"})


def penalty_kind(found: Line, case: Case, fit: Fit | None, weights: bool) -> tuple[str, dict[str, Any]]:
    """Which penalty mistake adds this multiple of the parameter."""
    near = 1e-3 if not case.single else 3e-2
    n_of = [fit.n] if fit is not None else case.samples
    if not weights:
        inside = fit.strength(found.part.index, biases=True) if fit is not None else 0.0
        if found.beta > 0 and not inside:
            return "penalty_on_biases", {"l2": f"{found.beta:.4g}"}
        return ("penalty_forgotten" if found.beta < 0 else "penalty_doubled"), {"l2": f"{abs(found.beta):.4g}"}
    known = fit.strength(found.part.index) if fit is not None else None
    for l2 in [known] if known is not None else believed(case, found):
        values = {"l2": f"{l2:.4g}"}
        if l2 == 0:
            return "penalty_not_in_loss", values
        ratio = found.beta / l2

        def is_(value: float, ratio: float = ratio) -> bool:
            return abs(ratio - value) < near * max(1, abs(value))

        if is_(-1):
            return "penalty_forgotten", values
        if is_(1):
            return "penalty_doubled", values
        for n in n_of:
            if is_(1 / n - 1):
                return "penalty_divided_by_n", values | {"n": n}
            if is_(n - 1):
                return "penalty_divided_by_n", values | {"n": n, "evidence": "evidence_times", "fix": "fix_times"}
        if known is not None:
            return "penalty_wrong_factor", values | {"factor": f"{1 + ratio:.4g}"}
    if found.beta < 0:
        return "penalty_forgotten", {"l2": f"{-found.beta:.4g}"}
    return "penalty_doubled", {"l2": f"{found.beta:.4g}", "evidence": "evidence_unsure"}


def believed(case: Case, found: Line) -> list[float]:
    """What the penalty's strength may be, from numbers that the learner's functions use under a telling name."""
    numbers = []
    for name, value in case.used.items():
        plain = name.lower().replace("_", "")
        if isinstance(value, float | int | np.floating) and not isinstance(value, bool) and plain in L2_NAMES and value:
            numbers.append(float(value))
    factors = [1.0, 2.0, *(m / n for n in case.samples for m in (1.0, 2.0))]
    return [number * factor for number in numbers for factor in factors]


def transposes(case: Case) -> Iterator[Suspicion]:
    """Gradients that are the right ones transposed."""
    wrong = []
    for part in case.of(OFF, "shape"):
        shape = part.leaf.shape
        given = np.asarray(part.given, dtype=np.float64)
        if len(shape) == 2 and min(shape) > 1 and given.shape == shape[::-1]:
            turned = given.T.ravel()[part.at]
            if _fits(turned, part) or (part.state == OFF and _fits_with_penalty(turned, part)):
                wrong.append(part)
    for state in (OFF, "shape"):
        some = [part for part in wrong if part.state == state]
        if some:
            values = {"shape": some[0].leaf.shape, "given": np.shape(some[0].given)}
            yield _of("transposed", some, values, "evidence" if state == OFF else "evidence_shape")


def _fits(claimed: Array, part: Compared) -> bool:
    allowed = 5 * part.measured.error[part.measured.usable] + 3e-5 * np.maximum(
        np.abs(part.numerical), 0.03 * part.scale
    )
    return len(claimed) > 1 and bool(np.all(np.abs(claimed - part.numerical) <= allowed))


def _fits_with_penalty(turned: Array, part: Compared) -> bool:
    """The data's part transposed, and the penalty's not: what is left is then a multiple of W - W^T."""
    w = part.point
    skew = (w - w.T).ravel()[part.at]
    gap = turned - part.numerical
    if len(gap) < 4 or not skew.any():
        return False
    k = float(np.sum(gap * skew) / np.sum(skew * skew))
    slack = 5 * part.measured.error[part.measured.usable] + 3e-5 * np.maximum(np.abs(part.numerical), 0.03 * part.scale)
    return bool(np.all(np.abs(gap - k * skew) <= slack))


def shared(case: Case) -> Iterator[Suspicion]:
    """One and the same array given as the gradient of two parameters; or the parameter itself given as its gradient."""
    wrong = case.of(OFF, "shape")
    indices = {part.index for part in wrong}
    for i, j in case.given.shared:
        if explains := frozenset({i, j} & indices):
            first, second = case.parts[i].leaf.name, case.parts[j].leaf.name
            names = {"first": first, "second": second}
            yield Suspicion("aliased", first, (second,), names, "evidence_gradients", explains=explains)
    same = [p for p in case.of(OFF) if p.scale and np.allclose(p.analytic, p.values, rtol=1e-6, atol=0) and np.any(p.values)]
    if same:
        yield _of("other_parameter", same, {}, "evidence_itself", what="what_itself")


def others(case: Case) -> Iterator[Suspicion]:
    """Gradients that are those of another parameter; a whole list in another order is one finding."""
    origin: dict[int, int] = {}
    for part in case.of(OFF, "shape"):
        given = np.asarray(part.given, dtype=np.float64)
        for other in case.parts:
            if other.index != part.index and given.shape == other.leaf.shape and given.size > 1 and other.scale:
                if _fits(given.ravel()[other.at], other):
                    origin[part.index] = other.index
                    break
    if not origin:
        return
    _complete(case, origin)
    parts = [part for part in case.parts if part.index in origin]
    pairs = ", ".join(f"{p.leaf.name} <- {case.parts[origin[p.index]].leaf.name}" for p in parts)
    values = {"pairs": pairs, "first": parts[0].leaf.name, "other": case.parts[origin[parts[0].index]].leaf.name}
    if len(parts) > 1 and sorted(origin) == sorted(origin.values()):
        yield _of("other_parameter", parts, values, "evidence_order", what="what_order", fix="fix_order")
    else:
        yield _of("other_parameter", parts, values)


def _complete(case: Case, origin: dict[int, int]) -> None:
    """Single numbers prove nothing by themselves, but they may belong to a list that is in another order."""
    for part in case.of(OFF, "shape"):
        given = np.asarray(part.given, dtype=np.float64)
        for other in case.parts:
            open_ = part.index not in origin and other.index not in origin.values()
            if open_ and given.size == 1 and given.shape == other.leaf.shape:
                if abs(float(given.flat[0]) - float(other.numerical[0])) <= 1e-4 * other.scale:
                    origin[part.index] = other.index
