"""How one plane is painted: surface, lines, points, frame and legend. `boundaries.py` puts them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pellucid.errors import InputError
from pellucid.plots import style
from pellucid.plots.inputs import Numbers, Target, same_length
from pellucid.plots.surfaces import TINY, Predictor, Surface, plane, survey

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

Level = float | Sequence[float]
VALUES = "viridis"
DEEPEST = 0.42  # the share of a class's colour where a predictor is certain


@dataclass(frozen=True)
class Painted:
    """What was painted: the kind of surface, its colours for a bar, the points' handles, and the number of classes."""

    kind: Literal["probability", "classes", "values"]
    shade: Any
    handles: list[Any]
    classes: int


def paint(
    ax: Axes, predictor: Predictor, X: Numbers, goal: Target, contour: Level | None, steps: int, size: float = 1.0
) -> Painted:
    """Paint what a predictor says around X, its lines, and the points."""
    x1, x2 = plane(X, steps)
    surface = survey(predictor, x1, x2, goal)
    if surface.kind == "values":
        shade = _values(ax, surface, x1, x2, goal, contour)
        as_values = Target(goal.written(), None, False)
        return Painted("values", shade, scatter(ax, X, as_values, size, shade.norm), 0)
    if not goal.is_class:
        raise InputError(
            "y holds values (numbers that are not whole, or more than 30 different ones), but the predictor answers "
            "with classes; give y as class indices 0, 1, 2, ... or a predictor that answers with one value a row"
        )
    if surface.kind == "probability":
        shade, classes = _probability(ax, surface, x1, x2, contour), 2
    else:
        shade, classes = _regions(ax, surface, x1, x2), surface.values.shape[1]
    return Painted(surface.kind, shade, scatter(ax, X, goal, size), classes)


def _probability(ax: Axes, surface: Surface, x1: Numbers, x2: Numbers, contour: Level | None) -> Any:
    """A shaded surface from 0 to 1, light enough for points to stand out, and a line."""
    from matplotlib.colors import LinearSegmentedColormap

    height = surface.values.reshape(len(x2), len(x1))
    low, high = (style.blend(np.array(DEEPEST), hue) for hue in (style.BLUE, style.RED))
    light = LinearSegmentedColormap.from_list("light", np.array([low, np.ones(3), high]))
    shade = ax.imshow(height, **_fill(x1, x2), cmap=light, vmin=0.0, vmax=1.0)
    level = np.atleast_1d(0.5 if contour is None else contour).astype(np.float64)
    if level.min() <= 0.0 or level.max() >= 1.0:
        raise InputError(
            f"contour is {contour}, but the predictor answers with probabilities; give levels between 0 and 1"
        )
    # The line is sought among the log-odds: they are smooth even where the probabilities jump from 0 to 1.
    _line(ax, _log_odds(height), x1, x2, _log_odds(level).tolist())
    return shade


def _log_odds(p: Numbers) -> Numbers:
    """log(p / (1 - p)), kept finite."""
    odds: Numbers = np.log(p.clip(TINY, 1.0 - TINY)) - np.log1p(-p.clip(TINY, 1.0 - TINY))
    return odds


def _values(ax: Axes, surface: Surface, x1: Numbers, x2: Numbers, goal: Target, contour: Level | None) -> Any:
    """Filled contours over the range of both the surface and the data, so that one colour bar serves both."""
    from matplotlib.ticker import MaxNLocator

    height = surface.values.reshape(len(x2), len(x1))
    data = goal.written()
    low, high = min(height.min(), data.min()), max(height.max(), data.max())
    levels = MaxNLocator(14).tick_values(low, high if high > low else low + 1.0)
    shade = ax.contourf(x1, x2, height, levels=levels, cmap=VALUES, alpha=0.85)
    if contour is not None:
        _line(ax, height, x1, x2, contour)
    return shade


def _regions(ax: Axes, surface: Surface, x1: Numbers, x2: Numbers) -> Any:
    """The winner's colour, the stronger the surer it is, and a line where two classes are level."""
    from matplotlib.colors import to_rgb

    scores = surface.values
    hues = np.array([to_rgb(style.colour(k)) for k in range(scores.shape[1])])
    rgb = style.blend(0.12 + (DEEPEST - 0.12) * surface.strength, hues[scores.argmax(axis=1)])
    shade = ax.imshow(rgb.reshape(len(x2), len(x1), 3), **_fill(x1, x2))
    there = np.flatnonzero(np.isfinite(scores[0]))
    for k in there if len(there) > 1 else []:
        # Each border is drawn from both of its sides, one line on the other.
        lead = scores[:, k] - scores[:, there[there != k]].max(axis=1)
        _line(ax, lead.reshape(len(x2), len(x1)), x1, x2, 0.0, linewidths=1.0, alpha=0.75)
    return shade


def _line(ax: Axes, height: Numbers, x1: Numbers, x2: Numbers, level: Level, **look: Any) -> None:
    """Lines at those of the levels that the surface crosses: matplotlib warns about the others."""
    look = {"colors": style.INK, "linewidths": 1.4, **look}
    levels = [value for value in np.unique(level) if height.min() < value < height.max()]
    if levels:
        ax.contour(x1, x2, height, levels=levels, **look)


def _fill(x1: Numbers, x2: Numbers) -> dict[str, Any]:
    """How an image fills the plane: its pixels have their middles on x1 and x2."""
    a, b = (x1[1] - x1[0]) / 2, (x2[1] - x2[0]) / 2
    box = (x1[0] - a, x1[-1] + a, x2[0] - b, x2[-1] + b)
    return {"extent": box, "origin": "lower", "interpolation": "bilinear", "aspect": "auto"}


def scatter(ax: Axes, X: Numbers, goal: Target, size: float = 1.0, norm: Normalize | None = None) -> list[Any]:
    """The points: one collection for each class that is there, or one coloured by value."""
    # Smaller dots where there are many; a thin white edge keeps neighbours apart.
    area = float(np.clip(12000 / len(X), 12, 46)) * size
    look: dict[str, Any] = {"edgecolors": "white", "linewidths": 0.6 if area > 14 else 0.4, "zorder": 3}
    if not goal.is_class:
        return [ax.scatter(X[:, 0], X[:, 1], area, c=goal.values, cmap=VALUES, norm=norm, **look)]
    made = []
    for k in np.unique(goal.codes):
        mine = X[goal.codes == k]
        look |= {"color": style.colour(k), "marker": style.marker(k)}
        made.append(ax.scatter(mine[:, 0], mine[:, 1], area * style.area(k), **look))
    return made


def legend(ax: Axes, goal: Target, handles: Sequence[Any], names: Sequence[str]) -> None:
    """The names of the classes that are there, to the right."""
    style.legend(ax, handles, [names[k] for k in np.unique(goal.codes)], markerscale=_legible(handles))


def _legible(handles: Sequence[Any]) -> float:
    """How much larger than in the picture the dots of a legend must be."""
    return max(1.0, float(np.sqrt(36 / handles[0].get_sizes()[0])))


def shared_legend(figure: Figure, goal: Target, handles: Sequence[Any], names: Sequence[str]) -> None:
    """One legend below all the pictures of a grid."""
    shown = [style.shorten(names[k]) for k in np.unique(goal.codes)]
    made = figure.legend(
        handles, shown, loc="outside lower center", ncols=6, labelcolor=style.INK, markerscale=_legible(handles)
    )
    made.set_frame_on(False)
    style.literal(made.get_texts())


def frame(ax: Axes, x1: Numbers, x2: Numbers, title: str | None, features: Sequence[str] | None) -> None:
    """Words and limits; both features on one scale where their ranges are alike, so that circles are round."""
    names = ["x1", "x2"] if features is None else [str(name) for name in features]
    same_length("features", len(names), "X, in columns,", 2)
    style.dress(ax, title, style.shorten(names[0], 60), style.shorten(names[1], 40))
    ax.set(xlim=(x1[0], x1[-1]), ylim=(x2[0], x2[-1]))
    ax.locator_params(axis="x", nbins=6)
    ax.locator_params(axis="y", nbins=7)
    if alike(x1, x2):
        ax.set_aspect("equal")


def alike(x1: Numbers, x2: Numbers) -> bool:
    """Whether two features span ranges so alike that one scale serves both."""
    return bool(0.4 < (x1[-1] - x1[0]) / (x2[-1] - x2[0]) < 2.5)
