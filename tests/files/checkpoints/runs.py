"""Runs of many kinds, small enough that one takes milliseconds, and what is compared of two of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pellucid import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Dense,
    Dropout,
    History,
    Network,
    RMSProp,
    engines,
    training,
)
from pellucid.data import Standardizer
from pellucid.jobs import Job
from pellucid.schedules import Cosine, Plateau, Step
from pellucid.settings import Settings

OPTIMIZERS = {
    "sgd": SGD(0.05),
    "momentum": SGD(0.01, momentum=0.9),
    "nesterov": SGD(0.01, momentum=0.9, nesterov=True),
    "adagrad": AdaGrad(0.05),
    "rmsprop": RMSProp(0.01),
    "adam": Adam(0.01),
    "adamw": AdamW(0.01, weight_decay=0.1),
}
SCHEDULES = [None, Step(2, 0.5), "exponential", "inverse", Cosine(0.2), "one_cycle", Plateau(0.5, 1)]

_rng = np.random.default_rng(7)
X = _rng.normal(size=(37, 4)) * [1, 10, 0.1, 1] + 3
LABELS = _rng.integers(0, 3, 37)
YES = (X[:, 0] > 3).astype(int)
VALUES = X[:, 0] * X[:, 3] / 10
WEIGHTS = _rng.uniform(0, 2, 37)


class Case(NamedTuple):
    """A run: what its network is made of and how it is trained."""

    layers: list[Any]
    y: Any
    dtype: str
    settings: dict[str, Any]

    def network(self) -> Network:
        return Network(self.layers, 4, seed=3, dtype=self.dtype, scaler=Standardizer())

    def fit(self, net: Network, **more: Any) -> History:
        return net.fit(X, self.y, **self.settings, **more)

    def job(self) -> Job:
        return training.prepare(self.network(), X, self.y, Settings.of(self.settings))


def case(number: int, optimizer: str, engine: str, wide: bool = False) -> Case:
    """One of very many kinds of runs; every setting comes in every value.

    `wide`: for the compiled engine too, which otherwise has fewer formulas to compile.
    """
    rng = np.random.default_rng(number)

    def one(*values: Any) -> Any:
        return values[rng.integers(len(values))]

    wide = wide or engine == "readable"
    output, y = one(("softmax", LABELS), ("sigmoid", YES), ("identity", VALUES)) if wide else ("softmax", LABELS)
    units = 3 if output == "softmax" else 1
    dropout = one([], [Dropout(0.3)])
    layers = [Dense(5, one("tanh", "relu") if wide else "tanh"), *dropout, Dense(units, output)]
    schedule = SCHEDULES[rng.integers(len(SCHEDULES))]
    settings: dict[str, Any] = {
        "optimizer": OPTIMIZERS[optimizer], "schedule": schedule, "engine": engine,
        "epochs": int(rng.integers(3, 8)), "batch_size": one(None, 1, 5, 8, 36, 1000),
        "shuffle": one(True, True, False),
        "l2": one(0.0, 0.01), "l1": one(0.0, 0.001), "clip_norm": one(None, 0.5), "seed": int(rng.integers(5)),
        "validation": one(None, 0.2, (X[:6], y[:6])), "early_stopping": one(None, 1, 3), "threads": one(1, 2),
        "sample_weight": one(None, WEIGHTS), "class_weight": None if output == "identity" else one(None, "balanced"),
    }  # fmt: skip
    if not wide:
        settings |= {"sample_weight": None, "class_weight": None, "l2": 0.01, "l1": 0.0}
    return Case(layers, y, one("float64", "float32") if wide else "float64", settings)


def steps_of(found: Case) -> tuple[int, int]:
    """How many steps an epoch of a run has, and how many all of it."""
    job = training.prepare(found.network(), X, found.y, Settings.of({**found.settings, "engine": "readable"}))
    return job.steps_per_epoch, job.steps_per_epoch * job.settings.epochs


def advance(job: Job, step: int) -> None:
    """Take a job to a step, as training does."""
    each, engine = job.steps_per_epoch, engines.module(job.engine)
    while job.step < step:
        start = job.net.theta.copy() if job.watches_start else None
        stop = min(step, (job.done + 1) * each)
        engine.run(job, job.step, stop)
        job.step = stop
        if stop % each == 0:
            job.finish(job.done, float(stop), start)
            if job.out_of_patience():  # training would end here; what it would do if it did not is compared as well
                job.stopped = "early stopping"


def outcome(net: Network, history: History) -> dict[str, Any]:
    """Everything that is to be the same of two runs, bit for bit."""
    columns = {f"history.{name}": column.tobytes() for name, column in history.columns().items() if name != "seconds"}
    return columns | {
        "theta": net.theta.tobytes(),
        "last_update": None if net.last_update is None else net.last_update.tobytes(),
        "stopped": history.stopped,
        "best_epoch": history.best_epoch,
        "engine": history.engine,
        "initial_weights": history.initial_weights,
    }
