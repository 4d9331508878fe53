"""Python text, edited where a syntax tree says so: comments, line breaks and spacing stay as their author set them."""

from __future__ import annotations

import ast
import keyword
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

WIDTH = 120  # columns of a line


class Edit(NamedTuple):
    """What takes the place of the text from `start` to `end`, each a line from 1 and a column in bytes."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def replaced(node: Any, text: str) -> Edit:
    """A node's text, replaced."""
    return Edit((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset), text)


def around(node: Any, before: str, after: str) -> Iterator[Edit]:
    """A node's text, put between two others."""
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    yield Edit(start, start, before)
    yield Edit(end, end, after)


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text with all edits made; no two of them overlap.

    Example:
        >>> edited("a + b", [Edit((1, 0), (1, 1), "z1"), Edit((1, 4), (1, 5), "2")])
        'z1 + 2'
    """
    lines = [line.encode() for line in text.split("\n")]  # columns count bytes
    for (first, begin), (last, end), new in sorted(edits, reverse=True):
        lines[first - 1 : last] = [lines[first - 1][:begin] + new.encode() + lines[last - 1][end:]]
    return b"\n".join(lines).decode()


def with_names(text: str, names: Mapping[str, str]) -> str:
    """A text in which the names that it reads or sets are others.

    Example:
        >>> with_names("p - rate * g", {"p": "W1", "g": "dW1"})
        'W1 - rate * dW1'
    """
    found = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name) and node.id in names)
    return edited(text, (replaced(node, names[node.id]) for node in found))


def names_in(text: str) -> set[str]:
    """Every name that a text mentions.

    Example:
        >>> sorted(names_in("np.exp(z) + 1"))
        ['np', 'z']
    """
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


def grouped(expression: str) -> str:
    """An expression that can be a factor, a divisor or a base: in parentheses where it needs them.

    Example:
        >>> grouped("a1 - t"), grouped("np.tanh(z1)"), grouped("-0.5")
        ('(a1 - t)', 'np.tanh(z1)', '(-0.5)')
    """
    node = ast.parse(expression, mode="eval").body
    whole = isinstance(
        node, ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript | ast.List | ast.ListComp
    )
    return expression if whole else f"({expression})"


def number(value: Any, double: bool = True) -> str:
    """A number as Python writes it, so that it reads back bit for bit.

    Args:
        value: a number, True, False, None or a text, or an array of no dimension.
        double: whether the program computes in double precision. In single precision a number of NumPy stays one,
            because it makes results wider there, which a plain number of Python does not.

    Example:
        >>> number(0.1), number(np.float64(-2.0)), number(float("inf")), number(np.float32(0.5), double=False)
        ('0.1', '-2.0', 'np.inf', 'np.float32(0.5)')
    """
    if isinstance(value, np.generic | np.ndarray):
        plain = value.item()
        return number(plain) if double else f"np.{np.asarray(value).dtype.name}({number(plain)})"
    if isinstance(value, float) and not np.isfinite(value):
        return "np.nan" if np.isnan(value) else ("np.inf" if value > 0 else "-np.inf")
    return repr(value)


def identifier(label: str) -> str:
    """A name for what a label calls it.

    Example:
        >>> identifier("huber(0.5)"), identifier("AdaGrad"), identifier("_he"), identifier("lambda")
        ('huber_0_5', 'ada_grad', 'he', 'lambda_')
    """
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", label)
    plain = re.sub(r"[^0-9A-Za-z]+", "_", snake).strip("_").lower()
    plain = plain if plain[:1].isalpha() else f"f_{plain}"
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def plain(name: object) -> str:
    """A name as it may stand in a comment: in one line.

    Example:
        >>> plain("two\\nlines")
        'two lines'
    """
    return " ".join(str(name).split())


def filled(prefix: str, pieces: list[str], suffix: str) -> list[str]:
    """Pieces with commas between them: in one line, or in a line of their own, or in a line each.

    Example:
        >>> filled("print(", ["a", "b"], ")")
        ['print(a, b)']
    """
    one = f"{prefix}{', '.join(pieces)}{suffix}"
    if len(one) <= WIDTH:
        return [one]
    inside = f"    {', '.join(pieces)}"
    if len(inside) <= WIDTH:
        return [prefix, inside, suffix]
    return [prefix, *(f"    {piece}," for piece in pieces), suffix]


def packed(prefix: str, pieces: list[str], suffix: str, open_line: bool = False) -> list[str]:
    """The same with as many pieces in a line as fit; `open_line`: the prefix has a line of its own.

    Example:
        >>> packed("f = [  # functions", ["a", "b"], "]", open_line=True)
        ['f = [  # functions', '    a, b,', ']']
    """
    one = f"{prefix}{', '.join(pieces)}{suffix}"
    if len(one) <= WIDTH and not open_line:
        return [one]
    rows = [""]
    for piece in pieces:
        if rows[-1] and len(f"    {rows[-1]} {piece},") > WIDTH:
            rows.append("")
        rows[-1] += f"{' ' if rows[-1] else ''}{piece},"
    return [prefix, *(f"    {row}" for row in rows), suffix]


def comment(text: str) -> list[str]:
    """A comment in lines of its own.

    Example:
        >>> comment("Data: 200 samples")
        ['# Data: 200 samples']
    """
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


def indented(lines: Iterable[str], by: int = 1) -> list[str]:
    """Lines moved to the right; empty ones stay empty."""
    return [f"{'    ' * by}{line}" if line else "" for line in lines]


# What the mathematics module of Python has in common with NumPy: the program imports NumPy alone.
SHARED = {"sqrt", "exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh", "fabs"}
CONSTANTS = {"pi", "e", "inf", "nan"}


def without_math(text: str) -> str:
    """The same text with np in place of math, where NumPy has the same function; a number stays one of Python.

    Example:
        >>> without_math("math.sqrt(2 / math.pi)")
        'float(np.sqrt(2 / np.pi))'
    """
    edits: list[Edit] = []
    for node in ast.walk(ast.parse(text)):
        function = node.func if isinstance(node, ast.Call) else None
        if isinstance(function, ast.Attribute) and _is_math(function.value) and function.attr in SHARED:
            edits += [*around(node, "float(", ")"), replaced(function.value, "np")]
        elif isinstance(node, ast.Attribute) and _is_math(node.value) and node.attr in CONSTANTS:
            edits.append(replaced(node.value, "np"))
    return edited(text, edits)


def _is_math(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "math"
