"""An entry that is not there: counted too far, too many indices, or an index that is none."""

from __future__ import annotations

import ast
import re
from typing import Any

from pellucid.checker.slips.cases import Case, Told
from pellucid.checker.slips.values import MISSING, shape_of, written


def index(case: Case) -> Told | None:
    """What can be wrong with `owner[index]`."""
    node = case.node
    owner = node.value if isinstance(node, ast.Subscript) else None
    value = case.value(owner)
    if isinstance(case.error, IndexError) or re.search(r"indices must be integers", case.words):
        for rule in (_kind, _far, _many, _lengths):
            told = rule(case, written(owner), value, node.slice if isinstance(node, ast.Subscript) else None)
            if told is not None:
                return told
    return None


def _kind(case: Case, name: str, value: Any, place: ast.expr | None) -> Told | None:
    """An index that is a text, a fraction, or a pair where only one is possible."""
    words, at = case.words, case.value(place)
    facts = case.facts()
    if found := re.search(r"(list|tuple) indices must be integers or slices, not ([\w.]+)", words):
        if found[2] == "str":
            what = case.text(f"v_{found[1]}", count=_count(value))
            return case.told("index_name", name=name, value=what, index=written(place))
        if found[2] == "tuple":
            return case.told("index_pair", name=name, index=written(place))
        return case.told("index_whole", facts, name=name, index=written(place))
    if "valid indices" in words:
        if isinstance(at, str):
            return case.told("index_name_array", name=name, index=repr(at))
        return case.told("index_whole", facts, name=name, index=written(place))
    if "arrays used as indices must be of integer" in words:
        return case.told("index_labels", facts, name=name, index=written(place))
    return None


def _far(case: Case, name: str, value: Any, place: ast.expr | None) -> Told | None:
    """Counted beyond the end."""
    found = re.search(r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)", case.words)
    if found:
        at, axis, size = (int(part) for part in found.groups())
        labels = case.text("index_from_one", size=size) if at == size else ""
        key = "index_far" if size else "index_empty"
        return case.told(key, labels, case.facts(), name=name, index=at, axis=axis, count=size, last=size - 1)
    if re.search(r"(list|tuple|range|string|pop) index out of range|pop from empty list", case.words):
        count = _count(value)
        at = case.value(place)
        if count == "?" or at is MISSING:
            return case.told("index_range", case.facts())
        key = "index_far_list" if count != "0" else "index_empty"
        return case.told(key, name=name, index=at, count=count, last=int(count) - 1)
    return None


def _many(case: Case, name: str, value: Any, place: ast.expr | None) -> Told | None:
    """More indices than axes."""
    found = re.search(r"array is (\d+)-dimensional, but (\d+) were indexed", case.words)
    if not found:
        return None
    shape = shape_of(value) if value is not MISSING else f"{found[1]}-D"
    fix = case.text("fix_two_axes", name=name) if (found[1], found[2]) == ("1", "2") else ""
    return case.told("index_many", fix, name=name, shape=shape, axes=found[1], count=found[2])


def _lengths(case: Case, name: str, value: Any, place: ast.expr | None) -> Told | None:
    """Index arrays, or an array of yes and no, of another length."""
    if found := re.search(r"indexing arrays could not be broadcast together with shapes (.+)", case.words):
        return case.told("index_lengths", case.facts(), shapes=found[1].strip(), text=written(case.node))
    if "boolean index did not match" in case.words:
        parts = place.elts if isinstance(place, ast.Tuple) else []
        labels = [part for part in parts if getattr(getattr(case.value(part), "dtype", None), "kind", "") == "b"]
        if labels and len(parts) > 1:
            return case.told("index_yes_no", case.facts(), name=written(labels[0]))
        return case.told("index_mask", case.facts(), name=name, index=written(place))
    return None


def _count(value: Any) -> str:
    return str(len(value)) if isinstance(value, list | tuple | range | str) else "?"
