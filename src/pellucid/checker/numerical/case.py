"""What is known when a name for what is wrong is looked for: every parameter with both gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.numerical.measuring import Measured
from pellucid.checker.numerical.probing import Prober
from pellucid.checker.running.containers import Leaf
from pellucid.checker.running.learner import Learner
from pellucid.checker.running.matching import Given

Array = npt.NDArray[Any]
# What a parameter's gradient is.
RIGHT, OFF, MISSING, SHAPE = "right", "off", "missing", "shape"
NOT_NUMBERS, NOT_FINITE, ZERO, DEAD = "not numbers", "not finite", "zero", "dead"
FOLLOWS = "follows"  # wrong, and no more can be said before what is named elsewhere is mended
TOLERANCE = 1e-6  # relative, where the learner computes in double precision
SINGLE = 3e-4  # and in single


@dataclass
class Compared:
    """One parameter.

    Attributes:
        index, leaf: which.
        given: the learner's gradient as it came; None if none came.
        gradient: the same in the parameter's shape and float64, where it can be brought there.
        point: the parameter where it was compared.
        measured: the numerical gradient.
        state: RIGHT, OFF, ...
        deviation: |given - numerical| at the entries that could be used, (m,).
        allowed: what rounding may explain, (m,).
    """

    index: int
    leaf: Leaf
    given: Any
    gradient: Array | None
    point: Array
    measured: Measured
    state: str = RIGHT
    deviation: Array = field(default_factory=lambda: np.zeros(0))
    allowed: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def at(self) -> Array:
        """The entries that could be used."""
        return self.measured.entries[self.measured.usable]

    @property
    def numerical(self) -> Array:
        return self.measured.numerical[self.measured.usable]

    @property
    def analytic(self) -> Array:
        assert self.gradient is not None
        return self.gradient.ravel()[self.at]

    @property
    def values(self) -> Array:
        return self.point.ravel()[self.at]

    @property
    def scale(self) -> float:
        """The largest gradient of this parameter."""
        return self.measured.largest

    @property
    def seen(self) -> bool:
        """Whether the gradient stands out from the rounding of the loss; a zero is seen if both say so."""
        error = self.measured.error[self.measured.usable]
        numerical = np.abs(self.numerical)
        zero = self.gradient is not None and not self.gradient.any() and not numerical.any()
        return zero or bool(np.any(numerical > 20 * error))

    def relative(self) -> tuple[float, int]:
        """The largest relative error and the position (among the usable entries) where it is."""
        if self.gradient is None or not len(self.at):
            return float("nan"), -1
        size = np.maximum(np.maximum(np.abs(self.analytic), np.abs(self.numerical)), 1e-3 * self.scale)
        errors = np.where(self.deviation <= self.allowed, 0.0, self.deviation)
        errors = (errors if self.state != RIGHT else self.deviation) / np.where(size > 0, size, 1)
        at = int(np.argmax(errors))
        return float(errors[at]), at


@dataclass
class Case:
    """Everything that is known when a name for what is wrong is looked for.

    Attributes:
        learner: theirs.
        parts: one for each parameter.
        given: the gradients as they came.
        prober: for further differences.
        data: pairs of X and y to try.
        used: everything that the learner's functions use from outside, by name.
        weights: which parameters are weights; the others are biases.
        small: small numbers in the code of the learner's loss, such as what is added inside a logarithm.
        blurred: whether there is a logarithm, or so small a number that it may be an epsilon: only then may loss and
            gradients differ by a little and both be right.
    """

    learner: Learner
    parts: list[Compared]
    given: Given
    prober: Prober
    data: Sequence[tuple[Array, Array | None]]
    used: Mapping[str, Any]
    weights: frozenset[int] = frozenset()
    small: tuple[float, ...] = ()
    blurred: bool = True

    def of(self, *states: str) -> list[Compared]:
        return [part for part in self.parts if part.state in states]

    @property
    def point(self) -> list[Array]:
        """Where gradients were compared: all parameters, in float64."""
        return [part.point for part in self.parts]

    @property
    def single(self) -> bool:
        """Whether gradients or loss are computed in single precision."""
        return self.prober.single or any(
            isinstance(part.given, np.ndarray | np.generic)
            and part.given.dtype.itemsize < 8
            and part.given.dtype.kind == "f"
            for part in self.parts
        )

    @property
    def tolerance(self) -> float:
        return SINGLE if self.single else TOLERANCE

    @property
    def samples(self) -> list[int]:
        """What n may be: the length of the data along either axis, the first axis of X first."""
        sizes: list[int] = []
        for X, y in self.data:
            if y is not None and y.ndim and y.size:
                long = max(y.shape)
                if long in X.shape:
                    sizes.append(long)
            sizes += [X.shape[0], X.shape[-1]]
        return [n for n in dict.fromkeys(sizes) if n > 1]


def negligible(part: Compared, tolerance: float) -> bool:
    """Whether a deviation that nothing explains is so small that an epsilon in a logarithm explains it."""
    size = np.maximum(np.maximum(np.abs(part.analytic), np.abs(part.numerical)), 0.05 * part.scale)
    worst = float(np.max(part.deviation / np.where(size > 0, size, 1), initial=0.0))
    norm = float(np.linalg.norm(part.deviation) / max(float(np.linalg.norm(part.numerical)), 1e-300))
    return norm < max(1e-3, 30 * tolerance) and worst < 0.05
