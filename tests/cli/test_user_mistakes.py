"""What users get wrong: an exit code, a sentence that helps, and never a traceback."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from cli_tools import Ran, Run, write

TRAIN = ["train", "iris.csv", "--target", "species", "--epochs", "1", "--no-plots"]

WRONG_COMMANDS = [
    (["trian"], ["No such command", "train"]),
    (["train", "--epoch", "3"], ["No such option", "--epochs"]),
    (["train", "iris.csv"], ["--target is missing", "sepal length, sepal width, petal length, petal width, species"]),
    (["train", "bare.csv"], ["--target is missing", "3 columns and no names", "--target -1"]),
    (["train", "--target", "species"], ["FILE.csv"]),
    (["train", "iris.csv", "extra.csv", "--target", "y"], ["unexpected extra argument"]),
    ([*TRAIN, "--resume", "run/"], ["--resume takes no folder; write --checkpoint run/ --resume."]),
    ([*TRAIN, "--epochs", "0"], ["--epochs must be a whole number of at least 1"]),
    ([*TRAIN, "--epochs", "many"], ["--epochs", "integer"]),
    ([*TRAIN, "--hidden", "32,x"], ["--hidden", "such as 64 or 32,16", "'32,x'"]),
    ([*TRAIN, "--hidden", "100000,100000"], ["--hidden", "10,000,900,003 parameters"]),
    ([*TRAIN, "--hidden", "9" * 5000], ["--hidden counts the neurons"]),
    ([*TRAIN, "--activation", "rleu"], ["--activation must be one of", "Did you mean 'relu'?"]),
    ([*TRAIN, "--activation", "softmax"], ["--activation must be one of"]),
    ([*TRAIN, "--optimizer", "adma"], ["--optimizer must be one of", "Did you mean 'adam'"]),
    ([*TRAIN, "--schedule", "cosin"], ["Did you mean 'cosine'?"]),
    ([*TRAIN, "--rate", "nan"], ["--rate must be a number above 0"]),
    ([*TRAIN, "--rate", "-1"], ["--rate must be a number above 0"]),
    ([*TRAIN, "--l2", "inf"], ["--l2 must be a number"]),
    ([*TRAIN, "--dropout", "1"], ["--dropout", "below 1"]),
    ([*TRAIN, "--dropout", "0.5", "--hidden", "none"], ["--dropout", "hidden layers"]),
    ([*TRAIN, "--batch", "-5"], ["--batch must be a whole number"]),
    ([*TRAIN, "--seed", "-1"], ["--seed must be a whole number"]),
    ([*TRAIN, "--test", "0.6", "--validation", "0.4"], ["leave no rows to train on"]),
    ([*TRAIN, "--test", "0.001"], ["--test 0.001 of 180 rows is not a single row"]),
    ([*TRAIN, "--test", "0", "--validation", "0.99"], ["--validation 0.99 of 180 rows", "every class"]),
    ([*TRAIN, "--task", "regression"], ["--task must be one of auto, classes, values"]),
    ([*TRAIN, "--class-weight", "yes"], ["--class-weight must be one of balanced"]),
    ([*TRAIN, "--delimiter", ";;"], ["--delimiter must be one character"]),
    ([*TRAIN, "--save", "model.txt"], ["--save model.txt", ".json"]),
    ([*TRAIN, "--save", ""], ["--save", ".json"]),
    ([*TRAIN, "--save", "folder.json"], ["--save folder.json", "folder"]),
    ([*TRAIN, "--history", "iris.csv"], ["--history iris.csv", "not overwritten"]),
    ([*TRAIN, "--history", "h.txt"], [".csv or .json"]),
    ([*TRAIN, "--save", "m.json", "--history", "m.json"], ["a file of its own"]),
    (["train", "values.csv", "--target", "y", "--class-weight", "balanced"], ["--class-weight is for classes"]),
    (["predict"], ["Missing argument", "MODEL.json"]),
    (["predict", "m.json"], ["Missing argument", "FILE.csv"]),
    (["predict", "m.json", "iris.csv", "--out", "iris.csv"], ["not overwritten"]),
    (["predict", "m.json", "iris.csv", "--out", "m.json"], ["not overwritten"]),
    (["predict", "m.json", "iris.csv", "--out", "."], ["a folder"]),
    (["lesson", "nope"], ["no lesson 'nope'", "perceptron"]),
    (["lesson", "8"], ["no lesson '8'"]),
    (["lesson", "perceptron", "--method", "naive"], ["does not take --method", "It takes: --steps, --lang, --out."]),
    (["lesson", "perceptron", "--lang", "fr"], ["--lang must be one of en, zh"]),
    (["lesson", "perceptron", "--steps", "0"], ["--steps must be a whole number of at least 1"]),
    (["lesson", "mnist-numerical", "--method", "magic"], ["--method must be one of naive, backprop"]),
    (["lesson", "--steps", "3"], ["--steps is for one lesson"]),
]

WRONG_FILES = [
    (["train", "nofile.csv", "--target", "y"], ["nofile.csv", "No such file"]),
    (["train", ".", "--target", "y"], ["cannot be read"]),
    (["train", "iris.csv", "--target", "speceis"], ["no column named 'speceis'", "Did you mean 'species'?"]),
    (["train", "iris.csv", "--target", "9"], ["5 columns", "0 ... 4"]),
    (["train", "iris.csv", "--target", "0"], ["line 2, column 'species'", "is no number", "--drop 'species'"]),
    (["train", "iris.csv", "--target", "species", "--task", "values"], ["no finite number", "--task classes"]),
    (["train", "iris.csv", "--target", "species", "--drop", "nope"], ["no column named 'nope'"]),
    (["train", "iris.csv", "--target", "species", "--drop", "species"], ["leave it out of --drop"]),
    (["train", "iris.csv", "--target", "species", "--delimiter", ";"], ["no column named 'species'"]),
    (["train", "iris.csv", "--target", "species", "--out", "iris.csv"], ["iris.csv is a file and no folder"]),
    (["train", "iris.csv", "--target", "species", "--save", "iris.csv/m.json"], ["iris.csv is a file and no folder"]),
    (["train", "empty.csv", "--target", "y"], ["the file is empty"]),
    (["train", "empty.csv"], ["the file is empty"]),
    (["train", "header.csv", "--target", "y"], ["no row below it", "--no-header"]),
    (["train", "ragged.csv", "--target", "y"], ["line 3", "2 fields, and 3 are expected"]),
    (["train", "missing.csv", "--target", "y"], ["line 2, column 'b'", "missing", "--drop 'b'"]),
    (["train", "infinite.csv", "--target", "y"], ["line 3, column 'a'", "infinite"]),
    (["train", "double.csv", "--target", "y"], ["columns 1 and 2 are both named 'a'"]),
    (["train", "quote.csv", "--target", "y"], ["line 2", "never closed"]),
    (["train", "latin.csv", "--target", "y"], ["line 1", "not UTF-8"]),
    (["train", "zipped.csv", "--target", "y"], ["compressed with gzip"]),
    (["train", "binary.csv", "--target", "y"], ["binary.csv, line 1"]),
    (["train", "alike.csv", "--target", "y"], ["the label 'p' in every row", "nothing to learn"]),
    (["train", "constant.csv", "--target", "y"], ["the value 2.5 in every row", "nothing to learn"]),
    (["train", "huge.csv", "--target", "y"], ["too large to be squared"]),
    (["train", "huge.csv", "--target", "b"], ["too large to be squared"]),
    (["predict", "nofile.json", "iris.csv"], ["nofile.json: there is no such file"]),
    (["predict", "iris.csv", "m.json"], ["no model file of pellucid"]),
    (["predict", "text.json", "iris.csv"], ["text.json: not JSON"]),
    (["predict", "other.json", "iris.csv"], ["not a pellucid model"]),
    (["predict", "m.json", "nofile.csv"], ["nofile.csv", "No such file"]),
    (["predict", "m.json", "ragged.csv"], ["it lacks 4 of the 4 columns", "It has: a, b, y."]),
    (["predict", "m.json", "bare.csv"], ["3 columns and no header", "takes 4", "--drop"]),
    (["predict", "m.json", "hole.csv"], ["line 2, column 'petal length'", "missing", "remove the row.\n"]),
    (["predict", "m.json", "far.csv"], ["row 1 of the data", "too large for the model"]),
]


@pytest.fixture
def mess(model: Path) -> None:
    """The files of the tables above, beside iris.csv and m.json."""
    write("bare.csv", None, [[k, k % 7, "yes" if k % 3 else "no"] for k in range(60)])
    write("values.csv", ["a", "y"], [[k, k / 3] for k in range(60)])
    write("header.csv", ["a", "y"], [])
    write("ragged.csv", ["a", "b", "y"], [[1, 2, "p"], [1, 2]])
    write("missing.csv", ["a", "b", "y"], [[1, "", "p"], [2, 3, "q"]])
    write("infinite.csv", ["a", "y"], [[1, 2.5], ["inf", 3.5]])
    write("double.csv", ["a", "a", "y"], [[1, 2, 3]])
    write("quote.csv", ["a", "y"], [[1, '"p'], [2, "q"]])
    write("alike.csv", ["a", "y"], [[k, "p"] for k in range(50)])
    write("constant.csv", ["a", "y"], [[k, 2.5] for k in range(50)])
    write("huge.csv", ["a", "b", "y"], [[f"{k}e306", k / 7, f"{k - 5}.5e306"] for k in range(50)])
    write("hole.csv", ["sepal length", "sepal width", "petal length", "petal width"], [[1, 2, "", 3]])
    write("far.csv", ["sepal length", "sepal width", "petal length", "petal width"], [[1e308, 2, 1e308, -1e308]])
    Path("empty.csv").touch()
    Path("latin.csv").write_bytes("größe,y\n1,a\n".encode("latin-1"))
    Path("binary.csv").write_bytes(b"\xff\x00\xfe" + os.urandom(300))
    Path("zipped.csv").write_bytes(gzip.compress(b"a,y\n1,2\n"))
    Path("text.json").write_text("hello")
    Path("other.json").write_text('{"weights": []}')
    Path("folder.json").mkdir()


def check(argv: list[str], ran: Ran, code: int, phrases: list[str]) -> None:
    assert ran.code == code, (argv, ran.err)
    assert ran.err.startswith("error: "), argv
    for phrase in phrases:
        assert phrase in ran.err, argv
    assert "Traceback" not in ran.out + ran.err, argv
    assert "Warning" not in ran.err, argv


@pytest.mark.usefixtures("mess")
def test_wrong_command_lines(run: Run) -> None:
    for argv, phrases in WRONG_COMMANDS:
        ran = run(*argv)
        check(argv, ran, 2, phrases)
        assert ran.out == "", argv


@pytest.mark.usefixtures("mess")
def test_wrong_files(run: Run) -> None:
    before = sorted(path.name for path in Path().iterdir())
    for argv, phrases in WRONG_FILES:
        check(argv, run(*argv), 1, phrases)
    assert sorted(path.name for path in Path().iterdir()) == before, "and nothing is left behind"


@pytest.mark.usefixtures("mess")
@pytest.mark.parametrize(("code", "mistake"), [(2, WRONG_COMMANDS[2]), (1, WRONG_FILES[4]), (1, WRONG_FILES[28])])
def test_the_same_from_outside(code: int, mistake: tuple[list[str], list[str]], process: Run) -> None:
    argv, phrases = mistake
    check(argv, process(*argv), code, phrases)


def test_no_permission_is_known_before_anything_is_trained(
    flowers: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    ran = run(*TRAIN)
    check(TRAIN, ran, 1, ["pellucid-iris/model.json: cannot be written, there is no permission"])
    assert ran.out == ""
