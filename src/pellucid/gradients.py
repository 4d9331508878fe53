"""Numerical gradients: what backpropagation must agree with, found by changing numbers and looking at the loss.

Three methods, told apart by what they assume and what they cost (784-50-10 network, 39,760 parameters, n rows):

* naive: nothing is assumed. Each parameter is moved up and down by h: two forward passes a parameter, 79,520 in all.
* structured: the same differences. But a weight moves one column of one pre-activation by a known amount, h times its
  input, and reaches the rest through a rank-one change: two passes through what lies above, and only for rows whose
  input is not zero. A bias is a weight whose input is 1.
* node: each pre-activation is moved instead, in all rows at once, for rows do not touch each other: two passes a
  *unit*, 120 in all. Its differences, times the inputs, are the weights' gradients: one link of the chain rule is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.activations import magnitude
from pellucid.engines import readable
from pellucid.engines.readable import Problem
from pellucid.errors import InputError
from pellucid.layers import Dense
from pellucid.network import Network

Array = npt.NDArray[Any]
CHUNK = 2**20  # numbers that one array of perturbed rows may have: 8 MiB in float64


def numerical_gradients(
    net: Network,
    X: Any,
    y: Any,
    method: str = "naive",
    l2: float = 0.0,
    l1: float = 0.0,
    sample_weight: Any = None,
    h: float = 1e-4,
    complex_step: bool = False,
) -> dict[str, Array]:
    """The gradient of `net.loss` with these arguments by differences, float64, under the names of `net.gradients`.

    Args:
        net: the network; a float32 one is differentiated in float64, at its own parameters.
        X, y, l2, l1, sample_weight: as in `net.loss`; features (n, inputs).
        method: "naive", "structured" or "node"; see above.
        h: how far each number is moved; central differences are wrong by about h^2.
        complex_step: for "node", move along the imaginary axis by 1e-30 instead: no difference of nearly equal
            numbers is taken, so it is exact to rounding wherever the formulas are smooth.

    Raises:
        InputError: X or y do not fit, the method is unknown, or complex_step is asked of another method than "node".

    Source: Nocedal and Wright, Numerical Optimization (2006), section 8.1; Squire and Trapp, SIAM Review 40 (1998)
        for the complex step.

    Example:
        >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> X, y = [[0.5, -1.0], [2.0, 0.0]], [0, 1]
        >>> exact = net.gradients(X, y)["W1"]
        >>> bool(np.allclose(numerical_gradients(net, X, y, "structured")["W1"], exact, atol=1e-8))
        True
    """
    methods: dict[str, Callable[[Network, Problem, float], Array]] = {"naive": _naive, "structured": _structured}
    h = check.number(h, "h", 0, open_below=True)
    if complex_step and method != "node":
        raise InputError(f'complex_step goes with method="node"; the method here is {method!r}.')
    if method != "node" and method not in methods:
        raise InputError(f"There is no method {method!r}. There are: naive, structured, node.")
    net = in_double(net)
    problem = readable.problem(net, X, y, sample_weight)
    if len(problem.t) > readable.BLOCK:
        raise InputError(f"Numerical gradients take up to {readable.BLOCK} rows, not {len(problem.t)}: pass a part.")
    gradient = _node(net, problem, h, complex_step) if method == "node" else methods[method](net, problem, h)
    return net.named(gradient + _penalty_differences(net, l2, l1, h))


def in_double(net: Network) -> Network:
    """The network itself if it is float64, else a float64 copy with the same parameters."""
    if net.dtype == np.float64:
        return net
    double = Network(net.layers, net.inputs, loss=net.loss_function, scaler=net.scaler)
    double.theta = net.theta
    return double


def _penalty_differences(net: Network, l2: float, l1: float, h: float) -> Array:
    """Central differences of the penalty, each parameter by itself: a sum of terms needs no more."""
    W, mask = net.theta, net.weight_mask
    up, down = W + h, W - h
    return mask * (l2 / 2 * (up * up - down * down) + l1 * (magnitude(up) - magnitude(down))) / (2 * h)


def _naive(net: Network, problem: Problem, h: float) -> Array:
    theta = net.theta.copy()
    gradient = np.empty_like(theta)
    for i, value in enumerate(net.theta):
        theta[i] = value + h
        up = readable.loss(net, theta, *problem)[0]
        theta[i] = value - h
        down = readable.loss(net, theta, *problem)[0]
        theta[i] = value
        gradient[i] = (up - down) / (2 * h)
    return gradient


class _Unrolled:
    """One forward pass, kept: the input and pre-activation of every Dense layer, and how to go on from one of them."""

    def __init__(self, net: Network, problem: Problem) -> None:
        self.net = net
        self.layers = [layer for layer in net.layers if isinstance(layer, Dense)]
        self.params = [params for params in net.unpack(net.theta) if params]
        self.share = np.full(len(problem.t), 1.0) if problem.w is None else problem.w
        self.share = self.share / readable.total_weight(len(problem.t), problem.w)
        self.t = problem.t
        self.a, self.z = [problem.inputs.batch(slice(None))], []
        for layer, (W, b) in zip(self.layers, self.params, strict=True):
            self.z.append(self.a[-1] @ W + b)
            self.a.append(layer.activation.value(self.z[-1]))

    def losses(self, k: int, z: Array, rows: Array) -> Array:
        """Losses (m,) where layer k has the pre-activations z (m, units) in these rows (m,) of the batch."""
        for layer, (W, b) in zip(self.layers[k:-1], self.params[k + 1 :], strict=True):
            z = layer.activation.value(z) @ W + b
        return self.net.loss_function.rows(z, self.layers[-1].activation.value(z), self.t[rows])

    def moved(self, k: int, units: Array, rows: Array, by: Array) -> Array:
        """Losses (m,): the i-th is that of row rows[i] where the z of its unit units[i] in layer k moves by by[i]."""
        if k == len(self.layers) - 1:
            z = self.z[k][rows].astype(np.result_type(by, np.float64), copy=False)
            z[np.arange(len(z)), units] += by
            return self.losses(k, z, rows)
        change = self.layers[k].activation.value(self.z[k][rows, units] + by) - self.a[k + 1][rows, units]
        passed_on = change[:, np.newaxis] * self.params[k + 1][0][units]  # a rank-one change of the next layer's z
        return self.losses(k + 1, self.z[k + 1][rows] + passed_on, rows)

    def slopes(self, k: int, units: Array, rows: Array, scale: Array, h: float, complex_step: bool = False) -> Array:
        """The derivatives (m,) of those rows' losses by a number that moves their z `scale` (m,) times as far."""
        width = self.params[min(k + 1, len(self.params) - 1)][0].shape[1]
        step = max(1, CHUNK // width)
        slopes = np.empty(len(rows))
        for begin in range(0, len(rows), step):
            part = slice(begin, begin + step)
            where = k, units[part], rows[part]
            if complex_step:
                slopes[part] = np.imag(self.moved(*where, 1e-30j * scale[part])) / 1e-30
            else:
                up, down = self.moved(*where, h * scale[part]), self.moved(*where, -h * scale[part])
                slopes[part] = (up - down) / (2 * h)
        return slopes


def _structured(net: Network, problem: Problem, h: float) -> Array:
    run = _Unrolled(net, problem)
    parts: list[Array] = []
    for k, (W, _) in enumerate(run.params):
        inputs = np.hstack([run.a[k], np.ones((len(run.t), 1))])  # a bias is a weight of the constant input 1
        rows, columns = np.nonzero(inputs)  # an input of zero passes no change on
        gradient = np.empty((inputs.shape[1], W.shape[1]))
        for j in range(W.shape[1]):
            slopes = run.slopes(k, np.full(len(rows), j), rows, inputs[rows, columns], h) * run.share[rows]
            gradient[:, j] = np.bincount(columns, slopes, minlength=len(gradient))
        parts += [gradient[:-1].ravel(), gradient[-1]]
    return np.concatenate(parts)


def _node(net: Network, problem: Problem, h: float, complex_step: bool) -> Array:
    run = _Unrolled(net, problem)
    parts: list[Array] = []
    for k, z in enumerate(run.z):
        rows, units = (index.ravel() for index in np.indices(z.shape))
        slopes = run.slopes(k, units, rows, np.ones(z.size), h, complex_step)
        delta = slopes.reshape(z.shape) * run.share[:, np.newaxis]
        parts += [(run.a[k].T @ delta).ravel(), delta.sum(axis=0)]
    return np.concatenate(parts)
