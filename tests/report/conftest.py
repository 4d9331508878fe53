"""Reports of small runs, how their pages are read, and a real browser to show them in."""

from __future__ import annotations

import base64
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pytest

from pellucid import Adam, Dense, History, Network
from pellucid.data import Pixels, Standardizer, make_moons

Run = tuple[Network, History]

# Runs


@pytest.fixture(scope="session")
def moons() -> Run:
    """Two features, two classes, a share held out."""
    X, y = make_moons(120, 0.25, seed=1)
    net = Network([Dense(6, "tanh"), Dense(1, "sigmoid")], 2, seed=3)
    return net, net.fit(X, y, optimizer=Adam(0.03), epochs=60, validation=0.2, l2=1e-3)


@pytest.fixture(scope="session")
def patterns() -> Run:
    """Bytes as images of 8 x 8, three classes: a bright half at the left, at the top, or nowhere."""
    rng = np.random.default_rng(0)
    y = np.arange(150) % 3
    X = rng.integers(0, 120, (150, 8, 8))
    X[y == 0, :, :4] += 100
    X[y == 1, :4] += 100
    net = Network([Dense(5, "relu"), Dense(3, "softmax")], 64, scaler=Pixels(), dtype="float32")
    settings: dict[str, Any] = {"optimizer": Adam(0.01), "batch_size": 32, "early_stopping": 5}
    return net, net.fit(X.reshape(150, 64).astype(np.uint8), y, epochs=12, validation=0.2, **settings)


@pytest.fixture(scope="session")
def prices() -> Run:
    """Three features with names, a value with a name."""
    rng = np.random.default_rng(2)
    X = rng.uniform((40, 0, 1), (200, 80, 5), (200, 3))
    y = 3 * X[:, 0] - X[:, 1] + 10 * X[:, 2] + rng.normal(0, 5, 200)
    net = Network([Dense(8, "tanh"), Dense(1)], 3, scaler=Standardizer())
    net.features, net.target = ("size", "age", "rooms"), "price"
    return net, net.fit(X, y, optimizer=Adam(0.05), batch_size=32, epochs=80, validation=0.25)


@pytest.fixture(scope="session", params=["moons", "patterns", "prices"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of each of the runs."""
    path = tmp_path_factory.mktemp("reports") / f"{request.param}.html"
    request.getfixturevalue(request.param)[1].report(path)
    return path


# Pages

VOID = {"meta", "img", "br", "hr", "col", "image", "path", "use", "rect", "circle"}


class Page(HTMLParser):
    """A page, taken apart: that every element is closed by its own end is looked at on the way.

    Attributes:
        elements: (name, attributes) of each, in order.
        text: all words outside style sheets.
    """

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute twice in {tag}: {attrs}"
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open, f"</{tag}> closes nothing"
            assert self._open.pop() == tag, f"</{tag}> where {tag} is not the innermost"

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.text += data

    def all(self, name: str) -> list[dict[str, str]]:
        """The attributes of all elements of that name."""
        return [attributes for tag, attributes in self.elements if tag == name]

    @property
    def words(self) -> str:
        """The text with single spaces."""
        return re.sub(r"\s+", " ", self.text)


@pytest.fixture(scope="session")
def read() -> Callable[[Path], Page]:
    return lambda path: Page(path.read_text(encoding="utf-8"))


# A browser

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome-headless-shell")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class Browser:
    """Chromium without a screen, steered through a pipe: JSON messages, each ended by a zero byte.

    Source: the Chrome DevTools Protocol, chromedevtools.github.io/devtools-protocol.

    Attributes:
        heard: events that came while something else was waited for.
    """

    def __init__(self, program: str) -> None:
        import fcntl  # which not every system has; those that do not are skipped

        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        (theirs_in, self._out), (self._in, theirs_out) = os.pipe(), os.pipe()
        # Chromium reads from 3 and writes to 4: a little program puts the ends there and then becomes the browser.
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]
        become = "import os, sys; a, b, *c = sys.argv[1:]; os.dup2(int(a), 3); os.dup2(int(b), 4); os.execv(c[0], c)"
        self.process = subprocess.Popen(
            [sys.executable, "-c", become, *map(str, high), program, *FLAGS, f"--user-data-dir={self.folder.name}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=high,
        )
        for end in (theirs_in, theirs_out, *high):
            os.close(end)
        self._rest, self._count, self._session = b"", 0, ""
        self.heard: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.terminate()
        self.process.wait(30)
        os.close(self._in)
        os.close(self._out)
        self.folder.cleanup()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command; what it answers."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self.heard.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            assert select.select([self._in], [], [], 60)[0], "the browser does not answer"
            more = os.read(self._in, 1 << 20)
            assert more, "the browser has gone"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def show(self, path: Path, width: int, dark: bool = False) -> None:
        """Open a file in a window of this width, and wait until all of it is there."""
        size: dict[str, Any] = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.heard.clear()
        self.ask("Page.navigate", url=path.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.heard):
            self.heard.append(self._read())

    def value(self, script: str) -> Any:
        """The value of a JavaScript expression on the page."""
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def events(self, method: str) -> list[dict[str, Any]]:
        """The parameters of the events of this kind since the page was opened."""
        self.ask("Page.getNavigationHistory")  # whatever happened before has been told by the time this is answered
        return [event["params"] for event in self.heard if event.get("method") == method]

    def printed(self) -> bytes:
        """The page as it is printed on A4, without grounds: a PDF."""
        answer = self.ask("Page.printToPDF", printBackground=False, paperWidth=8.27, paperHeight=11.69)
        return base64.b64decode(answer["data"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, where this machine has one."""
    program = next((found for found in map(shutil.which, PROGRAMS) if found), None)
    if program is None or os.name != "posix":
        pytest.skip(f"none of {', '.join(PROGRAMS)} is installed")
    with Browser(program) as started:
        yield started
