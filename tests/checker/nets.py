"""One small network, written out, that single tests spoil in their own way."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker import CheckReport, check_my_network

Array = npt.NDArray[Any]
rng = np.random.default_rng(21)
X = rng.normal(size=(9, 3))
y = rng.normal(size=(9, 2))


def start() -> dict[str, Array]:
    """Fresh parameters, always the same."""
    drawn = np.random.default_rng(22)
    return {
        "W1": drawn.normal(size=(3, 4)),
        "b1": 0.1 * drawn.normal(size=4),
        "W2": drawn.normal(size=(4, 2)),
        "b2": 0.1 * drawn.normal(size=2),
    }


def forward(params: Any, X: Array = X) -> Any:
    return np.tanh(X @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"]


def loss(params: Any) -> Any:
    return np.mean(np.sum((forward(params) - y) ** 2, axis=1))


def gradients(params: Any) -> dict[str, Array]:
    a = np.tanh(X @ params["W1"] + params["b1"])
    delta = 2 * (forward(params) - y) / len(X)
    back = delta @ params["W2"].T * (1 - a**2)
    return {"W1": X.T @ back, "b1": back.sum(axis=0), "W2": a.T @ delta, "b2": delta.sum(axis=0)}


def told(report: CheckReport) -> list[tuple[str, str]]:
    return [(finding.parameter, finding.kind) for finding in report.findings]


def check(**changed: Any) -> CheckReport:
    """Check the network with some of its functions replaced."""
    return check_my_network(**{"loss": loss, "gradients": gradients, "params": start(), **changed})
