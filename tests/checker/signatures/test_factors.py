"""Factors: a sign together with a factor; and two numbers that are each other's negative, which prove none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.checker import CheckReport, check_my_network
from pellucid.checker.signatures.factors import _known

rng = np.random.default_rng(3)
X = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0.0], [1], [1], [0]])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def xor(factor: float, lang: str = "en") -> CheckReport:
    """The well-known network in eleven lines, whose gradient is a number times that of its loss."""
    params = [rng.normal(size=(3, 4)), rng.normal(size=(4, 1))]

    def loss(params: Any) -> Any:
        return np.mean((y - sigmoid(sigmoid(X @ params[0]) @ params[1])) ** 2)

    def gradients(params: Any) -> Any:
        l1 = sigmoid(X @ params[0])
        l2 = sigmoid(l1 @ params[1])
        d2 = factor * 2 / len(y) * (l2 - y) * l2 * (1 - l2)
        d1 = d2 @ params[1].T * l1 * (1 - l1)
        return [X.T @ d1, l1.T @ d2]

    return check_my_network(loss, gradients, params, lang=lang)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("factor", "shown"), [(-2.0, "n/2, n = 4"), (-0.5, "2/n, n = 4"), (-8.0, "2 * n, n = 4")])
def test_a_wrong_sign_and_a_factor_are_both_said(factor: float, shown: str, lang: str) -> None:
    report = xor(factor, lang)
    assert [finding.kind for finding in report.findings] == ["wrong_sign"]
    finding = report.findings[0]
    assert shown in finding.what
    assert f"{factor:g}" in finding.evidence
    assert finding.fix.endswith(f"grads[0] = ... / {factor:g}")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_wrong_sign_alone_has_no_factor(lang: str) -> None:
    finding = xor(-1.0, lang).findings[0]
    assert finding.kind == "wrong_sign"
    assert "n/2" not in finding.what
    assert "... /" not in finding.fix


def test_no_factor_has_two_names() -> None:
    """Where two names fit a number, the first counts: it must be the same kind, or the more usual one."""
    named = [(value, kind) for value, _, (kind, _) in _known([50], 3, 1e-3)]
    assert {kind for value, kind in named if value < 0 and kind == "wrong_sign"} == {"wrong_sign"}
    assert next(kind for value, kind in named if value == -50) == "missing_1_over_n"
    assert next(kind for value, kind in named if value == -25) == "wrong_sign"


def test_two_biases_that_are_each_others_negative_show_no_factor() -> None:
    """With two softmax outputs the gradient of the biases is (d, -d), whatever is wrong: any two are multiples."""
    labels = (X[:, 0] != X[:, 1]).astype(int)
    wrong = np.array([0, 0, 0, 1])
    noise = rng.normal(size=(4, 2))  # not a layer of a network that is known
    params = {"W": rng.normal(size=(3, 2)), "b": np.array([0.3, -0.1])}

    def outputs(p: Any) -> Any:
        e = np.exp(np.sin(X @ p["W"]) + 0.3 * noise + p["b"])
        return e / e.sum(axis=1, keepdims=True)

    def loss(p: Any) -> Any:
        return -np.mean(np.log(outputs(p)[np.arange(4), labels]))

    def gradients(p: Any) -> Any:
        delta = (outputs(p) - np.eye(2)[wrong]) / 4
        return {"W": X.T @ (delta * np.cos(X @ p["W"])), "b": delta.sum(axis=0)}

    report = check_my_network(loss, gradients, params)
    assert [finding.kind for finding in report.findings] == ["gradient_wrong"], str(report)
