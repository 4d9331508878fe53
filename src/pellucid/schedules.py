"""Learning-rate schedules: what the optimizer's rate is multiplied with, at a step (an update) of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from pellucid.inputs import number, whole


class Place(NamedTuple):
    """Where in a run a step stands.

    Attributes:
        step: index of the update, from 0.
        steps: how many updates the whole run has.
        epoch: index of the epoch that the update belongs to, from 0.
    """

    step: int
    steps: int
    epoch: int


class Watch(NamedTuple):
    """What a schedule that looks at the losses remembers between epochs."""

    best: float = math.inf
    waited: int = 0
    scale: float = 1.0


@dataclass(frozen=True)
class Schedule:
    """The common part. A schedule says its `scale` at a place; one that looks at losses also says what to `watch`.

    Example:
        >>> [Step(every=2, factor=0.5).scale(Place(step, 6, epoch=step), Watch()) for step in range(6)]
        [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def scale(self, place: Place, watch: Watch) -> float:
        """The factor of the learning rate at a place of the run."""
        return watch.scale

    def watched(self, watch: Watch, loss: float) -> Watch:
        """What is remembered after an epoch that ended with this (validation) loss."""
        return watch


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate all the way."""


@dataclass(frozen=True)
class Step(Schedule):
    """Multiplied by `factor` after every `every` epochs.

    Raises:
        InputError: every is no whole number of 1 or more, or factor not in (0, 1].
    """

    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        whole(self.every, "Step(every)", 1)
        number(self.factor, "Step(factor)", 0, 1, open_below=True, open_above=False)

    def scale(self, place: Place, watch: Watch) -> float:
        return float(self.factor ** (place.epoch // self.every))


@dataclass(frozen=True)
class Exponential(Schedule):
    """Multiplied by `factor` after every epoch.

    Raises:
        InputError: factor not in (0, 1].
    """

    factor: float = 0.95

    def __post_init__(self) -> None:
        number(self.factor, "Exponential(factor)", 0, 1, open_below=True, open_above=False)

    def scale(self, place: Place, watch: Watch) -> float:
        return float(self.factor**place.epoch)


@dataclass(frozen=True)
class Inverse(Schedule):
    """rate / (1 + decay epoch): the classic 1/t decay (Robbins and Monro, 1951).

    Raises:
        InputError: decay is negative.
    """

    decay: float = 0.01

    def __post_init__(self) -> None:
        number(self.decay, "Inverse(decay)", 0)

    def scale(self, place: Place, watch: Watch) -> float:
        return 1 / (1 + self.decay * place.epoch)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from the full rate to 0, after a linear warm-up over the first share `warmup` of the steps.

    Source: Loshchilov and Hutter, SGDR, ICLR (2017), without restarts.

    Raises:
        InputError: warmup not in [0, 1).
    """

    warmup: float = 0.0

    def __post_init__(self) -> None:
        number(self.warmup, "Cosine(warmup)", 0, 1)

    def scale(self, place: Place, watch: Watch) -> float:
        up = self.warmup * place.steps
        if place.step < up:
            return (place.step + 1) / (up + 1)
        return (1 + math.cos(math.pi * (place.step - up) / (place.steps - up))) / 2


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Linear from 0 to the full rate over the first quarter of the steps, then linear down to 0.

    Source: Smith and Topin, Super-Convergence (2018), without its annihilation phase.
    """

    def scale(self, place: Place, watch: Watch) -> float:
        peak = place.steps / 4
        return min(place.step / peak, (place.steps - place.step) / (place.steps - peak))


@dataclass(frozen=True)
class Plateau(Schedule):
    """Multiplied by `factor` whenever `patience` epochs passed without a lower validation loss (or training loss).

    Raises:
        InputError: factor not in (0, 1), or patience below 1.
    """

    factor: float = 0.5
    patience: int = 10

    def __post_init__(self) -> None:
        number(self.factor, "Plateau(factor)", 0, 1, open_below=True)
        whole(self.patience, "Plateau(patience)", 1)

    def watched(self, watch: Watch, loss: float) -> Watch:
        if loss < watch.best:
            return Watch(loss, 0, watch.scale)
        if watch.waited + 1 < self.patience:
            return Watch(watch.best, watch.waited + 1, watch.scale)
        return Watch(watch.best, 0, watch.scale * self.factor)


SCHEDULES: dict[str, Schedule] = {
    "constant": Constant(),
    "step": Step(every=30),
    "exponential": Exponential(),
    "inverse": Inverse(),
    "cosine": Cosine(),
    "one_cycle": OneCycle(),
    "plateau": Plateau(),
}
