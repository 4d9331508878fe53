"""What Python cannot read: the line, the place in it, and the slip that most often causes such a message."""

from __future__ import annotations

import re

from pellucid.checker.slips.cases import sentence
from pellucid.checker.slips.places import Source

# What Python says (3.11 to 3.14), and the key of what is said here; the first that fits counts.
MESSAGES = (
    (r"inconsistent use of tabs", "s_tabs"),
    (r"unindent does not match", "s_unindent"),
    (r"unexpected indent", "s_indent"),
    (r"expected an indented block after (.+?) on line (\d+)", "s_block"),
    (r"expected an indented block", "s_block_plain"),
    (r"expected ':'", "s_colon"),
    (r"'(.)' was never closed", "s_open"),
    (r"closing parenthesis '(.)' does not match opening parenthesis '(.)'", "s_other_bracket"),
    (r"unmatched '(.)'", "s_unmatched"),
    (r"unterminated (?:triple-quoted )?(?:f-)?string literal", "s_text"),
    (r"Missing parentheses in call to '(\w+)'", "s_print"),
    (r"invalid (?:non-printable )?character '?(.)?'? ?\(?U\+(\w+)", "s_sign"),
    (r"Perhaps you forgot a comma", "s_comma"),
    (r"cannot assign to|Maybe you meant '==' or ':='|Maybe you meant '=='", "s_assign"),
    (r"invalid decimal literal|invalid imaginary literal", "s_name_digit"),
    (r"'(return|yield|await)' outside", "s_outside"),
    (r"'(break|continue)' (?:outside|not properly)", "s_loop"),
    (r"positional argument follows keyword", "s_order"),
    (r"(?:non-default argument follows default|parameter without a default follows)", "s_defaults"),
    (r"unexpected character after line continuation", "s_backslash"),
    (r"expected 'except' or 'finally' block", "s_try"),
    (r"f-string", "s_fstring"),
    (r"source code (?:string )?cannot contain null bytes", "s_nulls"),
    (r"duplicate argument '(\w+)'", "s_twice"),
    (r"keyword argument repeated: (\w+)", "s_twice"),
    (r"name '(\w+)' is (?:assigned|used|parameter)", "s_global"),
    (r"from __future__ imports must occur", "s_future"),
)
KEYWORDS = r"\b(lambda|class|def|for|in|is|not|or|and|pass|from|import|global|with|as|return|if|else|while)\b"


def told(error: SyntaxError, lang: str, source: Source) -> tuple[str, str]:
    """The key of what Python could not read, and the sentence about it."""
    message = error.msg or ""
    for pattern, key in MESSAGES:
        found = re.search(pattern, message)
        if found:
            first, second = (*(part or "" for part in found.groups()), "", "")[:2]
            return key, sentence(lang, key, first=first, second=second)
    line = source.line(error.lineno or 0)
    assigned = re.match(rf"\s*{KEYWORDS}\s*[-+*/]?=[^=]", line)
    if assigned:
        return "s_keyword", sentence(lang, "s_keyword", first=assigned[1])
    return "s_other", sentence(lang, "s_other")


def columns(error: SyntaxError) -> tuple[int, int] | None:
    """The part of the line that Python could not read, in characters from 0."""
    if not error.offset or error.offset < 1:
        return None
    begin = error.offset - 1
    same_line = error.end_lineno in (None, error.lineno)
    end = (error.end_offset or 0) - 1 if same_line else begin + 1
    return begin, max(end, begin)
