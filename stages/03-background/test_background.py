import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from workbook.plugin.cards import exchanges_of
from workbook.plugin.client import Client
from workbook.plugin.mailbox import Mailbox
from workbook.plugin.seen import lines_with, soon
from workbook.serving import Launcher, ServedApp

PASSWORD = "correct horse"
SUBSCRIBERS = "subscribers@example.com"


@pytest.fixture(scope="module")
def app_env(mailbox: Mailbox) -> dict[str, str]:
    return {
        "SMTP_HOST": mailbox.host,
        "SMTP_PORT": str(mailbox.port),
        "ARGON2_MEMORY_COST": "1024",  # a cheap hash, for fast tests
    }


# An app that has an outbox: what an earlier run has left is sent when it starts.
WITH_AN_OUTBOX = """
import os, sys

sys.path.append(os.environ["BLOG"])
sys.dont_write_bytecode = True
import main, outbox
from fastapi import BackgroundTasks

app = main.app
outbox.deliver()


@app.post("/receipts", status_code=201)
def write_receipt(to: str, session: main.SessionDep, background_tasks: BackgroundTasks) -> None:
    session.add(outbox.OutboxMail(to=to, subject="Receipt", text="Thank you."))
    session.commit()
    background_tasks.add_task(outbox.deliver)
"""


def register(client: Client, name: str) -> dict[str, Any]:
    response = client.post("/users/register", json=registration(name))
    assert response.status_code == 201, "a registration is answered by 201"
    user: dict[str, Any] = response.json()
    return user


def registration(name: str) -> dict[str, str]:
    return {"name": name, "email": f"{name}@example.com", "password": PASSWORD}


@pytest.fixture
def ada(client: Client, unique: Callable[[str], str]) -> dict[str, Any]:
    """A registered user."""
    return register(client, unique("ada"))


def test_the_response_comes_before_the_mail(client: Client, mailbox: Mailbox, unique: Callable[[str], str]) -> None:
    """A registration is answered before the welcome mail is sent, and the mail follows."""
    name = unique("grace")

    with mailbox.held(until_idle=client.app):
        user = register(client, name)
        arrived = mailbox.to(user["email"])

    assert arrived == [], "the response waited for the mail: send_welcome ran before it, not after it"
    assert soon(lambda: mailbox.to(user["email"])), "the welcome mail never arrived: was its task added?"
    (mail,) = mailbox.to(user["email"])
    assert mail["Subject"] == "Welcome"
    assert mail.get_content().strip() == f"Hello {name}, your account is ready."


def test_three_tasks_run_in_their_order(
    client: Client, served: ServedApp, ada: dict[str, Any], unique: Callable[[str], str]
) -> None:
    """Publishing a post runs three tasks one after the other: mail to the author, feed, mail to the subscribers."""
    title = unique("News")

    response = client.post("/posts", json={"author_id": ada["id"], "title": title})

    assert (response.status_code, response.json()) == (
        201,
        {"id": response.json()["id"], "author_id": ada["id"], "title": title},
    )
    assert lines_with(title, lambda: served.log, 3) == [
        f"blog mail 'Published: {title}' to {ada['email']} sent",
        f"blog feed got '{title}'",
        f"blog mail 'New post: {title}' to {SUBSCRIBERS} sent",
    ]
    assert title in (served.data / "feed.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.usefixtures("ada")
def test_a_failing_mail_stops_nothing(fresh_app: Callable[..., Client], unique: Callable[[str], str]) -> None:
    """While the mail server is down, posts are published and reach the feed, and each lost mail leaves one line."""
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        client = fresh_app(SMTP_PORT=str(nobody_listens.getsockname()[1]))
        title = unique("News")

        ada = register(client, unique("ada"))
        response = client.post("/posts", json={"author_id": ada["id"], "title": title})
        lines = lines_with(title, lambda: client.app.log, 3)

    assert response.status_code == 201
    assert [line.partition(": [")[0] for line in lines] == [
        f"blog mail 'Published: {title}' to {ada['email']} not sent",
        f"blog feed got '{title}'",
        f"blog mail 'New post: {title}' to {SUBSCRIBERS} not sent",
    ], "when a task raises, the tasks after it don't run"


@pytest.mark.deeper
def test_others_are_served_meanwhile(
    client: Client,
    mailbox: Mailbox,
    ada: dict[str, Any],
    unique: Callable[[str], str],
) -> None:
    """While a task waits for the mail server, other requests are answered."""
    with mailbox.held(until_idle=client.app):
        grace = register(client, unique("grace"))
        response = client.post("/auth/login", json={"email": ada["email"], "password": PASSWORD})
        arrived = mailbox.to(grace["email"])

    assert response.status_code == 200
    assert arrived == [], "Ada's login waited for the mail to Grace: a task blocks the event loop"


@pytest.mark.deeper
def test_a_slow_task_holds_no_connection(
    fresh_app: Callable[..., Client],
    mailbox: Mailbox,
    ada: dict[str, Any],
    unique: Callable[[str], str],
) -> None:
    """A task that waits for the mail server holds no database connection: a pool of one is enough."""
    client = fresh_app(POOL_SIZE="1")
    grace = register(client, unique("grace"))
    assert soon(lambda: mailbox.to(grace["email"])), (
        "the welcome mail never arrived: the task found no free connection. What holds the only one?"
    )

    with mailbox.held(until_idle=client.app):
        published = client.post("/posts", json={"author_id": grace["id"], "title": "Slow"})
        login = client.post("/auth/login", json={"email": grace["email"], "password": PASSWORD})
        arrived = len(mailbox.to(grace["email"])) - 1

    assert (published.status_code, login.status_code) == (201, 200), "the only connection was taken: what holds it?"
    assert arrived == 0, "the login waited for the mail: the connection was held while the mail was sent"


@pytest.mark.deeper
def test_a_task_survives_a_client_that_hangs_up(
    served: ServedApp, mailbox: Mailbox, unique: Callable[[str], str]
) -> None:
    """A client that hangs up doesn't stop the task: the mail is sent."""
    name = unique("grace")
    host, port = served.url.removeprefix("http://").split(":")
    request = httpx.Request("POST", f"{served.url}/users/register", json=registration(name))
    head = "".join(f"{key}: {value}\r\n" for key, value in request.headers.items())

    with mailbox.held(until_idle=served), socket.create_connection((host, int(port))) as caller:
        caller.sendall(f"POST /users/register HTTP/1.1\r\n{head}\r\n".encode() + request.content)
        assert caller.recv(4096).startswith(b"HTTP/1.1 201")

    assert soon(lambda: mailbox.to(f"{name}@example.com")), "the client has gone, and the task with it"


@pytest.mark.deeper
@pytest.mark.usefixtures("ada")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process could answer")
def test_sigterm_waits_for_a_task(
    fresh_app: Callable[..., Client], mailbox: Mailbox, unique: Callable[[str], str]
) -> None:
    """On SIGTERM, a server ends its running tasks before it stops."""
    client = fresh_app()

    with mailbox.held(until_idle=client.app):
        user = register(client, unique("grace"))
        os.kill(client.app.pid, signal.SIGTERM)
        soon(lambda: "Waiting for background tasks" in client.app.log or mailbox.to(user["email"]))

    assert soon(lambda: mailbox.to(user["email"])), "the server ended, and the task with it"


@pytest.mark.deeper
@pytest.mark.parametrize(
    "field, value",
    [
        ("email", "ada"),
        ("email", "ada@example.com\nBcc: all@example.com"),
        ("email", "=?utf-8?q?a=0AB?=@example.com"),
        ("name", "Ada\nBcc: all@example.com"),
        ("name", "=?utf-8?q?Ada=0ABcc:_all@example.com?="),
    ],
)
def test_what_goes_into_a_mail_header_is_one_line(
    client: Client, unique: Callable[[str], str], field: str, value: str
) -> None:
    """A registration whose name or email couldn't be put into a mail's header is refused."""
    assert client.post("/users/register", json=registration(unique("grace")) | {field: value}).status_code == 422


@pytest.mark.deeper
@pytest.mark.parametrize(
    "title", ["A\nBcc: all@example.com", "=?utf-8?q?A=0ABcc:_all@example.com?=", "=?utf-7?q?+2AA-?="]
)
def test_no_title_makes_a_header(client: Client, ada: dict[str, Any], title: str) -> None:
    """A title that would add another header to a mail, or be none that a mail can have, is refused."""
    assert client.post("/posts", json={"author_id": ada["id"], "title": title}).status_code == 422


@pytest.mark.deeper
@pytest.mark.usefixtures("ada")
def test_without_a_mail_server_the_app_works(fresh_app: Callable[..., Client], unique: Callable[[str], str]) -> None:
    """If no mail server is configured, a registration succeeds, and one line reports the unsent mail."""
    client = fresh_app(SMTP_HOST="")

    user = register(client, unique("ada"))

    lines = lines_with(user["email"], lambda: client.app.log)
    assert [line.partition(" not sent: ")[0] for line in lines] == [f"blog mail 'Welcome' to {user['email']}"]


@pytest.mark.deeper
def test_a_post_needs_its_author(client: Client) -> None:
    """A post whose author doesn't exist is refused with 404."""
    response = client.post("/posts", json={"author_id": 2**31 - 1, "title": "Nobody's"})

    assert (response.status_code, response.json()) == (404, {"detail": "Author not found"})


@pytest.mark.deeper
def test_the_next_request_is_served_meanwhile(
    served: ServedApp, mailbox: Mailbox, unique: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    """While a task is running, the next request on the same connection is answered."""
    with mailbox.held(until_idle=served), Client(served, exchanges_of(request.node), keeps=True) as client:
        grace = register(client, unique("grace"))
        response = client.post("/auth/login", json={"email": grace["email"], "password": PASSWORD})
        arrived = mailbox.to(grace["email"])

    assert (response.status_code, arrived) == (200, []), "the connection was busy until the task had ended"


@pytest.mark.deeper
@pytest.mark.usefixtures("ada")
def test_an_outbox_loses_nothing(
    launcher: Launcher,
    app_directory: Path,
    app_env: dict[str, str],
    mailbox: Mailbox,
    tmp_path: Path,
    unique: Callable[[str], str],
) -> None:
    """A mail in an outbox that can't be sent is sent after a restart, and only once."""
    wrapper, to = tmp_path / app_directory.name, f"{unique('grace')}@example.com"
    (wrapper / "app").mkdir(parents=True)
    (wrapper / "app" / "main.py").write_text(WITH_AN_OUTBOX, encoding="utf-8")
    env = app_env | {"BLOG": str(app_directory)}

    def serve(**more: str) -> ServedApp:
        return ServedApp(launcher, wrapper, env=env | more, data=tmp_path / "data")

    with serve(SMTP_HOST="") as app:
        assert httpx.post(f"{app.url}/receipts", params={"to": to}).status_code == 201
        assert lines_with(to, lambda: app.log), "the task has tried to send it, and says that it couldn't"
    for _ in range(2):
        with serve():
            assert [mail["Subject"] for mail in mailbox.to(to)] == ["Receipt"]
