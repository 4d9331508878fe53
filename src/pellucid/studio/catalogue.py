"""What a page may choose from, with ranges and usual values: read off the models that check what it chooses."""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from pellucid import engines
from pellucid.initializers import INITIALIZERS
from pellucid.optimizers import OPTIMIZERS
from pellucid.schedules import SCHEDULES
from pellucid.studio import choices, protocol
from pellucid.studio.takeaway import KINDS

TOYS: dict[str, Any] = {
    "moons": choices.Moons, "circles": choices.Circles, "xor": choices.Xor, "spiral": choices.Spiral,
    "blobs": choices.Blobs, "microchips": choices.Microchips, "plane": choices.Plane, "waves": choices.Waves,
}  # fmt: skip
REAL = {"iris": (4, 3), "wine": (13, 3), "breast-cancer": (30, 2), "digits": (64, 10)}  # features, classes
LOSSES = {"classes": ("cross_entropy", "squared_error"), "values": ("squared_error", "absolute_error", "huber")}


@cache
def options() -> dict[str, Any]:
    """The catalogue.

    Example:
        >>> options()["data"]["spiral"]["parameters"]["arms"]
        {'default': 3, 'whole': True, 'low': 2, 'high': 5}
    """
    return {
        "data": {**_toys(), **_real(), **_own()},
        "features": choices.FEATURES,
        "activations": choices.HIDDEN,
        "initializers": tuple(INITIALIZERS),
        "losses": LOSSES,
        "optimizers": {name: _constants(kind, choices.Optimizer) for name, kind in OPTIMIZERS.items()},
        "schedules": {name: _constants(kind, choices.Schedule) for name, kind in SCHEDULES.items()},
        "engines": ("auto", "readable", "compiled") if engines.installed() else ("auto", "readable"),
        "limits": {
            "layers": choices.MOST_LAYERS, "units": choices.MOST_UNITS, "points": choices.MOST_POINTS,
            "upload": protocol.UPLOAD, "epochs": choices.MOST_EPOCHS,
        },
        "take": tuple(KINDS),
        "usual": choices.full(),
    }  # fmt: skip


def _toys() -> dict[str, Any]:
    found = {}
    for name, model in TOYS.items():
        parameters = {key: _range(model, key) for key in model.model_fields if key != "kind"}
        values = name in ("plane", "waves")
        classes = 0 if values else 2 if name not in ("spiral", "blobs") else None  # None: a parameter says
        found[name] = {
            "features": 2, "task": "values" if values else "classes", "classes": classes, "parameters": parameters,
            "two_features": True, "image": False,
        }  # fmt: skip
    return found


def _real() -> dict[str, Any]:
    shirts = {key: _range(choices.Shirts, key) for key in ("n", "seed")}
    usual = {"task": "classes", "two_features": False, "image": False}
    return {"shirts": {**usual, "features": 4, "classes": 2, "parameters": shirts}} | {
        name: {
            "features": d, "task": "classes", "classes": classes, "parameters": {}, "two_features": False,
            "image": name == "digits",
        }
        for name, (d, classes) in REAL.items()
    }  # fmt: skip


def _own() -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "features": 2,
        "task": None,
        "classes": None,
        "parameters": {},
        "two_features": True,
        "image": False,
    }
    return {"drawn": drawn, "csv": {**drawn, "features": None, "two_features": None}}


def _constants(record: Any, model: Any) -> dict[str, Any]:
    """The constants of an optimizer or a schedule: its own usual values, the model's ranges."""
    kind = record if isinstance(record, type) else type(record)
    found = {}
    for field in fields(kind):
        usual = field.default if field.default is not MISSING else model.model_fields[field.name].default
        found[field.name] = {**_range(model, field.name), "default": usual}
    return found


def _range(model: Any, name: str) -> dict[str, Any]:
    field = model.model_fields[name]
    found: dict[str, Any] = {"default": field.default, "whole": field.annotation is int}
    for limit in field.metadata:
        for which, key in (("ge", "low"), ("gt", "low"), ("le", "high"), ("lt", "high")):
            if (value := getattr(limit, which, None)) is not None:
                found[key] = value
                found |= {"open_low": True} if which == "gt" else {"open_high": True} if which == "lt" else {}
    return found
