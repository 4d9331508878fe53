"""The studio's server: its routes, and the live connection of every page with its run."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic_core import from_json
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

import pellucid
from pellucid.errors import InputError
from pellucid.studio import choices, protocol, tours, wire
from pellucid.studio.assets import Assets
from pellucid.studio.catalogue import options
from pellucid.studio.safety import Guard, Keys, Places
from pellucid.studio.session import Run
from pellucid.wording import visible

GONE = 60.0  # seconds without its page, after which a run ends
MOST_RUNS = 32
HELLO = 10.0  # seconds in which a page has to say who it is
LONGEST_UPLOAD = 300.0  # seconds
NO_BYTES, REFUSED, TOO_MANY, TAKEN_OVER, DIED = 1003, 1008, 1013, 4000, 4001


class Studio:
    """Everything that the server keeps.

    Args:
        file: of the command line, or None.
        gone: seconds without its page, after which a run ends.
    """

    def __init__(self, file: Path | None = None, gone: float = GONE) -> None:
        self.file, self.gone = file, gone
        self.runs: dict[str, Run] = {}
        self.assets = Assets()
        self._ending: set[asyncio.Task[None]] = set()

    # Runs.

    async def run_for(self, page: WebSocket, hello: protocol.Hello) -> Run | None:
        """The run that a page asks for, or a new one; None where there are too many."""
        welcome = {"id": hello.id, "resumed": False, "options": options(), "version": pellucid.__version__}
        if hello.run is not None and (run := self.runs.get(hello.run)) is not None:
            before = run.belongs_to(page, welcome | {"resumed": True})
            if before is not None:
                await _closed(before, TAKEN_OVER)
            await run.tell({"type": "back"})
            return run
        if len(self.runs) >= MOST_RUNS:
            return None
        file = None if self.file is None else {"path": str(self.file), "name": visible(self.file.name)}
        usual = choices.full()
        state = usual if hello.state is None else choices.full(hello.state)
        run = Run(self._has_ended)
        run.belongs_to(page, welcome)
        self.runs[run.name] = run
        first = {"type": "begin", "state": state, "usual": usual, "file": file, "fresh": hello.state is None}
        try:
            await run.start(first)
        except OSError:  # this machine has no room for another process
            del self.runs[run.name]
            run.clear()
            return None
        return run

    def leave(self, run: Run, page: WebSocket) -> None:
        """A page has gone: its run goes on for a while."""
        if run.page is page and run.name in self.runs:
            run.page = None
            run.going = asyncio.get_running_loop().call_later(self.gone, self._end, run)

    def _end(self, run: Run) -> None:
        self.runs.pop(run.name, None)
        self._task(run.end())

    def _has_ended(self, run: Run) -> None:
        """Its process has: by itself, unless it is being ended."""
        if self.runs.pop(run.name, None) is not None:
            self._task(run.close_page(DIED))
            self._task(run.end())

    def _task(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def end(self) -> None:
        """End every run."""
        for run in list(self.runs.values()):
            self._end(run)
        while self._ending:
            await asyncio.wait(self._ending)

    # Routes.

    async def index(self, request: Request) -> Response:
        return self._asset("index.html", request)

    async def static(self, request: Request) -> Response:
        return self._asset(request.path_params["name"], request)

    def _asset(self, name: str, request: Request) -> Response:
        found = self.assets.found(name)
        if found is None:
            return Response("There is no such file.", 404, media_type="text/plain")
        content, media, tag = found
        headers = {"cache-control": "no-cache", "etag": tag, "content-type": media}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers)

    async def tours(self, request: Request) -> Response:
        lang = request.path_params["lang"]
        return _json(tours.tours(lang)) if lang in tours.LANGUAGES else _json({"error": "No such language."}, 404)

    async def upload(self, request: Request) -> Response:
        """Keep a file of the page's, and say what is in it. The run removes it when another is learnt from."""
        run = self.runs.get(request.path_params["run"])
        if run is None:
            return _json({"error": "This run has ended. Load the page again."}, 404)
        if run.uploading.locked():
            return _json({"error": "Another file is still being read. Wait for it."}, 409)
        name = visible(unquote(request.headers.get("x-file-name", "file.csv"))).strip()[-120:] or "file.csv"
        async with run.uploading:
            path = run.folder / f"upload-{secrets.token_hex(8)}.csv"
            try:
                await asyncio.wait_for(_received(request, path), LONGEST_UPLOAD)
                header, _ = await run.asked({"type": "file", "path": str(path), "name": name})
            except InputError as error:
                path.unlink(missing_ok=True)
                return _json({"error": str(error)}, 413 if isinstance(error, _TooLarge) else 422)
            except (ClientDisconnect, TimeoutError):
                path.unlink(missing_ok=True)
                return _json({"error": "The file did not arrive."}, 400)
            except OSError as error:
                path.unlink(missing_ok=True)
                return _json({"error": f"The file could not be kept on this machine: {error.strerror}."}, 507)
        return _json(header["answer"])

    async def take(self, request: Request) -> Response:
        """A file to take away, made by the run."""
        run = self.runs.get(request.path_params["run"])
        if run is None:
            return _json({"error": "This run has ended. Load the page again."}, 404)
        try:
            header, data = await run.asked({"type": "take", "kind": request.path_params["kind"]})
        except InputError as error:
            return _json({"error": str(error)}, 422)
        attachment = f'attachment; filename="{header["name"]}"'
        return Response(data, headers={"content-type": header["media"], "content-disposition": attachment})

    async def live(self, page: WebSocket) -> None:
        """A page's connection, from its hello until it goes."""
        await page.accept()
        run: Run | None = None
        try:
            hello = await asyncio.wait_for(_heard(page), HELLO)
            if not isinstance(hello, protocol.Hello):
                await page.close(REFUSED, "The first message must be hello.")
                return
            run = await self.run_for(page, hello)
            if run is None:
                await page.close(TOO_MANY, "Too many pages are open.")
                return
            while True:
                await self._heard(page, run)
        except TimeoutError:
            await page.close(REFUSED, "No hello came.")
        except InputError as error:
            await page.send_text(wire.text({"type": "error", "id": None, "text": str(error)}))
            await page.close(REFUSED, "The first message must be hello.")
        except (WebSocketDisconnect, RuntimeError):  # gone; or closed from here, by another page that took over
            pass
        finally:
            if run is not None:
                self.leave(run, page)

    async def _heard(self, page: WebSocket, run: Run) -> None:
        text = await _text(page)
        try:
            message = protocol.parsed(text)
            if isinstance(message, protocol.Hello):
                raise InputError("hello has been said already.")
        except InputError as error:
            await page.send_text(wire.text({"type": "error", "id": _id(text), "text": str(error)}))
            return
        await run.tell(_plain(message))


class _TooLarge(InputError):
    """A file beyond what is read."""


async def _heard(page: WebSocket) -> protocol.Message:
    return protocol.parsed(await _text(page))


async def _text(page: WebSocket) -> str:
    """The next message of a page.

    Raises:
        WebSocketDisconnect: it has gone; or it sent bytes, which no page of ours does, and was sent away.
    """
    message = await page.receive()
    if message["type"] == "websocket.receive" and isinstance(message.get("text"), str):
        return str(message["text"])
    if message["type"] == "websocket.receive":
        await page.close(NO_BYTES, "Messages are text.")
    raise WebSocketDisconnect(message.get("code", NO_BYTES))


def _plain(message: protocol.Message) -> dict[str, Any]:
    """A message as a run understands it: of a state, what was said."""
    if isinstance(message, protocol.Set):
        given = choices.given(message.state)
        return {"type": "set", "id": message.id, "given": given, "keep_weights": message.keep_weights}
    return message.model_dump(mode="json")


def _id(text: str) -> int | None:
    """The id of a message that was refused, if it has one."""
    try:
        found = from_json(text)
    except ValueError:
        return None
    number = found.get("id") if isinstance(found, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= 2**31 else None


async def _received(request: Request, path: Path) -> None:
    """Write a request's body to a file of ours, as far as it may be that long."""
    too_large = _TooLarge(f"The file is larger than {protocol.UPLOAD // 2**20} MB, which is the most.")
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > protocol.UPLOAD:
        raise too_large
    seen = 0
    with path.open("xb") as file:
        async for part in request.stream():
            seen += len(part)
            if seen > protocol.UPLOAD:
                raise too_large
            file.write(part)


async def _closed(page: WebSocket, code: int) -> None:
    with suppress(RuntimeError):  # it was closed already
        await page.close(code)


def _json(content: Mapping[str, Any], status: int = 200) -> Response:
    return JSONResponse(wire.plain(content), status)


def application(keys: Keys, places: Places, file: Path | None = None, gone: float = GONE) -> Guard:
    """The studio as an ASGI application, guarded.

    Args:
        keys, places: whom it answers, and under which names.
        file: a CSV file that every page begins with.
        gone: seconds without its page, after which a run ends.
    """
    studio = Studio(file, gone)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await studio.end()

    routes = [
        Route("/", studio.index),
        Route("/static/{name:path}", studio.static),
        Route("/tours/{lang}.json", studio.tours),
        Route("/upload/{run}", studio.upload, methods=["POST"]),
        Route("/take/{run}/{kind}", studio.take),
        WebSocketRoute("/live", studio.live),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.studio = studio
    return Guard(app, keys, places)
