"""How a learner's function is called: by the names of its arguments, and by the contract where they do not tell."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from pellucid import InputError
from pellucid.checker import check_my_network
from pellucid.checker.running.calling import plan

THERE = ["params", "X", "y"]


class Net:
    def loss(self, X: Any, y: Any) -> str:
        return f"{X} {y}"

    def alone(self) -> str:
        return "alone"

    def of_data(self, X: Any) -> str:
        return f"data {X}"

    def __call__(self, params: Any) -> str:
        return f"called {params}"


GIVEN = {"params": "P", "X": "X", "y": "Y", "gradients": "G", "rate": "R", "cache": "C", "outputs": "O", "leaf:W1": "w"}


def called(function: Any, what: str = "loss", contract: Any = ("params",), there: Any = THERE, names: Any = ()) -> Any:
    return plan(function, what, contract, there, names)(GIVEN)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda params: params, "P"),
        (lambda w: w, "P"),
        (lambda x: x, "P"),
        (lambda theta, X, y: theta + X + y, "PXY"),
        (lambda X, y, params: X + y + params, "XYP"),
        (lambda inputs, labels, net: inputs + labels + net, "XYP"),
        (lambda p, q: p + q, "PX"),
        (lambda: "nothing", "nothing"),
        (lambda params, l2=0.1: f"{params} {l2}", "P 0.1"),
        (lambda params=None: params, "P"),
        (lambda *args: "".join(args), "P"),
        (lambda *, params: params, "P"),
        (lambda params, *, X: params + X, "PX"),
        (lambda params, **settings: params, "P"),
        (Net().loss, "X Y"),
        (Net().alone, "alone"),
        (Net().of_data, "data X"),
        (Net(), "called P"),
        (partial(lambda params, scale: f"{params}{scale}", scale=2), "P2"),
    ],
)
def test_a_loss_gets_what_it_asks_for(function: Any, expected: str) -> None:
    assert called(function) == expected


def test_forward_and_step() -> None:
    forward, step = ("params", "X"), ("params", "gradients")
    more = [*THERE, "gradients", "rate"]
    assert called(lambda params, X: params + X, "forward", forward) == "PX"
    assert called(lambda X, params: X + params, "forward", forward) == "XP"
    assert called(lambda X: X, "forward", forward) == "X"
    assert called(lambda a, b: a + b, "forward", forward) == "PX"
    assert called(lambda params, grads: params + grads, "step", step, more) == "PG"
    assert called(lambda grads, params, lr: grads + params + lr, "step", step, more) == "GPR"
    assert called(lambda a, b: a + b, "step", step, more) == "PG"
    assert called(lambda params, grads, lr=0.5: f"{params}{grads}{lr}", "step", step, more) == "PG0.5"


def test_parameters_by_their_own_names() -> None:
    assert called(lambda W1, X: W1 + X, names=["W1", "b1"]) == "wX"


def test_what_compiled_functions_take_is_not_known() -> None:
    assert plan(np.add.reduce, "loss", ("params",), THERE).roles == ("params",)


def test_arguments_for_which_there_is_nothing() -> None:
    def cost(parameters: Any, X: Any, Y: Any) -> float:
        return 0.0

    with pytest.raises(
        InputError, match=r"loss \(cost\) takes parameters, X, Y.*nothing to give for X, Y\.\nGive .*X=X and y=y"
    ):
        check_my_network(cost, lambda params: params, {"W": np.ones(2)})
    cost.__name__ = "loss"
    with pytest.raises(InputError, match=r"^loss takes parameters"):
        check_my_network(cost, lambda params: params, {"W": np.ones(2)})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.69, print, [np.ones(1)]), r"loss is 0.69; a function is expected. Write its name without calling it"),
        ((print, {"W": np.ones(1)}, [np.ones(1)]), r"gradients is a dict; a function is expected"),
        ((print, print, None), r"params is None, and no array of numbers is found in it"),
        ((print, print, {}), r"params is \{\}, and no array.*params = \{\"W1\": W1, \"b1\": b1\}"),
        ((print, print, [np.ones(1)], "forward"), r"forward is 'forward'; a function is expected"),
        ((print, print, [np.ones(1)], None, 0.1), r"step is 0.1; a function is expected"),
        ((print, print, [np.array(["a"])]), r"no array of numbers"),
        ((print, print, object()), r"no array of numbers"),
    ],
)
def test_wrong_use_is_told_with_an_example(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_my_network(*arguments)


def test_another_language() -> None:
    with pytest.raises(InputError, match="lang must be one of en, zh; this is 'fr'"):
        check_my_network(print, print, [np.ones(1)], lang="fr")
