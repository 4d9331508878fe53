"""How good it is: scores of every part, the confusion matrix and each class, or the errors of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid import metrics, plots
from pellucid.penalties import penalty
from pellucid.report.headline import correct
from pellucid.report.images import signed
from pellucid.report.markup import (
    Html,
    captioned,
    el,
    evenly,
    folded,
    join,
    name,
    number,
    paragraph,
    score,
    share,
    shown,
    table,
)
from pellucid.report.material import Material, Part
from pellucid.report.pictures import picture
from pellucid.wording import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]

MOST_CELLS = 25  # classes; the counts of more could not be read in a matrix
MOST_CLASSES = 60  # lines of a table of classes
MOST_POINTS = 2_000
MOST_OUTPUTS = 6


def section(m: Material) -> Html:
    """Scores of every part, then the judged part in detail."""
    parts = [_scores(m)]
    if m.classes:
        parts += [_confusion(m, m.judged), _by_class(m, m.judged)]
    elif m.net.task == "labels":
        parts += [_by_label(m, m.judged)]
    else:
        parts += [_residuals(m, m.judged)]
    return join(parts)


def _scores(m: Material) -> Html:
    """A line for each part, and one for the simplest answer there is."""
    if m.net.task == "values":
        header = ["rows of", "rows", "R²", "mean absolute error", "RMSE"]
        mean = m.training.t.astype(np.float64).mean(axis=0)
        rows = [_errors(part.name, part.t, part.a) for part in m.parts]
        rows += [_errors(f"{m.judged.name}, always the mean", m.judged.t, np.broadcast_to(mean, m.judged.t.shape))]
        return table(header, rows, "Scores of each part")
    added = float(penalty(m.net.theta, m.net.weight_mask, m.settings.l2, m.settings.l1))
    header = ["rows of", "rows", "loss", *(["data loss"] if added else []), "accuracy"]
    rows = []
    for part in m.parts:
        loss = float(m.net.loss(part.X, part.t))  # without weights of rows, so that parts compare
        losses = [loss + added, *([loss] if added else [])]
        rows.append([part.name, f"{len(part):,}", *map(number, losses), share(float(correct(part).mean()))])
    words = f"Loss: with the penalty on the weights, {number(added)}, as in the curves. Data loss: without it."
    return join([table(header, rows, "Scores of each part"), paragraph(words, class_="note") if added else ""])


def _errors(called: str, t: Array, a: Array) -> list[str]:
    errors = (metrics.mean_absolute_error(t, a), metrics.root_mean_squared_error(t, a))
    return [called, f"{len(t):,}", score(metrics.r2(t, a)), *map(number, errors)]


def _confusion(m: Material, part: Part) -> Html:
    assert m.classes is not None
    matrix = metrics.confusion_matrix(part.y, part.predicted, m.classes)
    heading = el("h3", f"Which classes are taken for which, in the {part.name} rows")
    drawn = _cells(m, matrix) if m.classes <= MOST_CELLS else _raster(m, matrix)
    return join([heading, drawn, _commonest(m, matrix)])


def _cells(m: Material, matrix: Array) -> Html:
    """The matrix as a table whose cells are the deeper the larger their share of the row."""
    labels = [name(label, 24) for label in m.labels]
    head = el("tr", el("td", "true \\ predicted"), *(el("th", label, scope="col") for label in labels))
    deepest = max(float(_wrong(matrix).max()), 0.02)
    body = (
        el("tr", el("th", label, scope="row"), *(_cell(matrix, k, j, deepest) for j in range(len(labels))))
        for k, label in enumerate(labels)
    )
    words = "Confusion matrix. A row for each true class, a column for each predicted one; blue is right, red is wrong."
    return captioned(el("table", el("thead", head), el("tbody", *body), class_="confusion"), words)


def _cell(matrix: Array, row: int, column: int, deepest: float) -> Html:
    count = int(matrix[row, column])
    part = count / max(int(matrix[row].sum()), 1)
    depth = 0.6 * np.sqrt(part if row == column else part / deepest)
    kind = "right" if row == column else "wrong"
    return el("td", f"{count:,}", class_=kind if count else "none", style=f"--s:{depth:.3f}" if count else None)


def _wrong(matrix: Array) -> Array:
    """The share of each row that went to each other class."""
    part: Array = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return part * (1 - np.eye(len(matrix)))


def _raster(m: Material, matrix: Array) -> Html:
    """The matrix of many classes as an image, a pixel for each cell."""
    wrong = _wrong(matrix)
    shade = np.sqrt(wrong / max(float(wrong.max()), 0.02)) - np.diag(
        np.sqrt(np.diag(matrix / matrix.sum(axis=1).clip(1)))
    )
    alt = f"Confusion matrix of {m.classes} classes as an image: right answers on the diagonal, mistakes off it."
    image = signed(shade.ravel(), (len(matrix), len(matrix)), 1.0, alt)
    words = (
        "Confusion matrix: true classes from top to bottom, predicted from left to right; blue is right, red is wrong."
    )
    return el("figure", image, el("figcaption", words), class_="raster")


def _commonest(m: Material, matrix: Array) -> Html:
    """The mistakes that are made most often."""
    off = matrix * (1 - np.eye(len(matrix), dtype=matrix.dtype))
    order = np.argsort(-off, axis=None, kind="stable")[:10]
    pairs = [divmod(int(place), len(matrix)) for place in order if off.flat[place] > 0]
    if not pairs:
        return paragraph("Not one row is taken for another class.")
    rows = [
        [name(m.labels[k], 40), name(m.labels[j], 40), f"{off[k, j]:,}", share(off[k, j] / matrix[k].sum())]
        for k, j in pairs
    ]
    made = table(["is", "is taken for", "times", "of its class"], rows, "The commonest mistakes", words=(0, 1))
    return folded(f"The commonest mistakes ({len(pairs)})", made) if m.classes and m.classes <= MOST_CELLS else made


def _by_class(m: Material, part: Part) -> Html:
    """Precision, recall and F1 of every class; of very many, the worst."""
    assert m.classes is not None
    report = metrics.class_report(metrics.confusion_matrix(part.y, part.predicted, m.classes))
    order = np.arange(m.classes)
    caption = f"Each class, in the {part.name} rows"
    if m.classes > MOST_CLASSES:
        order = np.argsort(np.nan_to_num(report.f1, nan=2.0), kind="stable")[:MOST_CLASSES]
        caption = f"The {MOST_CLASSES} of {m.classes:,} classes with the lowest F1, in the {part.name} rows"
    shares = (report.precision, report.recall, report.f1)
    rows = [[name(m.labels[k], 40), *(share(s[k]) for s in shares), f"{report.support[k]:,}"] for k in order]
    words = (
        "Precision: of the rows answered so, the share that is. Recall: of the rows that are, the share answered so."
    )
    made = table(["class", "precision", "recall", "F1", "rows"], rows, caption)
    return join([made, paragraph(words + " F1 is their harmonic mean.", class_="note")])


def _by_label(m: Material, part: Part) -> Html:
    """Of several yes-or-no answers, precision and recall of each yes."""
    rows = []
    for k, label in enumerate(m.labels[: m.net.outputs]):
        yes, said = part.y[:, k], part.predicted[:, k]
        report = metrics.class_report(metrics.confusion_matrix(yes, said, 2))
        scores = (float(np.mean(yes == said)), report.precision[1], report.recall[1])
        rows.append([name(label, 40), *map(share, map(float, scores)), f"{int(yes.sum()):,}"])
    header = ["answer", "right", "precision of yes", "recall of yes", "rows with yes"]
    return table(header, rows, f"Each answer, in the {part.name} rows")


def _residuals(m: Material, part: Part) -> Html:
    """Predicted against true values, and how the errors are spread, output by output."""
    made = [el("h3", f"Predicted and true values, in the {part.name} rows")]
    made += [_against(m, part, k) for k in range(min(m.net.outputs, MOST_OUTPUTS))]
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    names = output_names(m)
    rows = [
        [name(called, 40), *map(number, np.quantile((part.a[:, k] - part.t[:, k]).astype(np.float64), shares))]
        for k, called in enumerate(names)
    ]
    header = ["predicted − true", *(f"{100 * s:.0f} % are below" for s in shares)]
    return join([el("div", *made[1:], class_="pair") if len(made) > 2 else join(made), table(header, rows, "Errors")])


def output_names(m: Material) -> list[str]:
    """What the outputs are called where they are values."""
    if m.net.outputs == 1:
        return ["value" if m.net.target is None else m.net.target]
    return m.labels if m.net.labels is not None else [f"output {k + 1}" for k in range(m.net.outputs)]


def _against(m: Material, part: Part, k: int) -> Html:
    called = output_names(m)[k]
    some = evenly(len(part), MOST_POINTS)

    def draw() -> Figure:
        return plots.residuals(
            part.t[some, k], part.a[some, k], title=None if m.net.outputs == 1 else shown(called, 40)
        )

    sampled = f" {counted(len(some), 'row')} of {len(part):,} are drawn." if len(some) < len(part) else ""
    words = "A point for each row; on the dashed line, predicted and true values are equal." + sampled
    r2 = metrics.r2(part.t[:, k], part.a[:, k])
    alt = f"Predicted against true values of {shown(called, 40)}: R² is {score(r2)}."
    return picture(f"against{k}", draw, alt, words)
