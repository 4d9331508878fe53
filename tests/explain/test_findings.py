"""Findings and their diagnosis: a frozen sequence, readable in 80 columns and in a notebook."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

from pellucid.explain.findings import Diagnosis, Finding, as_html, paragraph
from representations import well_formed

ROOT = Finding("root", "The root is here.", "It is why & how." * 9, "1 < 2 and so on.", "Write Dense(3).", 3)
LEAF = Finding("leaf", "A leaf fell.", "Wind.", "It lies there.", "Sweep.", 2, cause="root")
BOTH = Diagnosis((ROOT, LEAF), "the garden")
NONE = Diagnosis((), "the garden")


def test_a_diagnosis_is_a_sequence_of_its_findings() -> None:
    assert list(BOTH) == [ROOT, LEAF] == list(BOTH.findings)
    assert (len(BOTH), BOTH[0], BOTH[-1], BOTH[1:]) == (2, ROOT, LEAF, (LEAF,))
    assert LEAF in BOTH
    assert BOTH.kinds == ("root", "leaf")
    assert not BOTH.ok
    assert NONE.ok
    assert not list(NONE)


def test_nothing_in_it_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        ROOT.what = "else"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        BOTH.seen = "else"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(BOTH)) == BOTH
    assert hash(ROOT) == hash(pickle.loads(pickle.dumps(ROOT)))


def test_it_is_read_in_a_terminal_of_80_columns() -> None:
    text = str(BOTH)
    assert max(map(len, text.splitlines())) <= 79
    for words in (
        "2 things were found in the garden.",
        "1. The root is here. [root]",
        "   why       It is why",
        "fix ",
    ):
        assert words in text
    assert "2. A leaf fell. (This probably follows from 1.) [leaf]" in text
    assert str(NONE) == "Nothing wrong was found in the garden."
    assert str(Diagnosis((ROOT,), "it")).startswith("1 thing was found in it.\n\n1. The root")


def test_a_finding_stands_alone_too() -> None:
    assert str(ROOT).splitlines()[0] == "The root is here. [root]"
    assert "   fix       Write Dense(3)." in str(ROOT)


def test_a_cause_that_is_not_there_is_not_named() -> None:
    assert "follows" not in str(Diagnosis((LEAF,), "it"))


def test_a_notebook_shows_the_same_without_script() -> None:
    page = BOTH._repr_html_()
    tree = well_formed(page)
    assert [item.tag for item in tree.findall(".//li")] == ["li", "li"]
    said = "".join(tree.itertext())
    for finding in BOTH:
        for text in (finding.what, finding.why, finding.evidence, finding.fix):
            assert text in said
    assert "1 &lt; 2" in page
    assert not well_formed(NONE._repr_html_()).findall(".//li")


def test_empty_parts_are_left_out() -> None:
    assert paragraph("", "Title.", [("fix", "")]) == "Title."
    assert "<dt>" not in as_html("Seen.", [("Title.", [("fix", "")])])
