"""Real data sets: those that come with scikit-learn, and the microchips of a well-known course."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.data.places import VARIABLE, PathLike, as_path, searched
from pellucid.data.tables import Table, read_csv
from pellucid.errors import DataUnavailable, FileError, InputError, did_you_mean, need

MICROCHIPS = "ex2data2.txt"


def load(name: str) -> Table:
    """A real data set by name, with the names of its features and classes.

    Args:
        name: one of "digits" (1797 images of 8 x 8), "iris" (150 flowers), "wine" (178 wines), "breast-cancer" (569
            tumours), "diabetes" (442 patients; values, not classes), "microchips" (118 chips). Hyphens and underscores
            are alike.

    Returns:
        A `Table`; its `notes` name the source.

    Raises:
        InputError: no such name.
        MissingExtra: scikit-learn, which brings all but the microchips, is not installed.
        DataUnavailable: the file of the microchips is not here.

    Source: the documentation of `sklearn.datasets` names the origin of each set.

    Example:
        >>> iris = load("iris")
        >>> iris.X.shape, iris.labels
        ((150, 4), ('setosa', 'versicolor', 'virginica'))
    """
    if not isinstance(name, str):
        raise InputError(f"name is {name!r}, and must be one of {', '.join(SETS)}.")
    key = name.strip().lower().replace("_", "-")
    if key not in SETS:
        hint = " MNIST has its own function, load_mnist()." if "mnist" in key else did_you_mean(key, SETS)
        hint = " A saved network is read by pellucid.load." if key.endswith(".json") else hint
        raise InputError(f"there is no data set named {name!r}; there are {', '.join(SETS)}.{hint}")
    return SETS[key]()


def load_digits() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Handwritten digits of 8 x 8 pixels, which come with scikit-learn.

    Returns:
        X float64 (1797, 64), whole numbers from 0 (paper) to 16 (ink), each row an image row by row; y int64 (1797,),
        0 ... 9.

    Raises:
        MissingExtra: scikit-learn is not installed.

    Source: E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998
    (its test set).

    Example:
        >>> X, y = load_digits()
        >>> X.shape, y[:3].tolist()
        ((1797, 64), [0, 1, 2])
    """
    table = load("digits")
    return table.X, np.asarray(table.y, dtype=np.int64)


def load_microchips(path: PathLike | None = None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Two test scores of each of 118 microchips, and whether it was accepted; raw, as in the file.

    Looks for ex2data2.txt at `path` (the file or its folder) alone where it is given; else in the folder that the
    environment variable PELLUCID_DATA names, then in the user's cache. It is never downloaded.

    Returns:
        X float64 (118, 2) and y int64 (118,), 1 for the 58 that were accepted.

    Raises:
        FileError: the file at `path` is missing, or does not hold two scores and 0 or 1 in each row.
        DataUnavailable: no path was given, and the file is in neither place.

    Source: A. Ng, "Machine Learning" (Coursera, 2011), exercise 2. `make_microchips` generates a look-alike.

    Example:
        >>> X, y = load_microchips()  # doctest: +SKIP
        >>> X.shape, int(y.sum())  # doctest: +SKIP
        ((118, 2), 58)
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     _ = (Path(folder) / "ex2data2.txt").write_text("0.05,0.70,1\\n-0.09,0.68,0\\n")
        ...     X, y = load_microchips(folder)
        >>> X.tolist(), y.tolist()
        ([[0.05, 0.7], [-0.09, 0.68]], [1, 0])
    """
    table = _microchips(_microchips_file(path))
    return table.X, np.asarray(table.y, dtype=np.int64)


def _microchips_file(path: PathLike | None) -> Path:
    if path is not None:
        given = as_path(path)
        return given / MICROCHIPS if given.is_dir() else given
    places = [place / MICROCHIPS for place in searched(None)]
    for place in places:
        if os.path.isfile(place):  # unlike Path.is_file, no error where a folder may not be entered
            return place
    looked = f" (looked for {', '.join(map(str, places))})" if places else ""
    raise DataUnavailable(
        f"the microchip data are not on this disk{looked}, and they are not downloaded. Get {MICROCHIPS} of the "
        f"course, then write load_microchips(path) or name its folder in the environment variable {VARIABLE}; or take "
        "make_microchips(), a generated look-alike."
    )


def _microchips(path: Path) -> Table:
    """The file as a table with names."""
    table = read_csv(path, target=-1, header=False, task="classes", labels=(0, 1))
    if table.X.shape[1] != 2:
        raise FileError(
            f"{path}: its rows have {table.X.shape[1] + 1} fields, and three are expected: two scores, and 0 or 1."
        )
    return Table(
        X=table.X,
        y=table.y,
        features=("test 1", "test 2"),
        target="accepted",
        labels=("rejected", "accepted"),
        task="classes",
        name="microchips",
        notes=('Course data: A. Ng, "Machine Learning", exercise 2.',),
    )


def _bundled(name: str, loader: str, target: str, source: str, features: tuple[str, ...] | None = None) -> Table:
    """A set of `sklearn.datasets`; it holds values where it has no names of classes."""
    bunch: Any = getattr(need("sklearn.datasets", "sklearn"), loader)()
    classes = getattr(bunch, "target_names", None)
    return Table(
        X=np.ascontiguousarray(bunch.data, dtype=np.float64),
        y=np.asarray(bunch.target, dtype=np.float64 if classes is None else np.int64),
        features=features or tuple(map(str, bunch.feature_names)),
        target=target,
        labels=None if classes is None else tuple(map(str, classes)),
        task="values" if classes is None else "classes",
        name=name,
        notes=(f"Source: {source}; it comes with scikit-learn.",),
    )


def _digits() -> Table:
    pixels = tuple(f"row {row} column {column}" for row in range(8) for column in range(8))
    source = "Alpaydin and Kaynak, optical recognition of handwritten digits, UCI, 1998"
    return _bundled("digits", "load_digits", "digit", source, pixels)


SETS: dict[str, Callable[[], Table]] = {
    "digits": _digits,
    "iris": lambda: _bundled("iris", "load_iris", "species", "R. A. Fisher, 1936"),
    "wine": lambda: _bundled("wine", "load_wine", "cultivar", "Forina and others, UCI, 1991"),
    "breast-cancer": lambda: _bundled(
        "breast-cancer", "load_breast_cancer", "diagnosis", "Wolberg, Street, Mangasarian, UCI, 1995"
    ),
    "diabetes": lambda: _bundled(
        "diabetes", "load_diabetes", "progression", "Efron, Hastie, Johnstone, Tibshirani, Least Angle Regression, 2004"
    ),
    "microchips": lambda: _microchips(_microchips_file(None)),
}
