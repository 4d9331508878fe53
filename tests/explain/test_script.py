"""The program of a network: on its own it gives fit's losses, it reads well, and its formulas are the records' own."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import programs
from pellucid import SGD, Adam, Dense, Dropout, FileError, InputError, Network
from pellucid.data import Pixels, Standardizer, load_digits, make_moons, read_csv
from pellucid.engines.readable import BLOCK
from pellucid.explain.script import script


def moons() -> tuple[Network, Any, Any]:
    X, y = make_moons(200, noise=0.2, seed=0)
    return Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2), X, y


def regression(rows: int = 60) -> tuple[Network, Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 3)) * [1, 20, 0.1] + [0, 50, 1]
    net = Network(
        [Dense(8, "relu"), Dropout(0.2), Dense(1)], inputs=3, loss="huber", scaler=Standardizer(), dtype="float64"
    )
    return net, X, X[:, 0] + np.sin(X[:, 1] / 10)


# On its own.


def test_moons_alone(tmp_path: Path) -> None:
    net, X, y = moons()
    (tmp_path / "moons.py").write_text(net.script(X, y, optimizer=SGD(0.5), epochs=100, l2=0.001))
    theirs = programs.fitted(net, X, y, optimizer=SGD(0.5), epochs=100, l2=0.001)
    assert programs.difference(programs.run_alone(tmp_path / "moons.py", tmp_path), theirs) <= 1e-12


def test_digits_alone_with_arrays_beside(tmp_path: Path) -> None:
    X, y = load_digits()
    net = Network([Dense(16, "relu"), Dense(10, "softmax")], inputs=64, scaler=Pixels())
    settings: dict[str, Any] = {"optimizer": Adam(), "batch_size": 64, "epochs": 4}
    text = net.script(X, y, path=tmp_path / "digits.py", **settings)
    assert (tmp_path / "digits.py").read_text() == text
    assert len(text) < 6000, "the arrays are not in it"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    theirs = programs.fitted(net, X, y, **settings)
    assert programs.difference(programs.run_alone(tmp_path / "digits.py", elsewhere), theirs) <= 1e-12


def test_dropout_alone(tmp_path: Path) -> None:
    net, X, y = regression()
    settings: dict[str, Any] = {"optimizer": SGD(0.05, momentum=0.9), "batch_size": 20, "epochs": 34, "validation": 0.2}
    (tmp_path / "dropout.py").write_text(net.script(X, y, schedule="cosine", seed=3, **settings))
    theirs = programs.fitted(net, X, y, schedule="cosine", seed=3, **settings)
    assert programs.difference(programs.run_alone(tmp_path / "dropout.py", tmp_path), theirs) <= 1e-12


# How it reads.


def test_sections_stand_in_the_order_of_a_tutorial() -> None:
    net, X, y = moons()
    text = net.script(X, y, l2=0.1, optimizer=Adam())
    programs.looks_well(text)
    headings = ["import numpy", "# Formulas", "# Data", "# Network", "# Training", "for epoch", "# Forward pass"]
    headings += ["# Loss", "# Backward pass", "# Update", "print("]
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)
    for line in (
        "z1 = X @ W1 + b1  # (n, 3)",
        "a1 = np.tanh(z1)  # (n, 3)",
        "p = softmax(z2)  # (n, 2), the probability of each class",
        "delta2 = (p - t) / n  # (n, 2)",
        "dW2 = a1.T @ delta2 + l2 * W2  # (3, 2)",
        "da1 = delta2 @ W2.T  # (n, 3)",
        "delta1 = da1 * (1 - a1 * a1)  # (n, 3)",
        "db1 = np.sum(delta1, axis=0)  # (3,)",
        "W1 = np.sqrt(2 / (2 + 3)) * rng.standard_normal((2, 3))  # (2, 3), xavier",
    ):
        assert f"{line}\n" in text


ORDINARY: dict[str, tuple[list[Any], int, dict[str, Any]]] = {
    "a neuron": ([Dense(1, "sigmoid")], 2, {}),
    "a line": ([Dense(1)], 1, {}),
    "a softmax classifier": ([Dense(10, "softmax")], 64, {"optimizer": SGD(0.1, momentum=0.9), "batch_size": 32}),
    "moons": ([Dense(3, "tanh"), Dense(2, "softmax")], 2, {"l2": 0.01}),
    "digits": ([Dense(64, "relu"), Dense(10, "softmax")], 64, {"optimizer": Adam(), "batch_size": 32}),
    "MNIST": ([Dense(128, "relu"), Dropout(0.2), Dense(10, "softmax")], 784, {"optimizer": Adam(), "batch_size": 128}),
    "deeper": (
        [Dense(32, "gelu"), Dense(16, "gelu"), Dense(1)],
        8,
        {"optimizer": Adam(), "batch_size": 32, "l2": 1e-4},
    ),
    "scheduled": ([Dense(32, "swish"), Dense(3, "softmax")], 4, {"schedule": "cosine", "clip_norm": 1.0}),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_programs_have_40_to_120_lines(name: str) -> None:
    layers, inputs, settings = ORDINARY[name]
    net = Network(layers, inputs=inputs)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, inputs))
    y = np.arange(50) % net.outputs if net.task == "classes" else np.arange(50) % 2
    for weights in ("redrawn", "included"):
        text = programs.holds(net, X, y, weights=weights, epochs=3, **settings)
        assert 40 <= text.count("\n") <= 120


def test_only_what_the_case_needs_is_there() -> None:
    net, X, y = moons()
    text = net.script(X, y)
    for word in ("permutation", "batch", "step", "parameters =", "rate =", "l2", "clip", "_val", "rng.random(", "w ="):
        assert word not in text.replace("learning_rate =", "").partition("# Network")[2].replace("a step of", "")
    assert "def relu" not in text


def test_long_chains_of_layers_are_still_valid(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    net = Network([*[Dense(2, "tanh")] * 16, Dense(1)], inputs=2)
    programs.holds(net, rng.normal(size=(9, 2)), rng.normal(size=9), epochs=3, optimizer=Adam(), clip_norm=0.1, l2=0.1)


def test_one_record_may_stand_for_several_layers() -> None:
    layer = Dense(3, "sigmoid")
    net = Network([layer, layer, layer], inputs=3)
    X, y = np.random.default_rng(0).normal(size=(9, 3)), np.random.default_rng(1).integers(0, 2, (9, 3))
    programs.holds(net, X, y, epochs=20)


def test_nothing_changes_by_writing_it() -> None:
    net, X, y = regression()
    before = net.theta.copy(), X.copy(), y.copy()
    net.script(X, y, epochs=2)
    assert all(np.array_equal(a, b) for a, b in zip(before, (net.theta, X, y), strict=True))
    assert net.scaler is not None
    assert not net.scaler.fitted
    assert net.last_update is None


# Weights.


def test_weights_are_drawn_until_they_change() -> None:
    net, X, y = moons()
    assert "standard_normal" in net.script(X, y)
    fresh = deepcopy(net)
    net.fit(X, y, epochs=5)
    text = programs.holds(net, X, y, epochs=5)
    assert "standard_normal" not in text
    assert "which are those that it had when this was written" in text
    again = net.script(X, y, epochs=5, weights="redrawn")
    assert programs.difference(programs.run(again), programs.fitted(fresh, X, y, epochs=5)) <= 1e-12


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_included_weights_are_exact(dtype: str) -> None:
    net = Network([Dense(3, "tanh"), Dense(40, "tanh"), Dense(1)], inputs=2, dtype=dtype, seed=4)
    net.theta = np.random.default_rng(0).normal(size=net.theta.size)
    net.params["b3"] = [-0.0]
    text = net.script(weights="included")
    names: dict[str, Any] = {}
    exec("import numpy as np\n" + text.partition("# Network")[2].partition("\n")[2].partition("# Training")[0], names)
    for name, values in net.params.items():
        assert names[name].dtype == values.dtype
        assert np.array_equal(names[name], values)
    assert text.count("\n") <= 120


# Data.


@pytest.mark.parametrize(
    "X",
    [
        [[0, 0], [0, 1], [1, 0], [1, 1]],
        np.eye(4, 2, dtype=np.uint8),
        np.eye(4, 2, dtype=bool),
        np.eye(4, 2, dtype="f4") / 3,
    ],
)
def test_features_in_many_forms(X: Any) -> None:
    for dtype, within in (("float64", 1e-12), ("float32", 1e-6)):
        net = Network([Dense(2, "tanh"), Dense(1, "sigmoid")], inputs=2, dtype=dtype)
        programs.holds(net, X, [0, 1, 1, 0], epochs=20, within=within)


@pytest.mark.parametrize(
    ("output", "y"),
    [
        (Dense(2, "softmax"), [0, 1, 1, 0]),
        (Dense(2, "softmax"), [[1, 0], [0, 1], [0, 1], [1, 0]]),
        (Dense(2, "softmax"), [[0.9, 0.1], [0, 1], [0.5, 0.5], [1, 0]]),
        (Dense(1, "sigmoid"), np.array([0.0, 1.0, 1.0, 0.0])),
        (Dense(1, "sigmoid"), [[0], [1], [1], [0]]),
        (Dense(1, "sigmoid"), [False, True, True, False]),
        (Dense(2, "sigmoid"), [[0, 0], [0, 1], [1, 1], [0.5, 0]]),
        (Dense(1), [1, 2, 3, 4]),
        (Dense(1), [[1e-300], [1e10], [-2.5], [1 / 3]]),
        (Dense(3), np.arange(12).reshape(4, 3)),
    ],
)
def test_targets_in_many_forms(output: Dense, y: Any) -> None:
    X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    net = Network([Dense(2, "tanh"), output], inputs=2)
    programs.holds(net, X, y, epochs=10, optimizer=SGD(1e-3))
    programs.holds(net, X, y, epochs=10, optimizer=SGD(1e-3), batch_size=3)
    if net.task in ("classes", "binary"):
        programs.holds(net, X, y, epochs=10, class_weight={0: 3.0}, validation=(X, y))


def test_data_from_a_file_that_is_yet_to_be_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, classes = rng.normal(size=(30, 2)), np.arange(30) % 3
    for units, output, y in (
        (3, "softmax", classes),
        (1, "sigmoid", classes % 2),
        (2, "identity", rng.normal(size=(30, 2))),
    ):
        net = Network([Dense(units, output)], inputs=2, scaler=Standardizer())
        settings: dict[str, Any] = {"epochs": 5, "batch_size": 8, "schedule": "cosine"}
        if output != "identity":
            settings["class_weight"] = "balanced"
        text = net.script(**settings)
        programs.looks_well(text)
        (tmp_path / "program.py").write_text(text)
        np.savez(tmp_path / "data.npz", X=X, y=y)
        ours = programs.run_alone(tmp_path / "program.py", tmp_path)
        assert programs.difference(ours, programs.fitted(net, X, y, **settings)) <= 1e-12


def test_everything_long_is_saved_beside(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 30)), np.arange(40) % 3
    net = Network([Dense(20, "tanh"), Dense(3, "softmax")], inputs=30, scaler=Standardizer(), dtype="float32")
    net.fit(X + 1, y, epochs=1)
    settings: dict[str, Any] = {"epochs": 5, "sample_weight": rng.uniform(1, 2, 40), "validation": (X[:9], y[:9])}
    text = net.script(X, y, path=tmp_path / "all.py", **settings)
    programs.looks_well(text)
    assert "noqa" not in text
    with np.load(tmp_path / "all.npz") as saved:
        assert {"X", "w", "X_val", "mean", "scale", "W1", "b1", "W2"} <= {*saved}
    theirs = programs.fitted(net, X, y, **settings)
    assert programs.difference(programs.run_alone(tmp_path / "all.py", tmp_path), theirs) <= 2e-6


def test_weights_beside_and_data_from_elsewhere(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4)), np.arange(30) % 2
    net = Network([Dense(9, "tanh"), Dense(2, "softmax")], inputs=4)
    net.fit(X, y, epochs=1)
    theirs = programs.fitted(net, X, y, epochs=5)
    net.script(path=tmp_path / "one.py", epochs=5)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    assert programs.difference(programs.run_alone(tmp_path / "one.py", tmp_path), theirs) <= 1e-12
    rows = "".join(f"{','.join(map(repr, row))},{label}\n" for row, label in zip(X.tolist(), y, strict=True))
    (tmp_path / "rows.csv").write_text("a,b,c,d,y\n" + rows)
    net.script(csv=tmp_path / "rows.csv", target="y", path=tmp_path / "two.py", epochs=5)
    assert programs.difference(programs.run_alone(tmp_path / "two.py", tmp_path), theirs) <= 1e-12


def test_too_much_data_for_a_program() -> None:
    net, X, y = Network([Dense(1)], inputs=100), np.random.default_rng(0).normal(size=(3000, 100)), np.arange(3000.0)
    with pytest.raises(
        InputError, match=r"X has 300,000 numbers, too many to stand in a program\. Give path='program\.py'"
    ):
        net.script(X, y)


# Scalers.


def test_a_scaler_that_was_fitted_before() -> None:
    net, X, y = regression()
    assert "np.std(X, axis=0)" in programs.holds(net, X, y, epochs=5)
    net.fit(X, y, epochs=1)
    assert "np.std(X, axis=0)" in programs.holds(net, X, y, epochs=5), "fitted on the same rows"
    text = programs.holds(net, X[:30], y[:30], epochs=5)
    assert "np.std" not in text
    assert f"mean = np.array({net.scaler.mean.tolist()})" in text


def test_scalers_at_their_limits() -> None:
    rng = np.random.default_rng(0)
    X, y = np.c_[np.full(20, 3.1), 1e9 + rng.normal(size=20), rng.normal(size=20)], rng.normal(size=20)
    net = Network([Dense(4, "tanh"), Dense(1)], inputs=3, scaler=Standardizer(ddof=1))
    assert "np.std" not in programs.holds(net, X, y, epochs=20), "a constant feature is divided by 1"
    for dtype, within in (("float64", 1e-12), ("float32", 1e-6)):
        net = Network([Dense(4, "tanh"), Dense(1)], inputs=3, scaler=Pixels(), dtype=dtype)
        programs.holds(net, rng.integers(0, 256, (20, 3)), y, epochs=20, validation=0.2, within=within)


def test_a_scaler_of_another_kind_is_refused() -> None:
    class Half:
        fitted = True

        def transform(self, X: Any, dtype: Any = np.float64) -> Any:
            return np.asarray(X, dtype) / 2

    net = Network([Dense(1)], inputs=1, scaler=Half())
    with pytest.raises(InputError, match="it knows Standardizer and Pixels"):
        net.script([[1.0], [2.0]], [1.0, 2.0])


# Weights of rows, rows held out, stopping.


@pytest.mark.parametrize("class_weight", [{0: 1e9, 1: 1e8}, "balanced", {2: 0.0}])
@pytest.mark.parametrize("sample_weight", [None, np.linspace(1e-9, 1e-8, 12), np.r_[np.zeros(6), np.ones(6)]])
@pytest.mark.parametrize("validation", [None, 0.25])
def test_extreme_weights_and_a_class_that_is_absent(class_weight: Any, sample_weight: Any, validation: Any) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 3)), np.arange(12) % 3
    net = Network([Dense(3, "tanh"), Dense(4, "softmax")], inputs=3)
    weights = {"class_weight": class_weight, "sample_weight": sample_weight}
    programs.holds(net, X, y, epochs=20, batch_size=5, validation=validation, **weights)


def test_it_stops_early_where_training_does() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    net = Network([Dense(30, "tanh"), Dense(1)], inputs=3)
    for batch_size, validation in ((None, 0.3), (None, None), (7, 0.3), (7, None)):
        settings: dict[str, Any] = {"batch_size": batch_size, "validation": validation, "early_stopping": 2}
        settings |= {"optimizer": Adam(0.2), "epochs": 100}
        text = programs.holds(net, X, y, **settings)
        assert len(programs.run(text)) < 100
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(text, names)
        trained = deepcopy(net)
        trained.fit(X, y, **settings)
        for name, values in trained.params.items():
            assert np.allclose(names[name], values, rtol=1e-10, atol=1e-12), "the best parameters are restored"


def test_more_rows_than_the_engine_takes_at_once() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 9, (BLOCK + 100, 1)), rng.integers(0, 2, BLOCK + 100)
    net = Network([Dense(2, "tanh"), Dropout(0.3), Dense(1, "sigmoid")], inputs=1)
    programs.holds(net, X, y, epochs=5)
    net = Network([Dropout(0.1), Dense(2, "tanh"), Dropout(0.3), Dense(1, "sigmoid")], inputs=1)
    with pytest.raises(InputError, match="Set batch_size to 8192 or less"):
        net.script(X, y)
    programs.holds(net, X, y, epochs=2, batch_size=BLOCK)


# CSV files.

HEADED = "price,size,color,sold\n" + "".join(
    f"{i / 7:.3f},{i % 5}, {i % 3},{'yes' if i % 3 else 'no'}\n" for i in range(40)
)
PLAIN_FILES: dict[str, tuple[str, Any]] = {
    "a header and text": (HEADED, "sold"),
    "no header": (HEADED.partition("\n")[2], 3),
    "semicolons": (HEADED.replace(",", ";"), -1),
    "tabs": (HEADED.replace(",", "\t"), "sold"),
    "numbers as labels": ("a,b,y\n" + "".join(f"{i},{-i},{(10, 9, 2)[i % 3]}\n" for i in range(40)), "y"),
    "labels as floats": ("a,y\n" + "".join(f"{i},{i % 2}.0\n" for i in range(40)), "y"),
    "quotes": (HEADED.replace("yes", '"yes, indeed"').replace("price", '"a ""price"""'), "sold"),
    "not ASCII": (HEADED.replace("yes", "是").replace("price", "größe"), "sold"),
    "a byte order mark": ("\ufeff" + HEADED, "sold"),
    "a sign of comments": (HEADED.replace("yes", "#1"), "sold"),
    "blank lines": (HEADED.replace("\n", "\n\n"), "sold"),
    "the target first": ("y,a,b\n" + "".join(f"{'abc'[i % 3]},{i},{-i}\n" for i in range(40)), "y"),
    "the target in the middle": ("a,y,b\n" + "".join(f"{i},{'abc'[i % 3]},{-i}\n" for i in range(40)), "y"),
    "lines that end as on Windows": (HEADED.replace("\n", "\r\n"), "sold"),
}


def written(folder: Path, text: str) -> Path:
    file = folder / "data.csv"
    file.write_bytes(text.encode())
    return file


@pytest.mark.parametrize("kind", PLAIN_FILES)
def test_a_file_is_read_as_read_csv_reads_it(kind: str, tmp_path: Path) -> None:
    text, target = PLAIN_FILES[kind]
    file = written(tmp_path, text)
    table = read_csv(file, target)
    assert table.labels is not None
    classes, inputs = len(table.labels), table.X.shape[1]
    outputs = [Dense(classes, "softmax"), *([Dense(1, "sigmoid")] if classes == 2 else [])]
    for output in outputs:
        net = Network([output], inputs=inputs, scaler=Standardizer())
        program = net.script(csv=file, target=target, epochs=5, batch_size=16, validation=0.2)
        programs.looks_well(program)
        theirs = programs.fitted(net, table.X, table.y, epochs=5, batch_size=16, validation=0.2)
        assert programs.difference(programs.run(program), theirs) <= 1e-12


def test_values_in_a_file(tmp_path: Path) -> None:
    file = written(tmp_path, "a,b,y\n" + "".join(f"{i / 9},{i % 4},{i % 7}\n" for i in range(30)))
    net = Network([Dense(2, "tanh"), Dense(1)], inputs=2)
    table = read_csv(file, "y", task="values")
    ours = programs.run(net.script(csv=file, target="y", epochs=5))
    assert programs.difference(ours, programs.fitted(net, table.X, table.y, epochs=5)) <= 1e-12


def test_a_network_that_knows_its_columns_and_labels(tmp_path: Path) -> None:
    file = written(tmp_path, HEADED)
    net = Network([Dense(2, "softmax")], inputs=2)
    net.features, net.target, net.labels = ("color", "price"), "sold", ("yes", "no")
    program = net.script(csv=str(file), epochs=5)
    assert 'labels = ["yes", "no"]' in program
    assert "[2, 0]" in program
    table = read_csv(file, "sold", features=net.features, labels=net.labels)
    ours = programs.run(program)
    assert programs.difference(ours, programs.fitted(net, table.X, table.y, epochs=5)) <= 1e-12


def test_texts_of_a_file_stay_texts(tmp_path: Path) -> None:
    rows = "".join(f'{i},"x{chr(10)}raise SystemExit(9)"\n{i},"\'\'\' + \\n"\n' for i in range(9))
    file = written(tmp_path, '"a ""b""",y\n' + rows)
    net = Network([Dense(2, "softmax")], inputs=1)
    table = read_csv(file, "y")
    program = net.script(csv=file, target="y", epochs=3)
    assert programs.difference(programs.run(program), programs.fitted(net, table.X, table.y, epochs=3)) <= 1e-12


def test_a_file_that_numpy_reads_otherwise_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "\n\na,y\n\n" + "".join(f'"{i}",yes\n\n{i},no\n' for i in range(9)))
    net = Network([Dense(2, "softmax")], inputs=1)
    with pytest.raises(InputError, match="that NumPy alone reads otherwise than pellucid"):
        net.script(csv=file, target="y")


# What cannot be done says so.


def refused(message: str, net: Network | None = None, *data: Any, **settings: Any) -> Callable[[], None]:
    def check() -> None:
        given = moons()
        with pytest.raises((InputError, FileError), match=message):
            script(net or given[0], *(data or given[1:]), **settings)

    return check


REFUSALS = {
    "a setting": refused("There is no setting 'learning_rate'", learning_rate=0.1),
    "an engine": refused("There is no engine 'fast'", engine="fast"),
    "weights": refused("weights must be .*'new'", weights="new"),
    "a path": refused("a file ending in .py; this is 'moons.txt'", path="moons.txt"),
    "a folder": refused("the program cannot be written: No such file", path="/nowhere/at/all/moons.py"),
    "both": refused("Give the data once", csv="a.csv", target="y"),
    "a target": refused("give csv, its path, too", target="y"),
    "y alone": refused("y is given without X", None, None, [0, 1]),
    "no target": refused("Which column of the file is to be predicted", None, None, csv="a.csv"),
    "labels": refused("2 targets for each row", Network([Dense(2)], inputs=2), None, csv="a.csv", target="y"),
    "no file": refused("a.csv", None, None, csv="/nowhere/a.csv", target="y"),
    "sample_weight": refused("sample_weight needs the data when it is written", None, None, sample_weight=[1, 2]),
    "validation": refused("validation needs the data when it is written", None, None, validation=0.2),
    "X that does not fit": refused("X has 3 columns", None, np.ones((2, 3)), [0, 1]),
    "y that does not fit": refused("labels from 0 to 7", None, np.ones((2, 2)), [0, 7]),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_refused(what: str) -> None:
    REFUSALS[what]()
