"""The learning-rate search: what it suggests is good, it changes nothing, and it says so where nothing helps."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Dense,
    Dropout,
    InputError,
    Network,
    Optimizer,
    RMSProp,
    TrainingDiverged,
    load,
)
from pellucid.data import Standardizer, make_moons
from pellucid.learning_rate import RateSearch, _chosen, find_learning_rate

RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 3))
Y: dict[str, Any] = {
    "softmax": (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 1),
    "sigmoid": (X[:, 0] > X[:, 1]).astype(int),
    "identity": X[:, 0] - 0.5 * X[:, 1] * X[:, 2],
    "exp": RNG.poisson(np.exp(0.5 * X[:, 0])),
}
OPTIMIZERS = [SGD(), SGD(0.1, momentum=0.9), AdaGrad(), RMSProp(), Adam(), AdamW()]
QUICK: dict[str, Any] = {"steps": 60, "trial": 40}


def network(output: str = "softmax", **settings: Any) -> Network:
    return Network([Dense(8, "tanh"), Dense(3 if output == "softmax" else 1, output)], inputs=3, **settings)


def same(a: RateSearch, b: RateSearch) -> bool:
    arrays = all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("rates", "losses", "smoothed"))
    return arrays and (a.rate, a.reason, a.trials) == (b.rate, b.reason, b.trials)


# What it suggests is good.


def moons() -> tuple[Network, Any, Any]:
    return Network([Dense(16, "tanh"), Dense(2, "softmax")], inputs=2), *make_moons(200, noise=0.2, seed=0)


def digits() -> tuple[Network, Any, Any]:
    pytest.importorskip("sklearn")
    from pellucid.data import load_digits

    X, y = load_digits()
    return Network([Dense(32, "relu"), Dense(10, "softmax")], inputs=64), X[:500] / 16, y[:500]


def regression() -> tuple[Network, Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 5))
    y = np.sin(X[:, 0]) + 0.5 * X[:, 1] * X[:, 2] + 0.1 * rng.standard_normal(300)
    return Network([Dense(32, "tanh"), Dense(1)], inputs=5), X, y


@pytest.mark.parametrize("optimizer", [SGD(), Adam()], ids=["sgd", "adam"])
@pytest.mark.parametrize("problem", [moons, regression, pytest.param(digits, marks=pytest.mark.nightly)])
def test_training_at_the_suggestion_is_nearly_as_good_as_at_the_best_rate_of_a_grid(
    problem: Callable[[], tuple[Network, Any, Any]], optimizer: Optimizer
) -> None:
    def reached(rate: float) -> float:
        net, X, y = problem()
        try:
            net.fit(
                X, y, optimizer=dataclasses.replace(optimizer, learning_rate=rate), batch_size=32, epochs=30, l2=1e-3
            )
        except TrainingDiverged:
            return np.inf
        return net.loss(X, y, l2=1e-3)

    best = min(reached(rate) for rate in 10.0 ** np.arange(-2.5, 1.1, 0.5))
    for seed in (0, 1):
        search = find_learning_rate(*problem(), optimizer, batch_size=32, seed=seed, l2=1e-3)
        assert search.rate is not None
        assert reached(search.rate) <= 1.2 * best


TABLES = ("breast-cancer", "wine", "diabetes", "iris", "digits")


def table(name: str) -> tuple[Callable[[], Network], Any, Any, Any, Any]:
    """A network, and rows to learn from and others of a table: (make, X, y, X_other, y_other)."""
    pytest.importorskip("sklearn")
    from pellucid.data import load, make_spiral, split

    if name == "spiral":
        rows, others = split(*make_spiral(points=100, arms=3, noise=0.2, seed=0), share=0.25, seed=0)
    else:
        whole = load(name)
        y = whole.y if whole.labels else (whole.y - whole.y.mean()) / whole.y.std()
        rows, others = split(whole.X[:800], y[:800], share=0.25, seed=0)
    values = rows[1].dtype.kind == "f"
    output = Dense(1) if values else Dense(len(np.unique(rows[1])), "softmax")
    width = rows[0].shape[1]
    return lambda: Network([Dense(32, "relu"), output], width, scaler=Standardizer()), *rows, *others


def ends(make: Callable[[], Network], optimizer: Optimizer, rate: float, *data: Any) -> tuple[float, float]:
    """Losses of the rows learnt from and of others, over the last five of 40 epochs of three runs."""
    X, y, *others = data
    seen, told = [], []
    for seed in range(3):
        net = make()

        def watch(epoch: Any, net: Network = net) -> None:
            if epoch.index >= 35:
                told.append(net.loss(*others))

        adapted = dataclasses.replace(optimizer, learning_rate=rate)
        try:
            history = net.fit(X, y, optimizer=adapted, batch_size=32, epochs=40, seed=seed, on_epoch=watch)
        except TrainingDiverged:
            return np.inf, np.inf
        seen.append(history.loss[-5:].mean())
    return float(np.mean(seen)), float(np.mean(told))


@pytest.mark.parametrize("name", ["breast-cancer", "wine"])
def test_where_all_is_soon_gained_no_rate_is_suggested_that_spoils_other_rows(name: str) -> None:
    make, X, y, *others = table(name)
    search = find_learning_rate(make(), X, y, Adam())
    assert search.rate is not None
    assert search.rate < 0.05
    assert search.trials[search.rate] < 0.1 * search.start
    usual = ends(make, Adam(), 0.003, X, y, *others)
    found = ends(make, Adam(), search.rate, X, y, *others)
    assert found[0] < usual[0] + 0.02 * search.start
    assert found[1] < usual[1] + 0.05 * search.start


@pytest.mark.nightly
@pytest.mark.parametrize("optimizer", [SGD(), SGD(0.1, momentum=0.9), Adam()], ids=["sgd", "momentum", "adam"])
@pytest.mark.parametrize("name", [*TABLES, "spiral"])
def test_on_real_tables_the_suggestion_misses_little_of_what_any_rate_gains(name: str, optimizer: Optimizer) -> None:
    make, *data = table(name)
    grid = [ends(make, optimizer, float(rate), *data) for rate in 10.0 ** np.arange(-4, 0.6, 0.25)]
    best, best_told = np.nanmin(grid, axis=0)
    for seed in (0, 1):
        search = find_learning_rate(make(), *data[:2], optimizer, seed=seed)
        assert search.rate is not None
        seen, told = ends(make, optimizer, search.rate, *data)
        assert seen - best < 0.08 * (search.start - best)
        assert told < 2.2 * best_told


# Every task, every optimizer, every size of batch.


@pytest.mark.parametrize("batch_size", [None, 7, 500])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("output", Y)
def test_training_at_the_suggestion_lowers_the_loss(output: str, optimizer: Optimizer, batch_size: int | None) -> None:
    net = network(output)
    search = find_learning_rate(net, X, Y[output], optimizer, batch_size, **QUICK)
    assert search.rate is not None, search.reason
    assert search.optimizer == dataclasses.replace(optimizer, learning_rate=search.rate)
    assert search.batch_size == batch_size
    before = net.loss(X, Y[output])
    net.fit(X, Y[output], optimizer=search.optimizer, batch_size=batch_size, epochs=20)
    assert net.loss(X, Y[output]) < 0.95 * before


def test_a_few_rows_are_enough() -> None:
    search = find_learning_rate(network(), X[:3], [0, 1, 2], batch_size=32, **QUICK)
    assert search.rate is not None


def test_names_and_the_settings_of_the_loss_are_taken() -> None:
    given: dict[str, Any] = {"l2": 0.01, "l1": 0.01, "class_weight": "balanced", "clip_norm": 1.0, **QUICK}
    weighted = find_learning_rate(network(), X, Y["softmax"], "adam", sample_weight=np.arange(120), **given)
    plain = find_learning_rate(network(), X, Y["softmax"], "adam", **QUICK)
    assert isinstance(weighted.optimizer, Adam)
    assert weighted.start == pytest.approx(
        network().loss(X, Y["softmax"], l2=0.01, l1=0.01, sample_weight=_balanced(Y["softmax"]) * np.arange(120)),
        rel=1e-12,
    )
    assert weighted.start != plain.start


def _balanced(labels: Any) -> Any:
    counts = np.bincount(labels)
    return (len(labels) / (len(counts) * counts))[labels]


# The range test is what it says it is.


def test_the_curve_is_that_of_gradient_descent_with_a_growing_rate() -> None:
    net = network("identity")
    search = find_learning_rate(net, X, Y["identity"], SGD(), batch_size=None, low=1e-4, high=1.0, steps=12, trial=0)
    assert search.start == net.loss(X, Y["identity"])
    losses = []
    for rate in 1e-4 * 1e4 ** (np.arange(12) / 11):
        gradient = net.gradients(X, Y["identity"])
        net.theta -= rate * np.concatenate([gradient[name].ravel() for name in net.params])
        losses.append(net.loss(X, Y["identity"]))
    np.testing.assert_allclose(search.losses, losses[: len(search.losses)], rtol=1e-10)
    np.testing.assert_allclose(search.rates, np.geomspace(1e-4, 1.0, 12), rtol=1e-12)
    padded = [losses[0]] * 2 + losses + [losses[-1]] * 2
    np.testing.assert_allclose(search.smoothed, [np.mean(padded[i : i + 5]) for i in range(12)], rtol=1e-10)


def test_a_trial_is_a_training_from_the_initial_weights() -> None:
    search = find_learning_rate(network(), X, Y["softmax"], "adam", batch_size=None, steps=60, trial=30)
    assert len(search.trials) > 3
    for rate, loss in search.trials.items():
        history = network().fit(X, Y["softmax"], optimizer=Adam(rate), epochs=31)
        # history.loss[e] was taken before the update of epoch e, so after step 21 ... 30 from 1
        assert loss == pytest.approx(history.loss[21:31].mean(), rel=1e-12)


def test_the_suggestion_is_the_smallest_rate_that_gains_nearly_as_much_as_any() -> None:
    search = find_learning_rate(network(), X, Y["softmax"], "adam", **QUICK)
    rates = sorted(search.trials)
    np.testing.assert_allclose(np.array(rates[1:]) / rates[:-1], 2.0)
    losses = np.array([min(search.trials[rate], search.start) for rate in rates])
    verdicts = 0.7 * losses[:-1] + 0.3 * losses[1:]
    enough = verdicts.min() + 0.01 * (search.start - verdicts.min())
    assert search.rate == rates[np.flatnonzero(verdicts <= enough)[0]]
    assert search.rate > rates[0]


@pytest.mark.parametrize(
    ("trials", "rate"),
    [
        ({0.1: 0.5, 0.2: 0.3, 0.4: 0.2, 0.8: 0.4}, 0.4),
        ({0.1: 0.5, 0.2: 0.205, 0.4: 0.2, 0.8: 0.2}, 0.2),  # within one in a hundred of what there was to gain
        ({0.1: 0.01, 0.2: 1e-4, 0.4: 1e-6, 0.8: 1e-9}, 0.1),  # all is gained: a surer network is no better one
        ({0.1: 0.3, 0.2: 0.25, 0.4: 0.2, 0.8: np.inf}, 0.2),  # the next one explodes
        ({0.1: 0.5, 0.2: 0.4, 0.4: 0.05, 0.8: np.inf}, 0.2),  # however good it is itself
        ({0.1: 0.6, 0.2: 0.55, 0.4: 0.05, 0.8: 0.5}, 0.4),  # the next one is worse, but does not explode
        ({0.1: 0.31, 0.2: 0.3, 0.4: 0.31, 0.8: 0.39, 1.6: 0.1}, 0.1),  # of what lies beyond the best nothing is known
        ({0.1: 1.0, 0.2: 1.0, 0.4: 0.5}, 0.4),  # but it is the only one that gains anything
        ({0.3: 0.5}, 0.3),
    ],
)
def test_a_rate_is_judged_by_its_trial_and_by_the_next_one(trials: dict[float, float], rate: float) -> None:
    assert _chosen(trials, start=1.0) == rate
    assert _chosen(dict(reversed(trials.items())), start=1.0) == rate
    assert _chosen({k: v - 5 for k, v in trials.items()}, start=-4.0) == rate  # losses may be negative


def test_without_trials_a_quarter_of_the_lowest_place_is_suggested() -> None:
    search = find_learning_rate(network(), X, Y["softmax"], steps=60, trial=0)
    assert search.trials == {}
    assert search.rate == search.rates[np.argmin(search.smoothed)] / 4


def test_losses_of_many_rows_are_taken_of_the_same_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.learning_rate.SAMPLE", 50)
    net = network("identity")
    rows = np.random.default_rng(3).choice(120, 50, replace=False)
    search = find_learning_rate(net, X, Y["identity"], seed=3, **QUICK)
    assert search.start == pytest.approx(net.loss(X[rows], Y["identity"][rows]), rel=1e-12)


# Nothing changes, and the same call gives the same.


def test_neither_the_network_nor_its_scaler_changes() -> None:
    net = Network([Dense(8, "relu"), Dropout(0.3), Dense(3, "softmax")], inputs=3, scaler=Standardizer())
    before = net.theta.tobytes()
    search = find_learning_rate(net, 100 + X, Y["softmax"], **QUICK)
    assert net.theta.tobytes() == before
    assert net.scaler is not None
    assert not net.scaler.fitted
    assert net.last_update is None
    assert search.rate is not None


def test_the_same_seed_gives_the_same_search_and_another_another() -> None:
    net = Network([Dense(8, "relu"), Dropout(0.3), Dense(3, "softmax")], inputs=3)
    a, b, c = (find_learning_rate(net, X, Y["softmax"], batch_size=16, seed=seed, **QUICK) for seed in (4, 4, 5))
    assert same(a, b)
    assert not same(a, c)


def test_single_precision_is_searched_in_single_precision() -> None:
    search = find_learning_rate(network(dtype="float32"), X, Y["softmax"], **QUICK)
    assert search.rate is not None
    assert search.start == network(dtype="float32").loss(X, Y["softmax"])


def test_what_lies_beyond_a_suggestion_was_tried_and_is_said() -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    X, y = make_moons(200, noise=0.2, seed=0)
    search = find_learning_rate(net, X, y)
    assert search.rate is not None
    after = 2 * search.rate
    assert f"at {after:.2g}, the next higher one, with {search.trials[after]:.4g}." in search.reason
    best = min(search.trials, key=search.trials.__getitem__)
    assert best == max(search.trials)  # the loss was lowest where nothing more was tried
    assert search.rate < best
    assert f"At {best:.2g} they ended lowest, but that is the upper end of what was searched" in search.reason
    assert "safe" not in search.reason
    history = net.fit(X, y, optimizer=search.optimizer, batch_size=search.batch_size, epochs=100, validation=0.2)
    assert history.validation_loss is not None
    assert history.loss[-1] < 0.35
    assert history.validation_loss[-1] < 0.4


# Where nothing helps.


def test_a_network_that_is_trained_already_is_told_from_one_that_cannot_learn(tmp_path: Any) -> None:
    X, y = make_moons(200, noise=0.2, seed=0)
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2, scaler=Standardizer())
    net.fit(X, y, optimizer=Adam(0.05), epochs=600, l2=0.01)
    net.save(tmp_path / "m.json")
    for trained in (net, load(tmp_path / "m.json")):
        search = find_learning_rate(trained, X, y, SGD(), batch_size=None, l2=0.01, **QUICK)
        assert search.rate is None
        assert "This network is already trained: it begins with the loss 0.28" in search.reason
        assert "Scale the features" not in search.reason


def test_a_network_that_cannot_learn_gets_no_rate() -> None:
    net = Network([Dense(4, "relu"), Dense(3, "softmax")], inputs=3)
    net.params["b1"] = -100.0 * np.ones(4)  # dead: no row reaches any unit
    net.params["W2"] = np.zeros((4, 3))
    thirds = np.arange(120) % 3
    search = find_learning_rate(net, X, thirds, batch_size=None, **QUICK)
    assert search.rate is None
    assert search.reason.startswith("At no rate from 1e-07 to 10 did the loss fall below the 1.099 it began with.")
    assert str(search).startswith("No learning rate for SGD on the full batch.")
    assert search.optimizer == SGD()


@pytest.mark.filterwarnings("error")
def test_a_network_that_explodes_at_once_gets_no_rate() -> None:
    net = Network([Dense(4, "relu"), Dense(1)], inputs=3)
    search = find_learning_rate(net, 1e150 * X, Y["identity"], **QUICK)
    assert (search.rate, len(search.rates), search.trials) == (None, 0, {})
    assert "very first step exploded" in search.reason
    assert "Scale the features" in search.reason
    with pytest.raises(InputError, match="exploded at the first rate"):
        search.plot()
    assert "very first step" in search._repr_html_()


def test_a_loss_that_only_rises_gets_no_rate() -> None:
    net = Network([Dense(4, "relu"), Dense(1)], inputs=3)
    search = find_learning_rate(net, 1e4 * X, Y["identity"], low=0.01, **QUICK)
    assert search.rate is None
    assert "exploded at the rate 0.01" in search.reason
    assert len(search.rates) == 1


def test_a_low_range_is_searched_up_to_its_end_and_that_is_said() -> None:
    search = find_learning_rate(network(), X, Y["softmax"], low=1e-5, high=0.01, **QUICK)
    assert search.rate is not None
    assert search.rate in search.trials
    assert "look higher with high=" in search.reason
    assert max(search.trials) <= 0.01 * (1 + 1e-12)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"low": 0.1, "high": 0.1}, "low must be below high"),
        ({"low": 0.0}, "low must be"),
        ({"steps": 9}, "steps must be"),
        ({"trial": -1}, "trial must be"),
        ({"optimizer": "adm"}, "adam"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"X": X[:, :2]}, "X has 2 columns"),
        ({"y": np.arange(120)}, "label|class"),
    ],
)
def test_what_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_learning_rate(network(), **({"X": X, "y": Y["softmax"]} | given))


# How it is shown.


def test_text_and_html_tell_the_same() -> None:
    search = find_learning_rate(network(), X, Y["softmax"], "adam", **QUICK)
    text, page = str(search), search._repr_html_()
    assert max(map(len, text.splitlines())) <= 79
    text = " ".join(text.split())
    assert text.startswith(
        f"Learning rate {search.rate:.2g} for Adam on batches of 32. In the range test the loss fell"
    )
    assert "It belongs to batches of 32: pass batch_size=32 to fit." in text
    assert text.count("suggested") == 1
    for shown in (text, page):
        assert search.reason in shown
        for rate, loss in search.trials.items():
            assert f"{rate:.2g}" in shown
            assert f"{loss:.5g}" in shown
    assert "<script" not in page
    assert page.count("<table>") == 2


def test_the_picture_has_curve_trials_and_suggestion() -> None:
    pytest.importorskip("matplotlib")
    search = find_learning_rate(network(), X, Y["softmax"], "adam", **QUICK)
    (ax,) = search.plot().axes
    assert ax.get_xscale() == "log"
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["range test", "smoothed", "before any step", "end of a trial", f"suggested: {search.rate:.2g}"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), search.losses)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), search.smoothed)
    assert list(ax.lines[3].get_xdata()) == list(search.trials)
    assert list(ax.lines[4].get_xdata()) == [search.rate] * 2


def test_a_search_travels() -> None:
    search = find_learning_rate(network(), X, Y["softmax"], **QUICK)
    assert same(pickle.loads(pickle.dumps(search)), search)
    with pytest.raises(dataclasses.FrozenInstanceError):
        search.rate = 1.0  # type: ignore[misc]
