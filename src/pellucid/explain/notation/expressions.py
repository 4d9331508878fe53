"""Expressions of Python as trees."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pellucid.explain.notation import algebra as al
from pellucid.explain.notation.constants import EULER, PI, number
from pellucid.explain.notation.known import value_of
from pellucid.explain.notation.numpy_words import METHODS, STORAGE, WORDS, Unreadable, condition, plain_word, word
from pellucid.explain.notation.tree import Apply, Compare, Expression, Function, Listing, Number

if TYPE_CHECKING:
    from pellucid.explain.notation.definitions import Definitions

OPERATORS: Mapping[type, Callable[[Expression, Expression], Expression]] = {
    ast.Add: al.plus,
    ast.Sub: al.minus,
    ast.Mult: al.times,
    ast.Div: al.over,
    ast.Pow: al.power,
    ast.MatMult: al.product,
    ast.BitAnd: lambda x, y: al.logic("and", condition(x), condition(y)),
    ast.BitOr: lambda x, y: al.logic("or", condition(x), condition(y)),
}
_SIGNS: Mapping[type, Any] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


@dataclass
class Expressions:
    """Expressions, being read.

    Args:
        known: what names stand for; dotted ones ("self.rate") too.
        definitions: where the functions that are called are looked up.
        helpers: those functions by name.
    """

    known: dict[str, Expression]
    definitions: Definitions
    helpers: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def read(self, node: ast.expr) -> Expression:
        """An expression of Python as a tree."""
        path = dotted(node)
        if path in self.known:
            return self.known[path]
        match node:
            case ast.Constant(bool() as value):
                return Number(value)
            case ast.Constant(int() | float() as value):
                return number(value)
            case ast.Attribute(ast.Name("np" | "math"), "pi" | "e" | "inf" as name):
                return {"pi": PI, "e": EULER}.get(name) or Number(float("inf"))
            case ast.Attribute(value, "T"):
                return al.transpose(self.read(value))
            case ast.Attribute(value, "real"):
                return self.read(value)
            case ast.Subscript(value, slice_) if _adds_axes(slice_):
                return self.read(value)
            case ast.UnaryOp(ast.USub(), value):
                return al.negative(self.read(value))
            case ast.UnaryOp(ast.UAdd(), value):
                return self.read(value)
            case ast.UnaryOp(ast.Not() | ast.Invert(), value):
                return al.logic("not", condition(self.read(value)))
            case ast.BinOp(left, operation, right) if type(operation) in OPERATORS:
                return OPERATORS[type(operation)](self.read(left), self.read(right))
            case ast.BoolOp(operation, values):
                return self._logic("and" if isinstance(operation, ast.And) else "or", values)
            case ast.Compare(left, signs, rights):
                return self._compare([left, *rights], signs)
            case ast.IfExp(test, body, orelse):
                return self._choose(test, body, orelse)
            case ast.Tuple(parts) | ast.List(parts):
                return Listing(tuple(self.read(part) for part in parts))
            case ast.Call(function, arguments, keywords) if all(k.arg for k in keywords):
                return self._call(function, arguments, {str(k.arg): k.value for k in keywords})
        raise Unreadable

    def _logic(self, joint: Literal["and", "or"], values: list[ast.expr]) -> Expression:
        parts = [condition(self.read(value)) for value in values]
        decided = [value_of(part) for part in parts]
        if None not in decided:
            return Number(bool(all(decided) if joint == "and" else any(decided)))
        return al.logic(joint, *parts)

    def _compare(self, operands: list[ast.expr], signs: list[ast.cmpop]) -> Expression:
        if any(type(sign) not in _SIGNS for sign in signs):
            raise Unreadable
        trees = [self.read(operand) for operand in operands]
        parts = [Compare(_SIGNS[type(s)], x, y) for s, x, y in zip(signs, trees, trees[1:], strict=False)]
        return parts[0] if len(parts) == 1 else al.logic("and", *parts)

    def _choose(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> Expression:
        """Of a conditional expression only what applies is read, where that is known."""
        tree = condition(self.read(test))
        decided = value_of(tree)
        if decided is not None:
            return self.read(body if decided else orelse)
        return al.cases(((self.read(body), tree),), self.read(orelse))

    def _call(self, function: ast.expr, given: list[ast.expr], named: dict[str, ast.expr]) -> Expression:
        path = dotted(function)
        if path in self.known:
            return self.known[path]
        if isinstance(function, ast.Attribute) and function.attr == "astype":
            return self.read(function.value)
        arguments = [self.read(argument) for argument in given]
        if path in self.helpers:
            keywords = {key: self.read(value) for key, value in named.items()}
            return self.definitions.helper(self.helpers[path], path, arguments, keywords)
        module, _, name = path.rpartition(".")
        keywords = {key: self.read(value) for key, value in named.items() if key not in STORAGE}
        if module in ("np", "math", "np.linalg"):
            known = name in WORDS or name in METHODS or keywords
            return word(name, arguments, keywords) if known else Apply(Function(name), tuple(arguments))
        if not module and name in ("abs", "min", "max", "float", "pow"):
            return plain_word(name, arguments, keywords)
        if isinstance(function, ast.Attribute):
            return self._method(self.read(function.value), function.attr, arguments, keywords)
        raise Unreadable

    def _method(
        self, of: Expression, name: str, arguments: list[Expression], keywords: Mapping[str, Expression]
    ) -> Expression:
        if name not in METHODS:
            raise Unreadable
        return word(name, [of, *arguments], keywords)


def dotted(node: ast.expr) -> str:
    """A name with its dots, such as np.linalg.norm; "" for anything else."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, name):
            return f"{before}.{name}" if (before := dotted(value)) else ""
    return ""


def _adds_axes(node: ast.expr) -> bool:
    """Whether what stands in brackets takes everything and at most adds axes of length 1."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return all(
        (isinstance(part, ast.Slice) and not (part.lower or part.upper or part.step))
        or (isinstance(part, ast.Constant) and part.value in (None, ...))
        or dotted(part) == "np.newaxis"
        for part in parts
    )
