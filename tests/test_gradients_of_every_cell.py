"""Gradients of every cell, activation x output and loss x depth x penalty, against two numerical derivatives.

Central differences with h = 1e-4, to 1e-7, and complex step, to 1e-12, float64; errors are relative as the project
defines them. The differences are those of fourth order: at this h the usual ones are themselves off by h^2/6 f''',
which is up to 1e-6 of a small entry, and no gradient could agree with them better than that.

A function with a kink has no derivative there, and no difference may straddle it. So each cell's data are the first
that keep away from every kink, and the distance is asserted; no tolerance is any looser for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from pellucid import Activation, Dense, Loss, Network
from pellucid.activations import ACTIVATIONS
from pellucid.engines import readable
from pellucid.losses import LOSSES

ROWS, INPUTS, UNITS = 5, 3, 4
AWAY = 1e-3  # how far every pre-activation, residual and weight stays from a kink
H = 1e-4

HIDDEN = tuple(name for name, record in ACTIVATIONS.items() if not record.output_only)
KINKED = ("relu", "leaky_relu", "elu")
PAIRS = [  # output, loss, number of outputs
    ("softmax", "cross_entropy", 3),
    ("softmax", "squared_error", 3),
    ("softmax", "absolute_error", 3),
    ("softmax", "huber(0.3)", 3),
    ("sigmoid", "binary_cross_entropy", 1),
    ("sigmoid", "binary_cross_entropy", 3),
    ("sigmoid", "squared_error", 2),
    ("identity", "squared_error", 2),
    ("identity", "absolute_error", 2),
    ("identity", "huber", 2),
    ("tanh", "squared_error", 2),
    ("exp", "poisson", 2),
    ("exp", "squared_error", 1),
    ("relu", "squared_error", 2),
]
PENALTIES = {"none": (0.0, 0.0), "l2": (0.1, 0.0), "l1": (0.0, 0.05), "both": (0.1, 0.05)}
CELLS = [
    *[(None, pair, 1) for pair in PAIRS],  # one layer has no hidden activation
    *[(hidden, pair, depth) for hidden in HIDDEN for pair in PAIRS for depth in (2, 4)],
]


class Cell(NamedTuple):
    net: Network
    problem: readable.Problem
    weights: Any
    X: Any
    y: Any


def targets(output: str, units: int, rng: np.random.Generator) -> Any:
    if output == "softmax":
        return rng.integers(0, units, ROWS)
    if output == "sigmoid":
        return rng.integers(0, 2, (ROWS, units))
    if output == "exp":
        return rng.poisson(2.0, (ROWS, units))
    return rng.normal(size=(ROWS, units)) * 2


def distance_from_kinks(net: Network, X: Any, t: Any) -> float:
    """The smallest distance of anything from the place where its function has a kink; the weights' is that of l1."""
    distances = [np.abs(net.theta[net.weight_mask > 0]).min()]
    a = X
    for layer, params in zip(net.layers, net.unpack(net.theta), strict=True):
        assert isinstance(layer, Dense)
        z, _ = layer.affine(params, a)
        a = layer.activation.value(z)
        if layer.activation.name in KINKED:
            distances.append(np.abs(z).min())
    if net.loss_function.name == "absolute_error":
        distances.append(np.abs(a - t).min())
    if net.loss_function.name.startswith("huber"):
        delta = 0.3 if "0.3" in net.loss_function.name else 1.0
        distances.append(np.abs(np.abs(a - t) - delta).min())
    return float(min(distances))


def flows(net: Network, X: Any) -> bool:
    """Whether in every layer some unit passes something on: behind a layer of dead relus all gradients are zero."""
    a = X
    for layer, params in zip(net.layers, net.unpack(net.theta), strict=True):
        a = layer.forward(params, a)[0]
        if not a.any():
            return False
    return True


@cache
def cell(hidden: str | None, pair: tuple[str, str, int], depth: int) -> Cell:
    """A network with data: of the first seed that keeps away from kinks and has no layer that is quite dead."""
    output, loss, units = pair
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        layers = [Dense(UNITS, hidden or "identity") for _ in range(depth - 1)]
        net = Network([*layers, Dense(units, output)], inputs=INPUTS, loss=loss, seed=seed)
        net.theta = net.theta + 0.1 * rng.normal(size=net.theta.size)  # biases too
        X, y = rng.normal(size=(ROWS, INPUTS)), targets(output, units, rng)
        problem = readable.problem(net, X, y)
        if flows(net, X) and distance_from_kinks(net, X, problem.t) > AWAY:
            return Cell(net, problem, rng.uniform(0.2, 2, ROWS), X, y)
    raise AssertionError("no data keep away from every kink")


def relative_error(a: Any, b: Any) -> float:
    """The largest |a - b| / max(|a|, |b|, largest gradient * 1e-3)."""
    floor = 1e-3 * max(np.abs(a).max(), np.abs(b).max())
    return float((np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), floor)).max())


def central_differences(f: Callable[[Any], float], theta: Any) -> Any:
    def slope(direction: Any) -> float:
        near, far = (f(theta + k * H * direction) - f(theta - k * H * direction) for k in (1, 2))
        return (8 * near - far) / (12 * H)

    return np.array([slope(direction) for direction in np.eye(theta.size)])


def complex_step(f: Callable[[Any], Any], theta: Any) -> Any:
    step = 1e-30
    return np.array([f(theta + step * 1j * direction).imag / step for direction in np.eye(theta.size)])


def check(case: Cell, l2: float, l1: float, sample_weight: Any = None) -> None:
    net, problem = case.net, case.problem
    assert distance_from_kinks(net, case.X, problem.t) > AWAY
    ours = net.gradients(case.X, case.y, l2=l2, l1=l1, sample_weight=sample_weight)
    gradient = np.concatenate([g.ravel() for g in ours.values()])

    def loss(theta: Any) -> Any:
        return readable.loss(net, theta, problem.inputs, problem.t, sample_weight, l2, l1)[0]

    exact = complex_step(loss, net.theta)
    for name, part in net.named(exact).items():
        assert np.abs(part).max() > 1e-6, f"nothing to compare in {name}"
    assert relative_error(gradient, exact) <= 1e-12
    assert relative_error(gradient, central_differences(loss, net.theta)) <= 1e-7
    assert loss(net.theta) == net.loss(case.X, case.y, l2=l2, l1=l1, sample_weight=sample_weight)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize(("hidden", "pair", "depth"), CELLS)
def test_cell(hidden: str | None, pair: tuple[str, str, int], depth: int, penalty: str) -> None:
    check(cell(hidden, pair, depth), *PENALTIES[penalty])


@pytest.mark.parametrize("hidden", ["tanh", "relu"])
@pytest.mark.parametrize("pair", PAIRS)
def test_cell_with_weighted_rows(hidden: str, pair: tuple[str, str, int]) -> None:
    case = cell(hidden, pair, 2)
    check(case, *PENALTIES["both"], sample_weight=case.weights)
    no_first_row = np.array([0.0, *case.weights[1:]])
    check(case, *PENALTIES["none"], sample_weight=no_first_row)


def test_there_are_enough_cells_and_every_loss_is_among_them() -> None:
    assert len(CELLS) * len(PENALTIES) >= 1000
    assert {loss.partition("(")[0] for _, loss, _ in PAIRS} == set(LOSSES)


# The rulers themselves: right where the derivative is known, and able to find what is wrong.


def test_the_rulers_measure_a_known_derivative() -> None:
    theta = np.array([0.3, -1.2, 2.0])
    known = np.array([np.cos(0.3), 3 * 1.2**2, np.exp(2.0)])

    def f(p: Any) -> Any:
        return np.sin(p[0]) + p[1] ** 3 + np.exp(p[2])

    assert relative_error(known, complex_step(f, theta)) < 1e-15
    assert relative_error(known, central_differences(f, theta)) < 1e-10


WRONG = {
    "a slope that forgets a square": ([Dense(4, Activation("t", np.tanh, lambda z, a: 1 - a)), Dense(2)], None),
    "a slope of a where z is meant": ([Dense(4, Activation("s", np.sin, lambda z, a: np.cos(a))), Dense(2)], None),
    "a loss twice as steep": (
        [Dense(4, "tanh"), Dense(2)],
        Loss("twice", lambda a, t: (a - t) ** 2 / 2, lambda a, t: 2 * (a - t)),
    ),
    "a gradient off by a millionth": (
        [Dense(4, "tanh"), Dense(2)],
        Loss("nearly", lambda a, t: (a - t) ** 2 / 2, lambda a, t: (1 + 1e-6) * (a - t)),
    ),
}


@pytest.mark.parametrize(("layers", "loss"), WRONG.values(), ids=WRONG)
def test_the_rulers_find_what_is_wrong(layers: Any, loss: Any) -> None:
    net, rng = Network(layers, inputs=INPUTS, loss=loss), np.random.default_rng(0)
    problem = readable.problem(net, rng.normal(size=(ROWS, INPUTS)), rng.normal(size=(ROWS, 2)))
    gradient = readable.loss_and_gradient(net, net.theta, *problem)[2]

    def f(theta: Any) -> Any:
        return readable.loss(net, theta, *problem)[0]

    assert relative_error(gradient, complex_step(f, net.theta)) > 1e-12
    assert relative_error(gradient, central_differences(f, net.theta)) > 1e-7
