"""The data in brief: how many rows for what, what the target holds, and how each feature is spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.data.blocks import moments
from pellucid.data.scalers import Pixels, Standardizer
from pellucid.report.images import gallery, ink
from pellucid.report.markup import Html, el, facts, folded, join, name, number, paragraph, share, shown, table
from pellucid.report.material import Material
from pellucid.wording import counted

Array = npt.NDArray[Any]

MOST_FEATURES = 15  # in sight; some more are folded away
MOST_FOLDED = 200
MOST_CLASSES = 30
BINS = 16
SAMPLE = 5_000  # rows behind a small histogram


def section(m: Material, notes: Sequence[str] = ()) -> Html:
    """Data in brief, with notes such as their source."""
    parts = [_facts(m)]
    parts += [paragraph(el("bdi", shown(note, 300)), class_="note") for note in notes]
    parts += [_classes(m) if m.classes else _values(m) if m.net.task == "values" else _labels(m)]
    parts += [_images(m) if m.image else _features(m)]
    return join(parts)


def _facts(m: Material) -> Html:
    rows = ", ".join(f"{len(part):,} for {part.name}" for part in m.parts)
    height, width = m.image or (0, 0)
    images = f", images of {height} × {width} pixels" if m.image else ""
    pairs: list[tuple[str, str]] = [("Data", name(m.data))] if m.data is not None else []
    pairs += [("Rows", rows), ("Features", f"{m.net.inputs:,}{images}")]
    pairs += [("Target", _target(m)), ("Missing values", "none: rows with gaps are refused, not filled in")]
    pairs += [("Scaling", _scaling(m))]
    if m.weight is not None:
        low, high = float(m.weight.min()), float(m.weight.max())
        pairs += [("Weights of rows", f"from {number(low)} to {number(high)}, class weights included")]
    return facts(pairs)


def _target(m: Material) -> Html:
    what = {
        "classes": counted(m.net.outputs, "class"),
        "binary": "two classes",
        "labels": f"{m.net.outputs:,} answers of yes or no",
        "values": "values" if m.net.outputs == 1 else f"{m.net.outputs:,} values",
    }[m.net.task]
    return join([what] if m.net.target is None else [name(m.net.target), ": ", what])


def _scaling(m: Material) -> str:
    if m.net.scaler is None:
        return "none: the features enter as they are"
    if isinstance(m.net.scaler, Standardizer):
        return "each feature less its mean, divided by its standard deviation"
    return "divided by 255" if isinstance(m.net.scaler, Pixels) else type(m.net.scaler).__name__


def _classes(m: Material) -> Html:
    """How many rows of each class there are in each part."""
    assert m.classes is not None
    counts = {part.name: np.bincount(part.y, minlength=m.classes) for part in m.parts}
    total = np.sum(list(counts.values()), axis=0)
    shown = range(min(m.classes, MOST_CLASSES))
    rows = [
        [name(m.labels[k], 40), *(f"{count[k]:,}" for count in counts.values()), _bar(total[k] / total.max())]
        for k in shown
    ]
    rest = m.classes - len(shown)
    more = paragraph(f"And {counted(rest, 'class')} more.", class_="note") if rest > 0 else ""
    made = table(["class", *counts, "of all rows"], rows, "Rows of each class", words=(0, len(counts) + 1))
    return join([made, more])


def _bar(part: float) -> Html:
    return el("span", el("span", style=f"width:{100 * part:.3g}%"), class_="bar", aria_hidden="true")


def _labels(m: Material) -> Html:
    rows = [
        [name(label, 40), *(share(float(part.t[:, k].mean())) for part in m.parts)] for k, label in enumerate(m.labels)
    ]
    return table(["answer", *(part.name for part in m.parts)], rows, "How often each answer is yes")


def _values(m: Material) -> Html:
    names = _output_names(m)
    rows = [_spread(names[k], m.training.t[:, k].astype(np.float64)) for k in range(min(m.net.outputs, MOST_CLASSES))]
    return table(_SPREAD, rows, "The target, in the training rows")


def _output_names(m: Material) -> list[str]:
    if m.net.outputs == 1:
        return [m.net.target or "target"]
    return m.labels if m.net.labels is not None else [f"output {k + 1}" for k in range(m.net.outputs)]


_SPREAD = ["", "smallest", "mean", "largest", "deviation", "spread"]


def _spread(called: str, column: Array) -> list[str]:
    values = (column.min(), column.mean(), column.max(), column.std())
    return [name(called, 30), *(number(value) for value in values), histogram(column)]


def _features(m: Material) -> Html:
    """A line for each feature: its range, mean, deviation, and a small histogram."""
    X = m.training.X
    mean, squares, low, high = moments(X)
    deviation = np.sqrt(squares / len(X))
    sample = X[:: max(1, len(X) // SAMPLE)]
    rows = [
        [name(m.features[k], 30), *map(number, (low[k], mean[k], high[k], deviation[k])), histogram(sample[:, k])]
        for k in range(min(m.net.inputs, MOST_FOLDED))
    ]
    made = [table(_SPREAD, rows[:MOST_FEATURES], "The features, in the training rows, before scaling")]
    if len(rows) > MOST_FEATURES:
        left = m.net.inputs - len(rows)
        rest = [paragraph(f"And {counted(left, 'feature')} more.", class_="note")] if left else []
        words = f"The other {len(rows) - MOST_FEATURES:,} features"
        made += [folded(words, table(_SPREAD, rows[MOST_FEATURES:], words), *rest)]
    return join(made)


def histogram(column: Array) -> Html:
    """How values are spread, as a row of bars without words: the numbers stand beside it."""
    column = column.astype(np.float64)
    low, high = float(column.min()), float(column.max())
    # Halved before they are subtracted: two huge numbers of opposite sign are further apart than a float can say.
    places = (column / 2 - low / 2) / max(high / 2 - low / 2, 1e-300)
    counts = np.bincount(np.minimum((places * BINS).astype(int), BINS - 1), minlength=BINS) if high > low else [0]
    tall = 18 * np.asarray(counts) / max(np.max(counts), 1)
    bars = "".join(f"M{6 * k} 20v{-max(bar, 0.8):.3g}h5v{max(bar, 0.8):.3g}z" for k, bar in enumerate(tall) if bar > 0)
    return el("svg", el("path", d=bars), viewBox=f"0 0 {6 * BINS} 20", class_="spark", aria_hidden="true")


def _images(m: Material) -> Html:
    """The first image of each class, and the range of brightness."""
    assert m.image is not None
    part = m.training
    low, high = number(part.X.min()), number(part.X.max())
    paper, full = map(number, m.brightness)
    words = paragraph(f"Brightness runs from {low} to {high}; {paper} is drawn as paper, {full} as ink.")
    if m.classes:
        first = [(int(np.argmax(part.y == k)), k) for k in range(min(m.classes, MOST_CLASSES)) if (part.y == k).any()]
        tiles = [(row, m.labels[k]) for row, k in first]
        caption = "The first training image of each class"
    else:
        tiles = [(row, part.row(row)) for row in range(min(10, len(part)))]
        caption = "The first training images"
    drawn = [(ink(part.X[row], m.image, m.brightness, f"an image of {label}"), name(label, 24)) for row, label in tiles]
    return join([words, el("h3", caption), gallery(drawn)])
