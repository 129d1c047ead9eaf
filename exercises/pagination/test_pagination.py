from collections.abc import Callable
from typing import Any

import httpx
import pytest

from workbook.plugin.client import Client
from workbook.plugin.members import Member, join, register_member
from workbook.serving import ServedApp

LISTS = ["/posts", "/posts/my", "/users"]
ROWS = 13
KEYS = ["data", "total", "page", "per_page", "total_pages", "has_next", "has_prev"]


def page_of(reply: httpx.Response) -> dict[str, Any]:
    """The reply's page, which has every key that a page has."""
    assert reply.status_code == 200, "this page exists, and is answered with 200"
    body = reply.json()
    assert isinstance(body, dict), "this is still the plain list: the route does not use paginate()"
    missing = [key for key in KEYS if key not in body]
    assert missing == [], "a page has seven keys, and some of them are missing"
    return body


def about(page: dict[str, Any]) -> dict[str, Any]:
    """All of a page but its rows."""
    return {key: page[key] for key in KEYS if key != "data"}


def ids(page: dict[str, Any]) -> list[int]:
    return [row["id"] for row in page["data"]]


@pytest.fixture(scope="module")
def writer(served: ServedApp, unique: Callable[[str], str]) -> Member:
    """One of the app's 13 users, and the author of its only 13 posts: ten published ones, and three drafts."""
    with Client(served, []) as client:
        member = join(client, unique("ada"))
        for number in range(ROWS):
            post = {"title": f"Post {number}", "content": "", "published": number % 4 != 3}
            assert client.post("/posts", json=post, headers=member.headers).status_code == 201
        for _ in range(ROWS - 1):
            register_member(client, unique("grace"))
    return member


@pytest.fixture
def author(writer: Member, client: Client) -> Member:
    client.exchanges += writer.exchanges  # a failure card then begins with the login
    return writer


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_a_page(client: Client, author: Member, path: str) -> None:
    """GET /posts, /posts/my and /users answer with a page: ten rows, and seven keys that say where they lie."""
    page = page_of(client.get(path, headers=author.headers))

    assert len(page["data"]) == 10, "without per_page a page has ten rows"
    assert about(page) == {
        "total": ROWS,
        "page": 1,
        "per_page": 10,
        "total_pages": 2,
        "has_next": True,
        "has_prev": False,
    }, "total counts the rows of this page, not all rows" if page["total"] == len(page["data"]) else ""
    wanted = {"id", "name"} if path == "/users" else {"id", "title", "content", "published", "author_id"}
    assert sorted(wanted - set(page["data"][0])) == [], "the rows have lost fields that they had"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("per_page", [3, 13, 100])
def test_pages_follow_each_other(client: Client, author: Member, path: str, per_page: int) -> None:
    """The pages one after the other hold every row once, by id, and page 1 begins with the first row."""
    walked: list[int] = []
    for number in range(1, -(-ROWS // per_page) + 1):
        walked += ids(page_of(client.get(f"{path}?page={number}&per_page={per_page}", headers=author.headers)))

    assert len(walked) == len(set(walked)), "two pages hold the same row"
    late = f"page 1 begins with row {per_page + 1}: it skips nothing, so the offset is (page - 1) * per_page"
    assert len(walked) == ROWS, late if len(walked) == max(ROWS - per_page, 0) else "some rows are on none of the pages"
    assert walked == sorted(walked), "the rows are not ordered by id over all pages"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "page, per_page, total_pages, has_next, has_prev",
    [
        (1, 5, 3, True, False),
        (2, 5, 3, True, True),
        (3, 5, 3, False, True),
        (1, 13, 1, False, False),
        (1, 12, 2, True, False),
        (13, 1, 13, False, True),
    ],
)
def test_the_last_page_is_told(
    client: Client,
    author: Member,
    path: str,
    page: int,
    per_page: int,
    total_pages: int,
    has_next: bool,
    has_prev: bool,
) -> None:
    """`total_pages`, `has_next` and `has_prev` are right on the first, a middle and the last page."""
    told = about(page_of(client.get(f"{path}?page={page}&per_page={per_page}", headers=author.headers)))

    said = ""
    if page == total_pages and told["has_next"]:
        said = "the last page says that there is another one"
    elif told["total_pages"] == total_pages - 1:
        said = "total_pages is rounded down: the rows that are left over need a page too"
    elif told["total_pages"] == total_pages + 1:
        said = "total_pages counts a page that would be empty"
    assert told == {
        "total": ROWS,
        "page": page,
        "per_page": per_page,
        "total_pages": total_pages,
        "has_next": has_next,
        "has_prev": has_prev,
    }, said


@pytest.mark.parametrize("published, total", [("true", 10), ("false", 3)])
def test_filters_apply_before_counting(client: Client, author: Member, published: str, total: int) -> None:
    """With `published`, `total` and the pages count the rows that pass, and the rows are those."""
    page = page_of(client.get(f"/posts?published={published}&per_page=4", headers=author.headers))

    assert {row["published"] for row in page["data"]} <= {published == "true"}, "the filter is lost"
    said = "total counts posts that the filter hides" if page["total"] == ROWS else ""
    assert (page["total"], page["total_pages"]) == (total, -(-total // 4)), said


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "per_page=0", "per_page=101", "per_page=-1", "per_page=x"]
)
def test_a_page_that_is_no_page_is_refused(client: Client, author: Member, path: str, query: str) -> None:
    """A `page` below 1, a `per_page` below 1 or above 100, or words, are a 422."""
    assert client.get(f"{path}?{query}", headers=author.headers).status_code == 422
