"""Units: the formulas of a network and its training as small functions over arrays, for the kernel to call.

A unit is a text, made of the records' own functions by way of their graph, and the types of its arguments. It knows no
network: tanh forward is one unit for all layers of all networks, and is compiled once a machine.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import wraps
from types import FunctionType
from typing import Any

import numpy as np

from pellucid.activations import Activation
from pellucid.engines.compiled.graph import FLAT, CannotCompile, Graph
from pellucid.engines.compiled.loops import SUMS, Loops, Output
from pellucid.losses import Loss
from pellucid.optimizers import Rule
from pellucid.penalties import penalty, penalty_gradient


@dataclass(frozen=True)
class Unit:
    """A function to compile.

    Attributes:
        name: of the function, and what a progress message calls it.
        text: its definition in Python.
        signature: types of its arguments: "F" a pointer to the network's numbers, "d" to doubles, "q" to whole
            numbers, "x" to what X holds; "float64" and "int64" are the things themselves.
        result: "void", "float64" or "int64".
        dtype: what "F" stands for; "float64" or "float32".
        held: what "x" stands for.
        arrays, rows: buffers that it needs, (K, M) and (M,).
    """

    name: str
    text: str
    signature: tuple[str, ...]
    result: str
    dtype: str
    held: str = ""
    arrays: int = 0
    rows: int = 0


PASSING = ("z", "a", "g", "arrays", "rows", "K", "M")
OUTPUT = ("z", "t", "w", "a", "losses", "delta", "arrays", "rows", "K", "M", "share")
UPDATE = ("p", "new", "g", "mask", "averages", "c", "M", "size", "rate", "t")
MOVED = ("z", "weight", "change", "t", "losses", "arrays", "rows", "K", "M")
PENALTY = ("p", "mask", "g", "M", "l2", "l1")


def _unit(
    name: str, arguments: Sequence[str], signature: str, loops: Loops, dtype: np.dtype[Any], before: str = ""
) -> Unit:
    lines = loops.lines()
    total = [output.into for output in loops.outputs if output.how == "totalled"]
    body = ([before] if before else []) + lines + ([f"return {total[0]}"] if total else [])
    text = f"def {name}({', '.join(arguments)}):\n" + textwrap.indent("\n".join(body), "    ") + "\n"
    result = "float64" if total else "void"
    return Unit(name, text, tuple(signature.split()), result, dtype.name, "", loops.arrays, loops.rows)


def _remembered(make: Callable[..., Unit]) -> Callable[..., Unit]:
    """The same unit for the same arguments, without reading a formula again, where all formulas are the library's own:
    those do not change. What somebody else's function takes from its surroundings may, so it is read each time."""
    made: dict[tuple[Any, ...], Unit] = {}

    @wraps(make)
    def unit(*arguments: Any) -> Unit:
        functions = [part for argument in arguments for part in _parts(argument) if callable(part)]
        if not all(_own(function) for function in functions):
            return make(*arguments)
        key = tuple(part for argument in arguments for part in _parts(argument))
        if key not in made:
            made[key] = make(*arguments)
        return made[key]

    return unit


def _parts(argument: Any) -> tuple[Any, ...]:
    """What a unit depends on, each part hashable."""
    if isinstance(argument, Rule):  # constants are the unit's arguments, by their order
        return argument.formula, argument.averages, tuple(argument.constants), bool(argument.weight_decay)
    if isinstance(argument, Activation | Loss):
        return tuple(getattr(argument, field.name) for field in fields(argument))
    return (argument,)


def _own(function: Any) -> bool:
    """Whether a function is one of this package's modules, with nothing bound to it."""
    if isinstance(function, type | np.dtype):
        return True
    plain = isinstance(function, FunctionType) and function.__closure__ is None
    return plain and function.__module__.partition(".")[0] == "pellucid"


@_remembered
def forward(activation: Activation, dtype: np.dtype[Any], units: int) -> Unit:
    """a = value(z) for (K, M) numbers."""
    graph = Graph(dtype)
    a = _array(graph, graph.follow(activation.value, (graph.input("z", "array"),), {}), "an activation")
    loops = Loops(graph, [Output(a, "a")], written_out=units)
    return _unit("forward", PASSING, "F F F F F int64 int64", loops, dtype)


@_remembered
def backward(activation: Activation, dtype: np.dtype[Any], units: int) -> Unit:
    """The gradient at a becomes that at z, in place."""
    graph = Graph(dtype)
    z, a, g = (graph.input(name, "array") for name in ("z", "a", "g"))
    loops = Loops(graph, [Output(_pulled(graph, activation, z, a, g), "g")], written_out=units)
    return _unit("backward", PASSING, "F F F F F int64 int64", loops, dtype)


def _pulled(graph: Graph, activation: Activation, z: int, a: int, gradient: int) -> int:
    """The chain rule through an activation."""
    if activation.pull is not None:
        return _array(graph, graph.follow(activation.pull, (a, gradient), {}), "the pull of an activation")
    assert activation.slope is not None
    slope = graph.follow(activation.slope, (z, a) if activation.slope_takes_a else (z,), {})
    return graph.add("multiply", (gradient, _array(graph, slope, "the slope of an activation")))


def _array(graph: Graph, found: Any, what: str) -> int:
    """The node, if it has a number for each unit and row; where not, the readable engine says what is wrong."""
    if not isinstance(found, int) or graph.nodes[found].kind != "array":
        raise CannotCompile(f"{what} gives no array of its argument's shape")
    return found


@_remembered
def output(activation: Activation, loss: Loss, dtype: np.dtype[Any], units: int, weighted: bool) -> Unit:
    """Outputs, losses of rows, and their gradient at z, from z and targets: what all three share is computed once."""
    graph = Graph(dtype)
    z, t = graph.input("z", "array"), graph.input("t", "array")
    a = graph.follow(activation.value, (z,), {})
    value = graph.follow(loss.value, (z if loss.from_logits else a, t), {})
    _of_rows(graph, value)
    gradient = _array(graph, graph.follow(loss.gradient, (a, t), {}), "the gradient of a loss")
    delta = gradient if loss.from_logits else _pulled(graph, activation, z, a, gradient)
    if weighted:
        w = graph.input("w", "row")
        value, delta = graph.add("multiply", (value, w)), graph.add("multiply", (delta, w))
    delta = graph.add("multiply", (delta, graph.input("share", "number")))
    losses = Output(value, "losses", "summed" if graph.nodes[value].kind == "array" else "written")
    outputs = [Output(a, "a"), losses, Output(delta, "delta")]
    loops = Loops(graph, outputs, {"share": "share"}, written_out=units)
    return _unit("output", OUTPUT, "F F F F F F F F int64 int64 float64", loops, dtype)


def _of_rows(graph: Graph, value: Any) -> None:
    """Whether a loss has one number for each output and row, or (n,), one a row."""
    kinds = {("array", None), ("row", FLAT)}
    if not isinstance(value, int) or (graph.nodes[value].kind, _flat(graph, value)) not in kinds:
        raise CannotCompile("a loss gives neither (n, K) nor (n,) numbers")


def _flat(graph: Graph, node: int) -> str | None:
    return FLAT if graph.nodes[node].value == FLAT else None


@_remembered
def moved(activation: Activation, loss: Loss, dtype: np.dtype[Any], units: int) -> Unit:
    """The losses of rows whose last z moves by a change of each row times a weight of each output."""
    graph = Graph(dtype)
    z, t, change = graph.input("z", "array"), graph.input("t", "array"), graph.input("change", "row")
    z = graph.add("add", (z, graph.add("multiply", (graph.input("weight", "array"), change))))
    value = graph.follow(loss.value, (z if loss.from_logits else graph.follow(activation.value, (z,), {}), t), {})
    _of_rows(graph, value)
    losses = Output(value, "losses", "summed" if graph.nodes[value].kind == "array" else "written")
    loops = Loops(graph, [losses], written_out=units, by_output=frozenset({"weight"}))
    return _unit("moved", MOVED, "F F F F F F F int64 int64", loops, dtype)


@_remembered
def update(rule: Rule, dtype: np.dtype[Any]) -> Unit:
    """A step of the optimizer for M of all parameters: new ones from p and g; averages (number, size) in place."""
    graph = Graph(dtype)
    p, g = graph.input("p", "array"), graph.input("g", "array")
    rate, t = graph.input("rate", "number"), graph.input("t", "number")
    numbers = {"rate": "rate", "t": "t"} | {f"constant_{name}": f"c[{i}]" for i, name in enumerate(rule.constants)}
    constants = {name: graph.input(f"constant_{name}", "number") for name in rule.constants}
    if rule.weight_decay:
        numbers["decay"] = f"c[{len(rule.constants)}]"
        share = graph.add("multiply", (rate, graph.input("decay", "number")))
        lost = graph.add("multiply", (graph.add("multiply", (share, graph.input("mask", "array"))), p))
        p = graph.add("subtract", (p, lost))
    averages = [graph.input(f"averages{i}", "array") for i in range(len(rule.averages))]
    found = graph.follow(rule.formula, (p, g, rate, t, *averages), constants)
    if not isinstance(found, tuple) or len(found) != 1 + len(averages):
        raise CannotCompile("an optimizer gives other than new parameters and its averages")
    new, *kept = (_array(graph, node, "an optimizer") for node in found)
    if any(node.operation in SUMS for node in graph.nodes):
        raise CannotCompile("an optimizer sums over parameters")
    outputs = [Output(new, "new"), *(Output(node, f"averages{i}") for i, node in enumerate(kept))]
    unit = _unit(
        "update", UPDATE, "F F F F F d int64 int64 float64 float64", Loops(graph, outputs, numbers), dtype, "K = 1"
    )
    text = unit.text
    for i in range(len(averages)):
        text = text.replace(f"averages{i}[i]", f"averages[{i} * size + i]")
    return replace(unit, text=text)


@_remembered
def penalized(dtype: np.dtype[Any]) -> Unit:
    """The penalty of all parameters, and its gradient added to theirs."""
    graph = Graph(dtype, by_entry=True)
    p, mask = graph.input("p", "array"), graph.input("mask", "array")
    l2, l1 = graph.input("l2", "number"), graph.input("l1", "number")
    value = graph.follow(penalty, (p, mask, l2, l1), {})
    gradient = graph.follow(penalty_gradient, (p, mask, l2, l1), {})
    outputs = [Output(value, "total", "totalled"), Output(gradient, "g", "added")]
    loops = Loops(graph, outputs, {"l2": "l2", "l1": "l1"})
    return _unit("penalized", PENALTY, "F F F int64 float64 float64", loops, dtype, "K = 1")


@_remembered
def gathered(held: str, scaled: str, by_row: bool, dtype: np.dtype[Any]) -> Unit:
    """Some rows of X (n, d), picked by their order and scaled: as columns (d, M), or as rows (M, d).

    Args:
        held: dtype of X.
        scaled: "" for as it is, "pixels" for x / 255, "shifted" for (x - mean) / scale.
        by_row: whether rows stay rows, as large layers want them.
    """
    values = {
        "": "F(X[row * d + k])",
        "pixels": "F(X[row * d + k]) * F(1 / 255)",
        "shifted": "F((float64(X[row * d + k]) - mean[k]) / scale[k])",
    }
    text = f"""\
        def gathered(X, order, mean, scale, out, begin, M, d):
            for i in range(M):
                row = order[begin + i]
                for k in range(d):
                    out[{"i * d + k" if by_row else "k * M + i"}] = {values[scaled]}
        """
    return Unit(
        "gathered",
        textwrap.dedent(text),
        ("x", "q", "d", "d", "F", "int64", "int64", "int64"),
        "void",
        dtype.name,
        held,
    )
