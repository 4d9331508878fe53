"""The files of the page: those that lie in `static` when the studio starts, and no others, whatever is asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


class Assets:
    """Files by the names under which they are asked for: what is asked for is looked up, and is never a path.

    Args:
        folder: where they lie.

    Example:
        >>> Assets().found("../server.py") is None
        True
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in MEDIA)
        self._files = {path.relative_to(folder).as_posix(): path for path in files}

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._files)

    def found(self, name: str) -> tuple[bytes, str, str] | None:
        """Content, media type and a tag that changes with the content; None for a name that is not there."""
        path = self._files.get(name)
        if path is None:
            return None
        try:
            content = path.read_bytes()
        except OSError:
            return None
        return content, MEDIA[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:16]}"'
