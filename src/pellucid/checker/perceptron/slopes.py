"""What learners take for the derivative of an activation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import ACTIVATIONS, Activation

Array = npt.NDArray[Any]
# How derivatives are written with a, so that they can be shown with z in its place.
WITH_A = {"sigmoid": "{0}(1 - {0})", "tanh": "1 - {0}^2", "exp": "{0}", "elu": "{0} + 1"}
OTHERS = ("sigmoid", "tanh", "relu", "softplus", "leaky_relu")


@dataclass(frozen=True)
class Slope:
    """A wrong derivative: what it is called, its numbers (n, units), and what was used, in words."""

    kind: str
    numbers: Array
    used: str

    @property
    def cost(self) -> float:
        """The smaller, the more usual."""
        return 2.0 if self.kind in ("derivative_wrong", "derivative_extra") else 1.0


def mistaken(record: Activation, z: Array, a: Array) -> Iterator[Slope]:
    """Wrong derivatives of an activation, each once, and only those that make a difference.

    Example:
        >>> z = np.array([[0.5, -1.0]])
        >>> [slope.used for slope in mistaken(ACTIVATIONS["tanh"], z, np.tanh(z))][:3]
        ['1', '1 - z^2', "tanh'(a)"]
    """
    right = record.slope_at(z, a)
    seen: list[Array] = []
    for slope in _tried(record, z, a, right):
        same = np.allclose(slope.numbers, right, rtol=1e-7, atol=1e-12)
        if np.isfinite(slope.numbers).all() and not same and not any(np.array_equal(slope.numbers, s) for s in seen):
            seen.append(slope.numbers)
            yield slope


def _tried(record: Activation, z: Array, a: Array, right: Array) -> Iterator[Slope]:
    yield Slope("derivative_left_out", np.ones_like(right), "1")
    if record.slope_takes_a:
        yield Slope("derivative_at_z", record.slope_at(z, z), WITH_A.get(record.name, "f'").format("z"))
    yield Slope("derivative_at_a", record.slope_at(a, record.value(a)), f"{record.name}'(a)")
    yield Slope("derivative_extra", right * right, "f'(z) f'(z)")
    formulas = {"1 - a": 1 - a, "a": a, "1 - a^2": 1 - a * a, "a(1 - a)": a * (1 - a), "1 + a^2": 1 + a * a}
    yield from (Slope("derivative_wrong", numbers, used) for used, numbers in formulas.items())
    yield from (Slope("derivative_at_z", numbers, used) for used, numbers in (("1 - z", 1 - z), ("z", z)))
    if record.name in ("relu", "leaky_relu"):
        yield Slope("derivative_wrong", (z <= 0).astype(np.float64), "z <= 0")
    for name in OTHERS:
        other = ACTIVATIONS[name]
        yield Slope("derivative_wrong", other.slope_at(z, other.value(z)), f"{name}'(z)")
        yield Slope("derivative_wrong", other.slope_at(z, a), f"{name}'")
