"""The benchmark command: its arithmetic, its refusals, its page and its picture, and that it runs."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.__main__ import chosen, main
from bench.bars import BARS, judged, of_case
from bench.cases import CASES, Case, moons
from bench.checking import Checker, compared, wrong_answers, wrong_gradient
from bench.child import fitting
from bench.data import problem_of
from bench.figures import fastest, paired, spread
from bench.measure import Plan, _as_accurate, in_turn, measure
from bench.peers import PEERS, missing, prepared
from bench.picture import svg
from bench.problem import packed, read, unpacked, write
from bench.processes import environment
from bench.rows import rows_of
from bench.table import digits, page, time_of

TINY = replace(moons(3), check=20)


def made_up(case: Case, times: dict[str, float]) -> dict[str, Any]:
    """A case of which every family of `times` took so long in the first of three rounds, then twice, then thrice."""
    rows = []
    for row in rows_of(case):
        seconds = [times[row.family] * k for k in (1, 2, 3)] if row.family in times else []
        refused = None if seconds else "it reached the loss 2, Pellucid's readable engine 1"
        words = {"seconds": seconds, "refused": refused, "peak": 123.4, "loss": 1.0, "note": ""}
        rows.append({**asdict(row), "label": row.label, **words})
    return {"case": asdict(case), "rows": rows}


def run_of(*measured: dict[str, Any]) -> dict[str, Any]:
    machine = {
        "processor": "A|B <fast>", "cores": 2, "memory": "8 GB", "system": "Linux", "python": "3.11",
        "blas": "openblas", "versions": {"numpy": "2.4.6"}, "load": 0.1, "together": 1.5,
    }  # fmt: skip
    return {"machine": machine, "rounds": 3, "quick": False, "recipe": "Recipe()", "measured": list(measured)}


def test_ratios_are_paired_by_round() -> None:
    # The second round was ten times as slow for both; the ratio of medians would be 20.
    assert paired([2.0, 40.0, 4.0], [1.0, 20.0, 2.0]) == (2.0, 2.0, 2.0)
    assert spread([4.0, 1.0, 2.0, 3.0, 5.0]) == (2.0, 3.0, 4.0)


def test_a_family_is_its_fastest_row_that_counts() -> None:
    rows = [
        {"family": "a", "seconds": [3.0], "refused": None},
        {"family": "a", "seconds": [2.0], "refused": None},
        {"family": "a", "seconds": [1.0], "refused": "wrong loss"},
        {"family": "b", "seconds": [], "refused": "not installed: b"},
    ]
    found = fastest(rows, "a")
    assert found is not None
    assert found["seconds"] == [2.0]
    assert fastest(rows, "b") is None


def test_bars_are_held_or_not_by_the_ratio() -> None:
    case = moons(3)
    times = {"Pellucid": 2e-6, "JAX jit": 9e-6, "textbook NumPy": 40e-6, "scikit-learn": 300e-6}
    found = {judgment["bar"].above: judgment for judgment in judged([made_up(case, times)])}
    assert {above: judgment["held"] for above, judgment in found.items()} == {
        "JAX jit": True, "textbook NumPy": False, "scikit-learn": True, "PyTorch eager": None,
    }  # fmt: skip
    assert found["JAX jit"]["value"].median == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "held"),
    [
        ("P4-mnist", 0.99, 0.99, True),
        ("P4-mnist", 0.95, 0.99, False),
        ("P4-mnist", 0.99, 0.95, None),  # nobody to be held against
        ("P12-digits", 0.95, 0.95, True),
    ],
)
def test_only_a_time_to_an_accuracy_needs_that_accuracy(
    name: str, ours: float, theirs: float, held: bool | None
) -> None:
    case = next(case for case in CASES if case.name == name)
    one = made_up(case, {"Pellucid": 1.0, "PyTorch eager": 4.0, "scikit-learn": 4.0})
    for row in one["rows"]:
        row["accuracies"] = [0.99, ours if row["family"] == "Pellucid" else theirs]
    assert [found["held"] for found in judged([one]) if found["bar"].below] == [held]


def test_a_time_is_held_against_the_fastest_peer_that_reached_the_accuracy() -> None:
    case = next(case for case in CASES if case.name == "P4-mnist")
    one = made_up(case, {"Pellucid": 1.0, "PyTorch eager": 4.0})
    peers = [row for row in one["rows"] if row["family"] == "PyTorch eager"]
    assert len(peers) > 1
    for row in one["rows"]:
        row["accuracies"] = [0.99]
    peers[0].update(seconds=[2.0, 4.0, 6.0], accuracies=[0.95])
    (found,) = [found for found in judged([one]) if found["bar"].below]
    assert (found["held"], found["value"].median) == (True, 0.25)


def test_every_bar_is_held_against_rows_that_there_are() -> None:
    for bar in BARS:
        cases = [case for case in CASES if of_case(bar, case.name)]
        assert cases, bar
        for case in cases:
            families = {row.family for row in rows_of(case) if not row.extra}
            assert {bar.above, bar.below or bar.above} <= families, bar
    assert {bar.bar for bar in BARS} == {f"P{k}" for k in range(1, 13)}


def test_names_of_cases_and_rows_are_one_each() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    for case in CASES:
        rows = rows_of(case)
        assert len({row.label for row in rows}) == len(rows), case.name
        assert {row.peer for row in rows} <= set(PEERS)


@pytest.mark.parametrize(("loss", "counts"), [(1.0 + 9e-7, True), (1.0 - 2e-6, False), (float("nan"), False)])
def test_a_loss_too_far_away_is_refused(loss: float, counts: bool) -> None:
    assert (compared(loss, 1.0, 1e-6)[1] is None) is counts


def test_wrong_gradients_and_answers_are_refused() -> None:
    right = np.array([1.0, -2.0, 0.5])
    assert wrong_gradient(np.array([1.0, np.nan, 0.5]), right) is None
    assert "differs by 0.1" in str(wrong_gradient(np.array([1.0, -1.9, 0.5]), right))
    assert wrong_gradient(np.full(3, np.nan), right) is not None
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert wrong_answers(np.array([0, 1]), probabilities) is None
    assert "1 of 2" in str(wrong_answers(np.array([1, 1]), probabilities))
    assert wrong_answers(probabilities + 1e-6, probabilities) is not None


def test_training_that_went_another_way_is_refused() -> None:
    problem = problem_of(TINY)
    right = prepared("textbook", "plain", problem)(TINY.check)[1]
    loss, why = Checker(problem).complaint(right)
    assert why is None
    assert loss is not None
    other = prepared("textbook", "plain", problem)(TINY.check - 1)[1]
    assert "readable engine" in str(Checker(problem).complaint(other)[1])


def peers_of_training() -> list[tuple[str, str]]:
    """All that are installed, but those that take long to compile: the command itself checks those."""
    found = dict.fromkeys((row.peer, row.variant) for row in rows_of(TINY) if row.peer not in ("ceiling", "jax"))
    return [(peer, how) for peer, how in found if not missing(peer) and how not in ("one graph", "compiled")]


def config_kept() -> Any:
    """What a peer sets for its whole process is set back here."""
    from sklearn import config_context

    return config_context()


@pytest.mark.parametrize("name", ["P1-moons-3", "P2-table"])
@pytest.mark.parametrize(("peer", "variant"), [*peers_of_training(), ("pellucid", "compiled")])
def test_peers_reach_the_loss_that_the_readable_engine_reaches(name: str, peer: str, variant: str) -> None:
    case = replace(next(case for case in CASES if case.name == name), check=3)
    problem = problem_of(case)
    with config_kept() if peer == "scikit-learn" else nullcontext():
        assert Checker(problem).complaint(prepared(peer, variant, problem)(3)[1])[1] is None


def test_a_run_is_the_same_each_time_it_is_asked() -> None:
    run = prepared("textbook", "plain", problem_of(TINY))
    np.testing.assert_array_equal(run(5)[1], run(5)[1])


def test_problems_go_through_their_files(tmp_path: Path) -> None:
    problem = problem_of(TINY)
    write(problem, tmp_path)
    again = read(tmp_path)
    assert again.case == problem.case
    np.testing.assert_array_equal(again.theta, problem.theta)
    np.testing.assert_array_equal(packed(unpacked(again.theta, again.case.widths)), problem.theta)


def test_repeats_are_made_as_long_as_was_wished() -> None:
    asked = []

    def run(count: int) -> tuple[float, None]:
        asked.append(count)
        return count * 1e-4, None

    assert fitting(run, 0.3) == pytest.approx(3000, rel=0.01)
    assert max(asked) <= 3000


def test_nobody_always_comes_first() -> None:
    assert list(in_turn(["a", "b"], 3)) == ["a", "b", "b", "a", "a", "b"]


def test_threads_are_set_or_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    assert "OPENBLAS_NUM_THREADS" not in environment(None)
    assert environment(2)["OPENBLAS_NUM_THREADS"] == environment(2)["OMP_NUM_THREADS"] == "2"
    assert environment(1, "jax")["BENCH_PROCESSORS"] == "1"


def test_a_peer_that_is_missing_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PEERS, "torch", ("pytorch", ("a_torch_that_is_not_there",)))
    rows = measure(TINY, Plan(rounds=1, seconds=0.01, peers=("torch",)), lambda line: None)["rows"]
    assert {row["refused"] for row in rows} == {"not installed: a_torch_that_is_not_there"}


@pytest.mark.parametrize(
    ("value", "words"), [(1.0, "1"), (3.14159, "3.14"), (31.4159, "31.4"), (999.4, "999"), (12345.6, "12,300")]
)
def test_numbers_have_three_digits(value: float, words: str) -> None:
    assert digits(value) == words


def test_times_have_the_unit_that_fits() -> None:
    assert time_of(spread([2e-6, 2e-6, 2e-6])).startswith("2 µs")
    assert time_of(spread([0.5, 0.5, 0.5])).startswith("500 ms")
    assert time_of(spread([3e-10, 3e-10, 3e-10])).startswith("0.3 ns")


def test_the_page_has_machine_bars_and_a_table_for_each_case() -> None:
    times = {"Pellucid": 2e-6, "JAX jit": 9e-6, "textbook NumPy": 60e-6, "scikit-learn": 300e-6}
    text = page(run_of(made_up(moons(3), times), made_up(moons(50), times)), "images/benchmarks.svg")
    assert "A\\|B <fast>; 2 cores" in text
    assert "| P1 | moons, 200 rows, 2-3-2" in text
    assert "| textbook NumPy | default | 120 µs (90 to 150) | 30 | 123 |" in text
    assert "| PyTorch eager, plain loop | does not count: it reached the loss 2" in text
    assert "| at least 4 | 4.5 | yes |" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_the_picture_is_an_svg_with_a_dot_for_each_family_in_order() -> None:
    times = {"Pellucid": 2e-6, "JAX jit": 9e-6, "textbook NumPy": 60e-6, "PyTorch eager": 2e-3}
    root = ET.fromstring(svg(run_of(made_up(moons(3), times))))
    space = "{http://www.w3.org/2000/svg}"
    dots = [dot for dot in root.iter(f"{space}circle") if dot.get("class") in ("ours", "peer")]
    places = [float(str(dot.get("cx"))) for dot in dots]
    assert len(dots) == 4
    assert places == sorted(places)
    words = [text.text for text in root.iter(f"{space}text")]
    assert {"4.5×", "30×", "1,000×", "4 µs a step", "A|B <fast>, 2 cores; logarithmic scale, left is faster"} <= set(
        words
    )


def test_a_picture_of_nothing_is_still_a_picture() -> None:
    assert ET.fromstring(svg(run_of())).tag.endswith("svg")


def test_only_the_bars_that_are_named() -> None:
    assert {case.bar for case in chosen("p1, P5")} == {"P1", "P4"}
    assert chosen("") == CASES
    with pytest.raises(SystemExit, match="P99"):
        chosen("P99")


def test_the_command_runs_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    peers = [peer for peer in ("pellucid", "textbook", "scikit-learn", "ceiling") if not missing(peer)]
    asked = ["--quick", "--only", "P1", "--rounds", "2", "--seconds", "0.01", "--peers", ",".join(peers)]
    assert main([*asked, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "does not count" not in printed
    assert "| textbook NumPy | default |" in printed
    assert (tmp_path / "benchmarks.md").read_text(encoding="utf-8").strip() == printed.strip()
    assert "textbook NumPy" in (tmp_path / "images" / "benchmarks.svg").read_text(encoding="utf-8")
    assert (tmp_path / "benchmarks.json").stat().st_size > 1000


def test_the_command_says_no_to_who_reached_another_loss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # What is right is made wrong: everybody then differs from it.
    monkeypatch.setattr("bench.checking.prepared", lambda *_: lambda count: (0.0, np.zeros(17)))
    monkeypatch.setattr("bench.__main__.CASES", [TINY])
    assert main(["--rounds", "1", "--seconds", "0.01", "--peers", "textbook"]) == 1
    assert "does not count: it reached the loss" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("accuracies", "refused"),
    [
        ([0.90, 0.92, 0.91], False),
        ([0.80, 0.82, 0.81], True),
        ([0.85, 0.97, 0.90], False),  # its seeds differ by more than the means do
        ([0.81], False),  # a single seed says nothing
    ],
)
def test_an_estimator_that_is_less_accurate_beyond_the_noise_is_refused(accuracies: list[float], refused: bool) -> None:
    rows = [
        {"accuracies": [0.91, 0.92, 0.93], "refused": None},
        {"accuracies": accuracies, "refused": None},
        {"accuracies": [], "refused": "it is not installed"},
    ]
    _as_accurate(rows)
    assert [row["refused"] is not None for row in rows] == [False, refused, True]
