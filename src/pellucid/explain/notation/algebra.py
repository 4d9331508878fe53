"""Trees put together by rules of algebra: functions, conditions and cases, and trees rebuilt of other parts.

The rules hold like those of `products`, for all real numbers; |x| is recognised however it is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pellucid.explain.notation.known import value_of
from pellucid.explain.notation.products import ONE as ONE
from pellucid.explain.notation.products import ZERO as ZERO
from pellucid.explain.notation.products import minus as minus
from pellucid.explain.notation.products import negative as negative
from pellucid.explain.notation.products import over as over
from pellucid.explain.notation.products import plus as plus
from pellucid.explain.notation.products import power as power
from pellucid.explain.notation.products import root as root
from pellucid.explain.notation.products import times as times
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
)


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


def logic(word: Literal["and", "or", "not"], *parts: Expression) -> Expression:
    if word == "not":
        inner = parts[0]
        return inner.parts[0] if isinstance(inner, Logic) and inner.word == "not" else Logic("not", parts)
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, Logic) and part.word == word else (part,)
    return flat[0] if len(flat) == 1 else Logic(word, tuple(flat))


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
            return Reduce(kind, parts[0], across)
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
