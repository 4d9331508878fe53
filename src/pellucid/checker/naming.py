"""From wrong gradients to suspects: everything that explains some of them, and the fewest that explain them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker import signatures
from pellucid.checker.comparing import (
    MISSING,
    NOT_FINITE,
    NOT_NUMBERS,
    OFF,
    RIGHT,
    SHAPE,
    ZERO,
    Case,
    Compared,
    negligible,
)
from pellucid.checker.fitting import Fit, fit
from pellucid.checker.mistakes import Backward, Mistake, mistakes
from pellucid.checker.stack import number_in
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]
CHAIN = (
    "derivative_left_out",
    "derivative_at_z",
    "derivative_at_a",
    "derivative_wrong",
    "derivative_extra",
    "wrong_chain",
)


def suspects(case: Case) -> tuple[list[Suspicion], Fit | None]:
    """Name what is wrong with the gradients; nothing if nothing is, or nothing that rounding could not explain."""
    found = list(_plain(case))
    wrong = {part.index for part in case.of(OFF, SHAPE)}
    if not wrong:
        return [*found, *_zeros(case, [])], None
    if not any(True for _ in _by_numbers(case, None)) and all(p.state == OFF and _doubtful(p, case) for p in case.of(OFF, SHAPE)):
        return [*found, *_zeros(case, [])], None
    network = recognised(case)
    offers = [offer for offer in _offers(case, network) if not _is_doubtful(offer[1], case)]
    chosen = _fewest(offers, wrong)
    found += [*_zeros(case, chosen), *chosen]
    left = [case.parts[i] for i in sorted(wrong - set().union(*(s.explains for s in chosen)))]
    if left and any(s.kind in CHAIN for s in chosen):
        left = _not_below(left, chosen, case)
    left = [part for part in left if part.state == SHAPE or not _doubtful(part, case)]
    found += _unexplained(left, case, network)
    return found, network


def _doubtful(part: Compared, case: Case) -> bool:
    """Whether a deviation without a name is as small as an epsilon makes it, or single entries were measured badly."""
    assert part.gradient is not None
    if 2 * len(part.at) < len(part.measured.entries):
        return True  # most of it could not be measured at all
    near = bool(np.all(part.deviation <= 30 * part.measured.error[part.measured.usable] + part.allowed))
    return near or negligible(part, case.tolerance) or case.prober.confirms(part.index, part.gradient)


def _is_doubtful(suspicion: Suspicion, case: Case) -> bool:
    unnamed = suspicion.kind == "constant_factor" and not suspicion.values.get("guess")
    return unnamed and all(_doubtful(case.parts[i], case) for i in suspicion.explains)


def recognised(case: Case) -> Fit | None:
    """The network, if it is one that can be recognised and its gradients are those that differences give."""
    point = [part.point for part in case.parts]
    network = fit(case.learner, point, case.data)
    if network is None:
        return None
    back = Backward(network, point)
    for part in case.parts:
        if part.index in back.right:
            right = back.right[part.index].ravel()[part.at]
            slack = 10 * part.measured.error[part.measured.usable] + 1e-2 * part.scale
            if not np.all(np.abs(right - part.numerical) <= slack) and not (network.pair.eps or network.pair.clip):
                return None
    return network


def _plain(case: Case) -> Iterator[Suspicion]:
    """What needs no explanation: gradients that are not there, zero, or no numbers."""
    biases = [p for p in case.of(MISSING) if p.scale and p.index not in case.weights]
    weights = [p for p in case.of(MISSING) if p.scale and p.index in case.weights]
    for parts in (weights, biases):
        if parts:
            yield signatures._of("missing_gradient", parts, {"largest": f"{max(p.scale for p in parts):.3g}"})
    text = case.of(NOT_NUMBERS)
    if text:
        yield signatures._of("not_a_number", text, {"type": type(text[0].given).__name__}, "evidence_type")
    infinite = case.of(NOT_FINITE)
    if infinite:
        bad = np.asarray(infinite[0].given, dtype=np.float64)
        count = int(np.sum(~np.isfinite(bad)))
        shown = "NaN" if np.isnan(bad).any() else "inf"
        yield signatures._of("not_a_number", infinite, {"count": count, "size": bad.size, "shown": shown})


def _zeros(case: Case, chosen: Sequence[Suspicion]) -> Iterator[Suspicion]:
    """Gradients that are zero, unless a mistake further up makes them so."""
    zero = [part for part in case.of(ZERO) if not any(part.index in s.explains for s in chosen)]
    if zero:
        yield signatures._of("zero_gradient", zero, {"largest": f"{max(p.scale for p in zero):.3g}"})


def _offers(case: Case, network: Fit | None) -> Iterator[tuple[float, Suspicion]]:
    """Every explanation with what it costs to believe it."""
    yield from _by_numbers(case, network)
    if network is not None:
        yield from _of_the_loss(case, network)
        yield from _of_the_network(case, network)


def _by_numbers(case: Case, network: Fit | None) -> Iterator[tuple[float, Suspicion]]:
    """What the numbers alone show."""
    found = signatures.lines(case, network)
    for suspicion in signatures.multiples(case, found, network):
        cost = 5.0 if suspicion.kind == "constant_factor" else 0.5
        yield cost + (1.0 if suspicion.evidence == "evidence_single" else 0.0), suspicion
    yield from ((0.6, suspicion) for suspicion in signatures.penalties(case, found, network))
    yield from ((0.4, suspicion) for suspicion in signatures.transposes(case))
    yield from ((0.3, suspicion) for suspicion in signatures.shared(case))
    yield from ((0.7, suspicion) for suspicion in signatures.others(case))
    yield from ((0.8, suspicion) for suspicion in _wrong_sums(case, network))


def _of_the_loss(case: Case, network: Fit) -> Iterator[tuple[float, Suspicion]]:
    """Slips in the forward pass, which the loss has as well: they explain every gradient that is wrong."""
    wrong = frozenset(part.index for part in case.of(OFF, SHAPE))
    last = case.parts[network.stack.layers[-1].weight].leaf.name
    if network.pair.output == "softmax" and network.pair.axis == 0:
        yield (
            0.3,
            Suspicion("softmax_wrong_axis", last, values={"n": network.n}, evidence="evidence_loss", explains=wrong),
        )
    if network.pair.crossed:
        shapes = {"n": network.n, "shape": (network.n, network.n)}
        yield 0.3, Suspicion("broadcasting", "loss", values=shapes, evidence="evidence_crossed", explains=wrong)
    if network.pair.eps or network.pair.clip:
        back = Backward(network, [part.point for part in case.parts])
        near = frozenset(p.index for p in case.of(OFF) if _agrees(p, back.right.get(p.index), 1e-5))
        if near and not all(negligible(case.parts[i], case.tolerance) for i in near):
            values = {"eps": f"{network.pair.eps or network.pair.clip:.0e}"}
            evidence = "evidence" if network.pair.clip else "evidence_eps"
            yield 0.3, Suspicion("loss_clipped", "loss", values=values, evidence=evidence, explains=near)


def _of_the_network(case: Case, network: Fit) -> Iterator[tuple[float, Suspicion]]:
    """Mistakes in backpropagation whose gradients are those that were given."""
    back = Backward(network, [part.point for part in case.parts])
    exact = 1e-6 if not case.single else 1e-3
    exact = max(exact, 1e-5 if network.pair.eps or network.pair.clip else 0.0)
    wrong = case.of(OFF, SHAPE)
    for mistake in mistakes(back):
        explained = []
        for part in wrong:
            claimed = mistake.gradients.get(part.index)
            if claimed is not None and _changed(claimed, back.right[part.index]) and _agrees(part, claimed, exact):
                explained.append(part)
        if not explained or _contradicted(case, mistake, back):
            continue
        zero = [part for part in case.of(ZERO) if _is_zero(mistake.gradients.get(part.index), part)]
        yield mistake.cost, _suspicion(mistake, explained, zero, network)


def _changed(claimed: Array, right: Array) -> bool:
    if claimed.shape != right.shape:
        return True
    size = float(np.max(np.abs(right), initial=0.0))
    return bool(np.max(np.abs(claimed - right), initial=0.0) > 1e-7 * size)


def _agrees(part: Compared, claimed: Array | None, exact: float) -> bool:
    """Whether the given gradient is this one, in whichever harmless shape."""
    if claimed is None:
        return False
    given = np.asarray(part.given, dtype=np.float64)
    if given.shape != claimed.shape:
        if given.size != claimed.size or np.squeeze(given).shape != np.squeeze(claimed).shape:
            return False
        given = given.reshape(claimed.shape)
    size = float(np.max(np.abs(claimed), initial=0.0))
    return size > 0 and bool(np.max(np.abs(given - claimed)) <= exact * size)


def _contradicted(case: Case, mistake: Mistake, back: Backward) -> bool:
    """Whether the mistake would have made a gradient wrong that is right."""
    for part in case.of(RIGHT):
        claimed = mistake.gradients.get(part.index)
        if claimed is not None and claimed.shape == part.leaf.shape:
            gap = np.abs(claimed.ravel()[part.at] - part.analytic)
            if np.any(gap > 3 * part.allowed + 1e-5 * part.scale):
                return True
    return False


def _is_zero(claimed: Array | None, part: Compared) -> bool:
    return claimed is not None and bool(np.max(np.abs(claimed), initial=0.0) <= 1e-9 * part.scale)


def _suspicion(mistake: Mistake, explained: Sequence[Compared], zero: Sequence[Compared], network: Fit) -> Suspicion:
    place = network.stack.layers[mistake.layer]
    root = place.weight if mistake.part == "W" or place.bias is None else place.bias
    names = {part.index: part.leaf.name for part in explained}
    if root not in names:
        root = explained[0].index
    worst = max(explained, key=lambda part: part.relative()[0])
    values = dict(mistake.values)
    evidence = str(values.pop("evidence", "evidence"))
    values.setdefault("layer", mistake.layer + 1)
    values |= {"count": sum(part.leaf.size for part in explained), "error": f"{100 * worst.relative()[0]:.2g} %"}
    also = tuple(name for index, name in names.items() if index != root)
    return Suspicion(
        mistake.kind, names[root], also, values, evidence, explains=frozenset(p.index for p in [*explained, *zero])
    )


def _wrong_sums(case: Case, network: Fit | None) -> Iterator[Suspicion]:
    """Biases whose gradient was summed over the wrong axis, over everything or over nothing: by shape and by numbers."""
    groups: dict[str, list[Compared]] = {}
    counts = [network.n] if network is not None else case.samples
    for part in case.of(OFF, SHAPE):
        if part.index in case.weights:
            continue
        given = np.asarray(part.given, dtype=np.float64)
        total = float(np.sum(part.numerical)) if len(part.at) == part.leaf.size else float("nan")
        level = given.size > 0 and np.ptp(given) <= 1e-9 * np.max(np.abs(given), initial=0.0)
        slack = 1e-5 * part.scale * max(part.leaf.size, 1) + 5 * float(np.sum(part.measured.error))
        if part.leaf.size > 1 and level and abs(float(given.flat[0]) - total) <= slack:
            groups.setdefault("evidence_total", []).append(part)
        elif part.state == SHAPE and given.size != part.leaf.size and given.ndim <= 2:
            if part.leaf.size in given.shape and given.ndim == 2 and max(given.shape) in counts:
                summed = given.sum(axis=0 if given.shape[1] == part.leaf.size else 1)
                if np.allclose(summed.ravel()[part.at], part.numerical, rtol=1e-4, atol=1e-4 * part.scale):
                    groups.setdefault("evidence_not_summed", []).append(part)
                    continue
            if max(given.shape, default=0) in counts and given.size == max(given.shape, default=0):
                groups.setdefault("evidence_shape", []).append(part)
            elif not counts and sum(s > 1 for s in given.shape) == 1:
                groups.setdefault("evidence_shape", []).append(part)
    for evidence, parts in groups.items():
        values = {"shape": parts[0].leaf.shape, "given": np.shape(parts[0].given)}
        yield signatures._of("bias_wrong_axis", parts, values, evidence)


def _fewest(offers: Sequence[tuple[float, Suspicion]], wrong: set[int]) -> list[Suspicion]:
    """Greedily: the suspect that explains most of what is left; among equals, the one easiest to believe."""
    chosen: list[Suspicion] = []
    left = set(wrong)
    while left:
        useful = [(cost, s) for cost, s in offers if s.explains & left]
        if not useful:
            break
        cost, best = min(useful, key=lambda offer: (-len(offer[1].explains & left), offer[0]))
        chosen.append(best)
        left -= best.explains
    return chosen


def _layer_of(part: Compared, case: Case) -> int:
    """Which layer a parameter is of, by its name or else its place."""
    number = number_in(part.leaf.name)
    return number if number >= 0 and not part.leaf.name.startswith("params[") else part.index // 2


def _not_below(left: list[Compared], chosen: Sequence[Suspicion], case: Case) -> list[Compared]:
    """What is wrong above the layer of a named mistake; below it, nothing can be said before that one is mended."""
    roots = [part for part in case.parts for s in chosen if s.kind in CHAIN and part.leaf.name == s.parameter]
    if not roots:
        return left
    top = max(_layer_of(part, case) for part in roots)
    return [part for part in left if _layer_of(part, case) > top]


def _unexplained(left: list[Compared], case: Case, network: Fit | None) -> Iterator[Suspicion]:
    """What is wrong for no reason that is known here: the shape, the way down, or simply the numbers."""
    shapes = [part for part in left if part.state == SHAPE]
    samples = set(case.samples)
    for part in shapes:
        given = np.shape(part.given)
        values = {"shape": part.leaf.shape, "given": given}
        wide = [s for s in given if s in samples and s not in part.leaf.shape]
        crossed = len(given) == 2 and wide and 1 in part.leaf.shape and part.index in case.weights
        kind = "broadcasting" if crossed else "wrong_shape"
        yield signatures._of(kind, [part], values, "evidence_gradient" if crossed else "evidence")
    rest = [part for part in left if part.state == OFF]
    if not rest:
        return
    worst = max(rest, key=lambda part: part.relative()[0])
    error, at = worst.relative()
    entry = np.unravel_index(int(worst.at[at]), worst.leaf.shape) if worst.leaf.shape else ()
    count = sum(int(np.sum(part.deviation > part.allowed)) for part in rest)
    values = {
        "count": count,
        "size": sum(len(part.at) for part in rest),
        "error": f"{100 * error:.2g} %",
        "entry": f"{worst.leaf.name}{list(map(int, entry)) if entry else ''}",
        "analytic": f"{worst.analytic[at]:.6g}",
        "numerical": f"{worst.numerical[at]:.6g}",
    }
    yield _of_the_rest(rest, case, values)


def _of_the_rest(rest: list[Compared], case: Case, values: dict[str, Any]) -> Suspicion:
    """Right in the upper layers and wrong in all below: the chain rule's way down. Otherwise unknown."""
    layers = {part.index: _layer_of(part, case) for part in case.parts}
    wrong = {layers[part.index] for part in rest}
    fine = {layers[part.index] for part in case.of(RIGHT)}
    whole = {part.index for part in rest} >= {i for i, layer in layers.items() if layer in wrong}
    top = max(wrong)
    rooted = sorted(rest, key=lambda part: (-layers[part.index], part.index))
    if whole and fine and min(fine) > top and len(case.parts) > len(rest):
        a, b = rooted[0].analytic, rooted[0].numerical
        similar = float(np.sum(a * b) / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-300))
        larger = float(np.linalg.norm(a) / max(np.linalg.norm(b), 1e-300))
        kind = "derivative_left_out" if similar > 0.7 and larger > 1.05 else "wrong_chain"
        values |= {"layer": top, "how": "", "activation": "f", "ratio": f"{larger:.3g}", "used": "1"}
        return signatures._of(kind, rooted, values, "evidence_last_layer", what="what_last_layer")
    return signatures._of("gradient_wrong", rooted, values)
