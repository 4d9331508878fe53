"""The machine and the versions that a table was made with."""

from __future__ import annotations

import os
import platform
import re
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
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


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
