"""Weights as scikit-learn draws and shows them: Glorot's bound through a RandomState; lists of matrices and biases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import SIGMOID, Activation
from pellucid.errors import InputError
from pellucid.layers import Dense
from pellucid.network import Network

Array = npt.NDArray[Any]


def drawn(rng: np.random.RandomState, widths: Sequence[int], activations: Sequence[Activation]) -> Array:
    """Initial parameters in theta's order, (size,) float64: W1 row by row, b1, W2, ...

    Each is uniform within sqrt(6 / (fan_in + fan_out)), or sqrt(2 / ...) for the sigmoid, biases too. The last layer
    takes the bound of the last hidden one.

    Args:
        rng: what is drawn from.
        widths: inputs, hidden units, outputs.
        activations: of the hidden layers.

    Source: Glorot and Bengio, AISTATS (2010), equation 16.

    Example:
        >>> drawn(np.random.RandomState(0), [2, 1], []).round(3)
        array([0.138, 0.609, 0.291])
    """
    of_layers = [*activations, activations[-1]] if activations else [None]
    arrays = []
    for (fan_in, units), activation in zip(pairwise(widths), of_layers, strict=True):
        bound = np.sqrt((2.0 if activation == SIGMOID else 6.0) / (fan_in + units))
        arrays += [rng.uniform(-bound, bound, (fan_in, units)).ravel(), rng.uniform(-bound, bound, units)]
    return np.concatenate(arrays)


def reshaped(net: Network, weights: Sequence[Any]) -> Network:
    """A network with units taken away or added; its biases are kept in the layers that are as wide as before, else 0.

    Args:
        net: what it is made of; it stays as it is.
        weights: matrices of the new shapes, (fan_in, units) each. Inputs and outputs must stay as many.

    Raises:
        InputError: shapes that do not fit together, or other inputs or outputs.

    Example:
        >>> from pellucid import Dense
        >>> net = Network([Dense(3, "tanh"), Dense(1)], inputs=2)
        >>> [view.shape for view in reshaped(net, [np.zeros((2, 1)), np.zeros((1, 1))]).params.values()]
        [(2, 1), (1,), (1, 1), (1,)]
    """
    shapes = [np.shape(W) for W in weights]
    flat = all(len(shape) == 2 for shape in shapes)
    if (
        not flat
        or shapes[0][0] != net.inputs
        or shapes[-1][1] != net.outputs
        or any(a[1] != b[0] or not a[1] for a, b in pairwise(shapes))
    ):
        raise InputError(
            f"Weight matrices of shapes {shapes} make no network of {net.inputs} inputs and {net.outputs} outputs: "
            "the units of each layer are the rows of the next matrix."
        )
    units = iter(shape[1] for shape in shapes)
    layers = [replace(layer, units=next(units)) if isinstance(layer, Dense) else layer for layer in net.layers]
    new = Network(layers, net.inputs, 0, net.loss_function, net.dtype)
    new.labels, new.features = net.labels, net.features
    for name, view in new.params.items():
        view[...] = net.params[name] if name.startswith("b") and view.shape == net.params[name].shape else 0
    return new


class Views(list[Array]):
    """A network's weight matrices, or its biases, as a list: assigning to an entry copies into the network.

    Example:
        >>> from pellucid import Dense
        >>> net = Network([Dense(1)], inputs=2)
        >>> Views.of(net, "W")[0] = [[1.0], [2.0]]
        >>> net.theta
        array([1., 2., 0.])
    """

    @classmethod
    def of(cls, net: Network, letter: str) -> Views:
        """Of "W" or "b"."""
        return cls(view for name, view in net.params.items() if name.startswith(letter))

    def __setitem__(self, place: Any, value: Any) -> None:
        if isinstance(place, slice):
            self._assign(self[place], list(value))
        else:
            self._assign([self[place]], [value])

    def assign(self, values: Iterable[Any]) -> None:
        """Copy a whole list of arrays in."""
        self._assign(list(self), list(values))

    def _assign(self, views: list[Array], values: list[Any]) -> None:
        shapes, expected = [np.shape(value) for value in values], [view.shape for view in views]
        if shapes != expected:
            raise InputError(f"The network has parameters of shapes {expected} there; these have {shapes}.")
        for view, value in zip(views, values, strict=True):
            view[...] = value

    def __reduce__(self) -> Any:
        return list, ([view.copy() for view in self],)  # a copy knows no network
