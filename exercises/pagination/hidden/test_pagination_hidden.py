# hidden-from-learners-3b9f51c2
import random
from collections.abc import Callable
from typing import Any

import pytest

from workbook.plugin.client import Client
from workbook.plugin.members import Member, join


def about(client: Client, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """What a page says of itself, with the number of its rows."""
    reply = client.get(path, headers=headers)
    assert reply.status_code == 200, reply.text
    page = reply.json()
    assert isinstance(page, dict), "this is still the plain list"
    return {**{key: page[key] for key in page if key != "data"}, "rows": len(page["data"])}


def test_drafts_of_others_are_not_counted(client: Client, unique: Callable[[str], str], rng: random.Random) -> None:
    """`total` counts the posts that the caller may see: a stranger learns nothing of how many drafts there are."""
    writer, reader = join(client, unique("ada")), join(client, unique("grace"))
    public, drafts = rng.randint(2, 5), rng.randint(2, 5)
    before = about(client, "/posts", {})["total"]
    for number in range(public + drafts):
        post = {"title": unique("post"), "content": "", "published": number < public}
        assert client.post("/posts", json=post, headers=writer.headers).status_code == 201

    said = "total tells a stranger how many drafts there are"
    assert about(client, "/posts", reader.headers)["total"] == before + public, said
    assert about(client, "/posts", {})["total"] == before + public, said
    assert about(client, "/posts", writer.headers)["total"] == before + public + drafts
    assert about(client, "/posts/my", reader.headers)["total"] == 0, "/posts/my counts the posts of others"


@pytest.mark.parametrize("path", ["/posts", "/posts/my", "/users"])
def test_a_page_past_the_end_is_empty(
    client: Client, ada: Member, unique: Callable[[str], str], rng: random.Random, path: str
) -> None:
    """A page past the end is a 200 with no rows, none after it and one before; an absurd number may be a 422."""
    for _ in range(rng.randint(1, 3)):
        post = {"title": unique("post"), "content": "", "published": True}
        assert client.post("/posts", json=post, headers=ada.headers).status_code == 201
    total = about(client, path, ada.headers)["total"]

    for page in (total + 1, rng.randint(1_000, 100_000)):
        assert about(client, f"{path}?page={page}&per_page=1", ada.headers) == {
            "rows": 0,
            "total": total,
            "page": page,
            "per_page": 1,
            "total_pages": total,
            "has_next": False,
            "has_prev": True,
        }
    for absurd in (2**31, 2**63, 10**30):
        reply = client.get(f"{path}?page={absurd}&per_page=100", headers=ada.headers)
        assert reply.status_code in {200, 422}, "an absurd page number broke the app"


def test_no_rows_are_no_pages(client: Client, unique: Callable[[str], str]) -> None:
    """For somebody who has written nothing /posts/my has no pages, none before and none after."""
    newcomer = join(client, unique("ada"))

    assert about(client, "/posts/my", newcomer.headers) == {
        "rows": 0,
        "total": 0,
        "page": 1,
        "per_page": 10,
        "total_pages": 0,
        "has_next": False,
        "has_prev": False,
    }
