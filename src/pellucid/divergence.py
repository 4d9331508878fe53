"""Divergence: where the first number that is not finite stands, and what to try, in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.engines import readable
from pellucid.engines.readable import Problem
from pellucid.errors import TrainingDiverged
from pellucid.layers import Dense
from pellucid.network import Network
from pellucid.settings import Settings

Array = npt.NDArray[Any]


def all_finite(array: Array) -> bool:
    """Whether every number is finite: one product of the vector with itself, and only in doubt a closer look."""
    return bool(math.isfinite(np.dot(array, array)) or np.isfinite(array).all())


def diverged(
    net: Network,
    problem: Problem,
    settings: Settings,
    steps_per_epoch: int,
    step: int,
    seen: Problem,
    gradient: Array | None,
    theta: Array | None,
) -> TrainingDiverged:
    """The error of a step whose loss, gradient or update is not finite.

    Args:
        net: with the parameters that the step began with.
        problem, settings, steps_per_epoch: of the run.
        step: its index in the run.
        seen: the rows that it used, or after it the validation rows.
        gradient: what it found, or None if only a loss was taken.
        theta: the parameters it would have led to, if these are what is not finite; else None.
    """
    with np.errstate(all="ignore"):  # it is about to be told better
        what, layer = _where(net, seen, gradient, theta)
    epoch = step // steps_per_epoch
    return TrainingDiverged(
        f"Training diverged in epoch {epoch + 1} of {settings.epochs}, at step {step} (from 0): "
        f"{what} of {layer} is no longer finite. The network has the parameters of its last finite step. "
        f"Try {'; or '.join(_hints(net, problem, settings))}.",
        layer=layer,
        epoch=epoch,
        step=step,
    )


def _hints(net: Network, problem: Problem, settings: Settings) -> list[str]:
    X, t = problem.inputs.X, problem.t
    hints = [f"a smaller learning rate (it was {settings.optimizer.learning_rate:g})"]
    if net.scaler is None:
        hints.append(f"standardized features: scaler=Standardizer() (X goes from {X.min():g} to {X.max():g})")
    if net.task == "values" and np.max(np.abs(t)) > 10:
        hints.append(f"targets divided by their size (y goes from {t.min():g} to {t.max():g})")
    if settings.clip_norm is None:
        hints.append("clip_norm=1.0")
    return hints


def _where(net: Network, problem: Problem, gradient: Array | None, theta: Array | None) -> tuple[str, str]:
    dense = [layer for layer in net.layers if isinstance(layer, Dense)]
    names = [f"layer {i} ({layer})" for i, layer in enumerate(dense, 1)]
    if theta is None:
        for block in readable.blocks(len(problem.t)):
            operations = readable.forward(net, net.theta, problem.inputs.batch(block))
            for i, operation in enumerate(operations):  # without dropout, two for each Dense layer
                if not np.isfinite(operation.output).all():
                    what = "a weighted sum z" if operation.kind == "affine" else "an output a"
                    return what, names[i // 2]
        if gradient is None or all_finite(gradient):
            return "the loss", names[-1]
    what, vector = ("the gradient", gradient) if theta is None else ("the update", theta)
    assert vector is not None
    # Backpropagation starts at the last layer: that is where a gradient breaks first.
    for name, parameter in reversed(net.named(vector).items()):
        if not np.isfinite(parameter).all():
            return f"{what} of {name}", names[int(name[1:]) - 1]
    return what, names[-1]
