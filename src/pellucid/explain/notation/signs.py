"""What the three ways of writing differ in: plain text, LaTeX and MathML say how a fraction or a root looks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from pellucid.explain.notation.symbols import Sign

LOOSE, SUM, PRODUCT, POWER, ATOM = range(5)  # how tightly a piece holds together


class Piece(NamedTuple):
    """Something written.

    Attributes:
        text: the signs.
        level: how tightly it holds together.
        open: whether it reaches as far to the right as it can, as a sum does.
        fraction: whether it is a fraction on one line.
    """

    text: str
    level: int
    open: bool = False
    fraction: bool = False


class Signs(ABC):
    """How each piece of a formula is written."""

    tall = True  # whether fractions and cases take more than a line, and so need no parentheses around their parts

    def ends(self) -> tuple[str, str]:
        """What stands around a list; it does not stretch, so that the list can be broken."""
        return "(", ")"

    @abstractmethod
    def number(self, value: float) -> Piece: ...
    @abstractmethod
    def symbol(self, sign: Sign, part: str, letters: Sequence[str]) -> str: ...
    @abstractmethod
    def euler(self) -> str: ...
    @abstractmethod
    def relation(self, sign: str) -> str: ...
    @abstractmethod
    def group(self, text: str) -> str: ...
    @abstractmethod
    def bracket(self, text: str) -> str: ...
    @abstractmethod
    def barred(self, bars: str, text: str) -> str: ...
    @abstractmethod
    def minus_sign(self, text: str) -> str: ...
    @abstractmethod
    def added(self, left: str, sign: str, right: str) -> str: ...
    @abstractmethod
    def side_by_side(self, left: str, right: str) -> str: ...
    @abstractmethod
    def entry_by_entry(self, left: str, right: str) -> str: ...
    @abstractmethod
    def dot(self, left: str, right: str) -> str: ...
    @abstractmethod
    def fraction(self, top: str, bottom: str) -> str: ...
    @abstractmethod
    def power(self, base: str, exponent: str) -> str: ...
    @abstractmethod
    def root(self, text: str) -> str: ...
    @abstractmethod
    def transposed(self, text: str) -> str: ...
    @abstractmethod
    def call(self, name: str, arguments: str, letter: str) -> str: ...
    @abstractmethod
    def listed(self, items: Sequence[str]) -> str: ...
    @abstractmethod
    def reduction(self, kind: str, letter: str, body: str) -> str: ...
    @abstractmethod
    def compared(self, left: str, sign: str, right: str) -> str: ...
    @abstractmethod
    def joint(self, word: str, parts: Sequence[str]) -> str: ...
    @abstractmethod
    def negated(self, text: str) -> str: ...
    @abstractmethod
    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str: ...


def mantissa(value: float) -> tuple[str, int]:
    """A number that is not negative as digits and a power of ten, 0 where it is written out.

    Example:
        >>> mantissa(0.01), mantissa(1e-8), mantissa(2.5e-12)
        (('0.01', 0), ('1', -8), ('2.5', -12))
    """
    if float(value) == int(value) and value < 1e15:
        return str(int(value)), 0
    digits, _, exponent = repr(float(value)).partition("e")
    return digits.removesuffix(".0"), int(exponent or 0)
