"""One studio for all tests of a file that only talk to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("typer")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("websockets")
pytest.importorskip("pydantic")

from studio_tools import Studio


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    """A studio that is ended after the last test of the file."""
    found = Studio()
    yield found
    found.kill()
