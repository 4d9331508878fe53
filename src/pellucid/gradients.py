"""Numerical gradients: what backpropagation must agree with, found by changing numbers and looking at the loss.

Three methods, told apart by what they assume and what they cost (784-50-10 network, 39,760 parameters, n rows):

* naive: nothing is assumed. Each parameter is moved up and down by h: two forward passes a parameter, 79,520 in all.
* structured: the same differences. But a weight moves one column of one pre-activation by a known amount, h times its
  input, and reaches the rest through a rank-one change: two passes through what lies above, only for rows whose input
  is not zero, and once for equal inputs of a row. A bias is a weight whose input is 1.
* node: each pre-activation is moved instead, in all rows at once, for rows do not touch each other: two passes a
  *unit*, 120 in all. Its differences, times the inputs, are the weights' gradients: one link of the chain rule is used.

Measured with 100 handwritten digits, one naive gradient takes as long as about 300 structured ones, 9,000 by node and
24,000 by backpropagation. docs/numerical-gradients.md has the counts behind it, and says when to use which.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid import engines
from pellucid import inputs as check
from pellucid.activations import IDENTITY, Activation, magnitude
from pellucid.engines import readable, threads
from pellucid.engines.readable import Problem
from pellucid.errors import InputError
from pellucid.layers import Dense
from pellucid.network import Network

Array = npt.NDArray[Any]
CHUNK = 2**16  # numbers that one array of perturbed rows has: 512 KiB in float64, so that a few stay in the cache
LARGEST = 2**22  # numbers that an array of slopes may have: 32 MiB
WORTH_THREADS = 2**15  # slopes of one layer, from which on several threads are faster than one
LOOKED_AT = 8  # rows in which the complex step is held against differences


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
    engine: str = "readable",
) -> dict[str, Array]:
    """The gradient of `net.loss` with these arguments by differences, float64, under the names of `net.gradients`.

    Args:
        net: the network; a float32 one is differentiated in float64, at its own parameters.
        X, y, l2, l1, sample_weight: as in `net.loss`; features (n, inputs).
        method: "naive", "structured" or "node"; see above.
        h: how far each number is moved; central differences are wrong by about h^2.
        complex_step: for "node", move along the imaginary axis by 1e-30 instead: no difference of nearly equal
            numbers is taken, so it is exact to rounding wherever the formulas are smooth, kinks of relu included if no
            z is exactly 0. Rounding is that of the rows' shares: an entry in which large ones cancel, such as 1e-8
            left of 1e-2, is off by more of itself (1e-11), as it is in backpropagation.

        engine: "compiled" lets "structured" compute the losses in machine code (extra `fast`), several times faster;
            "auto" does so where that is installed. The other methods are NumPy's always.

    Returns:
        An array for each parameter, of its shape: {"W1": (fan_in, units), "b1": (units,), ...}.

    Raises:
        InputError: X or y do not fit, the method is unknown, or complex_step is asked of another method than "node", or
            of a formula that does not take complex numbers as it does real ones.

    Source: Nocedal and Wright, Numerical Optimization (2006), section 8.1; Squire and Trapp, SIAM Review 40 (1998)
        for the complex step.

    Example:
        >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> X, y = [[0.5, -1.0], [2.0, 0.0]], [0, 1]
        >>> exact = net.gradients(X, y)["W1"]
        >>> bool(np.allclose(numerical_gradients(net, X, y, "structured")["W1"], exact, atol=1e-8))
        True
    """
    engines.check(engine)
    structured = partial(_structured, compiled=engine == "compiled" or (engine == "auto" and engines.installed()))
    methods: dict[str, Callable[[Network, Problem, float], Array]] = {"naive": _naive, "structured": structured}
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
    return net.named(gradient + _penalty_differences(net, l2, l1, h) if l2 or l1 else gradient)


def in_double(net: Network) -> Network:
    """The network as it is differentiated.

    Args:
        net: any network.

    Returns:
        Itself if it is float64, else a float64 copy with the same parameters.
    """
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
    """One forward pass, kept: the input and pre-activation of every Dense layer, and how to go on from one of them.

    Rows stand side by side, (units, n): a sum over the few outputs of a row is then one over long lines of numbers,
    which NumPy does several times faster. Formulas see the transpose, (n, units), as everywhere.
    """

    def __init__(self, net: Network, problem: Problem, compiled: bool = False) -> None:
        self.net, self.compiled = net, None
        if compiled:
            from pellucid.engines.compiled.moved import Moved

            self.compiled = Moved(net)
        self.layers = [layer for layer in net.layers if isinstance(layer, Dense)]
        self.params = [params for params in net.unpack(net.theta) if params]
        self.share = np.full(len(problem.t), 1.0) if problem.w is None else problem.w
        self.share = self.share / readable.total_weight(len(problem.t), problem.w)
        self.t = np.ascontiguousarray(problem.t.T)
        a = problem.inputs.batch(slice(None))
        self.a, self.z = [np.ascontiguousarray(a.T)], []
        for layer, (W, b) in zip(self.layers, self.params, strict=True):
            z = a @ W + b
            a = layer.activation.value(z)
            self.z.append(np.ascontiguousarray(z.T))
            self.a.append(np.ascontiguousarray(a.T))

    def place(self, k: int, units: slice, rows: Array) -> _Place:
        """What the losses of these rows (m,) need if units of layer k are moved."""
        z, t = (np.take(array, rows, axis=1) for array in (self.z[k][units], self.t))
        # Nothing above but the loss, or outputs that depend on each other: the change reaches this layer's z itself.
        if k == len(self.layers) - 1 or self.layers[k].activation.pull is not None:
            return _Place(k, IDENTITY, z, z, np.eye(len(self.z[k]))[units], np.take(self.z[k], rows, axis=1), t)
        a, above = (np.take(array, rows, axis=1) for array in (self.a[k + 1][units], self.z[k + 1]))
        return _Place(k + 1, self.layers[k].activation, z, a, self.params[k + 1][0][units], above, t)

    def moved(self, place: _Place, units: slice, by: Array) -> Array:
        """Losses (units, m) where the z of one unit after the other moves by `by` (m,)."""
        change = place.activation.value(place.z[units] + by) - place.a[units]
        if self.compiled is not None and place.above_k == len(self.layers) - 1 and change.dtype == np.float64:
            return self.compiled(place.above, place.passed_on[units], change, place.t)
        z = place.passed_on[units].T[:, :, np.newaxis] * change  # what is passed on is a rank-one change
        z += place.above[:, np.newaxis]
        t = np.broadcast_to(place.t[:, np.newaxis], (len(place.t), *change.shape))
        return self.losses(place.above_k, z.reshape(len(z), -1).T, t.reshape(len(t), -1).T).reshape(change.shape)

    def losses(self, k: int, z: Array, t: Array) -> Array:
        """Losses (m,) of rows where layer k has the pre-activations z (m, units) and the targets are t (m, outputs)."""
        for layer, (W, b) in zip(self.layers[k:-1], self.params[k + 1 :], strict=True):
            z = (W.T @ layer.activation.value(z).T).T + b
        loss = self.net.loss_function
        return loss.rows(z, z if loss.from_logits else self.layers[-1].activation.value(z), t)

    def slopes(self, k: int, units: slice, rows: Array, scale: Array, h: float, complex_step: bool = False) -> Array:
        """The derivatives (units, m) of rows' losses, by what moves their z in layer k `scale` (m,) times as far."""
        width = len(self.z[min(k + 1, len(self.z) - 1)])
        step = max(1, CHUNK // width)
        slopes = np.empty((units.stop - units.start, len(rows)))
        for begin in range(0, len(rows), step):
            part = slice(begin, begin + step)
            place, by = self.place(k, units, rows[part]), scale[part]
            at_once = max(1, step // len(by))
            for first in range(0, len(slopes), at_once):
                some = slice(first, first + at_once)
                if complex_step:
                    slopes[some, part] = np.imag(self.moved(place, some, 1e-30j * by)) / 1e-30
                else:
                    up, down = self.moved(place, some, h * by), self.moved(place, some, -h * by)
                    slopes[some, part] = (up - down) / (2 * h)
        return slopes


class _Place(NamedTuple):
    """Some rows, m of them, below the layer that a change reaches.

    Attributes:
        above_k: index of that layer.
        activation: through which the change goes on to it.
        z, a: of the units that are moved, (units, m).
        passed_on: weights (units, width) from each of them to the z of the layer above.
        above: that z, (width, m).
        t: targets (outputs, m).
    """

    above_k: int
    activation: Activation
    z: Array
    a: Array
    passed_on: Array
    above: Array
    t: Array


def _structured(net: Network, problem: Problem, h: float, compiled: bool = False) -> Array:
    run = _Unrolled(net, problem, compiled)
    return np.concatenate([_by_weight(run, k, h).ravel() for k in range(len(run.layers))])


def _by_weight(run: _Unrolled, k: int, h: float) -> Array:
    """Gradient (fan_in + 1, units) by the weights of a layer and, in the last row, its biases."""
    inputs = np.vstack([run.a[k], np.ones((1, len(run.share)))])  # a bias is a weight of the constant input 1
    columns, rows = np.nonzero(inputs)  # an input of zero passes no change on
    # Equal inputs of a row pass on equal changes: each pair of row and input, as a complex number, is looked at once.
    pairs = np.empty(len(rows), dtype=np.complex128)
    pairs.real, pairs.imag = rows, inputs[columns, rows]
    pairs, which = np.unique(pairs, return_inverse=True)
    rows, scale = pairs.real.astype(np.intp), pairs.imag.copy()
    gradient = np.empty((len(inputs), len(run.z[k])))

    def measure(units: slice) -> None:
        slopes = run.slopes(k, units, rows, scale, h) * run.share[rows]
        for j, of_unit in enumerate(slopes, units.start):
            gradient[:, j] = np.bincount(columns, of_unit[which], minlength=len(inputs))

    _side_by_side(measure, gradient.shape[1], len(rows))
    return gradient


def _side_by_side(measure: Callable[[slice], None], units: int, m: int) -> None:
    """Measure a few units at a time, on all processors where it is worth it: NumPy lets threads compute at once."""
    at_a_time = max(1, min(8, LARGEST // m))
    groups = [slice(first, min(first + at_a_time, units)) for first in range(0, units, at_a_time)]
    if units * m < WORTH_THREADS:
        for group in groups:
            measure(group)
        return
    with ThreadPoolExecutor(threads.allowed()) as pool:
        try:
            # Each with a copy of the caller's context, where np.errstate keeps what a warning is.
            for done in [pool.submit(copy_context().run, measure, group) for group in groups]:
                done.result()
        except BaseException:  # an interrupt, too
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _node(net: Network, problem: Problem, h: float, complex_step: bool) -> Array:
    run = _Unrolled(net, problem)
    rows = np.arange(len(run.share))
    parts: list[Array] = []
    for k, z in enumerate(run.z):
        slopes = run.slopes(k, slice(0, len(z)), rows, np.ones(len(rows)), h, complex_step)
        if complex_step:
            _refuse_blind(run, k, slopes)
        delta = slopes * run.share
        parts += [(run.a[k] @ delta.T).ravel(), delta.sum(axis=1)]
    return np.concatenate(parts)


def _refuse_blind(run: _Unrolled, k: int, slopes: Array) -> None:
    """Hold slopes (units, n) by the complex step against differences in a few rows, where those of both sides agree.

    Raises:
        InputError: they differ: a formula loses the imaginary part on its way.
    """
    h, n = 1e-6, slopes.shape[1]
    rows = np.unique(np.linspace(0, n - 1, min(n, LOOKED_AT)).astype(np.intp))
    units, by = slice(0, len(slopes)), np.full(len(rows), h)
    place = run.place(k, units, rows)
    here, up, down = (run.moved(place, units, change) for change in (0 * by, by, -by))
    forward, backward, slopes = (up - here) / h, (here - down) / h, slopes[:, rows]
    # What their size and the rounding of the losses leave open.
    size = max(float(np.abs(part).max()) for part in (forward, backward, slopes, 1e-6 * here))
    smooth = np.abs(forward - backward) <= 1e-4 * size
    wrong = smooth & ~(np.abs((forward + backward) / 2 - slopes) <= 1e-3 * size)
    if wrong.any():
        j, i = np.argwhere(wrong)[0]
        raise InputError(
            f"complex_step finds the slope {slopes[j, i]:.4g} in row {rows[i]} at unit {j} of layer {k + 1}, where the "
            f"loss has {forward[j, i]:.4g}: a formula from there on loses the imaginary part. np.abs, np.maximum and "
            "comparisons are to look at the real part, z.real; or leave complex_step out."
        )
