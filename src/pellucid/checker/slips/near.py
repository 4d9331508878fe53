"""The name that was meant: nearest in spelling, or another word for the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Words that people use for one thing: a function called by one of them may have been defined by another.
KIN = (
    {"loss", "cost", "error", "objective", "criterion", "lossfunction", "costfunction", "lossfn"},
    {"gradients", "gradient", "grads", "grad", "backward", "backprop", "backpropagation", "backwardpass", "dloss"},
    {"params", "parameters", "weights", "theta", "parameter", "param", "ws"},
    {"forward", "predict", "forwardpass", "forwardprop", "feedforward", "propagate", "model", "net", "network"},
    {"step", "update", "updateparams", "updateparameters", "sgd", "gradientdescent", "optimize", "train"},
    {"x", "xtrain", "inputs", "features", "data"},
    {"y", "ytrain", "labels", "targets", "t", "target"},
)
PREFIXES = ("compute", "calculate", "calc", "get", "eval", "evaluate", "my", "numerical", "init", "initial")


def near(word: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The one of the names that was probably meant, if any; of many names, only one that is rather like it.

    Example:
        >>> near("computeLoss", ["compute_loss", "forward"]), near("w1", ["W1", "W2"]), near("W3", ["W1", "W2"])
        ('compute_loss', 'W1', None)
    """
    known = [name for name in dict.fromkeys(names) if name != word and not name.startswith("__")]
    return alike(word, known) or _spelt(word, known, cutoff)


def alike(word: str, names: Iterable[str]) -> str | None:
    """The one of the names that differs only in capitals and underscores.

    Example:
        >>> alike("true", ["True", "truth"])
        'True'
    """
    return next((name for name in names if name != word and _plain(name) == _plain(word)), None)


def kin(word: str, names: Iterable[str]) -> list[str]:
    """The names that mean the same thing as a word, the likeliest first.

    Example:
        >>> kin("loss", ["accuracy", "compute_cost", "loss_fn"])
        ['loss_fn', 'compute_cost']
    """
    known = [name for name in dict.fromkeys(names) if not name.startswith("_")]
    spelt = near(word, known)
    words = next((group for group in KIN if _plain(word) in group), set())
    inside = [name for name in known if len(word) > 2 and (_core(name) == _core(word) or _has(name, {_plain(word)}))]
    other = [name for name in known if _core(name) in words or _has(name, words)]
    return list(dict.fromkeys([*([spelt] if spelt else []), *inside, *other]))


def _spelt(word: str, known: list[str], cutoff: float) -> str | None:
    from difflib import get_close_matches  # here, because few programs ever mistype

    if len(word) <= 2:
        return None  # W1 and W2, a1 and z1 are near to each other and mean different things
    by_lower = {name.lower(): name for name in known if len(name) > 2}
    found = get_close_matches(word.lower(), by_lower, n=3, cutoff=cutoff)
    # W1_grad and W2_grad differ in what counts: a digit is not mistyped for another one.
    own = re.sub(r"\D", "", word)
    alike = [name for name in found if not own or re.sub(r"\D", "", name) == own]
    return by_lower[alike[0]] if alike else None


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _core(name: str) -> str:
    """A name without words such as compute_ before it."""
    plain = _plain(name)
    for prefix in PREFIXES:
        if plain.startswith(prefix) and len(plain) > len(prefix):
            return plain[len(prefix) :]
    return plain


def _has(name: str, words: Iterable[str]) -> bool:
    """Whether one of the words is a part of a name such as loss_fn or myLoss."""
    parts = [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]
    return any(word in parts for word in words)
