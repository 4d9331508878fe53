"""One measured process: python -m bench.child FOLDER PEER VARIANT. It does what it is told, one line after the other.

Lines on standard input: "check N FILE" works N epochs and writes the result to FILE; "fit SECONDS" finds how many
epochs take about so long; "go" takes the time of one repeat; the end of the input ends the process. It answers each
with a line of JSON on standard output.
"""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.memory import peak
from bench.peers import Run, prepared
from bench.problem import read


def main(folder: str, peer: str, variant: str) -> None:
    keep_to(os.environ.get("BENCH_PROCESSORS"))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    problem = read(Path(folder))
    run = prepared(peer, variant, problem)
    count = problem.case.epochs or 1
    answer({"ready": True}, answers)
    for line in sys.stdin:
        word, *rest = line.split(maxsplit=2)
        if word == "check":
            _, result = run(int(rest[0]))
            if result is not None:
                np.save(rest[1].strip(), result)
            answer({"done": True}, answers)
        elif word == "fit":
            count = problem.case.epochs or fitting(run, float(rest[0]))
            answer({"count": count}, answers)
        else:
            seconds, _ = run(count)
            answer({"seconds": seconds / count, "peak": peak()}, answers)


def answer(words: dict[str, Any], file: Any) -> None:
    file.write(json.dumps(words) + "\n")
    file.flush()


def fitting(run: Run, wanted: float) -> int:
    """How many epochs take about the wished seconds: asked of ever longer runs."""
    count = 1
    while True:
        seconds, _ = run(count)
        if seconds >= wanted / 4 or count >= 10**8:
            return max(1, math.ceil(count * wanted / max(seconds, 1e-9)))
        count *= max(2, min(100, int(wanted / 2 / max(seconds, 1e-9))))


def keep_to(processors: str | None) -> None:
    """Stay on the first so many processors: for libraries whose threads no variable limits."""
    if processors and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(processors)])


if __name__ == "__main__":
    main(*sys.argv[1:])
