"""scikit-learn's own checks of an estimator: all of them, for both classes and both engines, none expected to fail.

As they come, the estimators have the readable engine for data as small as those of the checks; asked for by name, it
passes them in `make nightly` too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from typing import Any
from unittest import SkipTest

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from pellucid.estimators import MLPClassifier, MLPRegressor

pytestmark = [
    # The checks fit what has no structure for few epochs, on features of any size.
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::pellucid.estimators.UnscaledWarning"),
]

# SciPy decides when it is imported whether it knows other arrays than NumPy's, so this check has a process of its own.
ELSEWHERE = """
from sklearn.utils.estimator_checks import estimator_checks_generator
from pellucid.estimators import MLPClassifier, MLPRegressor

ran = 0
for estimator, check in estimator_checks_generator({estimator!r}):
    if getattr(check, "func", check).__name__ == {name!r}:
        check(estimator)
        ran += 1
assert ran
"""


def checked(estimator: Any, check: Any) -> None:
    name = getattr(check, "func", check).__name__
    if "array_api" not in name:
        # One check skips itself: it is about a method that scikit-learn's perceptrons do not have either.
        skips = pytest.raises(SkipTest, match="decision_function") if "decision_function" in name else nullcontext()
        with nullcontext() if "multilabel" not in name else skips:
            check(estimator)
        return
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ELSEWHERE.format(estimator=estimator, name=name)],
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@parametrize_with_checks(
    [MLPClassifier(), MLPRegressor(), MLPClassifier(engine="compiled"), MLPRegressor(engine="compiled")]
)
def test_it_passes_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    checked(estimator, check)


@pytest.mark.nightly
@parametrize_with_checks([MLPClassifier(engine="readable"), MLPRegressor(engine="readable")])
def test_it_passes_them_with_the_readable_engine_by_name(estimator: Any, check: Any) -> None:
    checked(estimator, check)


def test_data_as_small_as_theirs_are_not_worth_a_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from pellucid.engines import compiled

    monkeypatch.setattr(compiled, "prepare", lambda job: pytest.fail("it is compiled"))
    X = np.random.RandomState(0).rand(200, 10)
    for estimator in (MLPClassifier(random_state=0), MLPRegressor(max_iter=100_000, random_state=0)):
        assert estimator.fit(X, X[:, 0] > 0.5).history_.engine == "readable"
