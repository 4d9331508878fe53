"""From wrong gradients to suspects: everything that explains some of them, and the fewest that explain them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from pellucid.checker.numerical.case import FOLLOWS, OFF, SHAPE, ZERO, Case, Compared, negligible
from pellucid.checker.perceptron import recognition
from pellucid.checker.perceptron.network import Fit
from pellucid.checker.signatures import factors, misplaced, penalties, sums, unnamed
from pellucid.checker.signatures.lines import lines
from pellucid.checker.suspicion import Suspicion, suspicion_of

Offer = tuple[float, Suspicion]  # what it costs to believe it, and what it is


def suspects(case: Case) -> list[Suspicion]:
    """Name what is wrong with the gradients; nothing if nothing is, or nothing that rounding could not explain."""
    plain = list(unnamed.at_first_sight(case))
    wrong = {part.index for part in case.of(OFF, SHAPE)}
    chosen: list[Suspicion] = []
    left: list[Compared] = []
    if wrong:
        network = recognition.recognised(case)
        wrong -= recognition.vindicated(case, network) if network is not None else set()
        offers = [*_by_numbers(case, network), *(recognition.offers(case, network) if network is not None else ())]
        chosen = _fewest([offer for offer in offers if not _is_doubtful(offer[1], case)], wrong)
        left = [case.parts[i] for i in sorted(wrong - _explained(chosen))]
        left = [part for part in left if not _doubtful(part, case)]
        roots = unnamed.not_below(left, chosen, case)
        follow([part for part in left if part not in roots])
        left = roots
    return [*plain, *_zeros(case, chosen), *chosen, *unnamed.unexplained(left, case)]


def follow(parts: Iterable[Compared]) -> None:
    """Mark gradients as wrong for a reason that is told elsewhere."""
    for part in parts:
        part.state = FOLLOWS if part.state == OFF else part.state


def _explained(chosen: Sequence[Suspicion]) -> set[int]:
    return set().union(*(s.explains for s in chosen))


def _doubtful(part: Compared, case: Case) -> bool:
    """Whether a deviation without a name is as small as an epsilon makes it, or single entries were measured badly."""
    if part.gradient is None:
        return False
    if 2 * len(part.at) < len(part.measured.entries):
        return True  # most of it could not be measured at all
    near = bool((part.deviation <= 30 * part.measured.error[part.measured.usable] + part.allowed).all())
    if not near and _is_clear(part, case):
        return case.blurred and negligible(part, case.tolerance)
    return near or negligible(part, case.tolerance) or case.prober.confirms(part.index, part.gradient)


def _is_clear(part: Compared, case: Case) -> bool:
    """Whether single entries are wrong beyond doubt: the differences settle there, on both sides alike, and elsewhere
    than what was given."""
    error = part.measured.error[part.measured.usable]
    surplus = part.deviation - 30 * error - part.allowed
    if case.single or part.gradient is None:
        return False
    worst = [int(i) for i in np.argsort(-surplus)[:3] if surplus[i] > 0]
    return any(_contradicts(part, int(part.at[i]), case) for i in worst)


def _contradicts(part: Compared, entry: int, case: Case) -> bool:
    assert part.gradient is not None
    direction = np.zeros(part.leaf.shape)
    direction.flat[entry] = 1.0
    slope, error, h = case.prober.settled(part.index, direction)
    bend = case.prober.along(part.index, entry, h)[1]
    finer, narrow = case.prober.along(part.index, entry, h / 30)
    gap = abs(float(part.gradient.flat[entry]) - slope)
    smooth = gap > 5 * narrow or narrow <= 0.1 * bend  # at a kink the two sides stay apart, however near one looks
    return smooth and gap > 20 * error * abs(slope) + 5e-6 * part.scale and gap > 5 * abs(finer - slope)


def _is_doubtful(suspicion: Suspicion, case: Case) -> bool:
    unknown = suspicion.kind == "constant_factor" and not suspicion.values.get("guess")
    numbers = unknown or suspicion.kind == "loss_clipped"
    return numbers and all(_doubtful(case.parts[i], case) for i in suspicion.explains)


def _zeros(case: Case, chosen: Sequence[Suspicion]) -> Iterator[Suspicion]:
    """Gradients that are zero, unless a mistake further up makes them so."""
    zero = [part for part in case.of(ZERO) if part.index not in _explained(chosen)]
    if zero:
        yield suspicion_of("zero_gradient", zero, {"largest": f"{max(part.scale for part in zero):.3g}"})


def _by_numbers(case: Case, network: Fit | None) -> Iterator[Offer]:
    """What the numbers alone show."""
    found = lines(case, network)
    for suspicion in factors.multiples(case, found, network):
        unknown = suspicion.kind == "constant_factor"
        yield (5.0 if unknown else 0.5) + (suspicion.evidence == "evidence_single"), suspicion
    yield from ((0.4, suspicion) for suspicion in misplaced.transposes(case))
    yield from ((0.4, suspicion) for suspicion in misplaced.itself(case))
    yield from ((0.5, suspicion) for suspicion in misplaced.only_penalties(case))
    yield from ((0.6, suspicion) for suspicion in penalties.penalties(case, found, network))
    yield from ((0.7, suspicion) for suspicion in misplaced.others(case))
    yield from ((0.75, suspicion) for suspicion in misplaced.shared(case))
    yield from ((0.8, suspicion) for suspicion in sums.wrong_sums(case, network))


def _fewest(offers: Sequence[Offer], wrong: set[int]) -> list[Suspicion]:
    """Greedily: the suspect that explains most of what is left; among equals, the one easiest to believe."""
    chosen: list[Suspicion] = []
    left = set(wrong)
    while useful := [offer for offer in offers if offer[1].explains & left]:
        best = min(useful, key=lambda offer: (-len(offer[1].explains & left), offer[0]))[1]
        chosen.append(best)
        left -= best.explains
    return chosen
