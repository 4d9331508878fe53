"""Which engine runs: decided by shape, total work and what is installed, and said in the history."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from pellucid import Activation, Dense, InputError, MissingExtra, Network, engines
from pellucid.engines.compiled import BuildFailed
from pellucid.jobs import Job
from pellucid.settings import Settings
from pellucid.training import prepare

X = np.random.default_rng(0).normal(size=(50, 3))
Y = np.arange(50) % 2


def net(**more: Any) -> Network:
    return Network([Dense(4, "tanh"), Dense(2, "softmax")], inputs=3, **more)


def job(**settings: Any) -> Job:
    return prepare(net(), X, Y, Settings.of(settings))


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra `fast` were there, and compiling took no time."""
    monkeypatch.setattr(engines, "_missing", list)
    monkeypatch.setattr("pellucid.engines.compiled.prepare", lambda job: None)


@pytest.mark.usefixtures("installed")
def test_auto_compiles_what_takes_long_and_nothing_else() -> None:
    assert job(epochs=100).engine == "readable"
    assert job(epochs=100_000).engine == "compiled"
    assert job(epochs=2_000, batch_size=1).engine == "compiled"
    assert job(epochs=100_000, engine="readable").engine == "readable"
    assert job(epochs=1, engine="compiled").engine == "compiled"


@pytest.mark.usefixtures("installed")
def test_the_choice_is_one_of_shapes_and_not_of_data() -> None:
    def expected(X: Any, **settings: Any) -> float:
        return engines.seconds_expected(prepare(net(), X, Y, Settings.of({"engine": "readable"} | settings)))

    assert expected(X) == expected(X * 100)
    assert expected(X, epochs=10) == pytest.approx(10 * expected(X, epochs=1))
    assert expected(X, batch_size=10, epochs=3) > expected(X, epochs=3)


def test_without_the_extra_auto_is_readable_and_compiled_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_missing", lambda: ["there_is_no_such_module"])
    assert job(epochs=100_000).engine == "readable"
    with pytest.raises(MissingExtra, match="fast"):
        job(engine="compiled")


def test_an_engine_that_is_not_there_is_refused_before_anything_is_touched() -> None:
    with pytest.raises(InputError, match="auto, readable, compiled"):
        net().fit(X, Y, engine="quick")


@pytest.mark.parametrize("asked", ["auto", "compiled"])
def test_a_build_that_fails_is_one_warning_and_a_readable_run(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(job: Job) -> None:
        raise BuildFailed("no compiler today")

    monkeypatch.setattr(engines, "_missing", list)
    monkeypatch.setattr(engines, "AUTO", 0.0)
    monkeypatch.setattr("pellucid.engines.compiled.prepare", failing)
    with pytest.warns(RuntimeWarning, match="no compiler today") as warned:
        history = net().fit(X, Y, epochs=2, engine=asked)
    assert len(warned) == 1
    assert history.engine == "readable"


def test_a_formula_without_loops_is_no_matter_for_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="the extra `fast` is not installed")
    monkeypatch.setattr(engines, "AUTO", 0.0)
    odd = Activation("odd", lambda z: np.array([np.sort(row) for row in z]), lambda z: np.ones_like(z))
    history = Network([Dense(3, odd), Dense(2, "softmax")], inputs=3).fit(X, Y, epochs=2)
    assert history.engine == "readable"


def test_the_package_alone_imports_neither_the_compiled_engine_nor_its_tools() -> None:
    code = """
import sys, pellucid
net = pellucid.Network([pellucid.Dense(1)], inputs=1)
net.fit([[1.0], [2.0]], [1.0, 2.0], epochs=2)
print([name for name in sys.modules if name.startswith(("numba", "llvmlite", "pellucid.engines.compiled"))])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
