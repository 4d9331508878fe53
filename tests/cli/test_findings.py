"""What `pellucid train` says of a diagnosis: what matters, in terms of its options, and nothing where nothing does."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, write

from pellucid.cli import findings
from pellucid.cli.recipe import Recipe, learnt, network, parted
from pellucid.data import read_csv
from pellucid.data.real import load
from pellucid.explain.findings import Diagnosis, Finding
from pellucid.explain.rules import CAUSES

ROOT = Path(__file__).resolve().parents[2] / "src" / "pellucid"


def said(run: Run, *argv: str) -> str:
    """What stands behind Findings; nothing if it is not there."""
    ran = run("train", *argv, "--no-plots", "--save", "m.json")
    assert ran.code == 0, ran.err
    behind = ran.out.partition("\nFindings   ")[2]
    return behind.partition("\n\n")[0]


def test_a_healthy_training_says_nothing(flowers: Path, houses: Path, run: Run) -> None:
    assert said(run, "iris.csv", "--target", "species") == ""
    assert said(run, "iris.csv", "--target", "species", "--hidden", "none", "--rate", "0.03") == ""
    assert said(run, "houses.csv", "--target", "price", "--drop", "id") == ""


def test_the_digits_and_other_real_data_say_nothing(run: Run) -> None:
    pytest.importorskip("sklearn")
    assert said(run) == ""
    for name in ("iris", "wine", "breast-cancer", "diabetes"):
        table = load(name)
        assert table.y is not None
        rows = [[*x, table.labels[y] if table.labels else y] for x, y in zip(table.X, table.y, strict=True)]
        write(f"{name}.csv", [*(f"x{j}" for j in range(table.X.shape[1])), "target"], rows)
        assert said(run, f"{name}.csv", "--target", "target") == "", name


# Options that do harm, and what is said about them.
HARM: list[tuple[tuple[str, ...], str]] = [
    (
        ("--rate", "100", "--epochs", "5"),
        r"The learning rate is too large \(100\)\. .*guessing costs 1\.0986.*Try --rate 0\.",
    ),
    (("--rate", "0.0000001"), r"The learning rate is too small \(1e-07\)\. .*Try --rate 0\.0"),
    (
        ("--epochs", "4", "--rate", "0.001"),
        r"still falling at the last epoch\. .* in the last of 4 epochs\. Try --epochs 10\.",
    ),
    (("--l2", "9"), r"The penalty is too strong \(--l2 9\)\. .*Try --l2 0\.09\."),
    (("--hidden", "9,9,9,9,9", "--activation", "sigmoid"), r"hardly told apart .*Try --activation relu or tanh"),
]


@pytest.mark.parametrize(("options", "words"), HARM, ids=[options[0] for options, _ in HARM])
def test_what_an_option_does_is_said_in_options(options: tuple[str, ...], words: str, flowers: Path, run: Run) -> None:
    assert re.search(words, said(run, "iris.csv", "--target", "species", *options))


def test_learning_by_heart_is_said(run: Run) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 6))
    noisy = (X[:, 0] + 1.5 * rng.normal(size=90) > 0).astype(int)
    write("noisy.csv", [*"abcdef", "y"], [[*x, "ab"[k]] for x, k in zip(X.round(3), noisy, strict=True)])
    usual = ("noisy.csv", "--target", "y", "--l2", "0", "--validation", "0.3", "--epochs", "150")
    assert re.search("learns the training rows by heart.*Try --patience 20", said(run, *usual, "--patience", "0"))
    assert "by heart" not in said(run, *usual)


def test_quiet_says_nothing_of_findings_either(flowers: Path, run: Run) -> None:
    ran = run("train", "iris.csv", "--target", "species", "--rate", "100", "--epochs", "5", "--no-plots", "-q")
    assert ran == (0, "", "")


def finding(kind: str, weight: int = 2, cause: str = "", fix: str = "Do it.") -> Finding:
    return Finding(kind, "What.", "Why.", "Seen.", fix, weight, cause)


def test_at_most_three_matter_and_neither_trifles_nor_consequences() -> None:
    found = Diagnosis(
        (finding("a", 3), finding("trifle", 1), *map(finding, "bcde"), finding("f", 3, cause="a")),
        "it",
    )
    assert [one.kind for one in findings.that_matter(found)] == ["a", "b", "c"]
    assert findings.that_matter(Diagnosis((finding("trifle", 1),), "it")) == []
    assert findings.that_matter(None) == []


KINDS = {
    kind
    for path in (ROOT / "explain" / "rules").glob("*.py")
    for kind in re.findall(r'Finding\(\s*"(\w+)"|kind, what = "(\w+)"', path.read_text(encoding="utf-8"))
    for kind in kind
    if kind
}
# Of Python alone: `pellucid train` standardizes, shuffles, and pairs the output with its loss.
NEVER = {
    "features_unscaled", "other_features", "targets_unscaled", "labels_sorted", "loss_pairing", "output_range",
    "classes_as_values", "exclusive_labels", "symmetric_units",
}  # fmt: skip
IN_FIT = [
    "class_weight=",
    "early_stopping=",
    "epochs=",
    "optimizer=",
    "init=",
    "scaler=",
    "clip_norm=",
    "l2=",
    "l1=",
    "Dropout(",
    "Dense(",
    "SGD(",
    "fit",
]


def test_the_kinds_are_those_of_the_rules() -> None:
    assert set(CAUSES) < KINDS
    assert set(findings.OWN_WORDS) < KINDS
    assert NEVER < KINDS


@pytest.mark.parametrize("kind", sorted(KINDS - NEVER))
def test_a_fix_speaks_of_options_and_not_of_python(kind: str) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "explain" / "rules").glob("*.py"))
    assert kind in sources
    fixes = {
        "rate_too_large": "optimizer=SGD(0.01, momentum=0.9) in fit, beginning again with fresh weights; or "
        "clip_norm=1.0.",
        "rate_too_small": "optimizer=Adam(1e-05) in fit.",
        "penalty_too_strong": "l2=0.01, l1=1e-05 in fit.",
        "more_epochs": "epochs=600 in fit.",
        "class_imbalance": 'class_weight="balanced" in fit lets every class count alike; judge by recall or F1.',
        "dropout_too_high": "Dropout(0.2), or at the most Dropout(0.5).",
        "features_duplicate": "Leave column 3 out.",
    }
    assert kind in fixes or kind in findings.OWN_WORDS
    words = findings.fix(finding(kind, fix=fixes.get(kind, "never said")))
    assert words.endswith(".")
    assert words[0].isupper()
    assert "never said" not in words
    assert not [name for name in IN_FIT if name in words], words
    assert "--" in words or kind == "features_duplicate"


def test_a_target_that_was_scaled_is_diagnosed_as_it_was_learnt(houses: Path) -> None:
    table = read_csv("houses.csv", target="price", drop="id")
    recipe = Recipe(epochs=3, seed=2)
    parts = parted(table, recipe)
    net = network(table, recipe)
    outcome = learnt(net, table, parts, recipe, progress=False, keep={})
    run = outcome.history.run
    assert run is not None
    again = findings.as_trained(outcome.net, table, parts)
    assert again.loss(run.X, run.y, l2=recipe.l2) == pytest.approx(outcome.losses["training"], rel=1e-9)
    assert table.y is not None
    assert outcome.net.predict(table.X).mean() == pytest.approx(table.y.mean(), rel=0.5), "and nothing was changed"
    assert again.last_update is not None
    assert net.last_update is not None
    size = table.y[parts.training].std()
    np.testing.assert_allclose(net.named(net.last_update)["W2"], again.named(again.last_update)["W2"] * size)
    found = findings.diagnosed(table, parts, outcome)
    assert found is not None
    assert not {"targets_unscaled", "worse_than_guessing", "rate_too_large"} & set(found.kinds)


def test_before_the_first_epoch_there_is_nothing_to_say(flowers: Path) -> None:
    table = read_csv("iris.csv", target="species")
    recipe = Recipe(epochs=1)
    parts = parted(table, recipe)
    outcome = learnt(network(table, recipe), table, parts, recipe, progress=False, keep={})
    none = replace(outcome.history, loss=outcome.history.loss[:0])
    assert findings.diagnosed(table, parts, replace(outcome, history=none)) is None
