"""How the tests of lessons run one: what comes back, and what every picture begins with."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from pellucid.lessons import run

PNG = b"\x89PNG\r\n\x1a\n"
Told = tuple[dict[str, Any], str, Path]


def told(lesson: str, folder: Path, lang: str = "en", **options: Any) -> Told:
    """A lesson: its numbers, its text and the folder of its pictures."""
    out = io.StringIO()
    return run(lesson, lang=lang, folder=folder, out=out, **options), out.getvalue(), folder
