import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbook.plugin.cards import exchanges_of
from workbook.plugin.client import Client
from workbook.plugin.seen import lines_with
from workbook.serving import Launcher, ServedApp

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {
        "ARGON2_MEMORY_COST": "1024",  # a cheap hash, for fast tests
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


def registration(name: str) -> dict[str, str]:
    return {"name": name, "email": f"{name}@example.com", "password": PASSWORD}


@pytest.fixture
def ada(client: Client, unique: Callable[[str], str]) -> dict[str, Any]:
    """A registered user."""
    response = client.post("/users/register", json=registration(unique("ada")))
    assert response.status_code == 201, "a registration is answered by 201"
    return dict(response.json())


def logins(app: ServedApp, email: str, count: int = 1) -> list[str]:
    """Return the lines of login.log about `email`, with their times."""

    def read() -> str:
        file = app.data / "login.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    return lines_with(email, read, count)


def without_time(lines: list[str]) -> list[str]:
    return sorted(line.partition(" ")[2] for line in lines)


def test_every_login_attempt_is_logged(client: Client, served: ServedApp, ada: dict[str, Any]) -> None:
    """Every login attempt leaves one line in login.log, a failed one too."""
    stranger = f"not-{ada['email']}"
    attempts = [(ada["email"], PASSWORD), (ada["email"], "wrong"), (stranger, PASSWORD)]

    responses = [client.post("/auth/login", json={"email": email, "password": word}) for email, word in attempts]

    assert [response.status_code for response in responses] == [200, 401, 401]
    assert responses[1].json() == responses[2].json() == {"detail": "Invalid credentials"}
    assert without_time(logins(served, ada["email"], 3)) == [
        f"login failed '{ada['email']}' from '127.0.0.1'",
        f"login failed '{stranger}' from '127.0.0.1'",
        f"login ok '{ada['email']}' from '127.0.0.1'",
    ], "where a line is missing, its task never ran"


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
        response = client.post("/auth/login", json={"email": email, "password": PASSWORD})

        assert response.status_code == 401, "request.client is None behind a unix socket"
        assert without_time(logins(app, email)) == [f"login failed '{email}' from '-'"]


@pytest.mark.deeper
def test_responses_hold_no_password(client: Client, ada: dict[str, Any]) -> None:
    """Registration and login answer with the user, and with nothing about the password."""
    response = client.post("/auth/login", json={"email": ada["email"].upper(), "password": PASSWORD})

    expected = {"id": ada["id"], "name": ada["name"], "email": f"{ada['name']}@example.com"}
    assert ada == expected
    assert (response.status_code, response.json()) == (200, expected)


@pytest.mark.deeper
def test_registration_takes_a_json_body(client: Client, unique: Callable[[str], str]) -> None:
    """A registration is a JSON body: passwords in the query would end up in every log on the way."""
    name = unique("grace")

    in_the_query = client.post("/users/register", params=registration(name))
    in_the_body = client.post("/users/register", json=registration(name))

    assert (in_the_query.status_code, in_the_body.status_code) == (422, 201)


@pytest.mark.deeper
def test_an_email_is_registered_once(client: Client, ada: dict[str, Any]) -> None:
    """A second registration with the same email is refused with 409, in capitals too."""
    again = client.post("/users/register", json=registration(ada["name"]) | {"email": ada["email"].upper()})

    assert (again.status_code, again.json()) == (409, {"detail": "Email already registered"})
