"""`pellucid train`: what it learns, says and leaves behind."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_tools import FLOWERS, Run, write

import pellucid
from pellucid.cli.train import program
from pellucid.data import read_csv
from pellucid.metrics import r2


def train(run: Run, *argv: str, epochs: int = 5) -> tuple[str, pellucid.Network]:
    """Train without pictures; what was said, and the model."""
    ran = run("train", *argv, "--epochs", str(epochs), "--no-plots", "--save", "m.json")
    assert ran.code == 0, ran.err
    return ran.out, pellucid.load("m.json")


def test_flowers_from_file_to_report(flowers: Path, run: Run) -> None:
    ran = run("train", "iris.csv", "--target", "species", "--hidden", "32,16", "--epochs", "60")
    assert ran.code == 0
    assert "iris: 180 rows, 4 features" in ran.out
    assert "species: 3 classes, setosa (60), versicolor (60), virginica (60)" in ran.out
    assert "--no-header says otherwise" in ran.out
    assert "36 rows for the test at the end, 18 rows for validation" in ran.out
    assert "4 -> 32 relu -> 16 relu -> 3 softmax, 739 parameters" in ran.out
    assert re.search(r"training +126 +\d\.\d{4} +\d+\.\d %", ran.out)
    assert re.search(r"validation +18 +\d\.\d{4} +\d+\.\d %", ran.out)
    accuracy = re.search(r"test +36 +\d\.\d{4} +(\d+\.\d) %", ran.out)
    assert accuracy is not None
    assert float(accuracy[1]) >= 90
    for kind in ("setosa", "versicolor", "virginica"):
        assert re.search(rf"{kind} +\d\.\d{{3}} +\d\.\d{{3}} +\d\.\d{{3}} +12\n", ran.out)
    assert "precision   recall      F1   support" in ran.out
    assert "pellucid-iris/model.json" in ran.out
    for picture in ("curves.png", "confusion.png"):
        assert f"pellucid-iris/{picture}" in ran.out
        assert Path("pellucid-iris", picture).read_bytes().startswith(b"\x89PNG")
    assert re.search(r"epoch 1/60  loss .* validation loss .* s left", ran.err)


def test_losses_are_those_of_training_and_what_they_hold_is_said(flowers: Path, run: Run) -> None:
    from pellucid.cli.recipe import Recipe, parted

    said, net = train(run, "iris.csv", "--target", "species", "--l2", "0.05", "--l1", "0.001", "--history", "h.csv")
    table = read_csv("iris.csv", target="species")
    rows = parted(table, Recipe()).validation
    loss = float(re.search(r"validation +18 +(\d\.\d{4})", said)[1])  # type: ignore[index]
    penalty = float(re.search(r"loss: (\d\.\d{4}) of it is the penalty on the weights\n", said)[1])  # type: ignore[index]
    assert loss == pytest.approx(net.loss(table.X[rows], table.y[rows], l2=0.05, l1=0.001), abs=6e-5)
    assert loss - penalty == pytest.approx(net.loss(table.X[rows], table.y[rows]), abs=1.1e-4)
    last = Path("h.csv").read_text().split()[-1].split(",")
    assert loss == pytest.approx(float(last[3]), abs=6e-5)  # the validation loss of the last epoch, which was the best
    bare, _ = train(run, "iris.csv", "--target", "species", "--l2", "0")
    assert "loss: " not in bare


def test_losses_of_values_are_said_to_be_those_of_a_standardized_target(houses: Path, run: Run) -> None:
    said, _ = train(run, "houses.csv", "--target", "price")
    assert re.search(
        r"loss: of the target in standard deviations, \d\.\d{4} of it is the penalty on the weights\n", said
    )


def test_the_model_knows_its_scaler_and_names(flowers: Path, run: Run) -> None:
    _, net = train(run, "iris.csv", "--target", "species")
    assert net.labels == ("setosa", "versicolor", "virginica")
    assert net.features == FLOWERS
    assert net.target == "species"
    assert net.scaler is not None
    assert net.scaler.fitted


def test_the_reported_test_rows_were_never_learnt_from(flowers: Path, run: Run) -> None:
    """The scaler has the mean of the training rows alone: 126 of the 180."""
    from pellucid.cli.recipe import Recipe, parted

    table = read_csv("iris.csv", target="species")
    parts = parted(table, Recipe())
    assert sorted(np.concatenate([parts.training, parts.validation, parts.test])) == list(range(180))
    assert [np.bincount(table.y[rows]).tolist() for rows in (parts.test, parts.validation)] == [[12] * 3, [6] * 3]
    _, net = train(run, "iris.csv", "--target", "species")
    np.testing.assert_allclose(net.scaler.mean, table.X[parts.training].mean(axis=0))


def test_digits_are_the_default(run: Run) -> None:
    pytest.importorskip("sklearn")
    ran = run("train", "--epochs", "8", "--no-plots")
    assert ran.code == 0
    assert "digits: 1,797 rows, 64 features" in ran.out
    accuracy = re.search(r"test +359 +\S+ +(\S+) %", ran.out)
    assert accuracy is not None
    assert float(accuracy[1]) > 93
    assert pellucid.load("pellucid-digits/model.json").labels == tuple("0123456789")


def test_values_are_predicted_in_their_own_units(houses: Path, run: Run) -> None:
    ran = run("train", "houses.csv", "--target", "price", "--drop", "id", "--epochs", "150", "--out", "h")
    assert ran.code == 0
    assert "price: values from" in ran.out
    line = re.search(r"test +24 +\S+ +(\S+) +(\S+) +(\S+)", ran.out)
    assert line is not None
    share, error, rmse = map(float, line.groups())
    assert share > 0.95
    assert 1000 < error < rmse < 40_000
    assert Path("h/residuals.png").exists()
    assert not Path("h/confusion.png").exists()
    net = pellucid.load("h/model.json")
    assert (net.features, net.target, net.labels) == (("size", "age"), "price", None)
    table = read_csv("houses.csv", target="price", drop="id")
    assert r2(table.y, net.predict(table.X)) > 0.95


def test_what_every_option_means_reaches_the_network(flowers: Path, run: Run) -> None:
    out, net = train(
        run, "iris.csv", "--target", "species", "--hidden", "5", "--activation", "tanh", "--dropout", "0.1",
        "--optimizer", "sgd", "--rate", "0.05", "--batch", "0", "--l2", "0.5", "--l1", "0.25", "--schedule", "cosine",
        "--clip-norm", "2", "--class-weight", "balanced", "--patience", "3", "--seed", "9",
    )  # fmt: skip
    assert str(net).startswith("Network(4 -> Dense 5 tanh -> Dropout 0.1 -> Dense 3 softmax")
    for words in (
        "SGD at rate 0.05", "all rows at once", "schedule cosine", "l2 0.5", "l1 0.25", "clipped to 2", "seed 9",
        "weighted alike", "at most 5 epochs", "once 3 pass without a lower validation loss",
    ):  # fmt: skip
        assert words in re.sub(r"\s+", " ", out)


@pytest.mark.parametrize("option", [
    ("--hidden", "9"), ("--activation", "tanh"), ("--dropout", "0.5"), ("--optimizer", "sgd"), ("--rate", "0.1"),
    ("--batch", "7"), ("--l2", "0.1"), ("--l1", "0.1"), ("--schedule", "cosine"), ("--seed", "1"), ("--test", "0.1"),
    ("--clip-norm", "0.01"), ("--validation", "0.3"), ("--drop", "sepal width"), ("--epochs", "2"),
], ids=lambda option: option[0])  # fmt: skip
def test_every_option_changes_the_model(option: tuple[str, str], flowers: Path, run: Run) -> None:
    usual = ["train", "iris.csv", "--target", "species", "--epochs", "3", "--no-plots", "-q"]
    assert run(*usual, "--save", "a.json").code == 0
    assert run(*usual, *option, "--save", "b.json").code == 0
    assert Path("a.json").read_bytes() != Path("b.json").read_bytes()


def test_class_weights_change_what_is_learnt_of_rare_classes(run: Run) -> None:
    write("rare.csv", ["a", "y"], [[k % 10, "rare" if k % 10 == 0 else "often"] for k in range(100)])
    usual = ["train", "rare.csv", "--target", "y", "--epochs", "3", "--no-plots", "-q"]
    assert (
        run(*usual, "--save", "a.json").code == run(*usual, "--class-weight", "balanced", "--save", "b.json").code == 0
    )
    assert Path("a.json").read_bytes() != Path("b.json").read_bytes()


def test_the_same_seed_gives_the_same_bytes(flowers: Path, run: Run, process: Run) -> None:
    argv = [
        "train",
        "iris.csv",
        "--target",
        "species",
        "--epochs",
        "4",
        "--dropout",
        "0.2",
        "--no-plots",
        "--seed",
        "3",
    ]
    assert run(*argv, "--save", "a.json").code == 0
    assert process(*argv, "--save", "b.json").code == 0
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()


def test_two_classes_as_numbers(run: Run) -> None:
    write("sold.csv", ["price", "sold"], [[k, int(k < 30)] for k in range(60)])
    out, net = train(run, "sold.csv", "--target", "sold", epochs=60)
    assert net.labels == ("0", "1")
    assert "2 classes, 0 (30), 1 (30)" in out
    assert "--task values says otherwise" in out
    assert net.predict([[1.0], [58.0]]).tolist() == [1, 0]


def test_the_task_can_be_said(run: Run) -> None:
    write("sold.csv", ["price", "sold"], [[k, int(k < 30)] for k in range(60)])
    _, net = train(run, "sold.csv", "--target", "sold", "--task", "values")
    assert (net.task, net.labels) == ("values", None)


@pytest.mark.parametrize("argv", [("--target", "-1"), ("--target", "2", "--no-header")])
def test_without_a_header(argv: tuple[str, ...], run: Run) -> None:
    write("bare.csv", None, [[k, k % 7, "yes" if k % 3 else "no"] for k in range(60)])
    out, net = train(run, "bare.csv", *argv)
    assert (net.features, net.target, net.labels) == (("x1", "x2"), "y", ("no", "yes"))
    assert ("--header says otherwise" in out) == ("--no-header" not in argv)


@pytest.mark.parametrize(
    ("delimiter", "argv"), [(";", ()), ("\t", ()), ("|", ("--delimiter", "|")), ("\t", ("--delimiter", "tab"))]
)
def test_other_delimiters(delimiter: str, argv: tuple[str, ...], run: Run) -> None:
    write("d.csv", ["a", "b", "y"], [[k, k % 5, "pq"[k % 2]] for k in range(60)], delimiter)
    _, net = train(run, "d.csv", "--target", "y", *argv)
    assert net.features == ("a", "b")


def test_names_and_labels_in_any_script(run: Run) -> None:
    write("größe.csv", ["größe", "重さ", "判定"], [[k, k % 5, "はい" if k % 2 else "いいえ 🙂"] for k in range(60)])
    ran = run("train", "größe.csv", "--target", "判定", "--epochs", "2", "--save", "m.json")
    assert ran.code == 0
    assert "判定: 2 classes, いいえ 🙂 (30), はい (30)" in ran.out
    assert "pellucid-größe/confusion.png" in ran.out
    net = pellucid.load("m.json")
    assert (net.features, net.target, net.labels) == (("größe", "重さ"), "判定", ("いいえ 🙂", "はい"))


def test_columns_can_be_dropped_even_with_commas_in_their_names(run: Run) -> None:
    write("d.csv", ["id", '"size, cm"', "a", "y"], [[f"n{k}", k, k % 5, "pq"[k % 2]] for k in range(60)])
    _, net = train(run, "d.csv", "--target", "y", "--drop", 'id,"size, cm"')
    assert net.features == ("a",)
    _, net = train(run, "d.csv", "--target", "y", "--drop", "0", "--drop", "a")
    assert net.features == ("size, cm",)


def test_of_few_rows_nothing_is_held_out(run: Run) -> None:
    write("xor.csv", ["a", "b", "y"], [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])
    out, net = train(run, "xor.csv", "--target", "y", "--hidden", "8", epochs=200)
    assert "Held out   nothing" in out
    assert "training rows" in out
    assert net.accuracy([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]) == 1
    assert pellucid.load("m.json").labels == ("0", "1")


def test_nothing_hidden_is_a_softmax_regression(flowers: Path, run: Run) -> None:
    out, net = train(run, "iris.csv", "--target", "species", "--hidden", "none")
    assert "4 -> 3 softmax, 15 parameters" in out
    assert list(net.params) == ["W1", "b1"]


def test_patience_zero_trains_all_epochs(flowers: Path, run: Run) -> None:
    out, _ = train(run, "iris.csv", "--target", "species", "--patience", "0", epochs=30)
    assert "all 30 epochs" in out
    assert "the best" not in out
    out, _ = train(run, "iris.csv", "--target", "species", "--patience", "1", "--rate", "0.2", epochs=300)
    assert "the loss sank no further" in out


def test_the_history_as_csv_and_json(flowers: Path, run: Run) -> None:
    train(run, "iris.csv", "--target", "species", "--history", "new/h.csv", epochs=3)
    rows = list(csv.DictReader(Path("new/h.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert float(rows[2]["validation_loss"]) > 0
    train(run, "iris.csv", "--target", "species", "--history", "h.json", epochs=3)
    assert len(json.loads(Path("h.json").read_text())["validation_accuracy"]) == 3


def test_quiet_says_nothing(flowers: Path, run: Run) -> None:
    assert run("train", "iris.csv", "--target", "species", "--epochs", "2", "--quiet") == (0, "", "")
    assert sorted(path.name for path in Path("pellucid-iris").iterdir()) == [
        "confusion.png",
        "curves.png",
        "model.json",
    ]


def test_a_model_is_overwritten_but_nothing_else(flowers: Path, run: Run) -> None:
    argv = ["train", "iris.csv", "--target", "species", "--epochs", "2", "--no-plots", "-q"]
    assert run(*argv).code == run(*argv).code == 0
    Path("pellucid-iris/model.json").write_text('{"mine": 1}')
    ran = run(*argv)
    assert ran.code == 1
    assert "not overwritten" in ran.err
    assert Path("pellucid-iris/model.json").read_text() == '{"mine": 1}'
    assert run(*argv, "--save", "pellucid-iris/model.json").code == 0, "but one that is named is, as cp does it"


def test_without_matplotlib_it_still_trains(flowers: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ran = run("train", "iris.csv", "--target", "species", "--epochs", "2")
    assert ran.code == 0
    assert ".[plot]" in ran.out
    assert Path("pellucid-iris/model.json").exists()


def test_of_many_classes_the_worst_are_shown(run: Run) -> None:
    write("many.csv", ["a", "y"], [[k, f"c{k // 5}"] for k in range(600)])
    ran = run("train", "many.csv", "--target", "y", "--epochs", "1", "--out", "o")
    assert ran.code == 0
    assert "The 40 of 120 classes with the lowest F1" in ran.out
    assert "no confusion matrix" in ran.out
    assert not Path("o/confusion.png").exists()


def test_a_label_cannot_steer_the_terminal(run: Run) -> None:
    write("esc.csv", ["a\x1b[31m", "y"], [[k, "p\x1b[2Jx" if k % 2 else "\u202eq"] for k in range(60)])
    ran = run("train", "esc.csv", "--target", "y", "--epochs", "1", "--no-plots")
    assert ran.code == 0
    assert "\x1b" not in ran.out + ran.err
    assert "\u202e" not in ran.out
    assert "p\\x1b[2Jx" in ran.out


def test_rows_from_standard_input(flowers: Path, process: Run) -> None:
    ran = process("train", "-", "--target", "species", "--epochs", "2", "--no-plots", stdin=flowers.read_text())
    assert ran.code == 0
    assert "pellucid predict pellucid-stdin/model.json NEW.csv" in ran.out
    assert pellucid.load("pellucid-stdin/model.json").features == FLOWERS


def test_diverged_training_saves_nothing(houses: Path, run: Run) -> None:
    ran = run("train", "houses.csv", "--target", "price", "--rate", "1e200", "--optimizer", "sgd", "--save", "m.json")
    assert ran.code == 1
    assert "error: Training diverged in epoch 1" in ran.err
    assert "Nothing was saved" in ran.err
    assert "a smaller --rate (it was 1e+200)" in ran.err
    assert not Path("m.json").exists()


def test_folding_the_scale_into_the_output_layer_changes_no_prediction() -> None:
    from pellucid.cli.recipe import _answer_in_units
    from pellucid.data import Standardizer

    net = pellucid.Network([pellucid.Dense(3, "tanh"), pellucid.Dense(1)], inputs=2, seed=4)
    X = np.random.default_rng(0).normal(size=(20, 2))
    before = net.predict(X)
    _answer_in_units(net, Standardizer().fit([[100.0], [300.0]]))
    np.testing.assert_allclose(net.predict(X), 200 + 100 * before, rtol=1e-14)


def test_a_network_that_is_worse_than_guessing_says_so(flowers: Path, run: Run) -> None:
    ran = run("train", "iris.csv", "--target", "species", "--rate", "100", "--epochs", "5", "--no-plots")
    assert ran.code == 0
    assert re.search(r"Findings +The learning rate is too large \(100\)\. .*guessing costs 1\.0986", ran.out)
    calm = run("train", "iris.csv", "--target", "species", "--epochs", "60", "--no-plots")
    assert "Findings" not in calm.out


@pytest.mark.parametrize(
    ("found", "called", "name"),
    [
        ("/usr/bin/pellucid", ".venv/bin/pellucid", "pellucid"),
        (None, ".venv/bin/pellucid", ".venv/bin/pellucid"),
        (None, "/src/pellucid/__main__.py", "python -m pellucid"),
        (None, "/bin/pytest", "pellucid"),
    ],
)
def test_the_command_it_proposes_works_here(
    found: str | None, called: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda command: found)
    monkeypatch.setattr(sys, "argv", [called])
    assert program() == name
