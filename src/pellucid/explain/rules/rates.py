"""Rules about the learning rate: steps that are too long for the weights, or too short to get anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.engines import readable
from pellucid.explain.case import NOT_LEARNT, Case, Look
from pellucid.explain.findings import Finding
from pellucid.explain.rules.words import loss_words, written
from pellucid.jobs import clipped
from pellucid.layers import Dropout
from pellucid.optimizers import SGD, Optimizer
from pellucid.penalties import penalty, penalty_gradient
from pellucid.settings import Settings

Array = npt.NDArray[Any]

# The last step's length by that of the weights. A thousandth is usual; 168 runs of all optimizers that trained well
# ended at 0.034 or less. A tenth means that ten steps could undo all that was learnt.
RATIO = 0.1
# Mean change of the loss from epoch to epoch in the second half of a run, in units of what there is to gain. Noise of
# small batches made up to 0.085.
ZIGZAG = 0.15
EPOCHS = 6  # fewer say little about a curve
GAIN, FACTOR = 0.05, 100.0  # a single step this many times longer gains this much of the span at once
MOVED = 0.03  # of their length the weights moved in the whole run: what is learnt takes far more
MORE = 3  # times as many epochs, at the pace of the last ones, would not gain as much
POOR, GOOD = 0.5, 0.9  # skill below which little has been learnt, and above which a rate has done its work


def too_large(case: Case) -> Iterator[Finding]:
    """Steps that overshoot: losses that rise or jump, weights replaced rather than adjusted."""
    levels = case.learnt.levels
    if case.trained and levels.skill > GOOD and not _jumps(case):
        return
    signs = [sign for sign in (_rises(case), _jumps(case), _replaces(case), _first_step(case)) if sign]
    if not signs:
        return
    worse = (
        f"The training loss is {loss_words(levels.loss)}; guessing costs {loss_words(levels.guess)}. "
        if levels.skill < 0
        else ""
    )
    asked = case.settings
    smaller = f"{written(asked.optimizer, _calmer(case, asked))} in fit" if asked else "A rate ten times smaller in fit"
    # Clipping shortens the steps of plain descent only: the others divide by the gradient's size.
    clip = "; or clip_norm=1.0" if asked is None or isinstance(asked.optimizer, SGD) else ""
    yield Finding(
        "rate_too_large",
        f"The learning rate is too large{f' ({asked.optimizer.learning_rate:g})' if asked else ''}.",
        "Steps go past the valley that they aim at: the loss jumps or rises, and units may die or saturate.",
        worse + " ".join(signs[:2]),
        f"{smaller}, beginning again with fresh weights{clip}.",
        3 if levels.skill < 0 else 2,
    )


def _calmer(case: Case, asked: Settings) -> float:
    """A tenth of the rate, or where even such a first step raises the loss, a tenth of one that does not."""
    rate = asked.optimizer.learning_rate
    if case.start is None or not case.start.finite:
        return rate / 10
    before = stepped(case, case.start, asked, 0.0)
    calm = (k for k in range(12) if stepped(case, case.start, asked, 10.0**-k) < before)
    return rate / 10 ** (next(calm, 0) + 1)


def _rises(case: Case) -> str:
    """The loss ends clearly above where it began."""
    losses = case.history.loss if case.history else np.empty(0)
    span = case.learnt.levels.span
    if len(losses) < 2 or not losses[-1] > losses[0] + 0.1 * span or not losses[-1] > case.learnt.levels.guess:
        return ""
    return f"The loss rose from {losses[0]:.4g} in the first epoch to {losses[-1]:.4g} in the last."


def _jumps(case: Case) -> str:
    """In the second half the loss still goes up and down by much."""
    losses, limit = case.history.loss if case.history else np.empty(0), ZIGZAG * case.learnt.levels.span
    if any(isinstance(layer, Dropout) for layer in case.net.layers):  # it shakes the training loss at any rate
        measured = None if case.history is None else case.history.validation_loss
        losses, limit = (losses, 2 * limit) if measured is None else (measured, limit)
    last = losses[len(losses) // 2 :]
    steps = np.diff(last)
    if len(losses) < EPOCHS or not np.mean(np.abs(steps)) > limit or not (steps > 0).any():
        return ""
    return (
        f"In the last {len(steps)} epochs the loss rose {np.count_nonzero(steps > 0)} times, and it changed by "
        f"{np.mean(np.abs(steps)):.3g} an epoch (between {last.min():.3g} and {last.max():.3g})."
    )


def _replaces(case: Case) -> str:
    """The last update was long beside the weights; beside those drawn first, where a penalty has shrunk them since."""
    if case.net.last_update is None:
        return ""
    updates, drawn = case.net.named(case.net.last_update), case.net.named(case.drawn)
    ratios = {
        name: float(np.linalg.norm(updates[name]) / (max(np.linalg.norm(W), np.linalg.norm(drawn[name])) or np.inf))
        for name, W in case.net.params.items()
        if name.startswith("W")
    }
    name = max(ratios, key=lambda name: ratios[name])
    if not ratios[name] > RATIO:
        return ""
    return f"The last step changed {name} by {100 * ratios[name]:.3g} % of its size; 0.1 % is usual."


def _first_step(case: Case) -> str:
    """The first step takes the loss up rather than down."""
    asked, start = case.settings, case.start
    if asked is None or start is None or not start.finite or case.learnt.levels.skill > POOR:
        return ""
    before, after = (stepped(case, start, asked, factor) for factor in (0.0, 1.0))
    if not after > before + start.levels.span:
        return ""
    return f"The first step takes the loss from {before:.4g} to {after:.4g}."


def stepped(case: Case, seen: Look, asked: Settings, factor: float) -> float:
    """The loss, penalties included, after one step of a fresh optimizer, `factor` times as long as it would be."""
    theta, mask = seen.theta, case.net.weight_mask
    with np.errstate(all="ignore"):
        if factor:
            gradient = seen.gradient + penalty_gradient(theta, mask, asked.l2, asked.l1)
            gradient = gradient if asked.clip_norm is None else clipped(gradient, asked.clip_norm)
            optimizer: Optimizer = asked.optimizer
            theta = optimizer.update(gradient, optimizer.init(theta), theta, optimizer.learning_rate * factor, mask)[0]
        problem = case.training
        value = float(readable.loss(case.net, theta, *problem)[0]) + float(penalty(theta, mask, asked.l2, asked.l1))
    return value if np.isfinite(value) else np.inf


def too_small(case: Case) -> Iterator[Finding]:
    """Steps so short that they lead nowhere in the epochs there are."""
    asked = case.settings
    if asked is None or not case.history or case.learnt.levels.skill > POOR or not case.learnt.finite:
        return
    sign, better = _one_long_step(case, asked)
    if not sign:
        sign, better = _hardly_moved(case, asked)
    if not sign:
        return
    rate, losses = asked.optimizer.learning_rate, case.history.loss
    slower = ", or a schedule= that falls more slowly," if case.history.learning_rate[-1] < rate / 10 else ""
    yield Finding(
        "rate_too_small",
        f"The learning rate is too small ({rate:g}).",
        "Every step goes the right way and hardly anywhere: at this pace training takes far more epochs than it has.",
        f"In {len(losses)} epochs the loss went from {losses[0]:.4g} to {losses[-1]:.4g}. {sign}",
        f"{written(asked.optimizer, better)}{slower} in fit.",
        2,
    )


def _one_long_step(case: Case, asked: Settings) -> tuple[str, float]:
    """A single step a hundred times as long gains a good part of what there is to gain; and a rate in between."""
    factors = [0.0, 1.0, *(10.0**k for k in range(1, 9))]
    after = [stepped(case, case.learnt, asked, factor) for factor in factors]
    best, losses = int(np.argmin(after)), case.history.loss if case.history else np.empty(0)
    w = max(len(losses) // 10, 1)
    pace = float(losses[-1 - w :][0] - losses[-1]) / w
    enough = max(GAIN * case.learnt.levels.span, MORE * len(losses) * pace)
    if factors[best] < FACTOR or after[0] - after[best] < enough:
        return "", 0.0
    words = (
        f"A single step {factors[best]:,.0f} times as long takes it from {after[0]:.4g} to {after[best]:.4g} at once."
    )
    return words, asked.optimizer.learning_rate * factors[best] / 10


def _hardly_moved(case: Case, asked: Settings) -> tuple[str, float]:
    """The whole run has left the weights nearly as they were drawn, with a rate far below the optimizer's usual one."""
    usual = type(asked.optimizer).__dataclass_fields__["learning_rate"].default
    if not isinstance(usual, float) or asked.optimizer.learning_rate > usual / 10:  # one's own has no usual one
        return "", 0.0
    if case.start is None or case.learnt.levels.skill > NOT_LEARNT:
        return "", 0.0
    moved = float(np.linalg.norm(case.net.theta - case.start.theta) / (np.linalg.norm(case.start.theta) or np.inf))
    return (f"All steps together moved the weights by {100 * moved:.2g} %.", usual) if moved < MOVED else ("", 0.0)
