"""A case measures what the engine gives, knows where training began, and changes nothing."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Adam, Dense, Dropout, InputError, Network, Optimizer
from pellucid.data import Standardizer, make_moons
from pellucid.explain.case import SAMPLE, case_of, look, sample
from pellucid.optimizers import OPTIMIZERS, Rule

X, Y = make_moons(120, noise=0.1)


def net_of(*hidden: Any, **more: Any) -> Network:
    return Network([*hidden, Dense(2, "softmax")], inputs=2, **more)


def test_a_look_has_the_numbers_of_the_engine() -> None:
    net = net_of(Dense(5, "tanh"), Dropout(0.5), Dense(4, "relu"))
    seen = case_of(net, X, Y, None).now
    assert seen.levels.loss == pytest.approx(net.loss(X, Y), rel=1e-14)
    for name, gradient in net.gradients(X, Y).items():
        np.testing.assert_allclose(net.named(seen.gradient)[name], gradient, rtol=1e-12, atol=1e-15)
    assert [layer.name for layer in seen.layers] == [
        "layer 1 (Dense 5 tanh)", "layer 2 (Dense 4 relu)", "layer 3 (Dense 2 softmax)",
    ]  # fmt: skip
    np.testing.assert_array_equal(seen.outputs, net.forward(X))
    np.testing.assert_allclose(seen.layers[0].z, X @ net.params["W1"] + net.params["b1"])
    np.testing.assert_allclose(seen.layers[0].a, np.tanh(seen.layers[0].z))


def test_a_scaler_that_is_not_fitted_is_fitted_on_a_copy() -> None:
    net = net_of(Dense(5, "tanh"), scaler=Standardizer())
    seen = case_of(net, 1000 + 50 * X, Y, None).now
    np.testing.assert_allclose(seen.X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(seen.X.std(axis=0), 1)
    assert net.scaler is not None
    assert not net.scaler.fitted


def test_the_start_is_drawn_again_where_the_history_knows_it() -> None:
    net = net_of(Dense(5, "tanh"), seed=4)
    first = net.theta.copy()
    history = net.fit(X, Y, epochs=3)
    start = case_of(net, X, Y, history).start
    assert start is not None
    np.testing.assert_array_equal(start.theta, first)
    assert start.levels.loss == pytest.approx(history.loss[0])
    again = net.fit(X, Y, epochs=3)
    assert case_of(net, X, Y, again).start is None, "a second run began elsewhere"


def test_weights_set_by_hand_are_a_start_until_they_are_trained() -> None:
    net = net_of(Dense(5, "tanh"))
    net.params["W1"] *= 0
    case = case_of(net, X, Y, None)
    assert case.start is not None
    np.testing.assert_array_equal(case.start.theta, net.theta)
    net.fit(X, Y, epochs=1)
    assert case_of(net, X, Y, None).start is None


def test_what_was_learnt_is_measured_on_the_rows_trained_on() -> None:
    net = net_of(Dense(5, "tanh"))
    w = np.linspace(0.1, 2, 60)
    history = net.fit(X[:60], Y[:60], epochs=3, sample_weight=w)
    case = case_of(net, X[60:], Y[60:], history)
    assert case.learnt.levels.loss == pytest.approx(net.loss(X[:60], Y[:60], sample_weight=w))
    assert case.now.levels.loss == pytest.approx(net.loss(X[60:], Y[60:])), "weights are of rows that were trained on"
    assert case_of(net, X[:60].copy(), Y[:60], history).now.levels.loss == pytest.approx(case.learnt.levels.loss)


def test_of_many_rows_a_fixed_sample_is_looked_at() -> None:
    rows = sample(10_000)
    assert len(np.unique(rows)) == SAMPLE
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, sample(10_000))
    np.testing.assert_array_equal(sample(SAMPLE), np.arange(SAMPLE))
    many = np.tile(X, (100, 1))
    case = case_of(net_of(Dense(3, "tanh")), many, np.tile(Y, 100), None)
    assert len(case.now.X) == SAMPLE


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_history_that_was_pickled_still_tells_its_settings(name: str) -> None:
    asked: dict[str, Any] = {
        "optimizer": OPTIMIZERS[name](0.02), "epochs": 2, "batch_size": 16, "l2": 0.1, "clip_norm": 3.0,
        "early_stopping": 2, "shuffle": False, "class_weight": {0: 2.0},
    }  # fmt: skip
    history = net_of(Dense(3, "tanh")).fit(X, Y, **asked)
    net = net_of(Dense(3, "tanh"))
    first, copy = (case_of(net, X, Y, h).settings for h in (history, pickle.loads(pickle.dumps(history))))
    assert first is not None
    assert copy is not None
    for key in asked:
        assert getattr(first, key) == getattr(copy, key) == asked[key]


class Own(Optimizer):
    def rule(self) -> Rule:
        return Rule(lambda p, g, rate, t: (p - rate * g,))


def test_an_optimizer_of_ones_own_is_known_after_pickling() -> None:
    history = net_of(Dense(3, "tanh")).fit(X, Y, optimizer=Own(0.1), epochs=2)
    copy = case_of(net_of(Dense(3, "tanh")), X, Y, pickle.loads(pickle.dumps(history))).settings
    assert copy is not None
    assert copy.optimizer == Own(0.1)


def test_of_a_history_that_says_nothing_nothing_is_known() -> None:
    history = net_of(Dense(3, "tanh")).fit(X, Y, epochs=2)
    bare = replace(history, run=None, asked=None)
    assert case_of(net_of(Dense(3, "tanh")), X, Y, bare).settings is None


def test_what_does_not_belong_together_is_refused() -> None:
    net = net_of(Dense(3, "tanh"))
    other = net_of(Dense(4, "tanh")).fit(X, Y, epochs=1)
    with pytest.raises(InputError, match="history is of another network"):
        case_of(net, X, Y, other)
    with pytest.raises(InputError, match=r"what net\.fit\(\.\.\.\) returned"):
        case_of(net, X, Y, other.loss)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="takes a Network first"):
        case_of(X, Y, net, None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="columns"):
        case_of(net, X[:, :1], Y, None)
    with pytest.raises(InputError, match="rows"):
        case_of(net, X, Y[1:], None)


def test_numbers_that_overflow_are_seen_and_not_warned_of() -> None:
    net = net_of(Dense(3, "relu"))
    net.theta *= 1e200
    problem = case_of(net, X, Y, None).problem
    assert not look(net, net.theta, problem).finite
    assert look(net, net.theta * 1e-200, problem).finite


def test_a_copy_is_looked_at() -> None:
    net = net_of(Dense(3, "tanh"))
    net.fit(X, Y, optimizer=Adam(0.1), epochs=2)
    case = case_of(net, X, Y, None)
    before = case.now.levels.loss
    net.fit(X, Y, optimizer=SGD(0.5), epochs=5)
    assert case.now.levels.loss == before
    assert look(case.net, case.net.theta, case.problem).levels.loss == before
