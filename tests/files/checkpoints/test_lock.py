"""One run at a time writes to a folder, and a process that is no more does not count."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import driven
import pytest

from pellucid import FileError
from pellucid.files.checkpoints.lock import NAME, Lock

HOLDING = """
import sys, time
from pathlib import Path
from pellucid.files.checkpoints.lock import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_only_one_has_it_also_within_a_process(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    with pytest.raises(FileError, match=rf"another run .*\(process {os.getpid()}\)"):
        Lock(tmp_path)
    with pytest.raises(FileError):  # the refused one has not freed it
        Lock(tmp_path)
    lock.release()
    lock.release()
    again = Lock(tmp_path)
    assert again.still_there()
    assert (tmp_path / NAME).read_text().strip() == str(os.getpid())
    again.release()
    assert (tmp_path / NAME).read_text() == ""


def test_one_that_is_forgotten_is_free(tmp_path: Path) -> None:
    Lock(tmp_path).file.close()  # type: ignore[union-attr]  # as the garbage collector does it
    Lock(tmp_path).release()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_dead_process_does_not_keep_it(end: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(FileError, match=rf"\(process {process.pid}\)"):
            Lock(tmp_path)
        process.send_signal(end)
        process.wait(timeout=60)
        Lock(tmp_path).release()


FORKING = """
import os, sys, time
from pathlib import Path
from pellucid import FileError
from pellucid.files.checkpoints.lock import Lock
folder = Path(sys.argv[1])
lock = Lock(folder)
read, write = os.pipe()
child = os.fork()
if child == 0:
    assert not lock.still_there()  # it is the parent's
    os.close(write)
    os.read(read, 1)
    os._exit(0)
lock.release()
Lock(folder).release()  # though the child lives
os.write(write, b"x")
os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_forked_child_does_not_keep_it(tmp_path: Path) -> None:
    driven.run(FORKING, tmp_path)


def test_a_folder_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    lock = Lock(folder)
    assert lock.still_there()
    folder.rename(tmp_path / "moved")
    assert not lock.still_there()
    folder.mkdir()
    other = Lock(folder)
    assert not lock.still_there()
    assert other.still_there()
    lock.release()
    other.release()


def test_no_place_for_it_is_said(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(FileError, match=r"checkpoint\.lock: cannot be written \(Is a directory\)"):
        Lock(tmp_path)
