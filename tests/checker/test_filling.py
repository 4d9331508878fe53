"""Texts with values: the same fields in both languages, and Chinese beside Latin always with a space."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import check, gradients

from pellucid.checker.filling import filled

CHINESE = r"[\u4e00-\u9fff]"
NAMES = {"texts": ("en", "zh"), "slips": ("slips_en", "slips_zh")}
# Where a space in front of the value is written into a text that may get Chinese for a value, it is taken away.
TOUCHING = rf"{CHINESE}[A-Za-z0-9(`]|[A-Za-z0-9)`]{CHINESE}"


def texts(name: str) -> dict[str, str]:
    """Every text of a catalogue, by its keys."""
    file = resources.files("pellucid.checker").joinpath("texts", f"{name}.toml")
    return dict(_flat(tomllib.loads(file.read_text("utf-8")), ""))


def _flat(table: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("pair", NAMES)
def test_a_text_has_the_same_fields_in_both_languages(pair: str) -> None:
    english, chinese = (texts(name) for name in NAMES[pair])
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert fields(text) == fields(chinese[key]), key


@pytest.mark.parametrize("pair", NAMES)
def test_chinese_texts_have_a_space_beside_latin(pair: str) -> None:
    for key, text in texts(NAMES[pair][1]).items():
        if key not in ("example", "example_short"):  # code with comments
            found = re.findall(rf".{{0,6}}(?:{TOUCHING}).{{0,6}}", text)
            assert not found, (key, found)


@given(
    st.sampled_from(["{a}是{b}。", "{a} 是 {b}，", "第{a}行（{b}）", "从{a}到{b}"]),
    st.sampled_from(["W1", "(3, 4)", "0.5", "`x`", "数组", "一个数", "90 %"]),
    st.sampled_from(["-1", "[0]", "中文", "params[0]", "", "np.sum(x)"]),
)
@settings(derandomize=True, deadline=None)
def test_values_get_their_spaces(template: str, a: str, b: str) -> None:
    text = filled(template, {"a": a, "b": b})
    assert not re.search(TOUCHING, text)
    assert not re.search(f"{CHINESE} {CHINESE}", text)
    assert text.replace(" ", "") == template.format(a=a, b=b).replace(" ", "")


def test_english_is_what_format_gives() -> None:
    for template in ("{a} is {b}.", "{{{a}}}: {b:.2f}", "{a!r}{b}"):
        assert filled(template, {"a": "W", "b": 1.5}) == template.format(a="W", b=1.5)


def test_large_errors_are_multiples_and_small_ones_per_cent() -> None:
    def spoilt(params: Any, rest: float) -> Any:
        made = gradients(params)
        made["b1"] = made["b1"] * [1, 1 + rest, 1, 1]
        return made

    (small,) = check(gradients=lambda p: spoilt(p, 0.25)).findings
    (large,) = check(gradients=lambda p: spoilt(p, -2.5)).findings
    assert "by up to 20 %;" in small.evidence
    assert "by up to 1.7 times their size;" in large.evidence
    (chinese,) = check(gradients=lambda p: spoilt(p, -2.5), lang="zh").findings
    assert "最多差其大小的 1.7 倍；" in chinese.evidence
