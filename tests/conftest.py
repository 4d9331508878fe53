"""What all tests share: pictures are drawn without a screen, and where everything is installed nothing is skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
# What is said while kernels compile depends on which test is the first on this machine to need them; those that are
# about it take this back.
os.environ.setdefault("PELLUCID_QUIET", "1")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With PELLUCID_NO_SKIPS set, a skipped test is a failed one: nothing it needs may be missing there."""
    report = yield
    if report.skipped and os.environ.get("PELLUCID_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report


@pytest.fixture
def shared_data() -> Path:
    """The folder with MNIST and the microchips, where it is known; skips the test otherwise."""
    folder = os.environ.get("PELLUCID_DATA")
    if not folder or not (Path(folder) / "mnist").is_dir():
        pytest.skip("PELLUCID_DATA does not name a folder with mnist/")
    return Path(folder)
