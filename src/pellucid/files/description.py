"""What a model file says about a network beside its parameters: one record of plain values, the same in every format.

Format version 2 has: format "pellucid", version, library, inputs, layers, loss, dtype, scaler, labels, features,
target, self_test, sha256. Version 1 (JSON alone) has neither library nor self_test nor sha256.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.activations import ACTIVATIONS
from pellucid.data.scalers import Pixels, Standardizer, scaler_from_dict
from pellucid.errors import FileError, InputError
from pellucid.files import strict_json
from pellucid.layers import Dense, Dropout, Layer
from pellucid.losses import LOSSES, MAKERS, Loss
from pellucid.network import Network
from pellucid.records import resolve

Array = npt.NDArray[Any]
Shapes = dict[str, tuple[int, ...]]

VERSION = 2
PARTS = {"format", "version", "inputs", "layers", "loss", "dtype", "scaler", "labels", "features", "target"}
SINCE_2 = {"library", "self_test", "sha256"}


def described(net: Network, path: Path) -> dict[str, Any]:
    """The record of a network, without self_test and sha256.

    Raises:
        FileError: it has a formula or a scaler that only its own program knows, or a parameter that is not finite.
    """
    for name, array in net.params.items():
        if not np.isfinite(array).all():
            raise FileError(
                f"{path}: {name} holds NaN or infinity, so nothing was saved. Train again with a smaller learning rate."
            )
    return {
        "format": "pellucid",
        "version": VERSION,
        "library": library(),
        "inputs": net.inputs,
        "layers": [_layer_record(layer, path) for layer in net.layers],
        "loss": _known_loss(net.loss_function, path),
        "dtype": net.dtype.name,
        "scaler": _scaler_record(net.scaler, path),
        **_names(net, _listed(net.labels), _listed(net.features), net.target, path),
    }


def library() -> str:
    """The version of this library."""
    from pellucid import __version__

    return __version__


def check_format(path: Path, record: dict[str, Any]) -> int:
    """The format version of a record: one that is read here, or a FileError that says so."""
    if record.get("format") != "pellucid":
        raise FileError(f'{path}: not a pellucid model (its "format" is {record.get("format")!r:.60}).')
    version = record.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FileError(f"{path}: its format version is {version!r:.60}, which is not a version.")
    if version > VERSION:
        raise FileError(
            f"{path}: written in format version {version}; this release reads up to {VERSION}. "
            "Use a newer release of pellucid to open it."
        )
    return version


def shapes(path: Path, record: dict[str, Any]) -> Shapes:
    """The parameters that a record speaks of, by name, in the order of `theta`; nothing is made of that size yet."""
    try:
        width = check.whole(record["inputs"], "inputs", 1)
    except InputError as error:
        raise FileError(f"{path}: {error}") from error
    found, i = Shapes(), 0
    for layer in _layers(path, record):
        if isinstance(layer, Dense):
            i += 1
            found[f"W{i}"], found[f"b{i}"] = (width, layer.units), (layer.units,)
            width = layer.units
    return found


def dtype(path: Path, record: dict[str, Any]) -> np.dtype[Any]:
    """Of the parameters, in this machine's byte order."""
    if not isinstance(record["loss"], str) or not isinstance(record["dtype"], str):
        raise FileError(f"{path}: loss and dtype must be names.")
    if record["dtype"] not in ("float64", "float32"):
        raise FileError(f"{path}: dtype must be 'float64' or 'float32'; it is {record['dtype']!r:.60}.")
    return np.dtype(record["dtype"])


def network(path: Path, record: dict[str, Any], theta: Array) -> Network:
    """The network of a record, with its parameters (size,), which are not copied.

    Raises:
        FileError: a part of the record is not understood, or does not fit the others.
    """
    try:
        scaler = None if record["scaler"] is None else scaler_from_dict(record["scaler"])
        net = Network(
            _layers(path, record),
            record["inputs"],
            loss=record["loss"],
            dtype=dtype(path, record),
            scaler=scaler,
            theta=theta,
        )
    except InputError as error:
        raise FileError(f"{path}: {error}") from error
    if isinstance(scaler, Standardizer) and scaler.mean is not None and len(scaler.mean) != net.inputs:
        raise FileError(f"{path}: the scaler has {len(scaler.mean)} columns, the network {net.inputs} inputs.")
    names = _names(net, record["labels"], record["features"], record["target"], path)
    net.labels, net.features, net.target = names["labels"], names["features"], names["target"]
    return net


def digest(record: Mapping[str, Any], parameters: Mapping[str, Array]) -> str:
    """SHA-256 over everything in a record but the checksum itself, and over every parameter, as hexadecimal digits.

    It goes over the values and not over the text of a file, so a model has the same in every format.
    """
    said = {key: value for key, value in record.items() if key != "sha256"}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    over = hashlib.sha256(text.encode())
    for name in sorted(parameters):
        array = parameters[name]
        over.update(f"\n{name} {array.dtype.name} {array.shape}\n".encode())
        over.update(np.ascontiguousarray(array if sys.byteorder == "little" else array.byteswap()).data)
    return over.hexdigest()


def check_digest(path: Path, record: Mapping[str, Any], net: Network) -> None:
    """Compare the checksum of a record, where it has one, with what was read.

    Raises:
        FileError: they differ.
    """
    said = record.get("sha256")
    if said is not None and said != digest(record, net.params):
        raise FileError(
            f"{path}: its SHA-256 checksum does not fit what is in it, so the file is damaged or was changed. Get it "
            'again; a JSON file that you changed on purpose opens without its parts "sha256" and "self_test".'
        )


def _layers(path: Path, record: dict[str, Any]) -> list[Layer]:
    if not isinstance(record["layers"], list):
        raise FileError(f"{path}: layers must be a list.")
    try:
        return [_layer(i, layer, path) for i, layer in enumerate(record["layers"], 1)]
    except InputError as error:
        raise FileError(f"{path}: {error}") from error


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


def _layer_record(layer: Layer, path: Path) -> dict[str, Any]:
    if isinstance(layer, Dropout):
        return {"type": "dropout", "rate": float(layer.rate)}
    name = layer.activation.name
    if ACTIVATIONS.get(name) != layer.activation:  # equal, not the same: a copied or unpickled network has its own
        raise FileError(f"{path}: the activation {name!r} is your own; {_OWN}")
    return {"type": "dense", "units": layer.units, "activation": name}


_OWN = (
    "a file cannot hold its formula, so nothing was saved. Keep the numbers alone, np.save(path, net.theta), and load "
    "them into a network that your program builds: net.theta = np.load(path). pellucid.export_onnx holds it too."
)


def _layer(i: int, record: Any, path: Path) -> Layer:
    where = f"layer {i}"
    kind = record.get("type") if isinstance(record, dict) else None
    if kind == "dense":
        strict_json.keys(path, where, record, {"type", "units", "activation"})
        return Dense(record["units"], record["activation"])
    if kind == "dropout":
        strict_json.keys(path, where, record, {"type", "rate"})
        return Dropout(record["rate"])
    raise FileError(f'{path}: {where} must have the type "dense" or "dropout"; it has {kind!r:.60}.')


def _known_loss(loss: Loss, path: Path) -> str:
    try:
        known: Loss = resolve("loss", loss.name, LOSSES, Loss, MAKERS)
    except InputError:
        known = None  # type: ignore[assignment]
    if known is None or _formulas(known) != _formulas(loss):
        raise FileError(f"{path}: the loss {loss.name!r} is your own; {_OWN}")
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
