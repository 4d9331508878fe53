"""Networks of scikit-learn: the same outputs, answers and names, for every kind that its MLP has."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import InputError, Network, estimators, load
from pellucid.data import Standardizer

pytest.importorskip("sklearn")
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)) * [1, 10, 100, 0.1] + [0, 5, -50, 3]
TEXTS = np.array(["ant", "bee", "cat"])
Y = {
    "binary, numbers": (X[:, 0] > 0).astype(int),
    "binary, texts": np.where(X[:, 0] > 0, "yes", "no"),
    "classes, numbers": RNG.integers(0, 4, 60) * 3,
    "classes, texts": TEXTS[RNG.integers(0, 3, 60)],
    "labels": (RNG.random((60, 3)) > 0.5).astype(int),
}
SETTINGS: dict[str, Any] = {"hidden_layer_sizes": (5, 3), "solver": "lbfgs", "max_iter": 15, "random_state": 0}


def fitted(estimator: Any, y: Any, X: np.ndarray = X) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that so few iterations are few
        return estimator.fit(X, y)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", Y)
def test_classifiers(activation: str, kind: str) -> None:
    mlp = fitted(MLPClassifier(activation=activation, **SETTINGS), Y[kind])
    net = Network.from_sklearn(mlp)
    p, expected = net.forward(X), mlp.predict_proba(X)
    np.testing.assert_allclose(p, expected[:, 1:] if kind.startswith("binary") else expected, atol=1e-13)
    if kind == "labels":
        np.testing.assert_array_equal(net.predict(X), mlp.predict(X))
    else:
        assert net.labels == tuple(map(str, mlp.classes_))
        np.testing.assert_array_equal(np.array(net.labels)[net.predict(X)], mlp.predict(X).astype(str))
    np.testing.assert_array_equal(net.params["W1"], mlp.coefs_[0])


@pytest.mark.parametrize("outputs", [1, 3])
def test_regressors(outputs: int) -> None:
    y = X[:, 0] if outputs == 1 else X[:, :3]
    mlp = fitted(MLPRegressor(**SETTINGS), y)
    net = Network.from_sklearn(mlp)
    np.testing.assert_allclose(net.predict(X), mlp.predict(X), atol=1e-12)
    assert net.labels is None


@pytest.mark.skipif("loss" not in inspect.signature(MLPRegressor).parameters, reason="a newer scikit-learn has it")
def test_counts() -> None:
    mlp = fitted(
        MLPRegressor(loss="poisson", hidden_layer_sizes=(3,), max_iter=20, random_state=0), RNG.poisson(2, 60), X / 50
    )
    net = Network.from_sklearn(mlp)
    assert net.loss_function.name == "poisson"
    np.testing.assert_allclose(net.predict(X / 50), mlp.predict(X / 50), rtol=1e-12)


def test_single_precision() -> None:
    mlp = fitted(MLPClassifier(**SETTINGS), Y["classes, texts"], X.astype(np.float32))
    net = Network.from_sklearn(mlp)
    assert net.dtype == mlp.coefs_[0].dtype
    np.testing.assert_allclose(net.forward(X), mlp.predict_proba(X.astype(np.float32)), atol=1e-5)


@pytest.mark.parametrize(
    "scaler", [StandardScaler(), StandardScaler(with_mean=False), StandardScaler(with_std=False), MinMaxScaler()]
)
def test_pipelines(scaler: Any) -> None:
    pipe = fitted(make_pipeline(scaler, MLPClassifier(**SETTINGS)), Y["classes, texts"])
    net = Network.from_sklearn(pipe)
    assert isinstance(net.scaler, Standardizer)
    np.testing.assert_allclose(net.forward(X), pipe.predict_proba(X), atol=1e-12)
    assert net.labels == ("ant", "bee", "cat")


def test_names_of_features() -> None:
    mlp = fitted(MLPRegressor(**SETTINGS), X[:, 0])
    mlp.feature_names_in_ = np.array(["a", "b", "c", "d"], dtype=object)  # as a table with names leaves it there
    assert Network.from_sklearn(mlp).features == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("estimator", "says"),
    [
        (MLPClassifier(), "not fitted"),
        (LogisticRegression(), "LogisticRegression"),
        (MLPClassifier, "ABCMeta|type"),
        (make_pipeline(RobustScaler(), MLPClassifier()), "RobustScaler"),
        (make_pipeline(StandardScaler(), MinMaxScaler(), MLPClassifier()), "3 steps"),
        (make_pipeline(StandardScaler()), "StandardScaler"),
        (make_pipeline(StandardScaler(), MLPClassifier()), "fitted StandardScaler"),
        ({}, "dict"),
    ],
)
def test_what_is_no_such_network_is_refused(estimator: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Network.from_sklearn(estimator)


def test_estimators_of_this_library_and_their_pipelines(tmp_path: Path) -> None:
    for scaler in (StandardScaler(), MinMaxScaler()):
        model = make_pipeline(scaler, estimators.MLPClassifier(5, max_iter=5, random_state=0))
        fitted(model, Y["classes, texts"])
        whole, inner = Network.from_sklearn(model), model[-1].network_
        whole.save(tmp_path / "m.json")
        opened = load(tmp_path / "m.json")
        np.testing.assert_allclose(opened.forward(X), model.predict_proba(X), atol=1e-12)  # of raw features
        assert opened.labels == tuple(TEXTS)
        assert inner.scaler is None  # the estimator's own is left alone
        assert whole.theta is not inner.theta
    alone = fitted(estimators.MLPRegressor(hidden_layer_sizes=3, max_iter=5, random_state=0), X[:, 0])
    np.testing.assert_array_equal(Network.from_sklearn(alone).predict(X), alone.predict(X))
    with pytest.raises(InputError, match="not fitted"):
        Network.from_sklearn(estimators.MLPRegressor())
    with pytest.raises(InputError, match=r"pellucid\.estimators.*this is sklearn\.linear_model.*LogisticRegression"):
        Network.from_sklearn(LogisticRegression())
