"""No reader runs code from a file: shown by Python's own audit hook, in a process of its own.

Every reader first reads good files, so that what it needs is imported. From then on each thing that Python does which
could be code of a file (to compile, to execute, to import, to start a process, to open a connection or another file) is
noted, while the readers get files that would do just that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from readers import READERS

ROOT = Path(__file__).parent

PROGRAM = """
import encodings.cp437, io, os, pickle, sys, zipfile  # in whose letters zip archives have their names
from pathlib import Path
import numpy as np
from readers import READERS
from pellucid import FileError, InputError, load
from pellucid.files.pickles import read_pickle

folder = Path(sys.argv[1])
readers = [reader for reader in READERS if not reader.missing]

class Runs:
    def __init__(self, *call): self.call = call
    def __reduce__(self): return self.call

calls = [(os.system, "touch pwned"), (eval, "open('pwned', 'w')"), (exec, "import antigravity"), (open, "pwned", "w"),
         (__import__, "antigravity"), (np.load, "pwned.npy"), (compile, "1", "x", "eval")]
hostile = []
for function, *arguments in calls:
    for protocol in (0, 2, 4):
        value = Runs(function, tuple(arguments))
        raw = pickle.dumps({"W1": value}, protocol)
        hostile.append(raw)
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("m/data.pkl", raw)
            archive.writestr("m/version", "3")
        hostile.append(file.getvalue())
hostile.append(b"cos\\nsystem\\n(S'touch pwned'\\ntR.")
header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }" + b" " * 58 + b"\\n"
hostile.append(b"\\x93NUMPY\\x01\\x00v\\x00" + header + hostile[0])
hostile.append(b"!!python/object/apply:os.system ['touch pwned']")
hostile.append(b'{"__reduce__": "os.system", "format": "__import__(\\'os\\').system(\\'touch pwned\\')"}')

paths = []
for reader in readers:
    for i, raw in enumerate(reader.seeds(folder)):
        path = folder / f"good{i}-{reader.name}"
        path.write_bytes(raw)
        paths.append((reader, path, True))
    for i, raw in enumerate(hostile):
        path = folder / f"hostile{i}-{reader.name}"
        path.write_bytes(raw)
        paths.append((reader, path, False))

def read_all(which):
    refused = 0
    for reader, path, good in paths:
        if good in which:
            try:
                reader.read(path)
                if not good:
                    print("READ", path)
            except FileError as error:
                str(error)
                refused += 1
            try:
                load(path)
            except FileError:
                pass
    return refused

# What is imported late, to say what is wrong, is imported now: by files that are cut short or of another kind, and by
# none of those that mean harm, of which a reader may remember something.
for reader, path, good in list(paths):
    if good:
        raw = path.read_bytes()
        changed = [raw[: len(raw) // 2], raw[:-1], raw.replace(b"a", b"b"), b"~" + raw, b"{}", b""]
        for i, spoilt in enumerate(changed):
            other = folder / f"spoilt{i}-{reader.name}"
            other.write_bytes(spoilt)
            for read in (reader.read, load):
                try:
                    read(other)
                except (FileError, InputError):
                    pass
read_all((True,))
inside = os.path.realpath(folder)
seen = set()
NOTED = ("compile exec import marshal subprocess socket ctypes pickle pty os shutil webbrowser urllib code ensurepip "
         "fcntl mmap tempfile").split()

def hook(event, arguments):
    if event == "open":
        mode = arguments[1]
        of_folder = isinstance(arguments[0], int) or os.path.realpath(os.fsdecode(arguments[0])).startswith(inside)
        writes = isinstance(mode, str) and set(mode) & set("wax+")
        if not of_folder or writes:
            seen.add((event, str(arguments[0])))
    elif event.split(".")[0] in NOTED:
        seen.add((event, str(arguments)[:80]))

sys.addaudithook(hook)
refused = read_all((True, False))
events = sorted(seen)
print("REFUSED", refused, "OF", sum(not good for _, _, good in paths))
for event in events:
    print("EVENT", *event)
print("PWNED", os.path.exists("pwned"))
"""
# What reading itself does: torch and safetensors map the file into memory, and torch asks for places of its own.
HARMLESS = {"mmap.__new__", "os.listdir", "os.scandir"}


def test_nothing_that_could_be_code_happens_while_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path / "files")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("READ")] == []
    refused, of = (int(word) for word in next(x for x in lines if x.startswith("REFUSED")).split() if word.isdigit())
    assert refused == of > 40 * len([reader for reader in READERS if not reader.missing]) * 0.9
    events = [line for line in lines if line.startswith("EVENT") and line.split()[1] not in HARMLESS]
    assert not events, "\n".join(events)
    assert lines[-1] == "PWNED False"


def test_the_hook_sees_what_it_should(tmp_path: Path) -> None:
    """The proof is worth something only if the same hook notes the same files where Python's own reader reads them."""
    program = textwrap.dedent(PROGRAM).replace(
        "refused = read_all((True, False))\nevents", "refused = unsafe()\nevents"
    )
    unsafe = """
def unsafe():
    for raw in hostile:
        try:
            pickle.loads(raw)
        except BaseException:
            pass
    return 0

sys.addaudithook(hook)
"""
    program = program.replace("\nsys.addaudithook(hook)\n", unsafe)
    (tmp_path / "files").mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "BROWSER": "true"}
    program = program.replace("import antigravity", "1").replace('"antigravity"', '"this"')
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "files")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    seen = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("EVENT")}
    assert {"pickle.find_class", "os.system", "exec", "compile", "open"} <= seen
    assert done.stdout.splitlines()[-1] == "PWNED True"
