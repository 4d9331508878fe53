"""Programs of deep networks, and of all settings at once: they loop over their layers, and stay short."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

import programs
from pellucid import SGD, Activation, AdaGrad, Adam, AdamW, Dense, Dropout, Network
from pellucid.activations import ACTIVATIONS
from pellucid.data import Standardizer
from pellucid.explain.names import RESERVED

ROWS, INPUTS = 24, 4
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, INPUTS))
HIDDEN = [name for name, record in ACTIVATIONS.items() if not record.output_only and name not in ("identity", "exp")]
EVERYTHING: dict[str, Any] = {
    "batch_size": 6,
    "epochs": 34,  # of 3 or 4 steps
    "l2": 1e-3,
    "l1": 1e-4,
    "clip_norm": 0.5,
    "schedule": "plateau",
    "early_stopping": 50,
    "validation": 0.25,
}
TARGETS: dict[tuple[str, int], Any] = {
    ("softmax", 3): np.arange(ROWS) % 3,
    ("sigmoid", 1): np.arange(ROWS) % 2,
    ("identity", 2): RNG.normal(size=(ROWS, 2)),
}


def deep(hidden: list[str], output: str, units: int, *, drop: float = 0.2, **given: Any) -> Network:
    layers = [layer for name in hidden for layer in (Dense(5, name), Dropout(drop))]
    return Network([*layers, Dense(units, output)], inputs=INPUTS, **given)


def length(text: str) -> int:
    return text.count("\n")


@pytest.mark.parametrize("optimizer", [SGD(0.05), SGD(0.02, momentum=0.9), AdaGrad(0.05), AdamW(0.01)], ids=str)
@pytest.mark.parametrize("layers", [1, 2, 3, 4, 6])
def test_everything_at_once_in_at_most_120_lines(layers: int, optimizer: Any) -> None:
    for (output, units), y in TARGETS.items():
        net = deep(["relu"] * (layers - 1), output, units)
        weights = {} if output == "identity" else {"class_weight": "balanced"}
        text = programs.holds(net, X, y, optimizer=optimizer, **weights, **EVERYTHING)
        assert 40 <= length(text) <= 120
        if layers > 3:
            assert "for k in range(layers)" in text


@pytest.mark.parametrize("weights", ["redrawn", pytest.param("included", marks=pytest.mark.nightly)])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_every_activation_six_layers_deep(hidden: str, weights: str) -> None:
    y, given = TARGETS["softmax", 3], {**EVERYTHING, "class_weight": "balanced", "weights": weights}
    text = programs.holds(deep([hidden] * 5, "softmax", 3), X, y, optimizer=Adam(0.01), **given)
    assert length(text) <= 120
    # A scaler, weights of rows and weight decay on top, where three formulas of swish take a fifth of the lines.
    given["sample_weight"] = np.linspace(1, 2, ROWS)
    text = programs.holds(deep([hidden] * 5, "softmax", 3, scaler=Standardizer()), X, y, optimizer=AdamW(0.01), **given)
    assert length(text) <= (124 if hidden in ("gelu", "swish", "softplus", "sigmoid") else 120)


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("validation", [None, 0.25])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_layers_of_many_kinds(batch_size: int | None, validation: float | None, dtype: str) -> None:
    layers = [
        *(Dropout(0.1), Dense(3, "tanh"), Dropout(0.2), Dropout(0.0), Dropout(0.3), Dense(6, "gelu", init="uniform")),
        *(Dense(2, "softplus"), Dense(5, "identity"), Dropout(0.1), Dense(2, "tanh")),
    ]
    net = Network([*layers], inputs=INPUTS, loss="huber", dtype=dtype)
    y = np.tanh(TARGETS["identity", 2])
    settings: dict[str, Any] = {"epochs": 100 if batch_size is None else 25, "l2": 0.01, "early_stopping": 200}
    for optimizer in (SGD(0.02), Adam(0.005)):
        for weights in ("redrawn", "included"):
            text = programs.holds(
                *(net, X, y),
                within=1e-12 if dtype == "float64" else 2e-6,
                optimizer=optimizer,
                weights=weights,
                batch_size=batch_size,
                validation=validation,
                **settings,
            )
            assert "activations = [" in text
            assert length(text) <= 126


def test_the_best_parameters_are_restored() -> None:
    net = deep(["tanh"] * 4, "identity", 2, drop=0.0)
    for validation in (None, 0.25):
        settings: dict[str, Any] = {"optimizer": Adam(0.2), "epochs": 60, "early_stopping": 3, "validation": validation}
        text = programs.holds(net, X, TARGETS["identity", 2], **settings)
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(text, names)
        trained = net.drawn_anew()
        trained.fit(X, TARGETS["identity", 2], **settings)
        for i in range(5):
            assert np.allclose(names["W"][i], trained.params[f"W{i + 1}"], rtol=1e-10, atol=1e-12)
            assert np.allclose(names["b"][i], trained.params[f"b{i + 1}"], rtol=1e-10, atol=1e-12)


def test_a_deep_program_reads_as_a_loop_over_its_layers() -> None:
    net = deep(["tanh"] * 5, "softmax", 3, drop=0.0)
    text = net.script(X, TARGETS["softmax", 3], l2=0.1)
    for line in (
        "z.append(a[k] @ W[k] + b[k])  # (n, units of layer k)",
        "a.append(np.tanh(z[k]) if k < layers - 1 else softmax(z[k]))",
        "delta = (a[-1] - t) / n  # (n, 3)",
        "for k in reversed(range(layers)):",
        "dW[k] = a[k].T @ delta + l2 * W[k]  # like W[k]",
        "delta = da * (1 - a[k] * a[k])",
        "W = [p - learning_rate * g for p, g in zip(W, dW)]",
    ):
        assert f"{line}\n" in text
    assert length(text) <= 80


def test_a_few_layers_keep_lines_of_their_own() -> None:
    for hidden in (0, 1, 2):
        text = deep(["tanh"] * hidden, "softmax", 3).script(X, TARGETS["softmax", 3], batch_size=8)
        assert f"z{hidden + 1} = " in text
        assert "layers" not in text.replace("by layers", "")
        assert "\n\n\n" in text


@pytest.mark.parametrize("layers", [1, 3, 6])
@pytest.mark.parametrize("weights", ["redrawn", "included"])
def test_every_name_that_a_program_gives_is_reserved(layers: int, weights: Any) -> None:
    settings = {**EVERYTHING, "class_weight": "balanced", "weights": weights, "optimizer": AdamW(0.01)}
    hidden = ["relu", "tanh", "relu", "elu", "relu"][: layers - 1]
    tree = ast.parse(deep(hidden, "softmax", 3, scaler=Standardizer()).script(X, TARGETS["softmax", 3], **settings))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    inside = {id(part) for node in tree.body if isinstance(node, ast.FunctionDef) for part in ast.walk(node)}
    given = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in inside
    }
    in_lists = {"Wk", "p", "u", "r", "_", "fan_in", "units", "part"}  # known there alone
    assert given - functions - in_lists - {"m", "v"} <= RESERVED


def r(z: Any) -> Any:
    return z / (1 + np.abs(z))


def r_slope(z: Any) -> Any:
    return 1 / ((1 + np.abs(z)) * (1 + np.abs(z)))


def test_an_activation_called_as_a_name_of_the_program_when_two_dropouts_follow_each_other() -> None:
    own = Activation("r", r, r_slope)
    layers: list[Any] = [Dense(4, own), Dropout(0.2), Dropout(0.3), Dense(4, own), Dense(3, own), Dense(3, "softmax")]
    net = Network(layers, X.shape[1], seed=1)
    programs.holds(net, X, TARGETS["softmax", 3], epochs=20, batch_size=4)
