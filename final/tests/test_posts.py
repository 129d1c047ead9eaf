from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import Member
from workbook.plugin.seen import rows

POST = {"title": "Onions", "content": "Layer after layer", "published": True}


def write(client: Client, author: Member, **fields: Any) -> int:
    response = client.post("/posts", json=POST | fields, headers=author.headers)
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


def listed(client: Client, query: str = "", viewer: Member | None = None) -> set[int]:
    response = client.get(
        f"/posts?limit=100&per_page=100{query}",
        headers=viewer.headers if viewer else {},
    )
    return {row["id"] for row in rows(response)}


def test_a_post_is_written_by_its_author(client: Client, ada: Member) -> None:
    """POST /posts answers 201 with the post, its author and its times in UTC."""
    response = client.post("/posts", json=POST, headers=ada.headers)

    assert response.status_code == 201
    post = response.json()
    assert {key: post.get(key) for key in (*POST, "author_id")} == {
        **POST,
        "author_id": ada.id,
    }
    for key in ("created_at", "updated_at"):
        assert datetime.fromisoformat(post[key]).utcoffset() == timedelta(0)


def test_a_post_is_a_draft_unless_it_says_otherwise(
    client: Client, ada: Member
) -> None:
    """A post without `published` is a draft."""
    response = client.post(
        "/posts", json={"title": "T", "content": ""}, headers=ada.headers
    )

    assert (response.status_code, response.json()["published"]) == (201, False)


def test_a_single_post_names_its_author(client: Client, ada: Member) -> None:
    """GET /posts/{id} needs no login and holds the author, without the email."""
    response = client.get(f"/posts/{write(client, ada)}")

    assert response.status_code == 200
    author = response.json()["author"]
    assert (author["id"], author["name"], "email" in author) == (
        ada.id,
        ada.name,
        False,
    )


def test_a_draft_is_its_authors_alone(
    client: Client, ada: Member, grace: Member
) -> None:
    """A draft is in its author's lists, and they can read it; for everyone else it's as if it didn't exist."""
    draft = write(client, ada, published=False)

    assert client.get(f"/posts/{draft}", headers=ada.headers).status_code == 200
    assert draft in listed(client, "&published=false", viewer=ada)
    for others in (grace, None):
        headers = others.headers if others else {}
        assert client.get(f"/posts/{draft}", headers=headers).status_code == 404
        assert draft not in listed(client, viewer=others)
        assert draft not in listed(client, "&published=false", viewer=others)
    assert (
        client.patch(f"/posts/{draft}", json={}, headers=grace.headers).status_code
        == 404
    )
    assert client.delete(f"/posts/{draft}", headers=grace.headers).status_code == 404


def test_published_filters(client: Client, ada: Member) -> None:
    """`published` filters what the caller may see anyway."""
    public, draft = write(client, ada), write(client, ada, published=False)

    assert {public, draft} <= listed(client, viewer=ada)
    assert listed(client, "&published=true", viewer=ada) & {public, draft} == {public}
    assert listed(client, "&published=false", viewer=ada) & {public, draft} == {draft}


def test_my_posts_are_not_taken_for_an_id(
    client: Client, ada: Member, grace: Member
) -> None:
    """/posts/my lists only the caller's own posts, drafts too."""
    mine, draft, hers = (
        write(client, ada),
        write(client, ada, published=False),
        write(client, grace),
    )

    response = client.get("/posts/my?limit=100&per_page=100", headers=ada.headers)

    assert {row["id"] for row in rows(response)} & {mine, draft, hers} == {mine, draft}
    assert client.get("/posts/my").status_code == 401


def test_authors_change_what_they_name(client: Client, ada: Member) -> None:
    """PATCH changes the fields that it names, leaves the others, and notes the time."""
    post = write(client, ada, published=False)
    before = client.get(f"/posts/{post}", headers=ada.headers).json()

    response = client.patch(
        f"/posts/{post}",
        json={"published": True, "title": "Garlic"},
        headers=ada.headers,
    )

    assert response.status_code == 200
    after = client.get(f"/posts/{post}").json()
    assert (after["title"], after["content"], after["published"]) == (
        "Garlic",
        POST["content"],
        True,
    )
    assert after["created_at"] == before["created_at"]
    assert datetime.fromisoformat(after["updated_at"]) > datetime.fromisoformat(
        before["updated_at"]
    )


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_only_the_author_changes_a_post(
    client: Client, ada: Member, grace: Member, method: str
) -> None:
    """Changing or deleting another's post is a 403, without a login a 401, and leaves the post as it is."""
    post = write(client, ada)
    body: dict[str, Any] = {"json": {"title": "Mine now"}} if method == "PATCH" else {}

    assert (
        client.request(
            method, f"/posts/{post}", headers=grace.headers, **body
        ).status_code
        == 403
    )
    assert client.request(method, f"/posts/{post}", **body).status_code == 401
    assert client.get(f"/posts/{post}").json()["title"] == POST["title"]


def test_a_deleted_post_is_gone(client: Client, ada: Member) -> None:
    """DELETE answers 204 with nothing, once; then the post is a 404."""
    post = write(client, ada)

    response = client.delete(f"/posts/{post}", headers=ada.headers)

    assert (response.status_code, response.content) == (204, b"")
    assert client.get(f"/posts/{post}").status_code == 404
    assert client.delete(f"/posts/{post}", headers=ada.headers).status_code == 404


@pytest.mark.parametrize(
    "post_id, status",
    [("2147483647", 404), ("0", 422), ("-1", 422), ("9" * 30, 422), ("x", 422)],
)
def test_an_id_that_no_post_has_is_told(
    client: Client, post_id: str, status: int
) -> None:
    """An id that no post has is a 404; one that no post can have is a 422."""
    assert client.get(f"/posts/{post_id}").status_code == status


def test_text_comes_back_as_it_was_written(
    client: Client, ada: Member, unique: Callable[[str], str]
) -> None:
    """Text in every script, markup and quotes come back unchanged, on both databases."""
    fields = {
        "title": f"{unique('t')} <b>'\"\\;-- é 漢字 😀",
        "content": "line\nline\ttab\r\n‮ \u200d &amp; '; DROP TABLE",
    }

    post = write(client, ada, **fields)

    read = client.get(f"/posts/{post}").json()
    assert {key: read[key] for key in fields} == fields


@pytest.mark.parametrize(
    "field, value",
    [
        ("title", ""),
        ("title", "a\nb"),
        ("title", "t" * 201),
        ("content", "nul \0"),
        ("content", "c" * 20_001),
        ("published", "yes"),
        ("published", 1),
        ("author_id", 1),
        ("id", 1),
    ],
)
def test_what_cannot_be_stored_is_refused(
    client: Client, ada: Member, field: str, value: object
) -> None:
    """A field that is malformed, too long or not the author's to set is a 422 that names it."""
    response = client.post("/posts", json=POST | {field: value}, headers=ada.headers)

    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [f"body.{field}"]
