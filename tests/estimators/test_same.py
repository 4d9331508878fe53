"""The same parameters give the weights that scikit-learn's own estimators come to: fit beside fit, to 1e-6."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import sklearn.neural_network as theirs
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, make_multilabel_classification, make_regression

from pellucid import estimators as ours
from pellucid.data import load
from pellucid.estimators.installed import VERSION
from pellucid.estimators.material import usable

NEWER = VERSION >= (1, 7)  # sample weights and the Poisson loss came with 1.7

PIXELS, DIGITS = load_digits(return_X_y=True)
PIXELS, DIGITS = PIXELS[:250] / 16, DIGITS[:250]
_iris = load("iris")
IRIS, KINDS = (_iris.X - _iris.X.mean(axis=0)) / _iris.X.std(axis=0), _iris.y
CELLS, TUMOURS = load_breast_cancer(return_X_y=True)
CELLS = (CELLS - CELLS.mean(axis=0)) / CELLS.std(axis=0)
POINTS, VALUES = make_regression(150, 5, noise=5, random_state=0)
VALUES = VALUES / 50
MANY, LABELS = make_multilabel_classification(90, random_state=0)
MANY = MANY / 10
WEIGHTS = np.random.RandomState(0).uniform(0.1, 2, 150)

CLASSIFYING: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    f"digits {solver} {activation}": (
        PIXELS,
        DIGITS,
        {"solver": solver, "activation": activation, "max_iter": 15, "hidden_layer_sizes": (12, 7), "batch_size": 60},
    )
    for solver in ("adam", "sgd", "lbfgs")
    for activation in ("relu", "tanh", "logistic", "identity")
} | {
    "as it comes": (IRIS, KINDS, {"max_iter": 30}),
    "two classes": (CELLS, TUMOURS, {"max_iter": 20}),
    "two classes, lbfgs": (CELLS, TUMOURS, {"max_iter": 15, "solver": "lbfgs", "alpha": 1.0}),
    "several labels": (MANY, LABELS, {"max_iter": 30}),
    "names": (IRIS, np.array(["a", "b", "c"], dtype=object)[KINDS], {"max_iter": 10}),
    "raw features": (_iris.X, KINDS, {"solver": "lbfgs", "max_iter": 18, "hidden_layer_sizes": 6}),
    "raw features, two classes": (
        _iris.X[50:], KINDS[50:], {"solver": "lbfgs", "max_iter": 18, "hidden_layer_sizes": 6, "random_state": 0}
    ),
    "sure and wrong": (IRIS * 25, KINDS, {"max_iter": 30, "tol": 0.1, "n_iter_no_change": 3}),
    "sure and wrong, labels": (MANY * 50, LABELS, {"max_iter": 20, "learning_rate_init": 0.1}),
    "one class": (IRIS, np.full(150, 3), {"max_iter": 10}),
    "no hidden layer": (IRIS, KINDS, {"hidden_layer_sizes": (), "max_iter": 30}),
    "rows in order": (IRIS, KINDS, {"shuffle": False, "batch_size": 32, "max_iter": 20}),
    "a large penalty": (IRIS, KINDS, {"alpha": 5.0, "batch_size": 40, "max_iter": 30}),
    "without momentum": (IRIS, KINDS, {"solver": "sgd", "momentum": 0, "learning_rate_init": 0.3, "max_iter": 40}),
    "plain momentum": (
        IRIS, KINDS, {"solver": "sgd", "nesterovs_momentum": False, "learning_rate_init": 0.1, "max_iter": 40}
    ),
    "all of the momentum": (IRIS, KINDS, {"solver": "sgd", "momentum": 1.0, "max_iter": 10}),
    "inverse scaling": (
        IRIS, KINDS,
        {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3, "learning_rate_init": 0.5, "batch_size": 32},
    ),
    "adaptive": (
        IRIS, KINDS,
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.01, "n_iter_no_change": 2, "learning_rate_init": 0.5},
    ),
    "early stopping, two classes": (CELLS, TUMOURS, {"early_stopping": True, "n_iter_no_change": 3}),
    "early stopping, three": (IRIS, KINDS, {"early_stopping": True, "solver": "sgd", "learning_rate_init": 0.1}),
    "early stopping, labels": (MANY, LABELS, {"early_stopping": True, "validation_fraction": 0.3, "max_iter": 40}),
    "an own Adam": (IRIS, KINDS, {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-3, "max_iter": 30}),
    "a sparse X": (sparse.csr_matrix(PIXELS), DIGITS, {"max_iter": 5}),
    "a sparse X by columns": (sparse.csc_array(PIXELS), DIGITS, {"max_iter": 5}),
}  # fmt: skip
VALUING: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    f"{solver}": (POINTS, VALUES, {"solver": solver, "max_iter": 18, "batch_size": 33})
    for solver in ("adam", "sgd", "lbfgs")
} | {
    "early stopping": (POINTS, VALUES, {"early_stopping": True, "learning_rate_init": 0.01}),
    "many outputs": (POINTS, np.column_stack([VALUES, -VALUES]), {"max_iter": 20, "tol": 0.0}),
}  # fmt: skip
WEIGHTED = {name: CLASSIFYING[name] for name in ("rows in order", "early stopping, three", "adaptive")} | {
    "lbfgs": (IRIS, KINDS, {"solver": "lbfgs", "max_iter": 15, "alpha": 0.1})
}
# Each kind of output and update is compiled once; what scikit-learn does between two epochs is the same for all.
COMPILED = [
    "digits adam relu", "digits sgd tanh", "two classes", "several labels", "rows in order", "a large penalty",
    "plain momentum", "adaptive", "early stopping, three", "a sparse X",
    "sure and wrong",
]  # fmt: skip
COUNTING = {
    solver: (POINTS, np.round(np.abs(VALUES)), {"solver": solver, "loss": "poisson", "max_iter": 15})
    for solver in ("adam", "sgd", "lbfgs")
}


def compare(ours_: Any, theirs_: Any, curves: bool = True, rtol: float = 1e-9) -> None:
    pairs = zip(ours_.coefs_ + ours_.intercepts_, theirs_.coefs_ + theirs_.intercepts_, strict=True)
    for mine, other in pairs:
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-6)
    assert (ours_.n_iter_, ours_.t_) == (theirs_.n_iter_, theirs_.t_)
    same = ("n_layers_", "n_outputs_", "out_activation_", "n_features_in_")
    assert [getattr(ours_, name) for name in same] == [getattr(theirs_, name) for name in same]
    if not curves:
        return
    assert ours_.loss_ == pytest.approx(theirs_.loss_, rel=rtol, abs=1e-12)
    if hasattr(theirs_, "loss_curve_"):  # L-BFGS has none there
        np.testing.assert_allclose(ours_.loss_curve_, theirs_.loss_curve_, rtol=rtol, atol=1e-12)
        for name in ("best_loss_", "best_validation_score_", "validation_scores_"):
            expected = getattr(theirs_, name)
            expected = expected if expected is None else pytest.approx(expected, rel=rtol, abs=1e-12)
            assert getattr(ours_, name) == expected, name


def both(name: str, X: Any, y: Any, engine: str = "readable", fit: Any = None, **parameters: Any) -> tuple[Any, Any]:
    """Our estimator and theirs, fitted."""
    made = []
    for module, more in ((ours, {"engine": engine}), (theirs, {})):
        made.append(getattr(module, name)(**({"random_state": 1} | parameters | more)).fit(X, y, **(fit or {})))
    return made[0], made[1]


@pytest.mark.parametrize(("case", "engine"), [*product(CLASSIFYING, ["readable"]), *product(COMPILED, ["compiled"])])
def test_a_classifier_has_the_same_weights(case: str, engine: str) -> None:
    X, y, parameters = CLASSIFYING[case]
    mine, other = both("MLPClassifier", X, y, engine, **parameters)
    # Next to where log-loss is cut off, theirs has the few digits that are left of 1 - p.
    compare(mine, other, rtol=1e-4 if case.startswith("sure") else 1e-9)
    np.testing.assert_array_equal(mine.classes_, other.classes_)
    np.testing.assert_array_equal(mine.predict(X), other.predict(X))
    if case != "one class":  # theirs gives two columns for it
        np.testing.assert_allclose(mine.predict_proba(X), other.predict_proba(X), atol=1e-6)
    assert mine.score(X, y) == other.score(X, y)


@pytest.mark.parametrize("engine", ["readable", "compiled"])
@pytest.mark.parametrize("case", VALUING)
def test_a_regressor_has_the_same_weights(case: str, engine: str) -> None:
    X, y, parameters = VALUING[case]
    mine, other = both("MLPRegressor", X, y, engine, **parameters)
    # The loss of several outputs is their sum here and their mean there; the gradient is that of the sum in both.
    compare(mine, other, curves=case != "many outputs")
    np.testing.assert_allclose(mine.predict(X), other.predict(X), atol=1e-6)
    assert mine.score(X, y) == pytest.approx(other.score(X, y), rel=1e-9)
    if case == "many outputs":
        assert mine.loss_ > 1.9 * other.loss_


@pytest.mark.skipif(not NEWER, reason="scikit-learn before 1.7 has no sample weights here")
@pytest.mark.parametrize(("case", "engine"), [*product(WEIGHTED, ["readable"]), ("rows in order", "compiled")])
def test_weights_of_rows_have_the_same_effect(case: str, engine: str) -> None:
    X, y, parameters = WEIGHTED[case]
    compare(*both("MLPClassifier", X, y, engine, {"sample_weight": WEIGHTS}, **parameters))


@pytest.mark.skipif(not NEWER, reason="scikit-learn before 1.7 has no Poisson loss")
@pytest.mark.parametrize("case", COUNTING)
def test_counts_are_learnt_alike(case: str) -> None:
    X, y, parameters = COUNTING[case]
    compare(*both("MLPRegressor", X, y, **parameters))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"solver": "sgd", "learning_rate": "invscaling"},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.1, "n_iter_no_change": 3},
        {"warm_start": True},
    ],
    ids=str,
)
def test_fits_and_partial_fits_in_turn_have_the_same_weights(parameters: dict[str, Any]) -> None:
    """One generator draws for all of them, and each goes on from what the one before left."""
    pair = []
    for module in (ours, theirs):
        model = module.MLPClassifier(
            random_state=np.random.RandomState(5), max_iter=7, batch_size=40, hidden_layer_sizes=10, **parameters
        )
        model.fit(IRIS, KINDS)
        for _ in range(6):
            model.partial_fit(IRIS, KINDS)
        model.fit(IRIS[::2], KINDS[::2])
        model.fit(IRIS, KINDS).partial_fit(IRIS[:140], KINDS[:140])
        pair.append(model)
    compare(*pair)


def test_partial_fits_from_the_first_on_have_the_same_weights() -> None:
    pair = []
    for module in (ours, theirs):
        model = module.MLPClassifier(random_state=2, batch_size=20)
        for k in range(5):
            rows = slice(30 * k, 30 * k + 30)
            model.partial_fit(IRIS[rows], KINDS[rows], classes=[0, 1, 2])
        pair.append(model)
    compare(*pair)


@pytest.mark.parametrize("more", [{}, {"early_stopping": True}, {"solver": "lbfgs"}], ids=str)
def test_a_large_sparse_x_stays_sparse(more: dict[str, Any]) -> None:
    X = sparse.random(1100, 1000, density=0.01, random_state=np.random.RandomState(0), format="csr")
    y = np.asarray(X[:, :40].sum(axis=1)).ravel() > 0.1
    assert not isinstance(usable(X, np.dtype(np.float64)), np.ndarray)
    mine, other = both("MLPClassifier", X, y, max_iter=4, hidden_layer_sizes=5, **more)
    compare(mine, other)
    np.testing.assert_allclose(mine.predict_proba(X.tocsc()), other.predict_proba(X.toarray()), atol=1e-6)
    assert mine.history_.run is None
    if not more:
        with pytest.warns(RuntimeWarning, match="sparse matrix"):
            again = ours.MLPClassifier(5, max_iter=4, random_state=1, engine="compiled").fit(X, y)
        np.testing.assert_allclose(again.coefs_[0], mine.coefs_[0])


def test_after_many_iterations_of_lbfgs_the_loss_is_the_same() -> None:
    """Rounding alone moves coefficients by then."""
    mine, other = both("MLPClassifier", PIXELS, DIGITS, solver="lbfgs", max_iter=60, alpha=1.0, hidden_layer_sizes=10)
    assert mine.loss_ == pytest.approx(other.loss_, rel=1e-3)


def test_single_precision_is_single_there_and_here() -> None:
    mine, other = both("MLPClassifier", PIXELS.astype(np.float32), DIGITS, max_iter=5, hidden_layer_sizes=10)
    assert {w.dtype for w in mine.coefs_ + mine.intercepts_} == {np.dtype(np.float32)}
    for ours_, theirs_ in zip(mine.coefs_, other.coefs_, strict=True):
        np.testing.assert_allclose(ours_, theirs_, atol=1e-4)


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_every_parameter_has_the_same_default_and_order(name: str) -> None:
    import inspect

    known = inspect.signature(getattr(theirs, name)).parameters
    own = inspect.signature(getattr(ours, name)).parameters
    for parameter in known.values():
        assert own[parameter.name].default == parameter.default
    positional = [p.name for p in known.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [p.name for p in own.values() if p.kind is p.POSITIONAL_OR_KEYWORD] == positional
    for method in ("fit", "partial_fit", "predict", "score", "get_params", "set_params"):
        known = inspect.signature(getattr(getattr(theirs, name), method)).parameters
        assert list(known) == list(inspect.signature(getattr(getattr(ours, name), method)).parameters)[: len(known)]


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_every_fitted_attribute_is_there(name: str, early_stopping: bool) -> None:
    mine, other = both(name, IRIS, KINDS, max_iter=3, early_stopping=early_stopping)
    public = [attribute for attribute in vars(other) if attribute.endswith("_") and not attribute.startswith("_")]
    assert len(public) > 12
    for attribute in public:
        value, expected = getattr(mine, attribute), getattr(other, attribute)
        assert isinstance(value, float if isinstance(expected, float) else type(expected)), attribute
