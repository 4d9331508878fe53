"""Layers: forward returns backward, dropout is inverted and reproducible, nothing is cached anywhere."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from pellucid import Dense, Dropout, InputError, Network
from pellucid.activations import ACTIVATIONS, Activation
from pellucid.engines import readable

RATES = (0.1, 0.25, 0.5, 0.9)
DTYPES = (np.float32, np.float64)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# Dense.


@given(n=st.integers(1, 5), fan_in=st.integers(1, 4), units=st.integers(2, 4), seed=st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_dense_forward_is_that_of_the_naive_oracle(n: int, fan_in: int, units: int, seed: int) -> None:
    W, b, X = rng(seed).normal(size=(fan_in, units)), rng(seed + 1).normal(size=units), rng(2).normal(size=(n, fan_in))
    for name in ACTIVATIONS:
        a, _ = Dense(units, name).forward((W, b), X)
        expected = naive.forward([naive.Layer(W.tolist(), b.tolist(), name)], X.tolist())
        assert np.allclose(a, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_dense_backward_gives_the_gradient_of_everything_that_went_in(name: str) -> None:
    """For the scalar sum(c a), whose gradient at a is c, against a complex step in X, W and b."""
    layer, c = Dense(3, name), rng(1).normal(size=(5, 3))
    X, W, b = rng(2).normal(size=(5, 4)), rng(3).normal(size=(4, 3)), rng(4).normal(size=3)
    _, backward = layer.forward((W, b), X)
    dX, (dW, db) = backward(c)
    step = 1e-30
    for array, gradient in ((X, dX), (W, dW), (b, db)):
        assert gradient is not None
        assert gradient.shape == array.shape
        numerical = np.empty_like(array)
        for place in np.ndindex(array.shape):
            moved = array.astype(complex)
            moved[place] += step * 1j
            inputs = [moved if other is array else other for other in (X, W, b)]
            numerical[place] = np.sum(c * layer.forward((inputs[1], inputs[2]), inputs[0])[0]).imag / step
        assert np.allclose(gradient, numerical, rtol=1e-12, atol=1e-13)


def test_dense_affine_takes_the_gradient_at_z() -> None:
    X, W, b, delta = (
        rng(1).normal(size=(5, 4)),
        rng(2).normal(size=(4, 3)),
        rng(3).normal(size=3),
        rng(4).normal(size=(5, 3)),
    )
    z, backward = Dense(3, "tanh").affine((W, b), X)
    dX, (dW, db) = backward(delta)
    assert np.array_equal(z, X @ W + b)
    assert np.allclose(dX, delta @ W.T)
    assert np.allclose(dW, np.einsum("ni,nj->ij", X, delta))
    assert np.allclose(db, [math.fsum(column) for column in delta.T])


def test_the_gradient_of_the_data_is_only_taken_when_asked_for() -> None:
    params, X, c = (rng().normal(size=(4, 3)), np.zeros(3)), rng(1).normal(size=(5, 4)), rng(2).normal(size=(5, 3))
    _, backward = Dense(3, "tanh").forward(params, X)
    dX, with_input = backward(c)
    nothing, without = backward(c, need_input=False)
    assert dX is not None
    assert nothing is None
    assert all(np.array_equal(a, b) for a, b in zip(with_input, without, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_dense_keeps_the_dtype(name: str, dtype: Any) -> None:
    W, b, X, c = (rng(1).normal(size=shape).astype(dtype) for shape in ((4, 3), (3,), (5, 4), (5, 3)))
    a, backward = Dense(3, name).forward((W, b), X)
    dX, (dW, db) = backward(c)
    assert dX is not None
    assert {array.dtype for array in (a, dX, dW, db)} == {np.dtype(dtype)}


def test_dense_starts_with_weights_of_its_initializer_and_no_biases() -> None:
    W, b = Dense(5, "relu").draw(rng(), 3)
    assert np.array_equal(W, np.sqrt(2 / 3) * rng().standard_normal((3, 5)))
    assert b.tolist() == [0] * 5


@pytest.mark.parametrize("units", [0, -1, 2.0, "3", None, True, math.nan])
def test_units_count_neurons(units: Any) -> None:
    with pytest.raises(InputError, match=r"number of neurons, must be a whole number of at least 1; this is"):
        Dense(units)


def test_units_may_be_a_numpy_integer() -> None:
    layer = Dense(np.int64(3))
    assert type(layer.units) is int
    assert layer == Dense(3)


def test_unknown_activations_are_refused() -> None:
    with pytest.raises(InputError, match=r"no activation named 'reluu'\. Did you mean 'relu'"):
        Dense(3, "reluu")
    with pytest.raises(InputError, match="record of class Activation; this is ufunc"):
        Dense(3, np.tanh)  # type: ignore[arg-type]


def test_layers_in_words() -> None:
    assert str(Dense(10, "softmax")) == "Dense 10 softmax"
    assert str(Dropout(0.25)) == "Dropout 0.25"
    assert str(Dense(2, Activation("sine", np.sin, np.cos))) == "Dense 2 sine"


@pytest.mark.parametrize("layer", [Dense(3), Dense(2, "relu", init="normal(0.1)"), Dropout(0.5)], ids=str)
def test_layers_are_records(layer: Dense | Dropout) -> None:
    with pytest.raises(AttributeError):
        layer.units = 4  # type: ignore[misc, union-attr]
    again = pickle.loads(pickle.dumps(layer))
    assert str(again) == str(layer)


# Dropout.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", RATES)
def test_the_share_that_is_dropped_is_the_rate_and_the_mean_is_kept(rate: float, dtype: Any) -> None:
    X = np.full((2000, 100), 3, dtype)
    a, _ = Dropout(rate).forward((), X, rng())
    assert a.dtype == dtype
    dropped = a == 0
    error = math.sqrt(rate * (1 - rate) / X.size)  # standard error of a share
    assert abs(dropped.mean() - rate) < 4 * error
    assert np.allclose(a[~dropped], 3 / (1 - rate), rtol=1e-6 if dtype == np.float32 else 1e-15)
    assert abs(a.mean(dtype=float) - 3) < 4 * 3 * error / (1 - rate)
    # Neither a unit nor a row is favoured: their shares spread as coins do.
    for axis, count in ((0, 2000), (1, 100)):
        assert np.abs(dropped.mean(axis=axis) - rate).max() < 5 * math.sqrt(rate * (1 - rate) / count)


def test_over_many_draws_every_output_has_the_mean_of_its_input() -> None:
    X, generator = np.arange(1.0, 7.0).reshape(2, 3), rng()
    draws = np.array([Dropout(0.3).forward((), X, generator)[0] for _ in range(20000)])
    assert np.allclose(draws.mean(axis=0), X, rtol=5 * math.sqrt(0.3 / 0.7 / 20000))
    assert len(np.unique((draws == 0).reshape(-1, 6), axis=0)) == 2**6  # every mask comes up


@pytest.mark.parametrize("rate", RATES)
def test_the_gradient_has_the_mask_of_the_values(rate: float) -> None:
    X, c = rng(1).normal(size=(50, 8)), rng(2).normal(size=(50, 8))
    a, backward = Dropout(rate).forward((), X, rng())
    gradient, of_parameters = backward(c)
    assert of_parameters == ()
    assert gradient is not None
    assert np.array_equal(gradient == 0, a == 0)
    assert np.allclose(gradient, c * (a / X), rtol=1e-13)
    assert np.array_equal(backward(c)[0], gradient)  # and no other mask when asked again


def test_dropout_is_off_without_a_generator_and_at_rate_zero() -> None:
    X, c = rng(1).normal(size=(5, 4)), rng(2).normal(size=(5, 4))
    generator = rng()
    for layer, given_rng in ((Dropout(0.5), None), (Dropout(0), generator), (Dropout(0.0), None)):
        a, backward = layer.forward((), X, given_rng)
        assert np.array_equal(a, X)
        assert np.array_equal(backward(c)[0], c)
    assert generator.random() == rng().random()  # nothing was drawn


@pytest.mark.parametrize("rate", RATES)
def test_float32_and_float64_drop_the_same_units(rate: float) -> None:
    X = np.ones((300, 40))
    wide, _ = Dropout(rate).forward((), X, rng(5))
    narrow, _ = Dropout(rate).forward((), X.astype(np.float32), rng(5))
    assert np.array_equal(wide == 0, narrow == 0)
    assert not np.array_equal(wide == 0, Dropout(rate).forward((), X, rng(6))[0] == 0)


def test_dropout_is_off_for_loss_gradients_and_prediction() -> None:
    X, y = rng(1).normal(size=(6, 3)), np.arange(6) % 2
    plain = Network([Dense(8, "tanh"), Dense(2, "softmax")], inputs=3, seed=1)
    dropping = Network([Dropout(0.4), Dense(8, "tanh"), Dropout(0.5), Dense(2, "softmax")], inputs=3, seed=1)
    assert np.array_equal(plain.theta, dropping.theta)  # dropout takes nothing from the generator of the weights
    assert np.array_equal(plain.forward(X), dropping.forward(X))
    assert plain.loss(X, y, l2=0.1) == dropping.loss(X, y, l2=0.1)
    for name, gradient in plain.gradients(X, y).items():
        assert np.array_equal(gradient, dropping.gradients(X, y)[name])


@pytest.mark.parametrize(
    "layers",
    [
        [Dense(6, "tanh"), Dropout(0.5), Dense(2, "softmax")],
        [Dropout(0.3), Dense(6, "tanh"), Dense(2, "softmax")],
        [Dropout(0.3), Dropout(0.3), Dense(6, "swish"), Dropout(0.5), Dropout(0.2), Dense(2, "softmax")],
        [Dropout(0.3), Dense(2, "softmax")],
    ],
    ids=lambda layers: " ".join(map(str, layers)),
)
def test_the_gradient_of_a_network_that_drops_is_that_of_the_same_masks(layers: Any) -> None:
    net = Network(layers, inputs=3, seed=2)
    problem = readable.problem(net, rng(1).normal(size=(6, 3)), np.arange(6) % 2)
    gradient = readable.loss_and_gradient(net, net.theta, *problem, 0.1, rng=rng(7))[2]
    step = 1e-30
    numerical = [  # the same seed for every one: the loss is then a function of the parameters alone
        readable.loss_and_gradient(net, net.theta + step * 1j * e, *problem, 0.1, rng=rng(7))[0].imag / step
        for e in np.eye(net.theta.size)
    ]
    assert np.abs(gradient - numerical).max() <= 1e-13 * np.abs(gradient).max()
    assert not np.allclose(gradient, readable.loss_and_gradient(net, net.theta, *problem, 0.1, rng=rng(8))[2])


def test_dropout_draws_anew_in_every_step_and_the_same_for_the_same_seed() -> None:
    X, y = rng(1).normal(size=(20, 3)), np.arange(20) % 2

    def losses(seed: int) -> Any:
        net = Network([Dense(8, "tanh"), Dropout(0.5), Dense(2, "softmax")], inputs=3)
        return net.fit(X, y, epochs=4, optimizer="sgd", schedule="constant", seed=seed, l2=0.01).loss

    assert np.array_equal(losses(1), losses(1))
    assert not np.array_equal(losses(1), losses(2))


@pytest.mark.parametrize("rate", [-0.1, 1, 1.0, 1.5, math.nan, math.inf, "0.5", None, True])
def test_the_rate_is_a_share(rate: Any) -> None:
    with pytest.raises(InputError, match=r"share of inputs that is dropped, must be a number in \[0, 1\); this is"):
        Dropout(rate)


# Nothing is cached.


@pytest.mark.parametrize("layer", [Dense(3, "tanh"), Dense(3, "softmax"), Dropout(0.5)], ids=str)
def test_each_backward_belongs_to_its_own_forward(layer: Dense | Dropout) -> None:
    first_X, second_X, c = (rng(k).normal(size=(5, 3)) for k in range(3))
    params = () if isinstance(layer, Dropout) else (rng(4).normal(size=(3, 3)), np.zeros(3))
    before = dict(vars(layer))
    _, expected = layer.forward(params, first_X, rng(9))
    dX, of_parameters = expected(c)
    _, first = layer.forward(params, first_X, rng(9))
    _, second = layer.forward(params, second_X, rng(10))
    second(c)  # in between, somebody else's pass in both directions
    again, again_of_parameters = first(c)
    assert np.array_equal(again, dX)
    assert all(np.array_equal(a, b) for a, b in zip(again_of_parameters, of_parameters, strict=True))
    assert vars(layer) == before


def test_one_layer_may_stand_in_two_networks() -> None:
    shared = Dense(4, "tanh")
    first, second = Network([shared, Dense(1)], inputs=2, seed=0), Network([shared, Dense(1)], inputs=3, seed=1)
    X, y = rng().normal(size=(6, 2)), np.ones(6)
    before = second.theta.copy()
    first.fit(X, y, epochs=3)
    assert np.array_equal(second.theta, before)
    assert first.params["W1"].shape == (2, 4)
    assert second.params["W1"].shape == (3, 4)
