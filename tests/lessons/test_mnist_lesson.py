"""Lesson 7, mnist: the header, the beginner's first loss, the pictures, the stand-in, the figures of a whole run."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from telling import PNG, told

from pellucid.data import load_mnist
from pellucid.lessons import mnist as lesson

LESSON = "mnist"

PICTURES = ["confusion.png", "curves.png", "digits.png", "mistakes.png", "weights.png"]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.usefixtures("offline")
def test_small_digits_stand_in(tmp_path: Path, lang: str) -> None:
    numbers, text, folder = told(LESSON, tmp_path / "lesson", lang, epochs=2, beginner_steps=2)
    assert numbers["net"].params["W1"].shape == (64, 128)
    assert "PELLUCID_DATA" in text
    assert "2051" not in text
    assert ("手写数字" in text) == (lang == "zh")
    assert sorted(path.name for path in folder.iterdir()) == PICTURES
    assert all((folder / name).read_bytes().startswith(PNG) for name in PICTURES)


@pytest.mark.usefixtures("offline")
def test_on_small_digits_the_good_start_wins_too(tmp_path: Path) -> None:
    numbers, text, _ = told(LESSON, tmp_path / "lesson")
    assert numbers["first_loss"] > 20
    assert numbers["beginner_accuracy"] < 40
    assert numbers["test_accuracy"] > 95
    assert f"Test accuracy {numbers['test_accuracy']:.2f} %" in text


def test_where_nothing_is_wrong_nothing_is_shown(tmp_path: Path) -> None:
    page = lesson.Page("mnist", folder=tmp_path, out=io.StringIO())
    X = np.eye(64, dtype=np.uint8)[:10]
    net = lesson.network(64)
    lesson.mistakes(page, net, X, net.predict(X))
    assert [path.name for path in page.pictures] == ["confusion.png"]


def test_a_little_of_mnist(shared_data: Path, tmp_path: Path) -> None:
    numbers, text, folder = told(LESSON, tmp_path, epochs=1, beginner_steps=1, rows=500)
    assert re.search(r"train-images\S+ +2051 +60000 +28 +28$", text, re.MULTILINE)
    assert re.search(r"t10k-labels\S+ +2049 +10000 *$", text, re.MULTILINE)
    assert sorted(path.name for path in folder.iterdir()) == PICTURES

    X, y = (part[:500] for part in load_mnist()[0])
    rng = np.random.RandomState(0)
    W1, W2 = rng.randn(784, 128), rng.randn(128, 10)
    z = np.maximum(X / 255 @ W1, 0) @ W2
    z = z - z.max(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(500), y])
    assert numbers["first_loss"] == pytest.approx(loss, rel=1e-5)


@pytest.mark.nightly
def test_the_whole_lesson(shared_data: Path, tmp_path: Path) -> None:
    numbers, _, _ = told(LESSON, tmp_path)
    assert 78 <= numbers["first_loss"] <= 133
    assert 11 <= numbers["beginner_accuracy"] <= 17
    assert numbers["test_accuracy"] >= 98
    assert numbers["train_accuracy"] > numbers["test_accuracy"]
