"""Rows to learn from: generated, real, drawn, of a file; the plane that shows them; guided tours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import lessons
from pellucid.errors import FileError, InputError
from pellucid.studio import choices, protocol, tours
from pellucid.studio.catalogue import options
from pellucid.studio.datasets import TRANSFORMS, Rows, rows_of
from pellucid.studio.learning import Learning
from pellucid.studio.planes import plane_of
from pellucid.studio.states import merged, normal
from pellucid.studio.tables import OwnFile


def rows_for(wanted: dict[str, Any], features: list[str] | None = None) -> Rows:
    state = choices.full(choices.State.model_validate_json(json.dumps({"data": wanted})))
    return rows_of(state["data"], features, None)  # type: ignore[arg-type]


GENERATED = [name for name in options()["data"] if name not in ("drawn", "csv")]


@pytest.mark.parametrize("kind", GENERATED)
def test_every_set_of_the_catalogue_can_be_learnt_from(kind: str) -> None:
    found, rows = options()["data"][kind], rows_for({"kind": kind})
    assert rows.X.shape[1] == found["features"] == len(rows.features)
    assert rows.task == found["task"]
    assert (rows.kept is not None) == found["two_features"]
    if found["classes"]:
        assert len(rows.labels or ()) == found["classes"]
    run = Learning(normal(merged(choices.full(), {"training": {"engine": "readable"}}), rows), rows)
    run.advance(3)
    assert run.step == 3


@pytest.mark.parametrize("arms", [2, 3, 4, 5])
def test_spirals_have_as_many_classes_as_arms(arms: int) -> None:
    rows = rows_for({"kind": "spiral", "n": 20, "arms": arms})
    assert len(rows.y) == 20 * arms
    assert len(rows.labels or ()) == arms


def test_the_same_seed_gives_the_same_rows() -> None:
    one, same, other = (rows_for({"kind": "moons", "seed": seed}) for seed in (1, 1, 2))
    assert np.array_equal(one.X, same.X)
    assert not np.array_equal(one.X, other.X)


def test_transforms_are_what_they_are_called() -> None:
    rows = rows_for({"kind": "moons", "n": 30}, list(TRANSFORMS))
    a, b = rows.X.T
    wanted = np.column_stack([a, b, a**2, b**2, a * b, np.sin(a), np.sin(b)])
    assert np.allclose(rows.transformed(rows.X), wanted, rtol=1e-15)
    assert rows.inputs == ("x1", "x2", "x1^2", "x2^2", "x1 x2", "sin(x1)", "sin(x2)")
    assert rows_for({"kind": "iris"}, ["x1"]).kept is None


def test_drawn_points() -> None:
    points = [[0.0, 0.5, 0], [1.0, 1.5, 2], [2.0, 2.5, 1]]
    rows = rows_for({"kind": "drawn", "points": points})
    assert rows.y.tolist() == [0, 2, 1]
    assert rows.labels == ("0", "1", "2")
    assert rows_for({"kind": "drawn", "points": points, "values": True}).task == "values"
    for few in ([], points[:1], [points[0], points[0]]):
        with pytest.raises(InputError, match=r"rows|class"):
            rows_for({"kind": "drawn", "points": few})


# Files


def own(tmp_path: Path, text: str | bytes, name: str = "mine.csv") -> OwnFile:
    path = tmp_path / "upload-0.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return OwnFile(path, name, 10_000)


def wanted(**given: Any) -> dict[str, Any]:
    return {"kind": "csv", "target": "label", "task": "auto", "drop": [], **given}


def test_a_file_is_described_before_it_is_used(tmp_path: Path) -> None:
    file = own(tmp_path, "a;name;label\n1;x;yes\n2;y;no\n2;z;no\n")
    found = file.described()
    assert (found["name"], found["rows"], found["header"], found["delimiter"]) == ("mine.csv", 3, True, ";")
    assert found["suggested"] == "label"
    assert found["columns"][0] == {"name": "a", "kind": "numbers", "examples": ["1", "2"], "distinct": 2}
    assert found["columns"][1]["kind"] == "text"
    rows = file.rows(wanted(drop=["name"]))
    assert rows.X.tolist() == [[1.0], [2.0], [2.0]]
    assert rows.labels == ("no", "yes")


def test_a_file_without_a_header(tmp_path: Path) -> None:
    file = own(tmp_path, "1,2,0\n3,4,1\n5,7,0\n")
    assert [column["name"] for column in file.described()["columns"]] == ["0", "1", "2"]
    rows = file.rows(wanted(target="2", task="classes"))
    assert rows.features == ("x1", "x2")
    assert rows.y.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mine.csv: the file is empty"),
        ("a,label\n1,x\n2\n", "mine.csv, line 3: the row has 1 fields, and 2 are expected"),
        ("a,a,label\n1,2,x\n", "mine.csv, line 1: columns 1 and 2 are both named 'a'"),
        (b"a,label\n\xff,x\n", "mine.csv, line 2: byte 1 of the line"),
        (b"PK\x03\x04...", "mine.csv: this is no plain CSV text: it is a zip archive"),
        (b"a,label\n1,\0\n", "mine.csv, line 2: it holds a zero byte"),
        ('a,label\n"1,x\n', "mine.csv, line 2: a quotation mark"),
        ("a,label\n" + "1,x\n" * 5000, "the file has more than"),
    ],
)
def test_what_is_no_table_is_told_by_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(FileError) as error:
        own(tmp_path, text).described()
    assert said in str(error.value)
    assert str(tmp_path) not in str(error.value)


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        ("a,b,label\n1,2,x\n1,oops,y\n", {}, "mine.csv, line 3, column 'b': the value is 'oops'"),
        ("a,b,label\n1,2,x\n1,,y\n", {}, "mine.csv, line 3, column 'b': the value is missing"),
        ("a,b,label\n1,2,x\n1,inf,y\n", {}, "mine.csv, line 3, column 'b'"),
        ("a,label\n1,x\n2,y\n", {"target": "nothing"}, "no column named 'nothing'"),
        ("a,label\n1,x\n2,y\n", {"target": None}, "choose the column"),
        ("a,label\n1,x\n2,y\n", {"task": "values"}, "is no finite number"),
        ("label\nx\ny\n", {}, "no column left for features"),
    ],
)
def test_what_cannot_be_learnt_from_is_told_by_line_and_column(
    tmp_path: Path, text: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises((FileError, InputError)) as error:
        own(tmp_path, text).rows(wanted(**given))
    assert said in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_too_many_classes_are_refused(tmp_path: Path) -> None:
    rows = own(tmp_path, "a,label\n" + "".join(f"{i},c{i}\n" for i in range(100))).rows(wanted())
    with pytest.raises(InputError, match="100 classes; 64"):
        Learning(normal(merged(choices.full(), {"validation": 0}), rows), rows)


# Planes


def test_components_are_where_the_rows_differ_most() -> None:
    rows = rows_for({"kind": "wine"})
    plane, places = plane_of(rows, {"kind": "components", "x": 0, "y": 1})
    standard = (rows.X - rows.X.mean(axis=0)) / rows.X.std(axis=0)
    values = np.linalg.eigvalsh(np.cov(standard.T, bias=True))[::-1]
    assert np.allclose(places.var(axis=0), values[:2], rtol=1e-9)
    assert plane.explained is not None
    assert np.allclose(plane.explained, values[:2] / values.sum(), rtol=1e-9)
    # A row in the plane comes back to where it was: its features project onto the very same place.
    features = plane.features(places)
    back = ((features - rows.X.mean(axis=0)) / rows.X.std(axis=0)) @ (plane.axes / rows.X.std(axis=0)).T
    assert np.allclose(back, places, atol=1e-9)


def test_two_chosen_features_leave_the_others_at_their_mean() -> None:
    rows = rows_for({"kind": "iris"})
    plane, places = plane_of(rows, {"kind": "features", "x": 3, "y": 1})
    features = plane.features(places)
    assert np.allclose(features[:, [3, 1]], rows.X[:, [3, 1]])
    assert np.allclose(features[:, [0, 2]], rows.X.mean(axis=0)[[0, 2]])
    with pytest.raises(InputError, match="axes"):
        plane_of(rows, {"kind": "features", "x": 4, "y": 1})


def test_the_grid_begins_at_the_top_left() -> None:
    plane, places = plane_of(rows_for({"kind": "moons"}), {"kind": "features", "x": 0, "y": 1})
    grid = plane.grid(16)
    assert grid[0, 0] < grid[1, 0]
    assert grid[0, 1] == grid[15, 1] > grid[16, 1]
    assert (grid.min(axis=0) > plane.low).all()
    assert (grid.max(axis=0) < plane.high).all()
    assert (plane.low < places.min(axis=0)).all()


def test_one_feature_and_constant_ones_have_a_plane() -> None:
    one = Rows(np.arange(5.0)[:, np.newaxis], np.arange(5.0), ("a",), "values", target="b")
    plane, places = plane_of(one, {"kind": "features", "x": 0, "y": 0})
    assert plane.features(places).tolist() == one.X.tolist()
    flat = Rows(np.ones((5, 3)), np.arange(5.0), ("a", "b", "c"), "values")
    for kind in ("features", "components"):
        plane, places = plane_of(flat, {"kind": kind, "x": 0, "y": 1})
        assert np.isfinite(plane.grid(16)).all()
        assert (plane.low < plane.high).all()


# Tours


def test_tours_are_the_lessons_in_their_order() -> None:
    for lang in tours.LANGUAGES:
        assert [tour["name"] for tour in tours.tours(lang)["tours"]] == list(lessons.LESSONS)


PANELS = {
    "network",
    "boundary",
    "curves",
    "data",
    "training",
    "inside",
    "findings",
    "check",
    "histograms",
    "rewind",
    "digits",
    "compare",
    "take",
    "confusion",
}


def test_both_languages_say_the_same_steps() -> None:
    english, chinese = (tours.tours(lang)["tours"] for lang in tours.LANGUAGES)
    for one, other in zip(english, chinese, strict=True):
        for mine, theirs in zip(one["steps"], other["steps"], strict=True):
            same = ("set", "do", "look", "until")
            assert {name: mine[name] for name in same} == {name: theirs[name] for name in same}
            assert len(mine["text"]) == len(theirs["text"]) >= 1
            assert set(mine["look"]) <= PANELS
            assert any("\u4e00" <= sign <= "\u9fff" for sign in theirs["title"])


def steps() -> list[Any]:
    return [pytest.param(tour, id=tour["name"]) for tour in tours.tours("en")["tours"]]


@pytest.mark.parametrize("tour", steps())
def test_every_setup_of_a_tour_works(tour: dict[str, Any], shared_data: Path) -> None:
    """What a step sets can be trained, what it says is a message, and what it waits for comes."""
    state = choices.full()
    for step in tour["steps"]:
        for message in step["do"]:
            protocol.parsed(json.dumps(message))
        if step["set"] is not None:
            state = merged(state, choices.given(choices.State.model_validate_json(json.dumps(step["set"]))))
            rows = rows_of(state["data"], state["features"], None)  # type: ignore[arg-type]
            state = normal(state, rows)
            state["training"] = {**state["training"], "engine": "readable"}
            run = Learning(state, rows)
        until = step["until"] or {}
        assert until.get("epoch", 0) <= state["training"]["epochs"]
        if "accuracy" in until:
            run.advance(100 * run.job.steps_per_epoch)
            assert run.job.columns["accuracy"][run.job.done - 1] >= until["accuracy"]
