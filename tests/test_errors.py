"""Errors: one family, each also the built-in kind that a caller would catch; they travel between processes."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from pellucid.errors import (
    DataUnavailable,
    FileError,
    InputError,
    MissingExtra,
    PellucidError,
    TrainingDiverged,
    need,
)


@pytest.mark.parametrize(
    ("error", "built_in"),
    [
        (InputError, ValueError),
        (FileError, ValueError),
        (DataUnavailable, OSError),
        (MissingExtra, ImportError),
        (TrainingDiverged, ArithmeticError),
    ],
)
def test_each_error_is_of_the_family_and_of_a_built_in_kind(error: type[Exception], built_in: type[Exception]) -> None:
    assert issubclass(error, PellucidError)
    assert issubclass(error, built_in)


def test_divergence_says_where_and_survives_pickling() -> None:
    error = TrainingDiverged("what happened", layer="layer 2 (Dense 1 identity)", epoch=3, step=17)
    error.history = "the epochs before"
    copy = pickle.loads(pickle.dumps(error))
    for each in (error, copy):
        assert str(each) == "what happened"
        assert (each.layer, each.epoch, each.step) == ("layer 2 (Dense 1 identity)", 3, 17)
        assert each.history == "the epochs before"


def test_need_imports_what_is_there() -> None:
    assert need("os.path", "plot").join("a", "b")


def test_need_names_the_extra_that_brings_what_is_missing() -> None:
    with pytest.raises(MissingExtra, match=r"no_such_library is not installed.*pip install -e '\.\[plot\]'"):
        need("no_such_library.part", "plot")


def test_need_does_not_hide_a_library_that_is_itself_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_library.py").write_text("import something_it_needs\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "broken_library", raising=False)
    with pytest.raises(ModuleNotFoundError, match="something_it_needs") as caught:
        need("broken_library", "plot")
    assert not isinstance(caught.value, MissingExtra)
