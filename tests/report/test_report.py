"""What a report says is true, whatever the data are called, and the file needs nothing but itself."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Adam, Dense, FileError, History, InputError, Network, TrainingDiverged, metrics
from pellucid.data import Pixels
from pellucid.report import markup, pictures, write

Run = tuple[Network, History]
Read = Callable[[Path], Any]

NAMES = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(2)>",
    "a\x00b\x1b[31m",
    "\u202eevil\u200f",
    "价格 & 红",
]


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what is about words alone: pictures take most of the time."""
    monkeypatch.setattr(pictures, "missing", lambda: "left out")


def said(share: str) -> str:
    return share.replace("\u00a0", " ")


# The file


def test_a_page_is_whole_html_with_one_story(page: Path, read: Read) -> None:
    found = read(page)  # every element is closed by its own end
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>\n")
    assert found.all("html")[0]["lang"] == "en"
    assert len(found.all("h1")) == len(found.all("main")) == len(found.all("nav")) == 1
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in zip([2, *levels[1:]], levels[1:], strict=False))
    names = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(names) == len(set(names))
    links = [link["href"] for link in found.all("a")]
    assert all(link[0] == "#" and link[1:] in names for link in links)
    assert [link[1:] for link in links[1:]] == [section["id"] for section in found.all("section")]


def test_every_picture_has_words(page: Path, read: Read) -> None:
    found = read(page)
    for image in found.all("img"):
        assert image["alt"]
    drawn = [svg for svg in found.all("svg") if svg.get("aria-hidden") != "true"]
    assert drawn
    for svg in drawn:
        assert svg["role"] == "img"
        assert len(svg["aria-label"]) > 20


def test_nothing_comes_from_elsewhere_and_nothing_runs(page: Path, read: Read) -> None:
    text, found = page.read_text(encoding="utf-8"), read(page)
    policy = next(meta["content"] for meta in found.all("meta") if "http-equiv" in meta)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:;" in policy
    used = {tag for tag, _ in found.elements}
    assert not used & {"script", "link", "iframe", "object", "embed", "form", "base", "audio", "video", "foreignobject"}
    for tag, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("src", "href", "xlink:href", "action", "srcset", "data"):
            assert attributes.get(name, "#").startswith(("#", "data:image/png;base64,")), attributes
    assert not re.search(r"@import|javascript:", text)
    assert set(re.findall(r"url\((?!#)", text)) == set()
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", text))
    assert addresses <= {"http://www.w3.org/1998/Math/MathML", "http://www.w3.org/2000/svg"}  # names, not addresses


def test_it_is_small(page: Path) -> None:
    assert page.stat().st_size < 400_000


def test_the_same_run_gives_the_same_bytes(moons: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        moons[1].report(tmp_path / f"{name}.html", data="moons")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_another_process_gives_the_same_bytes_too(tmp_path: Path) -> None:
    program = (
        "from pellucid import Dense, Network; from pellucid.data import make_moons; X, y = make_moons(40, 0.1, seed=0);"
        "net = Network([Dense(3, 'tanh'), Dense(2, 'softmax')], 2); net.fit(X, y, epochs=4).report(path)"
    )
    exec(program, {"path": tmp_path / "one.html"})
    other = f"path = {str(tmp_path / 'two.html')!r}; {program}"
    subprocess.run([sys.executable, "-c", other], check=True, timeout=120, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


@pytest.mark.usefixtures("no_pictures")
def test_no_clock_is_read_and_a_date_that_is_given_is_said(moons: Run, tmp_path: Path, read: Read) -> None:
    moons[1].report(tmp_path / "run.html", date="24 May 2030 <b>")
    assert "on 24 May 2030 <b>." in read(tmp_path / "run.html").words


@pytest.mark.usefixtures("no_pictures")
def test_nothing_that_is_given_changes(moons: Run, tmp_path: Path) -> None:
    net, history = moons
    assert history.run is not None
    before = pickle.dumps((net, history, history.run.X, history.run.y))
    history.report(tmp_path / "run.html")
    assert pickle.dumps((net, history, history.run.X, history.run.y)) == before


def test_an_unknown_place_is_refused_before_any_work(moons: Run, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"run\.txt"):
        moons[1].report(tmp_path / "run.txt")


@pytest.mark.usefixtures("no_pictures")
def test_a_history_from_a_file_says_what_to_write_instead(moons: Run, tmp_path: Path) -> None:
    net, history = moons
    assert history.run is not None
    copy = pickle.loads(pickle.dumps(history))
    with pytest.raises(InputError, match=r"pellucid\.report\.write"):
        copy.report(tmp_path / "run.html")
    written = write(tmp_path / "run.html", net, history.run.X, history.run.y, copy)
    assert written == tmp_path / "run.html"
    text = written.read_text(encoding="utf-8")
    assert "with the settings below" in text
    assert "SGD" not in text or "Adam(learning_rate=0.03" in text


# What it says


@pytest.mark.usefixtures("no_pictures")
def test_the_headline_is_the_result(moons: Run, tmp_path: Path, read: Read) -> None:
    net, history = moons
    assert history.run is not None
    assert history.run.validation is not None
    X, y = history.run.validation
    history.report(tmp_path / "run.html")
    right = round(net.accuracy(X, y) * len(X))
    words = read(tmp_path / "run.html").words
    assert f"Of {len(X)} validation rows that were held out, the network gives the right answer for {right}:" in words
    assert said(markup.share(right / len(X))) in words
    assert "no rows were kept for a test" in words


@pytest.mark.usefixtures("no_pictures")
def test_a_test_is_what_it_is_judged_by(moons: Run, tmp_path: Path, read: Read) -> None:
    net, _ = moons
    X = np.array([[-1.0, 0.5], [0.0, 1.0], [1.0, -0.5], [2.0, 0.0]])
    moons[1].report(tmp_path / "run.html", test=(X, 1 - net.predict(X)), data="moons", title="All wrong")
    words = read(tmp_path / "run.html").words
    assert "Of 4 test rows that it never saw while it learnt, the network gives the right answer for 0: 0 %." in words
    assert "4 test rows of 4 are wrong" in words
    assert read(tmp_path / "run.html").all("h1")
    assert "All wrong" in words


@pytest.mark.usefixtures("no_pictures")
def test_values_are_measured_in_their_own_unit(prices: Run, tmp_path: Path, read: Read) -> None:
    net, history = prices
    assert history.run is not None
    assert history.run.validation is not None
    X, y = history.run.validation
    history.report(tmp_path / "run.html", data="houses")
    words = read(tmp_path / "run.html").words
    error = metrics.mean_absolute_error(y, net.predict(X))
    assert f"the network misses price by {markup.number(error)} on average" in words
    assert f"(R² {markup.score(metrics.r2(y, net.predict(X)))})" in words
    guess = np.abs(y - history.run.y.mean()).mean()
    assert f"Always answering the mean of the training rows would miss by {markup.number(guess)}." in words
    assert "Predicting price in houses" in words
    worst = int(np.argmax(np.abs(net.predict(X) - y.ravel())))
    assert history.run.kept is not None
    row = np.setdiff1d(np.arange(len(X) + len(history.run.X)), history.run.kept)[worst]  # as in the data given
    table = words.partition("The most mistaken rows")[2]
    assert table.split("rooms")[1].lstrip().startswith(f"{row}{markup.number(y.ravel()[worst])}")


@pytest.mark.usefixtures("no_pictures")
def test_counts_of_the_confusion_matrix_are_those_of_the_predictions(patterns: Run, tmp_path: Path) -> None:
    net, history = patterns
    assert history.run is not None
    X, t = history.run.X, history.run.y
    write(tmp_path / "run.html", net, X, t, validation=None)
    text = (tmp_path / "run.html").read_text(encoding="utf-8")
    body = text.partition('<table class="confusion">')[2].partition("</table>")[0].partition("<tbody>")[2]
    cells = [int(cell.replace(",", "")) for cell in re.findall(r"<td[^>]*>([\d,]+)</td>", body)]
    expected = metrics.confusion_matrix(t.argmax(axis=1), net.predict(X), 3)
    assert np.array_equal(np.reshape(cells, (3, 3)), expected)


@pytest.mark.usefixtures("no_pictures")
def test_images_are_drawn_as_images(patterns: Run, tmp_path: Path, read: Read) -> None:
    patterns[1].report(tmp_path / "run.html")
    found = read(tmp_path / "run.html")
    assert len([image for image in found.all("img") if image["class"] == "signed"]) == 5  # a unit each
    assert len([image for image in found.all("img") if image["class"] == "ink"]) > 3  # classes, mistakes
    assert "What the first layer looks for" in found.words
    assert "above 0 (orange)" in found.words
    assert "the probability of the answer that was given" in found.words
    patterns[1].report(tmp_path / "run.html", image_shape=False)
    assert not read(tmp_path / "run.html").all("img")


def test_the_best_epoch_is_the_one_that_was_kept(patterns: Run, tmp_path: Path, read: Read) -> None:
    history = patterns[1]
    assert history.best_epoch is not None
    history.report(tmp_path / "run.html")
    words = read(tmp_path / "run.html").words
    assert f"The weights are those of epoch {history.best_epoch + 1}, the best." in words
    assert f"best: {history.best_epoch + 1}" in words
    kept = [f"{history.best_epoch + 1} (best)", markup.number(history.loss[history.best_epoch])]
    assert "".join(kept) in words


@pytest.mark.usefixtures("no_pictures")
def test_what_was_found_is_what_diagnose_says(moons: Run, tmp_path: Path, read: Read) -> None:
    from pellucid import diagnose

    net, history = moons
    assert history.run is not None
    X, y = 5000 * history.run.X, history.run.y  # features that are not to a network's taste
    write(tmp_path / "run.html", net, X, y)
    words = read(tmp_path / "run.html").words
    found = diagnose(net, X, y)
    assert len(found) > 0
    for finding in found:
        assert finding.fix in words
    assert re.sub(r"\s+", " ", found.headline) in words


@pytest.mark.usefixtures("no_pictures")
def test_gradients_are_checked_with_the_penalty_of_the_training(moons: Run, tmp_path: Path, read: Read) -> None:
    moons[1].report(tmp_path / "run.html")
    words = read(tmp_path / "run.html").words
    assert "on 8 rows: the gradients are right." in words
    assert "0.001" in words.partition("The equations")[2].partition("How to have this run again")[0] or "λ" in words


@pytest.mark.usefixtures("no_pictures")
def test_rows_are_numbered_as_in_the_data_where_it_is_known_which_were_held_out(tmp_path: Path, read: Read) -> None:
    from pellucid.data import make_moons
    from pellucid.splits import split_indices

    X, y = make_moons(120, 0.4, seed=1)
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], 2)
    history = net.fit(X, y, epochs=20, validation=0.25)
    kept, held_out = split_indices(y, 0.25, np.random.default_rng(0))
    assert history.run is not None
    np.testing.assert_array_equal(history.run.X, X[kept])
    known = replace(history, run=history.run._replace(kept=kept))
    assert known.report(tmp_path / "a" / "run.html") == tmp_path / "a" / "run.html"
    words = read(tmp_path / "a" / "run.html").words
    assert "Rows are numbered from 0, in the order of the data." in words
    wrong = held_out[net.predict(X[held_out]) != y[held_out]]
    shares = net.forward(X[wrong])[np.arange(len(wrong)), y[wrong]]
    table = words.partition("The most mistaken rows")[2].partition("Findings")[0]
    assert "predictedits probability" in table  # that of the wrong answer
    shown = wrong[shares.argmin()]
    assert markup.share(float(net.forward(X)[shown].max())).replace("\u00a0", " ") in table
    assert f"{shown}{y[shown]}" in table
    unknown = replace(history, run=history.run._replace(kept=None))
    unknown.report(tmp_path / "run.html")
    assert "Rows are numbered from 0, in the order of the validation rows." in read(tmp_path / "run.html").words


@pytest.mark.usefixtures("no_pictures")
def test_rows_are_called_as_the_caller_calls_them(moons: Run, tmp_path: Path, read: Read) -> None:
    net, history = moons
    X = np.array([[-1.0, 0.5], [2.0, 0.0]])
    test = (X, 1 - net.predict(X))
    history.report(tmp_path / "run.html", test=test, rows={"test": np.array([70_001, 90_002])})
    words = read(tmp_path / "run.html").words
    assert "70,001" in words
    assert "90,002" in words
    assert "in the order of the data" in words
    with pytest.raises(InputError, match="one whole number for each of the 2 rows"):
        history.report(tmp_path / "run.html", test=test, rows={"test": [1]})
    with pytest.raises(InputError, match=r"'tests'.*training, validation, test"):
        history.report(tmp_path / "run.html", rows={"tests": [1, 2]})


@pytest.mark.parametrize("given", [(1,), np.zeros((3, 2)), 5, "ab"])
def test_a_test_that_is_no_pair_is_refused(given: Any, moons: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="test"):
        moons[1].report(tmp_path / "run.html", test=given)
    assert not (tmp_path / "run.html").exists()


# Unusual runs


@pytest.mark.usefixtures("no_pictures")
def test_hostile_names_stay_text(tmp_path: Path, read: Read) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 5)), np.arange(60) % 5
    net = Network([Dense(4, "tanh"), Dense(5, "softmax")], 5)
    net.features, net.labels, net.target = tuple(NAMES), tuple(NAMES), NAMES[0]
    history = net.fit(X, y, epochs=3, validation=0.3)
    history.report(tmp_path / "run.html", data=NAMES[1], notes=NAMES, command=f"pellucid train {NAMES[1]}", title=None)
    found = read(tmp_path / "run.html")
    assert not found.all("script")
    assert {image.get("onerror") for image in found.all("img")} <= {None}
    text = (tmp_path / "run.html").read_text(encoding="utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\u200f]", text)
    for name in NAMES:
        assert markup.shown(name, 40) in found.words
    assert text.count("<bdi>") > 20


def test_two_features_with_hostile_names_are_drawn(tmp_path: Path, read: Read) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    net = Network([Dense(3, "softmax")], 2)
    net.features, net.labels = (NAMES[0], NAMES[4]), (NAMES[1], NAMES[2], NAMES[3])
    net.fit(X, np.arange(60) % 3, epochs=3).report(tmp_path / "run.html")
    found = read(tmp_path / "run.html")
    assert "What it says of every point" in found.words
    assert not found.all("script")
    assert "could not be drawn" not in found.words


CASES: dict[str, tuple[Network, Any]] = {
    "one epoch": (Network([Dense(2, "softmax")], 4), lambda X: (X[:, 0] > 0).astype(int)),
    "several values": (Network([Dense(3, "relu"), Dense(3)], 4), lambda X: X[:, :3] ** 2),
    "several answers": (Network([Dense(3, "sigmoid")], 4), lambda X: (X[:, :3] > 0).astype(float)),
    "one value": (Network([Dense(1)], 4), lambda X: np.full(len(X), 2.5)),
    "counts": (Network([Dense(1, "exp")], 4), lambda X: np.floor(np.abs(X[:, 0]))),
    "many classes": (Network([Dense(40, "softmax")], 4), lambda X: np.arange(len(X)) % 40),
    "soft labels": (Network([Dense(2, "softmax")], 4), lambda X: np.tile([0.25, 0.75], (len(X), 1))),
    "one feature": (Network([Dense(2, "tanh"), Dense(1)], 1), lambda X: X[:, 0] ** 2),
    "huge values": (Network([Dense(2, "tanh"), Dense(1)], 4), lambda X: 1e100 * X[:, 0]),
}


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_network_is_reported_on(case: str, tmp_path: Path, read: Read) -> None:
    net, targets = CASES[case]
    X = np.random.default_rng(0).normal(size=(80, net.inputs))
    history = net.fit(X, targets(X), optimizer=Adam(1e-6), epochs=1)
    history.report(tmp_path / "run.html")
    found = read(tmp_path / "run.html")
    assert "nan" not in found.words.lower().replace("finance", "")
    assert "could not be drawn" not in found.words
    assert "The most mistaken rows" in found.words
    assert "No rows were held out" in found.words


@pytest.mark.usefixtures("no_pictures")
def test_a_run_that_was_over_before_it_began(tmp_path: Path, read: Read, moons: Run) -> None:
    from dataclasses import replace

    history = moons[1]
    none = {name: column[:0] for name, column in history.columns().items()}
    write(tmp_path / "run.html", moons[0], *history.run[1:3], replace(history, **none, stopped="interrupted"))  # type: ignore[index, arg-type]
    assert "ended before its first epoch was complete" in read(tmp_path / "run.html").words


@pytest.mark.usefixtures("no_pictures")
def test_a_network_without_a_history(tmp_path: Path, read: Read) -> None:
    net = Network([Dense(2, "softmax")], 2)
    write(tmp_path / "run.html", net, [[0.0, 1.0], [1.0, 0.0]], [0, 1])
    words = read(tmp_path / "run.html").words
    assert "no history was given" in words
    assert "Of 2 training rows that it learnt from" in words


@pytest.mark.usefixtures("no_pictures")
def test_rows_that_are_all_right_are_said_to_be(tmp_path: Path, read: Read) -> None:
    net = Network([Dense(2, "softmax")], 1)
    net.params["W1"] = [[-5.0, 5.0]]
    write(tmp_path / "run.html", net, [[-1.0], [0.5], [1.0]], [0, 1, 1])
    words = read(tmp_path / "run.html").words
    assert "All 3 training rows are right; these are the least certain ones." in words
    assert "Not one row is taken for another class." in words


def test_without_matplotlib_tables_stand_alone(
    moons: Run, tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    moons[1].report(tmp_path / "with.html")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    moons[1].report(tmp_path / "run.html")
    found, other = read(tmp_path / "run.html"), read(tmp_path / "with.html")
    assert "There are no pictures here, only tables" in found.words
    assert "[plot]" in found.words
    assert "no pictures" not in other.words
    assert len(found.all("table")) == len(other.all("table")) > 5
    assert [svg for svg in found.all("svg") if svg.get("role") == "img"] == []


# Large data


@pytest.mark.usefixtures("no_pictures")
def test_many_units_and_large_images_stay_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(2_000) % 10
    X = rng.integers(0, 256, (2_000, 784), dtype=np.uint8)
    net = Network([Dense(300, "relu"), Dense(10, "softmax")], 784, scaler=Pixels(), dtype="float32")
    net.params["W1"] = rng.normal(size=(784, 300))  # noise cannot be compressed
    write(tmp_path / "run.html", net, X, y)
    assert (tmp_path / "run.html").stat().st_size < 500_000


@pytest.mark.nightly
def test_mnist_takes_little_room_on_disk_and_in_memory(shared_data: Path, tmp_path: Path) -> None:
    from pellucid.data import load_mnist

    (X, y), test = load_mnist(shared_data / "mnist")
    net = Network([Dense(100, "relu"), Dense(10, "softmax")], 784, scaler=Pixels(), dtype="float32")
    history = net.fit(X, y, optimizer=Adam(), batch_size=128, epochs=3, validation=0.1)
    tracemalloc.start()
    try:
        history.report(tmp_path / "mnist.html", test=test, data="MNIST")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "mnist.html").stat().st_size < 1_000_000
    assert peak < 2.5 * X.size  # bytes: a float copy of X alone would be four or eight times as much


# Runs that went wrong

ROWS = np.random.default_rng(0).standard_normal((60, 2))
LINE, SIDE = 3 * ROWS[:, 0] + 1, (ROWS[:, 0] > 0).astype(int)


def exploding(output: Dense, y: Any, rate: float, epochs: int = 5) -> tuple[Network, History | None]:
    net = Network([Dense(8, "relu"), output], inputs=2)
    try:
        return net, net.fit(ROWS, y, optimizer=SGD(rate), epochs=epochs)
    except TrainingDiverged:
        return net, None


def spoilt(value: float, where: slice) -> tuple[Network, History]:
    """A run whose losses are not what they should be."""
    net = Network([Dense(8, "relu"), Dense(1)], inputs=2)
    history = net.fit(ROWS, LINE, epochs=5, validation=0.2)
    losses = history.loss.copy()
    losses[where] = value
    return net, replace(history, loss=losses, validation_loss=losses)


def broken(value: float) -> tuple[Network, History]:
    net = Network([Dense(8, "relu"), Dense(2, "softmax")], inputs=2)
    history = net.fit(ROWS, SIDE, epochs=5, l2=0.1)
    net.theta = np.full(net.theta.size, value)
    return net, history


WRONG: dict[str, Callable[[], tuple[Network, History | None]]] = {
    "values of 1e24": lambda: exploding(Dense(1), LINE, 2.0),
    "values that diverged": lambda: exploding(Dense(1), LINE, 30.0, 80),
    "losses of 1e91": lambda: exploding(Dense(2, "softmax"), SIDE, 1e10),
    "classes that diverged": lambda: exploding(Dense(2, "softmax"), SIDE, 1e150, 80),
    "losses that end at inf": lambda: spoilt(np.inf, slice(2, None)),
    "losses that end at nan": lambda: spoilt(np.nan, slice(2, None)),
    "losses near the largest number": lambda: spoilt(1e308, slice(2, None)),
    "no finite loss": lambda: spoilt(np.nan, slice(None)),
    "weights of inf": lambda: broken(np.inf),
    "weights of nan": lambda: broken(np.nan),
    "weights of 1e200": lambda: broken(1e200),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", WRONG)
def test_a_run_that_went_wrong_is_reported_without_a_warning(case: str, tmp_path: Path, read: Read) -> None:
    pytest.importorskip("matplotlib")
    net, history = WRONG[case]()
    if "diverged" in case:
        assert history is None
    y = LINE if net.task == "values" else SIDE
    with np.errstate(all="warn"):
        write(tmp_path / "run.html", net, ROWS, y, history)
    found = read(tmp_path / "run.html")
    assert len(found.all("svg")) >= 2
    assert "Nothing wrong was found" not in found.words
    assert not re.search(r"\d[\d,.]{60}", found.words)  # no number of 90 digits


# Losses are told apart


def spaced(path: Path) -> str:
    """The words of a page, each cell by itself."""
    text = path.read_text(encoding="utf-8").partition("<body>")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text)))


def test_losses_of_parts_are_those_of_the_curves_and_the_penalty_is_said(no_pictures: None, tmp_path: Path) -> None:
    net = Network([Dense(4, "tanh"), Dense(2, "softmax")], inputs=2)
    history = net.fit(ROWS, SIDE, epochs=4, validation=0.2, l2=0.5, l1=0.01)
    history.report(tmp_path / "run.html")
    words, run = spaced(tmp_path / "run.html"), history.run
    assert run is not None
    assert run.validation is not None
    assert history.validation_loss is not None
    with_penalty, without = net.loss(*run.validation, l2=0.5, l1=0.01), net.loss(*run.validation)
    assert with_penalty == pytest.approx(history.validation_loss[-1], rel=1e-12)
    assert "rows of rows loss data loss accuracy training 48 " in words
    assert f"validation 12 {markup.number(with_penalty)} {markup.number(without)} " in words
    assert f"with the penalty on the weights, {markup.number(with_penalty - without)}, as in the curves." in words
    assert "The losses include the penalty on the weights." in words
    net.fit(ROWS, SIDE, epochs=4).report(tmp_path / "run.html")
    words = spaced(tmp_path / "run.html")
    assert "rows of rows loss accuracy training 60" in words
    assert "penalty on the weights" not in words
