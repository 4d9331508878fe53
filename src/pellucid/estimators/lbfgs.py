"""A fit by L-BFGS: `pellucid.lbfgs` on scikit-learn's loss, with its limits and its warning."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from pellucid.errors import TrainingDiverged
from pellucid.estimators.asked import Asked
from pellucid.estimators.course import WeightsDiverged
from pellucid.estimators.cut_off import in_training
from pellucid.estimators.material import Material
from pellucid.history import Epoch
from pellucid.jobs import Job
from pellucid.lbfgs import minimize
from pellucid.settings import Settings


def minimize_loss(estimator: Any, asked: Asked, material: Material) -> None:
    """Train the estimator's network; its curves are those of the iterations.

    Raises:
        WeightsDiverged: numbers stopped being finite.
        KeyboardInterrupt: Ctrl-C; weights and curves are those of the iterations before it.
    """
    net, problem = estimator.network_, material.problem
    n = len(problem.t)
    settings = Settings(epochs=asked.max_iter, l2=asked.alpha / n, engine="readable")
    made_of = material.made_of(settings)
    job = Job(in_training(net), problem, material.validation, settings, "readable", made_of, alpha=asked.alpha)
    constant, constant_of_validation = material.constants

    def iterated(epoch: Epoch) -> bool:
        estimator.loss_curve_.append(epoch.loss + constant)
        if epoch.validation_loss is not None and material.score is not None:
            estimator.validation_loss_curve_.append(epoch.validation_loss + constant_of_validation)
            estimator.validation_scores_.append(material.score())
        if estimator.verbose:
            print(f"Iteration {epoch.index + 1}, loss = {estimator.loss_curve_[-1]:.8f}")
        return estimator.on_epoch is not None and bool(estimator.on_epoch(epoch))

    options = {"maxfun": asked.max_fun, "maxiter": asked.max_iter, "gtol": asked.tol}
    try:
        found = minimize(job, options, iterated)
    except TrainingDiverged as error:
        raise WeightsDiverged.of(error) from error
    estimator.history_, net.last_update = job.history(), job.net.last_update
    estimator.n_iter_ = job.done
    if found is None:
        estimator.loss_ = estimator.loss_curve_[-1] if job.done else float("nan")
        raise KeyboardInterrupt  # as scikit-learn does here, but with what was learnt
    estimator.loss_ = float(found.fun) + constant
    estimator.best_loss_ = estimator.loss_
    if not np.isfinite(net.theta).all():
        raise WeightsDiverged("Solver produced non-finite parameter weights. Scale the data.", "", job.done, job.done)
    if job.stopped == "epochs":
        warnings.warn(
            f"lbfgs failed to converge after {estimator.n_iter_} iteration(s) (status={found.status}): "
            f"{found.message}. Raise max_iter={asked.max_iter} or max_fun={asked.max_fun}, or scale the data.",
            ConvergenceWarning,
            stacklevel=4,
        )
