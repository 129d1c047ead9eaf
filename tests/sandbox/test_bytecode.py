"""Nothing that apps import is compiled or imported more often than it needs to be."""

import os
import py_compile
import stat
import sys
from pathlib import Path

import pytest

from workbook.plugin.client import Client
from workbook.sandbox import open_sandbox
from workbook.sandbox.bytecode import keep_bytecode
from workbook.sandbox.launcher import SandboxLauncher
from workbook.serving import ServedApp

from ..apps import PLAIN, write


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What Python was started with, by a program that is called instead: a package is importable here alone."""
    write(tmp_path / "packages", {"shelf/__init__.py": "", "shelf/books.py": ""})
    monkeypatch.syspath_prepend(tmp_path / "packages")
    program, said = tmp_path / "python", tmp_path / "said"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{said}"\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(program))
    return said


def test_what_lacks_bytecode_is_imported_once(asked: Path, tmp_path: Path) -> None:
    """If a package's bytecode is missing, another process imports the modules; if it's there, none is started."""
    keep_bytecode(["shelf.books", "json"])
    assert asked.read_text(encoding="utf-8").split() == ["-I", "-c", "import", "shelf.books,", "json"]

    asked.unlink()
    py_compile.compile(str(tmp_path / "packages/shelf/__init__.py"))
    keep_bytecode(["shelf.books", "json"])
    assert not asked.exists()


def test_where_nothing_can_be_written_nothing_is_tried(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the folder can't be written, or there's no such package, no process is started each time."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    keep_bytecode(["shelf.books", "no_such_package"])

    assert not asked.exists()


@pytest.mark.usefixtures("needs_sandbox")
def test_the_first_submission_finds_all_imported(tmp_path: Path) -> None:
    """An app that's started as soon as the fork server's sandbox is open is forked when all has been imported there."""
    code = "import sys\n\nFOUND = 'jose.jwt' in sys.modules and 'difflib' in sys.modules\n"
    folder = write(tmp_path / "app", {"main.py": code + "\n\ndef answer(path):\n    return str(FOUND)\n" + PLAIN})
    with (
        open_sandbox(tier="fork") as sandbox,
        ServedApp(SandboxLauncher(sandbox.folder), folder) as app,
        Client(app, []) as client,
    ):
        assert client.get("/").text == "True"
