"""Small curves without a plotting library: as signs for a terminal, as an inline SVG for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.tables import Html, escaped, number

Array = npt.NDArray[Any]
SIGNS = "*o+x"  # of the curves of a text, in their order
DASHES = ("none", "5 3", "1 3", "8 3 1 3")  # of the lines of a picture, told apart without colour
POINTS = 300  # of a line; more could not be told apart


def text_curves(series: Mapping[str, Array], width: int = 60, height: int = 8) -> str:
    """Columns of a run against the epoch, drawn with a sign each; numbers that are not finite are left out.

    Args:
        series: at most four columns of shape (epochs,) by name.
        width, height: of the picture, in signs.

    Returns:
        Lines of text; "" where there are not two numbers to draw.

    Example:
        >>> print(text_curves({"loss": np.array([4.0, 2.0, 1.0])}, width=9, height=3))
        4 |**
          |  ***
        1 |     ****
           * loss
    """
    drawn = _points(series, width)
    if drawn is None:
        return ""
    low, high, epochs, lines = drawn
    picture = [[" "] * width for _ in range(height)]
    for (_, (x, y)), sign in reversed(list(zip(lines.items(), SIGNS, strict=False))):  # the first one lies on top
        places = x / (epochs - 1) * (width - 1)
        columns = np.arange(np.rint(places[0]), np.rint(places[-1]) + 1).astype(int)
        rows = np.rint((1 - np.interp(columns, places, y)) * (height - 1)).astype(int)
        for row, column in zip(rows, columns, strict=True):
            picture[row][column] = sign
    labels = [number(high), *[""] * (height - 2), number(low)]
    if low == high:
        labels = ["" if i != height // 2 else number(low) for i in range(height)]
    margin = max(map(len, labels))
    key = "   ".join(f"{sign} {name}" for name, sign in zip(lines, SIGNS, strict=False))
    rows_of_text = [f"{label:>{margin}} |{''.join(row)}".rstrip() for label, row in zip(labels, picture, strict=True)]
    return "\n".join([*rows_of_text, f"{'':>{margin}}  {key}"])


def svg_curves(series: Mapping[str, Array], width: int = 360, height: int = 120) -> Html:
    """The same as an inline SVG: lines in the colour of the text around it, so that it suits light and dark.

    Args:
        series: at most four columns of shape (epochs,) by name.
        width, height: of the picture, in pixels.
    """
    drawn = _points(series, POINTS)
    if drawn is None:
        return Html("")
    low, high, epochs, lines = drawn
    left, top, right, bottom = 56, 10, width - 10, height - 34
    paths, key, at = [], [], float(left)
    for (name, (x, y)), dash in zip(lines.items(), DASHES, strict=False):
        across = left + x / (epochs - 1) * (right - left)
        down = top + (1 - y) * (bottom - top)
        points = " ".join(f"{u:.1f},{v:.1f}" for u, v in zip(across, down, strict=True))
        stroke = f'fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="{dash}"'
        paths.append(f'<polyline points="{points}" {stroke}/>')
        key.append(f'<line x1="{at:.0f}" x2="{at + 22:.0f}" y1="{height - 6}" y2="{height - 6}" {stroke}/>')
        key.append(_label(at + 28, height - 2, name, "start"))
        at += 46 + 6.2 * len(name)
    frame = f'<path d="M{left},{top} V{bottom} H{right}" fill="none" stroke="currentColor" stroke-opacity="0.4"/>'
    ends = [(top, high), (bottom, low)] if low < high else [((top + bottom) / 2, low)]
    labels = [
        *(_label(left - 6, y + 4, number(value), "end") for y, value in ends),
        _label(left, bottom + 14, "epoch 1", "start"),
        _label(right, bottom + 14, str(epochs), "end"),
    ]
    spoken = escaped(f"{', '.join(lines)} over {epochs} epochs, between {number(low)} and {number(high)}")
    return Html(
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-label="{spoken}" '
        f'font-family="sans-serif" font-size="11">{frame}{"".join(paths + labels + key)}</svg>'
    )


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="currentColor">{escaped(text)}</text>'


def _points(series: Mapping[str, Array], most: int) -> tuple[float, float, int, dict[str, tuple[Array, Array]]] | None:
    """Lowest and highest number, how many epochs, and each line: at most so many epochs, and heights from 0 to 1."""
    lines = {}
    for name, column in series.items():
        at = np.flatnonzero(np.isfinite(column))
        if len(at):
            at = at[np.unique(np.rint(np.linspace(0, len(at) - 1, min(most, len(at)))).astype(int))]
            lines[name] = at, np.asarray(column, dtype=np.float64)[at]
    epochs = max(map(len, series.values()), default=0)
    if epochs < 2 or not lines:
        return None
    values = np.concatenate([y for _, y in lines.values()])
    low, high = float(values.min()), float(values.max())
    scale = max(abs(low), abs(high))  # a difference of huge numbers would overflow
    if low == high:  # a level line runs through the middle
        return low, high, epochs, {name: (at, np.full(len(y), 0.5)) for name, (at, y) in lines.items()}
    return (
        low,
        high,
        epochs,
        {name: (at, (y / scale - low / scale) / (high / scale - low / scale)) for name, (at, y) in lines.items()},
    )
