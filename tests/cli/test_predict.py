"""`pellucid predict`: exactly what the network says, whatever order the columns stand in."""

from __future__ import annotations

import csv
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from cli_tools import FLOWERS, Run, write

import pellucid
from pellucid import Dense, Network
from pellucid.data import read_csv

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 2.8, 4.2, 1.3]]


def lines(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines()))


def test_labels_and_probabilities_are_those_of_the_network(model: Path, run: Run) -> None:
    net = pellucid.load(model)
    table = read_csv("iris.csv", target="species")
    ran = run("predict", "m.json", "iris.csv", "--proba")
    assert (ran.code, ran.err) == (0, "")
    header, *rows = lines(ran.out)
    assert header == ["species", "p(setosa)", "p(versicolor)", "p(virginica)"]
    assert [row[0] for row in rows] == [net.labels[k] for k in net.predict(table.X)]
    assert np.array_equal(np.array([row[1:] for row in rows], dtype=float), net.forward(table.X)), "to the last bit"


def test_values_are_written_in_full(houses: Path, run: Run) -> None:
    argv = ("train", "houses.csv", "--target", "price", "--drop", "id", "--epochs", "5", "--no-plots", "-q")
    assert run(*argv, "--save", "v.json").code == 0
    ran = run("predict", "v.json", "houses.csv")
    header, *rows = lines(ran.out)
    assert header == ["price"]
    table = read_csv("houses.csv", target="price", drop="id")
    assert np.array_equal(np.array([float(row[0]) for row in rows]), pellucid.load("v.json").predict(table.X))
    wrong = run("predict", "v.json", "houses.csv", "--proba")
    assert wrong.code == 2
    assert "--proba is for classes" in wrong.err


def test_columns_go_by_name(model: Path, run: Run) -> None:
    usual = write("usual.csv", FLOWERS, ROWS)
    a, b, c, d = FLOWERS
    write("mixed.csv", [d, "note", a, c, "species", b], [[r[3], "red", r[0], r[2], "?", r[1]] for r in ROWS])
    write("semicolons.csv", FLOWERS, ROWS, delimiter=";")
    write("bare.csv", None, ROWS)
    write("last.csv", None, [[*row, "?"] for row in ROWS])
    expected = run("predict", "m.json", str(usual), "--proba")
    assert lines(expected.out)[1][0] == "setosa"
    for argv in (
        ["mixed.csv"],
        ["semicolons.csv"],
        ["bare.csv"],
        ["bare.csv", "--no-header"],
        ["last.csv", "--drop", "-1"],
    ):
        assert run("predict", "m.json", *argv, "--proba") == expected, argv


def test_a_file_or_standard_output(model: Path, run: Run, process: Run) -> None:
    assert run("predict", "m.json", "iris.csv", "--out", "new/folder/p.csv") == (0, "", "")
    ran = process("predict", "m.json", "iris.csv")
    assert Path("new/folder/p.csv").read_bytes().decode() == ran.out
    assert "\r" not in ran.out
    assert ran.err == ""


def test_rows_from_standard_input_and_from_a_pipe(model: Path, process: Run, run: Run) -> None:
    expected = run("predict", "m.json", "iris.csv").out
    assert process("predict", "m.json", "-", stdin=Path("iris.csv").read_text()).out == expected
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(Path("iris.csv").read_bytes()))
    writer.start()
    assert run("predict", "m.json", "pipe").out == expected
    writer.join()
    ran = process("predict", "m.json", "-", stdin="petal width\n0.2\n")
    assert ran.code == 1
    assert "error: standard input: it lacks 3 of the 4 columns" in ran.err


def test_answers_are_utf8_whatever_the_terminal_is(run: Run, process: Run) -> None:
    write("d.csv", ["größe", "判定"], [[k, "はい" if k < 30 else "いいえ"] for k in range(60)])
    argv = ("train", "d.csv", "--target", "判定", "--epochs", "60", "--no-plots", "-q", "--save", "m.json")
    assert run(*argv).code == 0
    ran = process("predict", "m.json", "d.csv", "--proba", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ran.code == 0
    header, *rows = lines(ran.out)
    assert header == ["判定", "p(いいえ)", "p(はい)"]
    assert {row[0] for row in rows} == {"はい", "いいえ"}


def test_labels_with_commas_and_quotes_stay_one_field(run: Run) -> None:
    write("d.csv", ["a", "y"], [[k, '"big, ""very"""' if k < 30 else "small"] for k in range(60)])
    assert run("train", "d.csv", "--target", "y", "--epochs", "40", "--no-plots", "-q", "--save", "m.json").code == 0
    assert lines(run("predict", "m.json", "d.csv").out)[1] == ['big, "very"']


TWO = ["prediction", "p(0)", "p(1)"]
FOUR = ["prediction 1", "prediction 2", "p(prediction 1)", "p(prediction 2)"]


@pytest.mark.parametrize(
    ("net", "header"),
    [
        (Network([Dense(1, "sigmoid")], inputs=2), TWO),
        (Network([Dense(2, "softmax")], inputs=2), TWO),
        (
            Network([Dense(2, "sigmoid")], inputs=2),
            ["prediction 1", "prediction 2", "p(prediction 1)", "p(prediction 2)"],
        ),
    ],
    ids=["one sigmoid", "softmax", "two sigmoids"],
)
def test_models_that_programs_made(net: Network, header: list[str], run: Run) -> None:
    X = np.array([[1.0, 2.0], [-3.0, 0.5]])
    net.save("m.json")
    write("d.csv", ["any", "name"], X.tolist())
    got, *rows = lines(run("predict", "m.json", "d.csv", "--proba").out)
    assert got == header
    width = len(header) // 2 if net.task == "labels" else 1
    answers = np.array([[int(value) for value in row[:width]] for row in rows])
    assert np.array_equal(answers[:, 0] if width == 1 else answers, net.predict(X))
    p = np.array([row[width:] for row in rows], dtype=float)
    a = net.forward(X)
    assert np.array_equal(p[:, -a.shape[1] :], a)


def test_several_values_and_single_precision(run: Run) -> None:
    net = Network([Dense(2)], inputs=1, dtype="float32")
    net.target = "place"
    net.save("m.json")
    write("d.csv", ["t"], [[0.1], [0.7]])
    header, *rows = lines(run("predict", "m.json", "d.csv").out)
    assert header == ["place 1", "place 2"]
    assert np.array_equal(np.array(rows, dtype=np.float32), net.predict([[0.1], [0.7]]))
