"""Engines: the same training step, executed. Which one runs is decided here, never by a clock."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

from pellucid.engines import compiled, readable
from pellucid.engines.compiled.graph import CannotCompile
from pellucid.engines.compiled.store import BuildFailed
from pellucid.errors import InputError, need

if TYPE_CHECKING:
    from pellucid.jobs import Job

ENGINES: dict[str, ModuleType] = {"readable": readable, "compiled": compiled}


def choose(name: str) -> str:
    """The name of the engine that runs, for what was asked: "auto" picks, else the one that was named.

    Raises:
        InputError: there is no such engine.
        MissingExtra: it needs what is not installed.

    Example:
        >>> choose("readable")
        'readable'
    """
    if name == "auto":
        return "readable"
    if name not in ENGINES:
        raise InputError(f"There is no engine {name!r}. There are: auto, {', '.join(ENGINES)}.")
    if name == "compiled":
        for module in ("llvmlite.binding", "numba"):
            if find_spec(module.partition(".")[0]) is None:
                need(module, "fast")
    return name


def get_ready(job: Job) -> None:
    """Let the engine make ready what a run needs; where it cannot, the readable one runs, and a warning says so."""
    try:
        ENGINES[job.engine].prepare(job)
    except (CannotCompile, BuildFailed) as error:
        warnings.warn(f"The readable engine runs instead of the compiled one: {error}", RuntimeWarning, stacklevel=4)
        job.engine = "readable"
