"""The compiled engine against the readable one: every formula, every setting, step by step; and against itself."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Activation, AdaGrad, Adam, AdamW, Dense, Dropout, History, Loss, Network, Optimizer, RMSProp
from pellucid.activations import ACTIVATIONS
from pellucid.data import Pixels, Standardizer
from pellucid.engines.compiled import store, units
from pellucid.losses import LOSSES
from pellucid.optimizers import Rule
from pellucid.records import resolve

pytest.importorskip("numba", reason="the extra `fast` is not installed")

ROWS, INPUTS = 23, 3
HIDDEN = [name for name, record in ACTIVATIONS.items() if not record.output_only]
PAIRS = [
    ("softmax", "cross_entropy", 3),
    ("softmax", "squared_error", 3),
    ("softmax", "absolute_error", 3),
    ("softmax", "huber(0.3)", 6),
    ("softmax", "cross_entropy", 7),
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
OPTIMIZERS: list[Optimizer] = [
    SGD(0.05),
    SGD(0.02, momentum=0.9),
    SGD(0.02, momentum=0.9, nesterov=True),
    AdaGrad(0.05),
    RMSProp(0.001),
    Adam(0.01),
    AdamW(0.01, weight_decay=0.1),
]


def targets(output: str, count: int) -> Any:
    rng = np.random.default_rng(5)
    if output == "softmax":
        return rng.integers(0, count, ROWS)
    if output == "sigmoid":
        return rng.integers(0, 2, (ROWS, count))
    if output == "exp":
        return rng.poisson(2.0, (ROWS, count)).astype(float)
    return rng.normal(size=(ROWS, count))


def both(net: Network, X: Any, y: Any, **settings: Any) -> tuple[History, History, Network, Network]:
    """The same training by both engines, from copies of one network."""
    one, other = copy.deepcopy(net), copy.deepcopy(net)
    readable = one.fit(X, y, engine="readable", **settings)
    compiled = other.fit(X, y, engine="compiled", **settings)
    assert readable.engine == "readable"
    assert compiled.engine == "compiled"
    return readable, compiled, one, other


def agree(net: Network, X: Any, y: Any, tolerance: float = 1e-9, **settings: Any) -> Network:
    readable, compiled, one, other = both(net, X, y, **settings)
    for name, column in readable.columns().items():
        if name != "seconds":
            scale = np.abs(column) + 1e-300
            assert np.max(np.abs(compiled.columns()[name] - column) / scale) <= tolerance, name
    assert np.allclose(one.theta, other.theta, rtol=1e-6, atol=1e-9 if net.dtype == np.float64 else 1e-3)
    return other


@pytest.fixture(scope="module", autouse=True)
def _built_at_once() -> None:
    """All units of this file in one build: starting Numba takes longer than most of them."""
    dtype = np.dtype("float64")
    wanted: list[Any] = [units.penalized(dtype), units.gathered("float64", "", False, dtype)]
    for name in HIDDEN:
        wanted += [units.forward(ACTIVATIONS[name], dtype, 4), units.backward(ACTIVATIONS[name], dtype, 4)]
    for output, loss, count in PAIRS:
        record = resolve("loss", loss, LOSSES, Loss, None) if loss in LOSSES else Network([Dense(count, output)], 1, loss=loss).loss_function
        wanted.append(units.output(ACTIVATIONS[output], record, dtype, count, False))
    wanted += [units.update(optimizer.rule(), dtype) for optimizer in OPTIMIZERS]
    store.addresses(wanted)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_both_engines_agree_in_every_cell(pair: tuple[str, str, int], optimizer: Optimizer) -> None:
    output, loss, count = pair
    X, y = np.random.default_rng(1).normal(size=(ROWS, INPUTS)), targets(output, count)
    for hidden in HIDDEN:
        net = Network([Dense(4, hidden), Dense(count, output)], INPUTS, seed=2, loss=loss)
        agree(net, X, y, optimizer=optimizer, epochs=100)
