"""A run of a page, as the server has it: a process, the page that it belongs to, and what is under way between them."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pellucid.errors import InputError
from pellucid.studio import wire

ANSWERED = 300.0  # seconds that a file to take away, or one that was brought, may need
ENDING = 1.0  # seconds that a process is given to end by itself


class Run:
    """One page's run.

    Args:
        ended: called once, when the process has ended, for whatever reason.

    Attributes:
        name: by which the page asks for it again.
        folder: of its own, for files that it was brought.
    """

    def __init__(self, ended: Callable[[Run], None]) -> None:
        self.name = secrets.token_urlsafe(16)
        self.page: Any = None
        self.going: asyncio.TimerHandle | None = None  # ends it when its page has gone for long
        self.uploading = asyncio.Lock()
        self._ended = ended
        self._greeted = False
        self._welcome: dict[str, Any] = {}
        self._tickets: dict[int, asyncio.Future[tuple[dict[str, Any], bytes]]] = {}
        self._ticket = 0
        self._folder = tempfile.TemporaryDirectory(prefix="pellucid-studio-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name) / "files"
        self.folder.mkdir()
        (Path(self._folder.name) / "work").mkdir()
        self._process: asyncio.subprocess.Process
        self._pump: asyncio.Task[None]

    async def start(self, first: dict[str, Any]) -> None:
        """Start the process, with its first message."""
        package = str(Path(__file__).resolve().parents[2])
        # Small steps on one core each: several pages share the machine by running side by side.
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")])),
            "TMPDIR": str(Path(self._folder.name) / "work"),  # cleared with the rest, however the process ends
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PELLUCID_QUIET": "1",
        }  # fmt: skip
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "pellucid.studio.worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment, limit=1 << 20,
            start_new_session=True,  # Ctrl-C is for the server, which ends its runs itself
        )  # fmt: skip
        self._pump = asyncio.create_task(self._pumped())
        await self.tell(first)

    async def tell(self, message: dict[str, Any]) -> None:
        """Send a message to the process; waits where it does not keep up."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(wire.framed(wire.JSON, json.dumps(message).encode()))
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError):
            pass  # it has ended, which the pump sees and tells

    def belongs_to(self, page: Any, welcome: dict[str, Any]) -> Any:
        """From now on to this page; gives the one that it belonged to. Nothing reaches it before its welcome."""
        before, self.page = self.page, page
        self._greeted, self._welcome = False, welcome
        if self.going is not None:
            self.going.cancel()
            self.going = None
        return before

    async def asked(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Have the process do something for a request that is no message of the page; its header and its bytes.

        Raises:
            InputError: it cannot be done, or takes too long, in words.
        """
        self._ticket += 1
        ticket = self._ticket
        answer: asyncio.Future[tuple[dict[str, Any], bytes]] = asyncio.get_running_loop().create_future()
        self._tickets[ticket] = answer
        try:
            await self.tell({**message, "ticket": ticket})
            header, data = await asyncio.wait_for(answer, ANSWERED)
        except TimeoutError:
            raise InputError("This took too long and was given up.") from None
        finally:
            self._tickets.pop(ticket, None)
        if "error" in header:
            raise InputError(header["error"])
        return header, data

    async def _pumped(self) -> None:
        """Pass on what the process says, until it ends."""
        try:
            while (found := await self._next()) is not None:
                await self._passed_on(*found)
        finally:
            for answer in self._tickets.values():
                if not answer.done():
                    answer.set_result(({"error": "The run has ended."}, b""))
            self._ended(self)

    async def _next(self) -> tuple[int, bytes] | None:
        assert self._process.stdout is not None
        try:
            length, kind = wire.HEAD.unpack(await self._process.stdout.readexactly(wire.HEAD.size))
            return (kind, await self._process.stdout.readexactly(length)) if length <= wire.LARGEST else None
        except asyncio.IncompleteReadError:
            return None

    async def _passed_on(self, kind: int, message: bytes) -> None:
        if kind == wire.REPLY:
            header, arrays = wire.unpacked(message)
            if "welcome" in header:
                self._greeted = True
                said = {name: header[name] for name in ("state", "file", "offered")} | self._welcome
                await self._send(wire.JSON, wire.text({"type": "welcome", "run": self.name, **said}).encode())
            elif (answer := self._tickets.get(header["ticket"])) is not None and not answer.done():
                answer.set_result((header, arrays["data"].tobytes()))
        elif self._greeted:
            await self._send(kind, message)

    async def _send(self, kind: int, message: bytes) -> None:
        """To the page, if there is one. While it is slow this waits, and the process makes no more frames."""
        page = self.page
        if page is None:
            return
        with suppress(Exception):  # it has just gone, in one of many ways; whoever reads from it will see to that
            await (page.send_text(message.decode()) if kind == wire.JSON else page.send_bytes(message))

    async def close_page(self, code: int) -> None:
        """Close the page's connection."""
        page, self.page = self.page, None
        if page is not None:
            with suppress(Exception):  # it was closed already
                await page.close(code)

    async def end(self) -> None:
        """End the process, gently and then not, and clear its folder."""
        if self.going is not None:
            self.going.cancel()
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), ENDING)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await asyncio.wait({self._pump}, timeout=ENDING)
        self.clear()

    def clear(self) -> None:
        """Remove what it kept."""
        self._folder.cleanup()
