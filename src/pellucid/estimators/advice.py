"""What is said about data that train badly without a word elsewhere: unscaled features, one-hot labels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Gradients along the first layer's weights grow with the square of the features: at a root mean square of 30, a
# thousandfold. The iris in centimetres reach 6, grey values of 0 to 16 about 10: those train.
LARGE = 30.0
SEEN = 2000  # rows that are looked at


class UnscaledWarning(UserWarning):
    """Features far larger than the weights are drawn for."""


class OneHotWarning(UserWarning):
    """Labels that look like one class a row, but are learnt as separate questions."""


def look_at_features(X: Any, names: Any, stacklevel: int) -> None:
    """Warn, with the fix, where features (n, d), an array or a sparse matrix, are far from unit size."""
    step = -(-X.shape[0] // SEEN)
    sample = X[::step]
    if isinstance(sample, np.ndarray):
        with np.errstate(over="ignore"):
            size = np.sqrt(np.mean(np.square(sample, dtype=np.float64), axis=0))
    else:
        size = np.sqrt(np.asarray(sample.multiply(sample).mean(axis=0))).ravel()
    if not (size > LARGE).any():
        return
    worst = int(np.argmax(size))
    called = f"column {worst}" if names is None else f"{names[worst]!r}"
    scaler = "StandardScaler()" if isinstance(sample, np.ndarray) else "MaxAbsScaler()"
    warnings.warn(
        f"{np.count_nonzero(size > LARGE)} of {len(size)} features are far from unit size: the root mean square of "
        f"{called} is {size[worst]:.3g}. Weights are drawn for features of about 1, and training will be slow or end "
        f"in a bad place. Scale them: make_pipeline({scaler}, ...) of scikit-learn.",
        UnscaledWarning,
        stacklevel=stacklevel + 1,
    )


def look_at_labels(t: Array, stacklevel: int) -> None:
    """Warn where an indicator matrix (n, K) of labels has a single 1 in every row."""
    if len(t) > 1 and t.shape[1] > 1 and (np.count_nonzero(t, axis=1) == 1).all():
        warnings.warn(
            f"y is one-hot: a single 1 in each row of {t.shape[1]} columns. It is learnt as {t.shape[1]} separate "
            "questions (multilabel), as scikit-learn does, and a prediction may name no class or several. For one "
            "class a row, pass y.argmax(axis=1).",
            OneHotWarning,
            stacklevel=stacklevel + 1,
        )
