"""What forward gives is looked at: samples, softmax, numbers; whichever way round samples lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nets import X, check, forward, told, y


def softmax(params: Any, X: Any, axis: int) -> Any:
    z = forward(params, X)
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@pytest.mark.parametrize(
    "made",
    [
        forward,
        lambda p, X: softmax(p, X, 1),
        lambda p, X: (forward(p, X), {"a1": 1}),
        lambda p, X: [np.tanh(X @ p["W1"]), forward(p, X)],
        lambda p, X: {"z1": X @ p["W1"], "out": forward(p, X)},
        lambda p, X: forward(p, X)[:, 0],
        lambda p, X: "a summary",
    ],
)
def test_right_outputs(made: Any) -> None:
    assert check(forward=made, X=X, y=y).ok
    assert check(forward=made, X=X).ok


@pytest.mark.parametrize(
    ("made", "kind", "evidence"),
    [
        (lambda p, X: None, "outputs_wrong_shape", "None"),
        (lambda p, X: forward(p, X).sum(axis=0), "outputs_wrong_shape", "no axis has the n = 9 samples"),
        (lambda p, X: forward(p, X).T, "outputs_wrong_shape", "one of them is transposed"),
        (lambda p, X: np.hstack([forward(p, X)] * 2), "outputs_wrong_shape", "targets of shape (9, 2)"),
        (lambda p, X: forward(p, X)[:, :1] - np.zeros(9), "broadcasting", "(9, 9)"),
        (lambda p, X: softmax(p, X, 0), "softmax_wrong_axis", "over the n = 9 samples they sum to 1"),
        (lambda p, X: forward(p, X) * np.nan, "overflow", "18 of 18 outputs"),
    ],
)
def test_wrong_outputs(made: Any, kind: str, evidence: str) -> None:
    report = check(forward=made, X=X, y=y)
    assert told(report) == [("forward", kind)]
    assert evidence in report.findings[0].evidence


def test_fewer_outputs_than_classes() -> None:
    labels = np.arange(9) % 5
    report = check(forward=lambda p, X: softmax(p, X, 1), X=X, y=labels)
    assert told(report) == [("forward", "outputs_wrong_shape")]
    assert "Labels go up to 4, and there are 2 outputs" in report.findings[0].evidence


def test_samples_in_columns() -> None:
    def columns(params: Any, X: Any) -> Any:
        return softmax(params, X.T, 1).T

    assert check(forward=columns, X=X.T, y=y.T).ok
    report = check(forward=lambda p, X: softmax(p, X.T, 0).T, X=X.T, y=y.T)
    assert told(report) == [("forward", "softmax_wrong_axis")]
    assert "(a column)" in report.findings[0].evidence


def test_forward_and_gradients_that_share_the_softmax_are_told_once() -> None:
    labels = np.eye(2)[np.arange(9) % 2]

    def entropy(params: Any) -> Any:
        return -np.mean(np.sum(labels * np.log(softmax(params, X, 0)), axis=1))

    def slope(params: Any) -> Any:
        a = np.tanh(X @ params["W1"] + params["b1"])
        delta = (softmax(params, X, 0) - labels) / 9
        back = delta @ params["W2"].T * (1 - a**2)
        return {"W1": X.T @ back, "b1": back.sum(axis=0), "W2": a.T @ delta, "b2": delta.sum(axis=0)}

    report = check(loss=entropy, gradients=slope, forward=lambda p, X: softmax(p, X, 0), X=X, y=labels)
    assert [kind for _, kind in told(report)] == ["softmax_wrong_axis"]
