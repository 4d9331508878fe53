"""A CSV file of one's own: what is in it, shown before it is used, and its rows. Errors name it as its owner does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from pellucid import data
from pellucid.data.columns import is_header, named
from pellucid.data.csv_rows import number, records
from pellucid.errors import FileError, InputError
from pellucid.studio.datasets import Rows, of_table

UPLOAD = 50 * 2**20  # bytes of a file
LOOKED_AT = 1000  # rows, before a target is chosen
MOST_COLUMNS = 2000  # that can be chosen from
DIFFERENT = 50  # values of a column that are counted; beyond that there are "many"


class OwnFile:
    """A file, and the name that its owner knows it by.

    Args:
        path: where it lies.
        name: what it is called in every message.
        most: bytes of it that are read.
        brought: by a page, so that it is a copy of ours, which we may remove.
    """

    def __init__(self, path: Path, name: str, most: int, brought: bool = False) -> None:
        self.path, self.name, self.most, self.brought = path, name, most, brought
        self.described_once: dict[str, Any] | None = None

    def forget(self) -> None:
        """Remove it, if it is a copy of ours: the file of the command line is its owner's."""
        if self.brought:
            self.path.unlink(missing_ok=True)

    @contextmanager
    def called_by_its_name(self) -> Iterator[None]:
        """Errors of the readers begin with the path, which is nobody's business."""
        try:
            yield
        except (FileError, InputError) as error:
            raise type(error)(str(error).replace(str(self.path), self.name)) from None

    def described(self) -> dict[str, Any]:
        """Its columns, each with its kind, three examples and how many values are different, in its first rows.

        Raises:
            FileError: it is no table.
        """
        with self.called_by_its_name(), records(self.path, None, self.most) as source:
            first, second = next(source.rows, None), next(source.rows, None)
            if first is None:
                raise FileError(f"{self.path}: the file is empty: give one with a row for each sample.")
            if len(first[1]) > MOST_COLUMNS:
                raise FileError(
                    f"{self.path}, line {first[0]}: it has {len(first[1]):,} columns; {MOST_COLUMNS:,} are the most."
                )
            header = is_header(first[1], second and second[1])
            names = named(self.path, first[0], first[1]) if header else _numbered(len(first[1]))
            seen: list[list[str]] = [[] for _ in names]
            count = 0
            for line, row in chain([] if header else [first], [] if second is None else [second], source.rows):
                count += 1
                if len(row) != len(names):
                    raise FileError(
                        f"{self.path}, line {line}: the row has {len(row)} fields, and {len(names)} are expected."
                    )
                if count <= LOOKED_AT:
                    for column, field in zip(seen, row, strict=True):
                        column.append(field.strip()[:80])
            columns = [_column(name, values) for name, values in zip(names, seen, strict=True)]
            self.described_once = {
                "name": self.name, "rows": count, "columns": columns, "header": header, "delimiter": source.delimiter,
                "suggested": names[-1], "bytes": self.path.stat().st_size,
            }  # fmt: skip
            return self.described_once

    def rows(self, wanted: Mapping[str, Any]) -> Rows:
        """Its rows, with the target that a state names.

        Raises:
            FileError: something in it cannot be used, with its line and column.
            InputError: no target is named, or no such column is there.
        """
        if wanted["target"] is None:
            raise InputError(f"{self.name}: choose the column that is to be predicted.")
        with self.called_by_its_name():
            table = data.read_csv(
                self.path, target=wanted["target"], task=wanted["task"], drop=wanted["drop"], max_bytes=self.most
            )
        return of_table(table)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(str(position) for position in range(count))


def _column(name: str, values: list[str]) -> dict[str, Any]:
    different = list(dict.fromkeys(values))
    kind = "numbers" if values and all(number(value) is not None for value in values) else "text"
    return {"name": name, "kind": kind, "examples": different[:3], "distinct": min(len(different), DIFFERENT)}
