"""IDX files: every dtype and rank comes back as it was written, and nothing that is no IDX file gets through."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from pellucid.data import IdxHeader, idx, read_idx, read_idx_header
from pellucid.errors import FileError, InputError

CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


def written(array):
    """The array as the bytes of an IDX file."""
    head = bytes([0, 0, CODES[array.dtype.name], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def read_or_refused(path):
    """The array, or None where the file was refused with its path."""
    try:
        return read_idx(path)
    except FileError as error:
        said = str(error)
    assert str(path) in said
    return None


arrays = st.sampled_from(sorted(CODES)).flatmap(
    lambda name: nps.arrays(np.dtype(name), nps.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4))
)


@settings(deadline=None, max_examples=150)
@given(array=arrays, packed=st.sampled_from(["plain", "gzip", "members"]))
def test_what_was_written_comes_back(tmp_path_factory, array, packed):
    path, data = tmp_path_factory.mktemp("idx") / "any.name", written(array)
    if packed == "gzip":
        data = gzip.compress(data)
    elif packed == "members":
        data = gzip.compress(data[:7]) + gzip.compress(b"") + gzip.compress(data[7:])
    path.write_bytes(data)
    found = read_idx(path)
    assert found.dtype == array.dtype
    assert found.dtype.isnative
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()
    assert found.flags.writeable
    header = read_idx_header(path)
    assert header == IdxHeader(CODES[array.dtype.name] * 256 + array.ndim, array.dtype, array.shape)


@pytest.mark.parametrize("chunk", [2, 3, 5, 19, 20, 21])
def test_chunks_may_end_anywhere(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(idx, "CHUNK", chunk)
    array, path = np.arange(300, dtype=np.int16), tmp_path / "members"
    data = written(array)
    path.write_bytes(gzip.compress(data[:50]) + gzip.compress(b"") + gzip.compress(data[50:]))
    np.testing.assert_array_equal(read_idx(path), array)
    path.write_bytes(path.read_bytes() + b"\x1f")
    with pytest.raises(FileError, match="other bytes follow"):
        read_idx(path)


def test_the_header_of_images_says_what_a_lesson_shows(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(written(np.zeros((5, 28, 28), np.uint8)))
    header = read_idx_header(path)
    assert (header.magic, header.shape, header.dtype) == (2051, (5, 28, 28), np.dtype("uint8"))
    with pytest.raises(AttributeError):
        header.magic = 1


def test_the_header_is_read_without_the_numbers(tmp_path):
    path = tmp_path / "cut"
    path.write_bytes(written(np.zeros((5, 28, 28), np.uint8))[:20])
    assert read_idx_header(path).shape == (5, 28, 28)


def test_the_name_does_not_matter(tmp_path):
    array = np.arange(12, dtype=np.int16).reshape(3, 4)
    (tmp_path / "plain.gz").write_bytes(written(array))
    (tmp_path / "packed").write_bytes(gzip.compress(written(array)))
    np.testing.assert_array_equal(read_idx(tmp_path / "plain.gz"), array)
    np.testing.assert_array_equal(read_idx(str(tmp_path / "packed")), array)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_every_truncation_is_an_error(tmp_path, pack):
    data, path = pack(written(np.arange(6, dtype=np.int32).reshape(2, 3))), tmp_path / "cut"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(FileError, match="cut") as caught:
            read_idx(path)
        assert str(path) in str(caught.value)


@settings(deadline=None, max_examples=300)
@given(data=st.binary(max_size=40) | st.binary(max_size=30).map(lambda tail: b"\0\0" + tail))
def test_any_bytes_are_refused_or_read_exactly(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(data)
    array = read_or_refused(path)
    assert array is None or written(array) == data


def test_every_flipped_bit_of_a_gzip_is_refused_or_harmless(tmp_path):
    array, path = np.arange(30, dtype=np.uint8), tmp_path / "flipped"
    data = gzip.compress(written(array))
    harmless = 0
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        found = read_or_refused(path)
        assert found is None or found.tolist() == array.tolist()
        harmless += found is not None
    assert harmless < 80  # the time stamp, system and extra flags of the gzip header carry no data


def test_max_bytes_is_the_number_of_bytes_of_the_array(tmp_path):
    path = tmp_path / "ten"
    path.write_bytes(written(np.zeros(10, np.uint8)))
    assert read_idx(path, max_bytes=10).shape == (10,)
    with pytest.raises(FileError, match=r"10 bytes.*max_bytes = 9.*max_bytes=10\)"):
        read_idx(path, max_bytes=9)


@pytest.mark.parametrize("cap", [0, -1, 1.5, None, "much"])
def test_a_cap_that_is_none_is_refused(tmp_path, cap):
    with pytest.raises(InputError, match="max_bytes"):
        read_idx(tmp_path / "any", max_bytes=cap)


def test_paths_that_are_none(tmp_path):
    with pytest.raises(FileError, match=r"missing.*cannot be read"):
        read_idx(tmp_path / "missing")
    with pytest.raises(FileError, match="cannot be read"):
        read_idx(tmp_path)
    with pytest.raises(InputError, match="path"):
        read_idx(5)
    with pytest.raises(InputError, match="zero character"):
        read_idx("a\0b")
