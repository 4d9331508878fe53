"""The modules of the page that know no screen, tested by node's own runner."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STATIC = HERE.parents[2] / "src" / "pellucid" / "studio" / "static"


def test_the_modules_that_know_no_screen() -> None:
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        pytest.skip("there is no node on this machine")
    tests = [str(path) for path in sorted(HERE.glob("*.test.mjs"))]
    run = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout[-4000:]
    passed = re.search(r"^# pass (\d+)$|ℹ pass (\d+)", run.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1] or passed[2]) >= 60


def test_modules_in_core_ask_for_no_screen() -> None:
    words = re.compile(r"\b(document|window|localStorage|sessionStorage|canvas|requestAnimationFrame|location)\.")
    for path in (STATIC / "core").glob("*.js"):
        assert words.findall(path.read_text(encoding="utf-8")) == [], path.name


def test_nothing_is_loaded_from_elsewhere_or_written_into_the_page_as_text() -> None:
    for path in sorted(STATIC.rglob("*")):
        if path.suffix not in (".js", ".css", ".html", ".svg"):
            continue
        text = path.read_text(encoding="utf-8")
        addresses = set(re.findall(r"https?://[^\s\"'`)]+", text))
        assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}, path.name
        assert not re.search(r"\.innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), path.name
        assert "@import" not in text, path.name
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_every_module_is_small() -> None:
    for path in STATIC.rglob("*.js"):
        if path.parent.name != "texts":
            lines = path.read_text(encoding="utf-8").splitlines()
            assert len(lines) <= 280, f"{path.name}: {len(lines)} lines"
