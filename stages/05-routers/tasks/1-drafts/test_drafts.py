from collections.abc import Callable
from typing import Any

import pytest

from workbook.plugin.client import Client

pytestmark = pytest.mark.one_app

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"ARGON2_TIME_COST": "1", "ARGON2_MEMORY_COST": "8", "ARGON2_PARALLELISM": "1"}


def join(client: Client, name: str) -> dict[str, str]:
    """Register and log in; return the headers with the token."""
    account = {"name": name, "email": f"{name}@example.com", "password": PASSWORD}
    assert client.post("/auth/register", json=account).status_code == 201, "POST /auth/register doesn't work any more"
    response = client.post("/auth/login", json=account)
    assert response.status_code == 200, "POST /auth/login doesn't work any more"
    return {"Authorization": f"Bearer {response.json()['access_token']}"}


@pytest.fixture
def ada(client: Client, unique: Callable[[str], str]) -> dict[str, str]:
    return join(client, unique("ada"))


def write(client: Client, headers: dict[str, str], *, published: bool) -> dict[str, Any]:
    body = {"title": "A post", "content": "Some text", "published": published}
    return dict(client.post("/posts", json=body, headers=headers).json())


def test_drafts_are_listed(client: Client, ada: dict[str, str], unique: Callable[[str], str]) -> None:
    """/posts/drafts lists the caller's drafts, oldest first, and nothing else."""
    first, _, second = (write(client, ada, published=published) for published in (False, True, False))
    write(client, join(client, unique("grace")), published=False)

    response = client.get("/posts/drafts", headers=ada)

    assert response.status_code != 422, "`drafts` was read as a post's id: GET /posts/{post_id} is above your route"
    assert (response.status_code, response.json()) == (200, [first, second])


def test_drafts_need_a_login(client: Client) -> None:
    """Without a token, /posts/drafts is 401."""
    assert client.get("/posts/drafts").status_code == 401


def test_drafts_are_bounded(client: Client, ada: dict[str, str]) -> None:
    """/posts/drafts takes skip and limit, within the bounds of the other lists."""
    drafts = [write(client, ada, published=False) for _ in range(3)]

    assert client.get("/posts/drafts?skip=1&limit=1", headers=ada).json() == drafts[1:2]
    for query, field in {"skip=-1": "skip", "limit=0": "limit", "limit=101": "limit"}.items():
        response = client.get(f"/posts/drafts?{query}", headers=ada)
        assert response.status_code == 422, f"{query} was accepted"
        assert [error["loc"][-1] for error in response.json()["detail"]] == [field]


def test_drafts_are_in_the_docs(client: Client) -> None:
    """The OpenAPI page shows /posts/drafts in the group Posts."""
    paths = client.get("/openapi.json").json()["paths"]

    assert "/posts/drafts" in paths, "the OpenAPI page doesn't know the route"
    assert paths["/posts/drafts"]["get"].get("tags") == ["Posts"]
