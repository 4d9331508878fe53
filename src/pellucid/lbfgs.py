"""L-BFGS: steps by curvature, for data small enough that every step sees all of it; SciPy's, on our own loss."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.engines import readable
from pellucid.errors import InputError, did_you_mean, need
from pellucid.history import Epoch, History
from pellucid.jobs import Job
from pellucid.network import Network
from pellucid.settings import Settings
from pellucid.training import prepare

Array = npt.NDArray[Any]


def fit_lbfgs(
    net: Network,
    X: Any,
    y: Any,
    *,
    iterations: int = 200,
    evaluations: int = 15_000,
    tolerance: float = 1e-5,
    memory: int = 10,
    l2: float = 0.0,
    class_weight: Any = None,
    sample_weight: Any = None,
    validation: Any = None,
    seed: int = 0,
    on_epoch: Callable[[Epoch], Any] | None = None,
    **others: Any,
) -> History:
    """Train a network in place by L-BFGS, on all rows at once. There is no learning rate to choose.

    With a few thousand rows it often ends in seconds where gradient descent is still far from the minimum; with many
    rows mini-batches are faster, and where the minimum of the training loss is no aim, they end in better places.

    Args:
        net: the network, without dropout: the loss must be the same whenever it is asked for.
        X: features (n, inputs).
        y: targets, as in `fit`.
        iterations: at most so many; an "epoch" of the history is an iteration.
        evaluations: at most so many losses with their gradients; an iteration takes one or a few.
        tolerance: it has converged where no entry of the gradient is larger.
        memory: how many steps back curvature is estimated from.
        l2: penalty l2/2 sum W^2 on the weights. (No l1: its corners are no matter for this method.)
        class_weight, sample_weight, validation, seed: as in `fit`.
        on_epoch: called after every iteration; returning True stops.
        others: settings of `fit` that mean nothing here; they are refused.

    Returns:
        The history: loss[e] is what iteration e began with. `stopped` is "converged" where the tolerance or SciPy's
        own limit on progress was met, "epochs" after all iterations or evaluations, else as in `fit`.

    Raises:
        InputError: data or settings that do not fit, or a network with dropout.
        MissingExtra: SciPy is not installed (extra `fast`).
        TrainingDiverged: the loss is not finite where it starts.

    Source: Liu and Nocedal, On the limited memory BFGS method, Mathematical Programming 45 (1989).

    Example:
        >>> from pellucid import Dense, Network
        >>> net = Network([Dense(4, "tanh"), Dense(1)], inputs=1)
        >>> x = np.linspace(-1, 1, 20)[:, np.newaxis]
        >>> history = fit_lbfgs(net, x, x[:, 0] ** 2)
        >>> bool(history.loss[0] > 0.01), bool(history.loss[-1] < 1e-4)
        (True, True)
    """
    if others:
        raise InputError(_no_setting(*next(iter(others.items()))))
    need("scipy.optimize", "fast")
    if on_epoch is not None and not callable(on_epoch):
        raise InputError(f"on_epoch must be a function of an Epoch, or None; this is {on_epoch!r}.")
    asked: dict[str, Any] = {
        "l2": l2, "class_weight": class_weight, "sample_weight": sample_weight, "validation": validation, "seed": seed,
    }  # fmt: skip
    settings = Settings.of(asked | {"epochs": check.whole(iterations, "iterations", 1), "engine": "readable"})
    options = {
        "maxiter": settings.epochs,
        "maxfun": check.whole(evaluations, "evaluations", 1),
        "gtol": check.number(tolerance, "tolerance", 0),
        "maxcor": check.whole(memory, "memory", 1),
    }
    job = prepare(net, X, y, settings)
    minimize(job, options, on_epoch)
    return job.history()


def _no_setting(name: str, value: Any) -> str:
    """Why a setting is refused, and what to write instead."""
    if name in ("epochs", "max_iter"):
        return f"fit_lbfgs counts iterations, each over all rows: write iterations={value!r} for {name}={value!r}."
    if name in ("optimizer", "learning_rate", "schedule", "batch_size", "l1", "checkpoint", "early_stopping"):
        return f"fit_lbfgs has no {name}: it steps by curvature, with all rows. Leave it out, or train by net.fit."
    own = [p for p in inspect.signature(fit_lbfgs).parameters if p not in ("net", "X", "y", "others")]
    return f"There is no setting {name!r} of fit_lbfgs.{did_you_mean(name, own)} There are: {', '.join(own)}."


def minimize(job: Job, options: dict[str, Any], on_epoch: Callable[[Epoch], Any] | None = None) -> Any:
    """Take the iterations of a job, its epochs, by L-BFGS; the job keeps the books.

    Args:
        job: a full batch, for the readable engine.
        options: of SciPy's method "L-BFGS-B": maxiter, maxfun, gtol, maxcor.
        on_epoch: called after every iteration; returning True stops.

    Returns:
        What SciPy found (fun, nit, status, message, ...), or None after Ctrl-C.

    Raises:
        InputError: the network has dropout.
        TrainingDiverged: the loss is not finite where it starts.
    """
    if job.has_dropout:
        raise InputError("L-BFGS needs a loss that is the same whenever it is asked for; this network has Dropout.")
    scipy = need("scipy.optimize", "fast")
    run = _Run(job, on_epoch)
    start = job.net.theta.astype(np.float64)
    try:
        found = scipy.minimize(run.loss, start, jac=True, method="L-BFGS-B", callback=run.iterated, options=options)
    except KeyboardInterrupt:
        job.stopped = "interrupted"
        return None
    if job.stopped == "epochs" and found.status == 0:
        job.stopped = "converged"
    return found


class _Run:
    """A minimization on its way: what SciPy asks for and tells."""

    def __init__(self, job: Job, on_epoch: Callable[[Epoch], Any] | None) -> None:
        self.job, self.on_epoch, self.started = job, on_epoch, time.perf_counter()
        self.l2 = job.l2(readable.total_weight(job.n, job.problem.w))
        self.seen: dict[bytes, tuple[float, int]] = {}  # loss and rows right, where SciPy has asked since an iteration
        value, gradient = self.loss(job.net.theta.astype(np.float64))
        self.before = next(iter(self.seen.values()))
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            job.diverge(0, None, gradient, updated=False)

    def loss(self, theta: Array) -> tuple[float, Array]:
        """Loss and gradient for all parameters, (size,) float64."""
        job = self.job
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            at = theta.astype(job.net.dtype)
            value, correct, gradient = readable.loss_and_gradient(job.net, at, *job.problem, self.l2)
        self.seen[theta.tobytes()] = float(value), correct
        return float(value), gradient.astype(np.float64)

    def iterated(self, intermediate_result: Any) -> None:
        """Keep the books of an iteration; SciPy is stopped by StopIteration."""
        job, index, theta = self.job, self.job.done, np.array(intermediate_result.x)
        if theta.tobytes() not in self.seen:
            self.loss(theta)
        job.begin(index)
        job.record(index, job.weight(None), *self.before, float("nan"))
        self.before = self.seen[theta.tobytes()]
        self.seen = {}
        job.finite[...] = job.net.theta
        job.net.theta = theta
        epoch = job.finish(index, time.perf_counter() - self.started, None)
        if self.on_epoch is not None and self.on_epoch(epoch):
            job.stopped = "on_epoch"
            raise StopIteration
