"""A submission that tries what none should be able to do, and reports what it could. See ../selftest.py."""

import ctypes
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

MIB = 2**20
NEW_USER_NAMESPACE = 0x10000000


def holes(asked: dict[str, Any]) -> list[str]:
    """The attempts that were not refused, by name."""
    attempts: dict[str, Callable[[], object]] = {
        "reads files of this machine": lambda: seen(asked["unseen"]),
        "reaches this machine's network": lambda: socket.create_connection(("127.0.0.1", asked["port"]), 1),
        "starts processes": start_process,
        "runs programs": run_program,
        "makes namespaces": make_namespace,
        "speaks to the kernel": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "writes outside of its place": written_outside,
        "takes all memory": lambda: bytearray(2048 * MIB),
        "fills the disk": lambda: fill_the_disk(7, 30 * MIB),
        "becomes another user": lambda: os.setuid(0 if os.getuid() else 1),
        "sees other processes": others,
    }
    return [name for name, attempt in attempts.items() if not refused(attempt)]


def refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, MemoryError):
        return True
    return False


def fill_the_disk(files: int, size: int) -> None:
    """Take the room, and leave it empty: to write so much would take longer than all the rest of this test."""
    for number in range(files):
        with Path(f"big{number}").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)


def start_process() -> None:
    if os.fork() == 0:
        os._exit(0)


def run_program() -> None:
    try:
        os.execv("/there/is/none", ["none"])
    except FileNotFoundError:  # it was looked for
        return


def at_least_one(found: list[str]) -> None:
    if not found:
        raise PermissionError


def seen(paths: list[str]) -> None:
    at_least_one([path for path in paths if Path(path).exists()])


def make_namespace() -> None:
    at_least_one(["made"] if ctypes.CDLL(None).unshare(NEW_USER_NAMESPACE) == 0 else [])


def written_outside() -> None:
    places = ("/", "/dev", "/dev/shm", "/usr", "/workbook", "/etc")
    at_least_one([place for place in places if not refused(Path(place, "x").touch)])


def others() -> None:
    """Processes beside this one and its supervisor."""
    found = [file.name for file in Path("/proc").iterdir() if file.name.isdecimal()]
    at_least_one([name for name in found if int(name) not in {1, os.getpid()}])


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    body = json.dumps(holes(json.loads((await receive())["body"]))).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
