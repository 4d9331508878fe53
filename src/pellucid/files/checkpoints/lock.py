"""A lock on a folder, which the operating system takes back when the process that has it ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
import weakref
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from pellucid.errors import FileError

NAME = "checkpoint.lock"
_BYTE = 2**20  # which byte is locked where a lock is on bytes; those before can still be read
_held: weakref.WeakSet[Lock] = weakref.WeakSet()


class Lock:
    """Held from when it is made until it is released, or forgotten, or its process is no more.

    Args:
        folder: that is there.
        name: what messages call it.

    Raises:
        FileError: another process, or another run of this one, has it; or the file system knows no locks.
    """

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self.path = folder / NAME
        self.file: BinaryIO | None = None
        try:
            file = self.path.open("a+b")  # not emptied: whoever has it has written there who it is
        except OSError as error:
            raise FileError(f"{self.path}: cannot be written ({error.strerror}).") from error
        try:
            _take(file)
        except OSError as error:
            holder = _holder(file)
            file.close()
            if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                raise FileError(f"{self.path}: cannot be locked ({error.strerror}); choose another disk.") from error
            raise FileError(
                f"{name or folder}: another run writes its checkpoints here{holder}. "
                "Let it end, or name another folder."
            ) from None
        file.truncate(0)
        file.write(b"%d\n" % os.getpid())
        file.flush()
        self.file = file
        _held.add(self)

    def still_there(self) -> bool:
        """Whether the file that is locked is the one that others would find."""
        if self.file is None:
            return False
        try:
            found, own = os.stat(self.path), os.fstat(self.file.fileno())
        except OSError:
            return False
        return (found.st_ino, found.st_dev) == (own.st_ino, own.st_dev)

    def release(self) -> None:
        """Let others have it; the file stays, for to remove it could take it from one who just got it."""
        if self.file is not None:
            with suppress(OSError):
                self.file.truncate(0)
                _give_back(self.file)  # at once, though a child that was just forked may have the file open still
            self.file.close()
            self.file = None


def _take(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _give_back(file: BinaryIO) -> None:
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)


def _holder(file: BinaryIO) -> str:
    """Who has it, as far as it has been written."""
    with suppress(OSError, ValueError):
        file.seek(0)
        return f" (process {int(file.read(20))})"
    return ""


def _forget() -> None:
    """In a forked child: a lock is held as long as any process has its file open, and the child's life is its own."""
    for lock in list(_held):
        if lock.file is not None:
            lock.file.close()
            lock.file = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
