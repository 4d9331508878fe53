"""Small curves: the points are where the numbers say, whatever the numbers are."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pellucid.curves import POINTS, SIGNS, svg_curves, text_curves

NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)


def polylines(picture: str) -> list[np.ndarray]:
    tree = ElementTree.fromstring(picture)
    return [
        np.array([[float(v) for v in point.split(",")] for point in line.get("points").split()])
        for line in tree.iter("polyline")
    ]


def test_a_falling_line_falls_from_corner_to_corner() -> None:
    lines = text_curves({"loss": np.linspace(3, 1, 20)}, width=20, height=5).splitlines()
    assert lines[0].startswith("3 |*")
    assert lines[4].startswith("1 |")
    assert lines[4].endswith("*")
    assert len(lines[4]) == 3 + 20
    assert lines[5].split() == ["*", "loss"]
    assert sum(line.count("*") for line in lines) == 20 + 1  # one sign a column, and the key
    (points,) = polylines(svg_curves({"loss": np.linspace(3, 1, 20)}))
    assert (np.diff(points, axis=0) > 0).all()  # to the right and, in pixels, down
    assert np.allclose(np.diff(points, n=2, axis=0), 0, atol=0.11)  # straight, up to the rounding of coordinates


def test_two_lines_share_one_range() -> None:
    series = {"loss": np.array([4.0, 1.0]), "validation_loss": np.array([5.0, 3.0])}
    first, second = polylines(svg_curves(series))
    assert second[0, 1] < first[0, 1] < second[1, 1] < first[1, 1]
    text = text_curves(series, width=10, height=5)
    assert "* loss" in text
    assert "o validation_loss" in text
    picture = ElementTree.fromstring(svg_curves(series))
    assert len({line.get("stroke-dasharray") for line in picture.iter("polyline")}) == 2  # told apart without colour
    assert picture.get("aria-label") == "loss, validation_loss over 2 epochs, between 1 and 5"


@pytest.mark.parametrize(
    "column", [np.array([]), np.array([1.0]), np.full(5, np.nan), np.array([np.inf, np.nan])], ids=str
)
def test_nothing_is_drawn_of_nothing(column: np.ndarray) -> None:
    assert text_curves({"loss": column}) == svg_curves({"loss": column}) == ""


def test_a_level_line_runs_through_the_middle() -> None:
    for level in (0.0, 2.0, -3.0, 1e-300):
        lines = text_curves({"loss": np.full(9, level)}, width=9, height=5).splitlines()
        assert lines[2].endswith("*********")


def test_a_long_run_is_thinned_out_and_keeps_its_ends() -> None:
    column = np.random.default_rng(0).random(10_000)
    (points,) = polylines(svg_curves({"loss": column}))
    assert len(points) == POINTS
    (whole,) = polylines(svg_curves({"loss": np.concatenate([column[:1], [np.nan] * 9998, column[-1:]])}))
    assert points[0, 0] == whole[0, 0]
    assert points[-1, 0] == whole[-1, 0]


@given(columns=st.lists(arrays(np.float64, st.integers(0, 40), elements=NUMBERS), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_numbers_can_be_drawn(columns: list[np.ndarray]) -> None:
    series = {f"<{i}>": column for i, column in enumerate(columns)}
    lines = text_curves(series, width=30, height=6).splitlines()
    picture = svg_curves(series, 300, 100)
    assert bool(lines) == bool(picture)
    if picture:
        assert len(lines) == 7
        assert all(set(line.partition("|")[2]) <= {*SIGNS, " "} for line in lines[:-1])
        for points in polylines(picture):
            assert (points >= 0).all()
            assert (points <= [300, 100]).all()
