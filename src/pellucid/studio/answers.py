"""Answers to what a page asks of a run: what it is made of, its points and rows, a prediction, a gradient check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError
from pellucid.layers import Dense, Dropout
from pellucid.network import Network
from pellucid.settings import Settings
from pellucid.studio.datasets import Rows, batch
from pellucid.studio.learning import Learning
from pellucid.studio.planes import Plane, shown

Array = npt.NDArray[Any]

CHECKED = 32  # rows that gradients are checked with


def described(run: Learning) -> dict[str, Any]:
    """What a run is made of, beyond its state."""
    net, job, rows = run.net, run.job, run.rows
    value = net.loss_function.name.replace("_", " ")
    penalty = ", penalty included" if job.settings.l1 or job.settings.l2 else ""
    return {
        "shapes": {
            "inputs": rows.inputs, "features": rows.features, "layers": _layers(net), "outputs": net.outputs,
            "task": rows.task, "labels": rows.labels, "target": rows.target, "parameters": int(net.theta.size),
        },
        "rows": {"train": job.n, "validation": 0 if job.validation is None else len(job.validation.t)},
        "batch_size": job.batch_size,
        "steps_per_epoch": job.steps_per_epoch,
        "initial_weights": run.initial_weights,
        "image": None if rows.image is None else dict(zip(("width", "height", "max"), rows.image, strict=True)),
        "notes": rows.notes + run.notes,
        "loss": {"name": net.loss_function.name, "text": f"mean {value} over the rows{penalty}"},
    }  # fmt: skip


def _layers(net: Network) -> list[dict[str, Any]]:
    layers: list[dict[str, Any]] = []
    width = net.inputs
    for layer in net.layers:
        if isinstance(layer, Dense):
            number = len(layers) + 1
            layers.append({
                "number": number, "units": layer.units, "activation": layer.activation.name, "init": layer.init.name,
                "dropout": 0.0, "parameters": (width + 1) * layer.units, "W": [width, layer.units],
            })  # fmt: skip
            width = layer.units
        elif isinstance(layer, Dropout) and layers:
            layers[-1]["dropout"] = layer.rate
    return layers


def points(run: Learning, plane: Plane, places: Array) -> tuple[dict[str, Any], dict[str, tuple[str, Any]]]:
    """The picture's plane, and the points in it."""
    rows = run.rows
    some = shown(len(rows.y))
    training = np.ones(len(rows.y), dtype=bool) if run.kept is None else np.zeros(len(rows.y), dtype=bool)
    training[run.kept] = True
    header = {
        "view": {
            "kind": plane.kind, "names": plane.names, "low": plane.low, "high": plane.high,
            "explained": plane.explained,
        },
        "task": rows.task,
        "classes": len(rows.labels or ()),
        "values": [float(rows.y.min()), float(rows.y.max())] if rows.task == "values" else None,
    }  # fmt: skip
    return header, {
        "points": ("f4", places[some]), "y": ("f4", rows.y[some]), "row": ("i4", some), "part": ("u1", ~training[some]),
    }  # fmt: skip


def sheet(run: Learning, start: int, count: int) -> dict[str, Any]:
    """Some rows as a table, each with what the network answers."""
    rows, n = run.rows, len(run.rows.y)
    chosen = np.arange(min(start, n), min(start + count, n))
    listed = []
    if len(chosen):
        training = None if run.kept is None else np.isin(chosen, run.kept)
        answers = run.net.predict(rows.transformed(rows.X[chosen]))
        for place, row in enumerate(chosen.tolist()):
            part = "train" if training is None or training[place] else "validation"
            listed.append({"row": row, "x": rows.X[row], "y": rows.y[row], "answer": answers[place], "part": part})
    return {"columns": rows.features, "rows": listed, "total": n}


def predicted(run: Learning, x: list[float]) -> dict[str, Any]:
    """What the network answers for one row of features, and what it says."""
    rows = run.rows
    if len(x) != rows.X.shape[1]:
        raise InputError(f"{len(x)} numbers were given, and a row has {rows.X.shape[1]} features.")
    outputs = run.net.forward(rows.transformed(np.array([x])))[0]
    label = int(np.argmax(outputs)) if rows.task == "classes" else float(outputs[0])
    return {"outputs": outputs, "label": label}


def checked(net: Network, rows: Rows, settings: Settings) -> dict[str, Any]:
    """A gradient check with a few rows."""
    from pellucid.gradient_check import check_gradients

    chosen = batch(rows, 0, CHECKED)
    found = check_gradients(net, rows.transformed(rows.X[chosen]), rows.y[chosen], l2=settings.l2, l1=settings.l1)
    table = [_checked(part, found.tolerance) for part in found.by_parameter.values()]
    return {
        "ok": found.ok, "verdict": found.verdict, "suspect": found.suspect, "tolerance": found.tolerance,
        "rows": table, "sample": len(chosen),
    }  # fmt: skip


def _checked(part: Any, tolerance: float) -> Mapping[str, Any]:
    named = ("name", "shape", "error", "worst", "analytic", "numerical", "kinks", "compared")
    return {**{name: getattr(part, name) for name in named}, "ok": part.error <= tolerance}
