"""`workbook run`: serve a step as its users would see it."""

import contextlib
import os
import queue
import time
from pathlib import Path

from workbook.course.model import Course, Step
from workbook.errors import UserError
from workbook.learner.file_watcher import FileWatcher
from workbook.learner.step_check import Subject
from workbook.learner.workspace import cannot_make, set_aside
from workbook.plugin.browser import serve_pages
from workbook.serving import AppFailed, ServedApp, SpawnLauncher

from .context import Context
from .run_output import Output
from .screens import shown_path
from .terminal import Terminal

PAGE_PORT = 3000
GRACE = 10.0


def run_step(name: str | None, *, shipped: bool, port: int, fresh: bool) -> None:
    """Serve the step until Ctrl-C, again after every save."""
    here = Context()
    step = here.step(name)
    subject = Subject.of(here.course, step, shipped=shipped)
    terminal = here.terminal
    again = ["uv", "run", "workbook", "run", step.name, *(["--shipped"] if shipped else [])]
    at_port = ["--port", str(port)] if port != 8000 else []
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
                output = one.enter_context(contextlib.closing(Output(terminal, [*again, *at_port])))
                app = _serve(terminal, subject.folder, data, port, env, output, again)
                if app:
                    one.callback(app.stop)
                    terminal.line(f"{step.title}, {shown_path(subject.folder)}", "bold")
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
                terminal.outcome("broken", "The app does not start.")
                terminal.field("It says", failure.text.splitlines())
                output.notice(failure.text.encode())
                output.close()
                terminal.line("Correct it and save; it is then tried again.")
                return None
            if time.monotonic() > deadline:
                raise UserError(
                    f"Port {port} is in use, perhaps by another workbook run.",
                    f"end that, or take another port: {' '.join([*again, '--port', str(port + 1)])}",
                    code=1,
                ) from None
            time.sleep(0.1)


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
