"""Errands: what takes long is done beside the training, on copies, one after the other.

What explains a network is imported when it is first asked for: every page starts a process, and most of them train.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import InputError, PellucidError
from pellucid.studio import answers, wire
from pellucid.studio.tables import UPLOAD, OwnFile

if TYPE_CHECKING:
    from pellucid.studio.desk import Desk
    from pellucid.studio.takeaway import File

MOST_WAITING = 8
EVERY = 2.0  # seconds between findings while it trains


class Errands:
    """The errands of a desk.

    Attributes:
        fixes: the words of each finding's fix, as they were last told.
    """

    def __init__(self, desk: Desk, send: Callable[[int, bytes], None]) -> None:
        self._desk, self._send = desk, send
        self._beside = ThreadPoolExecutor(1)
        self._waiting = 0
        self.fixes: dict[str, str] = {}
        self._advised: tuple[int, int] | None = None  # run and step of the last findings
        self._advised_at = 0.0

    def _go(self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[str], None]) -> None:
        """Do something beside the training."""
        if self._waiting >= MOST_WAITING:
            failed("Too much has been asked for at once: wait for what is under way.")
            return

        def errand() -> None:
            try:
                done(work())
            except PellucidError as error:
                failed(str(error))
            except MemoryError:
                failed("There is not enough memory for this. Take less data or a smaller network.")
            except Exception as error:
                failed(f"Something is wrong in the studio itself: {type(error).__name__}: {error}")
            finally:
                self._waiting -= 1

        self._waiting += 1
        self._beside.submit(errand)

    def _answer(self, kind: str, to: int | None, work: Callable[[], dict[str, Any]]) -> None:
        say = self._desk.say
        self._go(work, lambda found: say(kind, to, **found), lambda text: say("error", to, text=text))

    def inside(self, row: int, to: int | None) -> None:
        """A row's way through a step."""
        run = self._desk.run
        if row >= len(run.rows.y):
            raise InputError(f"There is no row {row}: there are {len(run.rows.y)}, from 0.")
        net, settings, step = deepcopy(run.net), run.job.settings, run.step
        rate = run.rate

        def walk() -> dict[str, Any]:
            from pellucid.studio.inside import walked

            return {"step": step, **walked(net, run.rows, row, settings, rate)}

        self._answer("inside", to, walk)

    def check(self, to: int | None) -> None:
        """A gradient check."""
        run = self._desk.run
        net, settings = deepcopy(run.net), run.job.settings
        self._answer("check", to, lambda: answers.checked(net, run.rows, settings))

    def findings(self, to: int | None) -> None:
        """What a diagnosis says now."""
        run, state = self._desk.run, self._desk.state
        (net, history), step = run.copied(), run.step
        self._advised = (self._desk.run_number, step)
        self._advised_at = time.perf_counter()

        def look() -> dict[str, Any]:
            from pellucid.studio.advice import advice

            with np.errstate(all="ignore"):
                found = advice(net, run.rows, history, state)
            self.fixes = {finding["kind"]: finding["fix"] for finding in found["findings"]}
            return {"step": step, **found}

        self._answer("findings", to, look)

    def advise(self) -> None:
        """Findings without being asked, where the page wants them: now and then while it trains, and when it stops."""
        desk = self._desk
        if not desk.showing.watch["findings"] or self._waiting:
            return
        late = time.perf_counter() - self._advised_at > EVERY
        if self._advised != (desk.run_number, desk.run.step) and (late or not desk.playing):
            self.findings(None)

    def file(self, message: Mapping[str, Any]) -> None:
        """A file has been brought: what is in it? It is learnt from when a page says so."""
        own = OwnFile(Path(message["path"]), message["name"], UPLOAD, brought=True)
        ticket = message["ticket"]

        def look() -> dict[str, Any]:
            found = own.described()
            self._desk.offer(own)
            return found

        self._go(look, lambda found: self._reply(ticket, answer=found), lambda text: self._reply(ticket, error=text))

    def take(self, message: Mapping[str, Any]) -> None:
        """A file to take away."""
        run, kind, ticket = self._desk.run, message["kind"], message["ticket"]
        net, history = run.copied()
        rows, settings = run.rows, run.job.settings

        def write() -> File:
            from pellucid.studio.takeaway import Made, written

            return written(kind, Made(net, rows, history, settings))

        def done(found: File) -> None:
            self._reply(ticket, found.data, name=found.name, media=found.media)

        self._go(write, done, lambda text: self._reply(ticket, error=text))

    def _reply(self, ticket: int, data: bytes = b"", **header: Any) -> None:
        arrays = {"data": ("u1", np.frombuffer(data, np.uint8))}
        self._send(wire.REPLY, wire.packed({"ticket": ticket, **header}, arrays))
