"""How a command ends before its time: a wrong command line, or Ctrl-C where nothing is to be kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pellucid.errors import PellucidError


class UsageError(PellucidError):
    """A command line that cannot be meant: exit code 2."""


class Stopped(BaseException):
    """Ctrl-C, where training must not catch it and go on with what it has."""


class Terminated(BaseException):
    """SIGTERM, where something is written before the program ends; the message says what can be done next."""


@contextmanager
def stopped_by_interrupt() -> Iterator[None]:
    """Let Ctrl-C end everything inside at once.

    `fit` turns a KeyboardInterrupt into a shorter training run, which is right for one network and wrong for a lesson
    that would go on to its next part.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped

    with _on(signal.SIGINT, stop):
        yield


@contextmanager
def terminated_by_signal(message: str) -> Iterator[None]:
    """Let SIGTERM raise Terminated inside, so that a checkpoint is written; where it is to be ignored, it still is."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated(message)

    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    with _on(signal.SIGTERM, end):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a second, impatient Ctrl-C not hit while the first one's results are being saved."""
    with _on(signal.SIGINT, signal.SIG_IGN):
        yield


@contextmanager
def _on(number: signal.Signals, action: signal.Handlers | object) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set signals, and only it gets them
        return
    before = signal.getsignal(number)
    if before is signal.SIG_IGN:  # somebody wants this process not to be interrupted
        yield
        return
    signal.signal(number, action)  # type: ignore[arg-type]
    try:
        yield
    finally:
        signal.signal(number, before)
