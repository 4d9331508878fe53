"""Confusion matrix, bars, predicted against true."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from pellucid import plots
from pellucid.errors import InputError

COUNTS = np.array([[50, 0, 0], [1, 40, 9], [0, 3, 47]])


def brightness(colour: Any) -> float:
    return float(np.dot(to_rgb(colour), [0.299, 0.587, 0.114]))


def test_every_count_stands_in_its_cell() -> None:
    ax = plots.confusion(COUNTS).axes[0]
    found = {text.get_position(): text.get_text() for text in ax.texts}
    assert found == {(j, i): str(COUNTS[i, j]) for i in range(3) for j in range(3)}


def test_axes_say_what_rows_and_columns_are() -> None:
    figure = plots.confusion(COUNTS, labels=["a", "b", "c"], title="On the test set")
    ax = figure.axes[0]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true class", "predicted class")
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b", "c"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b", "c"]
    assert ax.get_title() == "On the test set\n137 of 150 right (91.3%)"
    assert ax.get_ylim() == (2.5, -0.5)  # class 0 above


def test_right_answers_are_blue_mistakes_red_and_nothing_white() -> None:
    rgb = plots.confusion(COUNTS).axes[0].images[0].get_array()
    assert all(rgb[k, k, 2] > rgb[k, k, 0] for k in range(3))
    assert rgb[1, 2, 0] > rgb[1, 2, 2]
    assert rgb[0, 1].tolist() == [1.0, 1.0, 1.0]


def test_a_few_mistakes_among_thousands_are_seen() -> None:
    rgb = plots.confusion([[9999, 1], [40, 5000]]).axes[0].images[0].get_array()
    assert rgb[1, 0].min() < 0.7  # 0.8 % of a row
    assert rgb[0, 1].min() < 0.97  # one in ten thousand


@pytest.mark.parametrize("counts", [COUNTS, [[1, 9], [9, 1]], np.eye(12) * 7, [[0, 0], [0, 0]]])
def test_counts_are_legible_on_their_background(counts: Any) -> None:
    ax = plots.confusion(counts).axes[0]
    rgb = ax.images[0].get_array()
    for text in ax.texts:
        column, row = text.get_position()
        assert abs(brightness(text.get_color()) - brightness(rgb[int(row), int(column)])) > 0.3


def test_thirty_long_names_are_slanted_shortened_and_inside() -> None:
    names = [f"a class with a very long name, number {k}" for k in range(30)]
    figure = plots.confusion(np.eye(30, dtype=int) * 12345, labels=names)
    ax = figure.axes[0]
    assert len(ax.texts) == 900
    shown = [text.get_text() for text in ax.get_xticklabels()]
    assert len(set(shown)) == 30  # still told apart
    assert {text.get_rotation() for text in ax.get_xticklabels()} == {45.0}
    figure.draw_without_rendering()
    edge = figure.bbox
    for text in (*ax.get_yticklabels(), *ax.get_xticklabels(), ax.title, ax.xaxis.label, ax.yaxis.label):
        box = text.get_window_extent()
        assert edge.x0 <= box.x0
        assert box.x1 <= edge.x1
        assert edge.y0 <= box.y0
        assert box.y1 <= edge.y1


def test_counts_fit_their_cells() -> None:
    figure = plots.confusion(np.full((10, 10), 123456))
    figure.draw_without_rendering()
    ax = figure.axes[0]
    cell = ax.transData.transform((1, 0))[0] - ax.transData.transform((0, 0))[0]
    assert max(text.get_window_extent().width for text in ax.texts) < cell


def test_too_many_classes_are_colours_only_and_one_class_is_fine() -> None:
    assert len(plots.confusion(np.eye(50)).axes[0].texts) == 0
    assert plots.confusion([[7]]).axes[0].texts[0].get_text() == "7"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.ones((2, 3)), r"shape \(2, 3\)"),
        (np.ones(3), r"shape \(3,\)"),
        (np.ones((0, 0)), r"shape \(0, 0\)"),
        ([[1, -2], [0, 1]], "negative count, -2"),
        ([[1, np.nan], [0, 1]], "NaN"),
    ],
)
def test_matrices_that_are_not_counts_are_refused(bad: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plots.confusion(bad)


def test_a_confusion_matrix_needs_a_name_for_each_class() -> None:
    with pytest.raises(InputError, match="1 names, but there are 2 classes"):
        plots.confusion([[1, 0], [0, 1]], labels=["one"])


def test_bars_have_their_height_their_name_and_their_number() -> None:
    figure = plots.bars([1.25, -3.0], ["left", "right"], title="Two", ylabel="seconds")
    ax = figure.axes[0]
    assert [patch.get_height() for patch in ax.patches] == [1.25, -3.0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["left", "right"]
    assert [text.get_text() for text in ax.texts] == ["1.25", "−3"]
    assert (ax.get_title(), ax.get_ylabel()) == ("Two", "seconds")


def labels_overlap(figure: Figure) -> bool:
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].get_xticklabels()]
    return any(a.x1 > b.x0 for a, b in pairwise(boxes))


def test_names_of_bars_stay_apart() -> None:
    assert not labels_overlap(plots.bars([1, 2, 3, 4], ["naive", "structured", "node", "backpropagation"]))
    many = plots.bars(range(1, 21), [f"a feature with a long name {k}" for k in range(20)])
    assert {text.get_rotation() for text in many.axes[0].get_xticklabels()} == {40.0}


def test_bars_refuse_what_they_cannot_draw() -> None:
    with pytest.raises(InputError, match="labels has 1 entries, but values has 2"):
        plots.bars([1, 2], ["a"])
    with pytest.raises(InputError, match=r"values has shape \(0,\)"):
        plots.bars([], [])
    with pytest.raises(InputError, match="NaN"):
        plots.bars([np.inf], ["a"])


def test_residuals_have_the_diagonal_and_say_how_good_the_fit_is() -> None:
    figure = plots.residuals([1.0, 2.0, 3.0], [[1.0], [2.5], [3.0]], title="Held out")
    ax = figure.axes[0]
    x, y = ax.lines[0].get_data()
    np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), [[1, 1], [2, 2.5], [3, 3]])
    assert ax.get_xlim() == ax.get_ylim()
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Held out", "true value", "predicted value")
    assert ax.texts[0].get_text() == "R² 0.8750\nmean absolute error 0.1667"


@pytest.mark.parametrize("value", [0.0, 5.0, -1e9])
def test_one_point_has_no_r2_but_a_picture(value: float) -> None:
    figure = plots.residuals([value], [value])
    assert figure.axes[0].texts[0].get_text() == "mean absolute error 0"
    figure.draw_without_rendering()


def test_residuals_refuse_what_does_not_fit() -> None:
    with pytest.raises(InputError, match="predicted has 1 entries, but y has 2"):
        plots.residuals([1, 2], [1])
    with pytest.raises(InputError, match=r"y has shape \(0,\)"):
        plots.residuals([], [])
    with pytest.raises(InputError, match=r"predicted has shape \(2, 2\)"):
        plots.residuals([1, 2], np.ones((2, 2)))
