"""Text for a terminal: tables and lines of at most 88 columns, where a Chinese character takes two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

WIDTH = 88


def columns_of(text: str) -> int:
    """How many terminal columns a text takes: a Chinese character takes two.

    Example:
        >>> columns_of("loss"), columns_of("损失")
        (4, 4)
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(columns_of(cell) for cell in column) for column in zip(*rows, strict=True)]
    right = (2, 4, 5)
    lines = (
        "  ".join(_padded(cell, width, i in right) for i, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _padded(cell: str, width: int, right: bool) -> str:
    gap = " " * (width - columns_of(cell))
    return gap + cell if right else cell + gap


def wrapped(text: str, indent: str = "") -> str:
    """Lines of at most 88 columns, those after the first indented; Chinese breaks between any two of its characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if columns_of(line + piece.rstrip()) > WIDTH and line.strip() and piece not in "，。；：！？、）":
            lines.append(line.rstrip())
            line = indent + piece.lstrip()
        else:
            line += piece
    return "\n".join([*lines, line.rstrip()])


def _pieces(text: str) -> Iterable[str]:
    return re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+", text)
