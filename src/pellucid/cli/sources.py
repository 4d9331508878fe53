"""Files named on the command line: what can be read, what a table's columns are, and where results may go."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pellucid.cli.mistakes import UsageError
from pellucid.data.columns import is_header, named
from pellucid.data.csv_rows import records
from pellucid.errors import FileError

STDIN = "-"
LARGEST = 2**30  # bytes of a CSV file, as read_csv has it


class Columns(NamedTuple):
    """The columns of a CSV file: how many there are, and their names where the first line has them."""

    width: int
    names: tuple[str, ...] | None


@contextmanager
def opened(file: str) -> Iterator[Path]:
    """The path of a file to read, as often as one likes: what comes through a pipe is put by first.

    Raises:
        FileError: standard input is closed; and errors from inside that name the copy name its origin instead.
    """
    path = Path(file)
    if file != STDIN and not path.is_fifo():
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / ("stdin" if file == STDIN else path.name)
        _put_by(file, copy)
        try:
            yield copy
        except FileError as error:
            origin = "standard input" if file == STDIN else file
            raise FileError(str(error).replace(str(copy), origin)) from error


def _put_by(file: str, copy: Path) -> None:
    """Copy a stream to a file."""
    if file == STDIN and sys.stdin is None:
        raise FileError("standard input is closed: give a file, or pipe the rows in.")
    with copy.open("wb") as target:
        if file == STDIN:
            shutil.copyfileobj(sys.stdin.buffer, target)
        else:
            with Path(file).open("rb") as source:
                shutil.copyfileobj(source, target)


def columns_of(path: Path, header: bool | None, delimiter: str | None, expected: tuple[str, ...] | None) -> Columns:
    """Look at the first two lines of a CSV file.

    Args:
        path: the file.
        header: whether the first line names the columns; None finds out.
        delimiter: what separates fields; None finds out.
        expected: names that a header would have to hold; where they are all there, it is one, whatever it looks like.

    Raises:
        FileError: the file cannot be read, is empty, or names two columns alike.
    """
    with records(path, delimiter, LARGEST) as source:
        first, second = next(source.rows, None), next(source.rows, None)
    if first is None:
        raise FileError(f"{path}: the file is empty: give one with a row for each sample.")
    line, fields = first
    if header is None:
        known = expected is not None and set(expected) <= {field.strip() for field in fields}
        header = known or is_header(fields, second and second[1])
    return Columns(len(fields), named(path, line, fields) if header else None)


def writable(option: str, path: Path, *sources: str) -> Path:
    """A place that can be written to, known before the work and not after it.

    Args:
        option: what names the place on the command line.
        path: the place; folders that are missing can be made.
        sources: files that are read, which a result must not overwrite.

    Raises:
        UsageError: the path is one of the sources, or a folder.
        FileError: it cannot be written there.
    """
    for source in sources:
        if source != STDIN and path.exists() and Path(source).exists() and path.samefile(source):
            raise UsageError(f"{option} {path}: this file is read here, so it is not overwritten. Name another.")
    if path.is_dir():
        raise UsageError(f"{option} {path}: this is a folder, and a file is needed: {path / 'NAME'}.")
    ancestor = next(parent for parent in path.absolute().parents if parent.exists())
    if not ancestor.is_dir():
        raise FileError(f"{path}: cannot be written, {ancestor} is a file and no folder.")
    if not os.access(path if path.exists() else ancestor, os.W_OK):
        raise FileError(f"{path}: cannot be written, there is no permission for it.")
    return path


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make the folder, and turn what the disk says into a FileError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: cannot be written ({error.strerror or error}).") from error
