"""The process of one page's run: messages from the server on standard input, answers and frames on standard output.

A process and not a thread: small steps in NumPy hold the interpreter's lock, so that pages in one process would slow
each other and the server down; a run that takes all its memory takes no other with it; and when its page has gone,
everything that it had is given back at once. It ends when the server does: its input is then at an end.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from contextlib import suppress
from typing import Any, BinaryIO, NoReturn

from pellucid.studio import wire
from pellucid.studio.desk import Desk

WAITING = 32  # messages either way, beyond which the other side has to wait


def main() -> NoReturn:
    """Work until the server goes."""
    source, sink = _pipes()
    inbox: queue.Queue[dict[str, Any]] = queue.Queue(WAITING)
    outbox: queue.Queue[bytes] = queue.Queue(WAITING)
    woken: dict[str, Any] = {"type": "wake"}
    threading.Thread(target=_listen, args=(source, inbox), daemon=True).start()
    threading.Thread(target=_speak, args=(sink, outbox), daemon=True).start()

    def wake() -> None:
        with suppress(queue.Full):
            inbox.put_nowait(woken)

    desk = Desk(lambda kind, message: outbox.put(wire.framed(kind, message)), wake)
    desk.handle(inbox.get())
    wait = 0.0
    while True:
        try:
            message = inbox.get_nowait() if wait <= 0 else inbox.get(timeout=wait)
        except queue.Empty:
            pass
        else:
            if message is not woken:
                desk.handle(message)
        wait = desk.work()


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes. What any library prints goes to standard error, and not among the messages."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    return source, sink


def _listen(source: BinaryIO, inbox: queue.Queue[dict[str, Any]]) -> None:
    while (found := wire.read_frame(source)) is not None:
        inbox.put(json.loads(found[1]))
    os._exit(0)  # the server has gone, or wants this to end: whatever is being computed is nobody's any more


def _speak(sink: BinaryIO, outbox: queue.Queue[bytes]) -> None:
    try:
        while True:
            sink.write(outbox.get())
            sink.flush()
    except OSError:  # nobody reads any more
        os._exit(0)


if __name__ == "__main__":
    main()
