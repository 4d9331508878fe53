"""`pellucid train --checkpoint`: ended in every way, and gone on with to the same model, bit for bit."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

pytest.importorskip("typer")
pytest.importorskip("safetensors")

from cli_tools import Run, start

TRAIN = ["train", "iris.csv", "--target", "species", "--no-plots", "--patience", "0"]
KEEP = ["--checkpoint", "run/"]


def ended_by(number: int, *argv: str) -> tuple[int, str, str]:
    """Start, wait until epochs pass, send a signal."""
    with start([*TRAIN, *KEEP, *argv]) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("epoch "):
            assert process.poll() is None
        while number == signal.SIGKILL and not any(Path("run").glob("step-*")):
            assert process.poll() is None
        process.send_signal(number)
        rest = process.communicate(timeout=60)
    return process.returncode, *rest


def last() -> int:
    """The step of the last checkpoint."""
    return max(int(path.stem.removeprefix("step-")) for path in Path("run").glob("step-*"))


@pytest.mark.parametrize("data", ["classes", "values"])
def test_sigterm_writes_a_checkpoint_and_the_same_command_goes_on(
    data: str, flowers: Path, houses: Path, run: Run
) -> None:
    of_values = ["--dropout", "0.2", "--schedule", "cosine", "--validation", "0.2"]
    more = ["--epochs", "400", "--batch", "8", *([] if data == "classes" else of_values)]
    if data == "values":
        flowers.unlink()
        houses.rename("iris.csv")
        more += ["--target", "price", "--drop", "id"]
    code, out, err = ended_by(signal.SIGTERM, *more, "--save", "m.json")
    assert code == 143
    assert err.splitlines()[-1] == "terminated; the same command with --resume added goes on, from run/"
    assert "Traceback" not in err
    assert "Trained" not in out
    assert not Path("m.json").exists()
    at = last()
    ran = run(*TRAIN, *KEEP, *more, "--save", "m.json", "--resume")
    assert ran.code == 0
    assert re.search(rf"^run/step-{at:012d}\.safetensors: training goes on with epoch \d", ran.err, re.MULTILINE)
    assert "all 400 epochs" in ran.out
    assert run(*TRAIN, *more, "--save", "alone.json", "-q") == (0, "", "")
    assert Path("m.json").read_bytes() == Path("alone.json").read_bytes()
    # Once more: it is finished, and reports as it did.
    again = run(*TRAIN, *KEEP, *more, "--save", "again.json", "--resume")
    assert again.code == 0
    assert again.err.splitlines()[0].endswith("the run is finished: all 400 epochs")
    assert again.out.replace("again.json", "m.json") == ran.out
    assert Path("again.json").read_bytes() == Path("alone.json").read_bytes()


def test_sigkill_leaves_what_was_written_last(flowers: Path, run: Run) -> None:
    more = ["--epochs", "300", "--batch", "8", "--every", "50 steps"]
    assert ended_by(signal.SIGKILL, *more)[0] == -signal.SIGKILL
    assert last() % 50 == 0
    assert run(*TRAIN, *KEEP, *more, "--save", "m.json", "--resume", "-q") == (0, "", "")
    assert run(*TRAIN, *more[:4], "--save", "alone.json", "-q") == (0, "", "")
    assert Path("m.json").read_bytes() == Path("alone.json").read_bytes()


def test_control_c_says_how_to_go_on(flowers: Path) -> None:
    code, _, err = ended_by(signal.SIGINT, "--epochs", "1000000", "--save", "m.json")
    assert code == 130
    assert "saved in m.json; the same command with --resume added goes on, from run/" in err
    assert last() > 0
    code, _, err = ended_by(signal.SIGTERM, "--epochs", "1000000", "--resume")
    assert code == 143
    assert err.splitlines()[-1] == "terminated; the same command goes on, from run/"


def test_without_checkpoints_sigterm_ends_a_run_as_it_did(flowers: Path) -> None:
    with start([*TRAIN, "--epochs", "1000000"]) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM


def test_a_second_run_is_refused_while_the_first_one_lives(flowers: Path, run: Run) -> None:
    with start([*TRAIN, *KEEP, "--epochs", "1000000", "--every", "1 epoch"]) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("epoch "):
            assert process.poll() is None
        ran = run(*TRAIN, *KEEP, "--epochs", "1000000", "--resume", "-q")
        assert ran.code == 1
        assert ran.err == (
            f"error: run/: another run writes its checkpoints here (process {process.pid}). Let it end, or name "
            "another folder.\n"
        )
        process.kill()
        process.communicate(timeout=60)
    assert "another run" not in run(*TRAIN, *KEEP, "--epochs", "10", "--resume", "-q").err, "the dead do not keep it"


def test_an_empty_folder_starts_from_the_beginning_and_says_so(flowers: Path, run: Run) -> None:
    ran = run(*TRAIN, *KEEP, "--epochs", "3", "--resume")
    assert ran.code == 0
    assert ran.err.splitlines()[0] == "run/: no checkpoint yet, so training starts from the beginning"


def test_what_is_refused_is_said_in_options(flowers: Path, run: Run) -> None:
    assert run(*TRAIN, *KEEP, "--epochs", "3", "-q").code == 0

    def refused(*argv: str) -> str:
        ran = run(*TRAIN, *KEEP, *argv)
        assert ran.code == 1
        assert "Trained" not in ran.out
        return ran.err.removeprefix("error: run/")

    assert refused("--epochs", "3") == (
        ": there are checkpoints of a run. --resume goes on with it; or name another folder, or remove this one.\n"
    )
    others = {
        ("--seed", "1"): "--seed was 0 and is 1.",
        ("--l2", "0.1"): "--l2 was 0.003 and is 0.1.",
        ("--patience", "5"): "--patience was 0 and is 5.",
        ("--batch", "7"): "--batch was 32 and is 7.",
        ("--clip-norm", "2"): "--clip-norm was None and is 2.0.",
        ("--schedule", "inverse"): "--schedule was Constant() and is Inverse(decay=0.01).",
        ("--hidden", "5"): "the network was 4 inputs, Dense 64 relu, Dense 3 softmax",
        ("--drop", "petal width"): "the network was 4 inputs",
        ("--validation", "0"): "validation was rows of their own and is None",
    }
    for option, said in others.items():
        err = refused("--epochs", "3", "--resume", *option)
        assert "this is a checkpoint of another run: " in err
        assert said in err
    assert "3 epochs" not in refused("--epochs", "2", "--resume")
    lines = flowers.read_text().splitlines()
    flowers.write_text("\n".join([lines[0], lines[2], lines[1], *lines[3:]]) + "\n")
    assert "the features X are others, or stand in another order" in refused("--epochs", "3", "--resume")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--every", "1s"], "--every and --resume are about checkpoints: name their folder too, --checkpoint run/."),
        (["--resume"], "--every and --resume are about checkpoints: name their folder too, --checkpoint run/."),
        ([*KEEP, "--every", "often"], "--every says how often a checkpoint is written: write"),
        ([*KEEP, "--every", "0s"], "--every must be more than 0 s"),
    ],
)
def test_a_command_line_that_makes_no_sense(argv: list[str], said: str, flowers: Path, run: Run) -> None:
    ran = run(*TRAIN, *argv)
    assert ran.code == 2
    assert said in ran.err
    assert not Path("run").exists()


def test_no_folder_can_be_made(flowers: Path, run: Run) -> None:
    Path("run").write_text("a file")
    ran = run(*TRAIN, *KEEP, "-q")
    assert (ran.code, ran.err) == (1, "error: run/: cannot be a folder for checkpoints (File exists).\n")


def test_a_checkpoint_that_cannot_be_written_is_a_remark(flowers: Path) -> None:
    line = [*TRAIN, *KEEP, "--epochs", "150", "--every", "20 steps", "-q"]
    with start(line) as process:
        while not (Path("run").exists() and any(Path("run").glob("step-*"))):
            assert process.poll() is None
        Path("run").rename("moved")
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err == (
        "warning: No checkpoint could be written: run/: the folder was removed, or is another one now. "
        "Training goes on, and so do attempts.\n"
    )


def test_rows_from_a_pipe_go_on_too(flowers: Path, process: Run) -> None:
    argv = ["train", "-", *TRAIN[2:], *KEEP, "--out", "out"]
    text = flowers.read_text()
    assert process(*argv, "--epochs", "3", "-q", stdin=text) == (0, "", "")
    ran = process(*argv, "--epochs", "5", "--resume", stdin=text)
    assert ran.code == 0
    assert "training goes on with epoch 4 of 5" in ran.err


def test_help_shows_it(process: Run) -> None:
    said = process("train", "--help").out
    for option in ("--checkpoint", "--every", "--resume"):
        assert option in said


def test_a_stopped_program_is_not_what_waits(flowers: Path) -> None:
    """SIGTERM before anything was trained ends it too, with the same code."""
    with start([*TRAIN[:1], "-", *TRAIN[2:], *KEEP]) as process:
        assert process.stdin is not None
        process.stdin.write("x" * 200_000)  # more than a pipe holds: when all is written, some of it is being read
        process.stdin.flush()
        process.terminate()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "goes on, from run/" in err
