"""A function's own source: read from any way in which a formula can be written, and refused with what to do."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import numpy
import numpy as another_name
import numpy as np
import pytest
from numpy import where
from numpy import where as choose
from scipy import special

from pellucid import InputError
from pellucid.activations import ACTIVATIONS, largest_exponent, magnitude, sigmoid
from pellucid.initializers import INITIALIZERS
from pellucid.losses import LOSSES
from pellucid.optimizers import SGD, AdaGrad, Adam, Optimizer, RMSProp
from pellucid.source import number_like, read

SLOPE = 0.25
TABLE = [1, 2, 3]
array_0d = np.array(2.0)


def documented(z: np.ndarray, a: Any) -> np.ndarray:
    """What it does.

    At length.
    """
    # why the root
    # is taken
    root = np.sqrt(z * z + 1)  # never zero

    # an afterthought
    return (root - 1) / 2 + a  # done


# fmt: off
def on_one_line(z): return z * SLOPE + (z  >  0)
# fmt: on


def with_defaults(z, k=3, *, shift: float = 0.5):
    return (z + shift) ** k


def by_keyword(p, g, rate, t, v, *, momentum):
    v = momentum * v + g
    return p - rate * v, v


def over_lines(
    z: np.ndarray,
    a: np.ndarray,
) -> np.ndarray:
    return np.where(
        np.real(z) > 0,  # the real part
        z,
        np.exp(
            np.real(
                z + a,
            )
        ),
    )


def renamed(z):
    return numpy.tanh(z) + another_name.sin(z) - another_name.real(z) + math.sqrt(math.pi)


def by_name(z):
    return where(z > 0, z, choose(z < -1, -1, sin(z)))


sin = np.sin


def nested(z):
    def shifted(x: numpy.ndarray, by: float = 1.0) -> dict[str, Any]:
        return x + by + SLOPE

    def last(x: float) -> float:
        return x

    much: float  # to be said later
    much: numpy.float64 | float = 0 * SLOPE

    square = lambda r: r * r  # noqa: E731
    return sum(shifted(square(part)) + much for part in (z, 2 * z))


def calls_others(z):
    return _helper(z) + sigmoid(z)


def _helper(z):
    return z / 3


# fmt: off
def ünïcode(z):
    größe = np.real(z) * 2; return größe + np.real(größe - 1) * np.real(z)  # noqa: E702 — two on a line
# fmt: on


def keep(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


@keep
@keep
def decorated(z):
    return z + 1


def wrapped_by(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def inner(*args: Any) -> Any:
        return function(*args)

    return inner


@wrapped_by
def hidden(z):
    return z


def made(alpha, beta=array_0d):
    def leaky(z):
        return np.where(z > 0, z, alpha * z) * beta

    return leaky


PAIR = (lambda z: z + 1, lambda z: z - 1)
NESTED = [(lambda z: (lambda r: r * 2)(z) + 1), {"f": lambda z: [z, 3][0]}["f"]]
LONG = lambda z, a: (  # noqa: E731
    np.real(z)  # a comment that is lost
    + a
)
# fmt: off
IN_A_CALL = partial(lambda z, k: np.real( z )**k, k=2)
SPACED = lambda   z : np.maximum( z,0 )  # noqa: E731
# fmt: on


def lines(function: Callable[..., Any]) -> list[str]:
    return read(function).text.split("\n")


# What comes out.


def test_annotations_and_docstring_go_and_comments_stay() -> None:
    assert lines(documented) == [
        "def documented(z, a):",
        "    # why the root",
        "    # is taken",
        "    root = np.sqrt(z * z + 1)  # never zero",
        "",
        "    # an afterthought",
        "    return (root - 1) / 2 + a  # done",
    ]
    assert read(documented).arguments == ("z", "a")
    assert len(read(documented).body) == 2


def test_a_function_on_one_line() -> None:
    assert lines(on_one_line) == ["def on_one_line(z):", "    return z * SLOPE + (z  >  0)"]
    assert read(on_one_line).constants == {"SLOPE": 0.25}


def test_defaults_are_constants_that_it_takes_with_it() -> None:
    source = read(with_defaults)
    assert (source.arguments, source.constants) == (("z",), {"k": 3, "shift": 0.5})
    assert source.text == "def with_defaults(z, k, shift):\n    return (z + shift) ** k"


def test_what_must_be_named_is_an_argument_too() -> None:
    assert read(by_keyword).arguments == ("p", "g", "rate", "t", "v", "momentum")
    bound = read(partial(by_keyword, momentum=0.9))
    assert (bound.arguments, bound.constants) == (("p", "g", "rate", "t", "v"), {"momentum": 0.9})
    assert bound.text.startswith("def by_keyword(p, g, rate, t, v, momentum):\n")


def test_partials_of_partials_and_of_positions() -> None:
    source = read(partial(partial(with_defaults, k=1), k=2))
    assert (source.arguments, source.constants["k"]) == (("z",), 2)
    first = read(partial(by_keyword, 1.5))
    assert (first.arguments, first.constants) == (("g", "rate", "t", "v", "momentum"), {"p": 1.5})


def test_the_real_part_is_cut_out_over_lines_too() -> None:
    assert lines(over_lines) == [
        "def over_lines(z, a):",
        "    return np.where(",
        "        z > 0,  # the real part",
        "        z,",
        "        np.exp(",
        "            z + a",
        "        ),",
        "    )",
    ]


def test_parentheses_where_the_real_part_held_a_sum_together() -> None:
    assert lines(ünïcode)[1] == "    größe = z * 2; return größe + (größe - 1) * z  # noqa: E702 — two on a line"


def test_numpy_is_np_whatever_it_is_called() -> None:
    assert lines(renamed)[1] == "    return np.tanh(z) + np.sin(z) - z + math.sqrt(math.pi)"
    assert lines(by_name)[1] == "    return np.where(z > 0, z, np.where(z < -1, -1, np.sin(z)))"
    assert read(by_name).helpers == {}
    assert read(renamed).constants == {}


def test_functions_inside_a_function() -> None:
    source = read(nested)
    assert (source.constants, source.helpers) == ({"SLOPE": 0.25}, {})
    assert source.text.split("\n")[1:9] == [
        "    def shifted(x, by = 1.0):",
        "        return x + by + SLOPE",
        "",
        "    def last(x):",
        "        return x",
        "",
        "    pass  # to be said later",
        "    much = 0 * SLOPE",
    ]


def test_helpers_are_found_by_name() -> None:
    assert read(calls_others).helpers == {"_helper": _helper, "sigmoid": sigmoid}
    assert read(sigmoid).helpers == {"magnitude": magnitude}


def test_a_decorator_that_gives_the_function_back() -> None:
    assert lines(decorated) == ["def decorated(z):", "    return z + 1"]


def test_what_a_function_was_made_with() -> None:
    one, two = read(made(0.1)), read(made(0.2, 3))
    assert (one.constants, two.constants) == ({"alpha": 0.1, "beta": array_0d}, {"alpha": 0.2, "beta": 3})
    assert one.text == two.text == "def leaky(z):\n    return np.where(z > 0, z, alpha * z) * beta"


@pytest.mark.parametrize(
    ("function", "body"),
    [
        (PAIR[0], "z + 1"),
        (PAIR[1], "z - 1"),
        (NESTED[0], "(lambda r: r * 2)(z) + 1"),
        (NESTED[1], "[z, 3][0]"),
        (LONG, "z + a"),
        (IN_A_CALL, "z**k"),
        (SPACED, "np.maximum( z,0 )"),
    ],
)
def test_lambdas_wherever_they_stand(function: Callable[..., Any], body: str) -> None:
    header, text = lines(function)
    assert header.startswith("def <lambda>(z")
    assert text == f"    return {body}"


def test_functions_of_numpy() -> None:
    source = read(np.tanh)
    assert (source.name, source.arguments, source.text) == ("np.tanh", ("x",), "def tanh(x):\n    return np.tanh(x)")
    assert read(np.maximum).arguments == ("x", "y")
    assert read(np.absolute).name == "np.absolute"


def test_the_same_function_is_read_once() -> None:
    assert read(documented) is read(documented)


# The text computes what the function computes, for every formula that there is.


def formulas() -> list[Callable[..., Any]]:
    optimizers: list[Optimizer] = [SGD(), SGD(0.1, 0.9), SGD(0.1, 0.9, True), AdaGrad(), RMSProp(), Adam()]
    return [
        *(f for record in ACTIVATIONS.values() for f in (record.value, record.slope, record.pull) if f is not None),
        *(f for record in LOSSES.values() for f in (record.value, record.gradient)),
        *(record.draw for record in INITIALIZERS.values()),
        *(partial(optimizer.rule().formula, **optimizer.rule().constants) for optimizer in optimizers),
        *(documented, on_one_line, over_lines, renamed, by_name, nested, calls_others, ünïcode, decorated, made(0.3)),
        *(PAIR[0], PAIR[1], NESTED[0], NESTED[1], LONG, IN_A_CALL, SPACED, largest_exponent),
    ]


def built(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function made again, from its text, constants and helpers alone."""
    source = read(function)
    names: dict[str, Any] = {"np": np, "math": math, **source.constants}
    names |= {name: built(helper) for name, helper in source.helpers.items()}
    exec(source.text.replace("<lambda>", "made_again"), names)
    again = names["made_again" if source.name == "<lambda>" else source.name.removeprefix("np.")]
    taken = again.__code__.co_varnames[: again.__code__.co_argcount]
    return partial(again, **{name: value for name, value in source.constants.items() if name in taken})


@pytest.mark.parametrize("function", formulas(), ids=lambda f: read(f).name)
def test_the_text_computes_the_same(function: Callable[..., Any]) -> None:
    arguments = read(function).arguments
    rng = np.random.default_rng(0)
    if arguments[0] == "rng":
        given: list[Any] = [4, 3]
        ours, theirs = built(function)(np.random.default_rng(1), *given), function(np.random.default_rng(1), *given)
    else:
        given = [rng.normal(size=(5, 3)) if name not in ("rate", "t") else 3 for name in arguments]
        given = [abs(g) if name in ("s", "v") else g for name, g in zip(arguments, given, strict=True)]  # squares
        ours, theirs = built(function)(*given), function(*given)
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (ours, theirs)), strict=True):
        assert np.array_equal(a, b)


# What cannot be read says so.


def takes_anything(*args):
    return args[0]


def uses_a_list(z):
    return z * TABLE[0]


def uses_a_module(z):
    return special.erf(z)


def only_a_docstring(z):
    """Nothing else."""


class Callable_:
    def __call__(self, z: Any) -> Any:
        return z


def typed_at_a_prompt() -> Any:
    names: dict[str, Any] = {}
    exec("def typed(z):\n    return z", names)
    return names["typed"]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (takes_anything, "takes_anything takes .args or ..kwargs: name its arguments"),
        (hidden, "hidden takes .args or ..kwargs"),
        (uses_a_list, "uses 'TABLE', which is neither a number"),
        (uses_a_module, "uses 'special', which is neither a number, nor NumPy"),
        (only_a_docstring, "only_a_docstring has no statement but its docstring"),
        (special.erf, "erf.* has no Python source to read: define it with def"),
        (np.vectorize(math.erf), "has no Python source to read"),
        (Callable_(), "has no Python source to read"),
        (abs, "has no Python source to read"),
        (typed_at_a_prompt(), "The source of typed cannot be read: define it in a file or a notebook"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(function: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(function)


def test_a_file_that_has_changed_is_noticed(tmp_path: Any) -> None:
    file = tmp_path / "formula.py"
    file.write_text("def f(z):\n    return z + 1\n")
    names: dict[str, Any] = {"__name__": "formula"}
    exec(compile(file.read_text(), str(file), "exec"), names)
    file.write_text("\n\ndef g(z):\n    return z + 1\n")
    with pytest.raises(InputError, match="has changed: start Python again"):
        read(names["f"])


def test_numbers() -> None:
    assert all(map(number_like, (1, 1.5, True, np.float32(1), np.array(2.0))))
    assert not any(map(number_like, ("1", None, [1], np.ones(1), np.tanh)))
