"""States: one changed by what a page says, brought into order for its rows, and what two of them differ in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.studio.datasets import TRANSFORMS, Rows

State = dict[str, Any]
BY_FIELD = ("network", "training")  # parts of which a page may name some


def merged(state: Mapping[str, Any], given: Mapping[str, Any]) -> State:
    """A state with what a page said in it; what it did not name stays.

    Example:
        >>> merged({"seed": 0, "training": {"l1": 0, "l2": 0}}, {"training": {"l2": 1}})
        {'seed': 0, 'training': {'l1': 0, 'l2': 1}}
    """
    return {
        **state,
        **{name: {**state[name], **part} if name in BY_FIELD else part for name, part in given.items()},
    }


def different(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The parts in which two states differ.

    Example:
        >>> different({"seed": 0, "view": {}}, {"seed": 1, "view": {}})
        {'seed'}
    """
    return {name for name in after if before.get(name) != after[name]}


def normal(state: Mapping[str, Any], rows: Rows) -> State:
    """A state whose inputs and view fit its rows: transforms are for two features, axes for the features there are.

    Example:
        >>> import numpy as np
        >>> rows = Rows(np.eye(3), np.arange(3), ("a", "b", "c"), "classes")
        >>> state = {"features": ["x1"], "view": {"kind": "features", "x": 7, "y": 1}}
        >>> normal(state, rows)
        {'features': None, 'view': {'kind': 'features', 'x': 0, 'y': 1}}
    """
    d = rows.X.shape[1]
    view = dict(state["view"])
    if max(view["x"], view["y"]) >= d or view["x"] == view["y"]:
        view |= {"x": 0, "y": min(1, d - 1)}
    if d <= 2:
        view["kind"] = "features"
    features = None if d != 2 else [name for name in TRANSFORMS if name in (rows.kept or ())]
    return {**state, "features": features, "view": view}
