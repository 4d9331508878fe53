"""Lesson 2, moons: the classic figures, the sizes, the mini-batches."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from telling import PNG, Told

from pellucid.data import make_moons
from pellucid.lessons import run
from pellucid.lessons.moons import L2, SIZES, network

LESSON = "moons"
FEW = {"steps": 1002, "size_steps": 2, "epochs": 2}

NAMES = [*(str(size) for size in SIZES), "50*"]


@pytest.mark.parametrize("lang", ["english", "chinese"])
def test_a_few_steps_of_everything(lang: str, request: pytest.FixtureRequest) -> None:
    numbers, text, folder = request.getfixturevalue(lang)
    assert numbers["baseline_accuracy"] == pytest.approx(85, abs=2)
    assert list(numbers["sizes"]) == NAMES
    assert list(numbers["batches"]) == ["full", "mini", "decaying"]
    pictures = sorted(path.stem for path in folder.iterdir())
    assert pictures == ["boundary", "hidden_sizes", "logistic_regression", "mini_batches", "moons", "network"]
    assert all(path.read_bytes().startswith(PNG) for path in folder.iterdir())
    assert ("双月" in text) == (lang == "chinese")


def test_the_first_figures_of_the_table(english: Told) -> None:
    losses, text = english[0]["losses"], english[1]
    assert list(losses) == [0, 1000, 1001]
    assert f"{losses[0]:.6f} {losses[1000]:.6f}" == "0.432387 0.068947"
    assert re.search(r"^ +0 +0\.432387\n +1000 +0\.068947$", text, re.MULTILINE)


def test_the_step_is_that_of_the_summed_loss() -> None:
    X, y = make_moons(200, noise=0.20, seed=0)
    net, by_hand = network(3), network(3)
    W1, b1, W2, b2 = (by_hand.params[name] for name in ("W1", "b1", "W2", "b2"))
    a1 = np.tanh(X @ W1 + b1)
    e = np.exp(a1 @ W2 + b2)
    delta2 = e / e.sum(axis=1, keepdims=True) - np.eye(2)[y]
    delta1 = delta2 @ W2.T * (1 - a1**2)
    np.testing.assert_allclose(2.0 * net.gradients(X, y, l2=L2)["W1"], 0.01 * (X.T @ delta1 + 0.01 * W1), rtol=1e-12)
    np.testing.assert_allclose(2.0 * net.gradients(X, y, l2=L2)["W2"], 0.01 * (a1.T @ delta2 + 0.01 * W2), rtol=1e-12)


def test_the_weights_are_those_of_the_global_seed() -> None:
    np.random.seed(0)
    W1 = np.random.randn(2, 3) / np.sqrt(2)
    W2 = np.random.randn(3, 2) / np.sqrt(3)
    net = network(3)
    np.testing.assert_array_equal(net.params["W1"], W1)
    np.testing.assert_array_equal(net.params["W2"], W2)
    np.testing.assert_array_equal(net.params["b1"], 0)


@pytest.mark.nightly
def test_the_whole_lesson(tmp_path: Path) -> None:
    numbers = run("moons", folder=tmp_path, out=io.StringIO())
    losses = numbers["losses"]
    assert list(losses) == [*range(0, 20_000, 1000), 19_999]
    assert f"{losses[0]:.6f} {losses[1000]:.6f}" == "0.432387 0.068947"
    assert 0.070 < losses[19_999] < 0.072
    assert numbers["train_accuracy"] > 96
    train, fresh, train_loss, fresh_loss = map(np.array, zip(*numbers["sizes"].values(), strict=True))
    one, three, fifty, tamed = (NAMES.index(name) for name in ("1", "3", "50", "50*"))
    assert train[one] < 90 < train[three] <= train[fifty]
    assert train_loss[fifty] < train_loss[three]
    assert fresh[three] > fresh[fifty]  # overfitting is seen
    assert fresh_loss[fifty] > 1.3 * fresh_loss[three]
    assert fresh_loss[tamed] < fresh_loss[three]  # and tamed
    full, mini, decaying = numbers["batches"].values()
    assert mini[0] < full[0] / 3
    assert mini[2] - mini[1] > 5 * (decaying[2] - decaying[1])
    assert decaying[3] < full[3]
