"""The learner's world: remembered before the check, and put back after it."""

from __future__ import annotations

import builtins
import random
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.running.surroundings import DEPTH, content_of, is_own, is_own_object, used_by

Array = npt.NDArray[Any]
LARGE = 1 << 26  # bytes of an array of which no copy is kept


class Snapshot:
    """The learner's world as it is now, to be put back: arrays, containers, attributes, variables, random generators.

    Args:
        functions: theirs; what they reach is remembered.
        others: further things, such as the parameters and X.
    """

    def __init__(self, functions: Iterable[Callable[..., Any] | None], others: Iterable[Any] = ()) -> None:
        self._arrays: list[tuple[Array, Array]] = []
        self._holders: list[tuple[Any, Any]] = []
        self._variables: list[tuple[Any, str, Any]] = []
        self._generators: list[tuple[Any, Any]] = []
        self._seen: set[int] = set()
        functions = [f for f in functions if f is not None]
        for value in [*others, *used_by(functions).values(), *(getattr(f, "__self__", None) for f in functions)]:
            self._keep(value, DEPTH)
        self._keep_variables(functions)
        self._numpy, self._python = np.random.get_state(), random.getstate()  # the global state, which learners use

    def _keep(self, value: Any, depth: int) -> None:
        if depth == 0 or id(value) in self._seen or value is None or value is vars(builtins):
            return
        self._seen.add(id(value))
        if isinstance(value, np.ndarray):
            if value.nbytes <= LARGE:
                self._arrays.append((value, np.array(value, copy=True)))
            inside: Iterable[Any] = value.tolist() if value.dtype == object else ()
        elif isinstance(value, dict):
            self._holders.append((value, dict(value)))
            inside = value.values()
        elif isinstance(value, list):
            self._holders.append((value, list(value)))
            inside = value
        elif isinstance(value, tuple):
            inside = value
        elif isinstance(value, np.random.Generator | np.random.RandomState):
            keeper: Any = value.bit_generator if isinstance(value, np.random.Generator) else value
            self._generators.append((keeper, _state(keeper)))
            return
        elif isinstance(value, random.Random):
            self._generators.append((value, value.getstate()))
            return
        elif is_own_object(value):
            self._holders.append((vars(value), dict(vars(value))))
            inside = vars(value).values()
        else:
            return
        for item in list(inside):
            self._keep(item, depth - 1)

    def _keep_variables(self, functions: Iterable[Any]) -> None:
        """Plain numbers that functions may count up: `global t` and `nonlocal t`."""
        for function in functions:
            own = getattr(function, "__func__", function)
            if not is_own(own):
                continue
            for cell in own.__closure__ or ():
                self._variables.append((cell, "cell_contents", content_of(cell)))
            for name in own.__code__.co_names:
                value = own.__globals__.get(name)
                if name in own.__globals__ and not callable(value) and not isinstance(value, ModuleType):
                    self._variables.append((own.__globals__, name, value))

    def rewind(self) -> None:
        """Put the random generators back alone, so that the next call draws the same numbers again."""
        np.random.set_state(self._numpy)
        random.setstate(self._python)
        for keeper, state in self._generators:
            if isinstance(keeper, random.Random):
                keeper.setstate(state)
            elif isinstance(keeper, np.random.RandomState):
                keeper.set_state(state)
            else:
                keeper.state = state

    def restore(self) -> None:
        """Put everything back."""
        for holder, content in self._holders:
            _put_back(holder, content)
        for array, numbers in self._arrays:
            if array.flags.writeable:
                array[...] = numbers
        for where, name, value in self._variables:
            if isinstance(where, dict):
                where[name] = value
            elif value is not None:
                where.cell_contents = value
        self.rewind()


def _put_back(holder: Any, content: Any) -> None:
    """A list or a namespace as it was; only what has changed is touched, for this code may live in it."""
    if isinstance(holder, list):
        if len(holder) != len(content) or any(now is not then for now, then in zip(holder, content, strict=True)):
            holder[:] = content
        return
    for name in [name for name in holder if name not in content]:
        del holder[name]
    for name, value in content.items():
        if name not in holder or holder[name] is not value:
            holder[name] = value


def _state(keeper: Any) -> Any:
    return keeper.get_state() if isinstance(keeper, np.random.RandomState) else keeper.state
