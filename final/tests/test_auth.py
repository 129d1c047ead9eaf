import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import CHEAP_HASHES, PASSWORD, Member


def test_a_new_user_is_told_who_they_are(
    client: Client, unique: Callable[[str], str]
) -> None:
    """Registration answers 201 with the account, the email in lower case, the time in UTC, and no password."""
    name = unique("ada")

    response = client.post(
        "/auth/register",
        json={"name": name, "email": f"{name}@Example.COM", "password": PASSWORD},
    )

    assert response.status_code == 201
    account = response.json()
    assert (account["name"], account["email"]) == (name, f"{name}@example.com")
    assert datetime.fromisoformat(account["created_at"]).utcoffset() == timedelta(0)
    assert [key for key in account if "password" in key] == []


def test_login_answers_with_a_token_and_the_user(client: Client, ada: Member) -> None:
    """Login answers with a bearer token and the user, whatever the case of the email, and with no hash."""
    response = client.post(
        "/auth/login", json={"email": ada.email.upper(), "password": PASSWORD}
    )

    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"access_token", "token_type", "user"}
    assert (body["token_type"], body["user"]["id"], body["user"]["email"]) == (
        "bearer",
        ada.id,
        ada.email,
    )
    assert "argon2" not in response.text
    me = client.get(
        "/users/me", headers={"Authorization": f"Bearer {body['access_token']}"}
    )
    assert me.json()["id"] == ada.id


@pytest.mark.parametrize("who", ["known", "unknown"])
def test_a_failed_login_says_how(client: Client, ada: Member, who: str) -> None:
    """A failed login is a 401 that names the way, and the same for an unknown email as for a wrong password."""
    email = ada.email if who == "known" else "nobody@example.com"

    response = client.post(
        "/auth/login", json={"email": email, "password": "wrong password"}
    )

    assert (response.status_code, response.headers["www-authenticate"]) == (
        401,
        "Bearer",
    )
    assert response.json() == {
        "success": False,
        "message": "Email or password is wrong",
        "errors": [],
    }


def spent(pid: int) -> float:
    """Return the CPU seconds of a process, which don't depend on the load; the time if it can't be measured."""
    if not Path(f"/proc/{pid}/schedstat").exists():
        return time.perf_counter()
    threads = Path(f"/proc/{pid}/task").iterdir()
    return (
        sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)
        / 1e9
    )


@pytest.mark.slow
def test_an_unknown_email_takes_as_long_as_a_wrong_password(
    fresh_app: Callable[..., Client], new_database: Callable[[], str]
) -> None:
    """No one can tell from the time of a refusal whether an email is registered."""
    dear = {
        **dict.fromkeys(CHEAP_HASHES, "1"),
        "ARGON2_MEMORY_COST": "65536",
        "ARGON2_TIME_COST": "3",
    }
    client = fresh_app(DATABASE_URL=new_database(), **dear)
    client.post(
        "/auth/register",
        json={"name": "Ada", "email": "ada@example.com", "password": PASSWORD},
    )

    def seconds(email: str) -> float:
        started = spent(client.app.pid)
        assert (
            client.post(
                "/auth/login", json={"email": email, "password": "wrong password"}
            ).status_code
            == 401
        )
        return spent(client.app.pid) - started

    seconds("first@example.com")  # passlib prepares its answer to unknown emails once
    times = [
        (seconds("ada@example.com"), seconds("nobody@example.com")) for _ in range(7)
    ]

    known, unknown = (statistics.median(each) for each in zip(*times, strict=True))
    assert 0.6 < unknown / known < 1.6, (
        f"known {known * 1000:.0f} ms, unknown {unknown * 1000:.0f} ms"
    )


def test_an_email_is_registered_once(client: Client, ada: Member) -> None:
    """An email that is taken is a 409 that says what to do, also in other letters' case."""
    response = client.post(
        "/auth/register",
        json={"name": "B", "email": ada.email.upper(), "password": PASSWORD},
    )

    assert response.status_code == 409
    assert "log in, or take another" in response.json()["message"]


def test_32_registrations_of_one_email_at_once(
    client: Client, unique: Callable[[str], str]
) -> None:
    """Of 32 registrations of one email at the same moment, one succeeds, and 31 get a 409."""
    new = {"name": "Ada", "email": f"{unique('ada')}@example.com", "password": PASSWORD}

    with ThreadPoolExecutor(32) as pool:
        statuses = list(
            pool.map(
                lambda _: client.post("/auth/register", json=new).status_code, range(32)
            )
        )

    assert Counter(statuses) == {201: 1, 409: 31}


def test_fifty_people_at_once_are_all_served(
    client: Client, unique: Callable[[str], str]
) -> None:
    """Fifty people who register, log in and write at the same moment all succeed."""

    def live(number: int) -> list[int]:
        new = {
            "name": "Ada",
            "email": f"{unique('ada')}-{number}@example.com",
            "password": PASSWORD,
        }
        registered = client.post("/auth/register", json=new)
        login = client.post(
            "/auth/login", json={"email": new["email"], "password": PASSWORD}
        )
        headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
        written = client.post(
            "/posts",
            json={"title": "T", "content": "", "published": True},
            headers=headers,
        )
        read = client.get(f"/posts/{written.json()['id']}", headers=headers)
        return [
            registered.status_code,
            login.status_code,
            written.status_code,
            read.status_code,
        ]

    with ThreadPoolExecutor(50) as pool:
        assert Counter(map(tuple, pool.map(live, range(50)))) == {
            (201, 200, 201, 200): 50
        }


@pytest.mark.parametrize(
    "field, value",
    [
        ("email", "ada"),
        ("email", "ada\n@example.com"),
        ("email", "a" * 250 + "@example.com"),
        ("name", ""),
        ("name", "a\nb"),
        ("name", "a\0b"),
        ("name", "a" * 101),
        ("password", "short"),
        ("password", "p" * 5000),
        ("password", "nul\0nul\0nul"),
        ("password", "surrogate \ud800"),
        ("admin", True),
    ],
)
def test_what_cannot_be_stored_is_refused(
    client: Client, unique: Callable[[str], str], field: str, value: object
) -> None:
    """A field that is too long, too short, malformed or not asked for is a 422 that names it and echoes nothing."""
    new = {
        "name": "Ada",
        "email": f"{unique('ada')}@example.com",
        "password": PASSWORD,
        field: value,
    }

    response = client.post(
        "/auth/register",
        content=json.dumps(new),
        headers={"Content-Type": "application/json"},
    )

    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [f"body.{field}"]
    assert PASSWORD not in response.text


def test_nul_in_a_login_is_refused(client: Client) -> None:
    """A NUL in a login, which PostgreSQL can't compare with anything, is a 422."""
    for credentials in (
        {"email": "a\0b@example.com", "password": PASSWORD},
        {"email": "a@example.com", "password": "p" * 8 + "\0"},
    ):
        assert client.post("/auth/login", json=credentials).status_code == 422
