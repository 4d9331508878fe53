"""Which entries of a parameter are compared, where there are too many for all of them; always the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
ENTRIES = 320  # how many entries are looked at in all
FEWEST = 24  # of one parameter
MANY = 3_000_000  # numbers in the data


def chosen(size: int, count: int, analytic: Array | None) -> Array:
    """Which entries of a parameter are looked at: all of a small one; of a large one the largest and others at random.

    Example:
        >>> chosen(4, 10, None)
        array([0, 1, 2, 3])
    """
    if size <= count:
        return np.arange(size)
    rng = np.random.default_rng(size)
    drawn = rng.permutation(size)
    if analytic is None or analytic.size != size or not np.isfinite(analytic).all():
        return np.sort(drawn[:count])
    # Where most inputs are zero (dark pixels), so are most gradients: half of the entries are taken from the others.
    strong = np.flatnonzero(np.abs(analytic.ravel()) > 0.05 * np.max(np.abs(analytic)))
    strong = rng.permutation(strong)[: count // 2]
    rest = drawn[~np.isin(drawn, strong)][: count - len(strong)]
    return np.sort(np.concatenate([strong, rest]))


def share(sizes: Sequence[int], numbers: int) -> list[int]:
    """How many entries of each parameter are looked at; fewer where the data are many numbers and a loss takes long.

    Example:
        >>> share([4, 3], numbers=100), share([1000, 10], numbers=100), share([1000, 10], numbers=10**8)
        ([4, 3], [160, 10], [16, 10])
    """
    entries, fewest = (ENTRIES, FEWEST) if numbers < MANY else (ENTRIES // 10, FEWEST // 2)
    if sum(sizes) <= entries:
        return list(sizes)
    each = max(fewest, entries // max(len(sizes), 1))
    return [min(size, each) for size in sizes]
