"""Gradients that need no explanation (missing, no numbers), and those for which none was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pellucid.checker.filling import Share
from pellucid.checker.numerical.case import MISSING, NOT_FINITE, NOT_NUMBERS, OFF, RIGHT, SHAPE, Case, Compared
from pellucid.checker.perceptron.stack import number_in
from pellucid.checker.suspicion import Suspicion, suspicion_of

# Mistakes on the way back, after which everything below is wrong too.
CHAIN = (
    "derivative_left_out",
    "derivative_at_z",
    "derivative_at_a",
    "derivative_wrong",
    "derivative_extra",
    "wrong_chain",
)


def at_first_sight(case: Case) -> Iterator[Suspicion]:
    """Gradients that are not there, or no numbers."""
    missing = [part for part in case.of(MISSING) if part.scale]
    for weights in (True, False):
        some = [part for part in missing if (part.index in case.weights) == weights]
        if some:
            yield suspicion_of("missing_gradient", some, {"largest": f"{max(part.scale for part in some):.3g}"})
    text = case.of(NOT_NUMBERS)
    if text:
        first = text[0].given
        first = first.item() if isinstance(first, np.ndarray) and first.shape == () else first
        yield suspicion_of("not_a_number", text, {"type": type(first).__name__}, "evidence_type")
    infinite = case.of(NOT_FINITE)
    if infinite:
        bad = np.asarray(infinite[0].given, dtype=np.float64)
        shown = "NaN" if np.isnan(bad).any() else "inf"
        values = {"count": int(np.sum(~np.isfinite(bad))), "size": bad.size, "shown": shown}
        yield suspicion_of("not_a_number", infinite, values)


def _layer_of(part: Compared) -> int:
    """Which layer a parameter is of, by its name or else its place."""
    number = number_in(part.leaf.name)
    return number if number >= 0 and not part.leaf.name.startswith("params[") else part.index // 2


def not_below(left: list[Compared], chosen: Sequence[Suspicion], case: Case) -> list[Compared]:
    """What is wrong above the layer of a named mistake; below it, nothing can be said before that one is mended."""
    named = {s.parameter for s in chosen if s.kind in CHAIN}
    roots = [_layer_of(part) for part in case.parts if part.leaf.name in named]
    return [part for part in left if _layer_of(part) > max(roots)] if roots else left


def unexplained(left: list[Compared], case: Case) -> Iterator[Suspicion]:
    """What is wrong for no reason that is known here: the shape, the way down, or simply the numbers."""
    yield from (_of_shape(part, case) for part in left if part.state == SHAPE)
    rest = [part for part in left if part.state == OFF]
    if rest:
        yield _of_the_rest(rest, case)


def _of_shape(part: Compared, case: Case) -> Suspicion:
    given, shape = np.shape(part.given), part.leaf.shape
    values = {"shape": shape, "given": given}
    samples = [s for s in given if s in case.samples and s not in shape]
    # Weights (h, 1) of a single output get a gradient (h, n) where the outputs (n, 1) meet targets (n,).
    if len(given) == 2 and len(shape) == 2 and samples and shape[1] == 1 and part.index in case.weights:
        return suspicion_of("broadcasting", [part], values, "evidence_gradient")
    return suspicion_of("wrong_shape", [part], values)


def _of_the_rest(rest: list[Compared], case: Case) -> Suspicion:
    """Right in the upper layers and wrong in all below: the chain rule's way down. Otherwise unknown."""
    layers = {part.index: _layer_of(part) for part in case.parts}
    top = max(layers[part.index] for part in rest)
    rooted = sorted(rest, key=lambda part: (-layers[part.index], part.index))
    values = _numbers(rest)
    below = {part.index for part in case.parts if layers[part.index] <= top}
    above = [part for part in case.of(RIGHT) if layers[part.index] > top]
    if below == {part.index for part in rest} and above:
        a, b = rooted[0].analytic, rooted[0].numerical
        sizes = float(np.linalg.norm(a)), float(np.linalg.norm(b))
        alike = float(np.sum(a * b)) / max(sizes[0] * sizes[1], 1e-300) > 0.7 and sizes[0] > 1.05 * sizes[1]
        number = 1 + sorted(set(layers.values())).index(top)  # from 1, however the learner counts
        values |= {"layer": number, "ratio": f"{sizes[0] / max(sizes[1], 1e-300):.3g}"}
        kind = "derivative_left_out" if alike else "wrong_chain"
        return suspicion_of(kind, rooted, values, "evidence_last_layer", what="what_last_layer")
    return suspicion_of("gradient_wrong", rooted, values)


def _numbers(rest: list[Compared]) -> dict[str, Any]:
    """How many entries are wrong, and the worst of them."""
    worst = max(rest, key=lambda part: part.relative()[0])
    error, at = worst.relative()
    entry = np.unravel_index(int(worst.at[at]), worst.leaf.shape) if worst.leaf.shape else ()
    return {
        "count": sum(int(np.sum(part.deviation > part.allowed)) for part in rest),
        "size": sum(len(part.at) for part in rest),
        "error": Share(error),
        "entry": worst.leaf.name + (str(list(map(int, entry))) if entry else ""),
        "analytic": f"{worst.analytic[at]:.6g}",
        "numerical": f"{worst.numerical[at]:.6g}",
    }
