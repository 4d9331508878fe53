"""The learner's parameters: a dict, a list, both nested, or an object, as named arrays and back."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Step = tuple[str, Any]  # ("item", key) or ("attribute", name)
Path = tuple[Step, ...]

HOLDERS = ("params", "parameters", "weights_and_biases", "theta")  # where an object is used to keep its parameters
DATA = ("x", "y", "t", "inputs", "targets", "labels", "data", "x_train", "y_train", "grads", "gradients", "cache")


@dataclass(frozen=True)
class Leaf:
    """One parameter.

    Attributes:
        name: as the learner would write it: W1, params[0], layers[1][0], self.W1.
        path: the way to it from the container.
        shape: () for a plain number.
        kind: "array", "number" (a plain Python number) or "list" (numbers in lists).
        dtype: of its numbers.
    """

    name: str
    path: Path
    shape: tuple[int, ...]
    kind: str
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


def is_number(value: Any) -> bool:
    return isinstance(value, Real | np.number) and not isinstance(value, bool | np.bool_)


def is_numeric(value: Any) -> bool:
    """Whether this is an array of numbers."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiu"


def of_numbers(value: Any) -> bool:
    """Whether this is a list of numbers, or of equally long lists of numbers."""
    if not isinstance(value, list | tuple) or not value:
        return False
    if all(is_number(item) for item in value):
        return True
    rows = all(isinstance(row, list | tuple) and row and all(map(is_number, row)) for row in value)
    return rows and len({len(row) for row in value}) == 1


def is_plain_object(value: Any) -> bool:
    """Whether this is an instance of somebody's class, whose attributes may be parameters."""
    if isinstance(value, np.generic | np.ndarray | type) or inspect.ismodule(value) or callable(value):
        return bool(callable(value) and not inspect.isroutine(value) and hasattr(value, "__dict__") and vars(value))
    return hasattr(value, "__dict__")


def is_sequence(value: Any) -> bool:
    """Whether this is a list, a tuple, or an array of arrays."""
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype == object)


def leaves(params: Any) -> list[Leaf]:
    """All parameters in a container, in its order.

    Example:
        >>> [leaf.name for leaf in leaves({"W1": np.ones((2, 3)), "layers": [(np.ones(3), 0.5)]})]
        ['W1', 'layers[0][0]', 'layers[0][1]']
    """
    return list(_walk(params, (), "", set()))


def _walk(value: Any, path: Path, name: str, seen: set[int]) -> Iterator[Leaf]:
    if is_numeric(value):
        yield Leaf(name or "params", path, value.shape, "array", value.dtype)
    elif is_number(value):
        yield Leaf(name or "params", path, (), "number", np.dtype(np.float64))
    elif path and of_numbers(value):
        yield Leaf(name, path, np.shape(value), "list", np.dtype(np.float64))
    elif id(value) not in seen:
        seen.add(id(value))
        for step, item, inner in _children(value, path, name):
            yield from _walk(item, (*path, step), inner, seen)


def _children(value: Any, path: Path, name: str) -> Iterator[tuple[Step, Any, str]]:
    """What is inside, each with the step that leads there and its name."""
    if isinstance(value, Mapping):
        for key in list(value):
            inner = key if not name and isinstance(key, str) else f"{name or 'params'}[{_quoted(key)}]"
            yield ("item", key), value[key], inner
    elif is_sequence(value):
        for i, item in enumerate(value):
            yield ("item", i), item, f"{name or 'params'}[{i}]"
    elif is_plain_object(value):
        holder = next((h for h in HOLDERS if is_container(getattr(value, h, None))), None)
        if holder is not None:
            yield ("attribute", holder), getattr(value, holder), name
            return
        for attribute in _attributes(value):
            yield ("attribute", attribute), getattr(value, attribute), f"{name or 'self'}.{attribute}"


def _quoted(key: Any) -> str:
    return f'"{key}"' if isinstance(key, str) else repr(key)


def is_container(value: Any) -> bool:
    """Whether parameters are found in this without looking at anybody's attributes."""
    return isinstance(value, Mapping) or is_sequence(value) or is_numeric(value)


def _attributes(value: Any) -> list[str]:
    """Attributes that may be parameters: no data, no gradients, no settings, no intermediate results."""
    there = vars(value)
    names = {name.lower() for name in there}
    kept = []
    for name, item in there.items():
        low = name.lower().strip("_")
        if low in DATA or _is_gradient(low, names) or (is_number(item) and low not in ("w", "b")):
            continue
        numeric = is_numeric(item) and item.dtype.kind == "f"
        if numeric or is_number(item) or isinstance(item, list | tuple | dict) or _is_layer(item):
            kept.append(name)
    return kept


def _is_gradient(name: str, others: set[str]) -> bool:
    """Whether an attribute is called like a companion of a parameter, such as its gradient: dW1, vb, dW of weights."""
    rest = name[1:].strip("_")
    beside = name[:1] == "d" and rest in ("w", "b") and any(other.startswith(rest) for other in others)
    return "grad" in name or "nabla" in name or "cache" in name or (name[:1] in "dgvm" and rest in others) or beside


def _is_layer(item: Any) -> bool:
    return is_plain_object(item) and any(is_numeric(inside) for inside in vars(item).values())


def get(container: Any, path: Path) -> Any:
    """What stands at the end of a path."""
    for kind, key in path:
        container = container[key] if kind == "item" else getattr(container, key)
    return container


def put(container: Any, path: Path, value: Any) -> bool:
    """Put something at the end of a path, in place; False where that cannot be done (a tuple)."""
    if not path:
        return False
    holder = get(container, path[:-1])
    kind, key = path[-1]
    try:
        if kind == "item":
            holder[key] = value
        else:
            setattr(holder, key, value)
    except (TypeError, AttributeError, ValueError):
        return False
    return True


def read(container: Any, leaf: Leaf) -> Array:
    """A copy of a parameter's numbers."""
    return np.array(get(container, leaf.path))


def dressed(leaf: Leaf, value: Array) -> Any:
    """Numbers in the clothes the learner gave this parameter: array, plain number or lists."""
    if leaf.kind == "number":
        return float(value)
    return value.tolist() if leaf.kind == "list" else value


def rebuilt(container: Any, found: Sequence[Leaf], values: Sequence[Any]) -> Any:
    """A container of the same make that holds other values; nothing of it is shared with the learner's but settings."""
    return _rebuilt(container, [(leaf.path, value) for leaf, value in zip(found, values, strict=True)])


def _rebuilt(value: Any, changes: list[tuple[Path, Any]]) -> Any:
    if not changes:
        return value
    if not changes[0][0]:
        return changes[0][1]
    below: dict[Step, list[tuple[Path, Any]]] = {}
    for path, new in changes:
        below.setdefault(path[0], []).append((path[1:], new))
    items = {step[1]: _rebuilt(get(value, (step,)), some) for step, some in below.items()}
    if isinstance(value, Mapping):
        # Only a dict is copied as what it is: another mapping may write through to the arrays it shows.
        made = copy.copy(value) if isinstance(value, dict) else dict(value)
        made.update(items)
        return made
    if isinstance(value, tuple):
        listed = [items.get(i, item) for i, item in enumerate(value)]
        return type(value)(*listed) if hasattr(value, "_fields") else tuple(listed)
    made = copy.copy(value)
    if is_sequence(made):
        for key, new in items.items():
            made[key] = new
    else:
        vars(made).update(items)
    return made
