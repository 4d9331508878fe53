"""Sums, products and powers, with the little algebra that a reader would do: x + 0, 1 x, x x, x / y times y.

Every rule holds for all real numbers for which both sides are defined; none looks at how a formula is used.
"""

from __future__ import annotations

from pellucid.explain.notation.known import value_of
from pellucid.explain.notation.tree import Binary, Expression, Number, Times, Unary

ZERO, ONE = Number(0), Number(1)


def negative(x: Expression) -> Expression:
    if x == ZERO:
        return ZERO
    return x.of if isinstance(x, Unary) and x.kind == "negative" else Unary("negative", x)


def plus(x: Expression, y: Expression) -> Expression:
    if x == ZERO:
        return y
    if isinstance(y, Unary) and y.kind == "negative":
        return minus(x, y.of)
    if isinstance(y, Binary) and y.kind in "+-":
        return (plus if y.kind == "+" else minus)(plus(x, y.left), y.right)
    return x if y == ZERO else Binary("+", x, y)


def minus(x: Expression, y: Expression) -> Expression:
    if x == ZERO:
        return negative(y)
    if isinstance(y, Unary) and y.kind == "negative":
        return plus(x, y.of)
    return x if y == ZERO else Binary("-", x, y)


def times(*factors: Expression) -> Expression:
    """A product: sign and numbers in front, equal neighbours as powers, 1/x as a division, what cancels cancelled."""
    flat: list[Expression] = []
    sign = 1
    for factor in factors:
        while isinstance(factor, Unary) and factor.kind == "negative":
            sign, factor = -sign, factor.of
        flat += factor.factors if isinstance(factor, Times) else (factor,)
    if ZERO in flat:
        return ZERO
    flat.sort(key=lambda factor: not isinstance(factor, Number))
    product = _cancelled(flat) or _joined(flat)
    return product if sign > 0 else negative(product)


def _joined(flat: list[Expression]) -> Expression:
    joined: list[Expression] = []
    for factor in flat:
        if factor == ONE:
            continue
        if isinstance(factor, Binary) and factor.kind == "/" and factor.left == ONE and joined:
            joined = [over(_joined(joined), factor.right)]
            continue
        base, exponent = _as_power(factor)
        if joined and _as_power(joined[-1])[0] == base and not isinstance(base, Number):
            joined[-1] = power(base, Number(_as_power(joined[-1])[1] + exponent))
        else:
            joined.append(factor)
    return (joined[0] if len(joined) == 1 else Times(tuple(joined))) if joined else ONE


def _as_power(x: Expression) -> tuple[Expression, float]:
    """x as base and exponent, where the exponent is a positive whole number."""
    if isinstance(x, Binary) and x.kind == "^" and isinstance(x.right, Number) and x.right.value in range(1, 100):
        return x.left, x.right.value
    return x, 1


def _fraction(x: Expression) -> tuple[list[Expression], list[Expression]]:
    """The factors above and below the line."""
    if isinstance(x, Times):
        parts = [_fraction(factor) for factor in x.factors]
        return [f for top, _ in parts for f in top], [f for _, bottom in parts for f in bottom]
    if isinstance(x, Binary) and x.kind == "/":
        (top, below_top), (bottom, above) = _fraction(x.left), _fraction(x.right)
        return top + above, below_top + bottom
    return [x], []


def _cancelled(flat: list[Expression]) -> Expression | None:
    """The product as one fraction without the factors that stand above and below; None where there are none."""
    top, bottom = _fraction(Times(tuple(flat)))
    common = [factor for factor in bottom if factor in top and not isinstance(factor, Number)]
    if not common:
        return None
    for factor in common:
        if factor in top and factor in bottom:
            top.remove(factor)
            bottom.remove(factor)
    return over(_joined(top), _joined(bottom)) if bottom else _joined(top)


def over(x: Expression, y: Expression) -> Expression:
    if y == ONE or x == ZERO:
        return x
    if isinstance(x, Unary) and x.kind == "negative":
        return negative(over(x.of, y))
    if isinstance(y, Binary) and y.kind == "/":
        return over(times(x, y.right), y.left)
    cancelled = _cancelled([Binary("/", x, y)])
    return Binary("/", x, y) if cancelled is None else cancelled


def power(x: Expression, y: Expression) -> Expression:
    if y == ONE:
        return x
    if y == ZERO:
        return ONE
    if value_of(y) == 0.5:
        return root(x)
    return Binary("^", x, y)


def root(x: Expression) -> Expression:
    return x if x in (ZERO, ONE) else Unary("root", x)
