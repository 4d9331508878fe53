"""Lesson 4, microchips: the files it writes, the same numbers in PyTorch, and how it goes on without either."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from telling import PNG, Told
from telling import told as told_by

from pellucid.data import Standardizer, load_microchips, places
from pellucid.lessons import run


def told(folder: Path, lang: str = "en", steps: int = 20) -> Told:
    """The lesson, both networks with as many steps."""
    return told_by("microchips", folder, lang, steps=steps, torch_steps=steps)


@pytest.fixture
def no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A computer without the file of the microchips."""
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path / "nothing"))
    monkeypatch.setattr(places, "cache_folder", lambda: None)


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.usefixtures("no_file", "no_torch")
def test_it_goes_on_without_the_file_and_without_torch(tmp_path: Path, lang: str) -> None:
    numbers, text, folder = told(tmp_path / "lesson", lang)
    assert len(numbers["loss"]) == 20
    assert numbers["loss"][0] == pytest.approx(np.log(2), abs=0.01)
    assert numbers["from_file"] == numbers["accuracy"]
    assert "torch_accuracy" not in numbers
    assert ("ex2data2.txt" in text, "pip install torch" in text) == (True, True)
    assert ("芯片" in text) == (lang == "zh")
    pictures = ["boundary.png", "chips.png", "learning_curve.png", "network.png"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*pictures, "model.json"])
    assert all((folder / name).read_bytes().startswith(PNG) for name in pictures)


@pytest.mark.usefixtures("no_file", "no_torch")
def test_the_file_has_four_keys_and_all_that_the_network_knows(tmp_path: Path) -> None:
    numbers, _, folder = told(tmp_path / "lesson")
    saved = json.loads((folder / "model.json").read_text())
    assert list(saved) == ["weights1", "bias1", "weights2", "bias2"]
    assert [np.shape(saved[key]) for key in saved] == [(2, 10), (10,), (10, 1), (1,)]
    for key, values in zip(saved, numbers["net"].params.values(), strict=True):
        np.testing.assert_array_equal(saved[key], values)


@pytest.mark.usefixtures("no_file", "no_torch")
def test_after_the_plateau_it_is_told(tmp_path: Path) -> None:
    assert "plateau" in told(tmp_path / "short")[1]
    _, text, _ = told(tmp_path / "long", steps=600)
    step = int(re.search(r"It takes (\d+) steps until", text).group(1))  # type: ignore[union-attr]
    assert 100 < step < 600


@pytest.mark.usefixtures("no_torch")
def test_the_real_chips(shared_data: Path, tmp_path: Path) -> None:
    numbers, text, _ = told(tmp_path, steps=1)
    X, y = load_microchips(shared_data)
    Z = Standardizer(ddof=1).fit_transform(X)
    rng = np.random.RandomState(11)
    W1, W2 = 0.01 * rng.randn(2, 10), 0.01 * rng.randn(10, 1)
    p = 1 / (1 + np.exp(-(1 / (1 + np.exp(-Z @ W1)) @ W2)[:, 0]))
    assert numbers["loss"][0] == pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), rel=1e-12)
    assert all(figure in text for figure in ("118", "58 were", "0.0548", "0.4967", "0.1831", "0.5197"))


@pytest.mark.usefixtures("no_file")
def test_pytorch_finds_the_same_numbers(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    numbers, text, folder = told(tmp_path / "lesson", steps=300)
    assert len(numbers["penalized_loss"]) == len(numbers["torch_loss"]) == 300
    assert numbers["difference"] < 1e-10
    assert numbers["penalized_loss"][0] > numbers["loss"][0]
    assert f"{numbers['torch_accuracy']:.2f} % in PyTorch" in text
    assert (folder / "torch_curves.png").read_bytes().startswith(PNG)
    saved = torch.load(folder / "model.pth", weights_only=True)
    assert list(saved) == ["model_state_dict"]
    assert [tuple(values.shape) for values in saved["model_state_dict"].values()] == [(10, 2), (10,), (1, 10), (1,)]


@pytest.mark.nightly
def test_the_whole_lesson(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    numbers = run("microchips", folder=tmp_path, out=io.StringIO())
    assert len(numbers["loss"]) == 5000
    assert 81 <= numbers["accuracy"] <= 86
    assert numbers["from_file"] == numbers["accuracy"]
    assert len(numbers["torch_loss"]) == 3000
    assert numbers["difference"] < 1e-4
    assert 81 <= numbers["torch_accuracy"] <= 86
