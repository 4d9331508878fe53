"""Classes that keep more than parameters: intermediate results, counters, means of features, plain numbers."""

import subprocess
import sys

import numpy as np
import pytest

from pellucid.checker import check_my_network

rng = np.random.default_rng(5)
X, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))


class Net:
    """Keeps what its forward pass computed; what a subclass keeps besides is set up in `prepare`."""

    def __init__(self):
        own = np.random.default_rng(1)
        self.W1, self.b1 = own.normal(size=(3, 4)), np.zeros(4)
        self.W2, self.b2 = own.normal(size=(4, 1)), np.zeros(1)
        self.prepare()

    def prepare(self):
        pass

    def before(self, X):
        return X

    def forward(self, X):
        self.x = self.before(X)
        self.z = self.x @ self.W1 + self.b1
        self.h = np.tanh(self.z)
        self.p = self.h @ self.W2 + self.b2
        return self.p

    def loss(self, X, y):
        return np.mean((self.forward(X) - y) ** 2)

    def backward(self, X, y):
        d = 2 * (self.forward(X) - y) / len(X)
        dh = d @ self.W2.T * (1 - self.h**2)
        self.dW2, self.db2, self.dW1, self.db1 = self.h.T @ d, d.sum(0), self.x.T @ dh, dh.sum(0)
        return self.dW1, self.db1, self.dW2, self.db2


def checked(net, of=lambda returned: returned, X=X):
    return check_my_network(lambda net, X, y: net.loss(X, y), lambda net, X, y: of(net.backward(X, y)), net, X=X, y=y)


def trained(net):
    for _ in range(3):
        for name, gradient in zip(("W1", "b1", "W2", "b2"), net.backward(X, y), strict=True):
            setattr(net, name, getattr(net, name) - 0.1 * gradient)


def no_gradients(returned):
    return None


PASTS = {
    "new": lambda net: None,
    "other numbers": lambda net: net.forward(2 * X),
    "fewer rows": lambda net: net.forward(X[:5]),
    "a batch": lambda net: net.backward(X[:7], y[:7]),
    "trained": trained,
    "trained, then asked about new points": lambda net: (trained(net), net.forward(rng.normal(size=(9, 3)))),
}


@pytest.mark.parametrize("past", PASTS)
@pytest.mark.parametrize("of", [lambda returned: returned, no_gradients, list])
def test_what_a_class_did_before_the_check_is_no_mistake(past, of):
    net = Net()
    PASTS[past](net)
    kept = {name: np.array(value) for name, value in vars(net).items()}
    report = checked(net, of)
    assert report.ok
    assert report.notes == ()
    assert [row.name for row in report.parameters] == ["self.W1", "self.b1", "self.W2", "self.b2"]
    assert all(np.array_equal(value, getattr(net, name)) for name, value in kept.items())


@pytest.mark.parametrize("past", ["fewer rows", "trained"])
def test_a_wrong_gradient_is_found_whatever_the_class_did_before(past):
    net = Net()
    PASTS[past](net)
    report = checked(net, lambda g: (g[0], -g[1], g[2], g[3]))
    assert [(f.parameter, f.kind) for f in report.findings] == [("self.b1", "wrong_sign")]


class Layer:
    def __init__(self, inputs, units):
        self.W, self.b = np.random.default_rng(inputs).normal(size=(inputs, units)), np.zeros(units)

    def forward(self, x):
        self.x, self.z = x, x @ self.W + self.b
        self.a = np.tanh(self.z)
        return self.a

    def backward(self, g):
        self.dz = g * (1 - self.a**2)
        self.dW, self.db = self.x.T @ self.dz, self.dz.sum(0)
        return self.dz @ self.W.T


class Layered:
    def __init__(self):
        self.layers = [Layer(3, 4), Layer(4, 1)]

    def forward(self, X):
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def loss(self, X, y):
        return np.mean((self.forward(X) - y) ** 2)

    def backward(self, X, y):
        gradient = 2 * (self.forward(X) - y) / len(X)
        for layer in self.layers[::-1]:
            gradient = layer.backward(gradient)


@pytest.mark.parametrize("other", [X, 2 * X, X[:5]])
def test_layers_keep_their_own_results_though_these_have_a_gradient_too(other):
    net = Layered()
    net.forward(other)
    net.backward(X, y)
    report = checked(net)
    assert report.ok
    assert len(report.parameters) == 4


class Counting(Net):
    def prepare(self):
        self.calls, self.seen, self.running = np.zeros(1), 0, np.zeros(3)
        self.buffer = np.zeros((20, 4))

    def before(self, X):
        self.calls[0] += 1
        self.seen += len(X)
        self.running = 0.9 * self.running + 0.1 * X.mean(axis=0)
        np.matmul(X, self.W1, out=self.buffer)
        return X


class Standardizing(Net):
    def prepare(self):
        self.mean, self.std = X.mean(axis=0), X.std(axis=0)

    def before(self, X):
        return (X - self.mean) / self.std


class Adam(Net):
    def prepare(self):
        self.lr, self.beta1, self.beta2, self.eps, self.t, self.l2 = 0.01, 0.9, 0.999, 1e-8, 0, 0.0
        self.first, self.second = [np.zeros((3, 4))], [np.zeros((3, 4))]

    def before(self, X):
        return X * (1 + self.l2)


@pytest.mark.parametrize("kind", [Counting, Adam])
@pytest.mark.parametrize("of", [lambda returned: returned, no_gradients])
def test_counters_buffers_and_settings_are_no_parameters(kind, of):
    report = checked(kind(), of)
    assert report.ok
    assert report.notes == ()
    assert len(report.parameters) == 4


@pytest.mark.parametrize("of", [lambda returned: returned, no_gradients])
def test_means_of_features_are_constants_and_a_note_says_so(of):
    report = checked(Standardizing(), of)
    assert report.ok
    assert len(report.parameters) == 4
    (said,) = report.notes
    assert said.startswith("self.mean, self.std")


def test_a_gradient_that_was_forgotten_is_still_missed():
    report = checked(Net(), lambda g: {"W1": g[0], "W2": g[2], "b2": g[3]})
    assert [(f.parameter, f.kind) for f in report.findings] == [("self.b1", "missing_gradient")]


class Odd:
    """Names that do not tell; `scale` is trained by a method, and its gradient was forgotten."""

    def __init__(self):
        self.slope, self.scale = np.ones((3, 1)), np.full(1, 0.5)

    def loss(self, X, y):
        return np.mean((X @ self.slope * self.scale - y) ** 2)

    def backward(self, X, y):
        self.dslope = 2 * X.T @ (X @ self.slope * self.scale - y) * self.scale / len(X)

    def update(self, rate):
        self.slope -= rate * self.dslope
        self.scale -= rate * self.dscale


def test_what_an_update_changes_is_a_parameter_whatever_its_name():
    report = checked(Odd())
    assert [(f.parameter, f.kind) for f in report.findings] == [("self.scale", "missing_gradient")]


class Scalar:
    def __init__(self, name, value):
        self.rate, self.w = 0.1, np.random.default_rng(2).normal(size=3)
        setattr(self, name, value)
        self.name = name

    def forward(self, X):
        return X @ self.w + getattr(self, self.name)

    def loss(self, X, y):
        return np.mean((self.forward(X) - y[:, 0]) ** 2)

    def backward(self, X, y):
        d = 2 * (self.forward(X) - y[:, 0]) / len(y)
        self.dw = X.T @ d
        setattr(self, "d" + self.name, d.sum())
        return self.dw, d.sum()


@pytest.mark.parametrize("name", ["b2", "bias", "c", "b"])
@pytest.mark.parametrize("value", [0.05, 1, np.float64(0.05)])
@pytest.mark.parametrize("given", ["kept", "named", "listed"])
def test_numbers_are_parameters_where_they_have_a_gradient(name, value, given):
    ways = {"kept": lambda g: None, "named": lambda g: {"w": g[0], name: g[1]}, "listed": lambda g: g}
    report = checked(Scalar(name, value), ways[given])
    assert report.ok
    assert [row.name for row in report.parameters] == ["self.w", f"self.{name}"]

    class Wrong(Scalar):
        def backward(self, X, y):
            dw, db = super().backward(X, y)
            setattr(self, "d" + self.name, -db)
            return dw, -db

    wrong = checked(Wrong(name, value), ways[given])
    assert [(f.parameter, f.kind) for f in wrong.findings] == [(f"self.{name}", "wrong_sign")]


class Numbers:
    def __init__(self):
        self.slope, self.start = 0.5, 0.1

    def loss(self, X, y):
        return np.mean((self.slope * X[:, 0] + self.start - y[:, 0]) ** 2)

    def backward(self, X, y):
        d = 2 * (self.slope * X[:, 0] + self.start - y[:, 0]) / len(y)
        self.dslope, self.dstart = np.sum(d * X[:, 0]), np.sum(d)


def test_an_object_of_plain_numbers_alone():
    report = checked(Numbers())
    assert report.ok
    assert [row.name for row in report.parameters] == ["self.slope", "self.start"]


def test_a_class_that_changes_its_weights_in_the_loss_is_found_still():
    class Decaying(Net):
        def before(self, X):
            self.W1 *= 0.99
            return X

    assert ("self.W1", "changed_in_place") in [(f.parameter, f.kind) for f in checked(Decaying()).findings]


def test_the_command_checks_a_file_that_trains_and_predicts_first(tmp_path):
    path = tmp_path / "mynet.py"
    path.write_text(FILE)
    done = subprocess.run([sys.executable, "-m", "pellucid", "check", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No mistake found: 4 parameters" in done.stdout


FILE = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(30, 2)); y = (X[:, :1] * X[:, 1:] > 0).astype(float)

class Net:
    def __init__(self):
        self.W1 = rng.normal(size=(2, 6)); self.b1 = np.zeros(6)
        self.W2 = rng.normal(size=(6, 1)); self.b2 = np.zeros(1)
    def forward(self, X):
        self.h = np.tanh(X @ self.W1 + self.b1)
        self.p = 1 / (1 + np.exp(-(self.h @ self.W2 + self.b2)))
        return self.p
    def backward(self, X, y):
        d = (self.forward(X) - y) / len(X)
        dh = d @ self.W2.T * (1 - self.h ** 2)
        return X.T @ dh, dh.sum(axis=0), self.h.T @ d, d.sum(axis=0)

params = Net()

def loss(net, X, y):
    p = net.forward(X)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

def gradients(net, X, y):
    return net.backward(X, y)

for epoch in range(20):
    g = gradients(params, X, y)
    params.W1 -= 0.5 * g[0]; params.b1 -= 0.5 * g[1]; params.W2 -= 0.5 * g[2]; params.b2 -= 0.5 * g[3]
print("right on new points", np.mean(params.forward(rng.normal(size=(9, 2))) > 0.5))
"""


class Listed:
    """Weights in a list, their gradients in another, and everything that was computed in further lists."""

    def __init__(self):
        own = np.random.default_rng(3)
        self.weights, self.biases = [own.normal(size=(3, 4)), own.normal(size=(4, 1))], [np.zeros(4), np.zeros(1)]
        self.activations, self.losses, self.best = [], [], np.inf

    def forward(self, X):
        self.activations = [X]
        for W, b in zip(self.weights, self.biases, strict=True):
            self.activations.append(np.tanh(self.activations[-1] @ W + b))
        return self.activations[-1]

    def loss(self, X, y):
        value = np.mean((self.forward(X) - y) ** 2)
        self.losses.append(value)
        self.best = min(self.best, value)
        return value

    def backward(self, X, y):
        d = 2 * (self.forward(X) - y) / len(X)
        self.dweights, self.dbiases = [None, None], [None, None]
        for i in (1, 0):
            d = d * (1 - self.activations[i + 1] ** 2)
            self.dweights[i], self.dbiases[i] = self.activations[i].T @ d, d.sum(0)
            d = d @ self.weights[i].T


@pytest.mark.parametrize("other", [None, X, 2 * X, X[:5]])
def test_lists_of_weights_beside_lists_of_results(other):
    net = Listed()
    if other is not None:
        net.loss(other, y[: len(other)])
        net.backward(X, y)
    report = checked(net)
    assert report.ok
    assert [row.name for row in report.parameters] == [
        f"self.{kind}[{i}]" for kind in ("weights", "biases") for i in (0, 1)
    ]


def test_results_are_left_out_where_no_gradient_is_found_at_all():
    net = Net()
    net.forward(X[:5])
    report = check_my_network(lambda net, X, y: net.loss(X, y), lambda net, X, y: None, net, X=X, y=y)
    kinds = {(f.parameter, f.kind) for f in report.findings}
    assert kinds == {("self.W1", "missing_gradient"), ("self.b1", "missing_gradient")}
