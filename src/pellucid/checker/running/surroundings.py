"""What a learner's functions use from outside: closures, globals, attributes, defaults, and numbers in their code."""

from __future__ import annotations

import inspect
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# Where code lives that no learner wrote.
LIBRARIES = (
    *(sysconfig.get_path(kind) + os.sep for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(__file__).parents[2]) + os.sep,
    "<frozen",
    "<__array_function__",
)
DEPTH = 6  # functions that call functions, and containers in containers


def is_own(function: Any) -> bool:
    """Whether the learner wrote this function, and no library."""
    return isinstance(function, FunctionType) and not function.__code__.co_filename.startswith(LIBRARIES)


def is_own_object(value: Any) -> bool:
    """Whether this is an instance of a class that the learner wrote."""
    if not hasattr(value, "__dict__") or inspect.isroutine(value) or inspect.isclass(value):
        return False
    if isinstance(value, ModuleType | np.ndarray):
        return False
    module = sys.modules.get(type(value).__module__)
    place = getattr(module, "__file__", None)
    return type(value).__module__ != "builtins" and not (place or "").startswith(LIBRARIES)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code and that of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def used_by(functions: Iterable[Callable[..., Any] | None]) -> dict[str, Any]:
    """Everything the functions use from outside, by name, with what the learner's other functions use in turn.

    Example:
        >>> def make(X):
        ...     return lambda params: X * params
        >>> used_by([make(3.0)])
        {'X': 3.0}
    """
    found: dict[str, Any] = {}
    seen: set[int] = set()
    for function in functions:
        _use(function, found, seen, DEPTH)
    return found


def _use(function: Any, found: dict[str, Any], seen: set[int], depth: int) -> None:
    if depth == 0 or id(function) in seen or function is None:
        return
    seen.add(id(function))
    for name, value in _names_of(function):
        if isinstance(value, ModuleType) or inspect.isclass(value):
            continue
        if callable(value) and not hasattr(value, "__array__"):
            _use(value, found, seen, depth - 1)
        if inspect.isroutine(value):
            continue
        found.setdefault(name, value)
        if is_own_object(value) and id(value) not in seen and depth > 1:
            seen.add(id(value))
            for inner, item in _attributes(value):
                found.setdefault(inner, item)


def _names_of(function: Any) -> Iterator[tuple[str, Any]]:
    """Names and values that one function (or method, partial, callable object) reaches directly."""
    if isinstance(function, partial):
        yield "func", function.func
        yield from ((f"argument {i}", value) for i, value in enumerate(function.args))
        yield from function.keywords.items()
        return
    if inspect.ismethod(function):
        owner, function = function.__self__, function.__func__
        if is_own_object(owner):
            yield from _attributes(owner)
            # A method calls others of its object; what they use counts too.
            yield from _methods(owner, function)
    elif not isinstance(function, FunctionType):
        if is_own_object(function):
            yield from _attributes(function)
            yield "call", inspect.getattr_static(type(function), "__call__", None)
        return
    if not is_own(function):
        return
    found = dict(zip(function.__code__.co_freevars, (content_of(c) for c in function.__closure__ or ()), strict=True))
    names = [name for code in _codes(function.__code__) for name in code.co_names]
    found |= {name: function.__globals__[name] for name in names if name in function.__globals__}
    yield from found.items()
    for value in found.values():
        if is_own_object(value):  # net.loss(...): the method's code counts as well
            yield from _methods(value, function)
    arguments = inspect.signature(function).parameters.values()
    yield from ((p.name, p.default) for p in arguments if p.default is not p.empty)


def _methods(owner: Any, function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The methods of an object whose names stand in a function's code."""
    for name in {name for code in _codes(function.__code__) for name in code.co_names}:
        if inspect.isfunction(inspect.getattr_static(type(owner), name, None)):
            yield name, getattr(owner, name)


def _attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    yield from ((name, item) for name, item in vars(owner).items() if not name.startswith("__"))


def content_of(cell: Any) -> Any:
    """What a closure holds; None if nothing yet."""
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def constants(functions: Iterable[Callable[..., Any] | None]) -> set[float]:
    """Every number that stands in the code of the learner's functions.

    Example:
        >>> constants([lambda p: p - 0.25])
        {0.25}
    """
    numbers: set[float] = set()
    seen: set[int] = set()
    for function in functions:
        _collect(function, numbers, seen, DEPTH)
    return numbers


def _collect(function: Any, numbers: set[float], seen: set[int], depth: int) -> None:
    if depth == 0 or id(function) in seen or function is None:
        return
    seen.add(id(function))
    own = getattr(function, "__func__", function)
    if is_own(own):
        for code in _codes(own.__code__):
            numbers.update(float(c) for c in code.co_consts if isinstance(c, float | int) and not isinstance(c, bool))
    for _, value in _names_of(function):
        if callable(value) and not inspect.isclass(value) and not isinstance(value, ModuleType):
            _collect(value, numbers, seen, depth - 1)


def names_in(functions: Iterable[Callable[..., Any] | None]) -> set[str]:
    """Every name from outside, of a function or an attribute, that stands in the code of the learner's functions.

    Example:
        >>> sorted(names_in([lambda p: np.log(p).sum()]))
        ['log', 'np', 'sum']
    """
    found: set[str] = set()
    left, seen = [(function, DEPTH) for function in functions], set()
    while left:
        function, depth = left.pop()
        if depth == 0 or function is None or id(function) in seen:
            continue
        seen.add(id(function))
        own = getattr(function, "__func__", function)
        if is_own(own):
            found.update(name for code in _codes(own.__code__) for name in code.co_names)
        inside = [value for _, value in _names_of(function) if callable(value) and not inspect.isclass(value)]
        left += [(value, depth - 1) for value in inside if not isinstance(value, ModuleType)]
    return found
