import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from workbook.plugin.client import Client
from workbook.plugin.members import Member, join, register_member
from workbook.serving import ServedApp

LISTS = ["/posts", "/posts/my", "/users"]
KEYS = ["data", "total", "page", "per_page", "total_pages", "has_next", "has_prev"]


@dataclass
class Filled:
    """An app with `rows` users and as many posts, all by `author`; `drafts` of them aren't published."""

    author: Member
    rows: int
    drafts: int


def page_of(response: httpx.Response) -> dict[str, Any]:
    """Return the response's page, and check that it has every key of a page."""
    assert response.status_code == 200, "this page exists, so it's answered with 200"
    body = response.json()
    assert isinstance(body, dict), "this is still the plain list: the route doesn't use paginate()"
    missing = [key for key in KEYS if key not in body]
    assert missing == [], "a page has seven keys, and some of them are missing"
    return body


def ids(page: dict[str, Any]) -> list[int]:
    return [row["id"] for row in page["data"]]


@pytest.fixture(scope="module")
def written(served: ServedApp, unique: Callable[[str], str], module_rng: random.Random) -> Filled:
    """An app with 12 to 19 rows in every list; their number and the drafts among them are random."""
    rows, drafts = module_rng.randint(12, 19), module_rng.randint(3, 5)
    with Client(served, []) as client:
        member = join(client, unique("ada"))
        for number in module_rng.sample(range(rows), rows):
            post = {"title": unique("post"), "content": "", "published": number >= drafts}
            assert client.post("/posts", json=post, headers=member.headers).status_code == 201
        for _ in range(rows - 1):
            register_member(client, unique("grace"))
    return Filled(member, rows, drafts)


@pytest.fixture
def filled(written: Filled) -> Filled:
    return written


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_a_page(client: Client, filled: Filled, path: str) -> None:
    """GET /posts, /posts/my and /users answer with a page: ten rows as they were before, and the seven keys."""
    page = page_of(client.get(path, headers=filled.author.headers))

    assert sorted(page) == sorted(KEYS), "a page has exactly seven keys"
    assert len(page["data"]) == 10, "without per_page a page has ten rows"
    said = "total isn't the number of all rows of the list"
    if page["total"] == len(page["data"]):
        said = "total counts the rows of this page, not all rows"
    assert page["total"] == filled.rows, said
    assert (page["page"], page["per_page"]) == (1, 10)
    users, posts = {"id", "name", "created_at"}, {"id", "title", "content", "published", "author_id", "created_at"}
    wanted = users if path == "/users" else posts | {"updated_at"}
    others = {"avatar_url", "cover_image"}  # of the exercises that may come before this one
    assert sorted(wanted ^ (set(page["data"][0]) - others)) == [], (
        "the rows have lost fields that they had, or have new ones"
    )


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("size", ["a few", "all", "100"])
def test_pages_follow_each_other(client: Client, filled: Filled, rng: random.Random, path: str, size: str) -> None:
    """The pages one after the other hold every row once, by id, and page 1 begins with the first row."""
    rows, per_page = filled.rows, {"a few": rng.randint(3, 6), "all": filled.rows, "100": 100}[size]
    walked: list[int] = []
    for number in range(1, -(-rows // per_page) + 1):
        walked += ids(page_of(client.get(f"{path}?page={number}&per_page={per_page}", headers=filled.author.headers)))

    assert len(walked) == len(set(walked)), "two pages hold the same row"
    late = f"page 1 begins with row {per_page + 1}: it skips nothing, so the offset is (page - 1) * per_page"
    assert len(walked) == rows, late if len(walked) == max(rows - per_page, 0) else "some rows are on none of the pages"
    assert walked == sorted(walked), "the rows aren't ordered by id over all pages"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("key", ["total_pages", "has_next", "has_prev"])
def test_the_last_page_is_told(client: Client, filled: Filled, path: str, key: str) -> None:
    """`total_pages`, `has_next` and `has_prev` are right on the first, a middle and the last page."""
    rows = filled.rows
    of_five = -(-rows // 5)
    pages = [(1, 5, of_five), (2, 5, of_five), (of_five, 5, of_five)]  # the first, a middle one and the last
    if key != "has_prev":
        pages += [(1, rows, 1), (1, rows - 1, 2), (rows, 1, rows)]  # the only one, one row left over, one row on each
    for page, per_page, total_pages in pages:
        told = page_of(client.get(f"{path}?page={page}&per_page={per_page}", headers=filled.author.headers))
        check_key(told, key, page, total_pages, rows)


def check_key(told: dict[str, Any], key: str, page: int, total_pages: int, rows: int) -> None:
    """Check one key of this page."""
    if key == "total_pages":
        said = ""
        if told["total"] != rows:
            said = "total isn't the number of all rows of the list, so total_pages is wrong too"
        elif told[key] == total_pages - 1:
            said = "total_pages is rounded down: the rows that are left over need a page too"
        elif told[key] == total_pages + 1:
            said = "total_pages counts a page that would be empty"
        assert told[key] == total_pages, said
    elif key == "has_prev":
        assert told[key] is (page > 1)
    elif told[key] != (page < told["total_pages"]):  # a wrong total_pages is broken already
        assert told[key] is (page < total_pages), "the last page says that there is another one" if told[key] else ""


@pytest.mark.parametrize("published", ["true", "false"])
def test_filters_apply_before_counting(client: Client, filled: Filled, published: str) -> None:
    """With `published`, `total` and the pages count the rows that pass, and the rows are those."""
    page = page_of(client.get(f"/posts?published={published}&per_page=2", headers=filled.author.headers))

    assert {row["published"] for row in page["data"]} <= {published == "true"}, "the filter is lost"
    total = filled.rows - filled.drafts if published == "true" else filled.drafts
    said = "total counts posts that the filter hides" if page["total"] == filled.rows else ""
    assert page["total"] == total, said
    assert len(page["data"]) == 2, "the page has fewer rows than fit on it: filter first, then cut"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "per_page=0", "per_page=101", "per_page=-1", "per_page=x"]
)
def test_a_page_that_is_no_page_is_refused(client: Client, filled: Filled, path: str, query: str) -> None:
    """A `page` below 1, a `per_page` below 1 or above 100, or words, are a 422."""
    assert client.get(f"{path}?{query}", headers=filled.author.headers).status_code == 422
