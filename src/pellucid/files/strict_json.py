"""JSON, read strictly: size capped, no NaN, no doubled keys; and checked step by step with the place in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from pellucid.errors import FileError
from pellucid.files import opening
from pellucid.files.writing import replace_file

Array = npt.NDArray[Any]
LARGEST = 128 * 2**20  # bytes; a model of five million parameters takes about 100 MB as JSON
MOST_LISTS, MOST_TEXTS = 2_000_000, 1_000_000


def read(path: Path, largest: int = LARGEST) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        FileError: no file, too large, not UTF-8, not JSON, NaN or infinity in it, a doubled key, or not an object;
            a folder, a device, an empty file.
    """
    return parsed(path, opening.whole(path, largest))


def parsed(path: Path, raw: bytes, where: str = "", most_lists: int = MOST_LISTS) -> dict[str, Any]:
    """The object in a text; `where`: which part of a file it is, such as " (header)".

    Raises:
        FileError: as for `read`.
    """
    _refuse_crowds(path, raw, most_lists)
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_doubles)
    except UnicodeDecodeError as error:
        raise FileError(f"{path}{where}: not UTF-8 text (byte {error.start}).") from error
    except json.JSONDecodeError as error:
        raise FileError(f"{path}{where}: not JSON (line {error.lineno}, column {error.colno}: {error.msg}).") from error
    except RecursionError as error:
        raise FileError(f"{path}{where}: nested too deeply to be a model.") from error
    except ValueError as error:
        raise FileError(f"{path}{where}: {error}.") from error
    if not isinstance(value, dict):
        raise FileError(f"{path}{where}: holds a {type(value).__name__} where an object with named parts is expected.")
    return value


def _refuse_crowds(path: Path, raw: bytes, most_lists: int) -> None:
    """An empty list takes two bytes of a file and fifty of memory: more of them than any model has are refused."""
    if raw.count(b"[") + raw.count(b"{") > most_lists or raw.count(b'"') > 2 * MOST_TEXTS:
        raise FileError(f"{path}: more than {most_lists:,} lists or {MOST_TEXTS:,} texts, which no model has.")


def write(path: Path, value: dict[str, Any]) -> None:
    """Write an object; numbers read back bit for bit. The old file or the new one is there, whole.

    Raises:
        FileError: the place cannot be written, or the object holds what JSON cannot.
    """
    try:
        raw = (json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()
    except ValueError as error:  # half of a surrogate pair in a text, NaN, infinity
        raise FileError(f"{path}: nothing was saved, for a part of it cannot be written ({error}).") from error
    replace_file(path, raw)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, and a model has only finite numbers")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError(f"the key {_doubled(name for name, _ in pairs)!r:.80} stands twice in one object")
    return record


def _doubled(names: Iterable[str]) -> str:
    """The first name that stands there a second time."""
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def _listed(names: Iterable[str]) -> str:
    """A few names, in order."""
    first = sorted(names)[:5]
    return ", ".join(f"{name!r:.80}" for name in first) + (", ..." if len(first) == 5 else "")


def keys(path: Path, where: str, record: Any, wanted: set[str], optional: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """Refuse an object that lacks a key or has one too many."""
    if not isinstance(record, dict):
        raise FileError(f"{path}: {where} must be an object, not {type(record).__name__}.")
    missing, unknown = wanted - record.keys(), record.keys() - wanted - optional
    if missing:
        raise FileError(f"{path}: {where} lacks {_listed(missing)}.")
    if unknown:
        raise FileError(f"{path}: {where} has {_listed(unknown)}, which is not understood.")


def array(path: Path, where: str, value: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    """Nested lists of numbers as an array of exactly this shape."""
    if not _has_shape(value, shape):
        raise FileError(f"{path}: {where} must be numbers of shape {shape}, and is not.")
    try:
        with np.errstate(over="ignore"):
            result = np.array(value, dtype=np.float64).reshape(shape).astype(dtype)
    except (OverflowError, ValueError) as error:
        raise FileError(f"{path}: {where} holds a number that is too large.") from error
    if not np.isfinite(result).all():
        raise FileError(f"{path}: {where} holds a number that is too large for {np.dtype(dtype).name}.")
    return result


def _has_shape(value: Any, shape: tuple[int, ...]) -> bool:
    if not shape:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, list) and len(value) == shape[0] and all(_has_shape(part, shape[1:]) for part in value)


def names(path: Path, where: str, value: Any, count: int | None) -> tuple[str, ...] | None:
    """A list of `count` texts (of any length when None), or null."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise FileError(f"{path}: {where} must be a list of texts or null.")
    if count is not None and len(value) != count:
        raise FileError(f"{path}: {where} has {len(value)} entries where {count} are expected.")
    if len(set(value)) != len(value):
        raise FileError(f"{path}: {where} names {_doubled(value)!r:.80} twice.")
    return tuple(value)
