"""A checkpoint's bytes: what went in comes out, and no change to them goes unseen."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest

pytest.importorskip("safetensors")

import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import FileError
from pellucid.files.checkpoints.sealed import DIGITS, FORMAT, MARK, VERSION, Contents, Damaged, seal, unseal

SMALL = Contents(
    {"theta": np.array([0.1, -0.0, np.inf]), "steps": np.arange(6.0).reshape(3, 2), "none": np.empty((0, 2))},
    {"text": '"sha256":"' + "f" * 64, "big": 2**127, "list": [1, None, "文"], "exact": 0.1 + 0.2},
)


def sealed_as(metadata: dict[str, str], arrays: dict[str, Any] | None = None) -> bytes:
    """A file with a seal that is right, whatever it says."""
    raw = safetensors.numpy.save(arrays or {"theta": np.zeros(1)}, metadata | {"sha256": "0" * DIGITS})
    at = raw.index(MARK) + len(MARK)
    return raw[:at] + hashlib.sha256(raw).hexdigest().encode() + raw[at + DIGITS :]


def test_everything_comes_back_bit_for_bit() -> None:
    again = unseal(seal(SMALL), "x")
    assert again.record == SMALL.record
    assert again.arrays.keys() == SMALL.arrays.keys()
    for name, array in SMALL.arrays.items():
        assert (again.arrays[name].dtype, again.arrays[name].shape) == (array.dtype, array.shape)
        assert again.arrays[name].tobytes() == array.tobytes()


def test_it_is_a_safetensors_file_for_others_too() -> None:
    assert safetensors.numpy.load(seal(SMALL)).keys() == SMALL.arrays.keys()


def test_truncated_at_every_byte() -> None:
    raw = seal(SMALL)
    for length in range(len(raw)):
        with pytest.raises(Damaged, match="x: damaged"):
            unseal(raw[:length], "x")


def test_every_bit_flipped() -> None:
    raw = seal(SMALL)
    for place in range(len(raw)):
        for bit in range(8):
            with pytest.raises(Damaged):
                unseal(raw[:place] + bytes([raw[place] ^ 1 << bit]) + raw[place + 1 :], "x")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2**64 - 1))
def test_anything_else_is_refused(noise: bytes, length: int) -> None:
    for raw in (noise, length.to_bytes(8, "little") + noise, seal(SMALL) + noise[:100] + b"\0"):
        with pytest.raises(Damaged):
            unseal(raw, "x")


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"format": FORMAT, "version": str(VERSION + 1), "record": "{}"}, r"version 2; this release reads up to 1"),
        ({"format": "pellucid", "version": "1", "record": "{}"}, "no checkpoint of pellucid"),
        ({"version": "1", "record": "{}"}, "not understood"),
        ({"format": FORMAT, "version": "one", "record": "{}"}, "not understood"),
        ({"format": FORMAT, "version": "1" * 5000, "record": "{}"}, "not understood"),
        ({"format": FORMAT, "version": "1"}, "not understood"),
        ({"format": FORMAT, "version": "1", "record": "[]"}, "holds a list where an object"),
        ({"format": FORMAT, "version": "1", "record": "{"}, "not JSON"),
        ({"format": FORMAT, "version": "1", "record": '{"step": 1, "step": 2}'}, "stands twice"),
        ({"format": FORMAT, "version": "1", "record": '{"seconds": NaN}'}, "holds NaN"),
        ({"format": FORMAT, "version": "1", "record": "[" * 100_000}, "nested too deeply"),
    ],
)
def test_a_seal_that_is_right_does_not_make_a_checkpoint(metadata: dict[str, str], said: str) -> None:
    with pytest.raises(FileError, match=said) as caught:
        unseal(sealed_as(metadata), "x")
    assert not isinstance(caught.value, Damaged)  # an older one would not be better


def test_what_the_library_itself_refuses() -> None:
    header = json.dumps(
        {
            "__metadata__": {"format": FORMAT, "version": "1", "record": "{}", "sha256": "0" * DIGITS},
            "theta": {"dtype": "F64", "shape": [10**9], "data_offsets": [0, 8 * 10**9]},
        },
        separators=(",", ":"),
    ).encode()
    raw = len(header).to_bytes(8, "little") + header
    at = raw.index(MARK) + len(MARK)
    raw = raw[:at] + hashlib.sha256(raw).hexdigest().encode() + raw[at + DIGITS :]
    with pytest.raises(FileError, match="not understood"):
        unseal(raw, "x")
