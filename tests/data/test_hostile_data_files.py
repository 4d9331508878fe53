"""Files made to break a reader: each is refused in words, with its path, and none takes memory it did not bring."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from pellucid.data import read_csv, read_idx
from pellucid.errors import FileError

MEGABYTE = 2**20


def idx(code, shape, body=b"", start=b"\0\0"):
    return start + bytes([code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + body


def packed_zeros(size, head=b""):
    """A gzip member of `head` and then zeros, made without holding them."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(head)]
    parts += [packer.compress(bytes(MEGABYTE)) for _ in range(size // MEGABYTE)]
    return b"".join([*parts, packer.flush()])


GOOD = idx(8, (3,), b"abc")
PACKED = gzip.compress(GOOD, mtime=0)


def damaged(position, value):
    data = bytearray(PACKED)
    data[position] ^= value
    return bytes(data)


# name: (contents, what the message must say)
IDX_FILES = {
    "empty": (b"", "ends at byte 0"),
    "one byte": (b"\0", "ends at byte 1"),
    "half a magic number": (b"\0\0\x08", "ends at byte 3"),
    "text": (b"5,0,4,1,9\n", "begins with the bytes 35 2c 30 2c"),
    "web page": (b"<!DOCTYPE html><html>not found</html>", "no IDX file"),
    "zip": (b"PK\x03\x04" + bytes(50), "no IDX file"),
    "numpy": (b"\x93NUMPY\x01\0", "no IDX file"),
    "magic of one byte": (idx(8, (3,), b"abc", start=b"\1\0"), "01 00 08 01"),
    "little-endian magic": (b"\x03\x08\0\0" + bytes(20), "no IDX file"),
    "dtype 0": (idx(0, (3,), b"abc"), "0x00"),
    "dtype 0x0A": (idx(10, (3,), b"abc"), "0x0A"),
    "dtype 0x0F": (idx(15, (3,), b"abc"), "0x0F"),
    "dtype 0xFF": (idx(255, (3,), b"abc"), "0xFF"),
    "255 dimensions": (idx(8, (1,) * 255, b"a"), "255 dimensions"),
    "33 dimensions": (idx(8, (1,) * 33, b"a"), "33 dimensions"),
    "no sizes": (b"\0\0\x08\x03", "3 sizes"),
    "half the sizes": (idx(8, (3, 28, 28))[:10], "byte 10|6 more bytes"),
    "no body": (idx(8, (3,)), "3 more bytes"),
    "short body": (idx(8, (3,), b"ab"), "1 more bytes"),
    "short last number": (idx(14, (2,), bytes(15)), "1 more bytes"),
    "little-endian sizes": (b"\0\0\x08\x01" + struct.pack("<I", 3) + b"abc", "50,331,645 more bytes"),
    "trailing byte": (GOOD + b"d", "more data follow at byte 11"),
    "trailing newline": (GOOD + b"\n", "more data follow"),
    "trailing zeros": (GOOD + bytes(8), "more data follow"),
    "two files in one": (GOOD + GOOD, "more data follow"),
    "body of an empty array": (idx(8, (0,), b"a"), "more data follow at byte 8"),
    "scalar with two numbers": (idx(8, (), b"ab"), "more data follow at byte 5"),
    "largest size": (idx(8, (2**32 - 1,), b"abc"), "4,294,967,295 bytes.*max_bytes"),
    "product beyond 64 bits": (idx(14, (2**32 - 1,) * 4, bytes(64)), "max_bytes"),
    "32 largest sizes": (idx(14, (2**32 - 1,) * 32), "max_bytes"),
    "zero hides huge sizes": (idx(14, (0, 2**32 - 1, 2**32 - 1, 2**32 - 1)), "max_bytes"),
    "just below the cap, empty": (idx(8, (2**30,)), "1,073,741,824 more bytes"),
    "just below the cap, some": (idx(8, (2**30,), bytes(100)), "1,073,741,724 more bytes"),
    "gzip magic alone": (b"\x1f\x8b", "cut short"),
    "gzip header alone": (PACKED[:10], "cut short"),
    "gzip without its end": (PACKED[:-8], "cut short"),
    "gzip without its last byte": (PACKED[:-1], "cut short"),
    "gzip with wrong method": (damaged(2, 1), "damaged"),
    "gzip with wrong data": (damaged(12, 0xFF), "damaged"),
    "gzip with wrong checksum": (damaged(-8, 1), "damaged.*incorrect data check"),
    "gzip with wrong length": (damaged(-1, 1), "damaged.*incorrect length check"),
    "gzip of text": (gzip.compress(b"5,0,4,1,9"), "no IDX file"),
    "gzip of nothing": (gzip.compress(b""), "ends at byte 0 of the decompressed"),
    "gzip in gzip": (gzip.compress(PACKED), "1f 8b"),
    "gzip, then garbage": (PACKED + b"garbage", "67 61 72 62"),
    "gzip, then one byte": (PACKED + b"\x1f", "other bytes follow"),
    "gzip, then zeros": (PACKED + bytes(512), "00 00 00 00"),
    "gzip, then another array": (PACKED + PACKED, "more data follow at byte 11 of the decompressed"),
    "gzip, then a broken member": (PACKED + b"\x1f\x8b\x08garbage", "damaged|cut short"),
    "gzip of a short body": (gzip.compress(GOOD[:-1]), "1 more bytes"),
    "gzip of a trailing byte": (gzip.compress(GOOD + b"d"), "more data follow"),
    "bomb behind three numbers": (packed_zeros(64 * MEGABYTE, GOOD), "more data follow at byte 11"),
    "bomb without a header": (packed_zeros(64 * MEGABYTE), "dtype code, is 0x00"),
    "bomb with an honest header": (packed_zeros(64 * MEGABYTE, idx(8, (2**31,))), "2,147,483,648 bytes.*max_bytes"),
    "bomb of empty members": (gzip.compress(b"", mtime=0) * 20_000, "more than 1000 parts in a row hold nothing"),
    "lying header over a small gzip": (gzip.compress(idx(8, (2**30,), bytes(1000))), "1,073,740,824 more bytes"),
}

CSV_FILES = {
    "empty": (b"", "empty"),
    "blank lines": (b"\n\n   \n", "empty"),
    "byte order mark alone": (b"\xef\xbb\xbf", "empty"),
    "header alone": (b"a,b,y\n", "no row below"),
    "too few fields": (b"a,b,y\n1,2,3\n1,2\n", "line 3.*2 fields.*3 are expected"),
    "too many fields": (b"a,b,y\n1,2,3\n\n1,2,3,4\n", "line 4.*4 fields.*3 are expected"),
    "empty field": (b"a,b,y\n1,2,3\n,2,3\n", "line 3, column 'a'.*missing"),
    "blanks": (b"a,b,y\n1,2,3\n1,  ,3\n", "line 3, column 'b'.*missing"),
    "NA": (b"a,b,y\n1,NA,3\n", "line 2, column 'b'.*missing.*drop='b'"),
    "nan": (b"a,b,y\nnan,1,3\n", "line 2, column 'a'.*missing"),
    "NaN": (b"a,b,y\nNaN,1,3\n", "line 2, column 'a'.*missing"),
    "null": (b"a,b,y\n1,null,3\n", "line 2, column 'b'.*missing"),
    "question mark": (b"a,b,y\n1,?,3\n", "line 2, column 'b'.*missing"),
    "nan with a sign": (b"a,b,y\n1,-nan,3\n", "line 2, column 'b'"),
    "infinite": (b"a,b,y\n1,inf,3\n", "line 2, column 'b'.*infinite"),
    "minus infinite": (b"a,b,y\n1,-Infinity,3\n", "line 2, column 'b'.*infinite"),
    "two infinities": (b"a,b,y\ninf,-inf,3\n", "line 2, column 'a'.*infinite"),
    "too large": (b"a,b,y\n1,1e999,3\n", "line 2, column 'b'.*too large"),
    "text": (b"a,b,y\n1,2,3\n1,two,3\n", "line 3, column 'b'.*'two'.*no number"),
    "underscore": (b"a,b,y\n1,1_000,3\n", "line 2, column 'b'.*no number"),
    "hexadecimal": (b"a,b,y\n1,0x10,3\n", "line 2, column 'b'.*no number"),
    "decimal comma": (b"a;b;y\n1,5;2,5;3\n", "line 2, column 'a'.*with a point"),
    "thousands": (b'a,b,y\n1,"1,000",3\n', "line 2, column 'b'.*no number"),
    "currency": (b"a,b,y\n1,$5,3\n", "line 2, column 'b'.*no number"),
    "missing target": (b"a,b,y\n1,2,3\n1,2,\n", "line 3, column 'y'.*target.*missing"),
    "infinite target": (b"a,b,y\n1,2,3\n1,2,inf\n", "line 3, column 'y'.*infinite"),
    "duplicate names": (b"a,a,y\n1,2,3\n", "line 1.*columns 1 and 2.*'a'"),
    "duplicate names after stripping": (b"a, a ,y\n1,2,3\n", "columns 1 and 2"),
    "many columns, one name twice": (
        ",".join([f"c{i}" for i in range(50_000)] + ["c49999"]).encode() + b"\n1,2,3\n",
        "columns 50000 and 50001 are both named 'c49999'",
    ),
    "zero byte": (b"a,b,y\n1,2,3\n1,\x002,3\n", "line 3.*zero byte"),
    "open quote": (b'a,b,y\n1,2,3\n1,"2,3\n4,5,6\n', "line 3.*never closed"),
    "open quote, long after": (b'a,b,y\n1,"2,3\n' + b"4,5,6\n" * 100_000, "line 2.*never closed"),
    "text after a quote": (b'a,b,y\n1,"2"x,3\n', "line 2.*quotation marks"),
    "line after a quoted newline": (b'a,b,y\n1,2,"x\ny"\n1,oops,z\n', "line 4, column 'b'.*'oops'"),
    "line within a quoted newline": (b'a,b,y\n1,"2\n\n2",z\n', "line 2, column 'b'"),
    "huge field": (b"a,b,y\n1," + b"9" * 200_000 + b",3\n", "line 2.*131,072 characters"),
    "huge line": (b"1," * (40 * MEGABYTE) + b"3\n", "line 1.*16,777,216 bytes"),
    "Latin-1": ("größe,b,y\n1,2,3\n".encode("latin-1"), "line 1: byte 3 of the line, 0xF6, is not UTF-8"),
    "Latin-1 later": ("a,b,y\n1,2,3\n1,2,ä\n".encode("latin-1"), "line 3.*0xE4"),
    "GBK": ("价格,b,y\n1,2,3\n".encode("gbk"), "line 1.*not UTF-8"),
    "half a character": ("a,b,ä".encode()[:-1], "line 1.*not UTF-8"),
    "UTF-16": ("a,b,y\n1,2,3\n".encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": ("a,b,y\n1,2,3\n".encode("utf-16-le"), "zero byte"),
    "gzip": (gzip.compress(b"a,b,y\n1,2,3\n"), "gzip"),
    "gzip bomb": (packed_zeros(64 * MEGABYTE), "gzip"),
    "Excel": (b"PK\x03\x04" + bytes(100), "Excel"),
    "image": (b"\x89PNG\r\n\x1a\n" + bytes(50), "not UTF-8"),
    "target alone": (b"y\n1\n2\n", "no column left"),
    "no such target": (b"a,b,z\n1,2,3\n", "no column named 'y'"),
}
# Half of the file: the line is read, but only up to its limit; and names of columns that are kept as texts.
LARGER = {"huge line": 40 * MEGABYTE, "many columns, one name twice": 16 * MEGABYTE}


def refused(read, path, contents, says, most):
    path.write_bytes(contents)
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match=f"(?s){says}") as caught:
            read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert peak < most, f"{peak:,} bytes for a file of {len(contents):,}"


@pytest.mark.parametrize("name", IDX_FILES)
def test_idx(tmp_path, name):
    refused(read_idx, tmp_path / "hostile", *IDX_FILES[name], most=4 * MEGABYTE)


@pytest.mark.parametrize("name", CSV_FILES)
def test_csv(tmp_path, name):
    def read(path):
        return read_csv(path, target="-1" if name != "no such target" else "y")

    refused(read, tmp_path / "hostile.csv", *CSV_FILES[name], most=LARGER.get(name, 4 * MEGABYTE))


def test_csv_larger_than_its_cap(tmp_path):
    path = tmp_path / "long.csv"
    path.write_bytes(b"1,2\n" * 1000)
    assert read_csv(path, max_bytes=4000).X.shape == (1000, 2)
    with pytest.raises(FileError, match=r"line 1000.*max_bytes = 3,999"):
        read_csv(path, max_bytes=3999)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no endless file")
def test_an_endless_file_is_refused_at_once():
    with pytest.raises(FileError, match="dtype code"):
        read_idx("/dev/zero")


def test_there_are_enough_of_them():
    assert len(IDX_FILES) + len(CSV_FILES) >= 40
