"""The JSON model format, version 1: for people to read, and exact to the bit.

One object: format "pellucid", version, inputs, layers, loss, dtype, scaler, labels, features, target, parameters.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pellucid.activations import ACTIVATIONS
from pellucid.data.scalers import Pixels, Standardizer, scaler_from_dict
from pellucid.errors import FileError, InputError
from pellucid.files import strict_json
from pellucid.layers import Dense, Dropout, Layer
from pellucid.losses import LOSSES, MAKERS, Loss
from pellucid.network import Network
from pellucid.records import resolve

VERSION = 1
PARTS = {
    "format", "version", "inputs", "layers", "loss", "dtype", "scaler", "labels", "features", "target", "parameters"
}  # fmt: skip


def write_json_model(net: Network, path: Path) -> None:
    """Write a network as JSON; FileError if it has a formula that only its own program knows."""
    strict_json.write(
        path,
        {
            "format": "pellucid",
            "version": VERSION,
            "inputs": net.inputs,
            "layers": [_layer_record(layer, path) for layer in net.layers],
            "loss": _known_loss(net.loss_function, path),
            "dtype": net.dtype.name,
            "scaler": _scaler_record(net.scaler, path),
            **_names(net, _listed(net.labels), _listed(net.features), net.target, path),
            "parameters": {name: _finite(array, name, path).tolist() for name, array in net.params.items()},
        },
    )


def read_json_model(path: Path) -> Network:
    """Read what `write_json_model` wrote; FileError if anything in it is missing, unknown or out of order."""
    record = strict_json.read(path)
    if record.get("format") != "pellucid":
        raise FileError(f'{path}: not a pellucid model (its "format" is {record.get("format")!r}).')
    version = record.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FileError(f"{path}: its format version is {version!r}, which is not a version.")
    if version > VERSION:
        raise FileError(
            f"{path}: written in format version {version}; this release reads up to {VERSION}. "
            "Use a newer release of pellucid to open it."
        )
    strict_json.keys(path, "the model", record, PARTS)
    try:
        net = _network(record, path)
    except InputError as error:
        raise FileError(f"{path}: {error}") from error
    names = _names(net, record["labels"], record["features"], record["target"], path)
    net.labels, net.features, net.target = names["labels"], names["features"], names["target"]
    parameters = record["parameters"]
    strict_json.keys(path, "parameters", parameters, set(net.params))
    for name, view in net.params.items():
        view[...] = strict_json.array(path, f"parameter {name}", parameters[name], view.shape, net.dtype)
    return net


def _names(net: Network, labels: Any, features: Any, target: Any, path: Path) -> dict[str, Any]:
    """Names of classes, features and target, checked alike on the way out and in: what is saved can be loaded."""
    classes = {"classes": net.outputs, "binary": 2, "labels": net.outputs, "values": None}[net.task]
    if target is not None and not isinstance(target, str):
        raise FileError(f"{path}: target must be a text or null.")
    return {
        "labels": strict_json.names(path, "labels", labels, classes),
        "features": strict_json.names(path, "features", features, net.inputs),
        "target": target,
    }


def _listed(names: Any) -> list[Any] | None:
    return None if names is None else list(names)


def _network(record: dict[str, Any], path: Path) -> Network:
    layers = record["layers"]
    if not isinstance(layers, list):
        raise FileError(f"{path}: layers must be a list.")
    if not isinstance(record["loss"], str) or not isinstance(record["dtype"], str):
        raise FileError(f"{path}: loss and dtype must be names.")
    if record["dtype"] not in ("float64", "float32"):
        raise FileError(f"{path}: dtype must be 'float64' or 'float32'; it is {record['dtype']!r}.")
    scaler = None if record["scaler"] is None else scaler_from_dict(record["scaler"])
    if isinstance(scaler, Standardizer) and scaler.mean is not None and len(scaler.mean) != record["inputs"]:
        raise FileError(f"{path}: the scaler has {len(scaler.mean)} columns, the network {record['inputs']!r} inputs.")
    built = [_layer(i, layer, path) for i, layer in enumerate(layers, 1)]
    _refuse_unstored_weights(record, built, path)
    return Network(built, record["inputs"], loss=record["loss"], dtype=record["dtype"], scaler=scaler)


def _refuse_unstored_weights(record: dict[str, Any], layers: list[Layer], path: Path) -> None:
    """A file of a few bytes must not make the network of a billion parameters that it speaks of."""
    parameters, width, i = record["parameters"], record["inputs"], 0
    if not isinstance(parameters, dict):
        raise FileError(f"{path}: parameters must be an object.")
    for layer in layers:
        if isinstance(layer, Dense):
            i += 1
            W, b = parameters.get(f"W{i}"), parameters.get(f"b{i}")
            rows = W if isinstance(W, list) and len(W) == width else []
            stored = rows and all(isinstance(row, list) and len(row) == layer.units for row in rows)
            if not stored or not isinstance(b, list) or len(b) != layer.units:
                raise FileError(
                    f"{path}: parameters W{i} and b{i} must be of shape ({width}, {layer.units}) and ({layer.units},)."
                )
            width = layer.units


def _layer_record(layer: Layer, path: Path) -> dict[str, Any]:
    if isinstance(layer, Dropout):
        return {"type": "dropout", "rate": float(layer.rate)}
    name = layer.activation.name
    if ACTIVATIONS.get(name) != layer.activation:  # equal, not the same: a copied or unpickled network has its own
        raise FileError(
            f"{path}: the activation {name!r} is your own; a file cannot hold its formula, so nothing was saved."
        )
    return {"type": "dense", "units": layer.units, "activation": name}


def _layer(i: int, record: Any, path: Path) -> Layer:
    where = f"layer {i}"
    kind = record.get("type") if isinstance(record, dict) else None
    if kind == "dense":
        strict_json.keys(path, where, record, {"type", "units", "activation"})
        return Dense(record["units"], record["activation"])
    if kind == "dropout":
        strict_json.keys(path, where, record, {"type", "rate"})
        return Dropout(record["rate"])
    raise FileError(f'{path}: {where} must have the type "dense" or "dropout"; it has {kind!r}.')


def _known_loss(loss: Loss, path: Path) -> str:
    try:
        known: Loss = resolve("loss", loss.name, LOSSES, Loss, MAKERS)
    except InputError:
        known = None  # type: ignore[assignment]
    if known is None or _formulas(known) != _formulas(loss):
        raise FileError(
            f"{path}: the loss {loss.name!r} is your own; a file cannot hold its formula, so nothing was saved."
        )
    return loss.name


def _formulas(loss: Loss) -> list[Any]:
    """What makes two losses the same; partials are equal only to themselves, so theirs are taken apart."""
    of_both = [getattr(function, "func", function) for function in (loss.value, loss.gradient)]
    constants = [getattr(function, "keywords", None) for function in (loss.value, loss.gradient)]
    return [loss.name, loss.output, loss.from_logits, *of_both, *constants]


def _scaler_record(scaler: Any, path: Path) -> dict[str, Any] | None:
    if scaler is not None and not isinstance(scaler, Standardizer | Pixels):
        raise FileError(
            f"{path}: the scaler {scaler!r} is your own; a file holds Standardizer and Pixels, so nothing was saved."
        )
    return None if scaler is None else scaler.to_dict()


def _finite(array: Any, name: str, path: Path) -> Any:
    if not np.isfinite(array).all():
        raise FileError(
            f"{path}: {name} holds NaN or infinity, so nothing was saved. Train again with a smaller learning rate."
        )
    return array
