"""`pellucid lesson`: the list, and one lesson as it is run by hand."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
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


@pytest.mark.parametrize("name", LESSONS)
def test_help_of_a_lesson_has_a_line_for_each_option_that_it_takes(name: str, run: Run) -> None:
    ran = run("lesson", name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: pellucid lesson {name} [OPTIONS]" in ran.out
    assert catalogue(name)["en"]["title"].strip() in ran.out
    lines = re.findall(r"^  --(\w+) \S+ +(.+)  \[default: (.+)\]$", ran.out, re.MULTILINE)
    takes = inspect.signature(import_module(f"pellucid.lessons.{name.replace('-', '_')}").run).parameters
    expected = {option for option in ("steps", "method") if option in takes} | {"lang", "out"}
    assert {option for option, _, _ in lines} == expected
    for option, words, usual in lines:
        assert len(words) > 10
        if option in takes and takes[option].default is not None:
            assert usual.replace(",", "") == str(takes[option].default)
    for option in {"steps", "method"} - expected:  # what is not listed is refused
        assert run("lesson", name, f"--{option}", "3").code == 2


def test_help_of_lessons_is_found_however_it_is_asked_for(run: Run) -> None:
    one = run("lesson", "moons", "--help").out
    for argv in (["2", "--help"], ["--help", "Moons"], ["--lang", "zh", "moons", "--steps", "5", "--help"]):
        assert run("lesson", *argv).out == one
    for argv in (["--help"], ["--lang", "zh", "--help"]):
        assert "Usage: pellucid lesson [OPTIONS] [NAME]" in run("lesson", *argv).out
    ran = run("lesson", "mons", "--help")
    assert ran.code == 2
    assert "There is no lesson 'mons'" in ran.err
    assert "--method NAME" in run("lesson", "mnist-numerical", "--help").out
    assert "structured" in run("lesson", "mnist-numerical", "--help").out
