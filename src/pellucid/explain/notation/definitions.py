"""Definitions: the functions that equations call by name, each read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from pellucid.explain.notation.algebra import substituted
from pellucid.explain.notation.formulas import Body, Formula, named_number
from pellucid.explain.notation.inlining import inlined
from pellucid.explain.notation.numpy_words import Unreadable
from pellucid.explain.notation.reasons import remark
from pellucid.explain.notation.tree import (
    Apply,
    Cases,
    Definition,
    Expression,
    Function,
    Line,
    Number,
    Reduce,
    Symbol,
    axes,
    has,
    leaves,
    walk,
)
from pellucid.source import UNREAD, number_like, read

Written: TypeAlias = Callable[..., Any]


@dataclass(frozen=True)
class Called:
    """A function as equations call it.

    Attributes:
        function: read once; later calls only name it.
        name: how it is called.
        formals: symbols for its arguments, as its definition shows them.
        total: whether its values are summed over the columns of a row, as a loss's are.
        where: further lines for its definition, for formals that follow from others.
    """

    function: Written
    name: str
    formals: tuple[Symbol, ...]
    total: bool = False
    where: tuple[Line, ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        return id(self.function), self.formals, self.total, self.where


@dataclass
class Definitions:
    """A book of functions.

    Args:
        dtype: of the arrays that the functions are called with.
    """

    dtype: Any = np.float64
    _entries: dict[Any, Definition | None] = field(default_factory=dict)
    _names: dict[int, str] = field(default_factory=dict)
    _told: set[Function] = field(default_factory=set)
    _open: list[Any] = field(default_factory=list)
    _remarks: dict[Function, str] = field(default_factory=dict)  # what is to be said, and "" after that
    _errors: dict[Any, BaseException | None] = field(default_factory=dict)

    def formula(
        self,
        function: Written,
        arguments: Sequence[Expression],
        keywords: Mapping[str, Expression] | None = None,
        sequential: bool = False,
        shown: Mapping[str, str] | None = None,
    ) -> Formula:
        """What a function computes of given arguments.

        Args:
            function: to be read.
            arguments, keywords: what it is called with.
            sequential, shown: see `Body`.

        Raises:
            Unreadable: it cannot be read, or is no mathematics.
        """
        try:
            source = read(function)
        except UNREAD as error:
            raise Unreadable from error
        shown = shown or {}
        numbers = {name: value for name, value in source.constants.items() if number_like(value)}
        constants = {name: named_number(shown.get(name, name), value) for name, value in numbers.items()}
        given = dict(zip(source.arguments, arguments, strict=False)) | dict(keywords or {})
        if len(arguments) > len(source.arguments) or given.keys() < set(source.arguments):
            raise Unreadable
        body = Body(constants | given, self, source.helpers, sequential, shown)
        results = body.follow(list(source.body))
        return Formula(tuple(body.lines), results)

    def call(self, called: Called, arguments: Sequence[Expression], most: int = 1) -> Expression:
        """What a function computes where that is short (up to `most` numbers and symbols), else a call by its name."""
        definition = self._defined(called)
        if definition is None:
            name = Function(one_word(called.name))
            self._remarks.setdefault(name, remark(name.name, called.function, self._errors.get(called.key)))
            return Apply(name, tuple(arguments))
        body = definition.line.right
        given = dict(zip(called.formals, arguments, strict=True))
        own = [line for line in definition.where if line not in called.where]
        if not own and leaves(body) <= most and not has(body, Cases, Reduce):
            return substituted(body, given)
        assert isinstance(definition.line.left, Apply)
        return Apply(
            definition.function, tuple(given[f] for f in definition.line.left.arguments if isinstance(f, Symbol))
        )

    def helper(
        self, function: Written, name: str, arguments: Sequence[Expression], keywords: Mapping[str, Expression]
    ) -> Expression:
        """A call of a function, as another function's body writes it."""
        try:
            taken = read(function).arguments
        except UNREAD:
            taken = tuple(f"x{i}" for i in range(1, len(arguments) + 1))
        given = dict(zip(taken, arguments, strict=False)) | dict(keywords)
        if len(given) < len(arguments) or given.keys() != set(taken):
            raise Unreadable
        formals = tuple(Symbol(argument, "k" if axes(given[argument]) else "") for argument in taken)
        called = Called(function, name, formals)
        value = self._constant(function, len(formals)) if self._defined(called) is None else None
        if value is not None:
            return named_number(name, value)
        return self.call(called, [given[argument] for argument in taken])

    def fresh(self, trees: Iterable[Expression]) -> tuple[Definition, ...]:
        """The definitions of what these trees call, and of what those call, that nobody asked for before."""
        # A function that only calls one of NumPy by the same name needs no definition.
        by_function = {d.function: d for d in self._entries.values() if d and not _calls(d.line.right, d.function.name)}
        found: list[Definition] = []
        queue = list(trees)
        while queue:
            for node in walk(queue.pop(0)):
                if isinstance(node, Apply) and node.function in by_function and node.function not in self._told:
                    self._told.add(node.function)
                    definition = by_function[node.function]
                    found.append(definition)
                    queue += [definition.line.right, *(line.right for line in definition.where)]
        return tuple(found)

    def remarks(self, trees: Iterable[Expression], definitions: Iterable[Definition]) -> tuple[str, ...]:
        """What there is to say of functions that could not be read, called in these, that was not said before."""
        inside = [line.right for d in definitions for line in (d.line, *d.where)]
        called = [node.function for tree in (*trees, *inside) for node in walk(tree) if isinstance(node, Apply)]
        said = {function: self._remarks[function] for function in called if self._remarks.get(function)}
        self._remarks |= dict.fromkeys(said, "")
        return tuple(said.values())

    def name(self, function: Written, name: str) -> str:
        """What a function is called in equations, if it is called at all; else its plain name."""
        return self._names.get(id(function)) or one_word(name)

    def _defined(self, called: Called) -> Definition | None:
        key = called.key
        if key in self._open:
            raise Unreadable  # it calls itself
        if key not in self._entries:
            self._open.append(key)
            try:
                self._entries[key] = self._read(called)
            except Unreadable as error:
                self._entries[key], self._errors[key] = None, error.__cause__
            finally:
                self._open.pop()
        return self._entries[key]

    def _read(self, called: Called) -> Definition:
        formula = self.formula(called.function, called.formals)
        if len(formula.results) != 1:
            raise Unreadable
        lines, body = inlined(formula)
        if called.total and "k" in axes(body):
            body = Reduce("sum", body, "columns")
        nodes = {node for tree in (body, *(line.right for line in lines)) for node in walk(tree)}
        lines += tuple(line for line in called.where if line.left in nodes)
        lines += tuple(_value(node) for node in _named_numbers(nodes))
        own = Function(self._unique(called, body, nodes), any(map(_mixes, nodes)), "k" in axes(body))
        follow = {line.left for line in called.where}
        taken = tuple(f for f in called.formals if f in nodes - follow) or called.formals[:1]
        return Definition(Line(Apply(own, taken), "=", body), lines, own)

    def _unique(self, called: Called, body: Expression, nodes: set[Expression]) -> str:
        """A name that means this function alone: of two functions of one name, the second gets a number."""
        plain = one_word(called.name)
        if _calls(body, plain):
            return plain
        if id(called.function) not in self._names:
            taken = {node.function.name for node in nodes if isinstance(node, Apply)} | set(self._names.values())
            numbered = (f"{plain}_{i}" if i > 1 else plain for i in range(1, len(taken) + 2))
            self._names[id(called.function)] = next(name for name in numbered if name not in taken)
        return self._names[id(called.function)]

    def _constant(self, function: Written, count: int) -> Any:
        """The number that a function gives for all arrays, such as the largest of their dtype; None if it does not."""
        trials = [np.full((2, 2), 0.25, self.dtype), np.array([[0.5, -2.0], [3.0, 0.75]], self.dtype)]
        try:
            with np.errstate(all="ignore"):
                first, second = (function(*[trial] * count) for trial in trials)
        except Exception:  # whatever a function that nobody could read does with an array it did not expect
            return None
        return first if number_like(first) and number_like(second) and first == second else None


def one_word(name: str) -> str:
    """A record's name as that of a function.

    Example:
        >>> one_word("huber(2.0)"), one_word("log-cosh"), one_word("relu'")
        ('huber', 'log_cosh', "relu'")
    """
    plain = name.rstrip("'")
    return (re.sub(r"\W+", "_", plain.partition("(")[0]).strip("_") or "f") + name[len(plain) :]


def _calls(body: Expression, name: str) -> bool:
    """Whether a body is nothing but a call of a function of this name."""
    return isinstance(body, Apply) and body.function.name == name


def _mixes(node: Expression) -> bool:
    """Whether a node mixes the columns of a row."""
    return (isinstance(node, Reduce) and node.over == "columns") or (isinstance(node, Apply) and node.function.across)


def _named_numbers(nodes: set[Expression]) -> list[Symbol]:
    found = (node for node in nodes if isinstance(node, Symbol) and node.value is not None)
    return sorted((symbol for symbol in found if symbol.name not in ("pi", "e")), key=lambda symbol: symbol.name)


def _value(symbol: Symbol) -> Line:
    assert symbol.value is not None
    return Line(symbol, "=", Number(symbol.value))
