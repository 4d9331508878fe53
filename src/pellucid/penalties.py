"""Penalties on weights (never biases), added once to the mean loss: l2/2 sum W^2 + l1 sum |W|."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import magnitude

Array = npt.NDArray[Any]


def penalty(theta: Array, weights: Array, l2: float, l1: float) -> Any:
    """The penalty of parameters theta; `weights` is 1 where theta holds a weight and 0 where it holds a bias.

    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009), sections 3.4 and 11.5.2.

    Example:
        >>> float(penalty(np.array([3.0, -4.0, 7.0]), np.array([1.0, 1.0, 0.0]), l2=2.0, l1=0.1))
        25.7
    """
    W = weights * theta
    squares = l2 / 2 * np.sum(W * W) if l2 else 0.0
    return squares + l1 * np.sum(magnitude(W)) if l1 else squares


def penalty_gradient(theta: Array, weights: Array, l2: float, l1: float) -> Array:
    """Its gradient by theta, of the same shape: l2 W + l1 sign(W), with slope 0 where a weight is 0."""
    W = weights * theta
    return l2 * W + l1 * np.sign(np.real(W)) if l1 else l2 * W
