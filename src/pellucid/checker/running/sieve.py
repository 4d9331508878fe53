"""Which of an object's attributes are parameters: those with a gradient, and none that its forward pass writes."""

from __future__ import annotations

import dis
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import CodeType
from typing import Any

import numpy as np

from pellucid.checker.perceptron.stack import role_of
from pellucid.checker.running.containers import (
    DATA,
    HOLDERS,
    Leaf,
    Path,
    dressed,
    get,
    is_container,
    is_number,
    is_plain_object,
    is_sequence,
    leaves,
    put,
    read,
)
from pellucid.checker.running.grouping import spelled
from pellucid.checker.running.learner import Learner, as_number, quietly
from pellucid.checker.running.matching import Given, match, without_loss
from pellucid.checker.running.snapshot import Snapshot

ON_THE_STACK = ("COPY", "SWAP", "DUP_TOP", "ROT_TWO")


@dataclass(frozen=True)
class Trial:
    """What one call of loss and one of gradients showed.

    Attributes:
        loss: the number.
        written: which candidates hold something else after the calls than before.
        values: each candidate's gradient, None where there is none.
    """

    loss: float
    written: frozenset[int]
    values: tuple[Any, ...]


def numbers_of(params: Any, found: Sequence[Leaf]) -> list[Leaf]:
    """The plain numbers among the attributes of the objects in which parameters are found (or that are handed in).

    Example:
        >>> class Line:
        ...     def __init__(self):
        ...         self.w, self.b2 = np.ones(3), 0.5
        >>> line = Line()
        >>> [leaf.name for leaf in numbers_of(line, leaves(line))]
        ['self.b2']
    """
    made: dict[Path, Leaf] = {}
    objects: dict[Path, str] = {(): ""} if is_plain_object(params) else {}
    for leaf in found:
        if leaf.path and leaf.path[-1][0] == "attribute":
            objects.setdefault(leaf.path[:-1], leaf.name[: -len(str(leaf.path[-1][1])) - 1])
    known = {leaf.path for leaf in found}
    for path, name in objects.items():
        owner = get(params, path)
        if any(is_container(getattr(owner, holder, None)) for holder in HOLDERS):
            continue
        for key, value in vars(owner).items():
            whole = (*path, ("attribute", key))
            if is_number(value) and whole not in known and key.lower().strip("_") not in DATA:
                made[whole] = Leaf(f"{name or 'self'}.{key}", whole, (), "number", np.dtype(np.float64))
    return list(made.values())


def sifted(learner: Learner, snapshot: Snapshot) -> list[str]:
    """Leave only the parameters among a learner's leaves, and take in numbers that have a gradient.

    What an object keeps besides (intermediate results, counters, means of features) has no gradient, or does not reach
    the loss because the forward pass writes it anew. Everything of the learner's is put back.

    Returns: the names of arrays that the loss depends on and that were left out, for having no gradient.
    """
    if not any(kind == "attribute" for leaf in learner.leaves for kind, _ in leaf.path):
        return []
    every = _in_order(learner.params, [*learner.leaves, *numbers_of(learner.params, learner.leaves)])
    trial = _tried(learner, every, snapshot)
    if trial is None:
        return []
    kept, constant = [], []
    stems = {_stem(leaf) for leaf, value in zip(every, trial.values, strict=True) if value is not None}
    for i, leaf in enumerate(every):
        of_object = any(kind == "attribute" and key not in HOLDERS for kind, key in leaf.path)
        untold = not stems and i not in trial.written and leaf in learner.leaves
        if not of_object or untold or _is_parameter(learner, leaf, i, trial, snapshot):
            kept.append(leaf)
        elif leaf.kind == "array" and i not in trial.written and _matters(learner, leaf, trial.loss, snapshot):
            if _stem(leaf) in stems or _is_updated(learner.params, leaf):
                kept.append(leaf)  # a parameter whose gradient was forgotten
            else:
                constant.append(leaf.name)
    if kept:
        learner.leaves = kept
        learner.own = [read(learner.params, leaf) for leaf in kept]
    return constant if kept else []


def _is_parameter(learner: Learner, leaf: Leaf, i: int, trial: Trial, snapshot: Snapshot) -> bool:
    value, named = trial.values[i], bool(role_of(leaf))
    if leaf.kind == "number":
        if i in trial.written or (value is None and role_of(leaf) != "b"):
            return False
        if value is not None and np.size(value) != 1 and not named:
            return False  # 10 units in self.h, and self.dh of the hidden layer
        return _matters(learner, leaf, trial.loss, snapshot)
    if i in trial.written:
        return (named and value is not None) or _matters(learner, leaf, trial.loss, snapshot)
    return value is not None or named


def _tried(learner: Learner, every: Sequence[Leaf], snapshot: Snapshot) -> Trial | None:
    """Call the learner's functions once; None where there is no loss to be had."""
    before = [(get(learner.params, leaf.path), read(learner.params, leaf)) for leaf in every]
    try:
        with quietly():
            loss = as_number(learner.first_loss())
            written = {i for i, leaf in enumerate(every) if _is_written(learner.params, leaf, *before[i])}
            values = _differentiated(learner, every, written, before)
    except Exception:  # the learner is told when their functions are called in earnest
        return None
    finally:
        snapshot.restore()
    return Trial(loss, frozenset(written), tuple(values)) if np.isfinite(loss) else None


def _differentiated(
    learner: Learner, every: Sequence[Leaf], written: set[int], before: Sequence[tuple[Any, Any]]
) -> list[Any]:
    """The candidates' gradients, none where the learner's function fails; what it writes is added."""
    try:
        returned = learner.returned(learner.params)
        written |= {i for i, leaf in enumerate(every) if _is_written(learner.params, leaf, *before[i])}
        return _gradients(returned, every, written, learner)
    except Exception:  # the learner is told when it is called in earnest
        return [None] * len(every)


def _is_written(params: Any, leaf: Leaf, value: Any, numbers: Any) -> bool:
    try:
        now = get(params, leaf.path)
        return now is not value or not np.array_equal(np.asarray(now), numbers, equal_nan=True)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError):
        return True


def _gradients(returned: Any, every: Sequence[Leaf], written: set[int], learner: Learner) -> list[Any]:
    """Each candidate's gradient by name; by position where only that tells: then those in whose shape one comes."""
    owners = learner.owners(learner.params)
    values: list[Any] = [None] * len(every)
    by_name = match(returned, every, owners)
    if by_name.by_position:
        flat = len(by_name.flat)
        for group in _groups(every, written, owners):
            if len(group) == flat:
                given: Given = match(returned, [every[i] for i in group])
                return [given.values[group.index(i)] if i in group else None for i in range(len(every))]
        values = list(by_name.values)
    elif without_loss(returned) is None or any(by_name.names):
        return list(by_name.values)
    return values


def _groups(every: Sequence[Leaf], written: set[int], owners: Sequence[Any]) -> Iterator[list[int]]:
    """Which candidates a list of gradients may be of, the most likely first."""
    there = {key.lower().lstrip("_") for owner in owners for key in vars(owner)}
    left = [i for i, leaf in enumerate(every) if i not in written or role_of(leaf)]
    named = [i for i in left if role_of(every[i])]
    held = [i for i in left if spelled(str(every[i].path[-1][1])) & there]
    arrays = [i for i in left if every[i].kind != "number"]
    yield from (held, arrays, named)
    yield [i for i in left if i in arrays or i in held or role_of(every[i]) == "b"]
    yield [i for i in arrays if i in named or i in held]
    yield left


def _matters(learner: Learner, leaf: Leaf, loss: float, snapshot: Snapshot) -> bool:
    """Whether the loss is another where an attribute holds other numbers."""
    try:
        value = read(learner.params, leaf)
        if value.size == 0 or value.dtype.kind not in "fiu":
            return False
        for factor in (0.37, -1.9):
            uneven = np.linspace(1.0, 2.0, value.size).reshape(value.shape)
            moved = value.astype(np.float64) + factor * (1.0 + np.abs(value)) * uneven
            if not put(learner.params, leaf.path, dressed(leaf, moved)):
                return True
            with quietly():
                if as_number(learner.first_loss()) != loss:
                    return True
            snapshot.restore()
    except Exception:  # it matters: nothing works without it
        return True
    finally:
        snapshot.restore()
    return False


def _stem(leaf: Leaf) -> str:
    """The last name without its number: W of self.W1."""
    keys = [key for _, key in leaf.path if isinstance(key, str)]
    return re.sub(r"[\d_]+", "", keys[-1]) if keys else ""


def _is_updated(params: Any, leaf: Leaf) -> bool:
    """Whether some method of its object reads this attribute and writes it again, as an update does."""
    if leaf.path[-1][0] != "attribute":
        return False
    owner, name = get(params, leaf.path[:-1]), leaf.path[-1][1]
    methods = [item for key, item in vars(type(owner)).items() if key != "__init__" and inspect.isfunction(item)]
    return any({"LOAD_ATTR", "STORE_ATTR"} <= _uses(method.__code__, name) for method in methods)


def _uses(code: CodeType, name: str) -> set[str]:
    """What a method does with an attribute of its own object: LOAD_ATTR, STORE_ATTR."""
    steps = list(dis.get_instructions(code))
    found = set()
    for before, step in pairwise(steps):
        of = before.argval[-1] if isinstance(before.argval, tuple) and before.argval else before.argval
        # self.W -= ... takes W from a copy of self that is on the stack.
        if step.argval == name and (of in code.co_varnames[:1] or before.opname in ON_THE_STACK):
            found.add(step.opname)
    return found


def _in_order(params: Any, found: Sequence[Leaf]) -> list[Leaf]:
    """As they stand in their containers."""
    return sorted(found, key=lambda leaf: _place(params, leaf.path))


def _place(params: Any, path: Path) -> tuple[int, ...]:
    places, holder = [], params
    for kind, key in path:
        keys: list[Any] = []
        if kind == "attribute":
            keys = list(vars(holder))
        elif isinstance(holder, Mapping):
            keys = list(holder)
        elif is_sequence(holder):
            keys = list(range(len(holder)))
        places.append(keys.index(key) if key in keys else 0)
        holder = get(holder, ((kind, key),))
    return tuple(places)


def candidates(params: Any) -> list[Leaf]:
    """Everything that may be a parameter; of an object that holds plain numbers alone, these."""
    return leaves(params) or numbers_of(params, [])
