"""Equations read back and computed: a reader of the plain text of `pellucid.explain`, and of its LaTeX and MathML.

It knows nothing of the trees that they were written from, so that a wrong parenthesis or index cannot hide. What could
be read in two ways, such as a/b c, is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import numpy as np

COLUMNS = "kjhrqs"
TOKEN = re.compile(
    r"(?P<space> +)|(?P<number>\d+(?:\.\d+)?(?:e[-+]?\d+)?)|(?P<high>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<name>[A-Za-zα-ωθδ][A-Za-z0-9α-ω₀-₉_]*'*(?:\[\w+\])?(?:_[a-z])?)"
    r"|(?P<index>_[a-z])"
    r"|(?P<sign>Σ_[a-z]|Π_[a-z]|Σ|Π|[-+/^()\[\]{};,|‖√ᵀ⊙·<>≤≥=≠←∞])"
)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "log": np.log,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arctan": np.arctan,
    "sign": np.sign,
    "floor": np.floor,
    "min": lambda *parts: np.minimum.reduce(np.broadcast_arrays(*parts)),
    "max": lambda *parts: np.maximum.reduce(np.broadcast_arrays(*parts)),
}
COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    ">": np.greater,
    "≤": np.less_equal,
    "≥": np.greater_equal,
    "=": np.equal,
    "≠": np.not_equal,
}
REDUCED: dict[str, Any] = {"Σ": np.sum, "Π": np.prod, "max": np.max, "min": np.min, "mean": np.mean}
LOW = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
HIGH = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def plain(name: str) -> str:
    """A name without the small digits that only plain text has."""
    return name.translate(LOW)


class Reader:
    """Computes a text.

    Args:
        values: by the names that the text has.
        functions: likewise.
        entrywise: whether side by side means entry by entry; else it is the matrix product of two matrices.
        letters: the indices that names must carry, the innermost last; [""] where they carry none.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        entrywise: bool,
        letters: list[str],
    ) -> None:
        self.values, self.functions, self.entrywise, self.letters = values, functions, entrywise, letters
        self.tokens: list[tuple[str, str]] = []
        self.at = self.bars = 0

    def compute(self, text: str) -> Any:
        self.tokens, self.at = [], 0
        place = 0
        while place < len(text):
            found = TOKEN.match(text, place)
            assert found, f"{text[place:]!r} in {text!r}"
            self.tokens.append((str(found.lastgroup), found[0]))
            place = found.end()
        with np.errstate(all="ignore"):
            value = self.sum()
        assert self.at == len(self.tokens), f"{self.rest()!r} is left of {text!r}"
        return value

    def rest(self) -> str:
        return "".join(text for _, text in self.tokens[self.at :])

    def peek(self, skip: bool = True) -> str:
        at = self.at
        while skip and at < len(self.tokens) and self.tokens[at][0] == "space":
            at += 1
        return self.tokens[at][1] if at < len(self.tokens) else ""

    def kind(self) -> str:
        at = self.at + (self.at < len(self.tokens) and self.tokens[self.at][0] == "space")
        return self.tokens[at][0] if at < len(self.tokens) else ""

    def take(self, *expected: str, skip: bool = True) -> str:
        while skip and self.at < len(self.tokens) and self.tokens[self.at][0] == "space":
            self.at += 1
        text = self.tokens[self.at][1]
        assert not expected or text in expected, f"{expected} expected at {self.rest()!r}"
        self.at += 1
        return text

    def sum(self) -> Any:
        if self.peek() == "-":
            self.take()
            value = -self.product()
        else:
            value = self.product()
        while self.peek() in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self) -> Any:
        value = self.factor()
        divided = False
        while True:
            sign = self.peek()
            if sign in ("⊙", "·"):
                self.take()
                assert not divided, f"a/b c before {self.rest()!r}"
                value = value * self.factor()
            elif sign == "/":
                self.take()
                assert not divided, f"a/b/c before {self.rest()!r}"
                value = value / self.factor()
                divided = True
            elif self.begins_factor():
                assert not divided, f"a/b c before {self.rest()!r}"
                value = self.beside(value, self.factor())
            else:
                return value

    def begins_factor(self) -> bool:
        text, kind = self.peek(), self.kind()
        if kind == "name" and text in ("if", "otherwise", "and", "or", "not"):
            return False
        if text in ("|", "‖"):
            return self.bars == 0
        return kind in ("name", "number") or (bool(text) and text[0] in "([{√ΣΠ∞")

    def beside(self, left: Any, right: Any) -> Any:
        if self.entrywise or np.ndim(left) < 2 or np.ndim(right) < 2:
            if not self.entrywise:
                assert np.ndim(left) == 0 or np.ndim(right) == 0 or np.ndim(left) + np.ndim(right) == 2, self.rest()
            return left * right
        return left @ right

    def factor(self) -> Any:
        text = self.peek()
        head = text.partition("_")[0]
        if head in REDUCED and not (text in self.functions and self.calls()):
            self.take()
            return self.reduction(head, text[len(head) + 1 :])
        value = self.atom()
        while True:
            if self.peek(skip=False) == "ᵀ":
                self.take()
                value = np.transpose(value)
            elif self.at < len(self.tokens) and self.tokens[self.at][0] == "high":
                value = value ** float(self.take().translate(HIGH))
            elif self.peek(skip=False) == "^":
                self.take()
                return value ** self.atom()
            else:
                return value

    def calls(self) -> bool:
        """Whether a parenthesis follows the name at once."""
        at = self.at + (self.tokens[self.at][0] == "space")
        return at + 1 < len(self.tokens) and self.tokens[at + 1][1] == "("

    def reduction(self, head: str, letter: str) -> Any:
        if letter == "i":
            self.letters.append("i")
            value = REDUCED[head](self.product(), axis=0)
        elif letter:
            assert letter in COLUMNS
            assert letter not in self.letters, f"{letter} counts twice"
            self.letters.append(letter)
            value = REDUCED[head](self.product(), axis=-1, keepdims=True)
        else:
            return REDUCED[head](self.product())
        self.letters.pop()
        return value

    def atom(self) -> Any:
        kind = self.kind()
        called = kind == "name" and self.calls()
        text = self.take()
        if kind == "number":
            return float(text)
        if text == "∞":
            return math.inf
        if kind == "name":
            return self.call(text) if called else self.named(text)
        if text == "√":
            return np.sqrt(self.atom())
        if text in ("|", "‖"):
            self.bars += 1
            value = self.sum()
            self.take(text)
            self.bars -= 1
            return np.abs(value) if text == "|" else np.linalg.norm(value)
        bars, self.bars = self.bars, 0
        if text == "(":
            value = self.listed(")")
        elif text == "[":
            value = np.asarray(self.condition(), dtype=float)
            self.take("]")
        else:
            assert text == "{", f"{text!r} before {self.rest()!r}"
            value = self.cases()
        self.bars = bars
        return value

    def listed(self, end: str) -> Any:
        parts = [self.sum()]
        while self.peek() == ",":
            self.take()
            parts.append(self.sum())
        self.take(end)
        return parts[0] if len(parts) == 1 else tuple(parts)

    def call(self, name: str) -> Any:
        assert name in self.functions, f"the function {name}"
        self.take("(", skip=False)
        bars, self.bars = self.bars, 0
        across = getattr(self.functions[name], "across", False)
        self.letters.append("" if across else self.letters[-1])
        arguments = self.listed(")")
        self.letters.pop()
        self.bars = bars
        value = self.functions[name](*(arguments if isinstance(arguments, tuple) else (arguments,)))
        gives_row = getattr(self.functions[name], "gives_row", True)
        if across and self.letters[-1] and gives_row:
            # The index of the result stands behind the parenthesis.
            letter = self.tokens[self.at][1] if self.at < len(self.tokens) else ""
            assert letter == f"_{self.letters[-1]}", f"{name}(...) without its index {self.letters[-1]}"
            self.at += 1
        return value

    def named(self, text: str) -> Any:
        if text == "e" and "e" not in self.values:
            return math.e
        if text == "π":
            return math.pi
        name, letter = plain(text), ""
        if name not in self.values and re.search(r"_[a-z]$", name):
            name, letter = name[:-2], name[-1]
        assert name in self.values, f"{name} is not known"
        value = self.values[name]
        value = value() if callable(value) else value
        if np.ndim(value) and np.shape(value)[-1] > 1 and self.letters[-1] != "i":
            assert letter == self.letters[-1], f"{text} should carry the index {self.letters[-1]!r}"
        elif letter:
            assert letter == self.letters[-1], f"{text} carries an index that counts nothing"
        return value

    def condition(self) -> Any:
        value = self.one_condition()
        while self.peek() in ("and", "or"):
            joint = np.logical_and if self.take() == "and" else np.logical_or
            value = joint(value, self.one_condition())
        return value

    def one_condition(self) -> Any:
        if self.peek() == "not":
            self.take()
            self.take("(")
            value = self.condition()
            self.take(")")
            return np.logical_not(value)
        start = self.at
        if self.peek() == "(":  # either conditions in parentheses or the left side of a comparison
            try:
                self.take()
                value = self.condition()
                self.take(")")
                if self.peek() not in COMPARED:
                    return value
            except AssertionError:
                pass
            self.at = start
        left = self.sum()
        sign = self.take(*COMPARED)
        return COMPARED[sign](left, self.sum())

    def cases(self) -> Any:
        chosen: list[tuple[Any, Any]] = []
        while True:
            value = self.sum()
            if self.take("if", "otherwise") == "otherwise":
                self.take("}")
                break
            chosen.append((value, self.condition()))
            self.take(";")
        for earlier, test in reversed(chosen):
            value = np.where(test, earlier, value)
        return value


class Page(dict[str, Callable[..., Any]]):
    """Functions by name, from the lines that define them."""

    def define(self, lines: list[str]) -> None:
        """A definition and what its names stand for, such as relu(z) = ... and a = ..."""
        head, body = lines[0].split(" = ", 1)
        found = re.fullmatch(r"([\w']+)\(([^)]*)\)(_k)?", head)
        assert found, head
        formals = [formal.strip() for formal in found[2].split(",")]
        across = bool(re.search(r"_[kjh]\b", " ".join(lines)))

        def function(*arguments: Any) -> Any:
            values: dict[str, Any] = dict(zip(formals, arguments, strict=True))
            for line in lines[1:]:
                name, right = line.split(" = ", 1)
                letters = ["k"] if name.endswith("_k") else ["" if not across else "none"]

                def later(right: str = right, letters: list[str] = letters) -> Any:
                    return Reader(values, self, True, list(letters)).compute(right)

                values[name.removesuffix("_k")] = later
            return Reader(values, self, True, ["k" if found[3] else "none" if across else ""]).compute(body)

        function.across = across  # type: ignore[attr-defined]
        function.gives_row = bool(found[3])  # type: ignore[attr-defined]
        self[found[1]] = function


def page() -> Page:
    """The functions that everybody knows."""
    return Page(FUNCTIONS)


# LaTeX and MathML as the plain text that they mean.

GREEK = dict(
    re.findall(
        r"(\w+) (\w)",
        """alpha α beta β gamma γ delta δ zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ
        tau τ chi χ psi ψ omega ω varepsilon ε varphi φ""",
    )
)
SIGNS = {
    "odot": "⊙",
    "cdot": "·",
    "le": "≤",
    "ge": "≥",
    "ne": "≠",
    "leftarrow": "←",
    "infty": "∞",
    "lvert": "abs(",
    "rvert": ")",
    "lVert": "‖",
    "rVert": "‖",
    "|": "‖",
    "top": "ᵀ",
    "sum": "Σ",
    "prod": "Π",
    "max": "max",
    "min": "min",
    ",": " ",
    ";": " ",
}


@lru_cache(maxsize=4096)
def from_latex(latex: str) -> str:
    """A formula in LaTeX as plain text.

    Example:
        >>> from_latex(r"\\frac{a_{1} \\, b}{2} + \\mathrm{d}W_{2}^{\\top}")
        '((a1 b)/(2)) + dW2ᵀ'
    """
    tokens = re.findall(r"\\[A-Za-z]+\*?|\\.|[{}^_&]|'+|\d+(?:\.\d+)?|[A-Za-z]|.", latex)
    text, rest = _latex(tokens)
    assert not rest, rest
    return _tidy(text)


def _tidy(text: str) -> str:
    text = re.sub(r"(_[a-z])('+)", r"\2\1", text)  # a prime belongs to the name, not to its index
    return re.sub(r" +", " ", text).replace("( ", "(").replace(" )", ")").strip()


def _latex(tokens: list[str], end: str = "") -> tuple[str, list[str]]:
    """The text of tokens up to an end, and the tokens behind it."""
    out = ""
    while tokens:
        token, *tokens = tokens
        if token == end:
            return out, tokens
        if token == "{":
            inner, tokens = _latex(tokens, "}")
            out += inner
        elif token == "\\frac":
            top, tokens = _argument(tokens)
            bottom, tokens = _argument(tokens)
            out += f"(({top})/({bottom}))"
        elif token == "\\sqrt":
            inner, tokens = _argument(tokens)
            out += f"√({inner})"
        elif token in ("\\mathrm", "\\operatorname", "\\hat", "\\bar", "\\tilde", "\\text"):
            inner, tokens = _argument(tokens)
            accent = {"\\hat": "_hat", "\\bar": "_bar", "\\tilde": "_tilde"}.get(token, "")
            out += inner + accent
        elif token in ("\\left", "\\right"):
            if tokens[0] == "|":
                out += "abs(" if token == "\\left" else ")"
                tokens = tokens[1:]
        elif token == "\\begin":
            _, tokens = _argument(tokens)
            inner, tokens = _latex(tokens, "\\end")
            _, tokens = _argument(tokens)
            out += "{" + inner + "}"
        elif token == "\\\\":
            out += "; "
        elif token == "&":
            out += " "
        elif token == "^":
            inner, tokens = _argument(tokens)
            out += "ᵀ" if inner == "ᵀ" else f"^({inner})"
        elif token == "_":
            inner, tokens = _argument(tokens)
            out = _below(out, inner.split(","))
        elif token.startswith("\\"):
            name = token[1:]
            out += GREEK.get(name) or SIGNS.get(name) or name
        else:
            out += token
    assert not end, f"{end} is missing"
    return out, []


def _argument(tokens: list[str]) -> tuple[str, list[str]]:
    assert tokens[0] == "{", tokens
    return _latex(tokens[1:], "}")


def _below(out: str, items: list[str]) -> str:
    """What stands below a name: its number, the parameter that it is cut down to, the letter that counts."""
    base = out
    for item in items:
        item = item.strip()
        if item.isdigit():
            accent = re.search(r"_(hat|bar|tilde)$", base)
            base = base[: accent.start()] + item + accent[0] if accent else base + item
        elif len(item) == 1 and item in COLUMNS + "i":
            base += f"_{item}"
        else:
            base += f"[{item}]"
    return base


@lru_cache(maxsize=4096)
def from_mathml(mathml: str) -> str:
    """A formula in MathML as plain text.

    Example:
        >>> from_mathml("<math><mfrac><mi>a</mi><mrow><mn>2</mn></mrow></mfrac></math>")
        '((a)/(2))'
    """
    text = _element(ElementTree.fromstring(mathml))
    return _tidy(text)


def _element(node: ElementTree.Element) -> str:
    tag, parts = node.tag, [_element(child) for child in node]
    text = node.text or ""
    match tag, parts:
        case ("math" | "mrow" | "mtd", _):
            normal = [child.get("mathvariant") == "normal" and child.text == "d" for child in node]
            return "".join(parts) if not any(normal) else "d" + "".join(parts[1:])
        case "mi" | "mn", _:
            return text.replace("′", "'")
        case "mtext", _:
            return text.replace("\xa0", " ")
        case "mspace", _:
            return " "
        case "mo", _ if text == "|":
            return "abs(" if node.get("form") == "prefix" else ")"
        case "mo", _:
            known = {"\u2062": " ", "\u2061": "", "−": "-", "∑": "Σ", "∏": "Π", "′": "'", "′′": "''", "′′′": "'''"}
            spaced = text in "=←+<>≤≥≠⊙·−" and node.get("form") != "prefix"
            return f" {known.get(text, text)} " if spaced else known.get(text, text)
        case "mfrac", [top, bottom]:
            return f"(({top})/({bottom}))"
        case "msqrt", _:
            return f"√({''.join(parts)})"
        case "msup", [base, high]:
            return _above(base, high, node[1])
        case "msub", [base, _]:
            return _below(base, _items(node[1]))
        case "msubsup", [base, _, high]:
            return _above(_below(base, _items(node[1])), high, node[2])
        case "munder", [base, below]:
            return f"{base}_{below} "
        case "mover", [base, mark]:
            return base + {"^": "_hat", "‾": "_bar", "~": "_tilde"}[mark]
        case "mtable", _:
            return "; ".join(parts) + "}"
        case "mtr", _:
            return " ".join(parts)
    raise AssertionError(f"<{tag}> with {len(parts)} parts")


def _above(base: str, high: str, node: ElementTree.Element) -> str:
    if node.get("mathvariant") == "normal" and high == "T":
        return f"{base}ᵀ"
    return base + high if set(high) <= {"'"} else f"{base}^({high})"


def _items(node: ElementTree.Element) -> list[str]:
    nodes = list(node) if node.tag == "mrow" else [node]
    return [_element(item) for item in nodes if item.tag != "mo"]
