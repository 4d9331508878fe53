"""What is written behind an option becomes a value here, or a UsageError that says what is wanted."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from typing import Any

from pellucid.cli.mistakes import UsageError
from pellucid.errors import InputError, did_you_mean

MOST_UNITS = 1_000_000  # in a layer; far beyond what a model file holds, so only typing errors are above


def number(option: str, value: float, above: float | None = None, least: float = 0.0, below: float = math.inf) -> float:
    """A number in [least, below), or in (above, below).

    Example:
        >>> number("--rate", 0.1, above=0)
        0.1
    """
    good = least <= value < below and (above is None or value > above)
    if not good:  # also where it is NaN
        wanted = f"above {above:g}" if above is not None else f"of at least {least:g}"
        wanted += "" if below == math.inf else f" and below {below:g}"
        raise UsageError(f"{option} must be a number {wanted}; this is {value:g}.")
    return value


def whole(option: str, value: int, least: int) -> int:
    """A whole number of at least `least`."""
    if value < least:
        raise UsageError(f"{option} must be a whole number of at least {least}; this is {value}.")
    return value


def choice(option: str, value: str, names: Iterable[str]) -> str:
    """One of the names; upper case and hyphens do not matter.

    Example:
        >>> choice("--schedule", "One-Cycle", ["cosine", "one_cycle"])
        'one_cycle'
    """
    known, name = list(names), value.strip().lower().replace("-", "_")
    if name in known:
        return name
    raise UsageError(f"{option} must be one of {', '.join(known)}; this is {value!r}.{did_you_mean(name, known)}")


def sizes(option: str, value: str) -> tuple[int, ...]:
    """Units of the hidden layers, separated by commas; "none" is no hidden layer.

    Example:
        >>> sizes("--hidden", "32,16"), sizes("--hidden", "none")
        ((32, 16), ())
    """
    if value.strip().lower() in ("none", "0"):
        return ()
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isascii() and part.isdigit() and 1 <= int(part[:12]) <= MOST_UNITS for part in parts):
        raise UsageError(
            f"{option} counts the neurons of each hidden layer, such as 64 or 32,16, or is none; this is {value!r}."
        )
    return tuple(map(int, parts))


def names(values: Iterable[str]) -> list[str]:
    """Columns, separated by commas; one with a comma in its name stands in quotation marks, as in the file.

    Example:
        >>> names(["id,date", '"size, cm"'])
        ['id', 'date', 'size, cm']
    """
    return [name.strip() for row in csv.reader(values, skipinitialspace=True) for name in row if name.strip()]


def separator(option: str, value: str | None) -> str | None:
    """The delimiter of a file: one character, or the word tab or space.

    Example:
        >>> separator("--delimiter", "tab"), separator("--delimiter", ";")
        ('\\t', ';')
    """
    if value is None:
        return None
    character = {"tab": "\t", "\\t": "\t", "space": " "}.get(value.lower(), value)
    if len(character) != 1 or character in '"\r\n\0':
        raise UsageError(f'{option} must be one character, such as "," or ";", or tab or space; this is {value!r}.')
    return character


def kept(checkpoint: str | None, every: str | None, resume: bool) -> dict[str, Any]:
    """What `fit` is told of checkpoints: nothing, where there are to be none.

    Raises:
        UsageError: a part of it without a folder, or no time.
    """
    if checkpoint is None:
        if every is not None or resume:
            raise UsageError("--every and --resume are about checkpoints: name their folder too, --checkpoint run/.")
        return {}
    from pellucid.files.checkpoints.interval import interval

    try:
        interval(every)
    except InputError as error:
        raise UsageError(f"--{error}") from error
    return {"checkpoint": checkpoint, "every": every, "resume": resume}
