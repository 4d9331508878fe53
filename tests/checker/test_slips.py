"""A program that fails is told in words: the right slip, the right line, in English and in Chinese."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import textwrap
import tokenize
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broken_programs import BEGIN, BROKEN, Broken
from pellucid.checker import slips
from pellucid.checker.slips import LANGUAGES, Slip, explain_exception
from pellucid.checker.slips.cases import Case, Told, catalogue
from pellucid.checker.slips.places import Source, excerpt
from pellucid.checker.slips.values import MISSING, described, value_of

CLI = Path(slips.__file__).parents[2] / "cli"


def failing(path: Path, code: str) -> BaseException:
    """Run a program until it fails."""
    path.write_text(code, encoding="utf-8")
    module = types.ModuleType("mynet")
    module.__file__ = str(path)
    try:
        exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), module.__dict__)
        if callable(module.__dict__.get("loss")):
            module.__dict__["loss"](module.__dict__["params"])
    except BaseException as error:
        return error
    raise AssertionError("this program runs")


def told(path: Path, code: str, lang: str = "en") -> Slip:
    slip = explain_exception(failing(path, code), path, lang)
    assert slip is not None
    return slip


def whole(case: Broken) -> str:
    return f"{BEGIN.strip()}\n\n{textwrap.dedent(case.code).strip()}\n"


@pytest.mark.parametrize("case", BROKEN, ids=[f"{i}-{case.kind}" for i, case in enumerate(BROKEN)])
def test_the_slip_is_named_in_both_languages(
    case: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["mynet.py"])
    code = whole(case)
    line = next(i for i, text in enumerate(code.splitlines(), 1) if "# here" in text)
    error = failing(tmp_path / "mynet.py", code)
    for lang, words in (("en", case.english), ("zh", case.chinese)):
        slip = explain_exception(error, Path("mynet.py"), lang)
        assert slip is not None
        text = str(slip)
        assert slip.kind == case.kind, text
        assert slip.line == line, text
        assert slip.file == "mynet.py"
        assert f"{line:>5} | " in text
        for phrase in words:
            assert phrase in text, text
        assert "Traceback" not in text
        assert type(error).__name__ in text.splitlines()[-1], "Python's own words, to search for"
        assert any("一" <= sign <= "鿿" for sign in slip.where) == (lang == "zh")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_sentences() -> None:
    english, chinese = (catalogue(lang) for lang in LANGUAGES)
    assert english.keys() == chinese.keys()
    for key in english.keys() - {"example"}:
        assert places(english[key]) == places(chinese[key]), key
    assert all(any("一" <= sign <= "鿿" for sign in chinese[key]) for key in chinese if key.startswith(("s_", "fix_")))


def test_every_sentence_is_used() -> None:
    folder = Path(slips.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in [*folder.glob("*.py"), *CLI.glob("*.py")])
    made = ("v_", "number_")  # from the kind of a value, and from what it was used as
    unused = [key for key in catalogue("en") if f'"{key}"' not in code and not key.startswith(made)]
    assert unused == []


def test_many_rules_are_covered() -> None:
    assert len({case.kind for case in BROKEN}) >= 90


def test_the_caret_is_under_the_failing_part(tmp_path: Path) -> None:
    slip = told(tmp_path / "m.py", "import numpy as np\nz = 1 + np.ones((2, 3)) @ np.ones(2)\n")
    code, carets = slip.excerpt.splitlines()
    begin = carets.index("^")
    assert code[begin : carets.rindex("^") + 1] == "np.ones((2, 3)) @ np.ones(2)"


def test_the_caret_counts_wide_letters_and_tabs(tmp_path: Path) -> None:
    slip = told(tmp_path / "m.py", "def f():\n\treturn '损失' + x\nf()\n", "zh")
    code, carets = slip.excerpt.splitlines()
    assert code == "    2 |     return '损失' + x"
    assert carets == "      | " + " " * (len("    return '损失' + ") + 2) + "^"


def test_a_long_line_is_cut_around_its_failing_part(tmp_path: Path) -> None:
    code = "values = [" + "1, " * 60 + "missing, " + "2, " * 60 + "]\n"
    shown, carets = told(tmp_path / "m.py", code).excerpt.splitlines()
    assert len(shown) <= 100
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "missing"


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    text=st.text(alphabet="ab é中\t(+", max_size=150),
    begin=st.integers(0, 150),
    length=st.integers(0, 150),
)
def test_an_excerpt_is_two_lines_at_most_and_narrow(text: str, begin: int, length: int) -> None:
    lines = excerpt(Source("a.py", (text,), ast.Module([], [])), 1, (begin, begin + length)).splitlines()
    assert len(lines) in (1, 2)
    assert all(sum(2 if sign == "中" else 1 for sign in line) <= 100 for line in lines)
    assert all(re.fullmatch(r" *\| *\^+", line) for line in lines[1:])


sizes = st.integers(1, 4)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(a=st.tuples(sizes, sizes), b=st.tuples(sizes, sizes))
def test_products_that_are_proposed_can_be_calculated(a: tuple[int, int], b: tuple[int, int]) -> None:
    """For any two matrices that do not fit, what is proposed fits; and nothing is proposed only where nothing does."""
    if a[1] == b[0]:
        return
    code = f"import numpy as np\nA, B = np.ones({a}), np.ones({b})\nC = A @ B\n"
    with TemporaryDirectory() as folder:
        text = str(told(Path(folder) / "m.py", code))
    proposed = re.findall(r"[AB](?:\.T)? @ [AB](?:\.T)?", text.partition("Perhaps")[2])
    A, B = np.ones(a), np.ones(b)
    for expression in proposed:
        eval(expression, {"A": A, "B": B})
    ways = [A @ B.T if a[1] == b[1] else None, A.T @ B if a[0] == b[0] else None, B @ A if b[1] == a[0] else None]
    assert bool(proposed) == any(way is not None for way in ways)
    assert f"A is {a}, B is {b}" in text


def test_without_columns_the_line_alone_is_enough(tmp_path: Path) -> None:
    """`python -X no_debug_ranges` leaves out where in a line it was."""
    program = tmp_path / "m.py"
    program.write_text("import numpy as np\nX, W = np.ones((4, 2)), np.ones((3, 2))\nz = X @ W\n", encoding="utf-8")
    script = (
        "import pathlib, sys\nfrom pellucid.checker.slips import explain_exception\npath = pathlib.Path(sys.argv[1])\n"
        "try:\n    exec(compile(path.read_text(), str(path), 'exec'), {})\n"
        "except ValueError as error:\n    print(explain_exception(error, path))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-X", "no_debug_ranges", "-c", script, str(program)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stderr == ""
    assert "line 3" in ran.stdout
    assert "X is an array (4, 2)" in ran.stdout or "X is (4, 2)" in ran.stdout


def test_modules_beside_the_program_are_the_learners_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "my_layers.py").write_text("def dense(X, W):\n    return X @ W\n", encoding="utf-8")
    code = "import numpy as np\nimport my_layers\nmy_layers.dense(np.ones((4, 2)), np.ones((3, 2)))\n"
    slip = told(tmp_path / "mynet.py", code)
    assert (Path(slip.file).name, slip.line, slip.kind) == ("my_layers.py", 2, "product")
    assert "X is (4, 2), W is (3, 2)" in str(slip)
    assert "line 3 of mynet.py" in str(slip)


def test_a_failure_inside_a_library_is_told_at_the_learners_line(tmp_path: Path) -> None:
    slip = told(tmp_path / "m.py", "import numpy as np\n\nW = np.linalg.inv(np.zeros((2, 2)))\n")
    assert (slip.line, slip.kind) == (3, "other")
    assert "LinAlgError" in str(slip)


def test_what_never_was_in_the_learners_code_is_nobodys_slip(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no number") as caught:
        int("no number")
    assert explain_exception(caught.value, tmp_path / "mynet.py") is None


def test_objects_that_cannot_be_looked_at_are_left_alone(tmp_path: Path) -> None:
    code = """
class Hostile:
    def __getattr__(self, name):
        raise RuntimeError("do not look")
    __len__ = __repr__ = __str__ = __eq__ = __bool__ = __iter__ = lambda *any: 1 / 0

h = Hostile()
h + 3
"""
    slip = told(tmp_path / "m.py", code)
    assert slip.line == 8
    assert "TypeError" in str(slip)


def mutants() -> Iterator[str]:
    """The example of `pellucid check`, each time with a word left out or another one in its place."""
    code = catalogue("en")["example"].lstrip("\n")
    rng = np.random.default_rng(0)
    words = ["W1", "params", "X", "a1", "0.5", "None", "loss", "y", "[]", "(", "np", ""]
    for token in list(tokenize.generate_tokens(io.StringIO(code).readline))[::2]:
        (row, begin), (end_row, end) = token.start, token.end
        if token.string.strip() and row == end_row:
            lines = code.splitlines(keepends=True)
            lines[row - 1] = f"{lines[row - 1][:begin]} {rng.choice(words)} {lines[row - 1][end:]}"
            yield "".join(lines)


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::RuntimeWarning")
def test_no_rule_fails_on_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`explain_exception` goes on to the next rule where one fails; here none may."""

    def strict(case: Case) -> Told:
        return next(told for rule in (*slips.RULES, slips.others.anything) if (told := rule(case)) is not None)

    monkeypatch.setattr(slips, "_told", strict)
    kinds = []
    for code in mutants():
        try:
            error = failing(tmp_path / "m.py", code)
        except AssertionError:
            continue
        for lang in LANGUAGES:
            slip = explain_exception(error, tmp_path / "m.py", lang)
            assert slip is not None or "m.py" not in "".join(traceback.format_tb(error.__traceback__)[1:])
            kinds.append(slip.kind if slip else "")
    assert len(kinds) > 200
    assert len(set(kinds)) > 15


def test_nothing_is_called_a_second_time(tmp_path: Path) -> None:
    """What a failing line called may have had effects, and shapes are not worth them."""
    code = """
import numpy as np
calls = []
def load():
    calls.append(1)
    return np.ones((2, 3))
try:
    load() @ load()
except ValueError as error:
    failed = error
"""
    path = tmp_path / "m.py"
    path.write_text(code, encoding="utf-8")
    names: dict[str, object] = {}
    exec(compile(code, str(path), "exec"), names)
    slip = explain_exception(names["failed"], path)  # type: ignore[arg-type]
    assert slip is not None
    assert slip.kind == "product_unknown"
    assert names["calls"] == [1, 1]


@pytest.mark.parametrize(
    "code", ["launch()", "np.random.rand(3)", "np.save('x.npy', X)", "X.sort()", "10**10**10", "[0] * 10**9"]
)
def test_only_what_is_harmless_is_worked_out_again(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scope = {"np": np, "X": np.ones(3)}
    assert value_of(ast.parse(code, mode="eval").body, scope) is MISSING
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.ones((2, 3)), "an array (2, 3)"),
        (np.array(["a"]), "an array (1,) of texts"),
        (np.float32(0.5), "the number 0.5"),
        (True, "True"),
        ({"W1": 1}, "a dict with the keys 'W1'"),
        ({}, "a dict without keys"),
        ([1, 2], "a list of 2"),
        ((2, 3), "(2, 3)"),
        (np, "the module numpy"),
        (int, "the class int"),
        (len, "a function"),
        ("text", "the text 'text'"),
        (Slip, "the class Slip"),
    ],
)
def test_values_in_words(value: object, words: str) -> None:
    assert described(value, lambda key, /, **values: slips.sentence("en", key, **values)) == words


def test_a_product_tells_of_both_sides_where_one_is_the_result_of_a_call(tmp_path: Path) -> None:
    code = """
    import numpy as np
    def act(z):
        return np.tanh(z)
    X, W = np.ones((4, 2)), np.ones((3, 1))
    z = act(X) @ W
    """
    error = failing(tmp_path / "mynet.py", textwrap.dedent(code))
    for lang, words in (("en", "the last axis of act(X) has 2 entries"), ("zh", "act(X) 的最后一个轴有 2 个元素")):
        slip = explain_exception(error, tmp_path / "mynet.py", lang)
        assert words in str(slip)
        assert "(3, 1)" in str(slip)


NET = """
import numpy as np
X = np.arange(40.0).reshape(20, 2)
y = X[:, 0] > 10
params = {"W1": np.ones((2, 3)), "b1": np.zeros(3)}
def forward(params):
    return X @ params["W1"] + params["b1"]
def loss(params):
    a1 = forward(params)
    return np.mean(a1 ** 2)
"""
LATER = [
    ("np.mean(a1 ** 2)", "np.mean(1 - a1^2)", "operands", ["**", "^"]),
    ("np.mean(a1 ** 2)", "np.mean(0.5 ^ 2)", "operands", ["**", "^"]),
    ("np.mean(a1 ** 2)", "np.mean(a1[np.arange(20), y])", "index_yes_no", ["y.astype(int)"]),
    ("X @ params", "X * params", "broadcast", ["X @ params['W1']", "(20, 3)"]),
    ('X @ params["W1"]', 'np.multiply(X, params["W1"])', "broadcast", ["X @ params['W1']"]),
    ("np.mean(a1 ** 2)", "np.mean(params[np.arange(20), y])", "index_dict", ["loss(params)", "'W1', 'b1'"]),
    ("loss(params):\n    a1 = forward(params)", "loss(p, y=0):\n    a1 = p[X, y]", "index_dict", ["loss(params)"]),
    ("np.mean(a1 ** 2)", "{X}", "unhashable", []),
    ("np.mean(a1 ** 2)", "a1[a1[0] > 0]", "index_mask", []),
    ("X @ params", "X.T * params", "broadcast", []),
]


@pytest.mark.parametrize(("old", "new", "kind", "phrases"), LATER)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_slips_of_beginners(old: str, new: str, kind: str, phrases: list[str], lang: str, tmp_path: Path) -> None:
    assert old in NET
    path = tmp_path / "mynet.py"
    # The functions are called from outside the file, as a check does.
    slip = told(path, NET.replace(old, new), lang)
    assert slip.kind == kind, str(slip)
    for phrase in phrases:
        assert phrase in "\n".join(slip.what), str(slip)
    if not phrases:
        assert "**" not in str(slip).replace("a1 ** 2", "")
        assert " @ " not in "\n".join(slip.what)
        assert "loss(params)" not in "\n".join(slip.what)
