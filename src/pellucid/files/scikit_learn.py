"""Networks of scikit-learn, MLPClassifier and MLPRegressor, as networks of this library; ours of the same names too."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from pellucid.data.scalers import Standardizer
from pellucid.errors import InputError, need
from pellucid.layers import Dense
from pellucid.network import Network

NAMES = {
    "identity": "identity",
    "logistic": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "softmax": "softmax",
    "exp": "exp",
}


def from_sklearn(estimator: Any) -> Network:
    """A network that computes what a fitted estimator does; see `Network.from_sklearn`."""
    need("sklearn", "sklearn")
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import Pipeline

    names = getattr(estimator, "feature_names_in_", None)
    scaler = None
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps if step not in (None, "passthrough")]
        if not 1 <= len(steps) <= 2:
            raise InputError(f"from_sklearn takes a pipeline of a scaler and an MLP; this has {len(steps)} steps.")
        scaler = _scaler(steps[0]) if len(steps) == 2 else None
        estimator = steps[-1]
    ours = any(base.__module__.startswith("pellucid.estimators") for base in type(estimator).__mro__)
    if not ours and not isinstance(estimator, MLPClassifier | MLPRegressor):
        raise InputError(
            "from_sklearn takes an MLPClassifier or an MLPRegressor, of sklearn.neural_network or of "
            "pellucid.estimators, or a pipeline that ends in one; this is "
            f"{type(estimator).__module__}.{type(estimator).__name__}."
        )
    if not hasattr(estimator, "coefs_"):
        raise InputError(f"This {type(estimator).__name__} is not fitted: call its fit first.")
    if ours:  # its network is there; a copy takes the scaler, so that the estimator stays as it is
        net = copy.deepcopy(estimator.network_)
        net.scaler = scaler
    else:
        net = _network(estimator, scaler)
    if isinstance(estimator, MLPClassifier):
        net.labels = _labels(estimator, net)
    net.features = None if names is None else tuple(map(str, names))
    return net


def _network(mlp: Any, scaler: Standardizer | None) -> Network:
    activations = [*[mlp.activation] * (len(mlp.coefs_) - 1), mlp.out_activation_]
    for name in activations:
        if name not in NAMES:
            raise InputError(f"The activation {name!r} of this {type(mlp).__name__} is not known here.")
    layers = [Dense(W.shape[1], NAMES[a]) for W, a in zip(mlp.coefs_, activations, strict=True)]
    arrays = [array for pair in zip(mlp.coefs_, mlp.intercepts_, strict=True) for array in pair]
    single = all(array.dtype == np.float32 for array in arrays)
    theta = np.concatenate([array.ravel() for array in arrays])
    dtype = "float32" if single else "float64"
    return Network(layers, mlp.coefs_[0].shape[0], dtype=dtype, scaler=scaler, theta=theta)


def _labels(mlp: Any, net: Network) -> tuple[str, ...] | None:
    """Names of the classes, in the order of the outputs; of several yes or no, the names of the columns."""
    names = tuple(str(name) for name in mlp.classes_)
    expected = {"classes": net.outputs, "binary": 2, "labels": net.outputs, "values": None}[net.task]
    return names if len(names) == expected and len(set(names)) == len(names) else None


def _scaler(step: Any) -> Standardizer:
    """A scaler of scikit-learn as one of this library: both subtract a number from each column and divide by one."""
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    if isinstance(step, StandardScaler) and hasattr(step, "n_features_in_"):
        columns = step.n_features_in_
        mean = np.zeros(columns) if step.mean_ is None or not step.with_mean else step.mean_
        scale = np.ones(columns) if step.scale_ is None else step.scale_
    elif isinstance(step, MinMaxScaler) and hasattr(step, "scale_") and not step.clip:
        mean, scale = -step.min_ / step.scale_, 1 / step.scale_
    else:
        raise InputError(
            f"from_sklearn takes a fitted StandardScaler or MinMaxScaler before the MLP; this is {step!r}. Give it the "
            "MLP alone, and transform X by hand before predict."
        )
    scaler = Standardizer()
    scaler.mean, scaler.scale = np.array(mean, dtype=np.float64), np.array(scale, dtype=np.float64)
    return scaler
