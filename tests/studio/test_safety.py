"""Whom the studio answers: bars R12 to R14, over real sockets."""

from __future__ import annotations

import ast
import base64
import hmac
import inspect
import os
import socket
from typing import Any

import pytest
from studio_tools import SMALL, Studio

from pellucid.studio import launch, safety
from pellucid.studio.safety import Keys, Places
from pellucid.studio.server import application

# What a Host header may say of a studio on 127.0.0.1, port P; and what it may not.
GOOD_HOSTS = ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT", "LocalHost:PORT"]
BAD_HOSTS = [
    "",
    "127.0.0.1",
    "localhost",
    "127.0.0.1:1",
    "localhost:80",
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1.evil.example:PORT",
    "localhost.evil.example:PORT",
    "evil.localhost:PORT",
    "127.0.0.1:PORT.evil.example",
    "127.0.0.1:PORT@evil.example",
    "evil@127.0.0.1:PORT",
    "127.0.0.2:PORT",
    "0.0.0.0:PORT",
    "0:PORT",
    "127.1:PORT",
    "2130706433:PORT",
    "0x7f000001:PORT",
    "[::1]:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "localhost.:PORT",
    "127.0.0.1:0PORT",
    "127.0.0.1:+PORT",
    "127.0.0.1: PORT",
    "127.0.0.1,localhost:PORT",
    "127.0.0.1:PORT,127.0.0.1:PORT",
    "http://127.0.0.1:PORT",
    "127.0.0.1:PORT/",
    "127.0.0.1:PORT#",
    "null",
    "xn--localhost:PORT",
]
BAD_ORIGINS = [
    None,
    "",
    "null",
    "NULL",
    "file://",
    "http://",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost",
    "http://localhost:PORT",
    "https://127.0.0.1:PORT",
    "HTTP://127.0.0.1:PORT",
    "ws://127.0.0.1:PORT",
    "http://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT.evil.example",
    "http://127.0.0.1:PORT@evil.example",
    "http://evil.example",
    "http://evil.example:PORT",
    "http://evil.example/http://127.0.0.1:PORT",
    "http://127.0.0.1.evil.example:PORT",
    "http://[::1]:PORT",
    "http://[::ffff:127.0.0.1]:PORT",
    "http://127.0.0.2:PORT",
    "http://0.0.0.0:PORT",
    "http://127.0.0.1:PORT http://127.0.0.1:PORT",
    "http://127.0.0.1:PORT, http://127.0.0.1:PORT",
    "127.0.0.1:PORT",
    "//127.0.0.1:PORT",
    "http:127.0.0.1:PORT",
    "http://127.0.0.1:PORT\t.evil.example",
    "chrome-extension://abcdefgh",
    "moz-extension://abcdefgh",
    "about:blank",
    "data:text/html,x",
    "blob:http://127.0.0.1:PORT/x",
    "http://user:pass@127.0.0.1:PORT",
    "http://127.0.0.1:PORT?x",
    "http://127.0.0.1:PORT#x",
]


def test_there_are_enough_cases() -> None:
    assert len(GOOD_HOSTS + BAD_HOSTS) + len(BAD_ORIGINS) >= 70  # R13 wants 40; hosts are tried twice


def head(studio: Studio, path: str, *headers: str, method: str = "GET", key: bool = True) -> bytes:
    """A request as bytes, its headers as they are but for the port."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Connection: close",
        *(line.replace("PORT", str(studio.port)) for line in headers),
    ]
    lines += [f"Cookie: {studio.cookie}"] if key else []
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def handshake(studio: Studio, *headers: str, key: bool = True) -> bytes:
    """The beginning of a WebSocket; what it gets."""
    nonce = base64.b64encode(os.urandom(16)).decode()
    own = ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {nonce}", "Sec-WebSocket-Version: 13"]
    with socket.create_connection(("127.0.0.1", studio.port), timeout=120) as sock:
        sock.sendall(head(studio, "/live", *headers, *own, key=key).replace(b"Connection: close\r\n", b"", 1))
        return sock.recv(4096)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_its_own_names_are_answered(studio: Studio, host: str) -> None:
    assert status(studio.raw(head(studio, "/", f"Host: {host}"))) == 200
    origin = f"http://{host}"
    assert status(handshake(studio, f"Host: {host}", f"Origin: {origin}")) == 101


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_other_names_are_refused(studio: Studio, host: str) -> None:
    for path in ("/", "/tours/en.json", "/static/index.html", "/?t=" + studio.token):
        assert status(studio.raw(head(studio, path, f"Host: {host}"))) in (400, 403)
    # Also with the origin that would go with it, as a page under a rebound name sends it.
    for origin in (f"http://{host}", "http://127.0.0.1:PORT"):
        assert status(handshake(studio, f"Host: {host}", f"Origin: {origin}")) in (400, 403)


@pytest.mark.parametrize("origin", BAD_ORIGINS, ids=str)
def test_a_socket_is_opened_by_its_own_page_alone(studio: Studio, origin: str | None) -> None:
    headers = ["Host: 127.0.0.1:PORT"] + ([] if origin is None else [f"Origin: {origin}"])
    assert status(handshake(studio, *headers)) in (400, 403)


@pytest.mark.parametrize("origin", BAD_ORIGINS, ids=str)
def test_a_file_is_taken_from_its_own_page_alone(studio: Studio, origin: str | None) -> None:
    headers = ["Host: 127.0.0.1:PORT", "Content-Length: 0"] + ([] if origin is None else [f"Origin: {origin}"])
    assert status(studio.raw(head(studio, "/upload/x", *headers, method="POST"))) in (400, 403)
    if origin is not None:  # nothing is to be read from elsewhere either
        assert status(studio.raw(head(studio, "/tours/en.json", "Host: 127.0.0.1:PORT", f"Origin: {origin}"))) in (
            400,
            403,
        )


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: 127.0.0.1:PORT", "Host: 127.0.0.1:PORT", "Origin: http://127.0.0.1:PORT"),
        ("Host: 127.0.0.1:PORT", "Host: evil.example", "Origin: http://127.0.0.1:PORT"),
        ("Host: 127.0.0.1:PORT", "Origin: http://127.0.0.1:PORT", "Origin: http://127.0.0.1:PORT"),
        ("Host: 127.0.0.1:PORT", "Origin: http://127.0.0.1:PORT", "Origin: http://evil.example"),
        ("Host: 127.0.0.1:PORT", "Origin: http://127.0.0.1:PORT", "Sec-Fetch-Site: cross-site"),
        ("Host: 127.0.0.1:PORT", "Origin: http://127.0.0.1:PORT", "Sec-Fetch-Site: same-site"),
        ("Host: localhost:PORT", "Origin: http://127.0.0.1:PORT"),
        ("Origin: http://127.0.0.1:PORT",),
    ],
    ids=str,
)
def test_headers_that_are_given_twice_or_do_not_belong_together(studio: Studio, headers: tuple[str, ...]) -> None:
    assert status(handshake(studio, *headers)) in (400, 403)
    sent = head(studio, "/upload/x", *headers, "Content-Length: 0", method="POST")
    assert status(studio.raw(sent)) in (400, 403)


def routes() -> list[Any]:
    guard = application(Keys(1), Places("127.0.0.1", 1))
    return list(guard.app.routes)


FILLED = {"{name:path}": "index.html", "{lang}": "en", "{run}": "some-run", "{kind}": "model.json"}


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.path)
def test_every_route_needs_the_key(studio: Studio, route: Any) -> None:
    path = route.path
    for name, value in FILLED.items():
        path = path.replace(name, value)
    assert "{" not in path
    own = f"pellucid_studio_{studio.port}"
    right = studio.cookie.partition("=")[2]
    wrong = [
        [],
        ["Cookie: "],
        [f"Cookie: {own}="],
        [f"Cookie: {own}={right[:-1]}"],
        [f"Cookie: {own}={right}x"],
        [f"Cookie: {own}={studio.token}"],
        [f"Cookie: {own}x={right}"],
        [f"Cookie: x{own}={right}"],
        [f"Cookie: {own.upper()}={right}"],
        [f"Cookie: {own}={right}; {own}=x"],
        [f"Cookie: {own}=x; {own}={right}"],
        [f"Cookie: {own}={right}", f"Cookie: {own}=x"],
        [f"Authorization: Bearer {right}"],
    ]
    own_page = ["Host: 127.0.0.1:PORT", "Origin: http://127.0.0.1:PORT"]
    for cookies in wrong:
        if path == "/live":
            assert status(handshake(studio, *own_page, *cookies, key=False)) == 403
            continue
        for method in route.methods:
            sent = head(studio, path, *own_page, "Content-Length: 0", *cookies, method=method, key=False)
            assert status(studio.raw(sent)) == 403
        assert status(studio.raw(head(studio, f"{path}?t={studio.token}", *own_page, *cookies, key=False))) == 403


def test_a_route_that_is_not_there_says_so_only_to_who_has_the_key(studio: Studio) -> None:
    assert studio.get("/nothing").status == 404
    assert studio.get("/nothing", cookie=False).status == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "XYZ"])
def test_other_methods_are_refused(studio: Studio, method: str) -> None:
    assert status(studio.raw(head(studio, "/", "Host: 127.0.0.1:PORT", method=method))) in (400, 405)


def test_the_token_is_exchanged_once_and_redirected_away() -> None:
    studio = Studio()
    try:
        for wrong in ("", "x", studio.token[:-1], studio.token + "x", studio.token.swapcase(), "%00", "é"):
            assert status(studio.raw(head(studio, f"/?t={wrong}", "Host: 127.0.0.1:PORT", key=False))) in (400, 403)
        for path in (f"/?t={studio.token}&t={studio.token}", f"/tours/en.json?t={studio.token}", f"/?T={studio.token}"):
            assert studio.get(path, cookie=False).status == 403
        assert studio.request("HEAD", f"/?t={studio.token}", cookie=False).status == 403  # looking does not use it up
        first = studio.get(f"/?t={studio.token}", cookie=False)
        assert first.status == 303
        assert first.headers["location"] == "/"
        cookie, *attributes = first.headers["set-cookie"].split("; ")
        name, _, value = cookie.partition("=")
        assert name == f"pellucid_studio_{studio.port}"
        assert len(value) == 43
        assert value != studio.token
        assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict"]
        assert studio.get(f"/?t={studio.token}", cookie=False).status == 403
        studio._cookie = cookie
        again = studio.get(f"/?t={studio.token}")  # who has the cookie is only sent on
        assert (again.status, again.headers["location"], "set-cookie" in again.headers) == (303, "/", False)
        assert studio.get("/").status == 200
    finally:
        studio.kill()


def test_every_answer_has_the_headers_that_lock_a_page_in(studio: Studio) -> None:
    paths = [
        "/",
        "/static/index.html",
        "/static/none.js",
        "/tours/zh.json",
        "/tours/en.json",
        "/tours/xx.json",
        "/nothing",
        "/take/x/y",
    ]
    answers = [studio.get(path) for path in paths] + [studio.get(path, cookie=False) for path in paths]
    answers += [studio.get(f"/?t={studio.token}"), studio.get("/", Host="evil.example"), studio.request("PUT", "/")]
    answers.append(studio.request("POST", "/upload/x", b"a", Origin=studio.base))
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        assert studio.token not in str(answer.headers)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/..%2fserver.py",
        "/static/%2e%2e/server.py",
        "/static/%2e%2e%2fserver.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/....//server.py",
        "/static/..\\server.py",
        "/static/..%5cserver.py",
        "/static/index.html%00.js",
        "/static/./index.html",
        "/static/",
        "/static",
        "/static/.",
        "/static/..",
        "/server.py",
        "/../server.py",
        "/%2e%2e/server.py",
        "/static/C:/Windows/win.ini",
        "/static/file:///etc/passwd",
        "/take/../x/model.json",
        "/take/x/..%2f..%2fetc%2fpasswd",
        "/tours/..%2fx.json",
        "/static/%252e%252e/server.py",
        "/static/index.html/",
        "/STATIC/index.html",
        "http://127.0.0.1/static/index.html",
    ],
)
def test_no_path_reaches_the_disk(studio: Studio, path: str) -> None:
    answer = studio.raw(head(studio, path, "Host: 127.0.0.1:PORT"))
    assert status(answer) in (400, 403, 404)
    assert b"import" not in answer
    assert b"root:" not in answer


def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """By `hmac.compare_digest`, and by nothing else in the file."""
    keys = Keys(8000)
    compared: list[tuple[Any, Any]] = []
    real = hmac.compare_digest

    def noted(a: Any, b: Any) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    assert keys.exchanged("wrong") is None
    cookie = keys.exchanged(keys.token)
    assert cookie is not None
    assert not keys.known([b"pellucid_studio_8000=wrong"])
    assert keys.known([cookie.partition(";")[0].encode()])
    assert len(compared) == 4
    secret = {"token", "_cookie"}
    for node in ast.walk(ast.parse(inspect.getsource(safety))):
        if isinstance(node, ast.Compare):
            named = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
            assert not named & secret, ast.unparse(node)


def test_secrets_are_long_and_new_each_time() -> None:
    keys = [Keys(1) for _ in range(50)]
    assert len({key.token for key in keys}) == 50
    assert all(len(key.token) >= 43 for key in keys)  # 256 bits


def test_the_token_is_in_no_log() -> None:
    studio = Studio()
    try:
        cookie = studio.cookie
        page = studio.page(SMALL)
        page.ask("step", count=3)
        page.live.send("not a message")
        page.until("error")
        studio.raw(b"GET /?t=" + studio.token.encode() + b" HTTP/9.9\r\n\r\n")
        studio.raw(b"\x00\xff" * 100)
        studio.raw(head(studio, f"/?t={studio.token}", "Host: evil.example"))
        page.live.socket.close()  # not as one should
        answers = [studio.get(path).body for path in ("/", "/tours/en.json", "/nothing")]
    finally:
        code, out, err = studio.stop()
    assert code == 0
    for secret in (studio.token, cookie.partition("=")[2]):
        assert secret not in out + err
        assert all(secret.encode() not in answer for answer in answers)
    assert "Traceback" not in err


def test_only_this_machine_is_listened_to(studio: Studio) -> None:
    with launch.listening() as sock:
        assert sock.getsockname()[0] == "127.0.0.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        try:
            outward.connect(("192.0.2.1", 9))  # sends nothing; asks which address would be used
            own = outward.getsockname()[0]
        except OSError:
            own = "127.0.0.2"  # no network at all: another address of this machine will do
    if own.startswith("127.0.0.1"):
        own = "127.0.0.2"
    with pytest.raises(OSError, match=r".*"):
        socket.create_connection((own, studio.port), timeout=2).close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_where_everybody_may_come_names_are_still_refused(host: str) -> None:
    places = Places(host, 8000)
    for good in (b"127.0.0.1:8000", b"localhost:8000", b"192.168.1.7:8000", b"[::1]:8000", b"[fe80::1]:8000"):
        assert places.ours(good)
    for bad in (
        b"evil.example:8000",
        b"192.168.1.7:8001",
        b"192.168.1.7",
        b"1.2.3.4.evil:8000",
        b"",
        b":8000",
        b"[::1:8000",
        b"\xff:8000",
    ):
        assert not places.ours(bad)
