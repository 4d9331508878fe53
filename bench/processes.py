"""Measured processes: started with the threads they are to have, spoken to line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SET = ("PELLUCID_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
UNSET = (
    *SET,
    "PYTHONDONTWRITEBYTECODE",
    "GOTO_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "XLA_FLAGS",
)


class Failed(Exception):
    """A process ended, or said something else than was asked; the last words of its standard error."""


def environment(threads: int | None, peer: str = "", more: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a process: none of the variables that limit threads, or those of a number of threads.

    Python may keep its bytecode, as it does for whoever installed a package; imports are compared.

    XLA takes as many threads as there are processors, so JAX is kept to a number of processors instead.
    """
    words = {name: value for name, value in os.environ.items() if name not in (*UNSET, "BENCH_PROCESSORS")}
    words["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    if threads is not None:
        words |= dict.fromkeys(SET, str(threads))
        if peer == "jax":
            words["BENCH_PROCESSORS"] = str(threads)
    return words | (more or {})


class Child:
    """A process that waits between repeats: python -m bench.child."""

    def __init__(self, folder: Path, peer: str, variant: str, threads: int | None) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `end`
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.child", str(folder), peer, variant], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=environment(threads, peer),
        )  # fmt: skip
        try:
            self.answer()
        except Failed:
            self.end()
            raise

    def ask(self, line: str) -> dict[str, Any]:
        """Say a line, hear the answer. Raises Failed."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Failed(self.last_words()) from error
        return self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise Failed(self.last_words())
        return json.loads(line)

    def last_words(self) -> str:
        self.errors.seek(0)
        return last_line(self.errors.read().decode(errors="replace"))

    def end(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()


def once(arguments: list[str], words: dict[str, str]) -> tuple[float, dict[str, Any]]:
    """Run Python once: seconds by the clock on the wall, and the last line it printed, read as JSON (if there is one).

    Raises:
        Failed: it ended with an error.
    """
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=words, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise Failed(last_line(done.stderr))
    lines = done.stdout.strip().splitlines()
    return seconds, json.loads(lines[-1]) if lines else {}


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it ended without a word"])[-1]
