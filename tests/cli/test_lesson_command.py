"""`pellucid lesson`: the list, and one lesson as it is run by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_tools import Run

from pellucid.lessons import LESSONS
from pellucid.lessons.page import catalogue


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_list(lang: str, run: Run) -> None:
    ran = run("lesson", "--lang", lang)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert len(lines) == len(LESSONS) == 8
    for number, (line, name) in enumerate(zip(lines, LESSONS, strict=True)):
        assert line.split(maxsplit=2) == [str(number), name, catalogue(name)[lang]["title"].strip()]


@pytest.mark.parametrize("name", ["perceptron", "1", "Perceptron"])
def test_one_lesson(name: str, run: Run) -> None:
    pytest.importorskip("sklearn")
    ran = run("lesson", name, "--steps", "3", "--out", "pictures")
    assert (ran.code, ran.err) == (0, "")
    assert "0.693147" in ran.out
    assert "pictures/learning_curve.png" in ran.out
    assert Path("pictures/learning_curve.png").exists()


def test_in_chinese_in_its_usual_folder(run: Run) -> None:
    pytest.importorskip("sklearn")
    ran = run("lesson", "perceptron", "--steps", "3", "--lang", "zh")
    assert ran.code == 0
    assert catalogue("perceptron")["zh"]["title"] in ran.out
    assert Path("lesson-perceptron/learning_curve.png").exists()
