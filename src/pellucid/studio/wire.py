"""How messages are written: JSON in which every number is finite, arrays behind a header, and frames on a pipe."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

KINDS = {"u1": np.uint8, "i4": np.int32, "f4": np.float32, "f8": np.float64}
ALIGNED = 8  # bytes: where every array begins, so that a browser can look at it without a copy
LARGEST = 1 << 27  # bytes of one message on a pipe; nothing that is sent comes near


def plain(value: Any) -> Any:
    """A value as JSON can say it: arrays as lists, and null for a number that is not finite.

    Example:
        >>> plain({"a": np.array([1.0, np.nan]), "b": (True, np.int64(3))})
        {'a': [1.0, None], 'b': [True, 3]}
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def text(message: Mapping[str, Any]) -> str:
    """A message as JSON.

    Example:
        >>> text({"type": "done", "loss": float("inf")})
        '{"type":"done","loss":null}'
    """
    return json.dumps(plain(message), allow_nan=False, separators=(",", ":"), ensure_ascii=False)


def packed(header: Mapping[str, Any], arrays: Mapping[str, tuple[str, Any]]) -> bytes:
    """A message with arrays: the header's length, the header, and each array where a multiple of eight bytes begins.

    Args:
        header: what JSON can say.
        arrays: by name, each with its kind: "u1", "i4", "f4" or "f8".

    Example:
        >>> message = packed({"type": "frame"}, {"W1": ("f4", [[1.0, 2.0]])})
        >>> header, arrays = unpacked(message)
        >>> header["arrays"]["W1"], arrays["W1"].tolist()
        ({'dtype': 'f4', 'shape': [1, 2], 'at': 0}, [[1.0, 2.0]])
    """
    parts: list[bytes] = []
    places: dict[str, Any] = {}
    at = 0
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold is infinite there
        for name, (kind, values) in arrays.items():
            array = np.asarray(values, dtype=np.dtype(KINDS[kind]).newbyteorder("<"), order="C")
            places[name] = {"dtype": kind, "shape": list(array.shape), "at": at}
            padding = -array.nbytes % ALIGNED
            parts += [array.tobytes(), b"\0" * padding]
            at += array.nbytes + padding
    head = text({**header, "arrays": places}).encode()
    head += b" " * (-(4 + len(head)) % ALIGNED)
    return b"".join([struct.pack("<I", len(head)), head, *parts])


def unpacked(message: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """The header and the arrays of a message that `packed` made."""
    (length,) = struct.unpack_from("<I", message)
    header: dict[str, Any] = json.loads(message[4 : 4 + length])
    arrays = {}
    for name, place in header["arrays"].items():
        kind = np.dtype(KINDS[place["dtype"]]).newbyteorder("<")
        count = math.prod(place["shape"])
        arrays[name] = np.frombuffer(message, kind, count, 4 + length + place["at"]).reshape(place["shape"])
    return header, arrays


# On the pipes between server and worker: length, one letter that says what follows, and the message.
HEAD = struct.Struct("<IB")
JSON, BINARY, REPLY = b"J"[0], b"B"[0], b"R"[0]


def framed(kind: int, message: bytes) -> bytes:
    """A message as it goes over a pipe."""
    return HEAD.pack(len(message), kind) + message


def read_frame(stream: BinaryIO) -> tuple[int, bytes] | None:
    """The next message of a pipe; None where it has ended.

    Example:
        >>> import io
        >>> pipe = io.BytesIO(framed(JSON, b"{}"))
        >>> read_frame(pipe), read_frame(pipe)
        ((74, b'{}'), None)
    """
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    length, kind = HEAD.unpack(head)
    if length > LARGEST:
        return None
    message = stream.read(length)
    return (kind, message) if len(message) == length else None
