import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from workbook.plugin.client import Client

pytestmark = pytest.mark.one_app

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"ARGON2_TIME_COST": "1", "ARGON2_MEMORY_COST": "8", "ARGON2_PARALLELISM": "1"}


@dataclass
class Member:
    id: int
    headers: dict[str, str]


def join(client: Client, name: str) -> Member:
    """Register and log in; return the new member."""
    account = {"name": name, "email": f"{name}@example.com", "password": PASSWORD}
    registered = client.post("/auth/register", json=account)
    assert registered.status_code == 201, "POST /auth/register doesn't work any more"
    response = client.post("/auth/login", json=account)
    assert response.status_code == 200, "POST /auth/login doesn't work any more"
    return Member(registered.json()["id"], {"Authorization": f"Bearer {response.json()['access_token']}"})


@pytest.fixture
def ada(client: Client, unique: Callable[[str], str]) -> Member:
    return join(client, unique("ada"))


@pytest.fixture
def grace(client: Client, unique: Callable[[str], str]) -> Member:
    return join(client, unique("grace"))


def write(client: Client, author: Member, *, published: bool) -> int:
    body = {"title": "A post", "content": "Some text", "published": published}
    return int(client.post("/posts", json=body, headers=author.headers).json()["id"])


def comment(client: Client, author: Member, post: int, text: str = "Well said", **more: Any) -> httpx.Response:
    return client.post(f"/posts/{post}/comments", json={"text": text, **more}, headers=author.headers)


def texts(client: Client, reader: Member, post: int) -> list[str]:
    response = client.get(f"/posts/{post}/comments", headers=reader.headers)
    assert response.status_code == 200, "the comments can't be read"
    return [row["text"] for row in response.json()]


def test_comments_are_written_and_read(client: Client, ada: Member, grace: Member) -> None:
    """Any user comments on a published post, and any user reads the post's comments, oldest first."""
    post, other = write(client, ada, published=True), write(client, ada, published=True)

    first = comment(client, grace, post, "First", author_id=ada.id, post_id=other)
    comment(client, ada, post, "Second")
    comment(client, ada, other, "Elsewhere")

    expected = {"id": first.json().get("id"), "text": "First", "post_id": post, "author_id": grace.id}
    assert (first.status_code, first.json()) == (201, expected)
    assert texts(client, grace, post) == ["First", "Second"]


def test_comments_need_a_login(client: Client, ada: Member) -> None:
    """Without a token, comments can be neither written nor read."""
    post = write(client, ada, published=True)

    written = client.post(f"/posts/{post}/comments", json={"text": "Anonymous"})
    read = client.get(f"/posts/{post}/comments")

    assert (written.status_code, read.status_code) == (401, 401)
    assert texts(client, ada, post) == []


def test_a_drafts_comments_are_invisible(client: Client, ada: Member, grace: Member) -> None:
    """The author can comment on a draft; for everyone else it doesn't have comments, because it isn't there."""
    draft = write(client, ada, published=False)
    assert comment(client, ada, draft, "To do").status_code == 201

    for post in (draft, 10**9):
        written = comment(client, grace, post, "I see you")
        read = client.get(f"/posts/{post}/comments", headers=grace.headers)
        assert (written.status_code, read.status_code) == (404, 404), "a draft or a missing post has comments"

    assert texts(client, ada, draft) == ["To do"]


@pytest.mark.parametrize("text", ["", "x" * 1001], ids=["empty", "long"])
def test_a_comments_length_is_bounded(client: Client, ada: Member, text: str) -> None:
    """A comment without text, or of more than 1,000 characters, is 422."""
    post = write(client, ada, published=True)

    assert comment(client, ada, post, text).status_code == 422
    assert comment(client, ada, post, "x" * 1000).status_code == 201


def test_comments_go_with_post_and_author(client: Client, ada: Member, grace: Member) -> None:
    """A post with comments can be deleted, and so can a user who wrote some; the comments go along."""
    kept, gone = write(client, ada, published=True), write(client, ada, published=True)
    comment(client, ada, kept, "By Ada")
    for post in (kept, gone):
        assert comment(client, grace, post, "By Grace").status_code == 201

    deleted = client.delete(f"/posts/{gone}", headers=ada.headers)
    left = client.delete("/users/me", headers=grace.headers)

    assert deleted.status_code == 204, "a post with comments can't be deleted: its foreign key needs a cascade"
    assert left.status_code == 204, "a user with comments can't be deleted: the foreign key needs a cascade"
    assert texts(client, ada, kept) == ["By Ada"]


def test_comments_are_in_the_docs(client: Client) -> None:
    """The OpenAPI page shows both routes in the group Comments, each with a lock."""
    paths = client.get("/openapi.json").json()["paths"]
    routes: dict[str, Any] = next((paths[path] for path in paths if re.fullmatch(r"/posts/\{\w+\}/comments", path)), {})

    assert {method: operation.get("tags") for method, operation in sorted(routes.items())} == {
        "get": ["Comments"],
        "post": ["Comments"],
    }
    assert all(operation.get("security") for operation in routes.values()), "a route without a lock: no login is needed"
