"""Gradients whose forward pass runs with other parameters than those that are handed in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nets import X, check, forward, gradients, start, told, y

OLD = {key: 0.5 * value for key, value in start().items()}


def behind(params: Any, forwards: Any) -> dict[str, Any]:
    """Backwards through `params`, at what the forward pass through others gave."""
    a = np.tanh(X @ forwards["W1"] + forwards["b1"])
    delta = 2 * (forward(forwards) - y) / len(X)
    back = delta @ params["W2"].T * (1 - a**2)
    return {"W1": X.T @ back, "b1": back.sum(axis=0), "W2": a.T @ delta, "b2": delta.sum(axis=0)}


def test_a_forward_pass_that_is_stale() -> None:
    assert check(gradients=lambda p: behind(p, p)).ok
    report = check(gradients=lambda p: behind(p, OLD))
    assert told(report) == [("W2", "gradients_ignore_params")]
    assert set(report.findings[0].also) == {"W1", "b1", "b2"}
    assert "the same numbers for W2 to the last bit" in report.findings[0].evidence
    assert {row.verdict for row in report.parameters} == {"wrong"}


def test_all_gradients_at_other_parameters() -> None:
    assert told(check(gradients=lambda p: gradients(OLD))) == [("W1", "gradients_ignore_params")]


@pytest.mark.parametrize("noise", [1.0, 0.1])
def test_wrong_gradients_that_follow_the_parameters_are_not_called_stale(noise: float) -> None:
    odd = np.random.default_rng(3).normal(size=(4, 2))
    report = check(gradients=lambda p: gradients(p) | {"W2": gradients(p)["W2"] + noise * odd * p["W2"] ** 2})
    assert [kind for _, kind in told(report)] == ["gradient_wrong"]
