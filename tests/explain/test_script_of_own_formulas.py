"""Formulas of one's own in a program: activations, losses, initializers, optimizers and schedules."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy import special

import programs
from pellucid import SGD, Activation, Adam, Dense, Initializer, InputError, Loss, Network, Optimizer
from pellucid.data import make_moons
from pellucid.optimizers import Rule, State
from pellucid.schedules import Place, Schedule, Watch
from pellucid.source import read

# Activations.

STEEP = 1.5
W1 = 0.75  # a name that programs give to something else


def bent(z: Any) -> Any:
    """A bent line."""
    # why the root is taken
    root = np.sqrt(np.real(z) * z + 1)  # never zero
    return (root - 1) / 2 + z


def bent_slope(z: Any, a: Any) -> Any:
    return z / (2 * np.sqrt(z * z + 1)) + 1


def leaky(alpha: float) -> Activation:
    value, slope = lambda z: np.where(z > 0, z, alpha * z), lambda z, a: np.where(z > 0, np.ones_like(z), alpha)
    return Activation(f"leaky({alpha})", value, slope)


def p(z: Any) -> Any:  # the program's outputs are called so
    t = STEEP * z  # and its targets
    return np.sin(t) * W1


def p_slope(z: Any, a: Any) -> Any:
    return np.cos(STEEP * z) * STEEP * W1 + 0 * _part(z) - 0 * _part(-z)


def _part(z: Any) -> Any:
    return math.sqrt(2 / math.pi) * other(z, 2)


def other(z: Any, k: float = 3) -> Any:
    return np.tanh(z) ** k if k > 1 else other(z, 2)


def print_(z: Any) -> Any:
    def inner(x: Any, by: float = 0.5) -> Any:
        return x + by

    return inner(z) * STEEP / 3


def erf_of(z: Any) -> Any:
    return np.vectorize(math.erf, otypes=[float])(z)


def swapped(z: Any, shift: float, by: float = 2.0) -> Any:
    e = np.exp(-np.abs(z - shift))
    return e * by + z


def swapped_slope(z: Any, a: Any, shift: float) -> Any:
    e = np.exp(-np.abs(z - shift))
    return -2.0 * e * np.sign(z - shift) + 1


OWN = [
    Activation("bent", bent, bent_slope),
    leaky(0.1),
    leaky(0.3),
    Activation("sine", np.sin, np.cos),
    Activation("p", p, p_slope),
    Activation("print", print_, lambda z: STEEP / 3 * np.ones_like(z)),
    Activation("top", lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    Activation("swapped", partial(swapped, shift=0.2), partial(swapped_slope, shift=0.2)),
    Activation(
        "row",
        lambda z: z / 2 + np.mean(z, axis=1, keepdims=True),
        pull=lambda a, g: g / 2 + np.mean(g, axis=1, keepdims=True),
    ),
    Activation(
        "two\nlines", lambda z: z * z / (1 + np.abs(z)), lambda z, a: z * (2 + np.abs(z)) / (1 + np.abs(z)) ** 2
    ),
]


@pytest.mark.parametrize("activation", OWN, ids=lambda activation: activation.name)
def test_an_activation_of_ones_own(activation: Activation) -> None:
    rng = np.random.default_rng(0)
    net = Network([Dense(4, activation), Dense(3, "tanh"), Dense(2, activation)], inputs=3, seed=2)
    text = programs.holds(net, rng.normal(size=(9, 3)), rng.normal(size=(9, 2)), optimizer=SGD(0.05), epochs=100)
    if activation.value is bent:
        assert read(bent).text in text
        assert "    # why the root is taken\n    root = np.sqrt(z * z + 1)  # never zero\n" in text


def test_all_of_them_in_one_program() -> None:
    rng = np.random.default_rng(0)
    net = Network([*[Dense(4, activation) for activation in OWN], Dense(4, leaky(0.1)), Dense(2)], inputs=3)
    text = programs.holds(net, rng.normal(size=(9, 3)), rng.normal(size=(9, 2)), epochs=100, optimizer=SGD(0.01))
    assert text.count("alpha=0.1):") == 1, "two functions that say the same are one"
    assert text.count("def ") == len({line for line in text.split("\n") if line.startswith(("def ", "    def "))})


def test_what_numpy_lacks_is_left_to_the_standard_library() -> None:
    rng = np.random.default_rng(0)
    slope = lambda z: 2 / math.sqrt(math.pi) * np.exp(-z * z)  # noqa: E731
    net = Network([Dense(2, Activation("erf", erf_of, slope)), Dense(1)], inputs=3)
    X, y = rng.normal(size=(9, 3)), rng.normal(size=9)
    text = net.script(X, y, epochs=5)
    assert "import math\n\nimport numpy as np\n" in text
    assert programs.difference(programs.run(text), programs.fitted(net, X, y, epochs=5)) <= 1e-12


def quantile(q: float) -> Loss:
    def value(a: Any, t: Any) -> Any:
        return np.sum(np.where(t > a, q * (t - a), (1 - q) * (a - t)), axis=1)  # one value a row

    return Loss(f"quantile({q})", value, lambda a, t: np.where(t > a, -q, 1 - q))


@pytest.mark.parametrize(
    "loss",
    [
        Loss("log_cosh", lambda a, t: np.log(np.cosh(a - t)), lambda a, t: np.tanh(a - t)),
        Loss("fourth", lambda a, t: (a - t) ** 4, lambda a, t: 4 * (a - t) ** 3),
        quantile(0.3),
    ],
    ids=lambda loss: loss.name,
)
@pytest.mark.parametrize("output", ["identity", "tanh", "softmax"])
def test_a_loss_of_ones_own(loss: Loss, output: str) -> None:
    rng = np.random.default_rng(0)
    net = Network([Dense(4, "tanh"), Dense(3, output)], inputs=3, loss=loss)
    y = np.arange(9) % 3 if output == "softmax" else rng.normal(size=(9, 3))
    programs.holds(net, rng.normal(size=(9, 3)), y, epochs=100, optimizer=SGD(0.02), sample_weight=np.arange(9))


def test_an_initializer_of_ones_own() -> None:
    X, y = make_moons(100, noise=0.2, seed=0)
    shrunk = Initializer("shrunk", lambda rng, fan_in, fan_out: rng.uniform(-1, 1, (fan_in, fan_out)) / fan_in**0.5)
    net = Network([Dense(3, "tanh", init=shrunk), Dense(2, "softmax")], inputs=2)
    text = programs.holds(net, X, y, epochs=3)
    assert "W1 = rng.uniform(-1, 1, (2, 3)) / 2**0.5  # (2, 3), shrunk" in text
    table = {2: 0.1, 3: 0.2}
    looked_up = Initializer("looked up", lambda rng, fan_in, fan_out: np.full((fan_in, fan_out), table[fan_in]))
    net = Network([Dense(3, "tanh", init=looked_up), Dense(2, "softmax")], inputs=2)
    text = programs.holds(net, X, y, epochs=3)
    assert "W1 = np.array([[0.1, 0.1, 0.1], [0.1, 0.1, 0.1]])" in text, "what cannot be read is written down"
    with pytest.raises(InputError, match=r"with the initializer 'looked up': .* uses 'table'"):
        net.script(X, y, weights="redrawn")


# Optimizers.


@dataclass(frozen=True)
class Lion(Optimizer):
    beta: float = 0.9

    def rule(self) -> Rule:
        return Rule(lion, ("m", "rate"), {"beta": self.beta})  # and the program has a rate of its own


def lion(p: Any, g: Any, rate: float, t: int, m: Any, old: Any, *, beta: float) -> Any:
    """The sign of a mean."""
    c = beta * m + (1 - beta) * g  # the mean
    return p - rate * np.sign(c), c, old + 1 / t


@dataclass(frozen=True)
class SignSGD(Optimizer):
    def rule(self) -> Rule:
        return Rule(lambda p, g, rate, t: (p - rate * np.sign(g) / math.sqrt(t),))


@dataclass(frozen=True)
class Halving(Optimizer):
    def rule(self) -> Rule:
        return Rule(halving, ("s",), weight_decay=0.3)


def halving(p: Any, g: Any, rate: float, t: int, s: Any) -> Any:
    return p - rate * (g + s) / 2, g


@pytest.mark.parametrize("optimizer", [Lion(0.01), Lion(0.01, beta=0.5), SignSGD(0.01), Halving(0.1)], ids=str)
@pytest.mark.parametrize("batch_size", [None, 5])
def test_an_optimizer_of_ones_own(optimizer: Optimizer, batch_size: int | None) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    net = Network([Dense(4, "tanh"), Dense(1)], inputs=3)
    epochs = 100 if batch_size is None else 34
    text = programs.holds(net, X, y, optimizer=optimizer, batch_size=batch_size, epochs=epochs, clip_norm=0.5)
    if isinstance(optimizer, Lion):
        assert f"def lion(p, g, rate, t, m, old, beta={optimizer.beta}):" in text
        assert "c = beta * m + (1 - beta) * g  # the mean" in text


def test_what_a_formula_does_not_look_at_is_left_out() -> None:
    net = Network([Dense(2, "gelu"), Dense(1)], inputs=1)
    text = programs.holds(net, [[1.0], [2.0]], [1.0, 2.0], optimizer=SGD(0.1, momentum=0.5), epochs=3, batch_size=1)
    assert "def gelu_slope(z):" in text
    assert "def momentum_descent(p, g, rate, v, momentum=0.5):" in text
    assert "step" not in text.replace("a step of", ""), "nobody asks how many steps there were"


# Schedules.


@dataclass(frozen=True)
class Zigzag(Schedule):
    low: float = 0.5

    def scale(self, place: Place, watch: Watch) -> float:
        """Up and down."""
        # every other epoch
        if place.epoch % 2:
            return self.low  # down
        return LIFT * math.exp(-place.step / place.steps)


LIFT = 0.9


@dataclass(frozen=True)
class Bold(Schedule):
    up: float = 1.05

    # fmt: off
    def scale(self, where: Place, seen: Watch) -> float: return seen.scale
    # fmt: on

    def watched(self, watch: Watch, loss: float) -> Watch:
        if loss < watch.best:
            return Watch(loss, 0, watch.scale * self.up)
        waited = watch.waited + 1
        if waited_enough(waited):
            return Watch(watch.best, 0, watch.scale / 2)
        return watch


@dataclass(frozen=True)
class Down(Schedule):
    def scale(self, place: Place, watch: Watch) -> float:
        share = (place.step + 1) / place.steps
        return max(1 - share, 0.1) ** 2

    def watched(self, watch: Watch, loss: float) -> Watch:
        return watch if loss > watch.best else Watch(loss, watch.waited + 1, watch.scale)


@dataclass(frozen=True)
class Flat(Schedule):
    # fmt: off
    def scale(self, where: Place, seen: Watch) -> float: return 0.5 + where.epoch * 0
    # fmt: on


def waited_enough(waited: int) -> bool:
    return waited > 2


@pytest.mark.parametrize("schedule", [Zigzag(), Zigzag(low=0.25), Down(), Flat()], ids=str)
@pytest.mark.parametrize("batch_size", [None, 5])
def test_a_schedule_of_ones_own(schedule: Schedule, batch_size: int | None) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    net = Network([Dense(4, "tanh"), Dense(1)], inputs=3)
    epochs = 100 if batch_size is None else 34
    text = programs.holds(net, X, y, optimizer=Adam(0.02), schedule=schedule, batch_size=batch_size, epochs=epochs)
    if isinstance(schedule, Zigzag):
        assert f"        return {schedule.low}  # down\n    return 0.9 * float(np.exp(-step / steps))" in text


def refusing_schedules() -> list[tuple[Any, str]]:
    class Named(Schedule):
        def watched(self, watch: Watch, loss: float) -> Watch:
            return Watch(best=loss, waited=0, scale=watch.scale)

    class Whole(Schedule):
        def scale(self, place: Place, watch: Watch) -> float:
            return float(len(place))

    class Shadowing(Schedule):
        def scale(self, place: Place, watch: Watch) -> float:
            steps = place.steps + 1
            return 1 / steps

    class Helped(Schedule):
        def scale(self, place: Place, watch: Watch) -> float:
            return self.helper(place.epoch)

        def helper(self, epoch: int) -> float:
            return 1 / (epoch + 1)

    class Replaced(Schedule):
        def watched(self, watch: Watch, loss: float) -> Watch:
            return watch._replace(best=loss)

    class Elsewhere(Schedule):
        def scale(self, place: Place, watch: Watch) -> float:
            return waited_enough(place.epoch) + 0.5

    names: dict[str, Any] = {"Schedule": Schedule}
    exec("class Typed(Schedule):\n    def scale(self, place, watch):\n        return 1.0", names)
    return [
        (Named(), "it makes a Watch with names"),
        (Whole(), "it uses 'len'"),
        (Shadowing(), "it gives the name 'steps' another meaning"),
        (Helped(), "it uses self.helper, which is no number"),
        (Replaced(), "it uses watch._replace"),
        (Elsewhere(), "it uses 'waited_enough'"),
        (Bold(), "it gives the name 'waited' another meaning"),
        (names["Typed"](), "its source is not there"),
    ]


@pytest.mark.parametrize(("schedule", "why"), refusing_schedules(), ids=lambda value: type(value).__name__)
def test_a_schedule_that_cannot_be_written_says_why(schedule: Schedule, why: str) -> None:
    net = Network([Dense(1)], inputs=1)
    with pytest.raises(
        InputError, match=f"of the schedule {type(schedule).__name__} cannot be written .*{why}.*place.step"
    ):
        net.script([[1.0], [2.0]], [1.0, 2.0], schedule=schedule)


# What cannot be read says so.


def erf(z: Any) -> Any:
    return special.erf(z)


@dataclass(frozen=True)
class Beside(SGD):
    def update(self, *given: Any, **named: Any) -> tuple[Any, State]:
        return super().update(*given, **named)


OBJECT = np.vectorize(max)
REFUSED = {
    "a function of SciPy": (
        [Dense(1, Activation("erf", special.erf, np.ones_like))],
        {},
        "with the activation 'erf': .*has no Python source to read: define it with def",
    ),
    "a built-in function": (
        [Dense(1, Activation("top", partial(max, 0.0), np.ones_like))],
        {},
        "activation 'top': .*has no Python source to read: define it with def",
    ),
    "a call of SciPy": ([Dense(1, Activation("erf", erf, np.ones_like))], {}, "activation 'erf': erf uses 'special'"),
    "an object": ([Dense(1)], {"loss": Loss("odd", OBJECT, np.subtract)}, "the loss 'odd': .*has no Python source"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_says_what_to_do(what: str) -> None:
    layers, given, message = REFUSED[what]
    net = Network(layers, inputs=1, **given)
    with pytest.raises(InputError, match=message):
        net.script([[1.0], [2.0]], [1.0, 2.0])


def test_an_optimizer_that_does_more_than_its_rule_is_refused() -> None:
    with pytest.raises(InputError, match=r"Beside has a method update of its own, .* say what a step does in rule"):
        Network([Dense(1)], inputs=1).script([[1.0], [2.0]], [1.0, 2.0], optimizer=Beside())


def test_names_stay_names() -> None:
    odd = 'odd """\n\\d\nraise SystemExit(9)'
    loss = Loss(odd, lambda a, t: (a - t) ** 2, lambda a, t: 2 * (a - t))
    layers = [Dense(2, Activation(odd, np.sin, np.cos), init=Initializer(odd, INITIAL)), Dense(1)]
    programs.holds(Network(layers, inputs=1, loss=loss), [[1.0], [2.0]], [1.0, 2.0], epochs=3)


def INITIAL(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
    return rng.normal(size=(fan_in, fan_out))
