"""MLPClassifier: scikit-learn's, on this library's networks and training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from pellucid.engines import readable
from pellucid.engines.readable import Problem
from pellucid.errors import InputError
from pellucid.estimators.advice import look_at_labels
from pellucid.estimators.base import MultilayerPerceptron, by_steps, stored
from pellucid.estimators.encoding import Columns, Encoding, class_weights, encoding_for
from pellucid.estimators.installed import before
from pellucid.estimators.material import looked_at
from pellucid.losses import Loss
from pellucid.network import Network

Array = npt.NDArray[Any]


class MLPClassifier(ClassifierMixin, MultilayerPerceptron):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier with scikit-learn's interface: its MLPClassifier's parameters, weights, batches and updates.

    The parameters down to max_fun are those of scikit-learn, with their meanings and defaults; the others are beyond.

    Args:
        hidden_layer_sizes: units of each hidden layer.
        activation: of the hidden layers: "identity", "logistic", "tanh", "relu", another one of this library or an
            `Activation` of your own; or a list with one for each layer.
        solver: "adam", "sgd" or "lbfgs"; another optimizer's name, or a record such as pellucid.SGD(0.1), which
            brings its own rate.
        alpha: penalty alpha/2 sum W^2, divided by the rows (or their weight) of each batch.
        batch_size: rows a step; "auto" for 200, or all where there are fewer.
        learning_rate: "constant", "invscaling" or "adaptive" (with solver "sgd"), or a schedule of
            `pellucid.schedules` by name or as a record.
        learning_rate_init: the rate to begin with.
        power_t: exponent of "invscaling".
        max_iter: at most so many epochs, or iterations of L-BFGS.
        shuffle: whether rows come in a new order in every epoch.
        random_state: decides weights, order, what is held out, and dropout.
        tol, n_iter_no_change: training ends after so many epochs that were not better by `tol`.
        verbose: print the loss of every epoch.
        warm_start: whether fit goes on from where the last one ended.
        momentum, nesterovs_momentum: of solver "sgd".
        early_stopping: judge by the score of rows held out, and restore the weights with the best one. It works with
            partial_fit too.
        validation_fraction: the share of the rows that is held out.
        beta_1, beta_2, epsilon: of solver "adam".
        max_fun: at most so many losses in L-BFGS.
        class_weight: {class: weight}, or "balanced".
        dropout: the share of each hidden layer's outputs that is dropped in training; or a list.
        clip_norm: scale the gradient down to this norm where it is longer.
        dtype: "float64" or "float32"; None for that of X.
        engine: "auto", "readable" or "compiled".
        progress: show a progress bar with the time left.
        on_epoch: called with the Epoch after each; returning True stops.

    Attributes:
        network_: the Network underneath.
        history_: the History of the last fit.
        classes_: labels, (n_classes,); a list of them for several columns of classes.
        coefs_, intercepts_: views into the network, layer by layer.
        loss_, loss_curve_, best_loss_, n_iter_, t_: as in scikit-learn.
        validation_scores_, best_validation_score_, validation_loss_curve_: of rows held out, or of X_val and y_val.

    Raises:
        InputError: from fit: a parameter or data that do not fit; it is a ValueError.

    Example:
        >>> X, y = [[0.0], [0.2], [0.8], [1.0]], ["low", "low", "high", "high"]
        >>> model = MLPClassifier(8, solver="lbfgs", random_state=0).fit(X, y)
        >>> model.predict([[0.1], [0.9]]).tolist()
        ['low', 'high']
        >>> model.network_.output.activation.name
        'sigmoid'
    """

    classes_: Any
    class_weight: Any
    _encoding: Encoding | Columns
    loss = "log_loss"  # what scikit-learn's has under this name; not a parameter

    def __init__(
        self,
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
        class_weight: Any = None,
        dropout: Any = 0.0,
        clip_norm: float | None = None,
        dtype: Any = None,
        engine: str = "auto",
        progress: bool = False,
        on_epoch: Any = None,
    ) -> None:
        stored(self, locals())

    def fit(self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None) -> MLPClassifier:
        """Train; with warm_start, go on from where the last fit ended.

        Args:
            X: features (n, d): an array, a frame or a sparse matrix.
            y: labels of any kind (n,); an indicator matrix (n, K) of several labels a row; or several columns of
                classes (n, columns).
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
    @before((1, 7), ["self", "X", "y", "classes"])
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        X_val: Any = None,
        y_val: Any = None,
    ) -> MLPClassifier:
        """One epoch on these rows, going on from the last call.

        Args:
            X, y, sample_weight: as in fit.
            classes: all labels there will ever be; needed in the first call. For several columns of classes a list.
            X_val, y_val: as in fit. With early_stopping and without them, a share of these rows is held out. When the
                score has not risen for n_iter_no_change calls, the best weights come back, and
                `history_.stopped` is "early stopping".

        Returns:
            The estimator itself.

        Raises:
            InputError: parameters or data that do not fit.
            WeightsDiverged: numbers stopped being finite; a ValueError.
        """
        if classes is None and "network_" not in self.__dict__:
            raise InputError("classes must be passed on the first call to partial_fit: all labels there will ever be.")
        return self._fit(X, y, sample_weight, (X_val, y_val), True, classes)

    def predict(self, X: Any) -> Any:
        """The class of each row, (n,); an indicator matrix (n, K), or (n, columns) of classes, as y was."""
        return self._encoding_of().answers(self._outputs(X))

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, (n, n_classes), in the order of `classes_`.

        For an indicator matrix that of each label; for several columns of classes a list with such an array for each.
        """
        return self._encoding_of().probabilities(self._outputs(X))

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithm of predict_proba(X)."""
        p = self.predict_proba(X)
        with np.errstate(divide="ignore"):  # the logarithm of 0 is minus infinity
            return [np.log(each) for each in p] if isinstance(p, list) else np.log(p)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows that are right, all their labels; weighted by `sample_weight` (n,)."""
        predicted = self.predict(X)
        if isinstance(self._encoding_of(), Columns):
            right = (np.asarray(y) == predicted).all(axis=1)
            return float(np.average(right, weights=sample_weight))
        return float(accuracy_score(y, predicted, sample_weight=sample_weight))

    def _encoding_of(self) -> Encoding | Columns:
        check_is_fitted(self)
        return self._encoding

    def _read(self, X: Any, y: Any, reset: bool, dtype: Any) -> tuple[Any, Any]:
        X, y = validate_data(self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=dtype, reset=reset)
        return X, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _targets(self, y: Any, first: bool, classes: Any) -> Array:
        if not first:
            if classes is not None:
                self._refuse_changed(classes)
            self._encoding.refuse_others(y, self.warm_start)
        elif classes is None:
            self._encoding = Encoding.of(y)
        else:
            encoding = encoding_for(y, classes)
            encoding.refuse_others(y, False)
            self._encoding = encoding
        self.classes_ = self._encoding.classes
        t = self._encoding.targets(y)
        if first and self._encoding.several:
            look_at_labels(t, 4)
        return t

    def _refuse_changed(self, classes: Any) -> None:
        known = self._encoding.classes
        known, given = (known, classes) if isinstance(known, list) else ([known], [classes])
        if len(known) != len(given) or any(
            not np.array_equal(a, np.unique(b)) for a, b in zip(known, given, strict=True)
        ):
            raise InputError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self.classes_!r}"
            )

    def _encoded(self, y: Any) -> Array:
        self._encoding.refuse_others(y, False)
        return self._encoding.targets(y)

    def _output(self) -> tuple[str, str | Loss | None]:
        return self._encoding.output, None

    def _name(self, net: Network) -> None:
        names = self._encoding.classes
        if isinstance(self._encoding, Columns):
            return
        if len(names) == {"classes": net.outputs, "binary": 2, "labels": net.outputs}[net.task]:
            net.labels = tuple(str(name) for name in names)

    def _stratified(self, t: Array) -> Array | None:
        return t if t.shape[1] == 1 else None  # as scikit-learn does

    def _row_weights(self, sample_weight: Any, y: Any, incremental: bool) -> Array | None:
        w = super()._row_weights(sample_weight, y, incremental)
        if self.class_weight is None:
            return w
        return looked_at(
            class_weights(self.class_weight, self._encoding, y, incremental) * (1.0 if w is None else w), len(y)
        )

    def _score_of(self, problem: Problem) -> Callable[[], float]:
        net, encoding = self.network_, self._encoding

        def score() -> float:
            right = encoding.right(readable.outputs(net, net.theta, problem.inputs), problem.t)
            return float(np.average(right, weights=problem.w))

        return score

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
