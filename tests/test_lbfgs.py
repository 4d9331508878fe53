"""L-BFGS: SciPy's, on the network's own loss; the books of a training run; what it refuses."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Dense, Dropout, InputError, Network, TrainingDiverged, fit_lbfgs
from pellucid.data import Standardizer, load, make_moons

optimize = pytest.importorskip("scipy.optimize", reason="the extra `fast` is not installed")

X, Y = make_moons(200, noise=0.2, seed=0)


def network(**more: Any) -> Network:
    return Network([Dense(8, "tanh"), Dense(2, "softmax")], 2, seed=1, **more)


def test_it_goes_where_scipy_goes_with_the_same_loss() -> None:
    net, twin = network(), network()
    history = fit_lbfgs(net, X, Y, iterations=40, l2=0.01)

    def loss(theta: Any) -> Any:
        twin.theta = theta
        gradient = np.concatenate([g.ravel() for g in twin.gradients(X, Y, l2=0.01).values()])
        return twin.loss(X, Y, l2=0.01), gradient

    found = optimize.minimize(
        loss, network().theta, jac=True, method="L-BFGS-B", options={"maxiter": 40, "maxcor": 10, "gtol": 1e-5}
    )
    assert np.allclose(net.theta, found.x, rtol=1e-10, atol=1e-12)
    assert len(history) == found.nit
    assert net.loss(X, Y, l2=0.01) == pytest.approx(float(found.fun), rel=1e-12)


def test_the_history_has_the_loss_that_each_iteration_began_with() -> None:
    net, seen = network(), [network().loss(X, Y)]
    history = fit_lbfgs(net, X, Y, iterations=15, on_epoch=lambda epoch: seen.append(epoch.network.loss(X, Y)))
    assert np.allclose(history.loss, seen[:-1], rtol=1e-12)
    assert history.accuracy is not None
    assert history.accuracy[0] == network().accuracy(X, Y)
    assert np.all(np.diff(history.loss) <= 0)
    assert (history.stopped, history.engine, len(history)) == ("epochs", "readable", 15)
    assert np.all(np.diff(history.seconds) >= 0)


def test_it_converges_and_says_so() -> None:
    iris = load("iris")
    flowers, kinds = iris.X, iris.y
    net = Network([Dense(3, "softmax")], 4, scaler=Standardizer())
    history = fit_lbfgs(net, flowers, kinds, l2=0.01, tolerance=1e-4)
    assert history.stopped == "converged"
    gradients = net.gradients(flowers, kinds, l2=0.01)
    assert max(np.abs(g).max() for g in gradients.values()) <= 1e-3
    slow = Network([Dense(3, "softmax")], 4, scaler=Standardizer())
    slow.fit(flowers, kinds, optimizer=SGD(0.5), epochs=5000, l2=0.01)
    assert net.loss(flowers, kinds, l2=0.01) == pytest.approx(slow.loss(flowers, kinds, l2=0.01), rel=1e-4)


def test_weights_and_validation_are_those_of_fit() -> None:
    settings: dict[str, Any] = {
        "sample_weight": np.arange(200.0),
        "class_weight": {0: 2.0},
        "validation": 0.25,
        "seed": 3,
    }
    one, other = network(), network()
    by_lbfgs = fit_lbfgs(one, X, Y, iterations=1, **settings)
    by_fit = other.fit(X, Y, epochs=1, **settings)
    assert by_lbfgs.loss[0] == by_fit.loss[0]
    assert by_lbfgs.validation_loss is not None


def test_single_precision_and_stopping_by_hand() -> None:
    net = network(dtype="float32")
    history = fit_lbfgs(net, X, Y, on_epoch=lambda epoch: epoch.index == 6)
    assert (history.stopped, len(history)) == ("on_epoch", 7)
    assert net.loss(X, Y) < history.loss[0]


def test_ctrl_c_leaves_what_was_completed() -> None:
    def stop(epoch: Any) -> None:
        if epoch.index == 3:
            raise KeyboardInterrupt

    net = network()
    history = fit_lbfgs(net, X, Y, on_epoch=stop)
    assert (history.stopped, len(history)) == ("interrupted", 4)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"epochs": 3}, r"write iterations=3 for epochs=3"),
        ({"optimizer": "adam"}, "has no optimizer: .*net.fit"),
        ({"iteration": 3}, "no setting 'iteration' of fit_lbfgs. Did you mean 'iterations'"),
    ],
)
def test_settings_of_fit_that_mean_nothing_here(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        fit_lbfgs(Network([Dense(1)], inputs=1), [[0.0], [1.0]], [0.0, 1.0], **given)


def test_what_it_cannot_do_is_refused_and_nothing_changed() -> None:
    dropping = Network([Dense(4, "relu"), Dropout(0.5), Dense(2, "softmax")], 2)
    before = copy.deepcopy(dropping.theta)
    with pytest.raises(InputError, match="Dropout"):
        fit_lbfgs(dropping, X, Y)
    assert np.array_equal(dropping.theta, before)
    for wrong in ({"iterations": 0}, {"memory": 0}, {"tolerance": -1}, {"evaluations": 0}, {"on_epoch": 3}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            fit_lbfgs(network(), X, Y, **wrong)  # type: ignore[arg-type]


def test_a_start_without_a_finite_loss_is_told() -> None:
    net = Network([Dense(1)], 2)
    net.theta = np.full(net.theta.size, 1e200)
    with pytest.raises(TrainingDiverged):
        fit_lbfgs(net, X, Y.astype(float))
