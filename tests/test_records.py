"""Names become records once, at the boundary: what is found, what is said when nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from pellucid import Activation, InputError
from pellucid.activations import ACTIVATIONS, LEAKY_RELU, RELU
from pellucid.initializers import INITIALIZERS, MAKERS, Initializer
from pellucid.losses import LOSSES, Loss
from pellucid.losses import MAKERS as LOSS_MAKERS
from pellucid.optimizers import OPTIMIZERS
from pellucid.records import resolve
from pellucid.schedules import SCHEDULES, Schedule


def activation(given: Any) -> Activation:
    return resolve("activation", given, ACTIVATIONS, Activation)


def initializer(given: Any) -> Initializer:
    return resolve("initializer", given, INITIALIZERS, Initializer, MAKERS)


def test_a_record_is_returned_as_it_is() -> None:
    own = Activation("mine", abs, abs)  # type: ignore[arg-type]
    assert activation(own) is own


@pytest.mark.parametrize("name", ["leaky_relu", "Leaky_ReLU", "leaky-relu", "LEAKY-RELU"])
def test_case_and_hyphens_do_not_matter(name: str) -> None:
    assert activation(name) is LEAKY_RELU


@pytest.mark.parametrize(
    ("what", "table", "kind"),
    [
        ("activation", ACTIVATIONS, Activation),
        ("loss", LOSSES, Loss),
        ("initializer", INITIALIZERS, Initializer),
        ("optimizer", OPTIMIZERS, type),
        ("schedule", SCHEDULES, Schedule),
    ],
)
def test_every_name_of_every_table_is_found(what: str, table: Any, kind: Any) -> None:
    for name, record in table.items():
        assert resolve(what, name, table, kind) is record
        assert resolve(what, name.upper().replace("_", "-"), table, kind) is record


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("normal(0.02)", "normal(0.02)"),
        ("Normal(2)", "normal(2.0)"),
        ("normal(1e-3)", "normal(0.001)"),
        ("normal(1E-05)", "normal(1e-05)"),
        ("constant(-0.5)", "constant(-0.5)"),
        ("constant(+.5)", "constant(0.5)"),
    ],
)
def test_a_name_may_carry_its_number(given: str, name: str) -> None:
    assert initializer(given).name == name


def test_a_loss_may_carry_its_number() -> None:
    assert resolve("loss", "huber(2)", LOSSES, Loss, LOSS_MAKERS).name == "huber(2.0)"


@pytest.mark.parametrize("name", ["normal(x)", "normal(1-2)", "normal(-1)", "constant(nan)"])
def test_a_number_that_does_not_fit_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(InputError, match="is not understood: ") as error:
        initializer(name)
    assert repr(name) in str(error.value)


@pytest.mark.parametrize("name", ["normal(1, 2)", "normal()", "xavier(1)", "normal(0.1", "", "(1)", " relu"])
def test_what_is_no_name_is_refused_with_all_there_are(name: str) -> None:
    with pytest.raises(InputError, match="There is no initializer named") as error:
        initializer(name)
    assert str(error.value).endswith("There are: " + ", ".join([*INITIALIZERS, "constant(number)"]) + ".")


@pytest.mark.parametrize(("given", "meant"), [("rely", "relu"), ("Sigmoyd", "sigmoid"), ("soft-max", "softmax")])
def test_the_nearest_name_is_proposed(given: str, meant: str) -> None:
    with pytest.raises(InputError, match=f"named {given!r}. Did you mean {meant!r}"):
        activation(given)


def test_nothing_is_proposed_for_something_quite_different() -> None:
    with pytest.raises(InputError) as error:
        activation("quadratic-spline")
    assert "Did you mean" not in str(error.value)


@pytest.mark.parametrize("given", [None, 3, RELU.value, Activation, ["relu"], b"relu"])
def test_neither_a_name_nor_a_record(given: Any) -> None:
    with pytest.raises(InputError, match=r"must be a name \(identity, .*\) or a record of class Activation; this is"):
        activation(given)


def test_makers_are_not_for_tables_that_have_none() -> None:
    with pytest.raises(InputError, match=r"There is no activation named 'relu\(2\)'"):
        activation("relu(2)")
