"""Layers are found among parameters, and a network is recognised by its losses: whichever way it is laid out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learners import Design, Learnt, Maker, learnt

from pellucid.checker.perceptron.backward import Backward
from pellucid.checker.perceptron.fitting import fit, targets
from pellucid.checker.perceptron.stack import role_of, stacks
from pellucid.checker.running.calling import Call
from pellucid.checker.running.containers import leaves, read
from pellucid.checker.running.learner import Learner


def recognised(net: Learnt, y: Any) -> Any:
    found = leaves(net.params)
    own = [read(net.params, leaf) for leaf in found]
    call = Call(net.loss, ("params",))
    learner = Learner(net.params, found, own, call, Call(net.gradients, ("params",)), None)
    moved = [p.astype(float) + 0.01 * np.random.default_rng(1).normal(size=p.shape) for p in own]
    return fit(learner, moved, [(net.X, y)]), moved


DESIGNS = [
    Design(layout=layout, container=container, output=output, hidden=hidden, widths=widths, mean=mean, l2=l2, log=log)
    for layout, container in (("rows", "dict"), ("turned", "pairs"), ("columns", "lists"), ("rows", "list"))
    for output, log, mean in (("softmax", "stable", True), ("sigmoid", "eps", False), ("identity", "plain", True))
    for hidden, widths, l2 in (("tanh", (3, 4, 2), 0.0), ("relu", (3, 3, 3, 3), 0.2), ("softplus", (2, 1), 0.1))
    if output != "softmax" or widths[-1] > 1
]


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_a_network_is_recognised_by_its_losses(design: Design) -> None:
    net = learnt(design)
    network, values = recognised(net, net.y)
    assert network is not None
    assert network.residual < 1e-9
    assert {record.name for record in network.hidden} <= {design.hidden}
    assert network.pair.output == design.output
    assert network.c == pytest.approx(1 / design.n if design.mean else 1.0)
    strengths = {network.strength(layer.weight) for layer in network.stack.layers}
    assert all(strength == pytest.approx(design.l2, abs=1e-7) for strength in strengths)
    assert all(network.strength(layer.bias) == 0 for layer in network.stack.layers)
    # And then its gradients are those of the learner's own backpropagation, in the learner's own layout.
    maker = Maker(design)
    Ws, bs = maker.open(maker.gradients(maker.contain(*maker.open_values(values))))
    right = Backward(network, values).right
    for layer, W, b in zip(network.stack.layers, Ws, bs, strict=True):
        np.testing.assert_allclose(right[layer.weight], W, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(right[layer.bias], b, rtol=1e-5, atol=1e-7)


def test_another_network_is_not_recognised() -> None:
    net = learnt(Design(output="identity"))
    odd = Learnt(lambda p: np.sin(net.loss(p)), net.gradients, net.params, net.forward, net.step, net.X, net.y)
    assert recognised(odd, net.y)[0] is None
    assert recognised(net, net.y[::-1])[0] is None


@pytest.mark.parametrize("role", ["W", "b", ""])
def test_names_tell_weights_from_biases(role: str) -> None:
    names = {
        "W": ["W1", "weights", "Theta2", "kernel", "Wxh", "w"],
        "b": ["b1", "biases", "bias_1", "B", "intercept_", "bh"],
        "": ["gamma", "q", "first"],
    }
    assert {role_of(leaf) for leaf in leaves({name: np.ones(2) for name in names[role]})} == {role}


def test_layouts() -> None:
    X = np.ones((7, 3))

    def layouts(params: Any, X: Any = X) -> list[tuple[Any, ...]]:
        first = [(made.columns, made.layers[0]) for made in stacks(leaves(params), X)]
        return [(columns, layer.turned, layer.ones, layer.bias) for columns, layer in first]

    assert layouts({"W": np.ones((3, 2)), "b": np.ones(2)})[0] == (False, False, "", 1)
    assert layouts({"W": np.ones((2, 3)), "b": np.ones((2, 1))}, X.T)[0] == (True, True, "", 1)
    assert layouts({"b": np.ones(2), "W": np.ones((3, 2))})[0] == (False, False, "", 0)
    assert layouts({"w": np.ones(3)}) == [(False, False, "", None)]
    assert (False, True, "first", None) in layouts({"Theta": np.ones((2, 4))})
    assert layouts({"W": np.ones((5, 2))}) == []
    assert layouts({"W": np.ones((3, 2, 2))}) == []
    # Two layers in an order that names put right.
    (made, *_) = stacks(leaves({"W2": np.ones((5, 2)), "W1": np.ones((3, 5))}), X)
    assert [layer.weight for layer in made.layers] == [1, 0]


@pytest.mark.parametrize(
    ("y", "K", "expected"),
    [
        ([0, 1, 2], 3, np.eye(3)),
        ([1, 2, 3], 3, np.eye(3)),
        ([[0], [1], [2]], 3, np.eye(3)),
        (np.eye(3), 3, np.eye(3)),
        ([0.5, 1.5, 2.5], 1, [[0.5], [1.5], [2.5]]),
        ([-1, 1, 1], 1, [[0], [1], [1]]),
        (np.arange(6).reshape(2, 3), 2, np.arange(6).reshape(2, 3).T),
    ],
)
def test_targets_from_whatever_y_is(y: Any, K: int, expected: Any) -> None:
    made = list(targets(np.asarray(y), np.ones((3, 2)), 3, K))
    assert any(np.array_equal(t, expected) for t in made)
    assert all(t.shape == (3, K) for t in made)


def test_an_autoencoder_has_its_inputs_for_targets() -> None:
    X = np.ones((3, 2))
    assert [t is X for t in targets(None, X, 3, 2)] == [True]
    assert list(targets(None, X, 3, 4)) == []
