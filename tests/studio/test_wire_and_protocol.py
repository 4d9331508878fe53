"""Messages: what is written reads back; what is not understood is refused, whatever it is."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import InputError
from pellucid.studio import choices, protocol, wire
from pellucid.studio.catalogue import options
from pellucid.studio.networks import settings_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
KINDS = [
    "hello",
    "set",
    "play",
    "pause",
    "reset",
    "reseed",
    "check",
    "findings",
    "unpin",
    "ping",
    "step",
    "epoch",
    "speed",
    "watch",
    "drawn",
    "seek",
    "edit",
    "silence",
    "inside",
    "apply",
    "pin",
    "predict",
    "rows",
]
FIELDS = [
    "id",
    "run",
    "state",
    "keep_weights",
    "count",
    "steps_per_second",
    "fps",
    "grid",
    "units",
    "frame",
    "step",
    "exact",
    "name",
    "index",
    "value",
    "layer",
    "unit",
    "on",
    "row",
    "part",
    "kind",
    "x",
    "start",
]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.dictionaries(st.text(max_size=8), json_values, max_size=4),
    st.lists(st.sampled_from(sorted(wire.KINDS)), max_size=4),
    st.integers(0, 99),
)
def test_what_is_packed_reads_back(header: dict[str, Any], kinds: list[str], seed: int) -> None:
    header.pop("arrays", None)
    rng = np.random.default_rng(seed)
    arrays = {
        f"a{i}": (kind, rng.integers(0, 99, rng.integers(0, 5, rng.integers(0, 4)))) for i, kind in enumerate(kinds)
    }
    message = wire.packed(header, arrays)
    found, read = wire.unpacked(message)
    assert found.pop("arrays").keys() == arrays.keys()
    assert found == json.loads(wire.text(header))
    for name, (kind, values) in arrays.items():
        assert read[name].dtype == wire.KINDS[kind]
        assert np.array_equal(read[name], values)
        assert (read[name].ctypes.data - np.frombuffer(message, np.uint8).ctypes.data) % 8 == 0


@settings(max_examples=100, deadline=None, derandomize=True)
@given(json_values)
def test_json_has_no_number_that_is_not_finite(value: Any) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(wire.text({"value": value}), parse_constant=refuse)


def test_a_pipe_that_ends_in_the_middle_of_a_message_has_ended() -> None:
    whole = wire.framed(wire.BINARY, b"12345") + wire.framed(wire.JSON, b"{}")
    for length in range(len(whole)):
        pipe, read = io.BytesIO(whole[:length]), []
        while (found := wire.read_frame(pipe)) is not None:
            read.append(found)
        assert read == [(wire.BINARY, b"12345")][: length >= 10]
    assert wire.read_frame(io.BytesIO(b"\xff" * 100)) is None  # too long to be one


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), json_values, max_size=5))
def test_a_message_is_understood_or_refused(kind: str, fields: dict[str, Any]) -> None:
    """Never anything else; and one that is understood says nothing that was not said."""
    text = json.dumps({**fields, "type": kind})
    said = ""
    try:
        message = protocol.parsed(text)
    except InputError as error:
        said = str(error)
    if said:
        assert said.startswith("This message cannot be understood")
        assert len(said) < 1200
    else:
        assert set(fields) <= set(type(message).model_fields)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=60) | json_values.map(lambda value: json.dumps(value)))
def test_whatever_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        protocol.parsed(text)


REFUSED = [
    "",
    "null",
    "[]",
    "{}",
    '"play"',
    "{",
    '{"type":"play"',
    '{"type":"play"}x',
    '{"type":"play","x":1}',
    '{"type":"Play"}',
    '{"type":["play"]}',
    '{"type":"play","id":-1}',
    '{"type":"play","id":1.0}',
    '{"type":"play","id":true}',
    '{"type":"play","id":"1"}',
    '{"type":"play","id":99999999999}',
    '{"type":"seek"}',
    '{"type":"seek","step":-1}',
    '{"type":"seek","step":1e3}',
    '{"type":"seek","step":NaN}',
    '{"type":"seek","step":Infinity}',
    '{"type":"seek","step":99999999999999999999}',
    '{"type":"edit","name":"theta","index":[0],"value":0}',
    '{"type":"edit","name":"W0","index":[0],"value":0}',
    '{"type":"edit","name":"W1","index":[],"value":0}',
    '{"type":"edit","name":"W1","index":[0,0,0],"value":0}',
    '{"type":"edit","name":"W1","index":[-1],"value":0}',
    '{"type":"edit","name":"W1","index":[0],"value":NaN}',
    '{"type":"edit","name":"W1","index":[0],"value":1e400}',
    '{"type":"edit","name":"W1","index":[0],"value":"1"}',
    '{"type":"silence","layer":0,"unit":0,"on":true}',
    '{"type":"silence","layer":1,"unit":64,"on":true}',
    '{"type":"silence","layer":1,"unit":0,"on":1}',
    '{"type":"speed","steps_per_second":0}',
    '{"type":"speed","steps_per_second":-1}',
    '{"type":"speed"}',
    '{"type":"watch","fps":0}',
    '{"type":"watch","fps":61}',
    '{"type":"watch","grid":8}',
    '{"type":"watch","grid":4096}',
    '{"type":"watch","units":1}',
    '{"type":"rows","count":100000}',
    '{"type":"predict","x":[]}',
    '{"type":"predict","x":[null]}',
    '{"type":"predict","x":[[1]]}',
    '{"type":"apply","kind":"../x"}',
    '{"type":"apply","kind":""}',
    '{"type":"pin","name":5}',
    '{"type":"set"}',
    '{"type":"set","state":null}',
    '{"type":"hello","run":5}',
]
STATES = [
    '{"v":2}',
    '{"seed":-1}',
    '{"seed":1.5}',
    '{"data":{}}',
    '{"data":{"kind":"file","path":"/etc/passwd"}}',
    '{"data":{"kind":"csv","path":"/etc/passwd"}}',
    '{"data":{"kind":"moons","n":9}}',
    '{"data":{"kind":"moons","n":5001}}',
    '{"data":{"kind":"moons","arms":3}}',
    '{"data":{"kind":"spiral","arms":6}}',
    '{"data":{"kind":"drawn","points":[[1,2]]}}',
    '{"data":{"kind":"drawn","points":[[0,0,8]]}}',
    '{"data":{"kind":"drawn","points":[[0,0,0.5]]}}',
    '{"data":{"kind":"drawn","points":[[1e10,0,0]]}}',
    '{"features":[]}',
    '{"features":["x3"]}',
    '{"validation":0.6}',
    '{"standardize":1}',
    '{"network":{"layers":[{"units":65}]}}',
    '{"network":{"layers":[{"units":0}]}}',
    '{"network":{"layers":[{"activation":"softmax"}]}}',
    '{"network":{"layers":[{"activation":"__import__"}]}}',
    '{"network":{"layers":[{},{},{},{},{},{},{},{},{}]}}',
    '{"network":{"layers":[{"dropout":1}]}}',
    '{"training":{"epochs":0}}',
    '{"training":{"epochs":2000000}}',
    '{"training":{"optimizer":{"name":"lion"}}}',
    '{"training":{"optimizer":{"name":"sgd","beta1":0.9}}}',
    '{"training":{"schedule":{"name":"constant","every":3}}}',
    '{"training":{"optimizer":{"learning_rate":0}}}',
    '{"training":{"engine":"cuda"}}',
    '{"training":{"l2":-1}}',
    '{"view":{"kind":"features","x":-1}}',
]


@pytest.mark.parametrize("text", [*REFUSED, *(f'{{"type":"set","state":{state}}}' for state in STATES)])
def test_refused(text: str) -> None:
    with pytest.raises(InputError, match="cannot be understood"):
        protocol.parsed(text)


def test_depth_and_length_are_bounded() -> None:
    for text in ("[" * 100_000, '{"a":' * 100_000, '{"type":"set","state":{"data":' + "[" * 10_000):
        with pytest.raises(InputError):
            protocol.parsed(text)
    points = [[0.0, 0.0, 0.0]] * 2001
    with pytest.raises(InputError):
        protocol.parsed(json.dumps({"type": "set", "state": {"data": {"kind": "drawn", "points": points}}}))


def test_what_a_message_held_is_not_said_back() -> None:
    with pytest.raises(InputError) as error:
        protocol.parsed('{"type":"apply","kind":"<script>alert(1)</script>"}')
    assert "script" not in str(error.value)


def test_a_partial_state_says_only_what_it_named() -> None:
    said = {"seed": 4, "training": {"l2": 0.5, "optimizer": {"name": "sgd"}}, "network": {"loss": None}}
    message = protocol.parsed(json.dumps({"type": "set", "state": said}))
    assert isinstance(message, protocol.Set)
    optimizer = {"name": "sgd", "learning_rate": 0.01, "momentum": 0.0, "nesterov": False}
    assert choices.given(message.state) == {**said, "training": {"l2": 0.5, "optimizer": optimizer}}


def test_the_usual_state_is_whole_and_is_understood() -> None:
    state = choices.full()
    again = choices.full(choices.State.model_validate(json.loads(json.dumps(state))))
    assert again == state


def test_every_optimizer_and_schedule_of_the_catalogue_can_be_made() -> None:
    found = options()
    for part in ("optimizers", "schedules"):
        for name, constants in found[part].items():
            chosen = {"name": name, **{constant: given["default"] for constant, given in constants.items()}}
            state = choices.full(choices.State.model_validate({"training": {part[:-1]: chosen}}))
            assert getattr(settings_of(state), part[:-1]) is not None
    assert list(found["data"])[:3] == ["moons", "circles", "xor"]
    json.loads(wire.text(found))
