"""Whether a network can learn a few rows by heart: one that cannot is broken somewhere between X and the loss."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.engines import readable
from pellucid.errors import TrainingDiverged
from pellucid.explain.case import look
from pellucid.explain.rules.words import percent
from pellucid.explain.workbench import Bench, Check
from pellucid.layers import Dropout
from pellucid.network import Network
from pellucid.optimizers import Adam

Array = npt.NDArray[Any]

BATCH = 10  # rows to be learnt by heart
BY_HEART = 0.9  # of the way from guessing to the right answers; what is broken gets nowhere near


def small_batch(bench: Bench) -> Check:
    """A few rows learnt by heart: four starts, until one succeeds."""
    rows = _few(bench)
    X, t = bench.X[rows], bench.t[rows]
    say = partial(Check, "small_batch", what="A few rows can be learnt by heart, penalties and dropout off.")
    if len(rows) < 2 or (t == t[0]).all():
        return say(passed=None, evidence="There are no two different rows with different targets.")
    best, told = -np.inf, ""
    for attempt, rate in enumerate((0.01, 0.03, 0.003, 0.1)):
        net = bench.fresh(attempt, dropout=False)
        steps = bench.steps(len(rows), 700)
        try:
            skill, taken = _by_heart(net, X, t, rate, steps)
        except TrainingDiverged as error:
            skill, taken, told = -np.inf, 0, str(error)
        if skill >= BY_HEART:
            evidence = f"{len(rows)} rows were learnt in {taken} steps of Adam({rate:g}): {_share(skill)}."
            return say(passed=True, evidence=evidence)
        best = max(best, skill)
    reached = told if best == -np.inf else f"{_share(best)} after {steps} steps of Adam"
    return say(
        passed=False,
        evidence=f"{len(rows)} rows, four starts: {reached}.",
        fix="Something between X and the loss is broken. Does the output reach the targets (an identity output reaches "
        "all), are features and targets of about unit size, is there a hidden layer, is a formula of your own right?",
    )


def _share(skill: float) -> str:
    return f"{percent(max(skill, 0.0))} of the way from guessing to the right answers"


def _by_heart(net: Network, X: Array, t: Array, rate: float, steps: int) -> tuple[float, int]:
    """The skill reached on a few rows, and in how many steps."""
    problem = readable.problem(net, X, t)

    def skill() -> float:
        return look(net, net.theta, problem).levels.skill

    history = net.fit(
        X, t, optimizer=Adam(rate), epochs=steps, on_epoch=lambda epoch: epoch.index % 20 == 19 and skill() >= BY_HEART
    )
    return skill(), len(history)


def _few(bench: Bench) -> Array:
    """Different rows that a network of this size can learn: in turn of each class, and few for a narrow one.

    Without a hidden layer that bends, d features tell apart any labels of d + 1 rows in general position, and no more;
    so do as many hidden units.
    """
    hidden = [layer for layer in bench.net.layers[:-1] if not isinstance(layer, Dropout)]
    bends = [layer for layer in hidden if layer.activation.name != "identity"]
    inputs = readable.inputs_of(bench.net, bench.X).batch(slice(None)).astype(np.float64)
    most = min([BATCH, *(layer.units + 1 for layer in hidden)])
    first = np.sort(np.unique(inputs, axis=0, return_index=True)[1])
    if not bends:
        return first[_independent(inputs[first], bench.t[first], most)]
    _, pattern = np.unique(bench.t[first], axis=0, return_inverse=True)
    pattern = pattern.ravel()
    turn = np.zeros(len(first), dtype=int)  # the how-manieth of its class each row is
    for k in np.unique(pattern):
        turn[pattern == k] = np.arange(np.count_nonzero(pattern == k))
    return first[np.argsort(turn, kind="stable")[:most]]


def _independent(X: Array, t: Array, most: int) -> Array:
    """Rows that, with a 1 beside each, are linearly independent, farthest from what the others span; two targets."""
    left = np.column_stack([X, np.ones(len(X))])
    left /= np.maximum(np.linalg.norm(left, axis=0), 1e-300)
    chosen: list[int] = []
    while len(chosen) < min(most, left.shape[1]):
        sizes = np.linalg.norm(left, axis=1)
        if len(chosen) == 1 and (others := (t != t[chosen[0]]).any(axis=1)).any():
            sizes = sizes * others
        if sizes.max() < 1e-3 / np.sqrt(len(X)):  # what is nearly dependent would need huge weights
            break
        chosen.append(int(np.argmax(sizes)))
        direction = left[chosen[-1]] / sizes[chosen[-1]]
        left = left - np.outer(left @ direction, direction)
    return np.array(chosen, dtype=int)
