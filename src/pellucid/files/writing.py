"""Files that appear whole or not at all: written beside their place, made durable, then put there.

Whoever reads the path, and whatever happens meanwhile (a full disk, a killed process, a power cut), finds the old file
or the new one. A process that is killed while it writes may leave a file `.….part` behind, which nothing reads.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pellucid.errors import FileError

OPEN = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")  # names of files that are open already
PART = ".part"  # how the name of a file ends that is still being written; it begins with a dot


class NotDurable(OSError):
    """A file is in its place, and whether it stays there after a power cut is not known."""


def replace_file(path: str | os.PathLike[str], data: bytes, mode: int | None = None) -> None:
    """Write a file so that at any moment the old one or the new one is there, whole, and stays after a power cut.

    The mode of a file that is replaced is kept. A symbolic link stays one: the file behind it is replaced. What is no
    regular file, such as /dev/stdout or a pipe, is written to directly.

    Args:
        path: of the file, in a folder that is there.
        data: all of its content.
        mode: permissions such as 0o600; None for those of the file that is replaced, or the usual ones of a new file.

    Raises:
        FileError: what the disk says. The old file is as it was, unless the message says that the new one is written.

    Source: the order of write, fsync, rename and fsync of the folder is that of Pillai et al., All File Systems Are
        Not Created Equal, OSDI (2014).

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "answer.txt"
        ...     replace_file(path, b"41")
        ...     replace_file(path, b"42")
        ...     path.read_bytes(), len(os.listdir(folder))
        (b'42', 1)
    """
    try:
        with replacing(path, mode) as file:
            file.write(data)
    except (OSError, ValueError) as error:  # a name with a null byte in it is no name at all
        reason = getattr(error, "strerror", None) or error
        if isinstance(error, NotDurable):
            raise FileError(
                f"{os.fspath(path)}: written, but it may not survive a power cut: its folder could not be made durable "
                f"({reason})."
            ) from error
        folder = Path(os.fsdecode(path)).parent
        if isinstance(error, FileNotFoundError) and not folder.exists():
            reason = f"{reason}: there is no folder {folder}; make it first"
        raise FileError(f"{os.fspath(path)}: cannot be written ({reason}).") from error


@contextmanager
def replacing(path: str | os.PathLike[str], mode: int | None = None) -> Iterator[BinaryIO]:
    """The same for what is written piece by piece: a binary file, which is put in its place when the block ends.

    Where the block raises, nothing is put there.

    Raises:
        NotDurable: the new file is there, and the disk failed to make its name durable.
        OSError: what else the disk says; the old file is as it was.
    """
    place = Path(os.path.realpath(path))
    before = os.stat(path).st_mode if os.path.exists(path) else None
    if (before is not None and not stat.S_ISREG(before)) or os.path.abspath(path).startswith(OPEN):
        with open(path, "wb") as file:
            yield file
        return
    if before is not None and not os.access(place, os.W_OK):  # to rename over it would be allowed
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    if mode is None and before is not None:
        mode = stat.S_IMODE(before)
    beside = place.with_name(f".{secrets.token_hex(8)}{PART}")
    try:
        with open(beside, "xb", opener=_with_mode(mode)) as file:
            yield file
            file.flush()
            if mode is not None:
                beside.chmod(mode)  # what the umask has taken away
            os.fsync(file.fileno())
        beside.replace(place)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    try:
        sync_folder(place.parent)
    except OSError as error:
        raise NotDurable(*error.args) from error


def _with_mode(mode: int | None) -> Callable[[str, int], int]:
    """How to make a file that never has a wider mode than this, not even while it is empty."""
    return lambda name, flags: os.open(name, flags, 0o666 if mode is None else mode)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, which those of its files' contents do not.

    Nothing is done where the file system cannot do it, or the folder may be written to and not be read.
    """
    if os.name == "nt":  # a folder cannot be opened there, and its names are written through
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM):
            raise
    finally:
        os.close(handle)
