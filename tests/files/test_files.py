"""Model files: every bit comes back, nothing that was not written is read, and a failed save harms nothing."""

from __future__ import annotations

import copy
import json
import os
import pickle
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid
from pellucid import Activation, Dense, Dropout, FileError, Loss, Network
from pellucid.activations import ACTIVATIONS
from pellucid.data import Pixels, Standardizer
from pellucid.files import load, save, strict_json
from pellucid.losses import LOSSES, huber

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 2))


def network(**options: Any) -> Network:
    return Network([Dense(3, "tanh"), Dropout(0.25), Dense(2, "softmax")], inputs=2, **options)


def random_bits(size: int, dtype: str) -> np.ndarray:
    """Finite numbers of every magnitude, with the awkward ones among them."""
    raw = np.random.default_rng(1).bytes(2 * size * np.dtype(dtype).itemsize)
    numbers = np.frombuffer(raw, dtype=dtype)
    info = np.finfo(np.dtype(dtype))
    awkward = [-0.0, 0.0, info.smallest_subnormal, -info.smallest_subnormal, info.max, info.min, info.tiny, info.eps]
    finite = numbers[np.isfinite(numbers)]
    return np.concatenate([np.array(awkward, dtype=dtype), finite])[:size]


def same(one: Network, other: Network) -> bool:
    return (
        repr(one) == repr(other)
        and one.theta.tobytes() == other.theta.tobytes()
        and one.dtype == other.dtype
        and one.scaler == other.scaler
        and (one.labels, one.features, one.target) == (other.labels, other.features, other.target)
    )


def record_of(net: Network, folder: Path) -> dict[str, Any]:
    save(net, folder / "as_written.json")
    return json.loads((folder / "as_written.json").read_text(encoding="utf-8"))


def loading(record: Any, folder: Path) -> Network:
    (folder / "changed.json").write_text(json.dumps(record), encoding="utf-8")
    return load(folder / "changed.json")


class TestRoundTrip:
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_every_bit_comes_back(self, dtype: str, tmp_path: Path) -> None:
        net = Network([Dense(40, "relu"), Dense(20, "gelu"), Dense(5, "softmax")], inputs=30, dtype=dtype)
        net.theta = random_bits(net.theta.size, dtype)
        net.save(tmp_path / "m.json")
        again = pellucid.load(tmp_path / "m.json")
        assert again.theta.dtype == np.dtype(dtype)
        assert same(net, again)
        assert np.signbit(again.theta[0])
        again.save(tmp_path / "again.json")
        assert (tmp_path / "again.json").read_bytes() == (tmp_path / "m.json").read_bytes()

    def test_the_network_that_comes_back_is_a_whole_one(self, tmp_path: Path) -> None:
        net = network(scaler=Standardizer(ddof=1))
        net.fit(X, [0, 1] * 3, epochs=3)
        net.labels, net.features, net.target = ("no", "yes, 是"), ("a", 'b "quoted"'), "target\n"
        net.save(str(tmp_path / "m.JSON"))
        again = load(str(tmp_path / "m.JSON"))
        assert same(net, again)
        assert again.scaler.fitted
        np.testing.assert_array_equal(again.forward(X), net.forward(X))
        again.params["W1"][...] = 1  # its parameters are alive
        assert (again.theta[:6] == 1).all()
        again.fit(X, [0, 1] * 3, epochs=2)

    @pytest.mark.parametrize("name", ACTIVATIONS)
    def test_every_activation(self, name: str, tmp_path: Path) -> None:
        hidden = [] if ACTIVATIONS[name].output_only else [Dense(3, name)]
        net = Network([*hidden, Dense(2, name)], inputs=2, seed=4)
        save(net, tmp_path / "m.json")
        again = load(tmp_path / "m.json")
        assert same(net, again)
        np.testing.assert_array_equal(again.forward(X), net.forward(X))

    @pytest.mark.parametrize("loss", [*LOSSES, "huber(2.5)", "huber(1e-05)", huber(0.1 + 0.2), huber(3)])
    def test_every_loss(self, loss: Any, tmp_path: Path) -> None:
        output = LOSSES[loss].output if isinstance(loss, str) and loss in LOSSES else None
        net = Network([Dense(2, output or "identity")], inputs=2, loss=loss)
        save(net, tmp_path / "m.json")
        again = load(tmp_path / "m.json")
        assert same(net, again)
        t = np.array([[0.0, 1.0]] * 6)
        assert again.loss(X, t) == net.loss(X, t)

    @pytest.mark.parametrize("scaler", [None, Pixels(), Standardizer(), Standardizer(ddof=2)])
    def test_scalers_fitted_or_not(self, scaler: Any, tmp_path: Path) -> None:
        net = network(scaler=scaler)
        save(net, tmp_path / "m.json")
        assert same(net, load(tmp_path / "m.json"))

    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
    @pytest.mark.parametrize("loss", [None, "huber", "huber(2.5)"])
    def test_a_copied_network_can_be_saved_too(self, duplicate: Any, loss: str | None, tmp_path: Path) -> None:
        net = Network([Dense(3, "tanh"), Dense(2)], inputs=2, loss=loss)
        save(duplicate(net), tmp_path / "m.json")
        assert same(net, load(tmp_path / "m.json"))

    def test_the_file_is_for_people_to_read(self, tmp_path: Path) -> None:
        record = record_of(network(), tmp_path)
        assert list(record)[:3] == ["format", "version", "library"]
        assert record["format"] == "pellucid"
        assert record["layers"] == [
            {"type": "dense", "units": 3, "activation": "tanh"},
            {"type": "dropout", "rate": 0.25},
            {"type": "dense", "units": 2, "activation": "softmax"},
        ]
        assert np.shape(record["parameters"]["W2"]) == (3, 2)


# How a good file is spoilt, and what the message must contain.
SPOILT: dict[str, tuple[Any, list[str]]] = {
    "another format": (lambda r: r.update(format="onnx"), ["not a pellucid model", "'onnx'"]),
    "no format": (lambda r: r.pop("format"), ["not a pellucid model", "None"]),
    "a newer version": (lambda r: r.update(version=3), ["version 3", "up to 2", "newer release"]),
    "an older version with newer parts": (lambda r: r.update(version=1), ["library", "not understood"]),
    "a weight changed": (lambda r: r["parameters"]["b1"].__setitem__(0, 0.5), ["SHA-256", "on purpose", "self_test"]),
    "a scaler changed": (lambda r: r.update(scaler={"kind": "pixels"}), ["SHA-256"]),
    "labels changed": (lambda r: r.update(labels=["a", "b"]), ["SHA-256"]),
    "a library changed": (lambda r: r.update(library="9.9"), ["SHA-256"]),
    "a library as a number": (lambda r: r.update(library=1), ["library must be a text"]),
    "no library": (lambda r: r.pop("library"), ["lacks 'library'"]),
    "a checksum of another kind": (lambda r: r.update(sha256=7), ["SHA-256"]),
    "a checksum in capitals": (lambda r: r.update(sha256=r["sha256"].upper()), ["SHA-256"]),
    "a self-test changed": (lambda r: r["self_test"]["outputs"][0].__setitem__(0, 0.5), ["SHA-256"]),
    "a self-test that is none": (lambda r: (r.pop("sha256"), r.update(self_test=[])), ["self_test must be an object"]),
    "a self-test without rows": (
        lambda r: (r.pop("sha256"), r["self_test"].update(inputs=[])),
        ["self_test must have inputs of 1 to 3 rows"],
    ),
    "a self-test of other columns": (
        lambda r: (r.pop("sha256"), r["self_test"].update(inputs=[[1.0]] * 3)),
        ["inputs of self_test", "(3, 2)"],
    ),
    "outputs that the network does not give": (
        lambda r: (r.pop("sha256"), r["self_test"]["outputs"][0].__setitem__(0, 0.75)),
        ["other outputs", "0.75"],
    ),
    "version 0": (lambda r: r.update(version=0), ["0, which is not a version"]),
    "version true": (lambda r: r.update(version=True), ["True, which is not a version"]),
    "version 1.0": (lambda r: r.update(version=1.0), ["1.0, which is not a version"]),
    "no version": (lambda r: r.pop("version"), ["None, which is not a version"]),
    "no loss": (lambda r: r.pop("loss"), ["the model lacks 'loss'"]),
    "no parameters": (lambda r: r.pop("parameters"), ["the model lacks 'parameters'"]),
    "two parts missing": (lambda r: (r.pop("labels"), r.pop("dtype")), ["lacks 'dtype', 'labels'"]),
    "an unknown part": (lambda r: r.update(optimizer="adam"), ["the model has 'optimizer'", "not understood"]),
    "inputs as text": (lambda r: r.update(inputs="2"), ["inputs must be a whole number", "'2'"]),
    "no inputs": (lambda r: r.update(inputs=None), ["inputs must be a whole number", "None"]),
    "half an input": (lambda r: r.update(inputs=2.5), ["inputs must be a whole number", "2.5"]),
    "inputs as a float": (lambda r: r.update(inputs=2.0), ["inputs must be a whole number"]),
    "another number of inputs": (lambda r: r.update(inputs=3), ["W1", "(3, 3)"]),
    "negative inputs": (lambda r: r.update(inputs=-1), ["inputs must be a whole number", "-1"]),
    "layers as an object": (lambda r: r.update(layers={}), ["layers must be a list"]),
    "no layers": (lambda r: r.update(layers=[]), ["parameters has 'W1', 'W2', 'b1', 'b2'"]),
    "a layer as text": (lambda r: r["layers"].__setitem__(0, "dense"), ["layer 1", '"dense" or "dropout"']),
    "an unknown layer": (lambda r: r["layers"][1].update(type="conv"), ["layer 2", "'conv'"]),
    "a layer of no type": (lambda r: r["layers"][0].pop("type"), ["layer 1", "None"]),
    "a layer without units": (lambda r: r["layers"][0].pop("units"), ["layer 1 lacks 'units'"]),
    "a layer with bias": (lambda r: r["layers"][0].update(bias=True), ["layer 1 has 'bias'"]),
    "a rate among dense": (lambda r: r["layers"][2].update(rate=0.5), ["layer 3 has 'rate'"]),
    "half a unit": (lambda r: r["layers"][0].update(units=3.5), ["Dense(units)", "3.5"]),
    "true units": (lambda r: r["layers"][0].update(units=True), ["Dense(units)", "True"]),
    "no units": (lambda r: r["layers"][0].update(units=0), ["Dense(units)", "0"]),
    "an unknown activation": (lambda r: r["layers"][0].update(activation="tan"), ["'tan'", "Did you mean 'tanh'"]),
    "no activation": (lambda r: r["layers"][0].update(activation=None), ["activation", "None"]),
    "an activation in a list": (lambda r: r["layers"][0].update(activation=["tanh"]), ["activation", "list"]),
    "a rate of one": (lambda r: r["layers"][1].update(rate=1), ["Dropout(rate)", "1"]),
    "a rate as text": (lambda r: r["layers"][1].update(rate="0.5"), ["Dropout(rate)", "'0.5'"]),
    "softmax inside": (lambda r: r["layers"][0].update(activation="softmax"), ["softmax", "last layer alone"]),
    "dropout at the end": (lambda r: r["layers"].append({"type": "dropout", "rate": 0.5}), ["last layer"]),
    "an unknown loss": (lambda r: r.update(loss="hinge"), ["no loss named 'hinge'"]),
    "a loss that does not fit": (lambda r: r.update(loss="poisson"), ["exp outputs"]),
    "a loss as a number": (lambda r: r.update(loss=1), ["loss and dtype must be names"]),
    "huber of nothing": (lambda r: r.update(loss="huber(0)"), ["huber(0)"]),
    "huber of NaN": (lambda r: r.update(loss="huber(nan)"), ["huber(nan)"]),
    "half precision": (lambda r: r.update(dtype="float16"), ["'float16'"]),
    "objects": (lambda r: r.update(dtype="object"), ["'object'"]),
    "an unknown dtype": (lambda r: r.update(dtype="f9999999999"), ["dtype"]),
    "a dtype that is no Python": (lambda r: r.update(dtype="01"), ["dtype", "'01'"]),
    "another name of a dtype": (lambda r: r.update(dtype="d"), ["dtype", "'d'"]),
    "no dtype": (lambda r: r.update(dtype=None), ["must be names"]),
    "parameters as a list": (lambda r: r.update(parameters=[]), ["parameters must be an object"]),
    "a parameter missing": (lambda r: r["parameters"].pop("W2"), ["W2"]),
    "a bias missing": (lambda r: r["parameters"].pop("b1"), ["b1"]),
    "a parameter too many": (lambda r: r["parameters"].update(W3=[[0]]), ["parameters has 'W3'"]),
    "a matrix turned": (lambda r: r["parameters"].update(W1=[[0, 0]] * 3), ["W1", "(2, 3)"]),
    "a matrix in one row": (lambda r: r["parameters"].update(W1=[0] * 6), ["W1", "(2, 3)"]),
    "a row too short": (lambda r: r["parameters"]["W1"][1].pop(), ["W1", "(2, 3)"]),
    "a row too long": (lambda r: r["parameters"]["W2"][2].append(0), ["W2", "(3, 2)"]),
    "a bias as a row": (lambda r: r["parameters"].update(b1=[[0, 0, 0]]), ["b1"]),
    "a bias too short": (lambda r: r["parameters"]["b1"].pop(), ["b1", "(3,)"]),
    "text for a number": (lambda r: r["parameters"]["b1"].__setitem__(0, "0"), ["b1", "(3,)"]),
    "null for a number": (lambda r: r["parameters"]["b1"].__setitem__(0, None), ["b1", "(3,)"]),
    "true for a number": (lambda r: r["parameters"]["b1"].__setitem__(0, True), ["b1", "(3,)"]),
    "a list for a number": (lambda r: r["parameters"]["b1"].__setitem__(0, [0]), ["b1", "(3,)"]),
    "a whole number beyond all": (lambda r: r["parameters"]["b1"].__setitem__(0, 10**400), ["b1", "too large"]),
    "labels as text": (lambda r: r.update(labels="ab"), ["labels must be a list of texts or null"]),
    "labels as numbers": (lambda r: r.update(labels=[0, 1]), ["labels must be a list of texts or null"]),
    "three labels for two": (lambda r: r.update(labels=["a", "b", "c"]), ["labels has 3", "2"]),
    "one feature for two": (lambda r: r.update(features=["a"]), ["features has 1", "2"]),
    "a target as a number": (lambda r: r.update(target=3), ["target must be a text"]),
    "a scaler as text": (lambda r: r.update(scaler="pixels"), ["scaler", "dict"]),
    "an unknown scaler": (lambda r: r.update(scaler={"kind": "minmax"}), ["'minmax'"]),
    "a scaler with a key too many": (lambda r: r.update(scaler={"kind": "pixels", "by": 255}), ["pixels", "'by'"]),
    "a scaler of other columns": (
        lambda r: r.update(scaler={"kind": "standardizer", "ddof": 0, "mean": [0, 0, 0], "scale": [1, 1, 1]}),
        ["scaler has 3 columns", "2 inputs"],
    ),
    "a scaler half fitted": (
        lambda r: r.update(scaler={"kind": "standardizer", "ddof": 0, "mean": [0, 0], "scale": None}),
        ["same length"],
    ),
    "a scale of zero": (
        lambda r: r.update(scaler={"kind": "standardizer", "ddof": 0, "mean": [0, 0], "scale": [1, 0]}),
        ["scale of column 1", "positive"],
    ),
    "a ddof as text": (
        lambda r: r.update(scaler={"kind": "standardizer", "ddof": "0", "mean": None, "scale": None}),
        ["ddof"],
    ),
}


class TestStrictness:
    @pytest.mark.parametrize("case", SPOILT)
    def test_a_spoilt_file_is_refused_by_name(self, case: str, tmp_path: Path) -> None:
        spoil, phrases = SPOILT[case]
        record = record_of(network(), tmp_path)
        spoil(record)
        with pytest.raises(FileError) as caught:
            loading(record, tmp_path)
        for phrase in ["changed.json: ", *phrases]:
            assert phrase in str(caught.value)

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
    @pytest.mark.parametrize("place", ['"b1": [\n   @', '"rate": @', '"inputs": @', '"version": @', '"mean": [\n   @'])
    def test_numbers_that_are_not_finite_are_refused_wherever_they_stand(
        self, number: str, place: str, tmp_path: Path
    ) -> None:
        net = network(scaler=Standardizer().fit(X))
        save(net, tmp_path / "m.json")
        text = (tmp_path / "m.json").read_text(encoding="utf-8")
        before, at, after = text.partition(place.removesuffix("@"))
        assert at
        end = min(after.find(mark) for mark in (",", "\n") if mark in after)
        (tmp_path / "m.json").write_text(before + at + number + after[end:], encoding="utf-8")
        with pytest.raises(FileError):
            load(tmp_path / "m.json")

    def test_a_number_too_large_for_single_precision_is_refused(self, tmp_path: Path) -> None:
        record = record_of(network(dtype="float32"), tmp_path)
        record["parameters"]["b1"][0] = 1e39
        with pytest.raises(FileError, match="b1 holds a number that is too large for float32"):
            loading(record, tmp_path)

    @pytest.mark.parametrize("line", ['"inputs": 2,', '"b1": [', '"type": "dense",'])
    def test_a_key_that_stands_twice_is_refused(self, line: str, tmp_path: Path) -> None:
        save(network(), tmp_path / "m.json")
        text = (tmp_path / "m.json").read_text(encoding="utf-8")
        twice = line if line.endswith(",") else line + "0, 0, 0],"
        (tmp_path / "m.json").write_text(text.replace(line, twice + line, 1), encoding="utf-8")
        key = line.split('"')[1]
        with pytest.raises(FileError, match=f"the key '{key}' stands twice"):
            load(tmp_path / "m.json")

    @pytest.mark.parametrize(
        ("raw", "phrase"),
        [
            (b"", "the file is empty"),
            (b" \n", "not JSON (line 2, column 1"),
            (b"{", "not JSON"),
            (b'{"format": "pellucid"} {}', "not JSON (line 1, column 24"),
            (b"[]", "holds a list where an object"),
            (b"3", "holds a int"),
            (b"null", "holds a NoneType"),
            (b'{"format": NaN}', "holds NaN"),
            (b'{"format": [-Infinity]}', "holds -Infinity"),
            (b'{"format": "\xff"}', "not UTF-8 text (byte 12)"),
            ("{}".encode("utf-16"), "UTF-16"),
            (b'{"weights1": 0, "bias1": 0, "weights2": 0, "bias2": 0}', "the JSON of tutorials"),
            (b"\xef\xbb\xbf{}", "not JSON"),
            (b"\x00" * 100, "not JSON"),
            (b"\x80\x04K\x01.", "a pickle"),  # nothing of it is executed
            (b"1" * 5000, "digits"),
            (b'{"a": ' + b"1" * 5000 + b"}", "digits"),
        ],
    )
    def test_what_is_no_json_object_is_refused(self, raw: bytes, phrase: str, tmp_path: Path) -> None:
        (tmp_path / "m.json").write_bytes(raw)
        with pytest.raises(FileError) as caught:
            load(tmp_path / "m.json")
        assert phrase in str(caught.value)

    @pytest.mark.parametrize("depth", [10, 300, *range(940, 1000, 4), 100_000])
    @pytest.mark.parametrize("part", ["format", "loss", "layers", "labels", "scaler", "parameters", "activation", "W1"])
    def test_deep_nesting_is_refused(self, part: str, depth: int, tmp_path: Path) -> None:
        record = record_of(network(), tmp_path)
        holder = {"activation": record["layers"][0], "W1": record["parameters"]}.get(part, record)
        holder[part] = "@"
        text = json.dumps(record).replace('"@"', "[" * depth + "]" * depth)
        (tmp_path / "m.json").write_text(text, encoding="utf-8")
        with pytest.raises(FileError):
            load(tmp_path / "m.json")

    @pytest.mark.parametrize(
        "parameters",
        [
            {"W1": [], "b1": []},
            {"W1": [[0]], "b1": [0]},
            {"W1": [0] * 100_000, "b1": [0] * 100_000},
            {"W1": [[]] * 100_000, "b1": [0] * 100_000},
            {"W1": [[0] * 100_000] + [[0]] * 99_999, "b1": [0] * 100_000},
        ],
    )
    def test_a_small_file_cannot_claim_a_huge_network(self, parameters: dict[str, Any], tmp_path: Path) -> None:
        """Ten thousand million weights would be 80 GB; reading must take no more than the file itself does."""
        record = record_of(Network([Dense(1)], inputs=1), tmp_path)
        record.update(inputs=100_000, parameters=parameters)
        record["layers"][0]["units"] = 100_000
        tracemalloc.start()
        try:
            with pytest.raises(FileError, match=r"W1 and b1 must be of shape \(100000, 100000\)"):
                loading(record, tmp_path)
            assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
        finally:
            tracemalloc.stop()

    def test_what_stands_twice_among_many_is_found_at_once(self, tmp_path: Path) -> None:
        """Looking for each among all the others would take hours."""
        many = ", ".join(f'"{i}": 0' for i in range(200_000))
        (tmp_path / "m.json").write_text("{" + many + ', "199999": 0}', encoding="utf-8")
        with pytest.raises(FileError, match="the key '199999' stands twice"):
            load(tmp_path / "m.json")
        (tmp_path / "m.json").write_text("{" + many + ', "format": "pellucid", "version": 2}', encoding="utf-8")
        with pytest.raises(FileError, match="lacks 'dtype', 'features'"):
            load(tmp_path / "m.json")
        net = Network([Dense(1)], inputs=200_000)
        net.features = tuple(map(str, [*range(199_999), 199_998]))
        with pytest.raises(FileError, match="features names '199998' twice"):
            save(net, tmp_path / "m.json")

    def test_a_huge_file_is_not_read_whole(self, tmp_path: Path) -> None:
        with (tmp_path / "m.json").open("wb") as file:
            file.truncate(2 * strict_json.LARGEST)
        tracemalloc.start()
        try:
            with pytest.raises(FileError, match="the most that is read of this kind is 1,048,576"):
                strict_json.read(tmp_path / "m.json", largest=2**20)
            assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
        finally:
            tracemalloc.stop()

    def test_cut_off_anywhere_it_is_refused(self, tmp_path: Path) -> None:
        net = Network([Dense(2, "tanh"), Dense(1, "sigmoid")], inputs=1, scaler=Standardizer().fit([[1.0], [3.0]]))
        net.labels = ("néin", "ja")
        save(net, tmp_path / "m.json")
        whole = (tmp_path / "m.json").read_bytes()
        for length in range(len(whole)):
            (tmp_path / "m.json").write_bytes(whole[:length])
            if length == len(whole) - 1:  # only the line break at the end is missing
                assert same(load(tmp_path / "m.json"), net)
            else:
                with pytest.raises(FileError):
                    load(tmp_path / "m.json")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


CHARACTERS = st.one_of(st.sampled_from('0123456789-+.eE"{}[],: \\\nnulltruefalse'), st.characters(codec="utf-8"))


class TestMutations:
    """Whatever happens to a file: it is refused as a file, or it is a network that works. Never another exception."""

    NET = Network([Dense(2, "tanh"), Dropout(0.5), Dense(2, "softmax")], inputs=1, loss="squared_error")

    def read(self, text: str, folder: Path) -> None:
        (folder / "m.json").write_text(text, encoding="utf-8", newline="")
        try:
            net = load(folder / "m.json")
        except FileError as error:
            assert str(error).startswith(str(folder / "m.json"))  # noqa: PT017 (both endings are right)
        else:
            assert np.isfinite(net.theta).all()
            assert same(net, pickle.loads(pickle.dumps(net)))
            save(net, folder / "again.json")
            assert same(net, load(folder / "again.json"))

    def text(self, folder: Path) -> str:
        net = copy.deepcopy(self.NET)
        net.scaler = Standardizer().fit([[1.0], [3.0]])
        net.labels = ("a", "b")
        save(net, folder / "good.json")
        return (folder / "good.json").read_text(encoding="utf-8")

    @settings(max_examples=400, deadline=None, derandomize=True, database=None)
    @given(data=st.data())
    def test_one_character_changed(self, data: st.DataObject, folder: Path) -> None:
        text = self.text(folder)
        place = data.draw(st.integers(0, len(text) - 1))
        kind = data.draw(st.sampled_from(["replace", "insert", "delete", "swap"]))
        new = {"delete": "", "swap": text[place : place + 2][::-1]}.get(kind, data.draw(CHARACTERS))
        rest = place + {"insert": 0, "swap": 2}.get(kind, 1)
        self.read(text[:place] + new + text[rest:], folder)

    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(data=st.data())
    def test_one_value_changed(self, data: st.DataObject, folder: Path) -> None:
        record = json.loads(self.text(folder))
        if data.draw(st.booleans()):  # as who changes a file on purpose would, so that what is behind is reached
            record.pop("sha256"), record.pop("self_test")
        value = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=5,
        )
        holder: Any = record
        while True:
            key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
            if isinstance(holder[key], dict | list) and holder[key] and data.draw(st.booleans()):
                holder = holder[key]
            else:
                break
        holder[key] = data.draw(value)
        self.read(json.dumps(record), folder)


class TestPlaces:
    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileError, match="there is no such file"):
            load(tmp_path / "m.json")

    def test_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "m.json").mkdir()
        with pytest.raises(FileError, match="this is a folder"):
            load(tmp_path / "m.json")
        with pytest.raises(FileError, match="cannot be written"):
            save(network(), tmp_path / "m.json")
        assert os.listdir(tmp_path) == ["m.json"]

    @pytest.mark.parametrize("name", ["no/folder/m.json", "file/m.json", "a" * 300 + ".json"])
    def test_a_place_that_cannot_be_written(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way", encoding="utf-8")
        with pytest.raises(FileError, match="cannot be written"):
            save(network(), tmp_path / name)
        assert os.listdir(tmp_path) == ["file"]

    @pytest.mark.parametrize("name", ["m.txt", "m", "m.json.bak", "m.onnx", "m.pkl"])
    def test_another_ending(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(FileError, match=r"end in \.safetensors or \.json"):
            save(network(), tmp_path / name)
        assert not os.listdir(tmp_path)

    @pytest.mark.parametrize("ending", [".json", ".safetensors"])
    @pytest.mark.parametrize("name", ["m.txt", "m", "m.json", "m.safetensors", "m.onnx", "m.pkl"])
    def test_a_file_is_known_by_what_is_in_it(self, name: str, ending: str, tmp_path: Path) -> None:
        save(network(), tmp_path / f"first{ending}")
        (tmp_path / f"first{ending}").rename(tmp_path / name)
        assert same(load(tmp_path / name), network())

    def test_an_old_file_is_replaced_whole(self, tmp_path: Path) -> None:
        save(Network([Dense(50)], inputs=50), tmp_path / "m.json")
        save(network(), tmp_path / "m.json")
        assert same(load(tmp_path / "m.json"), network())
        assert os.listdir(tmp_path) == ["m.json"]


def spoil_nothing(net: Network) -> None:
    """The network as it was built cannot be saved."""


class Own:
    """A scaler that only the user's own program knows."""

    fitted = True

    def fit(self, X: np.ndarray) -> Own:
        return self

    def transform(self, X: np.ndarray, dtype: Any = np.float64) -> np.ndarray:
        return X.astype(dtype)


own = Activation("tanh", np.sin, np.cos)  # a famous name for something else
own_loss = Loss("huber(2.0)", lambda a, t: a - t, lambda a, t: np.ones_like(a))

UNSAVEABLE: dict[str, tuple[Network, Any, list[str]]] = {
    "own activation": (Network([Dense(3, own), Dense(1)], inputs=2), spoil_nothing, ["'tanh' is your own"]),
    "own loss": (Network([Dense(1)], inputs=2, loss=own_loss), spoil_nothing, ["'huber(2.0)' is your own"]),
    "own unnamed loss": (
        Network([Dense(1)], inputs=2, loss=Loss("mine", own_loss.value, own_loss.gradient)),
        spoil_nothing,
        ["'mine' is your own"],
    ),
    "own scaler": (network(scaler=Own()), spoil_nothing, ["scaler", "your own"]),
    "NaN": (network(), lambda net: net.theta.__setitem__(7, np.nan), ["b1 holds NaN or infinity"]),
    "infinity": (network(), lambda net: net.theta.__setitem__(0, -np.inf), ["W1 holds NaN or infinity"]),
    "labels as numbers": (network(), lambda net: setattr(net, "labels", np.array([3, 4])), ["labels", "texts"]),
    "too many labels": (network(), lambda net: setattr(net, "labels", ("a", "b", "c")), ["labels has 3", "2"]),
    "too few features": (network(), lambda net: setattr(net, "features", ("a",)), ["features has 1", "2"]),
    "a target as a number": (network(), lambda net: setattr(net, "target", 3), ["target must be a text"]),
    "half a character": (network(), lambda net: setattr(net, "target", "\ud800"), ["nothing was saved", "surrogate"]),
}


class TestFailedSaves:
    @pytest.mark.parametrize("name", ["m.json", "m.safetensors"])
    @pytest.mark.parametrize("case", UNSAVEABLE)
    def test_nothing_is_written_and_an_old_file_stays(self, case: str, name: str, tmp_path: Path) -> None:
        net, spoil, phrases = UNSAVEABLE[case]
        spoil(net)
        for old in (None, b"what was there before"):
            if old is not None:
                (tmp_path / name).write_bytes(old)
            with pytest.raises(FileError) as caught:
                save(net, tmp_path / name)
            for phrase in phrases:
                assert phrase in str(caught.value)
            assert os.listdir(tmp_path) == ([] if old is None else [name])
        assert (tmp_path / name).read_bytes() == b"what was there before"

    def test_a_full_disk_leaves_the_old_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        save(network(), tmp_path / "m.json")
        before = (tmp_path / "m.json").read_bytes()

        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(FileError, match="No space left on device"):
            save(network(seed=1), tmp_path / "m.json")
        assert os.listdir(tmp_path) == ["m.json"]
        assert (tmp_path / "m.json").read_bytes() == before


def test_an_array_is_refused_alike_with_activations_and_without(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.ones(3))
    for activations in (None, ("relu", "softmax")):
        with pytest.raises(FileError, match=r"an array that NumPy wrote: net\.theta = "):
            load(tmp_path / "w.npy", activations)
