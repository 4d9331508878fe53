"""scikit-learn's MLPClassifier.

Its documentation advises `assume_finite` for speed; that is variant "lean", with the validation of arguments off too.
Its penalty is alpha / (2 rows of the batch), so alpha is l2 times the rows of a batch.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import joblib
import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from bench.cases import EPS
from bench.peers import Run
from bench.problem import SWEEP_EPOCHS, Problem, members, packed, unpacked


def classifier(problem: Problem, widths: tuple[int, ...], learning_rate: float, X: Any) -> MLPClassifier:
    """A classifier of these widths that goes on from the parameters it is given; X are some of the first rows."""
    case = problem.case
    model = MLPClassifier(
        widths[1:-1], activation=case.activation, solver=case.optimizer, alpha=case.l2 * problem.batch,
        batch_size=problem.batch, learning_rate_init=learning_rate, momentum=0.0, nesterovs_momentum=False,
        epsilon=EPS, shuffle=False, max_iter=1, tol=0.0, n_iter_no_change=10**9, warm_start=True, random_state=0,
    )  # fmt: skip
    warnings.simplefilter("ignore", ConvergenceWarning)  # it says that max_iter was reached, which is what is wanted
    model.fit(X, targets(problem)[: len(X)])
    model.out_activation_ = "softmax"
    return model


def targets(problem: Problem) -> Any:
    """y; for two classes as two columns, which give two outputs, where it would make a single sigmoid output of y."""
    return np.eye(2, dtype=int)[problem.y] if problem.case.widths[-1] == 2 else problem.y


def give(model: MLPClassifier, layers: Any) -> None:
    model.coefs_, model.intercepts_ = [W.copy() for W, _ in layers], [b.copy() for _, b in layers]
    model.t_ = 0


def lean(variant: str) -> None:
    sklearn.set_config(assume_finite=variant != "default", skip_parameter_validation=variant != "default")


def training(problem: Problem, variant: str) -> Run:
    lean(variant)
    X = problem.features
    y = targets(problem)
    model = classifier(problem, problem.case.widths, problem.case.learning_rate, X)

    def run(epochs: int) -> tuple[float, Any]:
        give(model, problem.layers())
        model.max_iter = epochs
        started = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - started
        return seconds, packed(zip(model.coefs_, model.intercepts_, strict=True))

    return run


def predicting(problem: Problem, variant: str) -> Run:
    method, _, how = variant.partition(", ")
    lean(how or "default")
    model = classifier(problem, problem.case.widths, problem.case.learning_rate, problem.X)
    give(model, problem.layers())
    answer = getattr(model, method)
    rows = [problem.X[i : i + 1] for i in range(len(problem.X))]

    def run(count: int) -> tuple[float, Any]:
        started = time.perf_counter()
        answers = [answer(rows[k % len(rows)]) for k in range(count)]
        return time.perf_counter() - started, np.concatenate(answers[: len(rows)])

    return run


def one_of_sweep(problem: Problem, widths: tuple[int, ...], rate: float, theta: Any) -> Any:
    lean("lean")  # a worker is a process of its own
    model = classifier(problem, widths, rate, problem.X[: problem.batch * 2])
    give(model, unpacked(theta, widths))
    model.max_iter = SWEEP_EPOCHS
    model.fit(problem.X, problem.y)
    return packed(zip(model.coefs_, model.intercepts_, strict=True))


def sweeping(problem: Problem, variant: str) -> Run:
    """`variant` is how many processes joblib may use: "all" or "1". Its workers are started before the clock."""
    pool = joblib.Parallel(n_jobs=-1 if variant == "all" else 1)
    pool(joblib.delayed(one_of_sweep)(problem, *member) for member in members(problem)[:4])

    def run(count: int) -> tuple[float, Any]:
        started = time.perf_counter()
        for _ in range(count):
            found = pool(joblib.delayed(one_of_sweep)(problem, *member) for member in members(problem))
        return time.perf_counter() - started, np.concatenate(found)

    return run


KINDS = {"train": training, "predict": predicting, "sweep": sweeping}
