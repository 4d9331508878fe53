"""What formulas give names to on the way: the values are those that the function itself had."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from pellucid import optimizers
from pellucid.explain.intermediates import intermediates

P, G = np.array([1.0, -2.0]), np.array([0.5, 3.0])


def doubled(x: Any) -> Any:
    return 2 * x


SCALE = 3.0


def winding(p: Any, g: Any, rate: float, t: int, share: float = 0.5) -> Any:
    """Assignments of every kind."""
    plain = g
    g = doubled(g) + SCALE
    g += 1
    low, high = np.minimum(p, g), np.maximum(p, g)
    if t > 1:
        late = high
        return late
    early: "Any" = share * low  # noqa: UP037  # without quotes it would be a name to look up
    return p - rate * early * plain


def test_every_assignment_is_noted_in_order() -> None:
    found = intermediates(winding, [P, G, 0.1, 1])
    assert list(found) == ["g", "low", "high", "early"]
    first, second = found["g"]
    assert np.array_equal(first, 2 * G + 3)
    assert np.array_equal(second, 2 * G + 4)
    assert np.array_equal(found["early"][0], 0.5 * np.minimum(P, second))
    assert list(intermediates(winding, [P, G, 0.1, 2])) == ["g", "low", "high"]  # late is high under another name


def test_constants_may_be_bound_or_given_by_name() -> None:
    for found in (
        intermediates(partial(winding, share=4.0), [P, G, 0.1, 1]),
        intermediates(winding, [P, G, 0.1, 1], {"share": 4.0}),
    ):
        assert np.array_equal(found["early"][0], 4 * np.minimum(P, 2 * G + 4))


@pytest.mark.parametrize("optimizer", [optimizers.Adam(), optimizers.SGD(0.1, 0.9), optimizers.RMSProp()], ids=str)
def test_those_of_an_optimizer_are_its_averages(optimizer: optimizers.Optimizer) -> None:
    rule, state = optimizer.rule(), optimizer.init(P)
    found = intermediates(rule.formula, [P, G, 0.1, 1, *state.averages], rule.constants)
    _, after = optimizer.update(G, state, P)
    for name, value in zip(rule.averages, after.averages, strict=True):
        assert found[name][0].tobytes() == value.tobytes()


def test_what_cannot_be_read_gives_none() -> None:
    assert intermediates(max, [1, 2]) == {}
    assert intermediates(np.add, [P, G]) == {}
    assert intermediates(lambda p, g: p - g, [P, G]) == {}


def test_nothing_outside_is_changed() -> None:
    p, g = P.copy(), G.copy()
    intermediates(winding, [p, g, 0.1, 1])
    assert np.array_equal(p, P)
    assert np.array_equal(g, G)
