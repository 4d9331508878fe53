"""Programs that tests run in a process of their own, where they may be killed, fork, or have no room on the disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

HERE = Path(__file__).resolve().parent


def run(program: str | Path, *arguments: object, timeout: float = 600) -> str:
    """Run a Python program, as a text or a file, warnings being errors, and give what it prints.

    It may import this module, and those of the tests of checkpoints.
    """
    code = [str(program)] if isinstance(program, Path) else ["-c", program]
    ran = subprocess.run(
        [sys.executable, "-W", "error", *code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(),
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def environment() -> dict[str, str]:
    """Of such a program."""
    paths = [str(HERE), str(HERE / "checkpoints"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1", "PELLUCID_QUIET": "1"}


def killed(work: Callable[[], Any]) -> bool:
    """Do the work in a forked child; whether that was killed with SIGKILL, and not done."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def die_before_line(k: int, files: tuple[str, ...]) -> None:
    """From now on, let SIGKILL end this process before the k-th line that it runs in one of the files."""
    left = k

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.endswith(files):
            return None
        if event == "line":
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
