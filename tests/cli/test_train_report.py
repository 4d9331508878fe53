"""`pellucid train --report`: the page says what the command did, in its own words."""

from __future__ import annotations

import re
import shlex
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, write

import pellucid
from pellucid.cli import again
from pellucid.cli.recipe import Recipe


def words(path: str) -> str:
    text = Path(path).read_text(encoding="utf-8").partition("<body>")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text)))


def test_flowers(flowers: Path, run: Run) -> None:
    ran = run(
        "train", "iris.csv", "--target", "species", "--epochs", "30", "--no-plots", "--report", "pages/iris.html"
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "Report     pages/iris.html" in ran.out
    said = words("pages/iris.html")
    assert "Predicting species in iris" in said
    assert "126 for training, 18 for validation, 36 for test" in said
    accuracy = re.search(r"test +36 +\S+ +(\S+) %", ran.out)
    assert accuracy is not None
    assert re.search(rf"Of 36 test rows [^:]*: +{accuracy[1].removesuffix('.0')}(\.0)? %", said)
    assert "--no-header says otherwise" in said


def test_the_command_on_the_page_gives_the_same_model(flowers: Path, run: Run) -> None:
    options = ["--hidden", "5,4", "--seed", "3", "--epochs", "6", "--l2", "0.1"]
    asked = ["train", "iris.csv", "--target", "species", *options]
    assert run(*asked, "--save", "one.json", "--no-plots", "-q", "--report", "one.html").code == 0
    command = re.search(r"<code>(pellucid train [^<]*)</code>", Path("one.html").read_text(encoding="utf-8"))
    assert command is not None
    again_asked = shlex.split(unescape(command[1]))[1:]
    assert run(*again_asked, "--save", "two.json", "--no-plots", "-q", "--report", "two.html").code == 0
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()


def test_values_are_in_their_own_unit_and_healthy(houses: Path, run: Run) -> None:
    ran = run("train", "houses.csv", "--target", "price", "--drop", "id", "--no-plots", "--report", "houses.html")
    assert ran.code == 0, ran.err
    said = words("houses.html")
    assert "1 is a standard deviation of the target" in said
    assert "The targets are far larger than unit size" not in said  # they were standardized while it learnt
    error = re.search(r"the network misses price by ([\d,]+) on average", said)
    assert error is not None
    assert 1000 < int(error[1].replace(",", "")) < 40_000
    assert "--drop id" in said


def test_rows_are_called_as_in_the_file(run: Run) -> None:
    rng = np.random.default_rng(0)
    rows = [[k, round(float(rng.normal()), 3), "yes" if k % 2 else "no"] for k in range(100)]
    write("coin.csv", ["number", "x", "flip"], rows)
    ran = run("train", "coin.csv", "--target", "flip", "--epochs", "2", "--no-plots", "--report", "coin.html")
    assert ran.code == 0, ran.err
    text = Path("coin.html").read_text(encoding="utf-8")
    table = text.partition("The most mistaken rows</figcaption>")[2].partition("<tbody>")[2].partition("</tbody>")[0]
    lines = [re.findall(r">([^<>]+)</", line) for line in table.split("</tr>") if line]
    assert len(lines) > 3
    assert all(line[0] == line[4] for line in lines)  # the column "number" says which row it is


def test_a_place_that_cannot_be_is_refused_before_training(flowers: Path, run: Run) -> None:
    base = ["train", "iris.csv", "--target", "species", "--no-plots"]
    wrong = run(*base, "--report", "iris.pdf")
    assert wrong.code == 2
    assert "--report iris.pdf: name a file that ends in .html, such as iris.html." in wrong.err
    Path("folder.html").mkdir()
    assert run(*base, "--report", "folder.html").code == 2
    Path("file").write_text("")
    assert run(*base, "--report", "file/iris.html").code == 1
    assert not Path("pellucid-iris").exists()


def test_digits_are_images(run: Run) -> None:
    pytest.importorskip("sklearn")
    assert run("train", "--epochs", "2", "--no-plots", "-q", "--report", "digits.html").code == 0
    assert "images of 8 × 8 pixels" in words("digits.html")


@pytest.mark.parametrize("name", ["US$ <b>.csv", "价格 'x'.csv"])
def test_hostile_names_of_files_and_columns(name: str, run: Run) -> None:
    rng = np.random.default_rng(0)
    rows = [[*rng.normal(size=2).round(3), f"<i>{k % 2}"] for k in range(60)]
    write(name, ["<script>alert(1)</script>", "a&b", "红<"], rows)
    ran = run("train", name, "--target", "红<", "--epochs", "2", "--no-plots", "-q", "--report", "x.html", "--out", "o")
    assert ran.code == 0, ran.err
    text = Path("x.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<i>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    command = re.search(r"<code>(pellucid train [^<]*)</code>", text)
    assert command is not None
    assert shlex.split(unescape(command[1]))[2] == name


def test_columns_are_written_as_they_are_read() -> None:
    recipe = Recipe(hidden=(), batch=0, class_weight="balanced", clip_norm=0.5, rate=0.1)
    line = again.command("-", {"--target": "-1", "--delimiter": ";"}, ("id", "size, cm"), False, recipe)
    assert shlex.split(line) == [
        "pellucid", "train", "-", "--target=-1", "--delimiter", ";", "--drop", 'id,"size, cm"', "--no-header",
        "--hidden", "none", "--rate", "0.1", "--batch", "0", "--clip-norm", "0.5", "--class-weight", "balanced",
    ]  # fmt: skip
    from pellucid.cli.app import parsed

    assert callable(parsed(shlex.split(line)[1:]))


def test_an_interrupted_run_is_reported_on_too(flowers: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid import training

    epochs = training.run

    def stopped(*given: Any) -> object:
        for count, epoch in enumerate(epochs(*given)):
            yield epoch
            if count == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(training, "run", stopped)
    ran = run("train", "iris.csv", "--target", "species", "--no-plots", "--report", "iris.html")
    assert ran.code == 130
    assert "It was interrupted after 3 epochs" in words("iris.html")
    assert pellucid.load("pellucid-iris/model.json").labels is not None
