"""Gradients that are a number times the right one, plus a number times the parameter: factors and penalties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.numerical.case import OFF, Case, Compared
from pellucid.checker.perceptron.backward import Backward
from pellucid.checker.perceptron.network import Fit

Array = npt.NDArray[Any]
FACTOR = 3e-3  # how far from 1 a factor without a name must be: an epsilon in a logarithm makes up to 1e-3
ONE = 3e-5  # how near to 1 a factor is 1


@dataclass(frozen=True)
class Line:
    """A gradient that is alpha times the right one plus beta times the parameter.

    Attributes:
        part: which parameter.
        alpha, beta: the two.
        sure: whether there are enough entries to prove it.
        bias: whether beta belongs to biases that stand in one array with weights.
    """

    part: Compared
    alpha: float
    beta: float
    sure: bool
    bias: bool = False

    @property
    def is_multiple(self) -> bool:
        return abs(self.alpha - 1) > ONE


def lines(case: Case, network: Fit | None) -> list[Line]:
    """The lines of all parameters that have one; with the factor of the others, one entry fewer is enough."""
    parts = case.of(OFF) if network is None else _sharpened(case.of(OFF), case, network)
    found = [made for part in parts if (made := line(part, case.single, network)) is not None]
    factors = [f.alpha for f in found if f.sure and f.is_multiple]
    if factors:
        done = {f.part.index for f in found}
        rest = [part for part in parts if part.index not in done and len(part.at) > 1]
        found += [made for part in rest if (made := _with_factor(part, factors[0])) is not None]
    return found


def _sharpened(parts: Sequence[Compared], case: Case, network: Fit) -> list[Compared]:
    """The same with the network's own gradient in the place of the numerical one: no rounding, no epsilon in a log."""
    right = Backward(network, case.point).right
    exact = 1e-4 if case.single else 1e-8
    made = []
    for part in parts:
        if part.index in right:
            numerical = right[part.index].ravel()[part.measured.entries]
            size = np.maximum(np.abs(numerical), 0.03 * np.max(np.abs(numerical), initial=0.0))
            measured = replace(part.measured, numerical=numerical, error=exact * size)
            part = replace(part, measured=measured)
            part.deviation = np.abs(part.analytic - part.numerical)
            part.allowed = 5 * measured.error[measured.usable]
        made.append(part)
    return made


def line(part: Compared, single: bool, network: Fit | None) -> Line | None:
    """Fit the learner's gradient by the right one alone, then with the parameter; None where neither does.

    One number more than is fitted must come out right, by rounding alone, for it to count.
    """
    if part.scale == 0:
        return _of_nothing(part)
    slack = _slack(part) + (2e-3 * float(np.max(part.deviation)) if single else 0.0)
    penalties = list(_penalties(part, slack, network))
    known = [way for way in penalties if network is not None and _is_known(way.beta, network)]
    if known:
        return known[0]  # a few numbers are easily a multiple of others, but not by the strength of a penalty
    narrow, wide = _multiple(part, slack), _multiple(part, slack, wide=True)
    ways = (narrow, *penalties, _data_alone(part, slack, network), wide)
    return next((way for way in ways if way is not None), None) or _both(part, slack)


def _slack(part: Compared) -> Array:
    return np.asarray(3 * part.allowed + 1e-5 * np.abs(part.analytic))


def _fitted(x: Array, y: Array) -> float:
    """The c for which c x is nearest to y."""
    return float(np.sum(x * y) / max(float(np.sum(x * x)), 1e-300))


def _telling(b: Array) -> int:
    """How many entries are large enough to tell a factor; (d, -d) is one number, as of the biases of two classes."""
    if len(b) == 2 and abs(float(b.sum())) <= 1e-6 * float(np.max(np.abs(b))):
        return 1
    return int(np.sum(np.abs(b) > 1e-3 * np.max(np.abs(b), initial=0.0)))


def _multiple(part: Compared, slack: Array, wide: bool = False) -> Line | None:
    a, b = part.analytic, part.numerical
    alpha, telling = _fitted(b, a), _telling(b)
    slack = slack * max(1.0, abs(alpha))
    if wide and telling > 2 and abs(alpha - 1) > FACTOR:
        # With several entries, what an epsilon in a logarithm does to the numerical gradient need not be in the way.
        slack = np.maximum(slack, 1e-3 * np.maximum(np.abs(a), 0.05 * np.max(np.abs(a))))
    return Line(part, alpha, 0.0, telling > 1) if np.all(np.abs(a - alpha * b) <= slack) else None


def _penalties(part: Compared, slack: Array, network: Fit | None) -> Iterator[Line]:
    """The right gradient with a penalty too much or too little, on the weights or on the biases of the parameter."""
    gap, values = part.analytic - part.numerical, part.values
    for biases in (False, True):
        if network is not None:
            where = network.stack.biases_in(part.index, part.leaf.shape).ravel()[part.at]
            values = np.where(where == biases, part.values, 0.0)
        beta = _fitted(values, gap)
        size, rest = float(np.max(np.abs(beta * values), initial=0.0)), np.abs(gap - beta * values)
        wide = 1e-2 * size if len(gap) > 5 else 0.0
        # It has to explain the difference, and not only to be lost in it.
        # A single number proves nothing, unless it is the penalty's strength.
        enough = len(gap) > 1 or (network is not None and _is_known(beta, network))
        if enough and beta and np.all(rest <= np.maximum(slack, wide)) and np.max(rest) <= 0.1 * size:
            yield Line(part, 1.0, beta, True, biases and network is not None)


def _is_known(beta: float, network: Fit) -> bool:
    """Whether a multiple of the parameter is the strength of a penalty that the loss has."""
    return any(abs(abs(beta) / l2 - 1) < 1e-3 for l2 in network.strengths)


def _data_alone(part: Compared, slack: Array, network: Fit | None) -> Line | None:
    """The data's part of the gradient times a number, and the penalty's part right."""
    if network is None:
        return None
    penalty = network.penalty(part.point, part.index).ravel()[part.at]
    data, claimed = part.numerical - penalty, part.analytic - penalty
    alpha = _fitted(data, claimed)
    if not penalty.any() or np.any(np.abs(claimed - alpha * data) > slack * max(1.0, abs(alpha))):
        return None
    return Line(part, alpha, (1 - alpha) * network.strength(part.index), _telling(data) > 1)


def _both(part: Compared, slack: Array) -> Line | None:
    """Two numbers at once, which takes four entries."""
    a, columns = part.analytic, np.stack([part.numerical, part.values], axis=1)
    if len(a) < 4:
        return None
    sizes = np.linalg.norm(columns, axis=0)
    sizes[sizes == 0] = 1
    alpha, beta = np.linalg.lstsq(columns / sizes, a, rcond=None)[0] / sizes
    fits = np.all(np.abs(a - columns @ [alpha, beta]) <= slack * max(1.0, abs(alpha)))
    return Line(part, float(alpha), float(beta), True) if fits else None


def _with_factor(part: Compared, alpha: float) -> Line | None:
    """The factor that other parameters have, and a penalty."""
    rest = part.analytic - alpha * part.numerical
    beta = _fitted(part.values, rest)
    fits = np.all(np.abs(rest - beta * part.values) <= _slack(part) * max(1.0, abs(alpha)))
    return Line(part, alpha, beta, True) if fits else None


def _of_nothing(part: Compared) -> Line | None:
    """The right gradient is zero all over (dead units), and what was given is a multiple of the parameter."""
    beta = _fitted(part.values, part.analytic)
    fits = len(part.at) > 1 and beta and np.all(np.abs(part.analytic - beta * part.values) <= _slack(part))
    return Line(part, 1.0, beta, True) if fits else None
