"""Columns of a CSV file: which is what, and how the target's texts become class indices or values."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid.data.csv_rows import MISSING, Record, number
from pellucid.errors import FileError, InputError, did_you_mean

Task: TypeAlias = Literal["classes", "values"]

FEW = 20  # whole numbers with at most so many different values are taken as classes
NAMELESS = "There is no header with names: give the position, from 0 (-1 for the last), or header=True."
POOLED = 10_000  # different target texts kept once; beyond that they are hardly labels, and looking them up costs more


@dataclass(frozen=True)
class Layout:
    """The columns by position: their names, which is the target (None: none), which are features, in which order."""

    names: tuple[str, ...]
    target: int | None
    features: tuple[int, ...]


@dataclass(frozen=True)
class Target:
    """The target column encoded: class indices and their labels, or values; `note` says how that was decided."""

    y: npt.NDArray[Any]
    task: Task
    labels: tuple[str, ...] | None
    note: str | None


def is_header(first: list[str], second: list[str] | None) -> bool:
    """Whether the first line names the columns: no number in it, or text above a number somewhere.

    Example:
        >>> is_header(["age", "2024"], ["31", "5"]), is_header(["5.1", "setosa"], ["4.9", "setosa"])
        (True, False)
    """
    if all(number(field) is None for field in first):
        return True
    text = [number(field) is None and field.strip() not in MISSING for field in first]
    return any(above and number(below) is not None for above, below in zip(text, second or [], strict=False))


def named(path: Path, line: int, header: list[str]) -> tuple[str, ...]:
    """The names in a header; a column without one is called after its position, x1 for the first.

    Raises:
        FileError: two columns of one name.

    Example:
        >>> named(Path("a.csv"), 1, ["", " age "])
        ('x1', 'age')
    """
    names = [field.strip() or f"x{position}" for position, field in enumerate(header, 1)]
    first: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        if first.setdefault(name, position) != position:
            raise FileError(
                f"{path}, line {line}: columns {first[name]} and {position} are both named {name!r:.80}. "
                "Give each its own name."
            )
    return tuple(names)


def position_of(path: Path, names: Sequence[str], column: str | int, what: str) -> int:
    """Where a column stands, from its name or its position (from 0; negative from the end; digits as text too).

    Raises:
        FileError: no such column.
        InputError: neither a name nor a position.

    Example:
        >>> position_of(Path("a.csv"), ["age", "sold"], "-1", "target")
        1
    """
    if isinstance(column, bool) or not isinstance(column, str | int | np.integer):
        raise InputError(f"{what} is {column!r}, and must be a column's name or its position, such as -1 for the last.")
    if isinstance(column, str) and column.strip() in names:
        return names.index(column.strip())
    if isinstance(column, str) and not re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", column):
        here = f"{listed(names)}{did_you_mean(column, names[:1000])}" if names[0] != "0" else NAMELESS
        here += ' If something else separates the columns, name it: delimiter=" ".' if len(names) == 1 else ""
        raise FileError(f"{path}: it has no column named {column!r} ({what}). {here}")
    position = int(column)
    if not -len(names) <= position < len(names):
        raise FileError(
            f"{path}: it has {len(names)} columns, so {what} = {position} is none of them: "
            f"positions are 0 ... {len(names) - 1}, or -1 for the last. {listed(names)}"
        )
    return position % len(names)


def listed(names: Sequence[str]) -> str:
    """A sentence with the names that there are.

    Example:
        >>> listed(["a", "b"])
        'There are: a, b.'
    """
    return f"There are: {', '.join(f'{name:.80}' for name in names[:FEW])}{', ...' if len(names) > FEW else ''}."


def read_rows(path: Path, rows: Iterable[Record], layout: Layout) -> tuple[npt.NDArray[np.float64], list[str], Any]:
    """All rows: the features (n, d), the target's texts, and the line on which each row begins.

    Raises:
        FileError: a row with too few or too many fields, a feature that is no finite number, a missing target.
    """
    values, texts, lines, pool = array("d"), list[str](), array("q"), dict[str, str]()
    for line, row in rows:
        if len(row) != len(layout.names):
            raise FileError(_ragged(path, line, row, layout))
        picked = [row[column] for column in layout.features]
        try:
            numbers = list(map(float, picked))
        except ValueError:
            numbers = [math.nan]
        # One look for a whole row; only where it fails is each field looked at (a sum can also overflow).
        if not math.isfinite(sum(numbers)) or "_" in "".join(picked):
            _refuse_fields(path, line, row, layout)
            numbers = [float(field.strip()) for field in picked]  # strip() knows more kinds of space than float()
        values.fromlist(numbers)
        if layout.target is not None:
            text = row[layout.target].strip()
            if text in MISSING:
                raise FileError(f"{_at(path, line, layout, layout.target)} (the target) is missing. Remove the row.")
            texts.append(pool.setdefault(text, text) if len(pool) < POOLED else text)
            lines.append(line)
    return np.frombuffer(values, np.float64).reshape(-1, len(layout.features)), texts, lines


def _at(path: Path, line: int, layout: Layout, column: int) -> str:
    return f"{path}, line {line}, column {layout.names[column]!r}: the value"


def _ragged(path: Path, line: int, row: list[str], layout: Layout) -> str:
    few, wanted = len(row) < len(layout.names), len(layout.names)
    why = (
        f"the value of column {layout.names[len(row)]!r} is not there"
        if few
        else 'a text that holds the delimiter must stand in quotation marks (")'
    )
    return f"{path}, line {line}: the row has {len(row)} fields, and {wanted} are expected: {why}. Mend the line."


def _refuse_fields(path: Path, line: int, row: list[str], layout: Layout) -> None:
    """Raise for the first feature of a row that is no finite number."""
    for column in layout.features:
        text = row[column].strip()
        value, where = number(text), _at(path, line, layout, column)
        leave_out = f"leave the column out with drop={layout.names[column]!r}"
        if text in MISSING:
            raise FileError(f"{where} is missing ({text!r}). Fill it in, remove the row, or {leave_out}.")
        if value is None:
            comma = " Write decimals with a point, 1.5." if re.fullmatch(r"[+-]?\d+,\d+", text) else ""
            raise FileError(f"{where} is {text!r:.60}, which is no number.{comma} Turn it into one, or {leave_out}.")
        if math.isinf(value):
            raise FileError(
                f"{where} is {text!r:.60}, infinite or too large. Correct it, remove the row, or {leave_out}."
            )


def encode_target(
    path: Path, column: str, texts: list[str], lines: Sequence[int], task: str, labels: tuple[str, ...] | None
) -> Target:
    """The target's texts as class indices or values.

    Args:
        path, column: for messages.
        texts: (n,), stripped, none missing.
        lines: (n,) line numbers, for messages.
        task: "auto", "classes" or "values".
        labels: the known labels, in the order of their indices, or None to find them.

    Raises:
        FileError: text where numbers are needed, an infinite number, an unknown label.

    Example:
        >>> target = encode_target(Path("a.csv"), "sold", ["yes", "no"], [2, 3], "auto", None)
        >>> target.y.tolist(), target.labels, target.task
        ([1, 0], ('no', 'yes'), 'classes')
    """

    def refuse(text: str, what: str) -> FileError:
        return FileError(f"{path}, line {lines[texts.index(text)]}, column {column!r} (the target): {what}")

    exact = {text: _exact(text) for text in texts}
    found, note = _inferred(column, texts, exact, refuse) if task == "auto" and labels is None else (task, None)
    if found != "values":
        known = labels if labels is not None else _sorted_labels(exact)
        index = {label: k for k, label in reversed(list(enumerate(known)))}
        # "1" in one file and "1.0" in another are the same label, so numbers are compared as numbers.
        by_number = {_exact(label): k for k, label in reversed(list(enumerate(known)))}
        for text, value in exact.items():
            if text not in index:
                if value is None or value not in by_number:
                    raise refuse(text, f"{text!r:.60} is none of the known labels. {listed(known)} Correct it.")
                index[text] = by_number[value]
        return Target(np.array([index[text] for text in texts], dtype=np.int64), "classes", tuple(known), note)
    for text, value in exact.items():
        if value is None:
            raise refuse(text, f'{text!r:.60} is no finite number. Correct it, or say task="classes".')
    return Target(np.array(list(map(float, texts)), dtype=np.float64), "values", None, note)


def _inferred(column: str, texts: list[str], exact: dict[str, int | float | None], refuse: Any) -> tuple[Task, str]:
    """Classes or values, and the sentence that says why."""
    numbers = {value for value in exact.values() if value is not None}
    otherwise = 'task="{}" says otherwise'
    for text, value in exact.items():
        if value is None and number(text) is not None:
            raise refuse(text, f'{text!r:.60} is infinite or too large. Correct it, or say task="classes".')
        if value is None and len(numbers) > FEW:
            raise refuse(
                text,
                f'{text!r:.60} is no number, but most others are. Correct it, or say task="classes" if it is right.',
            )
    if None in exact.values():
        many = (
            " Nearly every row has its own: is it the right column?" if len(exact) > max(FEW, len(texts) // 2) else ""
        )
        return (
            "classes",
            f"The target {column!r} is text with {len(exact)} different labels, so it holds classes.{many}",
        )
    kinds = f"The target {column!r} holds {len(numbers)} different "
    whole = all(isinstance(value, int) for value in numbers)
    if whole and (numbers <= {0, 1} or (len(numbers) <= FEW and 2 * len(numbers) < len(texts))):
        return "classes", f"{kinds}whole numbers, so they are classes; {otherwise.format('values')}."
    return "values", f"{kinds}numbers, so they are values to predict; {otherwise.format('classes')}."


def _exact(text: str) -> int | float | None:
    """A finite number without loss: whole ones as int however long, None for anything else."""
    value = number(text)
    if value is None or math.isinf(value):
        return None
    whole = re.fullmatch(r"\s*([+-]?)0*(\d+)\s*", text)
    if whole:
        return int(whole[1] + whole[2])  # without leading zeros it has at most 309 digits, or it would be infinite
    return int(value) if value.is_integer() else value


def _sorted_labels(exact: dict[str, int | float | None]) -> tuple[str, ...]:
    """Numbers in numeric order, each written in one way ("1" for 1.0 and 01); anything else as text."""
    numbers = [value for value in exact.values() if value is not None]
    if len(numbers) < len(exact):
        return tuple(sorted(exact))
    return tuple(str(value) for value in sorted(set(numbers)))
