"""Models as safetensors: exact to the bit, all in the header that is to be there, and no lie in it believed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_safetensors import joined, parts

import pellucid
from pellucid import Dense, Dropout, FileError, Network, load
from pellucid.activations import ACTIVATIONS
from pellucid.data import Pixels, Standardizer
from pellucid.files import description, save

safetensors = pytest.importorskip("safetensors")

Change = Callable[[dict[str, Any], bytearray], Any]


def small(**options: Any) -> Network:
    net = Network([Dense(2, "tanh"), Dropout(0.25), Dense(2, "softmax")], inputs=2, seed=3, **options)
    net.labels = ("a", "b")
    return net


def same(one: Network, other: Network) -> bool:
    return (
        repr(one) == repr(other)
        and one.theta.tobytes() == other.theta.tobytes()
        and one.scaler == other.scaler
        and (one.labels, one.features, one.target) == (other.labels, other.features, other.target)
    )


class TestRoundTrip:
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_every_bit_comes_back(self, dtype: str, tmp_path: Path) -> None:
        net = Network([Dense(40, "relu"), Dense(5, "softmax")], inputs=30, dtype=dtype)
        info = np.finfo(dtype)
        raw = np.frombuffer(np.random.default_rng(1).bytes(net.theta.size * info.dtype.itemsize * 2), dtype)
        awkward = np.array([-0.0, 0.0, info.smallest_subnormal, -info.smallest_subnormal, info.max, info.min], dtype)
        net.theta = np.concatenate([awkward, raw[np.isfinite(raw)]])[: net.theta.size]
        net.save(tmp_path / "m.safetensors")
        again = pellucid.load(tmp_path / "m.safetensors")
        assert same(net, again)
        assert again.theta.dtype == np.dtype(dtype)
        assert np.signbit(again.theta[0])
        again.save(tmp_path / "again.safetensors")
        assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "m.safetensors").read_bytes()

    @pytest.mark.parametrize("name", ACTIVATIONS)
    @pytest.mark.parametrize("scaler", [None, Pixels(), Standardizer(), Standardizer().fit([[1e9, 3], [1e9 + 7, -3]])])
    def test_every_activation_and_scaler_with_its_self_test(self, name: str, scaler: Any, tmp_path: Path) -> None:
        hidden = [] if ACTIVATIONS[name].output_only else [Dense(3, name)]
        net = Network([*hidden, Dense(2, name)], inputs=2, seed=4, scaler=scaler)
        for ending in ("safetensors", "json"):
            save(net, tmp_path / f"m.{ending}")
            assert same(net, load(tmp_path / f"m.{ending}"))
        tested = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))["self_test"]
        assert (tested is not None) == (scaler is None or scaler.fitted)
        if tested is not None:
            np.testing.assert_allclose(tested["outputs"], net.forward(tested["inputs"]), rtol=1e-12)

    def test_the_network_that_comes_back_is_a_whole_one(self, tmp_path: Path) -> None:
        net = small()
        save(net, tmp_path / "m.safetensors")
        again = load(tmp_path / "m.safetensors")
        again.params["W1"][...] = 1  # its parameters are alive
        assert (again.theta[:4] == 1).all()
        again.fit([[0.0, 1.0], [1.0, 0.0]], [0, 1], epochs=2)

    def test_the_metadata_say_everything(self, tmp_path: Path) -> None:
        net = small(scaler=Standardizer(ddof=1).fit([[1.0, 5.0], [2.0, 9.0]]))
        net.features, net.target = ("x", "y"), "kind"
        save(net, tmp_path / "m.safetensors")
        with safetensors.safe_open(tmp_path / "m.safetensors", "numpy") as file:
            metadata = file.metadata()
            np.testing.assert_array_equal(file.get_tensor("W2"), net.params["W2"])
        assert metadata["format"] == "pellucid"
        assert metadata["format_version"] == str(description.VERSION)
        assert metadata["library_version"] == pellucid.__version__
        assert re.fullmatch(r"[0-9a-f]{64}", metadata["sha256"])
        model, tested = json.loads(metadata["model"]), json.loads(metadata["self_test"])
        assert model["layers"][1] == {"type": "dropout", "rate": 0.25}
        assert (model["labels"], model["features"], model["target"]) == (["a", "b"], ["x", "y"], "kind")
        assert model["scaler"] == net.scaler.to_dict()
        assert np.shape(tested["inputs"]) == (3, 2)
        assert np.shape(tested["outputs"]) == (3, 2)

    def test_a_model_has_the_same_checksum_in_both_formats(self, tmp_path: Path) -> None:
        save(small(), tmp_path / "m.safetensors")
        save(small(), tmp_path / "m.json")
        with safetensors.safe_open(tmp_path / "m.safetensors", "numpy") as file:
            checksum = file.metadata()["sha256"]
        assert json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))["sha256"] == checksum


def metadata(**changes: Any) -> Change:
    return lambda header, numbers: header["__metadata__"].update(changes)


def without(key: str) -> Change:
    return lambda header, numbers: header["__metadata__"].pop(key)


def tensor(name: str, **changes: Any) -> Change:
    return lambda header, numbers: header[name].update(changes)


def renamed(old: str, new: str) -> Change:
    return lambda header, numbers: header.update({new: header.pop(old)})


def swapped(one: str, other: str) -> Change:
    return lambda header, numbers: header.update({one: header[other], other: header[one]})


def inside(part: str, change: Callable[[Any], Any]) -> Change:
    """A change of the JSON in the metadata, with everything else as it was."""

    def do(header: dict[str, Any], numbers: bytearray) -> None:
        record = json.loads(header["__metadata__"][part])
        change(record)
        header["__metadata__"][part] = json.dumps(record)

    return do


NAN = np.float64(np.nan).tobytes()
# In a good file the tensors are W1 (2, 3), W2 (3, 2), b1 (3,), b2 (2,), F64, one after the other.
SPOILT: dict[str, tuple[Change, str]] = {
    "overlapping tensors": (tensor("W2", data_offsets=[40, 88]), "not a safetensors file in order"),
    "a hole between tensors": (tensor("W2", data_offsets=[56, 104]), "not a safetensors file in order"),
    "all tensors in one place": (tensor("b1", data_offsets=[0, 24]), "not a safetensors file in order"),
    "offsets turned": (tensor("b1", data_offsets=[120, 96]), "not a safetensors file in order"),
    "offsets past the end": (tensor("b2", data_offsets=[120, 999]), "not a safetensors file in order"),
    "offsets near the largest number": (tensor("b2", data_offsets=[120, 2**64 - 1]), "not a safetensors file in order"),
    "offsets beyond any number": (tensor("b2", data_offsets=[120, 2**64]), "not a safetensors file in order"),
    "negative offsets": (tensor("b2", data_offsets=[-8, 8]), "not a safetensors file in order"),
    "offsets as texts": (tensor("b2", data_offsets=["120", "136"]), "not a safetensors file in order"),
    "fractional offsets": (tensor("b2", data_offsets=[120.5, 136]), "not a safetensors file in order"),
    "three offsets": (tensor("b2", data_offsets=[120, 128, 136]), "not a safetensors file in order"),
    "no offsets": (lambda h, n: h["b2"].pop("data_offsets"), "not a safetensors file in order"),
    "a shape too large": (tensor("W1", shape=[2, 4]), "not a safetensors file in order"),
    "a shape that overflows": (tensor("W1", shape=[2**33, 2**33]), "not a safetensors file in order"),
    "a shape that wraps around": (tensor("W1", shape=[2**63, 2, 2**63]), "not a safetensors file in order"),
    "a negative shape": (tensor("W1", shape=[-2, -3]), "not a safetensors file in order"),
    "a shape of NaN": (lambda h, n: "NaN", "holds NaN"),
    "a shape of a float": (tensor("W1", shape=[2.0, 3.0]), "not a safetensors file in order"),
    "a shape as null": (tensor("W1", shape=None), "not a safetensors file in order"),
    "a flat shape": (tensor("W1", shape=[6]), r"W1 is F64 of shape \(6,\) and must be F64 of shape \(2, 3\)"),
    "a shape turned": (tensor("W1", shape=[3, 2]), r"W1 is F64 of shape \(3, 2\)"),
    "a shape with a one": (tensor("b1", shape=[3, 1]), r"b1 is F64 of shape \(3, 1\)"),
    "an unknown dtype": (tensor("W1", dtype="F63"), "not a safetensors file in order"),
    "a dtype of the same size": (tensor("W1", dtype="I64"), "W1 is I64 of shape"),
    "a dtype of another size": (tensor("W1", dtype="F32"), "not a safetensors file in order"),
    "half the dtype, twice the shape": (tensor("W1", dtype="F32", shape=[2, 6]), "W1 is F32 of shape"),
    "a dtype as a number": (tensor("W1", dtype=64), "not a safetensors file in order"),
    "a tensor of another name": (renamed("W1", "W3"), "W1 is not there"),
    "a tensor too many": (
        lambda h, n: (h.update(W3={"dtype": "F64", "shape": [1], "data_offsets": [136, 144]}), n.extend(bytes(8))),
        "W3 is F64 .* must be not there",
    ),
    "an empty tensor too many": (
        lambda h, n: h.update(W3={"dtype": "F64", "shape": [0], "data_offsets": [136, 136]}),
        "W3 is F64 .* must be not there",
    ),
    "a tensor missing": (lambda h, n: (h.pop("b2"), n.__delitem__(slice(120, 136))), "b2 is not there"),
    "tensors swapped": (swapped("W1", "W2"), r"W1 is F64 of shape \(3, 2\)"),
    "a tensor that is a list": (lambda h, n: h.update(W1=[1]), "not a safetensors file in order"),
    "a tensor with more to say": (tensor("W1", stride=[1]), "'stride', which is not understood"),
    "bytes behind the tensors": (lambda h, n: n.extend(b"PK\x03\x04 a second file"), "not a safetensors file in order"),
    "bytes missing": (lambda h, n: n.pop(), "not a safetensors file in order"),
    "no bytes": (lambda h, n: n.clear(), "not a safetensors file in order"),
    "one bit of a weight": (lambda h, n: n.__setitem__(0, n[0] ^ 1), "SHA-256"),
    "two weights exchanged": (lambda h, n: n.__setitem__(slice(0, 16), n[8:16] + n[0:8]), "SHA-256"),
    "NaN for a weight": (lambda h, n: n.__setitem__(slice(0, 8), NAN), "SHA-256"),
    "no metadata": (lambda h, n: h.pop("__metadata__"), "not a pellucid model.*activations"),
    "metadata null": (lambda h, n: h.update(__metadata__=None), "not a pellucid model"),
    "metadata as a list": (lambda h, n: h.update(__metadata__=[]), "not a safetensors file in order|not a pellucid"),
    "metadata of numbers": (metadata(format_version=2), "not a safetensors file in order"),
    "another format": (metadata(format="pt"), "not a pellucid model.*'pt'"),
    "no format": (without("format"), "not a pellucid model"),
    "a newer version": (metadata(format_version="3"), "version 3; this release reads up to 2"),
    "a far newer version": (metadata(format_version="999999999"), "version 999999999"),
    "a version beyond counting": (metadata(format_version="9" * 5000), "not a version"),
    "version 1, which was JSON alone": (metadata(format_version="1"), "never written as safetensors"),
    "version 0": (metadata(format_version="0"), "not a version"),
    "a version in words": (metadata(format_version="two"), "not a version"),
    "a version in other digits": (metadata(format_version="²"), "not a version"),
    "no version": (without("format_version"), "not a version"),
    "no model": (without("model"), "lacks 'model'"),
    "no checksum": (without("sha256"), "lacks 'sha256'"),
    "no self-test": (without("self_test"), "lacks 'self_test'"),
    "more metadata": (metadata(extra="1"), "'extra', which is not understood"),
    "another library version": (metadata(library_version="9"), "SHA-256"),
    "an empty checksum": (metadata(sha256=""), "SHA-256"),
    "a checksum of zeros": (metadata(sha256="0" * 64), "SHA-256"),
    "a model that is no JSON": (metadata(model="{"), r"metadata\): not JSON"),
    "an empty model": (metadata(model=""), r"metadata\): not JSON"),
    "a model that smuggles a part in": (metadata(model='{}, "self_test": null, "x": 1'), "stands twice|not understood"),
    "a model that is a list": (metadata(model="[]"), '"model" must be an object'),
    "a model nested deeply": (metadata(model="[" * 50_000 + "]" * 50_000), "nested too deeply"),
    "a model of too many lists": (metadata(model="[" + "[]," * 3_000_000 + "[]]"), "more than 100,000 lists"),
    "NaN in the model": (inside("model", lambda r: r.update(inputs=float("nan"))), "holds NaN"),
    "a model with more": (inside("model", lambda r: r.update(optimizer="adam")), "'optimizer'"),
    "a model with less": (inside("model", lambda r: r.pop("loss")), "lacks 'loss'"),
    "another activation": (inside("model", lambda r: r["layers"][0].update(activation="relu")), "SHA-256"),
    "another loss": (inside("model", lambda r: r.update(loss="squared_error")), "SHA-256"),
    "labels": (inside("model", lambda r: r.update(labels=["a", "b"])), "SHA-256"),
    "units beyond memory": (inside("model", lambda r: r["layers"][0].update(units=10**12)), "W1 is F64 of shape"),
    "inputs beyond memory": (inside("model", lambda r: r.update(inputs=10**18)), "W1 is F64 of shape"),
    "half an input": (inside("model", lambda r: r.update(inputs=2.5)), "inputs must be a whole number"),
    "a dtype that the tensors have not": (inside("model", lambda r: r.update(dtype="float32")), "must be F32"),
    "no such dtype": (inside("model", lambda r: r.update(dtype="object")), "'object'"),
    "layers as a text": (inside("model", lambda r: r.update(layers="dense")), "layers must be a list"),
    "a million layers": (
        inside("model", lambda r: r.update(layers=[{"type": "dropout", "rate": 0.5}] * 100_000)),
        "last layer|W1|not there|more than 100,000 lists",
    ),
    "a scaler that is none": (inside("model", lambda r: r.update(scaler={"kind": "minmax"})), "'minmax'"),
}


def refused(raw: bytes, folder: Path) -> str:
    (folder / "m.safetensors").write_bytes(raw)
    with pytest.raises(FileError) as caught:
        load(folder / "m.safetensors")
    assert str(caught.value).startswith(str(folder / "m.safetensors"))
    return str(caught.value)


class TestLies:
    @pytest.mark.parametrize("case", SPOILT)
    def test_a_spoilt_file_is_refused_by_name(self, case: str, tmp_path: Path) -> None:
        change, says = SPOILT[case]
        header, numbers = parts()
        body = bytearray(numbers)
        if case == "a shape of NaN":
            header["W1"]["shape"] = [float("nan"), 3]
        change(header, body)
        assert re.search(says, refused(joined(header, bytes(body)), tmp_path), re.DOTALL)

    @pytest.mark.parametrize("length", [0, 1, 7, 10**6, 2**24 + 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1])
    def test_a_header_of_another_length_than_it_says(self, length: int, tmp_path: Path) -> None:
        header, numbers = parts()
        refused(joined(header, numbers, length), tmp_path)

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "{}",
            "[]",
            "null",
            '{"W1":',
            b"\xff\xfe{}",
            b"{" + b"\0" * 40 + b"}",
            '{"a": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]}}',
            '{"a": 1, "a": 2}',
            "[" * 100_000,
        ],
    )
    def test_a_header_that_is_none(self, header: str | bytes, tmp_path: Path) -> None:
        refused(joined(header, bytes(8)), tmp_path)

    @pytest.mark.parametrize("name", ["W1", "__metadata__"])
    def test_a_name_that_stands_twice(self, name: str, tmp_path: Path) -> None:
        header, numbers = parts()
        text = json.dumps(header)
        twice = "{" + json.dumps({name: header[name]})[1:-1] + ", " + text[1:]
        assert f"the key '{name}' stands twice" in refused(joined(twice, numbers), tmp_path)

    @pytest.mark.parametrize("size", range(1, 10))
    def test_a_file_of_a_few_bytes(self, size: int, tmp_path: Path) -> None:
        refused(bytes(size), tmp_path)

    def test_lies_with_the_right_checksum(self, tmp_path: Path) -> None:
        """Who can compute the checksum can write any model; but it must be one, and give what it says it gives."""
        net = small()
        for name, value, says in (
            ("activation", "relu", "gives other outputs than the file says"),
            ("weight", np.nan, "NaN or infinity"),
            ("weight", -np.inf, "NaN or infinity"),
            ("weight", 0.5, "gives other outputs than the file says"),
        ):
            header, numbers = parts(net)
            meta, body = header["__metadata__"], bytearray(numbers)
            model, tested = json.loads(meta["model"]), json.loads(meta["self_test"])
            theta = np.frombuffer(body, np.float64)
            if name == "activation":
                model["layers"][0]["activation"] = value
            else:
                theta[0] = value
            order = [("W1", 4), ("W2", 4), ("b1", 2), ("b2", 2)]
            ends = np.cumsum([0, *(size for _, size in order)])
            views = {n: theta[a : a + s].reshape(net.params[n].shape) for (n, s), a in zip(order, ends, strict=False)}
            record = {"format": "pellucid", "version": 2, "library": meta["library_version"], **model}
            meta["sha256"] = description.digest({**record, "self_test": tested}, views)
            meta["model"] = json.dumps(model)
            assert says in refused(joined(header, bytes(body)), tmp_path)

    def test_cut_off_anywhere_it_is_refused(self, tmp_path: Path) -> None:
        save(small(), tmp_path / "good.safetensors")
        raw = (tmp_path / "good.safetensors").read_bytes()
        for length in range(len(raw)):
            refused(raw[:length], tmp_path)

    @pytest.mark.parametrize("ending", ["safetensors", "json"])
    def test_every_bit_flipped_is_refused_or_harmless(self, ending: str, tmp_path: Path) -> None:
        """Harmless: the network is the same to the bit, as where a bit turns one way to write a text into another."""
        path, net = tmp_path / f"m.{ending}", Network([Dense(1, "sigmoid")], inputs=1, seed=3)
        save(net, path)
        raw = bytearray(path.read_bytes())
        harmless = 0
        for at in range(len(raw)):
            for bit in range(8):
                raw[at] ^= 1 << bit
                path.write_bytes(raw)
                raw[at] ^= 1 << bit
                try:
                    again = load(path)
                except FileError as error:
                    assert str(error).startswith(str(path))  # noqa: PT017 (both endings are right)
                else:
                    assert same(again, net)
                    harmless += 1
        assert harmless <= 8  # the line break at the end of JSON may become a space

    def test_names_of_a_million_columns_are_refused_when_saving(self, tmp_path: Path) -> None:
        net = Network([Dense(1)], inputs=300_000)
        net.features = tuple(f"the column number {i:060d}" for i in range(net.inputs))
        with pytest.raises(FileError, match="names and scaler take"):
            save(net, tmp_path / "m.safetensors")
        assert not os.listdir(tmp_path)


# Of this process alone: what getrusage says has what the process was before it became this program in it.
MEASURED = """
import re, sys
from pathlib import Path
from pellucid import load

def kilobytes(what):
    return int(re.search(what + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

load(sys.argv[1])
before = kilobytes("VmRSS")
try:
    print(load(sys.argv[2]))
except ValueError as error:
    print(error)
print(kilobytes("VmHWM") - before)
"""


def memory(*arguments: Path) -> tuple[str, int]:
    """What reading the second file took at most beyond the first, in bytes, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", MEASURED, *arguments], capture_output=True, text=True, check=True)
    said, taken = done.stdout.strip().rsplit("\n", 1)
    return said, int(taken) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="Linux says how much memory was taken")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_reading_takes_at_most_twice_the_memory_of_the_file(dtype: str, tmp_path: Path) -> None:
    save(small(), tmp_path / "small.safetensors")
    net = Network([Dense(2000, "relu", init="zeros"), Dense(10)], inputs=4000, dtype=dtype)
    save(net, tmp_path / "large.safetensors")
    size = (tmp_path / "large.safetensors").stat().st_size
    said, taken = memory(tmp_path / "small.safetensors", tmp_path / "large.safetensors")
    assert "8022010 parameters" in said
    assert 0.9 * size <= taken <= 2 * size


@pytest.mark.skipif(sys.platform != "linux", reason="Linux says how much memory was taken")
@pytest.mark.parametrize("part", ["[],", '"",', "1.5,", '{"a":{}},'])
def test_a_header_full_of_small_parts_takes_little_memory(part: str, tmp_path: Path) -> None:
    save(small(), tmp_path / "small.safetensors")
    header, numbers = parts()
    header["__metadata__"]["model"] = "[" + part * (7_000_000 // len(part)) + "1]"
    (tmp_path / "m.safetensors").write_bytes(joined(header, numbers))
    said, taken = memory(tmp_path / "small.safetensors", tmp_path / "m.safetensors")
    assert "m.safetensors" in said
    assert taken <= 200 * 2**20
