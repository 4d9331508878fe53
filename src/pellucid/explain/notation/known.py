"""Values that are known when a formula is drawn: they decide which of its branches is drawn."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from pellucid.explain.notation.tree import (
    Binary,
    Compare,
    Expression,
    Logic,
    Number,
    Symbol,
    Times,
    Unary,
    children,
)

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_COMPUTE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "/": operator.truediv,
    "^": operator.pow,
}


def value_of(tree: Expression) -> float | None:
    """The value of a tree, where it is known from numbers and from symbols with a value; else None."""
    if isinstance(tree, Number | Symbol):
        return tree.value
    parts = [value for child in children(tree) if (value := value_of(child)) is not None]
    if not parts or len(parts) < len(children(tree)):
        return None
    match tree:
        case Unary("negative", _):
            return -parts[0]
        case Unary("magnitude", _):
            return abs(parts[0])
        case Compare(sign, _, _):
            return bool(_COMPARE[sign](*parts))
        case Binary(kind, _, _) if kind in _COMPUTE:
            try:
                return _COMPUTE[kind](*parts)
            except ArithmeticError:
                return None
        case Times():
            return math.prod(parts)
        case Logic(word, _):
            return all(parts) if word == "and" else any(parts) if word == "or" else not parts[0]
    return None
