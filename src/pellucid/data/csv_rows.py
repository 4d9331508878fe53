"""The records of a CSV file with their line numbers, strictly read: nothing is guessed away, everything has a limit."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from pellucid.data.places import PathLike, as_path
from pellucid.errors import FileError, InputError

Record: TypeAlias = tuple[int, list[str]]

MISSING = frozenset({"", "NA", "N/A", "nan", "NaN", "NAN", "null", "NULL", "Null", "?"})
LONGEST_LINE = 1 << 24  # bytes; a row of a million numbers fits
SAMPLE_LINES, SAMPLE_TEXT = 20, 1 << 16
FOREIGN = {
    b"\x1f\x8b": "it is compressed with gzip: decompress it first",
    b"PK\x03\x04": 'it is a zip archive, perhaps an Excel workbook: save the sheet as "CSV UTF-8"',
    b"\xff\xfe": "it is in UTF-16: save it as UTF-8",
    b"\xfe\xff": "it is in UTF-16: save it as UTF-8",
}


@dataclass(frozen=True)
class Records:
    """An open CSV file: where it is, what separates its fields, and its records, each with its first line's number."""

    path: Path
    delimiter: str
    rows: Iterator[Record]


def number(text: str) -> float | None:
    """The number that a field holds, infinite ones included; None for text and for what marks a missing value.

    Example:
        >>> number(" 1e3 "), number("1_000"), number("NaN")
        (1000.0, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    # Python reads 1_000 as a thousand, but in a file it is more likely a code or a slip.
    return None if math.isnan(value) or "_" in text else value


@contextmanager
def records(path: PathLike, delimiter: str | None, max_bytes: int) -> Iterator[Records]:
    """Open a CSV file (UTF-8, quoted as in RFC 4180); blank lines are skipped.

    Args:
        path: the file.
        delimiter: one character, or None to find out among comma, semicolon and tab.
        max_bytes: the largest file to read.

    Raises:
        FileError: the file cannot be opened; or, from `rows`, an encoding or quoting error, a zero byte, a line or
            field beyond any use, more than `max_bytes`.
        InputError: the delimiter is no single character that can separate fields.

    Source: Y. Shafranovich, "Common format and MIME type for CSV files", RFC 4180, 2005.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "two.csv"
        ...     _ = path.write_text("a;b\\n1;2\\n")
        ...     with records(path, None, 2**30) as source:
        ...         print(source.delimiter, list(source.rows))
        ; [(1, ['a', 'b']), (2, ['1', '2'])]
    """
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n\0'):
        raise InputError(f'delimiter is {delimiter!r}, and must be one character, such as "," or ";" or "\\t".')
    where = as_path(path)
    try:
        with where.open("rb") as raw:
            lines = _lines(where, raw, max_bytes)
            sample = _sample(lines)
            delimiter = delimiter or _sniffed(sample)
            yield Records(where, delimiter, _rows(where, chain(sample, lines), delimiter))
    except OSError as error:
        raise FileError(f"{where}: it cannot be read: {error.strerror or error}. Check the path.") from error


def _lines(path: Path, raw: BufferedReader, max_bytes: int) -> Iterator[str]:
    """The lines as text, each with its end; decoded one by one, so that an error has its line number."""
    count, seen = 0, 0
    while data := raw.readline(LONGEST_LINE + 1):
        seen += len(data)
        if not count and (foreign := next((what for start, what in FOREIGN.items() if data.startswith(start)), None)):
            raise FileError(f"{path}: this is no plain CSV text: {foreign}.")
        text = _text(path, data, count + 1)
        if seen > max_bytes:
            raise FileError(
                f"{path}, line {count + 1}: the file has more than max_bytes = {max_bytes:,} bytes. "
                "If that is right, raise it: read_csv(path, max_bytes=...)."
            )
        # Lines of old Macs end with a lone carriage return, which readline does not know.
        for line in io.StringIO(text, newline="") if "\r" in text[:-2] else (text,):
            count += 1
            yield line


def _text(path: Path, data: bytes, line: int) -> str:
    """One line decoded, without a byte order mark."""
    if len(data) > LONGEST_LINE:
        raise FileError(
            f"{path}, line {line}: the line has more than {LONGEST_LINE:,} bytes. "
            "Is this a CSV file, with one line for each row?"
        )
    if b"\0" in data:
        raise FileError(f"{path}, line {line}: it holds a zero byte, so it is no text in UTF-8. Save it as UTF-8.")
    try:
        return data.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path}, line {line}: byte {error.start + 1} of the line, 0x{data[error.start]:02X}, is not UTF-8. "
            'The file is in another encoding (Latin-1, Windows-1252, GBK, ...): save it as UTF-8 (Excel: "CSV UTF-8").'
        ) from None


def _sample(lines: Iterator[str]) -> list[str]:
    sample: list[str] = []
    while len(sample) < SAMPLE_LINES and sum(map(len, sample)) < SAMPLE_TEXT:
        line = next(lines, None)
        if line is None:
            break
        sample.append(line)
    return sample


def _sniffed(sample: list[str]) -> str:
    """The delimiter under which the first lines look most like a table, a comma where none does."""
    best = max("\t;,", key=lambda delimiter: _likeness(sample, delimiter))
    return best if _likeness(sample, best)[2] > 1 else ","


def _likeness(sample: list[str], delimiter: str) -> tuple[bool, float, int]:
    """Whether all rows have the same number of fields (more than one), what share are numbers, and how many there are.

    "1,5" counts as a number here: a file with decimal commas is separated by semicolons, and its error should say so.
    """
    try:
        rows = [row for row in csv.reader(sample, delimiter=delimiter, skipinitialspace=True) if row]
    except csv.Error:
        rows = []
    if not rows:
        return False, 0.0, 0
    even = len(rows[0]) > 1 and len({len(row) for row in rows}) == 1
    numbers = [number(field.replace(",", ".")) is not None for row in rows for field in row]
    return even, sum(numbers) / len(numbers) if even else 0.0, len(rows[0])


def _rows(path: Path, lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    # A blank after the delimiter belongs to the layout, not to the field; where blanks are the delimiter it does not.
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != " ")
    while True:
        line = reader.line_num + 1  # of the record's beginning: a quoted field may go on over several lines
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise FileError(f"{path}, line {line}: {_quoting(str(error))}") from None
        if row is None:
            return
        if len(row) > 1 or (row and row[0].strip()):
            yield line, row


def _quoting(error: str) -> str:
    """What the csv module says, with what to do."""
    if "unexpected end" in error:
        return 'a quotation mark (") opened in the record that begins here is never closed. Close it, or remove it.'
    if "field limit" in error:
        return (
            f"a field of the record that begins here has more than {csv.field_size_limit():,} characters. "
            'Is a quotation mark (") opened there and never closed?'
        )
    return f'the quotation marks (") are not in order: {error}. Inside a quoted field, write "" for each of them.'
