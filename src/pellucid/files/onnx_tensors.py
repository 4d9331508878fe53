"""Tensors of ONNX files, and a look through a file before it is parsed: what it may cost is known first.

Source: protocol buffers, https://protobuf.dev/programming-guides/encoding/; ONNX, onnx.proto.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid.errors import FileError

Array: TypeAlias = npt.NDArray[Any]

MOST_FIELDS = 40_000
MOST_BESIDE = 2**22  # bytes that are no tensor: parsed, two of them may take a hundred
GRAPH, INITIALIZER = 7, 5  # the numbers of these fields in ModelProto and GraphProto
KINDS = {1: "<f4", 11: "<f8", 6: "<i4", 7: "<i8", 10: "<f2", 9: "?"}  # TensorProto.DataType
LISTS = {1: "float_data", 11: "double_data", 6: "int32_data", 7: "int64_data", 9: "int32_data"}
STRING = 8


def look_through(path: Path, raw: bytes) -> None:
    """Refuse a file of so many small parts that they would take far more memory than the file.

    Raises:
        FileError: more parts than any perceptron has, or no protocol buffer.
    """
    seen = beside = 0
    try:
        for size in _parts(memoryview(raw)):
            seen, beside = seen + 1, beside + size
            if seen > MOST_FIELDS or beside > MOST_BESIDE:
                raise FileError(f"{path}: more parts beside its tensors than a multilayer perceptron has.")
    except (IndexError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: no ONNX model, or a damaged one (it is no protocol buffer).") from error


def _parts(model: memoryview) -> Iterator[int]:
    """Of each part of a model how many bytes it has that may be parts in turn; of a tensor its fields are looked at."""
    for number, body in fields(model):
        yield 0 if number == GRAPH or body is None else len(body)
        for inner, part in fields(body) if number == GRAPH and body is not None else ():
            yield 0 if inner == INITIALIZER or part is None else len(part)
            yield from (0 for _ in fields(part)) if inner == INITIALIZER and part is not None else ()


def fields(data: memoryview) -> Iterator[tuple[int, memoryview | None]]:
    """The fields of a message: their numbers, and the bytes of those that have a length.

    Raises:
        IndexError, ValueError: these bytes are no message.
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind, body = key & 7, None
        if kind == 0:
            _, at = _varint(data, at)
        elif kind == 2:
            length, at = _varint(data, at)
            body = data[at : at + length]
            at += length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError("a kind of field that is not used")
        if at > len(data):
            raise ValueError("cut short")
        yield key >> 3, body


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number that does not end")


def array_of(path: Path, tensor: Any) -> Array:
    """The numbers of a TensorProto, or its texts as objects; only what stands in the file itself.

    Raises:
        FileError: another kind of tensor, external data, or a shape that its bytes do not fill.
    """
    name = f"{path}: tensor {tensor.name!r:.60}"
    if tensor.data_location != 0 or len(tensor.external_data):
        raise FileError(f"{name} lies in another file, and only what is in this one is read: save it as one file.")
    shape, kind = tuple(tensor.dims), tensor.data_type
    if any(size < 0 for size in shape) or len(shape) > 8:
        raise FileError(f"{name} has the shape {shape}, which is none.")
    count = math.prod(shape)
    if kind == STRING and len(tensor.string_data) == count:
        try:
            return np.array([text.decode("utf-8") for text in tensor.string_data], dtype=object).reshape(shape)
        except UnicodeDecodeError as error:
            raise FileError(f"{name} holds text that is not UTF-8.") from error
    if kind not in KINDS:
        raise FileError(
            f"{name} is of type {kind}, and numbers are read as float, double, float16, int32, int64, bool."
        )
    if tensor.raw_data or kind not in LISTS:
        size, raw = np.dtype(KINDS[kind]).itemsize, tensor.raw_data
        stored = np.frombuffer(raw, KINDS[kind]) if len(raw) % size == 0 else np.zeros(0)
    else:
        listed = getattr(tensor, LISTS[kind])
        try:  # one by one, with no list of them in between
            stored = np.fromiter(listed, dtype=KINDS[kind], count=len(listed))
        except (OverflowError, ValueError) as error:
            raise FileError(f"{name} holds a number that is too large.") from error
    if stored.size != count:
        raise FileError(f"{name} claims the shape {shape}, {count:,} numbers, and holds {stored.size:,}.")
    wide = np.dtype(np.float32) if kind == 10 else stored.dtype.newbyteorder("=")
    return stored.astype(wide).reshape(shape)
