"""What a mistyped name was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A closing sentence with the known name nearest to a mistyped one, or nothing.

    Example:
        >>> did_you_mean("prise", ["price", "shipping"])
        " Did you mean 'price'?"
    """
    from difflib import get_close_matches  # here, because few programs ever mistype

    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.5)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""
