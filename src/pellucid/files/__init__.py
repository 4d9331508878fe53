"""Model files: networks are saved and loaded here, and what other libraries and tutorials have saved is opened."""

from __future__ import annotations

import os
from pathlib import Path

from pellucid.errors import FileError
from pellucid.files.classic import load_weights_json, save_weights_json
from pellucid.files.model_json import read_json_model, write_json_model
from pellucid.files.model_safetensors import read_safetensors_model, write_safetensors_model
from pellucid.files.sniffing import kind_of, refusal
from pellucid.network import Network

__all__ = ["FileError", "load", "load_weights_json", "save", "save_weights_json"]

WRITERS = {".safetensors": write_safetensors_model, ".json": write_json_model}


def save(net: Network, path: str | os.PathLike[str]) -> None:
    """Write a network: architecture, parameters, scaler, names of labels and features. The ending chooses the format.

    Both formats keep every bit. docs/files.md says what is in them.

    Args:
        net: the network.
        path: ends in .safetensors (small, quick, for programs; needs the extra "files") or in .json (for people).

    Raises:
        FileError: another ending, a network with formulas of one's own, a parameter that is not finite, or a place
            that cannot be written.
        MissingExtra: .safetensors without the library of that name.

    Example:
        >>> import tempfile
        >>> from pellucid import Dense, Network
        >>> net = Network([Dense(2, "softmax")], inputs=3)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(net, Path(folder) / "m.json")
        ...     bool((load(Path(folder) / "m.json").theta == net.theta).all())
        True
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise FileError(
            f"{path}: model files end in .safetensors or .json; this ends in {path.suffix or 'nothing'!r}. "
            "For .onnx write pellucid.export_onnx(net, path)."
        )
    writer(net, path)


def load(path: str | os.PathLike[str]) -> Network:
    """Read a network that `save` wrote; nothing in the file is executed, and every part of it is checked.

    What kind of file it is, is told from its first bytes and not from its name.

    Raises:
        FileError: there is no such file, or it is not a model of this library, whole and in order. Of a file that
            another function opens, the message names it.
        MissingExtra: it is safetensors, and the library of that name is not installed.

    Example:
        >>> load("nowhere.json")
        Traceback (most recent call last):
        pellucid.errors.FileError: nowhere.json: there is no such file.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind == "safetensors":
        return read_safetensors_model(path)
    if kind == "json":
        return read_json_model(path)
    raise refusal(path, kind)
