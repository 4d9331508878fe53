"""Activations: value and slope against closed forms and peers, far out, with NaN, and those that users write."""

from __future__ import annotations

import math
import pickle
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from pellucid import Activation, Dense, InputError, Network
from pellucid.activations import ACTIVATIONS, SIGMOID, SOFTMAX, softmax, softmax_pull
from pellucid.engines import readable

ELEMENTWISE = sorted(set(ACTIVATIONS) - {"softmax"})
HIDDEN = tuple(name for name, record in ACTIVATIONS.items() if not record.output_only)
KINKED = ("relu", "leaky_relu", "elu")  # a branch at 0 that no difference may straddle
DTYPES = (np.float32, np.float64)
FAR = (1e4, -1e4, 1e2, -1e2, 0.0, -0.0, 1e-30, -1e-30, 1.0, -1.0, 30.0, -30.0, 80.0, -80.0, 700.0, -700.0)
numbers = st.lists(st.floats(-20, 20), min_size=1, max_size=30)


def at(name: str, z: Any, dtype: Any = np.float64) -> tuple[Any, Any]:
    """Value and slope at z."""
    record, z = ACTIVATIONS[name], np.asarray(z, dtype=dtype)
    a = record.value(z)
    return a, record.slope_at(z, a)


def tail(z: float) -> float:
    """Tails of gelu, elu and tanh's slope are differences of numbers near 1, or near z: their rounding is absolute."""
    return 1e-15 * (1 + abs(z))


def test_the_table_names_every_record_by_its_name() -> None:
    assert set(ACTIVATIONS) == {*HIDDEN, "exp", "softmax"}
    for name, record in ACTIVATIONS.items():
        assert record.name == name
        assert record.source  # every formula says where it comes from
        assert record.output_only == (name in ("exp", "softmax"))
        assert pickle.loads(pickle.dumps(record)) == record


def test_relu_like_are_those_that_he_initialization_suits() -> None:
    relu_like = {name for name, record in ACTIVATIONS.items() if record.relu_like}
    assert relu_like == {"relu", "leaky_relu", "elu", "softplus", "gelu", "swish"}


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(zs=numbers)
@settings(max_examples=40, deadline=None)
def test_value_and_slope_are_those_of_the_naive_oracle(name: str, zs: list[float]) -> None:
    for z, a, slope in zip(zs, *at(name, zs), strict=True):
        assert math.isclose(a, naive.VALUES[name](z), rel_tol=1e-14, abs_tol=tail(z))
        assert math.isclose(slope, naive.SLOPES[name](z), rel_tol=1e-14, abs_tol=4 * tail(z))


CLOSED_FORMS = [
    ("identity", -3.0, -3.0, 1.0),
    ("sigmoid", 0.0, 0.5, 0.25),
    ("sigmoid", math.log(3), 0.75, 0.1875),
    ("sigmoid", -math.log(3), 0.25, 0.1875),
    ("tanh", math.log(2), 0.6, 0.64),
    ("tanh", -math.log(3), -0.8, 0.36),
    ("relu", 2.5, 2.5, 1.0),
    ("relu", -2.5, 0.0, 0.0),
    ("leaky_relu", 2.5, 2.5, 1.0),
    ("leaky_relu", -2.5, -0.025, 0.01),
    ("elu", 2.5, 2.5, 1.0),
    ("elu", -math.log(4), -0.75, 0.25),
    ("softplus", 0.0, math.log(2), 0.5),
    ("softplus", math.log(3), math.log(4), 0.75),
    ("gelu", 0.0, 0.0, 0.5),
    ("gelu", 1.0, 0.8411919906082768, 1.0829640838457826),  # worked with 30 digits
    ("swish", 0.0, 0.0, 0.5),
    ("swish", math.log(3), 0.75 * math.log(3), 0.75 + 0.1875 * math.log(3)),
    ("exp", math.log(7), 7.0, 7.0),
]


@pytest.mark.parametrize(("name", "z", "value", "slope"), CLOSED_FORMS)
def test_closed_forms(name: str, z: float, value: float, slope: float) -> None:
    a, derivative = at(name, z)
    assert math.isclose(a, value, rel_tol=4e-16, abs_tol=2e-16)
    assert math.isclose(derivative, slope, rel_tol=1e-15, abs_tol=2e-16)


def test_slopes_at_the_kink_are_the_agreed_ones() -> None:
    slopes = {name: at(name, [0.0, -0.0])[1].tolist() for name in KINKED}
    assert slopes == {"relu": [0.0, 0.0], "leaky_relu": [0.01, 0.01], "elu": [1.0, 1.0]}


def test_relu_keeps_the_smallest_positive_number() -> None:
    tiny = 5e-324
    a, slope = at("relu", [tiny, -tiny])
    assert a.tolist() == [tiny, 0.0]
    assert slope.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(zs=numbers)
@settings(max_examples=40, deadline=None)
def test_slope_is_that_of_a_complex_step(name: str, zs: list[float]) -> None:
    """Im f(z + ih) / h has no difference in it: it is exact to rounding, wherever f is analytic."""
    step = 1e-30
    points = np.array([z for z in zs if z != 0])
    a = ACTIVATIONS[name].value(points + step * 1j)
    assert a.dtype == np.complex128
    for z, expected, slope in zip(points, a.imag / step, at(name, points)[1], strict=True):
        assert math.isclose(expected, slope, rel_tol=1e-12, abs_tol=4 * tail(z))


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(zs=st.lists(st.floats(-6, 6), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_slope_is_that_of_central_differences(name: str, zs: list[float]) -> None:
    h = 1e-4
    z = np.array([z for z in zs if name not in KINKED or abs(z) > 10 * h])
    f = ACTIVATIONS[name].value
    # Of fourth order: those of second order are off by h^2/6 f''', which is more than the tolerance.
    near, far = (f(z + k * h) - f(z - k * h) for k in (1, 2))
    slope = at(name, z)[1]
    assert (np.abs((8 * near - far) / (12 * h) - slope) <= 1e-10 * np.maximum(1, np.abs(slope))).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nothing_overflows_or_becomes_nan_far_out(name: str, dtype: Any) -> None:
    record = ACTIVATIONS[name]
    z = np.array(FAR, dtype=dtype).reshape(4, 4)
    before = z.copy()
    with np.errstate(all="raise", under="ignore"):
        a = record.value(z)
        back = record.backward(z, a, np.ones_like(a))
    for array in (a, back):
        assert array.dtype == dtype
        assert array.shape == z.shape
        assert np.isfinite(array).all()
    assert np.array_equal(z, before)


LIMITS = {  # values at 10,000 and -10,000, slopes there
    "identity": ((1e4, -1e4), (1, 1)),
    "sigmoid": ((1, 0), (0, 0)),
    "tanh": ((1, -1), (0, 0)),
    "relu": ((1e4, 0), (1, 0)),
    "leaky_relu": ((1e4, -100), (1, 0.01)),
    "elu": ((1e4, -1), (1, 0)),
    "softplus": ((1e4, 0), (1, 0)),
    "gelu": ((1e4, 0), (1, 0)),
    "swish": ((1e4, 0), (1, 0)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", HIDDEN)
def test_limits(name: str, dtype: Any) -> None:
    a, slope = at(name, [1e4, -1e4], dtype)
    values, slopes = LIMITS[name]
    assert a.tolist() == np.array(values, dtype).tolist()
    assert slope.tolist() == np.array(slopes, dtype).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_is_exact_until_it_stays_level(dtype: Any) -> None:
    largest = np.log(np.finfo(dtype).max)
    z = np.array([-1e4, 0.0, 1.0, largest - 17, largest - 8, largest + 8, 1e4], dtype)
    with np.errstate(all="raise", under="ignore"):
        a, slope = at("exp", z, dtype)
    assert np.array_equal(a[:4], np.exp(z[:4]))
    assert a[3] < a[4] == a[5] == a[6]
    assert np.isfinite(a[4] * dtype(1e6))  # millions of such rows still add up to a number
    assert np.array_equal(slope, a)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nan_comes_out_where_it_went_in(name: str, dtype: Any) -> None:
    z = np.array([[1.0, np.nan, -1.0], [0.5, 0.0, np.nan]], dtype)
    a = ACTIVATIONS[name].value(z)
    assert np.array_equal(np.isnan(a), np.isnan(z))


def test_nan_spoils_its_own_row_of_softmax_only() -> None:
    a = softmax(np.array([[1.0, np.nan, -1.0], [0.5, 0.0, 2.0]]))
    assert np.isnan(a[0]).all()
    assert np.isfinite(a[1]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_shape_and_dtype_are_kept(name: str, dtype: Any) -> None:
    for shape in ((3,), (2, 3), (4, 2, 3)):
        z = np.linspace(-1, 1, math.prod(shape)).astype(dtype).reshape(shape)
        a = ACTIVATIONS[name].value(z)
        assert (a.shape, a.dtype) == (shape, dtype)
        assert ACTIVATIONS[name].backward(z, a, np.ones_like(a)).dtype == dtype


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_backward_is_gradient_times_slope(name: str) -> None:
    rng = np.random.default_rng(0)
    z, gradient = rng.normal(size=(2, 5, 3))
    a, slope = at(name, z)
    assert np.array_equal(ACTIVATIONS[name].backward(z, a, gradient), gradient * slope)


# Softmax.

rows = st.lists(st.floats(-50, 50), min_size=2, max_size=8)


@given(z=rows)
@settings(max_examples=100, deadline=None)
def test_softmax_is_that_of_the_naive_oracle_and_sums_to_one(z: list[float]) -> None:
    a = softmax(np.array([z]))[0]
    assert a == pytest.approx(naive.activate("softmax", z), rel=1e-13, abs=1e-300)
    assert abs(math.fsum(a) - 1) <= 1e-15 * len(z)
    assert (a >= 0).all()


@given(z=st.lists(st.integers(-400, 400), min_size=2, max_size=8), shift=st.integers(-10000, 10000))
@settings(max_examples=100, deadline=None)
def test_softmax_does_not_see_a_shift(z: list[int], shift: int) -> None:
    scores = np.array([z]) / 8  # eighths: the shifted scores are exact, so the outputs must be equal bit for bit
    assert np.array_equal(softmax(scores + shift), softmax(scores))


@given(z=rows, seed=st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_softmax_pulls_a_gradient_through_its_whole_jacobian(z: list[float], seed: int) -> None:
    gradient = np.random.default_rng(seed).normal(size=len(z))
    pulled = softmax_pull(softmax(np.array([z])), gradient[np.newaxis])[0]
    explicit = np.array(naive.jacobian("softmax", z)).T @ gradient
    assert pulled == pytest.approx(explicit, rel=1e-12, abs=1e-14)


def test_softmax_jacobian_is_that_of_a_complex_step() -> None:
    z = np.random.default_rng(0).normal(size=(1, 5)) * 3
    step = 1e-30
    columns = [softmax(z + step * 1j * direction).imag[0] / step for direction in np.eye(5)]
    a = softmax(z)
    rows_of_jacobian = [softmax_pull(a, direction[np.newaxis])[0] for direction in np.eye(5)]
    assert np.allclose(np.array(columns).T, rows_of_jacobian, rtol=1e-13, atol=1e-16)


def test_softmax_has_no_slope_of_one_variable() -> None:
    with pytest.raises(InputError, match="softmax has no slope"):
        SOFTMAX.slope_at(np.zeros(2), np.zeros(2))


# Peers.


def test_agrees_with_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    z = np.linspace(-40, 40, 801).reshape(9, 89)
    assert np.allclose(ACTIVATIONS["sigmoid"].value(z), special.expit(z), rtol=1e-14, atol=0)
    assert np.allclose(softmax(z), special.softmax(z, axis=1), rtol=1e-14, atol=0)
    assert np.allclose(ACTIVATIONS["softplus"].value(z), -special.log_expit(-z), rtol=1e-14, atol=0)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_agrees_with_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    functions = {
        "identity": lambda z: z * 1,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": torch.nn.functional.leaky_relu,
        "elu": torch.nn.functional.elu,
        "softplus": torch.nn.Softplus(threshold=100),  # its own threshold of 20 is a shortcut
        "gelu": partial(torch.nn.functional.gelu, approximate="tanh"),
        "swish": torch.nn.functional.silu,
        "exp": torch.exp,
    }
    points = np.linspace(-8, 8, 400)  # without 0, where kinks are a matter of taste
    z = torch.tensor(points, requires_grad=True)
    theirs = functions[name](z)
    theirs.sum().backward()
    a, slope = at(name, points)
    assert np.allclose(a, theirs.detach().numpy(), rtol=1e-13, atol=1e-14)
    assert np.allclose(slope, z.grad.numpy(), rtol=1e-13, atol=1e-13)


# A user's own.


def gauss(z: Any) -> Any:
    return np.exp(-z * z)


def gauss_slope(z: Any, a: Any) -> Any:
    return -2 * z * a


def centred(z: Any) -> Any:
    return z - z.mean(axis=1, keepdims=True)


OWN = {
    "a NumPy function as slope of z": Activation("sine", np.sin, np.cos),
    "slope of z and a": Activation("gauss", gauss, gauss_slope),
    "slope of z with an option": Activation("square", lambda z: z * z, lambda z, factor=2.0: factor * z),
    "slope with its constant bound": Activation("cube", lambda z: z**3, partial(lambda z, k: k * z**2, k=3.0)),
    "a constant slope": Activation("twice", lambda z: 2 * z, lambda z: 2.0),
    "outputs that depend on each other": Activation("centred", centred, pull=lambda a, gradient: centred(gradient)),
}


@pytest.mark.parametrize("place", ["hidden", "output"])
@pytest.mark.parametrize("own", OWN.values(), ids=OWN)
def test_own_activation_in_a_network_has_the_right_gradient(own: Activation, place: str) -> None:
    layers = [Dense(4, own), Dense(4, own), Dense(2)] if place == "hidden" else [Dense(4, "tanh"), Dense(2, own)]
    net = Network(layers, inputs=3, seed=1)
    rng = np.random.default_rng(0)
    problem = readable.problem(net, rng.normal(size=(6, 3)), rng.normal(size=(6, 2)))
    gradient = readable.loss_and_gradient(net, net.theta, *problem, 0.1)[2]
    step = 1e-30
    expected = [
        readable.loss(net, net.theta + step * 1j * e, *problem, 0.1)[0].imag / step for e in np.eye(net.theta.size)
    ]
    assert np.abs(gradient - expected).max() <= 1e-13 * np.abs(gradient).max()
    assert np.array_equal(
        net.gradients(problem.inputs.X, problem.t, l2=0.1)["W1"].ravel(), gradient[: net.params["W1"].size]
    )


def test_own_activation_learns() -> None:
    x = np.linspace(-3, 3, 40)[:, np.newaxis]
    net = Network([Dense(8, Activation("sine", np.sin, np.cos)), Dense(1)], inputs=1, seed=0)
    history = net.fit(x, np.sin(2 * x), epochs=300)
    assert history.loss[-1] < history.loss[0] / 20


def test_own_activation_keeps_the_name_it_was_given() -> None:
    net = Network([Dense(2, Activation("sine", np.sin, np.cos)), Dense(1)], inputs=1)
    assert "Dense 2 sine" in repr(net)


@pytest.mark.parametrize("given", [{}, {"slope": np.cos, "pull": softmax_pull}], ids=["neither", "both"])
def test_a_definition_needs_exactly_one_derivative(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"'mine' needs its derivative: give slope.*or.*pull"):
        Activation("mine", np.sin, **given)


def test_records_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        SIGMOID.name = "other"  # type: ignore[misc]


def test_output_activations_are_refused_in_hidden_layers() -> None:
    for name in ("softmax", "exp"):
        with pytest.raises(InputError, match=f"{name} belongs in the last layer"):
            Network([Dense(3, name), Dense(1)], inputs=2)


@pytest.mark.parametrize("name", HIDDEN)
def test_the_complex_step_at_zero_is_the_slope_there(name: str) -> None:
    """Zero weights are where every lesson's perceptron starts: maxima are taken on the real part, also in a tie."""
    record = ACTIVATIONS[name]
    step = np.imag(record.value(np.array([1e-30j]))) / 1e-30
    assert step[0] == pytest.approx(record.slope_at(np.zeros(1), record.value(np.zeros(1)))[0], abs=1e-15)
