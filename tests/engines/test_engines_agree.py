"""Properties that hold for both engines on generated networks, data and settings."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the extra `fast` is not installed")

from pellucid import SGD, Adam, Dense, Dropout, History, Network, TrainingDiverged
from pellucid.engines import compiled

OUTPUTS = [("softmax", 2), ("softmax", 3), ("softmax", 6), ("sigmoid", 1), ("identity", 1), ("identity", 2)]
OPTIMIZERS = [SGD(0.05), SGD(0.02, momentum=0.9), Adam(0.01)]
SCHEDULES = ["constant", "one_cycle", "exponential", "plateau"]


@dataclass(frozen=True)
class Example:
    """A training to be done twice."""

    net: Network
    X: Any
    y: Any
    settings: dict[str, Any]

    def taken(self, engine: str, **more: Any) -> tuple[History, Network]:
        net = copy.deepcopy(self.net)
        return net.fit(self.X, self.y, **(self.settings | {"engine": engine} | more)), net


@st.composite
def examples(draw: Any, watched: bool = False) -> Example:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows, features = draw(st.integers(2, 40)), draw(st.integers(1, 5))
    output, count = draw(st.sampled_from(OUTPUTS))
    layers: list[Any] = []
    for activation in draw(st.lists(st.sampled_from(["tanh", "relu", "gelu"]), max_size=2)):
        layers += [Dropout(0.3)] if draw(st.booleans()) else []
        layers.append(Dense(draw(st.integers(1, 9)), activation))
    net = Network([*layers, Dense(count, output)], features, seed=draw(st.integers(0, 99)))
    y: Any = rng.normal(size=(rows, count))
    if output == "softmax":
        y = rng.permutation(np.arange(rows) % count)
    elif output == "sigmoid":
        y = rng.permutation(np.arange(rows) % 2)
    given: dict[str, Any] = {
        "epochs": draw(st.integers(1, 6)),
        "optimizer": draw(st.sampled_from(OPTIMIZERS)),
        "schedule": draw(st.sampled_from(SCHEDULES)),
        "batch_size": draw(st.none() | st.integers(1, 45)),
        "l2": draw(st.sampled_from([0.0, 0.1])),
        "l1": draw(st.sampled_from([0.0, 0.01])),
        "clip_norm": draw(st.sampled_from([None, 0.5])),
        "shuffle": draw(st.booleans()),
        "seed": draw(st.integers(0, 9)),
    }
    if draw(st.booleans()):
        given["sample_weight"] = rng.random(rows) + 0.1
    if watched:
        held = rng.normal(size=(rows, features)), rng.permutation(y)
        given |= {"validation": held, "early_stopping": draw(st.integers(1, 3)), "epochs": 8}
    return Example(net, rng.normal(size=(rows, features)), y, given)


many = partial(settings, max_examples=80, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=1e-300, equal_nan=True))


@many()
@given(examples())
def test_both_engines_take_the_same_steps(example: Example) -> None:
    (ours, net), (theirs, twin) = example.taken("compiled"), example.taken("readable")
    assert close(ours.loss, theirs.loss)
    assert np.array_equal(ours.learning_rate, theirs.learning_rate)
    assert (len(ours), ours.stopped, ours.initial_weights) == (len(theirs), theirs.stopped, theirs.initial_weights)
    assert np.allclose(net.theta, twin.theta, rtol=1e-7, atol=1e-9)
    assert net.last_update is not None
    assert twin.last_update is not None
    assert np.allclose(net.last_update, twin.last_update, rtol=1e-5, atol=1e-9)
    assert (ours.accuracy is None) == (theirs.accuracy is None)
    if ours.accuracy is not None and theirs.accuracy is not None:
        # A row whose two largest outputs are equal up to rounding may go either way.
        assert np.max(np.abs(ours.accuracy - theirs.accuracy)) <= 1 / len(example.X) + 1e-12
        assert np.mean(np.abs(ours.accuracy - theirs.accuracy)) <= 0.2 / len(example.X)


@many()
@given(examples(watched=True))
def test_validation_and_early_stopping(example: Example) -> None:
    (ours, net), (theirs, twin) = example.taken("compiled"), example.taken("readable")
    assert close(ours.validation_loss, theirs.validation_loss, 1e-8)
    assert (ours.stopped, ours.best_epoch, len(ours)) == (theirs.stopped, theirs.best_epoch, len(theirs))
    assert np.allclose(net.theta, twin.theta, rtol=1e-7, atol=1e-9)


@many()
@given(examples(), st.integers(1, 9))
def test_any_chunking_and_any_watcher_gives_the_same_bits_and_leaves_the_data_alone(
    example: Example, steps: int
) -> None:
    X, y = copy.deepcopy((example.X, example.y))
    history, net = example.taken("compiled")
    seen: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "steps_of_next_call", lambda plan, taken, seconds: steps)
        again, twin = example.taken("compiled", on_epoch=lambda epoch: seen.append(epoch.loss))
    assert np.array_equal(net.theta, twin.theta)
    assert np.array_equal(history.loss, again.loss)
    assert np.array_equal(seen, again.loss)
    assert np.array_equal(X, example.X)
    assert np.array_equal(y, example.y)


@many()
@given(examples())
def test_features_in_another_order_of_memory_and_kind_are_the_same(example: Example) -> None:
    whole = np.round(example.X * 3)
    losses = {}
    for name, X in {"C": whole, "F": np.asfortranarray(whole), "int": whole.astype(np.int16)}.items():
        try:
            losses[name] = replace(example, X=X).taken("compiled")[0].loss
        except TrainingDiverged as error:
            before = () if error.history is None else error.history.loss
            losses[name] = np.append(before, error.step)
    assert np.array_equal(losses["C"], losses["F"])
    assert np.array_equal(losses["C"], losses["int"])


@many()
@given(examples())
def test_single_precision_as_far_as_it_goes(example: Example) -> None:
    net = Network(example.net.layers, example.net.inputs, seed=example.net.seed, dtype="float32")
    single = replace(example, net=net, settings=example.settings | {"optimizer": SGD(0.02), "epochs": 2})
    assert close(single.taken("compiled")[0].loss, single.taken("readable")[0].loss, 2e-3)


@many()
@given(examples(), st.sampled_from([1e3, 1e6, 1e12]))
def test_what_diverges_does_so_at_the_same_step(example: Example, rate: float) -> None:
    ends, layers, largest = [], [], 0.0
    for engine in ("compiled", "readable"):
        net = copy.deepcopy(example.net)
        given = example.settings | {"engine": engine, "optimizer": SGD(rate), "schedule": None}
        try:
            net.fit(example.X, example.y, **given)
            ends.append(None)
        except TrainingDiverged as error:
            ends.append(error.step)
            layers.append(error.layer)
        largest = max(largest, float(np.abs(net.theta).max()))
    assert ends[0] == ends[1]
    # Near the root of the largest float it depends on the order of a product's factors whether it overflows, and so in
    # which layer that is seen first.
    if largest < 1e150:
        assert len(set(layers)) <= 1


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("checked", "strategies"),
    [
        (test_both_engines_take_the_same_steps, (examples(),)),
        (test_validation_and_early_stopping, (examples(watched=True),)),
        (
            test_any_chunking_and_any_watcher_gives_the_same_bits_and_leaves_the_data_alone,
            (examples(), st.integers(1, 9)),
        ),
        (test_features_in_another_order_of_memory_and_kind_are_the_same, (examples(),)),
        (test_single_precision_as_far_as_it_goes, (examples(),)),
        (test_what_diverges_does_so_at_the_same_step, (examples(), st.sampled_from([1e3, 1e6, 1e12]))),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_many_more_examples(checked: Any, strategies: Any) -> None:
    many(max_examples=1000)(given(*strategies)(checked.hypothesis.inner_test))()
