"""Every behaviour that scikit-learn's own test_mlp.py checks, in tests of our own; TABLE names which is where."""

from __future__ import annotations

import ast
import importlib.util
import re
import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier as Theirs

from pellucid import TrainingDiverged, numerical_gradients
from pellucid.data import load
from pellucid.estimators import MLPClassifier, MLPRegressor

# Name there: name here. None is waived; where we differ by design, the remark says how.
TABLE = {
    "test_alpha": "test_a_larger_penalty_makes_smaller_weights",
    # There on an estimator that was never fitted; here weights are set on one that was fitted.
    "test_fit": "test_a_step_worked_out_by_hand",
    "test_gradient": "test_the_gradient_is_that_of_the_loss",
    "test_lbfgs_classification": "test_lbfgs_tells_digits_apart",
    "test_lbfgs_regression": "test_lbfgs_fits_values",
    "test_lbfgs_classification_maxfun": "test_max_fun_limits_lbfgs",
    "test_lbfgs_regression_maxfun": "test_max_fun_limits_lbfgs",
    "test_learning_rate_warmstart": "test_rates_of_a_second_fit",
    "test_multilabel_classification": "test_several_labels_a_row",
    "test_multioutput_regression": "test_several_values_a_row",
    "test_partial_fit_classes_error": "test_partial_fit_refuses_other_classes",
    "test_partial_fit_classification": "test_partial_fits_come_to_what_a_fit_does",
    "test_partial_fit_unseen_classes": "test_a_class_may_come_later",
    "test_partial_fit_regression": "test_partial_fits_of_values_come_to_what_a_fit_does",
    "test_partial_fit_errors": "test_when_there_is_no_partial_fit",
    "test_nonfinite_params": "test_numbers_too_large_are_an_error",
    "test_predict_proba_binary": "test_probabilities_of_two_classes",
    "test_predict_proba_multiclass": "test_probabilities_of_many_classes",
    "test_predict_proba_multilabel": "test_probabilities_of_several_labels",
    "test_shuffle": "test_shuffling_matters_and_repeats",
    "test_sparse_matrices": "test_a_sparse_x_is_a_dense_one",
    "test_tolerance": "test_a_large_tolerance_ends_it",
    "test_verbose_sgd": "test_verbose_prints_every_iteration",
    "test_early_stopping": "test_early_stopping_and_its_attributes",
    "test_adaptive_learning_rate": "test_an_adaptive_rate_becomes_tiny",
    "test_warm_start": "test_warm_start_wants_the_same_classes",
    "test_warm_start_full_iteration": "test_a_warm_start_has_all_its_iterations",
    "test_n_iter_no_change": "test_how_long_it_waits",
    "test_n_iter_no_change_inf": "test_it_may_wait_for_ever",
    "test_early_stopping_stratified": "test_the_rows_held_out_are_stratified",
    "test_mlp_early_stopping_string_labels": "test_early_stopping_with_names_of_classes",
    "test_mlp_classifier_dtypes_casting": "test_single_precision_answers_alike",
    "test_mlp_regressor_dtypes_casting": "test_single_precision_answers_alike",
    "test_mlp_param_dtypes": "test_weights_have_the_dtype_of_x",
    "test_mlp_loading_from_joblib_partial_fit": "test_a_loaded_model_learns_on",
    "test_preserve_feature_names": "test_names_of_features_survive_early_stopping",
    "test_mlp_warm_start_with_early_stopping": "test_a_warm_start_adds_validation_scores",
    "test_mlp_warm_start_no_convergence": "test_a_warm_start_stops_at_max_iter",
    # There partial_fit refuses early_stopping; here it has it: tests/estimators/test_beyond.py shows how.
    "test_mlp_partial_fit_after_fit": "test_partial_fit_after_a_fit_with_early_stopping",
    "test_mlp_diverging_loss": "test_early_stopping_survives_divergence",
    "test_mlp_sample_weight_with_early_stopping": "test_equal_weights_change_nothing",
    "test_mlp_vs_poisson_glm_equivalent": "test_poisson_without_a_bend_is_the_linear_model",
    "test_minimum_input_sample_size": "test_too_few_rows_to_hold_out",
}

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]
BOTH = [MLPClassifier, MLPRegressor]


def digits(classes: int, rows: int) -> tuple[Any, Any]:
    X, y = load_digits(n_class=classes, return_X_y=True)
    return X[:rows] / 16, y[:rows]


TWO, MANY = digits(2, 200), digits(3, 200)
_iris = load("iris")
IRIS, KINDS = _iris.X, _iris.y
POINTS, VALUES = make_regression(200, 10, bias=20.0, noise=100.0, random_state=7)
VALUES = (VALUES - VALUES.mean()) / VALUES.std()
FEW = [[3, 2], [1, 6]], [1, 0]


def test_the_table_knows_every_test_of_scikit_learn() -> None:
    found = importlib.util.find_spec("sklearn.neural_network.tests")
    assert found is not None
    assert found.submodule_search_locations is not None
    text = (Path(found.submodule_search_locations[0]) / "test_mlp.py").read_text(encoding="utf-8")
    names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    theirs = {name for name in names if name.startswith("test_")}
    assert len(theirs) > 30
    assert theirs <= set(TABLE)
    assert set(TABLE.values()) <= set(globals())


def test_a_larger_penalty_makes_smaller_weights() -> None:
    X, y = TWO
    sums = []
    for alpha in (0, 1, 100):
        model = MLPClassifier(10, alpha=alpha, random_state=1).fit(X[:100], y[:100])
        sums.append([np.abs(W).sum() for W in model.coefs_])
    assert np.all(np.diff(sums, axis=0) < 0)


def test_a_step_worked_out_by_hand() -> None:
    """One row, two hidden units, one step of descent, with the numbers of the chain rule written out."""
    X, y = np.array([[0.6, 0.8, 0.7]]), np.array([0])
    model = MLPClassifier(
        2, "logistic", solver="sgd", learning_rate_init=0.1, alpha=0.1, momentum=0, random_state=1, max_iter=1
    ).partial_fit(X, y, classes=[0, 1])
    W1, b1 = np.array([[0.1, 0.2], [0.3, 0.1], [0.5, 0.0]]), np.array([0.1, 0.1])
    W2, b2 = np.array([[0.1], [0.2]]), np.array([1.0])
    model.coefs_, model.intercepts_ = [W1, W2], [b1, b2]
    model.partial_fit(X, y)

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + np.exp(-z))

    h = sigmoid(X @ W1 + b1)
    p = sigmoid(h @ W2 + b2)
    assert h == pytest.approx(np.array([[0.679, 0.574]]), abs=1e-3)
    assert p[0, 0] == pytest.approx(0.765, abs=1e-3)
    d2 = p - y
    d1 = (d2 @ W2.T) * h * (1 - h)
    assert model.coefs_[1] == pytest.approx(W2 - 0.1 * (h.T @ d2 + 0.1 * W2), rel=1e-12)
    assert model.coefs_[0] == pytest.approx(W1 - 0.1 * (X.T @ d1 + 0.1 * W1), rel=1e-12)
    assert model.intercepts_[0] == pytest.approx(b1 - 0.1 * d1[0], rel=1e-12)
    assert model.intercepts_[1] == pytest.approx(b2 - 0.1 * d2[0], rel=1e-12)
    assert model.predict_proba(X)[0, 1] == pytest.approx(0.739, abs=1e-3)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_is_that_of_the_loss(activation: str, classes: int) -> None:
    X = np.random.RandomState(42).rand(5, 10)
    y = np.arange(5) % classes
    net = MLPClassifier(10, activation, solver="lbfgs", alpha=1e-5, max_iter=1, random_state=1).fit(X, y).network_
    exact, measured = net.gradients(X, y, l2=1e-5 / 5), numerical_gradients(net, X, y, l2=1e-5 / 5)
    for name, gradient in exact.items():
        np.testing.assert_allclose(gradient, measured[name], atol=1e-7)


@pytest.mark.parametrize("data", [TWO, MANY], ids=["two", "many"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_lbfgs_tells_digits_apart(activation: str, data: tuple[Any, Any]) -> None:
    X, y = data
    model = MLPClassifier(50, activation, solver="lbfgs", max_iter=150, random_state=1).fit(X[:150], y[:150])
    assert model.score(X[:150], y[:150]) > 0.95
    predicted = model.predict(X[150:])
    assert predicted.shape == (50,)
    assert predicted.dtype.kind == y.dtype.kind


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_lbfgs_fits_values(activation: str) -> None:
    model = MLPRegressor(
        hidden_layer_sizes=50, activation=activation, solver="lbfgs", max_iter=200, tol=1e-3, random_state=1
    ).fit(POINTS, VALUES)
    assert model.score(POINTS, VALUES) > (0.80 if activation == "identity" else 0.98)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    ("kind", "data"), [(MLPClassifier, TWO), (MLPClassifier, MANY), (MLPRegressor, (POINTS, VALUES))]
)
def test_max_fun_limits_lbfgs(kind: Any, data: tuple[Any, Any], activation: str) -> None:
    options: dict[str, Any] = {"max_iter": 150, "max_fun": 10, "random_state": 1}
    options |= {} if kind is MLPClassifier else {"tol": 0.0}
    model = kind(hidden_layer_sizes=50, activation=activation, solver="lbfgs", **options)
    with pytest.warns(ConvergenceWarning, match="max_fun=10"):
        model.fit(*data)
    assert model.n_iter_ <= 10


@pytest.mark.parametrize("learning_rate", ["invscaling", "constant"])
def test_rates_of_a_second_fit(learning_rate: str) -> None:
    X, y = [[3, 2], [1, 6], [5, 6], [-2, -4]], [1, 1, 1, 0]
    model = MLPClassifier(
        4, solver="sgd", learning_rate=learning_rate, max_iter=2, power_t=0.25, warm_start=True, random_state=0
    )
    rates = [model.fit(X, y).history_.learning_rate.tolist() for _ in range(2)]
    if learning_rate == "constant":
        assert rates == [[0.001, 0.001]] * 2
    else:  # 4 rows are seen before the second epoch of the first fit, 12 before that of the second
        assert rates[0] == pytest.approx([0.001, 0.001 / 5**0.25], rel=1e-12)
        assert rates[1] == pytest.approx([0.001, 0.001 / 13**0.25], rel=1e-12)


def test_several_labels_a_row() -> None:
    X, Y = make_multilabel_classification(n_samples=50, random_state=0)
    options: dict[str, Any] = {"activation": "logistic", "alpha": 1e-5, "learning_rate_init": 0.2, "random_state": 0}
    assert MLPClassifier(50, solver="lbfgs", max_iter=150, **options).fit(X, Y).score(X, Y) > 0.97
    model = MLPClassifier(50, solver="sgd", **options)
    for _ in range(100):
        model.partial_fit(X, Y, classes=[0, 1, 2, 3, 4])
    assert model.score(X, Y) > 0.9
    assert MLPClassifier(early_stopping=True, random_state=0).fit(X, Y).predict(X).shape == Y.shape


def test_several_values_a_row() -> None:
    X, Y = make_regression(n_samples=200, n_targets=5, random_state=11)
    model = MLPRegressor(hidden_layer_sizes=50, solver="lbfgs", max_iter=200, tol=1e-2, random_state=1).fit(X, Y)
    assert model.score(X, Y) > 0.9


def test_partial_fit_refuses_other_classes() -> None:
    model = MLPClassifier(solver="sgd", random_state=0).partial_fit([[3, 2]], [0], classes=[0, 1])
    with pytest.raises(ValueError, match="not the same as on last call"):
        model.partial_fit([[3, 2]], [0], classes=[1, 2])


@pytest.mark.parametrize("data", [TWO, MANY], ids=["two", "many"])
def test_partial_fits_come_to_what_a_fit_does(data: tuple[Any, Any]) -> None:
    X, y = data
    options: dict[str, Any] = {"solver": "sgd", "random_state": 1, "alpha": 1e-5, "learning_rate_init": 0.2}
    whole = MLPClassifier(max_iter=60, tol=0, **options).fit(X, y)
    parts = MLPClassifier(**options)
    for _ in range(60):
        parts.partial_fit(X, y, classes=np.unique(y))
    np.testing.assert_array_equal(whole.predict(X), parts.predict(X))
    assert parts.score(X, y) > 0.95


def test_a_class_may_come_later() -> None:
    model = MLPClassifier(random_state=0)
    model.partial_fit([[1], [2], [3]], ["a", "b", "c"], classes=["a", "b", "c", "d"]).partial_fit([[4]], ["d"])
    assert model.score([[1], [2], [3], [4]], ["a", "b", "c", "d"]) > 0


@pytest.mark.parametrize("momentum", [0, 0.9])
def test_partial_fits_of_values_come_to_what_a_fit_does(momentum: float) -> None:
    options: dict[str, Any] = {"solver": "sgd", "random_state": 1, "learning_rate_init": 0.01, "batch_size": 200}
    whole = MLPRegressor(max_iter=100, momentum=momentum, **options).fit(POINTS, VALUES)
    parts = MLPRegressor(momentum=momentum, **options)
    for _ in range(100):
        parts.partial_fit(POINTS, VALUES)
    np.testing.assert_allclose(whole.predict(POINTS), parts.predict(POINTS))
    assert parts.score(POINTS, VALUES) > 0.65


def test_when_there_is_no_partial_fit() -> None:
    with pytest.raises(ValueError, match="classes not in"):
        MLPClassifier(solver="sgd").partial_fit(*FEW, classes=[2])
    with pytest.raises(ValueError, match="first call to partial_fit"):
        MLPClassifier().partial_fit(*FEW)
    model = MLPClassifier(random_state=0)
    with pytest.raises(ValueError, match="classes not in"):
        model.partial_fit([[1], [2]], [0, 5], classes=[0, 1, 2])
    with pytest.raises(ValueError, match="first call to partial_fit"):  # and not [0, 1] from now on
        model.partial_fit([[1], [2]], [0, 1])
    assert model.partial_fit([[1], [2]], [0, 1], classes=[0, 1, 2]).classes_.tolist() == [0, 1, 2]
    for kind in BOTH:
        assert not hasattr(kind(solver="lbfgs"), "partial_fit")
        assert hasattr(kind(solver="sgd"), "partial_fit")


def test_numbers_too_large_are_an_error() -> None:
    rng = np.random.RandomState(0)
    X, y = np.finfo(np.float64).max * rng.uniform(size=(10, 2)), rng.standard_normal(size=10)
    known = "Solver produced non-finite parameter weights. The input data may contain large values and need to be"
    with pytest.warns(UserWarning, match="far from unit size"), pytest.raises(ValueError, match=known) as caught:
        MLPRegressor().fit(X, y)
    assert isinstance(caught.value, TrainingDiverged)  # and the rest says where, and what to try
    assert re.search(r"of layer \d", str(caught.value))
    assert "learning_rate_init" in str(caught.value)
    assert "scaler=" not in str(caught.value)


def test_probabilities_of_two_classes() -> None:
    X, y = TWO[0][:50], TWO[1][:50]
    model = MLPClassifier(5, "logistic", random_state=1).fit(X, y)
    p, log_p = model.predict_proba(X), model.predict_log_proba(X)
    assert p.shape == (50, 2)
    np.testing.assert_array_equal(p.argmax(axis=1), log_p.argmax(axis=1))
    np.testing.assert_allclose(log_p, np.log(p))
    assert roc_auc_score(y, p[:, 1]) == 1


def test_probabilities_of_many_classes() -> None:
    X, y = MANY[0][:10], MANY[1][:10]
    model = MLPClassifier(5, random_state=0).fit(X, y)
    p, log_p = model.predict_proba(X), model.predict_log_proba(X)
    assert p.shape == (10, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(p.argmax(axis=1), log_p.argmax(axis=1))
    np.testing.assert_allclose(log_p, np.log(p))


def test_probabilities_of_several_labels() -> None:
    X, Y = make_multilabel_classification(n_samples=50, random_state=0)
    model = MLPClassifier(30, solver="lbfgs", random_state=0).fit(X, Y)
    p = model.predict_proba(X)
    assert p.shape == Y.shape
    np.testing.assert_array_equal(p > 0.5, Y == 1)
    assert np.abs(p.sum(axis=1) - 1).max() > 0.5  # they do not share one probability
    np.testing.assert_array_equal(p.argmax(axis=1), model.predict_log_proba(X).argmax(axis=1))
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), p)


def test_shuffling_matters_and_repeats() -> None:
    X, y = make_regression(n_samples=50, n_features=5, random_state=0)
    found = {}
    for shuffle in (True, False):
        twins = [
            MLPRegressor(hidden_layer_sizes=1, max_iter=1, batch_size=1, random_state=0, shuffle=shuffle).fit(X, y)
            for _ in range(2)
        ]
        assert twins[0].network_.theta.tobytes() == twins[1].network_.theta.tobytes()
        found[shuffle] = twins[0].coefs_[0]
    assert not np.array_equal(found[True], found[False])


@pytest.mark.parametrize("made", [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_a_sparse_x_is_a_dense_one(made: Any) -> None:
    X, y = TWO[0][:50], TWO[1][:50]
    dense = MLPClassifier(15, solver="lbfgs", random_state=1).fit(X, y)
    model = MLPClassifier(15, solver="lbfgs", random_state=1).fit(made(X), y)
    np.testing.assert_array_equal(dense.predict(X), model.predict(made(X)))
    np.testing.assert_array_equal(model.predict(X), model.predict(made(X)))
    np.testing.assert_allclose(dense.network_.theta, model.network_.theta)


def test_a_large_tolerance_ends_it() -> None:
    model = MLPClassifier(tol=0.5, max_iter=3000, solver="sgd").fit(*FEW)
    assert model.n_iter_ < 3000
    assert model.history_.stopped == "early stopping"


def test_verbose_prints_every_iteration(capsys: pytest.CaptureFixture[str]) -> None:
    model = MLPClassifier(2, solver="sgd", max_iter=2, verbose=10, random_state=0).fit(*FEW)
    model.partial_fit(*FEW)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["Iteration 1", "Iteration 2", "Iteration 1"]
    assert lines[0] == f"Iteration 1, loss = {model.loss_curve_[0]:.8f}"


@pytest.mark.parametrize(
    "options", [{"learning_rate": "adaptive"}, {"early_stopping": True}, {"solver": "adam", "early_stopping": True}, {}]
)
def test_verbose_says_what_scikit_learn_says(options: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    X, y = TWO[0][:100], TWO[1][:100]
    said = []
    for kind in (MLPClassifier, Theirs):
        kind(8, **({"solver": "sgd", "tol": 0.5, "verbose": True, "random_state": 0} | options)).fit(X, y)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert "did not improve more than tol=0.500000 for 10 consecutive epochs." in said[0]


@pytest.mark.parametrize("kind", BOTH)
def test_early_stopping_and_its_attributes(kind: Any) -> None:
    X, y = TWO[0][:100], TWO[1][:100]
    model = kind(tol=0.2, max_iter=3000, solver="sgd", early_stopping=True, random_state=0).fit(X, y)
    assert model.n_iter_ < 3000
    assert model.best_loss_ is None
    assert isinstance(model.validation_scores_, list)
    assert max(model.validation_scores_) == model.best_validation_score_
    assert all(score < model.best_validation_score_ + 0.2 for score in model.validation_scores_[-2:])
    model = kind(tol=0.2, max_iter=3000, solver="sgd", random_state=0).fit(X, y)
    assert model.validation_scores_ is None
    assert model.best_validation_score_ is None
    assert model.best_loss_ == min(model.loss_curve_)


def test_an_adaptive_rate_becomes_tiny() -> None:
    model = MLPClassifier(tol=0.5, max_iter=3000, solver="sgd", learning_rate="adaptive", random_state=0).fit(*FEW)
    assert model.n_iter_ < 3000
    assert model.history_.learning_rate[-1] < 1e-6


def test_warm_start_wants_the_same_classes() -> None:
    X, options = IRIS - IRIS.mean(axis=0), {"solver": "lbfgs", "warm_start": True, "random_state": 42, "tol": 1e-2}
    model = MLPClassifier(2, **options).fit(X, KINDS)
    model.fit(X, KINDS).fit(X, np.repeat([0, 1, 2], [40, 40, 70]))
    for others in (np.repeat([0, 1], 75), np.repeat([0, 1, 3], 50), np.repeat(range(5), 30)):
        words = f"same classes as in the previous call to fit. Previously got [0 1 2], `y` has {np.unique(others)}"
        with pytest.raises(ValueError, match=re.escape(words)):
            model.fit(X, others)


@pytest.mark.parametrize("kind", BOTH)
def test_a_warm_start_has_all_its_iterations(kind: Any) -> None:
    model = kind(hidden_layer_sizes=2, solver="sgd", warm_start=True, max_iter=3, random_state=0)
    for _ in range(2):
        assert model.fit(IRIS, KINDS).n_iter_ == 3


@pytest.mark.parametrize("wait", [2, 5, 10, 50, 100])
def test_how_long_it_waits(wait: int) -> None:
    X, y = TWO[0][:100], TWO[1][:100]
    model = MLPClassifier(tol=0.01, max_iter=3000, solver="sgd", n_iter_no_change=wait, random_state=0).fit(X, y)
    assert model.n_iter_ < 3000
    best, waited = np.inf, 0
    for epoch, loss in enumerate(model.loss_curve_, 1):
        waited = waited + 1 if loss > best - 0.01 else 0
        best = min(best, loss)
        assert (waited == wait + 1) == (epoch == model.n_iter_)


def test_it_may_wait_for_ever() -> None:
    X, y = TWO[0][:100], TWO[1][:100]
    model = MLPClassifier(tol=1e9, max_iter=300, solver="sgd", n_iter_no_change=np.inf, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(300\)"):
        model.fit(X, y)
    assert model.n_iter_ == 300
    assert model._memory.waited == 299  # every epoch but the first was one without an improvement


def test_the_rows_held_out_are_stratified() -> None:
    with pytest.raises(ValueError, match="only 1 member"):
        MLPClassifier(early_stopping=True).fit([[1, 2], [2, 3], [3, 4], [4, 5]], [0, 0, 0, 1])


def test_early_stopping_with_names_of_classes() -> None:
    names = np.array(["setosa", "versicolor", "virginica"], dtype=object)[KINDS]
    model = MLPClassifier(early_stopping=True, max_iter=50, random_state=42).fit(IRIS, names)
    assert len(model.validation_scores_) == model.n_iter_
    assert np.isfinite(model.validation_scores_).all()


@pytest.mark.parametrize(("kind", "tol"), [(MLPClassifier, 1e-2), (MLPRegressor, 5e-4)])
def test_single_precision_answers_alike(kind: Any, tol: float) -> None:
    X, y = load_digits(n_class=3, return_X_y=True)
    answers = []
    for dtype in (np.float64, np.float32):
        model = kind(alpha=1e-5, hidden_layer_sizes=(5, 3), random_state=1)
        model.set_params(**({"max_iter": 100, "tol": 0.1} if kind is MLPClassifier else {"max_iter": 150, "tol": 1e-3}))
        model.fit(X[:300].astype(dtype), y[:300])
        given = X[300:].astype(dtype)
        answers.append([model.predict(given), *([model.predict_proba(given)] if kind is MLPClassifier else [])])
    for wide, narrow in zip(*answers, strict=True):
        np.testing.assert_allclose(wide, narrow, rtol=tol)
    assert (wide.dtype, narrow.dtype) == (np.float64, np.float32)
    asked = getattr(model, "predict_proba", model.predict)
    for other in (X[300:], X[300:].astype(int), sparse.csr_array(X[300:])):
        assert asked(other).dtype == np.float64  # as the product of the two is
        np.testing.assert_allclose(asked(other), narrow, rtol=1e-3)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_have_the_dtype_of_x(kind: Any, dtype: Any) -> None:
    X, y = IRIS.astype(dtype), KINDS
    model = kind(hidden_layer_sizes=(5, 3), random_state=1, max_iter=5).fit(X, y)
    assert {array.dtype for array in model.coefs_ + model.intercepts_} == {np.dtype(dtype)}
    if kind is MLPRegressor:
        assert model.predict(X).dtype == dtype


def test_a_loaded_model_learns_on(tmp_path: Path) -> None:
    model = MLPRegressor(hidden_layer_sizes=42, random_state=42, learning_rate_init=0.01, max_iter=200).fit([[2]], [4])
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    for _ in range(200):
        loaded.partial_fit([[2]], [1])
    np.testing.assert_allclose(loaded.predict([[2]]), 1, rtol=1e-4)


@pytest.mark.parametrize("kind", BOTH)
def test_names_of_features_survive_early_stopping(kind: Any) -> None:
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.random.RandomState(0).randn(10, 2), columns=["width", "height"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = kind(early_stopping=True, validation_fraction=0.2).fit(X, pandas.Series(np.full(10, 1), name="y"))
    assert list(model.feature_names_in_) == ["width", "height"]
    assert model.network_.features == ("width", "height")


@pytest.mark.parametrize("kind", BOTH)
def test_a_warm_start_adds_validation_scores(kind: Any) -> None:
    model = kind(max_iter=10, random_state=0, warm_start=True, early_stopping=True).fit(IRIS, KINDS)
    before = list(model.validation_scores_)
    model.set_params(max_iter=20).fit(IRIS, KINDS)
    assert model.validation_scores_[: len(before)] == before
    assert len(model.validation_scores_) > len(before)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_a_warm_start_stops_at_max_iter(kind: Any, solver: str) -> None:
    model = kind(solver=solver, warm_start=True, max_iter=10, n_iter_no_change=np.inf, random_state=0)
    for most in (10, 20):
        with pytest.warns(ConvergenceWarning):
            model.set_params(max_iter=most).fit(IRIS, KINDS)
        assert model.n_iter_ == most


@pytest.mark.parametrize("kind", BOTH)
def test_partial_fit_after_a_fit_with_early_stopping(kind: Any) -> None:
    model = kind(early_stopping=True, random_state=0, max_iter=20).fit(IRIS, KINDS)
    scores = len(model.validation_scores_)
    model.partial_fit(IRIS, KINDS)
    assert len(model.validation_scores_) == scores + 1


def test_early_stopping_survives_divergence() -> None:
    model = MLPRegressor(
        activation="identity", solver="sgd", learning_rate_init=1, max_iter=20, early_stopping=True, random_state=0
    )
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model.fit(IRIS, KINDS)
    assert isinstance(model.validation_scores_[-1], float)
    assert np.isnan(model.validation_scores_[-1])
    assert np.isfinite(model.network_.theta).all()
    assert model.history_.stopped == "diverged"


def test_equal_weights_change_nothing() -> None:
    X, y = make_regression(n_samples=100, n_features=2, random_state=42)
    options: dict[str, Any] = {"early_stopping": True, "tol": 1e-2, "learning_rate_init": 0.01, "batch_size": 10}
    plain = MLPRegressor(hidden_layer_sizes=10, random_state=42, **options).fit(X, y)
    weighed = MLPRegressor(hidden_layer_sizes=10, random_state=42, **options).fit(X, y, sample_weight=np.ones(100))
    np.testing.assert_allclose(plain.predict(X), weighed.predict(X))


@pytest.mark.parametrize("seed", range(3))
def test_poisson_without_a_bend_is_the_linear_model(seed: int) -> None:
    x = np.linspace(0, 1, 100)
    X, y = x[:, np.newaxis], np.random.default_rng(seed).poisson(np.exp(x + 1))
    linear = PoissonRegressor(alpha=0, tol=1e-7).fit(X, y).predict(X)
    options: dict[str, Any] = {"alpha": 0, "solver": "lbfgs", "tol": 1e-7, "random_state": seed + 1}
    poisson = MLPRegressor(loss="poisson", hidden_layer_sizes=1, activation="identity", **options).fit(X, y)
    squared = MLPRegressor(hidden_layer_sizes=1, activation="identity", **options).fit(X, y)
    np.testing.assert_allclose(poisson.predict(X), linear, rtol=1e-4)
    assert not np.allclose(squared.predict(X), linear, rtol=1e-4)
    bare = MLPRegressor(loss="poisson", hidden_layer_sizes=(), **options).fit(X, y)  # theirs needs a hidden unit
    np.testing.assert_allclose(bare.predict(X), linear, rtol=1e-4)


def test_too_few_rows_to_hold_out() -> None:
    X, y = make_regression(n_samples=2, n_features=5, random_state=0)
    with pytest.raises(ValueError, match="The validation set is too small"):
        MLPRegressor(early_stopping=True, random_state=0).fit(X, y)
