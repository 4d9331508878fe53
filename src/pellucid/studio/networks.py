"""From a state to the library's own records: the network, and how it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.data import Standardizer
from pellucid.errors import InputError
from pellucid.layers import Dense, Dropout, Layer
from pellucid.network import Network
from pellucid.optimizers import OPTIMIZERS
from pellucid.schedules import SCHEDULES
from pellucid.settings import Settings
from pellucid.studio.datasets import Rows

MOST_CLASSES = 64


def network_of(state: Mapping[str, Any], rows: Rows) -> Network:
    """The network of a state; its output follows from the rows: softmax for classes, identity for values.

    Raises:
        InputError: the layers or the loss do not fit, or there are too many classes.

    Example:
        >>> import numpy as np
        >>> rows = Rows(np.eye(2), np.arange(2), ("a", "b"), "classes", ("no", "yes"))
        >>> layers = [{"units": 3, "activation": "tanh", "dropout": 0.5, "init": None}]
        >>> asked = {"layers": layers, "loss": None, "output_init": None}
        >>> network_of({"network": asked, "seed": 0, "standardize": False}, rows)
        Network(2 -> Dense 3 tanh -> Dropout 0.5 -> Dense 2 softmax, loss cross_entropy, 17 parameters, float64)
    """
    asked = state["network"]
    layers: list[Layer] = []
    for layer in asked["layers"]:
        layers.append(Dense(layer["units"], layer["activation"], layer["init"]))
        if layer["dropout"]:
            layers.append(Dropout(layer["dropout"]))
    if rows.task == "classes":
        classes = len(rows.labels or ())
        if classes > MOST_CLASSES:
            raise InputError(
                f"The target {rows.target!r} has {classes:,} classes; {MOST_CLASSES} are the most that can be shown. "
                "Choose another column, or take it as values."
            )
        layers.append(Dense(max(classes, 2), "softmax", asked["output_init"]))
    else:
        layers.append(Dense(1, "identity", asked["output_init"]))
    scaler = Standardizer() if state["standardize"] else None
    net = Network(layers, len(rows.inputs), state["seed"], asked["loss"], scaler=scaler)
    net.features, net.target = rows.inputs, rows.target
    net.labels = rows.labels if rows.task == "classes" else None
    return net


def settings_of(state: Mapping[str, Any]) -> Settings:
    """The settings of a state. The engine that it names is chosen later, step by step.

    Raises:
        InputError: a constant that is out of its range.

    Example:
        >>> training = {"optimizer": {"name": "sgd", "learning_rate": 0.5}, "schedule": {"name": "cosine"}}
        >>> training |= {"batch_size": None, "l2": 0.0, "l1": 0.0, "clip_norm": None, "epochs": 10}
        >>> settings_of({"training": training, "validation": 0.0, "seed": 3}).optimizer
        SGD(learning_rate=0.5, momentum=0.0, nesterov=False)
    """
    asked = state["training"]
    optimizer, schedule = dict(asked["optimizer"]), dict(asked["schedule"])
    return Settings(
        optimizer=OPTIMIZERS[optimizer.pop("name")](**optimizer),
        schedule=type(SCHEDULES[schedule.pop("name")])(**_every(schedule, asked)),
        epochs=asked["epochs"],
        batch_size=asked["batch_size"],
        l2=asked["l2"],
        l1=asked["l1"],
        clip_norm=asked["clip_norm"],
        validation=state["validation"] or None,
        seed=state["seed"],
        engine="readable",
        threads=1,
    )


def _every(schedule: dict[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """`every` of the step schedule has no usual value: an epoch in thirty."""
    return {"every": 30, **schedule} if asked["schedule"]["name"] == "step" else schedule
