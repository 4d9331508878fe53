"""How the work of a step is cut up: into parts for threads, tiles for the cache, and which loops suit each layer.

Everything here follows from shapes alone, never from the number of threads or a clock: so bits never depend on them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

WIDE = 2048  # weights from which the first layer takes its rows as they lie in memory
NEAR = 2**17  # bytes that the widest layer of a tile may take, so that all of them stay in the second cache
FAR = 2**20  # where there are many weights, whose gradient is read and written for each tile: fewer, larger tiles
TILE = 1008  # rows at the most; no power of two, which would put columns on the same lines of the cache
SHARED = 3_000_000  # operations of a step from which a second thread gains more than it costs to wait for it
MANY = 50_000_000  # and from which four do
ACTIVATION = 20  # operations that a unit's activation and its slope are counted as
LANES = {4: 16, 8: 8}  # numbers in a vector register of 64 bytes, by their size in bytes


class Layout(NamedTuple):
    """How a step is cut up.

    Attributes:
        parts: shares of the rows, each of which one thread works through.
        tile: rows at a time.
        by_row: whether the inputs stay rows, (M, features), or become columns.
        summed: for each layer, whether its gradient is quicker as sums over rows than as a product by blocks.
        operations: of a step, about.
    """

    parts: int
    tile: int
    by_row: bool
    summed: tuple[bool, ...]
    operations: int


def layout(widths: list[int], batch: int, dropped: bool, itemsize: int) -> Layout:
    """The layout for a network of these widths, inputs first.

    Args:
        batch: rows of a step.
        dropped: whether dropout comes before the first layer.
        itemsize: bytes of a number.

    Example:
        >>> layout([784, 128, 10], 100, False, 4).parts
        2
        >>> layout([2, 3, 2], 200, False, 8).parts
        1
    """
    weights = [fan_in * units for fan_in, units in pairwise(widths)]
    operations = batch * (3 * sum(weights) + ACTIVATION * sum(widths[1:]))
    parts = 1
    if operations >= SHARED and batch >= 32:
        parts = 4 if operations >= MANY and batch >= 512 else 2
    rows = -(-batch // parts)
    by_row = weights[0] >= WIDE and not dropped
    most = min(TILE, max(48, (FAR if by_row else NEAR) // (itemsize * max(widths))))
    tile = -(-rows // -(-rows // most))  # tiles of about one size: a last one of two rows would cost like a whole one
    sums = [_summed(*shape, tile, LANES[itemsize]) for shape in pairwise(widths)]
    return Layout(parts, tile, by_row, (sums[0] and not by_row, *sums[1:]), operations)


def _summed(fan_in: int, units: int, rows: int, lanes: int) -> bool:
    """Whether sums over rows take fewer vector operations than turning the gradient and a product do."""
    sums = fan_in * units * (-(-rows // lanes) + 8)
    product = rows * units + fan_in * -(-units // lanes) * rows * (2 if fan_in * units < 64 else 1)
    return sums <= product
