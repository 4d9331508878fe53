"""What `gradients` gave back, put beside the parameters: by structure, by names such as dW1, or by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.running.containers import (
    Leaf,
    Path,
    Step,
    get,
    is_number,
    is_numeric,
    is_plain_object,
    is_sequence,
    leaves,
    of_numbers,
)
from pellucid.checker.running.grouping import regrouped, spelled

Array = npt.NDArray[Any]
HOLDERS = ("grads", "gradients", "grad", "gradient", "dparams")


@dataclass(frozen=True)
class Given:
    """The gradients as the learner gave them.

    Attributes:
        values: one for each parameter, in the parameter's order; None where there is none.
        names: how each is reached in what was given, such as '["dW1"]' or '[0]'; "" where there is none.
        by_position: whether only their order tells which is which.
        flat: everything that was given, in its order, where only the order tells.
        container: what came back, as it came.
        shared: pairs of parameters for which one and the same memory was given.
    """

    values: tuple[Any, ...]
    names: tuple[str, ...]
    by_position: bool = False
    flat: tuple[Any, ...] = ()
    container: Any = None
    shared: tuple[tuple[int, int], ...] = ()


def sharing(values: Sequence[Any]) -> tuple[tuple[int, int], ...]:
    """Pairs of arrays that are one, or parts of one that overlap.

    Example:
        >>> zeros = np.zeros(4)
        >>> sharing([zeros, np.zeros(4), zeros.reshape(2, 2), zeros[1:]])
        ((0, 2), (0, 3), (2, 3))
    """
    found = []
    for j, b in enumerate(values):
        for i, a in enumerate(values[:j]):
            both = isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.size and b.size
            if both and (a is b or (np.may_share_memory(a, b) and _overlap(a, b))):
                found.append((i, j))
    return tuple(sorted(found))


def _overlap(a: Array, b: Array) -> bool:
    if a.flags.c_contiguous and b.flags.c_contiguous:
        return True  # their bounds overlap, and there are no gaps
    return bool(np.intersect1d(_places(a), _places(b)).size)


def _places(a: Array) -> Array:
    """The address of every entry."""
    steps = np.indices(a.shape).reshape(a.ndim, -1)
    return a.__array_interface__["data"][0] + np.asarray(a.strides) @ steps


def match(returned: Any, found: Sequence[Leaf], owners: Sequence[Any] = ()) -> Given:
    """Find each parameter's gradient.

    Args:
        returned: what the learner's function gave.
        found: the parameters.
        owners: objects whose attributes hold the gradients if nothing was returned.

    Example:
        >>> params = {"W1": np.ones((1, 2)), "b1": np.zeros(2)}
        >>> match({"db1": np.ones(2), "dW1": np.ones((1, 2))}, leaves(params)).names
        ('["dW1"]', '["db1"]')
    """
    returned = without_loss(returned)
    if returned is None:
        return _from_owners(found, owners)
    if is_numeric(returned) and len(found) > 1 and returned.size == sum(leaf.size for leaf in found):
        return _from_flat(returned, found)
    values = _each_once([_follow(returned, leaf) for leaf in found], found)
    named = any(name for _, name in values) and not _only_by_order(returned, found)
    if named and not any(_holds_arrays(value) and not of_numbers(value) for value, _ in values):
        return Given(tuple(v for v, _ in values), tuple(n for _, n in values), container=returned)
    grouped = regrouped(returned, found)
    if grouped is not None:
        ordered, names, unsure = grouped
        return Given(ordered, names, unsure, ordered, returned)
    if named:
        return Given(tuple(v for v, _ in values), tuple(n for _, n in values), container=returned)
    return _by_position(returned, found)


def other_letters(given: Given, found: Sequence[Leaf]) -> list[tuple[str, str]]:
    """Parameters and the keys of their gradients, where these differ only in capitals: b1 and B1."""
    pairs = []
    for leaf, way in zip(found, given.names, strict=True):
        own = leaf.path[-1][1] if leaf.path else ""
        key = way.rpartition("[")[2].strip('"]')
        if isinstance(own, str) and way.endswith('"]') and key != own and key.lower() == own.lower():
            pairs.append((own, key))
    return pairs


def without_loss(returned: Any) -> Any:
    """Of (loss, gradients) the gradients."""
    if isinstance(returned, tuple) and len(returned) == 2:
        for one, other in (returned, returned[::-1]):
            scalar = is_number(one) or (is_numeric(one) and one.ndim == 0)
            if scalar and (isinstance(other, Mapping) or (is_sequence(other) and len(other) > 0)):
                return other
    return returned


def _only_by_order(returned: Any, found: Sequence[Leaf]) -> bool:
    """A list beside a list, where a position is all that tells; entries may be missing or in another order. Or a flat
    list beside an object's attributes, of which one may be a list that has nothing to do with it."""
    flat = is_sequence(returned) and all(is_numeric(item) or is_number(item) for item in returned)
    if flat and any(len(leaf.path) == 1 and leaf.path[0][0] == "attribute" for leaf in found):
        return True
    return is_sequence(returned) and all(len(leaf.path) == 1 for leaf in found) and len(returned) != len(found)


def _follow(returned: Any, leaf: Leaf) -> tuple[Any, str]:
    """Go the parameter's way in what was returned."""
    path = leaf.path
    if path and path[0][0] == "attribute" and not is_plain_object(returned):
        whole = _along(returned, path) if isinstance(returned, Mapping) else (None, "")
        if whole[1]:
            return whole  # {"weights": [...]} beside self.weights
        path = path[1:] if len(path) > 1 else (("item", path[0][1]),)
    return _along(returned, path)


def _along(where: Any, path: Path) -> tuple[Any, str]:
    name = ""
    for step in path:
        where, inner = _child(where, step)
        if inner == "":
            return None, ""
        name += inner
    return where, name or "gradients"


def _child(where: Any, step: Step, exact: bool = True) -> tuple[Any, str]:
    kind, key = step
    if isinstance(where, Mapping):
        if exact and key in where:
            return where[key], f"[{key!r}]" if not isinstance(key, str) else f'["{key}"]'
        if isinstance(key, str):
            other = _nearest([k for k in where if isinstance(k, str) and _same(k, key, exact)], key)
            if other is not None:
                return where[other], f'["{other}"]'
        return None, ""
    if is_sequence(where):
        there = isinstance(key, int) and kind == "item" and key < len(where)
        return (where[key], f"[{key}]") if there else (None, "")
    if is_plain_object(where) and isinstance(key, str):
        names = {name: name.lower().lstrip("_") for name in vars(where)}
        other = _nearest([name for name, low in names.items() if low in spelled(key)], key)
        return (getattr(where, other), f".{other}") if other is not None else (None, "")
    return None, ""


def _nearest(offered: Sequence[str], key: str) -> str | None:
    """Of names for a gradient the one with the parameter's own letters, capital or small: dB is B's, and not b's."""
    return next((name for name in offered if key in name), offered[0] if offered else None)


def _each_once(values: list[tuple[Any, str]], found: Sequence[Leaf]) -> list[tuple[Any, str]]:
    """What was found for two parameters (b and B, where b is missing) belongs to the one whose letters it has."""
    kept = []
    for (value, name), leaf in zip(values, found, strict=True):
        others = [other for (_, same), other in zip(values, found, strict=True) if name and same == name]
        key = str(leaf.path[-1][1]) if leaf.path else ""
        lost = len(others) > 1 and key not in name and any(str(o.path[-1][1]) in name for o in others if o.path)
        kept.append((None, "") if lost else (value, name))
    return kept


def _same(given: str, key: str, exact: bool) -> bool:
    low = given.lower().lstrip("_")
    return low in spelled(key) or (exact and low == key.lower())


def _from_owners(found: Sequence[Leaf], owners: Sequence[Any]) -> Given:
    """Nothing was returned: a class that keeps its gradients has them in self.grads, self.dW1 or layer.dW."""
    for owner in owners:
        held = next((getattr(owner, h) for h in HOLDERS if _holds_arrays(getattr(owner, h, None))), None)
        if held is not None:
            given = match(held, found)
            if any(given.names):
                return given
        values = _each_once([_beside(owner, leaf) for leaf in found], found)
        if any(name for _, name in values):
            return Given(tuple(v for v, _ in values), tuple(n for _, n in values))
    return Given((None,) * len(found), ("",) * len(found))


def _holds_arrays(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(leaves(value))


def _beside(owner: Any, leaf: Leaf) -> tuple[Any, str]:
    """The gradient that stands next to the parameter itself, under its own name."""
    where, name = owner, "self"
    path = leaf.path
    if not path:
        return None, ""
    for step in path[:-1]:
        kind, key = step
        try:
            where = where[key] if kind == "item" else getattr(where, key)
        except (KeyError, IndexError, TypeError, AttributeError):
            where = owner  # the parameters are handed in by themselves, and the object holds the gradients
            break
        name += f"[{key!r}]" if kind == "item" else f".{key}"
    value, last = _child(where, path[-1], exact=False)
    if path[-1][0] == "item" and is_sequence(where):
        value, last = _in_list_beside(owner, path)  # what was found is the parameter itself
    if last == "" and where is not owner:
        where, name = owner, "self"
        value, last = _child(owner, path[-1], exact=False)
    return value, name + last if last else ""


def _in_list_beside(owner: Any, path: Path) -> tuple[Any, str]:
    """Of self.weights[1] what stands in self.dweights[1]."""
    try:
        held, name = _child(get(owner, path[:-2]), path[-2], exact=False)
        return (held[path[-1][1]], f"{name}[{path[-1][1]!r}]") if name else (None, "")
    except (KeyError, IndexError, TypeError, AttributeError):
        return None, ""


def _from_flat(vector: Array, found: Sequence[Leaf]) -> Given:
    """One long vector with everything in it, in the order of the parameters."""
    ends = np.cumsum([leaf.size for leaf in found])
    flat = vector.ravel()
    values = tuple(flat[end - leaf.size : end].reshape(leaf.shape) for leaf, end in zip(found, ends, strict=True))
    names = tuple(f"[{end - leaf.size}:{end}]" for leaf, end in zip(found, ends, strict=True))
    return Given(values, names, container=vector)


def _by_position(returned: Any, found: Sequence[Leaf]) -> Given:
    """Each in its turn; where there are fewer or more than parameters, the next that has the parameter's shape."""
    boxed = {"": returned}
    flat = tuple(get(boxed, leaf.path) for leaf in leaves(boxed))
    places: list[int | None] = list(range(len(flat)))
    if len(flat) != len(found):
        places, left = [], list(range(len(flat)))
        for leaf in found:
            at = next((i for i in left if np.shape(flat[i]) == leaf.shape), None)
            places.append(at)
            left = [i for i in left if i != at]
    values = tuple(None if at is None else flat[at] for at in places)
    names = tuple("" if at is None else f"[{at}]" for at in places)
    return Given(values, names, True, flat, returned)
