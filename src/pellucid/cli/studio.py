"""`pellucid studio`: the page on which a network is watched while it learns."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pellucid.cli.screen import Screen
from pellucid.data.places import as_path
from pellucid.errors import FileError, need
from pellucid.files.sniffing import kind_of

QUICKLY = 2**24  # bytes; a larger table is read by the page alone, which says how far it is
NEEDED = ("starlette", "uvicorn", "websockets", "pydantic")


def run(file: str | None, host: str | None, port: int, browser: bool) -> int:
    """Serve the studio until Ctrl-C; the exit code."""
    for module in NEEDED:
        need(module, "studio")
    from pellucid.studio import launch

    path = None if file is None else _there(file)
    remarks = Screen(stderr=True)
    if host is not None and not loopback(host):
        remarks.remark(
            "warning: ",
            f"the studio listens on {host}, and not on this machine alone. Whoever has the address with its key can "
            "use it, and what is sent is not encrypted. Use it in a network that you trust.",
        )

    def told(address: str) -> None:
        print(address, flush=True)
        remarks.remark("", "Open this address in a browser; its key works once. Ctrl-C ends the studio.")

    launch.serve(path, host or launch.LOOPBACK, port, browser, told)
    return 0


def _there(file: str) -> Path:
    """The whole path of a table, which is looked at before a page is opened for it.

    Raises:
        FileError: it is no file, a model, or no table with a column of numbers.
    """
    from pellucid.studio.tables import OwnFile

    path = as_path(file)
    if kind_of(path) in ("safetensors", "json", "onnx"):
        raise FileError(f"{path}: this is a model, or another file that is no table; the studio takes a CSV file.")
    if path.stat().st_size <= QUICKLY:
        columns = OwnFile(path, str(path), QUICKLY).described()["columns"]
        if len(columns) < 2 or not any(column["kind"] == "numbers" for column in columns):
            raise FileError(
                f"{path}: no table that a network could learn: it takes a CSV file with a column of numbers, and "
                "another that is to be predicted."
            )
    return path.resolve()


def loopback(host: str) -> bool:
    """Whether nobody but this machine can reach a host.

    Example:
        >>> loopback("127.0.0.1"), loopback("localhost"), loopback("0.0.0.0")
        (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
