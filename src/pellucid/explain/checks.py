"""The checks of `sanity`: each takes copies of a network with fresh weights, tries something, and says how it went."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.engines import readable
from pellucid.errors import TrainingDiverged
from pellucid.explain.by_heart import small_batch
from pellucid.explain.case import look
from pellucid.explain.rules.start import begins_far_above
from pellucid.explain.rules.words import percent
from pellucid.explain.workbench import Bench, Check
from pellucid.gradient_check import check_gradients
from pellucid.optimizers import Adam
from pellucid.targets import count_correct

Array = npt.NDArray[Any]

FEW = 40  # different rows below which none are held out
# So many standard deviations above chance the answers for held-out rows must not be; by luck they are once in 30,000.
LUCK = 4.0


def initial_loss(bench: Bench) -> Check:
    """The loss of fresh weights, over five draws."""
    looks = []
    for k in range(5):
        net = bench.fresh(k)
        looks.append(look(net, net.theta, readable.problem(net, bench.X, bench.t)))
    losses = sorted(seen.levels.loss for seen in looks)
    high = sum(begins_far_above(bench.net, seen) for seen in looks)
    blank = looks[0].levels.blank
    equal = f"ln {bench.net.outputs} = " if bench.net.task == "classes" else ""
    return Check(
        "initial_loss",
        high < 3,  # most draws; a single one may be unlucky
        "With fresh weights the loss is about that of knowing nothing.",
        f"Five draws of weights gave losses from {losses[0]:.4g} to {losses[-1]:.4g}; outputs of z = 0 cost "
        f"{equal}{blank:.4g}.",
        ""
        if high < 3
        else "Scale the features (scaler=Standardizer()), and leave out init= so that the usual weights are drawn.",
    )


def shuffled_labels(bench: Bench) -> Check:
    """Trained on shuffled labels, the answers for rows held out are no better than chance."""
    _, first, group = np.unique(bench.X, axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    say = partial(Check, "shuffled_labels", what="Trained on shuffled labels, it answers for other rows by chance.")
    if len(first) < FEW:
        return say(passed=None, evidence=f"There are {len(first)} different rows: too few to hold any out.")
    rng = np.random.default_rng(0)
    # Rows that are the same keep the same label: a network that has seen one then knows the other, which is a leak.
    shuffled = bench.t[first][rng.permutation(len(first))][group]
    held = rng.permutation(len(group)) < len(group) // 2
    try:
        score, chance, luck = _held_out(bench, shuffled, held)
        true = _held_out(bench, bench.t, held)[0]
    except TrainingDiverged as error:
        return say(passed=False, evidence=str(error), fix="See that training does not diverge first.")
    passed = bool(score <= chance + LUCK * luck)
    copies = np.isin(group[held], group[~held])
    words = _score_words(bench.net.task)
    return say(
        passed=passed,
        evidence=f"{words} of {np.count_nonzero(held)} rows held out: {score:.3f}, by chance up to "
        f"{chance + LUCK * luck:.3f}; with the true labels {true:.3f}.",
        fix=""
        if passed
        else f"The same rows are on both sides: {percent(np.mean(copies))} of those held out were also trained on. "
        "Remove copies first (np.unique(X, axis=0, return_index=True)), else every validation looks too good.",
    )


def _score_words(task: str) -> str:
    return "Correlation with the values" if task == "values" else "Accuracy"


def _held_out(bench: Bench, t: Array, held: Array) -> tuple[float, float, float]:
    """Train on the one half; how good the answers for the other are, by chance would be, and its standard deviation."""
    net = bench.fresh()
    rows = int(np.count_nonzero(~held))
    batch = min(32, rows)
    epochs = max(bench.steps(batch, 300) * batch // rows, 2)
    net.fit(bench.X[~held], t[~held], optimizer=Adam(0.01), epochs=epochs, batch_size=batch)
    said, true = net.forward(bench.X[held]), t[held]
    n = len(true)
    if net.task == "values":
        a, b = (np.ravel(v - v.mean(axis=0)).astype(np.float64) for v in (said, true))
        size = float(np.linalg.norm(a) * np.linalg.norm(b))
        return (float(a @ b) / size if size else 0.0), 0.0, 1 / np.sqrt(n)
    share = float(np.unique(true, axis=0, return_counts=True)[1].max()) / n
    return count_correct(said, true, net.task) / n, share, float(np.sqrt(share * (1 - share) / n))


def gradient_check(bench: Bench) -> Check:
    """Backpropagation against differences of the loss, on a few rows."""
    net = bench.fresh()
    X = bench.X[:8]
    if net.scaler is None:  # a difference of 1e-4 in a weight must be small beside what X makes of it
        X = X / np.maximum(np.abs(bench.X).max(axis=0), 1)
    result = check_gradients(net, X, bench.t[:8])
    kinks = sum(part.kinks for part in result.by_parameter.values())
    return Check(
        "gradient_check",
        result.ok,
        "Its gradients are those of its loss.",
        f"The largest relative error of {net.theta.size:,} parameters is {result.max_error:.1e}, allowed "
        f"{result.tolerance:.0e} ({result.method}{f', {kinks} kinks left out' if kinks else ''}).",
        ""
        if result.ok
        else f"{', '.join(result.wrong)} are wrong. {result.suspect} "
        "print(pellucid.check_gradients(net, X, y)) shows the entries.",
    )


def same_seed(bench: Bench) -> Check:
    """Two copies, trained alike for one epoch."""
    first, second = bench.fresh(), bench.fresh()
    alike = bool(np.array_equal(first.theta, second.theta))
    say = partial(Check, "same_seed", what="Trained twice from one seed, it ends with the same bits.")
    try:
        for net in (first, second):
            net.fit(bench.X, bench.t, optimizer=Adam(0.01), epochs=1, batch_size=32)
    except TrainingDiverged as error:
        return say(passed=False, evidence=str(error), fix="See that training does not diverge first.")
    apart = int(np.count_nonzero(first.theta != second.theta))
    evidence = f"After one epoch {apart:,} of {first.theta.size:,} parameters differ."
    if not apart:
        return say(passed=True, evidence=evidence)
    source = "an activation or loss draws random numbers" if alike else "an initializer draws from another generator"
    return say(
        passed=False,
        evidence=evidence,
        fix=f"Probably {source}: draw from the generator that is passed, and only there.",
    )


CHECKS: tuple[Callable[[Bench], Check], ...] = (initial_loss, small_batch, shuffled_labels, gradient_check, same_seed)
