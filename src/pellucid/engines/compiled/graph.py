"""A formula as a graph of operations: what its own function does, with every value computed once.

The function is read (`pellucid.source`) and followed with symbols in place of numbers. Two expressions that say
the same become one node, so that softmax, cross-entropy and their gradient share their exponentials without anybody
having written a fused version by hand.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from pellucid.source import UNREAD, Source, read

Kind = Literal["number", "row", "array"]  # the same for all; one a row, (1, n); one an output and row, (K, n)
_ORDER: dict[Kind, int] = {"number": 0, "row": 1, "array": 2}

# Functions of NumPy that stand for one operation, by how many arguments they take.
ELEMENTWISE = {
    "exp": 1, "expm1": 1, "log": 1, "log1p": 1, "tanh": 1, "sqrt": 1, "abs": 1, "absolute": 1, "sign": 1, "square": 1,
    "sin": 1, "cos": 1, "tan": 1, "arctan": 1, "sinh": 1, "cosh": 1, "arcsinh": 1, "floor": 1, "ceil": 1, "negative": 1,
    "minimum": 2, "maximum": 2, "where": 3, "power": 2, "isnan": 1, "isfinite": 1, "reciprocal": 1, "exp2": 1,
    "log2": 1, "logical_and": 2, "logical_or": 2, "logical_not": 1, "add": 2, "subtract": 2, "multiply": 2, "divide": 2,
}  # fmt: skip
_OPERATORS = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power"}
_COMPARED = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
FLAT = "flat"  # the value of a node that is (n,), not (n, 1)
BOOLEAN = {*_COMPARED.values(), "logical_and", "logical_or", "logical_not", "isnan", "isfinite"}
_REDUCED = {"sum": "sum", "max": "max", "amax": "max", "min": "min", "amin": "min", "mean": "mean"}


class CannotCompile(Exception):
    """A formula uses something that has no place in a compiled loop; the readable engine runs it."""


class Node(NamedTuple):
    """One value.

    Attributes:
        operation: "input", "constant", "like", "sum", "mean", "max", "min", a comparison, or a name of ELEMENTWISE.
        arguments: indices of the nodes that it takes.
        kind: whether it is one number, one a row, or one an output and row.
        value: name of an input, or the number of a constant.
    """

    operation: str
    arguments: tuple[int, ...]
    kind: Kind
    value: Any = None


@dataclass
class Graph:
    """Nodes in the order in which they can be computed.

    Args:
        dtype: what arrays hold; decides what functions such as `largest_exponent` give.
        by_entry: whether np.sum(x) of everything is left to the loop, so that x itself stands for it: for formulas
            that are a sum over all entries, such as a penalty.
    """

    dtype: np.dtype[Any]
    by_entry: bool = False
    nodes: list[Node] = field(default_factory=list)
    _known: dict[Node, int] = field(default_factory=dict)

    def add(self, operation: str, arguments: tuple[int, ...] = (), kind: Kind | None = None, value: Any = None) -> int:
        """The index of a node; one that is there already is used again."""
        kinds: list[Kind] = [self.nodes[i].kind for i in arguments]
        widest: Kind = max(kinds, key=_ORDER.__getitem__, default="number")
        if operation == "divide" and kinds[0] == "array" and kinds[1] != "array":
            # One division a row or in all, then products: many times faster, and other only in the last digit.
            return self.add("multiply", (arguments[0], self.add("reciprocal", (arguments[1],))))
        kind = kind or widest
        flat = [self.nodes[i].value == FLAT for i in arguments if self.nodes[i].kind == "row"]
        if any(flat):  # (n,) beside (n, K) or (n, 1) is another shape than loops over rows would make of it
            if kind != "row" or not all(flat):
                raise CannotCompile("one number a row, (n,), meets an array of two axes; keepdims=True would keep both")
            value = FLAT if value is None else value
        both = [self.nodes[i].operation in BOOLEAN for i in arguments]
        if operation in ("add", "subtract") and any(both) and all(both):
            raise CannotCompile(f"{operation} of two conditions")
        if operation == "logical_not" and not all(both):
            raise CannotCompile("~ of what is no condition")
        node = Node(operation, arguments, kind, value)
        key = node._replace(value=repr(value))  # 0.0 and -0.0, 1 and 1.0 are not the same
        if key not in self._known:
            self._known[key] = len(self.nodes)
            self.nodes.append(node)
        return self._known[key]

    def input(self, name: str, kind: Kind) -> int:
        return self.add("input", (), kind, name)

    def constant(self, value: float) -> int:
        return self.add("constant", (), "number", value)

    def follow(self, function: Callable[..., Any], arguments: tuple[int, ...], constants: Mapping[str, int]) -> Any:
        """What a function gives for these nodes: a node, or a tuple of nodes.

        Args:
            function: a formula.
            arguments: nodes, by position.
            constants: nodes, by name.

        Raises:
            CannotCompile: it does something that has no place in a loop.
        """
        try:
            source = read(function)
        except UNREAD as error:
            raise CannotCompile(str(error)) from error
        given = dict(zip(source.arguments, arguments, strict=False)) | dict(constants)
        missing = [name for name in source.arguments if name not in given]
        if missing:
            raise CannotCompile(f"{source.name} needs {', '.join(missing)}")
        return _Reading(self, source, given).result()


class _Reading:
    """One function being followed: what its names stand for."""

    def __init__(self, graph: Graph, source: Source, given: Mapping[str, int]) -> None:
        self.graph, self.source = graph, source
        self.names: dict[str, Any] = {
            name: graph.constant(float(value)) for name, value in source.constants.items() if name not in given
        }
        self.names.update(given)

    def result(self) -> Any:
        for statement in self.source.body:
            if isinstance(statement, ast.Return) and statement.value is not None:
                return self.value(statement.value)
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                self.assign(statement.targets[0], self.value(statement.value))
            elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
                left = ast.Name(statement.target.id, ast.Load())
                self.names[statement.target.id] = self.value(ast.BinOp(left, statement.op, statement.value))
            else:
                raise CannotCompile(f"{self.source.name} has the statement {ast.unparse(statement)!r}")
        raise CannotCompile(f"{self.source.name} returns nothing")

    def assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Tuple) and isinstance(value, tuple) and len(value) == len(target.elts):
            for part, of_part in zip(target.elts, value, strict=True):
                self.assign(part, of_part)
        else:
            raise CannotCompile(f"{self.source.name} assigns to {ast.unparse(target)}")

    def value(self, node: ast.expr) -> Any:
        add = self.graph.add
        match node:
            case ast.Constant(value=bool() | int() | float() as number):
                return self.graph.constant(number)
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
            case ast.Tuple(elts=parts):
                return tuple(self.value(part) for part in parts)
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=2 | 3 as power)):
                base = self.value(left)
                square = add("multiply", (base, base))
                return square if power == 2 else add("multiply", (square, base))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
                return add(_OPERATORS[type(operator)], (self.value(left), self.value(right)))
            case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() as operator, right=right):
                name = "logical_and" if isinstance(operator, ast.BitAnd) else "logical_or"
                return add(name, (self.value(left), self.value(right)))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return add("negative", (self.value(operand),))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.value(operand)
            case ast.UnaryOp(op=ast.Invert() | ast.Not(), operand=operand):
                return add("logical_not", (self.value(operand),))
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARED:
                return add(_COMPARED[type(operator)], (self.value(left), self.value(right)))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                asked = self.value(test)
                if self.graph.nodes[asked].kind != "number":
                    raise CannotCompile(f"{self.source.name} asks {ast.unparse(test)!r} of an array")
                return add("where", (add("!=", (asked, self.graph.constant(0))), self.value(body), self.value(orelse)))
            case ast.Call():
                return self.call(node)
            case ast.Attribute(value=ast.Name(id="np" | "math"), attr="pi" | "e" | "inf" as name):
                return self.graph.constant(getattr(np, name))
        raise CannotCompile(f"{self.source.name} has {ast.unparse(node)!r}")

    def call(self, node: ast.Call) -> Any:
        match node.func:
            case ast.Attribute(value=ast.Name(id="np" | "math"), attr=name):
                return self.of_numpy(name, node)
            case ast.Name(id="abs" | "min" | "max" as name) if name not in self.source.helpers:
                numpy_name = {"abs": "abs", "min": "minimum", "max": "maximum"}[name]
                return self.graph.add(numpy_name, tuple(self.value(part) for part in node.args))
            case ast.Name(id=name) if name in self.source.helpers and not node.keywords:
                return self.of_helper(self.source.helpers[name], tuple(self.value(part) for part in node.args))
        raise CannotCompile(f"{self.source.name} calls {ast.unparse(node.func)}")

    def of_numpy(self, name: str, node: ast.Call) -> Any:
        arguments = tuple(self.value(part) for part in node.args)
        if name in _REDUCED:
            return self.reduced(name, arguments, node)
        if name in ("ones_like", "zeros_like") and not node.keywords:
            return self.graph.add("like", arguments, value=float(name == "ones_like"))
        if name == "asarray" and len(arguments) == 1:
            return arguments[0]
        if name == "clip" and len(arguments) == 3 and not node.keywords:
            raised = self.graph.add("maximum", arguments[:2])
            return self.graph.add("minimum", (raised, arguments[2]))
        if ELEMENTWISE.get(name) != len(arguments) or node.keywords:
            raise CannotCompile(f"{self.source.name} calls np.{name}")
        if name == "square":
            return self.graph.add("multiply", (arguments[0], arguments[0]))
        return self.graph.add({"absolute": "abs"}.get(name, name), arguments)

    def reduced(self, name: str, arguments: tuple[int, ...], node: ast.Call) -> int:
        words = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if self.graph.by_entry and name == "sum" and len(arguments) == 1 and not words:
            return arguments[0]
        if len(arguments) != 1 or words.get("axis") not in ("-1", "1") or words.keys() - {"axis", "keepdims"}:
            raise CannotCompile(f"{self.source.name} has {ast.unparse(node)!r}: sums go over axis=-1, the outputs")
        if self.graph.nodes[arguments[0]].kind != "array":
            raise CannotCompile(f"{self.source.name} takes np.{name} of what is no array")
        kept = words.get("keepdims") == "True"
        # Without keepdims the result, (n,), may end a loss but not meet an array again.
        return self.graph.add(_REDUCED[name], arguments, "row", None if kept else FLAT)

    def of_helper(self, helper: Callable[..., Any], arguments: tuple[int, ...]) -> Any:
        try:
            return self.graph.follow(helper, arguments, {})
        except CannotCompile:
            # Only of our own: what somebody else's helper gives may depend on more than the dtype.
            ours = helper.__module__.partition(".")[0] == "pellucid"
            number = _same_for_all(helper, len(arguments), self.graph.dtype) if ours else None
            if number is None:
                raise
            return self.graph.constant(number)


def _same_for_all(helper: Callable[..., Any], count: int, dtype: np.dtype[Any]) -> float | None:
    """The number that a helper gives whatever the array, such as its dtype's largest exponent; None if it varies."""
    try:
        given = [helper(*(np.full((2, 3), fill, dtype=dtype) for _ in range(count))) for fill in (0.0, 0.7, -3.0)]
    except Exception:
        return None
    return float(given[0]) if all(isinstance(v, float | int) and v == given[0] for v in given) else None
