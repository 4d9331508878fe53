"""What the formulas of a run compute, in words: of each function its source, or its code where that cannot be read.

With them go the values of the names that they use, for a closure may hold any number. The words of a function without
a source hold its compiled code, which another version of Python compiles otherwise: its run goes on with the same one.
"""

from __future__ import annotations

import ast
import dis
import hashlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import source
from pellucid.errors import InputError

Array = npt.NDArray[Any]

AT_ONCE = 2**24  # bytes of an array that are looked at together
DEEPEST = 20
# Of these a name says enough: their versions are compared by themselves, or change no bits that are watched.
LIBRARIES = sys.stdlib_module_names | {"numpy", "scipy", "numba", "torch", "jax", "builtins"}


def digest(array: Array) -> str:
    """A short name for an array: two that have the same one agree in type, shape and every bit.

    Example:
        >>> digest(np.zeros((2, 3))) == digest(np.zeros((3, 2)))
        False
    """
    array = np.atleast_1d(array)
    found = hashlib.sha256(f"{array.dtype.str} {array.shape}".encode())
    rows = max(1, AT_ONCE // max(1, array.nbytes // max(1, len(array))))
    for start in range(0, len(array), rows):
        found.update(np.ascontiguousarray(array[start : start + rows]).data)
    return found.hexdigest()[:16]


def plain(*record: Any) -> str:
    """How records are written, without the places that they happen to have in memory."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(map(repr, record)))


def formula(function: Callable[..., Any] | None, seen: set[int] | None = None, depth: int = 0) -> Iterator[str]:
    """The words of a function and of the functions that it calls.

    Args:
        function: None where there is none.
        seen: what has been put into words already; None at the beginning.

    Raises:
        InputError: it has no code that could be looked at, so that one function could not be told from another.

    Example:
        >>> scales = [eval(f"lambda z: z * {k}") for k in (0.5, 0.5, 1.0)]
        >>> one, same, other = (list(formula(scale)) for scale in scales)
        >>> one == same, one == other
        (True, False)
    """
    seen = set() if seen is None else seen
    if function is None or depth > DEEPEST or id(function) in seen:  # one that calls itself is known by then
        yield "none"
        return
    try:
        read = source.read(function)
    except source.UNREAD:
        yield from _unread(function, seen, depth)
        return
    seen.add(id(function))
    yield from (*read.arguments, *map(ast.unparse, read.body))  # without comments, which may change
    yield from (f"{name}={' '.join(_value(value, seen, depth))}" for name, value in sorted(read.constants.items()))
    for _, helper in sorted(read.helpers.items()):
        yield from formula(helper, seen, depth + 1)


def members(kind: type, known: str) -> Iterator[str]:
    """The words of what a class adds to those of the module `known`; none for one of these.

    Example:
        >>> list(members(int, "builtins"))
        []
    """
    for one in kind.__mro__:
        if one.__module__ in (known, "builtins", "abc"):
            continue
        for name, member in sorted(vars(one).items()):
            if not name.startswith(("__", "_abc_")):
                yield name
                yield from _value(getattr(member, "fget", None) or getattr(member, "__func__", member), set(), 0)


def _unread(function: Any, seen: set[int], depth: int) -> Iterator[str]:
    """The words of a function that has no source to read."""
    called = getattr(type(function), "__call__", None)  # noqa: B004 - of its class, not whether there is one
    if isinstance(function, partial):
        yield from _value((function.args, function.keywords), seen, depth)
        yield from formula(function.func, seen, depth + 1)
    elif isinstance(function, MethodType):
        yield from _value(function.__self__, seen, depth)
        yield from formula(function.__func__, seen, depth + 1)
    elif isinstance(inner := getattr(function, "py_func", None), FunctionType):  # compiled by Numba
        yield from formula(inner, seen, depth + 1)
    elif isinstance(function, np.ufunc | BuiltinFunctionType | type) or _of_library(function):
        yield f"{getattr(function, '__module__', None)}.{getattr(function, '__qualname__', function.__name__)}"
    elif isinstance(function, FunctionType):
        seen.add(id(function))
        yield from _compiled(function, seen, depth)
    elif isinstance(called, FunctionType):
        yield from _value(vars(function), seen, depth)
        yield from formula(called, seen, depth + 1)
    else:
        raise InputError(
            f"{plain(function):.80} has no Python code to look at, so a checkpoint could not tell it from another "
            "formula. Write it as a function with def, or train without checkpoints."
        )


def _of_library(function: Any) -> bool:
    return isinstance(function, FunctionType) and str(function.__module__).split(".")[0] in LIBRARIES


def _compiled(function: FunctionType, seen: set[int], depth: int) -> Iterator[str]:
    """The words of compiled code, and of what its names stand for now."""
    yield from _code(function.__code__, seen, depth)
    yield from _value((function.__defaults__, function.__kwdefaults__), seen, depth)
    for name in sorted(_names(function.__code__) & function.__globals__.keys()):
        yield name
        yield from _value(function.__globals__[name], seen, depth + 1)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield name
        try:
            value = cell.cell_contents
        except ValueError:  # nothing has been put there yet
            continue
        yield from _value(value, seen, depth + 1)


def _code(code: CodeType, seen: set[int], depth: int) -> Iterator[str]:
    yield f"{code.co_code.hex()} {code.co_argcount} {' '.join(code.co_names)}"
    for constant in code.co_consts:
        yield from _code(constant, seen, depth) if isinstance(constant, CodeType) else _value(constant, seen, depth)


def _names(code: CodeType) -> set[str]:
    """The names of its module that code asks for, and the functions inside it."""
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    asked = {str(i.argval) for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return asked.union(*inner)


def _value(value: Any, seen: set[int], depth: int) -> Iterator[str]:
    """The words of what a name stands for: every bit of numbers, and of other things what they are made of."""
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        yield digest(value)
    elif value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic):
        yield plain(value)
    elif isinstance(value, tuple | list | set | frozenset | Mapping | np.ndarray):
        parts = value.items() if isinstance(value, Mapping) else value
        words = (" ".join(_value(part, seen, depth + 1)) if depth < DEEPEST else "deeper" for part in parts)
        yield f"{type(value).__name__} {len(value)}"
        yield from sorted(words) if isinstance(value, set | frozenset) else words
    elif isinstance(value, ModuleType):
        yield value.__name__
    elif callable(value):
        yield from formula(value, seen, depth + 1)
    else:
        yield type(value).__qualname__
        if id(value) not in seen and hasattr(value, "__dict__"):
            seen.add(id(value))
            yield from _value(vars(value), seen, depth + 1)
