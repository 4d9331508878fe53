"""What guessing costs, against the entropy, the variance and the best constant that a search finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import Dense, Loss, Network
from pellucid.explain.levels import Levels, levels

LOG_COSH = Loss("log_cosh", lambda a, t: np.log(np.cosh(a - t)), lambda a, t: np.tanh(a - t))


def net_of(output: str, units: int, loss: str | Loss | None = None) -> Network:
    return Network([Dense(units, output)], inputs=1, loss=loss)


@given(st.lists(st.integers(0, 3), min_size=4, max_size=60), st.booleans())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_guessing_classes_costs_their_entropy(labels: list[int], weighted: bool) -> None:
    t = np.eye(4)[labels]
    w = 1.0 + np.arange(len(labels)) if weighted else None
    p = np.average(t, axis=0, weights=w)
    entropy = -sum(share * np.log(share) for share in p if share)
    seen = levels(net_of("softmax", 4), t, w, loss=0.3)
    assert seen.guess == pytest.approx(entropy, abs=1e-9)
    assert seen.blank == pytest.approx(np.log(4))
    assert seen.best == pytest.approx(0, abs=1e-9)


def test_balanced_classes_cost_ln_k() -> None:
    for k in (2, 3, 10):
        assert levels(net_of("softmax", k), np.eye(k), None, 0).guess == pytest.approx(np.log(k))


def test_soft_targets_cannot_be_had_for_nothing() -> None:
    t = np.array([[0.5, 0.5], [0.9, 0.1]])
    entropies = -np.sum(t * np.log(t), axis=1)
    assert levels(net_of("softmax", 2), t, None, 0).best == pytest.approx(entropies.mean())


@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("identity", None), ("identity", "absolute_error"), ("exp", None), ("sigmoid", None), ("tanh", None),
        ("softplus", "squared_error"),
    ],
)  # fmt: skip
def test_no_constant_answer_is_better_than_the_guess(output: str, loss: str | None) -> None:
    rng = np.random.default_rng(3)
    t = {"exp": rng.poisson(3, 60), "sigmoid": rng.integers(0, 2, 60)}.get(output, rng.uniform(0.1, 0.9, 60))
    t = t.reshape(-1, 1).astype(float)
    net = net_of(output, 1, loss)
    z = np.linspace(-6, 6, 4001).reshape(-1, 1)
    a = net.output.activation.value(z)
    costs = [net.loss_function.rows(np.full_like(t, zi), np.full_like(t, ai), t).mean() for zi, ai in zip(z, a)]  # noqa: B905
    seen = levels(net, t, None, 0)
    assert seen.guess == pytest.approx(min(costs), rel=1e-4)
    assert seen.best < seen.guess


def test_counts_of_zero_and_losses_below_zero_have_levels_too() -> None:
    t = np.array([[0.0], [0.0], [9.0], [12.0]])
    seen = levels(net_of("exp", 1), t, None, loss=-5.0)
    assert np.isfinite(seen).all()
    assert seen.best < seen.loss < seen.guess
    assert 0 < seen.skill < 1


def test_a_loss_of_ones_own_is_compared_too() -> None:
    t = np.linspace(-1, 1, 41).reshape(-1, 1)
    seen = levels(net_of("identity", 1, LOG_COSH), t, None, loss=0.0)
    assert seen.guess == pytest.approx(np.log(np.cosh(t)).mean())
    assert (seen.best, seen.skill) == (0, 1)


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "exp", "identity"])
def test_single_precision_has_the_same_levels(output: str) -> None:
    t = np.eye(2)[[0, 1, 1, 0, 1]]
    double = levels(net_of(output, 2), t, None, 0.1)
    single = levels(net_of(output, 2), t.astype(np.float32), None, 0.1)
    np.testing.assert_allclose(single, double, rtol=1e-6, atol=1e-9)


def test_skill_is_one_for_right_answers_and_zero_for_guessing() -> None:
    assert Levels(0.0, 0.7, 0.7, 0.0).skill == 1
    assert Levels(0.7, 0.7, 0.7, 0.0).skill == 0
    assert Levels(1.4, 0.7, 0.7, 0.0).skill == -1
    assert Levels(np.inf, 0.7, 0.7, 0.0).skill == -np.inf
    assert Levels(0.5, 0.0, 0.7, 0.0).skill == 1, "where all targets are the same there is nothing to gain"
