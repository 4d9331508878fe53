"""Many pages at once on loopback: no error, and memory that does not grow."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from studio_tools import Page, Studio

STATE = {
    "data": {"kind": "spiral", "n": 167, "arms": 3},
    "network": {"layers": [{"units": 8}, {"units": 8}]},
    "training": {"engine": "readable", "epochs": 1_000_000},
}


def resident(pid: int) -> float:
    """Megabytes of a process and all that it has started."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()
    ]
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20 + sum(resident(child) for child in children)


WISHES: tuple[dict[str, Any], ...] = (
    {"kind": "inside", "row": 3},
    {"kind": "rows"},
    {"kind": "findings"},
    {"kind": "check"},
)


class Crowd:
    """So many pages at once, each playing for so long once all of them do.

    Every wish has been answered once before that: what explains a network is loaded when it is first asked for.
    """

    def __init__(self, studio: Studio, pages: int, seconds: float) -> None:
        self.studio, self.seconds = studio, seconds
        self.begun = threading.Barrier(pages + 1)
        self.seen: list[tuple[int, int]] = []
        self.errors: list[BaseException] = []
        assert studio.cookie
        self.threads = [threading.Thread(target=self._page, args=(k,)) for k in range(pages)]
        for thread in self.threads:
            thread.start()

    def _page(self, k: int) -> None:
        try:
            page = self.studio.page({**STATE, "seed": k})
            page.send("watch", fps=30, histograms=k % 2 == 0, confusion=k % 3 == 0)
            for wish in WISHES:
                asked = dict(wish)
                answer = page.ask(asked.pop("kind"), **asked)
                assert answer["type"] == wish["kind"], answer
            page.send("play")
            self.begun.wait(600)
            self.seen.append(self._plays(page, k))
            page.ask("pause")
            page.close()
        except BaseException as error:
            self.errors.append(error)
            self.begun.abort()

    def _plays(self, page: Page, k: int) -> tuple[int, int]:
        """Frames and steps while it plays, with a wish now and then."""
        end, steps, first = time.monotonic() + self.seconds, 0, page.frames
        while time.monotonic() < end:
            message = page.next()
            assert message["type"] != "error", message
            if message["type"] == "frame":
                assert message["run_number"] == 1
                assert message["step"] >= steps
                steps = message["step"]
                if page.frames % 50 == 10:
                    wish = dict(WISHES[k % 4])
                    page.send(wish.pop("kind"), **wish)
        return page.frames - first, steps


def load(pages: int, seconds: float) -> list[float]:
    """Megabytes of everything while so many pages play for so long, from when all have begun; no error in any."""
    studio = Studio()
    try:
        crowd = Crowd(studio, pages, seconds)
        memory = []
        with suppress(threading.BrokenBarrierError):
            crowd.begun.wait(600)
            while sum(thread.is_alive() for thread in crowd.threads) == pages:
                memory.append(resident(studio.process.pid))
                time.sleep(0.25)
        for thread in crowd.threads:
            thread.join()
        assert crowd.errors == []
        assert len(crowd.seen) == pages
        assert min(crowd.seen) > (0, 0)
        code, _, err = studio.stop()
        assert (code, "Traceback" in err) == (0, False)
        print(f"memory {memory[0]:.0f} ... {memory[-1]:.0f} MB; frames and steps {sorted(crowd.seen)}")
        return memory
    finally:
        studio.kill()


def test_a_few_pages_for_a_moment() -> None:
    memory = load(pages=4, seconds=3)
    assert memory[-1] < 1.05 * memory[0] + 10


GROWTH = 5  # megabytes a page at most, until it has all that it keeps: half of it moments to rewind to


@pytest.mark.nightly
def test_twenty_pages_for_two_minutes() -> None:
    memory = load(pages=20, seconds=120)
    assert max(memory) < memory[0] + 20 * GROWTH
    half = len(memory) // 2  # by when as many moments are kept as ever will be
    assert np.mean(memory[-5:]) < 1.01 * np.mean(memory[half : half + 5])
