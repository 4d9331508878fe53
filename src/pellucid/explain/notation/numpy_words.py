"""What functions of NumPy and Python mean in mathematics: np.exp(x) is e^x, np.where is a formula of several cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pellucid.explain.notation import algebra as al
from pellucid.explain.notation.known import value_of
from pellucid.explain.notation.tree import (
    Apply,
    Compare,
    Expression,
    Function,
    Logic,
    Number,
    Reduce,
    Unary,
    axes,
)


class Unreadable(Exception):
    """Something that mathematics has no short word for; the formula is then called by its name."""


Builder = Callable[..., Expression]


def called(name: str) -> Builder:
    """A function that keeps its name on paper."""
    return lambda *arguments: Apply(Function(name), arguments)


def _heaviside(x: Expression, at_zero: Expression) -> Expression:
    zero = al.ZERO
    return al.cases(((zero, Compare("<", x, zero)), (at_zero, Compare("==", x, zero))), al.ONE)


def _clip(x: Expression, low: Expression, high: Expression) -> Expression:
    return called("min")(called("max")(x, low), high)


def _where(test: Expression, x: Expression, y: Expression) -> Expression:
    return al.cases(((x, condition(test)),), y)


def _logaddexp(x: Expression, y: Expression) -> Expression:
    return called("log")(al.plus(al.exponential(x), al.exponential(y)))


def condition(tree: Expression) -> Expression:
    """What is taken as true or false: a number is true where it is not 0."""
    known = isinstance(tree, Compare | Logic) or (isinstance(tree, Number) and isinstance(tree.value, bool))
    return tree if known else Compare("!=", tree, al.ZERO)


def _same(x: Expression) -> Expression:
    return x


# Names in np and math, and of Python itself; all take single positional arguments here.
WORDS: Mapping[str, Builder] = {
    **{name: called(name) for name in ("log2", "log10", "sin", "cos", "tan", "tanh", "sinh", "cosh", "erf")},
    **{name: called(name) for name in ("arctan", "arcsin", "arccos", "arctanh", "arcsinh", "arccosh", "floor", "ceil")},
    "atan": called("arctan"),
    "asin": called("arcsin"),
    "acos": called("arccos"),
    "log": called("log"),
    **dict.fromkeys(("asarray", "array", "real", "float", "float32", "float64", "copy", "ascontiguousarray"), _same),
    **dict.fromkeys(("asanyarray", "atleast_2d", "positive", "squeeze"), _same),
    **dict.fromkeys(("abs", "absolute", "fabs"), al.magnitude),
    **dict.fromkeys(("power", "pow", "float_power"), al.power),
    **dict.fromkeys(("divide", "true_divide"), al.over),
    **dict.fromkeys(("minimum", "fmin", "min"), called("min")),
    **dict.fromkeys(("maximum", "fmax", "max"), called("max")),
    **dict.fromkeys(("matmul", "dot"), al.product),
    "sign": lambda x: al.ZERO if x == al.ZERO else called("sign")(x),
    "exp": al.exponential,
    "expm1": lambda x: al.minus(al.exponential(x), al.ONE),
    "exp2": lambda x: al.power(Number(2), x),
    "log1p": lambda x: called("log")(al.plus(al.ONE, x)),
    "sqrt": al.root,
    "cbrt": lambda x: al.power(x, al.over(al.ONE, Number(3))),
    "square": lambda x: al.times(x, x),
    "reciprocal": lambda x: al.over(al.ONE, x),
    "hypot": lambda x, y: al.root(al.plus(al.times(x, x), al.times(y, y))),
    "negative": al.negative,
    "add": al.plus,
    "subtract": al.minus,
    "multiply": al.times,
    "ones_like": lambda x: al.ONE,
    "zeros_like": lambda x: al.ZERO,
    "full_like": lambda x, value: value,
    "where": _where,
    "clip": _clip,
    "heaviside": _heaviside,
    "logaddexp": _logaddexp,
    "transpose": al.transpose,
    "norm": al.norm,
    "logical_and": lambda *parts: al.logic("and", *map(condition, parts)),
    "logical_or": lambda *parts: al.logic("or", *map(condition, parts)),
    "logical_not": lambda x: al.logic("not", condition(x)),
    "greater": lambda x, y: Compare(">", x, y),
    "greater_equal": lambda x, y: Compare(">=", x, y),
    "less": lambda x, y: Compare("<", x, y),
    "less_equal": lambda x, y: Compare("<=", x, y),
    "equal": lambda x, y: Compare("==", x, y),
    "not_equal": lambda x, y: Compare("!=", x, y),
}
REDUCTIONS: Mapping[str, Literal["sum", "max", "min", "mean", "prod"]] = {
    "sum": "sum",
    "max": "max",
    "amax": "max",
    "min": "min",
    "amin": "min",
    "mean": "mean",
    "average": "mean",
    "prod": "prod",
}
METHODS = {*REDUCTIONS, "dot", "clip", "transpose", "copy", "squeeze"}
# Keywords that say how a result is stored, and nothing about what it is.
STORAGE = {"keepdims", "dtype", "copy", "order", "casting", "subok", "ndmin"}


def word(name: str, arguments: Sequence[Expression], keywords: Mapping[str, Expression]) -> Expression:
    """A call of a function of NumPy or math, or of a method of an array.

    Raises:
        Unreadable: the function has no short word in mathematics.
    """
    keywords = {key: value for key, value in keywords.items() if key not in STORAGE}
    if name in REDUCTIONS:
        return _reduced(name, arguments, keywords)
    return plain_word(name, arguments, keywords)


def plain_word(name: str, arguments: Sequence[Expression], keywords: Mapping[str, Expression]) -> Expression:
    """The same of Python's own functions, whose min and max take several numbers."""
    if keywords or name not in WORDS:
        raise Unreadable
    try:
        return WORDS[name](*arguments)
    except TypeError as error:  # another number of arguments than mathematics knows
        raise Unreadable from error


def _reduced(name: str, arguments: Sequence[Expression], keywords: Mapping[str, Expression]) -> Expression:
    """A sum, maximum or the like over the columns (the last axis), the rows (the first) or everything."""
    given = [*arguments[1:], *(value for key, value in keywords.items() if key == "axis")]
    if len(arguments) < 1 or len(given) > 1 or keywords.keys() - {"axis", "initial"}:
        raise Unreadable
    x, axis = arguments[0], value_of(given[0]) if given else "all"
    sides: dict[Any, Literal["columns", "rows", "all"]] = {"all": "all", 0: "rows", 1: "columns", -1: "columns"}
    over = sides.get(axis)
    if over is None or (over == "rows" and "n" not in axes(x)):
        raise Unreadable
    if "initial" in keywords and not (REDUCTIONS[name] == "max" and isinstance(x, Unary) and x.kind == "magnitude"):
        raise Unreadable
    alike = over == "columns" and "k" not in axes(x) and REDUCTIONS[name] in ("max", "min", "mean")
    return x if alike else Reduce(REDUCTIONS[name], x, over)
