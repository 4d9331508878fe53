"""Where an equation that is too long for a line is broken: before + and -, or between the names of a list."""

from __future__ import annotations

from pellucid.explain.notation.text import Text
from pellucid.explain.notation.tree import Binary, Expression, Listing
from pellucid.explain.notation.writing import OUTSIDE, Context, Writer

ITEMS = 8  # names of a list in a line


def lines(writer: Writer, tree: Expression, room: int, place: Context = OUTSIDE) -> list[str]:
    """A right side in as many lines as it needs.

    Args:
        writer: how it is written.
        room: how many signs of plain text fit in a line; what has no place to be broken may take more.
        place: where the tree stands.
    """
    if len(Text().write(tree, place).text) <= room:
        return [writer.write(tree, place).text]
    return _listed(writer, tree, place) if isinstance(tree, Listing) else _summed(writer, tree, room, place)


def _listed(writer: Writer, tree: Listing, place: Context) -> list[str]:
    begin, end = writer.ends()
    items = [writer.write(item, place).text for item in tree.items]
    chunks = [writer.listed(items[i : i + ITEMS]) for i in range(0, len(items), ITEMS)]
    comma = writer.listed(["", ""])
    return [begin * (not i) + chunk + (comma if chunk is not chunks[-1] else end) for i, chunk in enumerate(chunks)]


def _summed(writer: Writer, tree: Expression, room: int, place: Context) -> list[str]:
    found, left = [""], room
    for sign, term in _terms(tree):
        size = len(Text().write(term, place).text)
        if found[-1] and size > left:
            found.append("")
            left = room
        left -= size
        text = writer.write(term, place).text
        found[-1] = writer.added(found[-1], sign, text) if sign else text
    return found


def _terms(tree: Expression) -> list[tuple[str, Expression]]:
    """What is added up, each with its sign; the first one has none."""
    if isinstance(tree, Binary) and tree.kind in "+-":
        return [*_terms(tree.left), (tree.kind, tree.right)]
    return [("", tree)]
