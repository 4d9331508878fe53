"""Signals held back while steps are taken, so that what they end is whole: its books, and a checkpoint of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Held:
    """Within a `with` block, signals that a Python function handles are kept for `deliver`.

    Ctrl-C is such a signal, and SIGTERM where the program has a handler for it; one that would end the process at once
    does so still. One that comes a second time is not kept waiting.
    """

    def __init__(self) -> None:
        self.pending: list[int] = []
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def __enter__(self) -> Held:
        self._before = {}
        try:
            if threading.current_thread() is threading.main_thread():  # only it may set handlers, and only it runs them
                for number in (signal.SIGINT, signal.SIGTERM):
                    handler = signal.getsignal(number)
                    if callable(handler):
                        self._before[number] = handler
                        signal.signal(number, self._hear)
        except BaseException:  # one of them came before it was held
            self._put_back(list(self._before))
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self._put_back(list(self._before))

    def _put_back(self, numbers: list[int]) -> None:
        """The handlers as they were: all of them, even if one of them is called meanwhile, and raises."""
        if numbers:
            try:
                signal.signal(numbers[0], self._before[numbers[0]])
            finally:
                self._put_back(numbers[1:])

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if number in self.pending:
            self.pending.remove(number)
            self._before[number](number, frame)
        else:
            self.pending.append(number)

    def deliver(self) -> None:
        """Call the handlers of what came; most of them raise."""
        while self.pending:
            number = self.pending.pop(0)
            self._before[number](number, None)
