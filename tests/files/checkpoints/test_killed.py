"""Bars R9 and R10: runs that are killed, have no room, or are two at once, and go on to the same bits all the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("safetensors")

import driven
import runs

from pellucid import engines

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are killed as forked children")
HERE = Path(__file__).resolve().parent
ENGINES = ["readable", pytest.param("compiled", marks=pytest.mark.skipif(not engines.installed(), reason="no Numba"))]


def kills(engine: str, wanted: int, width: str, folder: Path) -> None:
    counted = set()
    for line in driven.run(HERE / "killing.py", "steps", engine, wanted, width, folder).splitlines():
        optimizer, *numbers = line.split()
        killed, resumed, within = map(int, numbers)
        assert optimizer in runs.OPTIMIZERS
        assert killed >= resumed >= wanted, "of those that are wanted each had a checkpoint to go on from"
        assert resumed >= within >= wanted // 3 >= 1, "some of those within an epoch"
        counted.add(optimizer)
    assert counted == runs.OPTIMIZERS.keys()
    assert len(counted) == 7


@pytest.mark.parametrize("engine", ENGINES)
def test_killed_at_some_random_steps(engine: str, tmp_path: Path) -> None:
    kills(engine, 6, "narrow", tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ENGINES)
def test_killed_at_fifty_random_steps_for_every_optimizer(engine: str, tmp_path: Path) -> None:
    kills(engine, 50, "wide", tmp_path)


def test_killed_before_every_line_of_a_save(tmp_path: Path) -> None:
    killed, old, new = map(int, driven.run(HERE / "killing.py", "saves", tmp_path).split())
    assert killed >= 50
    assert old >= 30  # before the file had its name
    assert new >= 10  # after it
    assert old + new == killed + 1  # and one that was not killed


FULL = """
import resource, sys, warnings
from pathlib import Path
import runs
from pellucid.files.checkpoints.folder import Folder

place = Path(sys.argv[1]) / "run"
found = runs.case(int(sys.argv[2]), "adam", "readable")
left_alone = found.network()
expected = runs.outcome(left_alone, found.fit(left_alone))

def fill(epoch):
    if epoch.index:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))

with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    net = found.network()
    assert runs.outcome(net, found.fit(net, checkpoint=place, every="1 step", on_epoch=fill)) == expected
(said,) = [str(warning.message) for warning in heard]
assert "No checkpoint could be written" in said and "File too large" in said, said
assert not list(place.glob(".*"))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
folder = Folder(place)
name, contents = folder.newest()
folder.close()
print(contents.record["step"])
again = found.network()
assert runs.outcome(again, found.fit(again, checkpoint=place, every="1 step", resume=True)) == expected
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
@pytest.mark.parametrize("number", [1, 2, 5])
def test_without_room_training_goes_on_and_the_last_checkpoint_stays(number: int, tmp_path: Path) -> None:
    assert int(driven.run(FULL, tmp_path, number)) >= 1


WRITER = """
import sys, time
from pathlib import Path
import runs
from pellucid import FileError
found = runs.case(3, "adam", "readable")
found.settings.update(epochs=int(sys.argv[2]), schedule=None, early_stopping=None)
print("ready", flush=True)
sys.stdin.readline()
try:
    found.fit(found.network(), checkpoint=sys.argv[1], every="1 step", resume=True,
              on_epoch=lambda epoch: print("epoch", flush=True) if epoch.index == 0 else None)
except FileError as error:
    print(error)
else:
    print("done")
"""


def writer(place: Path, epochs: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(place), str(epochs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=driven.environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_of_two_writers_one_is_refused(tmp_path: Path) -> None:
    """Both begin at the same moment; whoever comes second hears whose folder it is."""
    for attempt in range(2):
        place = tmp_path / str(attempt)
        with writer(place, 200) as one, writer(place, 200) as other:
            for process in (one, other):
                assert process.stdin is not None
                process.stdin.write("\n")
                process.stdin.flush()
            said = {process.pid: process.communicate(timeout=60)[0].splitlines()[-1] for process in (one, other)}
        assert sorted(said.values(), key=len)[0] == "done"
        first = next(pid for pid, line in said.items() if line == "done")
        refusal = next(line for pid, line in said.items() if pid != first)
        assert re.search(rf"another run writes its checkpoints here( \(process {first}\))?\.", refusal), refusal
        assert len(list(place.glob("step-*"))) == 2


def test_who_was_killed_does_not_keep_the_folder(tmp_path: Path) -> None:
    with writer(tmp_path, 10**6) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        one.stdin.write("\n")
        one.stdin.flush()
        assert one.stdout.readline() == "epoch\n"
        with writer(tmp_path, 10**6) as other:
            assert f"(process {one.pid})" in other.communicate("\n", timeout=60)[0]
        one.kill()
    before = max(tmp_path.glob("step-*")).name
    with writer(tmp_path, 10**6) as other:
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
        waited = time.monotonic() + 60
        while max(tmp_path.glob("step-*")).name == before:
            assert other.poll() is None
            assert time.monotonic() < waited
            time.sleep(0.02)
        other.kill()
