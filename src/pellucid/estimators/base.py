"""What both estimators share: parameters are only stored; `fit` checks them, translates the data and trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from pellucid.engines import readable
from pellucid.engines.readable import Inputs, Problem
from pellucid.errors import InputError
from pellucid.estimators.advice import look_at_features
from pellucid.estimators.asked import Asked, asked
from pellucid.estimators.course import Course
from pellucid.estimators.lbfgs import minimize_loss
from pellucid.estimators.material import Material, Memory, looked_at, usable
from pellucid.estimators.weights import Views, drawn, reshaped
from pellucid.history import History, Run
from pellucid.layers import Dense
from pellucid.losses import Loss
from pellucid.network import Network
from pellucid.settings import Settings

Array = npt.NDArray[Any]
F = TypeVar("F", bound=Callable[..., Any])

SHOWN = {"sigmoid": "logistic"}  # scikit-learn's name for it


def stored(estimator: Any, given: dict[str, Any]) -> None:
    """Keep the parameters of __init__, unlooked at, as scikit-learn wants it."""
    for name, value in given.items():
        if name != "self":
            setattr(estimator, name, value)


def takes_steps(estimator: Any) -> bool:
    """Whether there is a partial_fit; raises AttributeError, with the reason, where there is not."""
    if isinstance(estimator.solver, str) and estimator.solver == "lbfgs":
        raise AttributeError('partial_fit takes steps, and solver="lbfgs" needs all rows at once: use "adam" or "sgd".')
    return True


def by_steps(method: F) -> F:
    """A method that is there only where the solver takes steps."""
    return available_if(takes_steps)(method)


class MultilayerPerceptron(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A multilayer perceptron as scikit-learn's interface has it; use MLPClassifier or MLPRegressor.

    Attributes:
        network_: the Network underneath: its equations, trace, script, summary, save, and all that takes a Network.
        history_: the History of the last fit or partial_fit; `history_.report("run.html")` writes its report.
    """

    network_: Network
    history_: History
    n_features_in_: int
    feature_names_in_: Array
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_scores_: list[float] | None
    validation_loss_curve_: list[float] | None
    best_validation_score_: float | None
    n_iter_: int
    t_: int
    _memory: Memory
    warm_start: bool
    random_state: Any
    on_epoch: Any

    # What the two kinds say for themselves.

    def _read(self, X: Any, y: Any, reset: bool, dtype: Any) -> tuple[Any, Any]:
        raise NotImplementedError

    def _targets(self, y: Any, first: bool, classes: Any) -> Array:
        raise NotImplementedError

    def _encoded(self, y: Any) -> Array:
        raise NotImplementedError

    def _output(self) -> tuple[str, str | Loss | None]:
        raise NotImplementedError

    def _row_weights(self, sample_weight: Any, y: Any, incremental: bool) -> Array | None:
        return None if sample_weight is None else looked_at(sample_weight, len(y))

    def _stratified(self, t: Array) -> Array | None:
        return None

    def _score_of(self, problem: Problem) -> Callable[[], float]:
        raise NotImplementedError

    def _constant(self, problem: Problem) -> float:
        return 0.0

    # Training.

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any],
        incremental: bool = False,
        classes: Any = None,
    ) -> Any:
        wanted = asked(self)
        if incremental and not isinstance(wanted.rates, str):
            raise InputError(
                'partial_fit does not know how many epochs there will be: learning_rate must be "constant", '
                '"invscaling" or "adaptive" there.'
            )
        first = not hasattr(self, "network_") or not (self.warm_start or incremental)
        kinds = [np.float64, np.float32] if wanted.dtype is None else [wanted.dtype]
        X, y = self._read(X, y, first, kinds)
        t = self._targets(y, first, classes)
        w = self._row_weights(sample_weight, y, incremental)
        if first or not incremental:
            look_at_features(X, getattr(self, "feature_names_in_", None), 3)
        rng = check_random_state(self.random_state)
        net = self._network(wanted, t.shape[1], X.dtype, rng, first)
        if incremental:
            self._memory.judges = None
        material = self._material(wanted, net, usable(X, net.dtype), t, w, validation, rng, incremental)
        if wanted.optimizer is None:
            minimize_loss(self, wanted, material)
        else:
            Course(self, wanted, material, rng, incremental).train()
        return self

    def _network(self, wanted: Asked, outputs: int, dtype: Any, rng: np.random.RandomState, first: bool) -> Network:
        """The network to train: a new one, or the one that is there."""
        output, loss = self._output()
        layers = [*wanted.layers, Dense(outputs, output)]
        if not first:
            net = self.network_
            if list(net.layers) != layers or loss not in (None, net.loss_function):
                raise InputError(
                    f"The network there has the layers {', '.join(map(str, net.layers))} and the loss "
                    f"{net.loss_function.name}; now {', '.join(map(str, layers))} are asked for, or another loss: with "
                    "warm_start and partial_fit they must stay."
                )
            return net
        if wanted.optimizer is None and wanted.dtype is None:
            dtype = np.float64  # L-BFGS looks at differences that single precision does not have
        seed = self.random_state if isinstance(self.random_state, int | np.integer) else 0
        net = Network(layers, int(self.n_features_in_), int(seed), loss, dtype)
        widths = [net.inputs, *(layer.units for layer in layers if isinstance(layer, Dense))]
        net.theta = drawn(rng, widths, wanted.activations)
        names = getattr(self, "feature_names_in_", None)
        net.features = None if names is None else tuple(str(name) for name in names)
        self._name(net)
        self.network_ = net
        self.n_iter_ = self.t_ = 0
        self.loss_, self.loss_curve_, self.best_loss_ = np.inf, [], np.inf
        self.validation_scores_ = self.validation_loss_curve_ = self.best_validation_score_ = None
        self._memory = Memory()
        return net

    def _name(self, net: Network) -> None:
        """Give the network the names of its classes, where it has any."""

    def _material(
        self,
        wanted: Asked,
        net: Network,
        X: Any,
        t: Array,
        w: Array | None,
        given: tuple[Any, Any],
        rng: np.random.RandomState,
        incremental: bool,
    ) -> Material:
        """Rows to learn from and rows to look at: those given, or with early stopping some that are held out."""
        whole = Problem(Inputs(X, None, net.dtype), t.astype(net.dtype), None if w is None else w.astype(net.dtype))
        rows, seen, stops = whole, None, wanted.early_stopping and wanted.optimizer is not None
        if any(part is not None for part in given):
            seen = self._given(given, net)
            if stops and not incremental:
                self._judged_by((0, len(seen.t)))
        elif stops:
            kept, others = self._held_out(wanted, t, rng, incremental)
            rows, seen = whole.part(kept), whole.part(others)
        self._open_books(wanted, seen is not None)

        def made_of(settings: Settings) -> Run | None:
            if not isinstance(X, np.ndarray):
                return None  # a report draws dense rows
            held_out = None if seen is None else (seen.inputs.X, seen.t)
            return Run(net, rows.inputs.X, rows.t, rows.w, held_out, settings, None)

        constants = self._constant(rows), 0.0 if seen is None else self._constant(seen)
        return Material(rows, seen, None if seen is None else self._score_of(seen), constants, made_of)

    def _held_out(self, wanted: Asked, t: Array, rng: np.random.RandomState, incremental: bool) -> tuple[Array, Array]:
        """Rows to learn from and rows that judge; in a later fit of as many rows the same ones as before."""
        kept, others = train_test_split(
            np.arange(len(t)), random_state=rng, test_size=wanted.validation_fraction, stratify=self._stratified(t)
        )
        if len(others) < 2:
            raise InputError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        if incremental:
            return kept, others
        memory = self._memory
        if not self._judged_by((len(t), len(others))) or memory.held_out is None:
            memory.held_out = kept, others
        return memory.held_out

    def _judged_by(self, judges: tuple[int, int]) -> bool:
        """Begin the best weights anew where others judge than before; whether they are the same."""
        memory = self._memory
        same = memory.judges == judges
        if not same:
            self.best_validation_score_ = None
        memory.judges = judges
        return same

    def _given(self, given: tuple[Any, Any], net: Network) -> Problem:
        """The user's own rows to look at."""
        if given[0] is None or given[1] is None:
            raise InputError("X_val and y_val belong together: give both, or neither.")
        X, y = self._read(*given, False, [net.dtype])
        return Problem(Inputs(usable(X, net.dtype), None, net.dtype), self._encoded(y).astype(net.dtype), None)

    def _open_books(self, wanted: Asked, looks: bool) -> None:
        """Begin the curves that this fit adds to, where an earlier one has not."""
        if looks and self.validation_scores_ is None:
            self.validation_scores_, self.validation_loss_curve_ = [], []
        if wanted.optimizer is None or not wanted.early_stopping:
            self.best_loss_ = np.inf if self.best_loss_ is None else self.best_loss_
            self.best_validation_score_ = None
            return
        self.best_loss_ = None
        if self.best_validation_score_ is None:
            self.best_validation_score_ = -np.inf
            self._memory.best = self.network_.theta.copy()

    # Answers.

    def _outputs(self, X: Any) -> Array:
        """Outputs of the last layer, (n, outputs)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        net = self.network_
        wide = getattr(self, "dtype", None) is None and net.dtype == np.float32 and X.dtype != np.float32
        dtype = np.dtype(np.float64) if wide else net.dtype  # as products of the two come out
        return readable.outputs(net, net.theta.astype(dtype, copy=False), Inputs(usable(X, dtype), None, dtype))

    # What scikit-learn calls the parameters and shapes of the network.

    @property
    def coefs_(self) -> Views:
        """Weight matrices, (fan_in, units) each: views into the network; assigning copies into it, or where units were
        taken away or added makes it anew. (Then set intercepts_ after them, and hidden_layer_sizes before training.)
        """
        return Views.of(self._fitted("coefs_"), "W")

    @coefs_.setter
    def coefs_(self, values: Any) -> None:
        net, values = self._fitted("coefs_"), list(values)
        if len(values) == len(self.coefs_) and [np.shape(W) for W in values] != [W.shape for W in self.coefs_]:
            self.network_ = reshaped(net, values)
            self._memory = Memory()
            self.best_validation_score_ = None
        self.coefs_.assign(values)

    @property
    def intercepts_(self) -> Views:
        """Biases, (units,) each: views into the network; assigning copies into it."""
        return Views.of(self._fitted("intercepts_"), "b")

    @intercepts_.setter
    def intercepts_(self, values: Any) -> None:
        self.intercepts_.assign(values)

    @property
    def n_layers_(self) -> int:
        """How many layers there are, that of the inputs included."""
        return len(self.coefs_) + 1

    @n_layers_.setter
    def n_layers_(self, value: Any) -> None:
        self._refuse_other("n_layers_", value)

    @property
    def n_outputs_(self) -> int:
        """How many numbers the network gives for a row."""
        return self._fitted("n_outputs_").outputs

    @n_outputs_.setter
    def n_outputs_(self, value: Any) -> None:
        self._refuse_other("n_outputs_", value)

    @property
    def out_activation_(self) -> str:
        """The activation of the last layer: "softmax", "logistic", "identity" or "exp"."""
        name = self._fitted("out_activation_").output.activation.name
        return SHOWN.get(name, name)

    @out_activation_.setter
    def out_activation_(self, value: Any) -> None:
        self._refuse_other("out_activation_", value)

    def _refuse_other(self, name: str, value: Any) -> None:
        """What follows from the network may be set to what it is, as programs do that set all attributes."""
        if (there := getattr(self, name)) != value:
            raise InputError(f"{name} is {there!r}, which follows from network_, and cannot be set to {value!r}.")

    def _fitted(self, name: str) -> Network:
        if "network_" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has {name} once it is fitted, and it can be set then.")
        return self.network_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags
