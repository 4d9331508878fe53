"""Points and decision boundaries: what is drawn where, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pellucid import plots
from pellucid.errors import InputError
from pellucid.plots import COLOURS

X = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
Y = np.array([0, 0, 1, 1])


def sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-z))


class Net:
    """A network with one sigmoid output: class 1 where x1 is above `edge`."""

    def __init__(self, edge: float = 0.0, sharpness: float = 3.0) -> None:
        self.edge, self.sharpness = edge, sharpness

    def forward(self, X: Any) -> Any:
        return sigmoid(self.sharpness * (X[:, :1] - self.edge))

    def predict(self, X: Any) -> Any:
        raise AssertionError("forward says more, so it is what should be asked")


class Softmax:
    """A network with one output for each of K classes, placed around a circle."""

    def __init__(self, classes: int) -> None:
        angles = 2 * np.pi * np.arange(classes) / classes
        self.W = np.array([np.cos(angles), np.sin(angles)])

    def forward(self, X: Any) -> Any:
        e = np.exp(X @ self.W)
        return e / e.sum(axis=1, keepdims=True)


def lines_of(figure: Figure) -> list[QuadContourSet]:
    return [c for c in figure.axes[0].collections if isinstance(c, QuadContourSet) and not c.filled]


def dots_of(figure: Figure) -> list[Any]:
    return [c for c in figure.axes[0].collections if not isinstance(c, QuadContourSet)]


def words_of(figure: Figure) -> list[str]:
    legend = figure.axes[0].get_legend() or figure.legends[0]
    return [text.get_text() for text in legend.get_texts()]


def test_points_have_a_colour_and_a_shape_for_each_class() -> None:
    figure = plots.points(X, Y, labels=["no", "yes"], title="Four points", features=["width", "height"])
    ax = figure.axes[0]
    assert [to_hex(dots.get_facecolor()[0]) for dots in ax.collections] == [c.lower() for c in COLOURS[:2]]
    assert len({len(dots.get_paths()[0].vertices) for dots in ax.collections}) == 2
    assert [len(dots.get_offsets()) for dots in ax.collections] == [2, 2]
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Four points", "width", "height")
    assert words_of(figure) == ["no", "yes"]


def test_a_class_keeps_its_look_where_others_are_missing() -> None:
    figure = plots.points(X, [2, 2, 5, 5])
    assert [to_hex(d.get_facecolor()[0]) for d in dots_of(figure)] == [COLOURS[2].lower(), COLOURS[5].lower()]
    assert words_of(figure) == ["class 2", "class 5"]


@pytest.mark.parametrize(
    "y",
    [
        [0, 0, 1, 1],
        [[0], [0], [1], [1]],
        [[1, 0], [1, 0], [0, 1], [0, 1]],
        [0.0, 0.0, 1.0, 1.0],
        [False, False, True, True],
    ],
)
def test_labels_are_understood_in_every_usual_form(y: Any) -> None:
    assert words_of(plots.points(X, y)) == ["class 0", "class 1"]


def test_names_and_signed_labels_are_classes() -> None:
    assert words_of(plots.points(X, ["cat", "dog", "cat", "ape"])) == ["ape", "cat", "dog"]
    assert words_of(plots.points(X, [-1, 1, -1, 1])) == ["class -1", "class 1"]


def test_values_have_a_colour_bar_instead_of_a_legend() -> None:
    ax = plots.points(X, [0.5, 1.5, 2.5, 9.75]).axes[0]
    assert ax.get_legend() is None
    assert ax.collections[0].get_clim() == (0.5, 9.75)
    assert [bar.get_ylabel() for bar in ax.child_axes] == ["value"]


def test_many_classes_and_a_single_point_are_drawn() -> None:
    many = np.random.default_rng(0).normal(size=(60, 2))
    assert len(words_of(plots.points(many, np.arange(60) % 12))) == 12
    figure = plots.points([[3.0, 4.0]], [1])
    low, high = figure.axes[0].get_xlim()
    assert low < 3.0 < high


def test_alike_ranges_share_one_scale_and_others_do_not() -> None:
    assert plots.points(X, Y).axes[0].get_aspect() == 1.0
    assert plots.points(X * [1, 1000], Y).axes[0].get_aspect() == "auto"


def test_one_sigmoid_output_is_a_surface_with_a_line_at_one_half() -> None:
    figure = plots.boundary(Net(edge=0.25), X, Y, labels=["no", "yes"], title="One neuron")
    ax = figure.axes[0]
    assert ax.images[0].get_clim() == (0.0, 1.0)
    (line,) = lines_of(figure)
    np.testing.assert_allclose(line.get_paths()[0].vertices[:, 0], 0.25, atol=1e-3)
    assert len(dots_of(figure)) == 2
    assert [bar.get_ylabel() for bar in ax.child_axes] == ["probability of yes"]
    assert ax.get_title() == "One neuron"


def test_the_surface_has_the_colours_of_the_classes() -> None:
    image = plots.boundary(Net(), X, Y).axes[0].images[0]
    left, right = image.cmap(0.0), image.cmap(1.0)
    assert left[2] > left[0]  # class 0 is blue
    assert right[0] > right[2]  # class 1 is red
    assert image.get_array()[0, 0] < 0.5 < image.get_array()[0, -1]


def test_the_line_stands_where_the_caller_wants_it() -> None:
    figure = plots.boundary(Net(sharpness=1.0), X, Y, contour=[0.4, 0.6])
    found = [path.vertices[:, 0].mean() for path in lines_of(figure)[0].get_paths()]
    np.testing.assert_allclose(found, [np.log(0.4 / 0.6), np.log(0.6 / 0.4)], atol=1e-3)
    with pytest.raises(InputError, match="between 0 and 1"):
        plots.boundary(Net(), X, Y, contour=1.0)


def test_the_line_is_smooth_even_where_the_network_is_certain() -> None:
    figure = plots.boundary(lambda X: sigmoid(30 * (X[:, 0] + X[:, 1])), X, Y)
    path = lines_of(figure)[0].get_paths()[0].vertices
    np.testing.assert_allclose(path.sum(axis=1), 0.0, atol=1e-6)


def test_a_constant_network_has_a_surface_and_no_line() -> None:
    figure = plots.boundary(lambda X: np.full(len(X), 0.7), X, Y)
    assert lines_of(figure) == []
    assert len(figure.axes[0].images) == 1


def test_several_classes_are_regions_with_lines_where_two_are_equal() -> None:
    figure = plots.boundary(Softmax(3), X, [0, 1, 2, 2])
    rgb = figure.axes[0].images[0].get_array()
    assert rgb.shape[2] == 3
    assert len(lines_of(figure)) == 3
    assert words_of(figure) == ["class 0", "class 1", "class 2"]
    # To the right class 0 wins, blue; the surer, the deeper: far from the middle there is less white in it.
    middle = rgb.shape[0] // 2
    right, centre = rgb[middle, -1], rgb[middle, middle + 3]
    assert right.argmax() == 2
    assert right.sum() < centre.sum()


class Estimator:
    """What scikit-learn's classifiers look like; their classes have names."""

    classes_ = np.array(["dog", "cat"])

    def predict_proba(self, X: Any) -> Any:
        p = sigmoid(4 * X[:, 0])
        return np.column_stack([p, 1 - p])

    def predict(self, X: Any) -> Any:
        return np.where(X[:, 0] > 0, "dog", "cat")


class Labels:
    """An estimator that only predicts."""

    def predict(self, X: Any) -> Any:
        return Estimator().predict(X)


@pytest.mark.parametrize("predictor", [Estimator(), Labels(), Estimator().predict])
def test_an_estimator_with_named_classes_is_asked_in_its_own_words(predictor: Any) -> None:
    figure = plots.boundary(predictor, X, np.array(["cat", "cat", "dog", "dog"]))
    rgb = figure.axes[0].images[0].get_array()
    assert rgb[0, 0].argmax() == 2  # left: cat, the first class by name, blue
    assert rgb[0, -1].argmax() == 0
    assert words_of(figure) == ["cat", "dog"]


def test_class_indices_alone_give_flat_regions() -> None:
    figure = plots.boundary(lambda X: (X[:, 0] > 0).astype(int), X, Y)
    rgb = figure.axes[0].images[0].get_array()
    assert len(np.unique(rgb.reshape(-1, 3), axis=0)) == 2
    assert len(lines_of(figure)) == 2


def test_a_region_of_a_class_that_no_point_has_is_drawn() -> None:
    figure = plots.boundary(Softmax(4), X, Y)
    assert words_of(figure) == ["class 0", "class 1"]
    assert len(lines_of(figure)) == 4


def test_values_are_filled_contours_that_share_the_bar_with_the_points() -> None:
    figure = plots.boundary(lambda X: X[:, 0] * 2, X, [-2.5, 0.5, 1.5, 30.0])
    ax = figure.axes[0]
    filled = next(c for c in ax.collections if isinstance(c, QuadContourSet))
    assert filled.filled
    assert filled.levels[0] <= -2.5
    assert filled.levels[-1] >= 30.0
    assert dots_of(figure)[0].norm is filled.norm
    assert [bar.get_ylabel() for bar in ax.child_axes] == ["value"]
    assert lines_of(figure) == []


def test_values_may_have_a_line_and_be_flat() -> None:
    figure = plots.boundary(lambda X: X[:, 0], X, [0.5, 0.25, 0.75, 1.5], contour=0.5)
    np.testing.assert_allclose(lines_of(figure)[0].get_paths()[0].vertices[:, 0], 0.5, atol=1e-6)
    plots.boundary(lambda X: np.full(len(X), 2.5), X, [2.5] * 4)


def test_a_value_beyond_0_and_1_is_no_probability() -> None:
    figure = plots.boundary(lambda X: 1.5 * X[:, 0], X, Y)
    assert not figure.axes[0].images
    assert dots_of(figure)[0].get_array().tolist() == [0, 0, 1, 1]


def test_axes_of_the_caller_are_drawn_into() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plots.points(X, Y, ax=left) is figure
    assert plots.boundary(Net(), X, Y, ax=right) is figure
    assert len(left.collections) == 2
    assert len(right.images) == 1


def test_axes_of_a_subfigure_belong_to_the_whole_figure() -> None:
    figure = Figure()
    ax = figure.subfigures(1, 2)[1].subplots()
    assert plots.points(X, Y, ax=ax) is figure


def test_a_grid_has_a_picture_and_a_title_for_each_predictor() -> None:
    titles = [f"{k} hidden units\ntrain 98 % | held out 9{k} %" for k in range(5)]
    figure = plots.boundary_grid([Net(0.1 * k) for k in range(5)], X, Y, titles, labels=["no", "yes"])
    assert [ax.get_title() for ax in figure.axes] == titles
    assert all(len(ax.images) == 1 for ax in figure.axes)
    assert words_of(figure) == ["no", "yes"]
    # Words stand at the left edge and under the last picture of each column, once.
    assert [ax.get_ylabel() for ax in figure.axes] == ["x2", "", "", "", "x2"]
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "x1", "x1", "x1", "x1"]


def test_a_grid_of_one_and_a_grid_of_values() -> None:
    assert len(plots.boundary_grid([Net()], X, Y, ["alone"], columns=9).axes) == 1
    figure = plots.boundary_grid([lambda X: X[:, 0]] * 2, X, [0.5, 0.25, 0.75, 1.5], ["a", "b"])
    assert figure.legends == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((4, 3)), r"\(4, 3\).*exactly two features.*X\[:, \[0, 1\]\]"),
        (np.zeros(4), r"\(4,\)"),
        (np.zeros((0, 2)), "at least one row"),
        ([[1.0, np.nan]] * 4, r"NaN or infinite, the first at \[0, 1\]"),
        ([["a", "b"]] * 4, "could not be read as numbers"),
    ],
)
def test_features_that_do_not_fit_a_plane_are_refused(bad: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plots.points(bad, Y)
    with pytest.raises(InputError, match=message):
        plots.boundary(Net(), bad, Y)
    with pytest.raises(InputError, match=message):
        plots.boundary_grid([Net()], bad, Y, ["a"])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([0, 1], "y has 2 entries, but X has 4"),
        (np.zeros((4, 2, 2)), r"y has shape \(4, 2, 2\)"),
        (np.full((4, 3), 0.5), r"y has shape \(4, 3\)"),
        ([0, 1, np.nan, 1], "NaN"),
    ],
)
def test_labels_that_do_not_fit_are_refused(bad: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plots.points(X, bad)


@pytest.mark.parametrize(
    ("predictor", "message"),
    [
        (lambda X: X[:3, 0], r"answered .* with shape \(3,\)"),
        (lambda X: X[:, :, None], "one column for each class"),
        (lambda X: np.full(len(X), np.nan), "NaN or infinite"),
        (lambda X: np.full(len(X), -1), "class -1; classes count from 0"),
        (lambda X: np.full(len(X), "fish"), "answers with names, but y holds numbers"),
        (3, "the predictor is a int"),
    ],
)
def test_answers_that_cannot_be_drawn_are_refused(predictor: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plots.boundary(predictor, X, Y)


def test_a_class_that_y_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match=r"names classes that y does not have.*cat"):
        plots.boundary(lambda X: np.full(len(X), "fish"), X, ["cat", "cat", "dog", "dog"])


@pytest.mark.parametrize("y", [["dog"] * 4, ["cat"] * 4])
def test_classes_that_only_the_estimator_knows_keep_their_colour(y: Any) -> None:
    rgb = plots.boundary(Estimator(), X, y).axes[0].images[0].get_array()
    assert rgb[0, 0].argmax() == 2
    assert words_of(plots.boundary_grid([Estimator(), Labels()], X, y, ["a", "b"])) == y[:1]


def test_a_single_named_class_has_a_probability_too() -> None:
    figure = plots.boundary(Net(), X, ["cat"] * 4)
    assert [bar.get_ylabel() for bar in figure.axes[0].child_axes] == ["probability of class 1"]


def test_indices_are_understood_where_y_has_names() -> None:
    figure = plots.boundary(lambda X: (X[:, 0] > 0) * 1, X, ["cat", "cat", "dog", "dog"])
    rgb = figure.axes[0].images[0].get_array()
    assert rgb[0, 0].argmax() == 2
    assert rgb[0, -1].argmax() == 0


def test_signed_labels_are_understood_where_y_has_them() -> None:
    figure = plots.boundary(lambda X: np.sign(X[:, 0]), X, [-1, -1, 1, 1])
    assert words_of(figure) == ["class -1", "class 1"]
    assert figure.axes[0].images[0].get_array()[0, 0].argmax() == 2


def test_classes_for_values_are_refused() -> None:
    with pytest.raises(InputError, match="y holds values"):
        plots.boundary(Softmax(3), X, [0.5, 1.5, 2.5, 3.5])


def test_names_and_titles_must_be_as_many_as_needed() -> None:
    with pytest.raises(InputError, match="1 names, but there are 2 classes"):
        plots.points(X, Y, labels=["only"])
    with pytest.raises(InputError, match="features has 3 entries"):
        plots.points(X, Y, features=["a", "b", "c"])
    with pytest.raises(InputError, match="titles has 1 entries, but predictors has 2"):
        plots.boundary_grid([Net(), Net()], X, Y, ["a"])
    with pytest.raises(InputError, match="predictors is empty"):
        plots.boundary_grid([], X, Y, [])


def test_large_and_distant_numbers_do_not_break_the_picture() -> None:
    figure = plots.boundary(lambda Z: sigmoid((Z[:, 0] - 1e8) / 1e6), X * 1e6 + 1e8, Y)
    figure.draw_without_rendering()
    np.testing.assert_allclose(lines_of(figure)[0].get_paths()[0].vertices[:, 0], 1e8, rtol=1e-6)
