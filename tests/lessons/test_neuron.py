"""Lesson 0, neuron: four networks, one shirt followed through all of them."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from telling import PNG, Told

from pellucid.lessons import run
from pellucid.lessons.neuron import SHIRT, WIRES, budget

LESSON = "neuron"
FEW = {"steps": 20}


@pytest.mark.parametrize("lang", ["english", "chinese"])
def test_a_few_steps_of_all_four_networks(lang: str, request: pytest.FixtureRequest) -> None:
    parts, text, folder = request.getfixturevalue(lang)
    assert list(parts) == ["price", "notions", "free", "deep"]
    assert all(list(part["losses"]) == [0, 4, 8, 12, 16, 20] for part in parts.values())
    assert all(part["losses"][20] < part["losses"][0] for part in parts.values())
    assert [part["net"].theta.size for part in parts.values()] == [2, 19, 19, 39]
    pictures = sorted(path.name for path in folder.iterdir())
    assert pictures == ["deep.png", "free.png", "notions.png", "price.png", "price_curve.png"]
    assert all((folder / name).read_bytes().startswith(PNG) for name in pictures)
    assert ("神经元" in text) == (lang == "chinese")


def test_the_notions_keep_only_the_links_that_are_meant(english: Told) -> None:
    net = english[0]["notions"]["net"]
    W1 = net.params["W1"]
    np.testing.assert_array_equal(W1[WIRES == 0], 0)
    assert (np.sign(W1) == WIRES).all()
    assert set(budget(net)) == {"factor", "limit"}


def test_forward_propagation_by_hand_ends_where_the_network_does(english: Told) -> None:
    parts, text, _ = english
    printed = re.findall(r"  sells: z = .* = (\S+)\n    a = .* = (\S+)\n", text)
    assert len(printed) == 4
    for (z, a), part in zip(printed, parts.values(), strict=True):
        p = part["net"].forward(SHIRT[None, : part["net"].inputs])[0, 0]
        assert part["p"] == p
        assert float(a) == pytest.approx(p, abs=0.0005)
        assert 1 / (1 + np.exp(-float(z))) == pytest.approx(p, abs=0.002)


@pytest.mark.nightly
def test_the_whole_lesson(tmp_path: Path) -> None:
    parts = run("neuron", folder=tmp_path, out=io.StringIO())
    assert 60 < parts["price"]["test_accuracy"] < 75
    assert all(parts[name]["test_accuracy"] > 95 for name in ("notions", "free", "deep"))
    assert parts["deep"]["losses"][5000] < parts["free"]["losses"][5000] < parts["notions"]["losses"][5000]
    learnt = budget(parts["notions"]["net"])
    assert learnt["factor"] == pytest.approx(1, abs=0.2)
    assert learnt["limit"] == pytest.approx(25, abs=1.5)
