"""Names become records once, at the boundary: "relu", "adam" or "he" is looked up here and nowhere deeper."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pellucid.errors import InputError, did_you_mean

Record = TypeVar("Record")


def resolve(
    what: str,
    given: Any,
    table: Mapping[str, Any],
    kind: type[Record],
    makers: Mapping[str, Callable[[float], Record]] | None = None,
) -> Record:
    """A record, from a record (returned as it is) or from its name in a table.

    Args:
        what: what it is called in messages, such as "activation".
        given: a record of class `kind`, or a name; upper case and hyphens do not matter.
        table: name to record.
        kind: the class of the records.
        makers: functions of one number behind names such as "normal(0.01)".

    Raises:
        InputError: no such name, or neither a name nor a record.

    Example:
        >>> resolve("number", "One", {"one": 1}, int)
        1
    """
    if isinstance(given, kind):
        return given
    if isinstance(given, str):
        name = given.lower().replace("-", "_")
        if name in table:
            return table[name]
        # The number keeps its signs: "constant(-0.5)", "normal(1e-5)".
        called = re.fullmatch(r"(\w+)\(([-+.\w]+)\)", given.lower())
        if called and makers and called[1] in makers:
            try:
                return makers[called[1]](float(called[2]))
            except ValueError as error:
                raise InputError(f"The {what} {given!r} is not understood: {error}") from error
        known = [*table, *(f"{maker}(number)" for maker in makers or () if maker not in table)]
        hint = did_you_mean(name, known)
        raise InputError(f"There is no {what} named {given!r}.{hint} There are: {', '.join(known)}.")
    raise InputError(
        f"The {what} must be a name ({', '.join(table)}) or a record of class {kind.__name__}; "
        f"this is {type(given).__name__}: {given!r}."
    )
