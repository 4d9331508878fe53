"""The activation functions and their slopes, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pellucid.errors import InputError
from pellucid.plots import style
from pellucid.plots.histories import FIRST, SECOND, draw
from pellucid.plots.inputs import numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Formula(Protocol):
    """What `functions` reads of an activation's record."""

    @property
    def name(self) -> str: ...
    def value(self, z: Any, /) -> Any: ...
    def slope_at(self, z: Any, a: Any, /) -> Any: ...


def functions(
    records: Sequence[Formula],
    slope: bool = True,
    interval: tuple[float, float] = (-5.0, 5.0),
    columns: int | None = None,
) -> Figure:
    """Draw activation functions, a small panel each, with their slopes dashed.

    Args:
        records: each with `name`, `value(z)` and `slope_at(z, a)`, both from (n,) to (n,).
        slope: whether the slopes are drawn too.
        interval: the range of z.
        columns: panels in a row; 3 or 4, whichever leaves fewer gaps, where left out.

    Returns:
        A figure with one pair of axes for each record.

    Raises:
        InputError: no records, or an empty interval.

    Example:
        >>> import numpy as np
        >>> from types import SimpleNamespace as Record
        >>> tanh = Record(name="tanh", value=np.tanh, slope_at=lambda z, a: 1 - a**2)
        >>> functions([tanh]).axes[0].get_title()
        'tanh'
    """
    if not records or not interval[0] < interval[1]:
        raise InputError(f"nothing to draw: {len(records)} records over the interval {interval}; expected (low, high)")
    columns = min(columns or min((4, 3), key=lambda c: -len(records) % c), len(records))
    rows = -(-len(records) // columns)
    figure = style.figure(max(2.6 * columns, 4.0), 2.2 * rows + 0.6)
    cells = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in cells[len(records) :]:
        ax.remove()
    z = np.linspace(*interval, 801)
    for ax, record in zip(cells, records, strict=False):
        style.dress(ax, record.name, "z", grid=True)
        ax.locator_params(nbins=5)
        ax.title.set(fontsize=12)
        for edge in (ax.axhline, ax.axvline):
            edge(0.0, color=style.SOFT, linewidth=0.8)
        a = numbers(record.value(z), record.name)
        handles = [draw(ax, z, a, FIRST)]
        if slope:
            rise = numbers(record.slope_at(z, a), record.name)
            # A slope that jumps, as relu's does, has a gap there and no upright line.
            jumps = np.append(np.abs(np.diff(rise)) > 20 * (z[1] - z[0]), False)
            handles.append(draw(ax, z, np.where(jumps, np.nan, rise), SECOND))
    names = ["value a", "slope da/dz"][: len(handles)]
    figure.legend(handles, names, loc="outside upper center", ncols=2, frameon=False, labelcolor=style.INK)
    return style.finish(figure)
