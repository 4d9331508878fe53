"""A fit on its way, epoch by epoch: scikit-learn's order of rows, curves and rule of stopping, on this library's steps.

The steps are those of every other training (`pellucid.jobs`, `pellucid.training`); here stands only what scikit-learn
does between two epochs.
"""

from __future__ import annotations

import warnings
from contextlib import closing
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from pellucid import engines
from pellucid.errors import TrainingDiverged
from pellucid.estimators.asked import Asked
from pellucid.estimators.cut_off import in_training
from pellucid.estimators.material import Material, Memory, Orders
from pellucid.history import Epoch
from pellucid.hooks import Hooks
from pellucid.jobs import Job
from pellucid.layers import Dropout
from pellucid.optimizers import State
from pellucid.progress import shown
from pellucid.schedules import Watch
from pellucid.settings import Settings
from pellucid.training import run

SMALLEST = 1e-6  # an adaptive rate that has come down to this ends the training
LIKELY = 200  # epochs, scikit-learn's own default for the most: a larger max_iter is there so as not to be met
WORTH = 0.5  # seconds: searches and cross-validation fit the same network many times, and compile it once
TRY = "Try a smaller learning_rate_init; features, and large targets, scaled by StandardScaler; or clip_norm=1.0."
STOPPED = "early stopping"


class WeightsDiverged(TrainingDiverged, ValueError):
    """A loss, gradient or parameter stopped being finite; a ValueError, as scikit-learn raises there."""

    @classmethod
    def of(cls, error: TrainingDiverged) -> WeightsDiverged:
        """The same, with the words that scikit-learn begins with."""
        known = "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
        return cls(f"{known}preprocessed. {told(error)} {TRY}", error.layer, error.epoch, error.step)


def told(error: TrainingDiverged) -> str:
    """Where numbers stopped being finite, without what to try: that is written otherwise for an estimator."""
    return str(error).partition(" Try ")[0]


class Course(Hooks):
    """A fit by steps of an optimizer.

    Args:
        estimator: whose network is trained; its curves grow.
        asked: its parameters.
        material: what is learnt.
        rng: draws the orders, and dropout's seed.
        incremental: whether this is a single epoch of partial_fit.
    """

    def __init__(
        self, estimator: Any, asked: Asked, material: Material, rng: np.random.RandomState, incremental: bool
    ) -> None:
        self.estimator, self.asked, self.material, self.incremental = estimator, asked, material, incremental
        self.memory: Memory = estimator._memory
        self.n = len(material.problem.t)
        self.job = self._job(rng)
        self.orders = self.job.order_of
        self.counted = 0  # epochs that are in the curves
        self.best_epoch: int | None = None

    def _job(self, rng: np.random.RandomState) -> Job:
        estimator, asked, memory, net = self.estimator, self.asked, self.memory, self.estimator.network_
        assert asked.optimizer is not None
        kept = len(asked.optimizer.rule().averages)
        if not self.incremental or memory.state is None or len(memory.state.averages) != kept:
            memory.state, memory.scale = None, 1.0
        if asked.early_stopping and (not self.incremental or memory.waited > asked.patience):
            memory.waited = 0  # a fit that gave up, or was about to, is no reason for the next one to
        drops = any(isinstance(layer, Dropout) for layer in net.layers)
        batch = asked.batch(self.n)
        if asked.batch_size is not None and asked.batch_size > self.n:
            warnings.warn(
                f"Got `batch_size` less than 1 or larger than sample size. {asked.batch_size} becomes {self.n}.",
                stacklevel=5,
            )
        settings = Settings(
            optimizer=asked.optimizer,
            epochs=1 if self.incremental else asked.max_iter,
            batch_size=batch,
            l2=asked.alpha / batch,
            schedule=asked.schedule(self.n, estimator.t_, memory.state is None),
            clip_norm=asked.clip_norm,
            shuffle=asked.shuffle,
            seed=(int(rng.randint(2**31 - 1)) if drops else 0) + estimator.t_,  # not one mask for all partial fits
            engine=asked.engine,
        )
        problem, validation = self.material.problem, self.material.validation
        job = Job(
            in_training(net), problem, validation, settings, asked.engine, self.material.made_of(settings),
            order_of=Orders(self.n, rng, asked.shuffle), alpha=asked.alpha, state=memory.state,
            likely=LIKELY, worth=WORTH,
        )  # fmt: skip
        job.watch = Watch(scale=memory.scale)
        engines.get_ready(job)
        return job

    def train(self) -> None:
        """Take the epochs; the estimator's curves and the memory are what they come to, whatever ends them.

        Raises:
            WeightsDiverged: numbers stopped being finite, and no validation score says which weights were good.
        """
        estimator, job = self.estimator, self.job
        estimator.n_iter_ = 0
        try:
            with (
                closing(run(job, self._watched(), self)) as epochs,
                shown(epochs, job.settings.epochs, bool(estimator.progress)) as passing,
            ):
                for epoch in passing:
                    if self._ends(epoch):
                        break
        except KeyboardInterrupt:
            job.stopped = "interrupted"
            self._catch_up()  # several epochs may have been taken since
            warnings.warn("Training interrupted by user.", stacklevel=4)
        except TrainingDiverged as error:
            self._diverged(error)
        finally:
            self._remember()

    def _watched(self) -> bool:
        """Whether something is done after every epoch."""
        estimator = self.estimator
        return self.job.watched or bool(estimator.progress or estimator.verbose) or estimator.on_epoch is not None

    def at_most(self, job: Job, many: int) -> int:
        """Those that may be taken before one could be the last of a fruitless wait."""
        return min(many, int(min(max(0, self.asked.patience - self.memory.waited), self.asked.max_iter)) + 1)

    def _ends(self, epoch: Epoch) -> bool:
        """Keep the books of an epoch, and of those that were taken together with it; whether it is the last."""
        estimator, job = self.estimator, self.job
        self._catch_up()
        asked_to = estimator.on_epoch is not None and bool(estimator.on_epoch(epoch))
        if self.memory.waited > self.asked.patience and self._gives_up():
            job.stopped = STOPPED
        elif asked_to:
            job.stopped = "on_epoch"
        elif estimator.n_iter_ == self.asked.max_iter and not self.incremental:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.asked.max_iter}) reached and the optimization hasn't "
                f"converged yet: the last loss is {estimator.loss_:.6g}. Raise max_iter, tol or learning_rate_init.",
                ConvergenceWarning,
                stacklevel=5,
            )
        return job.stopped != "epochs"

    def _catch_up(self) -> None:
        """Put the epochs that the job has done into the curves."""
        assert self.orders is not None
        while self.counted < self.job.done:
            self.orders(self.counted)  # nobody has asked for that of a full batch, but it has moved the generator on
            self.estimator.n_iter_ += 1
            self.estimator.t_ += self.n
            loss, seen = (float(self.job.columns[name][self.counted]) for name in ("loss", "validation_loss"))
            self.counted += 1
            self._books(loss + self.material.constants[0], seen)

    def _books(self, loss: float, validation_loss: float) -> None:
        """The curves of an epoch, and how many epochs have brought nothing."""
        estimator, memory, tol = self.estimator, self.memory, self.asked.tol
        estimator.loss_ = loss
        estimator.loss_curve_.append(loss)
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {loss:.8f}")
        if self.material.score is not None:
            estimator.validation_loss_curve_.append(validation_loss + self.material.constants[1])
            estimator.validation_scores_.append(self.material.score())
            if estimator.verbose:
                print(f"Validation score: {estimator.validation_scores_[-1]:f}")
        if self.asked.early_stopping:
            score = estimator.validation_scores_[-1]
            memory.waited = memory.waited + 1 if score < estimator.best_validation_score_ + tol else 0
            if score > estimator.best_validation_score_:
                estimator.best_validation_score_ = score
                memory.best, self.best_epoch = estimator.network_.theta.copy(), self.job.done - 1
        else:
            memory.waited = memory.waited + 1 if loss > estimator.best_loss_ - tol else 0
            estimator.best_loss_ = min(loss, estimator.best_loss_)

    def _gives_up(self) -> bool:
        """Whether too long a wait ends the training, or, where the rate is adaptive, makes the rate smaller."""
        asked, memory, watched = (
            self.asked,
            self.memory,
            "Validation score" if self.asked.early_stopping else "Training loss",
        )
        waited = f"{watched} did not improve more than tol={asked.tol:f} for {asked.patience:g} consecutive epochs."
        assert asked.optimizer is not None
        rate = asked.optimizer.learning_rate * memory.scale
        if asked.rates != "adaptive" or rate <= SMALLEST:
            reason = " Learning rate too small." if asked.rates == "adaptive" else ""
            self._say(f"{waited}{reason} Stopping.")
            return True
        memory.scale, memory.waited = memory.scale / 5, 0
        self.job.watch = Watch(scale=memory.scale)
        self._say(f"{waited} Setting learning rate to {rate / 5:f}")
        return False

    def _say(self, line: str) -> None:
        if self.estimator.verbose:
            print(line)

    def _diverged(self, error: TrainingDiverged) -> None:
        estimator = self.estimator
        self._catch_up()
        if not self.asked.early_stopping or self.memory.best is None:
            raise WeightsDiverged.of(error) from error
        self.job.stopped = "diverged"
        estimator.n_iter_ += 1
        estimator.loss_ = float("nan")
        for curve in (estimator.loss_curve_, estimator.validation_loss_curve_, estimator.validation_scores_):
            curve.append(float("nan"))
        warnings.warn(
            f"{told(error)} Those with the best validation score are back. {TRY}", ConvergenceWarning, stacklevel=5
        )

    def _remember(self) -> None:
        """Put the best weights back where that is asked for, and keep what the next call goes on from."""
        memory, job = self.memory, self.job
        memory.state = State(job.state.t, tuple(average.copy() for average in job.state.averages))
        ended = not self.incremental or job.stopped == STOPPED
        if self.asked.early_stopping and ended and memory.best is not None:
            job.net.theta = memory.best
            job.best_epoch = self.best_epoch
        self.estimator.network_.last_update = job.net.last_update
        self.estimator.history_ = job.history()
