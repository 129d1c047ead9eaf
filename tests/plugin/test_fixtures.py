"""The plugin's fixtures, beyond what the stages' own tests show: clients, mailbox, pages."""

import smtplib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from workbook.plugin.browser import serve_pages
from workbook.plugin.client import Client
from workbook.plugin.mailbox import Mailbox
from workbook.serving import ServedApp, choose_launcher

from ..apps import HELLO, write
from .conftest import Run

CRASHES = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/crash")
async def crash():
    raise RuntimeError("a bug")


@app.get("/")
async def read_root():
    return "here"
"""


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    launcher = choose_launcher()
    with ServedApp(launcher, write(tmp_path_factory.mktemp("crashing"), {"main.py": CRASHES})) as app:
        yield app
    launcher.close()


def test_a_crash_does_not_break_the_next_request(crashing: ServedApp) -> None:
    """After a crash, the next request gets its response, although uvicorn closes the connection."""
    with Client(crashing, []) as client:
        responses = [client.get(path).status_code for _ in range(30) for path in ("/crash", "/")]

    assert responses == [500, 200] * 30


def test_a_client_remembers_what_it_sent(crashing: ServedApp) -> None:
    """Every request is an exchange with its response, and with what the log contained before it."""
    with Client(crashing, []) as client:
        client.get("/crash")
        response = client.get("/")

    first, second = client.exchanges
    assert (first.request.url.path, second.request.url.path) == ("/crash", "/")
    assert second.response
    assert (second.response.status_code, second.response.body.size) == (200, len(response.content))
    assert first.log_size < second.log_size <= crashing.log_size


def test_a_request_without_a_response_is_remembered(tmp_path: Path, crashing: ServedApp) -> None:
    """A request that gets no response is an exchange too."""
    with Client(crashing, []) as client, pytest.raises(httpx.ConnectError):
        client.get("http://127.0.0.1:1/")

    assert [exchange.response for exchange in client.exchanges] == [None]


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    opened = Mailbox()
    yield opened
    opened.close()


def send(box: Mailbox, to: str, subject: str = "Hello") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "blog@example.com", to, subject
    message.set_content("größe")
    with smtplib.SMTP(box.host, box.port, timeout=60) as smtp:
        smtp.send_message(message)


def test_the_mailbox_keeps_what_is_sent(box: Mailbox, unique: Callable[[str], str]) -> None:
    """Mail sent over SMTP arrives whole in the mailbox, under its address."""
    ada, bob = unique("ada") + "@example.com", unique("bob") + "@example.com"
    send(box, ada, "One")
    send(box, bob, "Two")
    send(box, ada, "Three")

    kept = box.wait_for(ada, count=2)

    assert [message["Subject"] for message in kept] == ["One", "Three"]
    assert kept[0].get_content() == "größe\n"
    assert len(box.to(bob)) == 1


MAILS_FIRST = """\
import os, smtplib, time
from fastapi import FastAPI

app = FastAPI()


def send():
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])) as smtp:
        smtp.sendmail("blog@example.com", "ada@example.com", "To: ada@example.com\\n\\nHello")


@app.get("/works")
def compute_before_the_mail():
    ends = time.monotonic() + 2.5
    while time.monotonic() < ends:
        pass
    return "computed"


@app.get("/mails")
def mail_before_the_response():
    send()
    return "sent"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says whether a process works")
def test_held_mail_waits_for_an_app_that_works(box: Mailbox, tmp_path: Path) -> None:
    """Mail is held for as long as the app computes, and let go once all that the app does is to wait for it."""
    env = {"SMTP_HOST": box.host, "SMTP_PORT": str(box.port)}
    launcher = choose_launcher()
    with (
        ServedApp(launcher, write(tmp_path, {"main.py": MAILS_FIRST}), env=env) as app,
        Client(app, []) as client,
        ThreadPoolExecutor() as pool,
    ):
        with box.held(until_idle=app):
            mailing = pool.submit(httpx.get, f"{app.url}/mails", trust_env=False, timeout=60)
            computed = client.get("/works").text
            arrived = box.to("ada@example.com")

        assert (computed, arrived) == ('"computed"', []), "held for longer than the computing took"
        assert mailing.result().text == '"sent"'
        with box.held(until_idle=app):
            assert client.get("/mails").text == '"sent"', "it would have waited for this block, and this block for it"
    launcher.close()


def test_mail_that_does_not_come_is_told(box: Mailbox, unique: Callable[[str], str]) -> None:
    """If a mail doesn't come, waiting fails with a sentence that counts the mails that came."""
    ada = unique("ada") + "@example.com"
    send(box, ada)

    with pytest.raises(pytest.fail.Exception, match=f"1 of 2 mails for {ada} arrived within 0.1 s"):
        box.wait_for(ada, count=2, seconds=0.1)


def test_pages_have_an_origin_of_their_own(tmp_path: Path) -> None:
    """A folder of pages is served on a separate port, never from a cache, and only while it's needed."""
    write(tmp_path, {"index.html": "<p>größe"})

    with serve_pages(tmp_path) as origin:
        response = httpx.get(origin, trust_env=False)
    with pytest.raises(httpx.ConnectError):
        httpx.get(origin, trust_env=False)

    assert (response.status_code, response.text, response.headers["cache-control"]) == (200, "<p>größe", "no-store")


def test_unique_names_differ(unique: Callable[[str], str]) -> None:
    """Unique names with the same stem are different."""
    names = {unique("ada") for _ in range(100)}

    assert len(names) == 100
    assert all(name.startswith("ada-") for name in names)


MODULE = """\
import contextlib
import os
import pathlib
import pytest

pytestmark = {mark}


@pytest.fixture(scope="module")
def app_env():
    return {env}


def end(app):
    os.kill(app.pid, 9)
    with contextlib.suppress(OSError):
        while True:
            app.connect().close()


def test_it(served, client):
    assert client.get("/").text == "hello /"
    with pathlib.Path(os.environ["PIDS"]).open("a") as pids:
        pids.write(f"{{served.pid}}\\n")
    {after}
"""


def modules(*of: tuple[str, str, str]) -> dict[str, str]:
    """An app and its test modules, one for each mark, environment and last line."""
    named = {
        f"stages/01/test_{n}.py": MODULE.format(mark=mark, env=env, after=after)
        for n, (mark, env, after) in enumerate(of)
    }
    return {"stages/01/main.py": HELLO, **named}


def test_marked_modules_share_an_app(run: Run, new_course: Callable[[dict[str, str]], Path], tmp_path: Path) -> None:
    """Modules that are marked `one_app` share one if their settings are the same; all apps end with the run."""
    one, none = "pytest.mark.one_app", "[]"
    course = new_course(
        modules((one, "{}", ""), (none, "{}", ""), (one, "{}", ""), (one, "{'A': '1'}", ""), (one, "{}", ""))
    )

    ended = run(course, "stages/01", PIDS=str(tmp_path / "pids"))

    assert ended.last_line == "5 passed"
    pids = (tmp_path / "pids").read_text(encoding="utf-8").split()
    assert pids[0] == pids[2] == pids[4]
    assert len(set(pids)) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_module_gets_no_app_that_has_ended(
    run: Run, new_course: Callable[[dict[str, str]], Path], tmp_path: Path
) -> None:
    """If a shared app has ended, the next module gets another."""
    kill = "end(served)"
    course = new_course(modules(("pytest.mark.one_app", "{}", kill), ("pytest.mark.one_app", "{}", "")))

    assert run(course, "stages/01", PIDS=str(tmp_path / "pids")).last_line == "2 passed"
    assert len(set((tmp_path / "pids").read_text(encoding="utf-8").split())) == 2
