"""Fuzzing in every run: more than ten thousand spoilt files over all readers, the same ones each time."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from fuzzing import examine, inputs
from readers import READERS, Reader

COUNT = 1_300
FILES = Path(__file__).parent
DIFFERENT = (
    0.7  # of so many, at the least, are no file that was there before (an IDX file of 11 bytes has few spoilt forms)
)


def test_there_are_enough_of_them() -> None:
    """`fuzz` holds each reader to its share of them."""
    installed = [reader for reader in READERS if not reader.missing]
    if len(installed) < len(READERS):
        pytest.skip("not every reader is installed")
    assert DIFFERENT * COUNT * len(installed) >= 10_000


def fuzz(reader: Reader, folder: Path, count: int, seed: str) -> None:
    if reader.missing:
        pytest.skip(f"{reader.missing} is not installed")
    seeds = folder / "seeds"
    seeds.mkdir()
    read, seen = 0, set[bytes]()
    for i, raw in enumerate(inputs(reader, seeds, count, seed)):
        try:
            read += examine(reader, folder / reader.name, raw)
            seen.add(hashlib.sha256(raw).digest())
        except BaseException as error:
            error.add_note(f"{reader.name}, seed {seed!r}, input {i}: {raw[:2000]!r}")
            raise
    assert len(seen) >= DIFFERENT * COUNT
    assert 0 < read < count  # not all were spoilt so far, and not all were harmless, that nothing behind was seen


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_spoilt_files(reader: Reader, tmp_path: Path) -> None:
    fuzz(reader, tmp_path, COUNT, "every run")


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_many_more_spoilt_files(reader: Reader, part: int, tmp_path: Path) -> None:
    fuzz(reader, tmp_path, 10_000, f"nightly {part}")


@pytest.mark.nightly
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_with_atheris(reader: Reader, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None or reader.missing:
        pytest.skip("atheris is not installed")
    done = subprocess.run(
        [sys.executable, str(FILES / "fuzzing.py"), reader.name, "--seconds", "15"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
