"""The lines that a report shows give the same run again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import Activation, AdamW, Dense, Dropout, Network, activations
from pellucid.data import Pixels, Standardizer
from pellucid.history import digest
from pellucid.report.again import program
from pellucid.report.material import Material, gathered
from pellucid.schedules import Cosine, Plateau

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(0, 9, (40, 3)), np.arange(40) % 2


def material(net: Network, **settings: Any) -> Material:
    history = net.fit(X, Y, **settings)
    assert history.run is not None
    run = history.run
    return gathered(net, run.X, run.y, history, None, None, None, None, None, False)


def run_again(m: Material, **names: Any) -> dict[str, Any]:
    lines = program(m).replace('history.report("run.html")', "")
    space: dict[str, Any] = {"X": X, "y": Y, **names}
    exec(compile(lines, "<again>", "exec"), space)
    return space


CASES: dict[str, tuple[Network, dict[str, Any]]] = {
    "usual": (Network([Dense(2, "softmax")], 3), {"epochs": 3}),
    "everything": (
        Network(
            [Dense(4, "leaky_relu", "uniform(0.3)"), Dropout(0.25), Dense(3, "gelu"), Dense(1, "sigmoid")],
            3, seed=7, loss="squared_error", dtype="float32", scaler=Standardizer(ddof=1),
        ),
        {
            "optimizer": AdamW(0.01, weight_decay=0.02), "epochs": 4, "batch_size": 7, "l2": 0.01, "l1": 1e-4,
            "schedule": Cosine(), "validation": 0.2, "early_stopping": 2, "class_weight": {0: 2.0, 1: 1.0},
            "clip_norm": 1.0, "seed": 5,
        },
    ),
    "huber": (
        Network([Dense(2, "tanh"), Dense(1)], 3, loss="huber(0.5)", scaler=Pixels()),
        {"optimizer": "rmsprop", "schedule": Plateau(patience=1), "epochs": 3, "batch_size": 10, "shuffle": False},
    ),
    "balanced": (Network([Dense(2, "softmax")], 3), {"class_weight": "balanced", "epochs": 2}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_lines_give_the_same_bits(case: str) -> None:
    net, settings = CASES[case]
    m = material(net, **settings)
    again = run_again(m)
    assert again["net"].theta.tobytes() == net.theta.tobytes()
    assert again["history"].initial_weights == m.history.initial_weights  # type: ignore[union-attr]
    assert np.array_equal(again["history"].loss, m.history.loss)  # type: ignore[union-attr]


def test_arrays_are_left_to_be_filled_in() -> None:
    net = Network([Dense(2, "softmax")], 3)
    w = np.arange(1.0, 41.0)
    m = material(net, epochs=2, validation=(X[:9], Y[:9]), sample_weight=w)
    again = run_again(m, X_validation=X[:9], y_validation=Y[:9], sample_weight=w)
    assert again["net"].theta.tobytes() == net.theta.tobytes()


def test_what_is_ones_own_is_named_and_said() -> None:
    bent = replace(activations.ACTIVATIONS["tanh"], name="bent <3")
    assert isinstance(bent, Activation)
    net = Network([Dense(2, bent), Dense(2, "softmax")], 3)
    lines = program(material(net, epochs=2))
    assert "# bent_3 is your own activation: define or import it here." in lines
    assert "Dense(2, bent_3)" in lines
    assert run_again(material(net, epochs=1), bent_3=bent)["net"].theta.shape == net.theta.shape


def test_a_known_name_for_another_formula_is_no_known_formula() -> None:
    other = replace(activations.ACTIVATIONS["tanh"], name="relu")
    lines = program(material(Network([Dense(2, other), Dense(2, "softmax")], 3), epochs=1))
    assert "is your own activation" in lines


def test_a_digest_is_that_of_the_history() -> None:
    net = Network([Dense(2, "softmax")], 3, seed=4)
    before = digest(net.theta)
    assert net.fit(X, Y, epochs=1).initial_weights == before
    assert digest(net.theta) != before


def test_imports_are_of_this_library() -> None:
    lines = program(material(*[CASES["usual"][0]], epochs=1)).splitlines()
    assert lines[0] == "from pellucid import Dense, Network"
    assert pellucid.Network is Network
