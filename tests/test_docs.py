"""What the pages of docs/ show is run: their Python as it stands, and it prints what they say it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
SHOWN = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_the_python_of_a_page_runs_and_prints_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```(python|text)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for kind, block in blocks:
        if kind == "python":
            exec(compile(block, page.name, "exec"), names)
        else:
            assert capsys.readouterr().out == block


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith("http") and not (page.parent / link).exists()] == []


def test_there_is_something_to_run() -> None:
    assert "numerical-gradients.md" in [page.name for page in SHOWN]


def test_the_counts_of_the_page_on_numerical_gradients_are_those_of_its_network(shared_data: Path) -> None:
    import numpy as np

    from pellucid.data import load_mnist

    text = (ROOT / "docs" / "numerical-gradients.md").read_text(encoding="utf-8")
    X = load_mnist()[0][0][:100]
    different = sum(len(np.unique([*row[row > 0], 255])) for row in X)  # 255 becomes 1, the input of a bias
    counts = {
        "all pixels": X.size,
        "not zero": int((X > 0).sum()),
        "different in their row": different,
        "rows for W1": 2 * 50 * different,
        "rows for W2": 2 * 10 * 100 * 51,
        "rows for node": 2 * 60 * 100,
        "passes of naive": 2 * (784 * 50 + 50 + 50 * 10 + 10),
        "rows of naive": 2 * 39_760 * 100,
    }
    assert {name: f"{count:,}" in text for name, count in counts.items()} == dict.fromkeys(counts, True)
