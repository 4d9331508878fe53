"""A fit of MLPClassifier as it comes, ours or scikit-learn's: python -m bench.whole.estimator PEER DATA EPOCHS SEED

One epoch before the clock, so that what is loaded once is loaded; then the fit that counts. Every parameter has its
default, but that the number of epochs is fixed.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from bench.memory import peak
from pellucid.data import load_mnist


def data(name: str) -> tuple[Any, Any, Any, Any]:
    """X, X_test, y, y_test, float64: scaled as their users do."""
    if name == "mnist":
        (X, y), (X_test, y_test) = load_mnist()
        return X / 255.0, X_test / 255.0, y, y_test
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return tuple(train_test_split(X / 16.0, y, random_state=0, stratify=y))
    X, y = load_breast_cancer(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, random_state=0, stratify=y)
    mean, std = X.mean(axis=0), X.std(axis=0)
    return (X - mean) / std, (X_test - mean) / std, y, y_test


def main(peer: str, name: str, epochs: int, seed: int) -> None:
    if peer == "pellucid":
        from pellucid.estimators import MLPClassifier
    else:
        from sklearn.neural_network import MLPClassifier
    warnings.simplefilter("ignore", ConvergenceWarning)  # it says that max_iter was reached, which is what is wanted
    X, X_test, y, y_test = data(name)
    fixed: dict[str, Any] = {"random_state": seed, "tol": 0.0, "n_iter_no_change": np.inf}
    loaded = {"engine": "compiled"} if peer == "pellucid" else {}
    MLPClassifier(max_iter=1, **loaded).fit(X[:400], y[:400])
    model = MLPClassifier(max_iter=epochs, **fixed)
    started = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - started
    print(
        json.dumps({
            "seconds": seconds, "accuracy": float(model.score(X_test, y_test)), "epochs": int(model.n_iter_),
            "loss": float(model.loss_), "peak": peak(),
        })
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
