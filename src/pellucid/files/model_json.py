"""The JSON model format: a description and its parameters in one object, for people to read, and exact to the bit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import FileError
from pellucid.files import description, self_test, strict_json
from pellucid.files.classic import KEYS
from pellucid.files.description import PARTS, SINCE_2, Shapes
from pellucid.network import Network


def write_json_model(net: Network, path: Path) -> None:
    """Write a network as JSON; FileError if it has a formula that only its own program knows."""
    record = description.described(net, path) | {"self_test": self_test.made(net)}
    record["sha256"] = description.digest(record, net.params)
    record["parameters"] = {name: array.tolist() for name, array in net.params.items()}
    strict_json.write(path, record)


def read_json_model(path: Path) -> Network:
    """Read what `write_json_model` wrote; FileError if anything in it is missing, unknown or out of order."""
    record = strict_json.read(path)
    if record.keys() == KEYS:
        raise FileError(
            f"{path}: the JSON of tutorials, which does not hold the activations: say them, "
            'load(path, activations=("sigmoid", "sigmoid")).'
        )
    if description.check_format(path, record) == 1:
        strict_json.keys(path, "the model", record, PARTS | {"parameters"})
    else:
        # Who changes a file by hand leaves out what no longer fits it.
        strict_json.keys(path, "the model", record, PARTS | {"parameters", "library"}, SINCE_2)
    parameters, dtype = record.pop("parameters"), description.dtype(path, record)
    shapes = description.shapes(path, record)
    _refuse_unstored(path, parameters, shapes)
    theta = np.empty(sum(math.prod(shape) for shape in shapes.values()), dtype)
    at = 0
    for name, shape in shapes.items():
        array = strict_json.array(path, f"parameter {name}", parameters[name], shape, dtype)
        theta[at : at + array.size] = array.ravel()
        at += array.size
    net = description.network(path, record, theta)
    if not isinstance(record.get("library", ""), str):
        raise FileError(f"{path}: library must be a text, the version that wrote the file.")
    description.check_digest(path, record, net)
    self_test.check(path, net, record.get("self_test"))
    return net


def _refuse_unstored(path: Path, parameters: Any, shapes: Shapes) -> None:
    """A file of a few bytes must not make the network of a billion parameters that it speaks of."""
    if not isinstance(parameters, dict):
        raise FileError(f"{path}: parameters must be an object.")
    for i in range(1, len(shapes) // 2 + 1):
        rows, columns = shapes[f"W{i}"]
        W, b = parameters.get(f"W{i}"), parameters.get(f"b{i}")
        stored = isinstance(W, list) and W and len(W) == rows
        stored = stored and all(isinstance(row, list) and len(row) == columns for row in W)  # type: ignore[union-attr]
        if not stored or not isinstance(b, list) or len(b) != columns:
            raise FileError(f"{path}: parameters W{i} and b{i} must be of shape ({rows}, {columns}) and ({columns},).")
    strict_json.keys(path, "parameters", parameters, set(shapes))
