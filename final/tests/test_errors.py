import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import Member
from workbook.plugin.seen import refusal

NO_POST = {"title": "T", "content": ""}


@pytest.fixture
def posts(client: Client, ada: Member) -> dict[str, int]:
    """The ids of two posts of Ada's: a published one and a draft."""
    published, draft = (
        client.post("/posts", json=NO_POST | {"published": public}, headers=ada.headers)
        for public in (True, False)
    )
    return {"post": published.json()["id"], "draft": draft.json()["id"]}


@pytest.mark.parametrize(
    "method, path, status, advice",
    [
        ("PATCH", "/posts/{post}", 403, "author"),
        ("DELETE", "/posts/{post}", 403, "author"),
        ("GET", "/posts/{draft}", 404, "Post not found"),
        ("PATCH", "/posts/{draft}", 404, "Post not found"),
        ("DELETE", "/posts/{draft}", 404, "Post not found"),
        ("GET", "/posts/2147483647", 404, "Post not found"),
        ("GET", "/users/2147483647", 404, "User not found"),
        ("GET", "/users/2147483648", 422, "errors says which"),
        ("GET", "/users/0", 422, "errors says which"),
        ("GET", "/nothing/here", 404, "/docs lists"),
        ("GET", "/files/nothing.png", 404, "/docs lists"),
        ("GET", "/files/", 404, "/docs lists"),
    ],
)
def test_a_refusal_says_what_to_do(
    client: Client,
    grace: Member,
    posts: dict[str, int],
    method: str,
    path: str,
    status: int,
    advice: str,
) -> None:
    """What belongs to someone else, or isn't there, is refused in the one shape, and the message says what to do."""
    change = {"title": "mine"} if method == "PATCH" else None

    response = client.request(
        method, path.format(**posts), json=change, headers=grace.headers
    )

    assert advice in refusal(response, status)["message"]


def test_a_refused_change_changes_nothing(
    client: Client, ada: Member, grace: Member, posts: dict[str, int]
) -> None:
    """A post doesn't change when someone other than its author tries to change or delete it."""
    for path in (f"/posts/{post}" for post in posts.values()):
        before = client.get(path, headers=ada.headers).json()
        client.patch(path, json={"title": "mine"}, headers=grace.headers)
        client.delete(path, headers=grace.headers)
        assert client.get(path, headers=ada.headers).json() == before


@pytest.mark.parametrize(
    "path, headers, way, advice",
    [
        ("/users/me", {}, "Bearer", "Authorization: Bearer TOKEN"),
        ("/users/me", {"Authorization": "Bearer nonsense"}, "Bearer", "log in again"),
        ("/internal/stats", {}, "ApiKey", "X-API-Key: KEY"),
        ("/internal/stats", {"X-API-Key": "nonsense"}, "ApiKey", "X-API-Key: KEY"),
    ],
)
def test_a_401_names_the_way_in(
    client: Client, path: str, headers: dict[str, str], way: str, advice: str
) -> None:
    """A 401 has the one shape and keeps its WWW-Authenticate."""
    response = client.get(path, headers=headers)

    assert advice in refusal(response, 401)["message"]
    assert response.headers["www-authenticate"] == way


def test_a_409_says_what_to_do(client: Client, ada: Member, grace: Member) -> None:
    """A change to another's email is a 409 that says to take another."""
    response = client.patch(
        "/users/me", json={"email": ada.email}, headers=grace.headers
    )

    assert "take another" in refusal(response, 409)["message"]


@pytest.mark.parametrize(
    "method, path, allowed",
    [
        ("PUT", "/posts", "GET, HEAD, POST"),
        ("DELETE", "/posts", "GET, HEAD, POST"),
        ("OPTIONS", "/posts", "GET, HEAD, POST"),
        ("BREW", "/posts", "GET, HEAD, POST"),
        ("PUT", "/posts/1", "GET, HEAD, PATCH, DELETE"),
        ("POST", "/users/me", "GET, HEAD, PATCH, DELETE"),
        ("GET", "/auth/login", "POST"),
        ("DELETE", "/", "GET, HEAD"),
        ("POST", "/files/a.png", "GET, HEAD"),
        ("PUT", "/files/posts", "GET, HEAD"),
        ("PUT", "/files/users/me", "GET, HEAD"),
    ],
)
def test_a_405_names_all_methods_of_the_path(
    client: Client, method: str, path: str, allowed: str
) -> None:
    """A method that a path doesn't take is a 405 whose Allow and message name every method that it takes."""
    response = client.request(method, path)

    assert allowed in refusal(response, 405)["message"]
    assert response.headers["allow"] == allowed
