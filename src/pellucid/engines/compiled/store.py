"""The store: machine code of units and kernels, kept on disk, loaded by LLVM alone.

A unit is built once a machine and found again by what it is: a digest of its text, of every file of this package, of
the versions of Numba and LLVM, and of the processor. Each file carries a digest of itself; one that is damaged is built
again. Where nothing can be written, code is built for this process alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pellucid.engines.compiled import machine
from pellucid.engines.compiled.units import Unit
from pellucid.errors import need

QUIET = "PELLUCID_QUIET"  # of the environment: where it is set, nothing is said of compiling
DIGEST = 32  # bytes of SHA-256 before the code
KEPT = 30 * 86400  # seconds that code of an edition stays without being used
_lock = threading.RLock()


def _forget() -> None:
    """In a forked process: the thread that may have held the lock is not there to give it back."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

_loaded: dict[Any, int] = {}  # by unit, or a request's words: address
_engines: list[Any] = []  # LLVM's, which own the code


class BuildFailed(Exception):
    """Numba or LLVM could not make code of a unit; the readable engine runs it."""


def folder() -> Path:
    """Where code is kept: PELLUCID_CACHE, or the user's own cache folder."""
    given = os.environ.get("PELLUCID_CACHE") or os.environ.get("XDG_CACHE_HOME")
    try:
        base = Path(given) if given else Path.home() / ".cache"
    except RuntimeError as error:  # a user without a home: nothing is kept
        raise OSError(str(error)) from error
    return (base if os.environ.get("PELLUCID_CACHE") else base / "pellucid") / "kernels"


def _read_package() -> str:
    package = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


# As it was when this process imported it. The build reads it anew and makes nothing of a package that was edited since,
# whose kernel would not fit the plans that are made here.
PACKAGE = _read_package()


@cache
def fingerprint() -> str:
    """What all code depends on: this package, word by word, the versions of its tools, and the processor."""
    parts = (PACKAGE, version("numba"), version("llvmlite"), machine.description())
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def kernel(dtype: str) -> dict[str, Any]:
    """A request for the kernel itself."""
    return {"name": "steps", "dtype": dtype}


def product(dtype: str) -> dict[str, Any]:
    """A request for the product of two matrices."""
    return {"name": "product", "dtype": dtype}


def addresses(units: Sequence[Unit | dict[str, Any]]) -> list[int]:
    """Where the code of units is in memory; what is missing is built.

    Raises:
        BuildFailed: one of them cannot be built, whatever the reason.
    """
    try:
        return _addresses(units)
    except BuildFailed:
        raise
    except Exception as error:  # a disk, a process, Numba or LLVM: the readable engine goes on, and says why
        raise BuildFailed(f"{type(error).__name__}: {error}") from error


def _addresses(units: Sequence[Unit | dict[str, Any]]) -> list[int]:
    with _lock:
        names = [unit if isinstance(unit, Unit) else tuple(unit.items()) for unit in units]
        wanted: dict[str, dict[str, Any]] = {}
        keys: dict[Any, str] = {}
        for name, unit in zip(names, units, strict=True):
            if name not in _loaded:
                request = asdict(unit) if isinstance(unit, Unit) else dict(unit)
                key = hashlib.sha256((fingerprint() + json.dumps(request, sort_keys=True)).encode()).hexdigest()[:32]
                keys[name] = key
                wanted[key] = request | {"key": key, "symbol": f"pellucid_{key}"}
        code = {key: _kept(key) for key in wanted}
        missing = [wanted[key] for key, found in code.items() if found is None]
        if missing:
            code |= _built(missing)
        found = _load(code)
        _loaded.update({name: found[key] for name, key in keys.items()})
        return [_loaded[name] for name in names]


def _path(key: str) -> Path:
    return folder() / fingerprint()[:16] / f"{key}.o"


def _kept(key: str) -> bytes | None:
    """The code of a key, if it is on disk and undamaged."""
    try:
        data = _path(key).read_bytes()
    except OSError:
        return None
    return data[DIGEST:] if _digest(key, data[DIGEST:]) == data[:DIGEST] else None


def _digest(key: str, code: bytes) -> bytes:
    """Tells damaged code, and code of another key, from what was written."""
    return hashlib.sha256(key.encode() + code).digest()


def _keep(key: str, code: bytes) -> None:
    """Write it aside and move it into place: another process sees all of it or nothing."""
    with suppress(OSError):
        path = _path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_digest(key, code) + code)
            os.replace(aside, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(aside)
            raise


def _built(requests: list[dict[str, Any]]) -> dict[str, bytes]:
    """Have the build make them, in a process of its own, and keep them."""
    names = ", ".join(sorted({request["name"] for request in requests}))
    if not os.environ.get(QUIET):
        print(
            f"pellucid: compiling for this processor, {_how_often()} ({names}) ...",
            file=sys.stderr,
            flush=True,
        )
    package = str(Path(__file__).resolve().parents[3])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([package, os.environ.get("PYTHONPATH", "")])}
    asked = json.dumps({"package": PACKAGE, "requests": requests})
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pellucid.engines.compiled.build"],  # -P: not what lies in the current folder
        input=asked, capture_output=True, text=True, check=False, env=environment, timeout=600,
    )  # fmt: skip
    built: dict[str, bytes] = {}
    for line in done.stdout.splitlines():
        if not line.startswith('{"key"'):  # somebody else's, such as a sitecustomize's
            continue
        answer = json.loads(line)
        if "error" in answer:
            raise BuildFailed(answer["error"])
        built[answer["key"]] = base64.b64decode(answer["code"])
        _keep(answer["key"], built[answer["key"]])
    _clear()
    if len(built) < len(requests):
        last = done.stderr.strip().splitlines()[-1:] or [f"it ended with code {done.returncode}"]
        raise BuildFailed(f"the build stopped: {last[0]}")
    return built


def _how_often() -> str:
    """What to say of a compilation: whether it can be kept, and if not, why."""
    try:
        own = _path("").parent
        own.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=own):
            pass
    except OSError as error:
        return (
            f"and again at every start: it cannot be kept ({error}). Name a folder that can be written in the variable "
            "PELLUCID_CACHE"
        )
    first = not any(own.glob("*.o"))
    return "once, about ten seconds" if first else "once, a few seconds for kinds of layers or steps not met before"


def _clear() -> None:
    """Remove what editions of the package that nobody has used for long have left."""
    with suppress(OSError):
        own = _path("").parent
        os.utime(own)
        for other in own.parent.iterdir():
            if other.is_dir() and other != own and time.time() - other.stat().st_mtime > KEPT:
                shutil.rmtree(other, ignore_errors=True)


def _load(code: Mapping[str, bytes | None]) -> dict[str, int]:
    """Where each key's code is, once it is in memory."""
    if not code:
        return {}
    llvm = need("llvmlite.binding", "fast")
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine.target_machine())
    for data in code.values():
        engine.add_object_file(llvm.ObjectFileRef.from_data(data))
    engine.finalize_object()
    _engines.append(engine)
    return {key: engine.get_function_address(f"pellucid_{key}") for key in code}
