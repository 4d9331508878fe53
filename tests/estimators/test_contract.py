"""scikit-learn's own checks of an estimator: all of them, for both classes and both engines, none expected to fail."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from pellucid.estimators import MLPClassifier, MLPRegressor

pytestmark = [
    # The checks fit what has no structure for few epochs, on features of any size.
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::pellucid.estimators.UnscaledWarning"),
]


@parametrize_with_checks(
    [
        MLPClassifier(),
        MLPRegressor(),
        MLPClassifier(engine="readable"),
        MLPRegressor(engine="readable"),
        MLPClassifier(engine="compiled"),
        MLPRegressor(engine="compiled"),
    ]
)
def test_it_passes_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)
