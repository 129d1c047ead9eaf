"""Run the console blocks of pages in a copy of the course, and compare or write what the commands print.

    python -m workbook.site.transcripts stages/01-cors/README.md docs/testing.md [--write]

In a lesson, the code and the lists are compared or written too, and its app is served meanwhile, as `workbook run`
serves it. On another page the front matter says with `serve: STEP` what is.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from mkdocs.utils import meta

from workbook.course.changes import left_out
from workbook.course.model import Course

from .console import Block, blocks_of, difference, matches, renewed, without_refusals
from .lessons import fill, stale_parts, step_of
from .parts import filled_front
from .ports import PORT, Ports, listening_ports

_STARTED = "Application startup complete.\n"
_SERVED = "Ctrl-C ends it.\n"
PATIENCE = 120.0  # seconds: a deadline for a loaded machine
LOG_PATIENCE = 10.0
QUIET = 0.5  # seconds without a further line: then a block that is still empty is filled in
_COPIED = ("workbook.toml", "pyproject.toml", "stages", "final", "exercises")
_NOT_PASSED_ON = ("WORKBOOK_", "PYTEST_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONDONTWRITEBYTECODE")
_UV = """#!/usr/bin/env bash
# uv as far as the pages use it: with the packages that are here, it installs nothing
[ "$1" = run ] || {{ echo "only uv run is known here" >&2; exit 2; }}
shift
while [ "${{1#--}}" != "$1" ]; do
  case $1 in --directory) cd "$2"; shift 2 ;; --group | --extra | --with) shift 2 ;; *) shift ;; esac
done
command=$1; shift
[ "$command" = python ] || set -- -m "$command" "$@"
exec {python} "$@"
"""


class Process:
    """A process whose output is collected, errors apart. Close it to end it and everything that it started."""

    def __init__(self, command: Sequence[str], folder: Path, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._seen = {"out": b"", "errors": b""}
        streams = {"out": self._process.stdout, "errors": self._process.stderr}
        self._readers = [threading.Thread(target=self._read, args=item, daemon=True) for item in streams.items()]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str, stream: IO[bytes]) -> None:
        while data := os.read(stream.fileno(), 65536):
            self._seen[name] += data

    @property
    def text(self) -> str:
        return self.written("out")

    def written(self, name: str) -> str:
        """Return everything that it has written to `out` or to `errors`."""
        return self._seen[name].decode("utf-8", "replace").replace("\r\n", "\n")

    def write(self, text: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def wait_for(self, mark: str, *, after: int = 0, name: str = "out") -> int:
        """Wait until it has written `mark`; return its place. Raises `TimeoutError`."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.written(name).find(mark, after)) < 0:
            if time.monotonic() > deadline or self._process.poll() is not None:
                said = self.written("out")[after:] + self.written("errors")
                raise TimeoutError(f"waited in vain for {mark!r} in:\n{said}")
            time.sleep(0.02)
        return found

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, 15)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, 9)
        self._process.wait()
        for reader in self._readers:
            reader.join(15)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()


class Sitting:
    """A learner with two terminals: the first serves the step, and the commands are typed into the second."""

    def __init__(self, root: Path, step: str | None, folder: Path, listening: Sequence[str] = ()) -> None:
        self._ports = Ports(listening)
        self._folders = {str(folder / "workbook"): "~/workbook", sys.prefix: "~/workbook/.venv"}
        course = _copy(root, folder / "workbook")
        env = _environment(folder)
        self.step = Course(course).step(step).name if step else None
        self._started = contextlib.ExitStack()
        self._shell = self._start(["bash", "--noprofile", "--norc"], course, env)
        self._server: Process | None = None
        self._told = {"out": 0, "errors": 0}  # how much of what the served step wrote the page has shown
        if self.step:
            command = [sys.executable, "-m", "workbook", "run", self.step, "--port", self._ports.free[PORT]]
            self._server = self._start(command, course, env)
            try:
                self._server.wait_for(_SERVED)
                self._server.wait_for(_STARTED, name="errors")
            except TimeoutError:
                self.close()
                raise
            self._told = {name: len(self._server.written(name)) for name in self._told}

    def _start(self, command: Sequence[str], folder: Path, env: dict[str, str]) -> Process:
        return self._started.enter_context(contextlib.closing(Process(command, folder, env)))

    def say(self, command: str) -> list[str]:
        """Type a command; return the lines that it prints."""
        if self._server and command == f"uv run workbook run {self.step}":
            return self._lines(self._server.text.partition(_SERVED)[0] + _SERVED)
        begin, mark = len(self._shell.text), f"-- {os.urandom(8).hex()} --"
        self._shell.write(f"{{ {self._ports.to_type(command)}\n}} </dev/null 2>&1\nprintf '\\n%s\\n' '{mark}'\n")
        end = self._shell.wait_for(f"\n{mark}\n", after=begin)
        return without_refusals(command, self._lines(self._shell.text[begin:end]))

    def shown(self, name: str, expected: Sequence[str]) -> list[str]:
        """Return what the served step has written since the page last showed it; wait until that's what is expected.

        `errors` is the app's log. `out` is what `workbook run` itself says: the mail that has arrived.
        """
        if self._server is None:
            raise ValueError("a block shows what the served step wrote, but there's no `serve:` in the page")
        deadline = time.monotonic() + LOG_PATIENCE
        text, since = "", time.monotonic()
        while True:
            before, text = text, self._server.written(name)
            since = since if text == before else time.monotonic()
            lines = self._lines(text[self._told[name] :])
            settled = not expected and lines and time.monotonic() > since + QUIET
            if settled or (expected and matches(expected, lines)) or time.monotonic() > deadline:
                self._told[name] = len(text)
                return lines
            time.sleep(0.05)

    def _lines(self, text: str) -> list[str]:
        text = self._ports.to_show(text.replace(f"/?api=http://127.0.0.1:{self._ports.free[PORT]}", ""))
        for here, there in self._folders.items():
            text = text.replace(here, there)
        return [line.rstrip() for line in text.splitlines()]

    def close(self) -> None:
        self._started.close()


@contextlib.contextmanager
def sitting(root: Path, step: str | None, listening: Sequence[str] = ()) -> Iterator[Sitting]:
    with (
        tempfile.TemporaryDirectory(prefix="workbook-page-", ignore_cleanup_errors=True) as folder,
        contextlib.closing(Sitting(root, step, Path(folder).resolve(), listening)) as opened,
    ):
        yield opened


def outputs(root: Path, page: Path) -> list[tuple[Block, list[list[str]]]]:
    """Return each console block of the page that is run, with what each of its commands wrote."""
    text = page.read_text(encoding="utf-8")
    lesson = step_of(Course(root), page)
    served = lesson.name if lesson and lesson.kind != "exercise" else meta.get_data(text)[1].get("serve")
    blocks = [block for block in blocks_of(text) if block.runs]
    if not blocks:
        return []
    with sitting(root, served, listening_ports(blocks)) as opened:
        return [
            (
                block,
                [
                    opened.say(one.text) if not block.shows else opened.shown(block.shows, one.expected)
                    for one in block.commands
                ],
            )
            for block in blocks
        ]


def compare_transcripts(root: Path, page: Path) -> str:
    """Return where the page differs from what its commands print, and a lesson from the course; "" if nowhere."""
    lesson = step_of(Course(root), page)
    wrong = [f"{page}: {part}" for part in (stale_parts(Course(root), lesson) if lesson else [])]
    for block, said in outputs(root, page):
        for command, actual in zip(block.commands, said, strict=True):
            if not matches(command.expected, actual):
                shown = command.text or "what the served step wrote"
                wrong.append(f"{page.name}:{command.first}: {shown}\n{difference(command.expected, actual)}")
    return "\n\n".join(wrong)


def written(root: Path, page: Path) -> str:
    """Return the page's text with the current outputs of its commands; fill in a lesson's code and lists first."""
    if page.resolve() == root.resolve() / "README.md":
        page.write_text(filled_front(Course(root)), encoding="utf-8", newline="\n")
    if lesson := step_of(Course(root), page):
        fill(Course(root), lesson)
    lines = page.read_text(encoding="utf-8").splitlines()
    for block, said in reversed(outputs(root, page)):
        for command, actual in reversed(list(zip(block.commands, said, strict=True))):
            fresh = renewed(command.expected, actual)
            lines[command.first : command.last] = [(command.indent + line).rstrip() for line in fresh]
    return "\n".join(lines) + "\n"


def _copy(root: Path, target: Path) -> Path:
    target.mkdir()
    for name in _COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, target / name, ignore=left_out)
        elif (root / name).is_file():
            shutil.copy(root / name, target / name)
    return target


def _environment(folder: Path) -> dict[str, str]:
    """Return a learner's environment, made in `folder`: curl without its progress meter, `uv` with what's installed."""
    (folder / "bin").mkdir()
    uv = folder / "bin" / "uv"
    uv.write_text(_UV.format(python=sys.executable), encoding="utf-8")
    uv.chmod(0o755)
    (folder / ".curlrc").write_text("silent\nshow-error\nnoproxy = *\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
    path = os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), kept.get("PATH", "")])
    return kept | {"PATH": path, "CURL_HOME": str(folder), "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


def main() -> None:
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m workbook.site.transcripts", description=about)
    parser.add_argument("pages", nargs="+", type=Path, metavar="PAGE")
    parser.add_argument("--write", action="store_true", help="fill in the current outputs")
    asked = parser.parse_args()
    wrong = []
    for page in asked.pages:
        root = Course.find(page.resolve().parent).root
        if asked.write:
            page.write_text(written(root, page), encoding="utf-8")
        elif difference_found := compare_transcripts(root, page):
            wrong.append(difference_found)
    print("\n\n".join(wrong) or "Every output is as the pages say.")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
