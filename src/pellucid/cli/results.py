"""What `pellucid train` prints: the data and the plan before, how it went and how good it is after."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import metrics
from pellucid.cli.recipe import Outcome, Parts, Recipe, measured
from pellucid.cli.screen import Screen
from pellucid.cli.words import in_options, listed, shortened
from pellucid.data.tables import Table
from pellucid.history import History
from pellucid.network import Network
from pellucid.wording import counted

Array = npt.NDArray[Any]

MOST_CLASSES = 40  # rows of the final table


def data(screen: Screen, table: Table) -> None:
    """What the data are, what was inferred, and how to say otherwise."""
    assert table.y is not None
    n = len(table.X)
    screen.say("Data", f"{table.name}: {counted(n, 'row')}, {counted(len(table.features), 'feature')}")
    screen.say("Features", listed([shortened(name) for name in table.features]))
    if table.labels:
        counts = np.bincount(table.y, minlength=len(table.labels))
        classes = [f"{shortened(label)} ({count:,})" for label, count in zip(table.labels, counts, strict=True)]
        screen.say("Target", f"{table.target}: {counted(len(classes), 'class')}, {listed(classes, most=12)}")
    else:
        y = table.y
        screen.say("Target", f"{table.target}: values from {y.min():g} to {y.max():g}, mean {y.mean():.6g}")
    for k, note in enumerate(table.notes):
        screen.say("" if k else "Notes", in_options(note), style="dim")


def plan(screen: Screen, net: Network, parts: Parts, recipe: Recipe) -> None:
    """What is held out, the network in a line, and how it will be trained."""
    held = []
    if len(parts.test):
        held.append(f"{counted(len(parts.test), 'row')} for the test at the end")
    if len(parts.validation):
        held.append(f"{counted(len(parts.validation), 'row')} for validation")
    few = "" if held else "nothing; what follows is measured on the rows that were trained on (--test 0.2 changes that)"
    screen.say("Held out", ", ".join(held) + few)
    chain = " -> ".join([str(net.inputs), *(str(layer).removeprefix("Dense ") for layer in net.layers)])
    screen.say("Network", f"{chain}, {counted(net.theta.size, 'parameter')}, features standardized")
    screen.say("Training", _training(parts, recipe))


def _training(parts: Parts, recipe: Recipe) -> str:
    optimizer = recipe.made_optimizer()
    words = [
        f"{type(optimizer).__name__} at rate {optimizer.learning_rate:g}",
        f"batches of {recipe.batch:,}" if 0 < recipe.batch < len(parts.training) else "all rows at once",
    ]
    words += [f"schedule {recipe.schedule}"] if recipe.schedule != "constant" else []
    words += [f"{name} {value:g}" for name, value in (("l2", recipe.l2), ("l1", recipe.l1)) if value]
    words += [f"gradients clipped to {recipe.clip_norm:g}"] if recipe.clip_norm else []
    words += ["classes weighted alike"] if recipe.class_weight else []
    words += [f"seed {recipe.seed}"]
    watched = "validation" if len(parts.validation) else "training"
    stop = f", fewer once {recipe.patience} pass without a lower {watched} loss" if recipe.patience else ""
    return f"{', '.join(words)}; at most {counted(recipe.epochs, 'epoch')}{stop}"


def ending(screen: Screen, history: History) -> None:
    """Why training ended, and whose weights are kept."""
    seconds = f" in {history.seconds[-1]:.1f} s" if len(history) else ""
    how = {
        "epochs": f"all {counted(len(history), 'epoch')}{seconds}",
        "early stopping": f"after {counted(len(history), 'epoch')}{seconds}: the loss sank no further",
        "interrupted": f"interrupted after {counted(len(history), 'epoch')}{seconds}",
    }[history.stopped]
    best = history.best_epoch
    kept = "" if best is None or best == len(history) - 1 else f"; the weights are those of epoch {best + 1}, the best"
    screen.say("Trained", how + kept)


def results(screen: Screen, table: Table, parts: Parts, outcome: Outcome) -> tuple[str, Array]:
    """Print the losses and scores of every part, then the details of the one that says most about new data.

    Returns:
        Its name and the predictions for its rows.
    """
    predicted = {name: outcome.net.predict(table.X[rows]) for name, rows in parts.named().items()}
    scores = {name: measured(table, rows, predicted[name]) for name, rows in parts.named().items()}
    final = list(predicted)[-1] if not len(parts.test) else "test"
    header = ["", "rows", "loss", *scores["training"]]
    lines = [
        [name, f"{len(predicted[name]):,}", f"{outcome.losses[name]:.4f}", *map(_score, score.items())]
        for name, score in scores.items()
    ]
    screen.gap()
    screen.table(header, lines, last="bold")
    if remark := _of_the_loss(outcome):
        screen.say("", remark, style="dim")
    if table.labels:
        screen.gap()
        _by_class(screen, table, getattr(parts, final), predicted[final], final)
    return final, predicted[final]


def _of_the_loss(outcome: Outcome) -> str:
    """What the losses are of, so that they can be compared with those of the epochs and of a report."""
    parts = ["of the target in standard deviations"] if outcome.net.task == "values" else []
    parts += [f"{outcome.penalty:.4f} of it is the penalty on the weights"] if outcome.penalty else []
    return f"loss: {', '.join(parts)}" if parts else ""


def _score(item: tuple[str, float]) -> str:
    name, value = item
    if name == "accuracy":
        return f"{value:.1%}".replace("%", " %")
    if math.isnan(value):
        return "-"
    return f"{value:.4f}" if name == "R2" and abs(value) < 1000 else f"{value:.6g}"


def _by_class(screen: Screen, table: Table, rows: Array, predicted: Array, part: str) -> None:
    """Precision, recall and F1 of every class, or of the worst where there are too many to read."""
    assert table.y is not None
    assert table.labels is not None
    report = metrics.class_report(metrics.confusion_matrix(table.y[rows], predicted, len(table.labels)))
    order = np.arange(len(table.labels))
    if len(order) > MOST_CLASSES:
        order = np.argsort(np.nan_to_num(report.f1, nan=2.0), kind="stable")[:MOST_CLASSES]
        screen.say("", f"The {MOST_CLASSES} of {len(table.labels):,} classes with the lowest F1:", style="dim")
    lines = [
        [shortened(table.labels[k]), *(_share(s[k]) for s in (report.precision, report.recall, report.f1)),
         f"{report.support[k]:,}"]
        for k in order
    ]  # fmt: skip
    means = [_share(float(np.nanmean(s))) for s in (report.precision, report.recall, report.f1)]
    lines.append(["mean", *means, f"{report.support.sum():,}"])
    screen.table([f"{part} rows", "precision", "recall", "F1", "support"], lines, last="bold")


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
