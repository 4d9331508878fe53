"""A run as its page works with it: messages in, answers and frames out, training in between. Knows no socket.

`handle` takes a message, `work` trains for a moment and sends a frame where one is due. What takes long is done beside
it, on a copy. A page that is slow to draw is sent fewer frames: two may be under way that it has not drawn.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pellucid.errors import InputError, PellucidError
from pellucid.studio import answers, wire
from pellucid.studio.datasets import Rows, rows_of
from pellucid.studio.engine import Builder
from pellucid.studio.errands import Errands
from pellucid.studio.learning import Learning
from pellucid.studio.pacing import Pace
from pellucid.studio.planes import plane_of
from pellucid.studio.showing import Showing
from pellucid.studio.states import State, different, merged, normal
from pellucid.studio.tables import UPLOAD, OwnFile

Message = Mapping[str, Any]

LONGEST_WAIT = 0.25  # seconds without a look around, where nothing is to be done
LARGE = 2 * 2**20  # bytes of a file that one waits for


class Desk:
    """One page's run.

    Args:
        send: takes a kind of `wire` and a message's bytes; several threads call it.
        wake: called, by another thread, when there is something to look at.
    """

    def __init__(self, send: Callable[[int, bytes], None], wake: Callable[[], None]) -> None:
        self._send = send
        self.builder = Builder(wake)
        self.errands = Errands(self, send)
        self.showing = Showing(self)
        self.pace = Pace()
        self.file: OwnFile | None = None
        self._offered: OwnFile | None = None  # brought, and not learnt from yet
        self.state: State = {}
        self.playing = False
        self.stopped: str | None = None
        self.speed: float | None = None
        self.run_number = 0
        self._goal: int | None = None  # the step at which to pause
        self._asked_by: int | None = None  # who waits for it
        self._said: tuple[Any, ...] = ()
        self.run: Learning

    # What goes out.

    def say(self, kind: str, to: int | None = None, **parts: Any) -> None:
        """A JSON message to the page; `to`: the id of the request that it answers."""
        self._send(wire.JSON, wire.text({"type": kind, "id": to, **parts}).encode())

    def show(self, header: Mapping[str, Any], arrays: Mapping[str, tuple[str, Any]]) -> None:
        """A binary message to the page."""
        self._send(wire.BINARY, wire.packed(header, arrays))

    def say_state(self, to: int | None = None) -> None:
        """Everything that the run is made of."""
        pinned = self.showing.pinned_words(self.run.initial_weights)
        parts = {**answers.described(self.run), "pinned": pinned, "status": self.status()}
        self._said = self._standing()
        self.say("state", to, state=self.state, run_number=self.run_number, **parts)

    def say_status(self, to: int | None = None) -> None:
        """Where the run stands."""
        self._said = self._standing()
        self.say("status", to, **self.status())

    def status(self) -> dict[str, Any]:
        """Where the run stands, as a page is told; nothing yet where there is none."""
        if not self.run_number:
            return {
                "playing": False, "step": 0, "epoch": 0.0, "end": 0, "first": 0, "stopped": None, "text": None,
                "speed": self.speed,
            }  # fmt: skip
        run = self.run
        return {
            "playing": self.playing, "step": run.step, "epoch": run.epoch, "end": run.end, "first": 0,
            "engine": run.job.engine, "waiting": "compiling" if run.waiting and self.playing else None,
            "stopped": None if self.playing else self.stopped, "text": run.diverged, "speed": self.speed,
        }  # fmt: skip

    def _standing(self) -> tuple[Any, ...]:
        run = self.run
        return self.playing, self.stopped, run.job.engine, run.waiting, run.diverged

    # What comes in.

    def handle(self, message: Message) -> None:
        """Do what a message asks for; whatever goes wrong is said, and changes nothing."""
        to = message.get("id")
        try:
            getattr(self, f"on_{message['type']}")(message, to)
        except PellucidError as error:
            self.say("error", to, text=str(error))
        except MemoryError:
            self.say("error", to, text="There is not enough memory for this. Take less data or a smaller network.")
        except Exception as error:
            self.say("error", to, text=f"Something is wrong in the studio itself: {type(error).__name__}: {error}")

    def on_begin(self, message: Message, to: int | None) -> None:
        """The first message of all: the state, and the file of the command line."""
        error = None
        file = message["file"]
        state: State = message["state"]
        if file is not None:
            try:
                own = OwnFile(Path(file["path"]), file["name"], UPLOAD)
                suggested = own.described()["suggested"]
                self.file = own
                if message["fresh"]:
                    wanted = {"kind": "csv", "target": suggested, "task": "auto", "drop": []}
                    state = {**state, "data": wanted}
            except PellucidError as wrong:
                error = str(wrong)
        try:
            self._begin(state)
        except PellucidError as wrong:
            error = str(wrong)
            self._begin(message["usual"])
        self.on_back(message, to)
        if error is not None:
            self.say("error", None, text=error)

    def on_back(self, message: Message, to: int | None) -> None:
        """A page has come (back): it needs everything."""
        files = {"file": self.file, "offered": self._offered}
        told = {name: None if own is None else own.described_once for name, own in files.items()}
        self._send(wire.REPLY, wire.packed({"welcome": True, "state": self.state, **told}, {}))
        self.say_state()
        self.showing.begin_anew()
        self.showing.data()

    def on_set(self, message: Message, to: int | None) -> None:
        given = message["given"]
        if "data" in given and "view" not in given:  # the old one was chosen for other features
            given = {**given, "view": {"kind": "components", "x": 0, "y": 1}}
        state = merged(self.state, given)
        offered = self._offered if given.get("data", {}).get("kind") == "csv" else None
        if offered is None:
            self._become(state, message["keep_weights"], to)
            return
        before, self.file = self.file, offered
        try:
            self._become(state, message["keep_weights"], to, another_file=True)
        except BaseException:
            self.file = before  # the run that goes on may read it again
            raise
        self._taken(before)

    def offer(self, own: OwnFile) -> None:
        """A file was brought: the next `set` that names data of a file takes it, and until then nothing changes."""
        before, self._offered = self._offered, own
        if before is not None and before is not self.file:  # which is being read at this moment
            before.forget()

    def _taken(self, before: OwnFile | None) -> None:
        """The file that was offered is learnt from: nothing needs the one before it."""
        if self._offered is self.file:
            self._offered = None
        if before is not None:
            before.forget()

    def _become(self, state: State, keep_weights: bool, to: int | None, another_file: bool = False) -> None:
        changed = different(self.state, state) | ({"data"} if another_file else set())
        if changed <= {"view", "training"} and (self.run.end or not changed & {"training"}):
            normalised = normal(state, self.run.rows)
            plane = plane_of(self.run.rows, normalised["view"]) if "view" in changed else None
            if "training" in changed:
                self.run.change("settings", state["training"])
                self.stopped = None if self.stopped in ("diverged", "epochs") else self.stopped
            self.state = normalised
            if plane is not None:
                self.showing.look(*plane)
        else:
            rows = None if changed & {"data", "features"} else self.run.rows
            playing = self.playing
            self._begin(state, rows, self.run.net.theta.copy() if keep_weights else None)
            self.playing = playing and not changed & {"data"}
        self.say_state(to)
        if changed - {"training"}:
            self.showing.data()
        self.showing.dirty = True

    def _begin(self, state: State, rows: Rows | None = None, theta: Any = None) -> None:
        """A new run; where it cannot be made, the old one goes on."""
        rows = rows_of(state["data"], state["features"], self._read) if rows is None else rows
        state = normal(state, rows)
        run = Learning(state, rows, theta, self.builder)
        plane = plane_of(rows, state["view"])
        self.run, self.state = run, state
        self.playing, self.stopped, self._goal = False, None, None
        self.run_number += 1
        self.showing.look(*plane)

    def _read(self, wanted: Mapping[str, Any]) -> Rows:
        if self.file is None:
            raise InputError("There is no file here yet: choose one, or drop it on the page.")
        if self.file.path.stat().st_size > LARGE:
            self.say("status", None, **{**self.status(), "waiting": "reading"})
        return self.file.rows(wanted)

    def on_play(self, message: Message, to: int | None) -> None:
        self._play(None)
        self.say_status(to)

    def _play(self, goal: int | None) -> None:
        self._answer_goal()
        self.playing, self.stopped, self._goal = True, None, goal
        self.run.make_ready()
        self.pace.start()

    def on_pause(self, message: Message, to: int | None) -> None:
        self._pause("paused")
        self.say_status(to)

    def _pause(self, why: str) -> None:
        self.playing, self.stopped = False, why
        self._answer_goal()
        self.showing.dirty = True

    def _answer_goal(self) -> None:
        """Who asked for a number of steps is told that they have been taken, or something else was wanted."""
        self._goal = None
        if self._asked_by is not None:
            asked, self._asked_by = self._asked_by, None
            self.say_status(asked)

    def on_step(self, message: Message, to: int | None) -> None:
        self._play(self.run.step + message["count"])
        self._asked_by = to

    def on_epoch(self, message: Message, to: int | None) -> None:
        each = self.run.job.steps_per_epoch
        self._play(self.run.epoch_end + (message["count"] - 1) * each)
        self._asked_by = to

    def on_reset(self, message: Message, to: int | None) -> None:
        self._begin(self.state, self.run.rows)
        self.say_state(to)

    def on_reseed(self, message: Message, to: int | None) -> None:
        self._begin({**self.state, "seed": secrets.randbelow(10_000)}, self.run.rows)
        self.say_state(to)
        self.showing.data()

    def on_speed(self, message: Message, to: int | None) -> None:
        self.speed = message["steps_per_second"]
        self.pace.start()
        self.say("done", to)

    def on_watch(self, message: Message, to: int | None) -> None:
        self.showing.watch_for(message)
        self.say("done", to)

    def on_drawn(self, message: Message, to: int | None) -> None:
        self.showing.drawn(message["frame"])

    def on_seek(self, message: Message, to: int | None) -> None:
        self._pause("paused")
        self.run.seek(message["step"], message["exact"])
        before, self.state = self.state, {**self.state, "training": self.run.training}
        if before != self.state:
            self.say_state(to)
        else:
            self.say_status(to)
        self.showing.dirty = True

    def on_edit(self, message: Message, to: int | None) -> None:
        self._change("edit", (message["name"], message["index"], message["value"]), to)

    def on_silence(self, message: Message, to: int | None) -> None:
        self._change("silence", (message["layer"], message["unit"], message["on"]), to)

    def _change(self, kind: str, given: Any, to: int | None) -> None:
        self.run.change(kind, given)
        self.stopped = None if self.stopped == "diverged" else self.stopped
        self.say_status(to)
        self.showing.dirty = True

    def on_apply(self, message: Message, to: int | None) -> None:
        from pellucid.studio.advice import mended

        kind = message["kind"]
        state = mended(kind, self.errands.fixes.get(kind, ""), self.state)
        if state is None:
            raise InputError(f"There is nothing that one click could mend about {kind!r}.")
        self._become(state, False, to)

    def on_pin(self, message: Message, to: int | None) -> None:
        self.showing.pin(message["name"])
        self.say("pinned", to, **(self.showing.pinned_words(self.run.initial_weights) or {}))

    def on_unpin(self, message: Message, to: int | None) -> None:
        self.showing.pinned = None
        self.say("done", to)

    def on_predict(self, message: Message, to: int | None) -> None:
        self.say("predicted", to, **answers.predicted(self.run, message["x"]))

    def on_rows(self, message: Message, to: int | None) -> None:
        self.say("rows", to, **answers.sheet(self.run, message["start"], message["count"]))

    def on_ping(self, message: Message, to: int | None) -> None:
        self.say("done", to)

    def on_inside(self, message: Message, to: int | None) -> None:
        self.errands.inside(message["row"], to)

    def on_check(self, message: Message, to: int | None) -> None:
        self.errands.check(to)

    def on_findings(self, message: Message, to: int | None) -> None:
        self.errands.findings(to)

    def on_file(self, message: Message, to: int | None) -> None:
        self.errands.file(message)

    def on_take(self, message: Message, to: int | None) -> None:
        self.errands.take(message)

    # What goes on.

    def work(self) -> float:
        """Train for a moment, and send a frame where one is due; gives for how long nothing is to be done."""
        wait = self._train()
        if self._said and self._standing() != self._said:
            self.say_status()
        self.errands.advise()
        return min(wait, self.showing.frame(), LONGEST_WAIT)

    def _train(self) -> float:
        if not self.playing:
            return LONGEST_WAIT
        run, steps = self.run, self.pace.due(self.speed)
        goal = run.last_step if self._goal is None else min(self._goal, run.last_step)
        if steps and run.step < goal:
            before, begun = run.step, time.perf_counter()
            run.advance(min(run.step + steps, goal))
            self.pace.took(run.step - before, time.perf_counter() - begun)
            self.showing.dirty = self.showing.dirty or run.step != before
        if run.diverged is not None:
            self._pause("diverged")
        elif run.step >= goal:
            self._pause("epochs" if run.step >= run.last_step else "paused")
        return LONGEST_WAIT if run.waiting else self.pace.wait(self.speed)
