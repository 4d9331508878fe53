"""Small tables, as plain text for a terminal and as HTML for a notebook. What cells say is escaped here."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
GAP = "..."  # stands for what is left out

# No colour of their own: text takes that of the notebook, light or dark, and grey lines are seen on both.
# Jupyter sets every cell of a table at the right, with rules that count more than ours: hence !important.
STYLE = """<style>
.pellucid table { border-collapse: collapse; margin: 0.5em 0; font-size: 13px; color: inherit; background: none; }
.pellucid caption { caption-side: top; text-align: left; padding: 0.2em 0; color: inherit; }
.pellucid tr, .pellucid tbody tr:nth-child(n) { background: none; }
.pellucid th, .pellucid td { padding: 0.2em 0.7em; border: 0; text-align: left !important; vertical-align: baseline;
  white-space: nowrap; font-variant-numeric: tabular-nums; }
.pellucid thead th { border-bottom: 1px solid rgba(128, 128, 128, 0.6); font-weight: 600; }
.pellucid tfoot td { border-top: 1px solid rgba(128, 128, 128, 0.6); }
.pellucid .right { text-align: right !important; }
.pellucid p { margin: 0.4em 0; }
.pellucid .wide { overflow-x: auto; }
</style>"""


class Html(str):
    """A piece of HTML, as against a text that is yet to be escaped."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """A text as HTML; what is HTML already stays as it is.

    Example:
        >>> escaped("1 < 2"), escaped(Html("<b>1</b>"))
        ('1 &lt; 2', '<b>1</b>')
    """
    return text if isinstance(text, Html) else Html(html.escape(text))


def text_table(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Rows of cells under each other in columns; those of the columns `right` stand at the right.

    Example:
        >>> print(text_table([["layer", "units"], ["first", "8"], ["second", "128"]], right=[1]))
        layer   units
        first       8
        second    128
    """
    right = set(right)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def html_table(
    rows: Sequence[Sequence[str]], right: Iterable[int] = (), caption: str = "", header: int = 1, footer: int = 0
) -> Html:
    """The same as an HTML table.

    Args:
        rows: cells, each a text that is escaped here, or `Html`.
        right: columns that stand at the right.
        caption: stands above the table.
        header, footer: how many of the rows at the beginning and at the end are its header and footer.

    Example:
        >>> html_table([["x"], ["<1>"]])
        '<table><thead><tr><th>x</th></tr></thead><tbody><tr><td>&lt;1&gt;</td></tr></tbody></table>'
    """
    sides = [' class="right"' if i in set(right) else "" for i in range(len(rows[0]))]

    def part(name: str, some: Sequence[Sequence[str]], cell: str) -> str:
        lines = (
            "".join(f"<{cell}{side}>{escaped(text)}</{cell}>" for text, side in zip(row, sides, strict=True))
            for row in some
        )
        return f"<{name}>{''.join(f'<tr>{line}</tr>' for line in lines)}</{name}>" if some else ""

    end = len(rows) - footer
    head, body, foot = part("thead", rows[:header], "th"), part("tbody", rows[header:end], "td"), rows[end:]
    above = f"<caption>{escaped(caption)}</caption>" if caption else ""
    return Html(f"<table>{above}{head}{body}{part('tfoot', foot, 'td')}</table>")


def notebook(*parts: str) -> str:
    """Parts of HTML as the representation of something in a notebook: texts are paragraphs, the look is inside."""
    blocks = (part if isinstance(part, Html) else f"<p>{html.escape(part)}</p>" for part in parts if part)
    return f'<div class="pellucid">{STYLE}{"".join(blocks)}</div>'


def number(value: float, digits: int = 4) -> str:
    """A number with so many digits that count.

    Example:
        >>> [number(value) for value in (0.123456, -12345.678, 3.0, 1e-7, float("nan"))]
        ['0.1235', '-1.235e+04', '3', '1e-07', 'nan']
    """
    return f"{value + 0.0:.{digits}g}"  # which makes -0 a plain 0


def size(nbytes: float) -> str:
    """An amount of memory.

    Example:
        >>> size(136), size(50_000), size(3 * 2**30)
        ('136 bytes', '48.8 KiB', '3 GiB')
    """
    power = min(int(math.log2(max(nbytes, 1)) // 10), 4)
    return f"{nbytes:,.0f} bytes" if power == 0 else f"{nbytes / 1024**power:.3g} {'KMGT'[power - 1]}iB"


def cells(array: Array, rows: int, columns: int) -> list[list[str]]:
    """The first rows and columns of an array as texts, the rest elided; a vector is one row, a number one cell.

    Example:
        >>> cells(np.arange(12.0).reshape(4, 3), rows=2, columns=2)
        [['0', '1', '...'], ['3', '4', '...'], ['...', '...', '...']]
    """
    array = np.asarray(array)
    array = array.reshape(1, -1) if array.ndim < 2 else array.reshape(len(array), -1)
    shown = [
        [*map(number, row[:columns].tolist()), *([GAP] if array.shape[1] > columns else [])] for row in array[:rows]
    ]
    return shown + ([[GAP] * len(shown[0])] if len(array) > rows else [])
