"""Pickled dictionaries of arrays: read from every protocol and layout, and nothing else is, least of all run."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import struct
import subprocess
import threading
import tracemalloc
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import FileError, InputError, Network, load
from pellucid.files import load_weights_pickle
from pellucid.files.pickles import read_pickle

RNG = np.random.default_rng(0)
TWO: dict[str, Any] = {
    "W1": RNG.normal(size=(2, 3)),
    "b1": RNG.normal(size=3),
    "W2": RNG.normal(size=(3, 1)),
    "b2": RNG.normal(size=1),
}
ACTIVATIONS = ("tanh", "sigmoid")


def loading(params: Any, folder: Path, protocol: int = 4, **options: Any) -> Network:
    return loading_bytes(pickle.dumps(params, protocol), folder, **options)


def loading_bytes(raw: bytes, folder: Path, activations: Any = ACTIVATIONS) -> Network:
    (folder / "params.pkl").write_bytes(raw)
    return load_weights_pickle(folder / "params.pkl", activations)


# The same parameters as tutorials keep them.
KEPT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "arrays": dict,
    "an ordered dictionary": OrderedDict,
    "biases as rows": lambda p: {k: v[None] if k[0] == "b" else v for k, v in p.items()},
    "columns for samples": lambda p: {k: v[:, None] if k[0] == "b" else v.T.copy() for k, v in p.items()},
    "turned, with flat biases": lambda p: {k: v.T for k, v in p.items()},
    "in columns of Fortran": lambda p: {k: np.asfortranarray(v) for k, v in p.items()},
    "in the other byte order": lambda p: {k: v.astype(v.dtype.newbyteorder()) for k, v in p.items()},
    "lists": lambda p: {k: v.tolist() for k, v in p.items()},
    "tuples of lists": lambda p: {k: tuple(v.tolist()) for k, v in p.items()},
    "under params": lambda p: {"params": p, "epochs": 3, "loss": np.float64(0.5), "history": [0.1, 0.2]},
    "small letters": lambda p: {k.lower(): v for k, v in p.items()},
    "long names": lambda p: {k.replace("W", "weights").replace("b", "bias"): v for k, v in p.items()},
    "from 0": lambda p: {f"{k[0]}{int(k[1]) - 1}": v for k, v in p.items()},
    "another order": lambda p: dict(reversed(p.items())),
}


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("protocol", range(6))
def test_what_tutorials_save_opens_to_the_bit(kept: str, protocol: int, tmp_path: Path) -> None:
    net = loading(KEPT[kept](TWO), tmp_path, protocol)
    assert repr(net).startswith("Network(2 -> Dense 3 tanh -> Dense 1 sigmoid")
    for name, array in net.params.items():
        np.testing.assert_array_equal(array, TWO[name])


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8", "int64", "uint8"])
def test_dtypes(dtype: str, tmp_path: Path) -> None:
    params = {k: np.round(v * 4).astype("int8").astype(dtype) for k, v in TWO.items()}
    net = loading(params, tmp_path)
    assert net.dtype == (np.float32 if dtype == "float32" else np.float64)
    for name, array in net.params.items():
        np.testing.assert_array_equal(array, params[name])


def test_a_file_of_python_2(tmp_path: Path) -> None:
    """As Python 2 wrote it, protocol 2: texts are bytes, and so are the numbers."""

    def array(a: np.ndarray) -> bytes:
        shape = b"".join(b"K" + bytes([n]) for n in a.shape) + {1: b"\x85", 2: b"\x86"}[a.ndim]
        dtype = b"cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        start = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        return start + b"(K\x01" + shape + dtype + b"\x89T" + struct.pack("<i", a.nbytes) + a.tobytes() + b"tb"

    raw = b"\x80\x02}(" + b"".join(b"U\x02" + k.encode() + array(v) for k, v in TWO.items()) + b"u."
    net = loading_bytes(raw, tmp_path)
    np.testing.assert_array_equal(net.params["W1"], TWO["W1"])
    assert load(tmp_path / "params.pkl", ACTIVATIONS).theta.tobytes() == net.theta.tobytes()


def test_square_matrices_are_as_they_are_unless_biases_are_columns(tmp_path: Path) -> None:
    W = RNG.normal(size=(3, 3))
    square = {"W1": W, "b1": np.zeros(3), "W2": W, "b2": np.zeros(3)}
    np.testing.assert_array_equal(loading(square, tmp_path).params["W1"], W)
    columns = {k: v[:, None] if k[0] == "b" else v for k, v in square.items()}
    np.testing.assert_array_equal(loading(columns, tmp_path).params["W1"], W.T)


SPOILT: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a list": (lambda p: list(p.values()), "holds a list"),
    "an array": (lambda p: p["W1"], "holds a ndarray"),
    "nothing": (lambda p: {}, "numbered from 1"),
    "another name": (lambda p: p | {"gamma1": np.ones(3)}, "'gamma1' is none of W1"),
    "a number for a name": (lambda p: p | {3: np.ones(3)}, "3 is none of W1"),
    "a bias missing": (lambda p: {k: v for k, v in p.items() if k != "b1"}, "number 1 has no b"),
    "weights missing": (lambda p: {k: v for k, v in p.items() if k != "W2"}, "number 2 has no W"),
    "a gap": (lambda p: {k.replace("2", "3"): v for k, v in p.items()}, "without a gap"),
    "twice": (lambda p: p | {"w1": p["W1"]}, "stands there twice"),
    "a text": (lambda p: p | {"W1": "weights"}, "W1 must be an array of numbers"),
    "nothing for an array": (lambda p: p | {"W1": None}, "W1 must be an array of numbers"),
    "one number": (lambda p: p | {"W1": np.array(3.0)}, "W1 must be an array of numbers"),
    "three dimensions": (lambda p: p | {"W1": np.ones((2, 3, 1))}, "W1 must be an array of numbers"),
    "no columns": (lambda p: p | {"W1": np.ones((2, 0))}, "W1 must be an array of numbers|__builtin__.bytes"),
    "truths": (lambda p: p | {"b1": np.array([True] * 3)}, "b1 must be an array of numbers"),
    "ragged rows": (lambda p: p | {"W1": [[1.0, 2.0, 3.0], [1.0]]}, "W1 must be an array of numbers"),
    "NaN": (lambda p: p | {"b1": np.array([1, np.nan, 2])}, "b1 holds NaN"),
    "shapes that do not follow": (lambda p: p | {"W2": np.ones((4, 1))}, r"do not follow each other: W1 \(2, 3\)"),
    "a bias too long": (lambda p: p | {"b1": np.ones(4)}, "do not follow each other"),
    "objects": (lambda p: p | {"W1": np.array([[1, None]], dtype=object)}, "must be of numbers"),
    "texts": (lambda p: p | {"W1": np.array(["a", "b"])}, "must be of numbers"),
    "complex numbers": (lambda p: p | {"W1": np.ones((2, 3), complex)}, "must be of numbers"),
    "records": (lambda p: p | {"W1": np.ones(2, [("x", "f8")])}, "must be of numbers"),
    "dates": (lambda p: p | {"W1": np.array(["2020-01-01"], "M8[D]")}, "must be of numbers"),
}


@pytest.mark.parametrize("case", SPOILT)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_what_is_no_such_dictionary_is_refused(case: str, protocol: int, tmp_path: Path) -> None:
    spoil, says = SPOILT[case]
    with pytest.raises(FileError, match=says) as caught:
        loading(spoil(dict(TWO)), tmp_path, protocol)
    assert str(tmp_path / "params.pkl") in str(caught.value)


def test_activations_must_be_told(tmp_path: Path) -> None:
    for given, says in (
        (None, "2 layers, and does not say their activations"),
        (("tanh",), "2 layers"),
        ("tanh", "'tanh'"),
        (("tanh", "sigmoyd"), "sigmoid"),
    ):
        with pytest.raises(InputError, match=says):
            loading(TWO, tmp_path, activations=given)
    with pytest.raises(FileError, match=r'a pickle.*activations=\("relu", "softmax"\)'):
        load(tmp_path / "params.pkl")


class Runs:
    """An object whose pickle calls what it is given."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call


class Thing:
    pass


HOSTILE_OBJECTS: dict[str, tuple[Any, str]] = {
    "os.system": (Runs(os.system, ("touch pwned",)), "system"),
    "subprocess": (Runs(subprocess.Popen, (["touch", "pwned"],)), "Popen"),
    "eval": (Runs(builtins.eval, ("open('pwned', 'w')",)), "eval"),
    "exec": (Runs(builtins.exec, ("open('pwned', 'w')",)), "exec"),
    "open": (Runs(builtins.open, ("pwned", "w")), "open"),
    "getattr": (Runs(builtins.getattr, (os, "system")), "getattr|module"),
    "an import": (Runs(builtins.__import__, ("antigravity",)), "__import__"),
    "a class of one's own": (Thing(), "Thing|copy_reg._reconstructor"),
    "a class itself": (Thing, "Thing"),
    "partial": (partial(print, "pwned"), "partial"),
    "a default dictionary": (defaultdict(list), "defaultdict"),
    "a counter": (Counter("a"), "Counter"),
    "a set": ({1, 2}, "instruction EMPTY_SET|builtins.set|__builtin__.set"),
    "a frozen set": (frozenset([1]), "instruction FROZENSET|frozenset"),
    "a path": (Path("x"), "Path"),
    "a numpy function": (Runs(np.save, ("pwned", np.ones(1))), "save"),
    "numpy.load": (Runs(np.load, ("pwned",)), "load"),
    "numpy.ndarray called": (Runs(np.ndarray, ((10**12,),)), "NumPy class"),
    "numpy.fromfile": (Runs(np.fromfile, ("/etc/passwd",)), "fromfile"),
    "a big array from nothing": (Runs(np.zeros, ((10**6, 10**6),)), "zeros"),
    "bytearray": (Runs(bytearray, (10**12,)), "bytearray"),
    "a generator": (np.random.default_rng(0), "numpy.random"),
    "a masked array": (np.ma.masked_array([1.0], [True]), "numpy.ma"),
    "a matrix": (np.matrix([[1.0]]) if False else Runs(np.matrix, ([[1.0]],)), "matrix"),
    "dtype of objects": (np.dtype(object), "NumPy dtype"),
    "codecs": (Runs(__import__("_codecs").encode, ("x", "rot13")), "_codecs.encode is used for more"),
}


@pytest.mark.parametrize("case", HOSTILE_OBJECTS)
@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_another_name_is_refused_and_nothing_is_run(
    case: str, protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    value, says = HOSTILE_OBJECTS[case]
    try:
        raw = pickle.dumps({"W1": value}, protocol)
    except (TypeError, pickle.PicklingError):  # a module cannot be pickled; the name is what counts
        raw = b"\x80\x02cbuiltins\ngetattr\ncos\nsystem\n\x85R."
    with pytest.raises(FileError, match=says):
        loading_bytes(raw, tmp_path)
    assert os.listdir(tmp_path) == ["params.pkl"]


def memo(index: int) -> bytes:
    return b"\x80\x02Nr" + struct.pack("<I", index) + b"."


LAUGHS = b"\x80\x02]q\x00" + b"".join(
    b"](" + b"".join(b"h" + bytes([i]) for _ in range(10)) + b"eq" + bytes([i + 1]) for i in range(18)
)
# Instructions by hand: a memory that the file does not have, a change of what reads it, an end that never comes.
HOSTILE_BYTES: dict[str, tuple[bytes, str]] = {
    "nothing but a protocol": (b"\x80\x04", "damaged"),
    "no end": (b"\x80\x04}", "damaged"),
    "an end at once": (b".", "damaged"),
    "text": (b"W1,b1,W2,b2\n1,2,3,4\n", "damaged|no pickle"),
    "zeros": (bytes(100), "no pickle"),
    "a protocol to come": (b"\x80\x7f}.", "damaged"),
    "a far place in the memory": (memo(2**32 - 1), "asks for room"),
    "a place that was never filled": (b"\x80\x02h\x07.", "damaged"),
    "a far place in decimals": (b"Np999999999999999\n.", "asks for room"),
    "a negative place": (b"Np-1\n.", "damaged|asks"),
    "a text longer than the file": (b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"x.", "damaged"),
    "bytes longer than the file": (b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.", "damaged"),
    "an array of bytes longer than the file": (b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"x.", "damaged"),
    "a frame longer than the file": (b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"}.", "damaged"),
    "a whole number of a negative length": (b"\x80\x02\x8b\xff\xff\xff\xff.", "damaged"),
    "a number of 5000 digits": (b"L" + b"9" * 5000 + b"L\n.", "damaged"),
    "a method of an instance": (b"(ios\nsystem\n.", "it names os.system"),
    "an object": (b"(cos\nsystem\no.", "it names os.system"),
    "a new object": (b"\x80\x02cnumpy\nndarray\n)\x81.", "NEWOBJ.*makes an object of numpy.ndarray"),
    "an extension": (b"\x80\x02\x82\x01.", "EXT1.*makes an object"),
    "something outside": (b"\x80\x02K\x01Q.", "BINPERSID.*makes an object"),
    "something outside, by text": (b"Pfile\n.", "PERSID.*makes an object"),
    "a buffer that is not there": (b"\x80\x05\x97.", "NEXT_BUFFER.*makes an object"),
    "a state for a name": (b"\x80\x02c_codecs\nencode\n}U\x0c__defaults__K\x01sb.", "would change _codecs.encode"),
    "two states for a name": (b"\x80\x02c_codecs\nencode\n}}U\x04nameK\x01s\x86b.", "would change _codecs.encode"),
    "a state for a dictionary": (b"\x80\x02}}U\x01aK\x01sb.", "damaged"),
    "a name that is called by nothing": (b"\x80\x02cnumpy\ndtype\n.", "a _Name is|holds a _Name|numpy.dtype itself"),
    "a call of a number": (b"\x80\x02K\x01)R.", "damaged"),
    "a call of a text": (b"\x80\x02U\x02os)R.", "damaged"),
    "an array for a key": (b"\x80\x02}cnumpy\ndtype\nU\x02f8\x85RK\x01s.", "key of a dictionary is _Note"),
    "a list for a key": (b"\x80\x02}]K\x01s.", "damaged"),
    "an append to a number": (b"\x80\x02K\x01K\x02a.", "damaged"),
    "an empty stack": (b"\x80\x020.", "damaged"),
    "a list in itself": (b"\x80\x02]q\x00h\x00a.", "nested too deeply"),
    "a dictionary in itself": (b"\x80\x02}q\x00U\x02W1h\x00s.", "nested too deeply"),
    "ten lists of ten lists of ten lists": (LAUGHS + b".", "holds a list"),
    "ten lists of ten lists for an array": (LAUGHS + b"}U\x02W1h\x12s.", "W1 must be an array"),
    "lists without end": (b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".", "nested too deeply|more parts"),
    "tuples without end, as a key": (b"\x80\x02}N" + b"\x85" * 150_000 + b"Ns.", "more parts"),
    "numbers that all fall on one place": (
        b"\x80\x02}("
        + b"".join(b"\x8a\x0b" + (i * (2**61 - 1)).to_bytes(11, "little") + b"N" for i in range(1, 60_000))
        + b"u.",
        "more parts",
    ),
    "escapes that Python warns of": (b"S'\\\\u'\\n.".replace(b"\\\\", b"\\").replace(b"\\n", b"\n"), "holds a str"),
    "many parts": (b"\x80\x02]" + b"Na" * 200_000 + b".", "more parts"),
    "a name without letters": (b"c\n\n.", "it names|damaged"),
    "a name inside a name": (b"\x80\x04\x8c\x05numpy\x8c\x10ndarray.__init__\x93.", "ndarray.__init__"),
    "a name of numbers": (b"\x80\x04K\x01K\x02\x93.", "damaged"),
}


@pytest.mark.parametrize("case", HOSTILE_BYTES)
def test_hostile_instructions_are_refused(case: str, tmp_path: Path) -> None:
    raw, says = HOSTILE_BYTES[case]
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match=says):
            loading_bytes(raw, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


def array_of(shape: bytes, data: bytes, dtype: bytes = b"f8") -> bytes:
    start = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01" + shape
    return (
        start + b"cnumpy\ndtype\nU" + bytes([len(dtype)]) + dtype + b"\x85R\x89B" + struct.pack("<I", len(data)) + data
        + b"tb"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "data"),
    [
        (b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", bytes(8)),
        (b"J\xff\xff\xff\xff\x85", bytes(8)),
        (b"K\x02\x85", bytes(8)),
        (b"K\x00\x85", bytes(8)),
        (b"K\x01\x85", bytes(7)),
        (b"(" + b"K\x01" * 30 + b"t", bytes(8)),
        (b"G?\xf0\x00\x00\x00\x00\x00\x00\x85", bytes(8)),
        (b"\x88\x85", bytes(8)),
        (b"]", bytes(8)),
        (b"N", bytes(8)),
        (b"\x8b" + struct.pack("<i", 1000) + bytes(999) + b"\x01\x85", bytes(8)),
    ],
)
def test_a_shape_that_its_bytes_do_not_fill_is_refused(shape: bytes, data: bytes, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="claims the shape"):
        loading_bytes(b"\x80\x03}U\x02W1" + array_of(shape, data) + b"s.", tmp_path)


@pytest.mark.parametrize(
    "dtype", [b"O", b"O8", b"V8", b"S8", b"U2", b"M8[D]", b"f9", b"f8,f8", b"(2,)f8", b"", b"c16", b"f1"]
)
def test_a_dtype_that_is_no_number_is_refused(dtype: bytes, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="must be of numbers"):
        loading_bytes(b"\x80\x03}U\x02W1" + array_of(b"K\x01\x85", bytes(8), dtype) + b"s.", tmp_path)


def test_one_array_referred_to_a_thousand_times_is_not_a_thousand_arrays(tmp_path: Path) -> None:
    W, b = np.ones((300, 300)), np.ones(300)
    params = {f"{letter}{i}": array for i in range(1, 1001) for letter, array in (("W", W), ("b", b))}
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match="more numbers than the file has bytes"):
            loading(params, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 32 * 2**20
    finally:
        tracemalloc.stop()


def _repeated() -> dict[str, bytes]:
    """A function and a tuple of arguments, each remembered: h 3 and h 4."""
    data = struct.pack("<I", 8_000) + b"a" * 8_000
    pairs = b"".join(b"J" + struct.pack("<i", k) + b"N\x86" for k in range(900))
    dtype = b"cnumpy\ndtype\nU\x02f8\x85R"
    return {
        "arrays": b"cnumpy.core.numeric\n_frombuffer\nq\x03(B" + data + dtype + b"M\xe8\x03\x85U\x01Ctq\x04",
        "bytes": b"c_codecs\nencode\nq\x03X" + data + b"\x85q\x04",
        "dictionaries": b"ccollections\nOrderedDict\nq\x03](" + pairs + b"e\x85q\x04",
    }


@pytest.mark.parametrize("what", _repeated())
def test_one_argument_of_many_calls_is_not_made_so_many_times(what: str, tmp_path: Path) -> None:
    """In 200 kB: 320 MB of arrays, for one."""
    (tmp_path / "p.pkl").write_bytes(b"\x80\x03" + _repeated()[what] + b"](" + b"h\x03h\x04R" * 39_000 + b"e.")
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match="it repeats itself"):
            read_pickle(tmp_path / "p.pkl")
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


def test_hostile_keys_do_not_overflow_the_stack_of_a_thread(tmp_path: Path) -> None:
    (tmp_path / "p.pkl").write_bytes(b"\x80\x02}N" + b"\x85" * 1_990 + b"Ns.")
    caught: list[str] = []

    def read() -> None:
        try:
            read_pickle(tmp_path / "p.pkl")
        except FileError as error:
            caught.append(str(error))

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert "key of a dictionary is tuple" in caught[0]


def test_every_allowed_name_is_needed_by_some_pickle_of_arrays() -> None:
    """What is allowed is what NumPy writes, in all protocols: no name more than that."""
    seen = set()

    class Names(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            seen.add((module.replace("numpy.core", "numpy._core"), name))
            return super().find_class(module, name)

    for protocol in range(6):
        for value in (TWO, OrderedDict(TWO), np.float64(1), np.asfortranarray(np.ones((2, 2)))):
            Names(io.BytesIO(pickle.dumps(value, protocol)), fix_imports=False).load()
    from pellucid.files.pickles import names_allowed

    allowed = {tuple(name.replace("numpy.core", "numpy._core").rsplit(".", 1)) for name in names_allowed()}
    assert allowed == seen


def test_a_pickled_model_is_refused_with_the_way_to_take_it_along(tmp_path: Path) -> None:
    neural = pytest.importorskip("sklearn.neural_network")
    from pellucid import Dense
    from pellucid.estimators import MLPRegressor

    net = Network([Dense(1)], inputs=1)
    ways = {"estimator": r"Network\.from_sklearn\(estimator\)\.save", "net": r"net\.save\("}
    for value, way in ((neural.MLPRegressor(), "estimator"), (MLPRegressor(), "estimator"), (net, "net")):
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(value))
        with pytest.raises(FileError, match=ways[way]):
            load(tmp_path / "model.pkl")
        with pytest.raises(FileError, match="Nothing was run.*" + ways[way]):
            load(tmp_path / "model.pkl", ACTIVATIONS)
