"""Functions are read rightly: made-up ones, written in three ways and read back, give their own values."""

from __future__ import annotations

import importlib.util
import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import equation_reader as reader
from pellucid.explain.notation.definitions import Called, Definitions
from pellucid.explain.notation.latex import Latex
from pellucid.explain.notation.mathml import MathML
from pellucid.explain.notation.numpy_words import Unreadable
from pellucid.explain.notation.text import Text
from pellucid.explain.notation.tree import Apply, Definition, Line, Symbol
from pellucid.explain.notation.writing import inside

Z, A = Symbol("z", "k"), Symbol("a", "k")


def written(definition: Definition, way: int) -> list[str]:
    """The lines of a definition as plain text, by way of text, LaTeX or MathML."""

    def one(line: Line) -> str:
        place = inside(definition, line)
        if way == 0:
            return " ".join(Text().line(line, place))
        if way == 1:
            return reader.from_latex(" ".join(Latex().line(line, place)))
        return reader.from_mathml(f"<math>{''.join(MathML().line(line, place))}</math>")

    return [one(line) for line in (definition.line, *definition.where)]


def definitions(function: Callable[..., Any], name: str = "f") -> tuple[Definition, ...]:
    book = Definitions()
    call = book.call(Called(function, name, (Z, A)), [Symbol("z1", "nk"), Symbol("a1", "nk")], most=0)
    return book.fresh([call])


def assert_true(function: Callable[..., Any], source: str) -> None:
    """What is written of a function, in all three ways, has its values."""
    rng = np.random.default_rng(0)
    z, a = rng.normal(size=(5, 4)), rng.uniform(0.1, 2.0, (5, 4))
    with np.errstate(all="ignore"):
        expected = np.asarray(function(z.copy(), a.copy()))  # some work in place
    found = definitions(function)
    assert found, source
    head = found[0].line.left
    assert isinstance(head, Apply)
    given = {"z": z, "a": a}
    arguments = [given[symbol.name] for symbol in head.arguments if isinstance(symbol, Symbol)]
    for way in range(3):
        page = reader.page()
        lines = [written(definition, way) for definition in found]
        for block in lines:
            page.define(block)
        with np.errstate(all="ignore"):
            value = np.asarray(page[head.function.name](*arguments))
        shaped = (
            np.broadcast_to(value, expected.shape) if value.size != expected.size else value.reshape(expected.shape)
        )
        np.testing.assert_allclose(shaped, expected, rtol=1e-7, atol=1e-9, err_msg=f"{source}\n{lines}")


class Maker:
    """Makes up functions of two arrays."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = ["z", "a"]

    def expression(self, depth: int) -> str:
        pick = self.random.choice
        if depth == 0:
            return pick([*self.names, *self.names, *self.names, "2", "0.5", "1", "K", "3.25", "1e-3"])
        x, y = self.expression(depth - 1), self.expression(self.random.randrange(depth))
        return pick(
            [
                lambda: f"({x} + {y})",
                lambda: f"({x} - {y})",
                lambda: f"({y} - {x})",
                lambda: f"({x} * {y})",
                lambda: f"({y} * {x})",
                lambda: f"({x} / (2 + ({y}) ** 2))",
                lambda: f"({x} / 3 * {y})",
                lambda: f"-({x})",
                lambda: f"({x}) ** {pick([2, 3])}",
                lambda: f"np.exp(-({x}) ** 2)",
                lambda: f"np.exp(np.tanh({x}))",
                lambda: f"np.tanh({x})",
                lambda: f"np.sqrt(1 + ({x}) ** 2)",
                lambda: f"np.log1p(np.abs({x}))",
                lambda: f"np.abs({x})",
                lambda: f"np.sign({x})",
                lambda: f"np.where({x} {pick(['<', '<=', '>', '>='])} {y}, {y}, {x})",
                lambda: f"np.where(({x} > 0) & ~({y} > 1), {x}, 0)",
                lambda: f"np.where({x} < 0, -({x}), {x})",
                lambda: f"np.maximum({x}, {y})",
                lambda: f"np.clip({x}, -1, {y})",
                lambda: f"({x} > {y}) * {y}",
                lambda: f"helper({x})",
                lambda: f"halved({x}, {y})",
                lambda: f"np.sum({x} * z, axis=-1, keepdims=True)",
                lambda: f"np.max({x} + a, axis=1, keepdims=True)",
                lambda: f"np.mean(z * {x}, axis=1)[:, None]",
                lambda: f"({x} if K > 1 else {y})",
                lambda: f"scaled({x} + z)",
            ]
        )()

    def function(self, name: str) -> str:
        self.names = ["z", "a"]
        lines = []
        for local in self.random.sample(["u", "v", "e", "z"], self.random.randrange(4)):
            lines.append(f"    {local} = {self.expression(2)} + a - z")
            self.names.append(local)
        if self.random.random() < 0.2:
            lines.append(f"    if K {self.random.choice('<>')} 1:\n        return {self.expression(2)} + z + a")
        if self.random.random() < 0.3:
            lines.append(f"    {self.names[-1]} {self.random.choice(['+=', '*='])} {self.expression(1)}")
        body = "\n".join([*lines, f"    return {self.expression(3)} + z + a"])
        return f"def {name}(z, a):\n{body}\n"


HEAD = """
import numpy as np
K = 2.5
def helper(x):
    return x / (1 + np.abs(x))
def halved(x, y):
    h = x * y + y
    return h / 2 - np.tanh(h)
def scaled(row):
    return row / np.sqrt(1 + np.sum(row * row, axis=-1, keepdims=True))
"""


def module(path: Path, text: str) -> ModuleType:
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = found
    spec.loader.exec_module(found)
    return found


def made_up(tmp_path: Path, seed: int, count: int) -> Iterator[tuple[Callable[..., Any], str]]:
    maker = Maker(seed)
    sources = [maker.function(f"f{i}") for i in range(count)]
    made = module(tmp_path / f"made_up_{seed}.py", HEAD + "\n".join(sources))
    for i, source in enumerate(sources):
        yield getattr(made, f"f{i}"), source


def test_made_up_functions_are_written_truly(tmp_path: Path) -> None:
    for function, source in made_up(tmp_path, 1, 50):
        assert_true(function, source)


@pytest.mark.nightly
def test_many_more_made_up_functions_are_written_truly(tmp_path: Path) -> None:
    for seed in range(2, 18):
        for function, source in made_up(tmp_path, seed, 100):
            assert_true(function, source)


FORMULAS = {
    "z ** -2": "z^(-2)",
    "2 ** z": "2^z",
    "-z ** 2 + a": "-z² + a",
    "(-z) ** 2": "(-z)²",
    "a ** 0.5": "√a",
    "a ** (1 / 3)": "a^(1/3)",
    "np.exp(z) ** 2": "(e^z)²",
    "np.exp(z ** 2)": "e^(z²)",
    "np.exp(np.exp(z))": "e^(e^z)",
    "z ** 2 ** z": "z^(2^z)",
    "(z ** 3) ** a": "(z³)^a",
    "z / (a / 2)": "2 z / a",
    "z / a / 2": "(z/a)/2",
    "z / (2 * a)": "z/(2 a)",
    "z / 2 * a": "(z/2) a",
    "z * (a / 2)": "z a/2",
    "z - (a - 1)": "z - (a - 1)",
    "z - (a + 1)": "z - (a + 1)",
    "z + (a - 1)": "z + a - 1",
    "z - -a": "z + a",
    "z * -a": "-z a",
    "-(z + a)": "-(z + a)",
    "z * z * a * a": "z² a²",
    "a * 0.5 * 3": "0.5 · 3 a",
    "z * 1 + 0": "z",
    "z / a * a": "z",
    "1 / a * z / a": "(1/a) z / a",
    "np.abs(np.abs(z) - a)": "abs(|z| - a)",
    "np.abs(z * np.abs(a))": "abs(z |a|)",
    "np.abs(z) * np.abs(a)": "|z| |a|",
    "abs(-z)": "|z|",
    "np.where(z < 0, -z, z)": "|z|",
    "np.where(z >= 0, z, -z)": "|z|",
    "np.where(z > 0, z, np.exp(np.where(z > 0, 0, z)))": "{z if z > 0; e^z otherwise}",
    "np.exp(np.where(z > a, a, z))": "{e^a if z > a; e^z otherwise}",
    "np.where(z < 0, 1, np.where(z < 1, 2, 3))": "{1 if z < 0; 2 if z < 1; 3 otherwise}",
    "np.where(z < 0, a, np.where(z > 1, a, z))": "{a if z < 0 or z > 1; z otherwise}",
    "np.where((z > 0) | ~(z > a) & (a > 1), z, a)": "{z if z > 0 or ((not (z > a)) and a > 1); a otherwise}",
    "np.where(not False, z, a)": "z",
    "(z > 0) * z": "[z > 0] z",
    "z * (z > 0).astype(float)": "z [z > 0]",
    "np.logaddexp(z, a)": "log(e^z + e^a)",
    "np.expm1(z)": "e^z - 1",
    "np.log1p(a)": "log(1 + a)",
    "np.log(a) ** 2": "log(a)²",
    "np.square(z + 1)": "(z + 1)²",
    "np.sqrt(z * z)": "√(z²)",
    "np.sqrt(2 / np.pi) * z": "√(2/π) z",
    "0.7978845608028654 * z": "√(2/π) z",
    "0.3333333333333333 * z": "(1/3) z",
    "z * 1e-7 + 2.5e10": "1e-7 z + 25000000000",
    "np.minimum(z, 1) + max(2, 3)": "min(z, 1) + max(2, 3)",
    "z.clip(-1, 1)": "min(max(z, -1), 1)",
    "np.clip(z, -np.inf, a)": "min(max(z, -∞), a)",
    "np.hypot(z, a)": "√(z² + a²)",
    "np.cosh(z) / math.e": "cosh(z)/e",
    "np.real(z) + z.real": "z + z",
    "np.full_like(z, 2) * np.ones_like(z) + np.zeros_like(z)": "2",
    "z - np.max(z, axis=-1, keepdims=True)": "z_k - max_j z_j",
    "z / z.sum(axis=1)[:, np.newaxis]": "z_k / Σ_j z_j",
    "np.exp(z) / np.exp(z).sum(-1, keepdims=True)": "e^z_k / Σ_j e^z_j",
    "np.max(np.sum(z, axis=1, keepdims=True) * z, axis=-1, keepdims=True) * z": "(max_j (Σ_h z_h) z_j) z_k",
    "np.reciprocal(a) + np.negative(z)": "1/a - z",
    "np.add(z, np.multiply(a, np.divide(z, 2)))": "z + a z/2",
    "np.sin(z, dtype=np.float64)": "sin(z)",
    "(lambda: z)()": None,
    "np.fft.fft(z)": None,
    "z[0]": None,
    "z[..., ::2]": None,
    "z % 2": None,
    "np.sum(z, axis=0)": None,
    "np.nanmax(z)": "nanmax(z)",
    "[x for x in z]": None,
    "np.sum(z, axis=1, where=z > 0)": None,
    "np.add(z, a, out=z)": None,
    "np.tanh(*[z])": None,
    "np.tanh(z, **{})": None,
    "np.max(z, axis=1, initial=0.0)": None,
}


def test_formulas_look_as_one_would_write_them(tmp_path: Path) -> None:
    lines = [f"f{i} = lambda z, a: {source}" for i, source in enumerate(FORMULAS)]
    made = module(tmp_path / "as_written.py", "import math\nimport numpy as np\n" + "\n".join(lines))
    for i, (source, expected) in enumerate(FORMULAS.items()):
        function = getattr(made, f"f{i}")
        found = definitions(function)
        if expected is None:
            assert not found, source
            continue
        assert found, source
        head, text = written(found[0], 0)[0].split(" = ", 1)
        assert text == expected, source
        assert head.startswith("f("), source
        if expected != "nanmax(z)":
            assert_true(function, source)


STATEMENTS = """
import numpy as np

def several(z, a):
    u, v = z + 1, z - 1
    w: float = u * v
    assert w is not None
    pass
    "a text"
    return np.tanh(w) * w + w

def renamed(z, a):
    z = np.tanh(z) + 1
    z = z * z - a + z
    return z + z * z

def early(z, a):
    scale = np.max(np.abs(z))
    if scale == 0:
        return z
    return z / scale

def otherwise(z, a):
    if np.max(z) > 1:
        s = 2 * a
    elif np.max(z) < 0:
        s = a
    else:
        s = 0 * a
    return s * z

def chained(z, a):
    u = v = np.sin(z) + a
    return u * v + np.cos(u) * v

def exponent(z, a):
    e = np.exp(z) + np.exp(-z) + a
    return np.exp(e) / (e + e * e)

def twice(z, a, depth=2, sharp=True):
    return np.tanh(depth * z) if sharp else z

def endless(z, a):
    return endless(z, a) + 1

def looping(z, a):
    while True:
        z = z + 1
    return z

def silent(z, a):
    z + 1

def many(z, a):
    if a[0] > 0: return z
    return a

def inner(z, a):
    def g(x):
        return x
    return g(z)

def splits(z, a):
    if np.max(z) > 1: z = z + 1
    if np.max(z) > 2: z = z + 1
    if np.max(z) > 3: z = z + 1
    if np.max(z) > 4: z = z + 1
    if np.max(z) > 5: z = z + 1
    if np.max(z) > 6: z = z + 1
    if np.max(z) > 7: z = z + 1
    return z
"""
READ = {
    "several": ["f(z) = tanh(w) w + w", "w = (z + 1) (z - 1)"],
    "renamed": ["f(z, a) = z'' + z''²", "z'' = (tanh(z) + 1)² - a + tanh(z) + 1"],
    "early": ["f(z) = {z if max |z| = 0; z / max |z| otherwise}"],
    "otherwise": ["f(z, a) = {2 a z if max z > 1; a z if max z < 0; 0 otherwise}"],
    "chained": ["f(z, a) = (sin(z) + a)² + cos(sin(z) + a) (sin(z) + a)"],
    "exponent": ["f(z, a) = e^e'/(e' + e'²)", "e' = e^z + e^(-z) + a"],
    "twice": ["f(z) = tanh(2 z)"],
}


def test_statements_are_followed_and_what_cannot_be_is_left(tmp_path: Path) -> None:
    made = module(tmp_path / "statements.py", STATEMENTS)
    for name in re.findall(r"def (\w+)", STATEMENTS):
        if not hasattr(made, name):
            continue
        found = definitions(getattr(made, name))
        if name not in READ:
            assert not found, name
            continue
        assert [line for definition in found for line in written(definition, 0)] == READ[name]
        assert_true(getattr(made, name), name)


def test_two_functions_of_one_name_are_told_apart(tmp_path: Path) -> None:
    text = "import numpy as np\ndef f(z, a):\n    return np.tanh(z) + 1\n"
    one, two = (module(tmp_path / f"{name}.py", text.replace("1", n)).f for name, n in (("one", "1"), ("two", "2")))
    book = Definitions()
    calls = [book.call(Called(f, "f", (Z, A)), [Z, A], most=0) for f in (one, two, one)]
    assert [Text().write(call).text for call in calls] == ["f(z)", "f_2(z)", "f(z)"]
    assert [written(d, 0) for d in book.fresh(calls)] == [["f(z) = tanh(z) + 1"], ["f_2(z) = tanh(z) + 2"]]
    assert book.fresh(calls) == ()  # each is shown once


def test_a_function_that_gives_the_same_number_for_every_array_is_that_number(tmp_path: Path) -> None:
    text = """
import numpy as np
def largest(z):
    return float(np.finfo(z.dtype).max)
def half(z):
    return len(str(z.dtype)) / 14
def noisy(z):
    return float(np.finfo(z.dtype).max) * z.sum()
def f(z, a):
    return largest(z) / z + half(z) * noisy(z)
"""
    (found,) = definitions(module(tmp_path / "constant.py", text).f)
    assert written(found, 0) == ["f(z) = largest/z + 0.5 noisy(z)", "largest = 1.7976931348623157e308"]


def test_a_formula_is_read_with_the_right_number_of_arguments() -> None:
    with pytest.raises(Unreadable):
        Definitions().formula(lambda z: z, [Z, A])
    with pytest.raises(Unreadable):
        Definitions().formula(lambda z, a: z, [Z])
