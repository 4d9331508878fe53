"""Words that several rules share: numbers, lists and code as they stand in findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any

from pellucid.optimizers import Optimizer


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in a row; of many, the first ones and how many more there are.

    Example:
        >>> listed(["a", "b", "c", "d"], most=2)
        'a, b and 2 more'
    """
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def sentence(text: str) -> str:
    """A text with its first letter large.

    Example:
        >>> sentence("column 3 is new.")
        'Column 3 is new.'
    """
    return text[:1].upper() + text[1:]


def there_are(n: int, noun: str, of: int | None = None) -> str:
    """So many things and the verb that fits.

    Example:
        >>> there_are(1, "feature"), there_are(2, "unit", of=8)
        ('1 feature is', '2 of 8 units are')
    """
    counted = f"{n:,}" if of is None else f"{n:,} of {of:,}"
    return f"{counted} {noun}{'' if (of or n) == 1 else 's'} {'is' if n == 1 else 'are'}"


def percent(share: Any) -> str:
    """A share in words, never rounded to all or nothing when it is not.

    Example:
        >>> percent(0.5), percent(0.999999), percent(1.0)
        ('50 %', '99.99 %', '100 %')
    """
    if 0.01 <= share <= 0.99 or share in (0, 1):
        return f"{100 * share:.0f} %"
    return f"{min(max(100 * share, 0.01), 99.99):.2f} %"


def number(value: Any) -> str:
    """A number with three digits that count; thousands are written out.

    Example:
        >>> number(0.12345), number(3019.4), number(2.5e8)
        ('0.123', '3,020', '2.5e+08')
    """
    short = f"{value:.3g}"
    return f"{float(short):,.0f}" if 1000 <= abs(value) < 1e6 else short


def loss_words(value: float) -> str:
    """A loss with the four digits that reports give it, or in short where it is huge.

    Example:
        >>> loss_words(0.69314), loss_words(3e200)
        ('0.6931', '3e+200')
    """
    return f"{value:.4f}" if abs(value) < 1e4 else f"{value:.4g}"


def rounded(rate: float) -> float:
    """A learning rate with a single digit: what a person would write.

    Example:
        >>> rounded(0.000314)
        0.0003
    """
    return float(f"{rate:.0e}")


def written(optimizer: Optimizer, rate: float) -> str:
    """The optimizer with another learning rate, as one writes it in fit(...).

    Example:
        >>> from pellucid.optimizers import SGD
        >>> written(SGD(0.5, momentum=0.9), 0.05)
        'optimizer=SGD(0.05, momentum=0.9)'
    """
    own = [f for f in fields(optimizer) if f.name != "learning_rate" and f.default is not MISSING]
    changed = [f"{f.name}={getattr(optimizer, f.name)!r}" for f in own if getattr(optimizer, f.name) != f.default]
    return f"optimizer={type(optimizer).__name__}({', '.join([f'{rounded(rate):g}', *changed])})"
