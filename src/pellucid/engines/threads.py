"""Threads that help with a chunk of steps: one pool for all runs, as large as the largest number asked for yet."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_size = 0

# Read in this order, as numerical libraries do; ours first.
VARIABLES = ("PELLUCID_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def allowed() -> int:
    """How many threads may compute: by the environment, else by the processors this process may run on.

    Example:
        >>> allowed() >= 1
        True
    """
    for name in VARIABLES:
        text = os.environ.get(name, "").split(",")[0].strip()
        if text.isdigit() and int(text) > 0:
            return int(text)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


@contextmanager
def helping(count: int, help: Callable[[], Any], close: Callable[[], Any]) -> Iterator[None]:
    """While the body runs, up to so many threads of the pool run `help`, which ends soon after `close` was called.

    A pool that is busy helps less, or not at all: the body must not wait for anybody to come.
    """
    futures = _submitted(count, help) if count > 0 else []
    try:
        yield
    finally:
        close()
        for future in futures:
            if not future.cancel():
                future.result()


def _submitted(count: int, help: Callable[[], Any]) -> list[Future[Any]]:
    """What was given to the pool; less than asked for, or nothing, where no thread can be started."""
    global _pool, _size
    futures: list[Future[Any]] = []
    with _lock:  # so that nobody is given a pool that another has just shut
        if _pool is None or _size < count:
            # A larger pool takes over; the threads of the smaller one end when what they help with does.
            if _pool is not None:
                _pool.shutdown(wait=False)
            _pool, _size = ThreadPoolExecutor(count, thread_name_prefix="pellucid"), count
        with suppress(RuntimeError):  # the interpreter is about to end, or the system gives no more threads
            futures.extend(_pool.submit(help) for _ in range(count))
    return futures


def _forget() -> None:
    """A forked process has none of its parent's threads."""
    global _pool, _size, _lock
    _pool, _size, _lock = None, 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


@cache
def yielding() -> int:
    """The address of what lets another thread run; the one function of the system's that a kernel calls."""
    if os.name == "nt":
        function: Any = ctypes.windll.kernel32.SwitchToThread  # type: ignore[attr-defined,unused-ignore]
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0
