"""The most mistaken samples: as images where rows are images, else as lines of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.data.blocks import moments
from pellucid.report.headline import correct
from pellucid.report.images import gallery, ink
from pellucid.report.markup import Html, el, join, name, number, paragraph, share, table
from pellucid.report.material import Material, Part
from pellucid.report.quality import output_names
from pellucid.wording import counted

Array = npt.NDArray[Any]

MOST = 12
MOST_IMAGES = 24
MOST_FEATURES = 6  # columns; of more features, those are named in which the row is unusual


def section(m: Material) -> Html:
    """The rows on which the network is furthest from right, the worst first."""
    part = m.judged
    worst = _worst(m, part)
    words = [paragraph(_said(m, part)), paragraph(_counting(m, part), class_="note")]
    if m.image:
        return join([*words, _images(m, part, worst)])
    return join([*words, _table(m, part, worst)])


def _worst(m: Material, part: Part) -> Array:
    """Rows in the order of how wrong they are."""
    if m.net.task == "values":
        scale = part.t.std(axis=0, dtype=np.float64)
        badness = (np.abs(part.a - part.t) / np.where(scale > 0, scale, 1)).max(axis=1)
    elif m.net.task == "labels":
        badness = np.abs(part.a - part.t).max(axis=1)
    else:
        badness = 1 - _given(m, part, part.y)
    wrong = np.ones(len(part), dtype=bool) if m.net.task == "values" else ~correct(part)
    chosen = wrong if wrong.any() else np.ones(len(part), dtype=bool)
    order = np.argsort(np.where(chosen, -badness, np.inf), kind="stable")
    return order[: min(MOST_IMAGES if m.image else MOST, int(chosen.sum()))]


def _given(m: Material, part: Part, classes: Array) -> Array:
    """(n,) the probability that the network gives each row's class."""
    return np.asarray(np.take_along_axis(m.probabilities(part), classes.reshape(-1, 1), axis=1)[:, 0])


def _said(m: Material, part: Part) -> str:
    if m.net.task == "values":
        return f"Of the {counted(len(part), f'{part.name} row')}, those with the largest errors."
    wrong = int((~correct(part)).sum())
    if not wrong:
        return f"All {counted(len(part), f'{part.name} row')} are right; these are the least certain ones."
    what = "those where the right answer got the lowest probability come first"
    return f"{counted(wrong, f'{part.name} row')} of {len(part):,} {'is' if wrong == 1 else 'are'} wrong; {what}."


def _counting(m: Material, part: Part) -> str:
    of = "the data" if part.numbered else f"the {part.name} rows"
    shares = " Below each image stands the probability of the answer that was given." * bool(m.image and m.classes)
    return f"Rows are numbered from 0, in the order of {of}.{shares}"


def _images(m: Material, part: Part, worst: Array) -> Html:
    assert m.image is not None
    tiles = []
    for k in worst:
        true, predicted, sure = _answers(m, part, int(k))
        words = join([name(true, 24), " taken for ", name(predicted, 24)] if true != predicted else [name(true, 24)])
        small = join([el("br"), el("small", sure), el("br"), el("small", f"row {part.numbers[k]:,}")])
        alt = f"an image of {true}, predicted {predicted}"
        tiles.append((ink(part.X[k], m.image, m.brightness, alt), join([words, small])))
    return gallery(tiles)


def _answers(m: Material, part: Part, k: int) -> tuple[str, str, str]:
    """What row k is, what it is taken for, and how sure the network is of that."""
    if m.classes:
        predicted = part.predicted[k : k + 1]
        sure = share(float(m.probabilities(part)[k, predicted[0]]))
        return m.labels[int(part.y[k])], m.labels[int(predicted[0])], sure
    if m.net.task == "labels":
        names = m.labels
        said = [", ".join(names[j] for j in np.flatnonzero(row)) or "none" for row in (part.y[k], part.predicted[k])]
        return said[0], said[1], share(float(np.abs(part.a[k] - part.t[k]).max()))
    worst = int(np.abs(part.a[k] - part.t[k]).argmax())
    return number(part.t[k, worst]), number(part.a[k, worst]), number(float(part.a[k, worst]) - float(part.t[k, worst]))


def _table(m: Material, part: Part, worst: Array) -> Html:
    certainty = {"values": "error", "labels": "furthest off"}.get(m.net.task, "its probability")  # of the predicted one
    header = ["row", "true", "predicted", certainty]
    words = {0} if m.net.task == "values" else {0, 1, 2}
    if m.net.task == "values" and m.net.outputs > 1:
        header[1:1] = ["output"]
        words = {0, 1}
    features, cells = _features(m, part, worst)
    rows = []
    for k, row in zip(worst, cells, strict=True):
        true, predicted, sure = _answers(m, part, int(k))
        line: list[str] = [f"{part.numbers[k]:,}", name(true, 24), name(predicted, 24), sure]
        if len(header) == 5:
            line[1:1] = [name(output_names(m)[int(np.abs(part.a[k] - part.t[k]).argmax())], 24)]
        rows.append([*line, *row])
    if len(features) == 1:
        words.add(len(header))
    return table([*header, *features], rows, "The most mistaken rows", words=sorted(words))


def _features(m: Material, part: Part, rows: Array) -> tuple[list[str], list[list[str]]]:
    """Columns that describe rows: all features where they are few, else the ones that are unusual."""
    if m.net.inputs <= MOST_FEATURES:
        return [name(feature, 24) for feature in m.features], [[number(value) for value in part.X[k]] for k in rows]
    mean, squares, _, _ = moments(m.training.X)
    deviation = np.sqrt(squares / len(m.training))
    z = (part.X[rows] - mean) / np.where(deviation > 0, deviation, np.inf)
    return ["unusual in it, in standard deviations from the mean"], [[_unusual(m, line)] for line in z]


def _unusual(m: Material, z: Array) -> Html:
    furthest = np.argsort(-np.abs(z), kind="stable")[:3]
    return join([join([name(m.features[j], 24), f" {z[j]:+.1f}".replace("-", "−")]) for j in furthest], ", ")
