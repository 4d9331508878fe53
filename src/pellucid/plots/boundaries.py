"""Two features in the plane: the points, and what a predictor says around them."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from pellucid.errors import InputError
from pellucid.plots import style
from pellucid.plots.inputs import same_length, target, two_features
from pellucid.plots.planes import Level, alike, frame, legend, paint, scatter, shared_legend
from pellucid.plots.surfaces import Predictor, known_classes, plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def points(
    X: ArrayLike,
    y: ArrayLike,
    labels: Sequence[str] | None = None,
    title: str | None = None,
    features: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw rows of two features: a colour and a shape for each class, or a colour bar for values.

    Args:
        X: (n, 2) features.
        y: (n,) class indices or names, (n, K) one-hot, or (n,) values.
        labels: a name for each class.
        title: words above the picture.
        features: names of the two features; "x1" and "x2" where left out.
        ax: axes to draw into, instead of a new figure.

    Returns:
        The figure (that of `ax` where given).

    Raises:
        InputError: X is not (n, 2), y does not fit X, or there are too few names.

    Example:
        >>> figure = points([[0, 0], [1, 1]], [0, 1], labels=["no", "yes"])
        >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        ['no', 'yes']
    """
    plain = two_features(X)
    goal = target(y, len(plain))
    figure, ax = style.place(ax, 7.0, 5.0)
    frame(ax, *plane(plain, 2, margin=0.08), title, features)
    handles = scatter(ax, plain, goal)
    if goal.is_class:
        legend(ax, goal, handles, goal.names(labels))
    else:
        style.bar(figure, handles[0], ax, "value")
    return style.finish(figure)


def boundary(
    predictor: Predictor,
    X: ArrayLike,
    y: ArrayLike,
    title: str | None = None,
    features: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    contour: Level | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw what a predictor says in the plane around the data, and the data on it.

    One probability is a shaded surface with a line at 0.5; several classes are regions, the stronger the surer the
    winner; values are filled contours with a colour bar.

    Args:
        predictor: a network (`forward`), an object with `predict`, or a function of X that returns class indices,
            probabilities or values, each for (n, 2) rows.
        X: (n, 2) features.
        y: (n,) class indices or names, (n, K) one-hot, or (n,) values.
        title: words above the picture.
        features: names of the two features.
        labels: a name for each class.
        contour: where the line is drawn, one level or several: 0.5 for a probability where left out, no line for
            values. Of several classes, the line is where two of them are equal.
        ax: axes to draw into, instead of a new figure.

    Returns:
        The figure (that of `ax` where given).

    Raises:
        InputError: X is not (n, 2), y does not fit X, or the answers are of the wrong shape or not finite.

    Example:
        >>> import numpy as np
        >>> figure = boundary(lambda X: 1 / (1 + np.exp(-X[:, 0])), [[-1, 0], [1, 2]], [0, 1])
        >>> figure.axes[0].get_xlabel()
        'x1'
    """
    plain = two_features(X)
    goal = target(y, len(plain), known_classes([predictor]))
    figure, ax = style.place(ax, 7.0, 5.0)
    painted = paint(ax, predictor, plain, goal, contour, steps=260)
    frame(ax, *plane(plain, 2), title, features)
    if painted.kind == "values":
        style.bar(figure, painted.shade, ax, "value")
        return style.finish(figure)
    names = goal.names(labels, painted.classes)
    legend(ax, goal, painted.handles, names)
    if painted.kind == "probability":
        style.bar(figure, painted.shade, ax, f"probability of {style.shorten(names[1])}", height=0.6)
    return style.finish(figure)


def boundary_grid(
    predictors: Sequence[Predictor],
    X: ArrayLike,
    y: ArrayLike,
    titles: Sequence[str],
    columns: int = 4,
    features: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    contour: Level | None = None,
) -> Figure:
    """Draw the boundaries of many predictors on the same data, one small picture each.

    Args:
        predictors: as `boundary` takes them.
        X: (n, 2) features, the same for all.
        y: (n,) classes or values, the same for all.
        titles: words above each picture; a line break is kept, a longer line than its picture is broken.
        columns: pictures in a row.
        features, labels, contour: as in `boundary`.

    Returns:
        A figure with one pair of axes for each predictor.

    Raises:
        InputError: no predictors, a title too many or too few, or what `boundary` refuses.

    Example:
        >>> import numpy as np
        >>> tilts = [lambda X, k=k: 1 / (1 + np.exp(-k * X[:, 0])) for k in (1, 5)]
        >>> len(boundary_grid(tilts, [[-1, 0], [1, 2]], [0, 1], ["gentle", "steep"]).axes)
        2
    """
    plain = two_features(X)
    goal = target(y, len(plain), known_classes(predictors))
    same_length("titles", len(titles), "predictors", len(predictors))
    if not predictors:
        raise InputError("predictors is empty; give at least one to draw")
    columns = max(1, min(columns, len(predictors)))
    rows = -(-len(predictors) // columns)
    titles = ["\n".join(part for line in words.split("\n") for part in wrap(line, 34) or [""]) for words in titles]
    lines = 1 + max(words.count("\n") for words in titles)
    x1, x2 = plane(plain, 2)
    tall = 2.5 * (x2[1] - x2[0]) / (x1[1] - x1[0]) if alike(x1, x2) else 2.3
    figure = style.figure(2.75 * columns + 0.5, (tall + 0.3 + 0.22 * lines) * rows + 0.8)
    cells = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in cells[len(predictors) :]:
        ax.remove()
    panels = []
    for k, (predictor, words) in enumerate(zip(predictors, titles, strict=True)):
        panels.append(paint(cells[k], predictor, plain, goal, contour, steps=160, size=0.45))
        frame(cells[k], x1, x2, words, features)
        cells[k].title.set_fontsize(11)
        if k % columns:
            cells[k].set_ylabel("")
            cells[k].tick_params(labelleft=False)
        if k + columns < len(predictors):
            cells[k].set_xlabel("")
            cells[k].tick_params(labelbottom=False)
    if goal.is_class and panels[0].handles:
        names = goal.names(labels, max(panel.classes for panel in panels))
        shared_legend(figure, goal, panels[0].handles, names)
    return style.finish(figure)
