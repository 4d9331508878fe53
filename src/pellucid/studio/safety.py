"""Who may speak to the studio: a token that is used once, a cookie, and headers that only its own page can send.

Every request passes `Guard` before anything else sees it. A page of another site cannot read an answer (the browser
sees to that), cannot send the cookie (SameSite), cannot open a WebSocket (Origin), and cannot pretend that a name of
its own is this machine (Host: what "DNS rebinding" does).
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
Scope = dict[str, Any]


class Keys:
    """The token of the printed address, and the cookie that it is exchanged for, once.

    Args:
        port: that the studio listens on: cookies do not keep ports apart, so their name does.
    """

    def __init__(self, port: int) -> None:
        self.name = f"pellucid_studio_{port}"
        self.token = secrets.token_urlsafe(32)
        self._cookie = secrets.token_urlsafe(32)
        self._used = False

    def exchanged(self, token: str) -> str | None:
        """The cookie for the token; None if it is another one, or has been used."""
        right = hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())
        if not right or self._used:
            return None
        self._used = True
        return f"{self.name}={self._cookie}; Path=/; HttpOnly; SameSite=Strict"

    def known(self, cookies: Iterable[bytes]) -> bool:
        """Whether Cookie headers hold the cookie, once."""
        found = [
            value.strip()
            for header in cookies
            for name, _, value in (part.partition(b"=") for part in header.split(b";"))
            if name.strip() == self.name.encode()
        ]
        return len(found) == 1 and hmac.compare_digest(found[0], self._cookie.encode())


class Places:
    """Under which names this studio is spoken to, as a Host header writes them.

    Args:
        host: that it listens on; on a loopback address nobody else can reach it.
        port: likewise.

    Example:
        >>> places = Places("127.0.0.1", 8000)
        >>> [places.ours(name) for name in (b"127.0.0.1:8000", b"localhost:8000", b"evil.example:8000", b"127.0.0.1")]
        [True, True, False, False]
    """

    def __init__(self, host: str, port: int) -> None:
        named = f"[{host}]" if ":" in host else host
        self._port = port
        self._exact = {f"{name}:{port}".encode() for name in (named.lower(), "localhost", "127.0.0.1")}
        if host in ("::", "::1"):
            self._exact.add(f"[::1]:{port}".encode())
        # Asked to be reached from everywhere, a machine does not know its addresses; but no address can be rebound.
        self._any_address = host in ("0.0.0.0", "::")

    def ours(self, host: bytes) -> bool:
        """Whether a Host header names this studio."""
        if host.lower() in self._exact:
            return True
        name, _, port = host.decode("latin-1").rpartition(":")
        if not self._any_address or port != str(self._port):
            return False
        try:
            ipaddress.ip_address(name[1:-1] if name.startswith("[") and name.endswith("]") else name)
        except ValueError:
            return False
        return True


def values(scope: Scope, name: bytes) -> list[bytes]:
    """Every header of a name; names are lower case already."""
    return [value for key, value in scope["headers"] if key == name]


class Guard:
    """An ASGI application in front of another one, which only sees what may be there.

    Args:
        app: what is guarded.
        keys, places: whom and under which names it answers.
    """

    def __init__(self, app: Any, keys: Keys, places: Places) -> None:
        self.app, self.keys, self.places = app, keys, places

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            if self.refusal(scope) is None:
                await self.app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})  # before it is accepted: a plain 403
        else:
            await self._request(scope, receive, send)

    async def _request(self, scope: Scope, receive: Any, send: Any) -> None:
        async def answer(status: int, text: str, *more: tuple[bytes, bytes]) -> None:
            body = text.encode()
            given = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
            headers = [*HEADERS, (b"cache-control", b"no-store"), *given, *more]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

        refused = self.refusal(scope)
        token = _token(scope)
        if token is not None and refused in (None, NO_KEY):
            cookie = None if refused is None else self.keys.exchanged(token)
            if refused is None or cookie is not None:
                more = [] if cookie is None else [(b"set-cookie", cookie.encode())]
                await answer(303, "", (b"location", b"/"), *more)
                return
        if refused is not None:
            await answer(405 if refused is WRONG_METHOD else 403, refused)
            return

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in HEADERS}
                kept = [(name, value) for name, value in message.get("headers", ()) if name not in own]
                if not any(name == b"cache-control" for name, _ in kept):
                    kept.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*HEADERS, *kept]}
            await send(message)

        await self.app(scope, receive, guarded)

    def refusal(self, scope: Scope) -> str | None:
        """Why a request is refused, in a sentence; None where it is not."""
        hosts, origins = values(scope, b"host"), values(scope, b"origin")
        if len(hosts) != 1 or not self.places.ours(hosts[0]):
            return WRONG_HOST
        if scope["type"] == "websocket":
            needs_origin = True
        else:
            if scope["method"] not in ("GET", "HEAD", "POST"):
                return WRONG_METHOD
            needs_origin = scope["method"] == "POST"
        if (needs_origin or origins) and origins != [b"http://" + hosts[0]]:
            return WRONG_ORIGIN
        if needs_origin and values(scope, b"sec-fetch-site") not in ([], [b"same-origin"]):
            return WRONG_ORIGIN
        return None if self.keys.known(values(scope, b"cookie")) else NO_KEY


WRONG_HOST = "This studio does not answer to that name. Open the address that the terminal shows."
WRONG_METHOD = "This cannot be done here."
WRONG_ORIGIN = "Only the studio's own page may ask for this."
NO_KEY = (
    "This address needs its key. Open the address that the terminal shows; it works once. "
    "If it has been opened already, in another browser, start the studio again."
)


def _token(scope: Scope) -> str | None:
    """The token of an address: of the page itself, and when it is really opened."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
        return None
    try:
        fields = parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=8)
    except ValueError:
        return None
    found = [value for name, value in fields if name == "t"]
    return found[0] if len(found) == 1 else None
