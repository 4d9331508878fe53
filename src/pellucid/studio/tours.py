"""Guided tours: the lessons, for the page to be set up step by step; texts lie in `tours`, English and Chinese."""

from __future__ import annotations

import json
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
    steps = [_step(step, step[lang]) for step in read["steps"]]
    return {"name": read["name"], "title": read[lang]["title"], "about": read[lang]["about"].strip(), "steps": steps}


def _step(step: dict[str, Any], said: dict[str, str]) -> dict[str, Any]:
    return {
        "title": said["title"],
        "text": paragraphs(said["text"]),
        "set": json.loads(step["set"]) if "set" in step else None,  # JSON, since TOML knows no null
        "do": step.get("do", []),
        "look": step.get("look", []),
        "until": step.get("until"),
    }


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, each on one line.

    Example:
        >>> paragraphs("One\\nline.\\n\\nAnother.\\n")
        ['One line.', 'Another.']
    """
    return [" ".join(part.split()) for part in text.strip().split("\n\n")]
