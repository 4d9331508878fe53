"""What a page is shown: the points, and frames, never more than it draws and never more than training can spare."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pellucid.studio import answers, frames
from pellucid.studio.planes import Plane

if TYPE_CHECKING:
    from pellucid.studio.desk import Desk

UNDER_WAY = 2  # frames that were sent and not drawn
SHARE = 0.35  # of the time that computing frames may take
FOREVER = 1e9
WATCHED = {
    "fps": 30, "grid": 64, "units": True, "parameters": True, "histograms": False, "confusion": False, "history": True,
    "findings": False,
}  # fmt: skip


class Showing:
    """The frames of a desk.

    Attributes:
        dirty: whether something has changed since the last frame.
        watch: which parts of a frame the page wants.
        pinned: a run's curves that others are drawn over, with its name and its initial weights.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.watch: dict[str, Any] = dict(WATCHED)
        self.dirty = False
        self.pinned: dict[str, Any] | None = None
        self._send_pinned = self._send_inputs = False
        self._sent = self._drawn = 0
        self._sent_at = self._cost = 0.0
        self._plane: Plane
        self._places: Any
        self._picture: frames.Picture | None = None

    def begin_anew(self) -> None:
        """For a page that has just come: nothing is under way to it."""
        self._drawn = self._sent
        self._send_pinned = self.pinned is not None
        self.dirty = True

    def look(self, plane: Plane, places: Any) -> None:
        """From now on at this plane."""
        self._plane, self._places, self._picture = plane, places, None
        self.dirty = True

    def watch_for(self, wanted: Mapping[str, Any]) -> None:
        """Which parts of a frame are wanted."""
        if wanted["grid"] != self.watch["grid"]:
            self._picture = None
            self._send_inputs = True
        self.watch = {name: wanted[name] for name in WATCHED}
        self.dirty = True

    def drawn(self, number: int) -> None:
        """The page has drawn a frame, and with it all before."""
        self._drawn = max(self._drawn, min(number, self._sent))

    def data(self) -> None:
        """Send the points."""
        header, arrays = answers.points(self._desk.run, self._plane, self._places)
        self._desk.show({"type": "data", **header}, arrays)
        self._send_inputs = self.dirty = True

    def frame(self) -> float:
        """Send a frame if one is due; gives in how many seconds one will be."""
        if not self.dirty or self._sent - self._drawn >= UNDER_WAY:
            return FOREVER
        begun = time.perf_counter()
        pause = max(1 / self.watch["fps"], self._cost / SHARE)
        if self._desk.playing and begun < self._sent_at + pause:
            return self._sent_at + pause - begun
        self._sent += 1
        header, arrays = self._made()
        self._desk.show(header, arrays)
        took = time.perf_counter() - begun
        self._cost = 0.7 * self._cost + 0.3 * took if self._cost else took
        self._sent_at, self.dirty = begun, False
        return FOREVER

    def _made(self) -> tuple[dict[str, Any], frames.Arrays]:
        desk = self._desk
        if self._picture is None:
            self._picture = frames.Picture(desk.run, self._plane, self.watch["grid"])
        header, arrays = frames.frame(desk.run, self._picture, self.watch)
        if self._send_inputs:
            more, maps = frames.inputs(self._picture)
            header, arrays = header | more, arrays | maps
        if self._send_pinned and self.pinned is not None:
            header["pinned"] = self.pinned["names"]
            arrays["pinned"] = ("f4", self.pinned["curves"])
        self._send_inputs = self._send_pinned = False
        run = desk.run
        beside = {
            "type": "frame", "frame": self._sent, "playing": desk.playing, "at_end": run.step == run.end,
            "steps_per_second": desk.pace.per_second if desk.playing else 0.0, "run_number": desk.run_number,
        }  # fmt: skip
        return beside | header, arrays

    def pin(self, name: str) -> None:
        """Keep the curves of this run, for others to be drawn over."""
        names, curves = frames.curve(self._desk.run)
        self.pinned = {
            "name": name, "names": names, "curves": curves, "initial_weights": self._desk.run.initial_weights,
            "epochs": self._desk.run.job.done,
        }  # fmt: skip
        self._send_pinned = self.dirty = True

    def pinned_words(self, initial_weights: str) -> dict[str, Any] | None:
        """What is pinned, and whether a run that began with these weights began alike."""
        if self.pinned is None:
            return None
        said = {name: self.pinned[name] for name in ("name", "initial_weights", "epochs")}
        return said | {"same_start": self.pinned["initial_weights"] == initial_weights}
