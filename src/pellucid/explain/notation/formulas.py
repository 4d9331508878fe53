"""Formulas read from Python functions: their statements followed with symbols in place of arrays."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pellucid.explain.notation import algebra as al
from pellucid.explain.notation.constants import EULER, PI, digits, number
from pellucid.explain.notation.expressions import OPERATORS, Expressions
from pellucid.explain.notation.known import value_of
from pellucid.explain.notation.numpy_words import Unreadable, condition
from pellucid.explain.notation.tree import Expression, Line, Number, Symbol, axes

BRANCHES = 6  # undecided if statements in one function: each doubles what is to be drawn


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
class Body(Expressions):
    """The statements of a function, being followed.

    Args:
        known, definitions, helpers: as in Expressions.
        sequential: whether a name that is assigned again keeps its name, as in m ← β m + g; else it gets a prime.
        shown: what the names in it are called in equations, where that is something else.
    """

    sequential: bool = False
    shown: Mapping[str, str] = field(default_factory=dict)
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
                case ast.AugAssign(ast.Name(name) as target, operation, value) if type(operation) in OPERATORS:
                    tree = OPERATORS[type(operation)](self._name(name), self.read(value))
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
        before, own = self.known.get(name), self.shown.get(name, name)
        again = isinstance(before, Symbol) and before.name == own
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


def named_number(name: str, value: Any) -> Expression:
    """A number that a formula uses by name: as it is written by hand, or by its name where that would be too long."""
    if isinstance(value, bool):
        return Number(value)
    tree = number(float(value))
    size = al.negative(tree) if value < 0 else tree
    return Symbol(name, value=float(value)) if isinstance(size, Number) and digits(size.value) > 6 else tree
