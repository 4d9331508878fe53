"""What holds of every reader: a folder, a device, nothing and another kind of file are refused in a sentence."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from readers import READERS, Reader

from pellucid import FileError

KINDS = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
MODELS = pytest.mark.parametrize("reader", [r for r in READERS if not r.name.startswith("data")], ids=lambda r: r.name)


def refusal(reader: Reader, path: Path) -> str:
    if reader.missing:
        pytest.skip(f"{reader.missing} is not installed")
    with pytest.raises(FileError) as caught:
        reader.read(path)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert said.endswith(".")
    assert "Error" not in said.removeprefix(str(path)).split(":")[1]  # no name of an exception first
    return said


@KINDS
def test_good_files_are_read(reader: Reader, tmp_path: Path) -> None:
    if reader.missing:
        pytest.skip(f"{reader.missing} is not installed")
    for raw in reader.seeds(tmp_path):
        (tmp_path / reader.name).write_bytes(raw)
        assert reader.read(tmp_path / reader.name) is not None


@KINDS
def test_no_file(reader: Reader, tmp_path: Path) -> None:
    refusal(reader, tmp_path / reader.name)


@KINDS
def test_a_folder(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / reader.name).mkdir()
    refusal(reader, tmp_path / reader.name)


@KINDS
def test_an_empty_file(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / reader.name).touch()
    refusal(reader, tmp_path / reader.name)


@MODELS
def test_a_pipe_that_nobody_writes_to(reader: Reader, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / reader.name)
    assert "this is a pipe" in refusal(reader, tmp_path / reader.name)


@MODELS
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device(reader: Reader, device: str) -> None:
    assert "this is a device" in refusal(reader, Path(device))


@MODELS
def test_a_socket(reader: Reader) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as bound:  # names of sockets are short
        bound.bind(f"{folder}/s")
        refusal(reader, Path(folder) / "s")


@MODELS
def test_a_name_that_no_file_can_have(reader: Reader, tmp_path: Path) -> None:
    refusal(reader, tmp_path / ("a" * 5000))


@KINDS
def test_the_files_of_all_the_others(reader: Reader, tmp_path: Path) -> None:
    """Each reader gets what the others read; JSON of one kind and of another share nothing either."""
    for other in READERS:
        same_kind = {reader.name, other.name} <= {"data.idx", "data.idx.gz"} or reader.name == other.name
        same_kind |= {reader.name, other.name} == {"state.pth", "state.safetensors"}
        loaded = reader.name in ("model.json", "model.safetensors") and other.name.startswith("model")
        if same_kind or loaded or other.missing:
            continue
        for raw in other.seeds(tmp_path):
            path = tmp_path / f"foreign-{reader.name}"
            path.write_bytes(raw)
            refusal(reader, path)


STRANGE: dict[str, Callable[[], bytes]] = {
    "zeros": lambda: bytes(4096),
    "ones": lambda: b"\xff" * 4096,
    "a program": lambda: b"\x7fELF" + bytes(range(256)) * 8,
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a page": lambda: b"<!DOCTYPE html><title>404</title>",
    "a text with a mark": lambda: "\ufeff{}".encode(),
    "UTF-16": lambda: "W1".encode("utf-16"),
    "HDF5": lambda: b"\x89HDF\r\n\x1a\n" + bytes(100),
    "npy": lambda: b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }" + bytes(60),
    "YAML": lambda: b"!!python/object/apply:os.system ['id']\n",
}


@KINDS
@pytest.mark.parametrize("kind", STRANGE)
def test_something_else_altogether(reader: Reader, kind: str, tmp_path: Path) -> None:
    (tmp_path / reader.name).write_bytes(STRANGE[kind]())
    refusal(reader, tmp_path / reader.name)
