"""Activation functions and their slopes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pellucid import plots
from pellucid.errors import InputError


def record(name: str) -> Any:
    known: dict[str, Any] = {
        "tanh": (np.tanh, lambda z, a: 1 - a**2),
        "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0) * 1.0),
        "exp": (np.exp, lambda z, a: a),
    }
    value, slope_at = known[name]
    return SimpleNamespace(name=name, value=value, slope_at=slope_at)


def test_each_function_has_a_panel_with_its_name_value_and_slope() -> None:
    figure = plots.functions([record("tanh"), record("exp")], interval=(-2, 2))
    assert [ax.get_title() for ax in figure.axes] == ["tanh", "exp"]
    curves = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    z = curves[0].get_xdata()
    assert (z[0], z[-1]) == (-2.0, 2.0)
    np.testing.assert_allclose(curves[0].get_ydata(), np.tanh(z))
    np.testing.assert_allclose(curves[1].get_ydata(), 1 - np.tanh(z) ** 2)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["value a", "slope da/dz"]


def test_a_slope_that_jumps_has_a_gap_and_no_upright_line() -> None:
    slope = [line for line in plots.functions([record("relu")]).axes[0].lines if len(line.get_xdata()) > 2][1]
    y = slope.get_ydata()
    assert np.isnan(y).sum() == 1
    assert set(y[~np.isnan(y)]) == {0.0, 1.0}


def test_slopes_may_be_left_out() -> None:
    figure = plots.functions([record("tanh")], slope=False)
    assert len([line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]) == 1
    assert len(figure.legends[0].get_texts()) == 1


@pytest.mark.parametrize(("count", "columns", "across"), [(9, None, 3), (8, None, 4), (2, None, 2), (5, 2, 2)])
def test_panels_fill_the_grid_with_few_gaps(count: int, columns: int | None, across: int) -> None:
    figure = plots.functions([record("tanh")] * count, columns=columns)
    assert len(figure.axes) == count
    assert figure.axes[0].get_gridspec().ncols == across


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(InputError, match="0 records"):
        plots.functions([])
    with pytest.raises(InputError, match=r"interval \(1, 1\)"):
        plots.functions([record("tanh")], interval=(1, 1))
