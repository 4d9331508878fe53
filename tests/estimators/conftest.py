"""What the tests of estimators share: small fits seldom converge, which is not what they are about."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings are errors, but for the one that most fits of a few epochs give, here where it is not looked at."""
    for item in items:
        if "estimators" in item.path.parts:
            item.add_marker(pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"), append=False)
