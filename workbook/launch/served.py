"""The owner's side of a served app."""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, Self

from .job import AppFailed, Job


class Line(Protocol):
    """What a launcher gives: the app's answer, and its life."""

    def answer(self, seconds: float) -> dict[str, Any]:
        """Return the app's one answer, or `{"ended": status}`; `{}` if it fell silent."""

    def end(self) -> None:
        """End the line, and with it the app; return when the process is gone."""


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
        self.folder = Path(tempfile.mkdtemp(prefix="workbook-app-"))
        self.data = options.pop("data", None) or self.folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.log_file: Path | None = options.pop("log", self.folder / "log")
        job = Job(app=app.resolve(), data=self.data, log=self.log_file, env=dict(env or {}))
        job = replace(job, folder=self.folder, **options)
        self.app_directory = job.app
        try:
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
        if self.log_file is None:
            return ""
        try:
            return self.log_file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

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
            return AppFailed("hang", _where_it_hangs(log, job))
        if "ended" in answer:
            said = f" It had written:\n{log[-2000:].rstrip()}" if log.strip() else ""
            return AppFailed(
                "exit", f"The app ended by itself while it was starting, {_status(answer['ended'])}.{said}"
            )
        return AppFailed("hang", f"The app did not answer within {job.patience:g} seconds of its start.")


def _status(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            import signal

            return f"killed by {signal.Signals(-status).name}"
    return f"with exit status {status}"


def _where_it_hangs(log: str, job: Job) -> str:
    """The innermost line of the app's own code in a faulthandler dump (most recent call first)."""
    for file, line, name in re.findall(r'File "([^"]+)", line (\d+) in (\S+)', log.partition("Timeout (")[2]):
        path = Path(file)
        if path.is_relative_to(job.app):
            where = f"{path.relative_to(job.app).as_posix()}, line {line}"
            inside = "" if name == "<module>" else f", in {name}()"
            source = _source_line(path, int(line))
            return f"The app had not started after {job.patience:g} seconds. It hangs at {where}{inside}:\n    {source}"
    return f"The app had not started after {job.patience:g} seconds; it hangs outside its own files."


def _source_line(path: Path, number: int) -> str:
    with contextlib.suppress(OSError, IndexError):
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[number - 1].strip()
    return ""
