"""The pieces of a program: numbers and arrays read back bit for bit, names are names, functions stand there once."""

from __future__ import annotations

import keyword
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.activations import gelu, gelu_slope, relu, sigmoid, swish, swish_slope
from pellucid.explain.names import RESERVED
from pellucid.explain.program.arrays import Store
from pellucid.explain.program.library import Library
from pellucid.explain.program.text import edited, filled, grouped, identifier, number, replaced, without_math

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def same(a: Any, b: Any) -> bool:
    """Equal in every bit, the sign of zero included."""
    return np.asarray(a).dtype == np.asarray(b).dtype and np.asarray(a).tobytes() == np.asarray(b).tobytes()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(value=st.floats(allow_nan=False) | st.integers(-(2**62), 2**62) | st.booleans())
def test_numbers_read_back(value: Any) -> None:
    assert same(eval(number(value), {"np": np}), value)
    single = np.float32(value % 1000 if isinstance(value, int) else value if abs(value) < 1e38 else 1)
    assert same(eval(number(single, double=False), {"np": np}), single)
    assert number(float("nan")) == "np.nan"


@settings(max_examples=100, deadline=None, derandomize=True)
@given(data=st.data(), rows=st.integers(1, 12), columns=st.integers(0, 12), whole=st.booleans())
def test_arrays_read_back(data: Any, rows: int, columns: int, whole: bool) -> None:
    count, shape = rows * max(columns, 1), (rows, columns) if columns else (rows,)
    numbers = st.integers(-(2**62), 2**62) if whole else FLOATS | st.integers(0, 9).map(float)
    values = np.array(data.draw(st.lists(numbers, min_size=count, max_size=count))).reshape(shape)
    kind = "int" if whole else "float"
    names: dict[str, Any] = {"np": np}
    exec("\n".join(Store().lines("A", values, "some", kind)), names)
    assert same(names["A"], values)
    assert names["A"].shape == values.shape
    lines = Store().lines("A", values, "some", kind)
    assert len(lines) <= 14
    assert max(map(len, lines)) <= 120 or (len(" ".join(lines)) > 1000 and any("noqa" in line for line in lines))


def test_arrays_beside_a_program_keep_their_size() -> None:
    store = Store(Path("a.py"))
    pixels = np.arange(2560, dtype=np.uint8).reshape(10, 256)
    assert store.lines("X", pixels) == ['X = saved["X"].astype(float)']
    assert store.lines("t", pixels.astype(float)) == ['t = saved["t"]']
    assert store.lines("y", np.arange(999), kind="int") == ['y = saved["y"]']
    assert store.saved["X"] is pixels
    assert store.loading()[0] == "# Saved beside this program: X (10, 256), t (10, 256), y (999,)"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(label=st.text())
def test_any_label_becomes_a_name(label: str) -> None:
    name = identifier(label)
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)


def test_edits_may_touch_and_stand_on_several_lines() -> None:
    import ast

    text = "a + (b\n  * ü) + c"
    names = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    assert edited(text, [replaced(node, node.id * 2) for node in names]) == "aa + (bb\n  * üü) + cc"
    product = next(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.BinOp) and node.lineno == 1)
    assert edited(text, [replaced(product, "x")]) == "x"


def test_math_inside_math() -> None:
    assert without_math("math.exp(math.log(x) * -math.sin(math.pi))") == (
        "float(np.exp(float(np.log(x)) * -float(np.sin(np.pi))))"
    )
    assert without_math("math.erf(x) + math.tau + np.exp(x)") == "math.erf(x) + math.tau + np.exp(x)"


def test_what_needs_parentheses() -> None:
    for whole in ("z", "z.T", "f(a + b)", "w[0]", "3.5", "[1, 2]", "(a + b)"):
        assert eval(f"2 * {grouped(whole)}", {}, Anything()) == eval(f"2 * ({whole})", {}, Anything())
    assert grouped("a + b") == "(a + b)"
    assert grouped("-a") == "(-a)"


class Anything(dict[str, Any]):
    """Every name means something that can be added, called and indexed."""

    def __missing__(self, name: str) -> Any:
        return type("Some", (float,), {"T": 3.0, "__call__": lambda self, x: x, "__getitem__": lambda s, i: 5.0})(2)


def test_long_lists_are_broken_as_formatters_do() -> None:
    names = [f"dW{i}" for i in range(20)]
    assert filled("gradients = [", names, "]") == ["gradients = [", f"    {', '.join(names)}", "]"]
    names = [f"dW{i}" for i in range(40)]
    assert filled("gradients = [", names, "]") == ["gradients = [", *(f"    {name}," for name in names), "]"]


def test_a_function_that_helps_keeps_its_arguments_and_stands_once() -> None:
    def helped(z: Any, a: Any) -> Any:
        s = gelu_slope(z, a)
        return s + swish(z)

    library = Library(RESERVED)
    library.expect([("a test", f) for f in (gelu, gelu_slope, swish_slope, helped, relu)])
    assert library.formula(gelu_slope, "gelu_slope")("z1", "a1") == "gelu_slope(z1, a1)"
    assert library.formula(helped, "helped")("z1", "a1") == "helped(z1, a1)"
    assert library.formula(swish_slope, "swish_slope")("z1", "a1") == "swish_slope(z1, a1)"
    headers = [text.partition("\n")[0] for text in library.definitions]
    assert headers == [
        "def gelu_slope(z, a):",
        "def magnitude(r):",
        "def sigmoid(z):",
        "def swish(z):",
        "def helped(z, a):",
        "def swish_slope(z, a):",
    ]
    assert library.constants == {"SQRT_2_OVER_PI": "0.7978845608028654"}


def test_a_name_that_the_program_uses_itself_is_not_given_away() -> None:
    library = Library({*RESERVED, "sigmoid"})
    library.expect([("a test", sigmoid)])
    assert library.formula(sigmoid, "the logistic function")("z1") == "the_logistic_function(z1)"
    again = Library({*RESERVED, "sigmoid", "logistic"})
    assert again.formula(sigmoid, "logistic")("z1") == "logistic_2(z1)"
