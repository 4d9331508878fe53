"""Nothing from the data becomes a part of the page."""

from __future__ import annotations

import math
import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.report import markup
from pellucid.report.markup import Html

TEXTS = st.text(st.characters(), max_size=60)  # surrogates too: a file's name may have them


@settings(max_examples=200, derandomize=True, deadline=None)
@given(TEXTS)
def test_a_name_can_be_written_and_is_only_text(text: str) -> None:
    written = markup.name(text)
    inside = written.removeprefix("<bdi>").removesuffix("</bdi>")
    assert not re.search(r"[<>\"']", inside)
    assert unescape(inside) == markup.shown(text)
    written.encode("utf-8")


@settings(max_examples=200, derandomize=True, deadline=None)
@given(TEXTS)
def test_an_attribute_ends_where_it_should(text: str) -> None:
    made = markup.el("p", aria_label=text)
    assert made.startswith('<p aria-label="')
    assert made.endswith('"></p>')
    assert unescape(made[15:-6]) == text


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\n", "\u202e", "\u200f", "\u2066", "\ufeff", "\ud800", "\ue000"])
def test_what_cannot_be_seen_or_steers_is_written_out(sign: str) -> None:
    shown = markup.shown(f"a{sign}b")
    assert shown.startswith("a\\")
    assert shown.isascii()


def test_other_writing_systems_stand_as_they_are() -> None:
    for text in ("价格 (元)", "שלום", "naïve", "👩‍🔬"):
        assert markup.shown(text) == text


def test_long_names_keep_their_ends() -> None:
    text = "begin" + 10_000 * "x" + "end"
    shown = markup.shown(text, 40)
    assert len(shown) == 40
    assert shown.startswith("begin")
    assert shown.endswith("xend")


def test_children_are_escaped_unless_they_are_html() -> None:
    assert markup.el("p", "<b>", Html("<b></b>")) == "<p>&lt;b&gt;<b></b></p>"
    assert markup.join(["<", Html("<br>")], ", ") == "&lt;, <br>"


def test_a_table_says_what_it_is_and_scrolls_in_a_box() -> None:
    made = markup.table(["a", "b"], [["x<y", "1"]], "Which & what")
    assert "<figcaption>Which &amp; what</figcaption>" in made
    assert '<div class="box" tabindex="0" role="region" aria-label="Which &amp; what">' in made
    assert '<th scope="row" class="w">x&lt;y</th><td>1</td>' in made
    with pytest.raises(ValueError, match="zip"):
        markup.table(["a", "b"], [["1"]], "one cell too few")


def test_a_caption_that_is_html_is_heard_without_its_tags() -> None:
    assert 'aria-label="of <x>"' in unescape(markup.table(["a"], [], markup.join(["of ", markup.name("<x>")])))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.floats(-1e308, 1e308) | st.sampled_from([math.inf, -math.inf, math.nan]))
def test_a_number_is_near_what_it_says(value: float) -> None:
    text = markup.number(value)
    if math.isnan(value):
        assert text == "-"
    elif math.isinf(value):
        assert text in ("∞", "−∞")
    else:
        said = float(text.replace("−", "-").replace(",", ""))
        assert math.isclose(said, value, rel_tol=6e-4, abs_tol=1e-320)
    assert len(text) <= 14


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(1, 10**7), st.data())
def test_a_share_is_never_rounded_to_all_or_nothing(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    text = markup.share(k / n)
    assert (text == "100\u00a0%") == (k == n)
    assert (text == "0\u00a0%") == (k == 0)
    said = float(re.sub(r"[^\d.]", "", text))
    assert abs(said - 100 * k / n) <= 0.1 + 1e-9


def test_some_of_many_places_have_both_ends() -> None:
    assert markup.evenly(1, 5) == [0]
    places = markup.evenly(100_000, 2_000)
    assert (places[0], places[-1], len(places)) == (0, 99_999, 2_000)
