"""What `every` may say, and what it means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import InputError
from pellucid.files.checkpoints.interval import interval


@pytest.mark.parametrize(
    ("said", "amount", "unit"),
    [
        (None, 60.0, "seconds"),
        ("1s", 1.0, "seconds"),
        ("0.25 s", 0.25, "seconds"),
        (".5s", 0.5, "seconds"),
        ("90 Seconds", 90.0, "seconds"),
        ("5m", 300.0, "seconds"),
        (" 5 min ", 300.0, "seconds"),
        ("1.5h", 5400.0, "seconds"),
        ("2 hours", 7200.0, "seconds"),
        (3, 3, "epochs"),
        (np.int64(3), 3, "epochs"),
        ("3", 3, "epochs"),
        ("1 epoch", 1, "epochs"),
        ("10epochs", 10, "epochs"),
        ("1 step", 1, "steps"),
        ("500 STEPS", 500, "steps"),
    ],
)
def test_what_is_said_is_meant(said: Any, amount: float, unit: str) -> None:
    assert interval(said) == (amount, unit)


@pytest.mark.parametrize(
    "said",
    ["", "s", "often", "1 day", "-1s", "0s", "0", 0, -1, 1.5, True, "1.5 epochs", "0.5 steps", "1e3s", "inf s", "nan",
     "1s 2s", "1" * 400, "1" * 400 + "s", [1], b"1s", float("nan"), "١s"],
)  # fmt: skip
def test_what_means_nothing_is_refused_with_examples(said: Any) -> None:
    with pytest.raises(InputError, match=r"^every "):
        interval(said)


def test_epochs_are_so_many_steps() -> None:
    assert interval("2 epochs").steps(7) == 14
    assert interval("2 steps").steps(7) == 2
    assert interval("2 s").steps(7) is None
