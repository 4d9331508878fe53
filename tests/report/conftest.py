"""Reports of small runs, how their pages are read, and a real browser to show them in."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
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

TOLD = ("Network.requestWillBeSent", "Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")


class Browser:
    """A page of Chromium, and what it told since the last file was shown.

    Source: the Chrome DevTools Protocol, chromedevtools.github.io/devtools-protocol.
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self._session = page.context.new_cdp_session(page)  # which sees what the page's policy forbids it to say
        self._heard: list[tuple[str, dict[str, Any]]] = []
        for domain in ("Network", "Log", "Runtime"):
            self._session.send(f"{domain}.enable")
        for method in TOLD:
            self._session.on(method, lambda event, method=method: self._heard.append((method, event)))

    def show(self, path: Path, width: int, dark: bool = False) -> None:
        """Open a file in a window of this width, and wait until all of it is there."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(media="screen", color_scheme="dark" if dark else "light")
        self._heard.clear()
        self.page.goto(path.resolve().as_uri())

    def value(self, script: str) -> Any:
        """The value of a JavaScript expression on the page."""
        answer = self._session.send(
            "Runtime.evaluate", {"expression": script, "awaitPromise": True, "returnByValue": True}
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def events(self, method: str) -> list[dict[str, Any]]:
        """The events of this kind since the page was opened."""
        self.value("0")  # whatever happened before has been told by the time this is answered
        return [event for name, event in self._heard if name == method]


@pytest.fixture(scope="module")
def browser(chromium: Any) -> Browser:
    """A browser, where this machine has one."""
    return Browser(chromium.new_page())
