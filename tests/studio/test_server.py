"""Pages and their runs over a real server: coming, going, coming back, files both ways, and what is too much."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from studio_tools import SMALL, Page, Studio, parameters
from websockets.exceptions import ConnectionClosed

from pellucid.studio.protocol import UPLOAD

TABLE = "a,b,kind\n" + "".join(f"{i % 5},{i % 7},{'xy'[i % 2]}\n" for i in range(60))


def descendants(pid: int) -> list[int]:
    """Processes that a process has started, and theirs."""
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()
    ]
    return children + [grandchild for child in children for grandchild in descendants(child)]


def gone(pid: int, seconds: float = 120.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def closed(page: Page) -> int:
    """How the connection was closed from the other side."""
    try:
        while True:
            page.live.recv(timeout=120)
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 1006


def test_a_page_is_served_with_everything_it_needs(studio: Studio) -> None:
    for path, media in (
        ("/", "text/html"),
        ("/tours/en.json", "application/json"),
    ):
        answer = studio.get(path)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(media)
    assert studio.get("/tours/zh.json").json["lang"] == "zh"
    assert studio.get("/tours/fr.json").status == 404
    tag = studio.get("/").headers["etag"]
    again = studio.get("/", If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")


def test_pages_have_runs_of_their_own(studio: Studio) -> None:
    first, second = studio.page(SMALL), studio.page({**SMALL, "seed": 1})
    assert first.run != second.run
    assert first.ask("step", count=20)["step"] == 20
    assert second.ask("step", count=5)["step"] == 5
    theta = parameters(first.frame_at(20))
    assert not np.array_equal(theta, parameters(second.frame_at(5)))
    third = studio.page(SMALL)
    third.ask("step", count=20)
    assert np.array_equal(theta, parameters(third.frame_at(20)))  # the same state, the same bits
    for page in (first, second, third):
        page.close()


def test_a_page_that_comes_back_has_its_run_again(studio: Studio) -> None:
    page = studio.page(SMALL)
    page.ask("step", count=30)
    theta = parameters(page.frame_at(30))
    page.ask("pin", name="mine")
    page.live.socket.shutdown(socket.SHUT_RDWR)  # a laptop that was closed, not a page
    page.close()
    again = studio.page({"seed": 99}, run=page.run)
    assert again.welcome["resumed"]
    assert again.run == page.run
    assert again.welcome["state"]["seed"] == 0
    frame = again.frame_at(30)
    assert np.array_equal(parameters(frame), theta)
    assert "pinned" in frame["arrays"]
    again.close()


def test_a_run_goes_on_without_its_page(studio: Studio) -> None:
    page = studio.page({**SMALL, "training": {"engine": "readable", "epochs": 1_000_000}})
    page.ask("play")
    page.close()
    time.sleep(0.5)
    again = studio.page(run=page.run)
    status = again.until("state")["status"]
    assert status["playing"]
    while again.until("frame")["step"] <= status["step"] + 20:
        pass
    again.ask("pause")
    again.close()


def test_a_second_page_takes_a_run_over(studio: Studio) -> None:
    page = studio.page(SMALL)
    other = studio.page(run=page.run)
    assert closed(page) == 4000
    assert other.ask("step", count=2)["step"] == 2
    other.close()


def test_a_run_that_is_not_known_is_a_new_one(studio: Studio) -> None:
    page = studio.page(SMALL, run="nothing-like-it")
    assert not page.welcome["resumed"]
    assert page.run != "nothing-like-it"
    page.close()


@pytest.mark.parametrize("first", ['{"type":"play"}', "nonsense", "{}", '{"type":"hello","state":{"seed":-1}}'])
def test_the_first_message_is_hello(studio: Studio, first: str) -> None:
    page = studio.page(hello=False)
    page.live.send(first)
    assert closed(page) == 1008


def test_what_is_not_understood_is_said_and_the_run_goes_on(studio: Studio) -> None:
    page = studio.page(SMALL)
    for wrong in (
        "",
        "{",
        '{"type":"rm"}',
        '{"type":"play","now":1}',
        '{"type":"hello"}',
        "[" * 100_000,
        '{"a":' * 10_000,
        "\x00",
        "null",
    ):
        page.live.send(wrong)
        assert page.until("error")["id"] is None
    page.live.send('{"type":"seek","id":77,"step":-1}')
    assert page.until("error")["id"] == 77
    assert page.ask("step")["step"] == 1
    page.close()


def test_a_binary_message_ends_the_connection(studio: Studio) -> None:
    page = studio.page(SMALL)
    page.live.send(b"\x00\x01")
    assert closed(page) == 1003
    assert studio.page(SMALL, run=page.run).welcome["resumed"]


def test_a_message_of_more_than_a_megabyte_ends_the_connection(studio: Studio) -> None:
    page = studio.page(SMALL)
    page.live.send('{"type":"pin","name":"' + "x" * (1 << 20) + '"}')
    assert closed(page) == 1009
    assert studio.page(SMALL, run=page.run).ask("ping")["type"] == "done"


def test_a_flood_of_messages_waits_and_loses_none(studio: Studio) -> None:
    page = studio.page(SMALL)
    last = 0
    reader: list[int] = []

    def read() -> None:
        while len(reader) < 3000:
            found = page.next()
            if found.get("id") and found["type"] == "done":
                reader.append(found["id"])

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(3000):
        last = page.send("ping")
    thread.join(240)
    assert reader[-1] == last
    assert len(reader) == 3000
    page.close()


def test_a_page_that_reads_nothing_costs_no_memory(studio: Studio) -> None:
    """It is sent two frames; training goes on, and the server keeps nothing for it."""
    page = studio.page({**SMALL, "training": {"engine": "readable", "epochs": 1_000_000}})
    page.draws = False
    page.send("watch", grid=128)
    page.send("play")
    before = memory(studio.process.pid)
    time.sleep(3)
    assert memory(studio.process.pid) < before + 8
    page.draws = True
    status = page.ask("pause")
    assert status["step"] > 5
    assert page.frames <= 6
    page.close()


def memory(pid: int) -> float:
    """Megabytes that a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


# Files


def upload(studio: Studio, page: Page, body: bytes, name: str = "mine.csv", **headers: str) -> Any:
    return studio.request("POST", f"/upload/{page.run}", body, Origin=studio.base, X_File_Name=name, **headers)


def test_a_file_is_brought_and_learnt_from(studio: Studio) -> None:
    page = studio.page(SMALL)
    answer = upload(studio, page, TABLE.encode(), "m%C3%BCsli%20%E6%95%B0.csv")
    assert (answer.status, answer.json["name"], answer.json["rows"]) == (200, "müsli 数.csv", 60)
    state = page.ask("set", state={"data": {"kind": "csv", "target": "kind"}})
    assert state["shapes"]["features"] == ["a", "b"]
    wrong = upload(studio, page, TABLE.encode() + b"1,oops,x\n")
    assert wrong.status == 200  # text is a kind of column; what cannot be learnt from is told when it is chosen
    error = page.ask("set", state={"data": {"kind": "csv", "target": "kind"}, "seed": 1})
    assert "mine.csv, line 62, column 'b'" in error["text"]
    assert page.ask("step")["step"] == 1  # the run that was there goes on
    page.close()


def test_one_page_brings_many_files(studio: Studio) -> None:
    page = studio.page(SMALL)
    for k in range(4):
        answer = upload(studio, page, TABLE.encode(), f"table-{k}.csv")
        assert (answer.status, answer.json["name"]) == (200, f"table-{k}.csv")
        if k == 1:
            page.ask("set", state={"data": {"kind": "csv", "target": "kind"}})
    assert len(list(folder_of(studio).iterdir())) == 2  # the one that is learnt from, and the last
    page.close()


def posted(studio: Studio, page: Page) -> str:
    """How a file begins, as it goes over the wire."""
    own = f"Host: 127.0.0.1:{studio.port}\r\nOrigin: {studio.base}\r\nCookie: {studio.cookie}\r\n"
    return f"POST /upload/{page.run} HTTP/1.1\r\n{own}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n1\n", "line 2"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"\xff\xfea\x00", "UTF-16"),
        (b"a,b\n1,\x00\n", "zero byte"),
        (b'a,b\n"1,2\n', "quotation mark"),
        (b"a,b\n1,\xff\n", "byte 3"),
        (b"<!DOCTYPE html>\n<p>a,b</p>\n,,,,\n", "line 2"),
    ],
)
def test_files_that_lie(studio: Studio, body: bytes, said: str) -> None:
    page = studio.page(SMALL)
    answer = upload(studio, page, body, "..%2F..%2Fetc%2Fpasswd")
    assert answer.status == 422
    assert said in answer.json["error"]
    assert answer.json["error"].startswith("../../etc/passwd")  # a name for people, and no path
    assert "/tmp/" not in answer.json["error"]
    page.close()


def test_a_file_has_a_limit_whatever_it_says_of_itself(studio: Studio) -> None:
    page = studio.page(SMALL)
    sent = posted(studio, page)
    for declared in (str(UPLOAD + 1), "99999999999999999999", "-1", "1e9", "٣"):
        answer = studio.raw((sent + f"Content-Length: {declared}\r\n\r\n").encode())
        assert answer.split(b" ", 2)[1] in (b"413", b"400")
    with socket.create_connection(("127.0.0.1", studio.port), timeout=120) as sock:
        sock.sendall((sent + "Transfer-Encoding: chunked\r\n\r\n").encode())
        chunk = b"100000\r\n" + b"1,2,3,4,5,6,7,8\n" * 65536 + b"\r\n"
        try:
            for _ in range(60):
                sock.sendall(chunk)
        except OSError:
            pass  # it was told before the end
        assert b" 413 " in sock.recv(64)
    assert not list(folder_of(studio).iterdir())
    assert upload(studio, page, TABLE.encode()).status == 200
    page.close()


def folder_of(studio: Studio) -> Path:
    """The folder of the run that has just been brought a file, among those of this studio."""
    return max(studio.folder.glob("pellucid-studio-*/files"), key=lambda path: path.stat().st_ctime)


def test_a_file_that_breaks_off_leaves_nothing(studio: Studio) -> None:
    page = studio.page(SMALL)
    sent = posted(studio, page)
    with socket.create_connection(("127.0.0.1", studio.port)) as sock:
        sock.sendall((sent + "Content-Length: 1000\r\n\r\na,b\n").encode())
        end = time.monotonic() + 60
        while not list(folder_of(studio).iterdir()) and time.monotonic() < end:
            time.sleep(0.02)  # until the server has begun to keep it
        assert upload(studio, page, TABLE.encode()).status == 409  # one at a time
    end = time.monotonic() + 60
    while (answer := upload(studio, page, TABLE.encode())).status == 409 and time.monotonic() < end:
        time.sleep(0.05)
    assert answer.status == 200
    page.close()


def test_what_is_taken_away_is_an_attachment(studio: Studio) -> None:
    page = studio.page({**SMALL, "training": {"engine": "readable", "epochs": 3}})
    page.ask("epoch", count=2)
    answer = studio.get(f"/take/{page.run}/model.json")
    assert answer.status == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="pellucid-model.json"'
    assert answer.json["features"] == ["x1", "x2"]
    assert studio.get(f"/take/{page.run}/history.csv").body.startswith(b"epoch,loss,accuracy")
    for path, status in ((f"/take/{page.run}/x.exe", 422), ("/take/none/model.json", 404), (f"/take/{page.run}/", 404)):
        assert studio.get(path).status == status
    page.close()


def test_two_files_at_once_and_a_page_that_plays(studio: Studio) -> None:
    page = studio.page({**SMALL, "training": {"engine": "readable", "epochs": 1_000_000}})
    page.ask("play")
    page.ask("epoch", count=2)
    page.ask("play")
    answers: list[int] = []
    kinds = ("model.json", "history.csv", "script.py")
    threads = [
        threading.Thread(target=lambda kind=kind: answers.append(studio.get(f"/take/{page.run}/{kind}").status))
        for kind in kinds
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert answers == [200, 200, 200]
    page.ask("pause")
    page.close()


# Ends

STARTED = """
import pellucid.studio.server as server
from pellucid.studio import launch
from pellucid.studio.server import application
{change}
launch.serve(browser=False, told=lambda address: print(address, flush=True))
"""


def test_a_run_ends_when_its_page_has_gone_for_long() -> None:
    """Its process, and what it kept; a minute is made short here."""
    studio = Studio(
        "-c",
        STARTED.format(
            change="server.Studio.__init__.__defaults__ = (None, 0.3); application.__defaults__ = (None, 0.3)"
        ),
    )
    try:
        page, staying = studio.page(SMALL), studio.page(SMALL)
        workers = descendants(studio.process.pid)
        assert len(workers) == 2
        folder = folder_of(studio)
        page.close()
        end = time.monotonic() + 120
        while len(descendants(studio.process.pid)) > 1 and time.monotonic() < end:
            time.sleep(0.05)
        assert len(descendants(studio.process.pid)) == 1
        assert staying.ask("step")["step"] == 1
        assert not studio.page(SMALL, run=page.run).welcome["resumed"]
        staying.close()
        time.sleep(1.0)
        assert not folder.exists() or folder != folder_of(studio)
    finally:
        studio.kill()


def test_a_run_whose_process_dies_tells_its_page(studio: Studio) -> None:
    before = set(descendants(studio.process.pid))
    page = studio.page(SMALL)
    (worker,) = set(descendants(studio.process.pid)) - before
    os.kill(worker, 9)
    assert closed(page) == 4001
    again = studio.page(SMALL, run=page.run)
    assert not again.welcome["resumed"]
    assert studio.get(f"/take/{page.run}/model.json").status == 404
    again.close()


def test_there_are_not_too_many_pages() -> None:
    studio = Studio("-c", STARTED.format(change="server.MOST_RUNS = 2"))
    try:
        first, _ = studio.page(SMALL), studio.page(SMALL)
        third = studio.page(SMALL, hello=False)
        third.send("hello", state=SMALL)
        assert closed(third) == 1013
        assert studio.page(run=first.run).welcome["resumed"]
    finally:
        studio.kill()


def test_ctrl_c_ends_everything_and_says_nothing() -> None:
    studio = Studio()
    page = studio.page({**SMALL, "training": {"engine": "readable", "epochs": 1_000_000}})
    page.ask("play")
    workers = descendants(studio.process.pid)
    assert workers
    code, out, err = studio.stop()
    assert (code, out) == (0, "")
    assert "Traceback" not in err
    assert closed(page) in (1001, 1006, 1012)
    assert all(gone(worker) for worker in workers)


def test_runs_do_not_outlive_a_server_that_was_killed() -> None:
    studio = Studio()
    page = studio.page({**SMALL, "training": {"engine": "readable", "epochs": 1_000_000}})
    page.ask("play")
    workers = descendants(studio.process.pid)
    studio.kill()
    assert all(gone(worker) for worker in workers)


def test_a_hundred_times_come_and_gone(studio: Studio) -> None:
    page = studio.page(SMALL)
    before = len(os.listdir(f"/proc/{studio.process.pid}/fd"))
    for k in range(100):
        again = studio.page(run=page.run)
        assert again.welcome["resumed"]
        if k % 2:
            again.close()
        else:
            again.live.socket.close()
    last = studio.page(run=page.run)
    assert last.ask("step")["type"] == "status"
    last.close()
    time.sleep(0.5)
    assert len(os.listdir(f"/proc/{studio.process.pid}/fd")) <= before + 3


def test_a_page_that_dies_in_the_middle_of_a_frame(studio: Studio) -> None:
    page = studio.page({**SMALL, "training": {"engine": "readable", "epochs": 1_000_000}})
    page.send("watch", grid=128, histograms=True, confusion=True)
    page.send("play")
    for _ in range(20):
        page.next()
    page.live.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    page.live.socket.close()  # a reset, in the middle of whatever is under way
    again = studio.page(run=page.run)
    assert again.until("frame")["step"] > 0
    json.dumps(again.ask("pause"))
    again.close()
