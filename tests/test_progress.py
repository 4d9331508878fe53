"""Progress: lines where there is no terminal, a bar where there is one, and nothing unless it was asked for."""

from __future__ import annotations

import io
import re
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pellucid import Dense, MissingExtra, Network, progress
from pellucid.history import Epoch

X = np.random.default_rng(0).normal(size=(8, 2))
Y = np.arange(8) % 2


def fit(epochs: int = 40, **settings: Any) -> Any:
    return Network([Dense(2, "softmax")], inputs=2).fit(X, Y, epochs=epochs, **settings)


@pytest.fixture(autouse=True)
def _no_colours_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):  # rich takes these for a terminal
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("show", [None, False])
def test_nothing_is_written_unless_asked_for(show: bool | None, capsys: pytest.CaptureFixture[str]) -> None:
    fit(progress=show)
    assert capsys.readouterr() == ("", "")


def test_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    history = fit(progress=True, validation=0.25)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 21  # every second of 40, and the last
    number = r"\d+\.\d{4}"
    for line in lines:
        assert re.fullmatch(
            rf"epoch \d+/40  loss {number}  accuracy [\d.]+ %  validation loss {number}  accuracy [\d.]+ %  \d+ s left",
            line,
        )
    assert lines[0].startswith(f"epoch 1/40  loss {history.loss[0]:.4f}  ")
    assert lines[-1].startswith(f"epoch 40/40  loss {history.loss[-1]:.4f}  ")
    assert lines[-1].endswith("  0 s left")


def test_few_epochs_are_all_shown(capsys: pytest.CaptureFixture[str]) -> None:
    fit(3, progress=True)
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_the_time_left_is_what_the_epochs_before_took(capsys: pytest.CaptureFixture[str]) -> None:
    epochs = [Epoch(i, 4, 0.5, None, None, None, 0.1, 10.0 * (i + 1), None) for i in range(4)]  # type: ignore[arg-type]
    with progress.shown(iter(epochs), 4, True) as shown:
        assert list(shown) == epochs
    left = [line.rpartition("  ")[2] for line in capsys.readouterr().err.splitlines()]
    assert left == ["30 s left", "20 s left", "10 s left", "0 s left"]


def test_without_rich_there_are_lines_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing(module: str, extra: str) -> ModuleType:
        raise MissingExtra(module)

    monkeypatch.setattr(progress, "need", missing)
    fit(5, progress=True)
    assert len(capsys.readouterr().err.splitlines()) == 5


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    console = pytest.importorskip("rich.console")
    screen = io.StringIO()

    class Terminal(console.Console):  # type: ignore[name-defined,misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(file=screen, force_terminal=True, width=120)

    monkeypatch.setattr(console, "Console", Terminal)
    history = fit(6, progress=True)
    assert len(history) == 6
    plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", screen.getvalue())
    assert "6/6" in plain
    assert f"loss {history.loss[-1]:.4f}  accuracy" in plain
    assert re.search(r"\d:\d\d:\d\d", plain)  # the time left


def test_numbers_that_were_not_measured_are_not_shown() -> None:
    values = Epoch(0, 1, 0.25, None, 0.5, None, 0.1, 1.0, None)  # type: ignore[arg-type]
    assert progress.describe(values) == "loss 0.2500  validation loss 0.5000"


def test_it_does_not_swallow_what_ends_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    history = fit(progress=True, on_epoch=lambda epoch: epoch.index == 4)
    assert (len(history), history.stopped) == (5, "on_epoch")
    with pytest.raises(ZeroDivisionError):
        fit(progress=True, on_epoch=lambda epoch: 1 / 0)
    assert capsys.readouterr().err
