# hidden-from-learners-3b9f51c2
import random
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbook.plugin.cards import exchanges_of
from workbook.plugin.client import Client, head_of, send_at_once
from workbook.plugin.mailbox import Mailbox
from workbook.plugin.members import join
from workbook.plugin.seen import WaitingTime
from workbook.serving import Launcher, ServedApp

TIME_TO_WRITE = 0.5  # seconds from a response to the end of the app, in which its line is to be written
LinesAbout = Callable[..., list[str]]
BURSTS = 4  # of 64 requests: on two busy cores, writers collided in five of six runs with two
OLD = "".join(f"[2026-01-01 00:00:{n % 60:02}] GET /old/{n} 200 {n % 9}ms\n" for n in range(2_000))  # 80 KB

MANY_OLD = (b"[2026-01-01 00:00:00] GET /old/" + b"x" * 990 + b" 200 1ms\n") * 10_200  # what's often rotated away


@pytest.fixture
def with_files(
    launcher: Launcher, app_directory: Path, app_env: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Client]]:
    """Serve the app in a folder that has files already: `with_files({"requests.log": OLD}, NAME="value")`."""
    opened: list[Client] = []

    def serve(files: dict[str, str], **env: str) -> Client:
        data = tmp_path / "data"
        for name, content in files.items():
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            (data / name).write_text(content, encoding="utf-8")
        app = ServedApp(launcher, app_directory, env=app_env | env, data=data, probes=True)
        opened.append(Client(app, exchanges_of(request.node)))
        return opened[-1]

    yield serve
    for client in opened:
        client.close()
        client.app.stop()


def statuses_of(client: Client, paths: list[str]) -> list[int]:
    """Send requests that pile up before the app comes to them, by a connection each, and return their statuses."""
    requests = [
        client.build_request("GET", path, headers={"Connection": "close"}) for path in ("/_probe/pause", *paths)
    ]
    pause, *others = map(head_of, requests)
    with client.app.connect() as pausing:
        pausing.sendall(pause)
        time.sleep(0.05)
        return send_at_once(client.app, others)


def test_requests_side_by_side_leave_a_line_each(
    with_files: Callable[..., Client],
    rng: random.Random,
    lines_about: LinesAbout,
    whole_log: Callable[..., list[str]],
) -> None:
    """Of many requests at once each leaves its own line, whole, behind thousands of old ones, which all stay.

    64 of them come by 32 threads, and the others in bursts, so that lines pile up however slow the machine is.
    """
    client = with_files({"requests.log": OLD})

    def old_lines() -> int:
        return len([line for line in whole_log(client.app) if " GET /old/" in line])

    before = old_lines()  # a start that empties the log is another promise's
    kinds = {"/nothing-": 404, "/posts/words-": 422, "/files/none-": 404}
    names = [f"{rng.randrange(16**8):08x}-{n:03}" for n in range(64 * (1 + BURSTS))]
    asked = {f"{kind}{name}": kinds[kind] for name in names for kind in [rng.choice(list(kinds))]}
    with Client(client.app, []) as many, ThreadPoolExecutor(32) as threads:
        same = {"X-Request-ID": "one-for-all"}  # as a gateway does that passes on one id to several calls
        responses = list(threads.map(lambda path: many.get(path, headers=same).status_code, list(asked)[:64]))
    for start in range(64, len(asked), 64):
        responses += statuses_of(client, list(asked)[start : start + 64])
    assert responses == list(asked.values())
    client.get(last := f"/{names[0]}")
    assert lines_about(client, last) != [], "a request leaves no line"

    def told() -> list[tuple[str, int]]:
        found = [
            re.fullmatch(r"\[.{19}\] GET (\S{1,2000}) (\d{3}) \d{1,20}(?:\.\d{1,9})? ?ms", line)
            for line in whole_log(client.app)
        ]
        return sorted((one[1], int(one[2])) for one in found if one and one[1] in asked)

    deadline = time.monotonic() + 5
    while len(told()) < len(asked) and time.monotonic() < deadline:
        time.sleep(0.02)
    lines = told()
    said = f"{len(asked)} requests at the same moment have left {len(lines)} whole lines: do writers collide?"
    assert len(lines) == len(asked), said
    assert lines == sorted(asked.items()), "the line of one request has the path or the status of another"
    assert old_lines() == before, "old lines are gone from the file: append to it"


def test_the_log_goes_on_after_a_restart(
    restarted: Callable[[], Client], unique: Callable[[str], str], tmp_path: Path, patience: WaitingTime
) -> None:
    """After a restart the log goes on where it was: 10 MB of old lines are there, also that of the last request."""
    before, after = f"/{unique('before')}", f"/{unique('after')}"
    (tmp_path / "data").mkdir()
    (tmp_path / "data/requests.log").write_bytes(MANY_OLD)
    client = restarted()
    client.get(before)
    time.sleep(TIME_TO_WRITE)

    client = restarted()
    client.get(after)

    def new_lines(path: str) -> list[bytes]:
        return [line for line in whole()[len(MANY_OLD) :].splitlines() if path.encode() in line]

    def whole() -> bytes:
        return client.app.read("requests.log", 2 * len(MANY_OLD)) or b""

    patience.wait(lambda: bool(new_lines(after)), any_came=lambda: len(whole()) > len(MANY_OLD))
    said = "old lines are gone from the file, or moved to another one: append to it"
    assert whole().startswith(MANY_OLD), said
    assert len(new_lines(after)) == 1, "after a restart no line is written"
    assert len(new_lines(before)) == 1, (
        "the line from before a restart is gone: append to the file, and leave no line in a buffer"
    )


@pytest.mark.parametrize("place", [".", "/dev/full", "/dev/null/log.txt", "missing/folder/log.txt"])
def test_a_log_that_cannot_be_written_breaks_nothing(
    fresh_app: Callable[..., Client], mailbox: Mailbox, unique: Callable[[str], str], place: str
) -> None:
    """If the log can't be written (a folder, a full disk, a bad parent), requests are answered and tasks run."""
    client = fresh_app(REQUEST_LOG=place)

    assert client.get("/").status_code == 200
    assert client.get("/posts/1").status_code == 404, "a line that can't be written has broken the response"
    assert client.get("/_probe/crash").status_code == 500
    member = join(client, unique("ada"))
    assert len(mailbox.wait_for(member.email, seconds=5)) == 1, (
        "a line that can't be written has cost a route its tasks"
    )


# The app's working directory as an absolute path, whatever that is called where the app runs.
CWD = "/proc/self/cwd/" if Path("/proc/self/cwd").exists() else ""


@pytest.mark.parametrize(
    "in_file, in_environment, named",
    [(f"{CWD}logs/night audit", "", "logs/night audit"), ("from-file.txt", "logs/audit.txt", "logs/audit.txt")],
    ids=["in .env", "in .env and in the environment"],
)
def test_the_setting_names_the_file(
    with_files: Callable[..., Client],
    unique: Callable[[str], str],
    lines_about: LinesAbout,
    in_file: str,
    in_environment: str,
    named: str,
) -> None:
    """REQUEST_LOG may come from .env, as every other setting; the environment wins over it. A folder in it counts."""
    env = {"REQUEST_LOG": in_environment} if in_environment else {}
    dotenv = {".env": f'REQUEST_LOG="{in_file}"\n'} if in_file else {}
    client, path = with_files({"logs/old": "", **dotenv}, **env), f"/{unique('elsewhere')}"
    client.get(path)

    found = lines_about(client, path, file=named)
    where = "in the environment" if in_environment else "in .env"
    assert len(found) == 1, f"no line in {named}, which REQUEST_LOG={in_environment or in_file} names {where}"
