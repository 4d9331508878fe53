"""Engines: the same training step, executed. Which one runs is decided here, never by a clock."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from itertools import pairwise
from types import ModuleType
from typing import TYPE_CHECKING

from pellucid.engines import readable
from pellucid.errors import InputError, did_you_mean, need

if TYPE_CHECKING:
    from pellucid.jobs import Job

ENGINES = ("readable", "compiled")
AUTO = 1.0  # seconds that the readable engine may be expected to need before "auto" prefers the compiled one

# What the readable engine takes, about, on the machines that it was measured on: for a step, for each operation of
# NumPy's in it, for a product's multiplications and additions, and for each number that passes an activation.
_STEP, _LAYER, _PRODUCT, _NUMBER = 60e-6, 35e-6, 1 / 10e9, 20e-9


def check(name: str) -> None:
    """Whether there is such an engine, here.

    Raises:
        InputError: there is no such engine.
        MissingExtra: it needs what is not installed.

    Example:
        >>> check("readable")
        >>> check("quick")
        Traceback (most recent call last):
        pellucid.errors.InputError: There is no engine 'quick'. There are: auto, readable, compiled.
    """
    names = ("auto", *ENGINES)
    if name not in names:
        raise InputError(f"There is no engine {name!r}.{did_you_mean(str(name), names)} There are: {', '.join(names)}.")
    if name == "compiled":
        for module in _missing():
            need(module, "fast")


def installed() -> bool:
    """Whether the compiled engine's libraries are here."""
    return not _missing()


def _missing() -> list[str]:
    return [module for module in ("llvmlite", "numba") if not _there(module)]


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:  # something refuses to have it looked for
        return False


def module(name: str) -> ModuleType:
    """The engine of a name; the compiled one is imported when it is first used."""
    if name == "compiled":
        from pellucid.engines import compiled

        return compiled
    return readable


def get_ready(job: Job) -> None:
    """Decide which engine takes a job's steps, and let it make ready what it needs.

    "auto" takes the compiled one where it is installed, the formulas can be compiled, and the readable one would
    need a second or more: what is over before that is not worth a compilation. Where the compiled engine cannot run
    after all, the readable one does, and a warning says why.
    """
    asked = job.engine
    if asked == "auto":
        worth = AUTO if job.worth is None else job.worth
        job.engine = "compiled" if seconds_expected(job) >= worth and installed() else "readable"
    if job.engine == "readable":
        return
    from pellucid.engines import compiled

    try:
        compiled.prepare(job)
    except (compiled.CannotCompile, compiled.BuildFailed) as error:
        job.engine = "readable"
        if asked == "compiled" or isinstance(error, compiled.BuildFailed):
            warnings.warn(
                f"The readable engine runs instead of the compiled one: {error}", RuntimeWarning, stacklevel=4
            )


def seconds_expected(job: Job) -> float:
    """How long a job may take the readable engine, judged by its shapes alone: the answer is always the same."""
    net = job.net
    widths = [net.inputs, *(len(b) for name, b in net.params.items() if name.startswith("b"))]
    products = sum(fan_in * units for fan_in, units in pairwise(widths))
    speed = 1.0 if net.dtype.itemsize == 8 else 0.5
    a_row = speed * (6 * products * _PRODUCT + sum(widths[1:]) * _NUMBER)
    a_step = _STEP + _LAYER * len(net.layers) + job.batch_size * a_row
    return job.likely * job.steps_per_epoch * a_step
