"""Histories: columns of a run, and files that give them back bit for bit."""

from __future__ import annotations

import csv
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import Adam, Dense, History, InputError, Network, Settings
from pellucid.history import COLUMNS
from representations import well_formed

X = np.random.default_rng(0).normal(size=(12, 2))
Y = np.arange(12) % 2


def history_of(output: Dense, **settings: Any) -> History:
    net = Network([Dense(3, "tanh"), output], inputs=2)
    return net.fit(X, Y if output.activation.name == "softmax" else X[:, 0] * X[:, 1], epochs=5, **settings)


HISTORIES = {
    "classes": lambda: history_of(Dense(2, "softmax")),
    "classes, validation": lambda: history_of(Dense(2, "softmax"), validation=0.25, batch_size=2),
    "values": lambda: history_of(Dense(1)),
    "values, validation": lambda: history_of(Dense(1), validation=0.25, early_stopping=3, schedule="cosine"),
}
MEASURED = {
    "classes": {"loss", "accuracy", "learning_rate", "seconds"},
    "classes, validation": set(COLUMNS),
    "values": {"loss", "learning_rate", "seconds"},
    "values, validation": {"loss", "validation_loss", "learning_rate", "seconds"},
}


@pytest.mark.parametrize("case", HISTORIES)
def test_only_what_was_measured_is_a_column(case: str) -> None:
    history = HISTORIES[case]()
    columns = history.columns()
    assert set(columns) == MEASURED[case]
    assert list(columns) == [name for name in COLUMNS if name in columns]
    for name in COLUMNS:
        if name in columns:
            assert columns[name].shape == (len(history),)
            assert np.isfinite(columns[name]).all()
        else:
            assert getattr(history, name) is None


@pytest.mark.parametrize("case", HISTORIES)
def test_csv_reads_back_bit_for_bit(case: str, tmp_path: Path) -> None:
    history = HISTORIES[case]()
    history.to_csv(tmp_path / "h.csv")
    with (tmp_path / "h.csv").open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    assert header == ["epoch", *history.columns()]
    assert [line[0] for line in lines] == [str(e) for e in range(len(history))]
    for k, column in enumerate(history.columns().values(), 1):
        assert np.array([float(line[k]) for line in lines]).tobytes() == column.tobytes()


@pytest.mark.parametrize("case", HISTORIES)
def test_json_reads_back_bit_for_bit(case: str, tmp_path: Path) -> None:
    history = HISTORIES[case]()
    history.to_json(tmp_path / "h.json")
    record = json.loads((tmp_path / "h.json").read_text(encoding="utf-8"))
    for name, column in history.columns().items():
        assert np.array(record.pop(name)).tobytes() == column.tobytes()
    assert record == {
        "stopped": history.stopped,
        "best_epoch": history.best_epoch,
        "engine": "readable",
        "settings": history.settings,
        "initial_weights": history.initial_weights,
    }


def test_a_path_may_be_text(tmp_path: Path) -> None:
    history = HISTORIES["values"]()
    history.to_csv(str(tmp_path / "h.csv"))
    history.to_json(str(tmp_path / "h.json"))
    assert (tmp_path / "h.csv").stat().st_size > 0
    assert (tmp_path / "h.json").stat().st_size > 0


def test_a_number_that_is_not_finite_keeps_the_files_valid(tmp_path: Path) -> None:
    columns = {name: np.array([0.5, np.inf, np.nan]) for name in ("loss", "learning_rate", "seconds")}
    history = History(accuracy=None, validation_loss=None, validation_accuracy=None, **columns)
    history.to_json(tmp_path / "h.json")

    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is not JSON")

    record = json.loads((tmp_path / "h.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert record["loss"] == [0.5, None, None]
    history.to_csv(tmp_path / "h.csv")
    assert [line.split(",")[1] for line in (tmp_path / "h.csv").read_text().split()] == ["loss", "0.5", "inf", "nan"]


def test_a_history_without_an_epoch(tmp_path: Path) -> None:
    """Interrupted in the first epoch: the accuracy was begun, nothing was completed."""
    columns = {name: np.full(10, np.nan) for name in COLUMNS}
    columns["accuracy"][0] = 0.5
    history = History.of(columns, 0, stopped="interrupted")
    assert len(history) == 0
    assert repr(history) == "History(no epoch completed, stopped: interrupted)"
    history.to_csv(tmp_path / "h.csv")
    assert (tmp_path / "h.csv").read_text().split() == ["epoch,loss,accuracy,learning_rate,seconds"]
    history.to_json(tmp_path / "h.json")
    assert json.loads((tmp_path / "h.json").read_text())["loss"] == []


def test_its_columns_are_no_views_of_the_run() -> None:
    columns = {name: np.ones(3) for name in COLUMNS}
    history = History.of(columns, 2)
    columns["loss"][...] = 7
    assert history.loss.tolist() == [1, 1]


def test_it_shows_how_the_run_ended() -> None:
    shown = repr(HISTORIES["classes, validation"]())
    assert shown.startswith("History(5 epochs, stopped: epochs; last: loss 0.")
    assert "validation_accuracy" in shown


def test_seconds_grow_and_count_from_the_start() -> None:
    seconds = HISTORIES["classes"]().seconds
    assert seconds[0] > 0
    assert (np.diff(seconds) > 0).all()


def test_it_knows_its_run_and_what_it_began_with() -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2, seed=4)
    twin = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2, seed=4)
    other = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2, seed=5)
    first, second, third = (
        each.fit(X, Y, epochs=3, optimizer=optimizer, class_weight={0: 2.0})
        for each, optimizer in ((net, "sgd"), (twin, "adam"), (other, "sgd"))
    )
    assert first.initial_weights == second.initial_weights != third.initial_weights
    assert first.run is not None
    assert first.run.net is net
    assert first.run.X is X  # kept, not copied
    assert np.array_equal(first.run.y, np.eye(2)[Y])
    assert first.run.sample_weight is not None
    assert first.run.sample_weight.tolist() == [2.0 if label == 0 else 1.0 for label in Y]
    assert first.run.validation is None
    assert net.fit(X, Y, epochs=1).initial_weights not in (first.initial_weights, None)  # it went on from there


def test_a_run_knows_what_it_held_out() -> None:
    net = Network([Dense(2, "softmax")], inputs=2)
    run = net.fit(X, Y, epochs=1, validation=0.25).run
    assert run is not None
    assert run.validation is not None
    assert len(run.X) + len(run.validation[0]) == len(X)
    rows = {tuple(row) for row in run.X} | {tuple(row) for row in run.validation[0]}
    assert rows == {tuple(row) for row in X}


def test_a_pickled_history_leaves_the_data_behind() -> None:
    history = HISTORIES["classes"]()
    again = pickle.loads(pickle.dumps(history))
    assert again.run is None
    assert again.initial_weights == history.initial_weights
    assert np.array_equal(again.loss, history.loss)
    with pytest.raises(InputError, match=r"pellucid\.report\.write"):
        again.report("run.html")


def test_a_pickled_history_keeps_how_it_was_asked_to_train() -> None:
    rows = (X[:4], Y[:4])
    given: dict[str, Any] = {"optimizer": Adam(0.02), "batch_size": 4, "class_weight": {0: 2.0}, "clip_norm": 1.5}
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    history = net.fit(X, Y, epochs=2, validation=rows, sample_weight=np.ones(12), **given)
    assert history.run is not None
    assert history.asked is history.run.settings
    saved = pickle.dumps(history)
    again = pickle.loads(saved)
    assert again.asked == Settings(epochs=2, **given)  # without data
    assert len(saved) < len(pickle.dumps(net.fit(X, Y, epochs=2))) + 2000
    shared = pickle.loads(pickle.dumps(net.fit(X, Y, epochs=2, validation=0.25)))
    assert shared.asked.validation == 0.25
    assert pickle.loads(pickle.dumps(again)).asked == again.asked
    bare = replace(history, run=None, asked=None)
    assert pickle.loads(pickle.dumps(bare)).asked is None


# For people: text in a terminal, HTML in a notebook.


@pytest.mark.parametrize("case", HISTORIES)
def test_it_is_shown_with_its_last_and_best_values(case: str) -> None:
    history = HISTORIES[case]()
    text, page = str(history), well_formed(history._repr_html_())
    header, *rows = [[cell.text or "" for cell in row] for row in page.iter("tr")]
    assert header == ["", "first", "last", "best", "at epoch"]
    assert {row[0] for row in rows} == MEASURED[case] - {"learning_rate", "seconds"}
    for name, first, last, best, at in rows:
        column = getattr(history, name)
        pick = np.argmin if name.endswith("loss") else np.argmax
        assert [first, last, best] == [f"{value:.4g}" for value in (column[0], column[-1], column[pick(column)])]
        assert int(at) == pick(column) + 1  # people count from 1, and so does the report
        assert f"{name} " in text
        assert f" {best} " in text
    assert len(page.findall(".//polyline")) == sum(name.endswith("loss") for name in MEASURED[case])
    for said in (f"{len(history)} epochs in ", "engine readable", f"stopped: {history.stopped}"):
        assert said in text
        assert said in (page.find("p").text or "")
    assert max(map(len, text.splitlines())) <= 90


def test_it_says_whose_parameters_were_restored() -> None:
    history = HISTORIES["values, validation"]()
    assert history.best_epoch is not None
    assert f"parameters of epoch {history.best_epoch + 1} restored" in str(history)
    assert f"parameters of epoch {history.best_epoch + 1} restored" in history._repr_html_()


def test_a_short_or_broken_history_is_shown_too() -> None:
    def of(loss: list[float]) -> History:
        columns = {name: np.array(loss) for name in ("loss", "learning_rate", "seconds")}
        return History(accuracy=None, validation_loss=None, validation_accuracy=None, **columns)

    nothing = of([])
    assert str(nothing) == repr(nothing)
    well_formed(nothing._repr_html_())
    one = of([0.5])
    assert str(one).splitlines()[0].startswith("1 epoch in")
    assert "<svg" not in one._repr_html_()  # one point is no curve
    broken = of([2.0, np.nan, 1.0, np.inf])
    assert str(broken).splitlines()[2].split() == ["loss", "2", "inf", "1", "3"]
    well_formed(broken._repr_html_())
    well_formed(of([np.nan, np.nan])._repr_html_())
