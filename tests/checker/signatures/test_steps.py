"""Updates: once, downhill, on the parameters themselves; and every honest optimizer is left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nets import check, gradients, start, told

RATE = 0.3


def new(params: Any, grads: Any) -> Any:
    return {key: params[key] - RATE * grads[key] for key in params}


def in_place(params: Any, grads: Any) -> None:
    for key in params:
        params[key] -= RATE * grads[key]


def in_place_and_back(params: Any, grads: Any) -> Any:
    in_place(params, grads)
    return params


def with_rate(params: Any, grads: Any, lr: float) -> Any:
    return {key: params[key] - lr * grads[key] for key in params}


def with_state(params: Any, grads: Any) -> Any:
    return new(params, grads), {"t": 1}


def decayed(params: Any, grads: Any) -> Any:
    return {key: params[key] - 0.01 * (grads[key] + 0.1 * params[key]) for key in params}


def clipped(params: Any, grads: Any) -> Any:
    return {key: params[key] - RATE * np.clip(grads[key], -0.05, 0.05) for key in params}


def by_sign(params: Any, grads: Any) -> Any:
    return {key: params[key] - 0.01 * np.sign(grads[key]) for key in params}


def each_its_rate(params: Any, grads: Any) -> Any:
    rates = {"W1": 0.1, "b1": 0.25, "W2": 0.1, "b2": 0.25}
    return {key: params[key] - rates[key] * grads[key] for key in params}


RIGHT = [new, in_place, in_place_and_back, with_rate, with_state, decayed, clipped, by_sign, each_its_rate]


@pytest.mark.parametrize("step", RIGHT)
def test_right_updates(step: Any) -> None:
    params = start()
    assert check(step=step, params=params).ok
    for key, value in start().items():
        np.testing.assert_array_equal(params[key], value)


def twice_new(params: Any, grads: Any) -> Any:
    return new(new(params, grads), grads)


def twice_in_place(params: Any, grads: Any) -> None:
    in_place(params, grads)
    in_place(params, grads)


def in_place_and_new(params: Any, grads: Any) -> Any:
    in_place(params, grads)
    return new(params, grads)


def twice_with_rate(params: Any, grads: Any, lr: float) -> Any:
    return with_rate(with_rate(params, grads, lr), grads, lr)


def twice_by_a_number(params: Any, grads: Any) -> Any:
    for _ in range(2):
        params = {key: params[key] - 0.07 * grads[key] for key in params}
    return params


def last_one_twice(params: Any, grads: Any) -> Any:
    made = new(params, grads)
    made["b2"] = made["b2"] - RATE * grads["b2"]
    return made


def on_a_copy(params: Any, grads: Any) -> None:
    for key in params:
        p = params[key]
        p = p - RATE * grads[key]


def without_biases(params: Any, grads: Any) -> Any:
    return {key: params[key] - RATE * grads[key] if key[0] == "W" else params[key] for key in params}


def uphill(params: Any, grads: Any) -> Any:
    return {key: params[key] + RATE * grads[key] for key in params}


@pytest.mark.parametrize(
    ("step", "expected", "evidence"),
    [
        (twice_new, ("W1", "update_twice"), "0.6 times the gradient, twice the learning rate of 0.3"),
        (twice_in_place, ("W1", "update_twice"), "0.6 times the gradient, twice the learning rate of 0.3"),
        (in_place_and_new, ("W1", "update_twice"), "in place, and then subtracts the same again"),
        (twice_with_rate, ("W1", "update_twice"), "0.02 times the gradient, twice the learning rate of 0.01"),
        (twice_by_a_number, ("W1", "update_twice"), "0.14 times the gradient, twice the learning rate of 0.07"),
        (last_one_twice, ("b2", "update_twice"), "0.6 times its gradient, and others by 0.3"),
        (on_a_copy, ("W1", "step_changes_nothing"), "the same to the last bit"),
        (without_biases, ("b1", "step_changes_nothing"), "b1, b2 is the same"),
        (uphill, ("W1", "step_uphill"), "+1"),
    ],
)
def test_wrong_updates(step: Any, expected: tuple[str, str], evidence: str) -> None:
    params = start()
    report = check(step=step, params=params)
    assert told(report) == [expected]
    assert evidence in report.findings[0].evidence
    for key, value in start().items():
        np.testing.assert_array_equal(params[key], value)


def test_an_update_in_gradients_is_told_once() -> None:
    def updating(params: Any) -> Any:
        made = gradients(params)
        in_place(params, made)
        return made

    report = check(gradients=updating, step=new)
    assert told(report) == [("W1", "changed_in_place")]
    assert "moved by -0.3 times the gradient" in report.findings[0].evidence


def test_wrong_gradients_that_break_the_update_are_told_without_it() -> None:
    report = check(gradients=lambda p: {"W1": gradients(p)["W1"]}, step=new)
    assert [kind for _, kind in told(report)] == ["missing_gradient", "missing_gradient"]


def adam() -> Any:
    m: dict[str, Any] = {}
    v: dict[str, Any] = {}
    t = 0

    def step(params: Any, grads: Any) -> Any:
        nonlocal t
        t += 1
        for key, g in grads.items():
            m[key] = 0.9 * m.get(key, 0) + 0.1 * g
            v[key] = 0.999 * v.get(key, 0) + 0.001 * g * g
            m_hat, v_hat = m[key] / (1 - 0.9**t), v[key] / (1 - 0.999**t)
            params[key] = params[key] - 0.001 * m_hat / (np.sqrt(v_hat) + 1e-8)
        return params

    return step


def test_adam_is_left_alone() -> None:
    assert check(step=adam()).ok


def test_gradients_in_a_tuple_are_no_fault_of_the_step() -> None:
    def several(params: Any) -> Any:
        made = gradients(params)
        return tuple(made[key] for key in params)

    assert check(gradients=several, step=new).ok
    assert told(check(gradients=several, step=uphill)) == [("W1", "step_uphill")]

    def of_another_make(params: Any, grads: Any) -> Any:
        return {key: params[key] - RATE * grads["d" + key] for key in params}

    assert check(gradients=several, step=of_another_make).ok
