"""How names are written: learning_rate is η, m_hat an m with a hat, dW2 the gradient of W with the index 2."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
}
# Names of settings, and the letters that papers use for them.
LETTERS = {
    "rate": "eta",
    "learning_rate": "eta",
    "lr": "eta",
    "momentum": "mu",
    "decay": "rho",
    "eps": "epsilon",
    "lam": "lambda",
    "l2": "lambda",
    "l1": "lambda₁",
    "beta1": "beta₁",
    "beta2": "beta₂",
    "weight_decay": "omega",
    "clip_norm": "C",
}
ACCENTS = {"hat": "\\hat", "bar": "\\bar", "tilde": "\\tilde"}
MARKS = {"hat": "^", "bar": "‾", "tilde": "~"}
_SMALL = "₀₁₂₃₄₅₆₇₈₉"


@dataclass(frozen=True)
class Sign:
    """A name, taken apart.

    Attributes:
        letter: the letter or word itself; Greek letters by their English name.
        index: what stands below it.
        accent: "hat", "bar", "tilde" or "".
        primes: so many ' behind it.
        gradient: whether a d stands in front.
        low: whether a plain text writes the index below the line too.
        of: a word that stands below it too: in a1_odd, "odd".
    """

    letter: str
    index: str = ""
    accent: str = ""
    primes: int = 0
    gradient: bool = False
    low: bool = False
    of: str = ""

    @property
    def greek(self) -> str:
        """The Greek letter, or ""."""
        return GREEK.get(self.letter, "")


@lru_cache(maxsize=1024)
def sign(name: str) -> Sign:
    """A name of Python, taken apart.

    Example:
        >>> sign("dW2")
        Sign(letter='W', index='2', accent='', primes=0, gradient=True, low=False, of='')
        >>> sign("m_hat").accent, sign("beta1").greek, sign("beta1").index
        ('hat', 'β', '1')
    """
    plain = name.rstrip("'")
    primes = len(name) - len(plain)
    letter = LETTERS.get(plain, plain)
    if letter[-1:] in _SMALL:
        return Sign(letter[:-1], str(_SMALL.index(letter[-1])), primes=primes, low=True)
    gradient = re.fullmatch(r"d([A-Za-z]|delta)(\d*)", letter)
    if gradient:
        return Sign(gradient[1], gradient[2], primes=primes, gradient=True)
    base, _, accent = letter.rpartition("_")
    if base and accent in ACCENTS:
        inner = sign(base)
        return Sign(inner.letter, inner.index, accent, primes, inner.gradient)
    base, _, word = letter.partition("_")
    if base and word[:1].isalpha() and base not in LETTERS and len((inner := sign(base)).greek or inner.letter) == 1:
        return replace(inner, primes=primes, of=word)
    numbered = re.fullmatch(r"([A-Za-z]|[a-z]{2,}?)_?(\d+)", letter)
    if numbered and (len(numbered[1]) == 1 or numbered[1] in GREEK):
        return Sign(numbered[1], numbered[2], primes=primes)
    return Sign(letter, primes=primes)
