"""Optimizers: `init` makes a state, `update` takes one step. Their equations are the small functions at the top.

p are the parameters, g their gradient, t the number of the step from 1, rate the learning rate of this step; the
other arguments are the averages that the method keeps and its constants, named as in the papers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError
from pellucid.inputs import number

Array = npt.NDArray[Any]


def gradient_descent(p: Array, g: Array, rate: float, t: int) -> tuple[Array, ...]:
    return (p - rate * g,)


def momentum_descent(p: Array, g: Array, rate: float, t: int, v: Array, momentum: float) -> tuple[Array, ...]:
    v = momentum * v + g
    return p - rate * v, v


def nesterov_descent(p: Array, g: Array, rate: float, t: int, v: Array, momentum: float) -> tuple[Array, ...]:
    v = momentum * v + g
    return p - rate * (g + momentum * v), v


def adagrad(p: Array, g: Array, rate: float, t: int, s: Array, eps: float) -> tuple[Array, ...]:
    s = s + g * g
    return p - rate * g / (np.sqrt(s) + eps), s


def rmsprop(p: Array, g: Array, rate: float, t: int, s: Array, decay: float, eps: float) -> tuple[Array, ...]:
    s = decay * s + (1 - decay) * g * g
    return p - rate * g / (np.sqrt(s) + eps), s


def adam(
    p: Array, g: Array, rate: float, t: int, m: Array, v: Array, beta1: float, beta2: float, eps: float
) -> tuple[Array, ...]:
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return p - rate * m_hat / (np.sqrt(v_hat) + eps), m, v


class Rule(NamedTuple):
    """What one step of an optimizer is: the equation, the averages it keeps and its constants.

    Attributes:
        formula: takes (p, g, rate, t, *averages, **constants); gives (new p, *new averages).
        averages: names of the arrays it keeps from step to step, in the formula's order; they start at zero.
        constants: the numbers that the formula takes by name.
        weight_decay: decoupled decay, p <- p - rate weight_decay p, before the formula; on weights, not biases.
    """

    formula: Callable[..., tuple[Array, ...]]
    averages: tuple[str, ...] = ()
    constants: Mapping[str, float] = {}
    weight_decay: float = 0.0


class State(NamedTuple):
    """What an optimizer remembers: how many steps it took and its averages, each shaped like the parameters."""

    t: int
    averages: tuple[Array, ...]


@dataclass(frozen=True)
class Optimizer(ABC):
    """The common part of all optimizers: a new one is a frozen dataclass that says its `rule`.

    Example:
        >>> optimizer = SGD(0.1)
        >>> theta, state = optimizer.update(np.array([1.0]), optimizer.init(np.array([2.0])), np.array([2.0]))
        >>> theta
        array([1.9])
    """

    learning_rate: float

    def __post_init__(self) -> None:
        _check(self, "learning_rate", 0, open_below=True)

    @abstractmethod
    def rule(self) -> Rule:
        """The equation of one step, with what it keeps and its constants."""

    def init(self, theta: Array) -> State:
        """A fresh state for parameters like `theta` (any shape): no steps taken, averages zero."""
        return State(0, tuple(np.zeros_like(theta) for _ in self.rule().averages))

    def update(
        self, gradient: Array, state: State, theta: Array, rate: float | None = None, weights: Array | float = 1.0
    ) -> tuple[Array, State]:
        """One step: new parameters and new state; nothing is changed in place.

        Args:
            gradient, theta: arrays of one shape.
            state: from `init` or the last `update`.
            rate: the learning rate of this step; the record's own when None.
            weights: 1 for a weight and 0 for a bias (array like theta, or one number): where decoupled decay acts.
        """
        rule = self.rule()
        rate = self.learning_rate if rate is None else rate
        if rule.weight_decay:
            theta = theta - rate * rule.weight_decay * weights * theta
        t = state.t + 1
        theta, *averages = rule.formula(theta, gradient, rate, t, *state.averages, **rule.constants)
        return theta, State(t, tuple(averages))


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent, plain or with momentum.

    v <- momentum v + g;  p <- p - rate v, or with Nesterov's look ahead p <- p - rate (g + momentum v).

    Args:
        learning_rate: step size, above 0.
        momentum: share of the last step that is kept, in [0, 1).
        nesterov: whether to look ahead; needs momentum.

    Raises:
        InputError: a number out of its range, or nesterov without momentum.

    Source: Polyak (1964); Nesterov (1983); Sutskever et al., ICML (2013).

    Example:
        >>> SGD(0.5, momentum=0.9)
        SGD(learning_rate=0.5, momentum=0.9, nesterov=False)
    """

    learning_rate: float = 0.1
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "momentum", 0, 1)
        if self.nesterov and self.momentum == 0:
            raise InputError("SGD(nesterov=True) looks ahead along the momentum: give momentum too, such as 0.9.")

    def rule(self) -> Rule:
        if self.momentum == 0:
            return Rule(gradient_descent)
        formula = nesterov_descent if self.nesterov else momentum_descent
        return Rule(formula, ("v",), {"momentum": self.momentum})


@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """Each parameter's step is divided by the root of the sum of its squared gradients.

    s <- s + g^2;  p <- p - rate g / (sqrt s + eps).

    Args:
        learning_rate: step size, above 0.
        eps: keeps the division finite, above 0.

    Raises:
        InputError: a number out of its range.

    Source: Duchi, Hazan and Singer, JMLR 12 (2011).

    Example:
        >>> AdaGrad(0.1).rule().averages
        ('s',)
    """

    learning_rate: float = 0.01
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "eps", 0, open_below=True)

    def rule(self) -> Rule:
        return Rule(adagrad, ("s",), {"eps": self.eps})


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """AdaGrad that forgets: a running mean of squared gradients in place of their sum.

    s <- decay s + (1 - decay) g^2;  p <- p - rate g / (sqrt s + eps).

    Args:
        learning_rate: step size, above 0.
        decay: share of the running mean that is kept, in [0, 1).
        eps: keeps the division finite, above 0.

    Raises:
        InputError: a number out of its range.

    Source: Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012).

    Example:
        >>> RMSProp(0.01, decay=0.99).rule().constants["decay"]
        0.99
    """

    learning_rate: float = 0.001
    decay: float = 0.9
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "decay", 0, 1)
        _check(self, "eps", 0, open_below=True)

    def rule(self) -> Rule:
        return Rule(rmsprop, ("s",), {"decay": self.decay, "eps": self.eps})


@dataclass(frozen=True)
class Adam(Optimizer):
    """Momentum and RMSProp in one, both corrected for their start at zero.

    m_hat = m / (1 - beta1^t), v_hat = v / (1 - beta2^t);  p <- p - rate m_hat / (sqrt v_hat + eps).

    Args:
        learning_rate: step size, above 0.
        beta1, beta2: shares of the running means of g and g^2 that are kept, in [0, 1).
        eps: keeps the division finite, above 0.

    Raises:
        InputError: a number out of its range.

    Source: Kingma and Ba, ICLR (2015), algorithm 1.

    Example:
        >>> Adam().learning_rate
        0.001
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "beta1", 0, 1)
        _check(self, "beta2", 0, 1)
        _check(self, "eps", 0, open_below=True)

    def rule(self) -> Rule:
        return Rule(adam, ("m", "v"), {"beta1": self.beta1, "beta2": self.beta2, "eps": self.eps})


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: weights (not biases) shrink by rate weight_decay before Adam's step.

    Args:
        learning_rate, beta1, beta2, eps: as in Adam.
        weight_decay: 0 or more.

    Raises:
        InputError: a number out of its range.

    Source: Loshchilov and Hutter, ICLR (2019), algorithm 2.

    Example:
        >>> AdamW(0.001, weight_decay=0.1).rule().weight_decay
        0.1
    """

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "weight_decay", 0)

    def rule(self) -> Rule:
        return super().rule()._replace(weight_decay=self.weight_decay)


def _check(optimizer: Optimizer, name: str, low: float, high: float = np.inf, open_below: bool = False) -> None:
    """Refuse a number out of its range; a NumPy number becomes a float, which widens no float32."""
    value = number(getattr(optimizer, name), f"{type(optimizer).__name__}'s {name}", low, high, open_below=open_below)
    object.__setattr__(optimizer, name, value)


# By name the learning rates are the usual ones; a record such as Adam(0.01) chooses another.
OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}
