"""Other targets in the gradient than in the loss: added, exchanged, counted from another number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.checker import CheckReport, check_my_network

N = 24


def checked(classes: int, slip: str, squares: bool = False, seed: int = 0) -> CheckReport:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(N, 3)), rng.integers(0, classes, N)
    y[:classes] = np.arange(classes)
    Y = np.eye(classes)[y]
    targets = {
        "right": Y,
        "added": -Y,
        "flipped": np.eye(classes)[1 - y] if classes == 2 else 1 - Y,
        "before": np.eye(classes)[y - 1],
        "after": np.eye(classes)[(y + 1) % classes],
        "shuffled": Y[::-1],
    }[slip]
    params = {
        "W1": rng.normal(size=(3, 5)),
        "b1": rng.normal(size=5),
        "W2": rng.normal(size=(5, classes)),
        "b2": rng.normal(size=classes),
    }

    def forward(p: Any) -> Any:
        a = np.tanh(X @ p["W1"] + p["b1"])
        z = a @ p["W2"] + p["b2"]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return a, z if squares else e / e.sum(axis=1, keepdims=True)

    def loss(p: Any) -> Any:
        out = forward(p)[1]
        return np.sum((out - Y) ** 2) / N if squares else -np.mean(np.log(out[np.arange(N), y]))

    def gradients(p: Any) -> Any:
        a, out = forward(p)
        d2 = (2 if squares else 1) * (out - targets) / N
        d1 = d2 @ p["W2"].T * (1 - a**2)
        return {"W1": X.T @ d1, "b1": d1.sum(axis=0), "W2": a.T @ d2, "b2": d2.sum(axis=0)}

    return check_my_network(loss, gradients, params)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("classes", "slip", "squares", "phrase"),
    [
        (2, "flipped", False, "1 - y"),
        (3, "flipped", True, "1 - y"),
        (2, "added", False, "p + y"),
        (4, "added", True, "p + y"),
        (3, "before", False, "off by one"),
        (4, "after", False, "off by one"),
        (3, "before", True, "off by one"),
    ],
)
def test_other_targets_are_one_finding(classes: int, slip: str, squares: bool, phrase: str, seed: int) -> None:
    report = checked(classes, slip, squares, seed)
    assert [finding.kind for finding in report.findings] == ["other_targets"], str(report)
    finding = report.findings[0]
    assert phrase in finding.evidence
    assert (finding.parameter, set(finding.also)) == ("W2", {"W1", "b1", "b2"})


@pytest.mark.parametrize("seed", range(3))
def test_the_right_targets_raise_nothing_and_shuffled_ones_get_no_such_name(seed: int) -> None:
    assert checked(3, "right", seed=seed).ok
    report = checked(3, "shuffled", seed=seed)
    assert [finding.kind for finding in report.findings] == ["gradient_wrong"], str(report)
