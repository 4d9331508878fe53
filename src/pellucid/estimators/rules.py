"""Updates and rates as scikit-learn writes them, where they differ from those of `pellucid.optimizers`.

At a constant rate its gradient descent is ours; where the rate changes, its velocity remembers the rates of the steps
that it is made of. Its Adam adds epsilon before the correction of the averages, where ours adds it after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.inputs import number
from pellucid.optimizers import Optimizer, Rule, gradient_descent
from pellucid.schedules import Place, Schedule, Watch

Array = npt.NDArray[Any]


def velocity_descent(p: Array, g: Array, rate: float, t: int, v: Array, momentum: float) -> tuple[Array, ...]:
    v = momentum * v - rate * g
    return p + v, v


def nesterov_velocity_descent(p: Array, g: Array, rate: float, t: int, v: Array, momentum: float) -> tuple[Array, ...]:
    v = momentum * v - rate * g
    return p + (momentum * v - rate * g), v


def adam_in_one_rate(
    p: Array, g: Array, rate: float, t: int, m: Array, v: Array, beta1: float, beta2: float, eps: float
) -> tuple[Array, ...]:
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    corrected = rate * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return p - corrected * m / (np.sqrt(v) + eps), m, v


@dataclass(frozen=True)
class VelocitySGD(Optimizer):
    """Gradient descent whose momentum is a velocity: v <- momentum v - rate g;  p <- p + v.

    With Nesterov's look ahead p <- p + momentum v - rate g, with the new v.

    Args:
        learning_rate: step size, above 0.
        momentum: share of the velocity that is kept, in [0, 1].
        nesterov: whether to look ahead.

    Raises:
        InputError: a number out of its range.

    Source: Sutskever, Martens, Dahl and Hinton, On the importance of initialization and momentum, ICML (2013).

    Example:
        >>> step = VelocitySGD(0.5, momentum=0.9)
        >>> theta, state = step.update(np.array([1.0]), step.init(np.array([2.0])), np.array([2.0]))
        >>> theta, state.averages[0]
        (array([1.5]), array([-0.5]))
    """

    learning_rate: float = 0.001
    momentum: float = 0.9
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        number(self.momentum, "momentum", 0, 1, open_above=False)

    def rule(self) -> Rule:
        if self.momentum == 0:
            return Rule(gradient_descent)
        formula = nesterov_velocity_descent if self.nesterov else velocity_descent
        return Rule(formula, ("v",), {"momentum": self.momentum})


@dataclass(frozen=True)
class RateAdam(Optimizer):
    """Adam with both corrections put into the rate, so that eps is added to the uncorrected root.

    rate_t = rate sqrt(1 - beta2^t) / (1 - beta1^t);  p <- p - rate_t m / (sqrt v + eps).

    Args:
        learning_rate: step size, above 0.
        beta1, beta2: shares of the running means of g and g^2 that are kept, in [0, 1).
        eps: keeps the division finite, above 0.

    Raises:
        InputError: a number out of its range.

    Source: Kingma and Ba, ICLR (2015), the end of section 2.

    Example:
        >>> step = RateAdam(0.1)
        >>> theta, state = step.update(np.array([3.0]), step.init(np.array([2.0])), np.array([2.0]))
        >>> theta.round(6), state.t
        (array([1.9]), 1)
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        number(self.beta1, "beta_1", 0, 1)
        number(self.beta2, "beta_2", 0, 1)
        number(self.eps, "epsilon", 0, open_below=True)

    def rule(self) -> Rule:
        return Rule(adam_in_one_rate, ("m", "v"), {"beta1": self.beta1, "beta2": self.beta2, "eps": self.eps})


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """The rate divided by (rows seen so far + 1) ^ power, from the second epoch of an optimizer on.

    Args:
        power: how fast the rate falls, 0 or more.
        rows: of an epoch.
        seen: rows that the network had been trained on, counted again in every epoch, when the run began.
        fresh: whether the optimizer is new: its first epoch has the full rate.

    Example:
        >>> falling = InverseScaling(0.5, rows=24)
        >>> [falling.scale(Place(epoch, 3, epoch), Watch()) for epoch in range(3)]
        [1.0, 0.2, 0.14285714285714285]
    """

    power: float = 0.5
    rows: int = 1
    seen: int = 0
    fresh: bool = True

    def scale(self, place: Place, watch: Watch) -> float:
        """The factor of the learning rate at a place of the run."""
        if self.fresh and place.epoch == 0:
            return 1.0
        return float(1.0 / (self.seen + self.rows * place.epoch + 1) ** self.power)


@dataclass(frozen=True)
class Adaptive(Schedule):
    """The rate stays as it is until the loss stops falling, and is then divided by 5; who waits for that says when."""
