import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import PASSWORD, Member, join
from workbook.plugin.seen import rows


def test_users_see_themselves(client: Client, ada: Member) -> None:
    """/users/me answers with the caller's own account, the email too."""
    response = client.get("/users/me", headers=ada.headers)

    assert response.status_code == 200
    assert {key: response.json().get(key) for key in ("id", "name", "email")} == {
        "id": ada.id,
        "name": ada.name,
        "email": ada.email,
    }


def test_users_see_others_without_their_email(
    client: Client, ada: Member, grace: Member
) -> None:
    """Another user has an id and a name, and neither an email nor a hash."""
    response = client.get(f"/users/{grace.id}", headers=ada.headers)

    assert response.status_code == 200
    assert (response.json()["id"], response.json()["name"]) == (grace.id, grace.name)
    assert [key for key in response.json() if "email" in key or "password" in key] == []
    listed = rows(client.get("/users", headers=ada.headers))
    assert [row for row in listed if "email" in row or "hashed_password" in row] == []


@pytest.mark.parametrize("path", ["/users", "/users/me", "/users/1"])
def test_every_route_of_users_needs_a_login(client: Client, path: str) -> None:
    """Without a token every route of /users is a 401 that names the way."""
    response = client.get(path)

    assert (response.status_code, response.headers.get("www-authenticate")) == (
        401,
        "Bearer",
    )


def test_a_user_that_does_not_exist_is_not_found(client: Client, ada: Member) -> None:
    """An id that no user has is a 404."""
    assert client.get("/users/2147483647", headers=ada.headers).status_code == 404


def test_users_change_what_they_name(
    client: Client, unique: Callable[[str], str]
) -> None:
    """PATCH /users/me changes the fields that it names and leaves the others; a null is refused, and changes nothing."""
    me = join(client, unique("ada"))

    for changes, expected in (
        ({"name": "Ada L."}, ("Ada L.", me.email)),
        ({"email": f"New-{me.email}"}, ("Ada L.", f"new-{me.email}")),
        ({}, ("Ada L.", f"new-{me.email}")),
    ):
        response = client.patch("/users/me", json=changes, headers=me.headers)
        assert (
            response.status_code,
            (response.json()["name"], response.json()["email"]),
        ) == (
            200,
            expected,
        )

    refused = client.patch("/users/me", json={"name": None}, headers=me.headers)
    assert refused.status_code == 422
    assert client.get("/users/me", headers=me.headers).json()["name"] == "Ada L."
    assert (
        client.post(
            "/auth/login", json={"email": f"new-{me.email}", "password": PASSWORD}
        ).status_code
        == 200
    )
    assert (
        client.post(
            "/auth/login", json={"email": me.email, "password": PASSWORD}
        ).status_code
        == 401
    )


def test_nobody_takes_the_email_of_another(
    client: Client, ada: Member, grace: Member
) -> None:
    """A change to an email that is taken is a 409, and changes nothing."""
    response = client.patch(
        "/users/me",
        json={"name": "X", "email": grace.email.upper()},
        headers=ada.headers,
    )

    assert response.status_code == 409
    assert client.get("/users/me", headers=ada.headers).json()["name"] == ada.name


def test_an_own_email_may_be_sent_again(client: Client, ada: Member) -> None:
    """You may send the email that you already have: that isn't a conflict."""
    assert (
        client.patch(
            "/users/me", json={"email": ada.email}, headers=ada.headers
        ).status_code
        == 200
    )


@pytest.mark.parametrize("field", ["id", "hashed_password", "created_at", "is_admin"])
def test_users_change_nothing_else(client: Client, ada: Member, field: str) -> None:
    """A field that the user may not change is a 422."""
    assert (
        client.patch("/users/me", json={field: 1}, headers=ada.headers).status_code
        == 422
    )


def test_a_deleted_user_takes_all_along(
    client: Client, unique: Callable[[str], str], ada: Member
) -> None:
    """DELETE /users/me removes the user and their posts; reading either is a 404, and no list breaks."""
    gone = join(client, unique("gone"))
    post = {"title": "T", "content": "c", "published": True}
    posts = [
        client.post("/posts", json=post, headers=gone.headers).json()["id"]
        for _ in range(3)
    ]

    response = client.delete("/users/me", headers=gone.headers)

    assert (response.status_code, response.content) == (204, b"")
    assert client.get(f"/users/{gone.id}", headers=ada.headers).status_code == 404
    assert [client.get(f"/posts/{post}").status_code for post in posts] == [404] * 3
    assert [
        row for row in rows(client.get("/posts")) if row["author_id"] == gone.id
    ] == []


def test_a_user_who_is_deleted_while_they_write_breaks_nothing(
    client: Client, unique: Callable[[str], str]
) -> None:
    """A user who is deleted while they write is a success, a 401 or a 409, and never a 500."""
    statuses: Counter[int] = Counter()
    for _ in range(5):
        gone = join(client, unique("gone"))
        ready = threading.Barrier(9)

        def write(_: int, gone: Member = gone, ready: threading.Barrier = ready) -> int:
            ready.wait()
            post = {"title": "T", "content": "", "published": True}
            return client.post("/posts", json=post, headers=gone.headers).status_code

        def leave(gone: Member = gone, ready: threading.Barrier = ready) -> int:
            ready.wait()
            return client.delete("/users/me", headers=gone.headers).status_code

        with ThreadPoolExecutor(9) as pool:
            left = pool.submit(leave)
            statuses.update(pool.map(write, range(8)))
            assert left.result() == 204

    assert set(statuses) <= {201, 401, 409}
