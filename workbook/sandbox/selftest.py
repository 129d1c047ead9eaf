"""Test a sandbox with our own attacks, before anyone's code runs in it."""

import json
import select
import socket
import tempfile
from pathlib import Path

from workbook.serving import AppFailed, ServedApp

from .bubblewrap import seen_as
from .launcher import SandboxLauncher

NETWORK = "reaches this machine's network"  # what the app calls it
APP = Path(__file__).with_name("selftest_app")


def find_holes(folder: Path, root: Path | None) -> list[str]:
    """Return what a submission in the sandbox of `folder` can do but shouldn't; an empty list if the sandbox holds."""
    with (
        tempfile.NamedTemporaryFile(prefix="workbook-unseen-") as secret,
        socket.create_server(("127.0.0.1", 0)) as host,
    ):
        Path(secret.name).chmod(0o644)
        course = [str(root.resolve() / name) for name in ("exercises", "workbook.toml")] if root else []
        unseen = [secret.name, *course, *map(seen_as, course)]
        asked = {"unseen": unseen, "port": host.getsockname()[1]}
        try:
            with ServedApp(SandboxLauncher(folder), APP, patience=20) as app:
                found = _ask(app, asked)
            # One port in some ten thousand is the app's own, and it then reaches itself.
            reached = bool(select.select([host], [], [], 0)[0])
            return [hole for hole in found if hole != NETWORK or reached]
        except AppFailed as failure:
            return [f"it serves no app: {failure.text[:300]}"]


def _ask(app: ServedApp, asked: dict[str, object]) -> list[str]:
    body = json.dumps(asked).encode()
    with app.connect() as connection:
        connection.settimeout(20)
        head = f"POST / HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        response = b""
        while part := connection.recv(65536):
            response += part
    try:
        found: list[str] = json.loads(response.partition(b"\r\n\r\n")[2])
    except ValueError:
        return [f"it answers with {response[:100]!r}"]
    return found
