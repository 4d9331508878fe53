"""Formulas in MathML Core, which browsers show by themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from pellucid.explain.notation.signs import ATOM, PRODUCT, Piece, mantissa
from pellucid.explain.notation.symbols import MARKS, Sign, sign
from pellucid.explain.notation.text import COMPARED
from pellucid.explain.notation.writing import Writer

TIMES = '<mo rspace="0.17em">\u2062</mo>'  # unseen: a product, and a function of what follows
APPLIED = '<mo lspace="0" rspace="0">\u2061</mo>'
REDUCED = {"sum": "∑", "prod": "∏"}


def row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def operator(sign: str, **attributes: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<mo{written}>{escape(sign)}</mo>"


class MathML(Writer):
    """Elements, without <math> around them."""

    def number(self, value: float) -> Piece:
        if not math.isfinite(value):
            return Piece("<mi>∞</mi>" if value > 0 else "<mi>NaN</mi>", ATOM)
        digits, exponent = mantissa(value)
        if not exponent:
            return Piece(f"<mn>{digits}</mn>", ATOM)
        minus = operator("−", form="prefix") if exponent < 0 else ""
        ten = f"<msup><mn>10</mn>{row(minus, f'<mn>{abs(exponent)}</mn>')}</msup>"
        return Piece(ten if digits == "1" else row(f"<mn>{digits}</mn>", operator("·"), ten), PRODUCT)

    def symbol(self, sign: Sign, part: str, letters: Sequence[str]) -> str:
        base = f"<mi>{escape(sign.greek or sign.letter)}</mi>"
        if sign.accent:
            base = f'<mover accent="true">{base}<mo stretchy="false">{MARKS[sign.accent]}</mo></mover>'
        below = [f"<mn>{sign.index}</mn>"] if sign.index else []
        below += [f"<mtext>{escape(sign.of)}</mtext>"] if sign.of else []
        below += [_name(part)] if part else []
        below += [f"<mi>{letter}</mi>" for letter in letters]
        if below:
            base = f"<msub>{base}{row(operator(',').join(below)) if len(below) > 1 else below[0]}</msub>"
        if sign.primes:
            base = f"<msup>{base}<mo>{'′' * sign.primes}</mo></msup>"
        return row('<mi mathvariant="normal">d</mi>', base) if sign.gradient else base

    def euler(self) -> str:
        return '<mi mathvariant="normal">e</mi>'

    def relation(self, sign: str) -> str:
        return operator(sign)

    def group(self, text: str) -> str:
        return _enclosed("(", text, ")")

    def bracket(self, text: str) -> str:
        return _enclosed("[", text, "]")

    def barred(self, bars: str, text: str) -> str:
        return _enclosed(bars, text, bars)

    def minus_sign(self, text: str) -> str:
        return row(operator("−", form="prefix"), text)

    def added(self, left: str, sign: str, right: str) -> str:
        return row(left, operator("−" if sign == "-" else sign, form="infix"), right)

    def side_by_side(self, left: str, right: str) -> str:
        return row(left, TIMES, right)

    def entry_by_entry(self, left: str, right: str) -> str:
        return row(left, operator("⊙"), right)

    def dot(self, left: str, right: str) -> str:
        return row(left, operator("·"), right)

    def fraction(self, top: str, bottom: str) -> str:
        return f"<mfrac>{row(top)}{row(bottom)}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return _raised(base, row(exponent))

    def root(self, text: str) -> str:
        return f"<msqrt>{text}</msqrt>"

    def transposed(self, text: str) -> str:
        return _raised(text, '<mi mathvariant="normal">T</mi>')

    def call(self, name: str, arguments: str, letter: str) -> str:
        plain = name.rstrip("'")
        primes = len(name) - len(plain)
        signs = escape(plain) + "′" * primes
        function = f'<mi mathvariant="normal">{signs}</mi>' if len(signs) == 1 else f"<mi>{signs}</mi>"
        applied = row(function, APPLIED, self.group(arguments))
        return f"<msub>{applied}<mi>{letter}</mi></msub>" if letter else applied

    def ends(self) -> tuple[str, str]:
        kind = {"stretchy": "false", "lspace": "0", "rspace": "0"}
        return operator("(", form="prefix", **kind), operator(")", form="postfix", **kind)

    def listed(self, items: Sequence[str]) -> str:
        return operator(",").join(items)

    def reduction(self, kind: str, letter: str, body: str) -> str:
        large = kind in REDUCED
        named = "" if large else ' form="prefix" lspace="0" rspace="0"'
        head = f'<mo movablelimits="true"{named}>{REDUCED.get(kind, kind)}</mo>'
        if letter:
            head = f"<munder>{head}<mi>{letter}</mi></munder>"
        return row(head, "" if large else '<mspace width="0.17em"/>', body)

    def compared(self, left: str, sign: str, right: str) -> str:
        return row(left, operator(COMPARED[sign]), right)

    def joint(self, word: str, parts: Sequence[str]) -> str:
        return row(_words(f" {word} ").join(parts))

    def negated(self, text: str) -> str:
        return row(_words("not "), text)

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str:
        cells = [f"<mtd>{value}</mtd><mtd>{row(_words('if '), test)}</mtd>" for value, test in rows]
        cells.append(f"<mtd>{otherwise}</mtd><mtd>{_words('otherwise')}</mtd>")
        table = f'<mtable class="cases">{"".join(f"<mtr>{cell}</mtr>" for cell in cells)}</mtable>'
        return row(operator("{", form="prefix", stretchy="true"), table)


def _enclosed(begin: str, text: str, end: str) -> str:
    """Something in parentheses, which are higher only where it is: fonts leave gaps beside those that could be."""
    tall = any(f"<{name}" in text for name in ("mfrac", "munder", "msqrt", "mtable", "mover"))
    kind = {"lspace": "0", "rspace": "0", "stretchy": str(tall).lower()}
    return row(operator(begin, form="prefix", **kind), text, operator(end, form="postfix", **kind))


def _raised(base: str, high: str) -> str:
    """Something with a sign above its right end; one that has an index carries both there."""
    if base.startswith("<msub>"):  # an index holds its base together: it is all there is
        return f"<msubsup>{base[len('<msub>') : -len('</msub>')]}{high}</msubsup>"
    return f"<msup>{row(base)}{high}</msup>"


def _words(text: str) -> str:
    """Words within a formula; a plain space at an end would not be shown."""
    return f"<mtext>{text.replace(' ', chr(0xA0))}</mtext>"


def _name(name: str) -> str:
    return MathML().symbol(sign(name), "", ())
