"""From a table to a trained network: what is held out, which network, how it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from pellucid import metrics
from pellucid.cli.mistakes import UsageError
from pellucid.data.scalers import Standardizer
from pellucid.data.tables import Table
from pellucid.errors import InputError
from pellucid.history import History
from pellucid.layers import Dense, Dropout, Layer
from pellucid.network import Network
from pellucid.optimizers import OPTIMIZERS, Adam, Optimizer
from pellucid.penalties import penalty
from pellucid.splits import split_indices

Array = npt.NDArray[Any]

TEST, VALIDATION = 0.2, 0.1  # shares of all rows
FEW_ROWS = 40  # fewer, and what is held out would say little and be missed much
ADAM_RATE = 0.003
LARGEST_VALUE = 1e150  # of a target: its square and sums of those stay finite
MOST_PARAMETERS = 8_000_000  # what a JSON model file can hold and be read back


@dataclass(frozen=True)
class Recipe:
    """What was asked for; the defaults do well in seconds on tables of hundreds or thousands of rows.

    Attributes:
        hidden, activation, dropout: the hidden layers.
        optimizer, rate, schedule, epochs, batch, l2, l1, clip_norm, class_weight: the training; `rate` None is the
            optimizer's usual one, `batch` 0 all rows at once.
        test, validation: shares of the rows that are held out; None: the defaults, and nothing of few rows.
        patience: epochs without a lower validation loss after which training stops; 0 never.
        seed: decides weights, order, dropout and what is held out.
    """

    hidden: tuple[int, ...] = (64,)
    activation: str = "relu"
    dropout: float = 0.0
    optimizer: str = "adam"
    rate: float | None = None
    schedule: str = "constant"
    epochs: int = 200
    batch: int = 32
    l2: float = 0.003
    l1: float = 0.0
    clip_norm: float | None = None
    class_weight: str | None = None
    test: float | None = None
    validation: float | None = None
    patience: int = 20
    seed: int = 0

    def made_optimizer(self) -> Optimizer:
        """The optimizer's record with the rate asked for."""
        kind: Any = OPTIMIZERS[self.optimizer]
        if self.rate is not None:
            return cast(Optimizer, kind(learning_rate=self.rate))
        return Adam(ADAM_RATE) if kind is Adam else cast(Optimizer, kind())


@dataclass(frozen=True)
class Parts:
    """Which rows are for what: indices, ascending; an empty part was not held out."""

    training: Array
    validation: Array
    test: Array

    def named(self) -> dict[str, Array]:
        """The parts that have rows, in the order of their importance for learning."""
        every = {"training": self.training, "validation": self.validation, "test": self.test}
        return {name: rows for name, rows in every.items() if len(rows)}


@dataclass(frozen=True)
class Outcome:
    """A trained network and how training went.

    Attributes:
        net: in the target's own units.
        history: of its training.
        losses: of each part as training saw them: penalty included, of a standardized target where it is values.
        penalty: how much of each loss is the penalty.
    """

    net: Network
    history: History
    losses: dict[str, float]
    penalty: float


def parted(table: Table, recipe: Recipe) -> Parts:
    """Decide which rows are held out, class by class where there are classes.

    Raises:
        UsageError: the shares leave too little to train on, or are too small to be a row.
    """
    n = len(table.X)
    usual = (0.0, 0.0) if n < FEW_ROWS else (TEST, VALIDATION)
    test = usual[0] if recipe.test is None else recipe.test
    validation = usual[1] if recipe.validation is None else recipe.validation
    if test + validation >= 1:
        raise UsageError(f"--test {test:g} and --validation {validation:g} leave no rows to train on.")
    rng = np.random.default_rng(recipe.seed)
    rows, tested = _held_out("--test", test, n, np.arange(n), table, rng)
    rows, validated = _held_out("--validation", validation, n, rows, table, rng)
    return Parts(rows, validated, tested)


def _held_out(
    option: str, share: float, n: int, rows: Array, table: Table, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Those of the rows that stay, and those that are held out: a share of all n, not only of these."""
    if share == 0:
        return rows, rows[:0]
    if round(share * n) == 0:
        raise UsageError(f"{option} {share:g} of {n} rows is not a single row. Give a larger share, or 0 for none.")
    try:
        kept, out = split_indices(_targets(table)[rows], min(share * n / len(rows), 0.999999), rng)
    except InputError as error:
        raise UsageError(
            f"{option} {share:g} of {n} rows leaves too few: every class needs at least one to train on. "
            "Give a smaller share, or 0 for none."
        ) from error
    return rows[kept], rows[out]


def network(table: Table, recipe: Recipe) -> Network:
    """The network that was asked for, with its scaler and the names of the table.

    Raises:
        UsageError: dropout without hidden layers, or more parameters than a model file holds.
    """
    outputs = len(table.labels) if table.labels else 1
    widths = [len(table.features), *recipe.hidden, outputs]
    parameters = sum((fan_in + 1) * units for fan_in, units in pairwise(widths))
    if parameters > MOST_PARAMETERS:
        raise UsageError(
            f"--hidden {','.join(map(str, recipe.hidden)) or 'none'}: that makes {parameters:,} parameters, and a "
            f"model file holds {MOST_PARAMETERS:,} at most. Take fewer neurons."
        )
    if recipe.dropout and not recipe.hidden:
        raise UsageError("--dropout drops neurons of hidden layers, and with --hidden none there are none.")
    layers: list[Layer] = []
    for units in recipe.hidden:
        layers += [Dense(units, recipe.activation)] + ([Dropout(recipe.dropout)] if recipe.dropout else [])
    layers.append(Dense(outputs, "softmax" if table.labels else "identity"))
    net = Network(layers, len(table.features), seed=recipe.seed, scaler=Standardizer())
    net.labels, net.features, net.target = table.labels, table.features, table.target
    return net


def learnt(
    net: Network, table: Table, parts: Parts, recipe: Recipe, progress: bool, keep: Mapping[str, Any]
) -> Outcome:
    """Train; Ctrl-C ends it early, with what was learnt. `keep`: the checkpoints, as `fit` takes them.

    Values are standardized too while the network learns, so that prices in millions and shares below one train alike;
    afterwards the output layer takes the scale over, and the network answers in the target's own units.
    """
    y, scaler = _targets(table), None
    if net.task == "values":
        scaler = Standardizer().fit(y[parts.training, None])
        y = scaler.transform(y[:, None])[:, 0]
    held_out = (table.X[parts.validation], y[parts.validation]) if len(parts.validation) else None
    penalties: dict[str, Any] = {"l2": recipe.l2, "l1": recipe.l1}
    history = net.fit(
        table.X[parts.training],
        y[parts.training],
        optimizer=recipe.made_optimizer(),
        epochs=recipe.epochs,
        batch_size=recipe.batch or None,
        schedule=recipe.schedule,
        validation=held_out,
        early_stopping=recipe.patience or None,
        class_weight=recipe.class_weight,
        clip_norm=recipe.clip_norm,
        seed=recipe.seed,
        progress=progress,
        **penalties,
        **keep,
    )
    losses = {name: net.loss(table.X[rows], y[rows], **penalties) for name, rows in parts.named().items()}
    of_weights = float(penalty(net.theta, net.weight_mask, recipe.l2, recipe.l1))
    if scaler is not None:
        _answer_in_units(net, scaler)
    return Outcome(net, history, losses, of_weights)


def refuse_target(table: Table, recipe: Recipe) -> None:
    """Refuse a target from which nothing can be learnt in the way asked for.

    Raises:
        InputError: one label or value in all rows, or values beyond any arithmetic.
        UsageError: classes are to be weighted, and there are none.
    """
    y = _targets(table)
    if (y == y[0]).all():
        only = f"the label {table.labels[y[0]]!r}" if table.labels else f"the value {y[0]:g}"
        raise InputError(
            f"the target {table.target!r} is {only} in every row ({len(y)} in all): there is nothing to learn. "
            "Is it the right column, and the whole file?"
        )
    if not table.labels and np.abs(y).max() > LARGEST_VALUE:
        raise InputError(
            f"the target {table.target!r} runs from {y.min():g} to {y.max():g}, too large to be squared: "
            "divide it by a large number, or take its logarithm."
        )
    if recipe.class_weight and not table.labels:
        raise UsageError(f"--class-weight is for classes, and {table.target!r} holds values; or say --task classes.")


def measured(table: Table, rows: Array, predicted: Array) -> dict[str, float]:
    """How good predictions (n,) of some rows are, under the names that the report prints."""
    y = _targets(table)[rows]
    if table.labels:
        return {"accuracy": float(np.mean(y == predicted))}
    return {
        "R2": metrics.r2(y, predicted),
        "mean absolute error": metrics.mean_absolute_error(y, predicted),
        "RMSE": metrics.root_mean_squared_error(y, predicted),
    }


def _answer_in_units(net: Network, scaler: Standardizer) -> None:
    """Let the output layer undo a standardized target: s (a W + b) + m = a (s W) + (s b + m)."""
    assert scaler.mean is not None
    assert scaler.scale is not None
    last = len(net.params) // 2
    net.params[f"W{last}"] *= scaler.scale
    net.params[f"b{last}"][...] = net.params[f"b{last}"] * scaler.scale + scaler.mean
    if net.last_update is not None:  # an update has no place, only a size
        for name in (f"W{last}", f"b{last}"):
            net.named(net.last_update)[name][...] *= scaler.scale


def _targets(table: Table) -> Array:
    assert table.y is not None
    return table.y
