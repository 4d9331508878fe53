"""Where a job stands, taken out of it and put back into one that was just made: the rest goes on bit by bit alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import FileError, InputError
from pellucid.files.checkpoints.sealed import Contents
from pellucid.history import COLUMNS
from pellucid.jobs import Job, Marks
from pellucid.optimizers import State
from pellucid.schedules import Watch

Array = npt.NDArray[Any]

STOPS = ("epochs", "early stopping", "on_epoch")
MOST = 2**53  # of any count


def captured(job: Job, seconds: float) -> Contents:
    """Everything that changes in a job while it runs. The arrays are the job's own: write them before its next step.

    Args:
        job: between two steps; where an epoch is complete, it is finished too.
        seconds: from the start of training until now.

    Raises:
        InputError: the schedule remembers something of its own kind, which no file holds.
    """
    if type(job.watch) is not Watch:
        raise InputError(f"the schedule keeps {job.watch!r}, and a checkpoint holds a Watch of pellucid.schedules only")
    marks, place = job.marks(), job.step % job.steps_per_epoch
    arrays = {"theta": job.net.theta, "theta before": job.finite}
    arrays |= {f"average {k}": average for k, average in enumerate(job.state.averages)}
    begun = job.done + (place > 0)
    for name in COLUMNS:
        column = job.columns[name][:begun]
        if not np.isnan(column).all():
            arrays[f"history {name}"] = column
    if place:
        arrays["steps of the epoch"] = marks.steps[:, :place]
    if marks.best is not None:
        arrays["best theta"] = marks.best
    record = {
        "step": job.step,
        "steps_per_epoch": job.steps_per_epoch,
        "epochs": job.settings.epochs,
        "engine": job.engine,
        "stopped": job.stopped,
        "seconds": seconds,
        "updates": job.state.t,
        "watch": [_number(job.watch.best), job.watch.waited, _number(job.watch.scale)],
        "best_epoch": job.best_epoch,
        "best_loss": _number(marks.best_loss),
        "weight_seen": marks.weight_seen,
        "rows_right": marks.rows_right,
        "initial_weights": job.initial_weights,
        "random": job.rng.bit_generator.state if place and job.rng is not None else None,
    }
    return Contents(arrays, record)


def restore(job: Job, contents: Contents, name: str) -> None:
    """Let a job that has not begun stand where another one stood; either all of it or, where this raises, nothing.

    Args:
        job: of the same run, as `identity` has it.
        contents: what `captured` gave of the other one.
        name: what messages call the file.

    Raises:
        FileError: contents that no run can have written.
    """
    arrays, record = contents
    try:
        _put(job, arrays, record)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise FileError(f"{name}: whole, but not what a run of this kind writes ({error}).") from error


def _put(job: Job, arrays: dict[str, Array], record: dict[str, Any]) -> None:
    """Everything is looked at before anything is changed."""
    each, size, dtype = job.steps_per_epoch, job.net.theta.shape, job.net.dtype
    step = _whole(record, "step", job.settings.epochs * each)
    done, place = divmod(step, each)
    _is(record["steps_per_epoch"] == each, "steps_per_epoch")
    theta, before = (_array(arrays, name, size, dtype) for name in ("theta", "theta before"))
    averages = tuple(_array(arrays, f"average {k}", size, dtype) for k in range(len(job.state.averages)))
    best = _array(arrays, "best theta", size, dtype) if "best theta" in arrays else None
    begun = done + (place > 0)
    columns = {
        column: _array(arrays, f"history {column}", (begun,), np.dtype("float64"))
        for column in COLUMNS
        if f"history {column}" in arrays
    }
    _is(not done or {"loss", "learning_rate", "seconds"} <= columns.keys(), "history")
    steps = np.zeros((3, each))
    if place:
        steps[:, :place] = _array(arrays, "steps of the epoch", (3, place), np.dtype("float64"))
    lowest, waited, scale = record["watch"]
    watch = Watch(_real(lowest), _whole({"waited": waited}, "waited", MOST), _real(scale))
    best_epoch = None if record["best_epoch"] is None else _whole(record, "best_epoch", max(done - 1, 0))
    _is((best_epoch is None) == (best is None), "best_epoch")
    _is(record["stopped"] in STOPS, "stopped")
    _is(isinstance(record["initial_weights"], str), "initial_weights")
    updates, seconds = _whole(record, "updates", MOST), _real(record["seconds"])
    _is(0 <= seconds < math.inf, "seconds")
    best_loss, seen, right = (_real(record[key]) for key in ("best_loss", "weight_seen", "rows_right"))
    random = _random(job, record["random"], place)

    if step:
        last = step - 1
        job.begin(last // each)  # the order of its rows, and the generator of its dropout
        if not job.full_batch:
            k = last % each
            job.last_rows = job.order[k * job.batch_size : (k + 1) * job.batch_size]
    if random is not None and job.rng is not None:
        job.rng.bit_generator.state = random
    for column, values in columns.items():
        job.columns[column][:begun] = values
    job.step, job.done, job.spent, job.stopped = step, done, seconds, record["stopped"]
    job.taken = step
    job.best_epoch, job.watch, job.initial_weights = best_epoch, watch, record["initial_weights"]
    job.net.theta = theta
    job.finite[...] = before
    job.state = State(updates, averages)
    job.set_marks(Marks(seen, right, steps, best_loss, best))
    if done and not place:
        job.net.last_update = theta - before
    if job.stopped == "epochs" and job.out_of_patience():  # it was interrupted just before it would have been seen
        job.stopped = "early stopping"


def _random(job: Job, state: Any, place: int) -> Any:
    """The state of a generator, tried on one that is thrown away."""
    needed = bool(place) and (job.has_dropout or (job.settings.shuffle and not job.full_batch))
    _is((state is not None) == needed, "random")
    if state is not None:
        np.random.default_rng(0).bit_generator.state = state
    return state


def _is(right: bool, what: str) -> None:
    if not right:
        raise ValueError(what)


def _whole(record: dict[str, Any], key: str, most: int) -> int:
    value = record[key]
    _is(isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most, key)
    return int(value)


def _real(value: Any) -> float:
    """A number as `_number` wrote it."""
    _is(value == "inf" or (isinstance(value, int | float) and not isinstance(value, bool)), "a number")
    return float(value)


def _number(value: float) -> float | str:
    """A number that JSON can hold, and that comes back bit for bit."""
    return "inf" if value == math.inf else float(value)


def _array(arrays: dict[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    array = arrays[name]
    _is(array.shape == shape and array.dtype == dtype, name)
    return np.array(array)
