"""A run as the studio has it: the same numbers as `fit`, and the same bits wherever it is rewound to."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import engines
from pellucid.errors import InputError
from pellucid.studio import learning as module
from pellucid.studio.choices import State, full
from pellucid.studio.choices import given as named
from pellucid.studio.datasets import Rows, rows_of
from pellucid.studio.learning import Learning
from pellucid.studio.networks import settings_of
from pellucid.studio.rewinding import Moments
from pellucid.studio.states import merged, normal

COLUMNS = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate")


def state_of(**parts: Any) -> dict[str, Any]:
    usual = {"data": {"kind": "moons", "n": 50}, "network": {"layers": [{"units": 4}]}}
    training = {"engine": "readable", "batch_size": 8, **parts.pop("training", {})}
    return merged(full(), named(State.model_validate_json(json.dumps({**usual, **parts, "training": training}))))


def run_of(**parts: Any) -> Learning:
    state = state_of(**parts)
    rows = rows_of(state["data"], state["features"], None)  # type: ignore[arg-type]
    return Learning(normal(state, rows), rows)


def books(run: Learning, epochs: int) -> np.ndarray[Any, Any]:
    return np.stack([run.job.columns[name][:epochs] for name in COLUMNS])


SETTINGS: list[dict[str, Any]] = [
    {},
    {"batch_size": None},
    {"batch_size": 7, "l2": 0.01, "l1": 0.001, "clip_norm": 0.5},
    {"optimizer": {"name": "sgd", "learning_rate": 0.5, "momentum": 0.9, "nesterov": True}},
    {"optimizer": {"name": "adamw", "learning_rate": 0.01}, "schedule": {"name": "cosine"}, "epochs": 12},
    {
        "optimizer": {"name": "rmsprop", "learning_rate": 0.01},
        "schedule": {"name": "plateau", "patience": 2},
        "epochs": 12,
    },
    {"optimizer": {"name": "adagrad", "learning_rate": 0.1}, "schedule": {"name": "step", "every": 3}},
    {"schedule": {"name": "one_cycle"}, "epochs": 12},
    {"schedule": {"name": "inverse"}, "batch_size": 1},
    {"schedule": {"name": "exponential", "factor": 0.9}},
]


@pytest.mark.parametrize("training", SETTINGS, ids=str)
@pytest.mark.parametrize("validation", [0.0, 0.2])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_it_is_the_library_s_own_training(training: dict[str, Any], validation: float, dropout: float) -> None:
    """However it is cut into slices: bit for bit what `fit` gives."""
    epochs = training.get("epochs", 9)
    layers = [{"units": 4, "dropout": dropout}, {"units": 3, "activation": "relu"}]
    run = run_of(training={"epochs": epochs, **training}, validation=validation, network={"layers": layers})
    net, rows = deepcopy(run.net), run.rows
    last = epochs * run.job.steps_per_epoch
    goals = np.unique(np.random.default_rng(0).integers(1, last, 11))
    for goal in [*goals.tolist(), last]:
        run.advance(goal)
        assert run.step == goal
    asked = state_of(training={"epochs": epochs, **training}, validation=validation)
    wanted = settings_of(asked)
    history = net.fit(
        rows.transformed(rows.X),
        rows.y,
        engine="readable",
        epochs=epochs,
        optimizer=wanted.optimizer,
        schedule=wanted.schedule,
        batch_size=wanted.batch_size,
        l2=wanted.l2,
        l1=wanted.l1,
        clip_norm=wanted.clip_norm,
        validation=wanted.validation,
        seed=wanted.seed,
    )
    assert np.array_equal(run.net.theta, net.theta)
    for name, column in history.columns().items():
        if name != "seconds":
            assert np.array_equal(run.job.columns[name][:epochs], column), name


def test_the_end_is_where_the_epochs_are_over() -> None:
    run = run_of(training={"epochs": 3})
    run.advance(10**6)
    assert run.step == run.last_step == 3 * run.job.steps_per_epoch
    assert run.epoch == 3.0


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), st.integers(1, 40)),
        st.tuples(st.just("seek"), st.floats(0, 1)),
        st.tuples(st.just("near"), st.floats(0, 1)),
        st.tuples(st.just("edit"), st.sampled_from([("W1", [0, 1], 0.7), ("b2", [1], -0.3), ("W2", [3, 0], 0.0)])),
        st.tuples(st.just("silence"), st.tuples(st.just(1), st.integers(0, 3), st.booleans())),
        st.tuples(st.just("settings"), st.integers(0, len(SETTINGS) - 1)),
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(ACTIONS)
def test_every_step_has_the_same_bits_however_it_is_reached(actions: list[tuple[str, Any]]) -> None:
    """Whatever was done: parameters seen at a step are there again when it is sought, until the way is left."""
    run = run_of(training={"epochs": 200, "batch_size": 13})
    seen: dict[int, bytes] = {}
    for what, said in actions:
        if what == "advance":
            seen = {step: bits for step, bits in seen.items() if step <= run.step}
            before = run.step
            run.advance(run.step + said)
            assert run.step == min(before + said, run.last_step) or run.diverged
        elif what in ("seek", "near"):
            step = int(said * run.end)
            run.seek(step, exact=what == "seek")
            assert run.step == step or what == "near"
        else:
            value = {**run.training, **state_of(training=SETTINGS[said])["training"]} if what == "settings" else said
            run.change(what, value)
            seen = {step: bits for step, bits in seen.items() if step < run.step}
        bits = run.net.theta.tobytes()
        assert seen.setdefault(run.step, bits) == bits
    end, theta = run.end, {}
    for step in (0, end, end // 2, end // 3, end):
        run.seek(step)
        assert theta.setdefault(step, run.net.theta.tobytes()) == run.net.theta.tobytes()
        assert seen.get(step, theta[step]) == theta[step]


def test_looking_back_changes_nothing_of_what_comes() -> None:
    straight, looked = run_of(), run_of()
    straight.advance(120)
    for step in (30, 31, 60, 100, 120):
        looked.advance(step)
        looked.seek(step // 2)
        looked.seek(3)
        looked.seek(step)
    assert np.array_equal(straight.net.theta, looked.net.theta)
    epochs = straight.job.done
    assert np.array_equal(books(straight, epochs), books(looked, epochs))


def test_a_way_that_was_left_is_forgotten() -> None:
    run = run_of()
    run.advance(100)
    run.seek(40)
    run.advance(45)
    assert (run.step, run.end) == (45, 45)
    run.seek(100)
    assert run.step == 45
    assert np.isnan(run.job.columns["loss"][run.job.done + 1 :]).all()


def test_going_on_from_a_step_that_was_sought_is_the_same_way() -> None:
    run = run_of()
    run.advance(100)
    theta = run.net.theta.copy()
    run.seek(37)
    run.advance(100)
    assert np.array_equal(run.net.theta, theta)


@pytest.mark.parametrize("size", [1000, 10**9])
def test_what_is_kept_is_bounded(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a run is; and no step is far from a moment before it."""
    monkeypatch.setattr("pellucid.studio.rewinding.MOST", 16)
    run = run_of(training={"epochs": 3000, "batch_size": None})
    run.moments = Moments(size)
    run._keep()
    for goal in range(50, 3001, 50):
        run.advance(goal)
        assert len(run.moments.kept) <= 16
        gaps = np.diff([moment.step for moment in run.moments.kept] + [run.step])
        assert gaps.max() <= max(4 * goal / run.moments.most, 2)
    assert run.moments.kept[0].step == 0
    theta = run.net.theta.copy()
    run.seek(1234)
    run.seek(3000)
    assert np.array_equal(run.net.theta, theta)


def test_settings_change_from_the_next_step_on() -> None:
    run, other = run_of(), run_of()
    for one in (run, other):
        one.advance(11)
    faster = {**run.training, "optimizer": {**run.training["optimizer"], "learning_rate": 0.02}}
    averages = [average.copy() for average in run.job.state.averages]
    run.change("settings", faster)
    assert run.job.state.t == 11
    assert all(np.array_equal(a, b) for a, b in zip(averages, run.job.state.averages, strict=True))
    run.advance(12)
    other.advance(12)
    before = other.job.finite
    assert np.allclose(run.net.theta - before, 2 * (other.net.theta - before), rtol=1e-9)


def test_another_optimizer_begins_afresh_from_the_parameters_there_are() -> None:
    run = run_of()
    run.advance(9)
    theta = run.net.theta.copy()
    run.change("settings", {**run.training, "optimizer": {"name": "sgd", "learning_rate": 0.1}})
    assert np.array_equal(run.net.theta, theta)
    assert run.job.state.t == 0


def test_a_batch_size_changes_between_epochs() -> None:
    run = run_of(validation=0)
    each = run.job.steps_per_epoch
    assert each == 7  # 50 rows, 8 a step
    run.advance(10)
    run.change("settings", {**run.training, "batch_size": 25})
    assert run.job.batch_size == 8
    run.advance(14)
    assert run.epoch == 2
    run.advance(16)
    assert run.job.batch_size == 25
    assert run.epoch == 3
    assert run.job.done == 3
    theta = run.net.theta.copy()
    assert run.job.history().initial_weights == run.initial_weights
    run.seek(5)
    assert run.job.batch_size == 8
    assert run.job.history().initial_weights == run.initial_weights
    run.seek(16)
    assert np.array_equal(run.net.theta, theta)
    assert not np.isnan(run.job.columns["loss"][:3]).any()


def test_a_silenced_unit_says_nothing_and_comes_back_as_it_was() -> None:
    run = run_of()
    run.advance(20)
    outgoing = run.net.params["W2"][2].copy()
    run.change("silence", (1, 2, True))
    assert not run.net.params["W2"][2].any()
    run.advance(60)
    assert not run.net.params["W2"][2].any()
    assert run.net.params["W2"][1].any()
    run.change("silence", (1, 2, False))
    assert np.array_equal(run.net.params["W2"][2], outgoing)
    run.advance(70)
    assert not np.array_equal(run.net.params["W2"][2], outgoing)


def test_what_cannot_be_changed_is_refused_and_changes_nothing() -> None:
    run = run_of()
    run.advance(20)
    run.seek(10)
    wrong: list[tuple[str, Any]] = [
        ("edit", ("W3", [0, 0], 1.0)),
        ("edit", ("W1", [0], 1.0)),
        ("edit", ("W1", [2, 0], 1.0)),
        ("edit", ("b1", [0, 0], 1.0)),
        ("edit", ("b1", [4], 1.0)),
        ("silence", (2, 0, True)),
        ("silence", (1, 4, True)),
        ("silence", (5, 0, True)),
        ("settings", {**run.training, "l2": -1.0}),
    ]
    for kind, said in wrong:
        with pytest.raises(InputError):
            run.change(kind, said)
    assert (run.step, run.end, run.events) == (10, 20, [])


def test_changes_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 3)
    run = run_of()
    for k in range(3):
        run.change("edit", ("b1", [0], float(k)))
    with pytest.raises(InputError, match="Reset"):
        run.change("edit", ("b1", [0], 9.0))


def test_a_run_that_diverges_stops_where_all_was_finite() -> None:
    run = run_of(
        data={"kind": "plane", "n": 50},
        network={"layers": [{"units": 4, "activation": "relu"}]},
        training={"optimizer": {"name": "sgd", "learning_rate": 90.0}},
    )
    run.advance(1000)
    assert run.diverged is not None
    assert "learning rate" in run.diverged
    assert run.step == run.end < 1000
    assert np.isfinite(run.net.theta).all()
    assert np.isfinite(run.net.loss(run.rows.X, run.rows.y))
    theta, step = run.net.theta.copy(), run.step
    run.seek(0)
    assert run.diverged is None
    run.seek(step)
    assert np.array_equal(run.net.theta, theta)
    run.change("settings", {**run.training, "optimizer": {"name": "sgd", "learning_rate": 1e-9}})
    run.advance(step + 3)
    assert run.step == step + 3 or run.diverged


def test_few_rows_are_all_for_training() -> None:
    points = [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0)]
    run = run_of(data={"kind": "drawn", "points": points})
    assert run.job.validation is None
    assert "validation" in run.notes[0]
    run.advance(5)
    assert run.step == 5


def test_the_same_state_gives_the_same_run() -> None:
    first, second = run_of(seed=3), run_of(seed=3)
    first.advance(50)
    second.advance(20)
    second.advance(50)
    assert np.array_equal(first.net.theta, second.net.theta)
    assert first.initial_weights == second.initial_weights != run_of(seed=4).initial_weights


def test_copies_do_not_change_with_the_run() -> None:
    run = run_of()
    run.advance(20)
    net, history = run.copied()
    theta = net.theta.copy()
    run.advance(40)
    assert np.array_equal(net.theta, theta)
    assert history.run is not None
    assert history.run.net is net
    assert len(history) == 4  # 40 rows of 50 for training, 8 a step


@pytest.mark.skipif(not engines.installed(), reason="needs the extra fast")
def test_the_compiled_engine_takes_over_between_epochs() -> None:
    """At the same step every time, and a run that is sought has the same bits there as well."""
    run = run_of(training={"engine": "auto", "batch_size": None, "epochs": 5000}, validation=0)
    other = run_of(training={"engine": "auto", "batch_size": None, "epochs": 5000}, validation=0)
    run.advance(999)
    assert run.job.engine == "readable"
    run.advance(1500)
    assert run.job.engine == "compiled"
    for goal in (700, 1001, 1100, 1500):
        other.advance(goal)
    assert np.array_equal(run.net.theta, other.net.theta)
    theta = run.net.theta.copy()
    for step in (1200, 900, 1400, 1000, 1500):
        run.seek(step)
    assert np.array_equal(run.net.theta, theta)
    run.change("silence", (1, 0, True))
    assert run.job.engine == "readable"
    run.advance(1510)
    run.change("silence", (1, 0, False))
    run.advance(1600)
    assert run.job.engine == "compiled"
    theta = run.net.theta.copy()
    run.seek(10)
    run.seek(1600)
    assert np.array_equal(run.net.theta, theta)


def test_labels_and_shapes_are_the_data_s() -> None:
    rows = Rows(
        np.arange(12.0).reshape(6, 2),
        np.array([0, 1, 2, 0, 1, 2]),
        ("a", "b"),
        "classes",
        ("x", "y", "z"),
        kept=("x1", "x2"),
    )
    run = Learning(state_of(validation=0), rows)
    assert run.net.labels == ("x", "y", "z")
    assert run.net.outputs == 3
