"""Activation functions: each a record of a value and its slope, written as a textbook writes them.

The functions take arrays of any shape and keep their dtype. They are complex-safe (branches and maxima are taken on
the real part), so complex-step differentiation runs through them, and they neither overflow nor give NaN far out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError

Array = npt.NDArray[Any]
SQRT_2_OVER_PI = 0.7978845608028654


@dataclass(frozen=True)
class Activation:
    """A function that a layer applies to its weighted sums z, and its derivative.

    Args:
        name: what files, equations and error messages call it.
        value: z of any shape to a of the same shape.
        slope: da/dz, elementwise; takes (z, a), or z alone. None if the outputs depend on each other.
        pull: for an activation whose outputs depend on each other (softmax): takes a and the gradient at a, both
            (n, K), and gives the gradient at z, that is the product with the Jacobian.
        relu_like: whether He initialization suits it better than Xavier's.
        output_only: whether it belongs in the last layer alone.
        source: where the function was proposed or is described.

    Raises:
        InputError: neither or both of slope and pull are given.

    Example:
        >>> sine = Activation("sine", np.sin, np.cos)
        >>> float(sine.slope_at(np.array(0.0), np.array(0.0)))
        1.0
    """

    name: str
    value: Callable[[Array], Array]
    slope: Callable[..., Array] | None = None
    pull: Callable[[Array, Array], Array] | None = None
    relu_like: bool = False
    output_only: bool = False
    source: str = ""
    slope_takes_a: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if (self.slope is None) == (self.pull is None):
            raise InputError(
                f"The activation {self.name!r} needs its derivative: give slope, a function of (z, a) or of z, "
                "or, if its outputs depend on each other, pull (and not both)."
            )
        takes = 1 if self.slope is None else _inputs(self.slope)
        object.__setattr__(self, "slope_takes_a", takes > 1)

    def slope_at(self, z: Array, a: Array) -> Array:
        """The derivative da/dz, elementwise, for z and a = value(z) of the same shape."""
        if self.slope is None:
            raise InputError(f"{self.name} has no slope of one variable: each output depends on every z. Use backward.")
        return self.slope(z, a) if self.slope_takes_a else self.slope(z)

    def backward(self, z: Array, a: Array, gradient: Array) -> Array:
        """From the gradient at a (n, K) to the gradient at z (n, K): the chain rule."""
        if self.pull is not None:
            return self.pull(a, gradient)
        slope = self.slope_at(z, a)
        if np.shape(slope) not in ((), z.shape):
            raise InputError(
                f"The slope of the activation {self.name!r} has shape {np.shape(slope)} where z has {z.shape}. "
                "It is taken elementwise: give an array of the shape of z."
            )
        return gradient * slope


def _inputs(function: Callable[..., Array]) -> int:
    """How many arrays a function takes: a NumPy function such as np.cos says so itself, others by signature."""
    if isinstance(function, np.ufunc):
        return function.nin
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return sum(p.kind in positional and p.default is inspect.Parameter.empty for p in parameters)


def magnitude(r: Array) -> Array:
    """|r| by the sign of the real part: np.abs of a complex number would lose the complex step."""
    return np.where(np.real(r) < 0, -r, r)


def identity(z: Array) -> Array:
    return z


def identity_slope(z: Array, a: Array) -> Array:
    return np.ones_like(z)


def sigmoid(z: Array) -> Array:
    e = np.exp(-magnitude(z))  # never overflows
    return np.where(np.real(z) < 0, e, 1) / (1 + e)


def sigmoid_slope(z: Array, a: Array) -> Array:
    return a * (1 - a)


def tanh(z: Array) -> Array:
    return np.tanh(z)


def tanh_slope(z: Array, a: Array) -> Array:
    return 1 - a * a


def relu(z: Array) -> Array:
    return np.where(np.real(z) <= 0, 0, z)  # and not z > 0 turned round: NaN must come out as NaN


def relu_slope(z: Array, a: Array) -> Array:
    return np.where(np.real(z) > 0, np.ones_like(z), 0)


def leaky_relu(z: Array) -> Array:
    return np.where(np.real(z) > 0, z, 0.01 * z)


def leaky_relu_slope(z: Array, a: Array) -> Array:
    return np.where(np.real(z) > 0, np.ones_like(z), 0.01)


def elu(z: Array) -> Array:
    return np.where(np.real(z) > 0, z, np.exp(np.where(np.real(z) > 0, 0, z)) - 1)


def elu_slope(z: Array, a: Array) -> Array:
    return np.where(np.real(z) > 0, np.ones_like(z), a + 1)


def softplus(z: Array) -> Array:
    return np.where(np.real(z) < 0, 0, z) + np.log1p(np.exp(-magnitude(z)))


def softplus_slope(z: Array, a: Array) -> Array:
    return sigmoid(z)


def gelu(z: Array) -> Array:
    return z / 2 * (1 + np.tanh(SQRT_2_OVER_PI * (z + 0.044715 * z * z * z)))


def gelu_slope(z: Array, a: Array) -> Array:
    t = np.tanh(SQRT_2_OVER_PI * (z + 0.044715 * z * z * z))
    return (1 + t) / 2 + z / 2 * (1 - t * t) * SQRT_2_OVER_PI * (1 + 0.134145 * z * z)


def swish(z: Array) -> Array:
    return z * sigmoid(z)


def swish_slope(z: Array, a: Array) -> Array:
    s = sigmoid(z)
    return s + a * (1 - s)


def exp(z: Array) -> Array:
    # Past the largest exponent of the dtype e^z stays level: a large finite number, so that a loss is one too.
    return np.exp(np.where(np.real(z) > largest_exponent(z), largest_exponent(z), z))


def exp_slope(z: Array, a: Array) -> Array:
    return a


def largest_exponent(z: Array) -> float:
    """The largest exponent whose power of e leaves room to add millions of them: 72.7 in single, 693.8 in double."""
    return float(np.log(np.finfo(np.asarray(z).dtype).max)) - 16


def softmax(z: Array) -> Array:
    e = np.exp(z - np.max(np.real(z), axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_pull(a: Array, gradient: Array) -> Array:
    # The Jacobian is diag(a) - a a^T; its product with a gradient needs no matrix.
    return a * (gradient - np.sum(gradient * a, axis=-1, keepdims=True))


IDENTITY = Activation("identity", identity, identity_slope, source="the linear unit")
SIGMOID = Activation("sigmoid", sigmoid, sigmoid_slope, source="the logistic function (Verhulst, 1838)")
TANH = Activation("tanh", tanh, tanh_slope, source="LeCun et al., Efficient BackProp (1998), section 4.4")
RELU = Activation("relu", relu, relu_slope, relu_like=True, source="Nair and Hinton, ICML (2010)")
LEAKY_RELU = Activation(
    "leaky_relu", leaky_relu, leaky_relu_slope, relu_like=True, source="Maas, Hannun and Ng, ICML (2013)"
)
ELU = Activation("elu", elu, elu_slope, relu_like=True, source="Clevert, Unterthiner and Hochreiter, ICLR (2016)")
SOFTPLUS = Activation("softplus", softplus, softplus_slope, relu_like=True, source="Dugas et al., NIPS (2000)")
GELU = Activation("gelu", gelu, gelu_slope, relu_like=True, source="Hendrycks and Gimpel, arXiv:1606.08415, tanh form")
SWISH = Activation(
    "swish", swish, swish_slope, relu_like=True, source="Ramachandran et al., arXiv:1710.05941, beta = 1"
)
EXP = Activation("exp", exp, exp_slope, output_only=True, source="the inverse of the log link of Poisson regression")
SOFTMAX = Activation(
    "softmax", softmax, pull=softmax_pull, output_only=True, source="Bridle, Neurocomputing (1990); the Boltzmann law"
)

ACTIVATIONS: dict[str, Activation] = {
    record.name: record
    for record in (IDENTITY, SIGMOID, TANH, RELU, LEAKY_RELU, ELU, SOFTPLUS, GELU, SWISH, EXP, SOFTMAX)
}
