"""A Job: everything that one training run needs and where it stands. Engines take its steps, training watches it.

Step s belongs to epoch s // steps_per_epoch. Everything random in an epoch comes from one generator made from
(seed, epoch): first the order of the rows, then the dropout masks, step by step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.divergence import all_finite, diverged
from pellucid.engines import readable
from pellucid.engines.readable import Problem
from pellucid.errors import TrainingDiverged
from pellucid.history import COLUMNS, Epoch, History, Run, digest
from pellucid.layers import Dropout
from pellucid.network import Network
from pellucid.optimizers import State
from pellucid.schedules import Place, Schedule, Watch
from pellucid.settings import Settings

Array = npt.NDArray[Any]


class Marks(NamedTuple):
    """What a job remembers for itself: of the epoch it is in, and of the best epoch so far."""

    weight_seen: float
    rows_right: float
    steps: Array  # (3, steps_per_epoch)
    best_loss: float
    best: Array | None


class Job:
    """One training run.

    Args:
        net: the network, trained in place.
        problem: what its loss is taken of.
        validation: the same for the validation loss, or None.
        settings: how to train.
        engine: name of the engine that takes the steps.
        made_of: what the history keeps of the data, for reports.
        order_of: the order of the rows in an epoch, asked for once an epoch; None for that of the settings' seed.
        alpha: a penalty that is shared out over the rows, as scikit-learn has it: the l2 of a step is alpha divided by
            what its rows weigh together, and the loss of an epoch the mean of its steps' by their rows. None for
            the settings' l2 in every step.
        state: what the optimizer remembers of an earlier run; None for nothing.
        likely: epochs that it may well end after, which say whether a compilation is worth its while; None for all.
        worth: seconds of the readable engine's from which on it is; None for what `engines` says.
    """

    def __init__(
        self,
        net: Network,
        problem: Problem,
        validation: Problem | None,
        settings: Settings,
        engine: str,
        made_of: Run | None = None,
        *,
        order_of: Callable[[int], Array] | None = None,
        alpha: float | None = None,
        state: State | None = None,
        likely: int | None = None,
        worth: float | None = None,
    ) -> None:
        self.made_of = made_of
        self.order_of, self.alpha, self.worth = order_of, alpha, worth
        self.likely = settings.epochs if likely is None else min(likely, settings.epochs)
        self.initial_weights = digest(net.theta)
        self.net, self.problem, self.validation, self.settings, self.engine = net, problem, validation, settings, engine
        self.n = len(problem.t)
        self.batch_size = min(settings.batch_size or self.n, self.n)
        self.steps_per_epoch = -(-self.n // self.batch_size)
        self.full_batch = self.batch_size == self.n
        self.has_dropout = any(isinstance(layer, Dropout) and layer.rate > 0 for layer in self.net.layers)
        self.state: State = settings.optimizer.init(net.theta) if state is None else state
        self.columns: dict[str, Array] = {name: np.empty(0) for name in COLUMNS}
        self.watch = Watch()
        self.rng: np.random.Generator | None = None
        self.done = self.step = 0  # epochs that are complete, and steps
        self.taken = 0  # steps that are in the books
        self.spent = self.started = 0.0  # seconds before this process, and by its clock when training would have begun
        self.stopped = "epochs"
        self.best_epoch: int | None = None
        self._weight_seen = self._rows_right = 0.0
        self.finite = self.net.theta.copy()  # where the last finite loss and gradient were taken
        self.last_rows: Array | None = None
        self._best: Array | None = None
        self._best_loss = math.inf
        self.plan: Any = None  # what an engine lays out for itself
        self._steps = np.zeros((3, self.steps_per_epoch))  # weight, loss and rows right of the steps of an epoch

    # What an engine asks for and gives back, step by step.

    def rows(self, step: int) -> Array | None:
        """The rows of a step: indices, or None for all of them in their own order."""
        epoch, k = divmod(step, self.steps_per_epoch)
        if k == 0:
            self.begin(epoch)
        return None if self.full_batch else self.order[k * self.batch_size : (k + 1) * self.batch_size]

    def begin(self, epoch: int) -> None:
        """Open an epoch: its books, its order of the rows and, in `rng`, what its dropout is drawn from."""
        self._weight_seen = self._rows_right = 0.0
        self._make_room(epoch)
        self.columns["loss"][epoch] = 0.0
        permuted = self.settings.shuffle and not self.full_batch
        if permuted or self.has_dropout:
            self.rng = np.random.default_rng((self.settings.seed, epoch))
        if not self.full_batch:
            self.order = self._drawn(permuted) if self.order_of is None else self.order_of(epoch)

    def _drawn(self, permuted: bool) -> Array:
        if not permuted:
            return np.arange(self.n)
        assert self.rng is not None
        return self.rng.permutation(self.n)

    def _make_room(self, epoch: int) -> None:
        """Columns grow as they fill: a run of "at most" a billion epochs may end after ten."""
        while epoch >= (have := len(self.columns["loss"])):
            more = np.full(min(max(have, 1024), self.settings.epochs - have), np.nan)
            self.columns = {name: np.concatenate([column, more]) for name, column in self.columns.items()}

    def take(self, step: int, rows: Array | None, loss: float, correct: int, gradient: Array) -> None:
        """Use a step's loss and gradient: clip, update, keep the books. Raises TrainingDiverged, parameters kept."""
        net, epoch = self.net, step // self.steps_per_epoch
        if not (math.isfinite(loss) and all_finite(gradient)):
            raise self._diverged(step, self.problem.part(rows), gradient)
        rate = self.rate(step)
        gradient = self.clipped(gradient)
        theta, state = self.settings.optimizer.update(gradient, self.state, net.theta, rate, net.weight_mask)
        if not all_finite(theta):
            raise self._diverged(step, self.problem.part(rows), gradient, theta)
        self.finite[...] = net.theta
        net.theta = theta  # one copy, so that an interrupt finds either the old or the new parameters
        self.state = state
        self.last_rows = rows
        count = self.n if rows is None else len(rows)
        self.record(epoch, float(self.counted(self.weight(rows), count)), loss, correct, rate)
        self.taken = step + 1

    def clipped(self, gradient: Array) -> Array:
        """The gradient that the optimizer is given."""
        return gradient if self.settings.clip_norm is None else clipped(gradient, self.settings.clip_norm)

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        place = Place(step, self.settings.epochs * self.steps_per_epoch, step // self.steps_per_epoch)
        return self.settings.optimizer.learning_rate * self.settings.schedule.scale(place, self.watch)

    def weight(self, rows: Array | None) -> float:
        """What the rows of a step weigh together: their number, where they have no weights."""
        w = self.problem.w
        if w is None:
            return float(self.n if rows is None else len(rows))
        return float(np.sum(w if rows is None else w[rows], dtype=np.float64))

    def l2(self, weight: Any) -> Any:
        """The l2 of a step whose rows weigh so much together; with alpha, of several for an array of weights."""
        return self.settings.l2 if self.alpha is None else self.alpha / weight

    def counted(self, weight: Any, count: Any) -> Any:
        """What a step counts for in its epoch's loss: what its rows weigh together, or with alpha their number."""
        return weight if self.alpha is None else count

    def record(self, epoch: int, weight: float, loss: float, correct: float, rate: float) -> None:
        """Keep the books of a step: its loss, its rows' weight, how many of them were right, its learning rate."""
        if weight:  # a batch whose rows all weigh nothing says nothing
            self._weight_seen += weight
            mean = self.columns["loss"]
            mean[epoch] += (loss - mean[epoch]) * (weight / self._weight_seen)
        self._rows_right += correct
        if self.net.task != "values":
            self.columns["accuracy"][epoch] = self._rows_right / self.n
        self.columns["learning_rate"][epoch] = rate

    def record_steps(self, begin: int, weights: Array, losses: Array, corrects: Array, rates: Array) -> None:
        """Keep the books of steps from `begin` on, in one go."""
        if not len(losses):
            return
        each, end = self.steps_per_epoch, begin + len(losses)
        self._make_room((end - 1) // each)
        if each == 1:
            self.columns["loss"][begin:end] = losses
            self.columns["learning_rate"][begin:end] = rates
            if self.net.task != "values":
                self.columns["accuracy"][begin:end] = corrects / self.n
            return
        for epoch in range(begin // each, (end - 1) // each + 1):
            first, last = max(epoch * each, begin), min((epoch + 1) * each, end)
            part, places = slice(first - begin, last - begin), slice(first - epoch * each, last - epoch * each)
            for row, column in enumerate((weights, losses, corrects)):
                self._steps[row, places] = column[part]
            if last == (epoch + 1) * each:  # only then, so that it does not matter in how many calls it was taken
                weights_seen, losses_seen, right = self._steps
                total = float(weights_seen.sum())
                self._weight_seen = self._rows_right = self.columns["loss"][epoch] = 0.0
                mean = float(np.dot(weights_seen, losses_seen)) / total if total else 0.0
                self.record(epoch, total, mean, float(right.sum()), float(rates[part][-1]))

    def diverge(self, step: int, rows: Array | None, gradient: Array, updated: bool) -> None:
        """Raise TrainingDiverged for a step whose loss or gradient, or if `updated` whose new parameters, are not
        finite; `finite` has the parameters before them."""
        theta = self.net.theta.copy() if updated else None
        if updated:
            self.net.theta = self.finite
        raise self._diverged(step, self.problem.part(rows), gradient, theta)

    # What training asks for, epoch by epoch.

    @property
    def watches_start(self) -> bool:
        """Without a validation set, the loss of a full batch belongs to the parameters that its epoch began with."""
        return self.settings.early_stopping is not None and self.validation is None and self.full_batch

    @property
    def watched(self) -> bool:
        """Whether something has to be done after every epoch."""
        looks = type(self.settings.schedule).watched is not Schedule.watched
        return self.validation is not None or self.settings.early_stopping is not None or looks

    def finish(self, index: int, seconds: float, start: Array | None) -> Epoch:
        """Close an epoch: validation, books, best parameters. `start`: parameters that the epoch began with.

        Epochs that were taken together with it, and that nobody watched, share the seconds evenly.
        """
        if self.validation is not None:
            value, share_right = self._measure(index, self.validation)
            self.columns["validation_loss"][index] = value
            if self.net.task != "values":
                self.columns["validation_accuracy"][index] = share_right
        before = self.columns["seconds"][self.done - 1] if self.done else 0.0
        self.columns["seconds"][self.done : index + 1] = np.linspace(before, seconds, index + 2 - self.done)[1:]
        self.net.last_update = self.net.theta - self.finite
        self.done, self.step = index + 1, (index + 1) * self.steps_per_epoch
        loss = self.columns["loss" if self.validation is None else "validation_loss"][index]
        self.watch = self.settings.schedule.watched(self.watch, loss)
        if self.settings.early_stopping is not None and loss < self._best_loss:
            self._best_loss, self.best_epoch = loss, index
            self._best = self.net.theta.copy() if start is None else start
        return self.epoch(index)

    def _measure(self, index: int, problem: Problem) -> tuple[float, float]:
        """Loss, penalty included, and share of rows right, after an epoch; TrainingDiverged if it is not finite."""
        with np.errstate(over="ignore", invalid="ignore"):
            value, correct = readable.loss(self.net, self.net.theta, *problem, self.settings.l2, self.settings.l1)
        if not math.isfinite(value):
            raise self._diverged((index + 1) * self.steps_per_epoch - 1, problem)
        return float(value), correct / len(problem.t)

    def epoch(self, index: int) -> Epoch:
        def measured(name: str) -> float | None:
            value = float(self.columns[name][index])
            return None if math.isnan(value) else value

        loss, rate, seconds = (float(self.columns[name][index]) for name in ("loss", "learning_rate", "seconds"))
        accuracy, v_loss, v_accuracy = map(measured, ("accuracy", "validation_loss", "validation_accuracy"))
        return Epoch(index, self.settings.epochs, loss, accuracy, v_loss, v_accuracy, rate, seconds, self.net)

    def look_once_more(self) -> None:
        """Where a run ends, no step follows that would see the last update: TrainingDiverged if the loss is not finite.

        With validation or restored parameters the loss has been seen.
        """
        if self.done and self.validation is None and self._best is None:
            self._measure(self.done - 1, self.problem.part(self.last_rows))

    def out_of_patience(self) -> bool:
        if self.settings.early_stopping is None or self.best_epoch is None:
            return False
        return self.done - 1 - self.best_epoch >= self.settings.early_stopping

    def restore_best(self) -> None:
        if self._best is not None:
            self.net.theta = self._best

    def history(self) -> History:
        """The epochs completed so far."""
        return History.of(
            self.columns,
            self.done,
            stopped=self.stopped,
            best_epoch=self.best_epoch,
            engine=self.engine,
            settings=self.settings.in_words(),
            initial_weights=self.initial_weights,
            run=self.made_of,
        )

    # What a checkpoint keeps of it beyond what anybody may see.

    def marks(self) -> Marks:
        """What it remembers for itself; the arrays are its own."""
        return Marks(self._weight_seen, self._rows_right, self._steps, self._best_loss, self._best)

    def set_marks(self, marks: Marks) -> None:
        """Remember what another job of the same run did."""
        self._weight_seen, self._rows_right, self._steps, self._best_loss, self._best = marks

    def _diverged(
        self, step: int, seen: Problem, gradient: Array | None = None, theta: Array | None = None
    ) -> TrainingDiverged:
        """The error; the parameters go back to those where loss and gradient were last finite."""
        error = diverged(self.net, self.problem, self.settings, self.steps_per_epoch, step, seen, gradient, theta)
        if theta is None:
            self.net.theta = self.finite
        return error


def clipped(gradient: Array, norm: float) -> Array:
    """The gradient, scaled down to `norm` if its Euclidean norm is larger (Pascanu et al., ICML 2013).

    Example:
        >>> clipped(np.array([3.0, 4.0]), 1.0)
        array([0.6, 0.8])
    """
    largest = np.max(np.abs(gradient), initial=0.0)
    if largest == 0:
        return gradient
    shape = gradient / largest  # squares of huge numbers would overflow
    length = float(np.linalg.norm(shape))
    return gradient if float(largest) * length <= norm else shape * (norm / length)
