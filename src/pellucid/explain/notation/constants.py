"""Numbers as they would be written by hand: 0.7978845608028654 is the square root of 2/pi."""

from __future__ import annotations

import math
from fractions import Fraction

from pellucid.explain.notation.algebra import negative, over, root, times
from pellucid.explain.notation.tree import Apply, Expression, Function, Number, Symbol

PI = Symbol("pi", value=math.pi)
EULER = Symbol("e", value=math.e)
LONG = 10  # digits: a shorter number is written as it is
_EXACT = 4 * 2.0**-52  # what the rounding of a few operations may change


def number(value: float) -> Expression:
    """A number as a tree; one of many digits as a root, a multiple of pi or a logarithm, if it is one.

    Example:
        >>> number(0.01)
        Number(value=0.01)
        >>> number(math.sqrt(3))
        Unary(kind='root', of=Number(value=3))
    """
    if value < 0:
        return negative(number(-value))
    if math.isfinite(value) and digits(value) >= LONG:
        return _closed(float(value)) or Number(value)
    return Number(int(value)) if math.isfinite(value) and value == int(value) and value < 1e15 else Number(value)


def digits(value: float) -> int:
    """How many digits a number takes to write.

    Example:
        >>> digits(0.044715), digits(1e-8), digits(1 / 3)
        (5, 1, 16)
    """
    mantissa = repr(float(value)).partition("e")[0]
    return len(mantissa.replace(".", "").strip("-0"))


def _closed(value: float) -> Expression | None:
    """p/q, and p/q of pi, 1/pi, e, log 2 or log 10, and the square roots of these, for small p and q."""
    if not 1e-6 < value < 1e6:
        return None
    units: list[tuple[float, Expression | None, Expression | None]] = [
        (1.0, None, None),
        (math.pi, PI, None),
        (1 / math.pi, None, PI),
        (math.log(2), _log(2), None),
        (math.log(10), _log(10), None),
        (math.e, EULER, None),
    ]
    for rooted in (False, True):
        for unit, above, below in units:
            target = value**2 if rooted else value
            ratio = Fraction(target / unit).limit_denominator(12)
            if not 0 < ratio.numerator <= 12 or abs(float(ratio) * unit - target) > _EXACT * target:
                continue
            top = times(Number(ratio.numerator), *([above] if above else []))
            tree = over(top, times(Number(ratio.denominator), *([below] if below else [])))
            return root(tree) if rooted else tree
    return None


def _log(value: int) -> Expression:
    return Apply(Function("log"), (Number(value),))
