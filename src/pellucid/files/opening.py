"""Files are opened here, all of them: only what is a file indeed, never more of it than is allowed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pellucid.errors import FileError

# Asking a pipe for its data would wait for somebody to write; with this it is opened at once, seen and refused.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))


@contextmanager
def opened(path: Path, largest: int | None = None) -> Iterator[tuple[IO[bytes], int]]:
    """A file, open for reading, and its size in bytes.

    Args:
        path: of the file.
        largest: refuse a larger one; None: any size.

    Raises:
        FileError: there is none, it is a folder, a device or a pipe, it is empty or too large, or it cannot be read.

    Example:
        >>> with opened(Path("nowhere")) as (file, size):
        ...     pass
        Traceback (most recent call last):
        pellucid.errors.FileError: nowhere: there is no such file.
    """
    try:
        number = os.open(path, os.O_RDONLY | _AT_ONCE)
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: {_why(error)}.") from error
    try:
        size = _size(path, os.fstat(number), largest)
    except (FileError, OSError):
        os.close(number)
        raise
    with open(number, "rb") as file:
        try:
            yield file, size
        except OSError as error:
            raise FileError(f"{path}: {_why(error)}.") from error


def whole(path: Path, largest: int) -> bytes:
    """All bytes of a file.

    Raises:
        FileError: as for `opened`; or it changed its size meanwhile.
    """
    with opened(path, largest) as (file, size):
        raw = file.read(size + 1)
    if len(raw) != size:
        raise FileError(f"{path}: it changed while it was read ({size:,} bytes became {len(raw):,} or more).")
    return raw


def beginning(path: Path, count: int) -> tuple[bytes, int]:
    """The first `count` bytes of a file, fewer where it is shorter, and its size.

    Raises:
        FileError: as for `opened`.
    """
    with opened(path) as (file, size):
        return file.read(count), size


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "this is a folder, and a file is needed"
    if getattr(error, "errno", None) == errno.ENXIO:
        return "this is a socket, and a file is needed"
    return f"cannot be read ({getattr(error, 'strerror', None) or error})"


def _size(path: Path, seen: os.stat_result, largest: int | None) -> int:
    if not stat.S_ISREG(seen.st_mode):
        kind = next((kind for is_kind, kind in _KINDS if is_kind(seen.st_mode)), "a device")
        raise FileError(f"{path}: this is {kind}, and a file is needed.")
    if seen.st_size == 0:
        raise FileError(f"{path}: the file is empty.")
    if largest is not None and seen.st_size > largest:
        raise FileError(
            f"{path}: it has {seen.st_size:,} bytes, and the most that is read of this kind is {largest:,}."
        )
    return seen.st_size
