"""Lesson 3, spiral: p - y, a network without a hidden layer, and one with a hundred units."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from telling import PNG, Told

from pellucid.lessons import run

LESSON = "spiral"
FEW = {"steps": 3}


@pytest.mark.parametrize("lang", ["english", "chinese"])
def test_a_few_steps_of_both_networks(lang: str, request: pytest.FixtureRequest) -> None:
    numbers, text, folder = request.getfixturevalue(lang)
    assert list(numbers["linear"]["losses"]) == [*range(0, 200, 10), 200]
    assert list(numbers["hidden"]["losses"]) == [0, 3]
    for part in ("linear", "hidden"):
        assert numbers[part]["losses"][0] == pytest.approx(np.log(3), abs=0.002)
    pictures = sorted(path.stem for path in folder.iterdir())
    assert pictures == ["hidden_boundary", "hidden_network", "linear_boundary", "linear_network", "spiral"]
    assert all(path.read_bytes().startswith(PNG) for path in folder.iterdir())
    assert ("螺旋" in text) == (lang == "chinese")


def test_the_gradient_is_what_was_predicted_minus_what_is_true(english: Told) -> None:
    slopes, text = english[0]["slopes"], english[1]
    np.testing.assert_allclose(slopes[:, 0], [0.2, -0.7, 0.5])
    np.testing.assert_allclose(slopes[:, 1], slopes[:, 0], atol=1e-8)
    assert re.search(r"0\.3 +1 +-0\.700000 +-0\.700000$", text, re.MULTILINE)


def test_softmax_regression_ends_near_one_half(english: Told) -> None:
    assert 0.45 < english[0]["linear"]["accuracy"] < 0.55


@pytest.mark.nightly
def test_the_whole_lesson(tmp_path: Path) -> None:
    numbers = run("spiral", folder=tmp_path, out=io.StringIO())
    assert 0.45 < numbers["linear"]["accuracy"] < 0.55
    assert list(numbers["hidden"]["losses"]) == [*range(0, 10_000, 1000), 10_000]
    assert numbers["hidden"]["accuracy"] >= 0.98


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_seeds_end_nearly_as_well(seed: int, tmp_path: Path) -> None:
    numbers = run("spiral", folder=tmp_path, out=io.StringIO(), linear_steps=1, seed=seed)
    assert numbers["hidden"]["accuracy"] >= 0.97
