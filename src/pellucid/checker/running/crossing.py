"""An exception that outputs (n, 1) beside targets (n,) have led to: somewhere on the way stands an array (n, n)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import FrameType
from typing import Any

import numpy.typing as npt

from pellucid.checker.running.containers import Leaf, is_numeric
from pellucid.checker.running.surroundings import LIBRARIES
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]


def crossed(error: Exception, function: str, data: Mapping[str, Array], leaves: Iterable[Leaf]) -> Suspicion | None:
    """The suspicion that every output met every target, where a variable of the learner's shows it; else None.

    Args:
        error: what was raised in the learner's code, with its traceback.
        function: of which it was called, "loss" or "gradients".
        data: X and y, by name.
        leaves: the parameters; an array as wide as one of them may be square for other reasons.
    """
    sizes = {size for leaf in leaves for size in leaf.shape}
    flat = {a.size for a in data.values() if a.ndim == 1 or 1 in a.shape}
    counts = {n for a in data.values() for n in a.shape[:1] + a.shape[-1:] if n > 2 and n in flat} - sizes
    for frame in _frames(error):
        for name, value in frame.f_locals.items():
            if is_numeric(value) and value.ndim == 2 and value.shape[0] == value.shape[1] and value.shape[0] in counts:
                values = {"name": name, "shape": value.shape, "n": len(value), "function": function}
                return Suspicion("broadcasting", function, values=values, evidence="evidence_variable")
    return None


def _frames(error: Exception) -> Iterator[FrameType]:
    """The learner's frames, the innermost first."""
    found, at = [], error.__traceback__
    while at is not None:
        if not at.tb_frame.f_code.co_filename.startswith(LIBRARIES):
            found.append(at.tb_frame)
        at = at.tb_next
    return reversed(found)
