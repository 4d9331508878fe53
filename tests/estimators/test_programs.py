"""Programs that use scikit-learn's MLPs in all the usual places: with ours in their stead they do the same."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pytest
import sklearn
import sklearn.neural_network as theirs
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import make_multilabel_classification, make_regression
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingRegressor, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from pellucid import estimators as ours
from pellucid.data import load
from pellucid.estimators.installed import VERSION

NEWER = VERSION >= (1, 7)
_iris = load("iris")
X, Y = _iris.X, _iris.y
NAMES = np.array(["setosa", "versicolor", "virginica"], dtype=object)[Y]
TWO = (NAMES == "setosa").astype(int)
POINTS, VALUES = make_regression(90, 4, noise=2, random_state=0)
VALUES = VALUES / 40
QUICK: dict[str, Any] = {"hidden_layer_sizes": 6, "max_iter": 30, "random_state": 0}
LBFGS = QUICK | {"solver": "lbfgs", "max_iter": 8}
WORDS = ["a fine day and a good meal", "a bad day", "good good food", "bad rain and cold food", "fine rain"] * 4

PROGRAMS: list[Callable[[Any], Any]] = []


def program(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """One that takes the module with the two classes, and gives numbers."""
    PROGRAMS.append(function)
    return function


@program
def a_pipeline(mlp: Any) -> Any:
    model = make_pipeline(StandardScaler(), mlp.MLPClassifier(**QUICK)).fit(X, NAMES)
    return [model.predict(X), model.predict_proba(X), model.score(X, NAMES), model[-1].coefs_[0]]


@program
def a_frame_in_and_frames_within(mlp: Any) -> Any:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"]).assign(kind=NAMES[::-1])
    within = make_column_transformer((OneHotEncoder(sparse_output=False), ["kind"]), remainder=StandardScaler())
    model = make_pipeline(within, mlp.MLPRegressor(**QUICK)).set_output(transform="pandas")
    model.fit(frame, pandas.Series(X[:, 0] * 2))
    return [model.predict(frame), len(model[-1].feature_names_in_), model[-1].n_features_in_]


@program
def a_grid_search(mlp: Any) -> Any:
    grid = {"mlpclassifier__alpha": [1e-4, 1.0], "mlpclassifier__hidden_layer_sizes": [(4,), (5, 3)]}
    model = make_pipeline(MinMaxScaler(), mlp.MLPClassifier(**QUICK))
    search = GridSearchCV(model, grid, cv=3).fit(X, NAMES)
    return [search.best_score_, search.cv_results_["mean_test_score"], search.predict(X)]


@program
def a_random_search(mlp: Any) -> Any:
    choice = {"learning_rate_init": [1e-3, 1e-2, 1e-1], "activation": ["relu", "tanh"]}
    search = RandomizedSearchCV(mlp.MLPRegressor(**QUICK), choice, n_iter=4, cv=2, random_state=0)
    return search.fit(POINTS, VALUES).cv_results_["mean_test_score"]


@program
def cross_validation(mlp: Any) -> Any:
    scores = cross_val_score(mlp.MLPClassifier(**QUICK), X, NAMES, cv=3, scoring="neg_log_loss")
    found = cross_validate(mlp.MLPRegressor(**QUICK), POINTS, VALUES, cv=3, return_train_score=True)
    chances = cross_val_predict(mlp.MLPClassifier(**QUICK), X, NAMES, cv=3, method="predict_proba")
    return [scores, found["test_score"], found["train_score"], chances]


@program
def curves_of_learning(mlp: Any) -> Any:
    model = mlp.MLPClassifier(**LBFGS)
    _, *learnt = learning_curve(model, X, Y, cv=3, shuffle=True, random_state=0, train_sizes=[0.3, 1.0])
    return [*learnt, *validation_curve(model, X, Y, param_name="alpha", param_range=[0.1, 1], cv=3)]


@program
def curves_of_learning_in_parts(mlp: Any) -> Any:
    options = {"exploit_incremental_learning": True, "shuffle": True, "random_state": 0, "train_sizes": [0.5, 1.0]}
    return learning_curve(mlp.MLPClassifier(**QUICK), X, Y, cv=3, **options)[1:]


@program
def calibration(mlp: Any) -> Any:
    methods = ("sigmoid", "isotonic")
    return [
        CalibratedClassifierCV(mlp.MLPClassifier(**QUICK), method=method, cv=3).fit(X, NAMES).predict_proba(X)
        for method in methods
    ]


@program
def a_vote(mlp: Any) -> Any:
    voters = [("net", mlp.MLPClassifier(**QUICK)), ("line", LogisticRegression(max_iter=500))]
    return VotingClassifier(voters, voting="soft").fit(X, NAMES).predict_proba(X)


@program
def a_stack(mlp: Any) -> Any:
    first = [("net", mlp.MLPRegressor(**QUICK)), ("line", Ridge())]
    return StackingRegressor(first, final_estimator=mlp.MLPRegressor(**LBFGS)).fit(POINTS, VALUES).predict(POINTS)


@program
def a_bag(mlp: Any) -> Any:
    return BaggingClassifier(mlp.MLPClassifier(**QUICK), 3, random_state=0).fit(X, NAMES).predict_proba(X)


if NEWER:

    @program
    def boosting(mlp: Any) -> Any:
        return AdaBoostClassifier(mlp.MLPClassifier(**LBFGS), n_estimators=3, random_state=0).fit(X, Y).predict_proba(X)

    @program
    def routed_weights(mlp: Any) -> Any:
        weights = np.linspace(0.1, 2, 150)
        with sklearn.config_context(enable_metadata_routing=True):
            net = mlp.MLPClassifier(**QUICK).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
            model = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net)
            found = cross_validate(net, X, Y, cv=3, params={"sample_weight": weights})
            return [found["test_score"], model.fit(X, Y, sample_weight=weights).predict_proba(X)]


@program
def one_against_the_rest(mlp: Any) -> Any:
    found = [OneVsRestClassifier(mlp.MLPClassifier(**QUICK)).fit(X, NAMES).predict_proba(X)]
    found += [OneVsOneClassifier(mlp.MLPClassifier(**LBFGS)).fit(X, NAMES).decision_function(X)]
    return [*found, OutputCodeClassifier(mlp.MLPClassifier(**LBFGS), random_state=0).fit(X, Y).predict(X)]


@program
def many_outputs(mlp: Any) -> Any:
    Z, labels = make_multilabel_classification(60, random_state=0)
    several = MultiOutputClassifier(mlp.MLPClassifier(**LBFGS)).fit(X, np.column_stack([Y, TWO]))
    chain = ClassifierChain(mlp.MLPClassifier(**LBFGS), random_state=0).fit(Z, labels)
    values = np.column_stack([VALUES, VALUES**2])
    both = MultiOutputRegressor(mlp.MLPRegressor(**QUICK)).fit(POINTS, values).predict(POINTS)
    return [several.predict_proba(X)[0], chain.predict_proba(Z), both,
            RegressorChain(mlp.MLPRegressor(**QUICK)).fit(POINTS, values).predict(POINTS)]  # fmt: skip


@program
def texts(mlp: Any) -> Any:
    model = make_pipeline(TfidfVectorizer(), mlp.MLPClassifier(**LBFGS))
    labels = ["good", "bad", "good", "bad", "good"] * 4
    return [model.fit(WORDS, labels).predict(WORDS), model.predict_proba(WORDS)]


@program
def a_transformed_target(mlp: Any) -> Any:
    inner = mlp.MLPRegressor(**QUICK)
    return TransformedTargetRegressor(inner, transformer=StandardScaler()).fit(POINTS, VALUES * 50).predict(POINTS)


@program
def half_of_the_labels(mlp: Any) -> Any:
    y = np.where(np.arange(150) % 3 == 0, Y, -1)
    return SelfTrainingClassifier(mlp.MLPClassifier(**LBFGS), max_iter=2).fit(X, y).predict(X)


@program
def what_matters(mlp: Any) -> Any:
    model = mlp.MLPRegressor(**QUICK).fit(POINTS, VALUES)
    found = permutation_importance(model, POINTS, VALUES, n_repeats=2, random_state=0)
    chosen = SequentialFeatureSelector(mlp.MLPClassifier(**LBFGS), n_features_to_select=2, cv=2).fit(X, Y)
    return [found.importances, partial_dependence(model, POINTS, [0], grid_resolution=5)["average"], chosen.support_]


@program
def batches_from_a_stream(mlp: Any) -> Any:
    model = make_pipeline(StandardScaler(), mlp.MLPClassifier(**QUICK))
    net = model[-1]
    for k in range(6):
        rows = np.arange(k, 150, 6)
        net.partial_fit(model[0].partial_fit(X[rows]).transform(X[rows]), NAMES[rows], classes=np.unique(NAMES))
    return [net.predict_proba(X), net.t_, net.n_iter_, net.loss_curve_]


@program
def copies(mlp: Any) -> Any:
    model = mlp.MLPClassifier(**QUICK).fit(X, NAMES)
    twins = [pickle.loads(pickle.dumps(model)), copy.deepcopy(model), clone(model).fit(X, NAMES)]
    return [twin.partial_fit(X, NAMES).predict_proba(X) for twin in twins]


@program
def weights_by_hand(mlp: Any) -> Any:
    """Some take the weights out, change them, and put them in again."""
    model = mlp.MLPClassifier(**QUICK).fit(X, Y)
    model.coefs_[0] = model.coefs_[0] / 2
    model.intercepts_[1][0] += 1
    before = model.predict_proba(X)
    model.coefs_ = [2 * W for W in model.coefs_]
    hidden = np.maximum(X @ model.coefs_[0] + model.intercepts_[0], 0)
    return [before, model.predict_proba(X), hidden @ model.coefs_[1] + model.intercepts_[1]]


@pytest.mark.parametrize("run", PROGRAMS, ids=lambda run: run.__name__)
def test_a_program_does_the_same_with_ours(run: Callable[[Any], Any]) -> None:
    for mine, other in zip(flat(run(ours)), flat(run(theirs)), strict=True):
        if np.asarray(other).dtype.kind in "fc":
            np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-6)
        else:
            np.testing.assert_array_equal(mine, other)


def flat(found: Any) -> list[Any]:
    """The arrays of a list of lists of them."""
    if isinstance(found, list | tuple):
        return [one for part in found for one in flat(part)]
    return [found]


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_what_it_is_and_how_it_is_shown(name: str) -> None:
    mine, other = getattr(ours, name), getattr(theirs, name)
    assert (is_classifier(mine()), is_regressor(mine())) == (is_classifier(other()), is_regressor(other()))
    assert repr(mine(alpha=0.5)) == repr(other(alpha=0.5))
    page = mine(hidden_layer_sizes=7)._repr_html_()
    assert name in page
    model = mine(**QUICK).fit(X, Y)
    assert name in model._repr_html_()
    assert joblib.hash(mine()) == joblib.hash(mine())


def test_a_search_with_several_fits_at_a_time() -> None:
    grid = {"alpha": [1e-4, 1.0]}
    alone = GridSearchCV(ours.MLPClassifier(**QUICK), grid, cv=2).fit(X, NAMES)
    with joblib.parallel_config(backend="threading"):  # processes would take seconds to start
        many = GridSearchCV(ours.MLPClassifier(**QUICK), grid, cv=2, n_jobs=2).fit(X, NAMES)
    np.testing.assert_array_equal(alone.cv_results_["mean_test_score"], many.cv_results_["mean_test_score"])


def test_rows_to_look_at_are_routed() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        net = ours.MLPClassifier(**QUICK).set_fit_request(X_val=True, y_val=True)
        model = make_pipeline(StandardScaler(), net).fit(X, Y, X_val=X[:9], y_val=Y[:9])
    assert len(model[-1].validation_loss_curve_) == 30
