"""Programs as people write them: classes, layers, course notation, globals, plain numbers; right, and with a slip."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid.checker import CheckReport, check_my_network

X = np.random.default_rng(0).normal(size=(14, 3))
y = (X[:, 0] + 0.3 * X[:, 1] ** 2 > 0).astype(int)
Y = y.reshape(1, -1)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def kinds(report: CheckReport) -> list[tuple[str, str]]:
    return [(finding.parameter, finding.kind) for finding in report.findings]


def expect(report: CheckReport, *wanted: tuple[str, str]) -> None:
    assert kinds(report) == list(wanted), str(report)
    assert report.ok == (not wanted)


# A course's notation: samples in columns, functions that hand each other what they need


def initialize_parameters(n_x: int, n_h: int, n_y: int) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {
        "W1": rng.normal(size=(n_h, n_x)) * 0.5,
        "b1": np.zeros((n_h, 1)),
        "W2": rng.normal(size=(n_y, n_h)) * 0.5,
        "b2": np.zeros((n_y, 1)),
    }


def forward_propagation(X: Any, parameters: Any) -> Any:
    Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = np.dot(parameters["W2"], A1) + parameters["b2"]
    A2 = sigmoid(Z2)
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def compute_cost(A2: Any, Y: Any) -> Any:
    m = Y.shape[1]
    logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
    return np.squeeze(-np.sum(logprobs) / m)


def course(slip: str = "") -> Any:
    def backward_propagation(parameters: Any, cache: Any, X: Any, Y: Any) -> dict[str, Any]:
        m = X.shape[1]
        A1, A2 = cache["A1"], cache["A2"]
        dZ2 = A2 - Y
        dW2 = np.dot(dZ2, A1.T) / m
        db2 = np.sum(dZ2, axis=1, keepdims=True) / m
        slope = 1 - np.power(cache["Z1"] if slip == "z" else A1, 2)
        dZ1 = np.dot(parameters["W2"].T, dZ2) * slope
        dW1 = np.dot(dZ1, X.T) / m
        db1 = np.sum(dZ1, axis=0 if slip == "axis" else 1, keepdims=True) / (1 if slip == "m" else m)
        return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}

    return backward_propagation


@pytest.mark.parametrize(
    ("slip", "wanted"),
    [
        ("", []),
        ("z", [("W1", "derivative_at_z")]),
        ("axis", [("b1", "bias_wrong_axis")]),
        ("m", [("b1", "missing_1_over_n")]),
    ],
)
def test_course_notation(slip: str, wanted: list[tuple[str, str]]) -> None:
    parameters = initialize_parameters(3, 4, 1)
    backward = course(slip)

    def loss(parameters: Any) -> Any:
        return compute_cost(forward_propagation(X.T, parameters)[0], Y)

    def gradients(parameters: Any) -> Any:
        return backward(parameters, forward_propagation(X.T, parameters)[1], X.T, Y)

    expect(check_my_network(loss, gradients, parameters), *wanted)
    # The functions as they are: the cost of A2, the gradients from the cache, everything handed over by name.
    report = check_my_network(compute_cost, backward, parameters, forward=forward_propagation, X=X.T, y=Y)
    expect(report, *wanted)


# Classes


class Net:
    """Keeps its parameters, what the forward pass computed, and the gradients as attributes."""

    def __init__(self, slip: str = "") -> None:
        rng = np.random.default_rng(2)
        self.W1, self.b1 = rng.normal(size=(3, 5)), np.zeros(5)
        self.W2, self.b2 = rng.normal(size=(5, 1)), np.zeros(1)
        self.learning_rate = 0.1
        self.slip = slip

    def forward(self, X: Any) -> Any:
        self.X = X
        self.z1 = X @ self.W1 + self.b1
        self.a1 = np.maximum(self.z1, 0)
        self.z2 = self.a1 @ self.W2 + self.b2
        self.a2 = sigmoid(self.z2)
        return self.a2

    def loss(self, X: Any, y: Any) -> Any:
        p, t = self.forward(X), y.reshape(-1, 1)
        return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))

    def backward(self, X: Any, y: Any) -> None:
        t = y.reshape(-1, 1)
        delta = (t - self.a2 if self.slip == "sign" else self.a2 - t) / len(X)
        self.dW2 = self.a1.T @ delta
        self.db2 = delta.sum(axis=0)
        hidden = delta @ self.W2.T
        if self.slip != "relu":
            hidden = hidden * (self.z1 > 0)
        self.dW1 = X.T @ hidden
        self.db1 = hidden.sum(axis=0)

    def step(self) -> None:
        for name in ("W1", "b1", "W2", "b2"):
            parameter = getattr(self, name)
            if self.slip == "copy":
                parameter = parameter - self.learning_rate * getattr(self, "d" + name)
            else:
                parameter -= self.learning_rate * getattr(self, "d" + name)


@pytest.mark.parametrize(
    ("slip", "wanted"),
    [
        ("", []),
        ("sign", [("self.W1", "wrong_sign")]),
        ("relu", [("self.W1", "derivative_left_out")]),
        ("copy", [("self.W1", "step_changes_nothing")]),
    ],
)
def test_a_class_that_keeps_everything(slip: str, wanted: list[tuple[str, str]]) -> None:
    net = Net(slip)
    before = {name: value.copy() for name, value in vars(net).items() if isinstance(value, np.ndarray)}
    report = check_my_network(net.loss, net.backward, net, step=net.step, forward=net.forward, X=X, y=y)
    expect(report, *wanted)
    assert [row.name for row in report.parameters] == ["self.W1", "self.b1", "self.W2", "self.b2"]
    for name, value in before.items():
        np.testing.assert_array_equal(getattr(net, name), value)
    assert not hasattr(net, "dW1")  # nothing is left behind


class Layer:
    def __init__(self, into: int, out: int, seed: int) -> None:
        self.W = np.random.default_rng(seed).normal(size=(into, out))
        self.b = np.zeros((1, out))

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, delta: Any) -> Any:
        self.dW = self.x.T @ delta
        self.db = delta.sum(axis=0, keepdims=True)
        return delta @ self.W.T


class Sequential:
    """Layers that keep their own gradients; loss and backward take nothing."""

    def __init__(self, slip: str = "") -> None:
        self.layers = [Layer(3, 4, 3), Layer(4, 4, 4), Layer(4, 1, 5)]
        self.slip = slip
        self.inputs, self.targets = X, y.reshape(-1, 1)

    def loss(self) -> Any:
        a = self.inputs
        self.outputs = []
        for layer in self.layers[:-1]:
            a = np.tanh(layer.forward(a))
            self.outputs.append(a)
        self.p = self.layers[-1].forward(a)
        return ((self.p - self.targets) ** 2).mean()

    def backward(self) -> None:
        delta = 2 * (self.p - self.targets) / len(self.targets)
        delta = self.layers[-1].backward(delta)
        for layer, a in zip(self.layers[-2::-1], self.outputs[::-1], strict=True):
            delta = layer.backward(delta * (1 - a if self.slip == "square" else 1 - a**2))


def test_layers_that_keep_their_own_gradients() -> None:
    net = Sequential()
    report = check_my_network(net.loss, net.backward, net)
    expect(report)
    assert [row.name for row in report.parameters][:3] == ["self.layers[0].W", "self.layers[0].b", "self.layers[1].W"]
    net = Sequential("square")
    expect(check_my_network(net.loss, net.backward, net), ("self.layers[1].W", "derivative_wrong"))


class WithParams:
    """Parameters in a dict of its own, gradients given back."""

    def __init__(self, slip: str = "") -> None:
        rng = np.random.default_rng(6)
        self.params = {"W": rng.normal(size=(3, 2)).astype(np.float32), "b": np.zeros(2, dtype=np.float32)}
        self.slip = slip

    def scores(self) -> Any:
        z = X.astype(np.float32) @ self.params["W"] + self.params["b"]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(self) -> Any:
        return -np.log(self.scores()[np.arange(len(y)), y]).mean() + 0.05 * np.sum(self.params["W"] ** 2)

    def backward(self) -> dict[str, Any]:
        delta = self.scores()
        delta[np.arange(len(y)), y] -= 1
        delta /= len(y)
        penalty = 0 if self.slip else 0.1 * self.params["W"]
        return {"W": X.astype(np.float32).T @ delta + penalty, "b": delta.sum(axis=0)}


def test_parameters_handed_in_by_themselves() -> None:
    net = WithParams()
    expect(check_my_network(net.loss, net.backward, net.params))
    expect(check_my_network(net.loss, net.backward, net))
    expect(check_my_network(lambda p: net.loss(), lambda p: net.backward(), net.params))
    net = WithParams("penalty")
    expect(check_my_network(net.loss, net.backward, net.params), ("W", "penalty_forgotten"))
    assert net.params["W"].dtype == np.float32


# Globals, plain numbers, vectors

w1 = np.random.default_rng(7).normal(size=(3, 4))
c1 = np.zeros(4)
w2 = np.random.default_rng(8).normal(size=4)


def global_forward() -> Any:
    return np.tanh(X @ w1 + c1) @ w2


def global_loss() -> Any:
    return ((global_forward() - y) ** 2).sum() / 2


def global_gradients(slip: bool = False) -> list[Any]:
    a1 = np.tanh(X @ w1 + c1)
    delta = global_forward() - y
    back = np.outer(delta, w2) * (1 if slip else 1 - a1**2)
    return [X.T @ back, back.sum(axis=0), a1.T @ delta]


def test_globals() -> None:
    expect(check_my_network(global_loss, global_gradients, [w1, c1, w2]))
    wrong = check_my_network(global_loss, lambda: global_gradients(True), [w1, c1, w2])
    expect(wrong, ("params[0]", "derivative_left_out"))


def test_a_loss_that_leaves_its_argument_alone() -> None:
    params = {"w1": w1, "c1": c1, "w2": w2}

    def loss(params: Any) -> Any:
        return global_loss()

    def gradients(params: Any) -> Any:
        return dict(zip(params, global_gradients(), strict=True))

    expect(check_my_network(loss, gradients, params), ("w1", "not_reaching_loss"))
    # A wrapper that only fits such functions to the contract is no mistake.
    wrapped = check_my_network(
        lambda _: global_loss(), lambda _: dict(zip(params, global_gradients(), strict=True)), params
    )
    expect(wrapped)


def test_plain_numbers() -> None:
    hours, grades = [1.0, 2.0, 3.5, 5.0], [2.1, 3.9, 7.2, 9.8]

    def loss(p: Any) -> float:
        total = 0.0
        for h, g in zip(hours, grades, strict=True):
            total += (p["w"] * h + p["b"] - g) ** 2
        return total / len(hours)

    def gradients(p: Any, slip: bool = False) -> dict[str, float]:
        dw = db = 0.0
        for h, g in zip(hours, grades, strict=True):
            dw += 2 * (p["w"] * h + p["b"] - g) * h
            db += 2 * (p["w"] * h + p["b"] - g)
        return {"w": dw / len(hours), "b": db / (1 if slip else len(hours))}

    expect(check_my_network(loss, gradients, {"w": 0.0, "b": 0.0}))
    expect(check_my_network(loss, lambda p: gradients(p, True), {"w": 0.0, "b": 0.0}), ("b", "missing_1_over_n"))


def test_numbers_in_lists() -> None:
    def forward(params: Any) -> Any:
        (W, b) = params
        return [
            [sum(x * w for x, w in zip(row, column, strict=True)) + c for column, c in zip(W, b, strict=True)]
            for row in X
        ]

    def loss(params: Any) -> float:
        return sum((z[0] - t) ** 2 + (z[1] + t) ** 2 for z, t in zip(forward(params), y, strict=True))

    def gradients(params: Any, slip: bool = False) -> Any:
        z = np.array(forward(params))
        delta = 2 * (z - np.stack([y, -y], axis=1))
        return [(X.T @ delta).T.tolist(), (delta.mean(axis=0) if slip else delta.sum(axis=0)).tolist()]

    params = [[[0.1, 0.2, 0.3], [0.4, -0.5, 0.6]], [0.0, 0.1]]
    expect(check_my_network(loss, gradients, params))
    expect(check_my_network(loss, lambda p: gradients(p, True), params), ("params[1]", "extra_1_over_n"))
    assert params == [[[0.1, 0.2, 0.3], [0.4, -0.5, 0.6]], [0.0, 0.1]]


def test_one_long_vector() -> None:
    def unpack(theta: Any) -> tuple[Any, Any, Any]:
        return theta[:12].reshape(3, 4), theta[12:16], theta[16:]

    def loss(theta: Any) -> Any:
        W, b, v = unpack(theta)
        return np.mean(np.logaddexp(0, -(2 * y - 1) * (np.tanh(X @ W + b) @ v)))

    def gradients(theta: Any, slip: float = 1.0) -> Any:
        W, b, v = unpack(theta)
        a = np.tanh(X @ W + b)
        delta = (sigmoid(a @ v) - y) / len(y)
        back = np.outer(delta, v) * (1 - a**2)
        return slip * np.concatenate([(X.T @ back).ravel(), back.sum(axis=0), a.T @ delta])

    theta = 0.5 * np.random.default_rng(9).normal(size=20)
    expect(check_my_network(loss, gradients, theta))
    expect(check_my_network(loss, lambda t: gradients(t, -1.0), theta), ("params", "wrong_sign"))


def test_biases_as_a_column_of_ones() -> None:
    """The notation of another course: Theta1 (units, features + 1), a one before every layer's input, lambda / (2m)."""
    lam, labels = 0.7, np.eye(3)[np.arange(14) % 3]

    def passes(thetas: Any) -> Any:
        a1 = np.hstack([np.ones((14, 1)), X])
        a2 = np.hstack([np.ones((14, 1)), sigmoid(a1 @ thetas["Theta1"].T)])
        return a1, a2, sigmoid(a2 @ thetas["Theta2"].T)

    def loss(thetas: Any) -> Any:
        h = passes(thetas)[2]
        J = -np.sum(labels * np.log(h) + (1 - labels) * np.log(1 - h)) / 14
        return J + lam / (2 * 14) * (np.sum(thetas["Theta1"][:, 1:] ** 2) + np.sum(thetas["Theta2"][:, 1:] ** 2))

    def gradients(thetas: Any, slip: str = "") -> Any:
        a1, a2, h = passes(thetas)
        d3 = h - labels
        slope = 1.0 if slip == "slope" else a2[:, 1:] * (1 - a2[:, 1:])
        d2 = d3 @ thetas["Theta2"][:, 1:] * slope
        grads = {"Theta1": d2.T @ a1 / 14, "Theta2": d3.T @ a2 / 14}
        for name in grads:
            first = 0 if slip == "bias" else 1
            grads[name][:, first:] += lam / 14 * thetas[name][:, first:]
        return grads

    rng = np.random.default_rng(10)
    thetas = {"Theta1": rng.normal(size=(4, 4)), "Theta2": rng.normal(size=(3, 5))}
    expect(check_my_network(loss, gradients, thetas))
    wrong = check_my_network(loss, lambda t: gradients(t, "slope"), thetas)
    expect(wrong, ("Theta1", "derivative_left_out"))
    wrong = check_my_network(loss, lambda t: gradients(t, "bias"), thetas)
    expect(wrong, ("Theta1", "penalty_on_biases"))
    assert wrong.findings[0].also == ("Theta2",)


def test_named_tuple_and_loss_beside_gradients() -> None:
    Params = namedtuple("Params", ["W", "b"])

    def both(p: Any, slip: int = 0) -> tuple[Any, Any]:
        r = X @ p.W + p.b - y
        return np.mean(r**2), Params(2 * X.T @ r / len(y), 2 * r.sum() / len(y) ** (1 + slip))

    start = Params(np.zeros(3), np.array(0.0))
    expect(check_my_network(lambda p: both(p)[0], both, start))
    expect(check_my_network(lambda p: both(p)[0], lambda p: both(p, 1), start), ("params[1]", "extra_1_over_n"))


def test_arguments_one_by_one() -> None:
    def loss(W: Any, b: Any) -> Any:
        return np.mean((X @ W + b - y) ** 2)

    def gradients(W: Any, b: Any) -> Any:
        r = X @ W + b - y
        return 2 * X.T @ r / len(y), np.array([2 * r.mean()])

    expect(check_my_network(loss, gradients, {"W": np.ones(3), "b": np.zeros(1)}))


def test_a_loop_over_samples() -> None:
    def gradients(params: Any, keep: bool) -> Any:
        grads = [np.zeros_like(p) for p in params]
        for x, t in zip(X, y, strict=True):
            p = sigmoid(x @ params[0] + params[1])
            if keep:
                grads[0] += (p - t) * x / len(X)
                grads[1] += (p - t) / len(X)
            else:
                grads[0] = (p - t) * x / len(X)
                grads[1] = (p - t) / len(X)
        return grads

    def loss(params: Any) -> Any:
        p = sigmoid(X @ params[0] + params[1])
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    params = [np.array([0.3, -0.2, 0.1]), np.zeros(1)]
    expect(check_my_network(loss, lambda p: gradients(p, True), params))
    expect(check_my_network(loss, lambda p: gradients(p, False), params), ("params[0]", "one_sample"))


def test_gradients_in_another_order() -> None:
    def loss(params: Any) -> Any:
        W1, b1, W2, b2 = params
        return np.mean((np.tanh(X @ W1 + b1) @ W2 + b2 - y.reshape(-1, 1)) ** 2)

    def gradients(params: Any) -> list[Any]:
        W1, b1, W2, b2 = params
        a = np.tanh(X @ W1 + b1)
        delta = 2 * (a @ W2 + b2 - y.reshape(-1, 1)) / len(y)
        back = delta @ W2.T * (1 - a**2)
        return [a.T @ delta, delta.sum(axis=0), X.T @ back, back.sum(axis=0)]

    rng = np.random.default_rng(11)
    params = [rng.normal(size=(3, 5)), np.zeros(5), rng.normal(size=(5, 1)), np.zeros(1)]
    report = check_my_network(loss, gradients, params)
    expect(report, ("params[0]", "other_parameter"))
    assert report.findings[0].also == ("params[1]", "params[2]", "params[3]")
    # With names, no order is promised: a dict of parameters, and what comes back is unpacked by its place.
    named = dict(zip(["W1", "b1", "W2", "b2"], params, strict=True))
    expect(check_my_network(lambda p: loss(p.values()), lambda p: gradients(p.values()), named))


def test_our_own_network() -> None:
    net = pellucid.Network([pellucid.Dense(4, "tanh"), pellucid.Dense(2, "softmax")], inputs=3)
    before = net.theta.copy()
    expect(check_my_network(lambda p: net.loss(X, y, l2=0.1), lambda p: net.gradients(X, y, l2=0.1), net.params))
    report = check_my_network(lambda p: net.loss(X, y, l2=0.1), lambda p: net.gradients(X, y), net.params)
    expect(report, ("W1", "penalty_forgotten"))
    np.testing.assert_array_equal(net.theta, before)
