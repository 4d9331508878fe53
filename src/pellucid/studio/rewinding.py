"""Rewinding: moments of a run that are kept, in bounded memory, for the others to be computed again from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.jobs import Job
from pellucid.optimizers import State
from pellucid.schedules import Watch
from pellucid.settings import Settings

Array = npt.NDArray[Any]

MOST, BYTES = 512, 64 * 2**20  # moments that are kept, and what they may take together


class Event(NamedTuple):
    """What somebody did between two steps.

    Attributes:
        step: after which one.
        kind: "settings", "edit" or "silence".
        given: what was said.
    """

    step: int
    kind: str
    given: Any


class Moment(NamedTuple):
    """A run between two epochs: all that it needs to go on from there with the same bits.

    Attributes:
        step: how many steps were taken.
        events: how many events were applied.
        epoch, offset: how many epochs, and what a step of the job lacks to one of the run.
        theta, finite: the parameters now, and before the last step.
        state, watch: of optimizer and schedule.
        settings, training: how it was trained, as a record and as a state's part.
        silenced: the weights that units had before they were silenced.
    """

    step: int
    events: int
    epoch: int
    offset: int
    theta: Array
    finite: Array
    state: State
    watch: Watch
    settings: Settings
    training: Mapping[str, Any]
    silenced: dict[tuple[int, int], Array]

    @classmethod
    def of(cls, job: Job, **rest: Any) -> Moment:
        """A job as it is now, copied."""
        state = State(job.state.t, tuple(average.copy() for average in job.state.averages))
        return cls(
            epoch=job.done, theta=job.net.theta.copy(), finite=job.finite.copy(), state=state, watch=job.watch,
            settings=job.settings, **rest,
        )  # fmt: skip


class Moments:
    """Kept moments, in order; when there are too many, every second one is let go.

    Args:
        size: bytes of one.

    Example:
        >>> moments = Moments(BYTES // 8)
        >>> moments.most
        8
    """

    def __init__(self, size: int) -> None:
        self.most = int(np.clip(BYTES // max(size, 1), 8, MOST))
        self.spacing = 1
        self.kept: list[Moment] = []

    def due(self, step: int) -> int:
        """After which step the next one is to be kept."""
        return self.kept[-1].step + self.spacing if self.kept else 0

    def keep(self, moment: Moment) -> None:
        """Keep one that comes after the others; the first always stays."""
        self.kept.append(moment)
        if len(self.kept) > self.most:
            del self.kept[1::2]
            self.spacing = max(self.spacing * 2, 2 * self.kept[-1].step // self.most)

    def before(self, step: int) -> Moment:
        """The last one that is not after a step."""
        return next(moment for moment in reversed(self.kept) if moment.step <= step)

    def nearest(self, step: int) -> Moment:
        """The one nearest to a step."""
        return min(self.kept, key=lambda moment: abs(moment.step - step))

    def forget_after(self, step: int, events: int) -> None:
        """Let go what a run that goes another way from here will never reach."""
        self.kept = [moment for moment in self.kept if moment.step <= step and moment.events <= events]
