"""Model files: networks are saved and loaded here, and what other libraries and tutorials have saved is opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pellucid.errors import FileError, InputError
from pellucid.files.classic import load_weights_json, save_weights_json
from pellucid.files.model_json import read_json_model, write_json_model
from pellucid.files.model_safetensors import read_safetensors_model, write_safetensors_model
from pellucid.files.onnx_export import export_onnx
from pellucid.files.onnx_import import import_onnx
from pellucid.files.parameters import Activations, load_weights_pickle
from pellucid.files.pytorch import import_torch
from pellucid.files.sniffing import kind_of, refusal
from pellucid.network import Network

__all__ = [
    "FileError",
    "export_onnx",
    "import_onnx",
    "import_torch",
    "load",
    "load_weights_json",
    "load_weights_pickle",
    "save",
    "save_weights_json",
]

WRITERS = {".safetensors": write_safetensors_model, ".json": write_json_model}


READERS = {"safetensors": read_safetensors_model, "json": read_json_model, "onnx": import_onnx}
WITHOUT_ACTIVATIONS: dict[str, Callable[[Path, Any], Network]] = {
    "safetensors": import_torch,
    "json": load_weights_json,
    "zip": import_torch,
    "pickle": load_weights_pickle,
}


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


def load(path: str | os.PathLike[str], activations: Activations = None) -> Network:
    """Read a network from a file; nothing in the file is executed, and every part of it is checked.

    What kind of file it is, is told from its first bytes and not from its name. What `save` and `export_onnx` wrote
    opens as it is. What tutorials and PyTorch save holds weights alone, so their activations must be told.

    Args:
        path: of the file.
        activations: of each layer, such as ("relu", "softmax"), for a file that does not say them: the JSON with
            weights1, ..., a pickled dictionary of arrays, a state dictionary of PyTorch.

    Raises:
        FileError: there is no such file, or it is none of these, whole and in order.
        InputError: activations are given and the file says its own, or they do not fit its layers.
        MissingExtra: safetensors, onnx or torch is needed for this file, and not installed.

    Example:
        >>> load("nowhere.json")
        Traceback (most recent call last):
        pellucid.errors.FileError: nowhere.json: there is no such file.
    """
    path = Path(path)
    kind = kind_of(path)
    if activations is not None:
        if kind not in WITHOUT_ACTIVATIONS and kind not in READERS:
            raise refusal(path, kind)
        if kind not in WITHOUT_ACTIVATIONS:
            raise InputError(f"{path} says its activations itself: leave activations out.")
        return WITHOUT_ACTIVATIONS[kind](path, activations)
    if kind not in READERS:
        raise refusal(path, kind)
    return READERS[kind](path)
