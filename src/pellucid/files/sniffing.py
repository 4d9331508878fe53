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
    "zip": "a zip archive. If PyTorch wrote it: pellucid.import_torch(path, activations=...). If NumPy did (.npz): "
    "net.params[name] = np.load(path)[name] for each parameter of a network that your program builds",
    "gzip": "compressed with gzip: decompress it first",
    "npy": "an array that NumPy wrote: net.theta = np.load(path) for a network that your program builds",
    "hdf5": "HDF5, such as Keras writes: export the model there as ONNX (model.export), and open that by "
    "pellucid.import_onnx(path)",
    "utf-16": "text in UTF-16: save it as UTF-8",
    "pickle": "a pickle, which load does not open, since a pickle can run any program. A dictionary of parameters W1, "
    "b1, ... is read without running anything by pellucid.files.load_weights_pickle(path, activations=...)",
    "onnx": "ONNX: pellucid.import_onnx(path) opens it",
    "unknown": "neither safetensors nor JSON",
}


def kind_of(path: Path) -> str:
    """"safetensors", "json", or a key of ADVICE.

    Raises:
        FileError: the path is no file, or the file is empty or cannot be read.
    """
    start, size = opening.beginning(path, LOOKED_AT)
    for magic, kind in MAGIC:
        if start.startswith(magic):
            return kind
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "pickle"
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "json"
    if start[8:9] == b"{" or (start[4:8] == b"\0\0\0\0" and path.suffix.lower() == ".safetensors"):
        return "safetensors"
    if path.suffix.lower() in (".json", ".safetensors"):  # what it should be; its reader says what is wrong with it
        return path.suffix.lower()[1:]
    if start[:1] == b"\x08" and size > 16 and (path.suffix.lower() == ".onnx" or start[2:3] in (b"\x12", b"\x3a")):
        return "onnx"
    if start[:2] in (b"(d", b"(l", b"cc", b"cn") or path.suffix.lower() in (".pkl", ".pickle"):
        return "pickle"
    return "unknown"


def refusal(path: Path, kind: str) -> FileError:
    """The error for a file of a kind that `load` does not open."""
    return FileError(f"{path}: no model file of pellucid, but {ADVICE[kind]}.")
