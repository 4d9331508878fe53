"""`pellucid studio` on the command line: its first line, its end, and what it says where it cannot begin."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from studio_tools import SMALL, Studio

from pellucid.cli import main
from pellucid.errors import InputError, MissingExtra
from pellucid.studio import launch


def test_the_first_line_is_the_address_and_nothing_follows() -> None:
    studio = Studio("--port", "0")
    assert studio.get("/").status == 200
    code, out, err = studio.stop()
    assert code == 0
    assert out == ""
    assert err.splitlines() == ["Open this address in a browser; its key works once. Ctrl-C ends the studio."]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_with_pages_open(number: int) -> None:
    studio = Studio()
    page = studio.page(SMALL)
    page.ask("play")
    code, out, err = studio.stop(number)
    assert (code, out) == (0, "")
    assert "Traceback" not in err


def test_a_port_that_was_asked_for_is_taken_if_it_is_free() -> None:
    with launch.listening() as free:
        port = free.getsockname()[1]
    studio = Studio("--port", str(port))
    try:
        assert studio.port == port
        second = subprocess.run(
            [sys.executable, "-m", "pellucid", "studio", "--no-browser", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert second.returncode == 1
        assert second.stdout == ""
        assert second.stderr.startswith(f"error: Port {port} is taken by another program.")
        assert "Traceback" not in second.stderr
    finally:
        studio.kill()


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studio", "nothing.csv", "--no-browser"]) == 1
    assert capsys.readouterr().err == "error: nothing.csv: there is no such file.\n"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("env.sh", "export A=1\nexport B=2\nexport C=3\n", "no table that a network could learn"),
        ("words.csv", "a,b\nx,y\nz,w\n", "no table that a network could learn"),
        ("uneven.csv", "a,b\n1,2\n3\n", "line 3: the row has 1 fields, and 2 are expected"),
        ("model.json", '{"format": "pellucid"}', "this is a model, or another file that is no table"),
        ("model.onnx", "\x08\x09\x12\x08pellucid", "this is a model, or another file that is no table"),
    ],
)
def test_a_file_that_is_no_table(
    name: str, content: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert main(["studio", str(tmp_path / name), "--no-browser"]) == 1
    out, err = capsys.readouterr()
    assert out == ""  # no address
    assert err.startswith(f"error: {tmp_path / name}")
    assert says in err


def test_a_folder_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studio", str(tmp_path), "--no-browser"]) == 1
    assert "this is a folder, and a file is needed" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_ports_that_are_none(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studio", "--no-browser", "--port", port]) == 2
    assert "--port" in capsys.readouterr().err


def test_a_host_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studio", "--no-browser", "--host", "192.0.2.1"]) == 1
    assert "Cannot listen on 192.0.2.1" in capsys.readouterr().err


def test_everybody_may_come_only_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[object] = []
    monkeypatch.setattr(launch, "serve", lambda *given: served.append(given[1]))
    assert main(["studio", "--no-browser"]) == 0
    assert main(["studio", "--no-browser", "--host", "127.0.0.1"]) == 0
    assert "warning" not in capsys.readouterr().err
    assert main(["studio", "--no-browser", "--host", "0.0.0.0"]) == 0
    assert "warning: the studio listens on 0.0.0.0" in capsys.readouterr().err
    assert served == ["127.0.0.1", "127.0.0.1", "0.0.0.0"]


@pytest.mark.parametrize("module", ["starlette", "uvicorn", "websockets", "pydantic"])
def test_what_is_missing_names_its_extra(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def need(wanted: str, extra: str) -> None:
        if wanted == module:
            raise MissingExtra(f"{wanted} is not installed; {extra}")

    monkeypatch.setattr("pellucid.cli.studio.need", need)
    assert main(["studio", "--no-browser"]) == 1
    assert capsys.readouterr().err == f"error: {module} is not installed; studio\n"


def test_a_browser_is_opened_unless_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(launch.Server, "run", lambda self, sockets: None)
    told: list[str] = []
    launch.serve(browser=False, told=told.append)
    assert (opened, len(told)) == ([], 1)
    launch.serve(browser=True, told=told.append)
    assert opened == told[1:]


def test_addresses_that_can_be_opened() -> None:
    assert launch.address("0.0.0.0", 80, "k") == "http://127.0.0.1:80/?t=k"
    assert launch.address("::", 80, "k") == "http://[::1]:80/?t=k"
    with launch.listening() as sock, pytest.raises(InputError, match="taken"):
        launch.listening(port=sock.getsockname()[1])


def test_a_port_is_free_again_at_once() -> None:
    """Connections that have just been closed do not keep it."""
    with launch.listening() as sock:
        port = sock.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            sock.accept()[0].close()
    launch.listening(port=port).close()


def test_answers_go_out_at_once() -> None:
    """Otherwise each of the page's files, and each frame, would wait for the page's acknowledgement: 40 ms."""

    async def connected() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with launch.listening() as sock:
            async with await asyncio.start_server(look, sock=sock):
                _, writer = await asyncio.open_connection(*sock.getsockname())
                writer.close()
                return await found

    assert asyncio.run(connected()) != 0


def test_a_file_of_the_command_line_reaches_the_page(tmp_path: Path) -> None:
    path = tmp_path / "own data.csv"
    path.write_text("a,b,kind\n" + "".join(f"{i % 5},{i % 7},{'xy'[i % 2]}\n" for i in range(60)))
    studio = Studio(str(path))
    try:
        page = studio.page()
        assert page.welcome["file"]["name"] == "own data.csv"
        assert str(tmp_path) not in str(page.welcome)
        assert page.until("state")["shapes"]["labels"] == ["x", "y"]
    finally:
        studio.kill()
