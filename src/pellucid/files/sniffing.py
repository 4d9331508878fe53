"""What kind of file this is, told from its first bytes; and what to write where `load` is not what opens it."""

from __future__ import annotations

from pathlib import Path

from pellucid.errors import FileError
from pellucid.files import opening

LOOKED_AT = 4096
# What a file begins with, its kind, and what to do with it.
MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
ADVICE = {
    "zip": "a zip archive. If PyTorch wrote it, say the activation of each layer, which it does not hold: "
    'load(path, activations=("relu", "softmax")). If NumPy did (.npz): net.params[name] = np.load(path)[name] for each '
    "parameter of a network that your program builds",
    "gzip": "compressed with gzip: decompress it first",
    "npy": "an array that NumPy wrote: net.theta = np.load(path) for a network that your program builds",
    "hdf5": "HDF5, such as Keras writes: export the model there as ONNX (model.export), and open that",
    "utf-16": "text in UTF-16: save it as UTF-8",
    "pickle": "a pickle, of which nothing is run here. If it holds an estimator or a Network, write "
    'Network.from_sklearn(estimator).save("model.json"), or net.save("model.json"), in the program that has it, and '
    "load that. If it holds a dictionary of arrays W1, b1, ..., say the activation of each layer, which it does not "
    'hold: load(path, activations=("relu", "softmax"))',
    "unknown": "neither safetensors nor JSON nor ONNX, by its first bytes",
}


def kind_of(path: Path) -> str:
    """ "safetensors", "json", "onnx", or a key of ADVICE.

    Raises:
        FileError: the path is no file, or the file is empty or cannot be read.
    """
    start, size = opening.beginning(path, LOOKED_AT)
    # First, since the length that it begins with may look like anything.
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= size - 8:
        return "safetensors"
    for magic, kind in MAGIC:
        if start.startswith(magic):
            return kind
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "pickle"
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "json"
    if path.suffix.lower() in (
        ".json",
        ".safetensors",
        ".onnx",
    ):  # what it should be; its reader says what is wrong with it
        return path.suffix.lower()[1:]
    if start[:1] == b"\x08" and start[2:3] in (b"\x12", b"\x1a", b"\x3a"):  # a protocol buffer whose version is first
        return "onnx"
    if start[:2] in (b"(d", b"(l", b"cc", b"cn") or path.suffix.lower() in (".pkl", ".pickle"):
        return "pickle"
    return "unknown"


def refusal(path: Path, kind: str) -> FileError:
    """The error for a file of a kind that `load` does not open."""
    return FileError(f"{path}: no model file of pellucid, but {ADVICE[kind]}.")
