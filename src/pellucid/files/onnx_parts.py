"""What a tensor of an ONNX model can be, where the model is a multilayer perceptron."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Attributes: TypeAlias = dict[str, Any]


class Unread(Exception):
    """What is not understood, in words."""


@dataclass(frozen=True, eq=False)
class Constant:
    """Numbers or texts that stand in the file."""

    array: Array


@dataclass(frozen=True, eq=False)
class Features:
    """The input times a factor plus a shift, a number a column or one for all; both None where it is as it came."""

    columns: int | None
    flat: bool = True  # one number a column; images are flattened first
    factor: Any = None
    shift: Any = None
    mean: Any = None  # where it was first subtracted, so that it comes back to the bit
    scale: Any = None  # and then divided by
    steps: int = 0

    def scale_of(self, columns: int) -> Array:
        scale = 1 / np.asarray(self.factor, np.float64) if self.scale is None else self.scale
        return np.broadcast_to(scale, (columns,)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer that is complete: W (inputs, units), b (units,), and the name of its activation."""

    W: Array
    b: Array
    activation: str
    features: Features


@dataclass(frozen=True, eq=False)
class Sums:
    """The weighted sums z of a layer, of which no activation has been seen yet."""

    before: tuple[Layer, ...]
    W: Array
    b: Array | None
    features: Features

    def closed(self, activation: str = "identity") -> Layer:
        b = np.broadcast_to(np.zeros((), self.W.dtype), self.W.shape[1:]) if self.b is None else self.b
        return Layer(self.W, b, activation, self.features)


@dataclass(frozen=True, eq=False)
class Outputs:
    """The outputs of a layer; `of`: the sums that they are a function of."""

    layers: tuple[Layer, ...]
    of: Sums

    @property
    def activation(self) -> str:
        return self.layers[-1].activation


@dataclass(frozen=True, eq=False)
class Limited:
    """Sums that do not rise above a number: on their way to an exponential."""

    of: Sums


@dataclass(frozen=True, eq=False)
class Answer:
    """What is made of outputs for whoever asks: a class index, a label, a table of probabilities by name."""

    of: Outputs | Sums
    labels: list[str] | None = field(default=None)


Value: TypeAlias = Constant | Features | Sums | Outputs | Limited | Answer
Operator: TypeAlias = Callable[[list[Value | None], Attributes], Value]
