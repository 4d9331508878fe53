"""Every file is the old one or the new one, whole, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import driven
import pytest

from pellucid import Dense, FileError, Network
from pellucid.files.writing import replace_file, replacing


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    replace_file(tmp_path / "a", b"first, and longer")
    replace_file(str(tmp_path / "a"), b"second")
    assert (tmp_path / "a").read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["文" * 80, "x" * 255, "-x", " ", "a\nb", ".hidden"])
def test_any_name_that_the_disk_takes(name: str, tmp_path: Path) -> None:
    replace_file(tmp_path / name, b"1")
    replace_file(tmp_path / name, b"2")
    assert os.listdir(tmp_path) == [name]


def test_the_order_of_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a file whose contents are safe gets its name, and then the name is made safe."""
    seen = []
    fsync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        kind = os.fstat(handle)
        seen.append(("folder synced", 0) if stat.S_ISDIR(kind.st_mode) else ("file synced", kind.st_size))
        fsync(handle)

    def replaced(self: Path, target: Path) -> Path:
        seen.append(("renamed", self.stat().st_size))
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    replace_file(tmp_path / "a", bytes(100_000))
    assert seen == [("file synced", 100_000), ("renamed", 100_000), ("folder synced", 0)]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o666, 0o755])
def test_the_mode_is_kept(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(mode)
    umask = os.umask(0o077)
    try:
        replace_file(path, b"new")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_usual_mode_or_the_one_given(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        replace_file(tmp_path / "usual", b"")
        replace_file(tmp_path / "given", b"", mode=0o606)
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "usual").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "given").stat().st_mode) == 0o606


def test_what_is_private_is_never_open_for_a_moment(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o600)
    with replacing(tmp_path / "a") as file:
        (beside,) = (path for path in tmp_path.iterdir() if path.name != "a")
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600
        file.write(b"new")


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(Path("elsewhere") / "real")
    for text in (b"1", b"2"):  # where there is nothing behind it yet, and where there is
        replace_file(tmp_path / "link", text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "elsewhere" / "real").read_bytes() == text
    assert os.listdir(tmp_path / "elsewhere") == ["real"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    replace_file(tmp_path / "pipe", b"through it")
    reader.join()
    assert read == [b"through it"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    replace_file(os.devnull, b"away")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no such name")
def test_standard_output_is_written_to(tmp_path: Path) -> None:
    program = """
import sys
from pellucid.files.writing import replace_file
print("before", flush=True)
replace_file("/dev/stdout", b"through a name\\n")
"""
    assert driven.run(program) == "before\nthrough a name\n"
    with (tmp_path / "out").open("w") as file:  # a name of a regular file that is open: it is not replaced behind it
        inode = (tmp_path / "out").stat().st_ino
        subprocess.run([sys.executable, "-c", program], stdout=file, check=True)
    assert (tmp_path / "out").stat().st_ino == inode
    assert (tmp_path / "out").read_text() == "through a name\n"


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not synced there")
@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_folder_that_cannot_be_read_is_written_to(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mode 0300: files can be made in it, and it cannot be opened; root sees no difference."""
    opening = os.open

    def refusing(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if os.path.isdir(path):
            raise OSError(number, os.strerror(number))
        return opening(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refusing)
    replace_file(tmp_path / "m", b"new")
    assert (tmp_path / "m").read_bytes() == b"new"


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not synced there")
def test_a_disk_that_fails_once_the_file_is_there_is_not_said_to_have_kept_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m").write_bytes(b"old")
    fsync = os.fsync

    def failing(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(FileError, match=r"m: written, but it may not survive a power cut: .*Input/output error"):
        replace_file(tmp_path / "m", b"new")
    assert (tmp_path / "m").read_bytes() == b"new"


def test_what_raises_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def half() -> None:
        with replacing(tmp_path / "a") as file:
            file.write(bytes(1_000_000))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("folder", "Is a directory"), ("nowhere/a", "No such file"), ("a\0b", "null"), ("file/a", "Not a directory")],
)
def test_a_place_that_is_none_is_said(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match=reason):
        replace_file(tmp_path / name, b"")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_a_file_that_may_not_be_written_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o400)
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # who may write anywhere
        monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(FileError, match="Permission denied"):
        replace_file(tmp_path / "a", b"new")


# What the library writes, each into the folder that it is given: first small, then larger than there is room.
WRITERS = """
import resource, sys
from pathlib import Path
import numpy as np
from pellucid import Dense, FileError, Network
from pellucid.files import save, save_weights_json

folder, what = Path(sys.argv[1]), sys.argv[2]
X = np.random.default_rng(0).normal(size=(500, 3))
y = X[:, 0] > 0

def network(units):
    return Network([Dense(units, "tanh"), Dense(1, "sigmoid")], inputs=3)

def history(epochs):
    return network(2).fit(X[:4], [0, 1, 0, 1], epochs=epochs, progress=False)

def picture(size):
    from pellucid import plots
    plots.save(plots.bars(list(range(3, size)), ["a"] * (size - 3)), folder / "p.svg")

WRITE = {
    "m.json": lambda size: save(network(size), folder / "m.json"),
    "w.json": lambda size: save_weights_json(network(size), folder / "w.json"),
    "h.csv": lambda size: history(size).to_csv(folder / "h.csv"),
    "h.json": lambda size: history(size).to_json(folder / "h.json"),
    "r.html": lambda size: history(size).report(folder / "r.html"),
    "s.py": lambda size: network(size).script(path=folder / "s.py"),
    "p.svg": picture,
}
write = WRITE[what]
write(5)
before = {path.name: path.read_bytes() for path in folder.iterdir()}
resource.setrlimit(resource.RLIMIT_FSIZE, (max(map(len, before.values())) // 2,) * 2)
try:
    write(40)
except FileError as error:
    print(error)
else:
    sys.exit("it was written")
assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
@pytest.mark.parametrize("what", ["m.json", "w.json", "h.csv", "h.json", "r.html", "s.py", "p.svg"])
def test_without_room_the_old_file_stays(what: str, tmp_path: Path) -> None:
    if what in ("r.html", "p.svg"):
        pytest.importorskip("matplotlib")
    assert "too large" in driven.run(WRITERS, tmp_path, what)


KILLED = """
import sys
from pathlib import Path
from driven import die_before_line, killed
from pellucid.files.writing import replace_file

def save():
    die_before_line(k, ("files/writing.py",))
    replace_file(path, texts[1])

path = Path(sys.argv[1]) / "a"
texts = [bytes([65 + k]) * 300_000 for k in range(2)]
kills, old, new = 0, 0, 0
for before in (texts[0], None):  # a file that is replaced, and one that is new
    k, went = 0, True
    while went:
        path.unlink(missing_ok=True)
        if before is not None:
            replace_file(path, before)
        k += 1
        went = killed(save)
        kills += went
        found = path.read_bytes() if path.exists() else None
        assert found in (before, texts[1]), (k, found and len(found))
        old, new = old + (found == before), new + (found == texts[1])
        for part in path.parent.glob(".*.part"):
            part.unlink()
        assert [entry.name for entry in path.parent.iterdir()] == ["a"] * (found is not None)
print(kills, old, new)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the kill is aimed at a forked child")
def test_killed_before_every_line_of_a_save(tmp_path: Path) -> None:
    kills, old, new = map(int, driven.run(KILLED, tmp_path).split())
    assert kills >= 50  # bar R9
    assert old >= 30  # before the rename
    assert new >= 6  # after it, and the two that were not killed
    assert old + new == kills + 2


def test_the_models_of_two_threads_do_not_mix(tmp_path: Path) -> None:
    nets = [Network([Dense(30, "tanh"), Dense(1)], inputs=30, seed=seed) for seed in range(2)]
    threads = [
        threading.Thread(target=lambda net=net: [net.save(tmp_path / "m.json") for _ in range(10)])  # type: ignore[misc]
        for net in nets
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    from pellucid import load

    assert load(tmp_path / "m.json").theta.tobytes() in [net.theta.tobytes() for net in nets]
    assert os.listdir(tmp_path) == ["m.json"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot be written \(.*there is no folder .*nowhere; make it first\)"):
        replace_file(tmp_path / "nowhere" / "a.json", b"1")
