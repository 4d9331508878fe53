"""How often a checkpoint is written: every so many seconds, epochs or steps."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

import numpy as np

from pellucid.errors import InputError

USUAL = "1 min"
EXAMPLES = 'write "30 s", "5 min", "1 h", "2 epochs" or "500 steps"; a number alone is epochs'
NUMBER_AND_UNIT = r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([a-z]*)\s*"
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
_COUNTED: dict[str, Literal["epochs", "steps"]] = {
    "": "epochs", "epoch": "epochs", "epochs": "epochs", "step": "steps", "steps": "steps",
}  # fmt: skip
LONGEST = 1e9  # seconds, or steps: what is more is a mistake


class Interval(NamedTuple):
    """So much of a unit: above 0 and finite; a whole number of epochs or steps."""

    amount: float
    unit: Literal["seconds", "epochs", "steps"]

    def steps(self, steps_per_epoch: int) -> int | None:
        """The same in steps, or None where it is a time."""
        if self.unit == "seconds":
            return None
        return int(self.amount) * (steps_per_epoch if self.unit == "epochs" else 1)


def interval(every: Any) -> Interval:
    """What `every` says.

    Args:
        every: "30 s", "5 min", "1 h", "2 epochs", "500 steps"; a number of epochs; None for a minute.

    Raises:
        InputError: it says nothing of the kind.

    Example:
        >>> interval("90s"), interval("1 epoch"), interval(5)
        (Interval(amount=90.0, unit='seconds'), Interval(amount=1, unit='epochs'), Interval(amount=5, unit='epochs'))
    """
    text = USUAL if every is None else every
    if isinstance(text, int | np.integer) and not isinstance(text, bool):
        text = str(int(text))
    found = re.fullmatch(NUMBER_AND_UNIT, text.lower()) if isinstance(text, str) else None
    if found is None:
        raise InputError(f"every says how often a checkpoint is written: {EXAMPLES}. This is {every!r}.")
    amount, unit = float(found[1]), found[2]
    if unit in _SECONDS:
        if not 0 < (seconds := amount * _SECONDS[unit]) <= LONGEST:
            raise InputError(f"every must be more than 0 s and at most {LONGEST:.0e} s; this is {every!r}.")
        return Interval(seconds, "seconds")
    if unit not in _COUNTED:
        raise InputError(f"every has the unit {found[2]!r}, which is none: {EXAMPLES}.")
    if not 1 <= amount <= LONGEST or amount != int(amount):
        raise InputError(f"every must be a whole number of {_COUNTED[unit]}, 1 or more, or a time; this is {every!r}.")
    return Interval(int(amount), _COUNTED[unit])
