"""Checkpoints from Python: what ends a run, what goes on with it, and what is refused."""

from __future__ import annotations

import io
import operator
import os
import shutil
import signal
import stat
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("safetensors")

import runs
from runs import LABELS, VALUES, WEIGHTS, Case, X, outcome

from pellucid import (
    SGD,
    Activation,
    Adam,
    Dense,
    Dropout,
    FileError,
    InputError,
    Network,
    TrainingDiverged,
    engines,
    fit_many,
    load,
    train,
    training,
)  # fmt: skip
from pellucid.data import Standardizer
from pellucid.files.checkpoints import identity, keeper
from pellucid.files.checkpoints.folder import Folder
from pellucid.files.checkpoints.formulas import formula
from pellucid.schedules import Cosine, Schedule

SETTINGS: dict[str, Any] = {"optimizer": Adam(0.01), "batch_size": 8, "epochs": 6, "engine": "readable"}
STEPS = 5  # of an epoch


def usual(**more: Any) -> Case:
    """Dropout, mini-batches, a scaler."""
    return Case([Dense(5, "tanh"), Dropout(0.3), Dense(3, "softmax")], LABELS, "float64", SETTINGS | more)


def alone(case: Case) -> dict[str, Any]:
    net = case.network()
    return outcome(net, case.fit(net))


def resumed(case: Case, place: Path, **more: Any) -> dict[str, Any]:
    net = case.network()
    return outcome(net, case.fit(net, checkpoint=place, resume=True, **more))


def steps(place: Path) -> list[int]:
    return sorted(int(path.stem.removeprefix("step-")) for path in place.glob("step-*.safetensors"))


def interrupting(at: int) -> Callable[[Any], None]:
    """Press Ctrl-C behind an epoch."""

    def look(epoch: Any) -> None:
        if epoch.index == at:
            raise KeyboardInterrupt

    return look


def interrupted(case: Case, place: Path, every: Any = "3 steps", at: int = 2) -> None:
    history = case.fit(case.network(), checkpoint=place, every=every, on_epoch=interrupting(at))
    assert history.stopped == "interrupted"


# Nothing changes by it.


@pytest.mark.parametrize("every", ["1 step", "7 steps", 1, "2 epochs", "0.001 s", "1 h", None])
def test_a_run_with_checkpoints_is_the_run_without(every: Any, tmp_path: Path) -> None:
    case = usual(validation=0.2, early_stopping=3, schedule="plateau")
    net = case.network()
    assert outcome(net, case.fit(net, checkpoint=tmp_path / "a" / "run", every=every)) == alone(case)
    assert steps(tmp_path / "a" / "run")[-1] % 4 == 0, "the last one is that of the end"


def test_the_last_two_are_kept_and_nothing_else(tmp_path: Path) -> None:
    usual().fit(usual().network(), checkpoint=tmp_path, every="7 steps")
    assert sorted(os.listdir(tmp_path)) == [
        "checkpoint.lock", "step-000000000028.safetensors", "step-000000000030.safetensors",
    ]  # fmt: skip
    assert (tmp_path / "checkpoint.lock").read_text() == ""


def test_train_writes_them_too_and_a_loop_that_is_left_can_go_on(tmp_path: Path) -> None:
    case = usual(early_stopping=2)
    net = case.network()
    for epoch in train(net, X, case.y, checkpoint=tmp_path, every="1 h", **case.settings):
        if epoch.index == 2:
            break
    assert steps(tmp_path) == [3 * STEPS]
    assert resumed(case, tmp_path) == alone(case)
    seen = [
        epoch.index for epoch in train(case.network(), X, case.y, checkpoint=tmp_path, resume=True, **case.settings)
    ]
    assert seen == [], "it is finished"


@pytest.mark.parametrize("how", ["closed", "forgotten"])
def test_a_loop_that_never_began_gives_the_folder_back(how: str, tmp_path: Path) -> None:
    case = usual()
    epochs = train(case.network(), X, case.y, checkpoint=tmp_path, every="1 h", **case.settings)
    with pytest.raises(FileError, match="another run"):
        Folder(tmp_path)
    if how == "closed":
        epochs.close()  # type: ignore[attr-defined]
    else:
        del epochs
    Folder(tmp_path).close()
    assert steps(tmp_path) == []


def test_fit_that_is_interrupted_before_its_first_epoch_gives_the_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupting(*rest: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "shown", interrupting)
    history = usual().fit(usual().network(), checkpoint=tmp_path, every="1 h")
    assert history.stopped == "interrupted"
    assert len(history) == 0
    Folder(tmp_path).close()


# What ends a run.


def ringing(at: int, number: int = signal.SIGINT) -> Activation:
    """tanh, in whose at-th call a signal arrives: in the middle of a step."""
    bells = chain(repeat(0, at - 1), [number], repeat(0))  # no number that would make it another formula

    def value(z: Any) -> Any:
        if bell := next(bells):
            signal.raise_signal(bell)
        return np.tanh(z)

    return Activation("ringing", value, lambda z, a: 1 - a * a)


@pytest.fixture
def _usual_interrupt(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(keeper, "PIECE", 0)  # a look after each step, however quick it is
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def with_hidden(activation: Activation, **more: Any) -> Case:
    return usual(**more)._replace(layers=[Dense(5, activation), Dropout(0.3), Dense(3, "softmax")])


@pytest.mark.usefixtures("_usual_interrupt")
@pytest.mark.parametrize("step", [1, 2, 5, 6, 14, 29, 30])
def test_control_c_in_a_step_waits_for_its_end_and_writes_a_checkpoint(step: int, tmp_path: Path) -> None:
    case = with_hidden(ringing(step))
    history = case.fit(case.network(), checkpoint=tmp_path, every="1 h")
    assert history.stopped == "interrupted"
    assert len(history) == step // STEPS
    assert steps(tmp_path) == [step]
    quiet = with_hidden(ringing(10**9))
    with_it = resumed(quiet, tmp_path)
    assert with_it == alone(quiet)


@pytest.mark.usefixtures("_usual_interrupt")
def test_a_handler_of_the_program_gets_sigterm_after_the_checkpoint(tmp_path: Path) -> None:
    def leave(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    case, before = with_hidden(ringing(8, signal.SIGTERM)), signal.signal(signal.SIGTERM, leave)
    try:
        with pytest.raises(SystemExit) as caught:
            case.fit(case.network(), checkpoint=tmp_path, every="1 h")
        assert caught.value.code == 143
        assert steps(tmp_path) == [8]
        assert signal.getsignal(signal.SIGTERM) is leave
    finally:
        signal.signal(signal.SIGTERM, before)
    quiet = with_hidden(ringing(10**9))
    assert resumed(quiet, tmp_path) == alone(quiet)


def test_an_error_within_a_step_leaves_the_checkpoint_before_it(tmp_path: Path) -> None:
    breaks = chain(repeat(False, 8), [True], repeat(False))

    def value(z: Any) -> Any:
        if next(breaks):
            raise RuntimeError("broken")
        return np.tanh(z)

    broken = Activation("breaking", value, lambda z, a: 1 - a * a)
    case = with_hidden(broken)
    with pytest.raises(RuntimeError, match="broken"):
        case.fit(case.network(), checkpoint=tmp_path, every="3 steps")
    assert steps(tmp_path) == [3, 6]
    assert resumed(case, tmp_path) == alone(case)


def test_a_run_that_is_finished_stays_so(tmp_path: Path) -> None:
    for k, case in enumerate([usual(), usual(validation=0.3, early_stopping=1, epochs=50, optimizer=SGD(0.5))]):
        place = tmp_path / str(k)
        net = case.network()
        first = outcome(net, case.fit(net, checkpoint=place, every=2))
        assert first["stopped"] == ["epochs", "early stopping"][k]
        before = {path.name: path.stat().st_mtime_ns for path in place.glob("step-*")}
        assert resumed(case, place) == first == alone(case)
        assert {path.name: path.stat().st_mtime_ns for path in place.glob("step-*")} == before


def test_on_epoch_ends_a_run_for_good(tmp_path: Path) -> None:
    case = usual(early_stopping=5)
    net = case.network()
    first = outcome(net, case.fit(net, checkpoint=tmp_path, every="1 h", on_epoch=lambda epoch: epoch.index == 2))
    assert first["stopped"] == "on_epoch"
    assert resumed(case, tmp_path) == first


def test_a_run_that_diverged_diverges_again(tmp_path: Path) -> None:
    case = Case(
        [Dense(5, "relu"), Dense(1)], VALUES * 1e3, "float32", SETTINGS | {"optimizer": SGD(30.0), "epochs": 90}
    )
    errors = []
    for resume in (False, True):
        net = case.network()
        with pytest.raises(TrainingDiverged) as caught:
            case.fit(net, checkpoint=tmp_path, every="1 step", resume=resume)
        errors.append((str(caught.value), caught.value.step, net.theta.tobytes()))
    assert errors[0] == errors[1]
    assert steps(tmp_path)[-1] == errors[0][1]


# Going on.


@pytest.mark.parametrize("at", range(6))
def test_in_the_same_process_from_what_the_network_has_now(at: int, tmp_path: Path) -> None:
    case = usual(early_stopping=2, validation=0.2)  # which stops after three epochs: also when just that is interrupted
    net = case.network()
    case.fit(net, checkpoint=tmp_path, every="1 h", on_epoch=interrupting(at))
    assert outcome(net, case.fit(net, checkpoint=tmp_path, resume=True)) == alone(case)


def test_nothing_there_begins_at_the_beginning(tmp_path: Path) -> None:
    assert resumed(usual(), tmp_path / "new") == alone(usual())


def test_seconds_go_on(tmp_path: Path) -> None:
    case = usual()
    first = case.fit(case.network(), checkpoint=tmp_path, every="1 h", on_epoch=interrupting(2))
    history = case.fit(case.network(), checkpoint=tmp_path, resume=True)
    assert (history.seconds[:3] == first.seconds).all()
    assert (np.diff(history.seconds) > 0).all()


def test_it_is_said_from_where(tmp_path: Path) -> None:
    case = usual()
    said = []
    for at in (1, 99, 99):
        with redirect_stderr(io.StringIO()) as heard:
            case.fit(case.network(), checkpoint=tmp_path, every="7 steps", resume=True, progress=True,
                     on_epoch=interrupting(at))  # fmt: skip
        said.append(heard.getvalue().splitlines())
    assert said[0][0] == f"{tmp_path}: no checkpoint yet, so training starts from the beginning"
    assert said[1][0].startswith(f"{tmp_path}/step-000000000010.safetensors: training goes on with epoch 3 of 6; ")
    assert said[1][1].startswith("epoch 3/6  ")
    assert said[2] == [f"{tmp_path}/step-000000000030.safetensors: the run is finished: all 6 epochs"]
    (tmp_path / "step-000000000030.safetensors").unlink()
    with redirect_stderr(io.StringIO()) as heard:
        case.fit(case.network(), checkpoint=tmp_path, resume=True, progress=True)
    assert "training goes on with epoch 6 of 6, after step 3 of its 5; " in heard.getvalue()


@pytest.mark.parametrize("schedule", [None, "inverse", "plateau"])
def test_more_epochs_go_on_with_a_run(schedule: Any, tmp_path: Path) -> None:
    for stop in (2, 99):  # interrupted, and finished
        place, short, long = tmp_path / str(stop), usual(schedule=schedule), usual(schedule=schedule, epochs=9)
        short.fit(short.network(), checkpoint=place, every="1 h", on_epoch=interrupting(stop))
        assert resumed(long, place) == alone(long)


def test_fewer_epochs_too_unless_more_are_done(tmp_path: Path) -> None:
    interrupted(usual(), tmp_path, at=2)
    with pytest.raises(InputError, match=r"the run is in epoch 3 already: epochs=2 are fewer"):
        resumed(usual(epochs=2), tmp_path)
    assert resumed(usual(epochs=3), tmp_path) == alone(usual(epochs=3))


@pytest.mark.parametrize("schedule", ["cosine", Cosine(0.1), "one_cycle"])
def test_a_schedule_that_stretches_over_all_epochs_does_not_take_others(schedule: Any, tmp_path: Path) -> None:
    interrupted(usual(schedule=schedule), tmp_path)
    with pytest.raises(InputError, match=r"was to take 6 epochs and is now to take 9.*Go on with epochs=6"):
        resumed(usual(schedule=schedule, epochs=9), tmp_path)
    assert resumed(usual(schedule=schedule), tmp_path) == alone(usual(schedule=schedule))


class Own(Schedule):
    """One of a program's own, which keeps a number that it does not show."""

    def __init__(self, slowness: float = 1.0) -> None:
        object.__setattr__(self, "slowness", slowness)

    def scale(self, place: Any, watch: Any) -> float:
        return 1 / (self.slowness + float(place.epoch))


class Scaled:
    """What may stand in the place of a function."""

    def __init__(self, k: float) -> None:
        self.k = k

    def __call__(self, z: Any) -> Any:
        return z * self.k

    def take(self, z: Any) -> Any:
        return z * self.k


def test_formulas_of_ones_own(tmp_path: Path) -> None:
    def case(slope: float, slowness: float = 1.0) -> Case:
        leaky = Activation("leaky", lambda z: np.where(z > 0, z, slope * z), lambda z: np.where(z > 0, 1, slope))
        return usual(schedule=Own(slowness))._replace(layers=[Dense(5, leaky), Dense(3, "softmax")])

    interrupted(case(0.1), tmp_path)
    with pytest.raises(InputError, match=r"another run: a formula .* of the same name is another"):
        resumed(case(0.2), tmp_path)
    with pytest.raises(InputError, match=r"another run: schedule was Own.*1\.0.* and is Own.*2\.0"):
        resumed(case(0.1, 2.0), tmp_path)
    assert resumed(case(0.1), tmp_path) == alone(case(0.1))


def typed(text: str, **names: Any) -> Any:
    """A function as it is typed at a prompt, which keeps no source."""
    return eval(text, {"np": np, **names})


def closing_over(value: Any) -> Any:
    return typed("lambda k: lambda z: z * np.asarray(k).ravel()[0]")(value)


TABLE = np.arange(2000.0)
UNREAD: dict[str, Callable[[float], Any]] = {
    "a number in its code": lambda k: typed(f"lambda z: z * {k}"),
    "a name of its module": lambda k: typed("lambda z: z * scale", scale=k),
    "a function that it calls": lambda k: typed("lambda z: scaled(z)", scaled=typed(f"lambda z: z * {k}")),
    "a default": lambda k: typed(f"lambda z, k={k}: z * k"),
    "a closure": closing_over,
    "the middle of a long array": lambda k: closing_over(TABLE + 1e-12 * k * (TABLE == 1000)),
    "a bound argument": lambda k: partial(typed("lambda k, z: z * k"), k),
    "an object that is called": Scaled,
    "a method": lambda k: Scaled(k).take,
    "a function inside it": lambda k: typed(f"lambda z: (lambda x: x * {k})(z)"),
}


@pytest.mark.parametrize("where", UNREAD)
def test_a_formula_without_source_is_known_by_its_code(where: str) -> None:
    one, same, other = (list(formula(UNREAD[where](k))) for k in (0.5, 0.5, 1.0))
    assert one == same
    assert one != other


def test_a_formula_typed_at_a_prompt_is_not_taken_for_another(tmp_path: Path) -> None:
    def case(slope: float) -> Case:
        own = Activation("own", typed(f"lambda z: z * {slope}"), typed(f"lambda z, a: {slope} + 0 * z"))
        return usual()._replace(layers=[Dense(5, own), Dense(3, "softmax")])

    interrupted(case(1.0), tmp_path)
    with pytest.raises(InputError, match=r"another run: a formula .* of the same name is another"):
        resumed(case(0.5), tmp_path)
    assert resumed(case(1.0), tmp_path) == alone(case(1.0))


def test_a_formula_without_code_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="has no Python code to look at"):
        list(formula(operator.itemgetter(0)))


def test_a_schedule_of_ones_own_that_says_something_else_is_another_run(tmp_path: Path) -> None:
    def case(power: int) -> Case:
        names = {"Schedule": Schedule, "__name__": "program"}
        exec(f"class Mine(Schedule):\n    def scale(self, place, watch): return 0.5 ** (place.epoch * {power})", names)
        return usual(schedule=names["Mine"]())  # type: ignore[operator]

    interrupted(case(1), tmp_path)
    with pytest.raises(InputError, match="another run: a formula"):
        resumed(case(2), tmp_path)
    assert resumed(case(1), tmp_path) == alone(case(1))


# What is refused.


def test_a_folder_with_a_run_is_not_begun_anew(tmp_path: Path) -> None:
    interrupted(usual(), tmp_path)
    before = steps(tmp_path)
    with pytest.raises(InputError, match=r"there are checkpoints of a run\. resume=True goes on"):
        usual().fit(usual().network(), checkpoint=tmp_path)
    assert steps(tmp_path) == before
    Folder(tmp_path).close()  # the lock is free


WEIGHTED = usual(sample_weight=WEIGHTS, validation=(X[:6], LABELS[:6]))
ANOTHER: dict[str, tuple[Case, str]] = {
    "rows in another order": (WEIGHTED, "the features X are others"),
    "one number of X": (WEIGHTED, "the features X are others"),
    "one label": (WEIGHTED, "the targets y are others"),
    "one weight": (usual(sample_weight=WEIGHTS + (np.arange(37) == 5), validation=(X[:6], LABELS[:6])), "row"),
    "one validation row": (usual(sample_weight=WEIGHTS, validation=(X[1:7], LABELS[1:7])), "the validation rows"),
    "validation": (usual(sample_weight=WEIGHTS), "validation was rows of their own and is None"),
    "class_weight": (usual(sample_weight=WEIGHTS, validation=(X[:6], LABELS[:6]), class_weight="balanced"),
                     "class_weight was None and is balanced"),
    **{
        name: (WEIGHTED._replace(settings=WEIGHTED.settings | {name: value}), rf"{name} was .* and is {said}")
        for name, value, said in [
            ("optimizer", Adam(0.02), r"Adam\(learning_rate=0.02"), ("optimizer", "sgd", "SGD"), ("l2", 0.1, "0.1"),
            ("l1", 0.1, "0.1"), ("batch_size", 9, "9"), ("batch_size", None, "all rows"), ("clip_norm", 1.0, "1.0"),
            ("shuffle", False, "False"), ("seed", 1, "1"), ("schedule", "inverse", "Inverse"),
            ("early_stopping", 3, "3"),
        ]
    },
    "units": (WEIGHTED._replace(layers=[Dense(6, "tanh"), Dropout(0.3), Dense(3, "softmax")]),
              "the network was 4 inputs, Dense 5 tanh, .* and is 4 inputs, Dense 6 tanh"),
    "dropout": (WEIGHTED._replace(layers=[Dense(5, "tanh"), Dropout(0.4), Dense(3, "softmax")]), "Dropout 0.4"),
    "dtype": (WEIGHTED._replace(dtype="float32"), "float32"),
}  # fmt: skip


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("weighted")
    interrupted(WEIGHTED, place)
    return place


@pytest.mark.parametrize("what", ANOTHER)
def test_another_run_is_refused_and_nothing_is_changed(what: str, weighted: Path) -> None:
    case, said = ANOTHER[what]
    rows, features = np.arange(37), X.copy()
    if what == "rows in another order":
        rows[:2] = 1, 0
    if what == "one number of X":
        features[3, 1] = np.nextafter(features[3, 1], 9)
    y = (case.y + (rows == 8)) % 3 if what == "one label" else case.y
    net = case.network()
    theta, files = net.theta.copy(), {path: path.read_bytes() for path in weighted.iterdir()}
    with pytest.raises(InputError, match=f"another run: .*{said}"):
        net.fit(features[rows], y[rows], checkpoint=weighted, resume=True, **case.settings)
    assert net.theta.tobytes() == theta.tobytes()
    assert isinstance(net.scaler, Standardizer)
    assert not net.scaler.fitted
    assert {path: path.read_bytes() for path in weighted.iterdir()} == files


def test_another_scaler_is_refused(tmp_path: Path) -> None:
    interrupted(usual(), tmp_path)
    for scaler in (None, Standardizer(ddof=1), Standardizer().fit(X[:9])):
        net = Network(usual().layers, 4, seed=3, scaler=scaler)
        with pytest.raises(InputError, match="another run: the scaler is another"):
            net.fit(X, LABELS, checkpoint=tmp_path, resume=True, **SETTINGS)


@pytest.mark.skipif(not engines.installed(), reason="no Numba")
def test_another_engine_is_refused_and_auto_takes_the_one_it_was(tmp_path: Path) -> None:
    interrupted(usual(), tmp_path)
    with pytest.raises(InputError, match="taken by the readable engine, and engine='compiled' would"):
        resumed(usual(engine="compiled"), tmp_path)
    long = usual(engine="auto", epochs=10**6)
    net = long.network()
    history = long.fit(net, checkpoint=tmp_path, resume=True, on_epoch=lambda epoch: epoch.index == 4)
    assert history.engine == "readable"


def test_an_engine_that_is_not_there_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(usual(), tmp_path)
    monkeypatch.setattr(engines, "get_ready", lambda job: setattr(job, "engine", "other"))
    net = usual().network()
    theta = net.theta.copy()
    with pytest.raises(InputError, match="taken by the readable engine, which cannot run here"):
        usual(engine="auto").fit(net, checkpoint=tmp_path, resume=True)
    assert net.theta.tobytes() == theta.tobytes()
    Folder(tmp_path).close()


def test_another_library_or_machine_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "environment", lambda engine: {"numpy": "1.0", "machine": "abacus"})
    interrupted(usual(), tmp_path)
    monkeypatch.undo()
    with pytest.warns(
        RuntimeWarning, match=r"written with pellucid None .*numpy 1\.0 \(now .*may differ in its last bits"
    ):
        assert resumed(usual(), tmp_path) == alone(usual())


@pytest.mark.parametrize("given", [{"every": 1}, {"resume": True}, {"every": "1s", "resume": True}])
def test_words_about_checkpoints_without_a_folder(given: Any) -> None:
    with pytest.raises(InputError, match='name their folder too, checkpoint="run/"'):
        usual().fit(usual().network(), **given)


def test_other_mistakes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^every "):
        usual().fit(usual().network(), checkpoint=tmp_path / "run", every="often")
    with pytest.raises(InputError, match="resume must be True or False"):
        usual().fit(usual().network(), checkpoint=tmp_path / "run", resume="yes")
    with pytest.raises(InputError, match="no setting 'checkpoint'"):
        fit_many([usual().network()], X, LABELS, checkpoint=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match=r"file: cannot be a folder for checkpoints \(File exists\)"):
        usual().fit(usual().network(), checkpoint=tmp_path / "file")
    for place in (tmp_path / "file" / "run", "a\0b", "", True, b"run"):
        with pytest.raises(FileError, match="cannot be a folder for checkpoints"):
            usual().fit(usual().network(), checkpoint=place)


def test_two_runs_of_one_process_do_not_share_a_folder(tmp_path: Path) -> None:
    case = usual()

    def second(epoch: Any) -> None:
        case.fit(case.network(), checkpoint=tmp_path, resume=True)

    with pytest.raises(FileError, match=rf"another run writes .*\(process {os.getpid()}\)"):
        case.fit(case.network(), checkpoint=tmp_path, on_epoch=second)
    Folder(tmp_path).close()


def test_a_checkpoint_is_no_model_and_that_is_said(tmp_path: Path) -> None:
    interrupted(usual(), tmp_path)
    with pytest.raises(FileError, match=r"a checkpoint of a run, and no model\. .*resume=True"):
        load(tmp_path / "step-000000000015.safetensors")


# Files that are damaged, and disks that fail.


@pytest.mark.parametrize("how", ["empty", "half", "a bit", "noise", "another file"])
def test_where_the_last_is_damaged_the_one_before_is_used(how: str, tmp_path: Path) -> None:
    case = usual()
    interrupted(case, tmp_path, "4 steps")
    assert steps(tmp_path) == [12, 15]
    last = tmp_path / "step-000000000015.safetensors"
    raw = last.read_bytes()
    flipped = raw[:999] + bytes([raw[999] ^ 1]) + raw[1000:]
    last.write_bytes(
        {"empty": b"", "half": raw[:500], "a bit": flipped, "noise": b"\xff" * 900, "another file": b"{}"}[how]
    )
    with pytest.warns(
        RuntimeWarning, match=r"000015\.safetensors: (damaged|the file is empty).* The one before it is used"
    ) as heard:
        history = case.fit(case.network(), checkpoint=tmp_path, every="1 step", resume=True, on_epoch=interrupting(3))
    assert len(heard) == 1
    assert history.stopped == "interrupted"
    assert steps(tmp_path) == [19, 20]
    assert resumed(case, tmp_path) == alone(case)


@pytest.mark.parametrize("what", ["a folder", "a pipe", "an empty file"])
def test_where_the_last_cannot_be_read_the_one_before_is_used(what: str, tmp_path: Path) -> None:
    interrupted(usual(), tmp_path)
    last = tmp_path / "step-000000000015.safetensors"
    last.unlink()
    {"a folder": last.mkdir, "a pipe": lambda: os.mkfifo(last), "an empty file": last.touch}[what]()
    with pytest.warns(RuntimeWarning, match=r"000015\.safetensors: .* The one before it is used"):
        assert resumed(usual(), tmp_path) == alone(usual())


def test_where_all_are_damaged_it_is_said(tmp_path: Path) -> None:
    interrupted(usual(), tmp_path)
    for path in tmp_path.glob("step-*"):
        path.write_bytes(b"")
    with pytest.raises(
        FileError, match=r"000015.*the file is empty.*000012.*the file is empty.*There is none to go on from"
    ):
        resumed(usual(), tmp_path)
    assert len(steps(tmp_path)) == 2


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    mine = ["notes.txt", "step-1.safetensors", "step-000000000001.json", ".hidden", "model.safetensors"]
    for name in mine:
        (tmp_path / name).write_text("mine")
    (tmp_path / ".0123456789abcdef.part").write_text("of one that was killed")
    usual().fit(usual().network(), checkpoint=tmp_path, every="1 step")
    assert {(tmp_path / name).read_text() for name in mine} == {"mine"}
    assert not list(tmp_path.glob(".*.part"))


def test_the_mode_is_kept_from_one_to_the_next(tmp_path: Path) -> None:
    case = usual()
    interrupted(case, tmp_path)
    for path in tmp_path.glob("step-*"):
        path.chmod(0o600)
    resumed(case, tmp_path, every="2 steps")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("step-*")}
    assert modes == {0o600}


def test_a_link_to_a_folder_is_as_good(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    interrupted(usual(), tmp_path / "link")
    assert resumed(usual(), tmp_path / "real") == alone(usual())


@pytest.mark.parametrize("then", ["removed", "another"])
def test_a_folder_that_is_taken_away_is_not_made_again(then: str, tmp_path: Path) -> None:
    place, case = tmp_path / "run", usual()

    def take_away(epoch: Any) -> None:
        if epoch.index == 1:
            place.rename(tmp_path / "moved")
            if then == "another":
                place.mkdir()

    net = case.network()
    with pytest.warns(RuntimeWarning, match=r"No checkpoint could be written: .*was removed, or is another") as heard:
        history = case.fit(net, checkpoint=place, every="2 steps", on_epoch=take_away)
    assert len(heard) == 1, "once, and not for each"
    assert outcome(net, history) == alone(case)
    assert steps(tmp_path / "moved") == [6, 8]
    assert not place.exists() or not os.listdir(place)


def test_a_disk_that_fails_for_a_while_is_said_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, calls = os.fsync, 0

    def failing(handle: int) -> None:
        nonlocal calls
        calls += 1
        if 10 < calls <= 20:
            raise OSError(28, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", failing)
    case = usual()
    with pytest.warns(RuntimeWarning, match="No space left on device.*Training goes on, and so do attempts") as heard:
        case.fit(case.network(), checkpoint=tmp_path, every="1 step", on_epoch=interrupting(3))
    assert len(heard) == 1
    assert calls > 20
    assert steps(tmp_path) == [19, 20]
    assert not list(tmp_path.glob(".*"))
    assert resumed(case, tmp_path) == alone(case)


class Clock:
    """Time that passes only when a step is taken."""

    def __init__(self, a_step: float, a_save: float) -> None:
        self.now, self.a_step, self.a_save = 0.0, a_step, a_save

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic


@pytest.mark.parametrize(
    ("a_step", "a_save", "expected"),
    [
        (0.25, 0.0, [4, 8, 12, 16, 20, 24, 28, 30]),  # every second, within an epoch too
        (1.0, 0.0, list(range(1, 31))),
        (0.03, 0.0, [30]),  # over before a second has passed: at the end
        (0.25, 0.25, [4, 14, 24, 30]),  # a save that takes long comes seldom: ten times as long in between
    ],
)
def test_by_the_clock(
    a_step: float, a_save: float, expected: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, written, write = Clock(a_step, a_save), [], Folder.write
    monkeypatch.setattr(keeper, "time", clock)

    def slow(folder: Folder, step: int, data: bytes) -> None:
        write(folder, step, data)
        clock.now += clock.a_save
        written.append(step)

    def value(z: Any) -> Any:
        clock.now += clock.a_step
        return np.tanh(z)

    monkeypatch.setattr(Folder, "write", slow)
    case = with_hidden(Activation("slow", value, lambda z, a: 1 - a * a))
    case.fit(case.network(), checkpoint=tmp_path, every="1 s")
    assert written == expected


def test_a_warning_that_is_an_error_ends_the_run_with_it(tmp_path: Path) -> None:
    def take_away(epoch: Any) -> None:
        (tmp_path / "run").rename(tmp_path / "moved")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            usual().fit(usual().network(), checkpoint=tmp_path / "run", every=1, on_epoch=take_away)
    Folder(tmp_path / "moved").close()


def test_what_is_kept_of_the_first_version_still_opens(tmp_path: Path) -> None:
    """A file that version 1 wrote, with everything that can be in one."""
    from pellucid.files.checkpoints.sealed import unseal

    kept = Path(__file__).parent / "kept" / "version-1.safetensors"
    contents = unseal(kept.read_bytes(), "kept")
    job = runs.Case(**KEPT).job()
    keeper.restore(job, contents, "kept")
    assert (job.step, job.done, job.best_epoch) == (14, 3, 0)
    runs.advance(job, 20)
    case = runs.Case(**KEPT)
    shutil.copy(kept, tmp_path / "step-000000000014.safetensors")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it was written by other versions of libraries, perhaps
        history = case.fit(case.network(), checkpoint=tmp_path, resume=True)
    assert (len(history), history.best_epoch) == (4, 0)


KEPT: dict[str, Any] = {
    "layers": [Dense(5, "tanh"), Dropout(0.3), Dense(3, "softmax")],
    "y": LABELS,
    "dtype": "float64",
    "settings": SETTINGS | {"validation": 0.2, "early_stopping": 3, "schedule": "plateau"},
}
