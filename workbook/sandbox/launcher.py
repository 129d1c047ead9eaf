"""The sandbox launcher: every app behind bubblewrap, reached through sockets that its supervisor hands out."""

import contextlib
import errno
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbook.sandbox.inside.app import DATA, PROJECT
from workbook.sandbox.inside.supervisor import NO_ROOM
from workbook.serving.job import AppFailed, Job

from . import bubblewrap
from .mail import MailRelay
from .packing import MOST_BYTES, TooMuch, entries, pack_folders, read_stored

# 64 MiB of submission, and of what it stores; both count as memory.
LIMITS = {"memory": 1024 * 2**20, "cpu": 60, "threads": 96, "file_size": 32 * 2**20}
DISK, INODES = 160 * 2**20, 8_192
MOST_OF_ANSWER = 64 * 1024
MOST_OF_MESSAGE = 4096
SUPERVISOR = "workbook.sandbox.inside.supervisor"
CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETPCAP", "CAP_NET_ADMIN")
VARIABLE = "WORKBOOK_SANDBOX"
START = 20.0  # seconds for what happens before the submission's own code


class SandboxLauncher:
    """Starts apps by way of an opened sandbox's folder: see `workbook.sandbox.opening.open_sandbox`."""

    name = "sandbox"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tier = (folder / "tier").read_text(encoding="utf-8")
        self._filter = (folder / "filter").read_bytes()
        self.ended: list[
            dict[str, Any]
        ] = []  # how each app ended: its exit status, seconds of processor, bytes of memory

    def open(self, job: Job) -> "_Jailed":
        control, process = self._forked() if self.tier == "fork" else self._fresh()
        try:
            return _Jailed(job, control, process, self._filter, self.ended.append)
        except BaseException:
            control.close()
            if process:
                process.wait()
            raise

    def _forked(self) -> tuple[socket.socket, None]:
        control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            control.connect(str(self._folder / "socket"))
        except OSError as error:
            control.close()
            raise RuntimeError("the sandbox is gone; start again") from error
        return control, None

    def _fresh(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        return fresh(self._folder / "log")

    def close(self) -> None:
        pass  # the sandbox is closed by who has opened it


def fresh(log: Path) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start a separate bubblewrap with a supervisor in it, and return the control socket and the process."""
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = bubblewrap.start_bubblewrap(
            SUPERVISOR, passed=theirs.fileno(), log=log, capabilities=CAPABILITIES, stdin=subprocess.DEVNULL
        )
    return control, process


class _Jailed:
    """An app in a sandbox. `control` is its supervisor's alone; what comes by `answers` the app may have written."""

    app = Path(PROJECT)

    def __init__(
        self,
        job: Job,
        control: socket.socket,
        process: subprocess.Popen[bytes] | None,
        program: bytes,
        on_end: Callable[[dict[str, Any]], None],
    ) -> None:
        self._job, self._control, self._process, self._on_end = job, control, process, on_end
        self._talking = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._ended: dict[str, Any] | None = None
        self._port = 0
        self._data = self._log = -1
        self._mail: list[MailRelay] = []
        control.settimeout(START)
        ports = [int(job.env["SMTP_PORT"])] if job.env.get("SMTP_PORT", "").isdecimal() else []
        request = {"limits": LIMITS, "disk": DISK, "inodes": INODES, "reach": ports, "filter": program.hex()}
        with contextlib.ExitStack() as stack:
            tar = stack.enter_context(os.fdopen(os.memfd_create("project"), "w+b"))
            tar.write(self._packed())
            tar.seek(0)
            lines, self._lines = os.pipe()
            self._answers, answers = os.pipe()
            stack.callback(os.close, lines)
            stack.callback(os.close, answers)
            with contextlib.suppress(OSError):  # it's gone: what it says, or doesn't, comes next
                socket.send_fds(control, [json.dumps(request).encode()], [tar.fileno(), lines, answers])
        inside = replace(job, app=Path(PROJECT), folder=None, data=Path(DATA), log=None, host="127.0.0.1", port=0)
        self._send_line(inside.to_line())
        self._receive_ready(ports)

    def _packed(self) -> bytes:
        folders = {"project": self._job.app}
        if self._job.data and self._job.data.is_dir():
            folders["data"] = self._job.data  # what an earlier life of the app has left
        try:
            return pack_folders(folders)
        except TooMuch as error:
            raise AppFailed("startup", f"The submission can't be served: {error}.") from error

    def _send_line(self, line: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._lines, line)

    def _receive_ready(self, ports: list[int]) -> None:
        try:
            message, fds, _, _ = socket.recv_fds(self._control, MOST_OF_MESSAGE, 2 + len(ports))
        except OSError:
            message, fds = b"", []
        if message != b"ready":
            for fd in fds:
                os.close(fd)
            why = "has no room for another process" if message == NO_ROOM else "didn't start an app"
            raise RuntimeError(f"the sandbox's supervisor {why}")
        self._data, self._log, *listeners = fds
        for fd, port in zip(listeners, ports, strict=True):
            self._mail.append(MailRelay(socket.socket(fileno=fd), port))

    def answer(self, seconds: float) -> dict[str, Any]:
        """Return the app's one answer: only kind, text and port, because the submission may have forged it."""
        said, deadline = b"", time.monotonic() + seconds
        while b"\n" not in said and len(said) < MOST_OF_ANSWER:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                return {}
            part = os.read(self._answers, 4096)
            if not part:
                gone = self._wait(2)
                return {"ended": self._ended["ended"] if self._ended else -signal.SIGKILL} if gone else {}
            said += part
        try:
            told = json.loads(said.partition(b"\n")[0])
            if isinstance(told["url"], str):
                self._port = int(told["url"].rpartition(":")[2])
                return {"url": f"http://127.0.0.1:{self._port % 65536}", "pid": 0}
        except (ValueError, KeyError, TypeError, RecursionError):
            with contextlib.suppress(KeyError, TypeError, UnboundLocalError):
                return {"failed": str(told["failed"])[:20], "text": str(told["text"])[:8000]}
        return {"failed": "startup", "text": "The app didn't start the way an app does."}

    def connect(self, receive_buffer: int | None = None, seconds: float = 10) -> socket.socket:
        """Return a connection to the app, made by a socket of the app's own network. Raises `OSError`."""
        opened = self._socket()
        if receive_buffer:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(seconds)
        try:
            opened.connect(("127.0.0.1", self._port % 65536))
        except BaseException:
            opened.close()
            raise
        return opened

    def _socket(self) -> socket.socket:
        with self._talking:
            if not self._sockets:
                try:
                    self._control.settimeout(START)
                    self._control.send(b"sockets")
                    message, fds, _, _ = socket.recv_fds(self._control, MOST_OF_MESSAGE, 16)
                except OSError as error:
                    raise ConnectionRefusedError("the app is gone") from error
                if message != b"sockets":
                    self._note(message)
                    raise ConnectionRefusedError("the app is gone")
                self._sockets = [socket.socket(fileno=fd) for fd in fds]
            return self._sockets.pop()

    def files(self) -> list[str]:
        return sorted(entries(self._data))

    def read(self, name: str, most: int) -> bytes | None:
        return read_stored(self._data, name, most)

    def log_size(self) -> int:
        return os.fstat(self._log).st_size if self._log >= 0 else 0

    def read_log(self, start: int, most: int) -> bytes:
        return os.pread(self._log, most, start) if self._log >= 0 else b""

    def _note(self, message: bytes) -> None:
        with contextlib.suppress(ValueError):
            self._ended = json.loads(message)

    def _wait(self, seconds: float) -> bool:
        """Wait for the supervisor's last words."""
        deadline = time.monotonic() + seconds
        with self._talking:
            while self._ended is None:
                self._control.settimeout(max(0.01, deadline - time.monotonic()))
                try:
                    message, fds, _, _ = socket.recv_fds(self._control, MOST_OF_MESSAGE, 16)
                except TimeoutError:
                    return False
                except OSError:
                    return True
                for fd in fds:
                    os.close(fd)
                if not message:
                    return True
                self._note(message)
        return True

    def end(self) -> None:
        if self._lines < 0:
            return
        os.close(self._lines)  # the app leaves
        self._lines = -1
        if not self._wait(self._job.grace + 3):
            self._control.shutdown(socket.SHUT_WR)  # its supervisor ends it
            self._wait(5)
        self._control.close()
        if self._process:
            self._process.wait()
        for relay in self._mail:
            relay.close()
        for unused in self._sockets:
            unused.close()
        os.close(self._answers)
        try:
            self._keep_data()
        finally:
            os.close(self._data)
            log, self._log = self._log, -1
            os.close(log)
            if self._ended:
                self._on_end(self._ended)

    def _keep_data(self) -> None:
        """Put the data folder's regular files in the place of what's outside, if they're to outlive the app.

        A file costs what's read of it, its holes too: they'd take up the disk outside.
        """
        place = self._job.data
        if place is None or (self._job.folder and place.is_relative_to(self._job.folder)):
            return
        shutil.rmtree(place, ignore_errors=True)  # of what the last life left, this one may have removed some
        left = MOST_BYTES
        with contextlib.suppress(TooMuch):
            for name in entries(self._data):
                content = read_stored(self._data, name, LIMITS["file_size"])
                if content is None:
                    continue
                left -= len(content)
                if left < 0:
                    return
                try:
                    target = place / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content)
                except OSError as error:
                    if error.errno == errno.ENAMETOOLONG:  # for the path outside, which has more folders
                        continue
                    raise RuntimeError(f"the sandbox's files can't be kept: {error.strerror}") from error
