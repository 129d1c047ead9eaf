"""A model of the project's blog: who wrote what, and what each list shows to whom."""

import http.client
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx

from workbook.plugin.members import PASSWORD, Member
from workbook.serving import ServedApp

from .walk import Walk

Row = dict[str, Any]
USER_KEYS = ("id", "name", "created_at")  # a user as everyone sees them; the account adds the email
POST_KEYS = ("id", "title", "content", "published", "author_id", "created_at", "updated_at")
LISTS = ("/posts", "/posts/my", "/users")
MOST_BYTES = 64 * 1024  # of one response
NO_ONE: dict[str, str] = {}  # the headers of a client that isn't logged in


def headers_of(viewer: Member | None) -> dict[str, str]:
    """Return the headers that a member sends, or a client without a login."""
    return viewer.headers if viewer else NO_ONE


class Blog:
    """What the app should hold after all that was done to it through this model.

    A row is what the app itself answered when the row was made or changed, in the fields that the project has. So an
    exercise can add fields, and times are the app's own.
    """

    def __init__(self, walk: Walk) -> None:
        self.walk, self.client = walk, walk.client
        self.users: dict[int, Row] = {}
        self.posts: dict[int, Row] = {}

    def join(self, stem: str, *, called: str = "") -> Member:
        """Register a member and log in; `called` is a name that may not be unique."""
        member = self.walk.join(stem, called=called)
        self.users[member.id] = {key: member.told[key] for key in USER_KEYS}
        return member

    def register(self, count: int, stem: str) -> None:
        """Register members who never log in; some of them have the same name."""
        names = [self.walk.unique(stem) for _ in range(count)]
        accounts = [{"name": name, "email": f"{name}@example.com", "password": PASSWORD} for name in names]
        for one, other in zip(accounts[::7], accounts[1::7], strict=False):
            other["name"] = one["name"]
        for response in post_all(self.walk.app, "/auth/register", accounts, NO_ONE):
            assert response.status_code == 201, "POST /auth/register doesn't work any more"
            self.users[response.json()["id"]] = _only(response, USER_KEYS)

    def copy(self, table: str, count: int) -> bool:
        """Copy the newest user or post so many times, in the app's database; return whether that could be done.

        A row that's sent costs the app some milliseconds, and a new user's password many. What isn't SQLite, or has
        other tables, isn't copied.
        """
        response = self.client.post("/_probe/copies", params={"table": table, "count": count, "unique": "email"})
        if response.status_code != 200:
            return False
        rows, first = {"users": self.users, "posts": self.posts}[table], response.json()["first"]
        newest = rows[max(rows)]
        rows |= {number: {**newest, "id": number} for number in range(first, first + count)}
        return True

    def write(self, author: Member, *published: bool) -> list[int]:
        """Write posts of random words, some of them the same; return their ids."""
        rng = self.walk.rng
        titles = [f"{rng.randrange(16**6):06x} é" for _ in range(max(1, 2 * len(published) // 3))]
        posts = [
            {"title": rng.choice(titles), "content": "words " * rng.randrange(4), "published": each}
            for each in published
        ]
        responses = post_all(self.walk.app, "/posts", posts, author.headers)
        assert {response.status_code for response in responses} <= {201}, "POST /posts doesn't work any more"
        rows = [_only(response, POST_KEYS) for response in responses]
        self.posts |= {row["id"]: row for row in rows}
        return [row["id"] for row in rows]

    def edit(self, author: Member, post: int, **changes: Any) -> httpx.Response:
        """Change a post; return the response."""
        response = self.client.patch(f"/posts/{post}", json=changes, headers=author.headers)
        assert response.status_code == 200, "PATCH /posts/{id} doesn't work any more"
        self.posts[post] = _only(response, POST_KEYS)
        return response

    def delete(self, author: Member, post: int) -> None:
        """Delete a post."""
        response = self.client.delete(f"/posts/{post}", headers=author.headers)
        assert response.status_code == 204, "DELETE /posts/{id} doesn't work any more"
        del self.posts[post]

    def leave(self, member: Member) -> None:
        """Delete a member's account, and with it their posts."""
        response = self.client.delete("/users/me", headers=member.headers)
        assert response.status_code == 204, "DELETE /users/me doesn't work any more"
        del self.users[member.id]
        self.posts = {post: row for post, row in self.posts.items() if row["author_id"] != member.id}

    def rows(self, path: str, viewer: Member | None, published: bool | None = None) -> list[Row]:
        """Return all rows of a list that the viewer may see, in its order."""
        if path == "/users":
            return [self.users[user] for user in sorted(self.users)]
        own = viewer.id if viewer else None
        shown: Iterable[Row] = (self.posts[post] for post in sorted(self.posts))
        if path == "/posts/my":
            shown = (row for row in shown if row["author_id"] == own)
        return [
            row
            for row in shown
            if (row["published"] or row["author_id"] == own) and published in {None, row["published"]}
        ]


def _only(response: httpx.Response, keys: Iterable[str]) -> Row:
    """Return these keys of the response's object. Raises `KeyError`, `TypeError`, `ValueError`."""
    body = response.json()
    return {key: body[key] for key in keys}


def post_all(app: ServedApp, path: str, bodies: Sequence[Any], headers: Mapping[str, str]) -> list[httpx.Response]:
    """Send the bodies as JSON, one after the other, and return the responses. Raises `httpx.TransportError`."""
    said: list[httpx.Response] = []
    connection = http.client.HTTPConnection("127.0.0.1")
    try:
        for body in bodies:
            if connection.sock is None:
                connection.sock = app.connect()
            connection.request("POST", path, json.dumps(body), {**headers, "Content-Type": "application/json"})
            response = connection.getresponse()
            said.append(httpx.Response(response.status, content=response.read(MOST_BYTES)))
            if response.will_close or not response.isclosed():
                connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise httpx.ReadError(f"POST {path}: {type(error).__name__}") from error
    finally:
        connection.close()
    return said
