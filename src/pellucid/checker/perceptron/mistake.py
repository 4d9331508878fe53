"""One way to go wrong in backpropagation, and the gradients that it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Mistake:
    """One way to go wrong, and the gradients that it gives.

    Attributes:
        kind: as in the texts.
        layer: where it is made, from 0.
        gradients: of every parameter, by its index, in the learner's shapes.
        values: what is put into the texts.
        cost: the smaller, the more usual; it decides between mistakes that explain equally much.
        evidence: which of the texts' evidences is told.
        part: "W" or "b", what of the layer is named.
    """

    kind: str
    layer: int
    gradients: dict[int, Array]
    values: dict[str, Any] = field(default_factory=dict)
    cost: float = 1.0
    evidence: str = "evidence"
    part: str = "W"
