"""A network at a glance: its layers with shapes and parameter counts, and after training how large their steps are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pellucid.layers import Dense
from pellucid.network import Network
from pellucid.tables import html_table, notebook, number, size, text_table

LONGEST = 21  # signs of a layer's name in a terminal


@dataclass(frozen=True)
class LayerSummary:
    """One layer.

    Attributes:
        number: of the parameters, 1 for W1 and b1; None for a layer without any.
        name: such as "Dense 3 tanh" or "Dropout 0.5".
        inputs, outputs: the layer turns (n, inputs) into (n, outputs).
        parameters: how many numbers it learns.
        weights: root mean square of its weight matrix; None without one.
        update: the same of what the last training step added to it; None before training.
    """

    number: int | None
    name: str
    inputs: int
    outputs: int
    parameters: int
    weights: float | None = None
    update: float | None = None

    @property
    def ratio(self) -> float | None:
        """How large the last step was beside the weights, update / weights; None before training."""
        if self.update is None or not self.weights:
            return None
        return self.update / self.weights


@dataclass(frozen=True)
class Summary:
    """The result of `summary`; print it, or leave it at the end of a notebook's cell.

    Attributes:
        layers: one record a layer, those without parameters too.
        parameters: how many there are in all.
        memory: bytes that they take.
        memory_by_row: bytes of every z, a and dropout output that a training step keeps for a row of its batch until
            the backward pass; of a batch of more than 8,192 rows it works through so many at a time.
        loss, task, dtype: of the network; the scaler in words.
        trained: whether the network has been trained since it was made or read from a file.
    """

    layers: tuple[LayerSummary, ...]
    parameters: int
    memory: int
    memory_by_row: int
    loss: str
    task: str
    dtype: str
    scaler: str
    trained: bool

    def rows(self) -> list[list[str]]:
        """Header, one row a layer and the total, as texts."""
        header = ["", "layer", "in -> out", "parameters", "weights", *(["update", "ratio"] if self.trained else [])]
        body = [
            [
                "" if layer.number is None else str(layer.number),
                layer.name,
                f"{layer.inputs:,} -> {layer.outputs:,}",
                f"{layer.parameters:,}",
                *(_short(value, digits) for value, digits in _sizes(layer)[: len(header) - 4]),
            ]
            for layer in self.layers
        ]
        return [header, *body, ["", "total", "", f"{self.parameters:,}", *[""] * (len(header) - 4)]]

    def notes(self) -> list[str]:
        """What else there is to say, a sentence each."""
        by_row = size(self.memory_by_row)
        notes = [
            f"loss {self.loss}, task {self.task}, {self.dtype}, scaler {self.scaler}",
            f"memory: {size(self.memory)} of parameters; in training {by_row} for each row of a batch",
            "weights: root mean square (RMS) of W",
        ]
        if self.trained:
            notes.append("update: RMS of what the last training step added to W; ratio: update / weights")
        return notes

    def __str__(self) -> str:
        rows = [[_cut(cell) for cell in row] for row in self.rows()]
        return "\n".join([text_table(rows, range(2, len(rows[0]))), *self.notes()])

    def _repr_html_(self) -> str:
        table = html_table(self.rows(), range(2, len(self.rows()[0])), footer=1)
        return notebook(table, *self.notes())


def summary(net: Network) -> Summary:
    """Layers with shapes and parameter counts; after training, how large weights and last update are by layer.

    The sizes are root mean squares of the weight matrices, without biases, so that layers of any width compare: a sum
    or norm would grow with the number of weights. A ratio of update to weights far above 0.001 is a sign of a learning
    rate that is too large, one far below it of one that is too small.

    Args:
        net: the network; nothing in it changes.

    Returns:
        A record a layer, and the sums. `print` it.

    Source: LeCun, Bottou, Orr and Mueller, Efficient BackProp (1998), section 4.7 (rates by layer).

    Example:
        >>> from pellucid import Dense, Dropout, Network
        >>> net = Network([Dense(3, "tanh"), Dropout(0.5), Dense(2, "softmax")], inputs=2)
        >>> [(layer.name, layer.parameters) for layer in summary(net).layers]
        [('Dense 3 tanh', 9), ('Dropout 0.5', 0), ('Dense 2 softmax', 8)]
    """
    weights = net.named(net.theta)
    updates = {} if net.last_update is None else net.named(net.last_update)
    layers: list[LayerSummary] = []
    width, dense, by_row = net.inputs, 0, 0
    for layer in net.layers:
        if isinstance(layer, Dense):
            dense += 1
            W = f"W{dense}"
            sizes = _rms(weights[W]), _rms(updates[W]) if W in updates else None
            count = width * layer.units + layer.units
            layers.append(LayerSummary(dense, str(layer), width, layer.units, count, *sizes))
            width = layer.units
            by_row += 2 * width
        else:
            layers.append(LayerSummary(None, str(layer), width, width, 0))
            by_row += width if layer.rate else 0
    return Summary(
        tuple(layers),
        net.theta.size,
        net.theta.nbytes,
        by_row * net.dtype.itemsize,
        net.loss_function.name,
        net.task,
        str(net.dtype),
        _scaler(net),
        net.last_update is not None,
    )


def _rms(array: npt.NDArray[np.floating]) -> float:
    """Root mean square, taken of array / largest so that no square overflows."""
    largest = float(np.max(np.abs(array)))
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(np.mean(np.square(array / largest, dtype=np.float64))))


def _scaler(net: Network) -> str:
    if net.scaler is None:
        return "none"
    return f"{type(net.scaler).__name__}{'' if net.scaler.fitted else ' (not fitted yet)'}"


def _sizes(layer: LayerSummary) -> list[tuple[float | None, int]]:
    """Sizes, and how many digits of each are worth showing."""
    return [(layer.weights, 3), (layer.update, 3), (layer.ratio, 2)]


def _short(value: float | None, digits: int) -> str:
    return "" if value is None else number(value, digits)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
