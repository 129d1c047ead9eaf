from collections.abc import Callable

import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import Member, join
from workbook.serving import ServedApp

LISTS = ["/users", "/posts", "/posts/my"]


@pytest.fixture(scope="module")
def writer(served: ServedApp, unique: Callable[[str], str]) -> Member:
    """One of the app's twelve users, who wrote all of its twelve posts."""
    with Client(served, []) as client:
        first, *_ = [join(client, unique("ada")) for _ in range(12)]
        for number in range(12):
            post = {"title": f"Post {number}", "content": "", "published": True}
            assert (
                client.post("/posts", json=post, headers=first.headers).status_code
                == 201
            )
    return first


@pytest.fixture
def author(writer: Member) -> Member:
    return writer


def ids(client: Client, author: Member, path: str) -> list[int]:
    response = client.get(path, headers=author.headers)
    assert response.status_code == 200
    return [row["id"] for row in response.json()]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_a_plain_list_of_ten(
    client: Client, author: Member, path: str
) -> None:
    """A list is a JSON array of the first ten rows, by id."""
    first = ids(client, author, path)

    assert len(first) == 10
    assert first == sorted(first)


@pytest.mark.parametrize("path", LISTS)
def test_skip_and_limit_walk_through_a_list(
    client: Client, author: Member, path: str
) -> None:
    """`skip` and `limit` walk through a list without a gap, and past its end it is empty."""
    every = ids(client, author, f"{path}?limit=100")

    walked = [
        id_
        for skip in (0, 5, 10)
        for id_ in ids(client, author, f"{path}?skip={skip}&limit=5")
    ]

    assert walked == every
    assert len(every) == 12
    assert ids(client, author, f"{path}?skip=12") == []
    assert ids(client, author, f"{path}?skip=2147483647") == []


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    ["skip=-1", "limit=0", "limit=-1", "limit=101", "skip=" + "9" * 20, "limit=x"],
)
def test_lists_are_bounded(
    client: Client, author: Member, path: str, query: str
) -> None:
    """A negative, an enormous or a worded `skip` or `limit` is a 422."""
    assert client.get(f"{path}?{query}", headers=author.headers).status_code == 422
