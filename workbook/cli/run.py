"""`workbook run`: serve a step as its users would see it, and pass on what its app writes."""

import contextlib
import os
import queue
import re
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from workbook.course.model import Course, Step
from workbook.errors import UserError
from workbook.learner.file_watcher import FileWatcher
from workbook.learner.step_check import Subject
from workbook.learner.workspace import cannot_make, set_aside
from workbook.plugin.browser import serve_pages
from workbook.serving import AppFailed, ServedApp, SpawnLauncher
from workbook.serving.frames import with_own_frames

from .context import Context
from .screens import shown_path
from .terminal import Terminal

PAGE_PORT = 3000
GRACE = 10.0
# A column that the models have and the database lacks, in the words of SQLite and of PostgreSQL.
NO_COLUMN = re.compile(
    rb"no such column: (?P<select>[\w.]+)"
    rb"|has no column named (?P<insert>\w+)"
    rb'|column "?(?P<postgresql>[\w.]+)"?( of relation "\w+")? does not exist'
)
PAUSE = 0.3  # seconds: a traceback is written at one go, and its meaning comes behind it
LONGEST_LINE = 4096
LONGEST_TRACEBACK = 1024 * 1024
ONE_WRITE = 0.05  # seconds: a traceback may come in pieces
SHORTENED = "(Those are your own files' lines; --all shows the libraries' too.)\n"


class Output:
    """The way of one app's output to standard error. Close it when the app has ended."""

    def __init__(self, terminal: Terminal, again: Sequence[str], folder: Path | None = None) -> None:
        """Write to this terminal; `again` is the command that serves the app once more.

        Of a traceback, only the frames in `folder` are written, if it's given.
        """
        self._terminal, self._again, self._folder = terminal, again, folder
        self._kept_back = b""  # what may be a traceback that hasn't ended
        self._writing: threading.Timer | None = None
        self._one_writes = threading.Lock()
        self._last = b""
        self._telling: threading.Timer | None = None
        self._told = threading.Lock()

    @property
    def colours(self) -> bool:
        """Whether the app's log may have colours, as it would on the terminal itself."""
        return not self._terminal.plain and sys.stderr.isatty()

    def take(self, data: bytes) -> None:
        """Pass on what the app has written."""
        with self._one_writes:
            self._kept_back += data
            if self._writing:
                self._writing.cancel()
                self._writing = None
            may_end = len(self._kept_back) > LONGEST_TRACEBACK
            if self._folder and b"Traceback (most recent call last)" in self._kept_back and not may_end:
                self._writing = threading.Timer(ONE_WRITE, self._write)
                self._writing.daemon = True
                self._writing.start()
        if not self._writing:
            self._write()
        self.notice(data)

    def _write(self) -> None:
        with self._one_writes:
            data, self._kept_back, self._writing = self._kept_back, b"", None
            if self._folder and data:
                text = data.decode("utf-8", "surrogateescape")
                short = with_own_frames(text, self._folder)
                if len(short) < len(text):
                    short += SHORTENED
                data = short.encode("utf-8", "surrogateescape")
            with contextlib.suppress(OSError):  # no one reads it any more; the app must not wait for that
                sys.stderr.buffer.write(data)
                sys.stderr.buffer.flush()

    def notice(self, data: bytes) -> None:
        """Look for the mishap in what the app wrote, or in why it does not start."""
        seen, self._last = self._last + data, (self._last + data).rpartition(b"\n")[2][-LONGEST_LINE:]
        if self._telling is None and (found := NO_COLUMN.search(seen)):
            column = next(part for part in found.groupdict().values() if part).decode()
            self._telling = threading.Timer(PAUSE, self._tell, (column,))
            self._telling.daemon = True
            self._telling.start()

    def close(self) -> None:
        """Write and report what hasn't been yet."""
        self._write()
        if self._telling:
            self._telling.cancel()
            self._telling.function(*self._telling.args)

    def _tell(self, column: str) -> None:
        if not self._told.acquire(blocking=False):
            return
        terminal = self._terminal
        terminal.line()
        terminal.line(
            f"The database doesn't have a column {column}: it's older than the models. A table that exists already "
            "isn't changed when the app starts.",
            "bold yellow",
        )
        if os.environ.get("DATABASE_URL"):
            terminal.field("Next", ["DATABASE_URL names that database: name an empty one"], prose=True)
        else:
            terminal.field("Next", ["begin with an empty data folder; the old one is kept:"], prose=True)
            terminal.field("", [" ".join([*self._again, "--fresh"])])
        terminal.line()


def run_step(name: str | None, *, shipped: bool, port: int, fresh: bool, whole: bool = False) -> None:
    """Serve the step until Ctrl-C, again after every save."""
    here = Context()
    step = here.step(name)
    subject = Subject.of(here.course, step, shipped=shipped)
    terminal = here.terminal
    again = ["uv", "run", "workbook", "run", step.name, *(["--shipped"] if shipped else [])]
    at_port = ["--port", str(port)] if port != 8000 else []
    if fresh and _is_listening(port):  # first, because the app there may be using the data that --fresh moves aside
        raise _port_in_use(port, [*again, "--fresh"])
    data = _data_folder(terminal, here.course, step, fresh=fresh)
    with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        saves: queue.Queue[list[Path]] = queue.Queue()
        stack.enter_context(FileWatcher(subject.folder, saves.put))
        settings = (here.course.project if step.kind == "exercise" else step).run
        page = ""
        # What the learner has set in front of the command wins; set to nothing, the app has none of it.
        env = {name: value for name, value in settings.env.items() if name not in os.environ}
        for name in [name for name in settings.env if os.environ.get(name) == ""]:
            del os.environ[name]
        if settings.mailbox and "SMTP_PORT" not in os.environ:
            env |= _mailbox(stack, terminal)
        if settings.page:
            page = _page(stack, subject.folder / settings.page, port)
        while True:
            with contextlib.ExitStack() as one:
                own = None if whole or not sys.stderr.isatty() else subject.folder
                output = one.enter_context(contextlib.closing(Output(terminal, [*again, *at_port], own)))
                terminal.line(f"{step.title}, {shown_path(subject.folder)}", "bold")
                app = _serve(terminal, subject.folder, data, port, env, output, again)
                if app:
                    one.callback(app.stop)
                    if shipped and (copy := here.course.copy(step)).is_dir():
                        said = f"This is the original. Yours is in {shown_path(copy)}: uv run workbook run {step.name}"
                        terminal.line(said, "dim")
                    if page:
                        terminal.field("Page", [page])
                    terminal.field("App", [app.url])
                    terminal.field("Its docs", [f"{app.url}/docs"])
                    terminal.field("Its data", [shown_path(data)])
                    terminal.line("Served again at every save. Ctrl-C ends it.", "dim")
                _wait(saves)
                terminal.line("Saved; served again.", "dim")
    terminal.line("Stopped.")


def _wait(saves: "queue.Queue[list[Path]]") -> None:
    while True:
        with contextlib.suppress(queue.Empty):
            saves.get(timeout=0.5)
            return


def _serve(
    terminal: Terminal, folder: Path, data: Path, port: int, env: dict[str, str], output: Output, again: list[str]
) -> ServedApp | None:
    """Return the running app; if it doesn't start, say why and return None. Raises `UserError` if the port is taken."""
    deadline = time.monotonic() + 2  # the port of the app before may be free only in a moment
    while True:
        try:
            return ServedApp(
                SpawnLauncher(output.take),
                folder,
                env=env,
                inherit_env=True,
                port=port,
                data=data,
                log=None,
                grace=GRACE,
                colours=output.colours,
            )
        except AppFailed as failure:
            if failure.kind != "port":
                terminal.outcome("broken", "The app doesn't start.")
                terminal.field("It says", failure.text.splitlines())
                output.notice(failure.text.encode())
                output.close()
                terminal.line("Correct it and save; it is then tried again.")
                return None
            if time.monotonic() > deadline:
                raise _port_in_use(port, again) from None
            time.sleep(0.1)


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _port_in_use(port: int, again: list[str]) -> UserError:
    return UserError(
        f"Port {port} is in use, perhaps by another workbook run. If you take another one, the lesson's curl lines "
        "need it too.",
        f"end that, or take another port: {' '.join([*again, '--port', str(port + 1)])}",
        code=1,
    )


def _data_folder(terminal: Terminal, course: Course, step: Step, *, fresh: bool) -> Path:
    """Return the path where the app's database and files stay between runs; `fresh` moves the old ones aside."""
    data = course.data(step)
    if fresh and data.exists():
        terminal.line(f"The data so far is kept in {shown_path(set_aside(data, data.parent))}.", "dim")
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_make(data, error) from error
    return data


def _mailbox(stack: contextlib.ExitStack, terminal: Terminal) -> dict[str, str]:
    from workbook.plugin.mailbox import Mailbox

    def show(message: object) -> None:
        terminal.field("Mail", str(message).rstrip().splitlines(), "cyan")

    mailbox = Mailbox(on_message=show)
    stack.callback(mailbox.close)
    terminal.line(f"Mail sent to {mailbox.host}:{mailbox.port} is shown here and goes nowhere else.", "dim")
    return {"SMTP_HOST": mailbox.host, "SMTP_PORT": str(mailbox.port)}


def _page(stack: contextlib.ExitStack, folder: Path, port: int) -> str:
    """Serve the step's pages on their own origin; returns the address to open."""
    try:
        origin = stack.enter_context(serve_pages(folder, PAGE_PORT))
    except OSError as error:
        raise UserError(
            f"Port {PAGE_PORT}, for the page on another origin, is in use.",
            "end what uses it, then run this again",
            code=1,
        ) from error
    query = f"/?api=http://127.0.0.1:{port}" if port != 8000 else ""
    return origin + query
