"""Lesson 6, mnist-numerical: both gradients agree, the loop does what it says, and the figures of a whole run."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from telling import PNG, told

from pellucid import Dense, Network, engines
from pellucid.data import Pixels, load_mnist
from pellucid.errors import InputError
from pellucid.lessons import mnist_numerical

LESSON = "mnist-numerical"


@pytest.fixture(autouse=True)
def timed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A method that did not run is timed on one gradient, not on half a second of them."""
    monkeypatch.setattr(mnist_numerical, "TIMED", 0.0)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.usefixtures("offline")
def test_small_digits_stand_in(tmp_path: Path, lang: str) -> None:
    numbers, text, folder = told(LESSON, tmp_path / "lesson", lang, steps=30)
    assert [values.shape for values in numbers["net"].params.values()] == [(64, 50), (50,), (50, 10), (10,)]
    assert len(numbers["losses"]) == 30
    assert list(numbers["accuracies"]) == [14, 28]
    assert numbers["gradient_error"] < 1e-5
    assert ("PELLUCID_DATA" in text, "(64, 50)" in text) == (True, True)
    assert ("反向传播" in text) == (lang == "zh")
    pictures = ["accuracy.png", "loss.png", "network.png"]
    assert sorted(path.name for path in folder.iterdir()) == [*pictures[:2], "model.json", pictures[2]]
    assert all((folder / name).read_bytes().startswith(PNG) for name in pictures)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.usefixtures("offline")
def test_naive_steps_go_where_backpropagation_goes(tmp_path: Path, lang: str) -> None:
    numbers, text, _ = told(LESSON, tmp_path / "lesson", lang, method="naive", rows=200)
    assert len(numbers["losses"]) == 2
    assert 0 < numbers["difference"] < 1e-9
    assert numbers["hours"] == pytest.approx(numbers["seconds_per_step"] * 10_000 / 3600)
    assert f"{numbers['hours']:,.1f}" in text


@pytest.mark.usefixtures("offline")
def test_the_loop_is_plain_gradient_descent_on_batches_drawn_with_replacement(tmp_path: Path) -> None:
    numbers, _, _ = told(LESSON, tmp_path / "lesson", steps=3, rows=120, seed=4)
    page = mnist_numerical.Page("mnist-numerical", folder=tmp_path, out=io.StringIO())
    (X, y), _ = mnist_numerical.digits(page, 120)
    net = Network([Dense(50, "sigmoid"), Dense(10, "softmax")], inputs=64, scaler=Pixels())
    rng = np.random.RandomState(4)
    net.theta = np.concatenate([0.01 * rng.randn(64 * 50), np.zeros(50), 0.01 * rng.randn(500), np.zeros(10)])
    rng, losses = np.random.RandomState(5), []
    for _ in range(3):
        rows = rng.choice(120, 100)
        gradient = net.gradients(X[rows], y[rows])
        net.theta -= 0.1 * np.concatenate([gradient[name].ravel() for name in net.params])
        losses.append(net.loss(X[rows], y[rows]))
    assert numbers["losses"] == losses
    np.testing.assert_array_equal(numbers["loaded"].theta, net.theta)


def test_the_loss_by_hand_is_the_loss() -> None:
    rng = np.random.RandomState(0)
    net = Network([Dense(50, "sigmoid"), Dense(10, "softmax")], inputs=6)
    X, y = rng.rand(20, 6), rng.randint(0, 10, 20)
    assert mnist_numerical.loss_by_hand(net, X, y) == pytest.approx(net.loss(X, y), rel=1e-14)


def test_another_method_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="naive, backprop, structured, node"):
        told(LESSON, tmp_path, method="guess")


@pytest.mark.parametrize(("method", "lang"), [("structured", "en"), ("node", "zh")])
@pytest.mark.usefixtures("offline")
def test_quicker_differences_go_where_backpropagation_goes(tmp_path: Path, method: str, lang: str) -> None:
    numbers, text, folder = told(LESSON, tmp_path / "lesson", lang, method=method, steps=16, rows=200)
    assert (len(numbers["losses"]), list(numbers["accuracies"])) == (16, [2, 4, 6, 8, 10, 12, 14, 16])
    assert 0 < numbers["difference"] < 1e-9
    assert f'numerical_gradients(net, X[rows], y[rows], "{method}")' in text
    assert sorted(path.name for path in folder.iterdir()) == [
        *("accuracy.png", "loss.png", "model.json", "network.png")
    ]


@pytest.mark.parametrize("method", ["naive", "backprop", "structured", "node"])
@pytest.mark.usefixtures("offline")
def test_every_method_ends_with_what_each_costs(tmp_path: Path, method: str) -> None:
    numbers, text, _ = told(LESSON, tmp_path / "lesson", method=method, steps=2, rows=100)
    assert list(numbers["seconds"]) == ["naive", "structured", "node", "backprop"]
    assert all(seconds > 0 for seconds in numbers["seconds"].values())
    lines = [line.split() for line in text.splitlines()]
    for name, seconds in numbers["seconds"].items():
        (line,) = [line for line in lines if line[:1] == [name]]
        assert line[1:3] == [f"{seconds:.4f}", f"{seconds * 10_000 / 3600:,.3f}"]
        assert ("steps" in line) == (name == method)  # the one that ran was measured on its own steps


@pytest.mark.usefixtures("offline")
def test_structured_takes_the_steps_that_fit_and_says_so(tmp_path: Path) -> None:
    numbers, text, _ = told(LESSON, tmp_path / "lesson", method="structured", rows=100, patience=0.001)
    assert len(numbers["losses"]) == 1  # however quick the computer: a step is never less than a millisecond
    text = " ".join(text.split())
    assert "takes as many as fit into 1.67e-05 minutes, 1, and not 10,000" in text
    assert "--steps 10000" in text
    _, text, _ = told(LESSON, tmp_path / "again", method="structured", rows=100, steps=2)
    means = "the losses in machine code" if engines.installed() else "with NumPy alone"
    assert means in text
    assert "that fit into" not in text


@pytest.mark.usefixtures("offline")
def test_what_fits_is_told_from_the_seconds_of_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = mnist_numerical.Page(LESSON, folder=tmp_path, out=io.StringIO())
    for seconds, steps in ((0.05, 10_000), (0.1, 6_000), (1000.0, 1)):
        monkeypatch.setattr(mnist_numerical, "timed", lambda *_, seconds=seconds: (seconds, 1))
        net = Network([Dense(2)], inputs=1)
        assert mnist_numerical.pace(page, net, (np.zeros((1, 1)), np.zeros(1)), 600.0, True) == steps


def test_a_few_steps_on_mnist(shared_data: Path, tmp_path: Path) -> None:
    numbers, text, _ = told(LESSON, tmp_path, steps=4, rows=200)
    shapes = [(784, 50), (50,), (50, 10), (10,)]
    assert [values.shape for values in numbers["net"].params.values()] == shapes
    assert all(f"{name}   {shape!s:>9}" in text for name, shape in zip(("W1", "b1", "W2", "b2"), shapes, strict=True))
    assert list(numbers["accuracies"]) == [2, 4]
    assert numbers["losses"][0] == pytest.approx(np.log(10), abs=0.05)
    assert numbers["gradient_error"] < 1e-6
    X_test, y_test = (part[:200] for part in load_mnist()[1])
    assert numbers["test_accuracy"] == 100 * numbers["loaded"].accuracy(X_test, y_test)


@pytest.mark.nightly
def test_the_whole_lesson(shared_data: Path, tmp_path: Path) -> None:
    numbers, _, _ = told(LESSON, tmp_path)
    assert len(numbers["losses"]) == 10_000
    assert list(numbers["accuracies"]) == [*range(600, 10_000, 600)]
    assert numbers["test_accuracy"] >= 94
    assert numbers["train_accuracy"] >= 94


@pytest.mark.nightly
def test_the_whole_lesson_by_node_learns_what_backpropagation_learns(shared_data: Path, tmp_path: Path) -> None:
    numbers, _, _ = told(LESSON, tmp_path, method="node")
    assert len(numbers["losses"]) == 10_000
    assert numbers["test_accuracy"] >= 94
    assert numbers["difference"] < 1e-6


@pytest.mark.nightly
def test_a_whole_naive_step(shared_data: Path, tmp_path: Path) -> None:
    numbers, _, _ = told(LESSON, tmp_path, method="naive", steps=1, rows=1000)
    assert numbers["difference"] < 1e-9
    assert numbers["hours"] > 5
