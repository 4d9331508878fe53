"""One row all the way through a step: what a page walks through, with every number and what it was made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.explain.chain import links_of
from pellucid.explain.one_row import RowLine
from pellucid.explain.trace import Entry, trace
from pellucid.network import Network
from pellucid.optimizers import Optimizer
from pellucid.settings import Settings
from pellucid.studio.datasets import Rows, batch

Array = npt.NDArray[Any]

BATCH = 16  # rows of the step that is walked, the chosen one among them
CUT = 64  # numbers of a long value that a page is sent, along each axis
LINES = 400  # of a row's arithmetic: a wide layer has one for each weight of each unit


def walked(net: Network, rows: Rows, row: int, settings: Settings, rate: float) -> dict[str, Any]:
    """A step on a small batch that begins with a row, as a page walks through it.

    Args:
        net: as it is now; nothing in it changes.
        rows: all rows.
        row: the chosen one.
        settings: how the run is trained now.
        rate: the learning rate now.
    """
    chosen = batch(rows, row, min(settings.batch_size or BATCH, BATCH))
    optimizer = _at(settings.optimizer, rate)
    X, y = rows.transformed(rows.X[chosen]), rows.y[chosen]
    step = trace(
        net, X, y, row=0, optimizer=optimizer, l2=settings.l2, l1=settings.l1, clip_norm=settings.clip_norm,
        seed=settings.seed,
    )  # fmt: skip
    kinds = _kinds(net)
    of_rows = kinds.keys() | {"X", "y", "losses"}
    assert step.row is not None
    return {
        "row": row,
        "rows": [int(i) for i in chosen],
        "x": rows.X[row],
        "y": float(rows.y[row]),
        "label": None if rows.labels is None else rows.labels[int(rows.y[row])],
        "entries": [_entry(entry, kinds, entry.name in of_rows) for entry in (*step.given, *step.entries)],
        "lines": [_line(line) for line in step.row.lines[:LINES]],
        "titles": dict(step.row.titles),
        "loss": step.loss,
        "learning_rate": step.learning_rate,
        "diverged": step.diverged,
    }


def _at(optimizer: Optimizer, rate: float) -> Optimizer:
    return replace(optimizer, learning_rate=rate) if rate > 0 else optimizer


def _kinds(net: Network) -> dict[str, tuple[str, int]]:
    """For each quantity that has a number a row: what made it, and the number of its layer."""
    kinds: dict[str, tuple[str, int]] = {}
    for link in links_of(net):
        kinds[link.name] = (link.kind, link.number)
        kinds[link.gradient] = ("gradient", link.number)
        if link.kind == "dropout":
            kinds[link.mask] = ("mask", link.number)
    return kinds


def _entry(entry: Entry, kinds: Mapping[str, tuple[str, int]], of_row: bool) -> dict[str, Any]:
    kind, layer = kinds.get(entry.name, _other(entry))
    value = entry.value[0] if of_row else entry.value
    cut = any(size > CUT for size in value.shape)
    return {
        "number": entry.number, "section": entry.section, "name": entry.name, "kind": kind, "layer": layer,
        "formula": entry.formula, "mathml": entry.mathml, "shape": entry.shape, "of_row": of_row,
        "value": value[tuple(slice(CUT) for _ in value.shape)], "cut": cut, "finite": entry.finite,
        "notes": [{"text": note.text, "mathml": note.mathml, "sentence": note.sentence} for note in entry.notes],
    }  # fmt: skip


def _other(entry: Entry) -> tuple[str, int | None]:
    """What made a quantity that belongs to parameters or to the whole step, and the layer of its parameters."""
    found = re.fullmatch(r"(d?)([Wb])(\d+)", entry.name)
    if found:
        kind = "gradient" if found[1] else "parameter" if entry.section == "given" else "update"
        return kind, int(found[3])
    return {"given": "given", "loss": "loss", "update": "update"}.get(entry.section, entry.section), None


def _line(line: RowLine) -> dict[str, Any]:
    numbers = line.numbers or {}
    used = {name: value for name, value in numbers.items() if line.terms is None and _mentions(line.formula, name)}
    return {
        "quantity": line.quantity, "name": line.name, "value": np.ravel(line.value)[:CUT], "formula": line.formula,
        "terms": None if line.terms is None else line.terms[:CUT], "plus": line.plus,
        "numbers": {name: np.ravel(value)[:CUT] for name, value in used.items()}, "text": line.written(most=8),
    }  # fmt: skip


def _mentions(formula: str, name: str) -> bool:
    """Whether a formula speaks of a quantity; texts write delta1 as δ1."""
    return bool(re.search(rf"(?<![\w.]){re.escape(name.replace('delta', 'δ'))}(?!\w)", formula))
