"""Pictures: points and decision boundaries, curves, images, tables and networks, as matplotlib figures.

Every function returns a `matplotlib.figure.Figure` and touches no global state of matplotlib, so it works without a
screen, in threads and in notebooks. `save` writes a figure as a PNG. Matplotlib is imported when a picture is drawn.
"""

from __future__ import annotations

from pellucid.plots.boundaries import boundary, boundary_grid, points
from pellucid.plots.diagrams import network
from pellucid.plots.histories import curves, lines
from pellucid.plots.pixels import images, weights
from pellucid.plots.rates import rate_search
from pellucid.plots.runs import runs
from pellucid.plots.slopes import functions
from pellucid.plots.style import COLOURS, MARKERS, can_write, save
from pellucid.plots.tables import bars, confusion, residuals

__all__ = [
    "COLOURS",
    "MARKERS",
    "bars",
    "boundary",
    "boundary_grid",
    "can_write",
    "confusion",
    "curves",
    "functions",
    "images",
    "lines",
    "network",
    "points",
    "rate_search",
    "residuals",
    "runs",
    "save",
    "weights",
]
