"""A studio of its own for each file of tests, pages of Chromium to look at it, and no console error in any test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page_tools import WIDE, Server, Studio


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures are kept: PELLUCID_SHOTS, or a folder that is thrown away with the others of pytest."""
    given = os.environ.get("PELLUCID_SHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def server(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("uvicorn", reason="the extra studio is not installed")
    running = Server(tmp_path_factory.mktemp("studio"))
    yield running
    running.end()


def complaint(said: Any) -> bool:
    """Whether the console complains; that a canvas is read too often is about these tests, which look at pixels."""
    return said.type in ("error", "warning") and "willReadFrequently" not in said.text


@pytest.fixture
def visit(chromium: Any, server: Server, shots: Path) -> Iterator[Callable[..., Studio]]:
    """A function that opens a fresh page: visit(size, theme, language). Whatever its console complains of fails a test."""
    complaints: list[str] = []
    contexts = []

    def made(size: tuple[int, int] = WIDE, theme: str = "light", language: str = "en", **more: Any) -> Studio:
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, locale={"en": "en-GB", "zh": "zh-CN"}[language],
            has_touch=width < 600, **more,
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(60_000)  # a busy machine is slow, and no test is about its speed
        context.add_cookies([server.cookie])
        page = context.new_page()
        page.on("console", lambda said: complaint(said) and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Studio(page, server.base, shots)

    made.complaints = complaints  # type: ignore[attr-defined]
    yield made
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def studio(visit: Callable[..., Studio]) -> Studio:
    """A page of the usual size, open, at step 0."""
    return visit().open()
