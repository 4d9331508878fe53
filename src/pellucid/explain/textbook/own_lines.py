"""The lines that layers and optimizers compute with, read from their own methods: X @ W + b, and what goes back."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from pellucid.explain.notation.definitions import Definitions
from pellucid.explain.notation.expressions import Expressions, dotted
from pellucid.explain.notation.numpy_words import Unreadable
from pellucid.explain.notation.tree import Apply, Expression, Function, Number, Symbol
from pellucid.layers import Dense, Dropout
from pellucid.optimizers import Optimizer

Node = TypeVar("Node", bound=ast.AST)


def affine(X: Expression, W: Expression, b: Expression) -> Expression:
    """The weighted sums of a Dense layer."""
    known = {"X": X, "W": W, "b": b}
    return _read("affine", known, lambda: _assigned(_method(Dense.affine), "z"))


def affine_backward(X: Expression, W: Expression, delta: Expression) -> tuple[Expression, Expression, Expression]:
    """The gradients at the input of a Dense layer, of W and of b, from delta, that at its z."""
    known = {"X": X, "W": W, "delta": delta, "need_input": Number(True)}

    def part(i: int) -> Callable[[], ast.expr]:
        def found() -> ast.expr:
            match next(_nodes(_method(Dense.affine), ast.FunctionDef, "backward")).body[-1]:
                case ast.Return(ast.Tuple([at_input, ast.Tuple([of_W, of_b])])):
                    return (at_input, of_W, of_b)[i]
            raise Unreadable

        return found

    names = ("affine_backward", "affine_backward_W", "affine_backward_b")
    at_input, of_W, of_b = (_read(name, known, part(i)) for i, name in enumerate(names))
    return at_input, of_W, of_b


def mask(rate: float, drawn: Symbol) -> Expression:
    """What a Dropout layer multiplies with; `drawn` are numbers between 0 and 1."""
    known: dict[str, Expression] = {"self.rate": Number(rate), "rng.random": drawn}
    known["kept"] = _read("kept", known, lambda: _assigned(_method(Dropout.operations), "kept"))
    return _read("mask", known, lambda: _assigned(_method(Dropout.operations), "mask"))


def dropped(X: Expression, m: Symbol) -> Expression:
    """The output of a Dropout layer of input X and mask m."""
    return _read("dropout", {"X": X, "mask": m}, lambda: _operation().args[2])


def dropped_backward(gradient: Expression, m: Symbol) -> Expression:
    """The gradient at the input of a Dropout layer, from that at its output."""

    def found() -> ast.expr:
        match _operation().args[3]:
            case ast.Lambda(_, ast.Tuple([at_input, _])):
                return at_input
        raise Unreadable

    return _read("dropout_backward", {"gradient": gradient, "mask": m}, found)


def decayed(theta: Expression, rate: Expression, weight_decay: Expression, weights: Expression) -> Expression:
    """Parameters after decoupled weight decay; `weights` is 1 for weights and 0 for biases."""
    known = {"theta": theta, "rate": rate, "rule.weight_decay": weight_decay, "weights": weights}
    return _read("decayed", known, lambda: _assigned(_method(Optimizer.update), "theta"))


def _read(name: str, known: Mapping[str, Expression], found: Callable[[], ast.expr]) -> Expression:
    """An expression with symbols put in; where there is no source, a call by name of the symbols."""
    try:
        return Expressions(dict(known), Definitions()).read(found())
    except (Unreadable, StopIteration):
        return Apply(Function(name), tuple(value for value in known.values() if not isinstance(value, Number)))


@lru_cache(maxsize=8)
def _method(method: Callable[..., Any]) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(method)))
    except (OSError, SyntaxError) as error:
        raise Unreadable from error


def _nodes(tree: ast.AST, kind: type[Node], name: str) -> Iterator[Node]:
    """The nodes of a kind with a name: functions that are defined, or calls."""
    for node in ast.walk(tree):
        if isinstance(node, kind) and name == (
            getattr(node, "name", "") or dotted(getattr(node, "func", ast.Name("")))
        ):
            yield node


def _operation() -> ast.Call:
    return next(_nodes(_method(Dropout.operations), ast.Call, "Operation"))


def _assigned(tree: ast.AST, name: str) -> ast.expr:
    """What a name is assigned first."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign([ast.Name(target)], value) if target == name:
                return value
    raise Unreadable
