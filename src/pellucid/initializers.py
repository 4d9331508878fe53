"""How weights are drawn before training: each takes its generator, so one seed decides everything. Biases are zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.inputs import number

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Initializer:
    """A way to draw a weight matrix.

    Args:
        name: what messages and files call it.
        draw: takes (rng, fan_in, fan_out) and gives float64 weights of shape (fan_in, fan_out).
        source: where it was proposed.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> HE.draw(rng, 784, 128).shape
        (784, 128)
    """

    name: str
    draw: Callable[[np.random.Generator, int, int], Array]
    source: str = ""


def _constant(rng: np.random.Generator, fan_in: int, fan_out: int, value: float) -> Array:
    return np.full((fan_in, fan_out), value)


def _normal(rng: np.random.Generator, fan_in: int, fan_out: int, std: float) -> Array:
    return std * rng.standard_normal((fan_in, fan_out))


def _uniform(rng: np.random.Generator, fan_in: int, fan_out: int, limit: float) -> Array:
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def _xavier(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
    return np.sqrt(2 / (fan_in + fan_out)) * rng.standard_normal((fan_in, fan_out))


def _he(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
    return np.sqrt(2 / fan_in) * rng.standard_normal((fan_in, fan_out))


def _xavier_uniform(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def _he_uniform(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
    limit = np.sqrt(6 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def constant(value: float) -> Initializer:
    """Every weight the same number: all units of a layer then learn the same, which is why nobody does it.

    Raises:
        InputError: the value is not finite.

    Example:
        >>> constant(0.5).draw(np.random.default_rng(0), 1, 2).tolist()
        [[0.5, 0.5]]
    """
    value = number(value, "constant(value)", -float(np.finfo(np.float64).max))
    return Initializer(f"constant({value!r})", partial(_constant, value=value))


def normal(std: float = 0.01) -> Initializer:
    """Normal with mean 0 and standard deviation `std`, whatever the size of the layer.

    Raises:
        InputError: std is negative or not finite.

    Example:
        >>> normal(0.01).name
        'normal(0.01)'
    """
    std = number(std, "normal(std)", 0)
    return Initializer(f"normal({std!r})", partial(_normal, std=std))


def uniform(limit: float = 0.05) -> Initializer:
    """Uniform between -limit and limit, whatever the size of the layer.

    Raises:
        InputError: limit is negative or not finite.

    Example:
        >>> bool(np.all(np.abs(uniform(0.1).draw(np.random.default_rng(0), 9, 9)) <= 0.1))
        True
    """
    limit = number(limit, "uniform(limit)", 0)
    return Initializer(f"uniform({limit!r})", partial(_uniform, limit=limit))


_GLOROT = "Glorot and Bengio, AISTATS (2010)"
_HE_ET_AL = "He, Zhang, Ren and Sun, ICCV (2015)"
ZEROS = Initializer("zeros", partial(_constant, value=0.0))
XAVIER = Initializer("xavier", _xavier, f"{_GLOROT}: variance 2 / (fan_in + fan_out)")
HE = Initializer("he", _he, f"{_HE_ET_AL}: variance 2 / fan_in")
XAVIER_UNIFORM = Initializer("xavier_uniform", _xavier_uniform, f"{_GLOROT}, equation 16")
HE_UNIFORM = Initializer("he_uniform", _he_uniform, f"{_HE_ET_AL}, the same variance drawn uniformly")

# "normal" and "uniform" by name alone have their usual small widths; normal(std) and uniform(limit) choose another.
INITIALIZERS: dict[str, Initializer] = {
    "zeros": ZEROS,
    "normal": normal(),
    "uniform": uniform(),
    "xavier": XAVIER,
    "he": HE,
    "xavier_uniform": XAVIER_UNIFORM,
    "he_uniform": HE_UNIFORM,
}
MAKERS: dict[str, Callable[[float], Initializer]] = {"constant": constant, "normal": normal, "uniform": uniform}
