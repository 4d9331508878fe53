"""The core needs NumPy alone, and importing it loads nothing that it does not need; shown in fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path

import pytest

import pellucid

# Everything that is neither NumPy nor Python's own cannot be imported, as if it were not installed.
FORBID = """
    import sys

    class NumpyAlone:
        def find_spec(self, name, path=None, target=None):
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names | {"numpy", "pellucid"} and not top.startswith("__editable__"):
                raise ModuleNotFoundError(f"{name} is forbidden here", name=name)

    sys.meta_path.insert(0, NumpyAlone())
"""
HEAVY = ("sklearn", "scipy", "matplotlib", "typer", "rich", "pooch", "torch", "pandas")


def python(program: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_works_with_numpy_alone(tmp_path: Path) -> None:
    program = textwrap.dedent(FORBID) + textwrap.dedent("""
        import numpy as np
        import pellucid
        from pellucid import Adam, Dense, Dropout, Network
        from pellucid.data import Standardizer, make_moons, one_hot, split
        from pellucid.files import load_weights_json, save_weights_json
        from pellucid.metrics import class_report, confusion_matrix

        X, y = make_moons(100, noise=0.2, seed=0)
        (X, y), (X_test, y_test) = split(X, y)
        net = Network([Dense(8, "tanh"), Dropout(0.1), Dense(2, "softmax")], inputs=2, scaler=Standardizer())
        history = net.fit(X, one_hot(y), epochs=30, batch_size=16, optimizer=Adam(0.05), validation=0.2,
                          early_stopping=20, schedule="cosine", class_weight="balanced", progress=True)
        history.to_csv("history.csv")
        history.to_json("history.json")
        net.save("m.json")
        again = pellucid.load("m.json")
        assert (again.predict(X_test) == net.predict(X_test)).all()
        assert net.accuracy(X_test, y_test) > 0.7, net.accuracy(X_test, y_test)
        class_report(confusion_matrix(y_test, again.predict(X_test), 2))
        classic = Network([Dense(3, "sigmoid"), Dense(1, "sigmoid")], inputs=2)
        save_weights_json(classic, "weights.json")
        assert (load_weights_json("weights.json").theta == classic.theta).all()
        for epoch in pellucid.train(classic, X, y, epochs=2):
            pass
        for name in ("rich", "sklearn", "typer"):
            try:
                __import__(name)
            except ModuleNotFoundError:
                continue
            raise AssertionError(f"{name} could be imported, so this test shows nothing")
        print("done")
    """)
    assert python(program, tmp_path) == "done\n"


def test_what_is_missing_is_named_with_its_extra(tmp_path: Path) -> None:
    program = textwrap.dedent(FORBID) + textwrap.dedent("""
        import pellucid
        from pellucid.data import load_digits
        try:
            load_digits()
        except pellucid.MissingExtra as error:
            print(error)
    """)
    assert "pip install -e '.[sklearn]'" in python(program, tmp_path)


@pytest.mark.parametrize("module", ["pellucid", "pellucid.data", "pellucid.files", "pellucid.metrics"])
def test_importing_loads_no_optional_library(module: str, tmp_path: Path) -> None:
    program = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    loaded = {name.partition(".")[0] for name in json.loads(python(program, tmp_path))}
    assert "numpy" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_face_imports_only_what_it_shows(tmp_path: Path) -> None:
    """Files, plots, lessons and the command line are loaded when they are asked for."""
    program = """
        import sys, pellucid
        later = ["pellucid." + name for name in ("files", "data", "plots", "lessons", "cli")]
        assert not [name for name in later if name in sys.modules], sys.modules
        assert pellucid.load is __import__("pellucid.files").files.load
        try:
            pellucid.lode
        except AttributeError as error:
            print(error)
    """
    assert python(textwrap.dedent(program), tmp_path) == (
        "module 'pellucid' has no attribute 'lode'. Did you mean 'load'?\n"
    )


def test_everything_that_the_face_names_is_there() -> None:
    import pellucid

    for name in pellucid.__all__:
        assert getattr(pellucid, name) is not None
    assert sorted(pellucid.__all__, key=str.lower) == sorted(set(pellucid.__all__), key=str.lower)


def test_it_works_without_docstrings() -> None:
    """python -OO strips them, and help() is the only thing that may miss them."""
    program = "import pellucid as p; print(p.Network([p.Dense(1)], inputs=1).fit([[1.0], [2.0]], [1.0, 2.0]).stopped)"
    ran = subprocess.run([sys.executable, "-OO", "-c", program], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("epochs\n", "")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("Adm", "Adam"), ("dense", "Dense"), ("check_gradient", "check_gradients"), ("schedule", "schedules")],
)
def test_a_mistyped_name_of_the_package_is_guessed_whether_it_is_loaded_or_not(wrong: str, meant: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(pellucid, wrong)
    assert str(caught.value) == f"module 'pellucid' has no attribute '{wrong}'. Did you mean '{meant}'?"
    assert "".join(traceback.format_exception(caught.value)).count("Did you mean") == 1
    assert getattr(pellucid, meant) is not None


def test_a_name_that_is_like_no_other_is_not_guessed() -> None:
    with pytest.raises(AttributeError, match=r"^module 'pellucid' has no attribute 'xyzzy_42'\.$"):
        pellucid.xyzzy_42  # noqa: B018
    assert not hasattr(pellucid, "__wrapped__")
