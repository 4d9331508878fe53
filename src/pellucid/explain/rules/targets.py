"""Rules about targets: their size, the order of their rows, and classes of which there are few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.explain.case import NOT_LEARNT, Case
from pellucid.explain.findings import Finding
from pellucid.explain.rules.words import listed, number, percent
from pellucid.targets import labels_of

Array = npt.NDArray[Any]

# A network begins with outputs of about unit size. Gradients of squared errors grow with the targets, so a step is as
# many times too long as they are too large, and the outputs have as far to go.
LARGE, TINY = 10.0, 0.01
FITTED = 0.8  # a network that explains so much of the targets has coped with their size
# Rows in random order change from one label to the next (n - 1)(1 - sum p^2) times; a quarter of that is far below
# chance from some 40 rows on (over 5 standard deviations).
RUNS, FEW = 0.25, 40
# A share of the most frequent class from which its accuracy alone looks like success.
MAJORITY = 0.8
FOUND = 0.3  # of a rare class: found less often, it is hardly told apart


def unscaled(case: Case) -> Iterator[Finding]:
    """Values to predict that are far from unit size."""
    t = case.t
    bounded = case.net.loss_function.from_logits
    if case.net.task != "values" or bounded or len(t) < 2 or (case.trained and case.learnt.levels.skill > FITTED):
        return
    size, spread = np.sqrt(np.mean(t * t, axis=0)), t.std(axis=0)
    k = int(np.argmax(size))
    if size[k] <= LARGE and not (0 < spread.max() < TINY):
        return
    large = size[k] > LARGE
    column = "The target y" if t.shape[1] == 1 else f"Column {k} of y"
    yield Finding(
        "targets_unscaled",
        f"The targets are far {'larger' if large else 'smaller'} than unit size.",
        "Outputs begin at about unit size, and steps are as many times too long as errors are too large."
        if large
        else "Outputs begin at about unit size: beside them, what is to be learnt looks like nothing.",
        f"{column} goes from {number(t[:, k].min())} to {number(t[:, k].max())}, with mean {number(t[:, k].mean())} "
        f"and standard deviation {number(spread[k])}.",
        "Standardize them: m, s = y.mean(), y.std(); fit on (y - m) / s, and take m + s * net.predict(X).",
        3 if size[k] > LARGE**2 else 2,
    )


def sorted_rows(case: Case) -> Iterator[Finding]:
    """Batches taken in the order of the rows, and the rows sorted by what is to be learnt."""
    run, asked = case.history.run if case.history else None, case.settings
    t = case.t if run is None else run.y
    n = len(t)
    if asked is None or asked.shuffle or not asked.batch_size or asked.batch_size >= n or n < FEW:
        return
    evidence = _in_order(t) if case.net.task == "values" else _in_runs(labels_of(t, case.net.task))
    if not evidence:
        return
    yield Finding(
        "labels_sorted",
        "The rows are sorted by their targets, and shuffle=False leaves them so.",
        "One batch after the other holds the same answer: the network learns one, forgets it and learns the next.",
        f"{evidence} Batches of {asked.batch_size} rows are taken in that order.",
        "Leave out shuffle=False: then fit draws a new order in every epoch.",
        3,
    )


def _in_order(t: Array) -> str:
    steps = np.diff(t[:, 0])
    rising = max(float(np.mean(steps >= 0)), float(np.mean(steps <= 0)))
    return f"{percent(rising)} of the targets go the same way from row to row." if rising > 0.95 else ""


def _in_runs(labels: Array) -> str:
    rows = labels.reshape(len(labels), -1)
    shares = np.unique(rows, axis=0, return_counts=True)[1] / len(rows)
    chance = (len(rows) - 1) * (1 - float(np.sum(shares * shares)))
    changes = int(np.count_nonzero((rows[1:] != rows[:-1]).any(axis=1)))
    if changes >= RUNS * chance:
        return ""
    return f"The label changes {changes} times from row to row; in random order it would about {chance:.0f} times."


def imbalance(case: Case) -> Iterator[Finding]:
    """Classes of which there are few, and a network that answers with the frequent one."""
    if case.net.task not in ("classes", "binary") or len(case.rows) < 10:
        return
    seen = case.learnt if case.trained else case.now
    true, said = (labels_of(a, case.net.task) for a in (seen.t, seen.outputs))
    if case.net.task == "classes":
        said = np.argmax(seen.outputs, axis=1)
    counts = np.bincount(true, minlength=2)
    top, share = int(np.argmax(counts)), float(counts.max() / counts.sum())
    found = {int(k): float(np.mean(said[true == k] == k)) for k in np.flatnonzero(counts) if k != top}
    missed = [k for k, rate in found.items() if rate < FOUND]
    learning = case.trained or seen.levels.skill > NOT_LEARNT
    if share >= MAJORITY and (missed or not learning) and not _weighted(case):
        yield _imbalance(case, top, share, {k: found[k] for k in missed} if learning else {})
    elif learning and len(np.unique(said)) == 1 and share < 1:
        yield Finding(
            "one_class",
            f"The network gives the same answer for every row: class {_name(case, int(said[0]))}.",
            "It has learnt how frequent the classes are, and nothing of what tells them apart.",
            f"{percent(np.mean(true == said[0]))} of the {len(true):,} rows are of this class.",
            'Look at the other findings first. If there are none: Dense(64, "relu") as a hidden layer, more epochs, or '
            "another learning rate.",
            2,
        )


def _name(case: Case, k: int) -> str:
    return repr(case.net.labels[k]) if case.net.labels else str(k)


def _weighted(case: Case) -> bool:
    return case.settings is not None and case.settings.class_weight is not None


def _imbalance(case: Case, top: int, share: float, missed: dict[int, float]) -> Finding:
    """Rare classes that are missed, or before training the warning that they may be."""
    rare = listed([f"{percent(rate)} of class {_name(case, k)}" for k, rate in missed.items()])
    evidence = f"{percent(share)} of the rows are of class {_name(case, top)}"
    return Finding(
        "class_imbalance",
        "The network hardly finds the rare classes." if missed else "One class is far more frequent than the others.",
        f"Always answering {_name(case, top)} is right {percent(share)} of the time, so little is gained by telling "
        "the others apart: accuracy looks good, and says little.",
        f"{evidence}; found are only {rare}." if missed else f"{evidence}.",
        'class_weight="balanced" in fit lets every class count alike; judge by recall or F1 of each class.',
        2 if missed else 1,
    )
