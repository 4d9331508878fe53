"""Lesson 5, activations: labels, softmax and two losses by hand, and both losses in training."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from telling import PNG, Told

from pellucid.lessons import run

LESSON = "activations"
FEW = {"epochs": 2}

RUNS = [f"{start}_{loss}" for start in ("fair", "wrong") for loss in ("cross_entropy", "squared_error")]


@pytest.mark.parametrize("lang", ["english", "chinese"])
def test_two_epochs_of_everything(lang: str, request: pytest.FixtureRequest) -> None:
    numbers, text, folder = request.getfixturevalue(lang)
    assert numbers["activations"] == 9
    assert [name for name in numbers if name in RUNS] == RUNS
    assert sorted(path.stem for path in folder.iterdir()) == ["activations", "fair_start", "wrong_start"]
    assert all(path.read_bytes().startswith(PNG) for path in folder.iterdir())
    assert ("独热" in text) == (lang == "chinese")


def test_the_figures_by_hand(english: Told) -> None:
    numbers, text, _ = english
    np.testing.assert_array_equal(numbers["p"], [0.7, 0.2, 0.1])
    assert f"{numbers['mean_squared']:.6f} {numbers['cross_entropy']:.6f}" == "0.046667 0.356675"
    np.testing.assert_allclose(numbers["gradient"], [-0.3, 0.2, 0.1])
    assert all(figure in text for figure in ("= 0.046667\n", "= 0.356675\n", "p - y = (-0.3, 0.2, 0.1)"))
    assert [pair[1] for pair in numbers["distances"]] == [1, 2, 1]
    assert {round(pair[2], 6) for pair in numbers["distances"]} == {1.414214}


def test_squared_error_hardly_pulls_where_softmax_is_sure(english: Told) -> None:
    entropy, squared = english[0]["stall"]
    assert entropy[1] == pytest.approx(-1, abs=1e-4)
    assert -1e-3 < squared[1] < 0
    np.testing.assert_allclose([entropy.sum(), squared.sum()], 0, atol=1e-12)


@pytest.mark.nightly
def test_the_whole_lesson(tmp_path: Path) -> None:
    numbers = run("activations", folder=tmp_path, out=io.StringIO())
    assert all(numbers[name][1] > 93 for name in RUNS)
    fair, slow, wrong, stalled = (numbers[name][2] for name in RUNS)
    assert fair <= slow < 10
    assert wrong < 5
    assert stalled > 15
