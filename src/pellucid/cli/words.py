"""Words: lists and texts kept short, and the library's hints put in terms of options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# What the library says to a Python program, and how the same is said here.
IN_OPTIONS = (
    (r"\bload\(path, activations=\([^)]*\)\)", "pellucid export FILE model.json --activations relu,softmax"),
    (r'\btask="(\w+)"', r"--task \1"),
    (r"\bheader=False", "--no-header"),
    (r"\bheader=True", "--header"),
    (r"\bdrop=", "--drop "),
    (r'\bdelimiter="(.)"', r'--delimiter "\1"'),
    (r"\bclip_norm=(\S+?)(?=[;,]|\.?(?:\s|$))", r"--clip-norm \1"),
    (r"\bdrop names the target\b(.*) of drop\.", r"--drop names the target\1 of --drop."),
    (r"\bresume=True goes on", "--resume goes on"),
    (r"\bepochs=(\d+)", r"--epochs \1"),
    (r"\bearly_stopping was", "--patience was"),
    (r"--patience was None", "--patience was 0"),
    (r"(--patience was \d+ and is) None", r"\1 0"),
    (r"\bbatch_size was", "--batch was"),
    (r"\b(?<!-)(l1|l2|seed|optimizer|schedule) was", r"--\1 was"),
    (r"\bclip_norm was", "--clip-norm was"),
    (r"\bclass_weight was", "--class-weight was"),
    (r"\bThe network has the parameters of its last finite step\.", "Nothing was saved."),
    (r"\ba smaller learning rate \(it was (\S+)\)", r"a smaller --rate (it was \1)"),
)


def in_options(text: str, patterns: Iterable[tuple[str, str]] = IN_OPTIONS) -> str:
    """A message of the library as the command line would say it; `patterns`: what it says, and the same in options.

    Example:
        >>> in_options('so they are classes; task="values" says otherwise.')
        'so they are classes; --task values says otherwise.'
    """
    for pattern, words in patterns:
        text = re.sub(pattern, words, text)
    return text


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names in a row; of many, the first and the last.

    Example:
        >>> listed([f"x{i}" for i in range(1, 65)], most=4)
        'x1, x2, x3, ... x64'
    """
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])}, ... {names[-1]}"


def shortened(text: str, most: int = 40) -> str:
    """A text of at most so many signs, its middle left out.

    Example:
        >>> shortened("abcdefghij", 7)
        'abc…hij'
    """
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"
