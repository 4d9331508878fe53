"""What the tests of estimators share: small fits seldom converge, which is not what they are about."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings are errors, but for the one that most fits of a few epochs give, here where it is not looked at.

    And for one of SciPy's about how scikit-learn 1.6 calls it.
    """
    for item in items:
        if "estimators" in item.path.parts:
            for ignored in ("ignore::sklearn.exceptions.ConvergenceWarning", "ignore:.*iprint:DeprecationWarning"):
                item.add_marker(pytest.mark.filterwarnings(ignored), append=False)
