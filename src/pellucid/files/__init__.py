"""Model files: a network is saved and loaded here, and the small JSON that classic tutorials write."""

from __future__ import annotations

import os
from pathlib import Path

from pellucid.errors import FileError
from pellucid.files.classic import load_weights_json, save_weights_json
from pellucid.files.model_json import read_json_model, write_json_model
from pellucid.network import Network

__all__ = ["FileError", "load", "load_weights_json", "save", "save_weights_json"]


def save(net: Network, path: str | os.PathLike[str]) -> None:
    """Write a network: architecture, parameters, scaler, names of labels and features. The ending chooses the format.

    Args:
        net: the network.
        path: ends in .json.

    Raises:
        FileError: another ending, a network with formulas of one's own, or a place that cannot be written.

    Example:
        >>> import tempfile
        >>> from pellucid import Dense, Network
        >>> net = Network([Dense(2, "softmax")], inputs=3)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(net, Path(folder) / "m.json")
        ...     bool((load(Path(folder) / "m.json").theta == net.theta).all())
        True
    """
    _only_json(Path(path))
    write_json_model(net, Path(path))


def load(path: str | os.PathLike[str]) -> Network:
    """Read a network that `save` wrote; nothing in the file is executed, and every part of it is checked.

    Raises:
        FileError: there is no such file, or it is not a model of this library, whole and in order.

    Example:
        >>> load("nowhere.json")
        Traceback (most recent call last):
        pellucid.errors.FileError: nowhere.json: there is no such file.
    """
    _only_json(Path(path))
    return read_json_model(Path(path))


def _only_json(path: Path) -> None:
    if path.suffix.lower() != ".json":
        raise FileError(f"{path}: model files end in .json; this ends in {path.suffix or 'nothing'!r}.")
