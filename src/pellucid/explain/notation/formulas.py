"""Formulas read from Python functions: their statements followed with symbols in place of arrays."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.explain.notation import algebra as al
from pellucid.explain.notation.constants import EULER, PI, digits, number
from pellucid.explain.notation.numpy_words import METHODS, STORAGE, WORDS, Unreadable, condition, plain_word, word
from pellucid.explain.notation.tree import (
    Apply,
    Compare,
    Expression,
    Function,
    Line,
    Listing,
    Number,
    Symbol,
    axes,
    children,
    value_of,
)

if TYPE_CHECKING:
    from pellucid.explain.notation.definitions import Definitions

BRANCHES = 6  # undecided if statements in one function: each doubles what is to be drawn
_OPERATORS: Mapping[type, Callable[[Expression, Expression], Expression]] = {
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


@dataclass(frozen=True)
class Formula:
    """What a function computes.

    Attributes:
        lines: what it gives names to on the way, in order; ← where a name changes its meaning.
        results: what it returns; several if it returns a tuple.
    """

    lines: tuple[Line, ...]
    results: tuple[Expression, ...]


@dataclass
class Body:
    """The statements of a function, being followed.

    Args:
        known: what names stand for; dotted ones ("self.rate") too.
        definitions: where the functions that it calls are looked up.
        helpers: those functions by name.
        sequential: whether a name that is assigned again keeps its name, as in m ← β m + g; else it gets a prime.
    """

    known: dict[str, Expression]
    definitions: Definitions
    helpers: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    sequential: bool = False
    lines: list[Line] = field(default_factory=list)
    branches: int = 0
    taken: set[str] = field(default_factory=lambda: {EULER.name, PI.name})

    def __post_init__(self) -> None:
        self.taken |= {tree.name for tree in self.known.values() if isinstance(tree, Symbol)}

    def follow(self, statements: list[ast.stmt], naming: bool = True) -> tuple[Expression, ...]:
        """What the statements return. Within a branch nothing gets a name (naming=False): values are put in."""
        for i, statement in enumerate(statements):
            match statement:
                case ast.Return(ast.Tuple(parts)):
                    return tuple(self.read(part) for part in parts)
                case ast.Return(ast.expr() as value):
                    return (self.read(value),)
                case ast.Assign([ast.Tuple(names)], ast.Tuple(values)) if len(names) == len(values):
                    read = [self.read(value) for value in values]
                    for name, tree in zip(names, read, strict=True):
                        self._assign(name, tree, naming)
                case ast.Assign(targets, value):
                    tree = self.read(value)
                    for target in targets:
                        self._assign(target, tree, naming)
                case ast.AnnAssign(target, _, ast.expr() as value):
                    self._assign(target, self.read(value), naming)
                case ast.AugAssign(ast.Name(name) as target, operation, value) if type(operation) in _OPERATORS:
                    tree = _OPERATORS[type(operation)](self._name(name), self.read(value))
                    self._assign(target, tree, naming)
                case ast.If(test, body, orelse):
                    return self._either(condition(self.read(test)), body, orelse, statements[i + 1 :], naming)
                case ast.Pass() | ast.Assert() | ast.Expr(ast.Constant()):
                    continue
                case _:
                    raise Unreadable
        raise Unreadable  # nothing is returned

    def _either(
        self, test: Expression, body: list[ast.stmt], orelse: list[ast.stmt], rest: list[ast.stmt], naming: bool
    ) -> tuple[Expression, ...]:
        decided = value_of(test)
        if decided is not None:
            return self.follow([*(body if decided else orelse), *rest], naming)
        self.branches += 1
        if self.branches > BRANCHES:
            raise Unreadable
        before = dict(self.known)
        first = self.follow([*body, *rest], naming=False)
        self.known = before
        second = self.follow([*orelse, *rest], naming=False)
        if len(first) != len(second):
            raise Unreadable
        return tuple(al.cases(((x, test),), y) for x, y in zip(first, second, strict=True))

    def _assign(self, target: ast.expr, tree: Expression, naming: bool) -> None:
        if not isinstance(target, ast.Name):
            raise Unreadable
        name = target.id
        if not naming or isinstance(tree, Number | Symbol):
            self.known[name] = tree
            return
        before = self.known.get(name)
        again = isinstance(before, Symbol) and before.name == name
        own = name
        while not self.sequential and own in self.taken:
            own += "'"
        self.taken.add(own)
        symbol = Symbol(own, axes(tree))
        self.lines.append(Line(symbol, "←" if again and self.sequential else "=", tree))
        self.known[name] = symbol

    def _name(self, name: str) -> Expression:
        if name not in self.known:
            raise Unreadable
        return self.known[name]

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
                return {"pi": PI, "e": EULER, "inf": Number(float("inf"))}[name]
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
            case ast.BinOp(left, operation, right) if type(operation) in _OPERATORS:
                return _OPERATORS[type(operation)](self.read(left), self.read(right))
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

    def _logic(self, joint: str, values: list[ast.expr]) -> Expression:
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
    ) -> Any:
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


def named_number(name: str, value: Any) -> Expression:
    """A number that a formula uses by name: as it is written by hand, or by its name where that would be too long."""
    if isinstance(value, bool):
        return Number(value)
    tree = number(float(value))
    plain = tree.of if not isinstance(tree, Symbol) and children(tree) and value < 0 else tree
    if isinstance(plain, Number) and digits(plain.value) > 6:
        return Symbol(name, value=float(value))
    return tree
