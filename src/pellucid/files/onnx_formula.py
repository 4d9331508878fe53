"""Activations as ONNX operators: those that ONNX has by name, and formulas of one's own, operation by operation.

A formula of one's own is called with a stand-in for an array that notes every operation of NumPy on it as an ONNX node;
so what is exported is what the function does, and nothing is written a second time.

Source: ONNX operator specification, https://onnx.ai/onnx/operators/, operator set 20.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from pellucid.activations import ACTIVATIONS, Activation, largest_exponent
from pellucid.errors import InputError

# The same function under ONNX's name, with the constants that it has here.
BY_NAME: dict[str, tuple[str, dict[str, Any]]] = {
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
    "elu": ("Elu", {"alpha": 1.0}),
    "softplus": ("Softplus", {}),
    "gelu": ("Gelu", {"approximate": "tanh"}),
    "softmax": ("Softmax", {"axis": -1}),
}
UFUNCS = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "negative": "Neg", "power": "Pow",
    "float_power": "Pow", "absolute": "Abs", "fabs": "Abs", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "sign": "Sign",
    "reciprocal": "Reciprocal", "maximum": "Max", "minimum": "Min", "floor": "Floor", "ceil": "Ceil", "rint": "Round",
    "tanh": "Tanh", "sinh": "Sinh", "cosh": "Cosh", "sin": "Sin", "cos": "Cos", "tan": "Tan", "arctan": "Atan",
    "arcsin": "Asin", "arccos": "Acos", "arcsinh": "Asinh", "arccosh": "Acosh", "arctanh": "Atanh", "erf": "Erf",
}  # fmt: skip
COMPARISONS = {
    "less": "Less", "less_equal": "LessOrEqual", "greater": "Greater", "greater_equal": "GreaterOrEqual",
    "equal": "Equal", "isnan": "IsNaN",
}  # fmt: skip
LOGIC = {
    "logical_and": "And", "logical_or": "Or", "logical_not": "Not", "logical_xor": "Xor", "bitwise_and": "And",
    "bitwise_or": "Or", "invert": "Not",
}  # fmt: skip
REDUCTIONS = {"sum": "ReduceSum", "max": "ReduceMax", "amax": "ReduceMax", "min": "ReduceMin", "amin": "ReduceMin"} | {
    "mean": "ReduceMean", "prod": "ReduceProd"
}  # fmt: skip


class Graph(Protocol):
    """What a formula needs of the graph that it becomes a part of; names stand for tensors."""

    def node(self, operator: str, inputs: list[str], **attributes: Any) -> str: ...
    def constant(self, value: Any) -> str: ...


def activated(graph: Graph, activation: Activation, z: str) -> str:
    """The name of activation(z), for the name of a float tensor z (n, units).

    Raises:
        InputError: a formula of one's own that does something which ONNX cannot.
    """
    name = activation.name
    if ACTIVATIONS.get(name) != activation:
        return _own(graph, activation, z)
    if name == "identity":
        return z
    if name == "swish":
        return graph.node("Mul", [z, graph.node("Sigmoid", [z])])
    if name == "exp":
        return graph.node("Exp", [graph.node("Min", [z, graph.constant(largest_exponent(np.zeros(0, np.float32)))])])
    operator, attributes = BY_NAME[name]
    return graph.node(operator, [z], **attributes)


def is_own(activation: Activation) -> bool:
    """Whether it is written out by its operations, since it is none of this library's."""
    return ACTIVATIONS.get(activation.name) != activation


def _own(graph: Graph, activation: Activation, z: str) -> str:
    try:
        a = activation.value(Noted(graph, z))  # type: ignore[arg-type]
    except InputError as error:
        raise InputError(f"The activation {activation.name!r} cannot be exported: {error}") from error
    except Exception as error:  # whatever a function of somebody's own raises when it is given no array
        raise InputError(
            f"The activation {activation.name!r} cannot be exported, since it works on NumPy's arrays alone ({error}). "
            "Write it with NumPy's elementwise functions, np.where, and np.sum or np.max over the last axis."
        ) from error
    if not isinstance(a, Noted):
        raise InputError(
            f"The activation {activation.name!r} cannot be exported: it gives {a!r:.60} and no array of z."
        )
    return a.as_number()


class Noted(np.lib.mixins.NDArrayOperatorsMixin):
    """A tensor of the graph that takes part in NumPy's operations, each of which becomes a node."""

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, graph: Graph, name: str, logical: bool = False) -> None:
        self.graph, self.name, self.logical = graph, name, logical

    def as_number(self) -> str:
        return self.graph.node("Cast", [self.name], to=1) if self.logical else self.name  # 1: float32

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Noted:
        name = ufunc.__name__
        if method != "__call__" or options or ufunc.nout != 1:
            raise InputError(f"it uses np.{name} in a way that ONNX does not have.")
        if name in LOGIC:
            return self._new(LOGIC[name], [self._truth(value) for value in inputs], True)
        numbers = [self._number(value) for value in inputs]
        if name in COMPARISONS or name == "not_equal":
            found = self._new(COMPARISONS.get(name, "Equal"), numbers, True)
            return self._new("Not", [found.name], True) if name == "not_equal" else found
        composed = _COMPOSED.get(name)
        if composed is not None:
            return composed(*(Noted(self.graph, value) for value in numbers))
        if name == "positive":
            return Noted(self.graph, numbers[0])
        if name not in UFUNCS:
            raise InputError(f"it uses np.{name}, which is not exported.")
        return self._new(UFUNCS[name], numbers, False)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, options: Any) -> Any:
        name = function.__name__
        if name == "where" and len(args) == 3:
            condition, *values = args
            return self._new("Where", [self._truth(condition), *map(self._number, values)], False)
        if name in REDUCTIONS:
            return self._reduced(name, *args, **options)
        if name in ("real", "copy", "asarray", "array", "atleast_2d"):
            return args[0]
        if name in ("ones_like", "zeros_like"):
            return args[0] * 0 + (name == "ones_like")
        if name == "clip" and len(args) == 3 and not options:
            return np.minimum(np.maximum(args[0], args[1]), args[2])
        raise InputError(f"it uses np.{name}, which is not exported.")

    def _reduced(self, name: str, array: Noted, axis: Any = None, keepdims: bool = False, **options: Any) -> Noted:
        if axis not in (-1, 1) or options:
            raise InputError(f"it uses np.{name} over axis {axis}; only the last axis, -1, is within a row.")
        axes = self.graph.constant(np.array([1], dtype=np.int64))
        return Noted(self.graph, self.graph.node(REDUCTIONS[name], [array.as_number(), axes], keepdims=int(keepdims)))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Noted:
        return self._reduced("sum", self, axis, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Noted:
        return self._reduced("max", self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Noted:
        return self._reduced("mean", self, axis, keepdims)

    @property
    def real(self) -> Noted:
        return self

    def copy(self) -> Noted:
        return self

    def __bool__(self) -> bool:
        raise InputError("it decides by if, and on values of a whole array: use np.where.")

    def __getitem__(self, key: Any) -> Noted:
        raise InputError("it takes parts of the array by their index.")

    def __setitem__(self, key: Any, value: Any) -> None:
        raise InputError("it changes parts of the array in place: use np.where.")

    def _new(self, operator: str, inputs: list[str], logical: bool) -> Noted:
        return Noted(self.graph, self.graph.node(operator, inputs), logical)

    def _number(self, value: Any) -> str:
        return value.as_number() if isinstance(value, Noted) else self.graph.constant(np.asarray(value, np.float32))

    def _truth(self, value: Any) -> str:
        if isinstance(value, Noted):
            return value.name if value.logical else value._new("Not", [(value == 0).name], True).name
        return self.graph.constant(np.asarray(value, bool))


def _log1p(x: Any) -> Any:  # a Noted, which takes part in NumPy's functions as an array does
    # Exact for small x too (Kahan): what rounding took from 1 + x, the logarithm of it lacks in the same proportion.
    u = x + 1
    return np.where(np.equal(u, 1), x, np.log(u) * x / np.where(np.equal(u, 1), 1, u - 1))


def _expm1(x: Any) -> Any:
    u = np.exp(x)
    plain = np.logical_or(np.less(x, -0.5), np.greater(x, 0.5))
    near = np.where(np.equal(u, 1), 2, u)  # log 1 = 0 would be divided by
    return np.where(plain, u - 1, np.where(np.equal(u, 1), x, (u - 1) * x / np.log(near)))


_COMPOSED: dict[str, Callable[..., Any]] = {
    "log1p": _log1p,
    "expm1": _expm1,
    "square": lambda x: x * x,
    "logaddexp": lambda x, y: np.maximum(x, y) + np.log1p(np.exp(-np.abs(x - y))),
    "log2": lambda x: np.log(x) / np.log(2.0),
    "log10": lambda x: np.log(x) / np.log(10.0),
    "exp2": lambda x: np.exp(x * np.log(2.0)),
    "cbrt": lambda x: np.sign(x) * np.abs(x) ** (1 / 3),
}
