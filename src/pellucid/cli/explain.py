"""`pellucid explain`: a saved model seen through: its layers, its equations, one row all the way, its program."""

from __future__ import annotations

import html
import io
import sys
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

from pellucid.cli import sources, walk
from pellucid.cli.recipe import Recipe
from pellucid.cli.screen import Screen
from pellucid.cli.words import listed
from pellucid.errors import InputError
from pellucid.files import load
from pellucid.files.writing import replace_file
from pellucid.network import Network

FORMATS = ("text", "latex", "html")
WIDTH = 100  # columns, as equations have them


class Asked(NamedTuple):
    """What is to be shown, and where.

    Attributes:
        row: of the file, from 0; -1 is the last. None is the first, where nobody asked for any.
        format: "text", "latex" or "html".
        script: where the NumPy program goes, or None.
        scratch: whether that program draws new weights.
        out: where the explanation goes; None is standard output.
        recipe: the training whose update is shown.
    """

    row: int | None
    format: str
    script: str | None
    scratch: bool
    out: str | None
    recipe: Recipe

    @property
    def settings(self) -> dict[str, Any]:
        """The same as settings of `fit`."""
        return {"optimizer": self.recipe.made_optimizer(), "l2": self.recipe.l2, "l1": self.recipe.l1}

    @property
    def remark(self) -> str:
        """Whose update is shown, and why it need not be the one that the network was trained with."""
        optimizer = self.recipe.made_optimizer()
        penalties = [f"{name} {value:g}" for name in ("l2", "l1") if (value := self.settings[name])]
        shown = ", ".join([f"{type(optimizer).__name__} at rate {optimizer.learning_rate:g}", *penalties])
        return (
            f"A model file does not hold how it was trained. Shown is training with {shown}"
            f"{'' if penalties else ' and no penalty'}; --optimizer, --rate, --l2 and --l1 choose another."
        )


class Part(NamedTuple):
    """A part of the explanation, as text and as HTML."""

    title: str
    text: str
    page: str


def run(
    model: str, data: str | None, asked: Asked, drop: tuple[str, ...], header: bool | None, delimiter: str | None
) -> int:
    """Do what `pellucid explain` was asked for; the exit code."""
    net = load(model)
    read = [model, *([] if data is None else [data])]
    out = None if asked.out is None else sources.writable("--out", Path(asked.out), *read)
    script = None if asked.script is None else sources.writable("--script", Path(asked.script), *read)
    rows = None if data is None else walk.read(net, data, drop, header, delimiter)
    if script is not None:
        _write_program(net, rows, asked, script)
        Screen(stderr=True).line(f"The program is {script}.")
        if out is None and asked.row is None and asked.format == "text":  # what was asked for is in the file
            return 0
    text = _explained(net, model, rows, asked)
    if out is None:
        _print(text)
    else:
        _write(out, text)
        Screen(stderr=True).line(f"The explanation is {out}.")
    return 0


def _explained(net: Network, model: str, rows: walk.Rows | None, asked: Asked) -> str:
    """The explanation in the format asked for."""
    if asked.format == "latex":
        return f"% {asked.remark}\n{net.equations('latex', **asked.settings)}"
    summary = net.summary()
    what = f"{net.target or 'the target'} from {listed(net.features or [f'{net.inputs} features'])}"
    parts = [
        Part(f"{model}: {what}", str(summary), summary._repr_html_()),
        Part(
            "Equations",
            f"{fill(asked.remark, WIDTH)}\n\n{net.equations('text', **asked.settings)}",
            f"<p>{html.escape(asked.remark)}</p>\n{net.equations('html', **asked.settings)}",
        ),
    ]
    if rows is not None:
        parts.append(Part(*walk.walked(net, rows, asked.row or 0, asked.settings)))
    if asked.format == "html":
        body = "\n".join(f"<section><h2>{html.escape(part.title)}</h2>\n{part.page}</section>" for part in parts)
        return PAGE.format(title=html.escape(model), body=body)
    return "\n\n".join(f"{part.title}\n{'-' * len(part.title)}\n{part.text}" for part in parts)


def _write_program(net: Network, rows: walk.Rows | None, asked: Asked, path: Path) -> None:
    """Write the NumPy program; where a file with a target is named, it reads that file, or has its rows inside."""
    how = {"epochs": asked.recipe.epochs, "weights": "redrawn" if asked.scratch else "included", **asked.settings}
    data: list[dict[str, Any]] = [{}]
    if rows is not None and rows.y is not None:
        data = [*([{"csv": rows.name}] if rows.plain else []), {"X": rows.X, "y": rows.y}]
    # In one file if that is possible; with what is too long for it in another one beside it, if not.
    ways = [{**given, **place} for given in data for place in ({}, {"path": path})]
    for way in ways:
        try:
            text = net.script(**way, **how)
            break
        except InputError:
            if way is ways[-1]:
                raise
    _write(path, text)


def _print(text: str) -> None:
    """Text on standard output: the same in every file, and what would steer a terminal made visible."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")
    screen = Screen()
    for line in text.splitlines():
        screen.line(line)


def _write(path: Path, text: str) -> None:
    with sources.writing(path):
        replace_file(path, (text if text.endswith("\n") else text + "\n").encode("utf-8"))


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ font-size: 1.2rem; margin: 2.5rem 0 0.5rem; }}
section, pre {{ overflow-x: auto; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
