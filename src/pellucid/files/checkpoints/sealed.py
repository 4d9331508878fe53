"""A checkpoint as bytes: a safetensors file with the arrays, and all else as JSON in its metadata, under a SHA-256.

The digest is that of the whole file with 64 zeros where the digest itself stands: no bit can change unseen.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.errors import FileError, need
from pellucid.files import strict_json

Array = npt.NDArray[Any]

FORMAT = "pellucid checkpoint"
VERSION = 1
MARK, DIGITS = b'"sha256":"', 64  # behind a mark that no text in the JSON can hold: there it would be escaped


class Damaged(FileError):
    """A file that is not what was written."""


class Contents(NamedTuple):
    """What a checkpoint holds: arrays by name, and a record that JSON can hold."""

    arrays: dict[str, Array]
    record: dict[str, Any]


def seal(contents: Contents) -> bytes:
    """The file, as bytes.

    Raises:
        MissingExtra: safetensors is not installed (extra `files`).
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in contents.arrays.items()}
    record = json.dumps(contents.record, allow_nan=False)
    metadata = {"format": FORMAT, "version": str(VERSION), "sha256": "0" * DIGITS, "record": record}
    raw = need("safetensors.numpy", "files").save(arrays, metadata)
    at = raw.index(MARK) + len(MARK)
    whole = memoryview(raw)  # whose parts are no copies
    return b"".join((whole[:at], hashlib.sha256(raw).hexdigest().encode(), whole[at + DIGITS :]))


def unseal(raw: bytes, name: str) -> Contents:
    """What `seal` was given.

    Args:
        raw: the file.
        name: what messages call it.

    Raises:
        Damaged: it is cut off or a bit of it has changed, or it never was a checkpoint.
        FileError: it is whole, and of a newer format version or not understood.
        MissingExtra: safetensors is not installed.
    """
    safetensors = need("safetensors.numpy", "files")
    header = int.from_bytes(raw[:8], "little")
    at = raw.find(MARK, 8, 8 + header) + len(MARK)
    said = raw[at : at + DIGITS]
    if at < len(MARK) or _digest(raw, at) != said:
        raise Damaged(f"{name}: damaged, or no checkpoint: its checksum is not that of its contents.")
    try:
        metadata = strict_json.parsed(Path(name), raw[8 : 8 + header], " (header)")["__metadata__"]
        found, version = metadata["format"], int(metadata["version"])
        if found != FORMAT:
            raise FileError(f"{name}: no checkpoint of pellucid (its format is {found!r}).")
        if version > VERSION:
            raise FileError(
                f"{name}: written in checkpoint version {version}; this release reads up to {VERSION}. "
                "Use a newer release of pellucid to go on with it."
            )
        record = strict_json.parsed(Path(name), metadata["record"].encode("utf-8", "surrogatepass"), " (record)")
        arrays = safetensors.load(raw)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{name}: whole, but not understood ({error}).") from error
    except need("safetensors", "files").SafetensorError as error:
        raise FileError(f"{name}: whole, but not understood ({error}).") from error
    return Contents(arrays, record)


def _digest(raw: bytes, at: int) -> bytes:
    """The digest of a file that has its own at a place."""
    view = memoryview(raw)
    digest = hashlib.sha256(view[:at])
    digest.update(b"0" * DIGITS)
    digest.update(view[at + DIGITS :])
    return digest.hexdigest().encode()
