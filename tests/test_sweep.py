"""Many networks at once: each as alone, bit for bit; one that fails harms no other."""

from __future__ import annotations

import copy
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Adam, Dense, Dropout, InputError, Network, sweep
from pellucid.sweep import fit_many

X = np.random.default_rng(0).normal(size=(60, 4))
Y = np.arange(60) % 3
ENGINES = [
    "readable",
    pytest.param("compiled", marks=pytest.mark.skipif(find_spec("numba") is None, reason="`fast` is not installed")),
]


def network(seed: int = 0, hidden: int = 6, dtype: str = "float64") -> Network:
    return Network([Dense(hidden, "tanh"), Dropout(0.2), Dense(3, "softmax")], 4, seed=seed, dtype=dtype)


@pytest.mark.parametrize("engine", ENGINES)
def test_each_network_is_trained_as_if_alone(engine: str) -> None:
    nets = [network(0), network(1), network(2, hidden=9), network(3, dtype="float32"), network(4)]
    each: list[dict[str, Any]] = [
        {"optimizer": SGD(0.1)}, {"optimizer": Adam(0.02), "seed": 3}, {"l2": 0.1, "batch_size": None},
        {"schedule": "plateau"}, {"early_stopping": 2, "validation": 0.2},
    ]  # fmt: skip
    alone = [copy.deepcopy(net) for net in nets]
    histories = fit_many(nets, X, Y, each=each, epochs=30, batch_size=7, engine=engine)
    for net, twin, more, history in zip(nets, alone, each, histories, strict=True):
        expected = twin.fit(X, Y, **({"epochs": 30, "batch_size": 7, "engine": engine} | more))
        assert np.array_equal(net.theta, twin.theta)
        assert np.array_equal(history.loss, expected.loss)
        assert (history.stopped, history.engine) == (expected.stopped, engine)


def test_the_data_are_converted_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Any] = []
    take = sweep._take
    monkeypatch.setattr(sweep, "_take", lambda job, stop: (jobs.append(job), take(job, stop)))
    bytes_of_pixels = np.arange(240, dtype=np.uint8).reshape(60, 4)
    fit_many([network(seed) for seed in range(3)], bytes_of_pixels, Y, epochs=2)
    assert len(jobs) == 3
    for job in jobs[1:]:
        assert np.shares_memory(job.problem.inputs.X, jobs[0].problem.inputs.X)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_that_diverges_says_so_and_harms_no_other(engine: str) -> None:
    def nets() -> list[Network]:
        return [Network([Dense(5, "relu"), Dense(1)], 4, seed=seed) for seed in range(3)]

    several = nets()
    rates = [{"optimizer": SGD(rate)} for rate in (1e-6, 1e6, 2e-6)]
    histories = fit_many(several, 100 * X, X[:, 0], each=rates, epochs=60, engine=engine)
    assert [history.stopped for history in histories] == ["epochs", "diverged", "epochs"]
    assert len(histories[1]) < 60
    assert all(np.isfinite(net.theta).all() for net in several)


def test_ctrl_c_leaves_what_was_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = sweep.run

    def interrupted(job: Any, watched: bool) -> Any:
        for epoch in taken(job, True):
            yield epoch
            if job.net.seed == 1 and epoch.index == 4:
                raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "run", interrupted)
    histories = fit_many([network(0), network(1), network(2)], X, Y, epochs=10, engine="readable")
    assert [(history.stopped, len(history)) for history in histories] == [
        ("epochs", 10), ("interrupted", 5), ("interrupted", 0),
    ]  # fmt: skip


def test_one_network_and_checkpoints_are_refused_with_what_to_write() -> None:
    with pytest.raises(InputError, match=r"several networks, \[net, \.\.\.\]; this is one: .*net\.fit"):
        fit_many(network(), X, Y, epochs=1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a list of networks; one of them is str"):
        fit_many(["net"], X, Y, epochs=1)  # type: ignore[list-item]
    for name in ("checkpoint", "every", "resume"):
        with pytest.raises(InputError, match=f"no setting '{name}' of fit_many, which writes no checkpoints.*net.fit"):
            fit_many([network()], X, Y, **{name: "run/"})


def test_what_does_not_fit_is_refused_before_anything_is_trained() -> None:
    nets = [network(0), network(1)]
    before = [net.theta.copy() for net in nets]
    with pytest.raises(InputError, match="for each"):
        fit_many(nets, X, Y, each=[{}])
    with pytest.raises(InputError, match="twice"):
        fit_many([nets[0], nets[0]], X, Y)
    with pytest.raises(InputError, match="l2"):
        fit_many(nets, X, Y, each=[{}, {"l2": -1}])
    with pytest.raises(InputError, match="learning_rat"):
        fit_many(nets, X, Y, learning_rat=0.1)
    assert all(np.array_equal(net.theta, theta) for net, theta in zip(nets, before, strict=True))
    assert fit_many([], X, Y) == []
