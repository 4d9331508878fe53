"""MLPRegressor: scikit-learn's, on this library's networks and training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

from pellucid.engines import readable
from pellucid.engines.readable import Problem
from pellucid.errors import InputError
from pellucid.estimators.base import MultilayerPerceptron, by_steps, stored
from pellucid.estimators.installed import before
from pellucid.losses import LOSSES, MAKERS, POISSON, Loss
from pellucid.records import resolve

Array = npt.NDArray[Any]
VALUES = {name: record for name, record in LOSSES.items() if record.output in (None, "exp")}


class MLPRegressor(RegressorMixin, MultilayerPerceptron):  # type: ignore[misc]  # scikit-learn has no types
    """A regressor with scikit-learn's interface: its MLPRegressor's parameters, weights, batches and updates.

    All parameters but `loss` are those of MLPClassifier, which says what they mean; there is no class_weight. With
    scikit-learn before 1.7, hidden_layer_sizes is the first one by position, as it was there.

    Args:
        loss: "squared_error" or "poisson" (an exponential output for counts), as in scikit-learn; "huber",
            "huber(2.0)", "absolute_error", or a `Loss` of your own.

    Attributes:
        network_: the Network underneath.
        history_: the History of the last fit.
        loss_: of several outputs the sum, where scikit-learn's squared error has their mean.

    Raises:
        InputError: from fit: a parameter or data that do not fit; it is a ValueError.

    Example:
        >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
        >>> model = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", random_state=0).fit(X, X[:, 0] ** 2)
        >>> bool(abs(model.predict([[0.5]])[0] - 0.25) < 0.1)
        True
    """

    loss: Any

    @before((1, 7), ["self", "hidden_layer_sizes", "activation"])
    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: Any = 0.0,
        clip_norm: float | None = None,
        dtype: Any = None,
        engine: str = "auto",
        progress: bool = False,
        on_epoch: Any = None,
    ) -> None:
        stored(self, locals())

    def fit(self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None) -> MLPRegressor:
        """Train; with warm_start, go on from where the last fit ended.

        Args:
            X: features (n, d): an array, a frame or a sparse matrix.
            y: values (n,) or (n, outputs).
            sample_weight: (n,) weight of each row.
            X_val, y_val: rows to measure the validation loss and score on, and with early_stopping to judge by.

        Returns:
            The estimator itself.

        Raises:
            InputError: parameters or data that do not fit.
            WeightsDiverged: numbers stopped being finite; a ValueError.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val))

    @by_steps
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None
    ) -> MLPRegressor:
        """One epoch on these rows, going on from the last call; see MLPClassifier.partial_fit for early_stopping.

        Args:
            X, y, sample_weight, X_val, y_val: as in fit.

        Returns:
            The estimator itself.

        Raises:
            InputError: parameters or data that do not fit.
            WeightsDiverged: numbers stopped being finite; a ValueError.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val), True)

    def predict(self, X: Any) -> Array:
        """The value of each row, (n,), or (n, outputs)."""
        a = self._outputs(X)
        return a[:, 0] if a.shape[1] == 1 else a

    def _read(self, X: Any, y: Any, reset: bool, dtype: Any) -> tuple[Any, Any]:
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, y_numeric=True, dtype=dtype, reset=reset
        )
        return X, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _targets(self, y: Any, first: bool, classes: Any) -> Array:
        t = self._encoded(y)
        if not first and t.shape[1] != self.n_outputs_:
            raise InputError(f"y has {t.shape[1]} columns; the network there was made for {self.n_outputs_}.")
        return t

    def _encoded(self, y: Any) -> Array:
        t = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        if self._loss() == POISSON and (t < 0).any():
            raise InputError(f"y goes down to {t.min():g}; the poisson loss is for counts, 0 or more.")
        return t

    def _loss(self) -> Loss:
        loss = resolve("loss", self.loss, VALUES, Loss, MAKERS)
        if loss.output not in (None, "identity", "exp"):
            raise InputError(f"The loss {loss.name} is defined for {loss.output} outputs, which tell classes apart.")
        return loss

    def _output(self) -> tuple[str, str | Loss | None]:
        loss = self._loss()
        return ("exp" if loss.output == "exp" else "identity"), loss

    def _score_of(self, problem: Problem) -> Callable[[], float]:
        net = self.network_

        def score() -> float:
            a = readable.outputs(net, net.theta, problem.inputs)
            return float(r2_score(problem.t, a, sample_weight=problem.w)) if np.isfinite(a).all() else float("nan")

        return score

    def _constant(self, problem: Problem) -> float:
        """What scikit-learn's Poisson deviance has on top: the mean of t log t - t, which no parameter changes."""
        if self._loss() != POISSON:
            return 0.0
        t = problem.t.astype(np.float64)
        constant = np.sum(t * np.log(np.where(t > 0, t, 1)) - t, axis=1)
        return float(np.average(constant, weights=problem.w))
