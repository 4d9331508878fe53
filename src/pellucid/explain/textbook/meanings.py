"""What the constants of an optimizer do, where its own formula proves it; of any other, nothing is said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pellucid.explain.notation.text import Text
from pellucid.explain.notation.tree import Binary, Expression, Line, Number, Symbol, Times, Unary, children, walk

PLAIN = re.compile(r"[\w² ]+")  # what can stand among words


def meanings(lines: Sequence[Line], averages: Sequence[Symbol]) -> dict[Symbol, str]:
    """What constants do, in words.

    Args:
        lines: the equations of an update.
        averages: what the optimizer keeps from step to step.

    Example:
        >>> m, g, c = Symbol("m", "W"), Symbol("g", "W"), Symbol("c", value=0.9)
        >>> mixed = Binary("+", Times((c, m)), Times((Binary("-", Number(1), c), g)))
        >>> meanings([Line(m, "←", mixed)], [m])[c]
        'share of the average of g that is kept'
    """
    found: dict[Symbol, str] = {}
    for symbol in {node for line in lines for node in walk(line.right)}:
        if isinstance(symbol, Symbol) and symbol.value is not None:
            words = _share(symbol, lines, averages) or _guard(symbol, lines)
            if words:
                found[symbol] = words
    return found


def _share(c: Symbol, lines: Sequence[Line], averages: Sequence[Symbol]) -> str:
    """Of c m + (1 - c) x, which becomes m: the share that is kept of an average of x; of c m + x, that of m."""
    assert c.value is not None
    if not 0 <= c.value <= 1:
        return ""
    said = set()
    for line in lines:
        if not (isinstance(line.right, Binary) and line.right.kind == "+"):
            continue
        for kept, rest in (sides := (line.right.left, line.right.right)), sides[::-1]:
            average = next((a for a in averages if _factors(kept) in ([c, a], [a, c])), None)
            if average is None or average in walk(rest) or not _becomes(line, average, lines):
                continue
            said.add(_kept(c, average, rest))
    return said.pop() if len(said) == 1 else ""


def _kept(c: Symbol, average: Symbol, rest: Expression) -> str:
    name = Text().write(average).text
    if c not in walk(rest):
        return f"share of {name} that is kept"
    others = [factor for factor in _factors(rest) if factor != Binary("-", Number(1), c)]
    if len(others) != len(_factors(rest)) - 1 or any(c in walk(factor) for factor in others):
        return ""
    of = Text().write(others[0] if len(others) == 1 else Times(tuple(others))).text if others else ""
    return f"share of the average {f'of {of}' if PLAIN.fullmatch(of) else name} that is kept"


def _becomes(line: Line, average: Symbol, lines: Sequence[Line]) -> bool:
    """Whether what stands on the left of a line is the average's new value."""
    return line.left == average or any(other.left == average and other.right == line.left for other in lines)


def _factors(tree: Expression) -> list[Expression]:
    return list(tree.factors) if isinstance(tree, Times) else [tree]


def _guard(c: Symbol, lines: Sequence[Line]) -> str:
    """Of x / (√y + c) with c above 0, and in no other place: it keeps the division finite."""
    assert c.value is not None
    places = sum(node == c for line in lines for node in walk(line.right))
    guards = sum(_guards(c, node) for line in lines for node in _divisors(line.right))
    return "keeps the division finite" if c.value > 0 and places == guards else ""


def _guards(c: Symbol, tree: Expression) -> bool:
    if not (isinstance(tree, Binary) and tree.kind == "+"):
        return False
    other = tree.left if tree.right == c else tree.right if tree.left == c else None
    return isinstance(other, Unary) and other.kind in ("root", "magnitude", "norm") and c not in walk(other)


def _divisors(tree: Expression) -> Iterator[Expression]:
    if isinstance(tree, Binary) and tree.kind == "/":
        yield tree.right
    for child in children(tree):
        yield from _divisors(child)
