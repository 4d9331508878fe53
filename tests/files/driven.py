"""Programs that tests run in a process of their own, where they may be killed, fork, or have no room on the disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# Kills a forked child of the program at the k-th line that it runs inside the files named, and tells how far it came.
KILLING = '''
import os, signal, sys

def killed_at(k, names, work):
    """Fork; the child does the work and is killed with SIGKILL before its k-th line in one of the files. Gives whether
    it was killed: no, where it had done its work before."""
    child = os.fork()
    if child == 0:
        left = [k]
        def trace(frame, event, argument):
            if not frame.f_code.co_filename.endswith(names):
                return None
            if event == "line":
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace
        sys.settrace(trace)
        try:
            work()
        except BaseException:
            import traceback
            sys.settrace(None)
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False
'''


def run(program: str, *arguments: str | Path, timeout: float = 300) -> str:
    """Run a Python program, warnings being errors, and give what it prints."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PELLUCID_QUIET": "1"},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
