"""Trees put together, with the little algebra that a reader would do: x + 0, 1 x, x x, |x|, x / y times y.

Every rule holds for all real numbers for which both sides are defined; none looks at how a formula is used.
"""

from __future__ import annotations

from collections.abc import Mapping

from pellucid.explain.notation.tree import (
    Apply,
    Binary,
    Cases,
    Compare,
    Expression,
    Listing,
    Logic,
    Number,
    Reduce,
    Symbol,
    Times,
    Unary,
    axes,
    children,
    value_of,
)

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


def product(x: Expression, y: Expression) -> Expression:
    """The matrix product; of single numbers the usual one."""
    return Binary("@", x, y) if axes(x) and axes(y) else times(x, y)


def transpose(x: Expression) -> Expression:
    if not axes(x):
        return x
    return x.of if isinstance(x, Unary) and x.kind == "transpose" else Unary("transpose", x)


def exponential(x: Expression) -> Expression:
    """e^x; of several cases, case by case."""
    if isinstance(x, Cases):
        return cases(tuple((exponential(value), test) for value, test in x.branches), exponential(x.otherwise))
    return ONE if x == ZERO else Unary("exp", x)


def root(x: Expression) -> Expression:
    return x if x in (ZERO, ONE) else Unary("root", x)


def magnitude(x: Expression) -> Expression:
    if isinstance(x, Unary) and x.kind in ("negative", "magnitude"):
        return magnitude(x.of)
    return x if isinstance(x, Number) and x.value >= 0 else Unary("magnitude", x)


def norm(x: Expression) -> Expression:
    """The length of all entries taken as one vector; a positive number that divides them is taken out of it."""
    if isinstance(x, Binary) and x.kind == "/" and _never_negative(x.right):
        return over(norm(x.left), x.right)
    return Unary("norm", x)


def _never_negative(x: Expression) -> bool:
    if isinstance(x, Reduce) and not axes(x):
        return _magnitude(x.of)
    known = value_of(x)
    return isinstance(known, int | float) and known >= 0 and not axes(x)


def _magnitude(x: Expression) -> bool:
    return isinstance(x, Unary) and x.kind == "magnitude"


def cases(branches: tuple[tuple[Expression, Expression], ...], otherwise: Expression) -> Expression:
    """Values with their conditions; conditions that are known are decided, and what amounts to |x| is written so."""
    kept: list[tuple[Expression, Expression]] = []
    for value, test in branches:
        decided = value_of(test)
        if decided is None:
            kept.append((_knowing(value, test, True), test))
        elif decided:
            otherwise = value
            break
    for _, test in kept:
        otherwise = _knowing(otherwise, test, False)
    if isinstance(otherwise, Cases):
        kept, otherwise = [*kept, *otherwise.branches], otherwise.otherwise
    merged: list[tuple[Expression, Expression]] = []
    for value, test in kept:
        if merged and merged[-1][0] == value:
            merged[-1] = value, logic("or", merged[-1][1], test)
        else:
            merged.append((value, test))
    if all(value == otherwise for value, _ in merged):
        return otherwise
    if len(merged) == 1 and _is_magnitude(*merged[0], otherwise):
        return magnitude(otherwise)
    return Cases(tuple(merged), otherwise)


def _is_magnitude(value: Expression, test: Expression, otherwise: Expression) -> bool:
    if not isinstance(test, Compare) or test.right != ZERO or value != negative(otherwise):
        return False
    x = otherwise if test.sign in ("<", "<=") else value if test.sign in (">", ">=") else None
    return x is not None and test.left == x


def _knowing(tree: Expression, test: Expression, holds: bool) -> Expression:
    """The tree where it is known whether a condition holds: cases of the same condition are decided."""
    if isinstance(tree, Cases):
        branches = [(value, Number(float(holds)) if t == test else t) for value, t in tree.branches]
        tree = cases(tuple(branches), tree.otherwise)
    if isinstance(tree, Cases) or not children(tree):
        return tree
    return rebuilt(tree, tuple(_knowing(child, test, holds) for child in children(tree)))


def logic(word: str, *parts: Expression) -> Expression:
    match word, parts:
        case ("not", (Logic("not", (inner,)),)):
            return inner
        case ("and" | "or", _):
            flat = tuple(p for part in parts for p in (part.parts if _is_logic(part, word) else (part,)))
            return flat[0] if len(flat) == 1 else Logic(word, flat)
    return Logic("not", parts)


def _is_logic(tree: Expression, word: str) -> bool:
    return isinstance(tree, Logic) and tree.word == word


def rebuilt(tree: Expression, parts: tuple[Expression, ...]) -> Expression:
    """The same kind of tree of other parts, put together by the rules above."""
    match tree:
        case Unary(kind, _):
            makers = {
                "negative": negative,
                "exp": exponential,
                "root": root,
                "magnitude": magnitude,
                "norm": norm,
                "transpose": transpose,
            }
            return makers[kind](*parts)
        case Binary(kind, _, _):
            return {"+": plus, "-": minus, "/": over, "^": power, "@": product}[kind](*parts)
        case Times():
            return times(*parts)
        case Apply(function, _):
            return Apply(function, parts)
        case Reduce(kind, _, across):
            return Reduce(kind, *parts, across)
        case Compare(sign, _, _):
            return Compare(sign, *parts)
        case Logic(word, _):
            return logic(word, *parts)
        case Cases():
            return cases(tuple(zip(parts[:-1:2], parts[1:-1:2], strict=True)), parts[-1])
        case Listing():
            return Listing(parts)
    return tree


def substituted(tree: Expression, by: Mapping[Symbol, Expression]) -> Expression:
    """The tree with symbols replaced."""
    if isinstance(tree, Symbol):
        return by.get(tree, tree)
    return rebuilt(tree, tuple(substituted(child, by) for child in children(tree))) if children(tree) else tree
