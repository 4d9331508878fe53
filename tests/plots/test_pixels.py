"""Images and weights as images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from pellucid import plots
from pellucid.errors import InputError

X = np.random.default_rng(0).random((7, 16))


def boxes(figure: Figure) -> list[tuple[float, float, float, float]]:
    return [tuple(image.get_extent()) for image in figure.axes[0].images]


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def test_every_row_is_an_image_with_its_title() -> None:
    titles = [f"label {k}" for k in range(7)]
    figure = plots.images(X, titles=titles, title="Seven digits")
    ax = figure.axes[0]
    assert len(ax.images) == 7
    np.testing.assert_array_equal(ax.images[3].get_array(), X[3].reshape(4, 4))
    assert [text.get_text() for text in ax.texts] == titles
    assert figure.get_suptitle() == "Seven digits"


def test_images_stand_in_rows_and_do_not_overlap() -> None:
    figure = plots.images(X, columns=3, titles=["a\nb"] * 7)
    found = boxes(figure)
    assert [found[k][0] for k in (0, 3, 6)] == [found[0][0]] * 3
    assert found[0][2] > found[3][3] > found[3][2] > found[6][3]
    assert not any(overlap(a, b) for i, a in enumerate(found) for b in found[:i])
    width, height = figure.get_size_inches()
    assert all(0 <= left < right <= width and 0 <= low < high <= height for left, right, low, high in found)


def test_long_titles_make_room_for_themselves() -> None:
    short, long = (plots.images(X, titles=[text] * 7) for text in ("1", "true 4, but it was read as a 9"))
    assert long.get_size_inches()[0] > short.get_size_inches()[0]


def test_ink_is_black_on_white_paper_and_bytes_go_to_255() -> None:
    image = plots.images(np.array([[0, 10, 20, 30]], dtype=np.uint8)).axes[0].images[0]
    assert image.get_clim() == (0.0, 255.0)
    assert image.cmap(0.0)[:3] == (1.0, 1.0, 1.0)
    assert image.cmap(1.0)[:3] == (0.0, 0.0, 0.0)
    assert plots.images([[0.0, 0.5, 0.0, 0.25]]).axes[0].images[0].get_clim() == (0.0, 0.5)
    assert plots.images([[-1.0, 0.5, 0.0, 0.25]]).axes[0].images[0].get_clim() == (-1.0, 0.5)


def test_shapes_other_than_squares_and_whole_images_are_understood() -> None:
    assert plots.images(np.ones((1, 6)), shape=(2, 3)).axes[0].images[0].get_array().shape == (2, 3)
    assert plots.images(np.ones((2, 5, 3))).axes[0].images[1].get_array().shape == (5, 3)


def test_blank_images_are_drawn() -> None:
    plots.images(np.zeros((2, 4))).draw_without_rendering()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.ones((1, 6)), r"6 numbers a row, which do not fill 2 x 2; give shape="),
        (np.ones(4), r"X has shape \(4,\)"),
        (np.ones((0, 4)), r"X has shape \(0, 4\)"),
        (np.ones((201, 4)), r"201 images are too many.*X\[:20\]"),
        ([[np.nan] * 4], "NaN"),
    ],
)
def test_rows_that_are_no_images_are_refused(bad: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plots.images(bad)


def test_titles_must_be_as_many_as_images() -> None:
    with pytest.raises(InputError, match="titles has 1 entries, but X has 7"):
        plots.images(X, titles=["one"])


def test_each_unit_is_an_image_on_one_scale_around_0() -> None:
    W = np.linspace(-3, 1, 32).reshape(16, 2)
    figure = plots.weights(W)
    ax, bar = figure.axes
    assert len(ax.images) == 2
    np.testing.assert_array_equal(ax.images[1].get_array(), W[:, 1].reshape(4, 4))
    assert [image.get_clim() for image in ax.images] == [(-3.0, 3.0)] * 2
    assert bar.get_ylim() == (-3.0, 3.0)
    assert [text.get_text() for text in ax.texts] == ["1", "2"]
    low, middle, high = (ax.images[0].cmap(x) for x in (0.25, 0.5, 0.75))
    assert low[2] > low[0]
    assert min(middle[:3]) > 0.98
    assert high[0] > high[2]


def test_many_units_are_cut_and_the_title_says_so() -> None:
    figure = plots.weights(np.ones((4, 300)), columns=20, title="Weights")
    assert len(figure.axes[0].images) == 200
    assert figure.get_suptitle() == "Weights (200 of 300)"


def test_zero_weights_and_single_units_are_drawn() -> None:
    plots.weights(np.zeros((6, 1)), shape=(3, 2)).draw_without_rendering()


def test_weights_that_are_no_matrix_are_refused() -> None:
    with pytest.raises(InputError, match=r"W has shape \(4,\).*net.params"):
        plots.weights(np.ones(4))
    with pytest.raises(InputError, match="do not fill"):
        plots.weights(np.ones((5, 2)))
    with pytest.raises(InputError, match="NaN"):
        plots.weights(np.full((4, 2), np.nan))
