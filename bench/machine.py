"""The machine and the versions that a table was made with."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("pellucid", "numpy", "scipy", "numba", "llvmlite", "scikit-learn", "joblib", "torch", "jax", "jaxlib")


def machine() -> dict[str, Any]:
    """What a reader has to know: processor, memory, system, versions, how busy the machine was."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[call-overload,index]
    return {
        "processor": processor(),
        "cores": usable(),
        "memory": memory(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "blas": f"{blas.get('name')} {blas.get('version')}",
        "versions": {name: found for name in PACKAGES if (found := installed(name))},
        "together": together(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


WORK = """
import sys, time, numpy as np
x = np.random.default_rng(0).normal(size=10_000)
for _ in range(200): np.exp(x)
print("ready", flush=True)
for _ in sys.stdin:
    started = time.perf_counter()
    for _ in range(20_000): np.exp(x)
    print(time.perf_counter() - started, flush=True)
"""


def together(rounds: int = 5) -> float:
    """How many times longer the same vector arithmetic takes when two processes do it at once: 1 on two whole cores,
    2 where both "cores" are threads of one. No program can gain more from a second thread."""
    workers = [
        subprocess.Popen([sys.executable, "-c", WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for worker in workers:
        worker.stdout.readline()  # type: ignore[union-attr]
    ratios = []
    for _ in range(rounds):
        (alone,), both = _timed(workers[:1]), _timed(workers)
        ratios.append(max(both) / alone)
    for worker in workers:
        worker.communicate()
    return round(statistics.median(ratios), 2)


def _timed(workers: list[subprocess.Popen[str]]) -> list[float]:
    for worker in workers:
        print(file=worker.stdin, flush=True)
    return [float(worker.stdout.readline()) for worker in workers]  # type: ignore[union-attr]


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def usable() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    path = Path("/proc/cpuinfo")
    text = path.read_text() if path.exists() else ""
    name = re.search(r"model name\s*: (.+)", text)
    found = name[1].strip() if name else platform.processor() or platform.machine()
    widest = next((words for flag, words in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if f" {flag}" in text), "")
    return f"{found}, {widest}" if widest else found


def memory() -> str:
    if not hasattr(os, "sysconf"):
        return "unknown"
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"
