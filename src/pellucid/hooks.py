"""Hooks: what may be done around the steps of a run, between its epochs and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pellucid.jobs import Job


class Hooks:
    """Those of a plain run: the engine takes as many steps at once as it likes to, and nothing is done in between."""

    def at_most(self, job: Job, many: int) -> int:
        """How many of the next `many` epochs may be taken in one go, at least one."""
        return many

    @contextmanager
    def holding(self, job: Job) -> Iterator[None]:
        """Around the steps of an epoch and its books: a job is whole again when they end."""
        yield

    def take(self, engine: Any, job: Job, end: int) -> None:
        """Take the steps of a job up to `end`."""
        engine.run(job, job.step, end)

    def look(self, job: Job) -> None:
        """Called when the caller asks for the epoch after the one it was given."""

    def leave(self, job: Job) -> None:
        """Called when a run is left: interrupted, or the loop over its epochs was."""

    def close(self) -> None:
        """Called once it is over, however it ended; also for a run that was never begun."""
