"""A page's run without any socket: every message of the protocol, what it answers and what it changes."""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import Network, load
from pellucid.studio import choices, protocol, wire
from pellucid.studio.desk import Desk

READABLE = {"training": {"engine": "readable"}}
MOONS = {"data": {"kind": "moons", "n": 60}, "network": {"layers": [{"units": 3}]}, **READABLE}


class Table:
    """A desk, and what it has sent."""

    def __init__(self, state: dict[str, Any] | None = None, file: Path | None = None) -> None:
        self.sent: list[tuple[int, bytes]] = []
        self.desk = Desk(lambda kind, message: self.sent.append((kind, message)), lambda: None)
        self._id = 0
        self.last: dict[str, Any] = {}
        whole = choices.full() if state is None else self._state(state)
        named = None if file is None else {"path": str(file), "name": file.name}
        begin = {"type": "begin", "state": whole, "usual": choices.full(), "file": named, "fresh": state is None}
        self.desk.handle(begin)

    @staticmethod
    def _state(state: dict[str, Any]) -> dict[str, Any]:
        return choices.full(choices.State.model_validate_json(json.dumps(state)))

    def take(self) -> list[dict[str, Any]]:
        """What has been sent since the last look, arrays under "arrays"."""
        found, self.sent = self.sent, []
        messages = []
        for kind, message in found:
            if kind == wire.JSON:
                messages.append(json.loads(message))
            else:
                header, arrays = wire.unpacked(message)
                messages.append({"type": "reply", **header, "arrays": arrays})
        return messages

    def say(self, kind: str, /, **fields: Any) -> None:
        self._id += 1
        message = protocol.parsed(json.dumps({"type": kind, "id": self._id, **fields}))
        said = message.model_dump(mode="json")
        if isinstance(message, protocol.Set):
            said = {
                "type": "set",
                "id": self._id,
                "given": choices.given(message.state),
                "keep_weights": message.keep_weights,
            }
        self.desk.handle(said)

    def ask(self, kind: str, /, **fields: Any) -> dict[str, Any]:
        """A request's answer; works on until it comes. Frames that come meanwhile are drawn."""
        self.say(kind, **fields)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            for message in self.drawn():
                if message.get("id") == self._id:
                    return message
            self.desk.work()
        raise AssertionError(f"no answer to {kind}")

    def drawn(self) -> list[dict[str, Any]]:
        """What has been sent, its frames drawn."""
        messages = self.take()
        for message in messages:
            if message["type"] == "frame":
                self.last = message
                self.desk.handle({"type": "drawn", "frame": message["frame"]})
        return messages

    def frame(self) -> dict[str, Any]:
        """The frame of how things are now."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            self.drawn()
            if not self.desk.showing.dirty:
                return self.last
            self.desk.work()
        raise AssertionError("no frame")

    def reply(self, **message: Any) -> dict[str, Any]:
        """The answer to what the server asks for."""
        self.desk.handle({"ticket": 7, **message})
        end = time.monotonic() + 120
        while time.monotonic() < end:
            for found in self.take():
                if found.get("ticket") == 7:
                    return found
            time.sleep(0.01)
        raise AssertionError("no reply")

    @property
    def net(self) -> Network:
        return self.desk.run.net


def test_a_page_is_welcomed_with_everything() -> None:
    table = Table(MOONS)
    welcome, state, data = table.take()
    assert welcome["welcome"] is True
    assert state["type"] == "state"
    assert state["state"]["data"]["n"] == 60
    assert state["shapes"]["parameters"] == 2 * 3 + 3 + 3 * 2 + 2
    assert [layer["W"] for layer in state["shapes"]["layers"]] == [[2, 3], [3, 2]]
    assert state["rows"] == {"train": 48, "validation": 12}
    assert state["status"]["step"] == 0
    assert data["type"] == "data"
    assert data["arrays"]["points"].shape == (60, 2)
    assert data["arrays"]["part"].sum() == 12
    frame = table.frame()
    assert frame["step"] == 0
    assert frame["arrays"]["boundary"].shape == (2, 64, 64)
    assert frame["arrays"]["maps"].shape == (5, 32, 32)
    assert frame["arrays"]["inputs"].shape == (2, 32, 32)
    assert frame["update_ratio"] == [None, None]


def test_a_frame_tells_the_truth() -> None:
    """Every number in it, against the library's own."""
    table = Table({**MOONS, "standardize": True})
    table.say("watch", histograms=True, confusion=True)
    table.ask("step", count=25)
    frame = table.frame()
    run, net, arrays = table.desk.run, table.net, frame["arrays"]
    made_of = run.job.made_of
    assert made_of is not None
    assert made_of.validation is not None
    assert frame["loss"] == pytest.approx(net.loss(made_of.X, made_of.y), rel=1e-12)
    assert frame["accuracy"] == net.accuracy(made_of.X, made_of.y)
    assert frame["validation_loss"] == pytest.approx(net.loss(*made_of.validation), rel=1e-12)
    assert np.array_equal(arrays["answers"], net.predict(run.rows.X))
    for name, array in net.params.items():
        assert np.array_equal(arrays[name], array.astype(np.float32))
    grid = table.desk.showing._plane.grid(64)
    assert np.allclose(arrays["boundary"], net.forward(grid).T.reshape(2, 64, 64), atol=1e-6)
    low, high = (np.array(frame["units"][end])[:, np.newaxis, np.newaxis] for end in ("low", "high"))
    maps = low + (high - low) * arrays["maps"] / 255
    assert net.scaler is not None
    a = np.tanh(net.scaler.transform(grid) @ net.params["W1"] + net.params["b1"]).T.reshape(3, 64, 64)
    assert np.abs(maps[:3] - a[:, ::2, ::2]).max() < 0.005
    assert arrays["confusion"].sum(axis=(1, 2)).tolist() == [48, 12]
    assert np.trace(arrays["confusion"][0]) / 48 == frame["accuracy"]
    for name in ("W", "a", "g"):
        assert np.allclose(arrays[f"hist_{name}"].sum(axis=1), 1, atol=1e-5)
    W = net.params["W1"]
    assert frame["histograms"]["W"][0] == pytest.approx([W.min(), W.max()])
    gradient = net.gradients(made_of.X, made_of.y)["W2"]
    assert frame["histograms"]["g"][1] == pytest.approx([gradient.min(), gradient.max()])
    assert frame["history"] == ["epoch", "loss", "accuracy", "validation_loss", "validation_accuracy"]
    assert arrays["history"].shape == (5, run.job.done)
    change = run.net.named(net.theta - run.job.finite)["W1"]
    assert frame["update_ratio"][0] == pytest.approx(np.linalg.norm(change) / np.linalg.norm(W))


def test_parts_that_are_not_watched_are_not_sent() -> None:
    table = Table(MOONS)
    table.take()
    table.say("watch", units=False, parameters=False, history=False, grid=16)
    assert set(table.frame()["arrays"]) == {"boundary", "answers", "inputs"}


def test_values_and_wide_data_have_frames_too() -> None:
    table = Table({"data": {"kind": "waves", "n": 50}, **READABLE})
    table.ask("step", count=5)
    frame = table.frame()
    assert frame["accuracy"] is None
    assert frame["arrays"]["boundary"].shape == (1, 64, 64)
    state = table.ask("set", state={"data": {"kind": "digits"}, "view": {"kind": "components"}})
    assert state["image"] == {"width": 8, "height": 8, "max": 16}
    assert state["state"]["features"] is None
    frame = table.frame()
    assert frame["arrays"]["boundary"].shape == (10, 64, 64)
    assert frame["arrays"]["W1"].shape == (64, 8)
    found = table.ask("predict", x=[0] * 64)
    assert len(found["outputs"]) == 10
    assert sum(found["outputs"]) == pytest.approx(1)
    assert "64 features" in table.ask("predict", x=[0] * 63)["text"]


def test_steps_epochs_and_an_end() -> None:
    table = Table({**MOONS, "training": {"engine": "readable", "batch_size": 20, "epochs": 4}})
    assert table.ask("step", count=2)["step"] == 2
    assert table.ask("epoch")["step"] == 3
    assert table.ask("epoch", count=2)["step"] == 9
    status = table.ask("play")
    assert status["playing"]
    while table.desk.playing:
        table.desk.work()
    assert table.desk.status()["stopped"] == "epochs"
    assert table.desk.run.step == 12
    assert table.ask("step")["step"] == 12
    table.ask("set", state={"training": {"epochs": 5}})
    assert table.ask("epoch")["step"] == 15


def test_another_wish_answers_the_one_before() -> None:
    table = Table(MOONS)
    table.take()
    table.say("step", count=100_000)
    first = table._id
    table.say("pause")
    answers = [message["id"] for message in table.take() if message["type"] == "status" and message["id"]]
    assert answers == [first, first + 1]


def test_reset_has_the_same_weights_and_another_seed_has_not() -> None:
    table = Table(MOONS)
    first = table.ask("reset")["initial_weights"]
    theta = table.net.theta.copy()
    table.ask("step", count=9)
    after = table.net.theta.copy()
    assert table.ask("reset")["initial_weights"] == first
    assert np.array_equal(table.net.theta, theta)
    assert table.frame()["step"] == 0
    table.ask("step", count=9)
    assert np.array_equal(table.net.theta, after)
    state = table.ask("reseed")
    assert state["initial_weights"] != first
    assert state["status"]["step"] == 0
    again = table.ask("set", state={"seed": 0})
    assert again["initial_weights"] == first


def test_changes_that_keep_the_run_and_changes_that_begin_anew() -> None:
    table = Table(MOONS)
    table.ask("step", count=10)
    assert table.ask("set", state={"training": {"l2": 0.1}})["status"]["step"] == 10
    assert table.ask("set", state={"view": {"kind": "features", "x": 1, "y": 0}})["status"]["step"] == 10
    theta = table.net.theta.copy()
    kept = table.ask("set", state={"standardize": False}, keep_weights=True)
    assert kept["status"]["step"] == 0
    assert np.array_equal(table.net.theta, theta)
    for state in (
        {"seed": 5},
        {"validation": 0.3},
        {"features": ["x1"]},
        {"data": {"kind": "xor"}},
        {"network": {"layers": []}},
    ):
        table.ask("step", count=3)
        assert table.ask("set", state=state)["status"]["step"] == 0


def test_what_cannot_be_set_changes_nothing() -> None:
    table = Table(MOONS)
    table.ask("step", count=10)
    before = json.dumps(table.desk.state)
    for state in (
        {"data": {"kind": "drawn", "points": []}},
        {"data": {"kind": "csv", "target": "x"}},
        {"network": {"loss": "poisson"}},
    ):
        assert table.ask("set", state=state)["type"] == "error"
        assert json.dumps(table.desk.state) == before
        assert table.desk.run.step == 10


def test_rewinding_brings_back_pictures_and_settings() -> None:
    table = Table(MOONS)
    table.ask("step", count=20)
    at_20 = table.frame()
    table.ask("set", state={"training": {"optimizer": {"name": "sgd", "learning_rate": 1.0}}})
    table.ask("step", count=20)
    back = table.ask("seek", step=20)
    assert back["type"] == "status"  # what was changed after step 20 belongs to it already
    state = table.ask("seek", step=19)
    assert state["type"] == "state"
    assert state["state"]["training"]["optimizer"]["name"] == "adam"
    assert state["status"]["end"] == 40
    table.ask("seek", step=20)
    frame = table.frame()
    assert np.array_equal(frame["arrays"]["boundary"], at_20["arrays"]["boundary"])
    assert not frame["at_end"]
    whole = frame["arrays"]["history"]
    assert whole.shape[1] == 40 // table.desk.run.job.steps_per_epoch
    for step in (39, 21, 40, 1):  # also within an epoch, whose books are begun anew to get there
        table.ask("seek", step=step)
        assert np.array_equal(table.frame()["arrays"]["history"], whole)


def test_a_weight_is_edited_and_a_unit_silenced() -> None:
    table = Table(MOONS)
    table.ask("edit", name="W1", index=[1, 2], value=0.25)
    assert table.net.params["W1"][1, 2] == 0.25
    assert table.frame()["arrays"]["W1"][1, 2] == 0.25
    table.ask("silence", layer=1, unit=2, on=True)
    frame = table.frame()
    assert frame["silenced"] == [[1, 2]]
    assert not frame["arrays"]["W2"][2].any()
    assert "no parameter" in table.ask("edit", name="W9", index=[0, 0], value=1.0)["text"]


def test_inside_every_number_is_made_of_others() -> None:
    """Terms add up to values, formulas are there for every quantity, and the row is the one that was asked for."""
    table = Table({**MOONS, "training": {"engine": "readable", "optimizer": {"name": "adam"}, "l2": 0.1}})
    table.ask("step", count=7)
    found = table.ask("inside", row=5)
    run = table.desk.run
    assert found["x"] == run.rows.X[5].tolist()
    sections = [entry["section"] for entry in found["entries"]]
    assert list(dict.fromkeys(sections)) == ["given", "forward", "loss", "backward", "update"]
    summed = 0
    for line in found["lines"]:
        if line["terms"] is not None:
            total = sum(a * b for a, b in line["terms"]) + (line["plus"] or 0.0)
            assert line["value"] == [pytest.approx(total, rel=1e-9, abs=1e-12)]
            summed += 1
    assert summed == 3 + 2 + 3  # z1, z2, and the gradient at a1
    by_name = {entry["name"]: entry for entry in found["entries"] if entry["section"] != "update"}
    assert by_name["z1"]["kind"] == "affine"
    assert by_name["z1"]["layer"] == 1
    assert by_name["z1"]["of_row"]
    assert by_name["z1"]["mathml"].startswith("<math")
    assert by_name["W1"]["value"] == run.net.params["W1"].tolist()
    assert by_name["p"]["value"] == pytest.approx(run.net.forward(run.rows.X[[5]])[0].tolist())
    assert found["learning_rate"] == 0.01
    assert "no row 60" in table.ask("inside", row=60)["text"]


def test_gradients_are_checked() -> None:
    found = Table(MOONS).ask("check")
    assert found["ok"]
    assert [row["name"] for row in found["rows"]] == ["W1", "b1", "W2", "b2"]
    assert all(row["error"] < 1e-5 for row in found["rows"])


def test_findings_can_be_applied() -> None:
    table = Table(
        {
            "data": {"kind": "breast-cancer"},
            "standardize": False,
            "network": {"layers": [{"units": 4, "activation": "identity"}]},
            **READABLE,
        }
    )
    table.ask("epoch", count=5)
    found = {finding["kind"]: finding for finding in table.ask("findings")["findings"]}
    assert found["features_unscaled"]["apply"]["changes"] == [["standardize", False, True]]
    state = table.ask("apply", kind="features_unscaled")
    assert state["state"]["standardize"] is True
    found = {finding["kind"]: finding for finding in table.ask("findings")["findings"]}
    assert "features_unscaled" not in found
    assert table.ask("apply", kind="no_nonlinearity")["state"]["network"]["layers"][0]["activation"] == "tanh"
    assert "nothing that one click" in table.ask("apply", kind="one_class")["text"]


def test_findings_come_by_themselves_where_they_are_wanted() -> None:
    table = Table(MOONS)
    table.say("watch", findings=True)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        table.desk.work()
        if any(message["type"] == "findings" and message["id"] is None for message in table.take()):
            return
        time.sleep(0.01)
    raise AssertionError


def test_a_pinned_run_is_compared_by_its_first_weights() -> None:
    table = Table(MOONS)
    table.ask("epoch", count=3)
    pinned = table.ask("pin", name="first")
    assert (pinned["name"], pinned["epochs"], pinned["same_start"]) == ("first", 3, True)
    frame = table.frame()
    assert np.array_equal(frame["arrays"]["pinned"], frame["arrays"]["history"])
    assert table.ask("reset")["pinned"]["same_start"] is True
    assert table.ask("reseed")["pinned"]["same_start"] is False
    assert table.ask("unpin")["type"] == "done"
    assert table.ask("reset")["pinned"] is None


def test_rows_are_listed_with_answers() -> None:
    table = Table(MOONS)
    found = table.ask("rows", start=55, count=20)
    assert (found["total"], [row["row"] for row in found["rows"]]) == (60, [55, 56, 57, 58, 59])
    run = table.desk.run
    assert [row["answer"] for row in found["rows"]] == run.net.predict(run.rows.X[55:]).tolist()
    assert {row["part"] for row in table.ask("rows", start=0, count=60)["rows"]} == {"train", "validation"}
    assert table.ask("rows", start=1000)["rows"] == []


def test_a_page_that_does_not_draw_is_sent_two_frames() -> None:
    table = Table({**MOONS, "training": {"engine": "readable", "epochs": 1_000_000}})
    table.say("play")
    end = time.monotonic() + 3.0
    while time.monotonic() < end:
        table.desk.work()
    frames = [message["frame"] for message in table.take() if message["type"] == "frame"]
    assert frames == [1, 2]
    assert table.desk.run.step > 2
    table.say("drawn", frame=2)
    table.say("drawn", frame=2)
    table.say("drawn", frame=10**15)  # frames that never were give no more room
    table.desk.work()
    end = time.monotonic() + 3.0
    while time.monotonic() < end:
        table.desk.work()
    frames = [message["frame"] for message in table.take() if message["type"] == "frame"]
    assert frames == [3, 4]


def test_a_speed_is_kept() -> None:
    table = Table({**MOONS, "training": {"engine": "readable", "epochs": 100_000}})
    table.ask("speed", steps_per_second=20.0)
    table.say("play")
    begun = time.monotonic()
    while time.monotonic() < begun + 1.0:
        time.sleep(min(table.desk.work(), 0.02))
    seconds = time.monotonic() - begun
    assert 1 <= table.desk.run.step <= 20 * seconds + 6


def test_a_run_that_diverges_says_why_and_goes_on_after_a_change() -> None:
    hot = {"optimizer": {"name": "sgd", "learning_rate": 90.0}, "engine": "readable"}
    table = Table(
        {"data": {"kind": "plane"}, "network": {"layers": [{"units": 4, "activation": "relu"}]}, "training": hot}
    )
    table.say("play")
    while table.desk.playing:
        table.desk.work()
    status = table.desk.status()
    assert status["stopped"] == "diverged"
    assert "learning rate" in status["text"]
    assert [message["stopped"] for message in table.drawn() if message["type"] == "status"][-1] == "diverged"
    frame = table.frame()
    assert frame["loss"] is not None
    table.ask("set", state={"training": {"optimizer": {"name": "sgd", "learning_rate": 0.01}}})
    assert table.ask("step")["text"] is None


def test_a_file_of_the_command_line_is_what_a_page_begins_with(tmp_path: Path) -> None:
    path = tmp_path / "flowers.csv"
    path.write_text("a,b,kind\n" + "".join(f"{i % 5},{i % 7},{'xy'[i % 2]}\n" for i in range(60)))
    table = Table(file=path)
    welcome, state, *_ = table.take()
    assert welcome["file"]["name"] == "flowers.csv"
    assert state["state"]["data"] == {"kind": "csv", "target": "kind", "task": "auto", "drop": []}
    assert state["shapes"]["labels"] == ["x", "y"]


def test_a_file_that_is_none_is_told_and_the_page_begins_without_it(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text("a,b\n1\n")
    table = Table(file=path)
    messages = table.take()
    assert messages[1]["state"]["data"]["kind"] == "moons"
    assert messages[-1]["text"].startswith("broken.csv, line 2")
    table = Table({"data": {"kind": "csv", "target": "x"}, **READABLE})
    messages = table.take()
    assert messages[1]["state"]["data"]["kind"] == "moons"
    assert "no file here yet" in messages[-1]["text"]


def test_a_file_that_was_brought(tmp_path: Path) -> None:
    table = Table(MOONS)
    path = tmp_path / "upload-0.csv"
    path.write_text("a,b,kind\n" + "".join(f"{i % 5},{i % 7},{i % 2}\n" for i in range(60)))
    found = table.reply(type="file", path=str(path), name="mine.csv")
    assert found["answer"]["rows"] == 60
    state = table.ask("set", state={"data": {"kind": "csv", "target": "kind"}})
    assert state["rows"]["train"] == 48
    path.write_text("a,b\n1\n")
    assert table.reply(type="file", path=str(path), name="mine.csv")["error"].startswith("mine.csv, line 2")


def flowers(path: Path, names: str) -> str:
    path.write_text(f"{names},kind\n" + "".join(f"{i % 5},{i % 7},{i % 2}\n" for i in range(60)))
    return str(path)


def test_a_file_that_was_brought_changes_nothing_until_it_is_asked_for(tmp_path: Path) -> None:
    table = Table(MOONS)
    first, second, third = (tmp_path / f"upload-{k}.csv" for k in range(3))
    table.reply(type="file", path=flowers(first, "a,b"), name="first.csv")
    csv_of = {"data": {"kind": "csv", "target": "kind"}}
    table.ask("set", state=csv_of)
    table.ask("step")
    table.reply(type="file", path=flowers(second, "c,d"), name="second.csv")
    after = table.ask("set", state={"training": {"l2": 0.1}})
    assert (after["run_number"], after["status"]["step"], after["shapes"]["features"]) == (2, 1, ["a", "b"])
    after = table.ask("set", state={"features": ["x1"]})  # this reads the file again
    assert after["shapes"]["features"] == ["a", "b"]
    assert "no column" in table.ask("set", state={"data": {"kind": "csv", "target": "nothing"}})["text"]
    assert table.ask("set", state={"features": ["x2"]})["shapes"]["features"] == ["a", "b"]
    assert first.exists()
    table.reply(type="file", path=flowers(third, "e,f"), name="third.csv")
    assert not second.exists()  # it was never wanted
    table.desk.handle({"type": "back", "id": None})
    welcome = table.take()[0]
    assert (welcome["file"]["name"], welcome["offered"]["name"]) == ("first.csv", "third.csv")
    assert table.ask("set", state=csv_of)["shapes"]["features"] == ["e", "f"]
    assert (first.exists(), third.exists()) == (False, True)


def test_a_file_of_the_command_line_is_never_removed(tmp_path: Path) -> None:
    own = tmp_path / "flowers.csv"
    flowers(own, "a,b")
    table = Table(file=own)
    table.reply(type="file", path=flowers(tmp_path / "upload-1.csv", "c,d"), name="mine.csv")
    assert table.ask("set", state={"data": {"kind": "csv", "target": "kind"}})["shapes"]["features"] == ["c", "d"]
    assert own.exists()


def test_the_speed_is_part_of_the_status() -> None:
    table = Table(MOONS)
    assert table.ask("play")["speed"] is None
    table.ask("speed", steps_per_second=20)
    assert table.ask("pause")["speed"] == 20


def test_what_is_taken_away_is_this_network(tmp_path: Path) -> None:
    table = Table({**MOONS, "training": {"engine": "readable", "epochs": 5, "batch_size": None}})
    table.ask("epoch", count=3)

    def taken(kind: str) -> bytes:
        found = table.reply(type="take", kind=kind)
        assert found["name"] == f"pellucid-{kind}", found
        data: bytes = found["arrays"]["data"].tobytes()
        return data

    model = tmp_path / "m.json"
    model.write_bytes(taken("model.json"))
    assert np.array_equal(load(model).theta, table.net.theta)
    history = list(csv.DictReader(io.StringIO(taken("history.csv").decode())))
    assert [float(line["loss"]) for line in history] == table.desk.run.job.columns["loss"][:3].tolist()
    report = taken("report.html").decode()
    assert report.lstrip().lower().startswith("<!doctype html>")
    script = taken("script.py").decode()
    printed: list[str] = []
    exec(
        compile(script, "script.py", "exec"),
        {"__name__": "__main__", "print": lambda *words, **_: printed.append(" ".join(map(str, words)))},
    )
    run, net = table.desk.run, load(model)
    again = net.fit(
        run.rows.X,
        run.rows.y,
        **{name: getattr(run.job.settings, name) for name in ("optimizer", "epochs", "validation", "seed")},
        engine="readable",
    )
    assert repr(float(again.loss[0])) in " ".join(printed)
    assert "nothing called" in table.reply(type="take", kind="../../etc/passwd")["error"]
    assert "no history" in Table(MOONS).reply(type="take", kind="history.csv")["error"]


def test_a_program_of_many_rows_comes_with_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("pellucid.explain.program.arrays.LONGEST", 1000)
    table = Table(MOONS)
    found = table.reply(type="take", kind="script.py")
    assert found["name"] == "pellucid-script.zip"
    with zipfile.ZipFile(io.BytesIO(found["arrays"]["data"].tobytes())) as archive:
        assert archive.namelist() == ["script.npz", "script.py"]
        archive.extractall(tmp_path)
    assert np.load(tmp_path / "script.npz")["X_train"].shape == (60, 2)


def test_something_wrong_inside_is_said_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(MOONS)
    monkeypatch.setattr("pellucid.studio.answers.sheet", lambda *given: 1 / 0)
    assert "ZeroDivisionError" in table.ask("rows")["text"]
    assert table.ask("step")["step"] == 1
