"""How to repeat what a test did: the command that serves the app, and the requests that matter, to be pasted."""

import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.course.step_files import KEPT_IN
from workbook.errors import UserError

from .client import Exchange
from .curl import Keep, curl_lines
from .members import CHEAP_HASHES
from .named import name_values

if TYPE_CHECKING:
    from workbook.course.model import Course, Step

MOST_SHOWN = 10  # requests, where those in the middle only read
MOST_REQUESTS = 40
MOST_KEPT = 64 * 1024 * 1024  # bytes of one card's files
SAFE = {"GET", "HEAD", "OPTIONS"}
MAIL = ("SMTP_HOST", "SMTP_PORT")
OF_RUNNING = re.compile(rf"{re.escape(tempfile.gettempdir())}/|^postgresql")  # gone when the tests have ended


def requests_that_matter(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Return the exchanges to repeat: those with the last one's app, in order, polls once, and not too many."""
    if not exchanges:
        return []
    last = exchanges[-1].app
    by_id = {id(one): one for one in exchanges if one.app is last or one.app.data == last.data}
    known = sorted(by_id.values(), key=lambda one: one.sent)
    polled = [
        one for one, after in zip(known, [*known[1:], None], strict=True) if after is None or not _is_poll(one, after)
    ]
    sources = {value.source for value in name_values(polled)}
    spare = [n for n, one in enumerate(polled) if one.request.method in SAFE and n not in sources][2:-2]
    dropped = set(spare[: max(0, len(polled) - MOST_SHOWN)])
    kept = [one for n, one in enumerate(polled) if n not in dropped]
    return [*kept[: MOST_REQUESTS - 2], *kept[-2:]] if len(kept) > MOST_REQUESTS else kept


def _is_poll(one: Exchange, after: Exchange) -> bool:
    first, second = one.request, after.request
    return (
        first.method in SAFE
        and (first.method, first.url, first.headers.multi_items())
        == (second.method, second.url, second.headers.multi_items())
        and one.app is after.app
    )


def repeat_lines(exchanges: Sequence[Exchange], card: str, mail: object = None) -> list[str]:
    """Return the lines that repeat these exchanges with the learner's course; their files are kept under `card`.

    `mail` is the test's mailbox: `workbook run` has one too.
    """
    app = exchanges[-1].app
    course = _course_of(app.app_directory)
    step = course.known(app.app_directory.name) if course else None
    keep: Keep = _Kept(course.root, card) if course else lambda name, _: name
    return [_serving(app.app_directory, app.env, course, step, mail), *curl_lines(exchanges, keep)]


def _serving(folder: Path, env: Mapping[str, str], course: "Course | None", step: "Step | None", mail: object) -> str:
    """Return the command that serves the app as the test did: its settings, its folder, nothing stored."""
    given = {name: "" for name in (step.run.env if step else {}) if name not in env} | dict(env)
    own = {(name, str(value)) for name, value in zip(MAIL, _mail_place(mail), strict=True)}
    shown = {
        name: value
        for name, value in given.items()
        if name not in CHEAP_HASHES and (name, value) not in own and not OF_RUNNING.search(value)
    }
    shipped = ["--shipped"] if course and step and course.folder(step) == folder and course.copy(step).is_dir() else []
    command = shlex.join(["uv", "run", "workbook", "run", folder.name, *shipped, "--fresh"])
    return in_front(shown, command)


def in_front(env: Mapping[str, str], command: str, platform: str = sys.platform) -> str:
    """Return a command with settings in front of it, as the platform's usual shell takes them."""
    if platform == "win32":
        values = {name: value.replace("'", "''") for name, value in env.items()}
        return "; ".join([*(f"$env:{name}='{value}'" for name, value in values.items()), command])
    return " ".join([*(f"{name}={value and shlex.quote(value)}" for name, value in env.items()), command])


def _mail_place(mail: object) -> tuple[str, str]:
    return str(getattr(mail, "host", "")), str(getattr(mail, "port", ""))


def _course_of(folder: Path) -> "Course | None":
    from workbook.course.model import Course  # late: a run without a card needs none

    try:
        return Course.find(folder)
    except UserError:
        return None


class _Kept:
    """Keeps the files that a card's requests send; each path is as it's typed in the course's folder."""

    def __init__(self, root: Path, card: str) -> None:
        self._root = root
        self._folder = f"{KEPT_IN}/{re.sub(r'[^A-Za-z0-9_.-]', '-', card)[:80]}"
        self._known: dict[str, bytes] = {}
        shutil.rmtree(root / self._folder, ignore_errors=True)

    def __call__(self, name: str, content: bytes) -> str:
        place, number = name, 2
        while self._known.get(place, content) != content:
            place, number = f"{number}-{name}", number + 1
        path = f"{self._folder}/{place}"
        if place in self._known:
            return path
        if sum(map(len, self._known.values())) + len(content) > MOST_KEPT:
            return name
        try:
            (self._root / self._folder).mkdir(parents=True, exist_ok=True)
            (self._root / path).write_bytes(content)
        except OSError:  # no space, no access: the card is worth more than the file
            return name
        self._known[place] = content
        return path
