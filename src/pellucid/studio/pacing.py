"""Pace: how many steps to take before looking around again, and how many there are in a second."""

from __future__ import annotations

import time

SLICE = 0.012  # seconds of training between two looks at what the page wants
WINDOW = 0.5  # seconds over which steps are counted
BEHIND = 0.25  # seconds of steps that may be made up for, where a speed is asked for


class Pace:
    """Counts steps and the time that they take.

    Example:
        >>> pace = Pace()
        >>> pace.due(None)
        1
        >>> pace.took(10, 0.01)
        >>> pace.due(None)
        12
    """

    def __init__(self) -> None:
        self._rate = 0.0  # steps a second of training alone
        self._owed = 0.0
        self._looked = self._since = time.perf_counter()
        self._counted = 0
        self.per_second = 0.0

    def start(self) -> None:
        """Begin anew, after a pause."""
        self._looked = self._since = time.perf_counter()
        self._owed, self._counted, self.per_second = 1.0, 0, 0.0

    def due(self, speed: float | None) -> int:
        """How many steps to take now: a slice full of them, or as many as a speed (steps a second) asks for."""
        most = max(1, int(self._rate * SLICE))
        if speed is None:
            return most
        now = time.perf_counter()
        self._owed = min(self._owed + (now - self._looked) * speed, max(1.0, speed * BEHIND))
        self._looked = now
        return min(int(self._owed), most)

    def wait(self, speed: float | None) -> float:
        """Seconds until a step is due."""
        return 0.0 if speed is None else max(0.0, (1.0 - self._owed) / speed)

    def took(self, steps: int, seconds: float) -> None:
        """So many steps were taken."""
        self._owed = max(0.0, self._owed - steps)
        rate = steps / max(seconds, 1e-7)
        self._rate = rate if not self._rate else 0.7 * self._rate + 0.3 * rate
        self._counted += steps
        passed = time.perf_counter() - self._since
        if passed > WINDOW:
            self.per_second = self._counted / passed
            self._since, self._counted = time.perf_counter(), 0
