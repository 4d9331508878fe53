"""The updates of scikit-learn's optimizers, as equations; its rates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Adam, InputError
from pellucid.estimators.rules import InverseScaling, RateAdam, VelocitySGD
from pellucid.optimizers import Optimizer
from pellucid.schedules import Place, Watch

GRADIENTS = np.random.default_rng(0).normal(size=(6, 5))


def walked(optimizer: Optimizer, rates: Any = None) -> Any:
    theta, state = np.zeros(5), optimizer.init(np.zeros(5))
    for k, gradient in enumerate(GRADIENTS):
        theta, state = optimizer.update(gradient, state, theta, None if rates is None else rates[k])
    return theta


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True), (0.5, True)])
def test_at_a_constant_rate_a_velocity_goes_where_momentum_does(momentum: float, nesterov: bool) -> None:
    ours = SGD(0.1, momentum=momentum, nesterov=nesterov and momentum > 0)
    np.testing.assert_allclose(walked(VelocitySGD(0.1, momentum, nesterov)), walked(ours), rtol=1e-12)


def test_where_the_rate_changes_the_velocity_remembers_it() -> None:
    rates = [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
    v, theta = np.zeros(5), np.zeros(5)
    for rate, gradient in zip(rates, GRADIENTS, strict=True):
        v = 0.9 * v - rate * gradient
        theta = theta + v
    np.testing.assert_allclose(walked(VelocitySGD(0.1, 0.9), rates), theta, rtol=1e-12)
    assert not np.allclose(walked(SGD(0.1, momentum=0.9), rates), theta)


def test_adam_differs_from_ours_by_where_epsilon_stands() -> None:
    np.testing.assert_allclose(walked(RateAdam(0.1, eps=1e-15)), walked(Adam(0.1, eps=1e-15)), rtol=1e-9)
    assert not np.allclose(walked(RateAdam(0.1, eps=0.1)), walked(Adam(0.1, eps=0.1)))


@pytest.mark.parametrize(
    "make",
    [lambda: VelocitySGD(0), lambda: VelocitySGD(0.1, 1.5), lambda: RateAdam(0.1, beta1=1.0), lambda: RateAdam(eps=0)],
)
def test_numbers_out_of_range_are_refused(make: Any) -> None:
    with pytest.raises(InputError):
        make()


def test_an_old_optimizer_falls_from_its_first_epoch_on() -> None:
    scales = [InverseScaling(1.0, 10, 30, fresh).scale(Place(0, 1, 0), Watch()) for fresh in (True, False)]
    assert scales == [1.0, 1 / 31]
    assert InverseScaling(1.0, 10, 30).scale(Place(9, 10, 2), Watch()) == 1 / 51
