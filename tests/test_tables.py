"""Tables: what is under what, what is escaped, and what is left out."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.tables import GAP, Html, cells, html_table, notebook, number, size, text_table

ROWS = [["name", "count"], ["a", "10"], ["long name", "7"], ["total", "17"]]
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=9)


def test_columns_stand_under_each_other() -> None:
    assert text_table(ROWS, right=[1]).splitlines() == [
        "name       count",
        "a             10",
        "long name      7",
        "total         17",
    ]
    assert text_table([["x", ""], ["y", ""]]) == "x\ny"  # nothing trails


def test_header_body_and_footer_are_told_apart() -> None:
    table = ElementTree.fromstring(html_table(ROWS, right=[1], caption="a < b", footer=1))
    assert [child.tag for child in table] == ["caption", "thead", "tbody", "tfoot"]
    assert table[0].text == "a < b"
    assert [cell.text for cell in table.iter("th")] == ROWS[0]
    assert [cell.text for row in table[2:] for cell in row.iter("td")] == [cell for row in ROWS[1:] for cell in row]
    assert {cell.get("class") for row in table.iter("tr") for cell in row[1:]} == {"right"}
    bare = ElementTree.fromstring(html_table(ROWS, header=0))
    assert [child.tag for child in bare] == ["tbody"]


@given(cell=texts)
def test_whatever_a_cell_says_is_shown_as_it_is(cell: str) -> None:
    table = ElementTree.fromstring(html_table([["header"], [cell]], caption=cell))
    assert [found.text or "" for found in table.iter("td")] == [cell]
    page = ElementTree.fromstring(notebook(cell, "more"))
    assert [found.text for found in page.iter("p")] == ([cell] if cell else []) + ["more"]


def test_html_is_left_as_it_is() -> None:
    assert "<td><b>1</b></td>" in html_table([["x"], [Html("<b>1</b>")]])
    assert notebook(Html("<b>1</b>")).endswith("</style><b>1</b></div>")


def test_an_array_shows_its_first_rows_and_columns() -> None:
    array = np.arange(30.0).reshape(5, 6)
    assert cells(array, 5, 6) == [[number(value) for value in row] for row in array]
    assert cells(array, 4, 6)[-1] == [GAP] * 6
    assert [row[-1] for row in cells(array, 5, 5)] == [GAP] * 5
    assert cells(array[0], 9, 3) == [["0", "1", "2", GAP]]
    assert cells(np.array(2.5), 1, 1) == [["2.5"]]
    assert cells(np.array([[np.nan, np.inf, -np.inf]]), 1, 3) == [["nan", "inf", "-inf"]]
    assert cells(np.zeros((2, 2, 2)), 2, 9) == [["0"] * 4] * 2


@pytest.mark.parametrize(
    ("nbytes", "text"), [(0, "0 bytes"), (1023, "1,023 bytes"), (1024, "1 KiB"), (5e6, "4.77 MiB")]
)
def test_memory(nbytes: int, text: str) -> None:
    assert size(nbytes) == text
