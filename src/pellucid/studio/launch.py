"""Starting the studio: a socket of its own, the address with the key, and an end at Ctrl-C."""

from __future__ import annotations

import errno
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from pellucid.errors import InputError
from pellucid.studio.connections import Prompt
from pellucid.studio.safety import Guard, Keys, Places
from pellucid.studio.server import application

LOOPBACK = "127.0.0.1"
MESSAGE = 1 << 20  # bytes of a message of a page


def listening(host: str = LOOPBACK, port: int = 0) -> socket.socket:
    """A socket that listens; port 0 takes any that is free.

    Raises:
        InputError: the port is taken, or the host is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small packets at once only where a socket says that it is TCP: otherwise each answer, in two parts,
    # would wait for the other side's acknowledgement, which takes 40 ms to come.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Also after a studio that has just ended; another one that is listening there is still in the way.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                f"Port {port} is taken by another program. Leave --port out for a free one, or name another."
            ) from None
        raise InputError(f"Cannot listen on {host}, port {port}: {error.strerror or error}.") from None
    return sock


def address(host: str, port: int, token: str) -> str:
    """The address to open, with its key.

    Example:
        >>> address("127.0.0.1", 8000, "abc")
        'http://127.0.0.1:8000/?t=abc'
    """
    seen = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)
    return f"http://{f'[{seen}]' if ':' in seen else seen}:{port}/?t={token}"


def configured(app: Guard) -> uvicorn.Config:
    """How uvicorn serves it: one kind of parser, no log (an address with a key would be in it), and limits."""
    return uvicorn.Config(
        app, http=Prompt, ws="websockets-sansio", loop="asyncio", lifespan="on", log_config=None, log_level="critical",
        access_log=False, server_header=False, proxy_headers=False, ws_max_size=MESSAGE, ws_max_queue=8,
        ws_per_message_deflate=False,  # on loopback it would only cost time
        ws_ping_interval=20.0, ws_ping_timeout=20.0, limit_concurrency=256, h11_max_incomplete_event_size=16384,
        timeout_graceful_shutdown=2,
    )  # fmt: skip


class Server(uvicorn.Server):
    """One whose end by Ctrl-C is an end like any other."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may set signals, and only it gets them
            return
        before = {}
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, self.handle_exit)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.should_exit = True


def serve(
    file: Path | None = None,
    host: str = LOOPBACK,
    port: int = 0,
    browser: bool = True,
    told: Callable[[str], Any] = print,
) -> None:
    """Serve the studio until Ctrl-C.

    Args:
        file: a CSV file that every page begins with.
        host: where it listens; nobody but this machine reaches the usual one.
        port: likewise; 0 for any that is free.
        browser: whether to open a browser.
        told: is given the address to open, once it is listening.

    Raises:
        InputError: it cannot listen there.
    """
    with listening(host, port) as sock:
        port = sock.getsockname()[1]
        keys = Keys(port)
        server = Server(configured(application(keys, Places(host, port), file)))
        where = address(host, port, keys.token)
        told(where)
        if browser:
            webbrowser.open(where)
        server.run(sockets=[sock])
