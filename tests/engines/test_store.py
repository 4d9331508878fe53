"""The store of machine code: compiled once a machine, and never an error or a wrong result, whatever the disk does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `fast` is not installed")

import pellucid
from pellucid import Dense, Network
from pellucid.activations import ACTIVATIONS
from pellucid.engines.compiled import store, units

PACKAGE = Path(pellucid.__file__).parent
# A small job whose units are few: a process that fits, and says which engine ran and what the weights came to.
FIT = """
import sys, numpy as np
from pellucid import Dense, Network
X = np.random.default_rng(0).normal(size=(40, 2))
history = Network([Dense(1, "tanh")], 2).fit(X, np.arange(40) % 2, epochs=20, engine="compiled")
print(history.engine, history.loss[-1].hex(), "numba" in sys.modules)
"""


def fit(cache: Path, source: Path | None = None, code: str = FIT, **more: str) -> tuple[list[str], str]:
    """What a fresh process prints, and what it complains about."""
    words = os.environ | {"PELLUCID_CACHE": str(cache), "PELLUCID_QUIET": ""} | more
    if source is not None:
        words["PYTHONPATH"] = os.pathsep.join([str(source), str(PACKAGE.parent)])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=words, check=True)
    return done.stdout.split(), done.stderr


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder with the code that the job needs, and what the job came to."""
    cache = tmp_path_factory.mktemp("cache")
    told, complaints = fit(cache)
    assert told[0] == "compiled"
    assert "compiling for this processor, once" in complaints
    return cache, told


def files_of(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.o"))


def copied(filled: tuple[Path, list[str]], tmp_path: Path) -> tuple[Path, list[Path]]:
    cache = tmp_path / "cache"
    shutil.copytree(filled[0], cache)
    return cache, files_of(cache)


def test_the_next_process_compiles_nothing_and_needs_no_numba(filled: tuple[Path, list[str]]) -> None:
    told, complaints = fit(filled[0])
    assert told == filled[1]
    assert told[2] == "False"
    assert complaints == ""


def test_the_code_can_allocate_nothing(tmp_path: Path) -> None:
    # With a hidden layer, whose units go forward and backward, and a softmax: more kinds of unit than FIT needs.
    full = FIT.replace('[Dense(1, "tanh")]', '[Dense(3, "tanh"), Dense(2, "softmax")]')
    assert fit(tmp_path, code=full)[0][0] == "compiled"
    files = files_of(tmp_path)
    assert len(files) >= 7
    # What a function of another library is called by stands in its object code.
    for file in files:
        code = file.read_bytes()
        assert b"pellucid_" in code
        assert not any(word in code for word in (b"malloc", b"NRT_", b"Py"))


@pytest.mark.parametrize("damage", ["emptied", "cut", "a bit", "text", "other code"])
def test_a_damaged_file_is_compiled_again(damage: str, filled: tuple[Path, list[str]], tmp_path: Path) -> None:
    cache, files = copied(filled, tmp_path)
    data = files[0].read_bytes()
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    other = data[:32] + files[1].read_bytes()[32:]
    damaged = {"emptied": b"", "cut": data[: len(data) // 2], "a bit": bytes(flipped), "text": b"no code"}
    files[0].write_bytes((damaged | {"other code": other})[damage])
    told, complaints = fit(cache)
    assert told == filled[1]
    assert "compiling" in complaints
    assert files[0].read_bytes() == data  # put right for the next one


def test_code_of_another_key_is_never_taken_for_it(filled: tuple[Path, list[str]], tmp_path: Path) -> None:
    cache, files = copied(filled, tmp_path)
    files[0].write_bytes(files[1].read_bytes())
    assert fit(cache)[0] == filled[1]


def test_a_folder_that_cannot_be_written_is_no_error(filled: tuple[Path, list[str]], tmp_path: Path) -> None:
    in_the_way = tmp_path / "a file"
    in_the_way.write_text("where a folder should be")
    told, _ = fit(in_the_way)
    assert told[:2] == filled[1][:2]
    assert in_the_way.read_text() == "where a folder should be"


def test_a_read_only_folder_is_no_error(filled: tuple[Path, list[str]], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o555)
    if os.access(cache, os.W_OK):  # root may write everywhere, but not here
        cache = Path("/proc/self")
    assert fit(cache)[0][:2] == filled[1][:2]


def test_an_edit_in_any_file_of_the_package_makes_new_code(filled: tuple[Path, list[str]], tmp_path: Path) -> None:
    cache, _ = copied(filled, tmp_path)
    source = tmp_path / "source"
    shutil.copytree(PACKAGE, source / "pellucid", ignore=shutil.ignore_patterns("__pycache__"))
    shown = "from pellucid.engines.compiled import store; print(store.fingerprint())"
    same, _ = fit(cache, source, shown)
    assert same == [store.fingerprint()]
    for name in ("activations.py", "engines/compiled/kernel.py", "lessons/page.py"):
        edited = source / "pellucid" / name
        edited.write_text(edited.read_text(encoding="utf-8") + "\n# an edit\n", encoding="utf-8")
        assert fit(cache, source, shown)[0] != same
    # and a formula that says something else is not run from code of what it said before
    formulas = source / "pellucid" / "activations.py"
    text = formulas.read_text(encoding="utf-8")
    assert "return np.tanh(z)" in text
    formulas.write_text(text.replace("return np.tanh(z)", "return np.tanh(2 * z)"), encoding="utf-8")
    told, complaints = fit(cache, source)
    assert told[0] == "compiled"
    assert told[1] != filled[1][1]
    assert "compiling" in complaints


def test_a_package_edited_while_a_program_runs_is_not_compiled(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(PACKAGE, source / "pellucid", ignore=shutil.ignore_patterns("__pycache__"))
    edit = f"""
from pellucid.engines import compiled
with open({str(source / "pellucid" / "engines" / "compiled" / "control.py")!r}, "a") as file:
    file.write("# edited")
"""
    told, complaints = fit(tmp_path / "cache", source, edit + FIT)
    assert told[0] == "readable"
    assert "start it again" in complaints


def test_code_of_older_editions_is_cleared_away(filled: tuple[Path, list[str]], tmp_path: Path) -> None:
    cache, files = copied(filled, tmp_path)
    old, new = files[0].parent.parent / "0123456789abcdef", files[0].parent.parent / "fedcba9876543210"
    for folder, days in ((old, 40), (new, 1)):
        folder.mkdir()
        (folder / "x.o").write_bytes(b"code")
        os.utime(folder, times=(time.time() - 86400 * days,) * 2)
    files[0].unlink()
    assert fit(cache)[0] == filled[1]
    assert not old.exists()
    assert new.exists()


def test_a_build_that_cannot_run_is_one_warning_and_a_readable_run(tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "numba"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('numba is broken here')\n")
    code = "import warnings; warnings.simplefilter('always')\n" + FIT
    told, complaints = fit(tmp_path / "cache", broken.parent, code)
    assert told[0] == "readable"
    assert complaints.count("RuntimeWarning") == 1
    assert "numba is broken here" in complaints
    assert "Traceback" not in complaints


@pytest.mark.parametrize("trouble", ["a chatty start", "files of a learner"])
def test_surroundings_do_no_harm(trouble: str, filled: tuple[Path, list[str]], tmp_path: Path) -> None:
    words = os.environ | {"PELLUCID_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(PACKAGE.parent)}
    if trouble == "a chatty start":  # of every process, on the stream that the build answers on
        (tmp_path / "sitecustomize.py").write_text("print('hello')")
        words["PYTHONPATH"] += os.pathsep + str(tmp_path)
    else:  # named like what the build imports
        for name in ("numba", "llvmlite", "ast", "json"):
            (tmp_path / f"{name}.py").write_text("raise SystemExit('this is my homework')")
    done = subprocess.run(
        [sys.executable, "-P", "-c", FIT], capture_output=True, text=True, env=words, cwd=tmp_path, check=True
    )
    assert [word for word in done.stdout.split() if word != "hello"][:2] == filled[1][:2], done.stderr


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("PELLUCID_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(store.Path, "home", homeless)
    store._keep("key", b"code")
    store._clear()
    assert store._kept("key") is None


def test_whatever_stops_the_build_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path))
    stops = [OSError("no more processes"), subprocess.TimeoutExpired("build", 600), MemoryError()]
    for number, stop in enumerate(stops):

        def run(*_: Any, stop: BaseException = stop, **__: Any) -> None:
            raise stop

        monkeypatch.setattr(store.subprocess, "run", run)
        net = Network([Dense(9 + number, "tanh"), Dense(17 + number, "softmax")], 2)
        monkeypatch.setattr(store, "_loaded", {})
        with pytest.warns(RuntimeWarning, match=type(stop).__name__):
            history = net.fit(np.eye(2), [0, 16 + number], epochs=1, engine="compiled")
        assert history.engine == "readable"


def test_a_process_forked_while_another_thread_compiles_does_not_hang() -> None:
    # The lock is held as a compiling thread would hold it; the child fits with what is loaded already.
    code = """
import multiprocessing, threading, numpy as np, warnings
from pellucid import Dense, Network
from pellucid.engines.compiled import store
warnings.simplefilter("ignore")
def fit(queue=None):
    history = Network([Dense(3, "tanh"), Dense(2, "softmax")], 2).fit(np.eye(2), [0, 1], epochs=20, engine="compiled")
    return queue.put(history.engine) if queue else history.engine
fit()
held, done = threading.Event(), threading.Event()
def compiling():
    with store._lock:
        held.set()
        done.wait()
threading.Thread(target=compiling).start()
held.wait()
context = multiprocessing.get_context("fork")
queue = context.Queue()
child = context.Process(target=fit, args=(queue,))
child.start()
print(queue.get(timeout=60))
done.set()
child.join()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "compiled\n"


def test_a_formula_that_numba_refuses_is_said_by_name() -> None:
    unit = units.forward(ACTIVATIONS["tanh"], np.dtype("float64"), 3)
    wrong: Any = units.Unit("forward", unit.text.replace("tanh(", "no_such_function("), *list(vars(unit).values())[2:])
    with pytest.raises(store.BuildFailed, match="no_such_function"):
        store.addresses([wrong])


def test_what_cannot_be_kept_is_said_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "file"))  # no folder can be made in it
    said = store._how_often()
    assert "once" not in said
    assert "cannot be kept" in said
    assert "file" in said
    assert "PELLUCID_CACHE" in said
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "good"))
    assert store._how_often() == "once, about ten seconds"
    store._keep("0" * 32, b"code")
    assert store._how_often().startswith("once, a few seconds")
