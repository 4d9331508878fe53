"""Tables: features and a target with their names, from a CSV file or a set that comes with another library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.data.columns import Layout, encode_target, is_header, listed, named, position_of, read_rows
from pellucid.data.csv_rows import Records, records
from pellucid.data.places import PathLike
from pellucid.errors import FileError, InputError

Column: TypeAlias = str | int


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Features and target with their names. Unpacks as ``X, y = table``.

    Attributes:
        X: float64 (n, d).
        y: class indices int64 (n,), values float64 (n,), or None without a target.
        features: the d names of the columns of X.
        target: the name of the target, or None.
        labels: what each class index stands for, or None where y holds no classes.
        task: "classes", "values", or None without a target.
        name: of the data set.
        notes: sentences that say what was inferred, and how to say otherwise.

    Example:
        >>> X, y = Table(np.ones((3, 2)), np.array([0, 1, 1]), ("x1", "x2"), "y", ("no", "yes"), "classes")
        >>> X.shape, y.tolist()
        ((3, 2), [0, 1, 1])
    """

    X: npt.NDArray[np.float64]
    y: npt.NDArray[Any] | None
    features: tuple[str, ...]
    target: str | None = None
    labels: tuple[str, ...] | None = None
    task: Literal["classes", "values"] | None = None
    name: str = ""
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Any]:
        """X, then y."""
        return iter((self.X, self.y))

    def __repr__(self) -> str:
        classes = f" {', '.join(self.labels[:5])}{', ...' if len(self.labels) > 5 else ''}" if self.labels else ""
        target = f", target {self.target!r}: {self.task}{classes}" if self.target is not None else ""
        return f"<Table {self.name!r}: {len(self.X)} rows x {len(self.features)} features{target}>"


def read_csv(
    path: PathLike,
    target: Column | None = None,
    *,
    header: bool | Literal["auto"] = "auto",
    task: Literal["auto", "classes", "values"] = "auto",
    features: Sequence[str] | None = None,
    labels: Sequence[object] | None = None,
    drop: Column | Iterable[Column] = (),
    delimiter: str | None = None,
    max_bytes: int = 2**30,
) -> Table:
    """Read a CSV file of numbers, with a target of numbers or text, in UTF-8.

    Args:
        path: the file.
        target: the column to predict, by name or by position (from 0; -1 is the last); None: there is none.
        header: whether the first line names the columns. "auto": it does if none of its fields is a number, or if
            some column has text there and a number in the next line. Without a header the features are named x1, x2,
            ... in their order, and the target y.
        task: "classes" or "values". "auto": text means classes; so do whole numbers, if they are all 0 or 1, or at
            most 20 different ones and fewer than half as many as there are rows.
        features: names of the columns to take, in this order, others ignored (None: all but target and `drop`).
            A saved network knows the names that it was trained on.
        labels: the label of each class index, where that is known already (from a saved network, say).
        drop: columns to leave out, by name or position.
        delimiter: what separates fields; None finds out among comma, semicolon and tab.
        max_bytes: refuse larger files; 1 GiB unless told.

    Returns:
        A `Table`: X float64 (n, d), y (n,) as class indices, as values or None, names, and notes on what was inferred.

    Raises:
        FileError: whatever in the file cannot be used, with its line and column: missing, infinite or textual features,
            rows of uneven length, bad quotes or encoding, no such column, an unknown label, no rows, ...
        InputError: arguments that contradict each other or are none of those above.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "shirts.csv"
        ...     _ = path.write_text("price,sold\\n9.5,yes\\n30,no\\n12,yes\\n")
        ...     table = read_csv(path, target="sold")
        >>> table.X.tolist(), table.y.tolist(), table.labels
        ([[9.5], [30.0], [12.0]], [1, 0, 1], ('no', 'yes'))
    """
    _check(header, task, labels)
    with records(path, delimiter, check.whole(max_bytes, "max_bytes", 1)) as source:
        first, second = next(source.rows, None), next(source.rows, None)
        if first is None:
            raise FileError(f"{source.path}: the file is empty: give one with a row for each sample.")
        has_header = is_header(first[1], second and second[1]) if header == "auto" else header
        data = [record for record in (() if has_header else (first,)) + (second,) if record is not None]
        if not data:
            raise FileError(
                f"{source.path}: there is a header in line {first[0]} and no row below it. "
                "Add rows, or say header=False if that line is a row."
            )
        layout = _layout(source, first, has_header, target, features, drop)
        X, texts, lines = read_rows(source.path, chain(data, source.rows), layout)
    notes = _notes(source, first[1], header, has_header, delimiter, layout, features)
    chosen = tuple(layout.names[column] for column in layout.features)
    name = source.path.stem
    if layout.target is None:
        return Table(X, None, chosen, name=name, notes=notes)
    column = layout.names[layout.target]
    known = None if labels is None else tuple(map(str, labels))
    found = encode_target(source.path, column, texts, lines, task, known)
    notes += () if found.note is None else (found.note,)
    return Table(X, found.y, chosen, column, found.labels, found.task, name, notes)


def _check(header: object, task: object, labels: Sequence[object] | None) -> None:
    if header not in ("auto", True, False):
        raise InputError(f'header is {header!r}, and must be True, False or "auto".')
    if task not in ("auto", "classes", "values"):
        raise InputError(f'task is {task!r}, and must be "classes", "values" or "auto".')
    if labels is None:
        return
    if task == "values":
        raise InputError('labels are for classes, and task is "values": leave one of the two out.')
    if isinstance(labels, str) or not labels or len(set(map(str, labels))) < len(labels):
        raise InputError(f'labels is {labels!r}, and must be different labels, one a class, such as ("no", "yes").')


def _layout(
    source: Records,
    first: tuple[int, list[str]],
    has_header: bool,
    target: Column | None,
    features: Sequence[str] | None,
    drop: Column | Iterable[Column],
) -> Layout:
    """Which column is what."""
    path, (line, fields) = source.path, first
    positions = tuple(str(position) for position in range(len(fields)))
    names = named(path, line, fields) if has_header else positions
    wanted = None if target is None else position_of(path, names, target, "target")
    if not has_header:
        names = tuple(_numbered(len(fields), wanted))
    dropped = {
        position_of(path, names, column, "drop")
        for column in ((drop,) if isinstance(drop, str) or not isinstance(drop, Iterable) else drop)
    }
    if wanted in dropped:
        raise InputError(f"drop names the target, column {names[wanted or 0]!r}: leave it out of drop.")
    kept = [column for column in range(len(names)) if column != wanted and column not in dropped]
    if features is not None:
        kept = _chosen(source, names, kept, (features,) if isinstance(features, str) else features)
    if not kept:
        raise FileError(
            f"{path}: with the delimiter {source.delimiter!r} there is no column left for features. {listed(names)} "
            "Check target, drop and delimiter."
        )
    return Layout(names, wanted, tuple(kept))


def _numbered(count: int, target: int | None) -> Iterator[str]:
    """Names for columns without a header: the features are numbered as the equations number their inputs."""
    number = 0
    for column in range(count):
        number += column != target
        yield "y" if column == target else f"x{number}"


def _chosen(source: Records, names: tuple[str, ...], kept: list[int], features: Sequence[str]) -> list[int]:
    """The positions of the named features, in the order of the names."""
    if len(set(features)) < len(features):
        raise InputError(f"features names a column twice: {', '.join(map(str, features))}. Name each once.")
    there = {names[column]: column for column in kept}
    missing = [str(name) for name in features if name not in there]
    if missing:
        raise FileError(
            f"{source.path}: of the features asked for, these are not there (or are the target or in drop): "
            f"{', '.join(missing)}. {listed(names)} Name the columns as in the file that was trained on."
        )
    return [there[name] for name in features]


def _notes(
    source: Records,
    first: list[str],
    header: bool | str,
    has_header: bool,
    delimiter: str | None,
    layout: Layout,
    features: Sequence[str] | None,
) -> tuple[str, ...]:
    """What was inferred from the file, and how to say otherwise."""
    notes = []
    if delimiter is None and source.delimiter != ",":
        which = {";": "semicolons", "\t": "tabs"}[source.delimiter]
        notes.append(f'Fields are separated by {which}; delimiter="," says otherwise.')
    if header == "auto" and has_header:
        notes.append("The first line was taken as the names of the columns; header=False says otherwise.")
    if header == "auto" and not has_header:
        notes.append(
            "The first line was taken as a row, so features are named x1, x2, ...; header=True says otherwise."
        )
    if has_header and not first[0].strip() and 0 in layout.features:
        notes.append(
            "The first column has no name and is used as x1: if it only numbers the rows, leave it out with drop=0."
        )
    ignored = len(layout.names) - len(layout.features) - (layout.target is not None)
    if features is not None and not has_header and ignored:
        notes.append(f"Without a header features go by their position; {ignored} other column(s) were ignored.")
    return tuple(notes)
