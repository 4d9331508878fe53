"""What a page can take away: program, model, ONNX, report and history, each made in a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

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
        text = made.net.script(X, y, weights="included", **settings)
    except InputError:  # more rows than can stand in a program: it then reads them, and says how to write them
        text = made.net.script(weights="included", **settings)
    path.write_text(text, encoding="utf-8")


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


def written(kind: str, made: Made) -> bytes:
    """A file of a kind, as its bytes.

    Raises:
        InputError: there is no such kind, or nothing to write yet, in words.
        FileError: the library refuses to write it.
        MissingExtra: what writes it is not installed.

    Example:
        >>> written("model.exe", None)
        Traceback (most recent call last):
        pellucid.errors.InputError: There is nothing called 'model.exe' to take away.
    """
    if kind not in KINDS:
        raise InputError(f"There is nothing called {kind!r} to take away.")
    with tempfile.TemporaryDirectory(prefix="pellucid-") as folder:
        path = Path(folder) / kind
        try:
            KINDS[kind][0](made, path)
            return path.read_bytes()
        except (FileError, InputError, MissingExtra) as error:
            raise InputError(str(error).replace(str(path), kind).replace(folder, "")) from None


def title(kind: str) -> dict[str, Any]:
    """What a browser is told of a file."""
    return {"name": f"pellucid-{kind}", "media": KINDS[kind][1]}
