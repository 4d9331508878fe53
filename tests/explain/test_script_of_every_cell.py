"""Every activation, output and loss, optimizer, schedule, penalty and dropout: the program gives fit's losses.

100 steps in float64, to 1e-12 relative; in float32 to 2e-6, because there a sum in another order rounds otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import programs
from pellucid import SGD, AdaGrad, Adam, AdamW, Dense, Dropout, Network, RMSProp, TrainingDiverged
from pellucid.activations import ACTIVATIONS
from pellucid.data import Standardizer
from pellucid.initializers import INITIALIZERS
from pellucid.losses import LOSSES
from pellucid.optimizers import OPTIMIZERS
from pellucid.schedules import SCHEDULES, Cosine

ROWS, INPUTS = 12, 3
SINGLE = 2e-6
HIDDEN = tuple(name for name, record in ACTIVATIONS.items() if not record.output_only)
PAIRS = [  # output, loss, number of outputs
    ("softmax", "cross_entropy", 3),
    ("softmax", "squared_error", 3),
    ("softmax", "absolute_error", 3),
    ("softmax", "huber(0.3)", 3),
    ("sigmoid", "binary_cross_entropy", 1),
    ("sigmoid", "binary_cross_entropy", 3),
    ("sigmoid", "squared_error", 2),
    ("sigmoid", "absolute_error", 1),
    ("identity", "squared_error", 1),
    ("identity", "absolute_error", 2),
    ("identity", "huber", 2),
    ("tanh", "squared_error", 2),
    ("exp", "poisson", 2),
    ("exp", "squared_error", 1),
    ("relu", "huber(2.0)", 2),
    ("softplus", "squared_error", 1),
]
OPTIMIZER_RECORDS = [
    SGD(0.1),
    SGD(0.05, momentum=0.9),
    SGD(0.05, momentum=0.9, nesterov=True),
    AdaGrad(0.1),
    RMSProp(0.01, decay=0.8),
    Adam(0.02),
    AdamW(0.02, weight_decay=0.1),
]


def targets(output: str, units: int, rng: np.random.Generator, rows: int = ROWS) -> Any:
    if output == "softmax":
        return np.arange(rows) % units
    if output == "sigmoid":
        return rng.integers(0, 2, (rows, units)) if units > 1 else np.arange(rows) % 2
    if output == "exp":
        return rng.poisson(2.0, (rows, units))
    return rng.normal(size=(rows, units))


@pytest.mark.parametrize(("output", "loss", "units"), PAIRS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_every_activation_with_every_output_and_loss(hidden: str, output: str, loss: str, units: int) -> None:
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(ROWS, INPUTS)), targets(output, units, rng)
    net = Network([Dense(4, hidden), Dense(units, output)], inputs=INPUTS, loss=loss, seed=3)
    text = programs.holds(net, X, y, optimizer=SGD(0.002 if output == "exp" else 0.05), epochs=100)
    assert 40 <= text.count("\n") <= 120


def test_every_record_is_among_the_cells() -> None:
    assert {output for output, _, _ in PAIRS} | {*HIDDEN} == set(ACTIVATIONS)
    assert {loss.partition("(")[0] for _, loss, _ in PAIRS} == set(LOSSES)
    assert {type(record) for record in OPTIMIZER_RECORDS} == set(OPTIMIZERS.values())


@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("optimizer", OPTIMIZER_RECORDS, ids=str)
def test_every_optimizer(optimizer: Any, batch_size: int | None) -> None:
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(ROWS, INPUTS)), targets("softmax", 3, rng)
    net = Network([Dense(4, "tanh"), Dense(3, "softmax")], inputs=INPUTS, seed=1)
    epochs = 100 if batch_size is None else 34
    programs.holds(net, X, y, optimizer=optimizer, epochs=epochs, batch_size=batch_size)


@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("schedule", [*SCHEDULES.values(), Cosine(warmup=0.2)], ids=str)
def test_every_schedule(schedule: Any, batch_size: int | None) -> None:
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(ROWS, INPUTS)), targets("identity", 2, rng)
    net = Network([Dense(4, "relu"), Dense(2)], inputs=INPUTS, seed=1)
    epochs = 100 if batch_size is None else 34
    # Large steps: the loss does not fall every time, so that a plateau is one.
    programs.holds(net, X, y, optimizer=SGD(0.3), schedule=schedule, epochs=epochs, batch_size=batch_size, clip_norm=1)


@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_dropout_draws_the_masks_of_training(batch_size: int | None, shuffle: bool, dtype: str) -> None:
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(ROWS, INPUTS)), targets("softmax", 3, rng)
    layers = [Dropout(0.1), Dense(6, "tanh"), Dropout(0.3), Dropout(0.0), Dense(5, "elu"), Dropout(0.5), Dropout(0.2)]
    net = Network([*layers, Dense(3, "softmax")], inputs=INPUTS, seed=1, dtype=dtype)
    epochs = 100 if batch_size is None else 34
    within = 1e-12 if dtype == "float64" else SINGLE
    text = programs.holds(
        net, X, y, within=within, epochs=epochs, batch_size=batch_size, shuffle=shuffle, seed=7, optimizer=Adam(0.01)
    )
    assert ("permutation" in text) == (shuffle and batch_size is not None)


@pytest.mark.parametrize(("l2", "l1"), [(0.1, 0.0), (0.0, 0.05), (0.1, 0.05)])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_penalties_and_clipping(l2: float, l1: float, depth: int) -> None:
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(ROWS, INPUTS)), targets("tanh", 2, rng)
    net = Network([*[Dense(4, "softplus")] * (depth - 1), Dense(2, "tanh")], inputs=INPUTS, seed=1)
    settings = {"l2": l2, "l1": l1, "clip_norm": 0.1, "epochs": 34, "batch_size": 5}
    programs.holds(net, X, y, optimizer=SGD(0.1), **settings)
    programs.holds(net, X, y, optimizer=AdamW(0.01, weight_decay=0.1), **settings)


@pytest.mark.parametrize("init", [*INITIALIZERS, "normal(0.3)", "uniform(0.4)", "constant(-0.25)"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_initializer_draws_the_same_weights(init: str, dtype: str) -> None:
    net = Network([Dense(3, "tanh", init=init), Dense(2, init=init)], inputs=INPUTS, seed=5, dtype=dtype)
    text = net.script(weights="redrawn")
    names: dict[str, Any] = {}
    exec(
        text.partition("# Data")[0] + text.partition("# Network")[2].partition("\n")[2].partition("# Training")[0],
        names,
    )
    for name, values in net.params.items():
        assert names[name].dtype == values.dtype
        assert np.array_equal(names[name], values), "bit for bit"


@st.composite
def runs(draw: Any) -> tuple[Network, Any, Any, dict[str, Any]]:
    """Anything that can be trained, in small."""
    output, loss, units = draw(st.sampled_from(PAIRS))
    widths = draw(
        st.lists(st.tuples(st.integers(1, 5), st.sampled_from(HIDDEN), st.sampled_from([0, 0.4])), max_size=3)
    )
    layers = [layer for width, name, rate in widths for layer in (Dense(width, name), Dropout(rate))]
    dtype = draw(st.sampled_from(["float64", "float64", "float32"]))
    scaler = draw(st.sampled_from([None, Standardizer(), Standardizer(ddof=1)]))
    seed = draw(st.integers(0, 99))
    net = Network([*layers, Dense(units, output)], inputs=INPUTS, loss=loss, dtype=dtype, scaler=scaler, seed=seed)
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(ROWS, INPUTS)) * (0.5 if scaler is None else [1, 10, 0.1]), targets(output, units, rng)
    if output == "softmax" and draw(st.booleans()):
        y = rng.dirichlet(np.ones(units), ROWS)  # soft labels
    settings: dict[str, Any] = {
        "optimizer": draw(st.sampled_from([SGD(0.001), SGD(0.001, momentum=0.5), Adam(0.01)])),
        "epochs": draw(st.integers(1, 6)),
        "batch_size": draw(st.sampled_from([None, 1, 5, 12])),
        "l2": draw(st.sampled_from([0.0, 0.1])),
        "l1": draw(st.sampled_from([0.0, 0.01])),
        "schedule": draw(st.sampled_from([None, "exponential", "cosine", "plateau"])),
        "clip_norm": draw(st.sampled_from([None, 0.5])),
        "shuffle": draw(st.booleans()),
        "seed": draw(st.integers(0, 99)),
        "sample_weight": draw(st.sampled_from([None, np.linspace(0, 3, ROWS)])),
        "validation": draw(st.sampled_from([None, 0.25, (X[:4], y[:4])])),
        "early_stopping": draw(st.sampled_from([None, 1])),
        "weights": draw(st.sampled_from(["auto", "included"])),
    }
    if net.task in ("classes", "binary"):
        settings["class_weight"] = draw(st.sampled_from([None, "balanced", {1: 3.0}]))
    return net, X, y, settings


@settings(max_examples=40, deadline=None, derandomize=True)
@given(run=runs())
def test_any_combination(run: tuple[Network, Any, Any, dict[str, Any]]) -> None:
    net, X, y, chosen = run
    try:
        programs.holds(net, X, y, within=1e-12 if net.dtype == np.float64 else SINGLE, **chosen)
    except TrainingDiverged:  # squares of exponentials may, and then there is nothing to compare with
        assert net.output.activation.name == "exp"
        reject()
