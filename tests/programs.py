"""Programs that `script` has written: run, read back, and held against the training that they repeat."""

from __future__ import annotations

import ast
import contextlib
import io
import subprocess
import sys
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import Network

Losses = list[tuple[float, ...]]


def read(printed: str) -> Losses:
    """A line an epoch: "epoch 0  loss 0.69", and behind it perhaps "  validation loss 0.7"."""
    losses = []
    for e, line in enumerate(printed.splitlines()):
        start, *numbers = line.replace("validation loss", "loss").split("  loss ")
        assert start == f"epoch {e}"
        losses.append(tuple(map(float, numbers)))
    return losses


def run(text: str) -> Losses:
    """Run a program here, warnings being errors; the losses that it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(text, "program.py", "exec"), {"__name__": "__main__"})
    return read(printed.getvalue())


def run_alone(file: Path, folder: Path) -> Losses:
    """Run a program's file by a Python of its own, started in a folder; the losses that it prints."""
    command = [sys.executable, "-I", "-W", "error", str(file)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return read(done.stdout)


def fitted(net: Network, X: Any, y: Any, **settings: Any) -> Losses:
    """What training a copy of the network records."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = deepcopy(net).fit(X, y, engine="readable", **settings)
    columns = [history.loss] + ([] if history.validation_loss is None else [history.validation_loss])
    return [tuple(map(float, row)) for row in zip(*columns, strict=True)]


def difference(ours: Losses, theirs: Losses) -> float:
    """The largest relative difference; both have as many epochs and columns."""
    assert [len(row) for row in ours] == [len(row) for row in theirs]
    a, b = np.array(ours), np.array(theirs)
    assert np.isfinite(b).all()
    return float(np.max(np.abs(a - b) / np.abs(b)))


def looks_well(text: str) -> None:
    """NumPy is all that it imports, and it is laid out as Python programs are."""
    tree = ast.parse(text)
    imports = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports == ["import numpy as np"]
    lines = text.split("\n")
    assert lines.pop() == "", "one line break at the end"
    assert lines[-1] != ""
    for line in lines:
        assert line == line.rstrip()
        assert len(line) <= 120 or line.endswith("  # noqa: E501"), line
    assert "\n\n\n\n" not in text
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if "\n\n\n" in text:
        for node in functions:
            assert lines[node.lineno - 3 : node.lineno - 1] in (["", ""], ["", "# Formulas"])
    else:  # one that would be long otherwise
        assert all(lines[node.lineno - 2] in ("", "# Formulas") for node in functions)
    assert "np.real" not in text
    assert "import pellucid" not in text


def holds(net: Network, X: Any, y: Any, *, within: float = 1e-12, **given: Any) -> str:
    """Write the program, run it, and compare with training; the program."""
    own = ("weights", "path", "csv", "target")
    text = net.script(X, y, **given)
    looks_well(text)
    theirs = fitted(net, X, y, **{name: value for name, value in given.items() if name not in own})
    assert difference(run(text), theirs) <= within
    return text
