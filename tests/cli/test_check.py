"""`pellucid check`: a learner's own file is run and checked; its mistakes and its slips are told, never a traceback."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Ran, Run, on_a_terminal, shell, start

import pellucid.checker
from broken_programs import BEGIN, BROKEN, Broken
from pellucid.checker.slips import catalogue

# Some of all kinds: each is told in full in tests/checker/test_slips.py.
FIRST = list({case.kind: case for case in BROKEN}.values())[::3]


def example(lang: str = "en") -> str:
    return catalogue(lang)["example"].lstrip("\n")


def save(code: str, name: str = "mynet.py") -> None:
    Path(name).write_text(code, encoding="utf-8")


def changed(old: str, new: str) -> None:
    """The example with one change, as mynet.py."""
    assert old in example()
    save(example().replace(old, new))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_example_is_right(lang: str, run: Run) -> None:
    printed = run("check", "--example", "--lang", lang)
    assert (printed.code, printed.err) == (0, "")
    save(printed.out)
    ran = run("check", "mynet.py", "--lang", lang)
    assert (ran.code, ran.err) == (0, "")
    assert "params, loss, gradients, forward, step, X, y" in ran.out.splitlines()[0]
    for name in ("W1", "b1", "W2", "b2"):
        assert name in ran.out


def test_the_example_learns_and_is_the_same_in_both_languages() -> None:
    trees = []
    for lang in ("en", "zh"):
        save(example(lang))
        ran = subprocess.run([sys.executable, "mynet.py"], capture_output=True, text=True, check=True, timeout=60)
        losses = [float(line.split()[1]) for line in ran.stdout.splitlines()]
        assert losses == sorted(losses, reverse=True)
        assert losses[-1] < 0.05
        tree = ast.parse(example(lang))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node):
                node.body = node.body[1:]
        trees.append(ast.dump(tree))
    assert trees[0] == trees[1]


@pytest.mark.parametrize(
    ("old", "new", "parameter", "kind"),
    [
        (" / len(y)\n", "\n", "W1", "missing_1_over_n"),
        ("(1 - a1**2)", "1", "W1", "derivative_left_out"),
        ('"W2": a1.T @ delta2,', '"W2": -a1.T @ delta2,', "W2", "wrong_sign"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, parameter: str, kind: str, run: Run) -> None:
    changed(old, new)
    ran = run("check", "mynet.py")
    assert (ran.code, ran.err) == (1, "")
    assert f"1. {parameter}:" in ran.out
    assert kind in ran.out
    chinese = run("check", "mynet.py", "--lang", "zh")
    assert chinese.code == 1
    assert f"1. {parameter}" in chinese.out
    assert sum("一" <= sign <= "鿿" for sign in chinese.out) > 40


def test_a_network_that_is_an_object(run: Run) -> None:
    save(CLASS)
    ran = run("check", "mynet.py")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == "Read from mynet.py: net, net.loss, net.backward, net.forward, X, y"
    save(CLASS.replace("(1 - self.a1**2)", "(1 - self.a1)"))
    ran = run("check", "mynet.py")
    assert ran.code == 1
    assert "1. self.W1:" in ran.out
    save(CLASS.replace("net = Net()", ""))
    ran = run("check", "mynet.py")
    assert ran.code == 1
    assert "There is a class Net: make an object of it" in ran.err


@pytest.mark.parametrize("more", ["", "params = net\n"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_object_that_lacks_only_a_loss(more: str, lang: str, run: Run) -> None:
    without = CLASS.replace("    def loss(self", "    def measure(self")
    save(without + more)
    ran = run("check", "mynet.py", "--lang", lang)
    assert ran.code == 1
    assert "`net`" in ran.err
    assert "def loss(net)" in ran.err
    assert "net = Net(...)" not in ran.err
    save(without + more + "def loss(net): return net.measure(X, y)\n")
    assert run("check", "mynet.py", "--lang", lang).code == 0


CLASS = """
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 2))
y = (X[:, 0] > X[:, 1]).astype(int)

class Net:
    def __init__(self):
        self.W1, self.b1 = rng.normal(size=(2, 3)), np.zeros(3)
        self.W2, self.b2 = rng.normal(size=(3, 2)), np.zeros(2)

    def forward(self, X):
        self.a1 = np.tanh(X @ self.W1 + self.b1)
        e = np.exp(self.a1 @ self.W2 + self.b2)
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def loss(self, X, y):
        return -np.mean(np.log(self.forward(X)[np.arange(len(y)), y]))

    def backward(self, X, y):
        self.forward(X)
        delta2 = (self.p - np.eye(2)[y]) / len(y)
        delta1 = (delta2 @ self.W2.T) * (1 - self.a1**2)
        self.dW1, self.db1 = X.T @ delta1, delta1.sum(axis=0)
        self.dW2, self.db2 = self.a1.T @ delta2, delta2.sum(axis=0)

net = Net()
"""


def test_further_arguments_come_from_the_file(run: Run) -> None:
    save("""
import numpy as np
X = np.arange(12.0).reshape(6, 2)
t = X.sum(axis=1, keepdims=True)
l2 = 0.5
params = {"W": np.array([[0.3], [-0.2]])}
def loss(params, X, y, l2):
    return np.mean((X @ params["W"] - y) ** 2) + l2 / 2 * np.sum(params["W"] ** 2)
def gradients(params, X, y, l2):
    return {"W": 2 * X.T @ (X @ params["W"] - y) / len(X) + l2 * params["W"]}
y = t
""")
    ran = run("check", "mynet.py")
    assert (ran.code, ran.err) == (0, "")
    assert "W" in ran.out


def test_it_is_run_as_a_program_and_nothing_stays(run: Run) -> None:
    before = list(sys.path), list(sys.argv)
    Path("work").mkdir()
    save("SCALE = 0.5\n", "work/my_settings.py")
    code = """
import sys
from pathlib import Path
import my_settings
assert __name__ != "__main__"
assert sys.argv == ["work/mynet.py"]
assert Path(__file__).name == "mynet.py"
rate = my_settings.SCALE
import os
os.chdir("/")
np.seterr(all="raise")
"""
    save(example() + textwrap.dedent(code), "work/mynet.py")
    assert run("check", "work/mynet.py") == Ran(0, run("check", "work/mynet.py").out, "")
    assert (list(sys.path), list(sys.argv)) == before
    assert np.geterr()["divide"] == "warn"
    assert Path("work/mynet.py").exists()
    assert "my_settings" not in sys.modules
    assert "mynet" not in sys.modules


def test_a_file_may_be_called_like_a_library(run: Run) -> None:
    save(example(), "random.py")
    import random

    assert run("check", "random.py").code == 0
    assert sys.modules["random"] is random


def test_prints_go_to_the_other_stream_behind_a_bar(run: Run, process: Run) -> None:
    save(example() + "print('hello', end='')\nprint(' world')\nprint('爱')\n")
    plain = run("check", "mynet.py")
    assert plain.code == 0
    title, *lines = plain.err.splitlines()
    assert "standard error" in title
    assert lines[:2] == ["  | hello world", "  | 爱"]
    assert "hello" not in plain.out
    ran = process("check", "mynet.py")
    assert (ran.code, ran.out) == (0, plain.out)
    assert ran.err == plain.err


def test_of_a_flood_of_prints_the_beginning_is_shown(run: Run) -> None:
    save(example() + "for i in range(1000):\n    print('step', i)\n")
    ran = run("check", "mynet.py")
    assert ran.code == 0
    shown = [line for line in ran.err.splitlines() if line.startswith("  | step")]
    assert shown == [f"  | step {i}" for i in range(200)]
    assert "and 800 more lines" in ran.err


def test_a_slip_is_found_from_any_folder(run: Run) -> None:
    Path("my work").mkdir()
    save("import os\nos.chdir('/')\nprint(nmae)\n", "my work/我的网络.py")
    ran = run("check", "my work/我的网络.py")
    assert ran.code == 1
    assert "error: my work/我的网络.py, line 3: there is no name `nmae`" in ran.err


def test_warnings_about_the_learners_lines_are_told(run: Run) -> None:
    save(example() + "big = np.exp(np.array([1000.0]))\n")
    ran = run("check", "mynet.py")
    assert ran.code == 0
    line = len(example().splitlines()) + 1
    assert f"  | mynet.py:{line}: RuntimeWarning: overflow encountered in exp" in ran.err


MISSING = [
    ("", ["nothing named `params`", "no function named `loss`", "gives nothing a name", "check --example"]),
    ("params = {}\ndef Loss(p): ...\ndef gradients(p): ...", ["no function named `loss`", "`Loss`", "loss = Loss"]),
    (
        "weights = {}\ndef cost(p): ...\ndef backprop(p): ...",
        ["params = weights", "loss = cost", "gradients = backprop"],
    ),
    (
        "def loss(p): ...\ndef gradients(p): ...\ndef main():\n    params = {}",
        ["nothing named `params`", "Line 4", "inside of main"],
    ),
    (
        "def loss(p): ...\ndef gradients(p): ...\nif __name__ == '__main__':\n    params = {}",
        ["Line 4", "__main__", "Move it above"],
    ),
    (
        "params = {}\ndef loss(p): return 0.5\ndef gradients(p): ...\nloss = loss(params)",
        ["`loss` is the number 0.5, and a function is needed", "Line 4 gives the name to that: loss = loss(params)"],
    ),
    (
        "params = {}\ndef loss(p): return 0.5\ngradients = {'W1': 1}",
        ["`gradients` is a dict with the keys 'W1', and a function is needed"],
    ),
    ("def params(): ...\ndef loss(p): ...\ndef gradients(p): ...", ["`params` is a function", "a dict or a list"]),
    ("params = 3\ndef loss(p): ...\ndef gradients(p): ...", ["`params` is the number 3"]),
]


@pytest.mark.parametrize(("code", "phrases"), MISSING)
def test_what_is_missing_is_said_with_an_example(code: str, phrases: list[str], run: Run) -> None:
    save(code + "\n")
    ran = run("check", "mynet.py")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: mynet.py")
    for phrase in phrases:
        assert phrase in ran.err
    chinese = run("check", "mynet.py", "--lang", "zh")
    assert chinese.err.startswith("错误：mynet.py")
    assert "Traceback" not in ran.err + chinese.err


def test_what_is_not_needed_may_be_something_else(run: Run) -> None:
    save(example() + "for step in range(3):\n    pass\n")
    ran = run("check", "mynet.py")
    assert (ran.code, ran.err) == (0, "")
    assert "`step` is the number 2 in this file and no function" in ran.out
    assert "sees more with it: step" in ran.out


@pytest.mark.parametrize("case", FIRST, ids=[case.kind for case in FIRST])
def test_a_file_that_fails(case: Broken, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = "\ndef gradients(params): return params\n"
    save(f"{BEGIN.strip()}\n\n{textwrap.dedent(case.code).strip()}\n{ends if 'def loss' in case.code else ''}")
    for lang, label, words in (("en", "error: ", case.english), ("zh", "错误：", case.chinese)):
        ran = run("check", "mynet.py", "--lang", lang)
        assert ran.code == 1, ran
        assert re.search(f"^{label}mynet.py", ran.err, re.MULTILINE), ran.err
        for phrase in words:
            assert phrase in ran.err, ran.err
        assert "Traceback" not in ran.out + ran.err
        assert ran.out == ""


def test_a_failure_during_the_check_is_told_too(run: Run) -> None:
    changed('delta1 = (delta2 @ params["W2"].T)', 'delta1 = (delta2 @ params["w2"].T)')
    ran = run("check", "mynet.py")
    assert ran.code == 1
    assert re.match(r"error: mynet\.py, line \d+, in gradients: params has no key 'w2'", ran.err)
    assert "Did you mean 'W2'?" in ran.err
    changed("- np.eye(2)[y]) / len(y)", "- y)")
    ran = run("check", "mynet.py")
    assert "y is (20,)" in ran.err
    assert "np.eye(2)[y]" in ran.err


WRONG_COMMANDS = [
    (["check"], ["FILE.py", "--example"]),
    (["check", "mynet.py", "--lang", "fr"], ["--lang must be one of en, zh"]),
    (["check", "mynet.py", "--example"], ["--example prints a file"]),
    (["check", "mynet.py", "other.py"], ["unexpected extra argument"]),
    (["check", "--exmaple"], ["No such option", "--example"]),
]
WRONG_FILES = [
    ("nofile.py", ["nofile.py: there is no such file", "check --example"]),
    ("mynett.py", ["no such file", "Did you mean mynet.py?"]),
    ("folder.py", ["is a folder", "folder.py/mynet.py"]),
    ("net.ipynb", ["is a notebook", "nbconvert"]),
    ("model.json", ["is no Python program"]),
    ("binary.py", ["is no Python program"]),
    ("latin.py", ["latin.py, line 2: this is not UTF-8"]),
    ("coding.py", ["not UTF-8"]),
]


def test_wrong_command_lines(run: Run) -> None:
    save(example())
    for argv, phrases in WRONG_COMMANDS:
        ran = run(*argv)
        assert (ran.code, ran.out) == (2, ""), argv
        for phrase in phrases:
            assert phrase in ran.err, argv


def test_wrong_files(run: Run) -> None:
    save(example())
    Path("folder.py").mkdir()
    save("{}", "net.ipynb")
    save("{}", "model.json")
    Path("binary.py").write_bytes(b"\x00\x01\x02")
    Path("latin.py").write_bytes("# one\nname = 'größe'\n".encode("latin-1"))
    Path("coding.py").write_bytes(b"# -*- coding: nonsense -*-\n")
    for file, phrases in WRONG_FILES:
        for lang in ("en", "zh"):
            ran = run("check", file, "--lang", lang)
            assert (ran.code, ran.out) == (1, ""), file
            assert "Traceback" not in ran.err
            assert file in ran.err
            if lang == "en":
                for phrase in phrases:
                    assert phrase in ran.err, ran.err


def test_another_encoding_that_is_declared_is_read(run: Run) -> None:
    code = "# -*- coding: latin-1 -*-\n" + example() + "name = 'größe'\nassert len(name) == 5\n"
    Path("mynet.py").write_bytes(code.encode("latin-1"))
    assert run("check", "mynet.py").code == 0


def test_interrupted_in_an_endless_loop() -> None:
    save("print('begun', flush=True)\nwhile True:\n    pass\n")
    with start(["check", "mynet.py"]) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("  | begun"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert re.search(r"^interrupted at mynet\.py, line [123]$", err, re.MULTILINE)
    assert '__name__ == "__main__"' in err
    assert "Traceback" not in err
    assert "KeyboardInterrupt" not in err


@pytest.mark.parametrize(("old", "new", "code"), [("+", "+", 0), (" / len(y)\n", "\n", 1), ("def loss", "def lost", 1)])
def test_real_processes(old: str, new: str, code: int, process: Run) -> None:
    changed(old, new)
    ran = process("check", "mynet.py")
    assert ran.code == code
    assert (ran.err != "") == ("lost" in new)
    assert "Traceback" not in ran.err


def test_from_the_example_to_a_file_in_a_shell() -> None:
    ran = shell("pellucid check --example --lang zh > mynet.py && pellucid check mynet.py --lang zh; echo $?")
    assert ran.stdout.endswith("0\n")
    assert Path("mynet.py").read_text(encoding="utf-8") == example("zh")


def test_the_caret_stays_where_it_belongs_on_a_terminal() -> None:
    save(example() + "Z = np.exp(X) @ np.ones((3, 3))  # 形状 不 对\n")
    shown = on_a_terminal(["check", "mynet.py"], NO_COLOR="1", code=1)
    code, carets = re.findall(r"^ +\d* \|.*$", shown.replace("\r", ""), re.MULTILINE)
    assert code[carets.index("^") : carets.rindex("^") + 1] == "np.exp(X) @ np.ones((3, 3))"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_mistake_of_ours_is_told_as_ours(lang: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, but what it is and where, for whoever is to mend it."""

    def broken(*arguments: object) -> None:
        raise AttributeError("a bug\nin two lines")

    save(example())
    monkeypatch.setattr(pellucid.checker, "examine", broken)
    ran = run("check", "mynet.py", "--lang", lang)
    assert (ran.code, ran.out) == (1, "")
    assert "AttributeError" in ran.err
    assert "a bug in two lines" in ran.err
    assert re.search(r"checker/__init__\.py:\d+", ran.err)
    assert "mynet.py" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_where_a_file_is_that_runs_for_long_is_said(lang: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop ends when the message has come; it is said once, in whichever of the learner's lines it is."""
    monkeypatch.setattr("pellucid.cli.check.PATIENCE", 0.02)
    loop = "def loss(params):\n    while 'Ctrl-C' not in sys.stderr.getvalue():\n        time.sleep(0.01)\n"
    code = "import sys, time\n" + example().replace("def loss(params):\n", loop)
    line = code[: code.index("    while 'Ctrl-C'")].count("\n") + 1
    save(code)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        ran = run("check", "mynet.py", "--lang", lang)
    assert ran.code == 0
    assert ran.out
    assert said.getvalue().count("Ctrl-C") == 1
    assert "0.02" in said.getvalue()
    assert any(f"{word}{at}" in said.getvalue() for word in ("line ", "第 ") for at in (line, line + 1))


def test_what_runs_quickly_is_not_told_of(run: Run) -> None:
    save(example())
    before = set(threading.enumerate())
    assert run("check", "mynet.py").err == ""
    timers = [thread for thread in set(threading.enumerate()) - before if isinstance(thread, threading.Timer)]
    assert all(timer.finished.is_set() for timer in timers)  # such a thread ends a moment later


def test_help_says_that_the_file_is_run(process: Run) -> None:
    ran = process("check", "--help", COLUMNS="200")
    words = " ".join(ran.out.split())
    assert "The file is run" in words
    assert "standard error, behind a bar, so that the two are not mixed up" in words
    assert "exit code is 0" in words
    assert "such as net = Network([2, 3, 1])" in words
    for needed in ("a method forward", "a method backward", "self.dW1", "loss(self, X, y)", "loss(net)"):
        assert needed in words


@pytest.mark.parametrize(("X", "y"), [("X_train", "y_train"), ("X_tr", "labels"), ("data", "targets")])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_data_under_other_names_are_hinted_at(X: str, y: str, lang: str, run: Run) -> None:
    code = example()
    save(re.sub(r"\bX\b", X, re.sub(r"\by\b", y, code)))
    ran = run("check", "mynet.py", "--lang", lang)
    for name, other in (("X", X), ("y", y)):
        assert f"{name} = {other}" in ran.out
    save(code)
    assert "X = " not in run("check", "mynet.py", "--lang", lang).out


def test_data_that_functions_want_and_that_have_other_names(run: Run) -> None:
    save(
        textwrap.dedent(
            """
            import numpy as np
            X_train, y_train = np.ones((5, 2)), np.ones((5, 1))
            params = {"W": np.ones((2, 1))}
            def loss(params, X, y):
                return np.mean((X @ params["W"] - y) ** 2)
            def gradients(params, X, y):
                return {"W": X.T @ (2 * (X @ params["W"] - y)) / 5}
            """
        )
    )
    ran = run("check", "mynet.py")
    assert ran.code == 1
    assert "nothing to give for X, y" in ran.err
    assert "X = X_train" in ran.err
    assert "y = y_train" in ran.err
    assert ran.err.startswith("error: loss takes params, X, y, and there is nothing to give for X, y.\n")
    assert len(ran.err.splitlines()) == 5, "the hints follow at once"


def test_an_entry_overwritten_by_a_number_is_told_with_its_line(run: Run) -> None:
    save(
        textwrap.dedent(
            """
            import numpy as np
            X = np.ones((4, 2)); params = [np.ones((2, 1)), np.zeros(1)]
            def loss(p):
                p[1] = 0.5
                return np.mean((X @ p[0] + p[1]) ** 2)
            def gradients(p):
                d = 2 * (X @ p[0] + p[1]) / 4
                return [X.T @ d, d.sum(axis=0)]
            """
        )
    )
    ran = run("check", "mynet.py")
    assert ran.code == 1
    assert "[overwritten]" in ran.out
    assert "mynet.py, line 5: p[1] = 0.5" in " ".join(ran.out.split())
