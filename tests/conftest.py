"""What all tests share: no screen to draw on, nothing skipped where everything is installed, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


# Each window would load the two pages of its address bar, which take longer than those of most tests.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio",
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
)  # fmt: skip


# A module long: while the driver runs, this thread has an event loop, and tests of other files want their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The Chromium of this machine with a profile of its own; nothing is downloaded."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()
