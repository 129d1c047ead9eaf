"""The served app's own process: it reads a job, sends one line back, and serves until its line ends."""

import asyncio
import contextlib
import faulthandler
import json
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any, NoReturn

import uvicorn

from .frames import hang_text, last_traceback, last_words
from .importing import import_app, load_without_bytecode
from .job import AppFailed, Job
from .probes import add_probes, move_clock

if TYPE_CHECKING:
    from .warm import ChildLine

# What an app may see of the environment that the tests run in: its settings come from the test alone.
KEPT_VARIABLES = {"PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV", "TZ"}
KEPT_VARIABLES |= {"SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"}
KEPT_PREFIXES = ("COV", "LC_", "PYTHON")


def serve_job(lines: IO[bytes], answers: IO[bytes]) -> NoReturn:
    """Serve the job in the first line of `lines`; end when `lines` ends."""
    job = Job.from_line(lines.readline())
    app = _Life(job, lines, answers)
    try:
        app.run()
    except AppFailed as failure:
        app.answer(failed=failure.kind, text=failure.text)
    app.end(1)


def serve_forked(line: "ChildLine") -> NoReturn:
    """Serve the job that comes by the line, in a fork of the warm process."""
    serve_job(line.lines, line.answers)


class _Life:
    def __init__(self, job: Job, lines: IO[bytes], answers: IO[bytes]) -> None:
        self.job, self.lines, self.answers = job, lines, answers
        self.server: _Server | None = None
        self.started = threading.Event()

    def run(self) -> None:
        self._set_the_scene()
        threading.Thread(target=self._watch_the_line, daemon=True).start()
        threading.Thread(target=self._watch_for_hangs, daemon=True).start()
        before = set(sys.modules)
        if self.job.clock:
            move_clock(self.job.clock)
        module = self._import()
        if self.job.probes:
            add_probes(module.app)
        sock = self._listen()
        host, port = sock.getsockname()[:2]
        url = f"http://{host}:{port}"

        def started() -> None:
            self.started.set()
            imported = sorted(set(sys.modules) - before) if self.job.report_imports else []
            self.answer(url=url, pid=os.getpid(), imported=imported)

        colours = self.job.colours or None
        config = uvicorn.Config(module.app, loop="asyncio", http="h11", ws="none", log_level="info", use_colors=colours)
        self.server = _Server(config, on_started=started, on_left=lambda: self.end(0))
        with contextlib.suppress(SystemExit):
            self.server.run(sockets=[sock])
        if not self.server.started:
            log = self._log()
            why = last_traceback(log, self.job.app) or log[-2000:] or "(see above)"
            raise AppFailed("startup", f"The app was imported, but its start-up failed:\n{why}")
        self.end(0)

    def _set_the_scene(self) -> None:
        job = self.job
        log = 2 if job.log is None else os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.stdin = os.fdopen(0, closefd=False)
        sys.stdout = os.fdopen(1, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
        sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
        if not job.inherit_env:
            for name in list(os.environ):
                if name not in KEPT_VARIABLES and not name.startswith(KEPT_PREFIXES):
                    del os.environ[name]
        os.environ.update(job.env)
        if sys.platform != "win32":
            time.tzset()  # a TZ that was set after Python's start counts from here on
        os.chdir(job.data or job.app)
        sys.argv = ["app"]
        load_without_bytecode(job.app)
        sys.path.insert(0, str(job.app))
        faulthandler.dump_traceback_later(job.patience + 1, exit=True, file=2)

    def _import(self) -> ModuleType:
        try:
            return import_app(self.job.app)
        except AppFailed as failure:
            if failure.kind != "exit":
                raise
            raise AppFailed("exit", failure.text + last_words(self._log())) from failure

    def _watch_the_line(self) -> None:
        with contextlib.suppress(OSError):  # it is reset where the owner died with our answer unread
            self.lines.read(1)  # the owner writes nothing more: this returns when the owner is gone
        if self.server:
            self.server.leave(graceful=self.job.grace > 0)
            threading.Event().wait(self.job.grace or 2)
        self.end(0)

    def _watch_for_hangs(self) -> None:
        """Report a start that hangs.

        Code that lets no other thread run, a runaway regular expression say, keeps this thread from it, and the one
        that watches the line too. Then faulthandler ends the process: it is put off as long as threads do run.
        """
        patience = self.job.patience
        if not self.started.wait(patience):
            loop = self.server.loop if self.server else None
            self.answer(failed="hang", text=hang_text(self.job.app, patience, loop))
            self.end(1)
        while True:
            faulthandler.dump_traceback_later(patience, exit=True, file=2)
            time.sleep(patience / 4)

    def _listen(self) -> socket.socket:
        # With proto=IPPROTO_TCP asyncio turns TCP_NODELAY on; without it, responses wait for the client's delayed ACK.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if sys.platform != "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((self.job.host, self.job.port))
        except OSError as error:
            raise AppFailed("port", f"Port {self.job.port} can't be used: {error.strerror}.") from error
        return sock

    def _log(self) -> str:
        return self.job.log.read_text(encoding="utf-8", errors="replace") if self.job.log else ""

    def answer(self, **what: Any) -> None:
        try:
            self.answers.write(json.dumps(what).encode() + b"\n")
            self.answers.flush()
        except OSError:
            pass  # the owner has gone; the line's end says so too

    def end(self, status: int) -> NoReturn:
        if self.job.folder:
            shutil.rmtree(self.job.folder, ignore_errors=True)
        os._exit(status)


class _Server(uvicorn.Server):
    """uvicorn's server, stopped by an event instead of a flag that it checks ten times a second."""

    def __init__(
        self, config: uvicorn.Config, *, on_started: Callable[[], None], on_left: Callable[[], NoReturn]
    ) -> None:
        super().__init__(config)
        self._on_started, self._on_left = on_started, on_left
        self._graceful = True
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._leaving = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if not self.should_exit:
            self._on_started()

    async def main_loop(self) -> None:
        while not self._leaving.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), 0.5)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._graceful:
            await super().shutdown(sockets)
        else:
            await self.lifespan.shutdown()
            self._on_left()  # not by way of the loop's end, which waits for every thread that still works

    def leave(self, *, graceful: bool) -> None:
        """Stop, from any thread; `graceful` lets running requests and their background tasks end first."""
        self._graceful = graceful
        self.should_exit = True
        if self.loop:
            self.loop.call_soon_threadsafe(self._leaving.set)

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        if self.loop:
            self.loop.call_soon_threadsafe(self._leaving.set)  # wakes the loop, which may be asleep in select


if __name__ == "__main__":
    # Move the line away from 0 and 1 before the app can write to them.
    stdin, stdout = os.dup(0), os.dup(1)
    serve_job(os.fdopen(stdin, "rb", 0), os.fdopen(stdout, "wb", 0))
