"""Engines: the same training step, executed. Which one runs is decided here, never by a clock."""

from __future__ import annotations

from types import ModuleType

from pellucid.engines import readable
from pellucid.errors import InputError

ENGINES: dict[str, ModuleType] = {"readable": readable}


def choose(name: str) -> str:
    """The name of the engine that runs, for what was asked: "auto" picks, else the one that was named.

    Raises:
        InputError: there is no such engine.

    Example:
        >>> choose("auto")
        'readable'
    """
    if name == "auto":
        return "readable"
    if name not in ENGINES:
        raise InputError(f"There is no engine {name!r}. There are: auto, {', '.join(ENGINES)}.")
    return name
