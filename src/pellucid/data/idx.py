"""IDX files, the format of MNIST: a magic number, one size for each dimension, then the numbers, big-endian.

The reader believes nothing: memory is taken as data arrive, never from the header's word, and reading stops one byte
past what the header promises. So a lying header or a gzip bomb costs no more than an honest file may.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.data.places import PathLike, as_path
from pellucid.errors import FileError

Watcher: TypeAlias = Callable[[bytes], object]

GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 18
MOST_EMPTY = 1000  # parts of a gzip file without data, one after the other; tools write one, at the end
MOST_DIMENSIONS = 32  # what NumPy 1 can hold; NumPy 2 holds 64, but no IDX file has needed more than four
STORED = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


@dataclass(frozen=True)
class IdxHeader:
    """What stands before the numbers of an IDX file.

    Attributes:
        magic: the first four bytes as a number: two zero bytes, a code for the dtype, the number of dimensions.
            2051 are uint8 with three dimensions (images), 2049 uint8 with one (labels).
        dtype: of the numbers, in this machine's byte order.
        shape: the sizes, such as (60000, 28, 28): images, rows, columns.

    Example:
        >>> IdxHeader(2051, np.dtype("uint8"), (60000, 28, 28)).shape[0]
        60000
    """

    magic: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def read_idx_header(path: PathLike) -> IdxHeader:
    """The header of an IDX file, plain or gzip; the numbers after it are not looked at.

    Raises:
        FileError: no such file, or no IDX header in it; the message says what was found at which byte.

    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", file formats.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "labels-idx1-ubyte"
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
        ...     read_idx_header(path)
        IdxHeader(magic=2049, dtype=dtype('uint8'), shape=(3,))
    """
    with _opened(path) as source:
        return _header(source)


def read_idx(path: PathLike, *, max_bytes: int = 2**30) -> npt.NDArray[Any]:
    """Read an IDX file, plain or gzip (told apart by the first two bytes, not by the name).

    Args:
        path: the file.
        max_bytes: refuse files whose numbers take more than this, decompressed; 1 GiB unless told.

    Returns:
        An array of the file's shape and dtype (uint8, int8, int16, int32, float32, float64) in this machine's byte
        order, writable.

    Raises:
        FileError: anything that is not exactly one IDX array: a wrong magic number, a missing or surplus byte, a
            damaged gzip, more than `max_bytes`, ... with the path, what is wrong and at which byte.
        InputError: `max_bytes` is no positive whole number.

    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", file formats.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "labels-idx1-ubyte"
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
        ...     read_idx(path)
        array([7, 2, 1], dtype=uint8)
    """
    return read_idx_watched(path, max_bytes, lambda data: None)


def read_idx_watched(path: PathLike, max_bytes: int, watch: Watcher) -> npt.NDArray[Any]:
    """As `read_idx`, and hand every byte to `watch` as it passes, header included: a checksum without a second copy.

    Example:
        >>> import hashlib
        >>> path, digest = getfixture("tmp_path") / "labels", hashlib.sha256()
        >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
        >>> _ = read_idx_watched(path, 2**30, digest.update)
        >>> digest.hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()
        True
    """
    max_bytes = check.whole(max_bytes, "max_bytes", 1)
    with _opened(path, watch) as source:
        header = _header(source)
        stored = np.dtype(STORED[header.magic >> 8])
        # A size of zero must not hide a size that no array can have, so it counts as one here.
        claimed = math.prod(max(size, 1) for size in header.shape) * stored.itemsize
        if claimed > max_bytes:
            source.fail(
                f"the header claims {_times(header.shape)} {header.dtype} numbers, {claimed:,} bytes, which is more "
                f"than max_bytes = {max_bytes:,}. If that is right, raise it: read_idx(path, max_bytes={claimed})."
            )
        body = source.take(math.prod(header.shape) * stored.itemsize, f"{_times(header.shape)} {header.dtype} numbers")
        source.finish()
    if not body:
        return np.empty(header.shape, header.dtype)
    array = np.frombuffer(body, stored).reshape(header.shape)
    return array if stored == header.dtype else array.byteswap(inplace=True).view(header.dtype)


def _header(source: _Source) -> IdxHeader:
    """The magic number and the sizes, checked as they come."""
    start = bytes(source.take(4, "a magic number of 4 bytes"))
    code, rank = start[2], start[3]
    if start[:2] != b"\0\0":
        source.fail(
            f"this is no IDX file: it begins with the bytes {start.hex(' ')}, and an IDX file begins with two zero "
            "bytes (00 00 08 03 for images). Check that the path is the right one."
        )
    if code not in STORED:
        known = ", ".join(f"0x{known:02X} {np.dtype(kind).name}" for known, kind in STORED.items())
        source.fail(f"byte 2 of the header, the dtype code, is 0x{code:02X}, and must be one of {known}.")
    if rank > MOST_DIMENSIONS:
        source.fail(f"byte 3 of the header promises {rank} dimensions, and at most {MOST_DIMENSIONS} can be read.")
    sizes = source.take(4 * rank, f"{rank} sizes of 4 bytes each") if rank else b""
    native = np.dtype(STORED[code]).newbyteorder("=")
    return IdxHeader(int.from_bytes(start, "big"), native, struct.unpack(f">{rank}I", sizes))


class _Source:
    """The decompressed bytes of one file, in order, with the offset that error messages name."""

    def __init__(self, path: Path, raw: BufferedReader, watch: Watcher) -> None:
        self.path, self.watch, self.offset = path, watch, 0
        self.gzip = raw.peek(2)[:2] == GZIP_MAGIC
        self.stream: BufferedReader | _Gunzip = _Gunzip(raw) if self.gzip else raw

    def fail(self, what: str) -> NoReturn:
        raise FileError(f"{self.path}: {what}")

    def at(self) -> str:
        return f"byte {self.offset:,}" + (" of the decompressed data" if self.gzip else "")

    def take(self, size: int, promised: str) -> bytearray:
        """Exactly `size` bytes. The buffer grows with the data: a promise alone takes no memory."""
        body = bytearray()
        while len(body) < size:
            data = self._read(min(CHUNK, size - len(body)))
            if not data:
                self.fail(
                    f"the file ends at {self.at()}, and {size - len(body):,} more bytes were expected there "
                    f"({promised}). It was cut short: copy or download it again."
                )
            body += data
        return body

    def finish(self) -> None:
        """The end must be here; for gzip, asking also has its checksum compared."""
        where = self.at()
        if self._read(1):
            self.fail(f"more data follow at {where}, where the array in the header ends: this is not one IDX array.")

    def _read(self, size: int) -> bytes:
        try:
            data = self.stream.read(size)
        except (zlib.error, _NotGzip) as error:
            raise FileError(
                f"{self.path}: the gzip data are damaged after {self.at()}: {error}. Copy or download it again."
            ) from error
        self.offset += len(data)
        self.watch(data)
        return data


class _NotGzip(Exception):
    """What zlib does not report itself: the end in the middle, or something else after the end."""


class _Gunzip:
    """Decompress as much as is asked for and no more; one gzip member or several in a row."""

    def __init__(self, raw: BufferedReader) -> None:
        self.raw, self.waiting, self.nothing = raw, b"", 0
        self.member = zlib.decompressobj(wbits=31)  # 31: gzip framing, its checksum and length verified

    def read(self, size: int) -> bytes:
        """Between 1 and `size` bytes, or none at the proper end. (`size` is at least 1: for zlib 0 is "no limit".)"""
        while True:
            if self.member.eof and not self._next_member():
                return b""
            fed = self.waiting or self.raw.read(CHUNK)
            data = self.member.decompress(fed, size)
            self.waiting = self.member.unconsumed_tail
            if data:
                self.nothing = 0
                return data
            if not fed and not self.member.eof:
                raise _NotGzip("they end in the middle, so the file was cut short")

    def _next_member(self) -> bool:
        rest = self.member.unused_data
        if len(rest) < len(GZIP_MAGIC):  # the second byte may be in the next chunk of the file
            rest += self.raw.read(CHUNK)
        if not rest:
            return False
        if not rest.startswith(GZIP_MAGIC):
            raise _NotGzip(f"other bytes follow their end, {rest[:4].hex(' ')} ...")
        self.nothing += 1
        if self.nothing > MOST_EMPTY:
            raise _NotGzip(f"more than {MOST_EMPTY} parts in a row hold nothing")
        self.member, self.waiting = zlib.decompressobj(wbits=31), rest
        return True


@contextmanager
def _opened(path: PathLike, watch: Watcher = lambda data: None) -> Iterator[_Source]:
    """The file as a source; whatever the operating system says becomes a FileError."""
    where = as_path(path)
    try:
        with where.open("rb") as raw:
            yield _Source(where, raw, watch)
    except OSError as error:
        raise FileError(f"{where}: it cannot be read: {error.strerror or error}. Check the path.") from error


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "1"
