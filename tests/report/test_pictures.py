"""Pictures as parts of a page: colours of the page, names of their own, texts that are texts."""

from __future__ import annotations

import base64
import io
import re
import sys
import threading
import warnings

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import matplotlib

from pellucid import Dense, InputError, Network, plots
from pellucid.report import pictures
from pellucid.report.markup import Html


def boundary(key: str = "plane", points: int = 60) -> Html:
    X = np.random.default_rng(0).normal(size=(points, 2))
    net = Network([Dense(4, "tanh"), Dense(1, "sigmoid")], 2)
    y = (X[:, 0] > 0).astype(int)
    return pictures.picture(key, lambda: plots.boundary(net, X, y, features=["<x>", "红 & 色"]), "seen", "said")


def test_no_colour_is_left_that_only_a_white_page_suits() -> None:
    drawn = pictures.picture("net", lambda: plots.network([2, 3, 1]), "a network", "")
    assert not re.search(r"#(fff|000|24292f|57606a|d0d7de)", drawn, re.IGNORECASE)
    assert set(re.findall(r"#[0-9a-f]{6}\b", drawn)) == set()
    assert {"var(--ink)", "var(--soft)", "var(--fill1)"} <= set(re.findall(r"var\(--\w+\)", drawn))


def test_every_colour_of_a_picture_is_defined_by_the_page() -> None:
    from pellucid.report.look import CSS

    light, dark = CSS.split("prefers-color-scheme: dark", 1)
    for variable in pictures.VARIABLES.values():
        assert f"--{variable}: #" in light
        assert f"--{variable}: #" in dark


def test_texts_are_texts_and_escaped() -> None:
    drawn = boundary()
    assert "&lt;x&gt;" in drawn
    assert "红 &amp; 色</text>" in drawn  # drawn by the reader's browser, whatever fonts there were here


def test_two_pictures_on_a_page_share_no_name() -> None:
    first, second = boundary("one"), boundary("two")
    names = [set(re.findall(r'\bid="([^"]*)"', drawn)) for drawn in (first, second)]
    assert names[0]
    assert not names[0] & names[1]
    for drawn, known in zip((first, second), names, strict=True):
        used = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', drawn)
        assert used
        assert {a or b for a, b in used} <= known


def test_nothing_in_it_leads_elsewhere_or_styles_the_page() -> None:
    drawn = boundary()
    for part in ("http", "<style", "<metadata", "<!--", "xlink", "<?xml", "<!DOCTYPE"):
        assert part not in drawn


def test_the_same_picture_is_the_same_bytes() -> None:
    assert boundary() == boundary()


def test_uncertain_regions_let_the_page_shine_through() -> None:
    from PIL import Image

    found = re.findall(r'href="data:image/png;base64,([^"]+)"', boundary())
    assert len(found) == 2  # the plane and its colour bar
    plane = np.asarray(Image.open(io.BytesIO(base64.b64decode(found[0]))).convert("RGBA"))
    assert plane[..., 3].max() < 128  # the deepest colours are less than half as deep as ink
    bar = np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGBA"))
    assert bar[..., 3].min() < 5  # in the middle, white on white


def test_clear_colours_look_the_same_on_white() -> None:
    rgba = np.random.default_rng(0).uniform(size=(50, 4))
    made = pictures.clear(rgba)
    white = [c[..., :3] * c[..., 3:] + 1 - c[..., 3:] for c in (rgba, made)]
    assert np.allclose(white[0], white[1])
    assert (made[..., 3] <= rgba[..., 3] + 1e-12).all()


def test_many_points_are_one_image() -> None:
    few, many = boundary(points=100), boundary(points=4 * pictures.MANY)
    assert few.count("<use") > 100
    assert many.count("<use") < 100
    assert len(many) < 4 * len(few)


def test_what_cannot_be_drawn_is_said() -> None:
    def draw() -> object:
        raise InputError("nothing <here>")

    assert "could not be drawn: nothing &lt;here&gt;" in pictures.picture("k", draw, "", "")  # type: ignore[arg-type]


def test_without_matplotlib_there_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pictures.missing() is None
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "[plot]" in (pictures.missing() or "")
    assert pictures.picture("k", lambda: plots.network([1, 1]), "", "") == ""


def test_settings_of_the_program_stay_as_they_were() -> None:
    before = {name: matplotlib.rcParams[name] for name in pictures.SETTINGS}
    matplotlib.rcParams["lines.linewidth"] = 7.5
    try:
        boundary()
        assert matplotlib.rcParams["lines.linewidth"] == 7.5
    finally:
        matplotlib.rcParams["lines.linewidth"] = matplotlib.rcParamsDefault["lines.linewidth"]
    assert before == {name: matplotlib.rcParams[name] for name in pictures.SETTINGS}


def test_threads_draw_the_same() -> None:
    before = {name: matplotlib.rcParams[name] for name in pictures.SETTINGS}
    made: list[Html] = []

    def draw() -> None:
        made.append(pictures.picture("net", lambda: plots.network([2, 3, 1]), "", ""))

    threads = [threading.Thread(target=draw) for _ in range(4)]
    with warnings.catch_warnings():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(set(made)) == 1
    assert len(made) == 4
    assert before == {name: matplotlib.rcParams[name] for name in pictures.SETTINGS}
