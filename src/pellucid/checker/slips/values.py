"""What the parts of a failing line stand for: evaluated where that is harmless, and said in words."""

from __future__ import annotations

import ast
import builtins
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np

OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
}
# Calls that change nothing and draw nothing at random, so that making them once more is harmless.
FUNCTIONS = frozenset(
    {"arange", "argmax", "argmin", "array", "asarray", "average", "clip", "column_stack", "concatenate", "diag", "dot"}
    | {"expand_dims", "eye", "full", "hstack", "linspace", "matmul", "max", "mean", "min", "norm", "ones", "ones_like"}
    | {"outer", "prod", "ravel", "repeat", "reshape", "shape", "squeeze", "stack", "std", "sum", "tile", "transpose"}
    | {"var", "vstack", "where", "zeros", "zeros_like"}
)
METHODS = ("argmax", "argmin", "astype", "copy", "dot", "flatten", "max", "mean", "min", "ravel", "reshape", "sum")
BUILTINS: tuple[Any, ...] = (abs, float, int, len, list, max, min, range, round, sum, tuple)
MISSING = object()  # what could not be evaluated
LARGEST = 10_000_000  # entries of an array that is worked out once more
MOST_KEYS = 8
MOST_FACTS = 6


def value_of(node: ast.AST | None, scope: Mapping[str, Any]) -> Any:
    """What an expression stands for, or MISSING where working it out once more might change or cost something.

    Example:
        >>> value_of(ast.parse("W.T", mode="eval").body, {"W": np.zeros((2, 3))}).shape
        (3, 2)
        >>> value_of(ast.parse("launch()", mode="eval").body, {}) is MISSING
        True
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return _value(node, scope)
    except Exception:  # the learner's own classes may raise anything
        return MISSING


def _value(node: ast.AST | None, scope: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return scope[node.id] if node.id in scope else vars(builtins)[node.id]
        case ast.Attribute():
            return getattr(_value(node.value, scope), node.attr)
        case ast.Subscript():
            return _value(node.value, scope)[_value(node.slice, scope)]
        case ast.Slice():
            return slice(*(part and _value(part, scope) for part in (node.lower, node.upper, node.step)))
        case ast.Tuple() | ast.List():
            parts = [_value(part, scope) for part in node.elts]
            return tuple(parts) if isinstance(node, ast.Tuple) else parts
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand, scope)
        case ast.BinOp():
            pair = _small(_value(node.left, scope)), _small(_value(node.right, scope))
            return OPERATIONS[type(node.op)](*pair)
        case ast.Call():
            return _called(node, scope)
    raise LookupError


def _called(node: ast.Call, scope: Mapping[str, Any]) -> Any:
    """A call of NumPy's, or of Python's own, that is known to be harmless."""
    function = _value(node.func, scope)
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    module = str(getattr(function, "__module__", None) or "")
    harmless = (
        isinstance(function, np.ufunc)
        or any(function is known for known in BUILTINS)
        or (isinstance(owner, np.ndarray) and name in METHODS)
        or (module.startswith("numpy") and name in FUNCTIONS and not isinstance(owner, np.random.RandomState))
    )
    if not harmless or any(word.arg in (None, "out") for word in node.keywords):
        raise LookupError
    words = {word.arg: _value(word.value, scope) for word in node.keywords if word.arg}
    return function(*(_small(_value(part, scope)) for part in node.args), **words)


def _small(value: Any) -> Any:
    """A value that is quickly worked with; a list repeated or a number raised by accident could be endless."""
    if isinstance(value, np.ndarray) and value.size > LARGEST:
        raise LookupError
    if isinstance(value, int) and abs(value) > LARGEST:
        raise LookupError
    return value


def described(value: Any, text: Callable[..., str]) -> str:
    """A value in a few words.

    Args:
        value: anything.
        text: gives the sentence of a key, as `Case.text` does.
    """
    match value:
        case np.ndarray():
            return _array(value, text)
        case None | bool():
            return str(value)
        case np.bool_() | int() | float() | complex() | np.number():
            return text("v_number", value=f"{value:.6g}" if isinstance(value, float | np.floating) else str(value))
        case str():
            return text("v_text", value=repr(value if len(value) <= 40 else value[:37] + "..."))
        case dict():
            keys = [repr(key) for key in value]
            return text("v_dict" if keys else "v_dict_empty", keys=shortlist(keys))
        case tuple() if 0 < len(value) <= 4 and all(is_number(part) for part in value):
            return str(value)
        case list() | tuple() | set() | range():
            return text(f"v_{type(value).__name__}", count=len(value))
        case ModuleType():
            return text("v_module", name=value.__name__)
        case type():
            return text("v_class", name=value.__name__)
    if callable(value):
        return text("v_function")
    return text("v_object", name=type(value).__name__)


def _array(value: np.ndarray[Any, Any], text: Callable[..., str]) -> str:
    kind = "v_array"
    if value.dtype == object or value.dtype.kind in "US":
        kind = "v_array_objects" if value.dtype == object else "v_array_texts"
    return text(kind, shape=shape_of(value))


def shape_of(value: Any) -> str:
    """A shape as NumPy writes it, without the name of the integers' type.

    Example:
        >>> shape_of(np.zeros((2, 3)))
        '(2, 3)'
    """
    return str(tuple(int(size) for size in np.shape(value)))


def shortlist(names: list[str]) -> str:
    """Names in a row, of many the first ones."""
    return ", ".join(names[:MOST_KEYS]) + (", ..." if len(names) > MOST_KEYS else "")


def is_number(value: Any) -> bool:
    """Whether a value is one number: Python's, NumPy's, or an array without axes."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "biufc"
    return isinstance(value, int | float | complex | np.number | np.bool_)


def written(node: ast.AST | None, factor: bool = False) -> str:
    """An expression as it is written, short enough for a sentence; as a factor, a sum stands in parentheses.

    Example:
        >>> written(ast.parse("np.dot( X,W1 )").body[0])
        'np.dot(X, W1)'
    """
    if node is None:
        return ""
    text = " ".join(ast.unparse(node).split())
    text = f"({text})" if factor and isinstance(node, ast.BinOp | ast.UnaryOp | ast.IfExp | ast.Compare) else text
    return text if len(text) <= 48 else text[:45] + "..."


def facts(node: ast.AST | None, scope: Mapping[str, Any], text: Callable[..., str]) -> str:
    """What the names in an expression stand for, as one sentence; "" where none says anything."""
    seen: dict[str, str] = {}
    for part in _names(node):
        value = value_of(part, scope)
        if value is MISSING or isinstance(value, ModuleType | type) or (callable(value) and not is_number(value)):
            continue
        seen.setdefault(written(part), text("is", name=written(part), value=described(value, text)))
    return text("facts", facts=text("comma").join(list(seen.values())[:MOST_FACTS])) if seen else ""


def _names(node: ast.AST | None) -> Iterator[ast.AST]:
    """The names, attributes and entries in an expression, each as a whole; of a compound statement only its head."""
    match node:
        case None | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
            return
        case ast.Call(func=ast.Attribute(value=owner)):  # X.dot(W): X says more than the method
            yield from _names(owner)
            for part in (*node.args, *node.keywords):
                yield from _names(part)
        case ast.AugAssign():
            yield node.target
            yield from _names(node.value)
        case ast.Subscript(value=ast.Name() | ast.Attribute(), ctx=ast.Load()):
            yield node
            yield from _names(node.slice)
        case ast.Name(ctx=ast.Load()) | ast.Attribute(value=ast.Name() | ast.Attribute(), ctx=ast.Load()):
            yield node
        case _:
            for field, child in ast.iter_fields(node):
                for inner in child if isinstance(child, list) else [child]:
                    if isinstance(inner, ast.AST) and field not in ("body", "orelse", "handlers", "finalbody"):
                        yield from _names(inner)
