"""The owner's side of a served app."""

import contextlib
import shutil
import signal
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, Self

from .frames import last_words
from .hang import hang_text_of_dump
from .job import AppFailed, Job

MOST_OF_FILE = 1024 * 1024  # the app's author decides what is in it
MOST_OF_LOG = 4 * 1024 * 1024


class Line(Protocol):
    """What a launcher gives: the app's answer, and its life."""

    def answer(self, seconds: float) -> dict[str, Any]:
        """Return the app's one answer, or `{"ended": status}`; `{}` if it fell silent."""

    def end(self) -> None:
        """End the line, and with it the app; return when the process is gone."""

    app: Path  # the app directory, as the app sees it

    def connect(self, receive_buffer: int | None = None, seconds: float = 10) -> socket.socket:
        """Return a connection to the app that has answered. Raises `OSError`."""

    def files(self) -> list[str]:
        """Return the sorted paths of everything in the app's data folder, at any depth, that isn't a folder."""

    def read(self, name: str, most: int) -> bytes | None:
        """Return at most `most` bytes of a regular file in the data folder; None if there is none of this name."""


class Launcher(Protocol):
    """How a served app is started. Close it when the last app has been stopped."""

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
        self.folder = Path(tempfile.mkdtemp(prefix="workbook-app-")).resolve()
        try:
            self.data: Path = (options.pop("data", None) or self.folder / "data").resolve()
            self.data.mkdir(parents=True, exist_ok=True)
            log: Path | None = options.pop("log", self.folder / "log")
            self.log_file = log and log.resolve()
            places = Job(app=self.app_directory, folder=self.folder, data=self.data, log=self.log_file, env=self.env)
            job = replace(places, **options)
            self._line = launcher.open(job)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
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
        """All that the app has written so far, to standard output and standard error."""
        return self.log_since(0)

    @property
    def log_size(self) -> int:
        """How many bytes the app has written so far."""
        with contextlib.suppress(FileNotFoundError):
            return self.log_file.stat().st_size if self.log_file else 0
        return 0

    def log_since(self, size: int) -> str:
        """Return what the app has written since its log had `size` bytes."""
        with contextlib.suppress(FileNotFoundError):
            if self.log_file:
                with self.log_file.open("rb") as file:
                    file.seek(size)
                    log = file.read(MOST_OF_LOG).decode("utf-8", "replace")
                return log.replace(str(self._line.app), str(self.app_directory))
        return ""

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
        """End the app and remove its folder. Harmless when called twice."""
        self._line.end()
        shutil.rmtree(self.folder, ignore_errors=True)

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
        return AppFailed("hang", f"The app did not answer within {job.patience:g} seconds of its start.")


def _status(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-status).name}"
    return f"with exit status {status}"
