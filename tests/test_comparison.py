"""Runs side by side: the numbers are those of the histories, what differs is named, and the start is told."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Adam, Dense, History, InputError, Network
from pellucid.comparison import Comparison, compare
from pellucid.data import make_moons
from pellucid.schedules import Cosine

X, y = make_moons(60, noise=0.1, seed=0)
COLUMNS = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "seconds")


def network(seed: int = 0, units: int = 3) -> Network:
    return Network([Dense(units, "tanh"), Dense(2, "softmax")], inputs=2, seed=seed)


def run(net: Network | None = None, **settings: Any) -> History:
    return (net or network()).fit(X, y, **({"epochs": 4} | settings))


def made(loss: list[float], weights: str | None = "a", **rest: Any) -> History:
    """A history without a training."""
    columns = {"learning_rate": [0.1] * len(loss), "seconds": list(range(1, len(loss) + 1))} | rest
    kept = {name: None if columns.get(name) is None else np.array(columns[name], dtype=float) for name in COLUMNS}
    return History(**(kept | {"loss": np.array(loss)}), initial_weights=weights)  # type: ignore[arg-type]


def of(rows: list[list[str]], first: str) -> dict[str, list[str]]:
    """The cells of a measure by run."""
    at = next(i for i, row in enumerate(rows) if row[0] == first)
    end = next((i for i in range(at + 1, len(rows)) if rows[i][0]), len(rows))
    return {row[1]: row[2:] for row in rows[at:end]}


# The numbers.


def test_last_and_best_of_every_measure() -> None:
    a = made([3.0, 1.0, 2.0], accuracy=[0.5, 0.75, 0.7], validation_loss=[4, 5, 6], validation_accuracy=[0.1, 0.9, 0.2])
    b = made([5.0, 4.0], validation_loss=[7.0, 6.5])
    compared = compare({"a": a, "b": b})
    rows = compared.reached()
    assert rows[0] == ["", "run", "last", "best", "at epoch"]
    assert of(rows, "loss") == {"a": ["2", "1", "2"], "b": ["4", "4", "2"]}
    assert of(rows, "accuracy") == {"a": ["0.7", "0.75", "2"], "b": ["-", "-", "-"]}
    assert of(rows, "validation loss") == {"a": ["6", "4", "1"], "b": ["6.5", "6.5", "2"]}
    assert of(rows, "validation accuracy") == {"a": ["0.2", "0.9", "2"], "b": ["-", "-", "-"]}
    assert compared.ran() == [
        ["run", "epochs done", "ended by", "seconds", "engine"],
        ["a", "3", "epochs", "3", "readable"],
        ["b", "2", "epochs", "2", "readable"],
    ]


def test_numbers_that_are_not_finite_are_never_the_best() -> None:
    rows = compare({"a": made([np.inf, 2.0, np.nan]), "b": made([np.nan, np.nan])}).reached()
    assert of(rows, "loss") == {"a": ["nan", "2", "2"], "b": ["nan", "-", "-"]}


def test_a_measure_that_no_run_has_is_left_out() -> None:
    assert [row[0] for row in compare({"a": made([1.0]), "b": made([2.0])}).reached()] == ["", "loss", ""]


def test_runs_of_different_lengths_with_and_without_validation() -> None:
    a = run(validation=0.25, early_stopping=2, epochs=50, optimizer=SGD(2.0), batch_size=8)
    b = run(epochs=3)
    compared = compare({"stopped": a, "plain": b})
    (_, first, second) = compared.ran()
    assert first[:3] == ["stopped", str(len(a)), f"{a.stopped}, epoch {a.best_epoch + 1} kept"]
    assert second[:3] == ["plain", "3", "epochs"]
    assert of(compared.reached(), "validation loss")["plain"] == ["-", "-", "-"]
    assert "They were not trained on as many rows: 45, 60." in compared.notes


def test_an_empty_history_has_no_numbers() -> None:
    empty = made([])
    compared = compare({"empty": empty, "full": made([1.0])})
    assert of(compared.reached(), "loss") == {"empty": ["-", "-", "-"], "full": ["1", "1", "1"]}
    assert compared.ran()[1][1:4] == ["0", "epochs", "-"]
    assert "empty" in str(compared)
    assert "empty" in compared._repr_html_()
    alone = compare([empty])
    assert "0" in str(alone)
    with pytest.raises(InputError, match="none of the runs has completed an epoch"):
        alone.plot()


# Names, and what differs.


def test_runs_of_a_list_are_named_by_what_differs() -> None:
    assert list(compare([run(optimizer=SGD(0.1)), run(optimizer=SGD(0.2))]).histories) == [
        "SGD(learning_rate=0.1)",
        "SGD(learning_rate=0.2)",
    ]
    assert list(compare([run(optimizer=SGD(0.1, momentum=0.5)), run(optimizer=Adam())]).histories) == [
        "SGD(learning_rate=0.1)",
        "Adam(learning_rate=0.001)",
    ]
    assert list(compare([run(), run(batch_size=8), run(batch_size=9)]).histories) == [
        "batch_size=None",
        "batch_size=8",
        "batch_size=9",
    ]
    several = compare([run(), run(l2=0.1), run(schedule=Cosine()), run(l2=0.1, schedule=Cosine(warmup=0.5))])
    assert list(several.histories) == [
        "Constant, l2=0.0",
        "Constant, l2=0.1",
        "Cosine(warmup=0.0), l2=0.0",
        "Cosine(warmup=0.5), l2=0.1",
    ]
    enough = compare([run(epochs=2), run(network(units=5), epochs=3, optimizer=Adam())])
    assert list(enough.histories) == ["SGD(learning_rate=0.1)", "Adam(learning_rate=0.001)"]
    assert list(enough.differences) == ["network", "optimizer", "epochs"]


def test_runs_that_do_not_differ_are_numbered() -> None:
    compared = compare([run(), run()])
    assert list(compared.histories) == ["run 1", "run 2"]
    assert compared.differences == {}
    alike = compare([run(), run(), run(epochs=2)])
    assert list(alike.histories) == ["run 1: epochs=4", "run 2: epochs=4", "run 3: epochs=2"]


def test_networks_of_different_shape_are_told_apart() -> None:
    compared = compare([run(network(units=3)), run(network(units=4))])
    assert compared.differences["network"] == (
        "2 -> Dense 3 tanh -> Dense 2 softmax",
        "2 -> Dense 4 tanh -> Dense 2 softmax",
    )
    assert list(compared.histories) == list(compared.differences["network"])


def test_only_what_differs_is_listed_and_only_that_of_a_record() -> None:
    a, b = run(optimizer=SGD(0.1, momentum=0.5)), run(optimizer=SGD(0.1, momentum=0.9), seed=3)
    compared = compare({"a": a, "b": b})
    assert compared.differences == {"optimizer": ("SGD(momentum=0.5)", "SGD(momentum=0.9)"), "seed": ("0", "3")}
    assert compared.ran()[0][-2:] == ["optimizer", "seed"]
    assert compared.ran()[2][-2:] == ["SGD(momentum=0.9)", "3"]


def test_long_numbers_are_shortened_only_where_they_can_still_be_told_apart() -> None:
    third, near = run(optimizer=SGD(1 / 3)), run(optimizer=SGD(1 / 3 + 1e-12))
    assert next(iter(compare([third, run(optimizer=SGD(0.5))]).histories)) == "SGD(learning_rate=0.3333)"
    assert next(iter(compare([third, near]).histories)) == "SGD(learning_rate=0.3333333333333333)"


# The start.


def test_the_same_initial_weights_or_not_is_said_everywhere() -> None:
    same = compare({"a": run(), "b": run(batch_size=8)})
    different = compare({"a": run(), "b": run(network(seed=1)), "c": run(epochs=2)})
    assert (same.same_start, different.same_start) == (True, False)
    assert same.start == "The runs began with the same initial weights."
    assert different.start == "The runs began with different initial weights, but alike: a and c."
    for compared in (same, different):
        assert compared.start in str(compared)
        assert compared.start in compared._repr_html_()
        pytest.importorskip("matplotlib")
        assert compared.plot()._supxlabel.get_text().replace("\n", " ") == compared.start  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("weights", "same", "words"),
    [
        (["a", "b"], False, "The runs began with different initial weights."),
        (["a", None], None, "is not known: run2 does not say, as when read from a file."),
        ([None, None], None, "is not known: run1 and run2 do not say, as when read from a file."),
        (["a", "a", None], None, "is not known: run3 does not say"),
        (["a", "b", None], False, "different initial weights. Not known: run3."),
        (["a", "b", "a", "b", "c"], False, "but alike: run1 and run3; run2 and run4."),
        (["a"], True, "There is one run, and nothing to compare its initial weights with."),
    ],
)
def test_what_is_not_known_is_not_claimed(weights: list[str | None], same: bool | None, words: str) -> None:
    compared = compare({f"run{i}": made([1.0], digest) for i, digest in enumerate(weights, 1)})
    assert compared.same_start is same
    assert words in compared.start


def test_training_on_began_with_other_weights() -> None:
    net = network()
    assert compare({"first": run(net), "second": run(net)}).same_start is False


# What makes numbers hard to compare.


def test_losses_of_different_kinds_are_pointed_out() -> None:
    values = Network([Dense(1)], inputs=2).fit(X, y.astype(float), epochs=3)
    compared = compare({"classes": run(), "values": values})
    assert compared.notes[0].startswith("Their losses are of different kinds (cross_entropy, squared_error)")
    assert of(compared.reached(), "accuracy")["values"] == ["-", "-", "-"]


def test_a_penalty_in_one_of_the_losses_is_pointed_out() -> None:
    assert compare([run(), run(l2=0.1, class_weight="balanced")]).notes == (
        "The loss is not the same in all runs, for l2 and class_weight is a part of it and differs.",
    )
    assert compare([run(), run(batch_size=8)]).notes == ()


# What goes in, and how it comes out.


def test_one_history_alone() -> None:
    history = run()
    for compared in (compare(history), compare([history]), compare({"run 1": history})):
        assert list(compared.histories) == ["run 1"]
        assert "There is one run" in str(compared)


def test_histories_from_an_iterator_and_from_pickles() -> None:
    copies = [pickle.loads(pickle.dumps(history)) for history in (run(), run(network(seed=1)))]
    compared = compare(iter(copies))
    assert compared.same_start is False
    assert isinstance(pickle.loads(pickle.dumps(compared)), Comparison)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "no history to compare"),
        ({}, "no history to compare"),
        (None, "a list of histories"),
        ("history.csv", "a list of histories"),
        ([1.0], "number 0 is a float"),
        ({"a": [1, 2]}, "'a' is a list"),
        ({"1": run(), 1: run()}, "two runs called '1'"),
        ([network()], "number 0 is a Network"),
    ],
)
def test_what_is_no_history_is_refused(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare(given)


def test_text_and_html_show_every_run_and_measure() -> None:
    compared = compare({"<plain>": run(), "mini": run(batch_size=8, validation=0.2)})
    text, page = str(compared), compared._repr_html_()
    for word in ("mini", "validation accuracy", "at epoch", "batch_size", *compared.notes):
        assert word in text
        assert word in page
    assert "<plain>" in text
    assert "&lt;plain&gt;" in page
    assert "<plain>" not in page
    assert "<script" not in page
    assert "<svg" in page
    assert "<svg" not in compare([run() for _ in range(5)])._repr_html_()  # too many to be told apart
    assert max(len(line) for line in text.splitlines()) <= 120


def test_the_picture_has_every_run_over_the_others() -> None:
    pytest.importorskip("matplotlib")
    a, b = run(validation=0.2, epochs=6), run(optimizer=SGD(1.0))
    figure = compare({"a": a, "b": b}).plot(log=True)
    loss, accuracy = figure.axes
    assert (loss.get_yscale(), accuracy.get_yscale()) == ("log", "linear")
    assert [line.get_linestyle() for line in loss.lines] == ["-", "--", "-"]
    assert loss.lines[0].get_color() == loss.lines[1].get_color() != loss.lines[2].get_color()
    for line, column in zip(loss.lines, (a.loss, a.validation_loss, b.loss), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), column)
    names = [text.get_text() for text in accuracy.get_legend().get_texts()]
    assert names == ["a", "b", "training", "validation"]
