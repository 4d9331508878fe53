"""Networks as learners write them, in plain NumPy, with a switch for every mistake. Nothing of pellucid is in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Design:
    """How somebody builds a network.

    Attributes:
        widths: features, hidden units, outputs.
        n: samples.
        hidden: "sigmoid", "tanh", "relu" or "softplus".
        output: "softmax" with cross-entropy, "sigmoid" with binary cross-entropy, or "identity" with squared error.
        layout: "rows" (a @ W + b), "turned" (a @ W.T + b) or "columns" (W @ a + b, b of shape (units, 1)).
        container: "dict", "list", "pairs" (a list of (W, b)) or "lists" (a dict of two lists).
        mean: whether the loss is a mean over samples, or a sum.
        half: whether squared errors are halved.
        l2: strength of the penalty l2/2 sum W^2.
        dtype: of parameters and X.
        log: how probabilities go into the loss: "plain", "eps" or "stable".
        features, weights: typical sizes.
        seed: decides all numbers.
    """

    widths: tuple[int, ...] = (3, 4, 2)
    n: int = 12
    hidden: str = "tanh"
    output: str = "softmax"
    layout: str = "rows"
    container: str = "dict"
    mean: bool = True
    half: bool = False
    l2: float = 0.0
    dtype: str = "float64"
    log: str = "plain"
    features: float = 1.0
    weights: float = 1.0
    seed: int = 0

    @property
    def depth(self) -> int:
        return len(self.widths) - 1


@dataclass
class Learnt:
    """What a learner hands in, and what is wrong with it.

    Attributes:
        loss, gradients, params, forward, step, X, y: as check_my_network takes them.
        kinds: what the mistake may be called; empty for a right network.
        culprits: names of the parameters (or functions) where it may be said to be.
    """

    loss: Callable[..., Any]
    gradients: Callable[..., Any]
    params: Any
    forward: Callable[..., Any]
    step: Callable[..., Any]
    X: Array
    y: Array
    kinds: tuple[str, ...] = ()
    culprits: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def activate(name: str, z: Array) -> Array:
    if name == "sigmoid":
        return 1 / (1 + np.exp(-z))
    if name == "tanh":
        return np.tanh(z)
    if name == "relu":
        return np.maximum(z, 0)
    if name == "softplus":
        return np.log(1 + np.exp(z))
    return z


def derivative(name: str, z: Array, a: Array, slip: str) -> Array:
    """f'(z), or what somebody takes for it."""
    if slip == "derivative_left_out":
        return np.ones_like(z)
    if slip == "derivative_at_z":
        a = z
    if slip == "derivative_at_a":
        if name == "sigmoid":
            return activate("sigmoid", a) * (1 - activate("sigmoid", a))
        if name == "tanh":
            return 1 - np.tanh(a) ** 2
        z = a
    if slip == "derivative_wrong":
        return 1 - a if name == "tanh" else a
    if name == "sigmoid":
        return a * (1 - a)
    if name == "tanh":
        return 1 - a**2
    if name == "relu":
        return (z > 0).astype(z.dtype)
    return 1 / (1 + np.exp(-z))


def softmax(z: Array, axis: int) -> Array:
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


class Maker:
    """Builds one network with at most one mistake.

    Args:
        design: how.
        slip: which mistake; "" for none.
        at: the layer where it is made, from 0; None for everywhere.
        what: "W" or "b", where the mistake is made in a single parameter.
    """

    def __init__(self, design: Design, slip: str = "", at: int | None = None, what: str = "") -> None:
        self.design, self.slip, self.at, self.what = design, slip, at, what
        self.rng = np.random.default_rng(design.seed)
        self.columns = design.layout == "columns"
        self.X, self.y, self.t = self.data()
        self.params = self.contain(*self.weights())
        self.first = [np.array(W) for W in self.open(self.params)[0]]
        self.noise = np.random.default_rng(design.seed + 1)
        self.total: list[Any] = []

    # What is learnt from

    def data(self) -> tuple[Array, Array, Array]:
        d, n, K = self.design.widths[0], self.design.n, self.design.widths[-1]
        X = (self.design.features * self.rng.normal(size=(n, d))).astype(self.design.dtype)
        if self.design.output == "softmax":
            y = self.rng.integers(0, K, n)
            y[:K] = np.arange(K)[: len(y[:K])]
            t = np.eye(K)[y]
        elif self.design.output == "sigmoid":
            t = self.rng.integers(0, 2, (n, K)).astype(float)
            y = t
        else:
            t = self.rng.normal(size=(n, K))
            y = t
        t = t.astype(self.design.dtype)
        if self.columns:
            return X.T.copy(), (y if y.ndim == 1 else y.T.copy()), t.T.copy()
        return X, y, t

    def weights(self) -> tuple[list[Array], list[Array]]:
        Ws, bs = [], []
        for into, out in zip(self.design.widths, self.design.widths[1:], strict=False):
            W = self.rng.normal(size=(into, out)) * self.design.weights * np.sqrt(1.5 / into)
            b = 0.3 * self.design.weights * self.rng.normal(size=out)
            Ws.append((W if self.design.layout == "rows" else W.T.copy()).astype(self.design.dtype))
            bs.append((b.reshape(-1, 1) if self.columns else b).astype(self.design.dtype))
        return Ws, bs

    def contain(self, Ws: list[Any], bs: list[Any]) -> Any:
        kind = self.design.container
        if kind == "dict":
            return {
                k: v for i, (W, b) in enumerate(zip(Ws, bs, strict=True), 1) for k, v in ((f"W{i}", W), (f"b{i}", b))
            }
        if kind == "list":
            return [v for pair in zip(Ws, bs, strict=True) for v in pair]
        if kind == "pairs":
            return list(zip(Ws, bs, strict=True))
        return {"weights": Ws, "biases": bs}

    def open(self, params: Any) -> tuple[list[Any], list[Any]]:
        kind = self.design.container
        if kind == "dict":
            return [params[f"W{i + 1}"] for i in range(self.design.depth)], [
                params[f"b{i + 1}"] for i in range(self.design.depth)
            ]
        if kind == "list":
            return list(params[0::2]), list(params[1::2])
        if kind == "pairs":
            return [W for W, _ in params], [b for _, b in params]
        return params["weights"], params["biases"]

    def open_values(self, values: list[Array]) -> tuple[list[Array], list[Array]]:
        """W's and b's of arrays in the container's order."""
        if self.design.container == "lists":
            return values[: self.design.depth], values[self.design.depth :]
        return values[0::2], values[1::2]

    def name(self, what: str, layer: int) -> str:
        kind = self.design.container
        if kind == "dict":
            return f"{what}{layer + 1}"
        if kind == "list":
            return f"params[{2 * layer + (what == 'b')}]"
        if kind == "pairs":
            return f"params[{layer}][{int(what == 'b')}]"
        return f"{'weights' if what == 'W' else 'biases'}[{layer}]"

    # Forward

    def linear(self, a: Array, W: Array, b: Array) -> Array:
        if self.design.layout == "rows":
            return a @ W + b
        if self.design.layout == "turned":
            return a @ W.T + b
        return W @ a + b

    @property
    def outputs_axis(self) -> int:
        return 0 if self.columns else 1

    def passes(self, params: Any, gradients: bool = False) -> tuple[list[Array], list[Array]]:
        Ws, bs = self.open(params)
        a, zs, activations = self.X, [self.X], [self.X]
        for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
            if self.slip == "not_reaching_loss" and i == self.at:
                # Somebody uses the initial weights again, or leaves the bias out.
                W, b = (self.first[i], b) if self.what == "W" else (W, 0.0)
            z = self.linear(a, W, b)
            if i < len(Ws) - 1:
                a = activate(self.design.hidden, z)
                if self.slip == "random_loss":
                    a = a * (self.noise.random(a.shape) < 0.7)
            else:
                a = self.answer(z, gradients)
            zs.append(z)
            activations.append(a)
        return zs, activations

    def answer(self, z: Array, gradients: bool) -> Array:
        if self.design.output == "softmax":
            axis = self.outputs_axis
            if self.slip == "softmax_wrong_axis" and (self.at is None or gradients):
                axis = 1 - axis
            if self.slip == "overflow":
                return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)
            return softmax(z, axis)
        return activate(self.design.output, z)

    # Loss

    def loss(self, params: Any) -> Any:
        zs, activations = self.passes(params)
        value = self.data_loss(zs[-1], activations[-1])
        if self.design.l2 and self.slip != "penalty_not_in_loss":
            value = value + self.design.l2 / 2 * sum((W**2).sum() for W in self.open(params)[0])
        return value

    def data_loss(self, z: Array, a: Array) -> Any:
        t, many = self.t, self.design.n if self.design.mean else 1
        if self.design.output == "identity":
            if self.slip == "broadcasting":
                gap = a.reshape(-1, 1) - t.reshape(-1)
                return (gap**2).mean() if self.design.mean else (gap**2).sum()
            return (0.5 if self.design.half else 1.0) * ((a - t) ** 2).sum() / many
        eps = 1e-9 if self.design.log == "eps" else 0.0
        if self.design.output == "softmax":
            if self.design.log == "stable" and self.slip != "softmax_wrong_axis":
                axis = self.outputs_axis
                shifted = z - z.max(axis=axis, keepdims=True)
                return -(t * (shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))).sum() / many
            return -(t * np.log(a + eps)).sum() / many
        if self.design.log == "stable":
            return (np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))).sum() / many
        return -(t * np.log(a + eps) + (1 - t) * np.log(1 - a + eps)).sum() / many

    # Backward

    def first_delta(self, z: Array, a: Array) -> Array:
        n = self.design.n if self.design.mean else 1
        if self.slip == "missing_1_over_n" and not self.what:
            n = 1
        if self.slip == "extra_1_over_n" and not self.what:
            n = self.design.n * n
        factor = 2.0 if self.design.output == "identity" and not self.design.half else 1.0
        factor *= (
            {"factor_2": 2.0, "factor_half": 0.5, "constant_factor": 3.7}.get(self.slip, 1.0) if not self.what else 1.0
        )
        delta = factor * (a - self.t) / n
        if self.slip == "wrong_sign" and not self.what:
            delta = factor * (self.t - a) / n
        if self.slip == "target_left_out":
            delta = factor * a / n
        if self.slip == "derivative_extra":
            delta = delta * a * (1 - a)
        return delta

    def gradients(self, params: Any) -> Any:
        Ws, bs = self.open(params)
        zs, activations = self.passes(params, gradients=True)
        delta = self.first_delta(zs[-1], activations[-1])
        dWs, dbs, deltas = [None] * len(Ws), [None] * len(Ws), [delta] * len(Ws)
        for i in range(len(Ws) - 1, -1, -1):
            deltas[i] = delta
            dWs[i], dbs[i] = self.of_layer(i, delta, zs, activations, Ws, bs)
            if i:
                here = self.at is None or self.at == i - 1
                delta = self.back(i, delta, Ws) * derivative(
                    self.design.hidden, zs[i], activations[i], self.slip if here else ""
                )
        self.afterwards(Ws, bs, dWs, dbs, deltas, activations)
        return self.handed_over(dWs, dbs, params)

    def back(self, i: int, delta: Array, Ws: list[Array]) -> Array:
        wrong = self.slip == "wrong_chain" and (self.at is None or self.at == i - 1)
        W = Ws[i]
        if wrong and W.shape[0] == W.shape[1]:
            W = W.T
        elif wrong:  # nothing but a sum over the outputs, for every unit below
            below = W.shape[0] if self.design.layout == "rows" else W.shape[1]
            shape = (below, self.design.n) if self.columns else (self.design.n, below)
            return np.broadcast_to(delta.sum(axis=self.outputs_axis, keepdims=True), shape)
        if self.design.layout == "rows":
            return delta @ W.T
        return delta @ W if self.design.layout == "turned" else W.T @ delta

    def product(self, a: Array, delta: Array) -> Array:
        if self.design.layout == "rows":
            return a.T @ delta
        return delta.T @ a if self.design.layout == "turned" else delta @ a.T

    def of_layer(
        self, i: int, delta: Array, zs: list[Array], activations: list[Array], Ws: list[Array], bs: list[Array]
    ) -> tuple[Any, Any]:
        here = self.at is None or self.at == i
        into = zs[i] if self.slip == "input_at_z" and here and i else activations[i]
        if self.slip == "one_sample":
            into, delta = (into[:, -1:], delta[:, -1:]) if self.columns else (into[-1:], delta[-1:])
        dW = self.product(into, delta)
        over = 1 if self.columns else 0
        db = delta.sum(axis=over, keepdims=self.columns)
        if self.slip == "bias_wrong_axis" and here:
            db = {
                "axis": lambda: delta.sum(axis=1 - over),
                "keep": lambda: delta.sum(axis=1 - over, keepdims=True),
                "total": lambda: delta.sum(),
                "full": lambda: np.full_like(bs[i], delta.sum()),
                "row": lambda: delta[:, :1] if self.columns else delta[0],
            }[self.what]()
        l2 = self.design.l2
        if here:
            if self.slip == "penalty_forgotten":
                l2 = 0.0
            elif self.slip == "penalty_doubled":
                l2 = 2 * l2
            elif self.slip == "penalty_divided_by_n":
                l2 = l2 / self.design.n
            elif self.slip == "penalty_on_biases":
                db = db + l2 * bs[i]
        dW = dW + l2 * Ws[i] if l2 else dW
        if here and self.what and self.slip in FACTORS:
            n = self.design.n
            factor = {"missing_1_over_n": n, "extra_1_over_n": 1 / n}.get(self.slip, FACTORS[self.slip])
            dW, db = (dW * factor, db) if self.what == "W" else (dW, db * factor)
        return dW, db

    def afterwards(
        self,
        Ws: list[Any],
        bs: list[Any],
        dWs: list[Any],
        dbs: list[Any],
        deltas: list[Array],
        activations: list[Array],
    ) -> None:
        """Mistakes that are made with gradients that were right."""
        i = self.at or 0
        if self.slip == "transposed":
            dWs[i] = dWs[i].T
        elif self.slip == "zero_gradient":
            (dWs if self.what == "W" else dbs)[i] = np.zeros_like((Ws if self.what == "W" else bs)[i])
        elif self.slip == "not_a_number":
            (dWs if self.what == "W" else dbs)[i] = (dWs if self.what == "W" else dbs)[i] / np.zeros(1)
        elif self.slip == "wrong_shape":
            dWs[i] = dWs[i][:, :1] if dWs[i].shape[1] > 1 else np.hstack([dWs[i], dWs[i]])
        elif self.slip == "other_parameter" and self.what == "swap":
            dWs[1], dWs[2] = dWs[2], dWs[1]
        elif self.slip == "other_parameter" and self.what == "delta":
            dWs[1] = self.product(activations[1], deltas[2]) + self.design.l2 * Ws[1]
        elif self.slip == "other_parameter" and self.what == "bias":
            dbs[1] = dbs[2]
        elif self.slip == "changed_in_place":
            for p, g in zip([*Ws, *bs], [*dWs, *dbs], strict=True):
                if self.what == "update":
                    p -= 0.1 * g
            if self.what == "y":
                self.t -= 0.1 * activations[-1]
            elif self.what == "W":
                Ws[i] *= 0.9

    def handed_over(self, dWs: list[Any], dbs: list[Any], params: Any) -> Any:
        i = self.at or 0
        if self.slip == "missing_gradient":
            (dWs if self.what == "W" else dbs)[i] = None
        made = self.contain(dWs, dbs)
        if self.slip == "other_parameter" and self.what == "reversed":
            return made[::-1]
        if self.slip == "missing_gradient" and self.design.container == "dict":
            made = {key: value for key, value in made.items() if value is not None}
        if self.slip == "accumulated":
            if not self.total:
                self.total = [[np.zeros_like(g) for g in dWs], [np.zeros_like(g) for g in dbs]]
            for all_of, new in zip(self.total, (dWs, dbs), strict=True):
                for sum_, g in zip(all_of, new, strict=True):
                    sum_ += g
            return self.contain(*self.total)
        return made

    # Update

    def forward(self, params: Any, X: Array) -> Array:
        made = self.passes(params)[1][-1]
        if self.slip == "outputs_wrong_shape":
            return made.sum(axis=1 if self.columns else 0)
        return made

    def step(self, params: Any, gradients: Any) -> Any:
        Ws, bs = self.open(params)
        dWs, dbs = self.open(gradients)
        rate = 0.05
        if self.slip == "step_changes_nothing":
            for p, g in zip([*Ws, *bs], [*dWs, *dbs], strict=True):
                p = p - rate * g
            return params
        if self.slip == "step_uphill":
            rate = -rate
        if self.slip == "update_twice":
            for p, g in zip([*Ws, *bs], [*dWs, *dbs], strict=True):
                p -= rate * g
            if self.what == "loop":
                for p, g in zip([*Ws, *bs], [*dWs, *dbs], strict=True):
                    p -= rate * g
                return None
        if self.what == "in place":
            for p, g in zip([*Ws, *bs], [*dWs, *dbs], strict=True):
                p -= rate * g
            return None
        return self.contain(
            [W - rate * g for W, g in zip(Ws, dWs, strict=True)], [b - rate * g for b, g in zip(bs, dbs, strict=True)]
        )


FACTORS = {
    "missing_1_over_n": 0.0,
    "extra_1_over_n": 0.0,
    "factor_2": 2.0,
    "factor_half": 0.5,
    "wrong_sign": -1.0,
    "constant_factor": 3.7,
}


def learnt(
    design: Design, slip: str = "", at: int | None = None, what: str = "", kinds: tuple[str, ...] = ()
) -> Learnt:
    """A network with at most one mistake, as plain functions that carry their data along."""
    made = Maker(design, slip, at, what)
    X, y = made.X, made.y

    def loss(params: Any) -> Any:
        return made.loss(params)

    def gradients(params: Any) -> Any:
        return made.gradients(params)

    def forward(params: Any, X: Array) -> Any:
        return made.forward(params, X)

    def step(params: Any, gradients: Any) -> Any:
        return made.step(params, gradients)

    if slip == "aliased":
        Ws, bs = made.open(made.params)
        bs[1] = bs[0]
        made.params = made.contain(Ws, bs)
    Ws, bs = made.open(made.params)
    extra = {"design": design, "arrays": [*Ws, *bs, X, y]}
    return Learnt(loss, gradients, made.params, forward, step, X, y, kinds or ((slip,) if slip else ()), extra=extra)
