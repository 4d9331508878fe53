"""`diagnose` as a whole: healthy runs raise nothing, causes come first, nothing changes, and nothing makes it fail."""

from __future__ import annotations

import pickle
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid
from pellucid import (
    SGD,
    Activation,
    Adam,
    AdamW,
    Dense,
    Dropout,
    Network,
    Optimizer,
    RMSProp,
    TrainingDiverged,
    diagnose,
)
from pellucid.activations import ACTIVATIONS
from pellucid.data import (
    Standardizer,
    make_blobs,
    make_circles,
    make_microchips,
    make_moons,
    make_plane,
    make_shirts,
    make_spiral,
    make_waves,
    make_xor,
)
from pellucid.explain.diagnose import ordered
from pellucid.explain.findings import Finding
from pellucid.explain.rules import CAUSES
from pellucid.losses import LOSSES
from pellucid.optimizers import Rule
from representations import well_formed

# Data, how many classes (0: values), and the skill of a good result: what there is to gain by more than guessing.
DATA: dict[str, tuple[Any, int, float]] = {
    "moons": (lambda seed: make_moons(150, 0.1, seed), 2, 0.8),
    "circles": (lambda seed: make_circles(150, 0.05, 0.5, seed), 2, 0.8),
    "blobs": (lambda seed: make_blobs(150, 4, 5, 1.0, seed), 4, 0.8),
    "xor": (lambda seed: make_xor(150, 0.05, seed), 2, 0.8),
    "spiral": (lambda seed: make_spiral(60, 3, 0.1, seed), 3, 0.8),
    "microchips": (lambda seed: make_microchips(118, seed), 2, 0.35),
    "shirts": (lambda seed: make_shirts(200, seed), 2, 0.7),
    "plane": (lambda seed: make_plane(150, 0.05, seed), 0, 0.9),
    "waves": (lambda seed: make_waves(200, 0.02, seed), 0, 0.8),
}
HIDDEN = ["tanh", "relu", "leaky_relu", "elu", "gelu", "swish"]
# Well chosen: of mini-batches, of all rows at once, and with a schedule; rates that suit them.
TRAINING: list[dict[str, Any]] = [
    {"optimizer": Adam(0.01), "batch_size": 32, "epochs": 150},
    {"optimizer": AdamW(0.01), "batch_size": 25, "epochs": 120, "schedule": "cosine"},
    {"optimizer": Adam(0.02), "epochs": 400},
    {"optimizer": RMSProp(0.005), "batch_size": 32, "epochs": 150, "schedule": "cosine"},
    {"optimizer": SGD(0.1, momentum=0.9), "batch_size": 32, "epochs": 150, "schedule": "one_cycle"},
    {"optimizer": SGD(0.05, momentum=0.9, nesterov=True), "batch_size": 25, "epochs": 150, "clip_norm": 1.0},
    {"optimizer": Adam(0.01), "batch_size": 32, "epochs": 200, "validation": 0.2, "early_stopping": 30},
]


def healthy(number: int) -> tuple[str, Network, Any, Any, dict[str, Any]]:
    """The so-manieth of endless networks, data and settings, all of them well chosen."""
    rng = np.random.default_rng(number)
    name = list(DATA)[number % len(DATA)]
    make, classes, _ = DATA[name]
    X, y = make(int(rng.integers(1000)))
    activation = HIDDEN[int(rng.integers(len(HIDDEN)))]
    hidden = [Dense(int(units), activation) for units in rng.choice([16, 24, 32], rng.integers(1, 3))]
    layers: list[Any] = [*hidden, Dropout(0.1)] if rng.random() < 0.15 else hidden
    output = Dense(1) if classes == 0 else Dense(1, "sigmoid") if classes == 2 and rng.random() < 0.5 else None
    last = output or Dense(classes, "softmax")
    dtype = "float32" if rng.random() < 0.2 else "float64"
    net = Network([*layers, last], inputs=X.shape[1], seed=number, dtype=dtype, scaler=Standardizer())
    asked = TRAINING[int(rng.integers(len(TRAINING)))] | {"seed": number}
    return name, net, X, y, asked | ({"l2": 1e-4} if rng.random() < 0.5 else {})


@pytest.mark.parametrize("number", range(50))
def test_a_healthy_run_raises_nothing(number: int) -> None:
    name, net, X, y, asked = healthy(number)
    before = diagnose(net, X, y)
    assert before.ok, before
    history = net.fit(X, y, **asked)
    loss = net.loss(X, y)
    guess = -sum(p * np.log(p) for p in np.bincount(y) / len(y)) if y.dtype.kind == "i" else np.var(y) / 2
    assert 1 - loss / guess > DATA[name][2], "the run is to be a good one"
    for told in (history, None, pickle.loads(pickle.dumps(history))):
        assert (after := diagnose(net, X, y, told)).ok, after


@pytest.mark.nightly
def test_hundreds_of_healthy_runs_raise_nothing() -> None:
    found = {}
    for number in range(50, 300):
        _, net, X, y, asked = healthy(number)
        seen = [*diagnose(net, X, y), *diagnose(net, X, y, net.fit(X, y, **asked))]
        if seen:
            found[number] = seen
    assert not found


@pytest.mark.parametrize("name", ["iris", "wine", "breast-cancer", "digits"])
def test_real_data_that_are_learnt_well_raise_nothing(name: str) -> None:
    pytest.importorskip("sklearn")
    table = pellucid.data.load(name)
    assert table.labels is not None
    net = Network(
        [Dense(32, "relu"), Dense(len(table.labels), "softmax")], inputs=table.X.shape[1], scaler=Standardizer()
    )
    assert diagnose(net, table.X, table.y).ok
    history = net.fit(table.X, table.y, optimizer=Adam(0.01), epochs=40, batch_size=32, l2=1e-3)
    assert diagnose(net, table.X, table.y, history).ok


def test_what_follows_comes_after_its_cause() -> None:
    X, y = make_moons(200, noise=0.1)
    net = Network([Dense(16, "relu"), Dense(2, "softmax")], inputs=2)
    found = diagnose(net, X * 3000, y, net.fit(X * 3000, y, optimizer=SGD(0.1), epochs=20))
    assert found[0].kind == "features_unscaled"
    assert "worse_than_guessing" in found.kinds
    for finding in found[1:]:
        assert finding.cause in ("", "features_unscaled")
    assert "(This probably follows from 1.)" in str(found)


@given(st.sets(st.sampled_from([*sorted(CAUSES), "features_unscaled", "targets_unscaled", "symmetric_units"])))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_cause_is_a_root_and_roots_come_first(kinds: set[str]) -> None:
    found = ordered([Finding(kind, "", "", "", "", weight=1 + len(kind) % 3) for kind in sorted(kinds)])
    assert {finding.kind for finding in found} == kinds
    roots = [finding for finding in found if not finding.cause]
    assert list(found[: len(roots)]) == roots
    assert {finding.cause for finding in found} <= {"", *(root.kind for root in roots)}
    assert [root.weight for root in roots] == sorted((root.weight for root in roots), reverse=True)


def test_nothing_that_is_passed_changes() -> None:
    X, y = make_moons(100, noise=0.1)
    net = Network([Dense(6, "tanh"), Dropout(0.3), Dense(2, "softmax")], inputs=2, scaler=Standardizer())
    for history in (None, net.fit(X, y, epochs=5, batch_size=10)):
        copies = deepcopy((net, X, y, history))
        state = net.theta.tobytes(), X.tobytes(), y.tobytes()
        first = diagnose(net, X, y, history)
        assert (net.theta.tobytes(), X.tobytes(), y.tobytes()) == state
        assert repr(net) == repr(copies[0])
        assert first == diagnose(net, X, y, history) == diagnose(*copies), "the same call, the same findings"


def test_targets_may_be_given_in_every_form_that_fit_takes() -> None:
    X, y = make_blobs(60, 3, seed=2)
    net = Network([Dense(3, "softmax")], inputs=2)
    assert diagnose(net, 1000 * X, y) == diagnose(net, (1000 * X).tolist(), np.eye(3)[y])


def test_a_run_that_diverged_is_diagnosed_too() -> None:
    X, y = make_plane(100, 0.1)
    for rate, epochs in ((1e6, 50), (1e200, 3)):  # after some epochs, and in the first
        net = Network([Dense(16, "relu"), Dense(1)], inputs=2)
        with pytest.raises(TrainingDiverged) as raised:
            net.fit(X, y, optimizer=SGD(rate), epochs=epochs)
        found = diagnose(net, X, y, raised.value.history)  # type: ignore[arg-type]
        assert found[0].kind == "rate_too_large"


def test_many_rows_are_looked_at_in_part_and_this_is_said() -> None:
    X, y = make_moons(5000, noise=0.1)
    found = diagnose(Network([Dense(4, "tanh"), Dense(2, "softmax")], inputs=2), X * 1000, y)
    assert "5,000 rows (2,048 of them, drawn at random)" in " ".join(str(found).split())
    few = diagnose(Network([Dense(4, "tanh"), Dense(2, "softmax")], inputs=2), X[:1], y[:1])
    assert "on 1 row" in few.seen


class Own(Optimizer):
    """The worst that one could write: it goes uphill."""

    def rule(self) -> Rule:
        return Rule(lambda p, g, rate, t: (p + rate * g,))


def test_records_of_ones_own_are_diagnosed_like_any_other() -> None:
    X, y = make_moons(100, noise=0.1)
    bump = Activation("bump", lambda z: np.exp(-z * z), lambda z: -2 * z * np.exp(-z * z))
    net = Network([Dense(8, bump), Dense(2, "softmax")], inputs=2)
    assert diagnose(net, X, y).ok
    found = diagnose(net, X, y, net.fit(X, y, optimizer=Own(0.5), epochs=60))
    assert "worse_than_guessing" in found.kinds
    assert "Own(" in str(found)


OUTPUTS = [
    (name, loss) for name, record in ACTIVATIONS.items() for loss in LOSSES.values() if loss.output in (None, name)
]


@st.composite
def anything(draw: st.DrawFn) -> tuple[Network, Any, Any, dict[str, Any] | None]:
    """Any network on any data, trained in any way or not at all."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    output, loss = draw(st.sampled_from(OUTPUTS))
    n, d, k = draw(st.integers(1, 60)), draw(st.integers(1, 5)), draw(st.integers(2 if output == "softmax" else 1, 3))
    hidden = draw(
        st.lists(st.sampled_from([name for name in ACTIVATIONS if not ACTIVATIONS[name].output_only]), max_size=3)
    )
    init = draw(st.sampled_from([None, "zeros", "normal", "he"]))
    layers: list[Any] = [Dense(draw(st.integers(1, 5)), name, init) for name in hidden]
    layers += [Dropout(draw(st.sampled_from([0.2, 0.9])))] if layers and draw(st.booleans()) else []
    scaler = draw(st.sampled_from([None, Standardizer()]))
    dtype = draw(st.sampled_from(["float64", "float32"]))
    net = Network([*layers, Dense(k, output)], d, seed=draw(st.integers(0, 99)), loss=loss, dtype=dtype, scaler=scaler)
    X = rng.normal(size=(n, d)) * draw(st.sampled_from([0, 1e-6, 1, 1e4, 1e12])) + draw(st.sampled_from([0, 1e3]))
    X = draw(st.sampled_from([X, X > 0, np.round(np.clip(X, 0, 255)).astype(np.uint8)]))
    y: Any = rng.normal(size=(n, k)) * draw(st.sampled_from([0, 1e-5, 1, 1e8]))
    y = np.abs(np.round(y)) if loss.name == "poisson" else y
    if net.task == "classes":
        y = rng.integers(0, k, n)
    elif net.task in ("binary", "labels"):
        y = rng.integers(0, 2, (n, k))
    asked = st.fixed_dictionaries(
        {"epochs": st.integers(1, 12), "optimizer": st.sampled_from([SGD(0.1), SGD(50.0), Adam(0.01), RMSProp(1e-6)])},
        optional={
            "batch_size": st.integers(1, 20), "shuffle": st.booleans(), "l2": st.sampled_from([0.01, 10.0]),
            "l1": st.just(0.1), "validation": st.just(0.3), "early_stopping": st.just(3), "clip_norm": st.just(0.1),
            "schedule": st.sampled_from(["cosine", "exponential"]),
        },
    )  # fmt: skip
    return net, X, y, draw(st.none() | asked)


@given(anything())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_nothing_makes_it_fail(case: tuple[Network, Any, Any, dict[str, Any] | None]) -> None:
    net, X, y, asked = case
    history = None
    if asked is not None:
        try:
            history = net.fit(X, y, **asked)
        except TrainingDiverged as error:
            history = error.history
        except pellucid.InputError:
            return  # data that cannot be trained on: one class alone, too few rows to hold any out
    theta = net.theta.copy()
    found = diagnose(net, X, y, history)  # type: ignore[arg-type]
    np.testing.assert_array_equal(net.theta, theta)
    assert len(set(found.kinds)) == len(found), "nothing is said twice"
    assert max(map(len, str(found).splitlines())) <= 79
    assert "nan" not in str(found).replace("dominan", "")
    well_formed(found._repr_html_())
