"""Formulas as lines of plain text, with the signs of Unicode that every terminal has."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pellucid.explain.notation.signs import ATOM, Piece, mantissa
from pellucid.explain.notation.symbols import Sign
from pellucid.explain.notation.writing import Writer

COMPARED = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
REDUCED = {"sum": "Σ", "max": "max", "min": "min", "mean": "mean", "prod": "Π"}
_HIGH = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Text(Writer):
    """On one line: z1 = X W1 + b1."""

    tall = False

    def number(self, value: float) -> Piece:
        if not math.isfinite(value):
            return Piece("∞" if value > 0 else "NaN", ATOM)
        digits, exponent = mantissa(value)
        return Piece(f"{digits}e{exponent}" if exponent else digits, ATOM)

    def symbol(self, sign: Sign, part: str, letters: Sequence[str]) -> str:
        index = sign.index.translate(_LOW) if sign.low else sign.index
        accent, word = (f"_{word}" if word else "" for word in (sign.accent, sign.of))
        name = f"{'d' * sign.gradient}{sign.greek or sign.letter}{index}{word}{accent}{chr(39) * sign.primes}"
        return name + (f"[{part}]" if part else "") + "".join(f"_{letter}" for letter in letters)

    def euler(self) -> str:
        return "e"

    def relation(self, sign: str) -> str:
        return sign

    def group(self, text: str) -> str:
        return f"({text})"

    def bracket(self, text: str) -> str:
        return f"[{text}]"

    def barred(self, bars: str, text: str) -> str:
        # Bars within bars could be read in two ways.
        return f"abs({text})" if bars == "|" and "|" in text else f"{bars}{text}{bars}"

    def minus_sign(self, text: str) -> str:
        return f"-{text}"

    def added(self, left: str, sign: str, right: str) -> str:
        return f"{left} {sign} {right}"

    def side_by_side(self, left: str, right: str) -> str:
        return f"{left} {right}"

    def entry_by_entry(self, left: str, right: str) -> str:
        return f"{left} ⊙ {right}"

    def dot(self, left: str, right: str) -> str:
        return f"{left} · {right}"

    def fraction(self, top: str, bottom: str) -> str:
        return f"{top}/{bottom}" if _tight(top) and _tight(bottom) else f"{top} / {bottom}"

    def power(self, base: str, exponent: str) -> str:
        return base + exponent.translate(_HIGH) if exponent.isdigit() else f"{base}^{exponent}"

    def root(self, text: str) -> str:
        return f"√{text}"

    def transposed(self, text: str) -> str:
        return f"{text}ᵀ"

    def call(self, name: str, arguments: str, letter: str) -> str:
        return f"{name}({arguments})" + (f"_{letter}" if letter else "")

    def listed(self, items: Sequence[str]) -> str:
        return ", ".join(items)

    def reduction(self, kind: str, letter: str, body: str) -> str:
        return f"{REDUCED[kind]}{f'_{letter}' if letter else ''} {body}"

    def compared(self, left: str, sign: str, right: str) -> str:
        return f"{left} {COMPARED[sign]} {right}"

    def joint(self, word: str, parts: Sequence[str]) -> str:
        return f" {word} ".join(parts)

    def negated(self, text: str) -> str:
        return f"not {text}"

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str:
        return "{" + "; ".join([f"{value} if {test}" for value, test in rows] + [f"{otherwise} otherwise"]) + "}"


def _tight(text: str) -> bool:
    """Whether a part of a fraction can stand at its line without gaps: no gap of its own outside parentheses."""
    depth = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == " " and not depth:
            return False
    return True
