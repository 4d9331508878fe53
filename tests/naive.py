"""The slow oracle: dense networks in plain Python numbers and loops, to hold every engine against.

Nothing here is shared with the package, and nothing is clever: each formula is written from its definition, and where
a definition can be written in two ways, this is the other one. Slopes are functions of z alone, gradients start at the
outputs (never at the short form p - y) and go through the whole Jacobian of the output, and sums are exact
(math.fsum). A row is a list of floats, a matrix a list of rows. Meant for moderate numbers: it divides by
probabilities, so it is no oracle where one of them becomes 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Row = list[float]
Matrix = list[Row]


class Layer(NamedTuple):
    """Weights (fan_in rows of units numbers), biases (units) and the name of the activation."""

    W: Matrix
    b: Row
    activation: str


# Activations of one number: the value, and the derivative written in z.


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (math.exp(z) + 1)


def sigmoid_slope(z: float) -> float:
    e = math.exp(-abs(z))
    return e / (1 + e) ** 2


def tanh_slope(z: float) -> float:
    return 4 * sigmoid_slope(2 * z)  # 1 / cosh(z)^2, without a cosh that overflows


def softplus(z: float) -> float:
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def gelu_argument(z: float) -> float:
    return math.sqrt(8 / math.pi) * (z + 0.044715 * z**3)


def gelu(z: float) -> float:
    return z * sigmoid(gelu_argument(z))  # (1 + tanh u) / 2 is sigmoid(2 u)


def gelu_slope(z: float) -> float:
    u = gelu_argument(z)
    return sigmoid(u) + z * sigmoid_slope(u) * math.sqrt(8 / math.pi) * (1 + 3 * 0.044715 * z**2)


VALUES: dict[str, Callable[[float], float]] = {
    "identity": lambda z: z,
    "sigmoid": sigmoid,
    "tanh": math.tanh,
    "relu": lambda z: z if z > 0 else 0.0,
    "leaky_relu": lambda z: z if z > 0 else z / 100,
    "elu": lambda z: z if z > 0 else math.expm1(z),
    "softplus": softplus,
    "gelu": gelu,
    "swish": lambda z: z * sigmoid(z),
    "exp": math.exp,
}

SLOPES: dict[str, Callable[[float], float]] = {
    "identity": lambda z: 1.0,
    "sigmoid": sigmoid_slope,
    "tanh": tanh_slope,
    "relu": lambda z: 1.0 if z > 0 else 0.0,
    "leaky_relu": lambda z: 1.0 if z > 0 else 0.01,
    "elu": lambda z: 1.0 if z > 0 else math.exp(z),
    "softplus": sigmoid,
    "gelu": gelu_slope,
    "swish": lambda z: sigmoid(z) + z * sigmoid_slope(z),
    "exp": math.exp,
}


# The activation of a whole row, because softmax needs all of it.


def log_sum_exp(z: Row) -> float:
    top = max(z)
    return top + math.log(math.fsum(math.exp(v - top) for v in z))


def activate(activation: str, z: Row) -> Row:
    if activation == "softmax":
        return [math.exp(v - log_sum_exp(z)) for v in z]
    return [VALUES[activation](v) for v in z]


def jacobian(activation: str, z: Row) -> Matrix:
    """Entry [i][j] is the derivative of output i by z[j]."""
    a = activate(activation, z)
    K = range(len(z))
    if activation == "softmax":
        return [[a[i] * ((i == j) - a[j]) for j in K] for i in K]
    return [[SLOPES[activation](z[i]) if i == j else 0.0 for j in K] for i in K]


# Losses of one row, from its z and its outputs a, and their derivative by one output.


def huber(r: float, delta: float) -> float:
    return r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)


def row_loss(loss: str, z: Row, a: Row, t: Row, delta: float = 1.0) -> float:
    pairs = list(zip(z, a, t, strict=True))
    if loss == "cross_entropy":
        return math.fsum(target * (log_sum_exp(z) - score) for score, _, target in pairs)
    if loss == "binary_cross_entropy":
        # -t log p - (1 - t) log(1 - p), where log p = -softplus(-z) and log(1 - p) = -softplus(z)
        return math.fsum(target * softplus(-score) + (1 - target) * softplus(score) for score, _, target in pairs)
    if loss == "poisson":
        return math.fsum(output - target * math.log(output) for _, output, target in pairs)
    if loss == "squared_error":
        return math.fsum((output - target) ** 2 for _, output, target in pairs) / 2
    if loss == "absolute_error":
        return math.fsum(abs(output - target) for _, output, target in pairs)
    if loss == "huber":
        return math.fsum(huber(output - target, delta) for _, output, target in pairs)
    raise KeyError(loss)


def sign(r: float) -> float:
    return float((r > 0) - (r < 0))


def loss_slope(loss: str, a: float, t: float, delta: float = 1.0) -> float:
    """The derivative of a row's loss by one of its outputs a, whose target is t."""
    if loss == "cross_entropy":
        return -t / a
    if loss == "binary_cross_entropy":
        return (1 - t) / (1 - a) - t / a
    if loss == "poisson":
        return 1 - t / a
    if loss == "squared_error":
        return a - t
    if loss == "absolute_error":
        return sign(a - t)
    if loss == "huber":
        return a - t if abs(a - t) <= delta else delta * sign(a - t)
    raise KeyError(loss)


def row_delta(loss: str, activation: str, z: Row, t: Row, delta: float = 1.0) -> Row:
    """The derivative of a row's loss by each z of the last layer: through the outputs, by the chain rule."""
    a, J = activate(activation, z), jacobian(activation, z)
    slopes = [loss_slope(loss, output, target, delta) for output, target in zip(a, t, strict=True)]
    return [math.fsum(slopes[i] * J[i][j] for i in range(len(z))) for j in range(len(z))]


# Networks.


def layers_of(net: Any) -> list[Layer]:
    """A Network of Dense layers (Dropout is passed over, as in prediction) as lists of floats."""
    dense = [layer for layer in net.layers if hasattr(layer, "activation")]
    return [
        Layer(net.params[f"W{i}"].tolist(), net.params[f"b{i}"].tolist(), layer.activation.name)
        for i, layer in enumerate(dense, 1)
    ]


def forward_row(layers: Sequence[Layer], x: Row) -> tuple[Matrix, Matrix]:
    """One row through the network: every layer's z, and every layer's input with the output at the end."""
    zs: Matrix = []
    outputs: Matrix = [x]
    for layer in layers:
        a = outputs[-1]
        z = [
            math.fsum([layer.b[j], *(a[i] * layer.W[i][j] for i in range(len(a)))])  # one neuron after the other
            for j in range(len(layer.b))
        ]
        zs.append(z)
        outputs.append(activate(layer.activation, z))
    return zs, outputs


def forward(layers: Sequence[Layer], X: Matrix) -> Matrix:
    """The outputs of the last layer, a row for each row of X."""
    return [forward_row(layers, x)[1][-1] for x in X]


def penalty(layers: Sequence[Layer], l2: float, l1: float) -> float:
    """l2/2 times the sum of W^2 and l1 times the sum of |W| over all weights; biases are free."""
    weights = [w for layer in layers for row in layer.W for w in row]
    return l2 * math.fsum(w * w for w in weights) / 2 + l1 * math.fsum(abs(w) for w in weights)


def loss(
    layers: Sequence[Layer],
    X: Matrix,
    T: Matrix,
    name: str,
    weights: Row | None = None,
    l2: float = 0.0,
    l1: float = 0.0,
    delta: float = 1.0,
) -> float:
    """sum(w_i loss_i) / sum(w_i) over the rows, plus the penalty once."""
    weights = [1.0] * len(X) if weights is None else weights
    losses = []
    for x, t in zip(X, T, strict=True):
        zs, outputs = forward_row(layers, x)
        losses.append(row_loss(name, zs[-1], outputs[-1], t, delta))
    mean = math.fsum(w * value for w, value in zip(weights, losses, strict=True)) / math.fsum(weights)
    return mean + penalty(layers, l2, l1)


def backward_row(layers: Sequence[Layer], x: Row, t: Row, name: str, delta: float = 1.0) -> list[tuple[Matrix, Row]]:
    """Backpropagation of one row: for each layer the derivatives of the row's loss by W and by b."""
    zs, outputs = forward_row(layers, x)
    gradients: list[tuple[Matrix, Row]] = []
    d = row_delta(name, layers[-1].activation, zs[-1], t, delta)
    for k in reversed(range(len(layers))):
        gradients.insert(0, ([[a * d_j for d_j in d] for a in outputs[k]], d))
        if k > 0:
            slope = SLOPES[layers[k - 1].activation]
            d = [
                slope(zs[k - 1][i]) * math.fsum(layers[k].W[i][j] * d[j] for j in range(len(d)))
                for i in range(len(zs[k - 1]))
            ]
    return gradients


def gradients(
    layers: Sequence[Layer],
    X: Matrix,
    T: Matrix,
    name: str,
    weights: Row | None = None,
    l2: float = 0.0,
    l1: float = 0.0,
    delta: float = 1.0,
) -> list[tuple[Matrix, Row]]:
    """The gradient of exactly `loss` with these arguments: (dW, db) for each layer."""
    weights = [1.0] * len(X) if weights is None else weights
    shares = [w / math.fsum(weights) for w in weights]
    of_rows = [backward_row(layers, x, t, name, delta) for x, t in zip(X, T, strict=True)]
    result: list[tuple[Matrix, Row]] = []
    for k, layer in enumerate(layers):
        rows = [(share, *of_row[k]) for share, of_row in zip(shares, of_rows, strict=True)]
        dW = [
            [math.fsum(share * dW[i][j] for share, dW, _ in rows) + l2 * w + l1 * sign(w) for j, w in enumerate(row)]
            for i, row in enumerate(layer.W)
        ]
        db = [math.fsum(share * db[j] for share, _, db in rows) for j in range(len(layer.b))]
        result.append((dW, db))
    return result


def flat(arrays: Sequence[tuple[Matrix, Row]]) -> Row:
    """(W, b) of each layer in the order of theta: W1 row by row, b1, W2, ..."""
    return [v for W, b in arrays for v in [w for row in W for w in row] + list(b)]
