"""A network drawn: units, links and words."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace as Record
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from pellucid import plots
from pellucid.errors import InputError
from pellucid.plots import COLOURS


def dense(units: int, activation: str) -> Any:
    return Record(units=units, activation=Record(name=activation))


def net(inputs: int, *layers: Any) -> Any:
    rng, sizes = np.random.default_rng(0), [inputs, *(layer.units for layer in layers if hasattr(layer, "units"))]
    params = {f"W{k}": rng.normal(size=shape) for k, shape in enumerate(pairwise(sizes), start=1)}
    return Record(inputs=inputs, layers=list(layers), params=params)


def circles(figure: Figure) -> list[Circle]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, Circle) and patch.radius > 0.1]


def dots(figure: Figure) -> int:
    return sum(isinstance(patch, Circle) and patch.radius < 0.1 for patch in figure.axes[0].patches)


def links(figure: Figure) -> list[int]:
    return [len(layer.get_segments()) for layer in figure.axes[0].collections]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_every_unit_is_a_circle_and_every_weight_a_link() -> None:
    figure = plots.network(net(2, dense(3, "tanh"), dense(2, "softmax")))
    assert len(circles(figure)) == 7
    assert links(figure) == [6, 6]
    assert dots(figure) == 0


def test_links_end_in_the_middle_of_circles() -> None:
    figure = plots.network([2, 3, 1])
    centres = {tuple(np.round(circle.center, 6)) for circle in circles(figure)}
    ends = {tuple(np.round(end, 6)) for layer in figure.axes[0].collections for s in layer.get_segments() for end in s}
    assert ends == centres


def test_words_name_layers_units_activations_dropout_and_biases() -> None:
    made = net(4, dense(3, "relu"), Record(rate=0.25), dense(2, "tanh"), dense(1, "sigmoid"))
    found = words(plots.network(made, inputs=["price", "shipping", "marketing", "material"], outputs=["sells"]))
    assert {"price", "shipping", "marketing", "material", "sells"} <= set(found)
    assert "inputs\n4 features" in found
    assert "hidden layer 1\n3 units\nrelu\ndropout 25%" in found
    assert "hidden layer 2\n2 units\ntanh" in found
    assert "output\n1 unit\nsigmoid" in found
    assert "26 numbers to learn: 20 weights (one on each link) and 6 biases (one in each unit)" in found


def test_one_weight_and_one_bias_are_said_in_the_singular() -> None:
    found = words(plots.network([1, 1]))
    assert "2 numbers to learn: 1 weight (one on each link) and 1 bias (one in each unit)" in found
    assert "inputs\n1 feature" in found


def test_bare_sizes_are_enough() -> None:
    figure = plots.network((3, 4, 2), title="3-4-2")
    assert links(figure) == [12, 8]
    assert {"x1", "x2", "x3", "hidden layer\n4 units", "output\n2 units", "3-4-2"} <= set(words(figure))


def test_long_columns_are_elided_and_counted() -> None:
    figure = plots.network(net(784, dense(128, "relu"), dense(12, "softmax")))
    assert len(circles(figure)) == 10 + 10 + 12
    assert dots(figure) == 6
    assert links(figure) == [100, 120]
    found = words(figure)
    assert "inputs\n784 features" in found
    assert "hidden layer\n128 units\nrelu" in found
    assert {"x1", "x5", "x780", "x784"} <= set(found)
    assert not {"x6", "x779"} & set(found)
    assert any(text.startswith("102,028 numbers to learn: 101,888 weights") for text in found)


def test_the_dots_stand_between_the_ends() -> None:
    figure = plots.network([13, 1])
    column = sorted(c.center[1] for c in circles(figure) if c.center[0] == circles(figure)[0].center[0])
    small = [p.center[1] for p in figure.axes[0].patches if isinstance(p, Circle) and p.radius < 0.1]
    assert column[4] < min(small)
    assert max(small) < column[5]


def test_circles_and_names_stay_on_the_sheet_and_apart() -> None:
    names = [f"quite a long name of a feature {k}" for k in range(13)]
    figure = plots.network([13, 12, 1], inputs=names, outputs=["the probability that it sells"], title="T" * 90)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= figure.bbox.x1 and b.y1 <= figure.bbox.y1 for b in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize("depth", [1, 6, 9])
def test_words_below_deep_networks_do_not_touch(depth: int) -> None:
    made = net(3, *[dense(4, "leaky_relu") for _ in range(depth)], dense(1, "sigmoid"))
    figure = plots.network(made, weights=True)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_weights_colour_and_thicken_the_links() -> None:
    made = net(2, dense(1, "sigmoid"))
    made.params["W1"][:] = [[-2.0], [1.0]]
    layer = plots.network(made, weights=True).axes[0].collections[0]
    thin, thick = layer.get_linewidths()
    assert thin < thick  # the larger one is drawn last, on top
    assert [to_hex(colour) for colour in layer.get_colors()] == [COLOURS[1].lower(), COLOURS[0].lower()]
    assert {"weight below 0", "weight above 0"} <= set(words(plots.network(made, weights=True)))


def test_zero_weights_are_drawn() -> None:
    made = net(2, dense(2, "tanh"))
    made.params["W1"][:] = 0.0
    assert links(plots.network(made, weights=True)) == [4]


def test_only_some_links_are_drawn_where_the_wiring_is_by_hand() -> None:
    wiring = [[[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], None]
    figure = plots.network([4, 3, 1], links=wiring)
    assert links(figure) == [4, 3]
    assert any(text.startswith("11 numbers to learn: 7 weights") for text in words(figure))


def test_hidden_units_may_have_names() -> None:
    meaning = ["affordability", "awareness", "perceived quality"]
    figure = plots.network([4, 3, 1], hidden=[meaning])
    assert set(meaning) <= set(words(figure))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"net_or_sizes": [3]}, r"the sizes are \[3\]"),
        ({"net_or_sizes": [3, 0]}, "each 1 or more"),
        ({"net_or_sizes": net(3)}, "no layer with units"),
        ({"net_or_sizes": [2, 1], "weights": True}, "give the network"),
        ({"net_or_sizes": [2, 1], "inputs": ["a"]}, "inputs has 1 entries, but its layer, in units, has 2"),
        ({"net_or_sizes": [2, 1], "outputs": ["a", "b"]}, "outputs has 2 entries"),
        ({"net_or_sizes": [2, 3, 1], "hidden": [["a"]]}, r"hidden\[0\] has 1 entries"),
        ({"net_or_sizes": [2, 3, 1], "hidden": []}, "hidden has 0 entries"),
        ({"net_or_sizes": [2, 1], "links": []}, "links has 0 entries"),
        ({"net_or_sizes": [2, 1], "links": [[[1, 1]]]}, r"links\[0\] has shape \(1, 2\).*\(2, 1\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plots.network(**arguments)


def test_weights_that_are_not_finite_are_refused() -> None:
    made = net(2, dense(1, "sigmoid"))
    made.params["W1"][0, 0] = np.nan
    with pytest.raises(InputError, match="W1 has 1 entries that are NaN"):
        plots.network(made, weights=True)
