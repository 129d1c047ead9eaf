import base64
import contextlib
import hashlib
import hmac
import json
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from workbook.plugin.client import Client, head_of, read_status
from workbook.plugin.members import PASSWORD, SECRET_KEY, SETTINGS, Member, join
from workbook.serving import ServedApp

pytestmark = [pytest.mark.deeper, pytest.mark.one_app]


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return SETTINGS


def token(claims: dict[str, Any], *, key: str = SECRET_KEY, algorithm: str = "HS256") -> str:
    """Return a token made by hand, which an attacker might send instead of one from the login."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = f"{part(json.dumps({'alg': algorithm, 'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    digests = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}
    if algorithm not in digests:
        return f"{signed}."
    return f"{signed}.{part(hmac.digest(key.encode(), signed.encode(), digests[algorithm]))}"


@contextlib.contextmanager
def nobody_else_writes(app: ServedApp) -> Iterator[sqlite3.Connection]:
    """Hold the database's write lock, so that requests that need to write wait while others go on."""
    with contextlib.closing(sqlite3.connect(next(app.data.glob("*.db")), isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys=ON")
        database.execute("BEGIN IMMEDIATE")
        yield database
        database.execute("COMMIT")


def send(client: Client, method: str, path: str, body: dict[str, Any], member: Member | None = None) -> socket.socket:
    """Send a request without waiting for its response."""
    headers = {"Connection": "close", **(member.headers if member else {})}
    request = client.build_request(method, path, json=body, headers=headers)
    caller = client.app.connect()
    caller.sendall(head_of(request) + request.content)
    return caller


def come_to_the_lock(client: Client) -> None:
    """Return when the requests sent so far have come as far as they can while someone else has the write lock.

    Requests are answered in turn, and a login needs no lock. So once it's answered, the others wait for the lock.
    """
    body = {"email": "nobody@example.com", "password": PASSWORD}
    with contextlib.closing(send(client, "POST", "/auth/login", body)) as last:
        last.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            last.recv(1)


def test_registration_and_login(client: Client, unique: Callable[[str], str]) -> None:
    """Registration answers 201 with the account, login with a token and the account; neither shows the hash."""
    name = unique("joan")
    account = {"name": name, "email": f"{name}@example.com"}

    registered = client.post("/auth/register", json={**account, "password": PASSWORD})
    logged_in = client.post("/auth/login", json={"email": account["email"], "password": PASSWORD})

    assert (registered.status_code, registered.json()) == (201, {"id": registered.json().get("id"), **account})
    assert logged_in.json() == {
        "access_token": logged_in.json().get("access_token"),
        "token_type": "bearer",
        "user": registered.json(),
    }


def test_a_failed_login_says_how(client: Client, ada: Member) -> None:
    """A failed login is 401 with WWW-Authenticate, and doesn't say whether email or password was wrong."""
    for email, password in ((ada.email, "not the password"), (f"not.{ada.email}", PASSWORD)):
        response = client.post("/auth/login", json={"email": email, "password": password})

        assert (response.status_code, response.json()) == (401, {"detail": "Invalid email or password"})
        assert response.headers.get("www-authenticate") == "Bearer", "the 401 doesn't say how to log in"


def test_passwords_are_stored_as_argon2(served: ServedApp, client: Client, ada: Member) -> None:
    """The database holds argon2 hashes, and no password."""
    stored = b"".join(file.read_bytes() for file in served.data.glob("*.db*") if not file.name.endswith("-shm"))

    assert ada.email.encode() in stored
    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored


def test_an_email_registers_once(client: Client, ada: Member) -> None:
    """A second registration with an email is 409, in whatever case it is written."""
    for email in (ada.email, ada.email.upper()):
        response = client.post("/auth/register", json={"name": "Eve", "email": email, "password": PASSWORD})

        assert (response.status_code, response.json()) == (409, {"detail": "Email already registered"}), email


def test_eight_registrations_at_once(served: ServedApp, client: Client, unique: Callable[[str], str]) -> None:
    """Of eight registrations with one email at the same moment, one is 201 and seven are 409."""
    body = {"name": "Eve", "email": f"{unique('eve')}@example.com", "password": PASSWORD}

    with contextlib.ExitStack() as stack:
        with nobody_else_writes(served):  # so that none of the eight is through before the last has begun
            callers = [stack.enter_context(send(client, "POST", "/auth/register", body)) for _ in range(8)]
            come_to_the_lock(client)
        statuses = [read_status(caller) for caller in callers]

    assert Counter(statuses) == {201: 1, 409: 7}, (
        "several requests saw that the email was free before one of them took it: only a unique column decides"
    )


def test_an_unsound_token_is_refused(client: Client, ada: Member) -> None:
    """A token that's expired, endless, without a user or signed by someone else is refused, even on a public route."""
    me, soon = str(ada.id), int(time.time()) + 60
    refused = {
        "expired": token({"sub": me, "exp": 1}),
        "without exp": token({"sub": me}),
        "exp null": token({"sub": me, "exp": None}),
        "exp endless": token({"sub": me, "exp": float("inf")}),
        "without sub": token({"exp": soon}),
        "empty sub": token({"sub": "", "exp": soon}),
        "unsigned": token({"sub": me, "exp": soon}, algorithm="none"),
        "another algorithm": token({"sub": me, "exp": soon}, algorithm="HS512"),
        "empty key": token({"sub": me, "exp": soon}, key=""),
    }

    for name, bad in refused.items():
        response = client.get("/posts", headers={"Authorization": f"Bearer {bad}"})
        assert (response.status_code, response.text) == (401, '{"detail":"Invalid or expired token"}'), (
            f"accepted: {name}"
        )
        assert response.headers.get("www-authenticate") == "Bearer"
    good = token({"sub": me, "exp": soon})
    assert client.get("/users/me", headers={"Authorization": f"Bearer {good}"}).json()["id"] == ada.id


def test_emails_are_private(client: Client, ada: Member, grace: Member) -> None:
    """Only its owner gets to see an email."""
    new = {"title": "By Ada", "content": "Some text", "published": True}
    post = client.post("/posts", json=new, headers=ada.headers).json()

    assert client.get(f"/posts/{post['id']}").json() == {**post, "author": {"id": ada.id, "name": ada.name}}
    assert client.get(f"/users/{ada.id}", headers=grace.headers).json() == {"id": ada.id, "name": ada.name}
    assert ada.email not in client.get("/users", headers=grace.headers).text, "the list of users shows emails"
    assert client.get("/users/me", headers=ada.headers).json()["email"] == ada.email


def test_users_change_themselves(client: Client, ada: Member, unique: Callable[[str], str]) -> None:
    """Users change their own name and email; an email that is taken is 409."""
    member = join(client, unique("alan"))

    changed = client.patch("/users/me", json={"name": "Alan M."}, headers=member.headers)
    taken = client.patch("/users/me", json={"email": ada.email.upper()}, headers=member.headers)

    account = {"id": member.id, "name": "Alan M.", "email": member.email}
    assert (changed.status_code, changed.json()) == (200, account)
    assert (taken.status_code, taken.json()) == (409, {"detail": "Email already registered"})


def test_a_deleted_user_takes_all_along(client: Client, unique: Callable[[str], str]) -> None:
    """A deleted user's posts are gone, and the old token never names anybody again."""
    gone = join(client, unique("gone"))
    new = {"title": "Going too", "content": "Some text", "published": True}
    post = client.post("/posts", json=new, headers=gone.headers).json()

    assert client.delete("/users/me", headers=gone.headers).status_code == 204

    assert client.get(f"/posts/{post['id']}").status_code == 404, "the post is still there, without an author"
    assert client.get("/users/me", headers=gone.headers).status_code == 401
    heir = join(client, unique("heir"))
    assert client.get("/users/me", headers=gone.headers).status_code == 401, (
        f"the id {gone.id} was given away again, so the old token is now a key to the account of {heir.name}"
    )


def test_who_meets_a_deletion_is_told(served: ServedApp, client: Client, unique: Callable[[str], str]) -> None:
    """A change or a new post whose user or post is deleted before it's written is a 409."""
    for _ in range(10):
        statuses = write_while_deleted(served, client, join(client, unique("gone")))
        if not {401, 404} & set(statuses):
            break  # otherwise a request came so late that it didn't even read what was deleted

    assert statuses == [409, 409, 409], "what a request has read may be gone when it writes, so the write can fail"


def write_while_deleted(served: ServedApp, client: Client, gone: Member) -> list[int]:
    """Let a member change their post, write one and change their name while someone else deletes them."""
    new = {"title": "Too late", "content": "Some text", "published": True}
    post = f"/posts/{client.post('/posts', json=new, headers=gone.headers).json()['id']}"
    body = {**new, "title": "Later still", "name": "Another name"}
    with contextlib.ExitStack() as stack:
        with nobody_else_writes(served) as database:
            changes = [("PATCH", post), ("POST", "/posts"), ("PATCH", "/users/me")]
            callers = [stack.enter_context(send(client, *change, body, gone)) for change in changes]
            for _ in range(3):  # reads as they do, and needs no lock: once it's answered, they have read too
                client.get(post, headers=gone.headers)
            database.execute("DELETE FROM users WHERE id = ?", [gone.id])
        return [read_status(caller) for caller in callers]
