"""Pickles of arrays and plain containers, read without running anything that they name.

A pickle is a program, and Python's own reader does what it says. Here that reader is given nothing to call: the few
names that NumPy's arrays need stand for notes of what was asked for, of which arrays are made afterwards, with every
size checked against the bytes that are there. Each other name is refused, and so are the instructions that make objects
and those that could take memory which the file does not have.

Source: Python's documentation of pickle, "Restricting Globals"; pickletools, which lists the instructions.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid.errors import FileError
from pellucid.files import opening

Array: TypeAlias = npt.NDArray[Any]

LARGEST = 2**28  # bytes
MOST_STEPS = 200_000  # instructions; a dictionary of fifty arrays takes a thousand
MOST_TUPLES = 2_000  # one inside the other they would be hashed by as many calls
MOST_LARGE, LARGE = 100, 2**60  # such whole numbers can be chosen so that as keys they all fall on one place
DTYPE = re.compile(r"[<>=|]?(b1|i[1248]|u[1248]|f[248])")

CONTAINERS = {
    "NONE", "NEWTRUE", "NEWFALSE", "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE", "DICT", "LIST", "TUPLE", "TUPLE1",
    "TUPLE2", "TUPLE3", "APPEND", "APPENDS", "SETITEM", "SETITEMS",
}  # fmt: skip
VALUES = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "UNICODE", "BINUNICODE",
    "SHORT_BINUNICODE", "BINUNICODE8",
}  # fmt: skip
MACHINE = {
    "PROTO", "FRAME", "MARK", "POP", "POP_MARK", "DUP", "STOP", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "GET",
    "BINGET", "LONG_BINGET", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD",
}  # fmt: skip
WHOLE = {"INT", "LONG", "LONG1", "LONG4"}
TUPLES = {"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"}
PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}


def read_pickle(path: Path) -> Any:
    """What a pickle holds: dictionaries, lists, tuples, texts, numbers, and NumPy arrays of numbers.

    Raises:
        FileError: it names anything else, is damaged, or asks for more memory than its size accounts for.
    """
    raw = opening.whole(path, LARGEST)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in a text: it is the file's, and not the program's
            _look_through(path, raw)
            found = _Reader(path, raw).load()
        return _resolved(path, found, {}, _Room(len(raw)), 0)
    except FileError:
        raise
    except (pickle.UnpicklingError, EOFError, IndexError, KeyError, AttributeError, MemoryError) as error:
        raise FileError(f"{path}: a damaged pickle ({_said(error)}).") from error
    except (TypeError, ValueError, OverflowError, ImportError, RecursionError, SystemError) as error:
        raise FileError(f"{path}: a damaged pickle ({_said(error)}).") from error


def _look_through(path: Path, raw: bytes) -> None:
    """Every instruction before the first is followed: only those that build values, and not too many."""
    steps = tuples = large = 0
    allowed, texts, named = names_allowed(), ["", ""], "something"
    try:
        for opcode, argument, at in pickletools.genops(raw):
            steps += 1
            tuples += opcode.name in TUPLES
            large += opcode.name in WHOLE and abs(int(argument or 0)) > LARGE
            if opcode.name in ("GLOBAL", "STACK_GLOBAL", "INST"):
                named = ".".join(texts) if argument is None else argument.replace(" ", ".")
                if argument is not None and named not in allowed:
                    raise _foreign(path, named)
            elif isinstance(argument, str):
                texts = [texts[1], argument]
            if opcode.name not in CONTAINERS | VALUES | MACHINE:
                raise FileError(
                    f"{path}: its instruction {opcode.name} at byte {at} makes an object of {named:.80}, and only "
                    "arrays, numbers, texts and plain containers are read. Nothing was run." + _cure(named)
                )
            if steps > MOST_STEPS or tuples > MOST_TUPLES or large > MOST_LARGE:
                raise FileError(f"{path}: more parts than a dictionary of arrays has (counted to byte {at:,}).")
            if opcode.name in PUTS and int(argument or 0) > MOST_STEPS:
                raise FileError(f"{path}: byte {at} asks for room for {argument:,} remembered values.")
    except (ValueError, IndexError, OverflowError, UnicodeError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: no pickle, or a damaged one ({_said(error)}).") from error


def _foreign(path: Path, name: str) -> FileError:
    return FileError(
        f"{path}: it names {_said(name)}, and only NumPy's arrays and plain containers are read from a pickle: any "
        "other name could run a program. Nothing was run." + _cure(name)
    )


def _cure(name: str) -> str:
    """What to write where a pickle holds a model as an object."""
    if name.startswith("pellucid.") and "estimators" not in name:
        return ' In the program that has the network: net.save("model.json"), and load that.'
    if name.startswith(("sklearn.", "pellucid.")):
        return ' In the program that has the estimator: Network.from_sklearn(estimator).save("model.json"); load that.'
    return ""


class _Room:
    """How many bytes may yet be made of a file: what it repeats by reference is made again each time."""

    def __init__(self, size: int) -> None:
        self.left = size

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise pickle.UnpicklingError("more is to be made of it than it has bytes: it repeats itself")


class _Name:
    """What stands in a pickle for a function or a class: called, it makes a note; nothing can be set on it."""

    __slots__ = ("make", "name")
    name: str
    make: Callable[..., Any]

    def __init__(self, name: str, make: Callable[..., Any]) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "make", make)

    def __call__(self, *arguments: Any) -> Any:
        return self.make(*arguments)

    def __setattr__(self, name: str, value: Any) -> None:
        raise pickle.UnpicklingError(f"it would change {self.name}")

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError(f"it would change {self.name}")


class _Note:
    """An array, a scalar or a dtype to be made afterwards, from what the pickle said of it."""

    __slots__ = ("kind", "said", "state")

    def __init__(self, kind: str, said: tuple[Any, ...]) -> None:
        self.kind, self.said = kind, said
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _noted(kind: str) -> Callable[..., _Note]:
    return lambda *said: _Note(kind, said)


def _encoded(room: _Room) -> Callable[..., bytes]:
    """Bytes as Python 2 and low protocols write them: as text in Latin-1."""

    def encode(text: Any = "", encoding: Any = "latin1", *more: Any) -> bytes:
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1", "iso-8859-1") or more:
            raise pickle.UnpicklingError("_codecs.encode is used for more than bytes")
        room.take(len(text))
        return text.encode("latin1")

    return encode


def _ordered(room: _Room) -> Callable[..., Any]:
    def make(*content: Any) -> Any:
        if content and not (len(content) == 1 and isinstance(content[0], list)):
            raise pickle.UnpicklingError("OrderedDict is given more than plain content")
        room.take(len(content[0]) if content else 0)
        return dict(*content)

    return make


def names_allowed(size: int = 0) -> dict[str, _Name]:
    """The names that a pickle of arrays and containers uses, new for every file, since pickles share what they name.

    size: bytes that the file has, as many as its calls may make.
    """
    room = _Room(size)
    notes = {
        "_reconstruct": ("array", ("numpy.core.multiarray", "numpy._core.multiarray")),
        "scalar": ("scalar", ("numpy.core.multiarray", "numpy._core.multiarray")),
        "_frombuffer": ("buffer", ("numpy.core.numeric", "numpy._core.numeric")),
        "ndarray": ("class", ("numpy",)),
        "dtype": ("dtype", ("numpy",)),
    }
    known = {f"{m}.{name}": _Name(f"{m}.{name}", _noted(kind)) for name, (kind, ms) in notes.items() for m in ms}
    known["_codecs.encode"] = _Name("_codecs.encode", _encoded(room))
    known["collections.OrderedDict"] = _Name("collections.OrderedDict", _ordered(room))
    return known


class _Reader(pickle.Unpickler):
    def __init__(self, path: Path, raw: bytes) -> None:
        super().__init__(io.BytesIO(raw), fix_imports=False, encoding="latin1")
        self.path, self.known = path, names_allowed(len(raw))

    def find_class(self, module: str, name: str) -> Any:
        if (found := self.known.get(f"{module}.{name}")) is None:
            raise _foreign(self.path, f"{module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> Any:
        raise FileError(f"{self.path}: it refers to something outside of the file.")


def _resolved(path: Path, value: Any, done: dict[int, Any], room: _Room, depth: int) -> Any:
    """The value with arrays in the place of notes; what the pickle refers to twice is made once (`done`, by id)."""
    if id(value) in done:
        return done[id(value)]
    if depth > 20:
        raise FileError(f"{path}: nested too deeply to be a dictionary of arrays.")
    if isinstance(value, _Name):
        raise FileError(f"{path}: it holds {value.name} itself, where an array or a number is expected.")
    made = value
    if isinstance(value, _Note):
        made = _array(path, value, room)
    elif isinstance(value, dict):
        made = {_key(path, key): _resolved(path, inner, done, room, depth + 1) for key, inner in value.items()}
    elif isinstance(value, list | tuple):
        made = type(value)([_resolved(path, part, done, room, depth + 1) for part in value])
    if made is not value:
        done[id(value)] = made
    return made


def _key(path: Path, key: Any) -> Any:
    if isinstance(key, str | int | float | bool | None):
        return key
    if isinstance(key, bytes):  # of Python 2
        return key.decode("latin1")
    raise FileError(f"{path}: a key of a dictionary is {type(key).__name__}, and must be a text or a number.")


def _array(path: Path, note: _Note, room: _Room) -> Array:
    """The array that a note describes, its shape held against the bytes that are there."""
    if note.kind == "array" and isinstance(note.state, tuple) and len(note.state) == 5:
        _, shape, kind, fortran, data = note.state
    elif note.kind == "buffer" and len(note.said) == 4:
        data, kind, shape, order = note.said
        fortran = order == "F"
    elif note.kind == "scalar" and len(note.said) == 2:
        (kind, data), shape, fortran = note.said, (), False
    else:
        raise FileError(f"{path}: it describes a NumPy {note.kind} in a way that is not understood.")
    dtype = _dtype(path, kind)
    if isinstance(data, str):
        data = data.encode("latin1")
    good = isinstance(shape, tuple) and len(shape) <= 8 and all(type(n) is int and n >= 0 for n in shape)
    if not good or not isinstance(data, bytes | bytearray) or math.prod(shape) * dtype.itemsize != len(data):
        raise FileError(f"{path}: an array claims the shape {_said(shape)}, and its bytes are not as many.")
    room.take(len(data))
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    return array.astype(dtype.newbyteorder("="))


def _dtype(path: Path, note: Any) -> np.dtype[Any]:
    """A dtype of plain numbers; one of objects would be a pickle once more."""
    said = note.said[0] if isinstance(note, _Note) and note.kind == "dtype" and note.said else None
    state = note.state if isinstance(note, _Note) else None
    swapped = isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">")
    if not isinstance(said, str) or not DTYPE.fullmatch(said):
        raise FileError(f"{path}: an array is of {_said(said)!r}, and must be of numbers.")
    kind = np.dtype(said.lstrip("<>=|"))
    return kind.newbyteorder("<" if state[1] == "<" else ">") if swapped and state is not None else kind


def _said(what: Any) -> str:
    """A short text of anything that a file may hold."""
    text = str(what) or type(what).__name__
    return text if len(text) <= 120 else text[:117] + "..."
