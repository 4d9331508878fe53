"""A run: the library's own job, taken as many steps at a time as is asked for, changed on the way, and rewound.

Everything that somebody does to it is an event after some step. A step that was passed is reached again from the last
moment kept before it, through the same events, with the same bits.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import engines
from pellucid.engines import readable
from pellucid.errors import InputError, TrainingDiverged
from pellucid.history import History, digest
from pellucid.network import Network
from pellucid.optimizers import State
from pellucid.settings import Settings
from pellucid.studio import changes
from pellucid.studio.changes import Held, held
from pellucid.studio.datasets import Rows
from pellucid.studio.engine import Builder, looked_at_again, take_over, wanted
from pellucid.studio.networks import network_of, settings_of
from pellucid.studio.rewinding import Event, Moment, Moments
from pellucid.training import prepare

Array = npt.NDArray[Any]

MOST_EVENTS = 10_000


class Learning:
    """A run from its first step on.

    Args:
        state: all of it.
        rows: to learn from.
        theta: parameters to begin with, instead of those that the seed draws.
        builder: makes compiled code; without one, it is made when it is needed.

    Attributes:
        step, end: how many steps have been taken now, and how many at the most so far.
        aside: an epoch that is seen in part again, and its books as they were when it was whole.
        whole: how many epochs its books hold, those after a step that it was rewound to included.
        offset: what a step of the job lacks to one of the run.
        training: the part of the state by which it is trained now.
        silenced: the weights that silenced units had before, by layer and unit.
        next_batch: the batch size that the next epoch is to have, where it differs.
        diverged: in words, what stopped it; None where nothing did.
        waiting: whether compiled code is being made that the next step needs.

    Raises:
        InputError: rows, network and settings that do not fit together.

    Example:
        >>> from pellucid.studio.choices import full
        >>> from pellucid.studio.datasets import rows_of
        >>> state = full()
        >>> run = Learning(state, rows_of(state["data"], state["features"], read=None))
        >>> run.advance(100)
        >>> after = run.net.theta.copy()
        >>> run.advance(150)
        >>> run.seek(100)
        >>> run.step, run.end, bool((run.net.theta == after).all())
        (100, 150, True)
    """

    def __init__(
        self, state: Mapping[str, Any], rows: Rows, theta: Array | None = None, builder: Builder | None = None
    ) -> None:
        self.rows, self.training, self.seed = rows, state["training"], state["seed"]
        self._builder = builder
        net = network_of(state, rows)
        if theta is not None and theta.shape == net.theta.shape:
            net.theta = theta
        settings, self.notes = _held_out(state, len(rows.y))
        prepared = prepare(net, rows.transformed(rows.X), rows.y, settings)
        self.share = settings.validation or 0.0
        self.kept = None if prepared.made_of is None else prepared.made_of.kept
        self.job: Held = held(prepared, prepared.settings)
        self.step = self.end = self.offset = self.applied = 0
        self.seconds = 0.0
        self.silenced: dict[tuple[int, int], Array] = {}
        self.events: list[Event] = []
        self.whole = 0
        self.diverged: str | None = None
        self.waiting = False
        self.next_batch: int | None = None
        self.aside: tuple[int, dict[str, float]] | None = None
        self.initial_weights = digest(net.theta)
        size = net.theta.nbytes * (2 + len(self.job.state.averages))
        self.moments = Moments(size)
        self._keep()

    @property
    def net(self) -> Network:
        return self.job.net

    @property
    def epoch(self) -> float:
        """How many epochs have passed, with a part of one."""
        return (self.step - self.offset) / self.job.steps_per_epoch

    @property
    def rate(self) -> float:
        """The learning rate of the next step, or of the last where none follows."""
        step = self.step - self.offset
        return self.job.rate(max(step - (self.step >= self.last_step), 0))

    @property
    def last_step(self) -> int:
        """The one at which the epochs that were asked for are over."""
        return self.offset + self.job.settings.epochs * self.job.steps_per_epoch

    @property
    def epoch_end(self) -> int:
        """The step at which the epoch that is going on, or begins here, is over."""
        each, at = self.job.steps_per_epoch, self.step - self.offset
        return self.offset + (at // each + 1) * each

    def copied(self) -> tuple[Network, History]:
        """The network and the history as they are now, for who looks at them while training goes on."""
        net, history = deepcopy(self.net), self.job.history()
        made_of = None if history.run is None else history.run._replace(net=net)
        return net, replace(history, run=made_of)

    # Forward.

    def advance(self, goal: int) -> None:
        """Go on to a step, on a way of its own if this one has been left; `waiting` says where it had to stop.

        A run that diverges goes back to the last step at which everything was finite, and `diverged` says why.
        """
        self._leave_the_future()
        try:
            self._go(min(goal, self.last_step), patient=self._builder is None)
        except TrainingDiverged as error:
            self._step_back(error)
        self.end, self.whole = self.step, self.job.done

    def make_ready(self) -> None:
        """Have code made, beside the training, that it will need."""
        later = wanted(self.training["engine"], self.last_step, bool(self.silenced))
        if self._builder is not None and later == "compiled":
            self._builder.is_ready(self.job)

    def _go(self, goal: int, patient: bool) -> None:
        """Take steps up to one, with what has to be done between epochs; stop before an engine that is not ready."""
        self.waiting = False
        while self.step < goal:
            if self.at_border and not self._cross(patient):
                self.waiting = True
                return
            self._take(min(goal, self._next_stop()))
            self._keep()

    def _next_stop(self) -> int:
        """The next border between epochs at which something may have to be done: a moment kept, engine or batch."""
        after = self.step + 1
        stop = self._border_from(max(after, self.moments.due(self.step)))
        if self.next_batch is not None:
            stop = self._border_from(after)
        looked = looked_at_again(self.training["engine"], self.step)
        if looked is None and not self.job.cannot:
            looked = None if self._engine == self.job.engine else after
        return stop if looked is None else min(stop, self._border_from(max(after, looked)))

    @property
    def _engine(self) -> str:
        return wanted(self.training["engine"], self.step, bool(self.silenced))

    @property
    def at_border(self) -> bool:
        """Whether it stands between two epochs."""
        return (self.step - self.offset) % self.job.steps_per_epoch == 0

    def _border_from(self, step: int) -> int:
        """The first border between epochs at or after a step."""
        each = self.job.steps_per_epoch
        return self.offset + -(-(step - self.offset) // each) * each

    def _cross(self, patient: bool) -> bool:
        """Between two epochs: what could not be changed inside one. False where compiled code is not ready."""
        if self.next_batch is not None:
            changes.renew(self, replace(self.job.settings, batch_size=self.next_batch))
            self.next_batch = None
        name = self._engine
        if name == self.job.engine or self.job.cannot:
            return True
        if name == "compiled" and not patient and self._builder is not None and not self._builder.is_ready(self.job):
            return False
        take_over(self.job, name)
        self.job.cannot = self.job.engine != name
        return True

    def _take(self, goal: int) -> None:
        """Steps up to one, with the books of every epoch that ends on the way."""
        job, engine = self.job, engines.module(self.job.engine)
        at, stop = self.step - self.offset, goal - self.offset
        while at < stop:
            each = job.steps_per_epoch
            whole = stop // each * each
            begun = time.perf_counter()
            one = job.watched or at % each or whole <= at  # an epoch, or a part of one, by itself
            end = min(stop, (at // each + 1) * each) if one else whole
            engine.run(job, at, end)
            self.seconds += time.perf_counter() - begun
            at, self.step = end, self.offset + end
            if end % each == 0:
                job.finish(end // each - 1, self.seconds, None)

    def _step_back(self, error: TrainingDiverged) -> None:
        """To the parameters at which loss and gradient were finite, by the way on which they were reached."""
        last = self.offset + error.step
        for step in (last, last - 1):  # where the new parameters are at fault, those before them are not
            self._restore(self.moments.before(max(step, 0)))
            self._replay(max(step, 0))
            if self._is_finite():
                break
        self.aside = None
        self.diverged = str(error)

    def _is_finite(self) -> bool:
        with np.errstate(all="ignore"):
            value, _ = readable.loss(self.net, self.net.theta, *self.job.problem)
        return bool(np.isfinite(value))

    # Changes.

    def change(self, kind: str, given: Any) -> None:
        """Do something to the run after the step where it stands; what came after it is forgotten.

        Args:
            kind: "settings" (a state's part `training`), "edit" (name, index, value) or "silence" (layer, unit, on).

        Raises:
            InputError: it cannot be done; nothing has changed then.
        """
        event = Event(self.step, kind, given)
        changes.check(self, event)
        if self.applied >= MOST_EVENTS:
            raise InputError(f"This run has been changed {MOST_EVENTS:,} times, and no more can be kept. Reset it.")
        self._leave_the_future()
        changes.apply(self, event)
        self.events.append(event)
        self.applied = len(self.events)
        self.diverged = None
        if self.step == 0 and kind != "settings":
            self.initial_weights = digest(self.net.theta)

    # Back.

    def seek(self, step: int, exact: bool = True) -> None:
        """Go to a step that was reached before; with exact=False to a kept moment near it, at once."""
        step = min(max(step, 0), self.end)
        self._put_back()
        moment = self.moments.before(step) if exact else self.moments.nearest(step)
        step = step if exact else moment.step
        if not (moment.step <= self.step <= step and self._events_before(self.step) == self.applied):
            self._restore(moment)
        self._replay(step)
        self.diverged = None

    def _events_before(self, step: int) -> int:
        return sum(event.step <= step for event in self.events)

    def _restore(self, moment: Moment) -> None:
        job = self.job
        job.net.theta = moment.theta
        self.training, self.silenced, self.offset = moment.training, moment.silenced, moment.offset
        self.job = held(job, moment.settings)
        self.job.columns, self.job.done, self.job.watch = job.columns, moment.epoch, moment.watch
        self.job.finite[...] = moment.finite
        self.job.state = State(moment.state.t, tuple(average.copy() for average in moment.state.averages))
        self.step, self.applied, self.next_batch = moment.step, moment.events, None
        changes.hold(self)

    def _replay(self, goal: int) -> None:
        while self.applied < len(self.events) and self.events[self.applied].step <= goal:
            event = self.events[self.applied]
            self._again_to(event.step)
            changes.apply(self, event)
            self.applied += 1
        self._again_to(goal)

    def _again_to(self, goal: int) -> None:
        border = self._border_from(goal)
        if border > goal > self.step and goal < self.end:  # the epoch's books will be begun anew, and not finished
            epoch = (goal - self.offset) // self.job.steps_per_epoch
            books = {name: float(column[epoch]) for name, column in self.job.columns.items() if epoch < len(column)}
            self.aside = (epoch, books)
        self._go(goal, patient=True)

    def _put_back(self) -> None:
        """The books of an epoch that was seen in part, as they were when it was whole."""
        if self.aside is not None:
            epoch, books = self.aside
            for name, value in books.items():
                self.job.columns[name][epoch] = value
            self.aside = None

    def _leave_the_future(self) -> None:
        """Forget what came after the step where the run stands."""
        if self.step == self.end and self.applied == len(self.events):
            return
        self.events = self.events[: self.applied]
        self.moments.forget_after(self.step, self.applied)
        self.aside = None
        first = self.job.done if self.at_border else self.job.done + 1
        for column in self.job.columns.values():
            column[first:] = np.nan
        self.end, self.whole = self.step, self.job.done

    def _keep(self) -> None:
        if self.at_border and self.step >= self.moments.due(self.step) and self.next_batch is None:
            rest = {"events": self.applied, "offset": self.offset, "training": self.training}
            self.moments.keep(Moment.of(self.job, step=self.step, silenced=self.silenced, **rest))


def _held_out(state: Mapping[str, Any], n: int) -> tuple[Settings, tuple[str, ...]]:
    """The settings, and what is to be said of them: of very few rows, none are held out."""
    settings = settings_of(state)
    if state["validation"] and round(state["validation"] * n) == 0:
        note = f"No rows are held out for validation: {state['validation']:g} of {n} rows is less than one."
        return replace(settings, validation=None), (note,)
    return settings, ()
