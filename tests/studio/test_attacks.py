"""What somebody would try who means harm, or whose program is broken: the studio goes on for everybody else."""

from __future__ import annotations

import base64
import json
import os
import random
import socket
import struct
import time
from contextlib import suppress
from typing import Any

import pytest
from studio_tools import SMALL, Studio

from pellucid.studio.choices import State, full
from pellucid.studio.desk import Desk


def opened(studio: Studio) -> socket.socket:
    """A WebSocket by hand, past its handshake."""
    nonce = base64.b64encode(os.urandom(16)).decode()
    own = f"Host: 127.0.0.1:{studio.port}\r\nOrigin: {studio.base}\r\nCookie: {studio.cookie}\r\n"
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    sock = socket.create_connection(("127.0.0.1", studio.port), timeout=120)
    sock.sendall(f"GET /live HTTP/1.1\r\n{own}{upgrade}Sec-WebSocket-Key: {nonce}\r\n\r\n".encode())
    assert b" 101 " in sock.recv(4096)
    return sock


def frame(opcode: int, payload: bytes, fin: bool = True, masked: bool = True, length: int | None = None) -> bytes:
    """A WebSocket frame by hand, with a length that may lie."""
    size = len(payload) if length is None else length
    first = bytes([opcode | 0x80 * fin])
    bit = 0x80 * masked
    if size < 126:
        head = first + bytes([bit | size])
    elif size < 1 << 16:
        head = first + bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head = first + bytes([bit | 127]) + struct.pack(">Q", size)
    return head + (b"\0\0\0\0" if masked else b"") + payload


def well(studio: Studio) -> None:
    """A page can still come and train."""
    page = studio.page(SMALL)
    assert page.ask("step", count=2)["step"] == 2
    page.close()


HELLO = json.dumps({"type": "hello", "state": SMALL}).encode()


@pytest.mark.parametrize(
    "sent",
    [
        frame(1, HELLO, masked=False),  # a client has to mask
        frame(3, b"x"),  # no such opcode
        frame(1, b"\xff\xfe\xfd"),  # no UTF-8
        frame(0, b"goes on with nothing"),
        frame(1, b"{", fin=False) + frame(1, b"}"),  # a new one inside another
        frame(9, b"x" * 126),  # a control frame that is too long
        frame(9, b"x", fin=False),
        frame(8, b"\x00"),
        frame(8, struct.pack(">H", 99)),
        frame(1, b"", length=2**63),
        frame(1, b"", length=2**62),
        frame(1, b"", length=2**32),
        b"\xf1\x80\0\0\0\0",  # bits that nobody has agreed on
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(range(256)) * 16,
    ],
    ids=range(15),
)
def test_frames_that_are_none(studio: Studio, sent: bytes) -> None:
    with opened(studio) as sock:
        sock.sendall(sent[: 1 << 16])
        sock.settimeout(120)
        received = b""
        try:
            while part := sock.recv(65536):
                received += part
        except ConnectionError:
            pass
        assert len(received) < 4096  # a word on why, and the end
    assert studio.get("/").status == 200


def test_a_message_in_endless_parts(studio: Studio) -> None:
    with opened(studio) as sock:
        sock.sendall(frame(1, b"{", fin=False))
        try:
            for _ in range(40):
                sock.sendall(frame(0, b" " * (1 << 16), fin=False))
            while sock.recv(65536):
                pass
        except ConnectionError:
            pass
    well(studio)


def test_a_flood_of_pings(studio: Studio) -> None:
    with opened(studio) as sock:
        sock.sendall(frame(1, HELLO))
        for _ in range(2000):
            sock.sendall(frame(9, b"x"))
        assert sock.recv(4096)
    well(studio)


def test_requests_that_are_none(studio: Studio) -> None:
    rng = random.Random(0)
    tries = [
        b"\r\n" * 100,
        b"GET",
        b"GET /",
        b"GET / HTTP/1.1",
        b"GET / HTTP/1.1\r\nHost",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000,
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /upload/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
        b"\0" * 1000,
        b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET  /  HTTP/1.1\r\n\r\n",
    ]
    tries += [bytes(rng.randrange(256) for _ in range(rng.randrange(1, 400))) for _ in range(40)]
    for sent in tries:
        with socket.create_connection(("127.0.0.1", studio.port), timeout=0.5) as sock:
            sock.sendall(sent)
            sock.shutdown(socket.SHUT_WR)
            try:
                answer = sock.recv(4096)
            except (TimeoutError, ConnectionError):
                answer = b""
            assert answer == b"" or answer.split(b" ", 2)[1] in (b"400", b"403", b"405"), sent
    well(studio)


def test_connections_that_say_nothing_do_not_keep_others_out() -> None:
    code = """
from pellucid.studio import connections, launch
connections.FIRST = 1.0
launch.serve(browser=False, told=lambda address: print(address, flush=True))
"""
    studio = Studio("-c", code)
    socks: list[socket.socket] = []
    try:
        assert studio.cookie
        page = studio.page(SMALL)
        for k in range(250):
            socks.append(socket.create_connection(("127.0.0.1", studio.port), timeout=120))
            with suppress(ConnectionError):  # on a slow machine some are closed already
                socks[-1].sendall(
                    (b"", b"GET / HTTP/1.1\r\nHost: ", b"GET /live HTTP/1.1\r\nUpgrade: websocket\r\n")[k % 3]
                )
        time.sleep(1.5)
        for sock in socks:
            with suppress(ConnectionError):
                assert sock.recv(4096) == b""  # closed
        well(studio)
        assert page.ask("step")["type"] == "status"  # a page that says nothing for long is another matter
    finally:
        for sock in socks:
            sock.close()
        studio.kill()


def test_wishes_beyond_what_there_is(studio: Studio) -> None:
    """Each is told, and the run goes on."""
    page = studio.page(SMALL)
    far = {"kind": "drawn", "points": [[1e9, 1e9, 0], [-1e9, -1e9, 1], [0, 0, 1]]}
    wishes: list[tuple[str, dict[str, Any]]] = [
        ("seek", {"step": 2**53}),
        ("inside", {"row": 10**9}),
        ("rows", {"start": 10**9}),
        ("silence", {"layer": 8, "unit": 63, "on": True}),
        ("edit", {"name": "W9", "index": [99_999, 99_999], "value": 1e9}),
        ("apply", {"kind": "nothing"}),
        ("predict", {"x": [1e9] * 10_000}),
        ("predict", {"x": [1e9, -1e9]}),
        ("edit", {"name": "W1", "index": [0, 0], "value": 1e9}),
        ("step", {"count": 3}),
        ("silence", {"layer": 1, "unit": 0, "on": False}),
        ("set", {"state": {"training": {"epochs": 1}}}),
        ("step", {"count": 3}),
        ("set", {"state": {"data": far, "features": ["x1^2", "sinx2"], "standardize": False}}),
        ("step", {"count": 3}),
        ("findings", {}),
        ("check", {}),
        ("inside", {"row": 0}),
        ("pin", {"name": "\u202e<b>" * 20}),
        ("reset", {}),
    ]
    for kind, fields in wishes:
        assert page.ask(kind, **fields)["type"] != "frame"
    assert page.ask("ping")["type"] == "done"
    page.close()


def test_everything_at_its_largest(studio: Studio) -> None:
    layers = [{"units": 64, "dropout": 0.5} for _ in range(8)]
    state = {
        "data": {"kind": "digits"},
        "network": {"layers": layers},
        "training": {"engine": "readable", "batch_size": None},
    }
    page = studio.page(state)
    page.send("watch", fps=60, grid=128, histograms=True, confusion=True, findings=True)
    page.send("play")
    found = page.until("frame", playing=True)
    assert found["arrays"]["maps"].shape[0] == 8 * 64 + 10
    assert sum(array.nbytes for array in found["arrays"].values()) < 3 * 2**20
    assert page.ask("pause")["playing"] is False
    page.close()


def test_a_hundred_wishes_that_take_long(studio: Studio) -> None:
    page = studio.page(SMALL)
    asked = [page.send("findings") for _ in range(100)]
    answers: dict[int, str] = {}
    while len(answers) < 100:
        found = page.next()
        if found.get("id") in asked:
            answers[found["id"]] = found["type"]
    assert set(answers.values()) <= {"findings", "error"}
    assert "findings" in answers.values()
    assert page.ask("step")["type"] == "status"
    page.close()


def test_a_worker_is_only_told_what_was_checked() -> None:
    """Even so, a message that gets past is answered, and ends nothing."""
    said: list[bytes] = []
    desk = Desk(lambda kind, message: said.append(message), lambda: None)
    usual = full(State())
    desk.handle({"type": "begin", "state": usual, "usual": usual, "file": None, "fresh": False})
    for message in (
        {"type": "nothing"},
        {"type": "edit"},
        {"type": "__init__"},
        {"type": "seek", "step": None, "exact": True},
    ):
        desk.handle(message)
        assert b'"type":"error"' in said[-1]
    desk.handle({"type": "ping", "id": 1})
    assert said[-1] == b'{"type":"done","id":1}'
