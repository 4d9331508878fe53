"""Real processes: exit codes, the two streams, Ctrl-C, pipes that close, terminals, and extras that are missing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from cli_tools import FLOWERS, Run, on_a_terminal, shell, start, write

import pellucid

ENDLESS = ["train", "iris.csv", "--target", "species", "--epochs", "1000000", "--patience", "0"]


def interrupt(argv: list[str], begun: str) -> tuple[int, str, str]:
    """Start, wait for a line that begins so, press Ctrl-C."""
    with start(argv) as process:
        stream = process.stdout if argv[0] == "lesson" else process.stderr
        while not stream.readline().startswith(begun):
            assert process.poll() is None
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)
    return process.returncode, *rest


@pytest.mark.parametrize("how", [[sys.executable, "-m", "pellucid"], [str(Path(sys.executable).with_name("pellucid"))]])
def test_both_ways_to_start(how: list[str]) -> None:
    if not Path(how[0]).exists():
        pytest.skip("the package is not installed, only on the path")
    ran = subprocess.run([*how, "--version"], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == (f"pellucid {pellucid.__version__}\n", "")


def test_results_and_progress_go_to_different_streams(flowers: Path, process: Run) -> None:
    ran = process("train", "iris.csv", "--target", "species", "--epochs", "3", "--no-plots")
    assert ran.code == 0
    assert "precision" in ran.out
    assert "s left" not in ran.out
    assert [line.partition("  ")[0] for line in ran.err.splitlines()] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "\x1b" not in ran.out + ran.err
    assert not re.search("[─│╭━]", ran.out)
    assert all(line == line.rstrip() for line in ran.out.splitlines())


def test_interrupted_training_keeps_what_was_learnt(flowers: Path) -> None:
    code, out, err = interrupt([*ENDLESS, "--save", "m.json", "--out", "pictures"], "epoch 1/")
    assert code == 130
    epochs = re.search(r"interrupted after (\d+) epochs", err)
    assert epochs is not None
    assert int(epochs[1]) > 1
    assert f"interrupted after {int(epochs[1]):,} epochs" in out
    assert "saved in m.json" in err
    assert "Traceback" not in err
    assert "precision" in out, "the report is that of the saved model"
    assert Path("pictures/curves.png").exists()
    net = pellucid.load("m.json")
    assert net.features == FLOWERS
    assert net.accuracy(*pellucid.data.read_csv("iris.csv", target="species")) > 0.8


def test_interrupted_values_answer_in_their_own_units(houses: Path) -> None:
    argv = ["train", "houses.csv", "--target", "price", "--drop", "id", *ENDLESS[4:], "--no-plots", "--save", "m.json"]
    assert interrupt(argv, "epoch 1/")[0] == 130
    assert 50_000 < pellucid.load("m.json").predict([[100.0, 40.0]])[0] < 1_000_000


def test_an_interrupted_lesson_ends_at_once() -> None:
    pytest.importorskip("sklearn")
    code, out, err = interrupt(["lesson", "perceptron", "--steps", "1000000"], "  w <- w")
    assert (code, err.strip()) == (130, "interrupted")
    assert "accuracy" not in out


def test_interrupted_while_waiting_for_rows(model: Path) -> None:
    os.mkfifo("rows")
    with start(["predict", "m.json", "rows"]) as process:
        writer = None
        while writer is None:  # until the other end is open; then nothing comes
            assert process.poll() is None
            with suppress(OSError):
                writer = os.open("rows", os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        os.close(writer)
    assert (process.returncode, out, err.strip()) == (130, "", "interrupted")


def test_a_closed_pipe_is_no_reason_to_complain(model: Path) -> None:
    write("many.csv", FLOWERS, [[5.1, 3.5, 1.4, 0.2]] * 20_000)
    ran = shell("pellucid predict m.json many.csv | head -1; echo ${PIPESTATUS[0]}")
    assert (ran.stdout, ran.stderr) == ("species\n141\n", "")
    ran = shell("pellucid lesson | head -1; echo ${PIPESTATUS[0]} >&2")
    assert ran.stdout.startswith("0  neuron")
    assert ran.stderr in ("0\n", "141\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to offer")
def test_a_full_disk(model: Path) -> None:
    ran = shell("pellucid predict m.json iris.csv > /dev/full; echo $?")
    assert ran.stdout == "1\n"
    assert ran.stderr == "error: standard output: No space left on device.\n"


def test_closed_streams(model: Path) -> None:
    assert shell("pellucid predict m.json iris.csv >&-").stderr == ""
    assert shell("pellucid --help 2>&-").returncode == 0
    ran = shell("pellucid predict m.json - <&-")
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1)
    assert "standard input is closed" in ran.stderr


def test_on_a_terminal_there_is_a_bar_and_some_weight(flowers: Path) -> None:
    shown = on_a_terminal(["train", "iris.csv", "--target", "species", "--epochs", "5", "--no-plots"])
    assert "\x1b[1m" in shown
    plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown)
    assert "5/5" in plain
    assert "━" in plain
    assert "left" in plain
    assert "validation loss" in plain
    assert max(map(len, re.split(r"[\r\n]+", plain))) <= 80


def test_no_color_means_no_escapes(flowers: Path) -> None:
    shown = on_a_terminal(["train", "iris.csv", "--target", "species", "--epochs", "1", "--no-plots"], NO_COLOR="1")
    results = shown[shown.index("Trained") :]
    assert "\x1b" not in results
    assert not re.search(r"\x1b\[[\d;]*3\dm", shown), "nor colours in the bar"


def test_help_is_plain_in_a_pipe_and_framed_on_a_terminal(process: Run) -> None:
    for command in ("train", "predict", "explain", "export", "check", "lesson"):
        ran = process(command, "--help", COLUMNS="200", GITHUB_ACTIONS="1")
        assert ran.code == 0
        assert "\x1b" not in ran.out
        assert "╭" not in ran.out
        assert f"pellucid {command}" in ran.out.partition("Examples:")[2]
        assert max(map(len, ran.out.splitlines())) <= 100
    assert " The network " in on_a_terminal(["train", "--help"])
    assert "\x1b" not in on_a_terminal(["train", "--help"], NO_COLOR="1")


def test_the_commands_are_those_that_there_are(process: Run) -> None:
    ran = process()
    assert ran.code == 0
    listed = ran.out.partition("Commands:")[2]
    commands = ["train", "predict", "explain", "export", "check", "lesson", "studio"]
    assert re.findall(r"^  (\w+) ", listed, flags=re.MULTILINE) == commands


@pytest.mark.parametrize(
    ("missing", "extra", "argv"),
    [
        (["typer"], "cli", ["train"]),
        (["rich"], "cli", ["--help"]),
        (["typer", "rich"], "cli", ["lesson"]),
        (["sklearn"], "sklearn", ["train", "--epochs", "1"]),
        (["matplotlib"], "plot", ["lesson", "perceptron", "--steps", "3"]),
    ],
)
def test_a_missing_extra_is_named(missing: list[str], extra: str, argv: list[str]) -> None:
    program = (
        "import sys; sys.modules.update(dict.fromkeys(sys.argv[1].split(','))); "
        "from pellucid.cli import main; sys.exit(main(sys.argv[2:]))"
    )
    if missing == ["matplotlib"]:
        pytest.importorskip("sklearn")
    ran = subprocess.run([sys.executable, "-c", program, ",".join(missing), *argv], capture_output=True, text=True)
    assert ran.returncode == 1
    assert f"error: {missing[0]} is not installed" in ran.stderr
    assert f"pip install -e '.[{extra}]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    def broken(*args: object) -> None:
        raise AttributeError("a bug")

    monkeypatch.setattr("pellucid.cli.lesson.catalogue", broken)
    with pytest.raises(AttributeError, match="a bug"):
        run("lesson")
