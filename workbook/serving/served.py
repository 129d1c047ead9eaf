"""The owner's side of a served app."""

import contextlib
import signal
import socket
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, Self

from workbook.folders import make_folder, remove_folder

from .frames import hang_text_of_dump, last_words
from .job import AppFailed, Job

MOST_OF_FILE = 1024 * 1024  # the app's author decides what is in it
MOST_OF_LOG = 1024 * 1024


class Line(Protocol):
    """What a launcher returns: the app's answer, and its life."""

    def answer(self, seconds: float) -> dict[str, Any]:
        """Return the app's one answer, or `{"ended": status}`; `{}` if there was none."""

    def end(self) -> None:
        """End the line, and with it the app; return when the process is gone."""

    app: Path  # the app directory, as the app sees it

    def connect(self, receive_buffer: int | None = None, seconds: float = 10) -> socket.socket:
        """Return a connection to the app that has answered. Raises `OSError`."""

    def files(self) -> list[str]:
        """Return the sorted paths of everything in the app's data folder, at any depth, that isn't a folder."""

    def read(self, name: str, most: int) -> bytes | None:
        """Return at most `most` bytes of a regular file in the data folder, or None if there isn't one of this name."""

    def log_size(self) -> int:
        """Return how many bytes the app has written to its log; 0 without one."""

    def read_log(self, start: int, most: int) -> bytes:
        """Return at most `most` bytes of the log, from byte `start` on."""


class Launcher(Protocol):
    """How a served app is started. Close it once the last app has been stopped."""

    name: str

    def open(self, job: Job) -> Line: ...

    def close(self) -> None: ...


class ServedApp:
    """An app directory served by uvicorn at `url`; `data` is its working directory, empty at the start.

    >>> with ServedApp(launcher, Path("stages/01-cors")) as app:
    ...     httpx.get(app.url)
    """

    def __init__(self, launcher: Launcher, app: Path, *, env: Mapping[str, str] | None = None, **options: Any) -> None:
        """Start it; `options` are the fields of `Job`. Raises `AppFailed`."""
        self.app_directory = app.resolve()
        self.env = dict(env or {})
        self.folder = make_folder("app")
        try:
            self.data: Path = (options.pop("data", None) or self.folder / "data").resolve()
            self.data.mkdir(parents=True, exist_ok=True)
            log: Path | None = options.pop("log", self.folder / "log")
            log = log and log.resolve()
            places = Job(app=self.app_directory, folder=self.folder, data=self.data, log=log, env=self.env)
            job = replace(places, **options)
            self._line = launcher.open(job)
        except BaseException:
            remove_folder(self.folder)
            raise
        try:
            answer = self._line.answer(job.patience + 5)
            if "url" not in answer:
                raise self._failure(answer, job)
        except BaseException:
            self.stop()
            raise
        self.url: str = answer["url"]
        self.pid: int = answer["pid"]
        self.imported: list[str] = answer.get("imported", [])

    @property
    def log(self) -> str:
        """Everything that the app has written so far, to standard output and standard error."""
        return self.log_since(0)

    @property
    def log_size(self) -> int:
        """How many bytes the app has written so far."""
        return self._line.log_size()

    @property
    def is_working(self) -> bool:
        """Whether one of the app's threads computes or waits for a core; always False where no Linux can say so."""
        states = []
        with contextlib.suppress(OSError):  # a thread that ends meanwhile, and any other system
            for stat in Path(f"/proc/{self.pid}/task").glob("*/stat"):
                states.append(stat.read_bytes().rpartition(b")")[2].split()[0])
        return any(state in (b"R", b"D") for state in states)

    def log_since(self, size: int, most: int = MOST_OF_LOG) -> str:
        """Return what the app has written since its log had `size` bytes: the last `most` bytes of it."""
        log = self._line.read_log(max(size, self._line.log_size() - most), most).decode("utf-8", "replace")
        return log.replace(str(self._line.app), str(self.app_directory))

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        """Return a connection to the app; `receive_buffer` makes it take a response in small sips. Raises `OSError`."""
        return self._line.connect(receive_buffer)

    def files(self) -> list[str]:
        """Return the sorted paths of everything in the data folder, at any depth, that isn't a folder."""
        return self._line.files()

    def read(self, name: str, most: int = MOST_OF_FILE) -> bytes | None:
        """Return at most `most` bytes of a regular file in the data folder; None if there's none, or only by a link."""
        return self._line.read(name, most)

    def stop(self) -> None:
        """End the app and remove its folder. You can call it twice."""
        self._line.end()
        remove_folder(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _failure(self, answer: dict[str, Any], job: Job) -> AppFailed:
        if "failed" in answer:
            return AppFailed(answer["failed"], answer["text"])
        log = self.log
        if "Timeout (" in log:
            return AppFailed("hang", hang_text_of_dump(log.rpartition("Timeout (")[2], job.app, job.patience))
        if "ended" in answer:
            text = f"The app ended by itself while it was starting, {_status(answer['ended'])}."
            return AppFailed("exit", text + last_words(log))
        return AppFailed("hang", f"The app didn't answer within {job.patience:g} seconds of its start.")


Wanted = tuple[str, dict[str, str]]  # an app directory, and its environment
MOST_AHEAD = 3  # apps that wait to be asked for


class AppsAhead:
    """Apps that are started one after the other while the first tests run, and apps whose end no one waits for.

    `wanted`: those that the run will ask for, in this order, as far as one can know. What isn't there yet when it's
    asked for is for the one who asks to start.
    """

    def __init__(self, launcher: Launcher, wanted: Sequence[Wanted]) -> None:
        self._launcher = launcher
        self._wanted = list(wanted)
        self._begun: list[tuple[Wanted, Future[ServedApp]]] = []
        self._changed = threading.Condition()
        self._stopping = ThreadPoolExecutor(2)
        threading.Thread(target=self._start_all, daemon=True).start()

    def _start_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: len(self._begun) < MOST_AHEAD or not self._wanted)
                if not self._wanted:
                    return
                wanted, future = self._wanted.pop(0), Future[ServedApp]()
                self._begun.append((wanted, future))
            try:
                future.set_result(ServedApp(self._launcher, Path(wanted[0]), env=wanted[1]))
            except BaseException as error:  # for the test that asks for this app
                future.set_exception(error)
                self._forget()

    def take(self, app: Path, env: Mapping[str, str]) -> ServedApp | None:
        """Return an app of this directory and environment, started or about to be; None without one.

        Raises what its start has raised.
        """
        wanted = str(app), dict(env)
        with self._changed:
            found = next((pair for pair in self._begun if pair[0] == wanted), None)
            if found:
                self._begun.remove(found)
                self._changed.notify_all()
            elif wanted in self._wanted:
                self._wanted.remove(wanted)
        return found[1].result() if found else None

    def _forget(self) -> None:
        """Start no more."""
        with self._changed:
            self._wanted.clear()
            self._changed.notify_all()

    def stop(self, app: ServedApp) -> None:
        """Stop an app without waiting for its end."""
        self._stopping.submit(app.stop)

    def close(self) -> None:
        """Stop what wasn't asked for, and wait until all are gone. One that still starts ends with this process."""
        self._forget()
        for _, future in self._begun:
            if future.done() and not future.exception():
                self.stop(future.result())
        self._stopping.shutdown()


def _status(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-status).name}"
    return f"with exit status {status}"
