"""What a page can take away: program, model, ONNX, report and history, each made in a folder of its own."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pellucid.errors import FileError, InputError, MissingExtra
from pellucid.history import History
from pellucid.network import Network
from pellucid.settings import Settings
from pellucid.studio.datasets import Rows


class Made(NamedTuple):
    """What a file is made of: a copy of the network, the rows, the history and the settings."""

    net: Network
    rows: Rows
    history: History
    settings: Settings


# name of the file: how it is made, and what kind it is
KINDS: dict[str, tuple[Callable[[Made, Path], None], str]] = {}


def _kind(name: str, media: str) -> Callable[[Callable[[Made, Path], None]], Callable[[Made, Path], None]]:
    def keep(write: Callable[[Made, Path], None]) -> Callable[[Made, Path], None]:
        KINDS[name] = write, media
        return write

    return keep


@_kind("script.py", "text/x-python")
def _script(made: Made, path: Path) -> None:
    X, y = made.rows.transformed(made.rows.X), made.rows.y
    settings = {name: getattr(made.settings, name) for name in SCRIPTED} | {"engine": "readable"}
    try:
        path.write_text(made.net.script(X, y, weights="included", **settings), encoding="utf-8")
    except InputError:  # very many rows do not stand in a program: they are saved beside it
        made.net.script(X, y, weights="included", path=path, **settings)


SCRIPTED = ("optimizer", "epochs", "batch_size", "l2", "l1", "schedule", "validation", "clip_norm", "shuffle", "seed")


@_kind("model.json", "application/json")
@_kind("model.safetensors", "application/octet-stream")
def _model(made: Made, path: Path) -> None:
    made.net.save(path)


@_kind("model.onnx", "application/octet-stream")
def _onnx(made: Made, path: Path) -> None:
    import pellucid

    export = getattr(pellucid, "export_onnx", None)
    if export is None:
        raise InputError("ONNX files cannot be written yet. Take the model as JSON, or the program.")
    export(made.net, path)


@_kind("report.html", "text/html")
def _report(made: Made, path: Path) -> None:
    from pellucid.report import write

    run = made.history.run
    X, y = (made.rows.transformed(made.rows.X), made.rows.y) if run is None else (run.X, run.y)
    validation = None if run is None else run.validation
    history = made.history if len(made.history) else None
    write(path, made.net, X, y, history, validation=validation, data=made.rows.name or None, notes=made.rows.notes)


@_kind("history.csv", "text/csv")
def _history(made: Made, path: Path) -> None:
    if not len(made.history):
        raise InputError("No epoch is over yet, so there is no history. Train for an epoch first.")
    made.history.to_csv(path)


class File(NamedTuple):
    """What is taken away: its name, what kind it is, and its bytes."""

    name: str
    media: str
    data: bytes


def written(kind: str, made: Made) -> File:
    """A file of a kind; where it comes with others, all of them in one archive.

    Raises:
        InputError: there is no such kind, nothing to write yet, or the library refuses to write it.

    Example:
        >>> written("model.exe", None)
        Traceback (most recent call last):
        pellucid.errors.InputError: There is nothing called 'model.exe' to take away.
    """
    if kind not in KINDS:
        raise InputError(f"There is nothing called {kind!r} to take away.")
    write, media = KINDS[kind]
    with tempfile.TemporaryDirectory(prefix="pellucid-") as folder:
        path = Path(folder) / kind
        try:
            write(made, path)
        except (FileError, InputError, MissingExtra) as error:
            raise InputError(str(error).replace(str(path), kind).replace(folder, "")) from None
        files = sorted(Path(folder).iterdir())
        if len(files) == 1:
            return File(f"pellucid-{kind}", media, path.read_bytes())
        return File(f"pellucid-{path.stem}.zip", "application/zip", _archive(files))


def _archive(files: Sequence[Path]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
    return content.getvalue()
