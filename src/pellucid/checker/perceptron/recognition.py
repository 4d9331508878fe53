"""Where the network is recognised: which mistake in backpropagation, or in the forward pass, gives what was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.filling import Share
from pellucid.checker.numerical.case import OFF, RIGHT, SHAPE, ZERO, Case, Compared
from pellucid.checker.perceptron.backward import Backward
from pellucid.checker.perceptron.fitting import fit
from pellucid.checker.perceptron.mistake import Mistake
from pellucid.checker.perceptron.mistakes import mistakes
from pellucid.checker.perceptron.network import Fit
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]
SAFE = 1e-4  # what is added inside a logarithm, or kept away from 0 and 1, for safety's sake and no mistake


def recognised(case: Case) -> Fit | None:
    """The network, if it is one that can be recognised and its gradients are those that differences give."""
    network = fit(case.learner, case.point, case.data, case.small)
    if network is None or network.pair.is_rough:
        return network
    right = Backward(network, case.point).right
    for part in case.parts:
        slack = 10 * part.measured.error[part.measured.usable] + 1e-2 * part.scale
        if part.index in right and np.any(np.abs(right[part.index].ravel()[part.at] - part.numerical) > slack):
            return None
    return network


def vindicated(case: Case, network: Fit) -> set[int]:
    """The parameters whose gradients are those of the network after all: only the loss has an epsilon, or rounding."""
    if max(network.pair.eps, network.pair.clip) > SAFE:
        return set()
    right = Backward(network, case.point).right
    exact = 1e-4 if case.single else 1e-9
    return {part.index for part in case.of(OFF) if part.index in right and _agrees(part, right[part.index], exact)}


def offers(case: Case, network: Fit) -> Iterator[tuple[float, Suspicion]]:
    """Every explanation that the network gives, with what it costs to believe it."""
    yield from ((0.3, suspicion) for suspicion in _in_the_loss(case, network))
    back = Backward(network, case.point)
    exact = max(1e-3 if case.single else 1e-6, 1e-5 if network.pair.is_rough else 0.0)
    for mistake in mistakes(back):
        explained = []
        for part in case.of(OFF, SHAPE):
            claimed = mistake.gradients.get(part.index)
            if claimed is not None and _is_nearer(part, claimed, back.right[part.index], exact):
                explained.append(part)
        if explained and not _contradicted(case, mistake):
            zero = [part for part in case.of(ZERO) if _is_zero(mistake.gradients.get(part.index), part)]
            yield mistake.cost, _suspicion(mistake, explained, zero, network)


def _in_the_loss(case: Case, network: Fit) -> Iterator[Suspicion]:
    """Slips in the forward pass, which the loss has as well: they explain every gradient that is wrong."""
    wrong = frozenset(part.index for part in case.of(OFF, SHAPE))
    n, pair = network.n, network.pair
    if pair.output == "softmax" and (pair.axis != 1 or pair.shift is not None):
        last = case.parts[network.stack.layers[-1].weight].leaf.name
        evidence = {0: "evidence_loss", 1: "evidence_loss_max", None: "evidence_loss_all"}[pair.axis]
        yield Suspicion("softmax_wrong_axis", last, values={"n": n}, evidence=evidence, explains=wrong)
    if pair.crossed:
        values = {"n": n, "shape": (n, n)}
        yield Suspicion("broadcasting", "loss", values=values, evidence="evidence_crossed", explains=wrong)
    if max(pair.eps, pair.clip) > SAFE:
        right = Backward(network, case.point).right
        near = [part for part in case.of(OFF) if part.index in right and _agrees(part, right[part.index], 1e-5)]
        if near:
            evidence = "evidence" if pair.clip else "evidence_eps"
            values = {"eps": f"{pair.eps or pair.clip:.0e}"}
            explains = frozenset(part.index for part in near)
            yield Suspicion("loss_clipped", "loss", values=values, evidence=evidence, explains=explains)


def _is_nearer(part: Compared, claimed: Array, right: Array, exact: float) -> bool:
    """Whether a mistake changes a parameter's gradient, and gives what was given where the right one does not."""
    if not _agrees(part, claimed, exact):
        return False
    if claimed.shape != right.shape:
        return True
    size = float(np.max(np.abs(right), initial=0.0))
    differs = float(np.max(np.abs(claimed - right), initial=0.0))
    given = np.asarray(part.given, dtype=np.float64).reshape(right.shape)
    gap, from_right = (float(np.max(np.abs(given - other))) for other in (claimed, right))
    return differs > 1e-7 * size and gap <= 0.3 * from_right


def _agrees(part: Compared, claimed: Array, exact: float) -> bool:
    """Whether the given gradient is this one, in whichever harmless shape."""
    given = np.asarray(part.given, dtype=np.float64)
    if given.shape != claimed.shape:
        if given.size != claimed.size or np.squeeze(given).shape != np.squeeze(claimed).shape:
            return False
        given = given.reshape(claimed.shape)
    size = float(np.max(np.abs(claimed), initial=0.0))
    return size > 0 and bool(np.max(np.abs(given - claimed)) <= exact * size)


def _contradicted(case: Case, mistake: Mistake) -> bool:
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
    root = root if root in names else explained[0].index
    values: dict[str, Any] = {
        "layer": mistake.layer + 1,
        "count": sum(part.leaf.size for part in explained),
        "error": Share(max(part.relative()[0] for part in explained)),
        **mistake.values,
    }
    return Suspicion(
        mistake.kind,
        names[root],
        tuple(name for index, name in names.items() if index != root),
        values,
        evidence=mistake.evidence,
        explains=frozenset(part.index for part in [*explained, *zero]),
    )
