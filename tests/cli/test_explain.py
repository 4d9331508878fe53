"""`pellucid explain`: what it shows is what the network says of itself, for the rows that the file has."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from cli_tools import FLOWERS, Run, write

import pellucid
from pellucid import SGD, Adam, Dense, Dropout, Network
from pellucid.data import Standardizer, read_csv

SGD_OF_THE_COMMAND = {"optimizer": SGD(), "l2": 0.0, "l1": 0.0}


def shown(text: str, out: str) -> None:
    """All lines of a text stand in an output, one below the other."""
    inner, outer = ("\n".join(line.rstrip() for line in part.splitlines()) for part in (text, out))
    assert inner in outer


def test_a_model_alone(model: Path, run: Run) -> None:
    net = pellucid.load(model)
    ran = run("explain", "m.json")
    assert (ran.code, ran.err) == (0, "")
    assert "m.json: species from sepal length, sepal width, petal length, petal width" in ran.out
    shown(str(net.summary()), ran.out)
    shown(net.equations("text", **SGD_OF_THE_COMMAND), ran.out)
    assert "Row" not in ran.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            (),
            "Shown is training with SGD at rate 0.1 and no penalty; --optimizer, --rate, --l2 and --l1 choose another.",
        ),
        (
            ("--optimizer", "adam", "--rate", "0.02", "--l1", "0.5"),
            "Shown is training with Adam at rate 0.02, l1 0.5; ",
        ),
    ],
)
def test_that_a_file_does_not_hold_its_training_is_said_where_the_update_stands(
    options: tuple[str, ...], words: str, model: Path, run: Run
) -> None:
    ran = run("explain", "m.json", *options)
    said = " ".join(ran.out.partition("\nEquations\n")[2].partition("Forward pass")[0].split())
    assert f"A model file does not hold how it was trained. {words}" in said
    page = run("explain", "m.json", *options, "--format", "html").out
    assert f"A model file does not hold how it was trained. {words}" in page


@pytest.mark.parametrize(("option", "row"), [((), 0), (("--row", "3"), 3), (("--row", "-1"), 179)])
def test_a_row_is_walked_there_and_back(option: tuple[str, ...], row: int, model: Path, run: Run) -> None:
    net, table = pellucid.load(model), read_csv("iris.csv", target="species")
    ran = run("explain", "m.json", "iris.csv", *option)
    assert (ran.code, ran.err) == (0, "")
    assert f"Row {row} of iris.csv" in ran.out
    trace = net.trace(table.X, table.y, row=row, **SGD_OF_THE_COMMAND)
    shown(str(trace.row), ran.out)
    p = net.forward(table.X[row : row + 1])[0]
    said, true = net.labels[int(p.argmax())], table.labels[table.y[row]]  # type: ignore[index]
    assert f"The model says: {said}, with probability {p.max():.4f}. True is: {true}." in ran.out
    for name, x in zip(FLOWERS, table.X[row], strict=True):
        assert re.search(rf"^{name} +{x:.4g} +", ran.out, re.MULTILINE)


def test_without_the_target_the_way_to_the_answer_is_shown(model: Path, run: Run, process: Run) -> None:
    net, table = pellucid.load(model), read_csv("iris.csv", target="species")
    mixed = [FLOWERS[2], "note", FLOWERS[0], FLOWERS[3], FLOWERS[1]]
    write("new.csv", mixed, [[row[2], "?", row[0], row[3], row[1]] for row in table.X[:5]])
    ran = run("explain", "m.json", "new.csv", "--row", "2")
    assert (ran.code, ran.err) == (0, "")
    there_and_back = str(net.trace(table.X, table.y, row=2).row)
    forward = ran.out[ran.out.index("row 2\n") : ran.out.index("The model says")].strip()
    assert there_and_back.startswith(forward)
    assert "losses" not in forward
    assert "p = softmax" in forward
    assert "True is" not in ran.out
    piped = process("explain", "m.json", "-", "--row", "2", stdin=Path("new.csv").read_text(encoding="utf-8"))
    assert "Row 2 of standard input" in piped.out
    assert piped.out.partition("feature ")[2] == ran.out.partition("feature ")[2] != ""
    assert len(write("one.csv", mixed, [[1, "?", 2, 3, 4]]).read_text().splitlines()) == 2
    assert run("explain", "m.json", "one.csv").code == 0


def test_latex_is_the_equations_alone(model: Path, run: Run) -> None:
    net = pellucid.load(model)
    ran = run("explain", "m.json", "--format", "latex", "--optimizer", "adam", "--rate", "0.01", "--l2", "0.1")
    assert (ran.code, ran.err) == (0, "")
    remark, _, equations = ran.out.partition("\n")
    assert equations.rstrip() == net.equations("latex", optimizer=Adam(0.01), l2=0.1).rstrip()
    assert remark.startswith(
        "% A model file does not hold how it was trained. Shown is training with Adam at rate 0.01, l2 0.1; "
    )


class Page(HTMLParser):
    """Which elements a page has, and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str | None] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [value for name, value in attributes if name in ("src", "href")]

    def handle_data(self, text: str) -> None:
        self.words.append(text)


def test_html_is_a_page_that_needs_nothing_else(model: Path, run: Run) -> None:
    Path("m.json").rename("<b>.json")
    ran = run("explain", "<b>.json", "iris.csv", "--format", "html", "--out", "new/page.html")
    assert (ran.code, ran.out) == (0, "")
    assert "The explanation is new/page.html." in ran.err
    text = Path("new/page.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.tags[:2] == ["html", "head"]
    assert {"math", "table", "h2"} <= set(page.tags)
    assert not {"script", "b", "link", "img"} & set(page.tags)
    assert page.loaded == []
    assert "color-scheme: light dark" in text
    words = "".join(page.words)
    for part in ("<b>.json: species from", "Equations", "Row 0 of iris.csv", "z1[0] =", "True is: setosa."):
        assert part in words
    same = run("explain", "<b>.json", "iris.csv", "--format", "html")
    assert same.out == text


def losses(program: str) -> list[float]:
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return [float(line.split()[-1]) for line in ran.stdout.splitlines() if line.startswith("epoch")]


@pytest.mark.parametrize("scratch", [False, True])
def test_the_program_goes_on_from_the_model_or_begins_anew(scratch: bool, model: Path, run: Run) -> None:
    argv = ["--script", "net.py", "--optimizer", "adam", "--epochs", "7", "--l2", "0.01"]
    ran = run("explain", "m.json", "iris.csv", *argv, *(["--from-scratch"] if scratch else []))
    assert (ran.code, ran.err) == (0, "The program is net.py.\n")
    assert ran.out == ""  # what was asked for is in the file
    net, table = pellucid.load(model), read_csv("iris.csv", target="species")
    if scratch:
        net.theta = Network(net.layers, net.inputs, net.seed).theta
    history = net.fit(*table, optimizer=Adam(0.003), epochs=7, l2=0.01, engine="readable")
    assert losses("net.py") == pytest.approx(history.loss.tolist(), rel=1e-12)


def test_a_file_that_needs_telling_goes_into_the_program_itself(model: Path, run: Run, process: Run) -> None:
    rows = [line.split(",") for line in Path("iris.csv").read_text().splitlines()]
    write("spaced.csv", rows[0], rows[1:40], delimiter="|")
    assert run("explain", "m.json", "spaced.csv", "--delimiter", "|", "--script", "net.py", "--epochs", "2").code == 0
    Path("spaced.csv").unlink()
    net, table = pellucid.load(model), read_csv("iris.csv", target="species")
    history = net.fit(table.X[:39], table.y[:39], optimizer=SGD(), epochs=2, engine="readable")  # type: ignore[index]
    assert losses("net.py") == pytest.approx(history.loss.tolist(), rel=1e-12)


def test_a_program_without_data_says_which_it_takes(model: Path, run: Run) -> None:
    assert run("explain", "m.json", "--script", "net.py").code == 0
    assert "data.npz" in Path("net.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("asked", [["--row", "0"], ["--format", "html"], ["--out", "x.txt"]])
def test_the_explanation_is_shown_beside_a_program_where_it_is_asked_for(
    asked: list[str], model: Path, run: Run
) -> None:
    ran = run("explain", "m.json", "iris.csv", "--script", "net.py", *asked)
    assert ran.code == 0
    assert "Equations" in (Path("x.txt").read_text(encoding="utf-8") if "--out" in asked else ran.out)


def test_values_in_their_own_units(houses: Path, run: Run) -> None:
    argv = ("train", "houses.csv", "--target", "price", "--drop", "id", "--epochs", "5", "--no-plots", "-q")
    assert run(*argv, "--save", "v.json").code == 0
    net, table = pellucid.load("v.json"), read_csv("houses.csv", target="price", drop="id")
    ran = run("explain", "v.json", "houses.csv", "--row", "5")
    assert ran.code == 0
    assert f"The model says: {net.predict(table.X[5:6])[0]:.6g}. True is: {table.y[5]:.6g}." in ran.out  # type: ignore[index]
    shown(str(net.trace(table.X, table.y, row=5).row), ran.out)


MODELS = [
    (Network([Dense(1, "sigmoid")], inputs=2), ["The model says: class", "True is: class 1."]),
    (Network([Dense(3, "softmax")], inputs=2), ["The model says: class", "True is: class 1."]),
    (Network([Dense(2, "sigmoid")], inputs=2), ["The model says: "]),
    (Network([Dense(3, "tanh"), Dense(2)], inputs=2), ["The model says: "]),
    (Network([Dense(1, "exp")], inputs=2, dtype="float32"), ["The model says: ", "True is: 1."]),
]


@pytest.mark.parametrize(("net", "phrases"), MODELS, ids=["binary", "classes", "labels", "two values", "poisson"])
@pytest.mark.parametrize("header", [True, False])
def test_models_that_programs_made(net: Network, phrases: list[str], header: bool, run: Run) -> None:
    net.target = "t"
    net.save("m.json")
    rows = [[1.0, 2.0, 1], [-3.0, 0.5, 0], [0.25, 1.5, 1]]
    single = net.task in ("binary", "classes") or net.outputs == 1
    if header:
        write("d.csv", ["x1", "x2", "t"], rows if single else [[*row[:2], 0] for row in rows])
        ran = run("explain", "m.json", "d.csv", *([] if single else ["--drop", "t"]))
    else:
        write("d.csv", None, [row[:2] for row in rows])
        ran = run("explain", "m.json", "d.csv")
    assert (ran.code, ran.err) == (0, "")
    a = net.forward([[1.0, 2.0]])[0]
    for phrase in phrases[: 2 if header else 1]:
        assert phrase in ran.out
    if net.task == "values":
        assert f"The model says: {', '.join(f'{value:.6g}' for value in a)}." in ran.out
    assert "z1[0] = 1·" in ran.out
    assert re.search(r"^x1 +1", ran.out, re.MULTILINE)


def test_dropout_belongs_to_training_and_not_to_the_answer(run: Run) -> None:
    net = Network([Dense(4, "tanh"), Dropout(0.5), Dense(2, "softmax")], inputs=2, scaler=Standardizer())
    X = np.array([[1.0, 2.0], [-3.0, 0.5], [0.0, 1.0]])
    net.fit(X, [0, 1, 0], epochs=3)
    net.features, net.target = ("a", "b"), "t"
    net.save("m.json")
    write("d.csv", ["a", "b", "t"], [[*row, k] for row, k in zip(X, (0, 1, 0), strict=True)])
    write("new.csv", ["a", "b"], X.tolist())
    ran = run("explain", "m.json", "d.csv")
    assert "m1 =" in ran.out
    assert "This is a step of training, with dropout; the answer below is given without." in ran.out
    ran = run("explain", "m.json", "new.csv")
    walked = ran.out[ran.out.index("row 0\n") :]
    assert "m1" not in walked
    p = net.forward(X[:1])[0]
    assert f"= ({p[0]:.4g}, {p[1]:.4g})" in walked, "the numbers of the answer itself"
    assert "with dropout" not in ran.out


def test_rows_that_cannot_be_trained_on_are_answered(run: Run) -> None:
    net = Network([Dense(1, "exp")], inputs=1)
    net.features, net.target = ("a",), "count"
    net.save("m.json")
    write("d.csv", ["a", "count"], [[0.5, -3.0], [1.0, 2.5]])
    ran = run("explain", "m.json", "d.csv")
    assert ran.code == 0
    assert "Only the way to the answer is shown." in ran.out
    assert "z1[0] = 0.5·" in ran.out
    assert "losses" not in ran.out[ran.out.index("row 0\n") : ran.out.index("Only")]


def test_many_features_are_elided(run: Run) -> None:
    Network([Dense(2, "softmax")], inputs=40).save("m.json")
    write("d.csv", None, [list(range(40))])
    ran = run("explain", "m.json", "d.csv")
    assert ran.code == 0
    listed = ran.out[ran.out.index("feature") : ran.out.index("row 0\n")].splitlines()
    assert len([line for line in listed if line.startswith("x")]) == 16
    assert listed[-2].startswith("x40")


WRONG_COMMANDS = [
    (["explain"], ["Missing argument", "MODEL.json"]),
    (["explain", "m.json", "--row", "3"], ["--row", "FILE.csv"]),
    (["explain", "m.json", "--drop", "a"], ["--drop", "FILE.csv"]),
    (["explain", "m.json", "--format", "pdf"], ["--format must be one of text, latex, html"]),
    (["explain", "m.json", "iris.csv", "--format", "latex"], ["--format latex writes the equations alone"]),
    (["explain", "m.json", "--from-scratch"], ["--from-scratch", "--script FILE.py"]),
    (["explain", "m.json", "--optimizer", "adma"], ["Did you mean 'adam'"]),
    (["explain", "m.json", "--rate", "0"], ["--rate must be a number above 0"]),
    (["explain", "m.json", "--epochs", "0"], ["--epochs must be a whole number of at least 1"]),
    (["explain", "m.json", "iris.csv", "--out", "m.json"], ["--out m.json", "not overwritten"]),
    (["explain", "m.json", "iris.csv", "--script", "iris.csv"], ["--script iris.csv", "not overwritten"]),
    (["explain", "m.json", "--script", "folder.py"], ["--script folder.py", "a folder"]),
]
WRONG_FILES = [
    (["explain", "nofile.json"], ["nofile.json: there is no such file"]),
    (["explain", "iris.csv"], ["no model file of pellucid"]),
    (["explain", "m.json", "nofile.csv"], ["nofile.csv", "No such file"]),
    (["explain", "m.json", "iris.csv", "--row", "180"], ["--row 180: iris.csv has 180 rows, numbered 0 to 179"]),
    (["explain", "m.json", "iris.csv", "--row", "-181"], ["numbered 0 to 179"]),
    (["explain", "m.json", "other.csv"], ["it lacks 3 of the 4 columns"]),
    (["explain", "m.json", "unknown.csv"], ["unknown.csv", "'rose'"]),
]


def test_wrong_command_lines_and_files(model: Path, run: Run) -> None:
    Path("folder.py").mkdir()
    write("other.csv", ["sepal length"], [[1.0]])
    write("unknown.csv", [*FLOWERS, "species"], [[1, 2, 3, 4, "rose"], [1, 2, 3, 4, "setosa"]])
    before = sorted(path.name for path in Path().iterdir())
    for code, cases in ((2, WRONG_COMMANDS), (1, WRONG_FILES)):
        for argv, phrases in cases:
            ran = run(*argv)
            assert ran.code == code, (argv, ran.err)
            assert ran.out == "", argv
            for phrase in phrases:
                assert phrase in ran.err, (argv, ran.err)
    assert sorted(path.name for path in Path().iterdir()) == before, "and nothing is left behind"


def test_a_real_process_writes_the_same_everywhere(model: Path, run: Run, process: Run) -> None:
    expected = run("explain", "m.json", "iris.csv")
    ran = process("explain", "m.json", "iris.csv", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ran.code == 0
    assert ran.out == expected.out
    assert "δ" in ran.out or "delta" in ran.out
