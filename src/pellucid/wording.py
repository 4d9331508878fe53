"""Wording: texts from files and data made fit to be shown, on a terminal as in a page."""

from __future__ import annotations

import unicodedata

# Controls, lone halves of a pair, private and unassigned signs, separators of lines and paragraphs.
UNSHOWN = ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")
# What turns the direction of the text around it, or has no width. The joiner of emojis and scripts (U+200D) is kept.
UNSEEN = "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


def visible(text: str, keep: str = "") -> str:
    """A text from a file as it can be shown: what steers a terminal, turns a line or is not seen, as an escape.

    Args:
        text: any text.
        keep: signs that stay as they are, such as line ends.

    Returns:
        The text in signs that are seen; a backslash stays one, so this is for reading, not for reading back.

    Example:
        >>> visible("red\\x1b[31m 红\\u202e")
        'red\\\\x1b[31m 红\\\\u202e'
    """
    return "".join(
        sign.encode("unicode_escape").decode()
        if sign not in keep and (sign in UNSEEN or unicodedata.category(sign) in UNSHOWN)
        else sign
        for sign in text
    )


def counted(n: int, what: str) -> str:
    """A number and its noun.

    Example:
        >>> counted(1, "row"), counted(1500, "row"), counted(2, "class")
        ('1 row', '1,500 rows', '2 classes')
    """
    plural = "es" if what.endswith("s") else "s"
    return f"{n:,} {what}{'' if n == 1 else plural}"
