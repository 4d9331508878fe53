"""Losses of rows that are moved a little, compiled: what numerical gradients ask for by the million."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.engines.compiled import store, units
from pellucid.network import Network

Array = npt.NDArray[Any]
POINTER, WHOLE = ctypes.c_void_p, ctypes.c_int64


class Moved:
    """The losses of a network's rows as a function of how far their last pre-activation moves.

    Args:
        net: a float64 network.

    Raises:
        CannotCompile: a formula has no place in compiled loops.
        BuildFailed: the build could not make it.
    """

    def __init__(self, net: Network) -> None:
        unit = units.moved(net.output.activation, net.loss_function, np.dtype(np.float64), net.outputs)
        self.arrays, self.rows = unit.arrays, unit.rows
        (address,) = store.addresses([unit])
        self.function = ctypes.CFUNCTYPE(None, *[POINTER] * 7, WHOLE, WHOLE)(address)

    def __call__(self, z: Array, weights: Array, change: Array, t: Array) -> Array:
        """Losses (several, m) where z (K, m) becomes z + weights[i] change[i], for i one after the other.

        Args:
            z, t: pre-activations and targets, (K, m).
            weights: (several, K).
            change: (several, m).
        """
        K, m = z.shape
        z, weights, change, t = (np.ascontiguousarray(a, dtype=np.float64) for a in (z, weights, change, t))
        losses = np.empty(change.shape)
        arrays, rows = np.empty((self.arrays, K, m)), np.empty((self.rows, m))
        for weight, by, into in zip(weights, change, losses, strict=True):
            places = (z, weight, by, t, into, arrays, rows)
            self.function(*(array.ctypes.data for array in places), K, m)
        return losses
