"""7. Findings, 8. Compare, 9. Take away."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

from page_tools import Studio

import pellucid


def test_a_finding_says_why_and_its_button_mends_it(studio: Studio) -> None:
    studio.open(data={"kind": "wine"}, standardize=False, layers="8:sigmoid")
    studio.tab("findings")
    studio.part("look-now").click()
    finding = studio.page.locator(".finding:has(.button)").first
    finding.wait_for()
    assert {"Why", "Evidence", "Fix"} <= set(finding.locator("dt").all_inner_texts())
    studio.until(lambda: studio.part("findings-count").is_visible())
    studio.shot("findings")
    before = studio.state()
    finding.locator(".button").click()
    studio.until(lambda: studio.state() != before)
    assert "standardize=true" in studio.state()


def test_findings_come_by_themselves_while_it_plays(studio: Studio) -> None:
    studio.open(
        data={"kind": "moons", "n": 200},
        layers="4:tanh",
        training={"optimizer": {"name": "sgd", "learning_rate": 0.00001}},
    )
    studio.tab("findings")
    studio.part("play").click()
    assert studio.page.locator(".finding").count() == 0
    studio.until(lambda: studio.page.locator(".finding").count() > 0)
    assert studio.step() > 0
    studio.part("play").click()
    studio.shot("findings-live")


def test_a_pinned_run_stays_and_the_next_is_drawn_over_it(studio: Studio) -> None:
    studio.run(4).tab("compare")
    assert "Pin a run" in studio.text_of("#dock")
    studio.part("pin-name").fill("slow")
    studio.part("pin").click()
    studio.part("compare-table").wait_for()
    studio.part("rate").fill("0.1")
    studio.part("rate").press("Enter")
    studio.said("learning_rate=0.1")
    studio.part("reset").click()
    studio.until(lambda: studio.step() == 0)
    studio.run(4)
    assert "same initial weights" in studio.text("same-start")
    table = studio.text("compare-table")
    assert "slow" in table
    assert "Learning rate" in table
    assert re.search(r"0\.1\b", table)
    studio.shot("compare")
    studio.tab("curves")
    assert "slow" in studio.text("curves-legend")
    studio.page.keyboard.press("n")
    studio.until(lambda: studio.step() == 0)
    studio.tab("compare")
    studio.until(lambda: "different initial weights" in studio.text("same-start"))
    studio.part("unpin").click()
    studio.until(lambda: studio.part("compare-table").is_hidden())


def taken(studio: Studio, kind: str) -> bytes:
    with studio.page.expect_download() as download:
        studio.part(f"take-{kind}").click()
    path = download.value.path()
    return Path(path).read_bytes()


def can_write(kind: str, folder: Path) -> bool:
    """Whether this installation writes such a file at all."""
    net = pellucid.Network([pellucid.Dense(1)], 1)
    if kind.endswith(".onnx"):
        return hasattr(pellucid, "export_onnx")
    try:
        net.save(folder / kind)
    except pellucid.errors.PellucidError:
        return False
    return True


def test_everything_can_be_taken_away(visit: Callable[..., Studio], tmp_path: Path) -> None:
    studio = visit().open()
    studio.run(3).tab("take")
    studio.shot("take")
    script = taken(studio, "script.py").decode()
    compile(script, "script.py", "exec")
    assert "import numpy as np" in script
    assert json.loads(taken(studio, "model.json"))
    for kind, begins in (("model.safetensors", b"{"), ("model.onnx", b"pellucid")):
        if can_write(kind, tmp_path):
            assert begins in taken(studio, kind)[:400]
        else:  # then the page says why, and what to take instead
            studio.part(f"take-{kind}").click()
            studio.part("trouble").wait_for()
            assert re.search("json|JSON", studio.text("trouble"))
            studio.part("trouble").get_by_role("button").click()
    assert b"<html" in taken(studio, "report.html")
    rows = list(csv.reader(io.StringIO(taken(studio, "history.csv").decode())))
    assert len(rows) == 4  # a heading and three epochs
    # The browser itself writes of an answer of 4xx in its console; nothing else may be there.
    complaints = visit.complaints  # type: ignore[attr-defined]
    assert all("status of 4" in said for said in complaints)
    complaints.clear()


def test_the_picture_and_the_link(studio: Studio) -> None:
    studio.run(2).tab("take")
    picture = taken(studio, "png")
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(picture) > 10_000
    (studio.shots / "take-picture.png").write_bytes(picture)
    studio.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    studio.part("take-link").click()
    studio.page.locator(".notice").first.wait_for()
    link = studio.page.evaluate("navigator.clipboard.readText()")
    assert link == studio.page.url
    assert "?" not in link
    assert "seed=0" in link
