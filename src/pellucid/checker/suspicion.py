"""What is suspected, before it is put into words: a kind, where, with which numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.checker.numerical.case import Compared


@dataclass(frozen=True)
class Suspicion:
    """One suspect.

    Attributes:
        kind: identifier; the texts stand under it.
        parameter: where it is rooted: a parameter's name, or the function's.
        also: further parameters that are wrong for the same reason.
        values: what is put into the texts.
        evidence: which evidence of the kind's texts is told, where there are several.
        fix: likewise for the fix.
        explains: indices of the parameters whose gradients need no further suspect.
    """

    kind: str
    parameter: str
    also: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    evidence: str = "evidence"
    what: str = "what"
    fix: str = "fix"
    explains: frozenset[int] = frozenset()


def suspicion_of(
    kind: str, parts: Sequence[Compared], values: dict[str, Any], evidence: str = "evidence", **texts: str
) -> Suspicion:
    """A suspicion of several parameters, rooted in the first of them, that explains them all."""
    names = tuple(part.leaf.name for part in parts)
    explains = frozenset(part.index for part in parts)
    return Suspicion(kind, names[0], names[1:], values, evidence, explains=explains, **texts)
