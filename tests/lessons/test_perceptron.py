"""Lesson 1, perceptron: its first cost is that of a coin, and one neuron is nearly enough for the tumours."""

from __future__ import annotations

import io
import math
from pathlib import Path

import pytest

from pellucid.lessons import run


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_few_steps(lang: str, tmp_path: Path) -> None:
    out = io.StringIO()
    numbers = run("perceptron", lang=lang, folder=tmp_path, out=out, steps=200)
    assert list(numbers["costs"]) == [0, 100, 200]
    assert numbers["costs"][0] == pytest.approx(math.log(2), rel=1e-15)
    assert numbers["costs"][200] < numbers["costs"][100] < 0.2
    assert {path.name for path in tmp_path.iterdir()} == {"network.png", "learning_curve.png"}
    assert "0.693147" in out.getvalue()
    assert ("代价" in out.getvalue()) == (lang == "zh")


def test_the_whole_lesson(tmp_path: Path) -> None:
    numbers = run("perceptron", folder=tmp_path, out=io.StringIO())
    assert list(numbers["costs"]) == list(range(0, 2001, 100))
    assert round(numbers["costs"][0], 6) == 0.693147
    assert numbers["test_accuracy"] >= 95
    assert numbers["train_accuracy"] >= 97
