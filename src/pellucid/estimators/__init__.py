"""Estimators for scikit-learn's pipelines and searches: its MLPClassifier and MLPRegressor, trained by this library.

    from pellucid.estimators import MLPClassifier

in place of `from sklearn.neural_network import MLPClassifier` leaves a program working: the same parameters, methods
and attributes, the same initial weights, batches and updates. What is beyond is told in
docs/coming-from-scikit-learn.md, `estimator.network_` first of all: the Network underneath.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid.errors import did_you_mean, need

if TYPE_CHECKING:
    from pellucid.estimators.advice import OneHotWarning, UnscaledWarning
    from pellucid.estimators.classifier import MLPClassifier
    from pellucid.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "OneHotWarning", "UnscaledWarning"]

_WHERE = {
    "MLPClassifier": "classifier",
    "MLPRegressor": "regressor",
    "OneHotWarning": "advice",
    "UnscaledWarning": "advice",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        need("sklearn", "sklearn")  # says how to install it where it is missing
        return getattr(import_module(f"pellucid.estimators.{_WHERE[name]}"), name)
    hint = "" if name.startswith("_") else did_you_mean(name, __all__)
    raise AttributeError(f"module 'pellucid.estimators' has no attribute {name!r}.{hint}")


def __dir__() -> list[str]:
    return sorted(__all__)
