"""Optimizers: each against its paper's equations step by step and against torch, all against one conformance."""

from __future__ import annotations

import dataclasses
import math
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import SGD, AdaGrad, Adam, AdamW, Dense, InputError, Network, Optimizer, RMSProp
from pellucid.optimizers import OPTIMIZERS, Rule, State

STEPS = 20

# By hand: one parameter, plain floats, the equations of the papers as loops. Each yields p after every step.


def sgd(p: float, g: list[float], rate: float, momentum: float = 0.0, nesterov: bool = False) -> Iterator[float]:
    v = 0.0
    for g_t in g:
        v = momentum * v + g_t
        p = p - rate * (g_t + momentum * v if nesterov else v)
        yield p


def adagrad(p: float, g: list[float], rate: float, eps: float = 1e-8) -> Iterator[float]:
    for t in range(1, len(g) + 1):
        s = sum(g_i**2 for g_i in g[:t])
        p = p - rate * g[t - 1] / (math.sqrt(s) + eps)
        yield p


def rmsprop(p: float, g: list[float], rate: float, decay: float = 0.9, eps: float = 1e-8) -> Iterator[float]:
    for t in range(1, len(g) + 1):
        # The recursion written out: an average with weights that fade.
        s = sum((1 - decay) * decay ** (t - i) * g[i - 1] ** 2 for i in range(1, t + 1))
        p = p - rate * g[t - 1] / (math.sqrt(s) + eps)
        yield p


def adam(
    p: float,
    g: list[float],
    rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Iterator[float]:
    m = v = 0.0
    for t, g_t in enumerate(g, 1):
        m = beta1 * m + (1 - beta1) * g_t
        v = beta2 * v + (1 - beta2) * g_t**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        p = p - rate * weight_decay * p
        p = p - rate * m_hat / (math.sqrt(v_hat) + eps)
        yield p


CASES = [
    (SGD(0.1), sgd, {}),
    (SGD(0.1, momentum=0.9), sgd, {"momentum": 0.9}),
    (SGD(0.05, momentum=0.9, nesterov=True), sgd, {"momentum": 0.9, "nesterov": True}),
    (AdaGrad(0.1), adagrad, {}),
    (AdaGrad(0.1, eps=0.1), adagrad, {"eps": 0.1}),
    (RMSProp(0.01), rmsprop, {}),
    (RMSProp(0.01, decay=0.99, eps=0.01), rmsprop, {"decay": 0.99, "eps": 0.01}),
    (RMSProp(0.01, decay=0), rmsprop, {"decay": 0.0}),
    (Adam(), adam, {}),
    (Adam(0.1, beta1=0.8, beta2=0.95, eps=0.01), adam, {"beta1": 0.8, "beta2": 0.95, "eps": 0.01}),
    (Adam(0.1, beta1=0, beta2=0), adam, {"beta1": 0.0, "beta2": 0.0}),
    (AdamW(0.01), adam, {"weight_decay": 0.01}),
    (AdamW(0.1, weight_decay=0.5), adam, {"weight_decay": 0.5}),
    (AdamW(0.1, weight_decay=0), adam, {}),
]
ALL = [case[0] for case in CASES]


def gradients() -> Any:
    """20 gradients of 5 parameters, some of them zero and some large, as a real run has them."""
    g = np.random.default_rng(0).normal(size=(STEPS, 5)) * 10.0 ** np.arange(5)[::-1] / 100
    g[3] = 0
    g[:2, 1] = 0
    return g


def trace(optimizer: Optimizer, theta: Any, g: Any, **options: Any) -> Any:
    """The parameters after every step."""
    state, path = optimizer.init(theta), []
    for g_t in g:
        theta, state = optimizer.update(g_t, state, theta, **options)
        path.append(theta)
    assert state.t == len(g)
    return np.array(path)


@pytest.mark.parametrize(("optimizer", "by_hand", "constants"), CASES, ids=map(str, ALL))
def test_trace_is_the_one_computed_by_hand(optimizer: Optimizer, by_hand: Any, constants: Any) -> None:
    theta, g = np.array([1.0, -2.0, 0.5, 0.0, 30.0]), gradients()
    path = trace(optimizer, theta, g)
    for k in range(theta.size):
        expected = list(by_hand(float(theta[k]), g[:, k].tolist(), optimizer.learning_rate, **constants))
        assert path[:, k] == pytest.approx(expected, rel=1e-14, abs=1e-14)


@pytest.mark.parametrize("optimizer", ALL, ids=str)
def test_a_rate_that_is_given_is_used_for_that_step_alone(optimizer: Optimizer) -> None:
    theta, g = np.ones(5), gradients()
    state = optimizer.init(theta)
    for t in range(5):
        other = dataclasses.replace(optimizer, learning_rate=0.3 / (1 + t))
        given_here, state_here = optimizer.update(g[t], state, theta, other.learning_rate)
        own, state = other.update(g[t], state, theta)
        assert np.array_equal(given_here, own)
        assert all(np.array_equal(a, b) for a, b in zip(state_here.averages, state.averages, strict=True))
        # What is remembered does not depend on the rate.
        slower = optimizer.update(g[t], state, theta, 1e-6)[1], optimizer.update(g[t], state, theta, 1.0)[1]
        assert all(np.array_equal(a, b) for a, b in zip(slower[0].averages, slower[1].averages, strict=True))
        theta = own


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SGD(0.1), ("SGD", {"lr": 0.1})),
        (SGD(0.1, momentum=0.9), ("SGD", {"lr": 0.1, "momentum": 0.9})),
        (SGD(0.1, momentum=0.9, nesterov=True), ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True})),
        (AdaGrad(0.1), ("Adagrad", {"lr": 0.1, "eps": 1e-8})),
        (AdaGrad(0.1, eps=0.1), ("Adagrad", {"lr": 0.1, "eps": 0.1})),
        (RMSProp(0.1), ("RMSprop", {"lr": 0.1, "alpha": 0.9, "eps": 1e-8})),
        (RMSProp(0.1, 0.99, eps=0.1), ("RMSprop", {"lr": 0.1, "alpha": 0.99, "eps": 0.1})),
        (Adam(), ("Adam", {})),  # torch's defaults are the paper's, and ours
        (Adam(0.1, 0.8, 0.95, 0.1), ("Adam", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 0.1})),
        (AdamW(0.001), ("AdamW", {})),
        (AdamW(0.1, weight_decay=0.3), ("AdamW", {"lr": 0.1, "weight_decay": 0.3})),
    ],
    ids=str,
)
def test_agrees_with_torch(ours: Optimizer, theirs: tuple[str, dict[str, Any]]) -> None:
    torch = pytest.importorskip("torch")
    name, options = theirs
    theta, g = np.array([1.0, -2.0, 0.5, 0.0, 30.0]), gradients()
    p = torch.tensor(theta, requires_grad=True)
    peer = getattr(torch.optim, name)([p], **options)
    for expected, g_t in zip(trace(ours, theta, g), g, strict=True):
        p.grad = torch.tensor(g_t)
        peer.step()
        assert expected == pytest.approx(p.detach().numpy(), rel=1e-13, abs=1e-14)


# Known first steps, from the papers' own arguments.


@given(g=st.floats(1e-3, 1e3), rate=st.floats(1e-4, 1), sign=st.sampled_from([-1, 1]))
@settings(max_examples=50, deadline=None)
def test_first_steps(g: float, rate: float, sign: int) -> None:
    def first(optimizer: Optimizer) -> float:
        return trace(optimizer, np.array([0.0]), np.array([[sign * g]]))[0, 0]

    assert first(SGD(rate, 0.9)) == -rate * sign * g  # nothing to keep yet
    assert first(SGD(rate, 0.9, nesterov=True)) == pytest.approx(-rate * sign * g * 1.9, rel=1e-14)
    # The adaptive ones move by the rate, whatever the size of the gradient; RMSProp, uncorrected, further.
    assert first(AdaGrad(rate)) == pytest.approx(-rate * sign, rel=1e-4)
    assert first(Adam(rate)) == pytest.approx(-rate * sign, rel=1e-4)
    assert first(RMSProp(rate)) == pytest.approx(-rate * sign / math.sqrt(0.1), rel=1e-4)


# Weight decay acts on weights.


def test_adamw_decays_where_weights_says_so() -> None:
    theta = np.array([1.0, 1.0, -2.0])
    g = np.zeros((3, 3))
    path = trace(AdamW(0.1, weight_decay=0.5), theta, g, weights=np.array([1.0, 0.0, 1.0]))
    assert path[:, 1].tolist() == [1, 1, 1]
    assert path[:, 0] == pytest.approx([0.95, 0.95**2, 0.95**3], rel=1e-15)
    assert path[:, 2] == pytest.approx(-2 * path[:, 0], rel=1e-15)


def test_adamw_decays_weights_and_not_biases_through_fit() -> None:
    net = Network([Dense(2, "tanh"), Dense(1)], inputs=3)
    net.theta = net.theta + 0.5
    X = np.random.default_rng(0).normal(size=(4, 3))
    y = net.predict(X)  # nothing is wrong: the first step's gradient is zero, and only the decay moves anything
    before = {name: view.copy() for name, view in net.params.items()}
    net.fit(X, y, optimizer=AdamW(0.1, weight_decay=0.5), epochs=1)
    for name, view in net.params.items():
        expected = before[name] - 0.1 * 0.5 * before[name] if name.startswith("W") else before[name]
        assert np.array_equal(view, expected)


@pytest.mark.parametrize("optimizer", ALL, ids=str)
def test_fit_takes_the_steps_that_update_takes(optimizer: Optimizer) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 3)), np.arange(8) % 2
    net = Network([Dense(4, "tanh"), Dense(2, "softmax")], inputs=3)
    theta = net.theta.copy()
    other = Network(net.layers, inputs=3)
    state = optimizer.init(theta)
    for _ in range(5):
        other.theta = theta
        gradient = np.concatenate([g.ravel() for g in other.gradients(X, y, l2=0.1).values()])
        theta, state = optimizer.update(gradient, state, theta, weights=other.weight_mask)
    net.fit(X, y, optimizer=optimizer, epochs=5, l2=0.1)
    assert np.array_equal(net.theta, theta)


# Conformance: whatever is in the table, by its defaults and with everything switched on.

EVERYONE = [pytest.param(kind(0.05), id=name) for name, kind in OPTIMIZERS.items()] + [
    pytest.param(SGD(0.05, momentum=0.9), id="momentum"),
    pytest.param(SGD(0.05, momentum=0.9, nesterov=True), id="nesterov"),
]


def test_the_table_has_them_all() -> None:
    assert {"sgd": SGD, "adagrad": AdaGrad, "rmsprop": RMSProp, "adam": Adam, "adamw": AdamW} == OPTIMIZERS
    assert all(issubclass(kind, Optimizer) and isinstance(kind(), Optimizer) for kind in OPTIMIZERS.values())


@pytest.mark.parametrize("optimizer", EVERYONE)
def test_a_convex_quadratic_goes_down(optimizer: Optimizer) -> None:
    curvatures, theta = np.array([0.1, 1.0, 5.0]), np.array([3.0, -2.0, 1.0])
    state = optimizer.init(theta)
    values = []
    for _ in range(400):
        values.append(curvatures @ theta**2 / 2)
        theta, state = optimizer.update(curvatures * theta, state, theta)
    assert values[-1] < values[0] / 5
    assert np.mean(values[-50:]) < np.mean(values[100:150]) < np.mean(values[:50])


@pytest.mark.parametrize("optimizer", EVERYONE)
def test_nothing_is_changed_in_place(optimizer: Optimizer) -> None:
    theta, g = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    _, state = optimizer.update(g, optimizer.init(theta), theta)
    weights = np.array([1.0, 0.0])
    arrays = [theta, g, weights, *state.averages]
    copies = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    first, second = (optimizer.update(g, state, theta, weights=weights) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(arrays, copies, strict=True))
    assert state.t == 1
    assert first[1].t == 2
    assert np.array_equal(first[0], second[0])  # the same arguments, the same step
    assert not any(np.shares_memory(new, old) for new in (first[0], *first[1].averages) for old in arrays)


@pytest.mark.parametrize("optimizer", EVERYONE)
def test_init_is_like_the_parameters(optimizer: Optimizer) -> None:
    for theta in (np.ones(3), np.ones((2, 3), np.float32), np.float64(2.0)):
        state = optimizer.init(theta)
        assert isinstance(state, State)
        assert state.t == 0
        assert len(state.averages) == len(optimizer.rule().averages)
        for average in state.averages:
            assert (np.shape(average), average.dtype) == (np.shape(theta), theta.dtype)
            assert not np.any(average)


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
@pytest.mark.parametrize("rate", [0.1, 1, np.float64(0.1), np.float32(0.1), np.int64(1)])
def test_dtype_is_kept_whatever_number_the_rate_is(kind: Any, rate: Any) -> None:
    optimizer = kind(rate)
    assert type(optimizer.learning_rate) is float
    theta = np.ones(3, np.float32)
    state = optimizer.init(theta)
    for _ in range(2):
        theta, state = optimizer.update(theta * 2, state, theta, weights=np.ones(3, np.float32))
    assert all(array.dtype == np.float32 for array in (theta, *state.averages))


@pytest.mark.parametrize("optimizer", EVERYONE)
def test_records_and_states_travel_between_processes(optimizer: Optimizer) -> None:
    g, theta = gradients(), np.ones(5)
    _, state = optimizer.update(g[0], optimizer.init(theta), theta)
    again, its_state = pickle.loads(pickle.dumps((optimizer, state)))
    assert again == optimizer
    assert hash(again) == hash(optimizer)
    assert np.array_equal(optimizer.update(g[1], state, theta)[0], again.update(g[1], its_state, theta)[0])
    with pytest.raises(dataclasses.FrozenInstanceError):
        optimizer.learning_rate = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("optimizer", EVERYONE)
def test_a_zero_gradient_moves_nothing_but_the_decay(optimizer: Optimizer) -> None:
    theta = np.array([1.0, -2.0])
    path = trace(optimizer, theta, np.zeros((3, 2)), weights=0.0)
    assert np.array_equal(path, [theta] * 3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_by_name_through_fit(name: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    y = (X[:, 0] > 0).astype(int)
    named, record = (Network([Dense(2, "softmax")], inputs=2) for _ in range(2))
    history = named.fit(X, y, optimizer=name, epochs=20)
    record.fit(X, y, optimizer=OPTIMIZERS[name](), epochs=20)
    assert np.array_equal(named.theta, record.theta)
    assert history.loss[-1] < history.loss[0]
    assert history.learning_rate[0] == OPTIMIZERS[name]().learning_rate


# A user's own.


def sign_descent(p: Any, g: Any, rate: float, t: int, m: Any, keep: float) -> tuple[Any, ...]:
    m = keep * m + (1 - keep) * g
    return p - rate * np.sign(m), m


@dataclass(frozen=True)
class SignDescent(Optimizer):
    learning_rate: float = 0.01
    keep: float = 0.5

    def rule(self) -> Rule:
        return Rule(sign_descent, ("m",), {"keep": self.keep}, weight_decay=0.1)


def test_own_optimizer_trains_a_network() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    net = Network([Dense(8, "tanh"), Dense(1, "sigmoid")], inputs=2, seed=1)
    history = net.fit(X, y, optimizer=SignDescent(), epochs=300, batch_size=20)
    assert history.loss[-1] < history.loss[0] / 3
    assert history.accuracy is not None
    assert history.accuracy[-1] > 0.9


def test_own_optimizer_step_by_step() -> None:
    path = trace(SignDescent(0.5), np.array([1.0]), np.array([[2.0], [-1.0], [-1.0]]), weights=0.0)
    assert path[:, 0].tolist() == [0.5, 0.5, 1.0]  # m is 1, then 0, then -0.5


# What is refused.


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
@pytest.mark.parametrize("rate", [0, 0.0, -0.1, math.nan, math.inf, True, "0.1", None, [0.1]])
def test_a_rate_that_is_none_is_refused(kind: Any, rate: Any) -> None:
    with pytest.raises(InputError, match=f"{kind.__name__}'s learning_rate must be a number above 0; this is"):
        kind(rate)


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        (SGD, "momentum", (-0.1, 1, 1.5, math.nan, "0.9", True)),
        (AdaGrad, "eps", (0, -1e-8, math.nan, math.inf)),
        (RMSProp, "decay", (-0.1, 1, math.nan)),
        (RMSProp, "eps", (0, -1e-8)),
        (Adam, "beta1", (-0.1, 1, math.nan)),
        (Adam, "beta2", (-0.1, 1, math.nan)),
        (Adam, "eps", (0, -1e-8)),
        (AdamW, "beta1", (1,)),
        (AdamW, "weight_decay", (-0.1, math.inf, math.nan, None)),
    ],
)
def test_constants_out_of_range_are_refused(kind: Any, name: str, values: Any) -> None:
    for value in values:
        with pytest.raises(InputError, match=f"{kind.__name__}'s {name} must be a number .*; this is"):
            kind(0.1, **{name: value})


def test_nesterov_without_momentum_is_refused() -> None:
    with pytest.raises(InputError, match=r"momentum too, such as 0\.9"):
        SGD(0.1, nesterov=True)


def test_the_common_part_alone_is_no_optimizer() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Optimizer(0.1)  # type: ignore[abstract]
