"""The JSON of classic tutorials: a network of one hidden layer under weights1, bias1, weights2, bias2."""

from __future__ import annotations

import os
from pathlib import Path

from pellucid.errors import FileError
from pellucid.files import strict_json
from pellucid.layers import Dense
from pellucid.network import Network

KEYS = {"weights1", "bias1", "weights2", "bias2"}


def save_weights_json(net: Network, path: str | os.PathLike[str]) -> None:
    """Write a network of two Dense layers as {"weights1": ..., "bias1": ..., "weights2": ..., "bias2": ...}.

    Nothing else is in the file: activations and scaler must be known to whoever reads it.

    Raises:
        FileError: the network has not two Dense layers, a weight is not finite, or the place cannot be written.
    """
    if set(net.params) != {"W1", "b1", "W2", "b2"}:
        raise FileError(f"{path}: this format holds two Dense layers; the network is {net!r}. Use net.save(...).")
    names = zip(("weights1", "bias1", "weights2", "bias2"), ("W1", "b1", "W2", "b2"), strict=True)
    strict_json.write(Path(path), {key: net.params[name].tolist() for key, name in names})


def load_weights_json(path: str | os.PathLike[str], activations: tuple[str, str] = ("sigmoid", "sigmoid")) -> Network:
    """Read such a file; a bias may be a list (k,) or a row (1, k).

    Args:
        path: of the file.
        activations: of the hidden and of the output layer; the file does not say.

    Raises:
        FileError: not such a file, or shapes that do not fit each other.

    Example:
        >>> import tempfile
        >>> net = Network([Dense(10, "sigmoid"), Dense(1, "sigmoid")], inputs=2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_weights_json(net, Path(folder) / "model.json")
        ...     bool((load_weights_json(Path(folder) / "model.json").theta == net.theta).all())
        True
    """
    path = Path(path)
    record = strict_json.read(path)
    if record.get("format") == "pellucid":
        raise FileError(f"{path}: a model of pellucid, which says its activations itself: open it by load(path).")
    strict_json.keys(path, "the file", record, KEYS)
    inputs, hidden = _shape(path, "weights1", record["weights1"])
    between, outputs = _shape(path, "weights2", record["weights2"])
    if between != hidden:
        raise FileError(f"{path}: weights1 has {hidden} columns, weights2 {between} rows; they must be the same units.")
    net = Network([Dense(hidden, activations[0]), Dense(outputs, activations[1])], inputs)
    for key, name in (("weights1", "W1"), ("bias1", "b1"), ("weights2", "W2"), ("bias2", "b2")):
        value, view = record[key], net.params[name]
        if name.startswith("b") and isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
            value = value[0]
        view[...] = strict_json.array(path, key, value, view.shape, net.dtype)
    return net


def _shape(path: Path, key: str, value: object) -> tuple[int, int]:
    if not isinstance(value, list) or not value or not isinstance(value[0], list) or not value[0]:
        raise FileError(f"{path}: {key} must be a list of rows of numbers.")
    # All of them, before a network of that size is made: a short file could claim a matrix that fits no memory.
    if not all(isinstance(row, list) and len(row) == len(value[0]) for row in value):
        raise FileError(f"{path}: {key} has rows of different lengths.")
    return len(value), len(value[0])
