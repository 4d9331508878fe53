"""Suspicions that others make superfluous: of gradients that are merely known to be wrong, once a cause is known."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.checker.numerical.case import Case
from pellucid.checker.signatures import naming
from pellucid.checker.suspicion import Suspicion

# Kinds that a parameter shows whose gradient was taken after it had been changed: a penalty of other numbers.
OF_VALUES = (
    *("penalty_forgotten", "penalty_doubled", "penalty_divided_by_n", "penalty_wrong_factor"),
    *("penalty_not_in_loss", "penalty_on_biases", "constant_factor"),
)


def is_vague(suspicion: Suspicion) -> bool:
    """Whether only the numbers are known to be wrong, and not why."""
    unnamed = suspicion.kind == "gradient_wrong" or suspicion.evidence == "evidence_last_layer"
    return unnamed or (suspicion.kind == "constant_factor" and not suspicion.values.get("guess"))


def without_vague(suspicions: Sequence[Suspicion], case: Case | None) -> list[Suspicion]:
    """Only what is named; gradients that are merely known to be wrong are so because of that."""
    vague = {i for s in suspicions if is_vague(s) for i in s.explains}
    naming.follow(case.parts[i] for i in vague if case is not None)
    return [s for s in suspicions if not is_vague(s)]


def changes_values(suspicion: Suspicion) -> bool:
    """Whether a gradient may have been taken at other numbers than the loss; an update comes after that."""
    return suspicion.kind == "overwritten" or (suspicion.kind, suspicion.evidence) == ("changed_in_place", "evidence")


def not_of_changes(named: Sequence[Suspicion], case: Case, changing: Sequence[Suspicion]) -> list[Suspicion]:
    """Without what only shows that a parameter had other numbers when its gradient was taken."""
    touched = {name for s in changing for name in (s.parameter, *s.also)}
    follows = [s for s in named if is_vague(s) or (s.kind in OF_VALUES and {s.parameter, *s.also} <= touched)]
    naming.follow(case.parts[i] for s in follows for i in s.explains)
    return [s for s in named if s not in follows]
