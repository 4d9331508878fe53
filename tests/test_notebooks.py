"""The notebooks in docs run from top to bottom in a real kernel, and what is stored in them is what they give."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

# In a process of its own: the kernel's libraries warn of things that are not ours to mend.
RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
client = NotebookClient(
    notebook, timeout=300, kernel_name="python3", coalesce_streams=True, resources={"metadata": {"path": sys.argv[3]}}
)
client.execute()
nbformat.write(notebook, sys.argv[2])
"""


def code_cells(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def kinds(cell: dict[str, Any]) -> list[Any]:
    """What a cell shows: text, pictures, HTML."""
    return [output.get("name") or sorted(output.get("data", {})) for output in cell["outputs"]]


def shown(cells: list[dict[str, Any]]) -> str:
    texts = [output.get("text") or output["data"].get("text/plain", "") for c in cells for output in c["outputs"]]
    return "\n".join("".join(text) for text in texts)


def test_there_is_one_for_learners_and_one_for_practitioners() -> None:
    assert [path.name for path in NOTEBOOKS] == ["a-table-in-seconds.ipynb", "look-inside.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_as_it_was_run(path: Path) -> None:
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "Traceback" not in text
    assert '"stderr"' not in text
    assert path.stat().st_size < 600_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_shows_what_is_stored(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    again = tmp_path / path.name
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path), str(again), str(tmp_path)],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    stored, run = code_cells(path), code_cells(again)
    assert [kinds(cell) for cell in run] == [kinds(cell) for cell in stored]
    said = shown(run)
    if path.stem == "look-inside":
        assert "True" in said.splitlines()  # the traced step is the training step
        assert "derivative_left_out" in said
        assert "No mistake found" in said
    else:
        assert "features_unscaled" in said
        assert "5 of 5 checks passed" in said
        assert "The runs began with the same initial weights." in said
        assert "(True, True)" in said
