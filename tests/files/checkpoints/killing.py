"""A program: runs that are killed again and again, and go on, held against runs that were left alone.

python killing.py steps ENGINE KILLS WIDE FOLDER     at random steps, until for every optimizer so many
                                                     have gone on from a checkpoint, a third of them within an epoch
python killing.py saves FOLDER                       before every line of what writes a checkpoint
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import warnings
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import driven
import numpy as np
import runs

from pellucid import TrainingDiverged
from pellucid.engines import compiled
from pellucid.files.checkpoints import Keeper
from pellucid.files.checkpoints.folder import Folder
from pellucid.jobs import Job

INTERVALS = ("1 step", "2 steps", "3 steps", "7 steps", "1 epoch", "2 epochs", "0.001 s")
SAVING = ("files/writing.py", *(f"checkpoints/{name}.py" for name in ("keeper", "folder", "sealed", "state", "lock")))


def die_at(step: int) -> None:
    """Let SIGKILL end this process when a step is about to be taken, or among those of a compiled call."""
    take, call = Job.take, compiled._call

    def dying_take(job: Job, number: int, *rest: Any) -> None:
        if number >= step:
            os.kill(os.getpid(), signal.SIGKILL)
        take(job, number, *rest)

    def dying_call(job: Job, plan: Any, begin: int, stop: int) -> None:
        if begin <= step < stop:
            if step > begin:
                call(job, plan, begin, step)  # the rest of the call is not
            os.kill(os.getpid(), signal.SIGKILL)
        call(job, plan, begin, stop)

    Job.take = dying_take  # type: ignore[method-assign]
    compiled._call = dying_call


def at_steps(engine: str, wanted: int, wide: bool, folder: Path) -> None:
    """Kill every optimizer's runs at random steps, and let them go on; prints the optimizer, kills, how many of them
    went on from a checkpoint, and how many of those from within an epoch."""
    for optimizer in runs.OPTIMIZERS:
        rng = np.random.default_rng((wide, list(runs.OPTIMIZERS).index(optimizer), wanted))
        kills = resumed = within = 0
        while resumed < wanted or within < wanted // 3:
            found = runs.case(int(rng.integers(10**6)), optimizer, engine, wide)
            net = found.network()
            try:
                left_alone = runs.outcome(net, found.fit(net))
            except TrainingDiverged:
                continue
            assert left_alone["engine"] == engine
            each, steps = runs.steps_of(found)
            every, place = INTERVALS[rng.integers(len(INTERVALS))], folder / "run"
            for step in sorted(rng.integers(1, steps, rng.integers(1, 4))):
                before = latest(place)
                if driven.killed(partial(dying_run, found, place, every, int(step))):
                    kills += 1
                    at = latest(place)
                    assert at is None or at >= (before or 0)
                    resumed, within = resumed + (at is not None), within + (at is not None and at % each > 0)
            assert go_on(found, place, every) == left_alone, (optimizer, found)
            shutil.rmtree(place)
        print(optimizer, kills, resumed, within, flush=True)


def dying_run(found: runs.Case, place: Path, every: str, step: int) -> None:
    die_at(step)
    go_on(found, place, every)


def latest(place: Path) -> int | None:
    """The step of the last checkpoint in a folder."""
    if not place.exists():
        return None
    folder = Folder(place)
    steps = folder.steps()
    folder.close()
    return steps[0] if steps else None


def go_on(found: runs.Case, place: Path, every: str) -> dict[str, Any]:
    net = found.network()
    net.theta = net.theta + 1  # whatever it begins with is not what it goes on with
    before = place.exists() and any(place.glob("step-*"))
    if not before:
        net = found.network()
    return runs.outcome(net, found.fit(net, checkpoint=place, every=every, resume=True))


def at_saves(folder: Path) -> None:
    """Kill a run before every line that writes its third checkpoint; prints how often, and how often the third one was
    not, or was, there afterwards."""
    layers = [runs.Dense(5, "tanh"), runs.Dropout(0.3), runs.Dense(3, "softmax")]
    settings: dict[str, Any] = {
        "optimizer": runs.OPTIMIZERS["adam"], "schedule": "plateau", "batch_size": 8, "epochs": 2,
        "validation": 0.2, "early_stopping": 3, "engine": "readable",
    }  # fmt: skip
    found = runs.Case(layers, runs.LABELS, "float64", settings)
    net = found.network()
    left_alone = runs.outcome(net, found.fit(net))
    old = new = 0
    for k in count(1):
        place = folder / "run"
        went = driven.killed(partial(dying_save, found, place, k))
        at = latest(place)
        assert at in (4, 6), at
        old, new = old + (at == 4), new + (at == 6)
        assert go_on(found, place, "2 steps") == left_alone
        assert not list(place.glob(".*"))
        assert len(list(place.glob("step-*"))) == 2
        shutil.rmtree(place)
        if not went:
            print(k - 1, old, new)
            return


def dying_save(found: runs.Case, place: Path, k: int) -> None:
    saved, save = 0, Keeper.save

    def dying(keeper: Keeper, job: Job) -> None:
        nonlocal saved
        saved += 1
        if saved == 3:
            driven.die_before_line(k, SAVING)
        save(keeper, job)
        if saved == 3:
            os._exit(0)

    Keeper.save = dying  # type: ignore[method-assign]
    found.fit(found.network(), checkpoint=place, every="2 steps")


if __name__ == "__main__":
    # Newer Pythons warn of a fork beside threads; those of the compiled engine know that they are not in the child.
    warnings.filterwarnings("ignore", ".*fork.*", DeprecationWarning)
    if sys.argv[1] == "steps":
        at_steps(sys.argv[2], int(sys.argv[3]), sys.argv[4] == "wide", Path(sys.argv[5]))
    else:
        at_saves(Path(sys.argv[2]))
