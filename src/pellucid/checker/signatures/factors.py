"""What a gradient is called that is a constant times the right one: 1/n, 2, a sign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pellucid.checker.numerical.case import Case
from pellucid.checker.perceptron.network import Fit
from pellucid.checker.signatures.lines import FACTOR, ONE, Line
from pellucid.checker.suspicion import Suspicion, suspicion_of


def multiples(case: Case, found: Sequence[Line], network: Fit | None) -> Iterator[Suspicion]:
    """Gradients that are a number times the right ones (the penalty's part aside), grouped by that number."""
    near = 2e-2 if case.single else 1e-4
    left = [f for f in found if f.is_multiple and abs(f.alpha) > 1e-6]
    while left:
        first = max(left, key=lambda f: (f.sure, f.part.scale))
        same = [f for f in left if abs(f.alpha / first.alpha - 1) < near]
        left = [f for f in left if f not in same]
        kind, values = factor_kind(first.alpha, case, network)
        sure = any(f.sure for f in same)
        least = FACTOR if case.blurred else ONE
        if kind == "constant_factor" and not (sure and (values["guess"] or abs(first.alpha - 1) > least)):
            continue
        parts = sorted((f.part for f in same), key=lambda part: part.index)
        values |= {"ratio": f"{first.alpha:.6g}", "count": sum(len(part.at) for part in parts)}
        yield suspicion_of(kind, parts, values, "evidence" if sure else "evidence_single")


Named = tuple[str, dict[str, Any]]


def factor_kind(ratio: float, case: Case, network: Fit | None) -> Named:
    """What a constant ratio of analytic to numerical is called, and the numbers that show it."""
    near = 1e-2 if case.single else 1e-3
    counts = [n for n in (case.samples if network is None else [network.n]) if n > 2]
    K = 1 if network is None else network.outputs
    offers = [*_known(counts, K, near), *([] if counts else _whole(ratio, near))]
    found = (named for value, slack, named in offers if abs(ratio / value - 1) < slack)
    return next(found, ("constant_factor", {"guess": ""}))


def _known(counts: Sequence[int], K: int, near: float) -> Iterator[tuple[float, float, Named]]:
    """Factors with a name, how near they have to be met, and the name; the most usual first."""
    yield -1.0, near, ("wrong_sign", {})
    for n in counts[:1]:
        yield n, near, ("missing_1_over_n", {"n": n, "shown": "n"})
        yield 1 / n, near, ("extra_1_over_n", {"n": n, "shown": "1/n"})
    yield 2.0, near, ("factor_2", {})
    yield 0.5, near, ("factor_half", {})
    for n in counts:
        for m in (1, -1, 2, 0.5, K, K / 2):
            sign = {1.0: "", -1.0: "-"}.get(float(m), f"{m:g} * ")
            yield n * m, near, ("missing_1_over_n", {"n": n, "shown": f"{sign}n"})
            yield m / n, near, ("extra_1_over_n", {"n": n, "shown": f"{sign}1/n"})
    for n in counts:
        yield n / (n - 1), 1e-5, ("constant_factor", {"guess": f"n/(n-1), n = {n}"})
        yield (n - 1) / n, 1e-5, ("constant_factor", {"guess": f"(n-1)/n, n = {n}"})
    if K > 1:
        yield K, near, ("constant_factor", {"guess": f"K = {K}"})
        yield 1 / K, near, ("constant_factor", {"guess": f"1/K, K = {K}"})
    for n in counts:
        for m in dict.fromkeys((2, 0.5, K, K / 2)):
            shown = {2.0: "2 * n", 0.5: "n/2"}.get(float(m), f"{m:g} * n")
            yield -n * m, near, _turned(f"{shown}, n = {n}")
            shown = {2.0: "2/n", 0.5: "1/(2 * n)"}.get(float(m), f"{m:g}/n")
            yield -m / n, near, _turned(f"{shown}, n = {n}")
    yield -2.0, near, _turned("2")
    yield -0.5, near, _turned("1/2")


def _turned(shown: str) -> Named:
    """The wrong sign, and a factor besides."""
    return "wrong_sign", {"what": "what_factor", "fix": "fix_factor", "shown": shown}


def _whole(ratio: float, near: float) -> Iterator[tuple[float, float, Named]]:
    """Without data to count, a whole number is taken for the number of samples."""
    if ratio > 2.5:
        yield round(ratio), near, ("missing_1_over_n", {"n": round(ratio), "shown": "n"})
    elif 0 < ratio < 0.4:
        yield 1 / round(1 / ratio), near, ("extra_1_over_n", {"n": round(1 / ratio), "shown": "1/n"})
