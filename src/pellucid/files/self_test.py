"""A model file's self-test: a few inputs with the outputs that the network gave for them when it was saved.

A checksum shows that the numbers are those that were written. This shows that they still mean the same: that the
formulas, the layout and the scaler of the program that reads the file give what those of the one that wrote it gave.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.data.scalers import Pixels, Standardizer
from pellucid.errors import FileError
from pellucid.files import strict_json
from pellucid.layers import Dense
from pellucid.network import Network

Array = npt.NDArray[Any]

ROWS = 3
MOST_NUMBERS = 30_000  # of wide inputs fewer rows are kept
# Of the largest output. Another order of summation changes far less, another formula (the exact gelu, say) far more.
TOLERANCE = {"float64": 1e-8, "float32": 1e-4}


def made(net: Network) -> dict[str, Any] | None:
    """Inputs and outputs, each a list of rows; None where they would say nothing.

    That is where the scaler is not fitted, an output is not finite, or rounding alone decides the outputs.
    """
    if net.scaler is not None and not net.scaler.fitted:
        return None
    with np.errstate(all="ignore"):
        X = rows_for(net)
        if not np.isfinite(X).all():
            return None
        a, again = _outputs(net, X, 1), _outputs(net, X, -1)
    if not (np.isfinite(a).all() and np.isfinite(again).all()) or _apart(a, again) > TOLERANCE[net.dtype.name] / 10:
        return None
    return {"inputs": X.tolist(), "outputs": a.tolist()}


def check(path: Path, net: Network, said: Any) -> None:
    """Compare what a network gives for the inputs of a self-test with what the file says it gave.

    Raises:
        FileError: they differ by more than TOLERANCE times the largest output, or the self-test is no such record.
    """
    if said is None:
        return
    strict_json.keys(path, "self_test", said, {"inputs", "outputs"})
    rows = len(said["inputs"]) if isinstance(said["inputs"], list) else 0
    if not 1 <= rows <= ROWS:
        raise FileError(f"{path}: self_test must have inputs of 1 to {ROWS} rows.")
    X = strict_json.array(path, "inputs of self_test", said["inputs"], (rows, net.inputs), np.float64)
    expected = strict_json.array(path, "outputs of self_test", said["outputs"], (rows, net.outputs), np.float64)
    if isinstance(net.scaler, Pixels) and not ((X >= 0) & (X <= 255)).all():
        raise FileError(f"{path}: inputs of self_test are no pixels, 0 to 255, and the scaler is for those.")
    if net.scaler is not None and not net.scaler.fitted:
        raise FileError(f"{path}: there is a self_test, but the scaler is not fitted.")
    with np.errstate(all="ignore"):
        a = _outputs(net, X, 1)
    if not _apart(a, expected) <= TOLERANCE[net.dtype.name]:
        raise FileError(
            f"{path}: the network gives other outputs than the file says it gave when it was saved (self_test: "
            f"{a.ravel()[0]:g} in place of {expected.ravel()[0]:g} for the first). The file is not what it claims to "
            "be, or this release calculates differently: please report it."
        )


def rows_for(net: Network) -> Array:
    """Rows like those that the network knows, in numbers that are short to write."""
    rng = np.random.default_rng(0)
    rows = max(1, min(ROWS, MOST_NUMBERS // net.inputs))
    if isinstance(net.scaler, Pixels):
        return rng.integers(0, 256, (rows, net.inputs)).astype(np.float64)
    drawn = np.round(rng.standard_normal((rows, net.inputs)), 2)
    if isinstance(net.scaler, Standardizer) and net.scaler.mean is not None and net.scaler.scale is not None:
        return net.scaler.mean + net.scaler.scale * drawn
    return drawn


def _outputs(net: Network, X: Array, step: int) -> Array:
    """Outputs (rows, outputs); with step -1 each weighted sum is added up the other way round."""
    a = X.astype(net.dtype) if net.scaler is None else net.scaler.transform(X, net.dtype)
    for layer, arrays in zip(net.layers, net.unpack(net.theta), strict=True):
        if isinstance(layer, Dense):
            W, b = arrays
            a = layer.activation.value(a[:, ::step] @ W[::step] + b)
    return a


def _apart(a: Array, b: Array) -> float:
    """The largest difference, as a share of the largest of the outputs b; NaN where one is not finite."""
    largest = max(float(np.max(np.abs(b))), float(np.finfo(np.float32).tiny))
    return float(np.max(np.abs(a.astype(np.float64) - b.astype(np.float64)))) / largest
