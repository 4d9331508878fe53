"""Schedules: the rate at explicit steps, by the formulas and through fit, in full batch and in mini-batches."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import SGD, Dense, InputError, Network
from pellucid.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    Inverse,
    OneCycle,
    Place,
    Plateau,
    Schedule,
    Step,
    Watch,
)

BLIND = [  # those that do not look at losses
    Constant(), Step(3), Step(2, 0.5), Exponential(), Exponential(0.5), Inverse(), Inverse(2.0), Cosine(),
    Cosine(0.1), Cosine(0.5), OneCycle(),
]  # fmt: skip


def scales(schedule: Schedule, epochs: int, per_epoch: int = 1) -> list[float]:
    """The scale of every step of a run."""
    steps = epochs * per_epoch
    return [schedule.scale(Place(step, steps, step // per_epoch), Watch()) for step in range(steps)]


# The formulas, at steps worked by hand.


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Constant(), [1, 1, 1, 1, 1, 1, 1, 1]),
        (Step(3), [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01]),
        (Step(every=2, factor=0.5), [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]),
        (Step(1, 1), [1] * 8),
        (Exponential(0.5), [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125]),
        (Exponential(), [0.95**e for e in range(8)]),
        (Inverse(1.0), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6, 1 / 7, 1 / 8]),
        (Inverse(0.5), [1, 1 / 1.5, 1 / 2, 1 / 2.5, 1 / 3, 1 / 3.5, 1 / 4, 1 / 4.5]),
        (Inverse(0), [1] * 8),
        (Cosine(), [(1 + math.cos(math.pi * s / 8)) / 2 for s in range(8)]),
        # A quarter of the steps up, in equal parts to the full rate at step 2, then half a cosine over the other six.
        (Cosine(0.25), [1 / 3, 2 / 3] + [(1 + math.cos(math.pi * s / 6)) / 2 for s in range(6)]),
        (OneCycle(), [0, 1 / 2, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6]),
    ],
    ids=str,
)
def test_by_hand(schedule: Schedule, expected: list[float]) -> None:
    assert scales(schedule, 8) == pytest.approx(expected, rel=1e-14, abs=1e-16)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Step(2, 0.5), [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]),  # epochs count
        (Exponential(0.5), [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]),
        (Inverse(1.0), [1, 1, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 4, 1 / 4]),
        (Cosine(), [(1 + math.cos(math.pi * s / 8)) / 2 for s in range(8)]),  # steps count
        (OneCycle(), [0, 1 / 2, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6]),
    ],
    ids=str,
)
def test_by_hand_with_two_steps_an_epoch(schedule: Schedule, expected: list[float]) -> None:
    assert scales(schedule, 4, per_epoch=2) == pytest.approx(expected, rel=1e-14, abs=1e-16)


@pytest.mark.parametrize("schedule", BLIND, ids=str)
@given(epochs=st.integers(1, 60), per_epoch=st.integers(1, 7))
@settings(max_examples=30, deadline=None)
def test_every_rate_is_between_none_and_all_of_it(schedule: Schedule, epochs: int, per_epoch: int) -> None:
    values = scales(schedule, epochs, per_epoch)
    assert all(isinstance(value, float) and 0 <= value <= 1 for value in values)
    assert not any(value == 0 for value in values[1:])


@given(steps=st.integers(2, 200), warmup=st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.9]))
@settings(max_examples=100, deadline=None)
def test_cosine_rises_to_the_full_rate_then_falls_to_nearly_nothing(steps: int, warmup: float) -> None:
    values = scales(Cosine(warmup), steps)
    top = int(np.argmax(values))
    assert abs(top - warmup * steps) < 1
    assert values[0] > 0
    assert (np.diff(values[: top + 1]) > 0).all()
    assert (np.diff(values[top:]) < 0).all()
    if (warmup * steps).is_integer():
        assert values[int(warmup * steps)] == 1
    # The run of the cosine ends at 0, one step after the last.
    assert Cosine(warmup).scale(Place(steps, steps, 0), Watch()) == pytest.approx(0, abs=1e-15)


@given(quarter=st.integers(1, 50))
@settings(max_examples=50, deadline=None)
def test_one_cycle_is_two_straight_lines(quarter: int) -> None:
    values = scales(OneCycle(), 4 * quarter)
    assert int(np.argmax(values)) == quarter
    assert values[quarter] == 1
    assert np.diff(values[: quarter + 1]) == pytest.approx(1 / quarter, rel=1e-9)
    assert np.diff(values[quarter:]) == pytest.approx(-1 / (3 * quarter), rel=1e-9)
    assert OneCycle().scale(Place(4 * quarter, 4 * quarter, 0), Watch()) == 0


# Plateau, driven by losses.


def plateau(schedule: Plateau, losses: list[float]) -> list[float]:
    """The scale that each epoch runs at, given the loss at the end of each."""
    watch, used = Watch(), []
    for epoch, loss in enumerate(losses):
        used.append(schedule.scale(Place(epoch, len(losses), epoch), watch))
        watch = schedule.watched(watch, loss)
    return used


@pytest.mark.parametrize(
    ("schedule", "losses", "expected"),
    [
        (Plateau(0.5, 2), [5, 4, 3, 2, 1, 0], [1, 1, 1, 1, 1, 1]),
        (Plateau(0.5, 1), [5, 5, 5, 5], [1, 1, 0.5, 0.25]),
        (Plateau(0.5, 2), [5, 5, 5, 5, 5, 5], [1, 1, 1, 0.5, 0.5, 0.25]),
        (Plateau(0.1, 2), [5, 6, 4, 5, 4, 4, 3], [1, 1, 1, 1, 1, 0.1, 0.1]),  # equal is no improvement; one restarts
        (Plateau(0.5, 2), [5, math.nan, math.nan, 4, 5, 5, 5], [1, 1, 1, 0.5, 0.5, 0.5, 0.25]),
        (Plateau(0.5, 3), [3, 5, 4, 3.5, 3.2], [1, 1, 1, 1, 0.5]),  # getting better, but not better than the best
    ],
)
def test_plateau_by_hand(schedule: Plateau, losses: list[float], expected: list[float]) -> None:
    assert plateau(schedule, losses) == pytest.approx(expected, rel=1e-15)


@given(
    losses=st.lists(st.integers(0, 5).map(float), min_size=1, max_size=40),
    patience=st.integers(1, 5),
)
@settings(max_examples=200, deadline=None)
def test_plateau_is_that_of_a_plain_loop(losses: list[float], patience: int) -> None:
    scale, since, expected = 1.0, 0, []
    for epoch, loss in enumerate(losses):
        expected.append(scale)
        since = 0 if all(loss < earlier for earlier in losses[:epoch]) else since + 1
        if since == patience:
            scale, since = scale / 2, 0
    assert plateau(Plateau(0.5, patience), losses) == expected


# Through fit: history.learning_rate is the rate of each epoch's last update.


def data() -> tuple[Any, Any]:
    X = np.random.default_rng(0).normal(size=(10, 2))
    return X, (X[:, 0] > 0).astype(int)


def rates(schedule: Any, **options: Any) -> Any:
    X, y = data()
    net = Network([Dense(2, "softmax")], inputs=2)
    return net.fit(X, y, optimizer=SGD(0.2), schedule=schedule, **options).learning_rate


@pytest.mark.parametrize("batch_size", [None, 10, 3, 1])
@pytest.mark.parametrize("schedule", BLIND, ids=str)
def test_fit_uses_the_schedule(schedule: Schedule, batch_size: int | None) -> None:
    per_epoch = math.ceil(10 / batch_size) if batch_size else 1
    last_of_each_epoch = scales(schedule, 8, per_epoch)[per_epoch - 1 :: per_epoch]
    assert np.array_equal(rates(schedule, epochs=8, batch_size=batch_size), 0.2 * np.array(last_of_each_epoch))


@pytest.mark.parametrize("batch_size", [None, 4])
def test_every_step_moves_by_its_own_rate(batch_size: int | None) -> None:
    X, y = data()
    net, by_hand = (Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2) for _ in range(2))
    net.fit(X, y, optimizer=SGD(0.5), schedule=Cosine(0.2), epochs=4, batch_size=batch_size, shuffle=False)
    batches = [slice(0, 10)] if batch_size is None else [slice(0, 4), slice(4, 8), slice(8, 10)]
    values = scales(Cosine(0.2), 4, len(batches))
    for step, scale in enumerate(values):
        rows = batches[step % len(batches)]
        for name, g in by_hand.gradients(X[rows], y[rows]).items():
            by_hand.params[name] -= (0.5 * scale) * g
    assert np.array_equal(net.theta, by_hand.theta)


def at_rest() -> tuple[Network, Any, Any]:
    """A network that is right already: no step changes it, so no loss ever improves."""
    net = Network([Dense(1)], inputs=2)
    X = data()[0]
    return net, X, net.predict(X)


@pytest.mark.parametrize("batch_size", [None, 5])
def test_plateau_watches_the_training_loss_where_there_is_no_validation(batch_size: int | None) -> None:
    net, X, y = at_rest()
    history = net.fit(
        X, y, optimizer=SGD(0.2), schedule=Plateau(0.5, 2), epochs=7, batch_size=batch_size, shuffle=False
    )
    assert history.learning_rate.tolist() == [0.2, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05]


def test_plateau_leaves_a_rate_that_works_alone() -> None:
    assert (rates(Plateau(0.5, 1), epochs=20) == 0.2).all()


def test_plateau_watches_the_validation_loss_where_there_is_one() -> None:
    X, y = data()
    net = Network([Dense(2, "softmax")], inputs=2)
    net.params["W1"][...] = 0
    # What is validated says the opposite: while the training loss falls, the validation loss rises every epoch.
    history = net.fit(X, y, optimizer=SGD(0.2), schedule=Plateau(0.1, 3), epochs=8, validation=(X, 1 - y))
    assert history.validation_loss is not None
    assert (np.diff(history.loss) < 0).all()
    assert (np.diff(history.validation_loss) > 0).all()
    assert history.learning_rate == pytest.approx([0.2] * 4 + [0.02] * 3 + [0.002], rel=1e-12)


def test_plateau_starts_afresh_in_every_fit() -> None:
    net, X, y = at_rest()
    for _ in range(2):
        history = net.fit(X, y, optimizer=SGD(0.2), schedule=Plateau(0.5, 1), epochs=3)
        assert history.learning_rate.tolist() == [0.2, 0.2, 0.1]


# By name, refused, carried elsewhere.


def test_the_table() -> None:
    names = {"constant", "step", "exponential", "inverse", "cosine", "one_cycle", "plateau"}
    assert set(SCHEDULES) == names
    for name, record in SCHEDULES.items():
        assert type(record).__name__.lower() == name.replace("_", "")
        assert pickle.loads(pickle.dumps(record)) == record


@pytest.mark.parametrize("name", SCHEDULES)
def test_by_name_through_fit(name: str) -> None:
    assert np.array_equal(rates(name, epochs=4, batch_size=4), rates(SCHEDULES[name], epochs=4, batch_size=4))


def test_none_is_constant() -> None:
    assert (rates(None, epochs=3) == 0.2).all()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match=r"no schedule named 'cosinus'\. Did you mean 'cosine'"):
        rates("cosinus", epochs=1)


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (Step, (0,), "every"),
        (Step, (-1,), "every"),
        (Step, (2, 0), "factor"),
        (Step, (2, 1.1), "factor"),
        (Step, (2, math.nan), "factor"),
        (Exponential, (0,), "factor"),
        (Exponential, (1.01,), "factor"),
        (Exponential, (math.nan,), "factor"),
        (Inverse, (-0.1,), "decay"),
        (Inverse, (math.nan,), "decay"),
        (Cosine, (-0.1,), "warmup"),
        (Cosine, (1,), "warmup"),
        (Cosine, (math.nan,), "warmup"),
        (Plateau, (0,), "factor"),
        (Plateau, (1,), "factor"),
        (Plateau, (0.5, 0), "patience"),
        (Plateau, (0.5, -3), "patience"),
    ],
)
def test_what_is_out_of_range_is_refused(kind: Any, arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=rf"{kind.__name__}\({message}\).*this is {arguments[-1]!r}"):
        kind(*arguments)
