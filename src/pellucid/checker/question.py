"""What check_my_network was called with: checked, parameters named, and the data found that the functions work on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.running.calling import Call, check_callable, plan, role_of
from pellucid.checker.running.containers import Leaf, get, is_numeric, leaves, of_numbers, read
from pellucid.checker.running.learner import Learner
from pellucid.checker.running.sieve import candidates
from pellucid.errors import InputError

Array = npt.NDArray[Any]
Function = Callable[..., Any]
Data = list[tuple[Array, Array | None]]


@dataclass(frozen=True)
class Question:
    """The arguments of check_my_network."""

    loss: Function
    gradients: Function
    params: Any
    forward: Function | None = None
    step: Function | None = None
    X: Any = None
    y: Any = None

    def __post_init__(self) -> None:
        check_callable(self.loss, "loss")
        check_callable(self.gradients, "gradients")
        for optional, what in ((self.forward, "forward"), (self.step, "step")):
            if optional is not None:
                check_callable(optional, what)

    @property
    def functions(self) -> list[Function]:
        return [f for f in (self.loss, self.gradients, self.forward, self.step) if f is not None]

    @cached_property
    def own(self) -> set[int]:
        """Which objects are parameters, as they are when this is first asked: an object may later keep X itself."""
        return {id(get(self.params, leaf.path)) for leaf in leaves(self.params)} | {id(self.params)}


def learner_of(question: Question, used: Mapping[str, Any]) -> tuple[Learner, Call | None]:
    """Names for the parameters, and how each function is called.

    Raises:
        InputError: there are no parameters, or a function needs an argument for which there is nothing.
    """
    found = _leaves(question.params)
    names = [leaf.name for leaf in found]
    X = question.X if question.X is not None or question.forward is None else used.get("X")
    there = [role for role, value in (("params", found), ("X", question.X), ("y", question.y)) if value is not None]
    forward = None
    if question.forward is not None:
        with_X = there if X is None or "X" in there else [*there, "X"]
        forward = plan(question.forward, "forward", ("params", "X"), with_X, names)
        there += ["outputs", "cache"]
    loss = plan(question.loss, "loss", ("params",), there, names)
    gradients = plan(question.gradients, "gradients", ("params",), there, names)
    step = None
    if question.step is not None:
        step = plan(question.step, "step", ("params", "gradients"), [*there, "gradients", "rate"], names)
    own = [read(question.params, leaf) for leaf in found]
    return Learner(question.params, found, own, loss, gradients, forward, X, question.y), step


def _leaves(params: Any) -> list[Leaf]:
    found = candidates(params)
    if not found:
        seen = f"a {type(params).__name__}" if hasattr(params, "__dict__") else repr(params)[:60]
        raise InputError(
            f"params is {seen}, and no array of numbers is found in it. Hand in the parameters in a dict or a list of "
            'arrays, such as params = {"W1": W1, "b1": b1} or params = [W1, b1], or an object with such attributes.'
        )
    return found


def watched(question: Question, used: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays of data that nobody should change, by name."""
    found: dict[str, Array] = {}
    own = question.own
    for name, value in [*used.items(), ("X", question.X), ("y", question.y)]:
        known = any(value is other for other in found.values())
        if is_numeric(value) and role_of(name) in ("X", "y") and id(value) not in own and not known:
            found[name] = value
    return found


def data_of(question: Question, learner: Learner, used: Mapping[str, Any]) -> Data:
    """Pairs of X and y to try: those given, then those that the functions use under such names, then any that fit."""
    found: dict[str, list[Array]] = {"X": [], "y": [], "": []}
    own = {id(get(question.params, leaf.path)) for leaf in learner.leaves} | {id(question.params)}
    for name, value in [("X", question.X), ("y", question.y), *used.items()]:
        for key, item in _inside(name, value, own):
            array = np.asarray(item)
            if array.dtype.kind in "fiub" and 0 < array.ndim <= 4 and array.size > 1:
                role = role_of(key)
                found[role if role in found else ""].append(array)
    Xs = [*found["X"], *(a for a in found[""] if a.ndim == 2)][:5]
    ys = [*found["y"], *(a for a in found[""] if a.ndim < 3)][:5]
    pairs: Data = [(X, y) for X in Xs for y in ys if y is not X and X.dtype.kind in "fiu" and _together(X, y)]
    return pairs[:10] or [(X, None) for X in Xs[:2]]


def _together(X: Array, y: Array) -> bool:
    """Whether both may have the same samples."""
    return bool(set(X.shape) & set(y.shape))


def _inside(name: str, value: Any, own: set[int]) -> Sequence[tuple[str, Any]]:
    """The arrays in something that a function uses: itself, or those in a (X, y), a list or a dict; no parameters."""
    if id(value) in own:
        return []
    if isinstance(value, dict):
        return [(str(key), item) for key, item in value.items() if id(item) not in own and is_numeric(item)]
    if is_numeric(value) or of_numbers(value):
        return [(name, value)]
    if isinstance(value, tuple | list) and len(value) <= 4:
        arrays = [item for item in value if (is_numeric(item) or of_numbers(item)) and id(item) not in own]
        names = ("X", "y") if len(arrays) == 2 == len(value) else ("",) * len(arrays)
        return list(zip(names, arrays, strict=True))
    return []
