"""Settings: what a training run is asked to do, checked and with names turned into records. Said once, used by all."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

import numpy as np

from pellucid import inputs as check
from pellucid.errors import InputError, did_you_mean
from pellucid.optimizers import OPTIMIZERS, SGD, Optimizer
from pellucid.records import resolve
from pellucid.schedules import SCHEDULES, Constant, Schedule

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        optimizer: a record such as SGD(0.1) or Adam(), or a name.
        epochs: how often every row is used, 1 or more.
        batch_size: rows a step; None means all of them (full batch). The last batch of an epoch may be smaller.
        l2, l1: penalties, added to the mean loss of every step: l2/2 sum W^2 + l1 sum |W|.
        schedule: how the learning rate changes: a record of `pellucid.schedules`, a name, or None for constant.
        validation: (X, y), or a share of the rows that is held out, stratified by class; None for none.
        early_stopping: stop after so many epochs without a lower validation loss (training loss where there is no
            validation), and go back to the best parameters; None trains all epochs. The validation loss weighs all
            rows alike.
        class_weight: {class: weight}, or "balanced" for n / (classes x count); a class that is left out weighs 1.
        sample_weight: (n,) weight of each row.
        clip_norm: scale the gradient down to this norm where it is longer.
        shuffle: a new order of the rows in every epoch (of mini-batches; a full batch has no order).
        seed: decides the order, dropout and what is held out.
        engine: "auto" or the name of an engine.
        threads: how many threads the compiled engine may use; None for as many as PELLUCID_NUM_THREADS or
            OMP_NUM_THREADS say, else as there are processors. Results do not depend on it.

    Raises:
        InputError: a setting out of its range, or a name that is unknown.

    Example:
        >>> Settings(optimizer="adam", epochs=5).optimizer.learning_rate
        0.001
    """

    optimizer: Optimizer = field(default_factory=lambda: SGD(0.1))
    epochs: int = 100
    batch_size: int | None = None
    l2: float = 0.0
    l1: float = 0.0
    schedule: Schedule = field(default_factory=Constant)
    validation: Any = None
    early_stopping: int | None = None
    class_weight: Mapping[int, float] | str | None = None
    sample_weight: Any = None
    clip_norm: float | None = None
    shuffle: bool = True
    seed: int = 0
    engine: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        optimizer: Any = self.optimizer
        if isinstance(optimizer, str):
            optimizer = resolve("optimizer", optimizer, OPTIMIZERS, type)()
        schedule = "constant" if self.schedule is None else self.schedule
        checked: dict[str, Any] = {
            "optimizer": resolve("optimizer", optimizer, OPTIMIZERS, Optimizer),  # type: ignore[type-abstract]
            "schedule": resolve("schedule", schedule, SCHEDULES, Schedule),
            "epochs": check.whole(self.epochs, "epochs", 1),
            "batch_size": check.whole(self.batch_size, "batch_size", 1, none=True),
            "l2": check.number(self.l2, "l2", 0),
            "l1": check.number(self.l1, "l1", 0),
            "early_stopping": check.whole(self.early_stopping, "early_stopping", 1, none=True),
            "clip_norm": check.number(self.clip_norm, "clip_norm", 0, open_below=True, none=True),
            "shuffle": _flag(self.shuffle, "shuffle"),
            "threads": check.whole(self.threads, "threads", 1, none=True),
            "seed": check.whole(self.seed, "seed", 0),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, given: dict[str, Any]) -> Settings:
        """From keywords; one that does not exist is refused with the name that was probably meant."""
        names = [f.name for f in fields(cls)]
        for name in given:
            if name not in names:
                raise InputError(
                    f"There is no setting {name!r}.{did_you_mean(name, names)} There are: {', '.join(names)}."
                )
        return cls(**given)

    def in_words(self) -> dict[str, str]:
        """The settings as text, for the history; data are not repeated there."""
        left_out = ("sample_weight", "validation", "class_weight")
        words = {f.name: str(getattr(self, f.name)) for f in fields(self) if f.name not in left_out}
        for name in left_out:
            value = getattr(self, name)
            words[name] = str(value) if value is None or isinstance(value, str | float | int | Mapping) else "given"
        return words


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} must be True or False; this is {value!r}.")
    return bool(value)


def takes_settings(function: F) -> F:
    """Let help() show a function's **settings by name, and say what each one means."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    listed = [
        inspect.Parameter(
            f.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=f.default_factory() if f.default_factory is not MISSING else f.default,
        )
        for f in fields(Settings)
    ]
    later = [p for p in own if p.kind is inspect.Parameter.KEYWORD_ONLY]
    first = [p for p in own if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    meaning = inspect.cleandoc(Settings.__doc__ or "").partition("Attributes:\n")[2].partition("\n\nRaises:")[0]
    function.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\nSettings:\n{meaning}\n"
    function.__signature__ = signature.replace(parameters=[*first, *listed, *later])  # type: ignore[attr-defined]
    return function
