"""Log-loss as scikit-learn counts it: the probability of what is true is no smaller than the spacing of floats at 1.

So a row that is told wrongly and surely costs 36 (16 in single precision) and no more, though the gradient is that of
the exact loss. Where features are unscaled this decides when training ends and how far L-BFGS goes; `network_` itself
keeps the exact loss.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.losses import BINARY_CROSS_ENTROPY, CROSS_ENTROPY, Loss, binary_cross_entropy, cross_entropy
from pellucid.network import Network

Array = npt.NDArray[Any]


def cut_cross_entropy(z: Array, t: Array, most: float) -> Array:
    return np.minimum(cross_entropy(z, t), most)


def cut_binary_cross_entropy(z: Array, t: Array, most: float) -> Array:
    return np.minimum(binary_cross_entropy(z, t), most)


def cut_off(loss: Loss, dtype: npt.DTypeLike) -> Loss:
    """The loss of classes with each output's at most -log of the spacing of floats at 1; any other loss as it is.

    Example:
        >>> z, t = np.array([[0.0, 100.0]]), np.array([[1.0, 0.0]])
        >>> float(cut_off(CROSS_ENTROPY, "float64").rows(z, z, t)[0].round(3)), float(CROSS_ENTROPY.rows(z, z, t)[0])
        (36.044, 100.0)
    """
    values = {CROSS_ENTROPY: cut_cross_entropy, BINARY_CROSS_ENTROPY: cut_binary_cross_entropy}
    if loss not in values:
        return loss
    most = float(-np.log(np.finfo(np.dtype(dtype)).eps))
    value = partial(values[loss], most=most)
    return Loss(loss.name, value, loss.gradient, loss.output, loss.from_logits, loss.source)


def in_training(net: Network) -> Network:
    """The network that is trained in place of this one: another object with the same parameters, and the loss cut off.

    Example:
        >>> from pellucid import Dense
        >>> net = Network([Dense(1, "sigmoid")], inputs=1)
        >>> in_training(net).theta[0] = 5.0
        >>> float(net.theta[0])
        5.0
    """
    twin = copy.copy(net)
    twin.loss_function = cut_off(net.loss_function, net.dtype)
    return twin
