"""The folder of a run's checkpoints: a file for each of the last two, named by the step, and a lock."""

from __future__ import annotations

import os
import re
import stat
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pellucid.errors import FileError
from pellucid.files import opening
from pellucid.files.checkpoints.lock import Lock
from pellucid.files.checkpoints.sealed import Contents, Damaged, unseal
from pellucid.files.writing import PART, replace_file, sync_folder

KEPT = 2
NAME = re.compile(r"step-(\d{12,})\.safetensors")


class Found(NamedTuple):
    """A checkpoint that was read, and what messages call it."""

    name: str
    contents: Contents


class Folder:
    """A folder that only this run writes to.

    Args:
        path: of the folder, which is made if it is not there.

    Raises:
        FileError: it cannot be made or written to, or another run has it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.name, self.path = str(path), Path(path)
            if not os.fspath(path):
                raise ValueError("the name is empty")
            _make(self.path)
        except (OSError, ValueError, TypeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FileError(f"{path!s}: cannot be a folder for checkpoints ({reason}).") from error
        self.lock = Lock(self.path, self.name)
        self.read: int | None = None  # the step that training went on from
        for part in self.path.glob(f".*{PART}"):  # of a process that was killed while it wrote
            with suppress(OSError):
                part.unlink()

    def __str__(self) -> str:
        return self.name

    def steps(self) -> list[int]:
        """The steps of which there are checkpoints, the latest first."""
        try:
            names = [NAME.fullmatch(name) for name in os.listdir(self.path)]
        except OSError as error:
            raise FileError(f"{self}: cannot be read ({error.strerror}).") from error
        return sorted((int(found[1]) for found in names if found), reverse=True)

    def newest(self) -> Found | None:
        """The latest checkpoint that is whole, or None where there is none at all; a damaged one is warned of.

        Raises:
            FileError: all are damaged or cannot be read, or the latest is of a newer format version.
        """
        damaged: list[str] = []
        for step in self.steps():
            path = self.place(step)
            try:
                contents = read(path)
            except Damaged as error:
                damaged.append(str(error))
                continue
            if damaged:
                warnings.warn(f"{' '.join(damaged)} The one before it is used.", RuntimeWarning, stacklevel=2)
            self.read = step
            return Found(os.fspath(path), contents)
        if damaged:
            raise FileError(f"{' '.join(damaged)} There is none to go on from: begin anew in another folder.")
        return None

    def write(self, step: int, data: bytes) -> None:
        """Write the checkpoint of a step; then remove all but the last two, damaged ones among them.

        Raises:
            FileError: it cannot be written, or the folder is no longer the one that this run has.
        """
        if not self.lock.still_there():
            raise FileError(f"{self}: the folder was removed, or is another one now.")
        before = self.steps()
        whole = [k for k in before if self.read is None or k <= self.read or k == step]
        replace_file(self.place(step), data, self._mode(whole))
        kept = [step, *(k for k in whole if k != step)][:KEPT]
        self.read = step
        for k in before:
            if k not in kept:
                with suppress(OSError):
                    self.place(k).unlink()

    def place(self, step: int) -> Path:
        """Where the checkpoint of a step is."""
        return self.path / f"step-{step:012d}.safetensors"

    def _mode(self, before: list[int]) -> int | None:
        """Who may read the last one may read the next one, and nobody else."""
        for step in before:
            with suppress(OSError):
                return stat.S_IMODE(self.place(step).stat().st_mode)
        return None

    def close(self) -> None:
        """Let another run have it."""
        self.lock.release()


def _make(folder: Path) -> None:
    """Make a folder and those above it, all of which are there after a power cut too."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in missing:
        sync_folder(place.absolute().parent)


def read(path: Path) -> Contents:
    """What a checkpoint holds, in twice the memory of its file; once when it is read.

    Raises:
        Damaged: it cannot be read, or is not what was written.
        FileError: it is whole, and of a newer format version or not understood.
    """
    return unseal(_bytes(path), os.fspath(path))


def _bytes(path: Path) -> bytes:
    """All of a file; one that cannot be read is as good as damaged, for the one before it may be whole."""
    try:
        return opening.whole(path, sys.maxsize)
    except FileError as error:
        raise Damaged(str(error)) from error
    except MemoryError as error:
        raise Damaged(f"{path}: there is not memory enough to read it.") from error
