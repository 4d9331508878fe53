"""Layers: records whose `forward` returns the output and the function that takes its gradient back.

A layer is a short chain of operations (a weighted sum, then an activation), each of which does just that; engines,
traces and diagnoses walk through the operations, so that every number between two layers can be looked at. Nothing is
cached on a layer, so nothing can be stale: the closure keeps exactly what its backward pass needs.
Rows are samples: X is (n, features), W is (fan_in, units), b is (units,).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

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


class Operation(NamedTuple):
    """One link of the chain from X to the outputs: what came out of it, and how a gradient goes back through it.

    Attributes:
        kind: "affine" (z = X W + b), "activation" (a = f(z)) or "dropout".
        layer: the layer that it belongs to.
        output: (n, units).
        backward: takes the gradient at the output; gives those at the input and of the parameters.
    """

    kind: Literal["affine", "activation", "dropout"]
    layer: Layer
    output: Array
    backward: Backward


def _chained(operations: tuple[Operation, ...], X: Array) -> tuple[Array, Backward]:
    """A chain of operations has the shape of one: an output, and a function that takes its gradient back."""

    def backward(gradient: Array, need_input: bool = True) -> tuple[Array | None, Parameters]:
        at: Array | None = gradient
        parameters: Parameters = ()
        for operation in reversed(operations):
            at, of_operation = operation.backward(at, need_input=need_input or operation is not operations[0])
            parameters = of_operation + parameters
        return at, parameters

    return (operations[-1].output if operations else X), backward


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

    def activated(self, z: Array) -> tuple[Array, Backward]:
        """The outputs a = activation(z), (n, units), and their backward function, fed the gradient at a."""
        a = self.activation.value(z)

        def backward(gradient: Array, need_input: bool = True) -> tuple[Array | None, Parameters]:
            return self.activation.backward(z, a, gradient), ()

        return a, backward

    def operations(self, params: Parameters, X: Array, rng: np.random.Generator | None = None) -> tuple[Operation, ...]:
        """The weighted sums of inputs X (n, fan_in), then the activation of them."""
        z, affine_backward = self.affine(params, X)
        a, activation_backward = self.activated(z)
        return Operation("affine", self, z, affine_backward), Operation("activation", self, a, activation_backward)

    def outputs(self, params: Parameters, X: Array) -> Array:
        """The outputs a (n, units) alone, for who asks the network a question and does not train it."""
        W, b = params
        return self.activation.value(X @ W + b)

    def forward(self, params: Parameters, X: Array, rng: np.random.Generator | None = None) -> tuple[Array, Backward]:
        """Outputs a (n, units) for inputs X (n, fan_in), and the backward function, fed the gradient at a."""
        return _chained(self.operations(params, X, rng), X)


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

    def operations(self, params: Parameters, X: Array, rng: np.random.Generator | None = None) -> tuple[Operation, ...]:
        """X (n, units) with inputs dropped; nothing is done unless `rng` is given (training)."""
        if rng is None or self.rate == 0:
            return ()
        # Single precision whatever the dtype, so that a float32 and a float64 network drop the same units.
        kept = rng.random(X.shape, dtype=np.float32) >= self.rate
        mask = kept * np.asarray(1 / (1 - self.rate), dtype=X.dtype)
        return (Operation("dropout", self, X * mask, lambda gradient, need_input=True: (gradient * mask, ())),)

    def outputs(self, params: Parameters, X: Array) -> Array:
        """X itself: nothing is dropped but in training."""
        return X

    def forward(self, params: Parameters, X: Array, rng: np.random.Generator | None = None) -> tuple[Array, Backward]:
        """X (n, units) with inputs dropped where `rng` is given (training), else X itself."""
        return _chained(self.operations(params, X, rng), X)


Layer = Dense | Dropout
