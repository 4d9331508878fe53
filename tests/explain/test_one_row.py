"""One row written out: its numbers are those of the step, its sums add up, long ones are shortened in text alone."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pellucid import Activation, Dense, Dropout, InputError, Loss, Network
from pellucid.data import Standardizer
from pellucid.explain.one_row import TERMS, UNITS, RowLine, put_in
from pellucid.explain.trace import Trace, trace

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 2)).round(2)
Y = np.array([0, 1, 1, 0, 1, 0, 0, 1])


def lines_of(step: Trace, quantity: str) -> list[RowLine]:
    assert step.row is not None
    return step.row.quantities()[quantity]


def test_every_number_of_a_small_step_is_written_out() -> None:
    net = Network([Dense(2, "relu"), Dense(1)], inputs=2)
    net.theta = [0.5, -1.0, 2.0, 0.25, 0.25, 1.0, 3.0, -2.0, 0.5]  # W1, b1, W2, b2
    step = trace(net, [[1.0, 1.0], [2.0, -0.5]], [1.0, 2.0], row=1)
    assert str(step.row).splitlines() == [
        "row 1",
        "  z1 = X W1 + b1",
        "    z1[0] = 2·0.5 + (-0.5)·2 + 0.25 = 0.25",
        "    z1[1] = 2·(-1) + (-0.5)·0.25 + 1 = -1.125",
        "  a1 = relu(z1)",
        "    a1[0] = relu(0.25) = 0.25",
        "    a1[1] = relu(-1.125) = 0",
        "  z2 = a1 W2 + b2",
        "    z2[0] = 0.25·3 + 0·(-2) + 0.5 = 1.25",
        "  a2 = z2",
        "    a2[0] = 1.25",
        "  losses = squared_error(a2, y) = squared_error(1.25, 2) = 0.2812",
        "  da2 = (a2 - y)/n = (1.25 - 2)/2 = -0.375",
        "  δ2 = da2 = -0.375",
        "  dW2 = a1ᵀ δ2, of which this row adds",
        "    dW2[0] = 0.25 · (-0.375) = -0.09375",
        "    dW2[1] = 0 · (-0.375) = 0",
        "  db2 = Σ_i δ2_i, of which this row adds",
        "    db2 = -0.375",
        "  da1 = δ2 W2ᵀ",
        "    da1[0] = (-0.375)·3 = -1.125",
        "    da1[1] = (-0.375)·(-2) = 0.75",
        "  δ1 = da1 ⊙ relu'(z1)",
        "    δ1[0] = -1.125 · relu'(0.25) = -1.125",
        "    δ1[1] = 0.75 · relu'(-1.125) = 0",
        "  dW1 = Xᵀ δ1, of which this row adds",
        "    dW1[0] = 2 · (-1.125, 0) = (-2.25, 0)",
        "    dW1[1] = -0.5 · (-1.125, 0) = (0.5625, 0)",
        "  db1 = Σ_i δ1_i, of which this row adds",
        "    db1 = (-1.125, 0)",
    ]
    assert str(step).endswith(str(step.row))


HIDDEN = ["identity", "tanh", "relu", "gelu", "swish", "softplus"]


@given(
    output=st.sampled_from([("softmax", None), ("softmax", "squared_error"), ("sigmoid", None), ("identity", "huber")]),
    hidden=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(HIDDEN), st.sampled_from([0.0, 0.4])), max_size=2),
    chosen=st.fixed_dictionaries(
        {
            "batch_size": st.sampled_from([None, 5]),
            "l2": st.sampled_from([0.0, 0.3]),
            "sample_weight": st.sampled_from([None, RNG.uniform(0.5, 2, 8)]),
            "class_weight": st.none(),
            "validation": st.sampled_from([None, 0.3]),
        }
    ),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_the_lines_are_the_row_of_the_step(output: Any, hidden: Any, chosen: dict[str, Any], seed: int) -> None:
    layers = [layer for width, name, rate in hidden for layer in (Dense(width, name), Dropout(rate))]
    units = 1 if output[0] == "sigmoid" else 2
    net = Network([*layers, Dense(units, output[0])], inputs=2, loss=output[1], seed=seed, scaler=Standardizer())
    y = RNG.normal(size=(8, 2)) if output[0] == "identity" else Y
    rows = trace(net, X, y, seed=seed, **chosen).rows
    traces = [trace(net, X, y, row=int(row), seed=seed, **chosen) for row in rows]
    added: dict[str, Any] = {}
    for place, step in enumerate(traces):
        assert step.row is not None
        assert (step.row.row, step.row.place) == (rows[place], place)
        for quantity, lines in step.row.quantities().items():
            value = np.concatenate([np.ravel(line.value) for line in lines])
            if quantity[1:] in net.params:
                added[quantity] = added.get(quantity, 0) + value
            else:
                assert np.array_equal(value, np.ravel(step[quantity].value[place])), quantity
            for line in lines:
                if line.terms is not None:
                    total = line.terms.prod(axis=1).sum() + (line.plus or 0)
                    assert np.allclose(total, line.value, rtol=1e-12, atol=1e-14)
        # Nothing that has a number for each row is left out.
        of_rows = {entry.name for entry in step if entry.shape[:1] == (len(rows),) and entry.section != "update"}
        assert {name for name in of_rows if name[1:] not in net.params} <= set(step.row.quantities())
    for quantity, total in added.items():
        penalty = chosen["l2"] * net.params[quantity[1:]] if quantity.startswith("dW") else 0
        assert np.allclose(total.reshape(net.params[quantity[1:]].shape) + penalty, traces[0][quantity].value)
    assert {f"d{name}" for name in net.params} == set(added)


def test_the_factors_are_the_inputs_and_the_weights() -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    step = trace(net, X, Y, row=4)
    for k, line in enumerate(lines_of(step, "z1")):
        assert line.terms is not None
        assert np.array_equal(line.terms, np.stack([X[4], net.params["W1"][:, k]], axis=1))
        assert line.plus == net.params["b1"][k]
    for j, line in enumerate(lines_of(step, "da1")):
        assert line.terms is not None
        assert np.array_equal(line.terms[:, 1], net.params["W2"][j])


def test_long_sums_are_elided_in_text_and_complete_in_the_dict() -> None:
    wide = RNG.normal(size=(4, 30))
    net = Network([Dense(20, "tanh"), Dense(7, "softmax")], inputs=30)
    step = trace(net, wide, [0, 1, 2, 3], row=2)
    line = lines_of(step, "z1")[0]
    assert line.terms is not None
    assert line.terms.shape == (30, 2)
    shown = str(step.row)
    assert line.written() in re.sub(r"\s+", " ", shown)
    assert line.written().count("·") == TERMS
    assert line.written().count("...") == 1
    assert f"{line.terms[-1, 0]:.4g}".strip("-") in line.written()  # the last one is there
    assert shown.count("z1[") == UNITS
    assert "... and 14 more" in shown
    record = step.to_dict(lists=True)["row"]["lines"]
    assert sum(entry["quantity"] == "z1" for entry in record) == 20
    assert record[0]["text"].count("·") == 30
    assert "..." not in record[0]["text"]
    assert np.array_equal(record[0]["terms"], line.terms)
    assert record[0]["plus"] == 0.0
    (p,) = (entry for entry in record if entry["name"] == "p")
    assert len(p["value"]) == 7


def test_weights_of_rows_are_written_out() -> None:
    net = Network([Dense(2, "softmax")], inputs=2)
    step = trace(net, X, Y, row=1, sample_weight=np.arange(1.0, 9.0))
    (line,) = lines_of(step, "delta1")
    p = step["p"].value[1]
    assert line.written() == (
        f"δ1 = w ⊙ (p - y) / Σ_i w_i = 2 · (({p[0]:.4g}, {p[1]:.4g}) - (0, 1)) / 36 = "
        f"({line.value[0]:.4g}, {line.value[1]:.4g})"
    )


def test_own_formulas_are_written_out() -> None:
    own = Activation("cubic", lambda z: z**3 + 2 * z, lambda z: 3 * z**2 + 2)
    loss = Loss("own", lambda a, t: (a - t) ** 4, lambda a, t: 4 * (a - t) ** 3)
    net = Network([Dense(1, own), Dense(1)], inputs=1, loss=loss)
    net.params["W1"][...], net.params["W2"][...] = 1.5, 2.0
    step = trace(net, [[1.0], [2.0]], [0.0, 15.0], row=0)
    assert lines_of(step, "a1")[0].value == 1.5**3 + 3
    text = str(step.row)
    assert "a1[0] = cubic(1.5) = 6.375" in text
    assert "losses = own(a2, y) = own(12.75, 0) = 2.643e+04" in text
    assert "da2 = 4 (a2 - y)³ / n = 4 (12.75 - 0)³ / 2 = 4145" in text


def test_a_broken_number_is_written_too() -> None:
    net = Network([Dense(1)], inputs=1)
    net.params["W1"][...] = 1e308
    text = str(trace(net, [[100.0], [1.0]], [0.0, 0.0], row=0).row)
    assert "z1[0] = 100·1e+308 + 0 = inf" in text
    assert "losses = squared_error(a1, y) = squared_error(inf, 0) = inf" in text


@pytest.mark.parametrize(
    ("formula", "numbers", "expected"),
    [
        (
            "(p - y)/n",
            {"p": np.array([0.5, -0.25]), "y": np.array([1, 0]), "n": np.array(4)},
            "((0.5, -0.25) - (1, 0))/4",
        ),
        ("tanh(z1)", {"z1": np.array(-2.0), "z": np.array(7)}, "tanh(-2)"),
        ("f(z1, -z10)", {"z1": np.array([1.0, -2.0]), "z10": np.array(3.0)}, "f((1, -2), -3)"),
        ("e^z1 + z1² - 0.5 z1", {"z1": np.array(-1.0)}, "e^(-1) + (-1)² - 0.5 (-1)"),
        ("relu'(z1) ⊙ da1", {"da1": np.array(2.0), "z1": np.array(1.0), "a1": np.array(9.0)}, "relu'(1) · 2"),
        ("z1 y² 3 a1", {"z1": np.array(2.0), "y": np.array(3.0), "a1": np.array(-4.0)}, "2·3²·3 (-4)"),
        ("{z1 if z1 > 0; 0 otherwise}", {"z1": np.array(2.0)}, "{2 if 2 > 0; 0 otherwise}"),
        ("w x / Σ_i w_i", {"w": np.array(2.0), "Σ_i w_i": np.array(6.0)}, "2 x / 6"),
    ],
)
def test_numbers_take_the_place_of_names(formula: str, numbers: dict[str, Any], expected: str) -> None:
    assert put_in(formula, numbers) == expected


# Which row.


def test_a_row_is_one_of_X_as_it_was_given() -> None:
    net = Network([Dense(2, "softmax")], inputs=2)
    for chosen in ({"batch_size": 3}, {"validation": 0.25}, {"validation": 0.25, "batch_size": 2, "seed": 3}):
        rows = trace(net, X, Y, **chosen).rows
        for row in range(8):
            if row in rows:
                step = trace(net, X, Y, row=row, **chosen)
                assert np.array_equal(lines_of(step, "z1")[0].terms[:, 0], X[row])  # type: ignore[index]
            else:
                with pytest.raises(
                    InputError, match=rf"Row {row} is not used by the first step.*uses rows {rows[0]}, "
                ):
                    trace(net, X, Y, row=row, **chosen)


@pytest.mark.parametrize(
    ("row", "said"),
    [(8, r"row is 8; X has 8 rows, 0 \.\.\. 7"), (-1, "whole number"), (1.5, "whole number"), (True, "whole number")],
)
def test_a_row_that_is_none_is_refused(row: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        trace(Network([Dense(2, "softmax")], inputs=2), X, Y, row=row)
