"""Connections that say nothing: they are closed, so that nobody can keep all others out by holding on to many."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

FIRST = 15.0  # seconds in which a connection has to make its first request


class Prompt(H11Protocol):
    """A connection that has so long for its first request, headers and all; one that opens a WebSocket likewise."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(FIRST, self._looked_at)

    def _looked_at(self) -> None:
        now = self.transport.get_protocol()  # another one, once it is a WebSocket
        silent = self.cycle is None if now is self else not getattr(now, "handshake_initiated", True)
        if silent:
            self.transport.close()
