"""Outputs (n, 1) beside targets (n,), where the learner's code does not run to its end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nets import told

from pellucid.checker import check_my_network

rng = np.random.default_rng(2)
X, flat = rng.normal(size=(9, 3)), rng.normal(size=9)


class Two:
    """A network of two layers, whose gradients cannot be computed where its targets are (n,)."""

    def __init__(self, y: Any) -> None:
        self.y = y
        self.params = {"V": rng.normal(size=(3, 4)), "W": rng.normal(size=(4, 1))}

    def loss(self, p: Any) -> Any:
        return np.mean((np.tanh(X @ p["V"]) @ p["W"] - self.y) ** 2)

    def gradients(self, p: Any) -> Any:
        a = np.tanh(X @ p["V"])
        delta = 2 * (a @ p["W"] - self.y) / len(X)
        return {"W": a.T @ delta, "V": X.T @ (delta @ p["W"].T * (1 - a**2))}


def test_a_variable_shows_what_has_happened() -> None:
    net = Two(flat)
    report = check_my_network(net.loss, net.gradients, net.params)
    assert told(report) == [("gradients", "broadcasting")]
    assert "delta has shape (9, 9), and there are n = 9 samples" in report.findings[0].evidence
    assert "y.reshape(-1, 1)" in report.findings[0].fix
    assert check_my_network(*_functions(Two(flat.reshape(-1, 1)))).ok


def _functions(net: Two) -> tuple[Any, Any, Any]:
    return net.loss, net.gradients, net.params


def test_a_loss_that_breaks_down() -> None:
    def loss(p: Any) -> Any:
        error = X @ p["W"] - flat
        return error.T @ np.ones((4, 1))

    report = check_my_network(loss, lambda p: p, {"W": rng.normal(size=(3, 1))}, X=X, y=flat)
    assert told(report) == [("loss", "broadcasting")]
    assert "error has shape (9, 9)" in report.findings[0].evidence


def test_other_exceptions_come_through_as_they_are() -> None:
    net = Two(flat.reshape(-1, 1))

    def broken(p: Any) -> Any:
        square = np.zeros((4, 4))
        return {"W": square @ X}

    with pytest.raises(ValueError, match="matmul"):
        check_my_network(net.loss, broken, net.params, X=X, y=net.y)
