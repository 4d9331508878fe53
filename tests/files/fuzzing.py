"""A mutation fuzzer for every reader of files: spoilt good files must be refused as such, or be files all the same.

`python tests/files/fuzzing.py model.json --seconds 60` runs one target with atheris, where that is installed, which
finds its way by the branches that an input takes; the test suite runs all of them without it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import random
import re
import struct
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from readers import READERS, Reader

from pellucid import FileError, InputError, Network

INTEGERS = [
    0,
    1,
    2,
    3,
    7,
    8,
    127,
    128,
    255,
    256,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**53,
    2**63 - 1,
    2**63,
]
TOKENS = [
    b"[", b"]", b"{", b"}", b'"', b",", b":", b"null", b"true", b"NaN", b"Infinity", b"-", b"1e999", b"1e-999",
    b"9" * 400, b"\\u0000", b"\\ud800", b"\xff", b"\x00", b"\n", b"\r\n", b"\xef\xbb\xbf", b'"W1"', b'"b1"', b"F32",
    b"F64", b"BF16", b"[[" * 40, b"numpy", b"cos\nsystem\n", b"c__builtin__\neval\n", b"R", b"b", b"\x81", b"\x85",
    b"\x93", b"(", b"t", b"q\x00", b"h\x00", b"r\xff\xff\xff\xff", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b";",
    b"\t", b"'", b"inf", b"0x1", b"\x2a\x00", b"\x0a\x00", b"\x3a\x00", b"\x08\x00", b"\x10" + b"\xff" * 8 + b"\x7f",
    b"Gemm", b"Relu", b"tanh",
]  # fmt: skip


def mutated(raw: bytes, other: bytes, chance: random.Random) -> bytes:
    """A few changes of a good file."""
    data = bytearray(raw)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        data = chance.choice(CHANGES)(data, other, chance)
    return bytes(data)


def flip(data: bytearray, other: bytes, chance: random.Random) -> bytearray:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def overwrite(data: bytearray, other: bytes, chance: random.Random) -> bytearray:
    at = chance.randrange(len(data) + 1)
    if chance.random() < 0.5:
        size = chance.choice("BHIQ")
        number = chance.choice(INTEGERS) % 2 ** (8 * struct.calcsize(size))
        new = struct.pack(chance.choice("<>") + size, number)
    else:
        new = chance.choice(TOKENS)
    data[at : at + len(new)] = new
    return data


def insert(data: bytearray, other: bytes, chance: random.Random) -> bytearray:
    at = chance.randrange(len(data) + 1)
    data[at:at] = chance.choice([chance.choice(TOKENS), chance.randbytes(chance.randrange(1, 9))])
    return data


def delete(data: bytearray, other: bytes, chance: random.Random) -> bytearray:
    at = chance.randrange(len(data) + 1)
    del data[at : at + chance.choice([1, 1, 2, 4, 8, 64])]
    return data


def cut(data: bytearray, other: bytes, chance: random.Random) -> bytearray:
    return data[: chance.randrange(len(data) + 1)]


def repeat(data: bytearray, other: bytes, chance: random.Random) -> bytearray:
    at, size = chance.randrange(len(data) + 1), chance.choice([1, 4, 16, 100])
    data[at:at] = data[at : at + size] * chance.choice([1, 2, 50])
    return data


def splice(data: bytearray, other: bytes, chance: random.Random) -> bytearray:
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def number(data: bytearray, other: bytes, chance: random.Random) -> bytearray:
    """Another number in the place of one that is written in digits."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?", data[:20_000]))
    if found:
        where = chance.choice(found)
        data[where.start() : where.end()] = str(chance.choice([*INTEGERS, -1, 0.5, 1e300, 10**400])).encode()
    return data


CHANGES = [flip, flip, overwrite, insert, delete, cut, repeat, splice, number]


def inside_json(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A change that no checksum will find, since there is none any more."""
    record = json.loads(raw)
    record.pop("sha256", None), record.pop("self_test", None)
    return change(json.dumps(record).encode())


def inside_safetensors(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A changed header of the length that it says it has."""
    length = int.from_bytes(raw[:8], "little")
    header = change(raw[8 : 8 + length])
    return len(header).to_bytes(8, "little") + header + raw[8 + length :]


def inside_checkpoint(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A changed header under a checksum that is right again."""
    from pellucid.files.checkpoints.sealed import DIGITS, MARK

    data = inside_safetensors(raw, change)
    at = data.find(MARK) + len(MARK)
    if at < len(MARK) or at + DIGITS > len(data):
        return data
    zeroed = data[:at] + b"0" * DIGITS + data[at + DIGITS :]
    return zeroed[:at] + hashlib.sha256(zeroed).hexdigest().encode() + zeroed[at + DIGITS :]


def inside_gzip(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    return gzip.compress(change(gzip.decompress(raw)), 1, mtime=0)


def inside_zip(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """One part of an archive changed, and its checksum right."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name.endswith("data.pkl") else data)
    return file.getvalue()


INSIDE = {
    "model.json": inside_json,
    "model.safetensors": inside_safetensors,
    "state.safetensors": inside_safetensors,
    "step-000000000005.safetensors": inside_checkpoint,
    "data.idx.gz": inside_gzip,
    "state.pth": inside_zip,
}


def inputs(reader: Reader, folder: Path, count: int, seed: str) -> Iterator[bytes]:
    """Spoilt files for a reader; the same ones for the same seed, wherever and in which order tests run."""
    chance = random.Random(f"{reader.name} {seed}")
    seeds = reader.seeds(folder)
    inside = INSIDE.get(reader.name)
    for _ in range(count):
        raw, other = chance.choice(seeds), chance.choice(seeds)
        if inside is not None and chance.random() < 0.6:
            yield inside(raw, lambda part, other=other: mutated(part, other, chance))  # type: ignore[misc]
        else:
            yield mutated(raw, other, chance)


def examine(reader: Reader, path: Path, raw: bytes) -> bool:
    """Read a file: true if it was read, false if it was refused; anything else is raised."""
    path.write_bytes(raw)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = reader.read(path)
    except FileError as error:
        assert str(error).startswith(str(path)), error  # noqa: PT017
        return False
    except InputError as error:  # a good file, and activations for another number of layers
        assert "does not say their activations" in str(error) or "softmax over one unit" in str(error)  # noqa: PT017
        return False
    if isinstance(found, Network):
        assert np.isfinite(found.theta).all()
        with np.errstate(all="ignore"):
            found.forward(np.ones((1, found.inputs)))
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz a reader with atheris.")
    parser.add_argument("reader", choices=[reader.name for reader in READERS])
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    import atheris

    reader = next(reader for reader in READERS if reader.name == arguments.reader)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "corpus"
        corpus.mkdir()
        for i, raw in enumerate(reader.seeds(folder)):
            (corpus / f"seed{i}").write_bytes(raw)
        for module in [m for n, m in sys.modules.items() if n.startswith(("pellucid.files", "pellucid.data"))]:
            for value in vars(module).values():
                if (
                    callable(value)
                    and getattr(value, "__module__", "") == module.__name__
                    and hasattr(value, "__code__")
                ):
                    atheris.instrument_func(value)

        def target(raw: bytes) -> None:
            examine(reader, folder / reader.name, raw)

        options = [f"-max_total_time={arguments.seconds}", "-max_len=20000", "-rss_limit_mb=3000", "-verbosity=0"]
        atheris.Setup([sys.argv[0], str(corpus), *options, f"-artifact_prefix={Path.cwd()}/"], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
