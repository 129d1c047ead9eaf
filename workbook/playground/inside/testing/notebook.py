"""A stage's notebook in the page: its cells run one after another, and keep what they made, as in Jupyter."""

import ast
import contextlib
import importlib
import io
import json
import linecache
import os
import pprint
import shutil
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from workbook.plugin.client import Client
from workbook.serving import ServedApp

from . import fixtures
from .launcher import PageLauncher
from .loop import tests_may_wait
from .session import WORK

clients = importlib.import_module("workbook.plugin.client")  # the package has a fixture of this name
WIDTH = 79  # as Jupyter shows values
Report = Callable[[dict[str, Any]], object]


class _Values(pprint.PrettyPrinter):
    """Shows values as Jupyter does: a long string stays one."""

    _dispatch: ClassVar[dict[Any, Any]] = {
        kind: show
        for kind, show in pprint.PrettyPrinter._dispatch.items()  # type: ignore[attr-defined]
        if kind is not str.__repr__
    }


class NotebookSession:
    """The files of a stage, an open notebook in them, and the apps that its cells have served."""

    def __init__(self, key: str, files: dict[str, str]) -> None:
        self.key = key
        self._folder = WORK.with_name("notebook")
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._tell: Report = lambda _: None
        self._stack = contextlib.ExitStack()
        shutil.rmtree(self._folder, ignore_errors=True)
        for name, text in files.items():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def close(self) -> None:
        """End the apps, and forget everything that cells have made."""
        self._stack.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run_cell(self, number: int, code: str, tell: Report) -> dict[str, str]:
        """Run one cell; return what it printed, the value of its last line, and what went wrong."""
        said, name = io.StringIO(), f"cell {number}"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        told = {"value": "", "problem": ""}
        with self._in_its_place(tell), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                value = _last_value(code, name, self._names)
                told["value"] = "" if value is None else _Values(width=WIDTH, sort_dicts=False).pformat(value)
            except pytest.skip.Exception as needs:
                told["problem"] = f"This cell needs {str(needs).removeprefix(fixtures.NOT_IN_A_PAGE)}."
                told["needs"] = str(needs).removeprefix(fixtures.NOT_IN_A_PAGE)
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                told["problem"] = _told(error, name)
        return told | {"out": said.getvalue()}

    @contextlib.contextmanager
    def _in_its_place(self, tell: Report) -> Iterator[None]:
        before, serve = Path.cwd(), clients.serve
        os.chdir(self._folder)
        clients.serve = self._serve  # type: ignore[attr-defined]
        try:
            with fixtures.missing_parts_are_named(), tests_may_wait(lambda event: tell({"event": event}), end=False):
                yield
        finally:
            os.chdir(before)
            clients.serve = serve  # type: ignore[attr-defined]

    def _serve(self, app_directory: str | Path = ".", **env: str) -> Client:
        """Serve an app as `workbook.serve` does, in this page."""
        app = ServedApp(PageLauncher(), Path(app_directory).resolve(), env=env)
        self._stack.callback(app.stop)
        api = Client(app, [])
        api.timeout = 60
        return api


def _last_value(code: str, name: str, names: dict[str, Any]) -> Any:
    """Run the code; return the value of its last line, if that's an expression."""
    tree = ast.parse(code, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)
    return eval(compile(ast.Expression(last.value), name, "eval"), names) if isinstance(last, ast.Expr) else None


def _told(error: BaseException, name: str) -> str:
    """Return the traceback without our own frames and those of packages."""
    told = traceback.TracebackException.from_exception(error)
    told.stack = traceback.StackSummary.from_list([frame for frame in told.stack if frame.filename == name])
    return "".join(told.format()).strip()


_open: NotebookSession | None = None


def close_notebook() -> None:
    """Close the open notebook, if there's one: other work in this Python begins without it."""
    global _open
    if _open is not None:
        closing, _open = _open, None
        closing.close()


def run_cell_of(job_text: str, report: Callable[[str], object]) -> None:
    """Run a cell of a job: `key`, `files`, `number`, `code`; `fresh` begins the notebook again."""
    global _open
    job = json.loads(job_text)
    if job["fresh"] or _open is None or _open.key != job["key"]:
        close_notebook()
        _open = NotebookSession(job["key"], job["files"])
    report(json.dumps({"event": "ran", **_open.run_cell(job["number"], job["code"], lambda e: report(json.dumps(e)))}))
