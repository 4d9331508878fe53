"""Files are written here: beside the old one first, then in its place, so that a full disk leaves the old one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pellucid.errors import FileError


def replace_file(path: Path, data: bytes) -> None:
    """Write a file as a whole, or leave what was there.

    Raises:
        FileError: the place cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):  # where it could not even be made, it cannot be removed
            beside.unlink()
        raise FileError(f"{path}: cannot be written ({error.strerror}).") from error
