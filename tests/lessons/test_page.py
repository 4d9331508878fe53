"""The page and the catalogue: every lesson speaks both languages, with the same keys and the same numbers in them."""

from __future__ import annotations

import io
from pathlib import Path
from string import Formatter

import pytest

from pellucid import InputError
from pellucid.lessons import LESSONS, run
from pellucid.lessons.page import LANGUAGES, WIDTH, Page, catalogue, columns_of, wrapped


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("lesson", [*LESSONS, "common"])
def test_both_languages_have_the_same_keys_and_numbers(lesson: str) -> None:
    texts = catalogue(lesson)
    assert set(texts) == set(LANGUAGES)
    english, chinese = (texts[lang] for lang in LANGUAGES)
    assert english.keys() == chinese.keys()
    for key in english:
        assert places(english[key]) == places(chinese[key]), key


@pytest.mark.parametrize("lesson", LESSONS)
def test_chinese_is_chinese(lesson: str) -> None:
    texts = catalogue(lesson)
    assert any("一" <= c <= "鿿" for c in texts["zh"]["title"])
    assert len("".join(texts["zh"].values())) > len("".join(texts["en"].values())) / 5


def test_paragraphs_are_wrapped_in_both_languages() -> None:
    english = wrapped("word " * 100)
    chinese = wrapped("神经网络。" * 60)
    for text in (english, chinese):
        assert text.count("\n") > 2
        assert max(columns_of(line) for line in text.split("\n")) <= WIDTH + 2
    assert not any(line.startswith("。") for line in chinese.split("\n"))


def test_a_table_is_aligned() -> None:
    out = io.StringIO()
    Page("perceptron", "zh", out=out).table(["step", "cost"], [(0, 0.5), (1000, 12.25)])
    lines = out.getvalue().rstrip("\n").split("\n")
    assert len({columns_of(line) for line in lines}) == 1
    assert lines[1].split() == ["0", "0.500000"]


def test_what_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There are: neuron, perceptron"):
        run("nothing", folder=tmp_path)
    with pytest.raises(InputError, match="no 'fr'"):
        run("perceptron", lang="fr", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_opening_bracket_does_not_end_a_line() -> None:
    text = wrapped("字" * 43 + "（括号里的字）" + "字" * 50)
    assert not any(line.endswith("（") for line in text.split("\n"))
    assert text.replace("\n", "") == "字" * 43 + "（括号里的字）" + "字" * 50
