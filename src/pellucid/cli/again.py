"""The command line that gives a training run again: what was asked for, without what is usual."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields

from pellucid.cli.recipe import Recipe


def command(
    file: str | None, read: Mapping[str, str | None], drop: Sequence[str], header: bool | None, recipe: Recipe
) -> str:
    """`pellucid train ...` in full: the same version with the same file gives the same model.

    Args:
        file: the table, or None for the handwritten digits.
        read: options on how it is read, and their values; left out where they are None.
        drop: columns that are left out.
        header: whether there is one, where that was said.
        recipe: the network and its training.

    Example:
        >>> command("my flowers.csv", {"--target": "species"}, (), None, Recipe(hidden=(32, 16), seed=3))
        "pellucid train 'my flowers.csv' --target species --hidden 32,16 --seed 3"
    """
    words = ["pellucid", "train", *([] if file is None else [file])]
    for option, value in read.items():
        words += [] if value is None else _option(option, value)
    words += _option("--drop", _listed(drop)) if drop else []
    words += [] if header is None else ["--header" if header else "--no-header"]
    for f in fields(Recipe):
        value = getattr(recipe, f.name)
        if value != f.default:
            written = ",".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)
            words += _option(f"--{f.name.replace('_', '-')}", written)
    return shlex.join(words)


def _option(name: str, value: str) -> list[str]:
    """One word where the value would be taken for an option of its own."""
    return [f"{name}={value}"] if value.startswith("-") else [name, value]


def _listed(columns: Sequence[str]) -> str:
    """Names separated by commas; one that has a comma stands in quotation marks, as in the file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(columns)
    return line.getvalue()
