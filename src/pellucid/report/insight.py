"""What it has learnt, in pictures: the border between classes, and the weights of the first layer as images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid import plots
from pellucid.plots import style
from pellucid.plots.surfaces import plane
from pellucid.report.images import gallery, signed
from pellucid.report.markup import Html, evenly, folded, join, number, paragraph, share, shown, table
from pellucid.report.material import Material
from pellucid.report.pictures import picture
from pellucid.wording import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]

MOST_POINTS = 2_000
SIZE = (6.2, 4.3)  # inches
MOST_CLASSES = 12  # whose regions are told apart by colour
MOST_UNITS = 100
DEEPEST = 0.998  # the share of weights that are paler than the deepest colour


def boundary(m: Material) -> Html | None:
    """The plane of two features, and what the network says of it; None where there is no such plane."""
    several = (
        (m.classes or 0) > MOST_CLASSES or m.net.task == "labels" or (m.net.task == "values" and m.net.outputs > 1)
    )
    if m.net.inputs != 2 or several:
        return None
    part = m.training
    some = evenly(len(part), MOST_POINTS)
    names = [shown(feature, 40) for feature in m.features]
    X = part.X[some].astype(np.float64)

    def draw() -> Figure:
        labels = None if m.net.labels is None or not m.classes else [shown(label, 30) for label in m.labels]
        figure = style.figure(*SIZE)
        return plots.boundary(m.net, X, part.y[some], features=names, labels=labels, ax=figure.add_subplot())

    sampled = f" {counted(len(some), 'row')} of {len(part):,} are drawn." if len(some) < len(part) else ""
    points = f"Points are the training rows.{sampled}"
    drawn = picture("plane", draw, f"The plane of {names[0]} and {names[1]}: {_shares(m, X)}", points)
    return join([drawn, paragraph(_shares(m, X))])


def _shares(m: Material, X: Array) -> str:
    """What the picture shows, in words: which part of the plane goes to which class, or the range of values."""
    x1, x2 = plane(X, 80)
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(x1, x2)])
    area = f"{number(x1[0], 3)} to {number(x1[-1], 3)} by {number(x2[0], 3)} to {number(x2[-1], 3)}"
    if not m.classes:
        a = m.net.forward(grid)
        return f"In the plane shown, {area}, the network answers from {number(a.min())} to {number(a.max())}."
    counts = np.bincount(m.net.predict(grid), minlength=m.classes) / len(grid)
    parts = [f"{share(part)} to {shown(m.spoken(k), 30)}" for k, part in enumerate(counts)]
    return f"Of the plane shown, {area}, the network gives {', '.join(parts)}."


def weights(m: Material) -> Html | None:
    """What each unit of the first layer looks for, where rows are images."""
    if m.image is None:
        return None
    W, shape = m.net.params["W1"].astype(np.float64), m.image
    count = W.shape[1]
    order = range(min(count, MOST_UNITS))
    # A few large weights would leave all others pale.
    extreme = max(float(np.quantile(np.abs(W[:, list(order)]), DEEPEST)), 1e-300)
    tiles = [(signed(W[:, k], shape, extreme, f"weights of unit {k + 1}"), str(k + 1)) for k in order]
    some = f" The first {MOST_UNITS} of {count:,} units." if count > MOST_UNITS else ""
    words = (
        "An image for each unit of the first layer: where a weight is above 0 (orange), ink raises what the unit "
        "says; where it is below (blue), ink lowers it. Colours are deepest from "
        f"±{number(extreme, 3)} on.{some}"
    )
    rows = [
        [
            str(k + 1),
            number(m.net.params["b1"][k]),
            number(W[:, k].mean()),
            number(np.sqrt((W[:, k] ** 2).mean())),
            _at(W[:, k], shape),
        ]
        for k in order
    ]
    header = ["unit", "bias", "mean weight", "root mean square", "largest weight"]
    numbers = folded("The units in numbers", table(header, rows, "The units of the first layer", words=(0, 4)))
    return join([paragraph(words), gallery(tiles, small=True), numbers])


def _at(column: Array, shape: tuple[int, int]) -> str:
    k = int(np.abs(column).argmax())
    row, place = divmod(k, shape[1])
    return f"{number(column[k], 3)} at row {row + 1}, column {place + 1}"
