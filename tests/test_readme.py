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
    for words in ("z1 = X W1 + b1", "row 3", "import numpy as np", "gradients right", "Learning rate", "17"):
        assert words in printed
    assert (tmp_path / "moons.html").stat().st_size > 50_000


@pytest.mark.parametrize("name", READMES)
def test_a_formula_of_ones_own_explains_itself(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "own.py"
    file.write_text(python_of(name)[2], encoding="utf-8")
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
