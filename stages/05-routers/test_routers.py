from typing import Any

import pytest

from workbook.plugin.client import Client, ask_at_once
from workbook.plugin.members import SETTINGS, Member

pytestmark = pytest.mark.one_app
TAGS = {
    "GET /": ["Root"],
    "POST /auth/register": ["Authentication"],
    "POST /auth/login": ["Authentication"],
    "GET /users": ["Users"],
    "GET /users/me": ["Users"],
    "PATCH /users/me": ["Users"],
    "DELETE /users/me": ["Users"],
    "GET /users/{user_id}": ["Users"],
    "GET /posts": ["Posts"],
    "POST /posts": ["Posts"],
    "GET /posts/my": ["Posts"],
    "GET /posts/{post_id}": ["Posts"],
    "PATCH /posts/{post_id}": ["Posts"],
    "DELETE /posts/{post_id}": ["Posts"],
    "POST /uploads/image": ["Uploads"],
}


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return SETTINGS


def write(client: Client, author: Member, title: str, *, published: bool) -> dict[str, Any]:
    body = {"title": title, "content": "Some text", "published": published}
    response = client.post("/posts", json=body, headers=author.headers)
    assert (response.status_code, response.json()) == (
        201,
        {"id": response.json().get("id"), **body, "author_id": author.id},
    )
    return dict(response.json())


def operations(client: Client) -> dict[str, dict[str, Any]]:
    """Return the routes that the OpenAPI page shows: `GET /posts` and so on."""
    paths = client.get("/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}": op for path, ops in paths.items() for method, op in ops.items()}


def test_routes_are_grouped(client: Client) -> None:
    """Every route is below its router's prefix, and the OpenAPI page groups it under its router's tag."""
    tags = {name: operation.get("tags") for name, operation in operations(client).items()}

    missing, strange = sorted(TAGS.keys() - tags.keys()), sorted(tags.keys() - TAGS.keys())
    assert missing == [], f"not on the page, which has instead: {', '.join(strange) or 'nothing'}"
    assert {name: tags[name] for name in TAGS} == TAGS


def test_users_need_a_login(client: Client, ada: Member) -> None:
    """Without a login, the list of users and each single user are 401."""
    for path in ("/users", f"/users/{ada.id}"):
        refused = client.get(path)
        assert (refused.status_code, refused.json()) == (401, {"detail": "Not authenticated"}), f"{path} is open"
        assert refused.headers.get("www-authenticate") == "Bearer"
        assert client.get(path, headers=ada.headers).status_code == 200


def test_my_posts_are_not_a_post(client: Client, ada: Member, grace: Member) -> None:
    """/posts/my lists the caller's own posts, drafts too, and isn't taken for the id of a post."""
    write(client, ada, "By Ada", published=True)
    draft, post = (write(client, grace, "By Grace", published=published) for published in (False, True))

    response = client.get("/posts/my", headers=grace.headers)

    assert response.status_code != 422, "`my` was read as a post's id: another route is above /posts/my"
    assert (response.status_code, response.json()) == (200, [draft, post])
    assert client.get("/posts/my").status_code == 401


def test_drafts_are_their_authors(client: Client, ada: Member, grace: Member) -> None:
    """Only its author can see a draft; for everyone else it's as if it weren't there."""
    draft = write(client, ada, "Draft", published=False)
    path = f"/posts/{draft['id']}"

    for viewer, headers in {"nobody": {}, "another user": grace.headers}.items():
        response = client.get(path, headers=headers)
        assert (response.status_code, response.json()) == (404, {"detail": "Post not found"}), f"{viewer} reads a draft"
        drafts = client.get("/posts", params={"published": False, "limit": 100}, headers=headers).json()
        assert draft not in drafts, f"{viewer} finds a draft in the list"

    assert client.get(path, headers=ada.headers).json() == {**draft, "author": {"id": ada.id, "name": ada.name}}


@pytest.mark.deeper
def test_the_package_starts_anywhere(client: Client) -> None:
    """The package can start in another working directory, and says where its docs are."""
    assert client.get("/").json() == {"message": "API is running", "docs": "/docs"}


@pytest.mark.deeper
def test_every_response_has_a_declared_shape(client: Client) -> None:
    """Every route declares what it returns, so that no column leaves the database by accident."""
    undeclared = [
        name
        for name, operation in operations(client).items()
        for status, response in operation["responses"].items()
        if status.startswith("2") and not all(kind.get("schema") for kind in response.get("content", {}).values())
    ]

    assert undeclared == [], "without a return type or response_model, the response is whatever the function returns"


@pytest.mark.deeper
def test_docs_know_what_needs_a_token(client: Client) -> None:
    """The docs have a title, a version, an Authorize button, and a lock on every route that takes a token."""
    page = client.get("/openapi.json").json()
    unlocked = {
        f"{method.upper()} {path}"
        for path, methods in page["paths"].items()
        for method, operation in methods.items()
        if not operation.get("security")
    }

    description = "Users, posts and images, one router each"
    assert page["info"] == {"title": "A small blog", "description": description, "version": "5.0.0"}
    assert page["components"].get("securitySchemes") == {"HTTPBearer": {"type": "http", "scheme": "bearer"}}
    assert unlocked == {"GET /", "POST /auth/register", "POST /auth/login"}


@pytest.mark.deeper
def test_lists_are_bounded(client: Client, ada: Member) -> None:
    """Every list refuses a negative or absurd skip, and a limit below 1 or above 100."""
    for path in ("/users", "/posts", "/posts/my"):
        for query in ("skip=-1&limit=0", "skip=10000000000000000000&limit=101"):
            response = client.get(f"{path}?{query}", headers=ada.headers)
            assert response.status_code == 422, f"{path}?{query} was accepted"
            assert {error["loc"][-1] for error in response.json()["detail"]} == {"skip", "limit"}, f"{path}?{query}"

    both, second = (
        client.get(f"/users?{query}", headers=ada.headers).json() for query in ("limit=2", "skip=1&limit=1")
    )
    assert second == both[1:]


@pytest.mark.deeper
def test_an_absurd_id_is_refused(client: Client, ada: Member) -> None:
    """An id that no row can have is 422, and one that no row has is 404."""
    for path in ("/users", "/posts"):
        for row, status in ((10**19, 422), (10**9, 404)):
            assert client.get(f"{path}/{row}", headers=ada.headers).status_code == status, f"{path}/{row}"


@pytest.mark.deeper
def test_published_filters_the_list(client: Client, ada: Member) -> None:
    """`published` narrows the list, also that of an author who sees drafts."""
    draft, post = (write(client, ada, "One of two", published=published) for published in (False, True))

    for published in (True, False):
        query = {"limit": 100, "published": published}
        found = client.get("/posts", params=query, headers=ada.headers).json()
        assert [draft in found, post in found] == [not published, published]


@pytest.mark.deeper
def test_only_the_author_changes_a_post(client: Client, ada: Member, grace: Member) -> None:
    """Only its author can change or delete a post: 401 without a token, 403 for anyone else."""
    post = write(client, ada, "Mine", published=True)
    path = f"/posts/{post['id']}"

    for method in ("PATCH", "DELETE"):
        body = {"title": "Yours"} if method == "PATCH" else None
        assert client.request(method, path, json=body).status_code == 401, f"{method} without a token"
        assert client.request(method, path, json=body, headers=grace.headers).status_code == 403, f"{method} by another"

    changed = client.patch(path, json={"title": "Still mine"}, headers=ada.headers)
    assert (changed.status_code, changed.json()) == (200, {**post, "title": "Still mine"})
    assert client.patch(path, json={"content": None}, headers=ada.headers).status_code == 422, "null isn't text"
    assert client.delete(path, headers=ada.headers).status_code == 204
    assert client.get(path).status_code == 404


@pytest.mark.deeper
def test_a_hundred_readers_at_once(client: Client, ada: Member) -> None:
    """A hundred requests at once are all answered: none holds a connection while it waits for a thread."""
    assert ask_at_once(client, "/users/me", 100, ada.headers) == {200}
