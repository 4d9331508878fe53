"""What every representation for a notebook must be: well formed, without script, nothing loaded from elsewhere."""

from __future__ import annotations

import re
from xml.etree import ElementTree


def well_formed(page: str) -> ElementTree.Element:
    """The page as a tree, or an AssertionError."""
    assert not re.search(r"<script|\son\w+=|javascript:|url\(|https?://(?!www\.w3\.org/)|@import", page, re.IGNORECASE)
    return ElementTree.fromstring(page)
