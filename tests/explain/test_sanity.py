"""The five checks of `sanity`: each fails for what it is there to find, and healthy networks pass them all."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import Activation, Dense, Dropout, InputError, Loss, Network, sanity
from pellucid.data import Standardizer, make_blobs, make_circles, make_moons, make_plane, make_shirts, make_xor
from pellucid.explain.by_heart import small_batch
from pellucid.explain.sanity import SanityReport
from pellucid.explain.workbench import Bench
from pellucid.initializers import Initializer, normal
from representations import well_formed

MOONS = make_moons(160, noise=0.1)
PLANE = make_plane(160, noise=0.1)
NAMES = ["initial_loss", "small_batch", "shuffled_labels", "gradient_check", "same_seed"]


def net_of(*layers: Any, inputs: int = 2, **more: Any) -> Network:
    return Network(layers, inputs=inputs, **more)


def failed(report: Any) -> list[str]:
    return [check.name for check in report.checks if check.passed is False]


HEALTHY: dict[str, tuple[Network, Any, Any]] = {
    "softmax": (net_of(Dense(16, "tanh"), Dense(2, "softmax")), *MOONS),
    "sigmoid": (net_of(Dense(16, "relu"), Dense(1, "sigmoid")), *make_circles(150, 0.05, 0.5)),
    "linear": (net_of(Dense(2, "softmax")), *MOONS),
    "no nonlinearity": (net_of(Dense(8), Dense(4, "softmax"), inputs=5), *make_blobs(150, 4, 5)),
    "two units": (net_of(Dense(2, "tanh"), Dense(1, "sigmoid")), *make_xor(160, 0.1)),
    "values": (net_of(Dense(16, "gelu"), Dense(1)), *PLANE),
    "a line": (net_of(Dense(1)), *PLANE),
    "several values": (net_of(Dense(16, "tanh"), Dense(2)), PLANE[0], np.column_stack([PLANE[1], -PLANE[0][:, 0]])),
    "labels": (net_of(Dense(16, "tanh"), Dense(2, "sigmoid")), MOONS[0], (MOONS[0] > 0.3) * 1),
    "counts": (net_of(Dense(16, "tanh"), Dense(1, "exp")), PLANE[0], np.round(np.exp(1 + PLANE[1]))),
    "dropout": (net_of(Dense(32, "relu"), Dropout(0.5), Dense(2, "softmax")), *MOONS),
    "scaler": (net_of(Dense(16, "elu"), Dense(2, "softmax"), inputs=4, scaler=Standardizer()), *make_shirts(200)),
    "deep": (net_of(*(Dense(10, "relu") for _ in range(4)), Dense(2, "softmax")), *MOONS),
    "single precision": (net_of(Dense(16, "tanh"), Dense(2, "softmax"), dtype="float32"), *MOONS),
    "squared error": (net_of(Dense(16, "tanh"), Dense(2, "softmax"), loss="squared_error"), *MOONS),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_network_passes(name: str) -> None:
    report = sanity(*HEALTHY[name])
    assert [check.name for check in report.checks] == NAMES
    assert all(check.passed for check in report.checks), report
    assert report.ok
    assert not any(check.fix for check in report.checks)


def sick_slope(z: Any) -> Any:
    return np.ones_like(z)


def noisy(z: Any) -> Any:
    return np.tanh(z) + 1e-6 * np.random.standard_normal(np.shape(z))  # a generator that no seed of ours reaches


WRONG_SLOPE = Activation("wrong", np.tanh, sick_slope)
NOISY = Activation("noisy", noisy, lambda z, a: 1 - a * a)
DRAWN_ELSEWHERE = Initializer("elsewhere", lambda rng, fan_in, fan_out: np.random.normal(size=(fan_in, fan_out)))
WRONG_LOSS = Loss("uphill", lambda a, t: (a - t) ** 2 / 2, lambda a, t: t - a)
RNG = np.random.default_rng(5)
WIDE = RNG.normal(size=(150, 30))
TWICE = (np.tile(WIDE, (2, 1)), np.tile(np.arange(150) % 2, 2))
THRICE = (np.tile(WIDE, (3, 1)), np.tile(WIDE[:, 0], 3))

# The check that must fail, and what is wrong; other checks may fail with it.
SICK: dict[str, tuple[str, Network, Any, Any]] = {
    "wide weights": ("initial_loss", net_of(Dense(64, "relu", normal(5.0)), Dense(2, "softmax", normal(5.0))), *MOONS),
    "raw features": ("initial_loss", net_of(Dense(64, "relu"), Dense(2, "softmax")), MOONS[0] * 1000, MOONS[1]),
    "a relu output": ("small_batch", net_of(Dense(16, "tanh"), Dense(1, "relu")), PLANE[0], PLANE[1] - 5),
    "huge targets": ("small_batch", net_of(Dense(16, "tanh"), Dense(1)), PLANE[0], PLANE[1] * 1e6),
    "uphill": ("small_batch", net_of(Dense(16, "tanh"), Dense(1), loss=WRONG_LOSS), *PLANE),
    "all zero": ("small_batch", net_of(Dense(8, "tanh", "zeros"), Dense(2, "softmax", "zeros")), *MOONS),
    "copies of rows": ("shuffled_labels", net_of(Dense(64, "relu"), Dense(2, "softmax"), inputs=30), *TWICE),
    "copies of values": ("shuffled_labels", net_of(Dense(64, "relu"), Dense(1), inputs=30), *THRICE),
    "a wrong slope": ("gradient_check", net_of(Dense(8, WRONG_SLOPE), Dense(2, "softmax")), *MOONS),
    "a wrong loss": ("gradient_check", net_of(Dense(8, "tanh"), Dense(1), loss=WRONG_LOSS), *PLANE),
    "noise": ("same_seed", net_of(Dense(8, NOISY), Dense(2, "softmax")), *MOONS),
    "drawn elsewhere": ("same_seed", net_of(Dense(8, "tanh", DRAWN_ELSEWHERE), Dense(2, "softmax")), *MOONS),
}


@cache
def report_of(name: str) -> SanityReport:
    return sanity(*SICK[name][1:])


@pytest.mark.parametrize("name", SICK)
def test_what_is_wrong_fails_its_check(name: str) -> None:
    kind, report = SICK[name][0], report_of(name)
    assert kind in failed(report)
    assert not report.ok
    check = report[kind]
    assert check.passed is False
    assert check.fix.endswith((".", "?"))
    assert any(sign.isdigit() for sign in check.evidence)


CULPRITS = {
    "a wrong slope": "W1, b1",
    "noise": "activation or loss draws random numbers",
    "drawn elsewhere": "initializer draws",
    "copies of rows": "were also trained on",
    "wide weights": "leave out init=",
}


@pytest.mark.parametrize("name", CULPRITS)
def test_the_advice_names_the_culprit(name: str) -> None:
    assert CULPRITS[name] in report_of(name)[SICK[name][0]].fix


def test_what_cannot_be_done_is_left_out_and_no_failure() -> None:
    X, y = make_xor(4)
    report = sanity(net_of(Dense(4, "tanh"), Dense(2, "softmax")), X, y)
    assert report["shuffled_labels"].passed is None
    assert "4 different rows" in report["shuffled_labels"].evidence
    assert "left out: Trained on shuffled labels" in str(report)
    same = sanity(net_of(Dense(1)), np.ones((5, 2)), [1.0, 2, 3, 4, 5])
    assert same["small_batch"].passed is None


def test_nothing_that_is_passed_changes_and_the_report_is_the_same_again() -> None:
    net = net_of(Dense(6, "tanh"), Dropout(0.2), Dense(2, "softmax"), scaler=Standardizer())
    X, y = MOONS[0] * 50, MOONS[1]
    copies = deepcopy((X, y))
    theta = net.theta.copy()
    first = sanity(net, X, y)
    np.testing.assert_array_equal(net.theta, theta)
    np.testing.assert_array_equal(X, copies[0])
    assert net.scaler is not None
    assert not net.scaler.fitted
    assert net.last_update is None
    assert first == sanity(net, *copies)


def test_the_parameters_that_the_network_has_do_not_matter() -> None:
    net = net_of(Dense(6, "tanh"), Dense(2, "softmax"))
    first = sanity(net, *MOONS)
    net.theta *= 1e3
    assert sanity(net, *MOONS) == first


def test_of_many_rows_some_are_used_and_this_is_said() -> None:
    X, y = make_moons(3000, noise=0.1)
    report = sanity(net_of(Dense(4, "tanh"), Dense(2, "softmax")), X, y)
    assert "3,000 rows (600 of them, drawn at random)" in report.seen
    assert "of 300 rows held out" in report["shuffled_labels"].evidence


def test_rows_learnt_by_heart_are_few_and_different() -> None:
    X = np.repeat(MOONS[0][:5], 30, axis=0)
    net = net_of(Dense(32, "relu"), Dense(2, "softmax"))
    check = small_batch(Bench.of(net, X, np.eye(2)[RNG.integers(0, 2, 150)]))  # the same row, now of one class, now not
    assert check.passed
    assert check.evidence.startswith("5 rows were learnt")


def test_large_networks_take_few_steps() -> None:
    bench = Bench.of(
        net_of(Dense(2000, "relu"), Dense(2, "softmax"), inputs=500), np.zeros((4, 500)), np.eye(2)[[0, 1, 0, 1]]
    )
    assert bench.steps(32, 1000) < 60
    assert bench.steps(10**6, 1000) == 20


def test_a_report_is_read_in_a_terminal_and_in_a_notebook() -> None:
    report = report_of("a wrong slope")
    text = str(report)
    assert max(map(len, text.splitlines())) <= 79
    assert "FAILED: Its gradients are those of its loss. [gradient_check]" in text
    assert " of 5 checks passed by Network(2 ->" in text
    said = "".join(well_formed(report._repr_html_()).itertext())
    for check in report.checks:
        assert check.evidence in said
        assert check.fix in said
        assert check.passed in (True, False, None)
    with pytest.raises(KeyError, match="There is no check 'loss'; there are initial_loss"):
        report["loss"]


def test_what_does_not_fit_is_refused_at_the_door() -> None:
    net = net_of(Dense(6, "tanh"), Dense(2, "softmax"))
    with pytest.raises(InputError, match="takes a Network first"):
        sanity(MOONS[0], MOONS[1], net)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="belong to one class"):
        sanity(net, MOONS[0], MOONS[1] * 0)
    with pytest.raises(InputError, match="columns"):
        sanity(net, MOONS[0][:, :1], MOONS[1])
    assert pellucid.sanity is sanity
