"""Arguments by position, as the installed version of scikit-learn has them."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest
import sklearn.neural_network as theirs

from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.estimators.installed import VERSION, before


def test_the_first_positional_argument_is_that_of_the_installed_version() -> None:
    names = list(inspect.signature(theirs.MLPRegressor).parameters)
    first = MLPRegressor("given").get_params()
    assert first[names[0]] == "given"
    assert MLPClassifier((7, 8), "tanh").get_params()["hidden_layer_sizes"] == (7, 8)
    assert MLPClassifier((7, 8), "tanh").get_params()["activation"] == "tanh"
    with pytest.raises(TypeError):
        MLPClassifier((7,), "tanh", "adam")  # type: ignore[misc]


def test_the_third_argument_of_partial_fit_too() -> None:
    X, y = np.arange(8.0).reshape(4, 2), [0, 1, 0, 1]
    third = list(inspect.signature(theirs.MLPClassifier.partial_fit).parameters)[3]
    if third == "classes":
        assert list(MLPClassifier().partial_fit(X, y, [0, 1]).classes_) == [0, 1]
    else:
        assert list(MLPClassifier().partial_fit(X, y, np.ones(4), [0, 1]).classes_) == [0, 1]


def test_without_scikit_learn_the_extra_is_named() -> None:
    program = """
import sys
sys.modules["sklearn"] = None
import pellucid.estimators
try:
    from pellucid.estimators import MLPClassifier
except ImportError as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("MissingExtra")
    assert "[sklearn]" in done.stdout


def test_a_name_that_is_not_there_is_answered_with_the_nearest() -> None:
    import pellucid.estimators

    assert dir(pellucid.estimators) == sorted(pellucid.estimators.__all__)
    with pytest.raises(AttributeError, match="Did you mean 'MLPClassifier'"):
        pellucid.estimators.MLPClasifier  # noqa: B018


class Told:
    @before((99, 0), ["self", "second"])
    def reordered(self, first: int = 1, second: int = 2, *, third: int = 3) -> tuple[int, int, int]:
        """Said."""
        return first, second, third

    @before((0, 1), ["self", "second"])
    def left(self, first: int = 1, second: int = 2) -> tuple[int, int]:
        return first, second


def test_an_older_order_is_put_back() -> None:
    told = Told()
    assert told.reordered(5) == (1, 5, 3)
    assert told.reordered(5, first=7, third=9) == (7, 5, 9)
    with pytest.raises(TypeError):
        told.reordered(5, 6)
    assert list(inspect.signature(Told.reordered).parameters) == ["self", "second", "first", "third"]
    assert Told.reordered.__doc__ == "Said."
    assert told.left(5) == (5, 2)
    assert len(VERSION) == 2
