"""Which line of a learner's code changes something: their function is run once more, watched line by line."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from pellucid.checker.running.learner import quietly
from pellucid.checker.running.surroundings import LIBRARIES

MOST_LINES = 20_000  # after so many lines of their code the search is given up


@dataclass(frozen=True)
class Place:
    """A line of the learner's code."""

    file: str
    line: int

    @property
    def text(self) -> str:
        """As it is written; "" where the file cannot be read."""
        return linecache.getline(self.file, self.line).strip()

    @property
    def name(self) -> str:
        return Path(self.file).name


@dataclass
class _Search:
    """A trace function that looks after every line whether it has happened."""

    happened: Callable[[], bool]
    last: Place | None = None
    found: Place | None = None
    lines: int = field(default=0)

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        if self.found or self.lines > MOST_LINES or frame.f_code.co_filename.startswith(LIBRARIES):
            return None
        self.lines += 1
        if self.last is not None and self.happened():
            self.found = self.last
            return None
        caller = frame.f_back if event == "return" else None  # the rest of the calling line comes next
        at = caller if caller is not None and not caller.f_code.co_filename.startswith(LIBRARIES) else frame
        self.last = Place(at.f_code.co_filename, at.f_lineno)
        return self


def line_that_changes(function: Callable[[], Any], happened: Callable[[], bool]) -> Place | None:
    """The line of the learner's code after which something is so; None where it is not found.

    Args:
        function: calls theirs; what it raises is of no interest.
        happened: whether it is so by now.
    """
    search = _Search(happened)
    before = sys.gettrace()
    sys.settrace(search)
    try:
        with quietly():
            function()
    except Exception:
        return search.found
    finally:
        sys.settrace(before)
    return search.found or (search.last if happened() else None)
