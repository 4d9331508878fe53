"""Names of an optimizer's own are told apart from those of the network, in the same way everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import Dense, Dropout, Network, Optimizer
from pellucid.explain.equations import equations_of
from pellucid.explain.names import RESERVED, own_names
from pellucid.explain.notation.symbols import sign
from pellucid.optimizers import OPTIMIZERS, Rule


@dataclass(frozen=True)
class Odd(Optimizer):
    learning_rate: float = 0.01
    formula: Callable[..., Any] = field(default=lambda p, grad, eta0, step: (p - eta0 * grad,))
    averages: tuple[str, ...] = ()
    constants: dict[str, float] = field(default_factory=dict)

    def rule(self) -> Rule:
        return Rule(self.formula, self.averages, self.constants)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_names_of_papers_stay(name: str) -> None:
    optimizer = OPTIMIZERS[name]()
    rule, names = optimizer.rule(), own_names(optimizer)
    assert names.averages == rule.averages
    assert all(inside == shown for inside, shown in names.inside.items())


LAYERS = [Dropout(0.1), Dense(3, "tanh"), Dropout(0.2), Dense(2, "softmax")]
NET = Network([*LAYERS], inputs=2)
THEIRS = [equation.name for equation in equations_of(NET, "sgd", l2=0.1, l1=0.1, clip_norm=1.0, weighted=True)]


@pytest.mark.parametrize(
    "name", [*THEIRS, "X", "y", "w", "n", "t", "theta", "lam", "lr", "eta", "omega", "C", "pi", "e"]
)
def test_every_name_of_the_network_is_told_apart(name: str) -> None:
    names = own_names(Odd(averages=(name,), constants={name: 1.0}))
    assert names.averages == (f"{name}_odd",)
    assert names.inside[name] == f"{name}_odd_2"
    assert sign(names.inside[name]) != sign(name)


def reassigning(p: Any, g: Any, rate: Any, t: Any, m: Any, v: Any) -> Any:
    g = g + 0.1 * p
    rate = rate / t
    p = p - rate * m
    other = v + g
    v = other
    return p, m, v


def test_what_the_formula_is_given_keeps_its_name() -> None:
    names = own_names(Odd(formula=reassigning, averages=("m", "rate")))
    assert names.averages == ("m", "rate_odd"), "v inside, an average that is called as the learning rate outside"
    assert names.inside == {"g": "g", "rate": "rate", "t": "t", "m": "m", "p": "p_odd", "other": "other", "v": "v"}


POOL = ["a1", "z2", "W1", "m", "v", "s", "n", "lam", "rho", "decay", "mu", "momentum", "g", "x", "scale", "m_hat"]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    averages=st.lists(st.sampled_from(POOL), unique=True, max_size=4),
    constants=st.lists(st.sampled_from(POOL), unique=True, max_size=6),
)
def test_no_two_names_are_written_alike(averages: list[str], constants: list[str]) -> None:
    constants = [name for name in constants if name not in averages]
    names = own_names(Odd(averages=tuple(averages), constants=dict.fromkeys(constants, 0.5)))
    shown = [*names.averages, *(names.inside[name] for name in constants)]
    assert len({sign(name) for name in shown}) == len(shown)
    assert not {sign(name) for name in shown} & {sign(name) for name in THEIRS}
    assert not {*names.averages} & RESERVED
    assert names == own_names(Odd(averages=tuple(averages), constants=dict.fromkeys(constants, 0.5)))
