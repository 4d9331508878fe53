"""A studio to talk to: as a process of its own, as the command starts it, and a page's side of the conversation."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from websockets.sync.client import ClientConnection, connect

from pellucid.studio import wire

READABLE = {"training": {"engine": "readable"}}
SMALL = {"data": {"kind": "moons", "n": 60}, "network": {"layers": [{"units": 3}]}, **READABLE}


class Studio:
    """`pellucid studio --no-browser` as a process; what it prints is kept."""

    def __init__(self, *argv: str) -> None:  # argv: options; or "-c" and a program that prints an address
        # Of its own, so that nobody takes the folders of another's runs for these.
        self._folder = tempfile.TemporaryDirectory(prefix="pellucid-test-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        environment = os.environ | {"PELLUCID_QUIET": "1", "TMPDIR": str(self.folder)}
        self.process = subprocess.Popen(
            [sys.executable, *(argv if argv[:1] == ("-c",) else ("-m", "pellucid", "studio", "--no-browser", *argv))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\?t=([\w-]{43})", self.address)
        if found is None:
            raise AssertionError(f"no address: {self.address!r}, {self.process.communicate(timeout=120)}")
        self.port, self.token = int(found[1]), found[2]
        self.base = f"http://127.0.0.1:{self.port}"
        self._cookie = ""
        self._pages: list[Page] = []  # that are closed with the studio, where their tests have not closed them

    @property
    def cookie(self) -> str:
        """The cookie, for which the token is exchanged once."""
        if not self._cookie:
            response = self.get(f"/?t={self.token}", cookie=False)
            self._cookie = response.headers["set-cookie"].partition(";")[0]
        return self._cookie

    def request(self, method: str, path: str, body: bytes | None = None, cookie: bool = True, **headers: str) -> Answer:
        """A request over a connection of its own; header names with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if cookie:
            given["Cookie"] = self.cookie
        try:
            connection.request(method, path, body, given)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()

    def get(self, path: str, cookie: bool = True, **headers: str) -> Answer:
        return self.request("GET", path, None, cookie, **headers)

    def raw(self, data: bytes, wait: float = 60.0) -> bytes:
        """What comes back for bytes as they are, until the other side closes or says no more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as sock:
            sock.sendall(data)
            received = b""
            try:
                while part := sock.recv(65536):
                    received += part
                    if b"\r\n\r\n" in received and b"HTTP/1.1 101" not in received:
                        sock.settimeout(0.2)
            except (TimeoutError, ConnectionError):
                pass
        return received

    def page(self, state: dict[str, Any] | None = None, run: str | None = None, hello: bool = True) -> Page:
        """A page that has said hello and was welcomed."""
        headers = {"Cookie": self.cookie}
        # Without pings: they are drawn from the global generator, in a thread, which tests of other files would see.
        live = connect(
            f"ws://127.0.0.1:{self.port}/live", additional_headers=headers, origin=self.base, max_size=None,
            ping_interval=None,
        )  # type: ignore[arg-type] # fmt: skip
        page = Page(live.__enter__())
        self._pages.append(page)
        if hello:
            page.send("hello", run=run, state=state)
            page.welcome = page.until("welcome")
            page.run = page.welcome["run"]
        return page

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Ctrl-C: the exit code, and what was printed since the address."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=120)
        self._clean()
        return self.process.returncode, out, err

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=120)
        self._clean()

    def _clean(self) -> None:
        for page in self._pages:
            page.close()
        self._folder.cleanup()


@dataclass
class Answer:
    """An answer to a request; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Page:
    """A page's side of a connection. It draws every frame at once, unless it is told to be slow."""

    live: ClientConnection
    run: str = ""
    welcome: dict[str, Any] = field(default_factory=dict)
    draws: bool = True
    frames: int = 0
    state: dict[str, Any] = field(default_factory=dict)
    _id: int = 0

    def send(self, kind: str, /, **fields: Any) -> int:
        self._id += 1
        self.live.send(json.dumps({"type": kind, "id": self._id, **fields}))
        return self._id

    def next(self, timeout: float = 120.0) -> dict[str, Any]:
        """The next message; arrays of a binary one under "arrays"."""
        message = self.live.recv(timeout=timeout)
        if isinstance(message, str):
            found: dict[str, Any] = json.loads(message)
        else:
            found, arrays = wire.unpacked(message)
            found["arrays"] = arrays
        if found["type"] == "frame":
            self.frames += 1
            if self.draws:
                self.live.send(json.dumps({"type": "drawn", "frame": found["frame"]}))
        if found["type"] == "state":
            self.state = found
        return found

    def until(self, kind: str, /, seconds: float = 120.0, **fields: Any) -> dict[str, Any]:
        """Read on to a message of a kind with these fields."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.next(max(end - time.monotonic(), 0.01))
            if found["type"] == kind and all(found.get(name) == value for name, value in fields.items()):
                return found
        raise AssertionError(f"no {kind} {fields} in {seconds} s")

    def ask(self, kind: str, /, **fields: Any) -> dict[str, Any]:
        """Send a request and read on to its answer."""
        number = self.send(kind, **fields)
        while True:
            found = self.next()
            if found.get("id") == number:
                return found

    def frame_at(self, step: int) -> dict[str, Any]:
        """Read on to the frame of a step."""
        return self.until("frame", step=step)

    def close(self) -> None:
        self.live.close()


def parameters(frame: dict[str, Any]) -> np.ndarray[Any, Any]:
    """All parameters that a frame carries, as one vector."""
    names = sorted(name for name in frame["arrays"] if re.fullmatch(r"[Wb]\d", name))
    return np.concatenate([frame["arrays"][name].ravel() for name in names])
