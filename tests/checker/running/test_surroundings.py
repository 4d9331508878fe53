"""What a learner's functions use from outside is found, and their world is put back."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import numpy as np
import pytest
from nets import check, gradients, loss, start, told

from pellucid.checker import check_my_network
from pellucid.checker.running.snapshot import Snapshot
from pellucid.checker.running.surroundings import constants, used_by

DATA = np.arange(6.0).reshape(3, 2)
COUNT = 0
VELOCITY: dict[str, Any] = {}
FEATURES = DATA


def helper(params: Any) -> Any:
    return FEATURES @ params


def outer(params: Any) -> Any:
    return helper(params).sum() + 0.125


class Holder:
    def __init__(self) -> None:
        self.inputs = DATA
        self.nested = {"labels": [0, 1]}

    def loss(self) -> Any:
        return self.part() * 0.75

    def part(self) -> Any:
        return self.inputs.sum() * 0.375


def test_globals_closures_defaults_and_attributes_are_seen() -> None:
    labels = np.arange(3)

    def inner(params: Any, rate: float = 0.3) -> Any:
        return outer(params) + labels

    used = used_by([inner])
    assert used["FEATURES"] is DATA
    assert used["labels"] is labels
    assert used["rate"] == 0.3
    assert used_by([Holder().loss])["inputs"] is DATA
    held = Holder()
    assert used_by([lambda p: held.loss()])["inputs"] is DATA
    assert used_by([partial(lambda X, p: p, DATA)])["argument 0"] is DATA
    assert "sum" not in used_by([np.sum])


def test_numbers_in_the_code() -> None:
    assert constants([outer]) >= {0.125}
    assert constants([Holder().loss]) >= {0.75, 0.375}
    held = Holder()
    assert constants([lambda p: held.loss()]) >= {0.75, 0.375}


def test_everything_is_put_back() -> None:
    global COUNT
    generator, legacy, own = np.random.default_rng(0), np.random.RandomState(0), random.Random(0)
    held, cache, numbers = Holder(), {"z": np.ones(2)}, [1, 2]
    steps = 0

    def meddle() -> None:
        global COUNT
        nonlocal steps
        COUNT += 1
        steps += 1
        generator.random()
        legacy.random()
        own.random()
        np.random.rand()
        random.random()
        held.extra = 1
        held.nested["labels"].append(5)
        cache["z"] += 1
        cache["new"] = 1
        numbers.clear()
        VELOCITY["W"] = 1

    snapshot = Snapshot([meddle])
    expected = [generator.random(), legacy.random(), own.random(), np.random.rand(), random.random()]
    snapshot.restore()
    meddle()
    snapshot.restore()
    assert (COUNT, steps, VELOCITY, numbers) == (0, 0, {}, [1, 2])
    assert not hasattr(held, "extra")
    assert held.nested == {"labels": [0, 1]}
    assert cache["z"].tolist() == [1, 1]
    assert set(cache) == {"z"}
    assert [generator.random(), legacy.random(), own.random(), np.random.rand(), random.random()] == expected


def test_an_optimizer_keeps_its_state() -> None:
    velocity, steps = {}, [0]

    def step(params: Any, grads: Any) -> Any:
        steps[0] += 1
        for key in params:
            velocity[key] = 0.9 * velocity.get(key, 0) - 0.1 * grads[key]
            params[key] += velocity[key]

    assert check(step=step).ok
    assert velocity == {}
    assert steps == [0]


@pytest.mark.parametrize("error", [KeyError("W3"), ZeroDivisionError("division"), KeyboardInterrupt()])
def test_exceptions_come_through_and_leave_nothing_behind(error: BaseException) -> None:
    params = start()
    calls = []

    def failing(p: Any) -> Any:
        p["W1"] += 1
        calls.append(1)
        raise error

    for functions in ((failing, gradients), (loss, failing)):
        with pytest.raises(type(error)) as caught:
            check_my_network(*functions, params)
        assert caught.value is error
        assert calls == []
        for key, value in start().items():
            np.testing.assert_array_equal(params[key], value)


def test_exceptions_of_forward_and_step_come_through_too() -> None:
    def forward(params: Any, X: Any) -> Any:
        return params["W9"]

    def step(params: Any, grads: Any) -> Any:
        return params["W9"]

    with pytest.raises(KeyError, match="W9"):
        check(forward=forward, X=np.ones((2, 3)))
    with pytest.raises(KeyError, match="W9"):
        check(step=step)


def test_what_fails_only_far_out_is_no_matter() -> None:
    limit = max(np.abs(p).max() for p in start().values())

    def careful(params: Any) -> Any:
        assert all(np.abs(p).max() < 1.5 * limit for p in params.values()), "too large"
        return loss(params)

    assert check(loss=careful).ok


def test_nothing_is_printed_a_thousand_times(capsys: pytest.CaptureFixture[str]) -> None:
    def chatty(params: Any) -> Any:
        print("loss")
        return loss(params)

    assert check(loss=chatty).ok
    assert capsys.readouterr().out.count("loss") == 1


def test_the_random_state_of_the_program_is_not_touched() -> None:
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    check()
    assert np.random.rand() == expected


def test_dropout_is_told_as_random() -> None:
    drop = np.random.default_rng(5)

    def noisy(params: Any) -> Any:
        return loss({**params, "W1": params["W1"] * (drop.random(params["W1"].shape) < 0.8)})

    assert told(check(loss=noisy)) == [("loss", "random_loss")]

    def noisy_gradients(params: Any) -> Any:
        return gradients({**params, "W1": params["W1"] * (drop.random(params["W1"].shape) < 0.8)})

    report = check(gradients=noisy_gradients)
    assert [kind for _, kind in told(report)] == ["random_loss"]
    assert "gradients()" in report.findings[0].evidence
