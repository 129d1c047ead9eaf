import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from workbook.plugin.cards import exchanges_of
from workbook.plugin.client import Client
from workbook.plugin.mailbox import Mailbox
from workbook.serving import Launcher, ServedApp

PASSWORD = "correct horse"
SUBSCRIBERS = "subscribers@example.com"


class PatientMailbox(Mailbox):
    """A mailbox that can hold mail back, so that a test sees what happens while a task is running."""

    held = False

    @contextlib.contextmanager
    def slow(self) -> Iterator[None]:
        """Make everyone who sends a mail inside this block wait, but no one longer than a second."""
        self.held = True
        try:
            yield
        finally:
            self.held = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        deadline = time.monotonic() + 1
        while self.held and time.monotonic() < deadline:  # noqa: ASYNC110, the test's own thread ends the waiting
            await asyncio.sleep(0.005)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture(scope="module")
def mailbox() -> Iterator[PatientMailbox]:
    opened = PatientMailbox()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app_env(mailbox: PatientMailbox) -> dict[str, str]:
    return {
        "SMTP_HOST": mailbox.host,
        "SMTP_PORT": str(mailbox.port),
        "ARGON2_KIB": "1024",  # a cheap hash, for fast tests
        "FORWARDED_ALLOW_IPS": "10.0.0.1",  # uvicorn: no proxy on this machine is to be believed
    }


# What a server on a unix socket says to the app about its clients: nothing.
BEHIND_A_UNIX_SOCKET = """
import os, sys

sys.path.append(os.environ["BLOG"])
sys.dont_write_bytecode = True
import main


async def app(scope, receive, send):
    await main.app(scope | {"client": None}, receive, send)
"""


def register(client: Client, name: str) -> dict[str, Any]:
    reply = client.post("/users/register", json=registration(name))
    assert reply.status_code == 201, "a registration is answered by 201"
    user: dict[str, Any] = reply.json()
    return user


def registration(name: str) -> dict[str, str]:
    return {"name": name, "email": f"{name}@example.com", "password": PASSWORD}


@pytest.fixture
def ada(client: Client, unique: Callable[[str], str]) -> dict[str, Any]:
    """A registered user."""
    return register(client, unique("ada"))


def wait_until(true: Callable[[], object], seconds: float = 5) -> bool:
    """Whether it has become true within `seconds`: what a task does may come after the reply."""
    deadline = time.monotonic() + seconds
    while not (became := bool(true())) and time.monotonic() < deadline:
        time.sleep(0.005)
    return became


def lines_with(text: str, read: Callable[[], str], count: int = 1) -> list[str]:
    """The lines with `text`, as soon as there are `count`, or as many as there are after a while."""

    def lines() -> list[str]:
        return [line for line in read().splitlines() if text in line]

    wait_until(lambda: len(lines()) >= count)
    return lines()


def logins(app: ServedApp, email: str, count: int = 1) -> list[str]:
    """What login.log tells about `email`, with the times."""

    def read() -> str:
        file = app.data / "login.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    return lines_with(email, read, count)


def without_time(lines: list[str]) -> list[str]:
    return sorted(line.partition(" ")[2] for line in lines)


def test_the_reply_comes_before_the_mail(client: Client, mailbox: PatientMailbox, unique: Callable[[str], str]) -> None:
    """A registration is answered before the welcome mail is sent, and the mail follows."""
    name = unique("grace")

    with mailbox.slow():
        user = register(client, name)
        arrived = mailbox.to(user["email"])

    assert arrived == [], "the response waited for the mail: send_welcome ran before it, not after it"
    assert wait_until(lambda: mailbox.to(user["email"])), "the welcome mail never came: was its task added?"
    (mail,) = mailbox.to(user["email"])
    assert mail["Subject"] == "Welcome"
    assert mail.get_content().strip() == f"Hello {name}, your account is ready."


def test_three_tasks_run_in_their_order(
    client: Client, served: ServedApp, ada: dict[str, Any], unique: Callable[[str], str]
) -> None:
    """Publishing a post runs three tasks one after the other: mail to the author, feed, mail to the subscribers."""
    title = unique("News")

    reply = client.post("/posts", json={"author_id": ada["id"], "title": title})

    assert (reply.status_code, reply.json()) == (
        201,
        {"id": reply.json()["id"], "author_id": ada["id"], "title": title},
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
        reply = client.post("/posts", json={"author_id": ada["id"], "title": title})
        lines = lines_with(title, lambda: client.app.log, 3)

    assert reply.status_code == 201
    assert [line.partition(": [")[0] for line in lines] == [
        f"blog mail 'Published: {title}' to {ada['email']} not sent",
        f"blog feed got '{title}'",
        f"blog mail 'New post: {title}' to {SUBSCRIBERS} not sent",
    ], "a task that raises takes the tasks after it along"


def test_every_login_attempt_is_logged(client: Client, served: ServedApp, ada: dict[str, Any]) -> None:
    """Every login attempt leaves one line in login.log, a failed one too."""
    stranger = f"not-{ada['email']}"
    attempts = [(ada["email"], PASSWORD), (ada["email"], "wrong"), (stranger, PASSWORD)]

    replies = [client.post("/auth/login", json={"email": email, "password": word}) for email, word in attempts]

    assert [reply.status_code for reply in replies] == [200, 401, 401]
    assert replies[1].json() == replies[2].json() == {"detail": "Invalid credentials"}
    assert without_time(logins(served, ada["email"], 3)) == [
        f"login failed '{ada['email']}' from '127.0.0.1'",
        f"login failed '{stranger}' from '127.0.0.1'",
        f"login ok '{ada['email']}' from '127.0.0.1'",
    ], "where a line is missing, its task never ran"


@pytest.mark.deeper
def test_others_are_served_meanwhile(
    client: Client,
    mailbox: PatientMailbox,
    ada: dict[str, Any],
    unique: Callable[[str], str],
) -> None:
    """While a task waits for the mail server, other requests are answered."""
    with mailbox.slow():
        grace = register(client, unique("grace"))
        reply = client.post("/auth/login", json={"email": ada["email"], "password": PASSWORD})
        arrived = mailbox.to(grace["email"])

    assert reply.status_code == 200
    assert arrived == [], "Ada's login waited for the mail to Grace: a task blocks the event loop"


@pytest.mark.deeper
def test_a_slow_task_holds_no_connection(
    fresh_app: Callable[..., Client],
    mailbox: PatientMailbox,
    ada: dict[str, Any],
    unique: Callable[[str], str],
) -> None:
    """A task that waits for the mail server holds no database connection: a pool of one is enough."""
    client = fresh_app(POOL_SIZE="1")
    grace = register(client, unique("grace"))
    assert wait_until(lambda: mailbox.to(grace["email"])), (
        "the welcome mail never came: the task found no free connection. Who holds the only one?"
    )

    with mailbox.slow():
        published = client.post("/posts", json={"author_id": grace["id"], "title": "Slow"})
        login = client.post("/auth/login", json={"email": grace["email"], "password": PASSWORD})
        arrived = len(mailbox.to(grace["email"])) - 1

    assert (published.status_code, login.status_code) == (201, 200), "the only connection was taken: who holds it?"
    assert arrived == 0, "the login waited for the mail: the connection was held while the mail was sent"


@pytest.mark.deeper
def test_a_task_survives_a_client_that_hangs_up(
    served: ServedApp, mailbox: PatientMailbox, unique: Callable[[str], str]
) -> None:
    """A client that hangs up doesn't stop the task: the mail is sent."""
    name = unique("grace")
    host, port = served.url.removeprefix("http://").split(":")
    request = httpx.Request("POST", f"{served.url}/users/register", json=registration(name))
    head = "".join(f"{key}: {value}\r\n" for key, value in request.headers.items())

    with mailbox.slow(), socket.create_connection((host, int(port))) as caller:
        caller.sendall(f"POST /users/register HTTP/1.1\r\n{head}\r\n".encode() + request.content)
        assert caller.recv(4096).startswith(b"HTTP/1.1 201")

    assert wait_until(lambda: mailbox.to(f"{name}@example.com")), "the client has gone, and the task with it"


@pytest.mark.deeper
@pytest.mark.usefixtures("ada")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process could answer")
def test_sigterm_waits_for_a_task(
    fresh_app: Callable[..., Client], mailbox: PatientMailbox, unique: Callable[[str], str]
) -> None:
    """On SIGTERM, a server ends its running tasks before it stops."""
    client = fresh_app()

    with mailbox.slow():
        user = register(client, unique("grace"))
        os.kill(client.app.pid, signal.SIGTERM)
        wait_until(lambda: "Waiting for background tasks" in client.app.log or mailbox.to(user["email"]))

    assert wait_until(lambda: mailbox.to(user["email"])), "the server ended, and the task with it"


@pytest.mark.deeper
def test_replies_hold_no_password(client: Client, ada: dict[str, Any]) -> None:
    """Registration and login answer with the user, and with nothing about the password."""
    reply = client.post("/auth/login", json={"email": ada["email"].upper(), "password": PASSWORD})

    expected = {"id": ada["id"], "name": ada["name"], "email": f"{ada['name']}@example.com"}
    assert ada == expected
    assert (reply.status_code, reply.json()) == (200, expected)


@pytest.mark.deeper
def test_registration_takes_a_json_body(client: Client, unique: Callable[[str], str]) -> None:
    """A registration is a JSON body: passwords in the query would end up in every log on the way."""
    name = unique("grace")

    in_the_query = client.post("/users/register", params=registration(name))
    in_the_body = client.post("/users/register", json=registration(name))

    assert (in_the_query.status_code, in_the_body.status_code) == (422, 201)


@pytest.mark.deeper
@pytest.mark.parametrize(
    "field, value",
    [("email", "ada"), ("email", "ada@example.com\nBcc: all@example.com"), ("name", "Ada\nBcc: all@example.com")],
)
def test_what_goes_into_a_mail_header_is_one_line(
    client: Client, unique: Callable[[str], str], field: str, value: str
) -> None:
    """A registration whose name or email couldn't be put into a mail's header is refused."""
    assert client.post("/users/register", json=registration(unique("grace")) | {field: value}).status_code == 422


@pytest.mark.deeper
def test_nobody_forges_a_login_line(client: Client, served: ServedApp, unique: Callable[[str], str]) -> None:
    """A line break in the email of a login makes no second line in login.log."""
    name = unique("mallory")
    forged = f"2026-11-22T10:00:00Z login ok '{name}' from '127.0.0.1'"
    ends_of_line = ["\n", "\r", "\x85", "\u2028"]

    for end in ends_of_line:
        client.post("/auth/login", json={"email": f"x{end}{forged}", "password": PASSWORD})

    lines = logins(served, name, len(ends_of_line))
    assert [line.split()[2] for line in lines] == ["failed"] * 4, "one line for each login, all of them failed"


@pytest.mark.deeper
def test_login_lines_carry_the_time(client: Client, served: ServedApp, ada: dict[str, Any]) -> None:
    """A line in login.log begins with date and time."""
    client.post("/auth/login", json={"email": ada["email"], "password": PASSWORD})

    (line,) = logins(served, ada["email"])
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ login ok ", line), f"the line reads: {line}"


@pytest.mark.deeper
def test_a_forged_address_is_not_believed(client: Client, served: ServedApp, ada: dict[str, Any]) -> None:
    """X-Forwarded-For from anyone except our proxy doesn't change anything in login.log."""
    credentials = {"email": ada["email"], "password": PASSWORD}

    client.post("/auth/login", json=credentials, headers={"X-Forwarded-For": "203.0.113.7"})

    assert without_time(logins(served, ada["email"])) == [f"login ok '{ada['email']}' from '127.0.0.1'"]


@pytest.mark.deeper
@pytest.mark.usefixtures("ada")
def test_a_client_without_an_address_is_served(
    launcher: Launcher,
    app_directory: Path,
    app_env: dict[str, str],
    tmp_path: Path,
    unique: Callable[[str], str],
    request: pytest.FixtureRequest,
) -> None:
    """A client without an address, as behind a unix socket, is served, and its login is logged."""
    wrapper = tmp_path / app_directory.name
    (wrapper / "app").mkdir(parents=True)
    (wrapper / "app" / "main.py").write_text(BEHIND_A_UNIX_SOCKET, encoding="utf-8")
    email = unique("nobody")
    env = app_env | {"BLOG": str(app_directory)}
    with ServedApp(launcher, wrapper, env=env) as app, Client(app, exchanges_of(request.node)) as client:
        reply = client.post("/auth/login", json={"email": email, "password": PASSWORD})

        assert reply.status_code == 401, "request.client is None behind a unix socket"
        assert without_time(logins(app, email)) == [f"login failed '{email}' from '-'"]


@pytest.mark.deeper
@pytest.mark.usefixtures("ada")
def test_without_a_mail_server_the_app_works(fresh_app: Callable[..., Client], unique: Callable[[str], str]) -> None:
    """If no mail server is configured, a registration succeeds, and one line reports the unsent mail."""
    client = fresh_app(SMTP_HOST="")

    user = register(client, unique("ada"))

    lines = lines_with(user["email"], lambda: client.app.log)
    assert [line.partition(" not sent: ")[0] for line in lines] == [f"blog mail 'Welcome' to {user['email']}"]


@pytest.mark.deeper
def test_an_email_is_registered_once(client: Client, ada: dict[str, Any]) -> None:
    """A second registration with the same email is refused with 409, in capitals too."""
    again = client.post("/users/register", json=registration(ada["name"]) | {"email": ada["email"].upper()})

    assert (again.status_code, again.json()) == (409, {"detail": "Email already registered"})


@pytest.mark.deeper
def test_a_post_needs_its_author(client: Client) -> None:
    """A post whose author doesn't exist is refused with 404."""
    reply = client.post("/posts", json={"author_id": 2**31 - 1, "title": "Nobody's"})

    assert (reply.status_code, reply.json()) == (404, {"detail": "Author not found"})
