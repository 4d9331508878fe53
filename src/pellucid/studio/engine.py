"""Which engine takes a step: decided by the number of the step alone, so that the same run always has the same bits.

Compiled code has to be made once a machine, which takes seconds. The first steps are the readable engine's, so that
the page moves at once; the compiled one takes over at the border of an epoch, and where its code is not there yet by
then, training waits for it.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pellucid import engines
from pellucid.jobs import Job

READABLE_STEPS = 1000  # with "auto"


def wanted(choice: str, step: int, held: bool) -> str:
    """The engine of an epoch that begins after so many steps.

    Args:
        choice: "auto", "readable" or "compiled".
        step: how many steps were taken.
        held: whether units are silenced, which the readable engine alone can do.

    Example:
        >>> wanted("auto", 0, False), wanted("compiled", 0, True)
        ('readable', 'readable')
    """
    if held or choice == "readable" or not engines.installed():
        return "readable"
    return "compiled" if choice == "compiled" or step >= READABLE_STEPS else "readable"


def looked_at_again(choice: str, step: int) -> int | None:
    """After which step `wanted` may say something else; None where it will not by itself."""
    return READABLE_STEPS if choice == "auto" and step < READABLE_STEPS else None


def take_over(job: Job, name: str) -> None:
    """Let an engine take a job's steps from now on."""
    job.engine, job.plan = name, None
    if name == "compiled":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where it cannot be compiled, the readable engine goes on
            engines.get_ready(job)


class Builder:
    """Has compiled code made beside the training.

    Args:
        told: called, in another thread, when something is ready.
    """

    def __init__(self, told: Callable[[], None] = lambda: None) -> None:
        self.told = told
        self.ready: set[str] = set()
        self._working: str | None = None

    def is_ready(self, job: Job) -> bool:
        """Whether the code that a job needs is there; where not, it is begun to be made."""
        key = _key(job)
        if key in self.ready:
            return True
        if self._working is None:
            self._working = key
            threading.Thread(target=self._build, args=(key, _twin(job)), daemon=True).start()
        return False

    def _build(self, key: str, job: Job) -> None:
        try:
            take_over(job, "compiled")
        except Exception:  # whatever it is, the job itself will meet it, and say so
            pass
        finally:
            self.ready.add(key)
            self._working = None
            self.told()


def _key(job: Job) -> str:
    """What the code depends on: the formulas, and how many units where they are few."""
    settings = job.settings
    parts: list[Any] = [type(settings.optimizer).__name__, job.net.loss_function.name, settings.l2 + settings.l1 > 0]
    parts += [str(layer) for layer in job.net.layers]
    return repr(parts)


def _twin(job: Job) -> Job:
    """A copy whose parameters are its own, for code to be made for."""
    twin = Job(deepcopy(job.net), job.problem, None, job.settings, "compiled", None)
    return twin
