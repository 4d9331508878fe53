"""The safetensors model format: parameters as they lie in memory, and the description in the header's metadata.

The safetensors library reads the header first and refuses what is not exactly that format: overlapping or missing
bytes, sizes that do not fit shapes, unknown dtypes. Then the numbers go from the file straight into the network's
parameter vector, so that reading takes the memory of the parameters, once.

Source: safetensors, format specification, https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import FileError, need
from pellucid.files import description, opening, self_test, strict_json
from pellucid.files.description import PARTS
from pellucid.files.writing import replace_file
from pellucid.network import Network

Array = npt.NDArray[Any]

LARGEST_HEADER = 2**24  # bytes; names and scaler of 200,000 features fit
MOST_LISTS = 100_000  # in a header, where no numbers are but those of scaler and self-test
STORED = {"float64": "F64", "float32": "F32"}
METADATA = {"format", "format_version", "library_version", "model", "self_test", "sha256"}


@dataclass(frozen=True)
class Header:
    """What stands before the numbers of a safetensors file.

    Attributes:
        metadata: texts by name.
        tensors: by name: dtype such as "F64", shape, and where the bytes begin and end, counted from `start`.
        start: of the numbers, in bytes from the beginning of the file.
    """

    metadata: dict[str, str]
    tensors: dict[str, tuple[str, tuple[int, ...], int, int]]
    start: int


def write_safetensors_model(net: Network, path: Path) -> None:
    """Write a network as safetensors; FileError if it has a formula that only its own program knows."""
    library = need("safetensors.numpy", "files")
    record = description.described(net, path) | {"self_test": self_test.made(net)}
    model = {key: value for key, value in record.items() if key not in ("format", "version", "library", "self_test")}
    metadata = {
        "format": "pellucid",
        "format_version": str(description.VERSION),
        "library_version": record["library"],
        "model": _text(model),
        "self_test": _text(record["self_test"]),
        "sha256": description.digest(record, net.params),
    }
    try:
        raw = library.save(dict(net.params), metadata)
    except UnicodeEncodeError as error:  # half of a surrogate pair in a name
        raise FileError(f"{path}: nothing was saved, for a part of it cannot be written ({error}).") from error
    start = 8 + int.from_bytes(raw[:8], "little")
    header = _ordered(raw[8:start])
    if len(header) > LARGEST_HEADER:
        raise FileError(
            f"{path}: names and scaler take {len(header):,} bytes, more than the {LARGEST_HEADER:,} that are read. "
            "Save the network without features, or in a file that ends in .json."
        )
    replace_file(path, b"".join([len(header).to_bytes(8, "little"), header, memoryview(raw)[start:]]))


def read_safetensors_model(path: Path) -> Network:
    """Read what `write_safetensors_model` wrote; FileError if anything is missing, unknown, damaged or out of order."""
    header = read_header(path)
    record = _record(path, header.metadata)
    dtype, shapes = description.dtype(path, record), description.shapes(path, record)
    stored = {name: (kind, shape) for name, (kind, shape, _, _) in header.tensors.items()}
    expected = {name: (STORED[dtype.name], shape) for name, shape in shapes.items()}
    for name in sorted(expected.keys() | stored.keys()):
        if expected.get(name) != stored.get(name):
            raise FileError(
                f"{path}: tensor {name} is {_what(stored.get(name))} and must be {_what(expected.get(name))}, by the "
                'description in "model".'
            )
    theta = np.empty(sum(math.prod(shape) for shape in shapes.values()), dtype)
    with opening.opened(path) as (file, _):
        at = 0
        for name, shape in shapes.items():
            fill(path, file, header, name, theta[at : at + math.prod(shape)])
            at += math.prod(shape)
    net = description.network(path, record, theta)
    description.check_digest(path, record, net)
    for name, array in net.params.items():
        if not np.isfinite(array).all():
            raise FileError(f"{path}: {name} holds NaN or infinity, and a model has only finite numbers.")
    self_test.check(path, net, record["self_test"])
    return net


def read_header(path: Path) -> Header:
    """The header of any safetensors file, found in order by the library, and with no name in it twice.

    Raises:
        FileError: this is no such file, whole and in order.
    """
    library = need("safetensors", "files")
    with opening.opened(path) as (file, size):
        raw = _raw_header(path, file, size)
    record = strict_json.parsed(path, raw, " (header)", MOST_LISTS)
    try:
        with library.safe_open(path, "numpy") as checked:
            names = set(checked.keys())
    except (library.SafetensorError, OSError, ValueError, TypeError) as error:
        raise FileError(f"{path}: not a safetensors file in order: {error}.") from error
    metadata = record.pop("__metadata__", None) or {}
    if names != record.keys() or opening.beginning(path, 8 + len(raw))[0][8:] != raw:
        raise FileError(f"{path}: not a safetensors file in order: it changed while it was read.")
    for name, tensor in record.items():
        strict_json.keys(path, f"tensor {name!r:.60}", tensor, {"dtype", "shape", "data_offsets"})
    tensors = {name: (t["dtype"], tuple(t["shape"]), *t["data_offsets"]) for name, t in record.items()}
    return Header(metadata, tensors, 8 + len(raw))


def fill(path: Path, file: IO[bytes], header: Header, name: str, out: Array) -> None:
    """Read a tensor of the header into an array of its size and dtype, one dimension, without a copy in between.

    Raises:
        FileError: the file ends before the tensor does.
    """
    _, _, begin, end = header.tensors[name]
    file.seek(header.start + begin)
    if end - begin != out.nbytes or file.readinto(out.view(np.uint8).data) != out.nbytes:  # type: ignore[attr-defined]
        raise FileError(f"{path}: the file ends before tensor {name} does.")
    if sys.byteorder == "big":
        out.byteswap(inplace=True)


def _raw_header(path: Path, file: IO[bytes], size: int) -> bytes:
    """The header's text, its length looked at first."""
    if size < 8:
        raise FileError(f"{path}: cut short: {size} bytes, and the length of the header alone takes 8.")
    length = int.from_bytes(file.read(8), "little")
    if length > LARGEST_HEADER:
        raise FileError(f"{path}: its header claims {length:,} bytes, and at most {LARGEST_HEADER:,} are read.")
    if length > size - 8:
        raise FileError(f"{path}: cut short: its header claims {length:,} bytes, and {size - 8:,} follow.")
    return file.read(length)


def _ordered(header: bytes) -> bytes:
    """The header with its metadata in order: the library shuffles them, and the same model should be the same file."""
    record = json.loads(header)
    record["__metadata__"] = dict(sorted(record["__metadata__"].items()))
    text = _text(record).encode()
    return text + b" " * (-len(text) % 8)  # so that the numbers lie where a float64 may


def _record(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    """The description, as one record such as a JSON model is."""
    if metadata.get("format") == "pellucid checkpoint":
        raise FileError(
            f"{path}: a checkpoint of a run, and no model. Go on with the run, net.fit(X, y, checkpoint=FOLDER, "
            "resume=True) with what it was begun with; pellucid.save(net, path) then writes the model."
        )
    if metadata.get("format") != "pellucid":
        raise FileError(
            f'{path}: safetensors, but not a pellucid model (its "format" is {metadata.get("format")!r:.60}). Weights '
            'of a PyTorch network open where their activations are said: load(path, activations=("relu", "softmax")).'
        )
    text = metadata.get("format_version", "")
    version = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    if description.check_format(path, {"format": "pellucid", "version": version}) == 1:
        raise FileError(f"{path}: format version 1 was never written as safetensors.")
    strict_json.keys(path, "its metadata", metadata, METADATA)
    # In an object of its own, so that the same strict reader takes it.
    texts = ", ".join(f'"{key}": {metadata[key]}' for key in ("model", "self_test"))
    parts = strict_json.parsed(path, f"{{{texts}}}".encode("utf-8", "surrogatepass"), " (metadata)", MOST_LISTS)
    strict_json.keys(path, "its metadata", parts, {"model", "self_test"})
    strict_json.keys(path, '"model"', parts["model"], PARTS - {"format", "version"})
    return {
        "format": "pellucid",
        "version": version,
        "library": metadata["library_version"],
        **parts["model"],
        "self_test": parts["self_test"],
        "sha256": metadata["sha256"],
    }


def _what(tensor: tuple[str, tuple[int, ...]] | None) -> str:
    return "not there" if tensor is None else f"{tensor[0]} of shape {tensor[1]}"


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
