"""Trees written down: what binds how tightly, where parentheses stand, which letter counts the columns.

A `Writer` walks through a tree; what a fraction or a root looks like is said by its three kinds, for plain text, LaTeX
and MathML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pellucid.explain.notation.signs import ATOM, LOOSE, POWER, PRODUCT, SUM, Piece, Signs
from pellucid.explain.notation.symbols import sign
from pellucid.explain.notation.tree import (
    Apply,
    Axes,
    Binary,
    Cases,
    Compare,
    Definition,
    Expression,
    Line,
    Listing,
    Logic,
    Number,
    Reduce,
    Symbol,
    Times,
    Unary,
    axes,
)

COUNTERS = "kjhrqs"  # letters for columns, from the outermost to the innermost


@dataclass(frozen=True)
class Context:
    """Where in a formula one is.

    Attributes:
        letters: the index that symbols carry for an axis; "" where they stand for one number and carry none.
        depth: how many letters for columns are taken.
    """

    letters: Mapping[Axes, str] = field(default_factory=dict)
    depth: int = 0


OUTSIDE = Context()


def inside(definition: Definition, line: Line) -> Context:
    """How the symbols of a line of a definition are indexed: by k where columns are mixed, else not at all."""
    if not definition.function.across:
        return Context({"k": ""})
    return Context({"k": "k"}, 1) if "k" in axes(line.right) else OUTSIDE


class Writer(Signs):
    """Writes trees."""

    def line(self, line: Line, place: Context = OUTSIDE) -> tuple[str, str, str]:
        """Left side, = or ←, right side."""
        return self.write(line.left, place).text, self.relation(line.sign), self.write(line.right, place).text

    def write(self, tree: Expression, place: Context = OUTSIDE) -> Piece:
        """A tree as a piece."""
        match tree:
            case Number(value):
                return self.number(value)
            case Symbol(name, own, _, part):
                letters = [place.letters[axis] for axis in own if place.letters.get(axis)]
                return Piece(self.symbol(sign(name), part, letters), ATOM)
            case Unary(kind, of):
                return self._unary(kind, of, place)
            case Binary(kind, left, right):
                return self._binary(kind, left, right, place)
            case Times(factors):
                return self._times(factors, place)
            case Apply():
                return self._apply(tree, place)
            case Reduce():
                return self._reduce(tree, place)
            case Compare() | Logic():
                return Piece(self.bracket(self.condition(tree, place)), ATOM)
            case Cases(branches, otherwise):
                rows = [(self.write(value, place).text, self.condition(test, place)) for value, test in branches]
                return Piece(self.cases(rows, self.write(otherwise, place).text), LOOSE if self.tall else ATOM)
            case Listing(items):
                begin, end = self.ends()
                return Piece(begin + self.listed([self.write(item, place).text for item in items]) + end, ATOM)

    def at_least(self, tree: Expression, level: int, place: Context) -> str:
        """A tree, in parentheses if it holds together less tightly than asked."""
        piece = self.write(tree, place)
        return piece.text if piece.level >= level else self.group(piece.text)

    def condition(self, tree: Expression, place: Context) -> str:
        """What holds or does not."""
        match tree:
            case Compare(kind, left, right):
                return self.compared(self.at_least(left, SUM, place), kind, self.at_least(right, SUM, place))
            case Logic("not", (part,)):
                return self.negated(self.group(self.condition(part, place)))
            case Logic(word, parts):
                written = [self.condition(part, place) for part in parts]
                return self.joint(
                    word, [self.group(w) if isinstance(p, Logic) else w for p, w in zip(parts, written, strict=True)]
                )
        return self.write(tree, place).text

    def _unary(self, kind: str, of: Expression, place: Context) -> Piece:
        match kind:
            case "negative":
                return Piece(self.minus_sign(self.at_least(of, PRODUCT, place)), SUM)
            case "exp":
                return Piece(self.power(self.euler(), self._raised(of, place)), POWER)
            case "root":
                return Piece(self.root(self.at_least(of, LOOSE if self.tall else ATOM, place)), POWER)
            case "transpose":
                return Piece(self.transposed(self.at_least(of, ATOM, place)), POWER)
        bars = "|" if kind == "magnitude" else "‖"
        return Piece(self.barred(bars, self.write(of, place).text), ATOM)

    def _raised(self, exponent: Expression, place: Context) -> str:
        return self.at_least(exponent, LOOSE if self.tall else ATOM, place)

    def _binary(self, kind: str, left: Expression, right: Expression, place: Context) -> Piece:
        match kind:
            case "+" | "-":
                return Piece(
                    self.added(self.at_least(left, SUM, place), kind, self.at_least(right, PRODUCT, place)), SUM
                )
            case "/":
                return self._fraction(left, right, place)
            case "^":
                return Piece(self.power(self.at_least(left, ATOM, place), self._raised(right, place)), POWER)
        chained = isinstance(left, Binary) and left.kind == "@"
        first = self.at_least(left, PRODUCT if chained else POWER, place)
        return Piece(self.side_by_side(first, self.at_least(right, POWER, place)), PRODUCT)

    def _fraction(self, left: Expression, right: Expression, place: Context) -> Piece:
        if self.tall:
            return Piece(self.fraction(self.write(left, place).text, self.write(right, place).text), POWER)
        top, bottom = self.write(left, place), self.write(right, place)
        above = top.text if top.level >= PRODUCT and not (top.fraction or top.open) else self.group(top.text)
        below = bottom.text if bottom.level >= POWER or bottom.open else self.group(bottom.text)
        return Piece(self.fraction(above, below), PRODUCT, open=bottom.open, fraction=True)

    def _times(self, factors: Sequence[Expression], place: Context) -> Piece:
        written, entrywise, last = "", False, len(factors) - 1
        piece, bare = Piece("", ATOM), True
        for i, factor in enumerate(factors):
            piece = self.write(factor, place)
            alone = isinstance(factor, Binary) and factor.kind == "@"
            bare = piece.level >= PRODUCT and not alone and (i == last or not (piece.open or piece.fraction))
            bare = bare and not (entrywise and piece.fraction)  # a ⊙ b/2 could be read in two ways
            text = piece.text if bare else self.group(piece.text)
            has_entries = any(axis not in place.letters for axis in axes(factor))
            if i == 0:
                written = text
            elif entrywise and has_entries:
                written = self.entry_by_entry(written, text)
            elif isinstance(factor, Number):
                written = self.dot(written, text)
            else:
                written = self.side_by_side(written, text)
            entrywise = entrywise or has_entries
        return Piece(written, PRODUCT, open=bare and piece.open, fraction=bare and piece.fraction)

    def _apply(self, tree: Apply, place: Context) -> Piece:
        letter = place.letters.get("k", "")
        across = tree.function.across
        inner = Context({**place.letters, "k": ""}, place.depth) if across and letter else place
        arguments = [self.write(argument, inner).text for argument in tree.arguments]
        below = letter if across and tree.function.gives_row else ""
        return Piece(self.call(tree.function.name, self.listed(arguments), below), ATOM)

    def _reduce(self, tree: Reduce, place: Context) -> Piece:
        letter, inner = "", place
        if tree.over == "columns":
            letter = COUNTERS[place.depth]
            inner = Context({**place.letters, "k": letter}, place.depth + 1)
        elif tree.over == "rows":
            letter = "i"
            inner = Context({**place.letters, "n": letter}, place.depth)
        piece = self.write(tree.of, inner)
        body = piece.text if piece.level >= PRODUCT else self.group(piece.text)
        return Piece(self.reduction(tree.kind, letter, body), PRODUCT, open=True)
