"""Threads: the same bits for any number of them, many fits at once, and processes forked after use."""

from __future__ import annotations

import copy
import multiprocessing
import os
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `fast` is not installed")

from pellucid import SGD, Adam, Dense, Dropout, Network
from pellucid.engines import threads
from pellucid.engines.compiled.layout import layout

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(3000, 60)).astype(np.float32), RNG.integers(0, 5, 3000)


def network(dtype: str = "float32") -> Network:
    return Network([Dense(96, "relu"), Dropout(0.2), Dense(48, "tanh"), Dense(5, "softmax")], 60, seed=1, dtype=dtype)


def trained(net: Network, **settings: Any) -> tuple[bytes, bytes, bytes]:
    twin = copy.deepcopy(net)
    history = twin.fit(X, Y, **({"epochs": 2, "batch_size": 500, "engine": "compiled"} | settings))
    assert history.engine == "compiled"
    assert history.accuracy is not None
    return twin.theta.tobytes(), history.loss.tobytes(), history.accuracy.tobytes()


def test_this_work_is_shared() -> None:
    assert layout([60, 96, 48, 5], 500, False, 4).parts > 1
    assert layout([60, 96, 48, 5], 3000, False, 8).parts > 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"batch_size": None}, {"clip_norm": 0.1, "l2": 0.01}, {"optimizer": Adam(0.01), "batch_size": 701}],
    ids=str,
)
def test_the_bits_do_not_depend_on_the_number_of_threads(dtype: str, settings: dict[str, Any]) -> None:
    assert len({trained(network(dtype), threads=count, **settings) for count in (1, 2, 3, 4, 1)}) == 1


def test_the_environment_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    everyone = threads.allowed()
    assert everyone >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads.allowed() == 3
    monkeypatch.setenv("PELLUCID_NUM_THREADS", "2")
    assert threads.allowed() == 2
    for nonsense in ("", "0", "-1", "many"):
        monkeypatch.setenv("PELLUCID_NUM_THREADS", nonsense)
        monkeypatch.setenv("OMP_NUM_THREADS", nonsense)
        assert threads.allowed() >= 1


def test_four_fits_in_four_threads_are_each_right() -> None:
    expected = {seed: trained(network(), seed=seed, epochs=4) for seed in range(4)}
    found: dict[int, Any] = {}

    def one(seed: int) -> None:
        found[seed] = trained(network(), seed=seed, epochs=4)

    workers = [threading.Thread(target=one, args=(seed,)) for seed in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert found == expected


def test_a_pool_that_is_busy_holds_nobody_up() -> None:
    release = threading.Event()
    expected = trained(network(), threads=2)
    with threads.helping(1, release.wait, release.set):
        assert trained(network(), threads=2) == expected


def test_where_no_thread_can_start_the_work_is_done_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = trained(network(), threads=2)

    def refused(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "_pool", None)
    monkeypatch.setattr(threading.Thread, "start", refused)
    assert trained(network(), threads=2) == expected


def test_a_larger_pool_takes_over_while_others_are_at_work() -> None:
    expected = trained(network(), threads=2)
    found: list[Any] = []

    def many(count: int) -> None:
        found.extend(trained(network(), threads=count) for _ in range(5))

    workers = [threading.Thread(target=many, args=(count,)) for count in (2, 3, 5, 7)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert len(found) == 20
    assert all(one == expected for one in found)


def test_helpers_end_with_the_work_whatever_ends_it() -> None:
    release = threading.Event()
    with pytest.raises(KeyError), threads.helping(2, release.wait, release.set):
        raise KeyError
    assert release.is_set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_forked_after_use_does_not_hang() -> None:
    expected = trained(network(), threads=2)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=lambda: queue.put(trained(network(), threads=2) == expected))
    child.start()
    assert queue.get(timeout=120) is True
    child.join(30)
    assert child.exitcode == 0


def test_subnormal_numbers_are_those_of_ieee_after_a_fit() -> None:
    # The kernel flushes those of single precision to zero while it runs; its caller's arithmetic is not to know.
    trained(network(), threads=2)
    small = np.full(100, 1e-40, dtype=np.float32)
    assert ((small * np.float32(0.5)) > 0).all()


def test_divergence_is_found_with_helpers_too() -> None:
    from pellucid import TrainingDiverged

    steps = set()
    for count in (1, 2):
        net = Network([Dense(96, "relu"), Dense(96, "relu"), Dense(5, "softmax")], 60, seed=1, dtype="float32")
        with pytest.raises(TrainingDiverged) as raised:
            net.fit(X * 100, Y, optimizer=SGD(1e6), batch_size=500, epochs=50, engine="compiled", threads=count)
        steps.add((raised.value.step, net.theta.tobytes()))
        assert np.isfinite(net.theta).all()
    assert len(steps) == 1


def test_an_interpreter_that_ends_after_a_fit_ends() -> None:
    code = """
import numpy as np
from pellucid import Dense, Network
X = np.random.default_rng(0).normal(size=(3000, 60))
net = Network([Dense(96), Dense(5, "softmax")], 60)
history = net.fit(X, np.arange(3000) % 5, epochs=2, engine="compiled", threads=2)
print(history.engine)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "compiled"
