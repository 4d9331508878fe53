"""Generated data sets that tell a story: shirts that sell, microchips that pass, surfaces to be learnt as values."""

from __future__ import annotations

import numpy as np

from pellucid import inputs as check
from pellucid.data.toys import Floats, Labels, Seed, random_state


def make_shirts(n: int = 500, seed: Seed = 0) -> tuple[Floats, Labels]:
    """Will this T-shirt sell? Four numbers that can be seen, three notions behind them that cannot.

    The columns of X, each drawn uniformly:

    0. price, 5 ... 35 currency units;
    1. shipping, 0 ... 10 currency units;
    2. marketing, 0 ... 10 thousand currency units a month;
    3. material, share of good cotton, 0 ... 1.

    Behind them stand, as numbers between 0 and 1, *affordability* (price + shipping low), *awareness* (marketing high)
    and *perceived quality* (price and material high). The shirt sells when two of the three hold, up to a little noise
    (standard deviation 0.05 on their sum). Three hidden units can find just these notions.

    Args:
        n: number of shirts.
        seed: a number, a `numpy.random.RandomState`, or None for NumPy's global state.

    Returns:
        X float64 (n, 4), unscaled, and y int64 (n,), 1 where the shirt sold (about half of them).

    Raises:
        InputError: n below 1, or a seed that is none.

    Source: generated here, after a story that introductory courses tell (affordability, awareness, perceived quality).

    Example:
        >>> X, y = make_shirts(1000, seed=0)
        >>> X.shape, bool(0.4 < y.mean() < 0.6)
        ((1000, 4), True)
    """
    n, generator = check.whole(n, "n", 1), random_state(seed)
    X: Floats = generator.uniform([5.0, 0.0, 0.0, 0.0], [35.0, 10.0, 10.0, 1.0], size=(n, 4))
    price, shipping, marketing, material = X.T
    affordability = _soft_step((25.0 - price - shipping) / 2.0)
    awareness = _soft_step((marketing - 5.0) / 0.7)
    quality = _soft_step((price / 30.0 + 3.0 * material - 13.0 / 6.0) / 0.2)
    score = affordability + awareness + quality + generator.normal(scale=0.05, size=n)
    return X, (score > 1.5).astype(np.int64)


def make_microchips(n: int = 118, seed: Seed = 0) -> tuple[Floats, Labels]:
    """Two test scores of each microchip, and whether it was accepted: a generated look-alike of the course data.

    Chips inside a rounded, slightly tilted region are accepted, and chance decides near its border, so that a good
    model is right on 0.80 to 0.88 of the rows, and one that is right on all of them has learnt the noise.

    Args:
        n: number of chips.
        seed: a number, a `numpy.random.RandomState`, or None for NumPy's global state.

    Returns:
        X float64 (n, 2), scores in -0.9 ... 1.1, and y int64 (n,), 1 where accepted (about half of them).

    Raises:
        InputError: n below 1, or a seed that is none.

    Source: generated here; `load_microchips` reads the data of the course itself.

    Example:
        >>> X, y = make_microchips()
        >>> X.shape, y.dtype
        ((118, 2), dtype('int64'))
    """
    n, generator = check.whole(n, "n", 1), random_state(seed)
    X: Floats = generator.uniform(-0.9, 1.1, size=(n, 2))
    along, across = (X[:, 0] - X[:, 1]) / np.sqrt(2), (X[:, 0] + X[:, 1] - 0.3) / np.sqrt(2)
    radius = (np.abs(along / 0.84) ** 2.5 + np.abs(across / 0.7) ** 2.5) ** (1 / 2.5)
    return X, (generator.uniform(size=n) < _soft_step((1.0 - radius) / 0.12)).astype(np.int64)


def make_plane(n: int = 200, noise: float = 0.0, seed: Seed = 0) -> tuple[Floats, Floats]:
    """Values on a tilted plane, y = 0.5 + 0.75 x1 - 0.25 x2: what a single linear unit learns exactly.

    Args:
        n: number of points.
        noise: standard deviation of the normal noise on y.
        seed: a number, a `numpy.random.RandomState`, or None for NumPy's global state.

    Returns:
        X float64 (n, 2), uniform in -1 ... 1, and y float64 (n,).

    Raises:
        InputError: n below 1, a negative noise, or a seed that is none.

    Source: generated here.

    Example:
        >>> X, y = make_plane(5)
        >>> bool(np.allclose(y, 0.5 + X @ [0.75, -0.25]))
        True
    """
    X, e = _square(n, noise, seed)
    return X, 0.5 + 0.75 * X[:, 0] - 0.25 * X[:, 1] + e


def make_waves(n: int = 400, noise: float = 0.0, seed: Seed = 0) -> tuple[Floats, Floats]:
    """Values on hills and valleys, y = sin(pi x1) cos(pi x2): what needs a hidden layer.

    Args:
        n: number of points.
        noise: standard deviation of the normal noise on y.
        seed: a number, a `numpy.random.RandomState`, or None for NumPy's global state.

    Returns:
        X float64 (n, 2), uniform in -1 ... 1, and y float64 (n,), within -1 ... 1 without noise.

    Raises:
        InputError: n below 1, a negative noise, or a seed that is none.

    Source: generated here.

    Example:
        >>> X, y = make_waves(5)
        >>> bool(np.allclose(y, np.sin(np.pi * X[:, 0]) * np.cos(np.pi * X[:, 1])))
        True
    """
    X, e = _square(n, noise, seed)
    return X, np.sin(np.pi * X[:, 0]) * np.cos(np.pi * X[:, 1]) + e


def _square(n: int, noise: float, seed: Seed) -> tuple[Floats, Floats]:
    """Points in the square -1 ... 1, and noise for the value of each."""
    n, noise, generator = check.whole(n, "n", 1), check.number(noise, "noise", 0), random_state(seed)
    X: Floats = generator.uniform(-1.0, 1.0, size=(n, 2))
    return X, generator.normal(scale=noise, size=n)


def _soft_step(z: Floats) -> Floats:
    """The logistic function by way of tanh, which does not overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)
