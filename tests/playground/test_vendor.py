"""What the playground is made of: pinned, checked, made once, and left out if it can't be made."""

import io
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workbook.cli.app import app
from workbook.errors import UserError
from workbook.playground import vendor
from workbook.playground.minify import shorten
from workbook.playground.scripts import joined
from workbook.playground.table import FILE, read_table

from .beside import ROOT

TABLE = read_table()


def test_a_wrong_hash_is_refused(bundles: Path, tmp_path: Path) -> None:
    """A file whose hash isn't the table's is refused and not kept."""
    shutil.copytree(bundles.parent / "fetched", tmp_path / "fetched")
    changed = next((tmp_path / "fetched").glob("starlette-*.whl"))
    changed.write_bytes(changed.read_bytes() + b"\0")

    with pytest.raises(vendor.WrongHash, match="starlette"):
        vendor.build(tmp_path)

    assert not changed.exists()
    assert vendor.built(tmp_path) is None


def test_what_was_made_is_not_made_again(bundles: Path) -> None:
    """A second run fetches nothing, and works without npm and pip."""
    env = {name: value for name, value in os.environ.items() if name not in ("PATH", "UV")} | {"PATH": ""}
    ran = subprocess.run([sys.executable, "-m", "workbook.playground.vendor"], cwd=ROOT, env=env, capture_output=True)

    assert ran.returncode == 0, ran.stderr
    assert bundles.name.encode() in ran.stdout


def test_without_npm_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If npm is missing, the command says so and what to do."""
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(vendor.CannotFetch, match="npm isn't installed"):
        vendor.build(tmp_path)


def test_without_a_network_it_soon_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the registry can't be reached, the command says so within half a minute, and names a package."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing")
    for name in ("npm_config_registry", "npm_config_proxy", "npm_config_https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")  # where no one listens
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    began = time.monotonic()

    with pytest.raises(vendor.CannotFetch, match=r"pyodide@\S+ and \d+ more can't be fetched: .*127\.0\.0\.1.* failed"):
        vendor.build(tmp_path / "cache")

    assert time.monotonic() - began < 30


def test_an_npm_that_crashes_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If npm itself is broken, the command says what it said, and not the last line of its traceback."""
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    said = "throw err\n\nError: Cannot find module 'walk-up-path'\n    at require (node:internal)\n\nNode.js v24.22.2"
    npm.write_text(f'#!/bin/sh\ncat >&2 <<"END"\n{said}\nEND\nexit 1\n', encoding="utf-8")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent), prepend=os.pathsep)

    with pytest.raises(vendor.CannotFetch, match=r"can't be fetched: Error: Cannot find module 'walk-up-path'$"):
        vendor.build(tmp_path / "cache")


def test_a_table_that_is_wrong_names_the_line(tmp_path: Path) -> None:
    """A malformed hash is refused with its line in the table."""
    broken = tmp_path / "table.toml"
    broken.write_text(FILE.read_text(encoding="utf-8").replace(TABLE.wheel[0].sha256, "abc"), encoding="utf-8")

    with pytest.raises(UserError, match=r"table\.toml, line \d+, key sha256"):
        read_table(broken)


def test_bundles_hold_what_can_be_imported(bundles: Path) -> None:
    """A bundle isn't compressed, keeps licences, and leaves out what the table lists."""
    with zipfile.ZipFile(io.BytesIO((bundles / "database.zip.txt").read_bytes())) as pack:
        names = pack.namelist()
        assert {info.compress_type for info in pack.infolist()} == {zipfile.ZIP_STORED}

    assert "sqlalchemy/orm/session.py" in names
    assert [name for name in names if name.startswith("sqlalchemy/dialects/mysql")] == []
    assert any("licenses" in name or "LICENSE" in name for name in names)


@pytest.mark.exhaustive  # the bundler takes seven seconds of CPU
def test_scripts_are_joined_to_one_file_each(bundles: Path) -> None:
    """CodeMirror and FSRS are one file each, which imports nothing, has its licences, and is the same every time."""
    fetched = bundles.parent / "fetched"
    bundler, *scripts = [(one.name, fetched / one.file) for one in (TABLE.bundler, *TABLE.script)]
    for name, content in joined(bundler, scripts).items():
        assert content == (bundles / name).read_bytes()
        assert not re.search(rb"""[}*]\s*from\s*["']""", content)
        assert content.count(b"MIT License") >= 1
        assert len(content) < 500_000


def test_shortened_code_keeps_its_lines() -> None:
    """Comments and docstrings go, but code, other strings and line numbers stay."""
    source = '''"""Words
of a module"""
# a remark
x = "# no remark é"; y = 1  # one
class A:
    """One"""
    def f(self) -> Annotated[str, Doc("""
        Much
    """)]:
        "Ada"
        return """kept"""
'''
    short = shorten(source.encode()).decode()

    assert len(short.splitlines()) == len(source.splitlines())
    assert [word for word in ("Words", "remark\n", "one", "One", "Much", "Ada") if word in short] == []
    assert '"# no remark é"; y = 1\n' in short
    assert 'return """kept"""' in short


def test_what_is_too_new_to_read_is_left_alone() -> None:
    """A file with a syntax that this Python doesn't know stays unchanged."""
    source = b"def (:\n  # kept\n"
    assert shorten(source) == source


def test_the_doctor_knows(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`workbook doctor` says whether the files are made and how to make them; missing ones aren't a fault."""
    monkeypatch.chdir(ROOT)
    there = CliRunner().invoke(app, ["doctor"]).output
    monkeypatch.setattr(vendor, "built", lambda: None)
    missing = CliRunner().invoke(app, ["doctor"]).output

    assert "PASS Playground: the site's pages run their code" in there
    said = "PASS Playground: not made. Nothing to do: learning needs no playground. If you build the site: "
    assert said + vendor.COMMAND in " ".join(missing.split())
