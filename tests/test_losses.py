"""Losses: values and gradients against definitions and peers, confident wrong answers, pairs, and users' own."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from pellucid import Dense, InputError, Loss, Network
from pellucid.activations import ACTIVATIONS
from pellucid.engines import readable
from pellucid.losses import CROSS_ENTROPY, LOSSES, POISSON, SQUARED_ERROR, default_loss, huber

DTYPES = (np.float32, np.float64)
# Every output that a loss is usually, or allowably, paired with.
PAIRS = [
    ("softmax", "cross_entropy"),
    ("sigmoid", "binary_cross_entropy"),
    ("exp", "poisson"),
    *[(output, loss) for output in ACTIVATIONS for loss in ("squared_error", "absolute_error", "huber")],
]
FAR = ([1e4, -1e4, 0.0], [-1e4, 1e4, 1.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4], [100.0, -100.0, 0.0])
scores = st.floats(-8, 8)


def complex_step(net: Network, problem: readable.Problem, l2: float) -> Any:
    """The gradient by theta, exact to rounding: Im loss(theta + ih) / h."""
    step = 1e-30
    directions = step * 1j * np.eye(net.theta.size)
    return np.array([readable.loss(net, net.theta + d, *problem, l2)[0].imag / step for d in directions])


def outputs_and_loss(output: str, loss: Loss, z: Any, t: Any) -> tuple[Any, Any]:
    """The loss of each row and its gradient at z, the way an engine takes them."""
    activation = ACTIVATIONS[output]
    a = activation.value(z)
    return loss.rows(z, a, t), loss.delta(activation, z, a, t)


@st.composite
def rows(draw: Any) -> tuple[list[list[float]], list[list[float]]]:
    """Scores and targets in [0, 1], (n, K)."""
    n, K = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    matrix = [draw(st.lists(scores, min_size=K, max_size=K)) for _ in range(n)]
    targets = [draw(st.lists(st.sampled_from([0.0, 0.25, 0.6, 1.0]), min_size=K, max_size=K)) for _ in range(n)]
    return matrix, targets


def as_shares(targets: list[list[float]]) -> list[list[float]]:
    """Rows that add up to 1, as cross-entropy takes them."""
    return [[t / sum(row) for t in row] if sum(row) else [1.0] + [0.0] * (len(row) - 1) for row in targets]


@pytest.mark.parametrize(("output", "loss"), PAIRS)
@given(data=rows())
@settings(max_examples=20, deadline=None)
def test_value_and_gradient_are_those_of_the_naive_oracle(
    output: str, loss: str, data: tuple[list[list[float]], list[list[float]]]
) -> None:
    z, t = data
    t = as_shares(t) if output == "softmax" else t
    values, delta = outputs_and_loss(output, LOSSES[loss], np.array(z), np.array(t))
    for i, (z_row, t_row) in enumerate(zip(z, t, strict=True)):
        a_row = naive.activate(output, z_row)
        assert math.isclose(values[i], naive.row_loss(loss, z_row, a_row, t_row), rel_tol=1e-12, abs_tol=1e-14)
        if loss in ("absolute_error", "huber") and any(
            min(abs(a - t), abs(abs(a - t) - 1)) < 1e-9 for a, t in zip(a_row, t_row, strict=True)
        ):
            continue  # on which side of a kink a rounded difference falls is chance
        largest = max(1.0, *map(abs, a_row))
        expected = naive.row_delta(loss, output, z_row, t_row)
        # The oracle divides by probabilities as small as e^-16, which costs it digits.
        assert delta[i] == pytest.approx(expected, rel=1e-10, abs=1e-11 * largest**2)


def test_the_table_names_every_record_by_its_name() -> None:
    assert set(LOSSES) == {
        "cross_entropy", "binary_cross_entropy", "squared_error", "absolute_error", "huber", "poisson"
    }  # fmt: skip
    for name, record in LOSSES.items():
        assert record.name == name
        assert record.source
        assert pickle.loads(pickle.dumps(record)).name == name


# The classic short forms, in numbers.


def test_worked_example_of_the_lessons() -> None:
    """Scores (2.0, 0.747, 0.054) against cat = (1, 0, 0)."""
    z, t = np.array([[2.0, 0.747, 0.054]]), np.array([[1.0, 0.0, 0.0]])
    p = ACTIVATIONS["softmax"].value(z)
    assert p[0] == pytest.approx([0.7, 0.2, 0.1], abs=5e-5)
    value, delta = outputs_and_loss("softmax", CROSS_ENTROPY, z, t)
    assert value[0] == pytest.approx(0.356675, abs=1e-4)
    assert delta[0] == pytest.approx([-0.3, 0.2, 0.1], abs=5e-5)
    # Of the rounded outputs the figures are exact: half the mean squared difference times K is a row's loss.
    rounded = np.array([[0.7, 0.2, 0.1]])
    assert SQUARED_ERROR.rows(z, rounded, t)[0] * 2 / 3 == pytest.approx(0.14 / 3, rel=1e-14)
    logits = np.log(rounded)
    assert CROSS_ENTROPY.rows(logits, rounded, t)[0] == pytest.approx(-math.log(0.7), rel=1e-14)
    assert CROSS_ENTROPY.gradient(rounded, t)[0] == pytest.approx([-0.3, 0.2, 0.1], rel=1e-14)


def test_squared_error_of_the_worked_example_goes_through_the_jacobian() -> None:
    """p = (0.7, 0.2, 0.1), r = p - y = (-0.3, 0.2, 0.1): J r = p (r - p.r) with p.r = -0.16."""
    z = np.log([[0.7, 0.2, 0.1]])
    _, delta = outputs_and_loss("softmax", SQUARED_ERROR, z, np.array([[1.0, 0.0, 0.0]]))
    assert delta[0] == pytest.approx([0.7 * -0.14, 0.2 * 0.36, 0.1 * 0.26], rel=1e-13)


@pytest.mark.parametrize(
    ("loss", "output", "z", "t", "value", "delta"),
    [
        ("cross_entropy", "softmax", [0.0, 0.0, 0.0, 0.0], [0, 1, 0, 0], math.log(4), [0.25, -0.75, 0.25, 0.25]),
        ("cross_entropy", "softmax", [math.log(3), 0.0], [0.5, 0.5], math.log(4) - math.log(3) / 2, [0.25, -0.25]),
        ("binary_cross_entropy", "sigmoid", [0.0], [1], math.log(2), [-0.5]),
        ("binary_cross_entropy", "sigmoid", [math.log(3), 0.0], [0, 1], math.log(8), [0.75, -0.5]),
        ("binary_cross_entropy", "sigmoid", [0.0], [0.25], math.log(2), [0.25]),
        ("squared_error", "identity", [3.0, -1.0], [1, 1], 4.0, [2.0, -2.0]),
        ("squared_error", "sigmoid", [0.0], [1], 0.125, [-0.125]),
        ("absolute_error", "identity", [3.0, -1.0, 1.0], [1, 1, 1], 4.0, [1.0, -1.0, 0.0]),
        ("huber", "identity", [3.0, -0.5, 1.0], [1, 0, 2], 1.5 + 0.125 + 0.5, [1.0, -0.5, -1.0]),
        ("poisson", "exp", [0.0, math.log(2)], [3, 2], 1 + 2 - 2 * math.log(2), [-2.0, 0.0]),
    ],
)
def test_values_by_hand(loss: str, output: str, z: list[float], t: list[float], value: float, delta: Any) -> None:
    values, gradient = outputs_and_loss(output, LOSSES[loss], np.array([z]), np.array([t], dtype=float))
    assert values[0] == pytest.approx(value, rel=1e-14)
    assert gradient[0] == pytest.approx(delta, rel=1e-14, abs=1e-15)


def test_cross_entropy_is_exact_far_from_zero() -> None:
    z = np.array([[1e4, 1e4 + 1.0]], dtype=np.float32)  # a logarithm of a sum would round to the nearest 0.001 here
    value = LOSSES["cross_entropy"].rows(z, z, np.array([[1, 0]], dtype=np.float32))
    assert value[0] == pytest.approx(math.log1p(math.e), rel=1e-6)


# Confident and wrong: large, finite, silent.


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("output", "loss"), [pair for pair in PAIRS if pair[0] != "exp" or pair[1] == "poisson"])
@pytest.mark.parametrize("z", FAR)
def test_far_out_everything_stays_finite(output: str, loss: str, dtype: Any, z: list[float]) -> None:
    for k in range(3):
        t = np.eye(3, dtype=dtype)[[k]]
        with np.errstate(all="raise", under="ignore"):
            values, delta = outputs_and_loss(output, LOSSES[loss], np.array([z], dtype), t)
        assert values.dtype == delta.dtype == dtype
        assert np.isfinite(values).all()
        assert (values >= 0).all() or loss == "poisson"
        assert np.isfinite(delta).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("loss", "output", "z", "t", "value", "delta"),
    [
        ("cross_entropy", "softmax", [1e4, -1e4], [0, 1], 2e4, [1, -1]),
        ("cross_entropy", "softmax", [1e4, -1e4], [1, 0], 0, [0, 0]),
        ("cross_entropy", "softmax", [1e4, -1e4], [0.5, 0.5], 1e4, [0.5, -0.5]),
        ("binary_cross_entropy", "sigmoid", [1e4], [0], 1e4, [1]),
        ("binary_cross_entropy", "sigmoid", [-1e4], [1], 1e4, [-1]),
        ("binary_cross_entropy", "sigmoid", [1e4, -1e4], [1, 0], 0, [0, 0]),
        ("squared_error", "identity", [1e4], [0], 5e7, [1e4]),
        ("squared_error", "softmax", [1e4, -1e4], [0, 1], 1, [0, 0]),  # stuck: this is why it is the wrong loss
        ("absolute_error", "identity", [-1e4], [0], 1e4, [-1]),
        ("huber", "identity", [1e4], [0], 9999.5, [1]),
        ("poisson", "exp", [-1e4], [2], 2e4, [-2]),
    ],
)
def test_confident_answers_by_hand(
    loss: str, output: str, z: Any, t: Any, value: float, delta: Any, dtype: Any
) -> None:
    values, gradient = outputs_and_loss(output, LOSSES[loss], np.array([z], dtype), np.array([t], dtype))
    assert values[0] == dtype(value)
    assert gradient[0].tolist() == delta


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("output", "y"), [("softmax", [0, 1, 2]), ("sigmoid", np.eye(3)), ("exp", np.eye(3))])
def test_a_confident_network_has_finite_loss_and_gradients(output: str, y: Any, dtype: str) -> None:
    net = Network([Dense(3, output)], inputs=3, dtype=dtype)
    net.params["W1"] = np.array([[-1e4, 1e4, 0], [0, -1e4, 1e4], [1e4, 0, -1e4]])
    with np.errstate(all="raise", under="ignore"):
        loss, gradients = net.loss(np.eye(3), y), net.gradients(np.eye(3), y)
    assert math.isfinite(loss)
    assert loss > 5e3
    assert all(np.isfinite(g).all() for g in gradients.values())
    assert np.abs(gradients["W1"]).max() > 0.3  # and it says in which direction things get better


# Soft targets, and what they are compared with.


def test_labels_one_hot_and_soft_targets_mean_the_same() -> None:
    rng = np.random.default_rng(0)
    net = Network([Dense(4, "tanh"), Dense(3, "softmax")], inputs=2)
    X, y = rng.normal(size=(9, 2)), np.arange(9) % 3
    assert net.loss(X, y) == net.loss(X, np.eye(3)[y]) == net.loss(X, np.eye(3, dtype=int)[y])
    # The loss is linear in the targets, so a mixture of two labels has the mean of their losses.
    half = (np.eye(3)[y] + np.eye(3)[(y + 1) % 3]) / 2
    assert net.loss(X, half) == pytest.approx((net.loss(X, y) + net.loss(X, (y + 1) % 3)) / 2, rel=1e-14)
    mixed = net.gradients(X, half)
    for name, g in net.gradients(X, y).items():
        assert mixed[name] == pytest.approx((g + net.gradients(X, (y + 1) % 3)[name]) / 2, rel=1e-12, abs=1e-15)


def test_cross_entropy_of_its_own_probabilities_has_no_gradient() -> None:
    z = np.random.default_rng(0).normal(size=(4, 3))
    p = ACTIVATIONS["softmax"].value(z)
    values, delta = outputs_and_loss("softmax", CROSS_ENTROPY, z, p)
    assert not delta.any()
    assert values == pytest.approx(-(p * np.log(p)).sum(axis=1), rel=1e-14)  # the entropy: it can get no lower


# Huber.


@pytest.mark.parametrize("delta", [0.25, 1.0, 3.0])
def test_huber_is_continuous_with_its_slope(delta: float) -> None:
    loss, zero = huber(delta), np.zeros((1, 1))

    def at(r: float) -> tuple[float, float]:
        a = np.array([[r]])
        return loss.rows(a, a, zero)[0], loss.gradient(a, zero)[0, 0]

    for side in (1, -1):
        edge, inside, outside = at(side * delta), at(side * delta * (1 - 1e-9)), at(side * delta * (1 + 1e-9))
        assert edge == pytest.approx((delta**2 / 2, side * delta), rel=1e-14)
        assert inside == pytest.approx(edge, rel=1e-8)
        assert outside == pytest.approx(edge, rel=1e-8)
        assert at(side * delta / 2) == pytest.approx((delta**2 / 8, side * delta / 2), rel=1e-14)
        assert at(side * delta * 5) == pytest.approx((delta**2 * 4.5, side * delta), rel=1e-14)
    assert at(0.0) == (0.0, 0.0)


def test_huber_with_a_wide_delta_is_squared_error() -> None:
    a, t = np.random.default_rng(0).normal(size=(2, 5, 3))
    assert np.allclose(huber(1e6).rows(a, a, t), SQUARED_ERROR.rows(a, a, t), rtol=1e-14)
    assert np.array_equal(huber(1e6).gradient(a, t), SQUARED_ERROR.gradient(a, t))


@pytest.mark.parametrize("delta", [0, -1.0, math.nan, math.inf])
def test_huber_refuses_a_delta_that_is_no_distance(delta: float) -> None:
    with pytest.raises(InputError, match="above 0"):
        huber(delta)


def test_huber_by_name() -> None:
    net = Network([Dense(1)], inputs=1, loss="huber(0.001)")
    assert net.loss_function.name == "huber(0.001)"
    assert Network([Dense(1)], inputs=1, loss=net.loss_function.name).loss_function.name == "huber(0.001)"
    assert huber(1).name == "huber"
    with pytest.raises(InputError, match="above 0"):
        Network([Dense(1)], inputs=1, loss="huber(-2)")


# Peers.


def test_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    rng = np.random.default_rng(0)
    z = rng.normal(size=(7, 4)) * 3
    soft = rng.dirichlet(np.ones(4), size=7)
    hard = rng.integers(0, 4, 7)
    values, counts = rng.normal(size=(7, 4)) * 2, rng.poisson(2.0, (7, 4)).astype(float)
    n = len(z)
    cases: list[tuple[str, str, Any, Callable[[Any, Any], Any]]] = [
        ("softmax", "cross_entropy", np.eye(4)[hard], lambda x, t: f.cross_entropy(x, torch.tensor(hard))),
        ("softmax", "cross_entropy", soft, f.cross_entropy),
        ("sigmoid", "binary_cross_entropy", soft, lambda x, t: 4 * f.binary_cross_entropy_with_logits(x, t)),
        ("identity", "squared_error", values, lambda x, t: f.mse_loss(x, t, reduction="sum") / 2 / n),
        ("softmax", "squared_error", soft, lambda x, t: f.mse_loss(x.softmax(1), t, reduction="sum") / 2 / n),
        ("sigmoid", "squared_error", soft, lambda x, t: f.mse_loss(x.sigmoid(), t, reduction="sum") / 2 / n),
        ("identity", "absolute_error", values, lambda x, t: f.l1_loss(x, t, reduction="sum") / n),
        ("tanh", "absolute_error", values, lambda x, t: f.l1_loss(x.tanh(), t, reduction="sum") / n),
        ("identity", "huber", values, lambda x, t: f.huber_loss(x, t, reduction="sum") / n),
        ("identity", "huber(0.3)", values, lambda x, t: f.huber_loss(x, t, reduction="sum", delta=0.3) / n),
        ("exp", "poisson", counts, lambda x, t: f.poisson_nll_loss(x, t, reduction="sum") / n),
    ]
    for output, name, t, peer in cases:
        logits = torch.tensor(z, requires_grad=True)
        theirs = peer(logits, torch.tensor(t))
        theirs.backward()
        loss = LOSSES.get(name) or huber(0.3)
        rows_, delta = outputs_and_loss(output, loss, z, t)
        assert rows_.mean() == pytest.approx(theirs.item(), rel=1e-13), name
        assert np.allclose(delta / n, logits.grad.numpy(), rtol=1e-12, atol=1e-15), name


def test_agrees_with_sklearn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(20, 3)), rng.integers(0, 3, 20)
    p = ACTIVATIONS["softmax"].value(z)
    ours = CROSS_ENTROPY.rows(z, p, np.eye(3)[y]).mean()
    assert ours == pytest.approx(metrics.log_loss(y, p, labels=[0, 1, 2]), rel=1e-12)
    # The Poisson deviance is twice what is lost against the saturated model, whose outputs are the counts.
    counts = rng.integers(1, 6, (20, 1)).astype(float)
    z = rng.normal(size=(20, 1))
    lost = POISSON.rows(z, np.exp(z), counts) - POISSON.rows(np.log(counts), counts, counts)
    assert 2 * lost.mean() == pytest.approx(metrics.mean_poisson_deviance(counts, np.exp(z)), rel=1e-12)


# A user's own.

LOG_COSH = Loss("log_cosh", lambda a, t: np.log(np.cosh(a - t)), lambda a, t: np.tanh(a - t))
LOG_COSH_ROWS = Loss("log_cosh of rows", lambda a, t: np.log(np.cosh(a - t)).sum(axis=1), lambda a, t: np.tanh(a - t))
LENGTH = Loss(  # the distance between two points: no sum over outputs at all
    "distance",
    lambda a, t: np.sqrt(1 + ((a - t) ** 2).sum(axis=1)),
    lambda a, t: (a - t) / np.sqrt(1 + ((a - t) ** 2).sum(axis=1, keepdims=True)),
)
AT_LOGITS = Loss(
    "margin", lambda z, t: (z - t) ** 4, lambda a, t: 4 * (a - t) ** 3, output="identity", from_logits=True
)


@pytest.mark.parametrize(
    ("loss", "output"),
    [
        *[(loss, output) for loss in (LOG_COSH, LOG_COSH_ROWS, LENGTH) for output in ("identity", "tanh", "softmax")],
        (AT_LOGITS, "identity"),
    ],
    ids=lambda part: getattr(part, "name", part),
)
def test_own_loss_has_the_right_gradient_in_a_network(loss: Loss, output: str) -> None:
    rng = np.random.default_rng(0)
    net = Network([Dense(4, "tanh"), Dense(3, output)], inputs=2, loss=loss)
    t = rng.dirichlet(np.ones(3), size=6)
    problem = readable.problem(net, rng.normal(size=(6, 2)), t, rng.uniform(0.5, 2, 6))
    gradient = readable.loss_and_gradient(net, net.theta, *problem, 0.1)[2]
    assert np.abs(gradient - complex_step(net, problem, 0.1)).max() <= 1e-13 * np.abs(gradient).max()


def test_loss_of_outputs_and_loss_of_rows_mean_the_same() -> None:
    a, t = np.random.default_rng(0).normal(size=(2, 5, 3))
    assert np.array_equal(LOG_COSH.rows(a, a, t), LOG_COSH_ROWS.rows(a, a, t))


def test_own_loss_learns() -> None:
    X = np.linspace(-1, 1, 20)[:, np.newaxis]
    history = Network([Dense(6, "tanh"), Dense(1)], inputs=1, loss=LOG_COSH).fit(X, X[:, 0] ** 3, epochs=300)
    assert history.loss[-1] < history.loss[0] / 5


@pytest.mark.parametrize(
    "value",
    [lambda a, t: np.mean((a - t) ** 2), lambda a, t: ((a - t) ** 2).sum(axis=0), lambda a, t: 0.0],
    ids=["mean of all", "one an output", "a plain number"],
)
def test_values_of_another_shape_are_refused(value: Any) -> None:
    loss = Loss("mine", value, lambda a, t: a - t)
    a = np.zeros((5, 3))
    with pytest.raises(InputError, match=r"'mine' gave values of shape \(.*outputs of shape \(5, 3\).*\(5,\)"):
        loss.rows(a, a, a)


@pytest.mark.parametrize("gradient", [lambda a, t: (a - t)[:, 0], lambda a, t: (a - t).T, lambda a, t: 1.0])
def test_gradients_of_another_shape_are_refused(gradient: Any) -> None:
    """(n,) against (n, 1) would spread to (n, n), and the network would learn something else without a word."""
    net = Network([Dense(1)], inputs=2, loss=Loss("mine", lambda a, t: (a - t) ** 2, gradient))
    with pytest.raises(InputError, match=r"gradient of the loss 'mine' has shape .*outputs of shape \(5, 1\)"):
        net.gradients(np.ones((5, 2)), np.ones(5))


# Pairs.

WRONG = [
    (loss.name, output)
    for loss in LOSSES.values()
    for output in ACTIVATIONS
    if loss.output is not None and output != loss.output
]


@pytest.mark.parametrize(("loss", "output"), WRONG)
def test_a_loss_for_other_outputs_is_refused(loss: str, output: str) -> None:
    with pytest.raises(InputError) as error:
        Network([Dense(2, output)], inputs=2, loss=loss)
    message = str(error.value)
    right, fitting = LOSSES[loss].output, default_loss(ACTIVATIONS[output]).name
    assert message == (
        f"The loss {loss} is defined for {right} outputs; the last layer here is {output}. "
        f"End the network with {right!r}, or use the loss {fitting!r}."
    )
    assert Network([Dense(2, output)], inputs=2, loss=fitting).loss_function.name == fitting  # what it says works


@pytest.mark.parametrize("output", ACTIVATIONS)
def test_default_loss(output: str) -> None:
    classic = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", "exp": "poisson"}
    assert default_loss(ACTIVATIONS[output]).name == classic.get(output, "squared_error")
    assert Network([Dense(2, output)], inputs=1).loss_function.name == classic.get(output, "squared_error")


def test_an_unknown_loss_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(InputError, match=r"no loss named 'squarederror'\. Did you mean 'squared_error'"):
        Network([Dense(1)], inputs=1, loss="squarederror")
