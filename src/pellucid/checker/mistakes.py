"""Backpropagation through a network that was recognised, done right and done wrong in the ways that learners do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import ACTIVATIONS, Activation
from pellucid.checker.fitting import Fit
from pellucid.checker.forms import BINARY, CROSS, softmax

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Mistake:
    """One way to go wrong, and the gradients that it gives.

    Attributes:
        kind: as in the texts.
        layer: where it is made, from 0.
        gradients: of every parameter, by its index, in the learner's shapes; some may have another shape.
        values: what is put into the texts.
        cost: the smaller, the more usual; it decides between mistakes that explain equally much.
        part: "W" or "b", what of the layer is named.
    """

    kind: str
    layer: int
    gradients: dict[int, Array]
    values: dict[str, Any] = field(default_factory=dict)
    cost: float = 1.0
    part: str = "W"


class Backward:
    """Backpropagation at one point, taken apart so that every piece can be replaced.

    Args:
        fit: the network.
        values: its parameters, in float64.
    """

    def __init__(self, fit: Fit, values: Sequence[Array]) -> None:
        self.fit, self.values = fit, values
        self.shapes = [v.shape for v in values]
        with np.errstate(all="ignore"):
            self.z, self.a = fit.forward(values)
            self.matrices = [W for W, _ in fit.stack.matrices(values)]
            self.depth = len(self.matrices)
            self.slopes = [r.slope_at(z, a) for r, z, a in zip(fit.hidden, self.z[1:], self.a[1:], strict=False)]
            self.last = fit.c * fit.pair.delta(self.z[-1], fit.t)
            self.deltas = self.chain()
            self.right = self.assemble(self.deltas)

    def chain(
        self,
        last: Array | None = None,
        slopes: dict[int, Array] | None = None,
        through: dict[int, Array] | None = None,
    ) -> list[Array]:
        """The gradients at every layer's z, the first layer's first.

        Args:
            last: at the last layer, if it is to be another.
            slopes: derivatives of hidden layers that are to be others, by layer.
            through: what layer l + 1's delta becomes at the activations of layer l, by l; without the derivative.
        """
        delta = self.last if last is None else last
        made = [delta]
        for i in range(self.depth - 2, -1, -1):
            carried = delta @ self.matrices[i + 1].T if through is None or i not in through else through[i]
            slope = self.slopes[i] if slopes is None or i not in slopes else slopes[i]
            delta = carried * slope
            made.insert(0, delta)
        return made

    def assemble(
        self, deltas: Sequence[Array], inputs: dict[int, Array] | None = None, rows: slice | None = None
    ) -> dict[int, Array]:
        """The gradients of all parameters, penalties included, in the learner's shapes."""
        found: dict[int, Array] = {}
        rows = slice(None) if rows is None else rows
        for i, delta in enumerate(deltas):
            into = self.a[i] if inputs is None or i not in inputs else inputs[i]
            found |= self.fit.stack.back(i, into[rows].T @ delta[rows], delta[rows].sum(axis=0), self.shapes)
        return {which: g + self.fit.penalty(self.values[which], which) for which, g in found.items()}

    def only(self, layer: int, dW: Array | None = None, db: Array | None = None) -> dict[int, Array]:
        """Everything right but one layer's weights or biases."""
        delta = self.deltas[layer]
        W = self.a[layer].T @ delta if dW is None else dW
        b = delta.sum(axis=0) if db is None else db
        made = self.fit.stack.back(layer, W, b, self.shapes)
        return self.right | {which: g + self.fit.penalty(self.values[which], which) for which, g in made.items()}


def mistakes(back: Backward) -> Iterator[Mistake]:
    """Every mistake that can be tried on this network."""
    with np.errstate(all="ignore"):
        yield from _at_the_output(back)
        yield from _derivatives(back)
        yield from _chains(back)
        yield from _inputs(back)
        yield from _other_layers(back)
        yield from _few_samples(back)
        yield from _other_forward(back)


def _at_the_output(back: Backward) -> Iterator[Mistake]:
    fit, z, a, t = back.fit, back.z[-1], back.a[-1], back.fit.t
    top = back.depth - 1

    def made(kind: str, delta: Array, cost: float = 1.0, **values: Any) -> Mistake:
        return Mistake(kind, top, back.assemble(back.chain(last=fit.c * delta)), values, cost)

    name, at_a = fit.pair.output, fit.pair.by_output(z, t)
    classic = (name == "softmax" and fit.pair.error is CROSS) or (name == "sigmoid" and fit.pair.error is BINARY)
    if name == "softmax":
        wrong_axis = softmax(z, 1 - fit.pair.axis)
        if fit.pair.error is CROSS:
            yield made("softmax_wrong_axis", wrong_axis - t, 0.5, evidence="evidence_gradient")
            yield made("softmax_wrong_axis", a - t, 0.5)
        else:
            moved = 2 * (wrong_axis - t)
            yield made("softmax_wrong_axis", wrong_axis * (moved - (moved * wrong_axis).sum(1, keepdims=True)), 0.5)
        yield made("derivative_wrong", at_a * a * (1 - a), 1.0, activation="softmax", used="a(1-a)")
        yield made("derivative_extra", (a - t) * a * (1 - a), 1.0, activation="softmax")
    elif name != "identity":
        for kind, slope, used in slopes_mistaken(fit.pair.activation, z, a):
            yield made(kind, at_a * slope, 1.2, activation=name, used=used)
    if classic:
        yield made("derivative_extra", (a - t) * a * (1 - a), 1.0, activation=name)
    if name != "identity":
        yield made("derivative_left_out", at_a, 1.0, activation=name, layer=top + 1)
        yield made("derivative_left_out", (a - t) if classic else 2 * (a - t), 1.5, activation=name, layer=top + 1)
    yield made(
        "other_loss", 2 * (a - t) * (1 if name in ("identity", "softmax") else fit.pair.activation.slope_at(z, a)), 2
    )
    yield made("other_loss", a - t, 2.5)
    yield made("other_loss", np.sign(a - t), 3)
    slope = 1.0 if classic or name in ("identity", "softmax") else fit.pair.activation.slope_at(z, a)
    yield made("target_left_out", (1 if classic else 2) * a * slope, 2)
    if fit.outputs > 1 and fit.n == fit.outputs:
        yield made("broadcasting", a - t.T, 3)


def slopes_mistaken(record: Activation, z: Array, a: Array) -> Iterator[tuple[str, Array, str]]:
    """Wrong derivatives of an activation: the kind, the numbers, and what was used, in words."""
    right = record.slope_at(z, a)

    def worth(slope: Array) -> bool:
        return bool(np.isfinite(slope).all()) and not np.allclose(slope, right, rtol=1e-7, atol=1e-12)

    tried: list[tuple[str, Array, str]] = [("derivative_left_out", np.ones_like(right), "1")]
    if record.slope_takes_a:
        tried.append(("derivative_at_z", record.slope_at(z, z), FORMULAS.get(record.name, "f'").replace("a", "z")))
    tried.append(("derivative_at_a", record.slope_at(a, record.value(a)), f"{record.name}'(a)"))
    tried.append(("derivative_extra", right * right, "f'(z) f'(z)"))
    for name, slope in (
        ("1 - a", 1 - a),
        ("a", a),
        ("1 - a^2", 1 - a * a),
        ("a(1 - a)", a * (1 - a)),
        ("1 + a^2", 1 + a * a),
    ):
        tried.append(("derivative_wrong", slope, name))
    for name in ("1 - z", "z"):
        tried.append(("derivative_at_z", 1 - z if name == "1 - z" else z, name))
    for other in ("sigmoid", "tanh", "relu", "softplus", "leaky_relu"):
        made = ACTIVATIONS[other]
        tried.append(("derivative_wrong", made.slope_at(z, made.value(z)), f"{other}'(z)"))
        tried.append(("derivative_wrong", made.slope_at(z, a), f"{other}'"))
    seen: list[Array] = []
    for kind, slope, used in tried:
        if worth(slope) and not any(np.array_equal(slope, other) for other in seen):
            seen.append(slope)
            yield kind, slope, used


# How the derivative is written with a, so that it can be shown with z in its place.
FORMULAS = {"sigmoid": "a(1 - a)", "tanh": "1 - a^2", "exp": "a", "elu": "a + 1"}


def _derivatives(back: Backward) -> Iterator[Mistake]:
    """Hidden layers whose activation's derivative is wrong: one of them, or all."""
    per_layer: list[dict[tuple[str, str], Array]] = []
    for i in range(back.depth - 1):
        found = slopes_mistaken(back.fit.hidden[i], back.z[i + 1], back.a[i + 1])
        per_layer.append({(kind, used): slope for kind, slope, used in found})
    for i, options in enumerate(per_layer):
        for (kind, used), slope in options.items():
            values = {"activation": back.fit.hidden[i].name, "used": used, "layer": i + 1}
            cost = 2.0 if kind in ("derivative_wrong", "derivative_extra") else 1.0
            yield Mistake(kind, i, back.assemble(back.chain(slopes={i: slope})), values, cost)
    if len(per_layer) < 2:
        return
    top = len(per_layer) - 1
    for kind, used in per_layer[top]:
        same = {i: options[kind, used] for i, options in enumerate(per_layer) if (kind, used) in options}
        if len(same) > 1:
            values = {"activation": back.fit.hidden[top].name, "used": used, "layer": top + 1}
            cost = 2.1 if kind in ("derivative_wrong", "derivative_extra") else 1.1
            yield Mistake(kind, top, back.assemble(back.chain(slopes=same)), values, cost)


def _chains(back: Backward) -> Iterator[Mistake]:
    """The way down through the wrong weights: not transposed, another layer's, or none at all."""
    for i in range(back.depth - 1):
        delta, wanted = back.deltas[i + 1], back.a[i + 1].shape
        tried = [("W", delta @ W) for W in back.matrices if W.shape == (delta.shape[1], wanted[1])]
        tried += [
            ("other", delta @ W.T)
            for j, W in enumerate(back.matrices)
            if j != i + 1 and W.shape == (wanted[1], delta.shape[1])
        ]
        if delta.shape == wanted or delta.shape[1] == 1:
            tried.append(("none", np.broadcast_to(delta, wanted)))
        tried.append(("none", np.broadcast_to(delta.sum(axis=1, keepdims=True), wanted)))
        tried.append(
            ("output", np.broadcast_to(back.last, wanted)) if back.last.shape == wanted else ("none", tried[-1][1])
        )
        later = [j for j in range(i + 2, back.depth) if back.deltas[j].shape[1] == delta.shape[1]]
        tried += [("delta", back.deltas[j] @ back.matrices[i + 1].T) for j in later]
        for how, carried in tried:
            deltas = back.chain(through={i: carried})
            yield Mistake("wrong_chain", i, back.assemble(deltas), {"how": how, "layer": i + 1}, 1.5)


def _inputs(back: Backward) -> Iterator[Mistake]:
    """Weight gradients with z in the place of a, in one layer or in all."""
    inner = range(1, back.depth)
    for i in inner:
        yield Mistake("input_at_z", i, back.assemble(back.deltas, {i: back.z[i]}), {"layer": i + 1}, 1.0)
    if back.depth > 2:
        every = back.assemble(back.deltas, {i: back.z[i] for i in inner})
        yield Mistake("input_at_z", back.depth - 1, every, {"layer": back.depth}, 1.1)


def _other_layers(back: Backward) -> Iterator[Mistake]:
    """Weight and bias gradients put together from another layer's pieces; biases summed in another way."""
    for i in range(back.depth):
        wanted = back.matrices[i].shape
        for j, delta in enumerate(back.deltas):
            for k, a in enumerate(back.a):
                if (j, k) != (i, i) and (a.shape[1], delta.shape[1]) == wanted:
                    values = {"layer": i + 1, "delta": j + 1, "input": k}
                    evidence = "evidence_delta" if j != i else "evidence_input"
                    yield Mistake(
                        "other_parameter", i, back.only(i, dW=a.T @ delta), values | {"evidence": evidence}, 2.0
                    )
            if j != i and delta.shape[1] == wanted[1]:
                values = {"layer": i + 1, "delta": j + 1, "input": 0, "evidence": "evidence_delta"}
                yield Mistake("other_parameter", i, back.only(i, db=delta.sum(axis=0)), values, 2.0, "b")
        if back.fit.n == wanted[1]:
            summed = back.only(i, db=back.deltas[i].sum(axis=1))
            yield Mistake("bias_wrong_axis", i, summed, {"evidence": "evidence_axis"}, 1.0, "b")
        for row in (0, -1):
            one = back.only(i, db=back.deltas[i][row])
            if back.fit.n > 1:
                yield Mistake("bias_wrong_axis", i, one, {"evidence": "evidence_row"}, 2.0, "b")
    if all(W.shape[1] == back.fit.n for W in back.matrices):
        made = back.assemble(back.deltas)
        for i, delta in enumerate(back.deltas):
            made |= {w: g for w, g in back.only(i, db=delta.sum(axis=1)).items() if w == back.fit.stack.layers[i].bias}
        yield Mistake("bias_wrong_axis", 0, made, {"evidence": "evidence_axis"}, 1.1, "b")


def _few_samples(back: Backward) -> Iterator[Mistake]:
    """A loop over samples that keeps only the last one's gradient."""
    if back.fit.n < 2:
        return
    for row, which in ((back.fit.n - 1, "last"), (0, "first")):
        some = slice(row, row + 1)
        for factor in (1.0, float(back.fit.n)):
            made = back.assemble([factor * delta for delta in back.deltas], rows=some)
            yield Mistake("one_sample", back.depth - 1, made, {"which": which, "n": back.fit.n}, 1.5)


def _other_forward(back: Backward) -> Iterator[Mistake]:
    """Gradients of a network with another hidden activation than the loss has, or with none."""
    if back.depth < 2:
        return
    for name in ("sigmoid", "tanh", "relu", "identity"):
        record = ACTIVATIONS[name]
        if any(record is not own for own in back.fit.hidden):
            other = Backward(replace(back.fit, hidden=(record,) * (back.depth - 1)), back.values)
            values = {"activation": back.fit.hidden[0].name, "used": name, "layer": 1, "evidence": "evidence_forward"}
            yield Mistake("derivative_wrong", back.depth - 1, other.right, values, 3.0)
