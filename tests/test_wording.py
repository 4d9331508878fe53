"""Texts from data are made fit to be shown, once for the terminal and the page."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.cli.words import in_options
from pellucid.report import markup
from pellucid.wording import UNSEEN, UNSHOWN, visible

STEERING = ["\x00", "\x1b", "\x9b", "\n", "\r", "\u2028", "\u2029", "\ud800", "\ue000", "\uffff", *UNSEEN]


@pytest.mark.parametrize("sign", STEERING, ids=ascii)
def test_what_steers_or_is_not_seen_is_an_escape(sign: str) -> None:
    assert visible(f"a{sign}b") == f"a{sign.encode('unicode_escape').decode()}b"
    assert visible(f"a{sign}b", keep=sign) == f"a{sign}b"


@pytest.mark.parametrize("text", ["价格 (元)", "שלום", "naïve", "👩\u200d🔬", "नमस्ते", "C:\\new", ""])
def test_what_is_read_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_nothing_that_steers_is_left_on_a_terminal_or_in_a_page(text: str) -> None:
    for shown in (visible(text), markup.shown(text, 10_000)):
        assert not any(sign in UNSEEN or unicodedata.category(sign) in UNSHOWN for sign in shown)
        shown.encode("utf-8")
    assert visible(text) == markup.shown(text, 10_000)
    assert visible(visible(text)) == visible(text)


def test_the_library_speaks_python_and_the_command_line_options() -> None:
    assert in_options('so they are classes; task="values" says otherwise.').endswith("--task values says otherwise.")
    assert in_options("rate=3, please", ((r"\brate=(\d)", r"--rate \1"),)) == "--rate 3, please"
