"""What the tests of lessons share: a lesson with few steps in each language, and a computer without MNIST."""

from __future__ import annotations

from pathlib import Path

import pytest
from telling import Told, told

from pellucid.data import mnist, places


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Told:
    """The lesson that the module names, with the few steps that it names: LESSON and FEW."""
    return told(request.module.LESSON, tmp_path_factory.mktemp("english"), **request.module.FEW)


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Told:
    """The same in Chinese."""
    return told(request.module.LESSON, tmp_path_factory.mktemp("chinese"), "zh", **request.module.FEW)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A computer without MNIST, where downloading fails."""
    pytest.importorskip("sklearn")
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path / "nothing"))
    for module in (places, mnist):
        monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "cache", raising=False)
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/",))  # the discard port: nobody answers
    monkeypatch.setenv("NO_PROXY", "*")
