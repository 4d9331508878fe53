"""The keeper of a run: it takes the engine's steps in pieces and writes checkpoints in between."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from pellucid import engines
from pellucid.engines.signals import Held
from pellucid.errors import FileError, InputError, need
from pellucid.files.checkpoints import identity
from pellucid.files.checkpoints.folder import Folder, Found
from pellucid.files.checkpoints.interval import interval
from pellucid.files.checkpoints.sealed import Contents, seal
from pellucid.files.checkpoints.state import captured, restore
from pellucid.hooks import Hooks
from pellucid.jobs import Job

PIECE = 0.05  # seconds that the steps between two looks at the clock take, about: Ctrl-C is heard then
SHARE = 0.1  # of the time that writing may take, where checkpoints are written by the clock


class Keeper(Hooks):
    """Writes the checkpoints of a run to a folder, and goes on from the last one that is there.

    Args:
        folder: made if it is not there; no other run may write to it meanwhile.
        every: how often, as `interval` reads it.
        resume: whether to go on with the run whose checkpoints are in the folder.
        tell: is called with a sentence that says from where training goes on.

    Raises:
        InputError: `every` says nothing of the kind, or the folder holds a run and `resume` is False.
        FileError: the folder cannot be made, read or written, or another run has it, or all in it is damaged.
        MissingExtra: safetensors is not installed (extra `files`).
    """

    def __init__(
        self, folder: str | os.PathLike[str], every: Any, resume: bool, tell: Callable[[str], Any] | None = None
    ) -> None:
        if not isinstance(resume, bool | np.bool_):
            raise InputError(f"resume must be True or False; this is {resume!r}.")
        self.every = interval(every)
        need("safetensors.numpy", "files")
        self.resume, self.tell = bool(resume), tell or (lambda sentence: None)
        self.folder = Folder(folder)
        self.identity: dict[str, str] = {}  # of the run: what decides its bits
        self.engine: str | None = None  # that took the steps until now, where there were any
        self.held = Held()
        self.whole = False  # whether the job stands between two steps
        self.saved: tuple[int, str] | None = None  # step, and why it stopped there, of what was written last
        self.failing = False
        self.pace = 1  # steps that a piece takes
        self.wait = self.every.amount  # seconds until the next one, where they are written by the clock
        self.last = time.monotonic()

    def begin(self, job: Job) -> None:
        """Let a job that was just made go on from the last checkpoint, if there is one; its engine is not yet chosen.

        Raises:
            InputError: the checkpoint is of another run, and the message says what differs.
        """
        self.identity = identity.identity(job)
        found = self.folder.newest() if self.resume else None
        if found is None:
            if self.resume:
                self.tell(f"{self.folder}: no checkpoint yet, so training starts from the beginning")
            elif self.folder.steps():
                raise InputError(
                    f"{self.folder}: there are checkpoints of a run. resume=True goes on with it; or name another "
                    "folder, or remove this one."
                )
            return
        name, contents = found
        self._compare(job, name, contents)
        restore(job, contents, name)
        self.saved = (job.step, job.stopped)
        self.tell(_standing(job, found))

    def _compare(self, job: Job, name: str, contents: Contents) -> None:
        record = contents.record
        then, engine, epochs, step = (record.get(key) for key in ("run", "engine", "epochs", "step"))
        if not (isinstance(then, dict) and engine in engines.ENGINES and type(epochs) is int and type(step) is int):
            raise FileError(f"{name}: whole, but not what a run writes.")
        identity.refuse_others(name, then, self.identity)
        identity.refuse_other_length(name, job, epochs, step)
        if job.engine not in ("auto", engine):
            raise InputError(
                f"{name}: the run was taken by the {engine} engine, and engine={job.engine!r} would take the rest to "
                f"other bits. Go on with engine={engine!r}."
            )
        engines.check(engine)
        job.engine = self.engine = engine
        identity.warn_of_other_environment(name, record.get("environment"), identity.environment(engine))

    def refuse_other_engine(self, job: Job) -> None:
        """Once the engine is chosen: whether it is the one that was to go on.

        Raises:
            InputError: it could not run after all.
        """
        if self.engine not in (None, job.engine):
            raise InputError(
                f"{self.folder}: the run was taken by the {self.engine} engine, which cannot run here, and the "
                f"{job.engine} one would take the rest to other bits. Go on where it can, or begin anew."
            )

    # What a run calls.

    def at_most(self, job: Job, many: int) -> int:
        steps = self._due_at(job)
        return many if steps is None else max(1, min(many, steps // job.steps_per_epoch - job.done))

    @contextmanager
    def holding(self, job: Job) -> Iterator[None]:
        """While it lasts, Ctrl-C and the like wait until the job is whole again, and a checkpoint is written first."""
        try:
            with self.held:
                self.whole = False
                yield
                self.whole = True
                if self.held.pending:
                    self.save(job)
        finally:
            self.held.deliver()

    def take(self, engine: Any, job: Job, end: int) -> None:
        """Take the steps of a job up to `end`, and write checkpoints in between where one is due within an epoch."""
        if end > (job.done + 1) * job.steps_per_epoch:  # several epochs, so few of them that they take no time
            super().take(engine, job, end)
            return
        while job.step < end:
            due = self._due_at(job)
            stop = min(end, job.step + self.pace, end if due is None else due)
            started = time.monotonic()
            super().take(engine, job, stop)
            self._keep_pace(stop - job.step, time.monotonic() - started)
            job.step = stop
            if stop < end:
                self.whole = True
                self.look(job)
                if self.held.pending:
                    self.save(job)
                    self.held.deliver()
                self.whole = False

    def look(self, job: Job) -> None:
        """Write a checkpoint if it is time for one, or the run is over."""
        steps = self.every.steps(job.steps_per_epoch)
        by_clock = steps is None and time.monotonic() - self.last >= self.wait
        if by_clock or (steps is not None and job.step % steps == 0) or _over(job):
            self.save(job)

    def leave(self, job: Job) -> None:
        """Write a last checkpoint where a run is left: interrupted, or the loop over its epochs was."""
        if self.whole:
            self.save(job)

    def save(self, job: Job) -> None:
        """Write a checkpoint, if there is something new. Where that fails, training goes on, with a warning."""
        if self.saved == (job.step, job.stopped) or not job.step:
            return
        started = time.monotonic()
        try:
            contents = captured(job, time.perf_counter() - job.started)
            contents.record["run"] = self.identity
            contents.record["environment"] = identity.environment(job.engine)
            self.folder.write(job.step, seal(contents))
        except Exception as error:  # whatever it is, hours of training must not be lost by it
            self._failed(error)
        else:
            self.saved, self.failing = (job.step, job.stopped), False
        self.last = time.monotonic()
        self.wait = max(self.every.amount, (self.last - started) / SHARE)

    def _failed(self, error: Exception) -> None:
        """Say so when it begins to fail, and not each time: the last checkpoint is there still."""
        if not self.failing:
            self.failing = True
            warnings.warn(
                f"No checkpoint could be written: {str(error).rstrip('.')}. Training goes on, and so do attempts.",
                RuntimeWarning,
                stacklevel=2,
            )

    def close(self) -> None:
        """Let another run have the folder."""
        self.folder.close()

    def _due_at(self, job: Job) -> int | None:
        """At which step the next checkpoint is due, where they are not written by the clock."""
        steps = self.every.steps(job.steps_per_epoch)
        return None if steps is None else (job.step // steps + 1) * steps

    def _keep_pace(self, steps: int, seconds: float) -> None:
        self.pace = max(1, min(2 * self.pace, int(steps * PIECE / max(seconds, 1e-9))))


def _over(job: Job) -> bool:
    return job.stopped != "epochs" or job.done >= job.settings.epochs


def _standing(job: Job, found: Found) -> str:
    """From where a run goes on, in words."""
    total, place = job.settings.epochs, job.step % job.steps_per_epoch
    if _over(job):
        how = {"epochs": "all", "early stopping": "stopped early after", "on_epoch": "stopped by on_epoch after"}
        return f"{found.name}: the run is finished: {how[job.stopped]} {job.done:,} epochs"
    where = f"epoch {job.done + 1:,} of {total:,}"
    where += f", after step {place:,} of its {job.steps_per_epoch:,}" if place else ""
    return f"{found.name}: training goes on with {where}; {job.spent:.1f} s of it are done"
