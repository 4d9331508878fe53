"""The file appears as a whole or not at all: it is written beside its place and then put there."""

from __future__ import annotations

import os
from pathlib import Path

from pellucid.errors import FileError
from pellucid.files.writing import replacing


def checked(path: str | os.PathLike[str]) -> Path:
    """The path, if a report can go there; known before the work and not after it.

    Raises:
        FileError: it does not end in .html, is a folder, or may not be overwritten.
    """
    target = Path(path)
    if target.suffix.lower() != ".html":
        raise FileError(f"{target}: a report is written to a file that ends in .html; this ends in {target.suffix!r}.")
    if target.is_dir():
        raise FileError(f"{target}: cannot be written, this is a folder. Name a file in it: {target / 'run.html'}.")
    if target.exists() and not os.access(target, os.W_OK):
        raise FileError(f"{target}: cannot be written, there is no permission for it. Name another file.")
    return target


def save(target: Path, text: str) -> None:
    """Write the text, and make the folder if need be. What was there is replaced at the very end.

    Raises:
        FileError: what the disk says.
    """
    try:
        Path(os.path.realpath(target)).parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as file:
            file.write(text.encode("utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(f"{target}: the report cannot be written, {reason[:1].lower()}{reason[1:]}.") from error
