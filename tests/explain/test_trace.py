"""A trace is the training step itself: its bits, its names, its numbers, and what it says when a step goes wrong."""

from __future__ import annotations

import inspect
import json
import pickle
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import programs
from pellucid import Activation, Adam, Dense, Dropout, InputError, Loss, Network
from pellucid.activations import ACTIVATIONS
from pellucid.data import Pixels, Standardizer
from pellucid.engines import readable
from pellucid.errors import TrainingDiverged
from pellucid.explain.equations import equations_of
from pellucid.explain.trace import trace
from pellucid.optimizers import SGD, AdaGrad, AdamW, Optimizer, RMSProp, Rule, State
from pellucid.schedules import SCHEDULES
from pellucid.settings import Settings
from representations import well_formed

HIDDEN = tuple(name for name, record in ACTIVATIONS.items() if not record.output_only)
PAIRS = [
    ("softmax", "cross_entropy"),
    ("softmax", "squared_error"),
    ("sigmoid", "binary_cross_entropy"),
    ("sigmoid", "absolute_error"),
    ("identity", "squared_error"),
    ("identity", "huber(0.3)"),
    ("tanh", "absolute_error"),
    ("exp", "poisson"),
]
STEPS: list[Optimizer] = [
    SGD(0.3),
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.5, nesterov=True),
    AdaGrad(0.1),
    RMSProp(0.01),
    Adam(0.02),
    AdamW(0.02, weight_decay=0.3),
]


@dataclass(frozen=True)
class Watched(Optimizer):
    """Another optimizer, with every theta that it gives written down: so a run of `fit` shows its first step."""

    learning_rate: float
    inner: Optimizer = field(default_factory=SGD)
    seen: list[Any] = field(default_factory=list, compare=False)

    def rule(self) -> Rule:
        return self.inner.rule()

    def update(self, gradient: Any, state: Any, theta: Any, rate: Any = None, weights: Any = 1.0) -> Any:
        new, state = self.inner.update(gradient, state, theta, rate, weights)
        self.seen.append(new.copy())
        return new, state


def first_step(net: Network, X: Any, y: Any, optimizer: Optimizer, **others: Any) -> tuple[Network, Any]:
    """A copy of the network trained by `fit`, and its parameters after the first step."""
    twin = pickle.loads(pickle.dumps(net))
    watched = Watched(optimizer.learning_rate, optimizer)
    try:
        twin.fit(X, y, optimizer=watched, engine="readable", **others)
    except TrainingDiverged:  # of a later step: the first one has been seen
        assert watched.seen
    return twin, watched.seen[0]


class Case(NamedTuple):
    net: Network
    X: Any
    y: Any
    given: dict[str, Any]
    block: int


def targets(output: str, n: int, units: int, rng: np.random.Generator) -> Any:
    if output == "softmax":
        return rng.permutation(np.arange(n) % units)
    if output == "sigmoid":
        return rng.permuted(np.arange(n * units) % 2).reshape(n, units)
    return rng.poisson(2.0, (n, units)).astype(float)


@st.composite
def cases(draw: Any) -> Case:
    output, loss = draw(st.sampled_from(PAIRS))
    hidden = [Dense(w, a) for w, a in draw(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(HIDDEN)), max_size=3))]
    layers: list[Any] = []
    for layer in hidden:
        layers += [Dropout(draw(st.sampled_from([0.0, 0.3, 0.6])))] * draw(st.integers(0, 1)) + [layer]
    layers += [Dropout(0.2)] * draw(st.integers(0, 2))
    n, inputs, units = draw(st.integers(12, 20)), draw(st.integers(1, 4)), draw(st.integers(2, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    pixels = draw(st.booleans())
    X = rng.integers(0, 256, (n, inputs)).astype(np.uint8) if pixels else rng.normal(size=(n, inputs))
    scaler = Pixels() if pixels else draw(st.sampled_from([None, Standardizer(), Standardizer().fit(X + 1)]))
    dtype = draw(st.sampled_from(["float64", "float32"]))
    net = Network(
        [*layers, Dense(units, output)],
        inputs=inputs,
        loss=loss,
        seed=draw(st.integers(0, 99)),
        dtype=dtype,
        scaler=scaler,
    )
    choices: dict[str, Any] = {
        "optimizer": st.sampled_from(STEPS),
        "epochs": st.integers(1, 3),
        "batch_size": st.sampled_from([None, 5, 8]),
        "l2": st.sampled_from([0.0, 0.2]),
        "l1": st.sampled_from([0.0, 0.1]),
        "schedule": st.sampled_from([None, "cosine", "one_cycle", "inverse"]),
        "validation": st.sampled_from([None, 0.3]),
        "class_weight": st.sampled_from([None, "balanced"] if output == "softmax" else [None]),
        "sample_weight": st.sampled_from([None, rng.uniform(0.1, 3, n)]),
        "clip_norm": st.sampled_from([None, 0.1, 1e6]),
        "shuffle": st.booleans(),
        "seed": st.integers(0, 9),
    }
    given = {name: draw(choice) for name, choice in choices.items()}
    return Case(net, X, targets(output, n, units, rng), given, draw(st.sampled_from([4, 8192])))


@given(case=cases())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_the_traced_step_is_the_training_step(case: Case) -> None:
    check_step(case)


@pytest.mark.nightly
@given(case=cases())
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_traced_step_is_the_training_step_in_many_more_cases(case: Case) -> None:
    check_step(case)


@pytest.mark.parametrize("optimizer", STEPS, ids=str)
def test_every_activation_and_loss_with_every_optimizer(optimizer: Optimizer) -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(12, 3))
    for i, hidden in enumerate(HIDDEN):
        output, loss = PAIRS[(i + STEPS.index(optimizer)) % len(PAIRS)]
        layers = [Dense(4, hidden), Dropout(0.3), Dense(2, output)]
        net = Network(layers, inputs=3, loss=loss, dtype=("float64", "float32")[i % 2])
        check_step(
            Case(
                net,
                X,
                targets(output, 12, 2, rng),
                {"optimizer": optimizer, "batch_size": 5, "l2": 0.1, "epochs": 1},
                8192,
            )
        )


def check_step(case: Case) -> None:
    """The traced step leaves the bits that `fit` does, changes nothing, and has a quantity for every equation."""
    net, X, y, chosen, block = case
    theta, data, fitted = net.theta.copy(), X.copy(), net.scaler is not None and net.scaler.fitted
    with patch.object(readable, "BLOCK", block):
        step = trace(net, X, y, **chosen)
        twin, after = first_step(net, X, y, **chosen)
    assert step.diverged is None
    assert step.theta.tobytes() == after.tobytes()
    assert step.theta.dtype == net.dtype
    # Nothing was changed.
    assert net.theta.tobytes() == theta.tobytes()
    assert net.last_update is None
    assert X.tobytes() == data.tobytes()
    assert (net.scaler is not None and net.scaler.fitted) == fitted
    # Every equation has its quantity, and there is no other.
    penalties = (chosen.get(name, 0.0) for name in ("l2", "l1"))
    records = equations_of(net, chosen["optimizer"], *penalties, chosen.get("clip_norm"), "w" in step)
    assert [(e.number, e.section, e.name, e.formula) for e in step] == [
        (q.number, q.section, q.name, q.text) for q in records
    ]
    n = len(step.rows)
    for entry, equation in zip(step, records, strict=True):
        assert entry.shape == tuple(n if size == "n" else size for size in equation.shape), entry.name
        assert entry.finite
    assert step.first_not_finite is None
    # The rows are those of X as it was given.
    scaled = X[step.rows] if twin.scaler is None else twin.scaler.transform(X[step.rows], dtype=net.dtype)
    assert np.array_equal(step["X"].value, scaled.astype(net.dtype))
    assert step["y"].value.tobytes() == net.encode(y, len(y))[step.rows].tobytes()


@given(case=cases())
@settings(max_examples=35, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_every_quantity_is_what_its_name_says(case: Case) -> None:
    """Recomputed from the quantities before it, in the notation of a textbook."""
    net, X, y, chosen, _ = case
    step = trace(net, X, y, **chosen)
    close = {"rtol": 1e-10, "atol": 1e-13} if net.dtype == np.float64 else {"rtol": 1e-3, "atol": 1e-5}
    seen: set[str] = set()

    def holds(name: str, expected: Any) -> Any:
        seen.add(name)
        assert np.allclose(step[name].value, expected, **close), name
        return step[name].value

    n = len(step.rows)
    w = step["w"].value if "w" in step else np.ones(n)
    last = sum(isinstance(layer, Dense) for layer in net.layers)
    at, name, dense, drops = step["X"].value, "X", 0, 0
    path: list[tuple[str, int, Any, str, Any]] = []
    for i, layer in enumerate(net.layers, 1):
        if isinstance(layer, Dense):
            dense += 1
            path.append(("dense", dense, layer, name, at))
            z = holds(f"z{dense}", at @ step.before[f"W{dense}"] + step.before[f"b{dense}"])
            name = "p" if i == len(net.layers) and net.task != "values" else f"a{dense}"
            at = holds(name, layer.activation.value(z))
        else:
            drops += 1
            if layer.rate:
                seen.add(f"m{drops}")
                mask = step[f"m{drops}"].value
                assert set(np.unique(mask)) <= {0, mask.dtype.type(1 / (1 - layer.rate))}
                path.append(("dropout", drops, layer, name, at))
                name, at = f"d{drops}", holds(f"d{drops}", at * mask)
    t, loss, total = step["y"].value, net.loss_function, w.sum()
    losses = holds("losses", loss.rows(z, at, t))
    W = np.concatenate([step.before[f"W{k}"].ravel() for k in range(1, last + 1)])
    value = holds("L", (w * losses).sum() / total + chosen["l2"] / 2 * np.sum(W**2) + chosen["l1"] * np.sum(np.abs(W)))
    assert step.loss == float(value)
    share = (w / total)[:, np.newaxis]
    delta = holds(f"delta{last}", share * loss.delta(net.output.activation, z, at, t))
    if not loss.from_logits:
        holds(f"d{name}", share * loss.gradient(at, t))
    for kind, k, layer, name, incoming in reversed(path):
        if kind == "dense":
            if k < last:
                z, a = step[f"z{k}"].value, step[f"a{k}"].value
                delta = holds(f"delta{k}", step[f"da{k}"].value * layer.activation.slope_at(z, a))
            Wk = step.before[f"W{k}"]
            holds(f"dW{k}", incoming.T @ delta + chosen["l2"] * Wk + chosen["l1"] * np.sign(Wk))
            holds(f"db{k}", delta.sum(axis=0))
            back = delta @ Wk.T
        else:
            back = back * step[f"m{k}"].value
        if k == 1 and kind == "dense":
            break  # nobody asks for the gradient of the data
        holds(f"d{name}", back)
    g = np.concatenate([step[f"d{name}"].value.ravel() for name in net.params])
    norm, most = float(np.linalg.norm(g)), chosen["clip_norm"] or np.inf
    used = g if norm <= most else g * (most / norm)
    start, optimizer = np.concatenate([a.ravel() for a in step.before.values()]), chosen["optimizer"]
    theta, state = optimizer.update(used, optimizer.init(start), start, step.learning_rate, net.weight_mask)
    averages = dict(zip(optimizer.rule().averages, state.averages, strict=True))
    if "m" in averages:
        averages |= {"m_hat": averages["m"] / (1 - 0.9), "v_hat": averages["v"] / (1 - 0.999)}
    for name, array in ({"g": g, "clipped": used} | averages).items():
        if name in step:  # plain descent has no need of them
            holds(name, array)
    for name, array in net.named(theta).items():
        assert np.array_equal(holds(name, array), step.params[name])
    assert seen == {entry.name for entry in step}


def test_the_learning_rate_is_that_of_the_first_step() -> None:
    X, y = np.random.default_rng(0).normal(size=(12, 2)), np.arange(12) % 2
    for schedule in SCHEDULES:
        net = Network([Dense(2, "softmax")], inputs=2)
        step = trace(net, X, y, optimizer=SGD(0.5), schedule=schedule, epochs=4)
        assert step.learning_rate == net.fit(X, y, optimizer=SGD(0.5), schedule=schedule, epochs=4).learning_rate[0]


def test_more_rows_than_a_block() -> None:
    rng = np.random.default_rng(3)
    X = rng.integers(0, 256, (readable.BLOCK + 300, 4)).astype(np.uint8)
    y = rng.integers(0, 3, len(X))
    net = Network([Dense(5, "relu"), Dropout(0.2), Dense(3, "softmax")], inputs=4, dtype="float32", scaler=Pixels())
    step = trace(net, X, y, row=readable.BLOCK + 7, l2=0.01)
    assert step.theta.tobytes() == first_step(net, X, y, SGD(0.1), epochs=1, l2=0.01)[1].tobytes()
    assert step["z1"].shape == (len(X), 5)
    assert step.row is not None
    assert np.allclose(next(iter(step.row)).terms[:, 0], X[readable.BLOCK + 7] / np.float32(255))


# Steps that go wrong.

X2 = np.random.default_rng(5).normal(size=(6, 2))
Y2 = np.array([0, 1, 0, 1, 1, 0])


def broken(first: str, dtype: str = "float64") -> tuple[Network, Any, Any, dict[str, Any]]:
    """A network, data and settings with which `first` is the first quantity that is not finite."""
    huge = float(np.finfo(dtype).max)
    classes = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2, dtype=dtype)
    values = Network([Dense(3, "tanh"), Dense(1)], inputs=2, dtype=dtype)
    if first == "z1":
        relu = Network([Dense(3, "relu"), Dense(2, "softmax")], inputs=2, dtype=dtype)
        relu.params["W1"][...] = huge
        return relu, 100 * np.abs(X2), Y2, {}
    if first == "losses":
        return values, X2, np.full(6, huge / 2), {}
    assert first == "W1"
    return classes, X2, Y2, {"optimizer": SGD(huge), "l2": 1e3}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("first", ["z1", "losses", "W1"])
def test_a_diverging_step_is_shown_and_its_first_broken_quantity_named(first: str, dtype: str) -> None:
    net, X, y, chosen = broken(first, dtype)
    theta = net.theta.copy()
    step = trace(net, X, y, row=1, **chosen)
    assert net.theta.tobytes() == theta.tobytes()
    assert step.first_not_finite is step[first]
    assert not step[first].finite
    assert [e.name for e in step] == [q.name for q in equations_of(net, chosen.get("optimizer"), chosen.get("l2", 0.0))]
    # It is what fit says and leaves.
    with pytest.raises(TrainingDiverged) as error:
        net.fit(X, y, **chosen)
    assert step.diverged == str(error.value)
    assert step.theta.tobytes() == net.theta.tobytes() == theta.tobytes()
    assert step.params.keys() == net.params.keys()
    # Shown in every form.
    bad = np.argwhere(~np.isfinite(step[first].value))
    where = f"{len(bad):,} of {step[first].value.size:,}, first at {bad[0].tolist()}"
    text = str(step)
    assert f"NOT FINITE: the first quantity with such a number is {first} ({step[first].section}), {where}" in text
    assert f"NOT FINITE: {where}, the first" in text
    assert "This step is not taken" in text
    page = well_formed(step._repr_html_())
    marked = [row for row in page.iter("tr") if row.get("class") == "broken"]
    assert len(marked) == sum(not entry.finite for entry in step)
    assert f"not finite: {where}" in [part.text for part in marked[0].iter("div")]
    record = json.loads(json.dumps(step.to_dict(lists=True), allow_nan=False))
    assert record["first_not_finite"] == first
    assert record["entries"][first]["finite"] is False
    assert record["diverged"] == step.diverged


def test_what_a_later_quantity_hides_is_named_too() -> None:
    """tanh makes 1 of infinity: the step is taken, and all the same a number was not finite."""
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    net.params["W1"][...] = np.finfo(np.float64).max
    step = trace(net, 100 * np.abs(X2), Y2)
    assert step.diverged is None
    assert step.first_not_finite is step["z1"]
    assert step["a1"].finite
    assert "the first quantity with such a number is z1 (forward)" in str(step)
    assert "not taken" not in str(step)
    assert step.theta.tobytes() == first_step(net, 100 * np.abs(X2), Y2, SGD(0.1), epochs=1)[1].tobytes()


def test_a_healthy_step_mentions_nothing_of_the_kind() -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    step = trace(net, X2, Y2)
    assert "NOT FINITE" not in str(step)
    assert "not taken" not in str(step)
    assert 'class="broken"' not in step._repr_html_()


# What users define themselves.


def wavy(z: Any) -> Any:
    return z + np.sin(z) ** 2


def wavy_slope(z: Any) -> Any:
    return 1 + np.sin(2 * z)


def quartic(a: Any, t: Any) -> Any:
    return (a - t) ** 4


def quartic_gradient(a: Any, t: Any) -> Any:
    return 4 * (a - t) ** 3


def sign_descent(p: Any, g: Any, rate: float, t: int, trend: Any, share: float) -> Any:
    trend = share * trend + (1 - share) * g
    return p - rate * np.sign(trend), trend


@dataclass(frozen=True)
class Signs(Optimizer):
    learning_rate: float = 0.05
    share: float = 0.75

    def rule(self) -> Rule:
        return Rule(sign_descent, ("trend",), {"share": self.share})


def test_own_activations_losses_and_optimizers_are_traced() -> None:
    net = Network(
        [Dense(3, Activation("wavy", wavy, wavy_slope)), Dense(1, Activation("sine", np.sin, np.cos))],
        inputs=2,
        loss=Loss("quartic", quartic, quartic_gradient),
    )
    y = X2[:, 0]
    step = trace(net, X2, y, row=2, optimizer=Signs(), l2=0.1)
    assert step.theta.tobytes() == first_step(net, X2, y, Signs(), epochs=1, l2=0.1)[1].tobytes()
    z, a = step["z1"].value, step["a1"].value
    assert np.array_equal(a, z + np.sin(z) ** 2)
    assert np.allclose(step["losses"].value, (step["a2"].value[:, 0] - y) ** 4)
    assert np.allclose(step["da2"].value[:, 0], 4 * (step["a2"].value[:, 0] - y) ** 3 / 6)
    assert np.allclose(step["delta1"].value, step["da1"].value * wavy_slope(z))
    assert np.allclose(step["trend"].value, 0.25 * step["g"].value)
    assert np.allclose(step["W1"].value, step.before["W1"] - 0.05 * np.sign(step["dW1"].value))
    for shown in (str(step), step._repr_html_()):
        assert "Signs(" in shown
        assert "wavy" in shown


def borrowed(p: Any, g: Any, rate: float, t: int, a1: Any, p_old: Any, n: float, lam: float, z1: float) -> Any:
    a1 = a1 * lam + g
    delta2 = a1 / n
    return p - rate * delta2 * z1, a1, p


@dataclass(frozen=True)
class Odd(Optimizer):
    """Calls its own quantities as the network calls others: averages a1 and p, constants n, lam and z1."""

    learning_rate: float = 0.05

    def rule(self) -> Rule:
        return Rule(borrowed, ("a1", "p"), {"n": 2.0, "lam": 0.5, "z1": 0.25})


@pytest.mark.parametrize("clip_norm", [None, 0.1])
def test_names_of_an_optimizer_that_the_network_has_too_are_told_apart(clip_norm: float | None) -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    step = trace(net, X2, [0, 1] * 3, row=1, optimizer=Odd(), clip_norm=clip_norm, l2=0.1)
    names = [entry.name for entry in step]
    assert len({*names}) == len(names)
    assert np.array_equal(step["a1"].value, np.tanh(step["z1"].value))
    assert step["p"].shape == (6, 2)
    g = (step["g"] if clip_norm is None else step["clipped"]).value
    assert np.array_equal(step["a1_odd"].value, g)
    assert np.array_equal(step["delta2_odd"].value, g / 2)
    assert step["δ2_odd"] is step["delta2_odd"]
    assert step["delta2"].shape == (6, 2)
    before = np.concatenate([values.ravel() for values in step.before.values()])
    assert np.array_equal(step["p_odd"].value, before)
    _, theta = first_step(net, X2, [0, 1] * 3, Odd(), epochs=1, clip_norm=clip_norm, l2=0.1)
    assert step.theta.tobytes() == theta.tobytes()
    assert {*step.to_dict()["entries"]} == {*names}
    for shown in (str(step), step._repr_html_()):
        assert "a1_odd" in shown


def test_a_script_calls_them_as_the_trace_does() -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    text = programs.holds(net, X2, [0, 1] * 3, optimizer=Odd(), epochs=100)
    assert "a1_odd = [np.zeros_like(p) for p in [W1, b1, W2, b2]]" in text
    assert "parameters[i], a1_odd[i], p_odd[i] = borrowed(" in text


def test_a_formula_that_cannot_be_read_is_told_of() -> None:
    net = Network([Dense(3, Activation("odd", np.vectorize(np.tanh), lambda z, a: 1 - a * a)), Dense(1)], inputs=2)
    step = trace(net, X2, X2[:, 0], row=0)
    told = "odd is shown by its name alone: an object of the class vectorize has no source to read."
    assert step["a1"].notes[0].text.startswith(told)
    assert told in " ".join(str(step).split())
    assert told in step._repr_html_()
    assert step.to_dict()["entries"]["a1"]["notes"][0].startswith(told)


def in_place(p: Any, g: Any, rate: float, t: int, v: Any, keep: float) -> Any:
    v *= keep
    g *= 2
    v += g
    return p - rate * v, v


@dataclass(frozen=True)
class InPlace(Optimizer):
    learning_rate: float = 0.05

    def rule(self) -> Rule:
        return Rule(in_place, ("v",), {"keep": 0.5})


@dataclass(frozen=True)
class Whole(Optimizer):
    learning_rate: float = 0.05

    def rule(self) -> Rule:
        return Rule(sign_descent)

    def update(self, gradient: Any, state: Any, theta: Any, rate: Any = None, weights: Any = 1.0) -> Any:
        return theta - rate * np.sign(gradient), State(state.t + 1, ())


@pytest.mark.parametrize("optimizer", [InPlace(), Whole()], ids=["in place", "an update of its own"])
def test_optimizers_that_do_it_in_their_own_way_take_the_same_step(optimizer: Optimizer) -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    step = trace(net, X2, Y2, optimizer=optimizer, clip_norm=100.0)
    twin = pickle.loads(pickle.dumps(net))
    twin.fit(X2, Y2, optimizer=optimizer, epochs=1, clip_norm=100.0)
    assert step.theta.tobytes() == twin.theta.tobytes()
    assert np.array_equal(step["W1"].value, step.params["W1"])
    assert np.array_equal(step["g"].value, np.concatenate([g.ravel() for g in net.gradients(X2, Y2).values()]))
    if isinstance(optimizer, InPlace):  # every line of its formula is an entry
        assert [step[name].value.tolist() for name in ("v", "g'")] == [[0.0] * 17, (2 * step["g"].value).tolist()]
        assert np.array_equal(step["v'"].value, 2 * step["g"].value)
    else:
        assert np.array_equal(step["theta"].value, step.theta)


def pulled(p: Any, g: Any, rate: float, t: int) -> Any:
    back = p * p + g
    return (p - rate * back,)


@dataclass(frozen=True)
class Decayed(Optimizer):
    learning_rate: float = 0.05

    def rule(self) -> Rule:
        return Rule(pulled, weight_decay=0.5)


def test_what_a_formula_computes_on_the_way_is_of_the_parameters_that_it_is_given() -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    net.theta = np.linspace(-1, 1, 17)
    step = trace(net, X2, Y2, optimizer=Decayed())
    p = net.theta * (1 - 0.05 * 0.5 * net.weight_mask)  # decay is for weights alone
    assert np.allclose(step["back"].value, p * p + step["g"].value, rtol=1e-14)
    assert np.allclose(step.theta, p - 0.05 * step["back"].value, rtol=1e-14)


# Asking for quantities.


def test_a_name_that_is_not_there_gets_the_names_that_are() -> None:
    step = trace(Network([Dense(2, "softmax")], inputs=2), X2, Y2)
    with pytest.raises(KeyError, match=r"no quantity 'z11'.*Did you mean 'z1'\?.*There are: X, y, W1, b1, z1, p"):
        step["z11"]
    assert "z1" in step
    assert "z11" not in step
    assert len(step) == len(list(step)) == len(step.entries)


def test_before_and_after_are_told_apart() -> None:
    net = Network([Dense(2, "softmax")], inputs=2)
    step = trace(net, X2, Y2, l2=0.1)
    assert np.array_equal(step.before["W1"], net.params["W1"])
    assert np.array_equal(step["W1"].value, step.params["W1"])
    assert not np.array_equal(step.before["W1"], step.params["W1"])
    assert np.allclose(step.params["W1"], step.before["W1"] - 0.1 * step["dW1"].value, rtol=1e-15)


def test_statistics_are_those_of_all_numbers() -> None:
    net = Network([Dense(4, "relu"), Dense(2, "softmax")], inputs=2, dtype="float32")
    for entry in trace(net, X2, Y2):
        value = entry.value.astype(np.float64)
        assert (entry.min, entry.max) == (value.min(), value.max())
        assert entry.mean == pytest.approx(value.mean(), rel=1e-12, abs=1e-300)


def test_a_dict_for_programs_has_everything() -> None:
    net = Network([Dense(3, "tanh"), Dropout(0.5), Dense(2, "softmax")], inputs=2)
    step = trace(net, X2, Y2, row=4, optimizer="adam", batch_size=5, seed=1)
    record = step.to_dict()
    assert record["entries"]["z1"]["value"] is step["z1"].value
    assert list(record["entries"]) == [entry.name for entry in step]
    assert list(record["given"]) == ["X", "y", "W1", "b1", "W2", "b2"]
    written = json.loads(json.dumps(step.to_dict(lists=True), allow_nan=False))
    for name, entry in written["entries"].items():
        assert np.array_equal(np.array(entry["value"]), step[name].value)
        assert entry["shape"] == list(step[name].shape)
        assert entry["formula"] == step[name].formula
    assert np.array_equal(written["theta"], step.theta)
    assert written["rows"] == step.rows.tolist()
    assert written["row"]["row"] == 4


def test_a_trace_can_be_pickled_and_has_a_short_name() -> None:
    step = trace(Network([Dense(2, "softmax")], inputs=2), X2, Y2)
    again = pickle.loads(pickle.dumps(step))
    assert str(again) == str(step)
    assert repr(step) == f"Trace(6 rows, {len(step)} quantities, loss {step.loss:.6g})"


def test_the_network_has_it_as_a_method() -> None:
    net = Network([Dense(2, "softmax")], inputs=2)
    assert str(net.trace(X2, Y2, row=1, l2=0.5)) == str(trace(net, X2, Y2, row=1, l2=0.5))
    named = list(inspect.signature(net.trace).parameters)
    assert named[:3] == ["X", "y", "row"]
    assert set(named[3:]) == {field.name for field in fields(Settings)}
    with pytest.raises(InputError, match="Did you mean 'batch_size'"):
        net.trace(X2, Y2, batchsize=3)


# How it looks.


def test_text_shows_the_first_rows_and_columns_and_elides_the_rest() -> None:
    net = Network([Dense(9, "tanh"), Dense(2, "softmax")], inputs=2)
    step = trace(net, X2, Y2)
    block = str(step).split("\n  (2)")[0].split("\n  (1)")[1].splitlines()
    assert block[0].strip() == step["z1"].formula
    z = step["z1"]
    assert block[1].strip() == f"(6, 9), min {z.min:.4g}, mean {z.mean:.4g}, max {z.max:.4g}"
    shown = [line.split() for line in block[2:]]
    assert shown[:4] == [[f"{v:.4g}" for v in row[:6]] + ["..."] for row in step["z1"].value[:4]]
    assert shown[4] == ["..."] * 7
    assert len(shown) == 5


@pytest.mark.parametrize("hidden", HIDDEN)
def test_text_has_100_columns_at_most(hidden: str) -> None:
    rng = np.random.default_rng(1)
    wide = rng.normal(size=(30, 12)) * 1e-5
    for output, y in (("softmax", np.arange(30) % 5), ("sigmoid", np.eye(5)[np.arange(30) % 5])):
        layers = [Dense(9, hidden), Dropout(0.25), Dense(4, hidden), Dense(5, output)]
        net = Network(layers, inputs=12, loss="squared_error", scaler=Standardizer())
        settings = {"l2": 0.1, "l1": 0.1, "clip_norm": 0.1, "sample_weight": np.linspace(1, 2, 30)}
        step = trace(net, wide, y, row=3, optimizer=AdamW(0.01), schedule="cosine", **settings)
        lines = str(step).splitlines()
        assert max(map(len, lines)) <= 100
        assert all(line == line.rstrip() for line in lines)
        together = " ".join(str(step).split())
        for entry in step:  # nothing is lost where a formula is broken
            assert " ".join(entry.formula.split()) in together


def test_html_has_a_row_for_every_quantity_and_the_numbers_of_the_text() -> None:
    net = Network([Dense(9, "tanh"), Dense(2, "softmax")], inputs=2)
    step = trace(net, X2, Y2, row=0)
    page = well_formed(step._repr_html_())
    (table,) = [table for table in page.iter("table") if table.get("class") == "trace"]
    rows = [row for row in table.findall("tbody/tr") if row.get("class") != "part"]
    assert len(rows) == len(step) + len(step.given)
    for row, entry in zip(rows, (*step.given, *step), strict=True):
        assert row[0].text == (f"({entry.number})" if entry.number else None)
        assert row.find(".//math") is not None
        inner = [[cell.text for cell in line] for line in row.findall("td/table/tbody/tr")]
        first = np.atleast_2d(entry.value)[0, :5]
        assert inner[0][: len(first)] == [f"{v + 0.0:.4g}" for v in first.tolist()]
    (worked,) = page.iter("pre")
    assert worked.text == str(step.row)


def test_a_mean_that_is_0_but_for_rounding_is_shown_as_0() -> None:
    X = np.array([[0.1], [0.2], [-0.3]])
    assert 0 < abs(X.mean()) < 1e-16
    step = Network([Dense(2, "softmax")], inputs=1).trace(X, [0, 1, 0])
    assert "min -0.3, mean 0, max 0.2" in str(step)
    assert "min -0.3, mean 0, max 0.2" in step.html()
    assert step["X"].mean == X.mean()  # programs get the number as it is
    assert "mean -0.002" in str(Network([Dense(1)], inputs=1).trace([[1.0], [-1.004]], [0.0, 1.0]))


def test_a_trace_is_a_page_for_a_file_too() -> None:
    step = Network([Dense(2, "softmax")], inputs=1).trace([[1.0], [2.0]], [0, 1])
    assert step.html() == step._repr_html_()


def test_a_row_of_a_step_that_overflows_is_written_out_without_warnings() -> None:
    net = Network([Dense(3, "relu"), Dense(2, "softmax")], 2, seed=1)
    net.theta = net.theta * 1e200
    assert "inf" in str(net.trace([[1.0, 2.0], [3.0, 4.0]], [0, 1], row=1))
