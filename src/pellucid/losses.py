"""Loss functions: each a record of a value and its gradient.

One row's loss is the sum over its outputs; the loss of a batch is the (weighted) mean over its rows, taken by the
engines. Targets t have the shape of the outputs (n, K); class labels are one-hot rows there. Where output and loss
belong together, value and gradient are written at the pre-activations z: no logarithm of a probability that has
become 0, and the gradient is simply what was predicted minus what is true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import Activation, exp, magnitude, softplus
from pellucid.errors import InputError
from pellucid.inputs import number

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Loss:
    """How wrong outputs are, and in which direction.

    Args:
        name: what files, equations and error messages call it.
        value: takes the outputs a and the targets t, both (n, K), and gives the loss of each output, (n, K), or of
            each row, (n,). With from_logits it takes z in place of a.
        gradient: takes a and t and gives the derivative of the row's loss by a, (n, K); with from_logits, by z.
        output: the one output activation that the loss is defined for; None for any.
        from_logits: whether value and gradient are written at the pre-activations z.
        source: where the function is described.

    Example:
        >>> log_cosh = Loss("log_cosh", lambda a, t: np.log(np.cosh(a - t)), lambda a, t: np.tanh(a - t))
        >>> float(log_cosh.gradient(np.array(2.0), np.array(2.0)))
        0.0
    """

    name: str
    value: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    output: str | None = None
    from_logits: bool = False
    source: str = ""

    def rows(self, z: Array, a: Array, t: Array) -> Array:
        """The loss of each row, (n,), from pre-activations z, outputs a and targets t, all (n, K)."""
        values = np.asarray(self.value(z if self.from_logits else a, t))
        if values.shape == a.shape:
            return np.sum(values, axis=1)
        if values.shape == a.shape[:1]:
            return values
        raise InputError(
            f"The loss {self.name!r} gave values of shape {values.shape} for outputs of shape {a.shape}. "
            f"It must give one value an output, {a.shape}, or one a row, {a.shape[:1]}; the mean is taken later."
        )

    def delta(self, activation: Activation, z: Array, a: Array, t: Array) -> Array:
        """The derivative of each row's loss by its pre-activations z, (n, K): where backpropagation starts."""
        gradient = self.gradient(a, t)
        if np.shape(gradient) != a.shape:  # (n,) against (n, 1) would become (n, n) without a word
            raise InputError(
                f"The gradient of the loss {self.name!r} has shape {np.shape(gradient)} for outputs of shape "
                f"{a.shape}. It must give the derivative by each output, an array of that same shape."
            )
        return gradient if self.from_logits else activation.backward(z, a, gradient)


def predicted_minus_true(p: Array, t: Array) -> Array:
    """The gradient at z of all three classic pairs: softmax minus one-hot, sigmoid minus label, mean minus count."""
    return p - t


def cross_entropy(z: Array, t: Array) -> Array:
    z = z - np.max(np.real(z), axis=-1, keepdims=True)  # neither loss nor softmax changes, and no e^z is above 1
    return t * (np.log(np.sum(np.exp(z), axis=-1, keepdims=True)) - z)


def binary_cross_entropy(z: Array, t: Array) -> Array:
    return softplus(z) - z * t


def poisson(z: Array, t: Array) -> Array:
    return exp(z) - t * z


def squared_error(a: Array, t: Array) -> Array:
    return (a - t) * (a - t) / 2


def squared_error_gradient(a: Array, t: Array) -> Array:
    return a - t


def absolute_error(a: Array, t: Array) -> Array:
    return magnitude(a - t)


def absolute_error_gradient(a: Array, t: Array) -> Array:
    return np.sign(np.real(a - t))


def huber_value(a: Array, t: Array, delta: float) -> Array:
    r = magnitude(a - t)
    near = np.minimum(r, delta)  # r^2/2 near, delta (r - delta/2) far: one product gives both
    return near * (r - near / 2)


def huber_gradient(a: Array, t: Array, delta: float) -> Array:
    return np.maximum(np.minimum(a - t, delta), -delta)


def huber(delta: float = 1.0) -> Loss:
    """Squared error up to a distance of `delta`, absolute error beyond (Huber, Annals of Statistics, 1964).

    Args:
        delta: where the parabola becomes a line, in the units of the targets; above 0.

    Raises:
        InputError: delta is not a positive number.

    Example:
        >>> huber(2.0).name
        'huber(2.0)'
    """
    delta = number(delta, "huber(delta)", 0, open_below=True)
    name = "huber" if delta == 1 else f"huber({delta!r})"
    return Loss(
        name,
        partial(huber_value, delta=delta),
        partial(huber_gradient, delta=delta),
        source="Huber, Annals of Mathematical Statistics 35 (1964)",
    )


CROSS_ENTROPY = Loss(
    "cross_entropy",
    cross_entropy,
    predicted_minus_true,
    output="softmax",
    from_logits=True,
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), section 6.2.2.3",
)
BINARY_CROSS_ENTROPY = Loss(
    "binary_cross_entropy",
    binary_cross_entropy,
    predicted_minus_true,
    output="sigmoid",
    from_logits=True,
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), section 6.2.2.2",
)
POISSON = Loss(
    "poisson",
    poisson,
    predicted_minus_true,
    output="exp",
    from_logits=True,
    source="McCullagh and Nelder, Generalized Linear Models (1989), chapter 6, without the constant log t!",
)
SQUARED_ERROR = Loss("squared_error", squared_error, squared_error_gradient, source="Gauss (1809), least squares")
ABSOLUTE_ERROR = Loss(
    "absolute_error", absolute_error, absolute_error_gradient, source="Laplace (1774), least absolute deviations"
)
HUBER = huber()

LOSSES: dict[str, Loss] = {
    record.name: record
    for record in (CROSS_ENTROPY, BINARY_CROSS_ENTROPY, SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, POISSON)
}
MAKERS: dict[str, Callable[[float], Loss]] = {"huber": huber}


def default_loss(activation: Activation) -> Loss:
    """The loss that belongs to an output activation: cross_entropy to softmax, and so on; else squared_error.

    Example:
        >>> from pellucid.activations import SOFTMAX
        >>> default_loss(SOFTMAX).name
        'cross_entropy'
    """
    return next((loss for loss in LOSSES.values() if loss.output == activation.name), SQUARED_ERROR)
