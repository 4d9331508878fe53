"""Curves of a training run, and curves over each other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from pellucid import plots
from pellucid.errors import InputError


def history(**columns: Any) -> Any:
    given = dict.fromkeys(("loss", "accuracy", "validation_loss", "validation_accuracy"))
    return SimpleNamespace(**(given | columns))


FULL = history(
    loss=[0.7, 0.5, 0.4], accuracy=[0.5, 0.7, 0.8], validation_loss=[0.8, 0.6, 0.6], validation_accuracy=[0.4, 0.6, 0.7]
)


def legend_of(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_loss_and_accuracy_stand_side_by_side() -> None:
    figure = plots.curves(FULL, title="A run")
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "accuracy"]
    assert [ax.get_xlabel() for ax in figure.axes] == ["epoch", "epoch"]
    assert figure.get_suptitle() == "A run"
    for ax in figure.axes:
        assert [line.get_linestyle() for line in ax.lines] == ["-", "--"]
        assert legend_of(ax) == ["training", "validation"]
        assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    np.testing.assert_array_equal(figure.axes[0].lines[1].get_ydata(), FULL.validation_loss)
    np.testing.assert_array_equal(figure.axes[1].lines[0].get_ydata(), FULL.accuracy)


def test_accuracy_is_written_in_percent_and_epochs_in_whole_numbers() -> None:
    figure = plots.curves(FULL)
    figure.draw_without_rendering()
    assert all(text.get_text().endswith("%") for text in figure.axes[1].get_yticklabels())
    assert all("." not in text.get_text() for text in figure.axes[0].get_xticklabels())
    assert figure.axes[0].lines[0].get_xdata().tolist() == list(range(1, len(FULL.loss) + 1))


def test_only_what_was_kept_is_drawn() -> None:
    alone = plots.curves(history(loss=np.array([3.0, 2.0])))
    assert [ax.get_ylabel() for ax in alone.axes] == ["loss"]
    assert legend_of(alone.axes[0]) == ["training"]
    held_out = plots.curves(history(loss=[3.0, 2.0], validation_accuracy=[0.1, 0.2]))
    assert legend_of(held_out.axes[1]) == ["validation"]


def test_a_single_epoch_is_seen() -> None:
    figure = plots.curves(history(loss=[0.5], accuracy=[0.9], validation_loss=[0.6]))
    for line in (*figure.axes[0].lines, *figure.axes[1].lines):
        assert (line.get_marker(), line.get_markevery()) == ("o", [0])
    assert figure.axes[0].get_xticks().tolist() == [1]


def test_a_point_between_gaps_is_seen_and_others_have_no_marker() -> None:
    line = plots.curves(history(loss=[3.0, np.nan, 2.0, np.inf, 1.0, 0.5])).axes[0].lines[0]
    assert line.get_markevery() == [0, 2]
    assert plots.curves(FULL).axes[0].lines[0].get_marker() == "None"


def test_numbers_that_are_not_finite_leave_a_gap_and_are_named() -> None:
    figure = plots.curves(history(loss=[3.0, 2.0, 4.0, np.inf, np.nan], validation_loss=[1.0, np.nan, 1.0, 1.0, 1.0]))
    ax = figure.axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [3.0, 2.0, 4.0, np.nan, np.nan])
    words = [text.get_text().strip() for text in ax.texts]
    assert words == ["training: not finite at epoch 4", "validation: not finite at epoch 2"]
    assert ax.texts[0].get_position()[1] != ax.texts[1].get_position()[1]  # they do not cover each other
    figure.draw_without_rendering()


@pytest.mark.parametrize("loss", [[np.nan] * 3, [1e308, -1e308, 1.0], [0.0, 0.0], [-1.0, -2.0], [1e-300, 1.0]])
@pytest.mark.parametrize("log", [False, True])
def test_no_loss_makes_matplotlib_complain(loss: list[float], log: bool) -> None:
    plots.curves(history(loss=loss), log=log).draw_without_rendering()


def test_log_is_a_logarithmic_loss_with_plain_numbers() -> None:
    figure = plots.curves(history(loss=[0.5, 0.05, 0.02], accuracy=[0.1, 0.2, 0.3]), log=True)
    assert [ax.get_yscale() for ax in figure.axes] == ["log", "linear"]
    ax = figure.axes[0]
    major, minor = ax.yaxis.get_major_formatter(), ax.yaxis.get_minor_formatter()
    assert major(0.01, None) == "0.01"
    assert major(1e-6, None) == "$10^{-6}$"
    assert (minor(0.05, None), minor(0.07, None)) == ("0.05", "")
    ax.set_ylim(1e-5, 1)
    assert minor(0.05, None) == ""
    ax.set_ylim(0.06, 0.08)
    assert minor(0.07, None) == "0.07"


def test_curves_draws_the_loss_into_given_axes() -> None:
    figure = Figure()
    ax = figure.subplots()
    assert plots.curves(FULL, title="loss only", ax=ax) is figure
    assert len(figure.axes) == 1
    assert ax.get_title() == "loss only"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "history.loss is None"),
        ({"loss": []}, r"history.loss has shape \(0,\)"),
        ({"loss": [[1.0]]}, r"history.loss has shape \(1, 1\)"),
        ({"loss": [1.0], "accuracy": ["x"]}, "history.accuracy must hold numbers"),
    ],
)
def test_histories_that_are_none_are_refused(columns: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plots.curves(history(**columns))


def test_the_second_curve_is_dashed_and_thinner_so_that_both_are_seen() -> None:
    figure = plots.lines({"ours": [1.0, 0.5], "PyTorch": [1.0, 0.5]}, "Twice the same", "step", "loss")
    ax = figure.axes[0]
    first, second = ax.lines
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--")
    assert first.get_linewidth() > second.get_linewidth()
    assert first.get_color() != second.get_color()
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Twice the same", "step", "loss")
    assert legend_of(ax) == ["ours", "PyTorch"]


def test_x_counts_from_0_or_is_given() -> None:
    first, second = plots.lines({"a": np.array([5, 6]), "b": ([10, 20, 30], [1, 2, 3])}).axes[0].lines
    assert first.get_xdata().tolist() == [0, 1]
    assert second.get_xdata().tolist() == [10, 20, 30]


def test_a_pair_of_numbers_is_a_curve_of_two_points() -> None:
    (line,) = plots.lines({"a": (5, 6)}).axes[0].lines
    assert line.get_ydata().tolist() == [5, 6]


def test_one_curve_has_no_legend_and_one_point_a_marker() -> None:
    ax = plots.lines({"a": [5]}).axes[0]
    assert ax.get_legend() is None
    assert ax.lines[0].get_marker() == "o"


def test_styles_are_taken_in_order_or_by_name() -> None:
    curves = {"a": [1, 2], "b": [1, 2], "c": [2, 3]}
    dashes = [line.get_linestyle() for line in plots.lines(curves, styles=[":", "-"]).axes[0].lines]
    assert dashes == [":", "-", ":"]
    dashes = [line.get_linestyle() for line in plots.lines(curves, styles={"c": "-"}).axes[0].lines]
    assert dashes == ["-", "--", "-"]


def test_curves_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(InputError, match="series is empty"):
        plots.lines({})
    with pytest.raises(InputError, match="x of the curve 'a' has 2 entries, but its y has 3"):
        plots.lines({"a": ([1, 2], [1, 2, 3])})
    with pytest.raises(InputError, match="the curve 'a' is None"):
        plots.lines({"a": None})
