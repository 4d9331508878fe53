"""Guided tours: the lessons, for the page to be set up step by step; texts lie in `tours`, English and Chinese."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).parent / "tours"


@cache
def tours(lang: str) -> dict[str, Any]:
    """All tours in a language."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.toml")))
    found = [_tour(tomllib.loads(text), lang) for text in texts]
    return {"lang": lang, "tours": found}


def _tour(read: dict[str, Any], lang: str) -> dict[str, Any]:
    """A tour as the page wants it; setups are said once, texts once a language."""
    steps = [
        {
            "title": step[lang]["title"], "text": paragraphs(step[lang]["text"]), "set": step.get("set"),
            "do": step.get("do", []), "look": step.get("look", []), "until": step.get("until"),
        }
        for step in read["steps"]
    ]  # fmt: skip
    return {"name": read["name"], "title": read[lang]["title"], "about": read[lang]["about"].strip(), "steps": steps}


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, each on one line.

    Example:
        >>> paragraphs("One\\nline.\\n\\nAnother.\\n")
        ['One line.', 'Another.']
    """
    return [" ".join(part.split()) for part in text.strip().split("\n\n")]
