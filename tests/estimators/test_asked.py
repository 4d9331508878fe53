"""Parameters: what each may be, and what is said of others; all at fit, none in __init__."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import InputError
from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.estimators.asked import asked
from pellucid.estimators.rules import Adaptive, InverseScaling, RateAdam, VelocitySGD
from pellucid.schedules import Constant

WRONG: dict[str, list[Any]] = {
    "hidden_layer_sizes": [0, -1, (3, 0), "ten", 2.5, None, (True,)],
    "activation": ["softmax", "rleu", 3, None, ["relu", "tanh"]],
    "solver": ["adamm", None, 3],
    "alpha": [-1e-9, "a", np.inf, np.nan, True],
    "batch_size": [0, 2.5, None, "all"],
    "learning_rate": ["constant ", 0.1, None],
    "learning_rate_init": [0, -1, None],
    "power_t": [-1],
    "max_iter": [0, 2.5, None],
    "shuffle": [1, "yes", None],
    "tol": [-1],
    "verbose": [-1, "yes", None],
    "warm_start": [1],
    "momentum": [-0.1, 1.1],
    "nesterovs_momentum": ["no"],
    "early_stopping": [5],
    "validation_fraction": [1.0, -0.1],
    "beta_1": [1.0, -0.1],
    "beta_2": [1.0],
    "epsilon": [0],
    "n_iter_no_change": [0, 2.5, -np.inf],
    "max_fun": [0],
    "dropout": [1.0, -0.5, [0.1, 0.2], "a"],
    "clip_norm": [0, -1],
    "dtype": ["int", "float16", "nothing"],
    "engine": ["fast", None],
    "on_epoch": [3],
}
X, Y = np.arange(12.0).reshape(6, 2), [0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_parameter_is_refused_by_fit_with_its_name(name: str, value: Any) -> None:
    model = MLPClassifier(**{name: value})
    with pytest.raises(InputError) as caught:
        model.fit(X, Y)
    assert name.split("_", maxsplit=1)[0] in str(caught.value)
    assert not hasattr(model, "network_")


def test_every_parameter_of_both_is_looked_at() -> None:
    names = set(MLPClassifier().get_params()) | set(MLPRegressor().get_params())
    assert names - set(WRONG) == {"random_state", "class_weight", "progress", "loss"}  # looked at where they are used


@pytest.mark.parametrize("change", [{"class_weight": "even"}, {"class_weight": {0: -1}}, {"random_state": "a"}])
def test_the_rest_is_refused_where_it_is_used(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        MLPClassifier(**change).fit(X, Y)


def test_names_become_records() -> None:
    wanted = asked(MLPClassifier(np.array([3, 4]), "logistic", n_iter_no_change=np.inf, dtype=np.float32))
    assert [str(layer) for layer in wanted.layers] == ["Dense 3 sigmoid", "Dense 4 sigmoid"]
    assert (wanted.patience, wanted.dtype, wanted.batch_size) == (np.inf, np.dtype(np.float32), None)
    assert [wanted.batch(n) for n in (50, 5000)] == [50, 200]
    assert wanted.optimizer == RateAdam()
    assert asked(MLPRegressor(solver="sgd")).optimizer == VelocitySGD(0.001, 0.9, True)
    assert asked(MLPRegressor(solver="lbfgs")).optimizer is None
    assert asked(MLPRegressor(batch_size=7)).batch(50) == 7


def test_rates_of_scikit_learn_are_for_sgd() -> None:
    for name, kind in (("constant", Constant), ("invscaling", InverseScaling), ("adaptive", Adaptive)):
        assert type(asked(MLPRegressor(solver="sgd", learning_rate=name)).schedule(10, 0, True)) is kind
        assert type(asked(MLPRegressor(solver="adam", learning_rate=name)).schedule(10, 0, True)) is Constant


def test_dropout_has_no_place_in_lbfgs() -> None:
    with pytest.raises(InputError, match="same loss"):
        MLPClassifier(solver="lbfgs", dropout=0.1).fit(X, Y)


def test_init_only_stores() -> None:
    """What is wrong is said by fit, and clone finds the very objects that were given."""
    sizes = [3, 4]
    assert MLPClassifier(hidden_layer_sizes=sizes).get_params()["hidden_layer_sizes"] is sizes
    assert MLPRegressor(alpha="no").alpha == "no"  # type: ignore[arg-type]
