"""Runs over each other, and the search for a rate: what is drawn, and what is not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pellucid import plots
from pellucid.errors import InputError


def history(*loss: float, **columns: Any) -> Any:
    given = dict.fromkeys(("accuracy", "validation_loss", "validation_accuracy"))
    return SimpleNamespace(loss=list(loss), **(given | columns))


def search(**changed: Any) -> Any:
    given: dict[str, Any] = {
        "rate": 0.1,
        "rates": [0.01, 0.1, 1.0, 10.0],
        "losses": [3.0, 2.0, 1.5, 900.0],
        "smoothed": [2.5, 2.2, 300.0, 450.0],
        "start": 3.1,
        "trials": {0.1: 0.5, 0.2: np.inf},
    }
    return SimpleNamespace(**(given | changed))


def legend_of(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_values_and_classes_share_the_loss_and_one_panel_more() -> None:
    figure = plots.runs({"classes": history(3, 2, accuracy=[0.1, 0.2]), "values": history(9, 4, 1)}, title="Both")
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "accuracy"]
    assert [len(ax.lines) for ax in figure.axes] == [2, 1]
    assert figure.get_suptitle() == "Both"
    assert [ax.get_ylabel() for ax in plots.runs({"values": history(9, 4)}).axes] == ["loss"]


def test_validation_is_dashed_in_the_colour_of_its_run_and_explained_where_there_is_any() -> None:
    with_it = plots.runs({"a": history(3, 2), "b": history(3, 2, validation_loss=[4, 4])}).axes[0]
    assert [line.get_linestyle() for line in with_it.lines] == ["-", "-", "--"]
    assert with_it.lines[1].get_color() == with_it.lines[2].get_color()
    assert legend_of(with_it) == ["a", "b", "training", "validation"]
    assert legend_of(plots.runs({"a": history(3, 2)}).axes[0]) == ["a"]


def test_more_runs_than_colours_are_marked() -> None:
    ax = plots.runs({f"run {k}": history(3, 2, 1) for k in range(11)}).axes[0]
    looks = {(line.get_color(), line.get_marker()) for line in ax.lines}
    assert len(looks) == 11


def test_one_epoch_is_seen_and_an_empty_run_left_out() -> None:
    ax = plots.runs({"empty": history(), "one": history(0.5)}).axes[0]
    (line,) = ax.lines
    assert line.get_marker() == "o"
    assert legend_of(ax) == ["one"]
    assert ax.get_xticks().tolist() == [1]


@pytest.mark.parametrize("log", [False, True])
def test_gaps_zeros_and_long_notes_draw_without_complaint(log: bool) -> None:
    runs = {"a": history(np.nan, 1e308, 2), "b": history(0.0, -1.0), "c": history(np.inf, np.inf)}
    figure = plots.runs(runs, note="A long note about where these runs began. " * 9, log=log)
    figure.draw_without_rendering()
    assert max(map(len, figure.get_supxlabel().splitlines())) <= 70


def test_runs_without_an_epoch_are_refused() -> None:
    with pytest.raises(InputError, match="none of the runs has completed an epoch"):
        plots.runs({"a": history(), "b": SimpleNamespace(loss=None)})
    with pytest.raises(InputError, match=r"history.accuracy has shape"):
        plots.runs({"a": history(1.0, accuracy=[])})


def test_a_search_shows_what_lies_near_the_start_and_not_how_far_it_exploded() -> None:
    (ax,) = plots.rate_search(search(), title="A search").axes
    assert ax.get_xscale() == "log"
    assert ax.get_title() == "A search"
    low, high = ax.get_ylim()
    assert low < 0.5
    assert 3.1 < high < 10
    assert legend_of(ax)[-2:] == ["end of a trial", "suggested: 0.1"]
    assert list(ax.lines[3].get_xdata()) == [0.1]  # the trial that exploded has no place


def test_a_search_without_a_suggestion_or_trials() -> None:
    figure = plots.rate_search(search(rate=None, trials={}, losses=[3.1] * 4, smoothed=[3.1] * 4))
    figure.draw_without_rendering()
    assert legend_of(figure.axes[0]) == ["range test", "smoothed", "before any step"]
    with pytest.raises(InputError, match="exploded at the first rate"):
        plots.rate_search(search(rates=[], losses=[], smoothed=[]))


def test_a_search_is_drawn_into_given_axes() -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert plots.rate_search(search(), ax=ax) is ax.figure
