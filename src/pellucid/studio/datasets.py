"""The rows that a run learns from: generated, real, drawn by hand, or of a file of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import data
from pellucid.errors import DataUnavailable, InputError

Array = npt.NDArray[Any]

# What a network may be given of two features; a and b are their names.
TRANSFORMS: dict[str, tuple[str, Callable[[Array, Array], Array]]] = {
    "x1": ("{a}", lambda a, b: a),
    "x2": ("{b}", lambda a, b: b),
    "x1^2": ("{a}^2", lambda a, b: a * a),
    "x2^2": ("{b}^2", lambda a, b: b * b),
    "x1x2": ("{a} {b}", lambda a, b: a * b),
    "sinx1": ("sin({a})", lambda a, b: np.sin(a)),
    "sinx2": ("sin({b})", lambda a, b: np.sin(b)),
}
LARGEST_IMAGE = {"digits": (8, 8, 16)}  # width, height, ink


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to learn from.

    Attributes:
        X: features (n, d) as they were given, before transforms and scaling.
        y: class indices or values, (n,).
        features: their names.
        task: "classes" or "values".
        labels: names of the classes; None for values.
        target: what is told or predicted, by name.
        kept: which of `TRANSFORMS` the network is given, for two features; None for the features themselves.
        image: (width, height, largest number) where a row is one.
        notes: what was inferred.
        name: of the set.
    """

    X: Array
    y: Array
    features: tuple[str, ...]
    task: str
    labels: tuple[str, ...] | None = None
    target: str = "y"
    kept: tuple[str, ...] | None = None
    image: tuple[int, int, int] | None = None
    notes: tuple[str, ...] = ()
    name: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what the network is given."""
        if self.kept is None:
            return self.features
        a, b = self.features
        return tuple(TRANSFORMS[name][0].format(a=a, b=b) for name in self.kept)

    def transformed(self, X: Array) -> Array:
        """What the network is given of rows X (m, d): (m, inputs)."""
        if self.kept is None:
            return X
        with np.errstate(over="ignore", invalid="ignore"):
            return np.column_stack([TRANSFORMS[name][1](X[:, 0], X[:, 1]) for name in self.kept])


def rows_of(
    wanted: Mapping[str, Any], features: Sequence[str] | None, read: Callable[[Mapping[str, Any]], Rows]
) -> Rows:
    """The rows that a state asks for.

    Args:
        wanted: the part `data` of a state.
        features: its part `features`, for sets of two features.
        read: gives the rows of the file of one's own.

    Raises:
        InputError: there are too few rows, or none of a second class.
        FileError: the file cannot be read.

    Example:
        >>> moons = rows_of({"kind": "moons", "n": 20, "noise": 0.1, "seed": 0}, ["x1", "x1x2"], read=None)
        >>> moons.X.shape, moons.inputs
        ((20, 2), ('x1', 'x1 x2'))
    """
    kind = wanted["kind"]
    if kind == "csv":
        rows = read(wanted)
    elif kind == "drawn":
        rows = _drawn(wanted["points"], wanted["values"])
    elif kind in LOADED:
        rows = _loaded(kind)
    elif kind == "shirts":
        X, y = data.make_shirts(wanted["n"], seed=wanted["seed"])
        names = ("price", "shipping", "marketing", "material")
        rows = Rows(X, y, names, "classes", ("not sold", "sold"), "sold", name=kind)
    elif kind == "microchips":
        rows = _microchips(wanted["seed"])
    else:
        rows = _generated(kind, {name: value for name, value in wanted.items() if name != "kind"})
    _check(rows)
    if rows.X.shape[1] != 2:
        return rows
    kept = tuple(name for name in TRANSFORMS if name in (features or ("x1", "x2")))
    return replace(rows, kept=kept)


LOADED = ("digits", "iris", "wine", "breast-cancer")
VALUES = ("plane", "waves")


def _generated(kind: str, asked: dict[str, Any]) -> Rows:
    n, noise, seed = asked.pop("n"), asked.pop("noise"), asked.pop("seed")
    makers: dict[str, Callable[[], tuple[Array, Array]]] = {
        "moons": lambda: data.make_moons(n, noise=noise, seed=seed),
        "circles": lambda: data.make_circles(n, noise=noise, seed=seed, **asked),
        "xor": lambda: data.make_xor(n, noise=noise, seed=seed),
        "spiral": lambda: data.make_spiral(n, noise=noise, seed=seed, **asked),
        "blobs": lambda: data.make_blobs(n, centers=asked["classes"], spread=noise, seed=seed),
        "plane": lambda: data.make_plane(n, noise=noise, seed=seed),
        "waves": lambda: data.make_waves(n, noise=noise, seed=seed),
    }
    X, y = makers[kind]()
    if kind in VALUES:
        return Rows(X, y, ("x1", "x2"), "values", name=kind)
    labels = tuple(str(label) for label in range(int(y.max()) + 1))
    return Rows(X, y, ("x1", "x2"), "classes", labels, "class", name=kind)


def of_table(table: data.Table, image: tuple[int, int, int] | None = None) -> Rows:
    """The rows of a table that has a target."""
    assert table.y is not None
    assert table.task is not None
    target = table.target or "y"
    return Rows(
        table.X, table.y, table.features, table.task, table.labels, target, None, image, table.notes, table.name
    )


def _loaded(kind: str) -> Rows:
    return of_table(data.load(kind), LARGEST_IMAGE.get(kind))


def _microchips(seed: int) -> Rows:
    try:
        return of_table(data.load("microchips"))
    except DataUnavailable:
        X, y = data.make_microchips(seed=seed)
    note = "A generated look-alike: the data of the course itself are not on this disk."
    return Rows(X, y, ("test 1", "test 2"), "classes", ("rejected", "accepted"), "accepted", None, None, (note,))


def _drawn(points: Sequence[Sequence[float]], values: bool) -> Rows:
    table = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    X, y = table[:, :2], table[:, 2]
    if values:
        return Rows(X, y, ("x1", "x2"), "values", name="drawn")
    labels = tuple(str(label) for label in range(int(y.max(initial=1)) + 1))
    return Rows(X, y.astype(np.int64), ("x1", "x2"), "classes", labels, "class", name="drawn")


def _check(rows: Rows) -> None:
    n = len(rows.y)
    if n < 2:
        raise InputError(f"There are {n} rows, and at least two are needed. Draw more points, or take another set.")
    if rows.task == "classes" and len(np.unique(rows.y)) < 2:
        raise InputError("All rows belong to one class: there is nothing to tell apart. Give rows of a second class.")


def batch(rows: Rows, row: int, size: int) -> Array:
    """The row and those that follow it; for classes one of another class is among them.

    Example:
        >>> rows = Rows(np.zeros((5, 1)), np.array([0, 0, 0, 0, 1]), ("x",), "classes", ("a", "b"))
        >>> batch(rows, 3, 3).tolist(), batch(rows, 0, 3).tolist(), batch(rows, 0, 1).tolist()
        ([3, 4, 0], [0, 1, 4], [0])
    """
    n = len(rows.y)
    chosen = (row + np.arange(min(size, n))) % n
    if rows.task == "classes" and len(chosen) > 1 and len(np.unique(rows.y[chosen])) == 1:
        chosen[-1] = int(np.flatnonzero(rows.y != rows.y[row])[0])
    return chosen
