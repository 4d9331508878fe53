"""A page of equations for a terminal: aligned at their =, with the shapes in a column, 100 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from pellucid.explain.notation.text import Text
from pellucid.explain.notation.tree import Number
from pellucid.explain.textbook.page import Given, Page, notes, shape_words
from pellucid.explain.textbook.steps import Statement

WIDTH = 100
LONGEST_NAME = 12  # that is aligned
GAP = 3  # columns between an equation and its shape at least


def text_page(page: Page) -> str:
    """The page as lines of text."""
    given = page.given()
    columns = _Columns.of(page, given)
    lines = textwrap.wrap(page.title, WIDTH)
    lines += ["", "Given", *(row for g in given for row in _given(g, columns))]
    for title, steps in page.sections():
        lines += ["", title]
        for number, step in steps:
            lines += _equation(number, step, columns)
    signs = page.signs()
    return "\n".join(lines + ([""] if signs else []) + textwrap.wrap(" ".join(signs), WIDTH)) + "\n"


class _Columns(NamedTuple):
    """Where numbers end, where names end and where shapes begin."""

    numbers: int
    left: int
    shapes: int

    @classmethod
    def of(cls, page: Page, given: list[Given]) -> _Columns:
        written = [Text().line(step.line) for step in page.steps]
        names = [len(name) for name, _, _ in written] + [len(_names(g)) for g in given]
        numbers = len(f"({len(page.steps)})")
        left = numbers + 2 + max(size for size in names if size <= LONGEST_NAME)
        last = WIDTH - max(len(_shapes(g)) for g in given)
        ends = [left + 3 + len(right) for _, _, right in written] + [left + 2 + len(g.words) for g in given]
        return cls(numbers, left, min(last, max([end for end in ends if end + GAP <= last], default=0) + GAP))


def _names(given: Given) -> str:
    return ", ".join(Text().write(symbol).text for symbol in given.symbols)


def _shapes(given: Given) -> str:
    return ", ".join(map(shape_words, given.shapes))


def _given(given: Given, columns: _Columns) -> Iterator[str]:
    """Names, what they are, and the shape or the value."""
    words = given.words
    if given.value is not None:
        words = ", ".join([f"= {Text().write(Number(given.value)).text}", *([words] if words else [])])
    yield f"{f'{_names(given):>{columns.left}}  {words}':<{columns.shapes}}{_shapes(given)}".rstrip()


def _equation(number: int, step: Statement, columns: _Columns) -> Iterator[str]:
    name, sign, right = Text().line(step.line)
    begin = f"{f'({number})':>{columns.numbers}}  {name:>{columns.left - columns.numbers - 2}} {sign} "
    first, *more = wrapped(right, columns.shapes - len(begin) - GAP)
    yield f"{begin + first:<{columns.shapes}}{shape_words(step.shape)}"
    hang = " " * len(begin)
    for part in more:
        yield hang + part
    heads = [definition.line.left for definition in step.definitions]
    for line, place in notes(step):
        # What a name stands for is set in further than the function that it belongs to.
        indent = hang if line.left in heads else hang + "  "
        for i, part in enumerate(wrapped(" ".join(Text().line(line, place)), WIDTH - len(indent) - 4)):
            yield indent + "    " * (i > 0) + part
    for remark in step.remarks:
        yield from textwrap.wrap(remark, WIDTH, initial_indent=hang, subsequent_indent=hang)


def wrapped(text: str, width: int) -> list[str]:
    """A formula over several lines, broken before +, -, · and ⊙ or after a comma, as far outside of parentheses as can
    be.

    Example:
        >>> wrapped("a b (c + d) + e f", 12)
        ['a b (c + d)', '+ e f']
    """
    lines: list[str] = []
    while len(text) > width:
        at = _break(text, width)
        if at is None:
            break
        lines.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*lines, text]


def fitted(text: str, begin: str = "", hang: str = "    ") -> list[str]:
    """A formula or a sentence in lines of at most 100 columns, if its words allow: broken where a formula is, or else
    between words.

    Args:
        text: to be fitted.
        begin: what stands before it.
        hang: what further lines begin with.

    Example:
        >>> [len(line) for line in fitted(" ".join(["a"] * 99), begin="(1) ")]
        [99, 99, 9]
    """
    first, *more = wrapped(text, WIDTH - len(begin))
    parts = [first, *wrapped(" ".join(more), WIDTH - len(hang))] if more else [first]
    lines = [begin + parts[0], *(hang + part for part in parts[1:])]
    return [part for line in lines for part in ([line] if len(line) <= WIDTH else _between_words(line, hang))]


def _between_words(line: str, hang: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)


def _break(text: str, width: int) -> int | None:
    """Where a line that is too long is best broken: the last of the places that are least deep."""
    depth, best, lowest = 0, None, 99.0
    for i, sign in enumerate(text[: width + 1]):
        depth += (sign in "([{") - (sign in ")]}")
        product = text[i : i + 3] in (" · ", " ⊙ ")
        fits = product or text[i : i + 3] in (" + ", " - ") or text[i - 1 : i + 1] in (", ", "; ")
        level = depth + product / 2  # a product is broken where there is no sum so far outside
        if sign == " " and fits and i > width // 4 and level <= lowest:
            best, lowest = i, level
    return best
