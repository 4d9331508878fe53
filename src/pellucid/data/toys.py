"""Generated data sets, small enough to draw: every one is (X, y), rows x features and one label or value a row.

The first three equal scikit-learn's functions of the same names bit for bit (its `random_state` is `seed` here), so a
lesson and a program that uses scikit-learn see the same points; no scikit-learn is needed for that.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.errors import InputError

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.int64]
Seed: TypeAlias = int | np.random.RandomState | None


def random_state(seed: Seed) -> np.random.RandomState:
    """The generator behind a seed: a new one for a number, a given one itself, NumPy's global one for None.

    None exists for programs that begin with ``np.random.seed(0)`` and draw everything from there.

    Raises:
        InputError: the seed is neither of these, or a number outside 0 ... 2**32 - 1.

    Example:
        >>> random_state(0).randint(10)
        5
    """
    if seed is None:
        # np.random.seed, np.random.rand, ... are methods of this one object, for which NumPy has no public name.
        shared: np.random.RandomState = np.random.mtrand._rand
        return shared
    if isinstance(seed, np.random.RandomState):
        return seed
    number = check.whole(seed, "seed", 0)
    if number >= 2**32:
        raise InputError(f"seed is {number}, but must be below 2**32 = 4294967296: give a smaller one.")
    return np.random.RandomState(number)


def make_moons(n: int = 100, noise: float | None = None, seed: Seed = 0) -> tuple[Floats, Labels]:
    """Two half circles that reach into each other: the upper one is class 0, the lower one class 1.

    Args:
        n: number of points; with an odd one the lower moon has one more.
        noise: standard deviation of the normal noise added to both coordinates; None adds (and draws) none.
        seed: a number, a `numpy.random.RandomState`, or None for NumPy's global state.

    Returns:
        X float64 (n, 2) and y int64 (n,) in 0, 1, in random order.

    Raises:
        InputError: n below 1, a negative noise, or a seed that is none.

    Source: `sklearn.datasets.make_moons`, whose numbers these are, bit for bit.

    Example:
        >>> X, y = make_moons(200, noise=0.2, seed=0)
        >>> X.shape, y[:5].tolist()
        ((200, 2), [0, 1, 1, 0, 1])
    """
    n, noise, generator = check.whole(n, "n", 1), _noise(noise), random_state(seed)
    upper, lower = np.linspace(0, np.pi, n // 2), np.linspace(0, np.pi, n - n // 2)
    # The order of the operations is part of the agreement in every bit: 0.5 - sin(t) would round differently.
    X = np.vstack([_xy(np.cos(upper), np.sin(upper)), _xy(1 - np.cos(lower), 1 - np.sin(lower) - 0.5)])
    return _shuffled(X, [n // 2, n - n // 2], noise, generator)


def make_circles(
    n: int = 100, noise: float | None = None, factor: float = 0.8, seed: Seed = 0
) -> tuple[Floats, Labels]:
    """A circle of radius 1 (class 0) around a circle of radius `factor` (class 1).

    Args:
        n: number of points; with an odd one the inner circle has one more.
        noise: standard deviation of the normal noise added to both coordinates; None adds (and draws) none.
        factor: radius of the inner circle, at least 0 and below 1.
        seed: a number, a `numpy.random.RandomState`, or None for NumPy's global state.

    Returns:
        X float64 (n, 2) and y int64 (n,) in 0, 1, in random order.

    Raises:
        InputError: n below 1, a negative noise, a factor outside [0, 1), or a seed that is none.

    Source: `sklearn.datasets.make_circles`, whose numbers these are, bit for bit.

    Example:
        >>> X, y = make_circles(100, factor=0.5)
        >>> sorted(set((X**2).sum(axis=1).round(2).tolist()))
        [0.25, 1.0]
    """
    n, noise, factor, generator = (
        check.whole(n, "n", 1),
        _noise(noise),
        check.number(factor, "factor", 0),
        random_state(seed),
    )
    if factor >= 1:
        raise InputError(f"factor is {factor}, but the inner circle must be the smaller: give a number below 1.")
    outer = np.linspace(0, 2 * np.pi, n // 2, endpoint=False)
    inner = np.linspace(0, 2 * np.pi, n - n // 2, endpoint=False)
    X = np.vstack([_xy(np.cos(outer), np.sin(outer)), _xy(np.cos(inner) * factor, np.sin(inner) * factor)])
    return _shuffled(X, [n // 2, n - n // 2], noise, generator)


def make_blobs(
    n: int = 100, centers: int | npt.ArrayLike = 3, features: int = 2, spread: float = 1.0, seed: Seed = 0
) -> tuple[Floats, Labels]:
    """Round clouds of normally distributed points, one class a cloud.

    Args:
        n: number of points, shared among the clouds as evenly as can be.
        centers: how many clouds (their centres are then drawn from -10 ... 10 in each feature), or the centres
            themselves, (clouds, features).
        features: number of features, where `centers` is a number.
        spread: standard deviation of each cloud in each feature.
        seed: a number, a `numpy.random.RandomState`, or None for NumPy's global state.

    Returns:
        X float64 (n, features) and y int64 (n,) in 0 ... clouds - 1, in random order.

    Raises:
        InputError: a number below 1, a negative spread, centres that are no finite matrix, or a seed that is none.

    Source: `sklearn.datasets.make_blobs`, whose numbers these are, bit for bit.

    Example:
        >>> X, y = make_blobs(90, centers=3, seed=1)
        >>> np.bincount(y).tolist()
        [30, 30, 30]
    """
    n, features, spread = (
        check.whole(n, "n", 1),
        check.whole(features, "features", 1),
        check.number(spread, "spread", 0),
    )
    generator = random_state(seed)
    if not isinstance(centers, list | tuple | np.ndarray):
        clouds = check.whole(centers, "centers", 1)
        middles = generator.uniform(-10.0, 10.0, size=(clouds, features))
    else:
        middles = _matrix(centers)
        clouds = len(middles)
    sizes = [n // clouds + (k < n % clouds) for k in range(clouds)]
    points = [
        generator.normal(middle, spread, size=(size, middles.shape[1]))
        for middle, size in zip(middles, sizes, strict=True)
    ]
    return _shuffled(np.vstack(points), sizes, None, generator)


def make_xor(n: int = 200, noise: float | None = None, seed: Seed = 0) -> tuple[Floats, Labels]:
    """Four squares like a chessboard's: class 1 where exactly one of the two coordinates is positive.

    No straight line parts the classes, which is why a network without a hidden layer fails on it
    (Minsky and Papert, "Perceptrons", 1969).

    Args:
        n: number of points, dealt to the four squares in turn: ``make_xor(4)`` has one in each.
        noise: standard deviation of the normal noise added *after* the labels are fixed; None adds none.
        seed: a number, a `numpy.random.RandomState`, or None for NumPy's global state.

    Returns:
        X float64 (n, 2), without noise 0.1 ... 1 away from both axes, and y int64 (n,) in 0, 1, in random order.

    Raises:
        InputError: n below 1, a negative noise, or a seed that is none.

    Example:
        >>> X, y = make_xor(4)
        >>> bool(((X[:, 0] > 0) ^ (X[:, 1] > 0) == y).all())
        True
    """
    n, noise, generator = check.whole(n, "n", 1), _noise(noise), random_state(seed)
    square = generator.permutation(np.arange(n) % 4)
    signs = np.column_stack([np.where(square // 2 == 0, -1.0, 1.0), np.where(square % 2 == 0, -1.0, 1.0)])
    X: Floats = signs * generator.uniform(0.1, 1.0, size=(n, 2))
    y = ((X[:, 0] > 0) ^ (X[:, 1] > 0)).astype(np.int64)
    return _noisy(X, noise, generator), y


def make_spiral(points: int = 100, arms: int = 3, noise: float = 0.2, seed: Seed = 0) -> tuple[Floats, Labels]:
    """Arms that wind around the origin, one class an arm, each 4 radians long.

    Point i of arm j has radius r = i / (points - 1) and angle t = 4 j + 4 i / (points - 1) + noise * e with e normal,
    and stands at (r sin t, r cos t).

    Args:
        points: number of points in each arm.
        arms: number of arms, which is the number of classes.
        noise: standard deviation of the angle, in radians.
        seed: a number, a `numpy.random.RandomState`, or None for NumPy's global state.

    Returns:
        X float64 (points * arms, 2), arm by arm (shuffle before taking batches), and y int64 (points * arms,).

    Raises:
        InputError: a number below 1, a negative noise, or a seed that is none.

    Source: Stanford CS231n, "Putting it together: minimal neural network case study".

    Example:
        >>> X, y = make_spiral(points=100, arms=3, noise=0.2, seed=0)
        >>> X.shape, np.bincount(y).tolist()
        ((300, 2), [100, 100, 100])
    """
    points, arms, noise = (
        check.whole(points, "points", 1),
        check.whole(arms, "arms", 1),
        check.number(noise, "noise", 0),
    )
    generator = random_state(seed)
    r = np.linspace(0.0, 1, points)
    X = np.empty((points * arms, 2))
    for j in range(arms):
        t = np.linspace(j * 4, (j + 1) * 4, points) + generator.randn(points) * noise
        X[points * j : points * (j + 1)] = _xy(r * np.sin(t), r * np.cos(t))
    return X, np.repeat(np.arange(arms, dtype=np.int64), points)


def _noise(noise: float | None) -> float | None:
    return None if noise is None else check.number(noise, "noise", 0)


def _xy(x: Floats, y: Floats) -> Floats:
    return np.column_stack([x, y])


def _noisy(X: Floats, noise: float | None, generator: np.random.RandomState) -> Floats:
    return X if noise is None else X + generator.normal(scale=noise, size=X.shape)


def _shuffled(
    X: Floats, sizes: list[int], noise: float | None, generator: np.random.RandomState
) -> tuple[Floats, Labels]:
    """Rows in random order, then the noise: the order in which scikit-learn draws them."""
    y = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    order = np.arange(len(X))
    generator.shuffle(order)
    return _noisy(X[order], noise, generator), y[order]


def _matrix(centers: npt.ArrayLike) -> Floats:
    try:
        middles = np.asarray(centers, dtype=np.float64)
    except (TypeError, ValueError):
        middles = np.empty(0)
    if middles.ndim != 2 or middles.size == 0 or not np.isfinite(middles).all():
        raise InputError(
            f"centers is {centers!r}, but must be a whole number, or finite numbers (clouds, features) "
            "such as [[0, 0], [5, 5]]."
        )
    return middles
