"""What is captured of a job is all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

pytest.importorskip("safetensors")

import runs
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from pellucid import FileError, InputError, TrainingDiverged, engines
from pellucid.files.checkpoints.sealed import Contents, seal, unseal
from pellucid.files.checkpoints.state import captured, restore
from pellucid.jobs import Job

ENGINES = ["readable", pytest.param("compiled", marks=pytest.mark.skipif(not engines.installed(), reason="no Numba"))]
# Of a job, what belongs to its making and not to where it stands, or is a matter of clocks and buffers.
MADE = {"net", "problem", "validation", "settings", "made_of", "plan", "spent", "started"}


def bits(value: Any) -> Any:
    """A value in a form that two of them can be compared in, bit for bit."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, np.random.Generator):
        return bits(value.bit_generator.state)
    if isinstance(value, Mapping):
        return {key: bits(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [bits(entry) for entry in value]
    return value


def everything(job: Job) -> dict[str, Any]:
    found = {name: bits(value) for name, value in vars(job).items() if name not in MADE}
    epochs = job.done + (job.step % job.steps_per_epoch > 0)
    found["columns"] = {name: bits(column[:epochs]) for name, column in job.columns.items()}
    place = job.step % job.steps_per_epoch
    found["_steps"] = bits(job.marks().steps[:, :place])  # of the epoch; what is behind it will be written over
    if not place:  # the next epoch begins with a generator and an order of its own
        for name in ("rng", "order", "_weight_seen", "_rows_right"):
            found.pop(name, None)
    return found | {"theta": bits(job.net.theta)}


def moved(job: Job, other: Job) -> None:
    """Put where one job stands into another one, by way of a file."""
    restore(other, unseal(seal(captured(job, 1.5)), "x"), "x")


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(sorted(runs.OPTIMIZERS)), st.data())
def test_a_job_goes_on_as_if_nothing_had_been(engine: str, number: int, optimizer: str, data: st.DataObject) -> None:
    found = runs.case(number, optimizer, engine)
    _, steps = runs.steps_of(found)
    cut = data.draw(st.integers(1, steps))
    then = data.draw(st.integers(cut, steps))
    job, other = found.job(), found.job()
    try:
        runs.advance(job, then)
    except TrainingDiverged:
        reject()
    job = found.job()
    runs.advance(job, cut)
    moved(job, other)
    if engine == "compiled":  # whose plan was laid out before, where training lays it out after
        for place, average in zip(other.plan.averages, other.state.averages, strict=False):
            place[...] = average
    assert everything(other) == everything(job)
    runs.advance(job, then)
    runs.advance(other, then)
    assert everything(other) == everything(job)


def spoilt() -> dict[str, Callable[[Contents], Any]]:
    """What may be wrong with contents that are sealed rightly."""

    def put(key: str, value: Any) -> Callable[[Contents], Any]:
        return lambda contents: contents.record.update({key: value})

    def array(key: str, value: Any) -> Callable[[Contents], Any]:
        return lambda contents: contents.arrays.update({key: value})

    numbers = ["step", "steps_per_epoch", "updates", "seconds", "best_loss", "weight_seen", "rows_right", "best_epoch"]
    wrong: list[Any] = [-1, 10**9 + 10**17, "1", "nan", None, [], {}, True, 0.5]
    cases = {f"{key} {value!r}": put(key, value) for key in numbers for value in wrong}
    for fine in ("seconds 0.5", "weight_seen -1", "weight_seen 0.5", "rows_right -1", "rows_right 0.5", "best_loss -1",
                 "best_loss 0.5", "best_loss 100000001000000000", "weight_seen 100000001000000000",
                 "rows_right 100000001000000000", "seconds 100000001000000000"):  # fmt: skip
        cases.pop(fine)
    cases |= {f"random {value!r}": put("random", value) for value in (None, 1, {}, {"bit_generator": "PCG64"},
              {"bit_generator": "MT19937"}, {"bit_generator": "PCG64", "state": {"state": -1, "inc": 1},
              "has_uint32": 0, "uinteger": 0})}  # fmt: skip
    cases |= {f"watch {value!r}": put("watch", value) for value in (None, [], [1, 2], [1, 2, 3, 4], ["x", 0, 1.0])}
    cases |= {f"stopped {value!r}": put("stopped", value) for value in (None, "", "diverged", 1)}
    cases |= {f"initial_weights {value!r}": put("initial_weights", value) for value in (None, 1)}
    for key in ("theta", "theta before", "average 0", "best theta", "steps of the epoch", "history loss"):
        cases[f"{key} too long"] = array(key, np.zeros(1000))
        cases[f"{key} of another kind"] = array(key, np.zeros(3, dtype=np.int32))
        cases[f"{key} missing"] = lambda contents, key=key: contents.arrays.pop(key)  # type: ignore[misc]
    cases |= {f"no {key}": lambda contents, key=key: contents.record.pop(key)
              for key in (*numbers, "watch", "random", "stopped", "initial_weights")}  # fmt: skip
    return cases


@pytest.mark.parametrize("case", spoilt())
def test_what_no_run_writes_is_refused_and_changes_nothing(case: str) -> None:
    found = runs.Case(
        [runs.Dense(5, "tanh"), runs.Dropout(0.5), runs.Dense(1)],
        runs.VALUES,
        "float64",
        {
            "optimizer": runs.OPTIMIZERS["momentum"],
            "batch_size": 8,
            "epochs": 4,
            "early_stopping": 2,
            "validation": 0.2,
        },
    )
    job, other = found.job(), found.job()
    runs.advance(job, 2 * job.steps_per_epoch + 1)
    contents = unseal(seal(captured(job, 1.0)), "x")
    spoilt()[case](contents)
    before, columns = everything(other), other.columns
    with pytest.raises(FileError, match=r"^x: whole, but not what a run of this kind writes"):
        restore(other, contents, "x")
    assert everything(other) == before
    assert other.columns is columns


def test_a_schedule_with_a_memory_of_its_own_is_said() -> None:
    job = runs.case(0, "sgd", "readable").job()
    runs.advance(job, 1)
    job.watch = ("something", "else")  # type: ignore[assignment]
    with pytest.raises(InputError, match="schedule keeps"):
        captured(job, 1.0)
