"""Many pages at once on loopback: no error, and memory that does not grow."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from studio_tools import Studio

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


def used(studio: Studio, k: int, seconds: float, found: list[Any]) -> None:
    """A page that plays for so long, with a wish now and then, and notes what it saw."""
    try:
        page = studio.page({**STATE, "seed": k})
        page.send("watch", fps=30, histograms=k % 2 == 0, confusion=k % 3 == 0)
        page.send("play")
        end, wishes, steps, answered = time.monotonic() + seconds, 0, 0, 0
        while time.monotonic() < end:
            message = page.next(60)
            assert message["type"] != "error", message
            answered += message.get("id") is not None
            if message["type"] == "frame":
                assert message["run_number"] == 1
                assert message["step"] >= steps
                steps = message["step"]
                if page.frames % 20 == 10:
                    wishes += 1
                    page.send(
                        *("inside", "rows", "findings", "check")[k % 4 : k % 4 + 1],
                        **({"row": 3} if k % 4 == 0 else {}),
                    )
        page.ask("pause")
        found.append((page.frames, steps, wishes))
        page.close()
    except BaseException as error:
        found.append(error)


def load(pages: int, seconds: float, measured_every: float) -> tuple[list[Any], list[float]]:
    """So many pages at once for so long; what each saw, and the memory of everything meanwhile."""
    studio = Studio()
    try:
        found: list[Any] = []
        threads = [threading.Thread(target=used, args=(studio, k, seconds, found)) for k in range(pages)]
        assert studio.cookie
        for thread in threads:
            thread.start()
        memory = []
        while any(thread.is_alive() for thread in threads):
            time.sleep(measured_every)
            memory.append(resident(studio.process.pid))
        for thread in threads:
            thread.join()
        code, _, err = studio.stop()
        assert code == 0
        assert "Traceback" not in err
        return found, memory
    finally:
        studio.kill()


def no_error(found: list[Any], pages: int) -> None:
    assert len(found) == pages
    for seen in found:
        if isinstance(seen, BaseException):
            raise seen
        frames, steps, _ = seen
        assert frames > 2
        assert steps > 10


def test_a_few_pages_for_a_moment() -> None:
    found, _ = load(pages=4, seconds=3, measured_every=0.5)
    no_error(found, 4)


@pytest.mark.nightly
def test_twenty_pages_for_half_a_minute() -> None:
    found, memory = load(pages=20, seconds=45, measured_every=1.0)
    no_error(found, 20)
    # From when all have begun: what is there at the end is what was there before, but for what history grows by.
    settled = memory[len(memory) // 3 : -3]
    slope = np.polyfit(np.arange(len(settled)), settled, 1)[0]
    print(
        f"memory {settled[0]:.0f} ... {settled[-1]:.0f} MB, {slope:+.2f} MB a second; frames {sorted(seen[0] for seen in found)}"
    )
    assert settled[-1] < 1.05 * settled[0] + 20
