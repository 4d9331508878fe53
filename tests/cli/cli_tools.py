"""What the tests of the command line share: processes, and small files."""

from __future__ import annotations

import os
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


def write(
    path: str | Path, header: Sequence[str] | None, rows: Sequence[Sequence[object]], delimiter: str = ","
) -> Path:
    lines = [] if header is None else [delimiter.join(header)]
    lines += [delimiter.join(map(str, row)) for row in rows]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Path(path)
