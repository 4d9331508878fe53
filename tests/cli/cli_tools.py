"""What the tests of the command line share: processes, and small files."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

FLOWERS = ("sepal length", "sepal width", "petal length", "petal width")


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


# `python -m pellucid`, able to be interrupted even where whoever runs these tests has that switched off.
START = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('pellucid', run_name='__main__')"
)


def start(argv: Sequence[str], **variables: str) -> subprocess.Popen[str]:
    """Start a command line as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", START, *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", **variables},
    )


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """A line of bash, with `pellucid` in it."""
    program = f"pellucid() {{ '{sys.executable}' -m pellucid \"$@\"; }}; {line}"
    return subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=60)


def on_a_terminal(argv: list[str], code: int = 0, **variables: str) -> str:
    """What a command line shows on a terminal of 80 columns."""
    terminal, end = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **variables}
    with subprocess.Popen(
        [sys.executable, "-m", "pellucid", *argv], stdin=end, stdout=end, stderr=end, env=environment
    ) as process:
        os.close(end)
        shown = b""
        while select.select([terminal], [], [], 30)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
    os.close(terminal)
    assert process.returncode == code
    return shown.decode()


def write(
    path: str | Path, header: Sequence[str] | None, rows: Sequence[Sequence[object]], delimiter: str = ","
) -> Path:
    lines = [] if header is None else [delimiter.join(header)]
    lines += [delimiter.join(map(str, row)) for row in rows]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Path(path)
