"""Networks from loose parameters: arrays under the names that tutorials and libraries give them, put in order."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid.activations import Activation
from pellucid.errors import FileError, InputError
from pellucid.files import opening
from pellucid.files.pickles import MOST_STEPS, read_pickle
from pellucid.layers import Dense
from pellucid.network import Network

Array: TypeAlias = npt.NDArray[Any]
Activations: TypeAlias = Sequence[str | Activation] | None

NUMBERED = re.compile(r"(w|weights?|b|bias|biases)[_.]?(\d+)", re.IGNORECASE)
HOLDERS = ("params", "parameters", "weights")  # under which a dictionary of parameters may stand


class Layer(NamedTuple):
    """Parameters of one layer: W (fan_in, units), b (units,), and what the file calls them."""

    name: str
    W: Array
    b: Array


def load_weights_pickle(path: str | os.PathLike[str], activations: Activations = None) -> Network:
    """Read a pickled dictionary of NumPy arrays such as {"W1": ..., "b1": ..., "W2": ..., "b2": ...}.

    Nothing in the file is run: arrays and plain containers are built, and each other name in it is refused. W may be
    (fan_in, units), or (units, fan_in) as in courses where samples are columns; biases (units,), (1, units) or
    (units, 1). Where all layers have one size, column biases are taken for the second of these layouts.

    Args:
        path: of the file.
        activations: of each layer, such as ("relu", "softmax"); the file does not say.

    Raises:
        FileError: not such a file, or shapes that do not fit each other.
        InputError: activations are missing, unknown or not as many as there are layers.

    Example:
        >>> import pickle, tempfile
        >>> params = {"W1": np.ones((2, 3)), "b1": np.zeros(3), "W2": np.ones((3, 1)), "b2": np.zeros(1)}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (Path(folder) / "params.pkl").write_bytes(pickle.dumps(params))
        ...     load_weights_pickle(Path(folder) / "params.pkl", ("tanh", "sigmoid"))
        Network(2 -> Dense 3 tanh -> Dense 1 sigmoid, loss binary_cross_entropy, 13 parameters, float64)
    """
    path = Path(path)
    found = read_pickle(path)
    if not isinstance(found, dict):
        raise FileError(f"{path}: holds a {type(found).__name__}, and a dictionary of parameters is expected.")
    for holder in HOLDERS:
        if isinstance(found.get(holder), dict):
            found = found[holder]
    sizes = [value.size for value in found.values() if isinstance(value, np.ndarray)]
    if sum(sizes) > opening.beginning(path, 1)[1]:  # an array may stand there once, and be referred to a thousand times
        raise FileError(f"{path}: its parameters have more numbers than the file has bytes.")
    return built(path, numbered(path, found), activations)


def numbered(where: object, found: Mapping[Any, Any]) -> list[Layer]:
    """W1, b1, W2, b2, ... in order, with W as (fan_in, units).

    Raises:
        FileError: other keys, a number without its W or b, something that is no array of numbers, shapes that do not
            fit.
    """
    pairs: dict[int, dict[str, Array]] = {}
    for key, value in found.items():
        named = NUMBERED.fullmatch(key) if isinstance(key, str) else None
        if named is None or len(named[2]) > 4:
            raise FileError(f"{where}: {key!r:.60} is none of W1, b1, W2, b2, ..., and what it would do is not known.")
        letter = named[1][0].lower()
        if letter in pairs.setdefault(int(named[2]), {}):
            raise FileError(f"{where}: {key!r} stands there twice, under two names.")
        pairs[int(named[2])][letter] = numbers(where, key, value, 2)
    order = sorted(pairs)
    if not order or order != list(range(order[0], order[0] + len(order))) or order[0] > 1:
        raise FileError(f"{where}: parameters must be numbered from 1 without a gap; there are {order[:20]}.")
    for i in order:
        if set(pairs[i]) != {"w", "b"}:
            raise FileError(f"{where}: number {i} has no {'W' if 'w' not in pairs[i] else 'b'}; each layer needs both.")
    layers = [Layer(f"W{i}", pairs[i]["w"], pairs[i]["b"]) for i in order]
    turned = [Layer(layer.name, layer.W.T, layer.b) for layer in layers]
    columns = all(
        layer.b.ndim == 2 and layer.b.shape[1] == 1 and layer.b.shape[0] > 1 for layer in layers[:-1] or layers
    )
    for candidate in (turned, layers) if columns else (layers, turned):
        if fits(candidate):
            return [Layer(layer.name, layer.W, layer.b.ravel()) for layer in candidate]
    shapes = ", ".join(f"W{i} {pairs[i]['w'].shape} b{i} {pairs[i]['b'].shape}" for i in order[:8])
    raise FileError(
        f"{where}: these shapes do not follow each other: {shapes}. W must be (fan_in, units) in all of them, or "
        "(units, fan_in) in all of them, and b have one number a unit."
    )


def fits(layers: Sequence[Layer]) -> bool:
    """Whether each layer takes what the one before gives, with one bias a unit."""
    widths = [layer.W.shape[0] for layer in layers[1:]]
    return all(layer.W.ndim == 2 and layer.b.size == layer.W.shape[1] for layer in layers) and widths == [
        layer.W.shape[1] for layer in layers[:-1]
    ]


def numbers(where: object, name: object, value: Any, most_dimensions: int) -> Array:
    """An array of finite numbers, float32 if it is that already, else float64.

    Raises:
        FileError: it is no such array.
    """
    try:
        array = np.array(None) if isinstance(value, list | tuple) and not _listed(value) else np.asarray(value)
        if array.dtype != np.float32:
            array = array.astype(np.float64) if array.dtype.kind in "fiu" else np.array(None)
    except (ValueError, TypeError, OverflowError):
        array = np.array(None)
    if array.dtype.kind != "f" or not 1 <= array.ndim <= most_dimensions or array.size == 0:
        raise FileError(f"{where}: {name} must be an array of numbers with 1 or 2 dimensions, and is not.")
    if not np.isfinite(array).all():
        raise FileError(f"{where}: {name} holds NaN or infinity, and a model has only finite numbers.")
    return array


def _listed(value: Sequence[Any]) -> bool:
    """Whether these are numbers, or rows of them, of which there are not more than a pickle could list."""
    rows: list[Sequence[Any]] = [row for row in value if isinstance(row, list | tuple)]
    if len(rows) not in (0, len(value)) or sum(map(len, rows)) > MOST_STEPS:
        return False
    return all(type(number) in (int, float) for row in (rows or [value]) for number in row)


def built(where: object, layers: Sequence[Layer], activations: Activations, **options: Any) -> Network:
    """A network of these layers; `options` as for Network.

    Raises:
        FileError: shapes that do not follow each other.
        InputError: activations are missing, unknown or not as many as there are layers.
    """
    if not fits(layers):
        shapes = ", ".join(f"{layer.name} {layer.W.shape}" for layer in layers[:8])
        raise FileError(f"{where}: these layers do not follow each other: {shapes}, as (inputs, units).")
    if isinstance(activations, str) or activations is None or len(activations) != len(layers):
        seen = "are not given" if activations is None else f"are {activations!r}"
        raise InputError(
            f"{where} has {len(layers)} layers, and does not say their activations, which {seen}: name one for each, "
            f"such as activations={(*['relu'] * (len(layers) - 1), 'softmax')!r}."
        )
    dense = [Dense(layer.W.shape[1], a) for layer, a in zip(layers, activations, strict=True)]
    single = all(array.dtype == np.float32 for layer in layers for array in (layer.W, layer.b))
    dtype = "float32" if single else "float64"
    arrays = [array for layer in layers for array in (layer.W, layer.b)]
    theta, at = np.empty(sum(array.size for array in arrays), dtype), 0
    for array in arrays:  # into their places one by one, so that they are never there a third time
        theta[at : at + array.size].reshape(array.shape)[...] = array
        at += array.size
    return Network(dense, layers[0].W.shape[0], dtype=dtype, theta=theta, **options)
