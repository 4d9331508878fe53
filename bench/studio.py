"""The studio: frames a second that a page is sent, and how fast training goes on beside, against `fit` alone.

`python -m bench.studio`: a page that draws every frame at once, 2-8-8-3 on 501 points of a spiral, over loopback.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from http.client import HTTPConnection
from statistics import median
from typing import Any

from websockets.sync.client import connect

from pellucid import Adam, Dense, Network
from pellucid.data import Standardizer, make_spiral
from pellucid.studio import wire

SECONDS = 6.0
EPOCHS = 1_000_000
BATCHES = (32, None)


def alone(batch: int | None, engine: str) -> float:
    """Steps a second of `fit`, nobody watching."""
    X, y = make_spiral(167, 3, 0.2, 0)
    net = Network([Dense(8, "tanh"), Dense(8, "tanh"), Dense(3, "softmax")], inputs=2, scaler=Standardizer())
    end = time.perf_counter() + SECONDS / 2
    seen = []

    def enough(epoch: Any) -> bool:
        seen.append(time.perf_counter())
        return seen[-1] > end

    steps = -(-401 // (batch or 401))
    net.fit(X, y, optimizer=Adam(0.01), batch_size=batch, validation=0.2, engine=engine, epochs=EPOCHS, on_epoch=enough)
    half = len(seen) // 2  # what is made ready at the beginning does not count
    return (len(seen) - 1 - half) * steps / (seen[-1] - seen[half])


class Page:
    """A page of a studio that is started for it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "pellucid", "studio", "--no-browser"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/(\?t=.*)\n", self.process.stdout.readline())
        assert found is not None
        connection = HTTPConnection("127.0.0.1", int(found[1]))
        connection.request("GET", f"/{found[2]}")
        cookie = (connection.getresponse().getheader("set-cookie") or "").partition(";")[0]
        base = f"http://127.0.0.1:{found[1]}"
        self.live = connect(f"ws{base[4:]}/live", additional_headers={"Cookie": cookie}, origin=base, max_size=None)  # type: ignore[arg-type]
        self.live.__enter__()

    def say(self, kind: str, **fields: Any) -> None:
        self.live.send(json.dumps({"type": kind, **fields}))

    def watch(self, batch: int | None, engine: str) -> tuple[float, float]:
        """Frames and steps a second, once training is at full speed."""
        training = {
            "batch_size": batch,
            "engine": engine,
            "epochs": EPOCHS,
            "optimizer": {"name": "adam", "learning_rate": 0.01},
        }
        state = {"data": {"kind": "spiral", "n": 167, "arms": 3}, "training": training}
        self.say("hello", state=state)
        self.say("watch", fps=60)
        self.say("play")
        begun: tuple[float, int] | None = None
        frames = step = 0
        while begun is None or time.perf_counter() < begun[0] + SECONDS:
            message = self.live.recv(timeout=120)
            if isinstance(message, str):
                continue
            header, _ = wire.unpacked(message)
            if header["type"] == "frame":
                self.say("drawn", frame=header["frame"])
                step, frames = header["step"], frames + 1
                if begun is None and step > 3000:
                    begun, frames = (time.perf_counter(), step), 0
        seconds = time.perf_counter() - begun[0]
        return frames / seconds, (step - begun[1]) / seconds

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def main() -> None:
    os.environ["PELLUCID_QUIET"] = "1"
    print("| engine | batch | frames/s | steps/s, watched | steps/s, fit alone | share |\n|---|---|---|---|---|---|")
    for engine in ("readable", "compiled"):
        for batch in BATCHES:
            rounds = []
            for _ in range(3):
                page = Page()
                try:
                    rounds.append((*page.watch(batch, engine), alone(batch, engine)))
                finally:
                    page.close()
            shares = [watched / by_itself for _, watched, by_itself in rounds]
            fps, watched, by_itself = (median(column) for column in zip(*rounds, strict=True))
            figures = f"{fps:.0f} | {watched:,.0f} | {by_itself:,.0f} | {median(shares):.0%}"
            print(f"| {engine} | {batch or 'all'} | {figures} |")


if __name__ == "__main__":
    main()
