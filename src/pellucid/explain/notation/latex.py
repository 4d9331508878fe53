"""Formulas in LaTeX; nothing but amsmath is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pellucid.explain.notation.signs import ATOM, PRODUCT, Piece, mantissa
from pellucid.explain.notation.symbols import ACCENTS, GREEK, Sign, sign
from pellucid.explain.notation.writing import Writer

COMPARED = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne"}
REDUCED = {
    "sum": r"\sum",
    "max": r"\max",
    "min": r"\min",
    "mean": r"\operatorname{mean}",
    "prod": r"\prod",
}
# LaTeX has commands for these.
KNOWN = ("tanh", "sinh", "cosh", "sin", "cos", "tan", "arctan", "arcsin", "arccos", "log", "min", "max")
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
}
_COMMANDS = {letter: f"\\{name}" for name, letter in GREEK.items()} | {"ε": r"\varepsilon", "φ": r"\varphi"}


def escaped(text: str) -> str:
    """Plain text, so that LaTeX shows it.

    Example:
        >>> print(escaped("leaky_relu 10%"))
        leaky\\_relu 10\\%
    """
    return "".join(_ESCAPED.get(mark, mark) for mark in text)


class Latex(Writer):
    """As it stands between dollars."""

    def number(self, value: float) -> Piece:
        if not math.isfinite(value):
            return Piece(r"\infty" if value > 0 else r"\mathrm{NaN}", ATOM)
        digits, exponent = mantissa(value)
        if not exponent:
            return Piece(digits, ATOM)
        return Piece(f"10^{{{exponent}}}" if digits == "1" else rf"{digits} \cdot 10^{{{exponent}}}", PRODUCT)

    def symbol(self, sign: Sign, part: str, letters: Sequence[str]) -> str:
        base = _COMMANDS[sign.greek] if sign.greek else _letters(sign.letter)
        if sign.accent:
            base = f"{ACCENTS[sign.accent]}{{{base}}}"
        word = [rf"\mathrm{{{escaped(sign.of)}}}"] if sign.of else []
        below = ",".join([*([sign.index] if sign.index else []), *word, *([_name(part)] if part else []), *letters])
        written = base + (f"_{{{below}}}" if below else "") + "'" * sign.primes
        return rf"\mathrm{{d}}{written}" if sign.gradient else written

    def euler(self) -> str:
        return r"\mathrm{e}"

    def relation(self, sign: str) -> str:
        return r"\leftarrow" if sign == "←" else "="

    def group(self, text: str) -> str:
        return rf"\left({text}\right)" if _tall(text) else f"({text})"

    def bracket(self, text: str) -> str:
        return rf"\left[{text}\right]" if _tall(text) else f"[{text}]"

    def barred(self, bars: str, text: str) -> str:
        bar = "|" if bars == "|" else r"\|"
        if _tall(text):
            return rf"\left{bar}{text}\right{bar}"
        return rf"\lvert {text} \rvert" if bars == "|" else rf"\lVert {text} \rVert"

    def minus_sign(self, text: str) -> str:
        return f"-{text}"

    def added(self, left: str, sign: str, right: str) -> str:
        return f"{left} {sign} {right}"

    def side_by_side(self, left: str, right: str) -> str:
        return rf"{left} \, {right}"

    def entry_by_entry(self, left: str, right: str) -> str:
        return rf"{left} \odot {right}"

    def dot(self, left: str, right: str) -> str:
        return rf"{left} \cdot {right}"

    def fraction(self, top: str, bottom: str) -> str:
        return rf"\frac{{{top}}}{{{bottom}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{{{base}}}^{{{exponent}}}" if base.endswith("'") else f"{base}^{{{exponent}}}"

    def root(self, text: str) -> str:
        return rf"\sqrt{{{text}}}"

    def transposed(self, text: str) -> str:
        return rf"{text}^{{\top}}"

    def call(self, name: str, arguments: str, letter: str) -> str:
        return _function(name) + self.group(arguments) + (f"_{{{letter}}}" if letter else "")

    def listed(self, items: Sequence[str]) -> str:
        return r",\; ".join(items)

    def reduction(self, kind: str, letter: str, body: str) -> str:
        return f"{REDUCED[kind]}{f'_{{{letter}}}' if letter else ''} {body}"

    def compared(self, left: str, sign: str, right: str) -> str:
        return f"{left} {COMPARED[sign]} {right}"

    def joint(self, word: str, parts: Sequence[str]) -> str:
        return rf" \text{{ {word} }} ".join(parts)

    def negated(self, text: str) -> str:
        return rf"\text{{not }} {text}"

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str:
        lines = [rf"{value} & \text{{if }} {test}" for value, test in rows] + [rf"{otherwise} & \text{{otherwise}}"]
        return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}"


def _tall(text: str) -> bool:
    """Whether it is higher than a line."""
    return any(command in text for command in (r"\frac", r"\sum", r"\prod", r"\sqrt", r"\begin", r"\hat", r"\left"))


def _letters(word: str) -> str:
    """A name: one letter is slanted, a word upright."""
    return word if len(word) == 1 and word.isascii() else rf"\mathrm{{{escaped(word)}}}"


def _name(name: str) -> str:
    return Latex().symbol(sign(name), "", ())


def _function(name: str) -> str:
    plain = name.rstrip("'")
    primes = name[len(plain) :]
    if plain in KNOWN:
        return f"\\{plain}{primes}"
    return rf"\operatorname{{{escaped(plain)}}}{primes}"
