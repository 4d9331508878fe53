"""Formulas with what is short, or stands in one place alone, put in its place."""

from __future__ import annotations

from collections.abc import Mapping

from pellucid.explain.notation.algebra import substituted
from pellucid.explain.notation.formulas import Formula
from pellucid.explain.notation.tree import Cases, Expression, Line, Symbol, has, leaves, walk

INLINE = 5  # numbers and symbols in all the places of a name: up to here its value is put in its place


def inlined(formula: Formula) -> tuple[tuple[Line, ...], Expression]:
    """A formula's lines and its result, with what is short or stands in one place put in its place."""
    lines, result = list(formula.lines), formula.results[0]
    i = 0
    while i < len(lines):
        name, value = lines[i].left, lines[i].right
        assert isinstance(name, Symbol)
        uses = sum(node == name for tree in [*(line.right for line in lines[i + 1 :]), result] for node in walk(tree))
        if uses <= 1 or (uses * leaves(value) <= INLINE and not has(value, Cases)):
            by: Mapping[Symbol, Expression] = {name: value}
            lines[i:] = [Line(line.left, line.sign, substituted(line.right, by)) for line in lines[i + 1 :]]
            result = substituted(result, by)
        else:
            i += 1
    return tuple(lines), result
