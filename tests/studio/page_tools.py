"""The studio in a browser, as tests have it: a server of its own, and a page with what a user does on it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

WIDE, PHONE = (1280, 800), (390, 844)
# Small and quick, with the engine that compiles nothing.
QUICK = {"training": {"engine": "readable"}, "data": {"kind": "moons", "n": 120, "noise": 0.2, "seed": 0}}


class Server:
    """A studio in a process of its own, and the cookie that its one-time address gave."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = os.environ | {"PELLUCID_CACHE": str(folder), "OPENBLAS_NUM_THREADS": "1", "TMPDIR": str(folder)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pellucid", "studio", "--no-browser", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, cwd=folder,
        )  # fmt: skip
        assert self.process.stdout is not None
        address = urlsplit(self.process.stdout.readline().split()[-1])
        self.base = f"http://{address.netloc}"
        connection = HTTPConnection(address.netloc)
        connection.request("GET", f"/?{address.query}")
        given = connection.getresponse().getheader("set-cookie", "")
        connection.close()
        self.cookie = dict(zip(("name", "value"), given.split(";")[0].split("=", 1), strict=True), url=self.base)

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Studio:
    """A page of the studio, as a user has it in front of them."""

    def __init__(self, page: Any, base: str, shots: Path) -> None:
        self.page, self.base, self.shots = page, base, shots

    def open(self, link: str = "", **state: Any) -> Studio:
        """Open the page; `link` is what stands behind #, `state` is laid over a small quick one."""
        if not link:
            link = as_link(merged(QUICK, state))
        self.page.goto("about:blank")  # otherwise only the part behind # would change, and nothing be loaded
        self.page.goto(f"{self.base}/#{link}")
        return self.wait()

    def wait(self) -> Studio:
        """Wait until the page is connected and has drawn a first frame."""
        # The page's own policy forbids to evaluate texts there, as Playwright's wait_for_function would.
        self.until(lambda: self.page.evaluate("document.documentElement.dataset.connection") == "open")
        self.until(lambda: self.page.locator(".units .unit").count() > 0)
        self.until(lambda: self.part("loss-train").count() == 1 and self.text("loss-train") not in ("", "–"))
        return self

    def part(self, name: str) -> Any:
        """The element with this name for tests."""
        return self.page.locator(f'[data-test="{name}"]')

    def text(self, name: str) -> str:
        return str(self.part(name).inner_text())

    def text_of(self, selector: str) -> str:
        return str(self.page.locator(selector).inner_text())

    def number(self, name: str) -> float:
        """The first number in a part's text."""
        found = re.search(r"−?[\d,]*\.?\d+(e−?\d+)?", self.text(name))
        assert found, self.text(name)
        return float(found[0].replace("−", "-").replace(",", ""))

    def until(self, condition: Callable[[], Any], seconds: float = 60) -> None:
        """Wait until something holds; the page goes on meanwhile."""
        for _ in range(int(seconds * 20)):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"still not so after {seconds} s")

    def step(self) -> int:
        return int(self.number("step-counter"))

    def run(self, epochs: int = 3) -> Studio:
        """Train for some epochs by the button."""
        for _ in range(epochs):
            before = self.step()
            self.part("epoch").click()
            self.until(lambda before=before: self.step() > before)
            self.drawn()
        return self

    def drawn(self) -> Studio:
        """Wait until what is shown belongs to the step that is counted: a frame follows a moment after it."""
        self.until(lambda: self.part("scores").get_attribute("data-step") == str(self.step()))
        return self

    def state(self) -> str:
        """What stands behind # in the address."""
        return str(self.page.evaluate("location.hash"))

    def said(self, words: str) -> None:
        """Wait until the address says this."""
        self.until(lambda: words in self.state())

    def tab(self, name: str) -> Studio:
        self.part(f"tab-{name}").click()
        return self

    def shot(self, name: str) -> Path:
        """Keep a picture of the page as it is."""
        path = self.shots / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def pixel(self, selector: str, x: float, y: float) -> list[int]:
        """The colour of a canvas at a share of its width and height."""
        script = """([selector, x, y]) => {
          const canvas = document.querySelector(selector);
          const at = canvas.getContext("2d").getImageData(Math.floor(x * (canvas.width - 1)), Math.floor(y * (canvas.height - 1)), 1, 1);
          return [...at.data];
        }"""  # noqa: E501
        return list(self.page.evaluate(script, [selector, x, y]))


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in above.items():
        inner = isinstance(value, dict) and isinstance(both.get(key), dict) and key not in ("data", "optimizer")
        both[key] = merged(both[key], value) if inner else value
    return both


def as_link(state: dict[str, Any]) -> str:
    """A partial state as an address has it."""
    parts = ["v=1"]
    data = dict(state.get("data", {}))
    if data:
        parts.append(f"data={data.pop('kind')}")
        parts += [f"data.{name}={json.dumps(value)}" for name, value in data.items()]
    training = dict(state.get("training", {}))
    optimizer = dict(training.pop("optimizer", {}))
    if optimizer:
        parts.append(f"optimizer={optimizer.pop('name')}")
        parts += [f"optimizer.{name}={json.dumps(value)}" for name, value in optimizer.items()]
    parts += [f"{name}={value}" for name, value in training.items()]
    for name in ("seed", "validation", "standardize", "layers", "features", "view", "loss"):
        if name in state:
            value = state[name]
            parts.append(f"{name}={value if isinstance(value, str) else json.dumps(value)}")
    return "&".join(parts)
