"""What may be done to a run between two steps: settings, a weight or a bias, a unit that is silenced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError
from pellucid.jobs import Job
from pellucid.optimizers import State
from pellucid.schedules import Watch
from pellucid.settings import Settings
from pellucid.studio.engine import take_over
from pellucid.studio.networks import settings_of
from pellucid.studio.rewinding import Event

if TYPE_CHECKING:
    from pellucid.studio.learning import Learning

Array = npt.NDArray[Any]


class Held(Job):
    """A job in which some parameters are held at 0, by the readable engine: how units are silenced."""

    held: Array | None = None
    cannot = False  # whether the compiled engine has said that it cannot run this job

    def take(self, step: int, rows: Array | None, loss: float, correct: int, gradient: Array) -> None:
        super().take(step, rows, loss, correct, gradient)
        if self.held is not None:
            self.net.theta[self.held] = 0.0


def held(job: Job, settings: Settings) -> Held:
    """A job like another one, from its beginning, which takes its steps by the readable engine."""
    new = Held(job.net, job.problem, job.validation, settings, "readable", job.made_of)
    new.initial_weights = job.initial_weights
    return new


def check(run: Learning, event: Event) -> None:
    """Refuse what cannot be done.

    Raises:
        InputError: a setting out of its range, or there is no such weight or unit.
    """
    net = run.net
    if event.kind == "settings":
        _settings(run, event.given)
    elif event.kind == "edit":
        name, index, _ = event.given
        shape = net.params[name].shape if name in net.params else ()
        if len(index) != len(shape) or any(i >= n for i, n in zip(index, shape, strict=True)):
            raise InputError(f"There is no parameter {name}{list(index)} in this network: {net!r}.")
    else:
        layer, unit, _ = event.given
        units = [len(b) for name, b in net.params.items() if name.startswith("b")]
        if layer >= len(units) or unit >= units[layer - 1]:
            raise InputError(f"There is no hidden unit {unit} in layer {layer}: hidden layers are {units[:-1]}.")


def apply(run: Learning, event: Event) -> None:
    """Do to a run, where it stands, what an event says."""
    if event.kind == "settings":
        _retrain(run, event.given)
    elif event.kind == "edit":
        name, index, value = event.given
        run.net.params[name][tuple(index)] = value
        hold(run)
    else:
        _silence(run, *event.given)


def _settings(run: Learning, training: Mapping[str, Any]) -> Settings:
    return settings_of({"training": training, "validation": run.share, "seed": run.seed})


def _retrain(run: Learning, training: Mapping[str, Any]) -> None:
    """Go on with other settings. A batch size that differs waits for the epoch's end: it changes the order of rows."""
    settings, job = _settings(run, training), run.job
    run.training, run.next_batch = training, None
    size = min(settings.batch_size or job.n, job.n)
    if size != job.batch_size and run.at_border:
        renew(run, settings)
        return
    if size != job.batch_size:
        run.next_batch = settings.batch_size or job.n
        settings = replace(settings, batch_size=job.batch_size)
    if not _alike(settings, job.settings):
        job.state = settings.optimizer.init(job.net.theta)
    if settings.schedule != job.settings.schedule:
        job.watch = Watch()
    job.settings = settings
    if job.engine == "compiled":
        take_over(job, "compiled")


def renew(run: Learning, settings: Settings) -> None:
    """Another job that goes on from here, between two epochs, with the same books."""
    old, new = run.job, held(run.job, settings)
    new.columns, new.done, new.watch = old.columns, old.done, old.watch
    new.finite[...] = old.finite
    if _alike(settings, old.settings):
        new.state = State(old.state.t, tuple(average.copy() for average in old.state.averages))
    run.job = new
    run.offset = run.step - new.done * new.steps_per_epoch
    hold(run)


def _alike(one: Settings, other: Settings) -> bool:
    """Whether one's optimizer can go on with the averages of the other's."""
    averages = [settings.optimizer.rule().averages for settings in (one, other)]
    return type(one.optimizer) is type(other.optimizer) and averages[0] == averages[1]


def _silence(run: Learning, layer: int, unit: int, on: bool) -> None:
    outgoing = run.net.params[f"W{layer + 1}"][unit]
    if on and (layer, unit) not in run.silenced:
        run.silenced = {**run.silenced, (layer, unit): outgoing.copy()}
    elif not on and (layer, unit) in run.silenced:
        outgoing[...] = run.silenced[layer, unit]
        run.silenced = {place: row for place, row in run.silenced.items() if place != (layer, unit)}
    hold(run)
    if run.silenced and run.job.engine != "readable":
        take_over(run.job, "readable")


def hold(run: Learning) -> None:
    """Hold the weights that go out from silenced units at 0, from now on."""
    places = run.net.named(np.arange(run.net.theta.size))
    rows = [places[f"W{layer + 1}"][unit] for layer, unit in run.silenced]
    run.job.held = np.concatenate(rows) if rows else None
    if rows:
        run.net.theta[run.job.held] = 0.0
