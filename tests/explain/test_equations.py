"""Equations are true: read back from all three ways of writing and computed, they give the engine's own numbers."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy import special

import equation_reader as reader
from pellucid.activations import ACTIVATIONS, Activation, magnitude, sigmoid
from pellucid.data import Standardizer
from pellucid.engines import readable
from pellucid.errors import InputError
from pellucid.explain.equations import Equation, equations, equations_of
from pellucid.jobs import clipped
from pellucid.layers import Dense, Dropout
from pellucid.losses import LOSSES, Loss, huber
from pellucid.network import Network
from pellucid.optimizers import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp, Rule, State

GOLDEN = Path(__file__).parent / "golden"
LETTERS = {
    "learning_rate": "η",
    "momentum": "μ",
    "decay": "ρ",
    "eps": "ε",
    "beta1": "β1",
    "beta2": "β2",
    "weight_decay": "ω",
    "l2": "λ",
    "l1": "λ1",
    "clip_norm": "C",
}
RELATION = re.compile(r" (?:=|←) ")


# The engine's numbers, by the names of the equations.


@dataclass
class Setting:
    """A network at work on some rows, with certain settings."""

    net: Network
    optimizer: Optimizer
    l2: float = 0.0
    l1: float = 0.0
    clip_norm: float | None = None
    weighted: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        return {"optimizer": self.optimizer, "l2": self.l2, "l1": self.l1, "clip_norm": self.clip_norm}

    @property
    def equations(self) -> tuple[Equation, ...]:
        return equations_of(self.net, **self.settings, weighted=self.weighted)


def targets(net: Network, n: int, rng: np.random.Generator) -> Any:
    if net.task == "classes":
        return rng.integers(0, net.outputs, n)
    if net.task in ("binary", "labels"):
        return rng.integers(0, 2, (n, net.outputs))
    counts = net.loss_function.name == "poisson"
    return rng.integers(0, 4, (n, net.outputs)).astype(float) if counts else rng.normal(size=(n, net.outputs))


def numbers(s: Setting, n: int = 7) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the equations start from, and what the engine makes of it, by name."""
    net, rng = s.net, np.random.default_rng(5)
    net.theta = net.theta + rng.normal(size=net.theta.shape) / 5  # biases too
    X = rng.normal(size=(n, net.inputs))
    w = rng.uniform(0.5, 2.0, n) if s.weighted else None
    problem = readable.problem(net, X, targets(net, n, rng), w)
    total = readable.total_weight(n, w)
    (block,) = readable.worked(net, net.theta, problem, total, rng=np.random.default_rng(1))
    value, _, gradient = readable.loss_and_gradient(net, net.theta, *problem, s.l2, s.l1, rng=np.random.default_rng(1))
    made: dict[str, Any] = {"losses": block.losses, "L": value, **names_of_rows(net, block, problem.t, w, total)}
    made |= {f"d{name}": array for name, array in net.named(gradient).items()}
    used = gradient if s.clip_norm is None else clipped(gradient, s.clip_norm)
    _, state = s.optimizer.update(rng.normal(size=gradient.shape), s.optimizer.init(net.theta), net.theta)
    theta, after = s.optimizer.update(used, state, net.theta, weights=net.weight_mask)
    names = s.optimizer.rule().averages
    made |= {"g": gradient, "clipped": used, **net.named(theta), **dict(zip(names, after.averages, strict=True))}
    given = {"X": block.X, "y": block.t, "n": n, "t": after.t, "theta": net.theta, **net.named(net.theta)}
    given |= {"weights": net.weight_mask, "W": net.theta * net.weight_mask}
    given |= {"w": np.ones((n, 1)) if w is None else w[:, np.newaxis]} | dict(zip(names, state.averages, strict=True))
    rule = s.optimizer.rule()
    constants = {
        **vars(s.optimizer),
        **rule.constants,
        "weight_decay": rule.weight_decay,
        "l2": s.l2,
        "l1": s.l1,
        "clip_norm": s.clip_norm,
    }
    given |= {LETTERS.get(name, name): constant for name, constant in constants.items()}
    return given | drawn(net, n), made


def names_of_rows(net: Network, block: readable.Block, t: Any, w: Any, total: float) -> dict[str, Any]:
    """The quantities of forward and backward pass that have a value for each row."""
    made: dict[str, Any] = {}
    outputs: list[str] = []
    dense = drops = 0
    counted = {id(layer): k for k, layer in enumerate((x for x in net.layers if isinstance(x, Dropout)), 1)}
    for operation in block.operations:
        if operation.kind == "dropout":
            drops = counted[id(operation.layer)]
            outputs.append(f"d{drops}")
            made[f"m{drops}"] = operation.backward(np.ones_like(operation.output))[0]
        else:
            dense += operation.kind == "affine"
            outputs.append(f"z{dense}" if operation.kind == "affine" else f"a{dense}")
        made[outputs[-1]] = operation.output
    if net.task != "values":
        made["p"] = made[outputs[-1]]
        outputs[-1] = "p"
    gradients = [f"delta{name[1:]}" if name[0] == "z" else f"d{name}" for name in outputs]
    made[gradients[-2]] = block.delta
    slope = net.loss_function.gradient(block.operations[-1].output, t)
    made[gradients[-1]] = (slope if w is None else slope * w[:, np.newaxis]) / total
    for i, back in zip(
        reversed(range(len(outputs) - 1)), readable.backward(block.operations, block.delta), strict=False
    ):
        if back.at_input is not None:
            made[gradients[i - 1]] = back.at_input
    return made


def drawn(net: Network, n: int) -> dict[str, Any]:
    """The numbers that dropout masks are made of, drawn as the layers draw them."""
    rng, width, found = np.random.default_rng(1), net.inputs, {}
    for k, layer in enumerate(net.layers):
        if isinstance(layer, Dense):
            width = layer.units
        elif layer.rate:
            number = sum(isinstance(earlier, Dropout) for earlier in net.layers[: k + 1])
            found[f"u{number}"] = rng.random((n, width), dtype=np.float32).astype(float)
    return found


# The equations, computed.


def text_name(name: str) -> str:
    return reader.plain(name.replace("delta", "δ").replace("theta", "θ"))


def keep(values: dict[str, Any], net: Network, name: str, value: Any) -> None:
    """A value by the name that the text has; of what is shaped like theta also the part of each parameter."""
    if name == "losses":
        value = np.reshape(value, (-1, 1))
    values[text_name(name)] = value
    if np.shape(value) == net.theta.shape:
        values.update({f"{text_name(name)}[{part}]": array for part, array in net.named(value).items()})


def ways(record: Any) -> Iterator[str]:
    """The same in plain text, by way of text, LaTeX and MathML."""
    yield record.text
    yield reader.from_latex(record.latex)
    yield reader.from_mathml(record.mathml)


def blocks(equation: Equation, way: int) -> Iterator[list[str]]:
    """Definitions, each with the lines that say what its names stand for."""
    block: list[str] = []
    for note in equation.notes:
        line = list(ways(note))[way]
        if re.match(r"[\w']+\(", line) and block:
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def check(s: Setting) -> None:
    """Every equation gives the engine's number, in all three ways of writing."""
    given, made = numbers(s)
    found = s.equations
    assert [equation.number for equation in found] == list(range(1, len(found) + 1))
    assert len({equation.name for equation in found}) == len(found)
    names = {equation.name for equation in found}
    assert names >= {*s.net.params, *(f"d{name}" for name in s.net.params), "losses", "L"}
    for way in range(3):
        values: dict[str, Any] = {}
        for name, value in given.items():
            keep(values, s.net, name, value)
        page = reader.page()
        for equation in found:
            for lines in blocks(equation, way):
                page.define(lines)
        for equation in found:
            line = list(ways(equation))[way]
            left, right = RELATION.split(line, maxsplit=1)
            # A name that is given a new value keeps its sign; the record's name tells the two apart.
            assert left in (text_name(n) for n in (equation.name, equation.name.rstrip("'"), "g"))
            assert left != "g" or equation.name in ("g", "g'", "clipped")
            value = reader.Reader(values, page, False, [""]).compute(right)
            if isinstance(value, tuple):
                value = np.concatenate([np.ravel(part) for part in value])
            expected = made.get(equation.name, value)
            shape = tuple(7 if size == "n" else size for size in equation.shape)
            assert np.shape(expected) == shape, equation.text
            value = np.reshape(value, shape) if np.size(value) == np.prod(shape) else np.broadcast_to(value, shape)
            np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-12, err_msg=line)
            keep(values, s.net, left.replace("δ", "delta"), expected)


HIDDEN = [name for name, record in ACTIVATIONS.items() if not record.output_only]
PAIRS = [(output, loss) for output in ACTIVATIONS for loss, record in LOSSES.items() if record.output in (None, output)]


@pytest.mark.parametrize("place", ["first", "second", "both"])
@pytest.mark.parametrize("activation", HIDDEN)
def test_every_activation_in_every_place_is_written_truly(activation: str, place: str) -> None:
    first, second = (activation if place in (here, "both") else "tanh" for here in ("first", "second"))
    net = Network([Dense(4, first), Dense(3, second), Dense(2, "softmax")], inputs=3, seed=2)
    check(Setting(net, SGD(0.1), l2=0.1))


@pytest.mark.parametrize("units", [1, 3])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_every_pair_of_output_and_loss_is_written_truly(output: str, loss: str, units: int) -> None:
    if output == "softmax" and units == 1:
        units = 2
    net = Network([Dense(4, "tanh"), Dense(units, output)], inputs=3, seed=3, loss=loss)
    check(Setting(net, SGD(0.1), weighted=units > 1))


OPTIMIZERS = [
    SGD(0.1),
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.8, nesterov=True),
    AdaGrad(0.05),
    RMSProp(0.01, decay=0.95),
    Adam(0.01),
    Adam(0.01, beta1=0.0),
    AdamW(0.02, weight_decay=0.3),
]


@pytest.mark.parametrize("clip_norm", [None, 0.01, 100.0])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_every_optimizer_is_written_truly(optimizer: Optimizer, clip_norm: float | None) -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2, seed=4)
    check(Setting(net, optimizer, clip_norm=clip_norm, l1=0.1))


@pytest.mark.parametrize(("l2", "l1"), [(0.0, 0.0), (0.1, 0.0), (0.0, 0.1), (0.3, 0.2)])
@pytest.mark.parametrize("weighted", [False, True])
def test_penalties_and_weights_are_written_truly(l2: float, l1: float, weighted: bool) -> None:
    net = Network([Dense(3, "relu"), Dense(4, "elu"), Dense(1)], inputs=2, seed=5)
    check(Setting(net, SGD(0.1), l2=l2, l1=l1, weighted=weighted))
    names = {"λ": l2, "λ₁": l1, "w": weighted}
    written = equations(net, l2=l2, l1=l1, sample_weight=weighted)
    for name, there in names.items():
        assert bool(re.search(rf"(?<!\w){name}(?!\w)", written)) == bool(there), name


@pytest.mark.parametrize(
    "layers",
    [
        [Dropout(0.2), Dense(4, "relu"), Dropout(0.5), Dropout(0.1), Dense(2, "softmax")],
        [Dense(4, "relu"), Dropout(0.0), Dense(3, "tanh"), Dropout(0.25), Dense(2, "softmax")],
        [Dense(2, "softmax")],
    ],
)
def test_dropout_is_written_truly(layers: list[Any]) -> None:
    net = Network(layers, inputs=3, seed=6)
    check(Setting(net, Adam(0.01), l2=0.1, weighted=True))


def test_many_layers_share_one_letter_in_the_penalty() -> None:
    check(Setting(deep(), Adam(0.01), l2=0.1, l1=0.2))
    assert "W  the entries of W1 ... W12, biases left out" in equations(deep(), l2=0.1)


# A formula of one's own explains itself.

SLOPE_AT_HALF = 0.123456789012345


def softsign(z: Any) -> Any:
    return z / (1 + magnitude(z))


def softsign_slope(z: Any, a: Any) -> Any:
    d = 1 + magnitude(z)
    return 1 / (d * d)


def bent(z: Any) -> Any:
    inner = np.sqrt(z * z + 1) - 1
    if SLOPE_AT_HALF > 1:
        return z
    return inner / 2 + SLOPE_AT_HALF * z


def bent_slope(z: Any) -> Any:
    return z / (2 * np.sqrt(z**2 + 1)) + SLOPE_AT_HALF


def normed(z: Any) -> Any:
    """A row divided by its length, so that outputs depend on each other."""
    return z / np.sqrt(1 + np.sum(z**2, axis=1, keepdims=True))


def normed_pull(a: Any, g: Any) -> Any:
    length = 1 / np.sqrt(1 - (a * a).sum(axis=-1)[:, np.newaxis])
    return (g - a * np.sum(a * g, axis=1, keepdims=True)) / length


OWN = [
    Activation("sine", lambda z: np.sin(3 * z), lambda z: 3 * np.cos(3 * z)),
    Activation("cube", lambda z: z**3, lambda z, a: 3 * z * z),
    Activation("plain", np.arctan, lambda z: 1 / (1 + z * z)),
    Activation("softsign", softsign, softsign_slope),
    Activation("bent identity", bent, bent_slope),
    Activation("normed", normed, pull=normed_pull),
    Activation("mish", lambda z: z * np.tanh(np.log1p(np.exp(z))), lambda z: mish_slope(z)),
    Activation("hard tanh", lambda z: np.clip(z, -1, 1), lambda z: (np.abs(z) < 1) * 1.0),
    Activation("gate", lambda z: np.where((z > -1) & (z < 1), z, 0), lambda z: np.where((z > -1) & (z < 1), 1, 0)),
    Activation("steps", lambda z: np.maximum(z, 0) + np.minimum(z, 0) / 10, lambda z: np.where(z > 0, 1.0, 0.1)),
    Activation("tanh", lambda z: 1.7159 * np.tanh(2 / 3 * z), lambda z, a: 1.7159 * 2 / 3 * (1 - (a / 1.7159) ** 2)),
    Activation("relu", lambda z: z * (z > 0), lambda z: np.heaviside(z, 0.0)),
]


def mish_slope(z: Any) -> Any:
    t = np.tanh(np.log1p(np.exp(z)))
    return t + z * sigmoid(z) * (1 - t**2)


def quartic(a: Any, t: Any) -> Any:
    return (a - t) ** 4


def quantile(a: Any, t: Any, q: float) -> Any:
    r = t - a
    return np.where(r >= 0, q * r, (q - 1) * r)


def per_row(a: Any, t: Any) -> Any:
    return np.mean((a - t) ** 2, axis=1)


OWN_LOSSES = [
    Loss("log_cosh", lambda a, t: np.log(np.cosh(a - t)), lambda a, t: np.tanh(a - t)),
    Loss("quartic", quartic, lambda a, t: 4 * (a - t) ** 3),
    Loss("pinball", partial(quantile, q=0.3), lambda a, t: np.where(t >= a, -0.3, 0.7)),
    Loss("mse", per_row, lambda a, t: 2 * (a - t) / 3),
    huber(0.5),
]


@dataclass(frozen=True)
class Lion(Optimizer):
    """Sign of a running mean, with a share of the weights."""

    learning_rate: float = 0.01
    keep: float = 0.9

    def rule(self) -> Rule:
        return Rule(lion, ("m",), {"keep": self.keep}, weight_decay=0.1)


def lion(p: Any, g: Any, rate: float, t: int, m: Any, keep: float) -> Any:
    c = keep * m + (1 - keep) * g
    g = g + 0.01 * p
    new = m + 0.01 * (g - m)
    return p - rate * np.sign(c), new


@dataclass(frozen=True)
class Swap(Optimizer):
    """Averages that are exchanged in each step: each needs what the other was."""

    learning_rate: float = 0.01

    def rule(self) -> Rule:
        return Rule(lambda p, g, rate, t, u, v: (p - rate * g / np.sqrt(t + 1), v + g, u * 2), ("u", "v"))


@dataclass(frozen=True)
class Warmed(Optimizer):
    """A rate that depends on the step."""

    learning_rate: float = 0.01

    def rule(self) -> Rule:
        return Rule(warmed, (), {"steps": 10.0})


def warmed(p: Any, g: Any, rate: float, t: int, steps: float) -> Any:
    if t < steps:
        rate *= t / steps
    return (p - rate * g,)


@pytest.mark.parametrize("activation", OWN, ids=lambda record: record.name)
@pytest.mark.parametrize("place", ["hidden", "output"])
def test_an_activation_of_ones_own_explains_itself(activation: Activation, place: str) -> None:
    layers = [Dense(4, activation), Dense(3)] if place == "hidden" else [Dense(4, "tanh"), Dense(3, activation)]
    s = Setting(Network(layers, inputs=2, seed=7, loss="squared_error"), SGD(0.1))
    check(s)
    name = re.sub(r"\W", "_", activation.name)
    if name not in ("plain", "cube"):  # these are so short that they stand in the equations themselves
        assert f"{name}(z)" in equations(s.net) or f"{name}_2(z)" in equations(s.net)


@pytest.mark.parametrize("loss", OWN_LOSSES, ids=lambda record: record.name)
def test_a_loss_of_ones_own_explains_itself(loss: Loss) -> None:
    check(Setting(Network([Dense(4, "tanh"), Dense(3)], inputs=2, seed=8, loss=loss), SGD(0.1), weighted=True))


@pytest.mark.parametrize("optimizer", [Lion(), Swap(), Warmed()], ids=str)
@pytest.mark.parametrize("clip_norm", [None, 0.1])
def test_an_optimizer_of_ones_own_explains_itself(optimizer: Optimizer, clip_norm: float | None) -> None:
    check(Setting(Network([Dense(3, "tanh"), Dense(2)], inputs=2, seed=9), optimizer, clip_norm=clip_norm, l2=0.1))


def borrowed(
    p: Any, g: Any, rate: Any, t: Any, a1: Any, n: Any, lam: Any, z1: Any, W1: Any, x: Any = 0.123456789
) -> Any:
    a1 = a1 * lam + g / W1
    delta2 = a1 * x
    return p - rate * delta2 / n - rate * z1 * g, a1


@dataclass(frozen=True)
class Odd(Optimizer):
    """Calls its own quantities as the network calls others."""

    learning_rate: float = 0.01

    def rule(self) -> Rule:
        return Rule(borrowed, ("a1",), {"n": 2.0, "lam": 0.5, "z1": 0.25, "W1": 4.0}, weight_decay=0.1)


def test_names_that_the_network_has_too_are_told_apart_in_every_way_of_writing() -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    found = {equation.name: equation for equation in equations_of(net, Odd(), l2=0.1)}
    assert found["a1"].text == "a1 = tanh(z1)"
    assert found["a1_odd"].text == "a1_odd ← a1_odd lam_odd + g/W1_odd"
    assert found["a1_odd"].latex.startswith(r"a_{1,\mathrm{odd}} \leftarrow a_{1,\mathrm{odd}}")
    index = "<mrow><mn>1</mn><mo>,</mo><mtext>odd</mtext></mrow>"
    assert f"<msub><mi>a</mi>{index}</msub>" in found["a1_odd"].mathml
    assert found["delta2_odd"].text == "δ2_odd = a1_odd x"
    assert found["W1"].text == "W1 ← W1 - η ω W1 - η δ2_odd[W1] / n_odd - η z1_odd dW1"
    assert len({*found}) == len(equations_of(net, Odd(), l2=0.1))
    page = equations(net, optimizer=Odd(), l2=0.1)
    given = [line.split() for line in page.partition("Forward")[0].splitlines()]
    assert ["lam_odd", "=", "0.5,", "share", "of", "a1_odd", "that", "is", "kept"] in given
    assert ["λ", "=", "0.1,", "l2", "penalty"] in given
    assert ["n", "number", "of", "rows"] in given
    assert ["n_odd", "=", "2"] in given
    assert ["x", "=", "0.123456789"] in given


def test_two_names_that_would_be_written_alike_are_told_apart() -> None:
    def formula(p: Any, g: Any, rate: Any, t: Any, decay: Any, rho: Any) -> Any:
        return (p - rate * g * decay * rho,)

    @dataclass(frozen=True)
    class Twice(Optimizer):
        learning_rate: float = 0.01

        def rule(self) -> Rule:
            return Rule(formula, (), {"decay": 0.5, "rho": 0.25})

    found = {equation.name: equation.text for equation in equations_of(Network([Dense(1)], inputs=1), Twice())}
    assert found["b1"] == "b1 ← b1 - η db1 ρ ρ_twice"


# What constants do is read from the formula that they stand in.


def otherwise(p: Any, g: Any, rate: Any, t: Any, m: Any, beta1: Any, beta2: Any, decay: Any, eps: Any) -> Any:
    m = beta2 * m - (1 - beta2) * g
    return p - rate * m * (decay + t) / (beta1 * eps), m


def lerped(p: Any, g: Any, rate: Any, t: Any, m: Any, beta2: Any) -> Any:
    fresh = beta2 * m + (1 - beta2) * np.sign(g)
    return p - rate * fresh, fresh


def swapped(p: Any, g: Any, rate: Any, t: Any, m: Any, beta1: Any, beta2: Any) -> Any:
    return p - rate * m, beta1 * g + beta2 * m


def words_of(formula: Callable[..., Any], averages: tuple[str, ...], constants: dict[str, float]) -> dict[str, str]:
    """What is said beside the value of each constant."""

    @dataclass(frozen=True)
    class Own(Optimizer):
        learning_rate: float = 0.01

        def rule(self) -> Rule:
            return Rule(formula, averages, constants)

    page = equations(Network([Dense(2)], inputs=2), optimizer=Own()).partition("Forward")[0]
    found = re.findall(r"^ *(\S+)  = [^,\n]+(?:, (.*))?$", page, re.MULTILINE)
    return {name: words for name, words in found if name != "η"}


def test_words_beside_constants_are_proved_by_the_formula() -> None:
    odd = {"beta1": 2.0, "beta2": 0.5, "decay": 3.0, "eps": 0.25}
    assert words_of(otherwise, ("m",), odd) == {"β₁": "", "β₂": "", "ρ": "decay", "ε": ""}
    assert words_of(lerped, ("m",), {"beta2": 0.5}) == {"β₂": "share of the average m that is kept"}
    assert words_of(lerped, ("m",), {"beta2": 1.5}) == {"β₂": ""}, "which is no share"
    assert words_of(swapped, ("m",), {"beta1": 0.5, "beta2": 0.5}) == {"β₁": "", "β₂": "share of m that is kept"}


def test_words_beside_the_constants_of_the_optimizers_that_come_with_it() -> None:
    kept = "share of the average of"
    expected: list[tuple[Optimizer, dict[str, str]]] = [
        (SGD(0.1, momentum=0.9), {"μ": "momentum: share of v that is kept"}),
        (AdaGrad(), {"ε": "keeps the division finite"}),
        (RMSProp(), {"ρ": f"decay: {kept} g² that is kept", "ε": "keeps the division finite"}),
        (Adam(), {"β₁": f"{kept} g that is kept", "β₂": f"{kept} g² that is kept", "ε": "keeps the division finite"}),
    ]
    for optimizer, words in expected:
        rule = optimizer.rule()
        assert words_of(rule.formula, rule.averages, dict(rule.constants)) == words


def test_what_is_short_stands_in_the_equation_and_what_is_long_beside_it() -> None:
    net = Network([Dense(4, OWN[0]), Dense(3, OWN[4]), Dense(2, "softmax")], inputs=2)
    found = {equation.name: equation for equation in equations_of(net)}
    assert found["delta1"].text == "δ1 = 3 da1 ⊙ cos(3 z1)"
    assert found["a2"].text == "a2 = bent_identity(z2)"
    assert [note.text for note in found["a2"].notes] == [
        "bent_identity(z) = (√(z² + 1) - 1)/2 + SLOPE_AT_HALF z",
        "SLOPE_AT_HALF = 0.123456789012345",
    ]
    assert found["a2"].notes[0].latex == (
        r"\operatorname{bent\_identity}(z) = \frac{\sqrt{z^{2} + 1} - 1}{2} + \mathrm{SLOPE\_AT\_HALF} \, z"
    )


# What cannot be read appears by its name.


def compiled(source: str) -> Callable[..., Any]:
    """A function whose source nobody kept."""
    known: dict[str, Any] = {"np": np}
    exec(source, known)
    return known["f"]


class Object:
    """A formula that is an object, and cannot even be remembered in a dict."""

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, z: Any) -> Any:
        return np.tanh(z)


def loop(z: Any) -> Any:
    for _ in range(3):
        z = np.tanh(z)
    return z


EXPIT = special.expit


def of_scipy(z: Any) -> Any:
    return special.expit(z)


def calls_scipy(z: Any) -> Any:
    return z * EXPIT(z)


@dataclass(frozen=True)
class Opaque(Optimizer):
    """A rule without source."""

    learning_rate: float = 0.01

    def rule(self) -> Rule:
        return Rule(compiled("def f(p, g, rate, t, m): return p - rate * g, m + g"), ("m",), weight_decay=0.1)


@dataclass(frozen=True)
class Overridden(Optimizer):
    """An update that is no rule."""

    learning_rate: float = 0.01

    def rule(self) -> Rule:
        return Rule(lambda p, g, rate, t: (p - rate * g,))

    def update(
        self, gradient: Any, state: State, theta: Any, rate: float | None = None, weights: Any = 1.0
    ) -> tuple[Any, State]:
        return theta - 2 * self.learning_rate * gradient, state


@pytest.mark.parametrize("value", [compiled("def f(z): return np.tanh(z)"), Object(), loop, np.vectorize(np.tanh)])
def test_a_function_that_cannot_be_read_appears_by_its_name(value: Any) -> None:
    mystery = Activation("mystery", value, compiled("def f(z, a): return 1 - a * a"))
    error = Loss("riddle", compiled("def f(a, t): return (a - t)**2"), compiled("def f(a, t): return 2 * (a - t)"))
    net = Network([Dense(3, mystery), Dense(2)], inputs=2, loss=error)
    found = {equation.name: equation for equation in equations_of(net)}
    assert found["a1"].text == "a1 = mystery(z1)"
    assert found["delta1"].text == "δ1 = da1 ⊙ mystery'(z1, a1)"
    assert found["losses"].text == "losses = riddle(a2, y)"
    assert found["da2"].text == "da2 = riddle'(a2, y)/n"
    (why,) = found["a1"].notes
    assert why.sentence
    assert why.text.startswith("mystery is shown by its name alone: ")
    notes = [note.text for equation in found.values() for note in equation.notes]
    assert [note.partition(" ")[0] for note in notes] == ["mystery", "riddle", "riddle'", "mystery'"]
    for format in ("text", "latex", "html"):
        page = " ".join(equations(net, format).replace(r"} \notag \\", "").replace(r"&\quad \text{", "").split())
        for note in notes:
            assert html.escape(note) in page or note in page


UNREAD = {
    "of a lambda by exec": (
        compiled("f = lambda z: np.tanh(z)"),
        "of what is typed at a prompt or made by exec no source is kept. Define it with def in a file",
    ),
    "of an object": (np.vectorize(np.tanh), "an object of the class vectorize has no source to read. Define it"),
    "of a built-in function": (abs, "abs is compiled and has no Python source. Define it with def in a file"),
    "with a part bound": (partial(max, 0.0), "max is compiled and has no Python source. Define it"),
    "with a loop": (loop, "it is no single formula, perhaps for a loop in it. Write it as one formula"),
    "with SciPy": (of_scipy, "of_scipy uses 'special', which is neither a number, nor NumPy, nor a function that"),
}


@pytest.mark.parametrize("what", UNREAD)
def test_why_a_formula_is_not_there_is_said_in_one_line(what: str) -> None:
    value, words = UNREAD[what]
    net = Network([Dense(3, Activation("own", value, lambda z, a: 1 - a * a)), Dense(2)], inputs=2)
    (note,) = {equation.name: equation for equation in equations_of(net)}["a1"].notes
    assert note.sentence
    assert note.text.startswith(f"own is shown by its name alone: {words}")
    assert " ".join(note.text.split()) == note.text
    assert " ".join(equations(net).split()).count(note.text) == 1
    assert all(len(line) <= 100 for line in equations(net).splitlines())


def test_a_helper_without_source_is_told_of_beside_the_formula_that_calls_it() -> None:
    net = Network([Dense(3, Activation("own", calls_scipy, lambda z, a: EXPIT(z))), Dense(2)], inputs=2)
    notes = {equation.name: equation for equation in equations_of(net)}["a1"].notes
    assert [note.text.partition(": ")[0] for note in notes] == [
        "own(z) = z EXPIT(z)",
        "EXPIT is shown by its name alone",
    ]


def test_nothing_of_the_kind_is_said_of_what_is_built_in() -> None:
    for name, activation in ACTIVATIONS.items():
        net = Network([*([] if activation.output_only else [Dense(3, name)]), Dense(2, name)], inputs=2)
        assert "by its name alone" not in equations(net, optimizer="adamw", l1=0.1, clip_norm=1.0)


@pytest.mark.parametrize(
    ("optimizer", "line"),
    [
        (Opaque(), "(θ, m) ← f(θ - η ω weights ⊙ θ, g, η, t, m)"),
        (Overridden(), "θ ← Overridden.update(θ, g, η, t)"),
    ],
)
def test_an_update_that_cannot_be_read_appears_by_its_name(optimizer: Optimizer, line: str) -> None:
    net = Network([Dense(2)], inputs=2)
    found = [equation for equation in equations_of(net, optimizer) if equation.section == "update"]
    assert [equation.name for equation in found] == ["g", "theta", "W1", "b1"]
    assert found[1].text == line
    assert found[2].text == "W1 ← θ[W1]"
    assert "is shown by its name alone" in found[1].notes[0].text
    for format in ("text", "latex", "html"):
        assert "theta" in equations(net, format, optimizer) or "θ" in equations(net, format, optimizer)


def test_a_network_without_any_source_still_has_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid import source
    from pellucid.explain.textbook import own_lines

    def nothing(*_: Any) -> Any:
        raise OSError("could not get source code")

    source._read.cache_clear()
    own_lines._method.cache_clear()
    monkeypatch.setattr("inspect.findsource", nothing)
    monkeypatch.setattr("inspect.getsource", nothing)
    try:
        net = Network([Dense(3, "relu"), Dropout(0.5), Dense(2, "softmax")], inputs=2)
        found = {e.name: e.text for e in equations_of(net, "adam", l2=0.1, l1=0.1, clip_norm=1.0, weighted=True)}
    finally:
        source._read.cache_clear()
        own_lines._method.cache_clear()
    assert found["z1"] == "z1 = affine(X, W1, b1)"
    assert found["a1"] == "a1 = relu(z1)"
    assert found["p"] == "p = softmax(z2)"
    assert found["losses"] == "losses = w ⊙ cross_entropy(z2, y)"
    assert found["L"] == "L = (Σ_i losses_i) / Σ_i w_i + penalty(W1, W2, λ, λ₁)"


# Pages.

SHOWN = {
    "classes": (Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2), {"l2": 0.01}),
    "rich": (
        Network(
            [Dense(3, "relu"), Dropout(0.5), Dense(4, "gelu"), Dense(2, "softmax")], inputs=2, loss="squared_error"
        ),
        {"optimizer": "adamw", "l1": 0.1, "l2": 0.2, "clip_norm": 1.0, "sample_weight": True},
    ),
    "counts": (
        Network([Dense(3, "sigmoid"), Dense(2, "exp")], inputs=2, scaler=Standardizer()),
        {"optimizer": SGD(0.5, momentum=0.9, nesterov=True)},
    ),
    "values": (Network([Dense(3, "swish"), Dense(1)], inputs=4, loss="huber"), {"optimizer": "rmsprop"}),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_page_as_text_is_exactly_this(name: str) -> None:
    net, settings = SHOWN[name]
    assert equations(net, **settings) == (GOLDEN / f"equations_{name}.txt").read_text(encoding="utf-8")


def everything() -> Iterator[tuple[Network, dict[str, Any]]]:
    yield from SHOWN.values()
    for name in HIDDEN:
        yield Network([Dense(4, name), Dropout(0.1), Dense(3, name), Dense(2, "softmax")], inputs=5), {"l1": 1e-5}
    for output, loss in PAIRS:
        yield Network([Dense(40, "tanh"), Dense(2, output)], inputs=784, loss=loss), {"sample_weight": True}
    for optimizer in [*OPTIMIZERS, Lion(), Swap(), Warmed(), Opaque(), Overridden()]:
        yield Network([Dense(4), Dense(1, "sigmoid")], inputs=2), {"optimizer": optimizer, "clip_norm": 0.5}
    for record in OWN:
        yield Network([Dense(3, record), Dense(1, record)], inputs=2, loss="squared_error"), {}
    yield deep(), {"l2": 0.1, "l1": 0.2, "optimizer": "adam"}


def deep() -> Network:
    return Network([Dense(5, "tanh") for _ in range(12)], inputs=5)


def test_text_fits_a_terminal_and_is_aligned() -> None:
    for net, settings in everything():
        lines = equations(net, **settings).splitlines()
        assert max(map(len, lines)) <= 100, max(lines, key=len)
        assert all(line == line.rstrip() for line in lines)
        numbered = [line for line in lines if re.match(r" *\(\d+\)", line)]
        assert [int(re.findall(r"\d+", line)[0]) for line in numbered] == list(range(1, len(numbered) + 1))
        shapes = [re.search(r"  +(\((?:(?:n|\d+),? ?)*\))$", line) for line in numbered]
        assert len({found.start(1) for found in shapes if found}) == 1
        assert all(shapes)
        places = {m.start() for line in numbered if (m := RELATION.search(line)) and len(line[6 : m.start()]) <= 12}
        assert len(places) == 1, "\n".join(lines)


MATHML_CORE = re.findall(
    r"\w+", "math mrow mi mn mo mtext mspace mfrac msqrt msup msub msubsup munder mover mtable mtr mtd"
)


def test_html_is_one_piece_of_well_formed_markup_without_script() -> None:
    for net, settings in everything():
        page = equations(net, "html", **settings)
        root = ElementTree.fromstring(page)
        tags = {node.tag for node in root.iter()}
        assert {"math", "table", "mi", "mo"} <= tags
        assert tags <= set(MATHML_CORE) | {"div", "style", "table", "tbody", "tr", "th", "td", "p"}
        assert not any("href" in node.attrib or "src" in node.attrib for node in root.iter())
        assert "http" not in page
        children = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "munder": 2, "mover": 2}
        for node in root.iter():
            if node.tag in children:
                assert len(node) == children[node.tag]
        rows = [list(row) for row in root.iter("tr")]
        numbers = [cells[0].text for cells in rows if re.fullmatch(r"\(\d+\)", cells[0].text or "")]
        given = dict(settings)
        weighted = given.pop("sample_weight", False)
        assert numbers == [f"({e.number})" for e in equations_of(net, **given, weighted=weighted)]


LATEX = re.findall(
    r"\w+",
    """begin end left right frac sqrt sum prod max min tanh sinh cosh sin cos log arctan mathrm operatorname text
    textbf tag notag noindent medskip small par begingroup endgroup allowdisplaybreaks hat usepackage odot cdot le ge ne
    times leftarrow infty top lvert rvert lVert rVert quad qquad delta eta lambda mu varepsilon beta omega rho pi theta
    """,
)


def test_latex_is_balanced_and_uses_what_amsmath_has() -> None:
    for net, settings in everything():
        page = equations(net, "latex", **settings)
        assert page.isascii()
        stripped = re.sub(r"\\[{}]", "", page)
        depth = 0
        for sign in stripped:
            depth += (sign == "{") - (sign == "}")
            assert depth >= 0
        assert depth == 0
        assert len(re.findall(r"\\left(?![a-z])", page)) == len(re.findall(r"\\right(?![a-z])", page))
        opened: list[str] = []
        for which, name in re.findall(r"\\(begin|end)\{([a-z*]+)\}", page):
            if which == "begin":
                opened.append(name)
            else:
                assert opened.pop() == name
        assert not opened
        assert set(re.findall(r"\\([A-Za-z]+)", page)) <= set(LATEX)


@pytest.mark.nightly
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_latex_compiles_in_a_plain_document(tmp_path: Path) -> None:
    pages = "\n\\clearpage\n".join(equations(net, "latex", **settings) for net, settings in everything())
    document = tmp_path / "all.tex"
    document.write_text(
        "\\documentclass{article}\\usepackage{amsmath}\\begin{document}\n" + pages + "\\end{document}\n",
        encoding="ascii",
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", document.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


def test_the_face_and_the_records_say_the_same() -> None:
    net, settings = SHOWN["rich"]
    text = net.equations(**settings)
    assert text == equations(net, **settings)
    given = dict(settings)
    weighted = given.pop("sample_weight")
    squeezed = re.sub(r"\s+", " ", text)
    for equation in equations_of(net, **given, weighted=weighted):
        for record in (equation, *equation.notes):
            wrapped = getattr(record, "name", "") == "L"  # with its shape between the lines
            assert wrapped or record.text in squeezed, record.text


def test_the_default_is_what_fit_takes() -> None:
    net, _ = SHOWN["classes"]
    assert equations(net) == equations(net, optimizer=SGD(0.1)) == equations(net, "text", "sgd")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"format": "pdf"}, r"'text', 'latex' or 'html'; this is 'pdf'"),
        ({"format": "texte"}, r"Did you mean 'text'\?"),
        ({"format": None}, r"this is None"),
        ({"optimizer": "adamm"}, r"Did you mean 'adam'\?"),
        ({"l2": -1}, "l2"),
        ({"clip_norm": 0}, "clip_norm"),
    ],
)
def test_what_cannot_be_is_refused_in_words(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        equations(SHOWN["classes"][0], **arguments)


def test_a_name_with_a_line_break_stays_in_its_latex_comment() -> None:
    broken = Activation("a\n\\input{x}", np.sin, np.cos)
    latex = Network([Dense(2, broken), Dense(1)], inputs=2).equations("latex")
    assert not [line for line in latex.splitlines() if line.startswith("\\input")]
