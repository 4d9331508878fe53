"""What the READMEs show is run: their Python as it stands, and every command and file they name exists."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh.md")


def python_of(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", READMES)
def test_the_twenty_lines_run_and_learn(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = python_of(name)[0]
    assert len([line for line in code.splitlines() if line.strip() and not line.startswith("#")]) <= 20
    exec(compile(code, name, "exec"), {})
    printed = capsys.readouterr().out
    spiral, digits = (float(share) for share in re.findall(r"([\d.]+)%", printed))
    assert spiral > 95
    assert digits > 95
    predicted, true = re.findall(r"\[([\d ]+)\]", printed.splitlines()[-1])
    assert predicted == true


@pytest.mark.parametrize("name", READMES)
def test_what_sees_through_runs_and_says_what_it_promises(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(python_of(name)[1], name, "exec"), {})
    printed = capsys.readouterr().out
    told = ("z1 = X W1 + b1", "row 3", "import numpy as np", "gradients right", "5 of 5 checks passed", "17")
    for words in (*told, "Learning rate", "on batches of 32", "The runs began with the same initial weights."):
        assert words in printed
    assert max(map(len, printed.splitlines())) <= 120  # no line floods a terminal
    right = re.search(r"([\d.]+)%$", printed, re.MULTILINE)
    assert right is not None
    assert f"{right[1]} %" in (ROOT / name).read_text(encoding="utf-8")  # what the text says is what is printed
    assert float(right[1]) > 95
    assert "Nothing wrong was found" in printed
    assert (tmp_path / "moons.html").stat().st_size > 50_000
    assert "<math" in (tmp_path / "equations.html").read_text(encoding="utf-8")
    assert "<math" in (tmp_path / "trace.html").read_text(encoding="utf-8")
    assert "import numpy as np" in (tmp_path / "program.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", READMES)
def test_a_network_of_ones_own_is_told_what_it_forgot(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.py"
    file.write_text(python_of(name)[2], encoding="utf-8")
    runpy.run_path(str(file))
    assert "[missing_1_over_n]" in capsys.readouterr().out


@pytest.mark.parametrize("name", READMES)
def test_an_optimizer_of_ones_own_learns_and_explains_itself(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.py"
    file.write_text(python_of(name)[4], encoding="utf-8")
    runpy.run_path(str(file))
    printed = capsys.readouterr().out
    (right,) = re.findall(r"([\d.]+)%", printed)
    assert float(right) > 90
    assert "Update by SignDescent\n(14)      W1 ← W1 - η sign(dW1)" in printed


@pytest.mark.parametrize("name", READMES)
def test_what_is_fast_runs_and_learns(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scipy")
    pytest.importorskip("sklearn")
    names: dict[str, object] = {}
    exec(compile(python_of(name)[5], name, "exec"), names)
    shares = [float(share) for share in re.findall(r"([\d.]+)%", capsys.readouterr().out)]
    assert len(shares) == 4
    assert min(shares) > 90
    assert names["net"].accuracy(names["X"] / 16, names["y"]) > 0.97  # type: ignore[attr-defined,operator]


@pytest.mark.parametrize("name", READMES)
def test_a_formula_of_ones_own_explains_itself(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "own.py"
    file.write_text(python_of(name)[3], encoding="utf-8")
    runpy.run_path(str(file))
    printed = capsys.readouterr().out
    for words in (
        "gradients right: largest error",
        "bent(z) = (z + √(z² + 1))/2",
        "δ1 = da1 ⊙ (a1/√(z1² + 1))",
        "a1[0] = bent(",
        "def bent(z):\n    return (z + np.sqrt(z * z + 1)) / 2\n",
    ):
        assert words in printed
    assert "by its name alone" not in printed


@pytest.mark.parametrize("name", READMES)
def test_every_file_named_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []


def test_both_languages_say_the_same() -> None:
    codes = []
    for name in READMES:
        text = (ROOT / name).read_text(encoding="utf-8")
        blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
        # Comments and printed words are translated, everything else is equal.
        codes.append([re.sub(r'#.*|f"[^"]*"', "", block) for block in blocks])
    assert codes[0] == codes[1]
