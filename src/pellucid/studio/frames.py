"""What a page sees of a run at a step: numbers, boundary, a heat map of every unit, parameters, curves, histograms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.engines import readable
from pellucid.engines.readable import Problem
from pellucid.layers import Operation
from pellucid.network import Network
from pellucid.studio.learning import Learning
from pellucid.studio.planes import Plane, shown

Array = npt.NDArray[Any]
Arrays = dict[str, tuple[str, Any]]

MEASURED = 10_000  # rows that the numbers of a frame are taken of, of more a sample
CURVE = 800  # points of a curve
BINS = 32  # of a histogram
BIGGEST = 100_000  # parameters that a frame carries
COLUMNS = ("loss", "accuracy", "validation_loss", "validation_accuracy")


class Picture:
    """A plane, and what the network is given there; made once for all frames.

    Args:
        run: the run.
        plane: where the picture lies.
        size: cells along each side.
    """

    def __init__(self, run: Learning, plane: Plane, size: int) -> None:
        self.plane, self.size = plane, size
        units = sum(layer.units for layer in run.net.layers if hasattr(layer, "units"))
        self.every = 2 if units <= 96 else 4  # maps of many units are smaller
        rows = run.rows
        features = plane.features(plane.grid(size))
        self.X: Array = readable.inputs_of(run.net, rows.transformed(features)).batch(slice(None))
        self.points = shown(len(rows.y))
        self.places: Array = readable.inputs_of(run.net, rows.transformed(rows.X[self.points])).batch(slice(None))

    def maps(self, values: Array) -> Array:
        """Columns of numbers on the grid, (size^2, units), as small maps (units, s, s)."""
        small = values.reshape(self.size, self.size, -1)[:: self.every, :: self.every]
        return np.ascontiguousarray(np.moveaxis(small, 2, 0))


def frame(run: Learning, picture: Picture, watch: Mapping[str, Any]) -> tuple[dict[str, Any], Arrays]:
    """The header and the arrays of a frame.

    Args:
        run: as it is now; nothing in it changes.
        picture: of its plane.
        watch: which parts are wanted.
    """
    with np.errstate(all="ignore"):  # what overflows is shown as it is
        header, arrays = _numbers(run), _boundary(run, picture, watch)
        if watch["units"]:
            header["units"] = arrays.pop("units")[1]
        if watch["parameters"] and run.net.theta.size <= BIGGEST:
            arrays |= {name: ("f4", array) for name, array in run.net.params.items()}
        if watch["history"]:
            header["history"], curves = curve(run)
            arrays["history"] = ("f4", curves)
        if watch["confusion"] and run.rows.task == "classes":
            arrays["confusion"] = ("i4", confusion(run))
        if watch["histograms"]:
            header["histograms"], found = histograms(run)
            arrays |= found
    return header, arrays


def _numbers(run: Learning) -> dict[str, Any]:
    job, net = run.job, run.net
    measured: dict[str, float | None] = {
        "loss": None,
        "accuracy": None,
        "validation_loss": None,
        "validation_accuracy": None,
    }
    for part, problem in (("", job.problem), ("validation_", job.validation)):
        if problem is not None:
            value, correct, n = _measured(net, problem, job.settings.l2, job.settings.l1)
            measured[f"{part}loss"] = value
            measured[f"{part}accuracy"] = None if net.task == "values" else correct / n
    return {
        "step": run.step, "epoch": run.epoch, "end": run.end, **measured,
        "learning_rate": run.rate, "update_ratio": update_ratio(run),
        "silenced": [list(place) for place in run.silenced],
    }  # fmt: skip


def _measured(net: Network, problem: Problem, l2: float, l1: float) -> tuple[float, int, int]:
    n = len(problem.t)
    if n > MEASURED:
        problem = problem.part(np.linspace(0, n - 1, MEASURED).round().astype(np.int64))
        n = MEASURED
    value, correct = readable.loss(net, net.theta, *problem, l2, l1)
    return float(value), correct, n


def update_ratio(run: Learning) -> list[float | None]:
    """For each Dense layer, how long the last step's change of its weights was, measured by them."""
    if not run.step:
        return [None for name in run.net.params if name.startswith("W")]
    change = run.net.named(run.net.theta - run.job.finite)
    ratios = []
    for name, W in run.net.params.items():
        if name.startswith("W"):
            length = float(np.linalg.norm(W))
            ratios.append(float(np.linalg.norm(change[name])) / length if length else None)
    return ratios


def _boundary(run: Learning, picture: Picture, watch: Mapping[str, Any]) -> Arrays:
    """What the network answers over the plane and at the points, and what every unit gives over the plane."""
    operations = readable.forward(run.net, run.net.theta, picture.X)
    answers = operations[-1].output
    arrays: Arrays = {"boundary": ("f4", answers.T.reshape(-1, picture.size, picture.size))}
    at_points = readable.forward(run.net, run.net.theta, picture.places)[-1].output
    arrays["answers"] = ("f4", at_points[:, 0] if run.net.task == "values" else np.argmax(at_points, axis=1))
    if watch["units"]:
        activations = [picture.maps(operation.output) for operation in _units(operations)]
        maps, low, high = levels(np.concatenate(activations))
        arrays |= {"maps": ("u1", maps), "units": ("f4", {"low": low, "high": high})}
    return arrays


def _units(operations: list[Operation]) -> list[Operation]:
    return [operation for operation in operations if operation.kind == "activation"]


def levels(maps: Array) -> tuple[Array, Array, Array]:
    """Maps (units, s, s) as levels 0 ... 255 between the lowest and the highest number of each.

    Example:
        >>> maps, low, high = levels(np.array([[[-1.0, 1.0], [0.0, 0.0]]]))
        >>> maps.tolist(), low, high
        ([[[0, 255], [128, 128]]], array([-1.]), array([1.]))
    """
    finite = np.isfinite(maps)
    low = np.min(maps, axis=(1, 2), where=finite, initial=np.inf)
    high = np.max(maps, axis=(1, 2), where=finite, initial=-np.inf)
    low, high = np.where(low <= high, low, 0.0), np.where(low <= high, high, 0.0)
    extent = np.where(high > low, high - low, 1.0)[:, np.newaxis, np.newaxis]
    shares = (np.where(finite, maps, 0.0) - low[:, np.newaxis, np.newaxis]) / extent
    return np.clip(np.rint(255 * shares), 0, 255).astype(np.uint8), low, high


def inputs(picture: Picture) -> tuple[dict[str, Any], Arrays]:
    """What the network's inputs are over the plane, which changes with data and view alone."""
    maps, low, high = levels(picture.maps(picture.X))
    return {"inputs": {"low": low, "high": high}}, {"inputs": ("u1", maps)}


def curve(run: Learning) -> tuple[list[str], Array]:
    """The run's books, thinned evenly where there are many epochs: the names of the rows, and (names, m) numbers."""
    columns = run.job.columns
    done, stride = run.whole, 1
    while done / stride > CURVE:
        stride *= 2
    index = np.arange(0, done, stride)
    if done and index[-1] != done - 1:
        index = np.append(index, done - 1)
    kept = [name for name in COLUMNS if done and not np.isnan(columns[name][index]).all()]
    curves = np.stack([index + 1.0, *(columns[name][index] for name in kept)]).reshape(len(kept) + 1, -1)
    if run.aside is not None:
        epoch, books = run.aside
        curves[1:, index == epoch] = np.array([books[name] for name in kept])[:, np.newaxis]
    return ["epoch", *kept], curves


def confusion(run: Learning) -> Array:
    """How many rows of each class (down) were taken for which (across), of training and validation: (2, K, K)."""
    K = run.net.outputs
    counts = np.zeros((2, K, K), dtype=np.int64)
    for part, problem in enumerate((run.job.problem, run.job.validation)):
        if problem is not None:
            rows = None if len(problem.t) <= MEASURED else np.linspace(0, len(problem.t) - 1, MEASURED).astype(np.int64)
            inputs, t, _ = problem.part(rows)
            answers = readable.outputs(run.net, run.net.theta, inputs)
            np.add.at(counts[part], (np.argmax(t, axis=1), np.argmax(answers, axis=1)), 1)
    return counts


def histograms(run: Learning) -> tuple[dict[str, Any], Arrays]:
    """Of weights, activations and gradients, layer by layer: their ends, and the share in each of so many parts."""
    problem, settings, net = run.job.problem, run.job.settings, run.net
    n = len(problem.t)
    some = problem.part(None if n <= 2000 else np.linspace(0, n - 1, 2000).astype(np.int64))
    _, _, gradient = readable.loss_and_gradient(net, net.theta, *some, settings.l2, settings.l1)
    operations = readable.forward(net, net.theta, some.inputs.batch(slice(None)))
    of = {
        "W": [W for name, W in net.params.items() if name.startswith("W")],
        "a": [operation.output for operation in _units(operations)],
        "g": [g for name, g in net.named(gradient).items() if name.startswith("W")],
    }
    ends: dict[str, Any] = {}
    arrays: Arrays = {}
    for name, layers in of.items():
        found = [_histogram(values.ravel()) for values in layers]
        ends[name] = [end for end, _ in found]
        arrays[f"hist_{name}"] = ("f4", np.stack([shares for _, shares in found]))
    return ends, arrays


def _histogram(values: Array) -> tuple[list[float], Array]:
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if high - low < 1e-12 * max(abs(low), abs(high), 1e-290):  # all the same: one part in the middle
        low, high = low - 0.5, high + 0.5
    counts, _ = np.histogram(values, bins=BINS, range=(low, high))
    return [low, high], counts / max(values.size, 1)
