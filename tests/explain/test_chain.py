"""The chain of operations: equations, traces and programs take their names from it."""

from __future__ import annotations

from pellucid import Dense, Dropout, Network
from pellucid.explain.chain import links_of


def test_every_operation_has_its_names_and_widths() -> None:
    layers = [Dropout(0.1), Dense(3, "tanh"), Dropout(0.0), Dropout(0.5), Dropout(0.2), Dense(1)]
    links = links_of(Network(layers, inputs=2))
    assert [(link.kind, link.number, link.takes, link.name, link.fan_in, link.width) for link in links] == [
        ("dropout", 1, "X", "d1", 2, 2),
        ("affine", 1, "d1", "z1", 2, 3),
        ("activation", 1, "z1", "a1", 3, 3),
        ("dropout", 3, "a1", "d3", 3, 3),
        ("dropout", 4, "d3", "d4", 3, 3),
        ("affine", 2, "d4", "z2", 3, 1),
        ("activation", 2, "z2", "a2", 1, 1),
    ]
    assert [link.gradient for link in links] == ["dd1", "delta1", "da1", "dd3", "dd4", "delta2", "da2"]
    assert [link.mask for link in links if link.kind == "dropout"] == ["m1", "m3", "m4"]
    assert [link.activation.name for link in links if link.activation] == ["tanh", "identity"]


def test_one_record_may_stand_for_several_layers() -> None:
    layer = Dense(2, "sigmoid")
    assert [link.name for link in links_of(Network([layer, layer], inputs=2))] == ["z1", "a1", "z2", "p"]


def test_the_names_are_those_of_equations_and_traces() -> None:
    layers = [Dropout(0.1), Dense(3, "tanh"), Dropout(0.5), Dense(4, "softmax")]
    net = Network(layers, inputs=2)
    step = net.trace([[0.5, -1.0], [2.0, 0.0]], [0, 3])
    links = links_of(net)
    assert {link.name for link in links} | {link.mask for link in links if link.kind == "dropout"} <= {*step._by_name}
    for link in links:
        assert step[link.name].shape == (2, link.width)
    assert [step[link.gradient].shape for link in links[1:-1]] == [(2, link.width) for link in links[1:-1]]
