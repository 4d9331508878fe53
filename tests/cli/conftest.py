"""Small tables, and two ways to run the command line: in this process, and as a process of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_tools import FLOWERS, Ran, Run, start, write

pytest.importorskip("typer")

from pellucid.cli import main


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in an empty folder, on a terminal of no special kind."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "GITHUB_ACTIONS", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process."""

    def run(*argv: str) -> Ran:
        capsys.readouterr()
        code = main(argv)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def process() -> Run:
    """Run a command line as a process of its own, with text as its standard input and variables of its own."""

    def run(*argv: str, stdin: str = "", **variables: str) -> Ran:
        with start(argv, **variables) as started:
            out, err = started.communicate(stdin, timeout=60)
        return Ran(started.returncode, out, err)

    return run


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """Three kinds of flowers that a network tells apart, 60 of each, with a header: iris.csv without scikit-learn."""
    rng = np.random.default_rng(0)
    middles = {"setosa": (5.0, 3.4, 1.5, 0.2), "versicolor": (5.9, 2.8, 4.3, 1.3), "virginica": (6.6, 3.0, 5.6, 2.0)}
    rows = [
        [*np.round(rng.normal(middle, (0.3, 0.3, 0.3, 0.15)), 2), kind]
        for _ in range(60)
        for kind, middle in middles.items()
    ]
    return write(tmp_path / "iris.csv", [*FLOWERS, "species"], rows)


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    """Prices in hundreds of thousands, which follow from size and age; an id that says nothing."""
    rng = np.random.default_rng(1)
    size, age = rng.uniform(40, 200, 120), rng.uniform(0, 80, 120)
    price = 3000 * size - 1000 * age + 5000 * rng.normal(size=120) + 200_000
    rows = [[k, round(s, 1), round(a), round(p, 2)] for k, (s, a, p) in enumerate(zip(size, age, price, strict=True))]
    return write(tmp_path / "houses.csv", ["id", "size", "age", "price"], rows)


@pytest.fixture
def model(flowers: Path, run: Run) -> Path:
    """A model of the flowers."""
    assert run(
        "train", "iris.csv", "--target", "species", "--epochs", "40", "--no-plots", "--save", "m.json", "-q"
    ) == (
        0,
        "",
        "",
    )
    return Path("m.json")
