"""A CSV file in a program: read with NumPy alone, as `pellucid.data.read_csv` reads it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError
from pellucid.explain.program.text import filled, plain
from pellucid.network import Network

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class CsvTable:
    """How NumPy reads a file.

    Attributes:
        path: as it was given.
        reader: the function of NumPy that reads it: "loadtxt", or "genfromtxt" which passes over blank lines.
        options: of that function.
        stripped: whether fields have spaces around them.
        names: of the columns of X.
        features: those columns, by position.
        target: column of y, by position.
        name: of the target.
        labels: of the classes in order, or None for values.
        by: how labels become class numbers: sorted as "text", sorted as "numbers", or in the order of a "list".
    """

    path: str
    reader: str
    options: dict[str, Any]
    stripped: bool
    names: tuple[str, ...]
    features: tuple[int, ...]
    target: int
    name: str
    labels: tuple[str, ...] | None
    by: str = field(default="text")

    def lines(self, end: str, binary: bool) -> list[str]:
        """The lines that read X and y, whose names end with `end`; y as 0.0 and 1.0 where the task is binary."""
        options = [f"{name}={_quoted(value)}" for name, value in self.options.items()]
        lines = filled(f"table = np.{self.reader}(", [_quoted(self.path), "dtype=str", *options], ")")
        if self.stripped:
            lines.append("table = np.char.strip(table)")
        lines.append(f"X{end} = table[:, {_columns(self.features)}].astype(float){_note(*self.names)}")
        column = f"table[:, {self.target}]"
        if self.labels is None:
            return [*lines, f"y{end} = {column}.astype(float){_note(self.name)}"]
        if self.by == "list":
            lines += filled("labels = [", [_quoted(label) for label in self.labels], "]")
            lines.append(f"y{end} = np.array([labels.index(label) for label in {column}]){_note(self.name)}")
        else:
            numbers = ".astype(float)" if self.by == "numbers" else ""
            note = _note(f"{self.name}: {', '.join(self.labels)}") or _note(self.name)
            lines.append(f"labels, y{end} = np.unique({column}{numbers}, return_inverse=True){note}")
        return lines + ([f"y{end} = y{end}.astype(float)"] if binary else [])

    def read(self) -> tuple[Array, Array]:
        """X and y as the program will have them."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table = getattr(np, self.reader)(self.path, dtype=str, **self.options)
        table = np.char.strip(table) if self.stripped else table
        X, column = table[:, list(self.features)].astype(float), table[:, self.target]
        if self.labels is None:
            return X, column.astype(float)
        if self.by == "list":
            return X, np.array([self.labels.index(label) for label in column])
        return X, np.unique(column.astype(float) if self.by == "numbers" else column, return_inverse=True)[1]


def table_of(net: Network, path: Any, target: Any) -> tuple[CsvTable, Array, Array]:
    """How a program reads a file for a network, and X and y.

    Args:
        net: its features and labels, where it knows their names, choose and order what is read.
        path: of the file.
        target: the column to predict, by name or position; the network's own when None.

    Raises:
        FileError: what `read_csv` refuses.
        InputError: no target, several outputs, or a file that NumPy alone reads otherwise.
    """
    from pellucid.data import read_csv

    if target is None and net.target is None:
        raise InputError("Which column of the file is to be predicted? Give target, a name or a position such as -1.")
    if net.task == "labels" or (net.task == "values" and net.outputs > 1):
        raise InputError(
            f"The network has {net.outputs} targets for each row, and a column of a file is one. "
            "Read the file yourself, and give X and y."
        )
    target = net.target if target is None else target
    task: Any = "values" if net.task == "values" else "classes"
    known = net.labels if task == "classes" else None
    table = read_csv(path, target, task=task, features=net.features, labels=known)
    assert table.y is not None
    for candidate in _ways(os.fspath(path), target, table):
        try:
            X, y = candidate.read()
        except (ValueError, IndexError, Warning):
            continue
        if np.array_equal(X, table.X) and np.array_equal(y, table.y):
            return candidate, table.X, table.y
    raise InputError(
        f"{path} is a CSV file that NumPy alone reads otherwise than pellucid.data.read_csv. "
        "Read it with read_csv, and give X and y."
    )


def _ways(path: str, target: Any, table: Any) -> Iterator[CsvTable]:
    """How the file could be read, the simplest way first."""
    from pellucid.data.columns import is_header, named, position_of
    from pellucid.data.csv_rows import records

    with records(path, None, 2**30) as source:
        first = next(source.rows)
        second = next(source.rows, None)
        header = is_header(first[1], second and second[1])
        names = named(source.path, *first) if header else tuple(map(str, range(len(first[1]))))
        at = position_of(source.path, names, target, "target")
        others = [column for column in range(len(names)) if column != at]
        features = [names.index(name) if header else others[int(name[1:]) - 1] for name in table.features]
        above = (second[0] if header and second else first[0]) - 1  # lines above the first row
    for reader, skipped in (("loadtxt", "skiprows"), ("genfromtxt", "skip_header")):
        options = {"delimiter": source.delimiter} | ({skipped: above} if above else {}) | _needed(path, reader)
        plain = CsvTable(path, reader, options, False, table.features, tuple(features), at, table.target, table.labels)
        for stripped in (False, True):
            for by in ("text", "numbers", "list"):
                yield replace(plain, stripped=stripped, by=by)


def _needed(path: str, reader: str) -> dict[str, Any]:
    """The options that the file's characters ask for."""
    content = Path(path).read_bytes()
    options: dict[str, Any] = {}
    if b'"' in content and reader == "loadtxt":
        options["quotechar"] = '"'
    if b"#" in content:
        options["comments"] = None
    if not content.isascii() or reader == "genfromtxt":
        options["encoding"] = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    return options


def _note(*names: str) -> str:
    """Names as a comment behind a line, if they are short."""
    said = plain(", ".join(names))
    return f"  # {said}" if len(said) <= 48 else ""


def _columns(features: tuple[int, ...]) -> str:
    """Columns as a slice where they stand together, else as a list."""
    first, last = features[0], features[-1]
    if features != tuple(range(first, last + 1)):
        return str(list(features))
    return f"{first or ''}:{last + 1}"


def _quoted(value: Any) -> str:
    """A text in double quotes, where it has none itself; anything else as Python writes it."""
    text = repr(value)
    return f'"{text[1:-1]}"' if isinstance(value, str) and '"' not in value and "'" not in value else text
