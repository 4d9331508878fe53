"""The plane that a picture shows: two features, or the first two principal components of more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError
from pellucid.studio.datasets import Rows

Array = npt.NDArray[Any]

MARGIN = 0.1  # of the data's extent, left free around them
SAMPLE = 5000  # rows that the components are found from
SHOWN = 2000  # points that a picture shows


@dataclass(frozen=True, eq=False)
class Plane:
    """Where a picture lies among the features.

    Attributes:
        kind: "features" or "components".
        names: of its two axes.
        origin, axes: a point (u, v) of it has the features origin + u axes[0] + v axes[1].
        low, high: its corners.
        explained: shares of the variance along the axes, for components.
    """

    kind: str
    names: tuple[str, str]
    origin: Array
    axes: Array
    low: Array
    high: Array
    explained: tuple[float, float] | None = None

    def features(self, places: Array) -> Array:
        """The features (m, d) of places (m, 2)."""
        return self.origin + places @ self.axes

    def grid(self, size: int) -> Array:
        """The middles of size x size cells, row by row, the top row first, (size^2, 2)."""
        steps = (np.arange(size) + 0.5) / size
        across = self.low[0] + (self.high[0] - self.low[0]) * steps
        down = self.high[1] - (self.high[1] - self.low[1]) * steps
        return np.column_stack([np.tile(across, size), np.repeat(down, size)])


def plane_of(rows: Rows, view: Mapping[str, Any]) -> tuple[Plane, Array]:
    """The plane that a state's `view` asks for, and where in it the rows stand, (n, 2).

    Raises:
        InputError: there is no such feature.

    Example:
        >>> rows = Rows(np.eye(3), np.arange(3), ("a", "b", "c"), "classes")
        >>> plane, places = plane_of(rows, {"kind": "features", "x": 2, "y": 0})
        >>> plane.names, places.tolist()
        (('c', 'a'), [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    """
    X, d = rows.X, rows.X.shape[1]
    if d == 1:
        return _line(rows)
    if d == 2:
        places = X
        origin, axes, names, explained = np.zeros(2), np.eye(2), (rows.features[0], rows.features[1]), None
    elif view["kind"] == "components":
        return _components(rows)
    else:
        x, y = view["x"], view["y"]
        if max(x, y) >= d or x == y:
            raise InputError(f"The picture's axes are features {x} and {y}; take two different ones of 0 ... {d - 1}.")
        places = X[:, [x, y]]
        axes = np.zeros((2, d))
        axes[0, x] = axes[1, y] = 1.0
        origin, names, explained = X.mean(axis=0), (rows.features[x], rows.features[y]), None
        origin[[x, y]] = 0.0
    return Plane("features", names, origin, axes, *_corners(places), explained), places


def _line(rows: Rows) -> tuple[Plane, Array]:
    """One feature: the second axis is nothing to the network; for values the rows stand at their height."""
    height = rows.y.astype(np.float64)
    places = np.column_stack([rows.X[:, 0], height])
    return Plane(
        "features", (rows.features[0], rows.target), np.zeros(1), np.array([[1.0], [0.0]]), *_corners(places)
    ), places


def _components(rows: Rows) -> tuple[Plane, Array]:
    """The plane in which the standardized rows differ most."""
    X = rows.X
    step = max(1, len(X) // SAMPLE)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    _, lengths, directions = np.linalg.svd((X[::step] - mean) / scale, full_matrices=False)
    directions, lengths = directions[:2], np.append(lengths, 0.0) ** 2
    if len(directions) < 2:
        directions = np.vstack([directions, np.zeros_like(directions)])
    # The sign of a component means nothing: the largest entry is made positive, so that the same data look the same.
    largest = directions[np.arange(2), np.argmax(np.abs(directions), axis=1)]
    directions = directions * np.where(largest < 0, -1.0, 1.0)[:, np.newaxis]
    places = ((X - mean) / scale) @ directions.T
    shares = lengths / (lengths.sum() or 1.0)
    names = ("first component", "second component")
    plane = Plane("components", names, mean, directions * scale, *_corners(places), (shares[0], shares[1]))
    return plane, places


def _corners(places: Array) -> tuple[Array, Array]:
    low, high = places.min(axis=0), places.max(axis=0)
    extent = np.where(high > low, high - low, 1.0)
    return low - MARGIN * extent, high + MARGIN * extent


def shown(n: int) -> Array:
    """Which of n rows a picture shows: all, or so many evenly chosen ones.

    Example:
        >>> shown(3).tolist(), len(shown(10**6))
        ([0, 1, 2], 2000)
    """
    return np.arange(n) if n <= SHOWN else np.linspace(0, n - 1, SHOWN).round().astype(np.int64)
