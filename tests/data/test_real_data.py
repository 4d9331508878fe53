"""Real sets: shapes, names and classes as published, and clear words where one is not here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import load, load_digits, load_microchips, places
from pellucid.errors import DataUnavailable, FileError, InputError, MissingExtra

CHIPS = "0.05,0.70,1\n-0.09,0.68,1\n0.6,-0.2,0\n"


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    monkeypatch.delenv("PELLUCID_DATA", raising=False)
    monkeypatch.setattr(places, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("digits", (1797, 64), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
        ("iris", (150, 4), [50, 50, 50]),
        ("wine", (178, 13), [59, 71, 48]),
        ("breast-cancer", (569, 30), [212, 357]),
        ("breast_cancer", (569, 30), [212, 357]),
        (" Breast-Cancer ", (569, 30), [212, 357]),
        ("diabetes", (442, 10), None),
    ],
)
def test_sets_of_scikit_learn(name, shape, classes):
    pytest.importorskip("sklearn")
    table = load(name)
    assert table.X.shape == shape
    assert table.X.dtype == np.float64
    assert len(table.features) == len(set(table.features)) == shape[1]
    assert table.name == name.strip().lower().replace("_", "-")
    assert table.target
    assert table.notes
    if classes is None:
        assert (table.task, table.labels, table.y.dtype) == ("values", None, np.float64)
        assert (table.y.min(), table.y.max()) == (25, 346)
    else:
        assert (table.task, table.y.dtype) == ("classes", np.int64)
        assert np.bincount(table.y).tolist() == classes
        assert len(table.labels) == len(classes)
        assert all(type(label) is str for label in table.labels + table.features)


def test_digits():
    pytest.importorskip("sklearn")
    X, y = load_digits()
    assert (X.shape, X.dtype, X.min(), X.max()) == ((1797, 64), np.float64, 0, 16)
    assert y.dtype == np.int64
    assert y[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert load("digits").labels == tuple("0123456789")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("irs", "Did you mean 'iris'"),
        ("mnist", r"load_mnist\(\)"),
        ("zzz", "digits, iris, wine"),
        (5, "must be one of"),
    ],
)
def test_unknown_names(name, says):
    with pytest.raises(InputError, match=says):
        load(name)


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingExtra, match=r"'\.\[sklearn\]'"):
        load_digits()


def test_the_real_microchips():
    folder = Path(os.environ.get("PELLUCID_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    if not (folder / "ex2data2.txt").is_file():
        pytest.skip("the microchip data are not here: name their folder in PELLUCID_DATA")
    X, y = load_microchips(folder / "ex2data2.txt")
    assert (X.shape, X.dtype, y.dtype) == ((118, 2), np.float64, np.int64)
    assert X[0].tolist() == [0.051267, 0.69956]
    assert int(y.sum()) == 58
    assert load_microchips(folder)[0].tobytes() == X.tobytes()


@pytest.mark.parametrize("way", ["file", "folder", "variable", "cache"])
def test_where_microchips_are_found(nowhere, monkeypatch, tmp_path, way):
    folder = nowhere if way == "cache" else tmp_path / "data"
    folder.mkdir()
    (folder / "ex2data2.txt").write_text(CHIPS)
    if way == "variable":
        monkeypatch.setenv("PELLUCID_DATA", str(folder))
    X, y = load_microchips({"file": folder / "ex2data2.txt", "folder": folder}.get(way))
    assert X.tolist() == [[0.05, 0.7], [-0.09, 0.68], [0.6, -0.2]]
    assert y.tolist() == [1, 1, 0]
    if way in ("variable", "cache"):
        table = load("microchips")
        assert table.features == ("test 1", "test 2")
        assert (table.target, table.labels, table.task) == ("accepted", ("rejected", "accepted"), "classes")


def test_a_single_class_keeps_its_number(tmp_path):
    (tmp_path / "ex2data2.txt").write_text("0.05,0.70,1\n-0.09,0.68,1\n")
    assert load_microchips(tmp_path)[1].tolist() == [1, 1]


def test_microchips_that_are_not_here(nowhere, tmp_path):
    with pytest.raises(DataUnavailable, match=r"ex2data2\.txt.*PELLUCID_DATA.*make_microchips"):
        load_microchips()
    with pytest.raises(DataUnavailable):
        load("microchips")
    with pytest.raises(FileError, match=r"none\.txt"):
        load_microchips(tmp_path / "none.txt")
    with pytest.raises(FileError, match=r"ex2data2\.txt"):
        load_microchips(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [("1,1\n", "2 fields.*three"), ("1,2,3,1\n", "4 fields"), ("1,2,2\n", "known labels"), ("1,x,1\n", "line 1.*'x'")],
)
def test_files_that_are_not_microchips(tmp_path, text, says):
    (tmp_path / "ex2data2.txt").write_text(text)
    with pytest.raises(FileError, match=says):
        load_microchips(tmp_path)


def test_the_package_imports_numpy_alone():
    program = (
        "import sys, pellucid.data\n"
        "print([name for name in ('sklearn', 'scipy', 'pooch', 'requests', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
