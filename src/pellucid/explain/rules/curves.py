"""Rules about how training went: nothing learnt, still learning, learning the noise, and what holds learning back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.explain.case import NOT_LEARNT, Case
from pellucid.explain.findings import Finding
from pellucid.explain.rules.words import loss_words, percent
from pellucid.layers import Dropout
from pellucid.penalties import penalty_gradient

Array = npt.NDArray[Any]

EPOCHS = 10  # fewer say little about a curve
WORSE = 0.1  # of the span above guessing: less may be the difference between two samples
STOPPED = 0.01  # of the span in a third of the epochs: the loss no longer falls
# The loss still falls if the last tenth of the epochs lowered it by three times the noise and this much of the span. Of
# up to a hundred epochs half of that is enough, where it is at least three tenths of what a tenth of the epochs did on
# average: they may just have begun. In longer runs networks that learnt noise by heart fell by up to 0.027 to the end.
FALLING, STEADY, SHORT = 0.03, 0.3, 100
DONE = 0.85  # skill from which on more epochs bring little
# The validation loss above its lowest, by a tenth of itself and a twentieth of the span, for a third of the run: the
# noise of small validation sets moved it by less in runs that trained well.
RISEN, OF_SPAN, LONG_AGO = 0.1, 0.05, 1 / 3
BY_HEART = 0.98  # share of the training rows that are right, or of their spread that is explained: few are not known
# A penalty holds the weights where its gradient is at least half as long as that of the data and points against it,
# and drags them to 0 whatever the data say where it is many times as long. In the end a tenth of them is left.
HELD, OPPOSED, DRAGGED, SHRUNK = 0.5, 0.7, 5.0, 0.1


def nothing_learnt(case: Case) -> Iterator[Finding]:
    """A loss at or above that of the best constant answer, after training."""
    levels = case.learnt.levels
    if not case.trained or not levels.skill < NOT_LEARNT or not case.learnt.finite:
        return
    guess = f"{loss_words(levels.guess)}, what guessing costs (the best answer that is the same for every row)"
    losses = case.history.loss if case.history else np.empty(0)
    third = losses[-max(len(losses) // 3, 1) :]
    if levels.loss > levels.guess + WORSE * levels.span:
        kind, what = "worse_than_guessing", "The network is worse than guessing."
        evidence = f"The training loss is {loss_words(levels.loss)}, above {guess}."
        fix = "A learning rate ten times smaller, fresh weights, and more epochs."
    elif len(losses) >= EPOCHS and abs(third[0] - third[-1]) < STOPPED * levels.span:
        kind, what = "plateau", "The loss has stopped falling at the level of guessing."
        evidence = f"The training loss is {loss_words(levels.loss)}; {guess.replace(', what', ' is what')}. "
        evidence += f"It changed by {abs(third[0] - third[-1]):.2g} in the last {len(third)} epochs."
        fix = (
            'Scale the features, try a learning rate ten times larger, and other units ("relu" or "tanh"). If nothing '
            "helps, these features may say nothing about the target."
        )
    else:
        kind, what = "nothing_learnt", "The network has learnt next to nothing yet."
        evidence = f"The training loss is {loss_words(levels.loss)}; {guess.replace(', what', ' is what')}."
        fix = "More epochs, and a larger learning rate if the loss falls steadily and slowly."
    why = "It does no better than always giving the same answer, whatever the features of a row."
    yield Finding(kind, what, why, evidence, fix, 3)


def overfitting(case: Case) -> Iterator[Finding]:
    """A validation loss that has been rising while the training loss falls, and nothing that stops it."""
    history = case.history
    if history is None or history.validation_loss is None or len(history) < EPOCHS or history.best_epoch is not None:
        return
    seen, losses, span = history.validation_loss, history.loss, case.learnt.levels.span
    w = max(len(seen) // 20, 1)
    smooth = np.convolve(seen, np.ones(w) / w, mode="valid")  # of w epochs each: one lucky epoch is no turn
    best, last = int(np.argmin(smooth)), float(smooth[-max(len(smooth) // 4, 1) :].min())  # it does not come back down
    rise = last - float(smooth[best])
    if rise < max(RISEN * abs(float(smooth[best])), OF_SPAN * span) or len(smooth) - 1 - best < LONG_AGO * len(seen):
        return
    if losses[-1] >= losses[best]:
        return
    knows = history.accuracy[-1] >= BY_HEART if history.accuracy is not None else case.learnt.levels.skill >= BY_HEART
    lowest = int(np.nanargmin(seen))  # the one that reports and tables name
    yield Finding(
        "overfitting",
        "The network learns the training rows by heart." if knows else "The network has begun to overfit.",
        "The training loss still falls while that of rows it has not seen rises: what it learns now holds for the "
        "training rows alone.",
        f"The validation loss was lowest in epoch {lowest + 1} ({seen[lowest]:.4g}) and is {seen[-1]:.4g} after "
        f"{len(seen)}; the training loss went from {losses[lowest]:.4g} to {losses[-1]:.4g} meanwhile.",
        "early_stopping=20 in fit, which goes back to the best weights; l2=0.001, Dropout(0.2) or fewer units hold it "
        "back.",
        2,
    )


def more_epochs(case: Case) -> Iterator[Finding]:
    """A loss that is still falling where the epochs end."""
    history = case.history
    if history is None or len(history) < 4 or history.stopped != "epochs" or case.learnt.levels.skill > DONE:
        return
    n, w = len(history), max(len(history) // 10, 1)
    drop, noise = _drop(history.loss)
    tenth = FALLING * case.learnt.levels.span * 10 * w / n  # of a short run, one epoch is more than a tenth
    steady = n <= SHORT and drop > STEADY * float(history.loss[0] - history.loss[-1]) * w / n
    if drop < max(tenth / 2 if steady else tenth, 3 * noise):
        return
    if history.validation_loss is not None and _drop(history.validation_loss)[0] < 0:
        return
    last = f"in the last {w} of {n} epochs" if w > 1 else f"in the last of {n} epochs"
    means = float(np.mean(history.loss[-2 * w : -w])), float(np.mean(history.loss[-w:]))
    yield Finding(
        "more_epochs",
        "The loss is still falling at the last epoch.",
        "Training ended before it was done.",
        f"The loss fell from {means[0]:.4g} to {means[1]:.4g} {last}.",
        f"epochs={_more(n)} in fit.",
        2,
    )


def _drop(losses: Array) -> tuple[float, float]:
    """By how much the last tenth of the epochs lowered a loss, and the noise that is in this number."""
    w = max(len(losses) // 10, 1)
    drop = float(np.mean(losses[-2 * w : -w]) - np.mean(losses[-w:]))
    bends = np.diff(losses[len(losses) // 2 :], 2)  # a steady fall has none
    return drop, float(np.mean(np.abs(bends))) / np.sqrt(w) if len(losses) >= EPOCHS else 0.0


def _more(n: int) -> int:
    """Three times as many, as a person would write it."""
    return int(float(f"{3 * n:.0e}")) if n >= 4 else 10


def penalty(case: Case) -> Iterator[Finding]:
    """A penalty that holds the weights near 0 where the data would have them grow."""
    asked, seen = case.settings, case.learnt
    if asked is None or not (asked.l2 or asked.l1) or not case.trained or seen.levels.skill > NOT_LEARNT:
        return
    mask = case.net.weight_mask
    pull = penalty_gradient(seen.theta, mask, asked.l2, asked.l1)
    push = seen.gradient * mask
    sizes = float(np.linalg.norm(pull)), float(np.linalg.norm(push))
    opposed = sizes[0] > HELD * sizes[1] and -float(pull @ push) > OPPOSED * sizes[0] * sizes[1]
    left = float(np.linalg.norm(seen.theta * mask) / (np.linalg.norm(case.drawn * mask) or np.inf))
    if not (opposed or sizes[0] > DRAGGED * sizes[1] or left < SHRUNK):
        return
    names = [name for name in ("l2", "l1") if getattr(asked, name)]
    yield Finding(
        "penalty_too_strong",
        f"The penalty is too strong ({', '.join(f'{name}={getattr(asked, name):g}' for name in names)}).",
        "It pulls the weights to 0 as hard as the data push them away: the network is kept from learning.",
        f"The penalty's gradient is {sizes[0]:.2g} long, that of the data {sizes[1]:.2g}; the "
        f"loss without the penalty is {seen.levels.loss:.4g}, guessing {seen.levels.guess:.4g}.",
        f"{', '.join(f'{name}={getattr(asked, name) / 100:.1g}' for name in names)} in fit.",
        3,
    )


def dropout(case: Case) -> Iterator[Finding]:
    """Dropout that leaves next to nothing, in a network that has learnt little."""
    rates = [layer.rate for layer in case.net.layers if isinstance(layer, Dropout)]
    if not rates or max(rates) < 0.7 or not case.trained or case.learnt.levels.skill > 0.5:
        return
    yield Finding(
        "dropout_too_high",
        f"Dropout({max(rates):g}) leaves too little to learn with.",
        "A unit that is nearly always off, and amplified when it is on, gives the layers behind it mostly noise.",
        f"{percent(max(rates))} of the units are dropped at each step; the loss is {case.learnt.levels.loss:.4g}, "
        f"guessing {case.learnt.levels.guess:.4g}.",
        "Dropout(0.2), or at the most Dropout(0.5).",
        2,
    )
