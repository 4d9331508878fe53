"""Layers: records whose `forward` returns the output and the function that takes its gradient back.

Nothing is cached on a layer, so nothing can be stale: the closure keeps exactly what its backward pass needs.
Rows are samples: X is (n, features), W is (fan_in, units), b is (units,).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import ACTIVATIONS, Activation
from pellucid.errors import InputError
from pellucid.initializers import INITIALIZERS, MAKERS, Initializer
from pellucid.inputs import number, whole
from pellucid.records import resolve

Array = npt.NDArray[Any]
Parameters = tuple[Array, ...]
# Takes the gradient at the output; gives the gradient at the input and those of the parameters. With
# need_input=False the first may be skipped: nobody asks for the gradient of the data.
Backward = Callable[..., tuple[Array | None, Parameters]]


@dataclass(frozen=True)
class Dense:
    """A fully connected layer: z = X W + b, a = activation(z).

    Args:
        units: how many neurons, 1 or more.
        activation: a name ("tanh", "relu", "softmax", ...) or an `Activation`.
        init: a name ("he", "xavier", "zeros", "normal", ...) or an `Initializer`; by default He's for relu-like
            activations and Xavier's for the others. Biases start at zero.

    Raises:
        InputError: units is not a whole number above 0, or a name is unknown.

    Example:
        >>> a, backward = Dense(1, "sigmoid").forward((np.zeros((2, 1)), np.zeros(1)), np.ones((3, 2)))
        >>> a.ravel()
        array([0.5, 0.5, 0.5])
        >>> dX, (dW, db) = backward(np.ones((3, 1)))
        >>> dX.shape, dW.shape, db.shape
        ((3, 2), (2, 1), (1,))
    """

    units: int
    activation: Activation
    init: Initializer

    def __init__(
        self, units: int, activation: str | Activation = "identity", init: str | Initializer | None = None
    ) -> None:
        record = resolve("activation", activation, ACTIVATIONS, Activation)
        if init is None:
            init = "he" if record.relu_like else "xavier"
        object.__setattr__(self, "units", whole(units, "Dense(units), the number of neurons,", 1))
        object.__setattr__(self, "activation", record)
        object.__setattr__(self, "init", resolve("initializer", init, INITIALIZERS, Initializer, MAKERS))

    def __str__(self) -> str:
        return f"Dense {self.units} {self.activation.name}"

    def draw(self, rng: np.random.Generator, fan_in: int) -> Parameters:
        """Initial parameters (W, b), float64."""
        W = np.asarray(self.init.draw(rng, fan_in, self.units), dtype=np.float64)
        if W.shape != (fan_in, self.units):
            raise InputError(
                f"The initializer {self.init.name!r} gave weights of shape {W.shape}; (fan_in, fan_out) here is "
                f"({fan_in}, {self.units})."
            )
        return W, np.zeros(self.units)

    def affine(self, params: Parameters, X: Array) -> tuple[Array, Backward]:
        """The weighted sums z = X W + b, (n, units), and their backward function, fed the gradient at z."""
        W, b = params
        z = X @ W + b

        def backward(delta: Array, need_input: bool = True) -> tuple[Array | None, Parameters]:
            return (delta @ W.T if need_input else None), (X.T @ delta, delta.sum(axis=0))

        return z, backward

    def forward(self, params: Parameters, X: Array, rng: np.random.Generator | None = None) -> tuple[Array, Backward]:
        """Outputs a (n, units) for inputs X (n, fan_in), and the backward function, fed the gradient at a."""
        z, affine_backward = self.affine(params, X)
        a = self.activation.value(z)

        def backward(gradient: Array, need_input: bool = True) -> tuple[Array | None, Parameters]:
            return affine_backward(self.activation.backward(z, a, gradient), need_input)

        return a, backward


@dataclass(frozen=True)
class Dropout:
    """Sets a random share `rate` of its inputs to zero while training, and divides the rest by 1 - rate.

    What remains has the same mean, so nothing is done at prediction ("inverted" dropout).

    Args:
        rate: the share that is dropped, in [0, 1).

    Raises:
        InputError: rate is not in [0, 1).

    Source: Srivastava et al., JMLR 15 (2014).

    Example:
        >>> a, backward = Dropout(0.5).forward((), np.ones((1, 4)), np.random.default_rng(0))
        >>> a
        array([[2., 2., 2., 0.]])
        >>> backward(np.ones((1, 4)))[0]
        array([[2., 2., 2., 0.]])
    """

    rate: float

    def __post_init__(self) -> None:
        number(self.rate, "Dropout(rate), the share of inputs that is dropped,", 0, 1)

    def __str__(self) -> str:
        return f"Dropout {self.rate:g}"

    def forward(self, params: Parameters, X: Array, rng: np.random.Generator | None = None) -> tuple[Array, Backward]:
        """X (n, units) with inputs dropped where `rng` is given (training), else X itself."""
        if rng is None or self.rate == 0:
            return X, lambda gradient, need_input=True: (gradient, ())
        # Single precision whatever the dtype, so that a float32 and a float64 network drop the same units.
        kept = rng.random(X.shape, dtype=np.float32) >= self.rate
        mask = kept * np.asarray(1 / (1 - self.rate), dtype=X.dtype)
        return X * mask, lambda gradient, need_input=True: (gradient * mask, ())


Layer = Dense | Dropout
