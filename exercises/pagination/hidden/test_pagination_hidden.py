# hidden-from-learners-3b9f51c2
"""The lists of a blog with more than a hundred posts and members, compared row by row with a model of the project."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from workbook.conformance.blog import LISTS, Blog, Row, headers_of
from workbook.conformance.tokens import bad_logins
from workbook.conformance.walk import Walk
from workbook.plugin.members import Member
from workbook.serving import ServedApp

PAGE, ORDER, LAST = "test_a_list_is_a_page", "test_pages_follow_each_other", "test_the_last_page_is_told"
FILTER, REFUSED = "test_filters_apply_before_counting", "test_a_page_that_is_no_page_is_refused"
DRAFTS, PAST = "test_drafts_of_others_are_not_counted", "test_a_page_past_the_end_is_empty"
NO_ROWS, AT_ONCE = "test_no_rows_are_no_pages", "test_requests_side_by_side_have_their_own_page"
KEYS = {
    "data": list,
    "total": int,
    "page": int,
    "per_page": int,
    "total_pages": int,
    "has_next": bool,
    "has_prev": bool,
}
REST = ("total_pages", "has_next", "has_prev")
OF_OTHER_EXERCISES = {"avatar_url", "cover_image"}  # all may be solved in one project, in any order
NO_LOGINS = {"no token", "another scheme", "a scheme without a token"}  # no one, and not someone with a bad token
LARGEST = 999_999  # of the page numbers that are a 200
BURSTS = 2  # of the requests that come at once
# Page numbers that may be a 422. With a hundred rows on a page, some of them begin at a row beyond 64 bits.
ABSURD = (1_000_000, 2**31, 10**17, 2**63 // 100 + 2, 10**18, 2**63 - 1, 10**30)


@dataclass(frozen=True)
class Asked:
    """One request for a page. `viewer` sends it; `query` has what its URL has, `extra` what is to be ignored."""

    path: str
    viewer: Member | None
    page: int | None = None
    per_page: int | None = None
    published: bool | None = None
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        query: dict[str, Any] = {"page": self.page, "per_page": self.per_page, **dict(self.extra)}
        query = {key: value for key, value in query.items() if value is not None}
        if self.published is not None:
            query["published"] = str(self.published).lower()
        return f"{self.path}?{urlencode(query)}" if query else self.path


class Pages:
    """Pages that were asked for, compared with what the model of the blog has on them."""

    def __init__(self, walk: Walk, blog: Blog) -> None:
        self.walk, self.blog = walk, blog
        self.kept: dict[tuple[str, int], httpx.Response] = {}  # what a browser would have, with its ETag

    def check(self, asked: Asked, promise: str = PAGE) -> None:
        """Ask for a page and compare all of it; `promise` is the one that this page is about."""
        with self.walk.step(promise):
            self.compare(asked, self.get(asked), promise)

    def get(self, asked: Asked) -> httpx.Response:
        """Ask as a browser does: with the ETag of the page that it has, which it shows again after a 304."""
        whose = asked.url, asked.viewer.id if asked.viewer else 0
        kept = self.kept.get(whose)
        known = {"If-None-Match": kept.headers["etag"]} if kept else {}
        response = self.walk.client.get(asked.url, headers={**headers_of(asked.viewer), **known})
        if kept and response.status_code == 304:
            return kept
        if "etag" in response.headers:
            self.kept[whose] = response
        return response

    def compare(self, asked: Asked, response: httpx.Response, promise: str) -> None:
        """Compare the response with the model, from the most basic to the most special."""
        walk, path = self.walk, asked.path
        rows = self.blog.rows(path, asked.viewer, asked.published)
        number, size = asked.page or 1, asked.per_page or 10
        is_past = number > max(1, -(-len(rows) // size))
        promise = PAST if is_past else promise
        root = "past" if is_past else ("status", path)
        if response.status_code == 422:
            said = f"GET {asked.url} is refused, and its numbers are in their bounds."
            walk.blame(promise if is_past else REFUSED, said, 422, 200, root="past" if is_past else ("bounds", path))
            return
        if response.status_code != 200:  # a 200 alone keeps no promise: a list that isn't a page has it too
            walk.blame(promise, f"GET {asked.url} isn't answered with a page.", response.status_code, 200, root=root)
            return
        page = response.json()
        if not walk.expect(
            kinds(page), {key: kind.__name__ for key, kind in KEYS.items()}, PAGE,
            f"GET {path} isn't answered with exactly the seven keys of a page, each of its type.", root=("keys", path),
        ):  # fmt: skip
            return
        said = "page and per_page say which page this is: the numbers that were asked for, or 1 and 10."
        numbers = {key: page[key] for key in ("page", "per_page")}
        named = PAST if is_past else PAGE
        is_told = walk.expect(
            numbers, {"page": number, "per_page": size}, named, said, root="past" if is_past else "page"
        )
        if is_past and not is_told:
            return
        self.compare_total(asked, page["total"], len(rows), promise)
        self.compare_rest(page, number, size, promise)
        self.compare_rows(asked, page["data"], rows[(number - 1) * size :][:size], promise)

    def compare_total(self, asked: Asked, total: int, expected: int, promise: str) -> None:
        """Compare `total`, and find out what it counts instead."""
        everything = len(self.blog.posts) if asked.path == "/posts" else -1
        if asked.published is not None:
            said, promise = f"total doesn't count the rows that pass published={asked.published}.", FILTER
            if total == len(self.blog.rows(asked.path, asked.viewer)):
                said = "total counts rows that `published` leaves out."
        elif total > expected and total == everything:
            said, promise = "total also counts drafts that the caller may not see.", DRAFTS
        elif total > expected and total == len(self.blog.rows("/posts", asked.viewer)):
            said, promise = "total of /posts/my also counts posts of others.", DRAFTS
        else:
            said = "total isn't the number of all rows of this list."
        root = ("total", asked.path)
        if asked.published is not None and not self.walk.is_blamed(root):
            root = ("filtered total", asked.path)
        if self.walk.expect(total, expected, promise, said, root=root) and everything > expected:
            self.walk.held[DRAFTS] += 1

    def compare_rest(self, page: Row, number: int, size: int, promise: str) -> None:
        """Compare what follows from `total`, whether that is right or not."""
        pages = -(-page["total"] // size)
        expected = {"total_pages": pages, "has_next": number < pages, "has_prev": number > 1}
        if page["has_next"] == (number < page["total_pages"]):  # right by a total_pages that's told to be wrong
            expected["has_next"] = page["has_next"]
        for key in REST:
            where = f"page {number} of " + (str(pages) if pages else "a list without rows")
            said = f"{key} is wrong on {where}, with {page['total']} rows and {size} on a page."
            of_key = promise if promise in {PAST, NO_ROWS} else f"{LAST}[{key}]"
            self.walk.expect(page[key], expected[key], of_key, said, root=key)

    def compare_rows(self, asked: Asked, got: list[Any], expected: list[Row], promise: str) -> None:
        """Compare the rows: which ones, in which order, and each of them whole."""
        walk, path = self.walk, asked.path
        ids, wanted = [row["id"] for row in got], [row["id"] for row in expected]
        all_rows = self.blog.rows(path, asked.viewer)
        if hidden := set(ids) - {row["id"] for row in all_rows}:
            gone = path == "/users" or not hidden & self.blog.posts.keys()
            said = "The page has rows that were deleted." if gone else "The page shows what the caller may not see."
            walk.blame(ORDER if gone else DRAFTS, said, ids, wanted, root=("hidden", path))
        elif ids != wanted and asked.published is not None:
            published = {row["published"] for row in got}
            said = "The rows aren't those of this page once `published` has filtered the list: filter first, then cut."
            if not published <= {asked.published}:
                said = "The page has rows that `published` leaves out."
            walk.blame(FILTER, said, ids, wanted, root=("rows", path))
        elif ids != wanted:
            said = (
                f"Page {asked.page or 1} of GET {path} doesn't have the rows that are on it, in the order of their ids."
            )
            walk.blame(promise if promise in {PAST, NO_ROWS} else ORDER, said, ids, wanted, root=("rows", path))
        else:
            for checked in {promise, ORDER if asked.published is None else FILTER}:
                walk.held[checked] += 1
            for row, whole in zip(got, expected, strict=True):
                said = f"A row of GET {path} isn't what it was before: a field differs, is missing, or is new."
                of_this = {key: row[key] for key in row if key not in OF_OTHER_EXERCISES}
                if not walk.expect(of_this, whole, PAGE, said, root=("row", path)):
                    return


def kinds(page: Any) -> Any:
    """Return the type of each key, as JSON calls them: true isn't a number, and 1.0 isn't a whole one."""
    return {key: type(value).__name__ for key, value in page.items()} if isinstance(page, dict) else type(page).__name__


@pytest.fixture(scope="module")
def walk(
    served: ServedApp, app_env: dict[str, str], module_rng: Random, unique: Callable[[str], str]
) -> Iterator[Walk]:
    """Walk through the three lists, from a blog without rows to one with more than a hundred in each."""
    walk = Walk(served, module_rng, unique)
    blog = Blog(walk)
    pages = Pages(walk, blog)
    with walk.step(PAGE):
        first = without_rows(pages)
        reader, ada, grace = with_rows(blog)
        viewers: list[Member | None] = [None, reader, ada, grace]
        for path, callers in (("/posts", viewers), ("/posts/my", [reader, ada, grace]), ("/users", [reader])):
            for viewer in callers:
                look_at(pages, path, viewer)
        look_at_filters(pages, viewers)
        past_the_end(pages, ada)
        refuse(walk, ada)
        refuse_logins(walk, bad_logins(ada, first, app_env["SECRET_KEY"], walk.rng))
        ignore(pages, ada)
        check_at_once(pages, viewers)
        change(pages, reader, ada, grace)
        for path in LISTS:
            walk_through(pages, path, ada)
        look_at_filters(pages, [reader])
        look_at_many(pages, ada)
    yield walk
    walk.close()


def without_rows(pages: Pages) -> Member:
    """Look at lists without rows, nothing written yet or nothing that this caller may see; return who has left."""
    walk, blog = pages.walk, pages.blog
    pages.check(Asked("/posts", None), NO_ROWS)
    first = blog.join("first")
    for path in ("/posts", "/posts/my"):
        pages.check(Asked(path, first, per_page=walk.rng.randint(1, 100)), NO_ROWS)
    pages.check(Asked("/posts/my", first, page=walk.rng.randint(2, 9)), NO_ROWS)
    blog.write(first, False)
    for path in ("/posts/my", "/users"):  # one row, on the largest page and on the smallest
        for size in (100, 1):
            pages.check(Asked(path, first, per_page=size))
    pages.check(Asked("/posts", None), NO_ROWS)
    pages.check(Asked("/posts", first, published=True), NO_ROWS)
    blog.leave(first)
    return first


def with_rows(blog: Blog) -> tuple[Member, Member, Member]:
    """Fill the blog; return a member who writes nothing, one who wrote nearly all posts, and one who wrote a few."""
    rng = blog.walk.rng
    reader, ada, grace = (blog.join(name) for name in ("reader", "ada", "grace"))
    kinds = [True] * rng.randint(53, 58) + [False] * rng.randint(51, 56)
    rng.shuffle(kinds)
    cut = rng.randint(30, 60)
    blog.write(ada, *kinds[:cut])
    blog.write(grace, *rng.sample([True, True, True, False, False], 5))
    blog.write(ada, *kinds[cut:])
    blog.register(rng.randint(101, 104), "member")
    return reader, ada, grace


def change(pages: Pages, reader: Member, ada: Member, grace: Member) -> None:
    """Change the blog in every way, and look at the lists after each: nothing that was counted before may stay."""
    blog, rng = pages.blog, pages.walk.rng
    own = [post for post, row in sorted(blog.posts.items()) if row["author_id"] == ada.id]
    shown = [post for post in own if blog.posts[post]["published"]]
    drafts = [post for post in own if not blog.posts[post]["published"]]
    leaver = blog.join("leaver")
    changes: list[Callable[[], object]] = [
        lambda: blog.edit(ada, drafts[0], published=True),
        lambda: blog.write(leaver, True, False),
        lambda: blog.edit(ada, shown[0], published=False),
        lambda: blog.delete(ada, shown[2]),
        lambda: blog.leave(leaver),
        lambda: blog.edit(ada, shown[1], title=f"zz {rng.randrange(10**6)}", content="Changed"),
        lambda: blog.delete(ada, drafts[1]),
        lambda: blog.register(1, "late"),
        lambda: blog.write(grace, False),
        lambda: blog.write(ada, True),
    ]
    glances = [Asked("/posts", None), Asked("/posts", ada), Asked("/posts", reader, published=True)]
    glances += [Asked("/posts", ada, published=False), Asked("/posts/my", ada), Asked("/users", reader)]
    for step in (lambda: None, *rng.sample(changes[:4], 4), *changes[4:]):
        with pages.walk.step(PAGE):
            step()
            for asked in glances:
                pages.check(asked, FILTER if asked.published is not None else PAGE)


def look_at_many(pages: Pages, ada: Member) -> None:
    """Look at the ends of lists that have more than a thousand rows, and ten thousand.

    The rows are copied behind the app's back. An app that keeps its own count doesn't see them, and may do that.
    """
    blog, rng = pages.blog, pages.walk.rng
    blog.write(ada, True)
    for count in (rng.randint(1_000, 1_090), rng.randint(9_000, 9_090)):
        before, members = len(blog.rows("/posts/my", ada)), len(blog.users)
        if not (blog.copy("posts", count) and blog.copy("users", count)):
            return
        blog.edit(ada, max(blog.posts), title=f"Changed {rng.randrange(10**6)}")
        blog.register(1, "late")
        if total_of(pages, "/posts/my", ada) == before or total_of(pages, "/users", ada) == members + 1:
            return
        for path in LISTS:
            last = -(-len(blog.rows(path, ada)) // 100)
            pages.check(Asked(path, ada, page=last - (count < 9_000), per_page=100))
    pages.check(Asked("/posts", ada, page=rng.randint(80, 99), per_page=10, published=True), FILTER)


def total_of(pages: Pages, path: str, viewer: Member) -> Any:
    """Return what a list says how many rows it has; None if it doesn't say so."""
    response = pages.walk.client.get(path, headers=viewer.headers)
    body = response.json() if response.is_success else None
    return body.get("total") if isinstance(body, dict) else None


def look_at(pages: Pages, path: str, viewer: Member | None) -> None:
    """Look at a list as one viewer: without numbers, page by page, and at its ends."""
    rows = len(pages.blog.rows(path, viewer))
    pages.check(Asked(path, viewer))
    pages.check(Asked(path, viewer, page=2))
    pages.check(Asked(path, viewer, per_page=100))
    walk_through(pages, path, viewer)
    if rows > 1:
        pages.check(Asked(path, viewer, page=rows, per_page=1))
        pages.check(Asked(path, viewer, per_page=min(rows - 1, 100)))
        if even := [size for size in range(2, 101) if rows % size == 0]:
            pages.check(Asked(path, viewer, page=rows // even[-1], per_page=even[-1]))
    if rows > 100:
        pages.check(Asked(path, viewer, page=2, per_page=100))


def walk_through(pages: Pages, path: str, viewer: Member | None) -> None:
    """Look at all pages of a list, one after the other."""
    rows, size = len(pages.blog.rows(path, viewer)), pages.walk.rng.randint(17, 29)
    for number in range(1, -(-rows // size) + 1):
        pages.check(Asked(path, viewer, page=number, per_page=size))


def look_at_filters(pages: Pages, viewers: list[Member | None]) -> None:
    """Look at both halves of GET /posts as each viewer: the first page, later ones, the last, and all in one."""
    rng = pages.walk.rng
    for viewer in viewers:
        for published in (True, False):
            pages.check(Asked("/posts", viewer, page=rng.choice([None, 1]), per_page=100, published=published), FILTER)
            pages.check(Asked("/posts", viewer, published=published), FILTER)
            pages.check(Asked("/posts", viewer, page=2, per_page=rng.randint(2, 30), published=published), FILTER)
            if rows := len(pages.blog.rows("/posts", viewer, published)):
                pages.check(Asked("/posts", viewer, page=rows, per_page=1, published=published), FILTER)
                pages.check(Asked("/posts", viewer, page=4, per_page=max(1, rows // 6), published=published), FILTER)


def past_the_end(pages: Pages, viewer: Member) -> None:
    """Look behind the last page: next to it, far from it, and so far that a 422 is right too."""
    walk = pages.walk
    for path in LISTS:
        rows = len(pages.blog.rows(path, viewer))
        for number, size in (
            (rows + 1, 1),
            (2 + rows // 50, 50),
            (walk.rng.randint(5_000, 900_000), 7),
            (LARGEST, 100),
        ):
            pages.check(Asked(path, viewer, page=number, per_page=size), PAST)
        for absurd in (*ABSURD, 2**63 + walk.rng.randrange(100)):
            with walk.step(PAST):
                asked = Asked(path, viewer, page=absurd, per_page=100)
                response = walk.client.get(asked.url, headers=viewer.headers)
                if response.status_code == 200:
                    pages.compare(asked, response, PAST)
                else:
                    walk.expect(response.status_code, 422, PAST, "An absurd page number is neither a 200 nor a 422.")


def refuse(walk: Walk, viewer: Member) -> None:
    """Ask each list for numbers that are none, or out of bounds."""
    beyond = walk.rng.randint(102, 10**6)
    always = {"page": ["0", "-1", "two", "1.5", ""], "per_page": ["0", "-1", "101", str(beyond), "ten", ""]}
    words = ["1e3", "null", "true", "2.5", str(-beyond), "all"]
    drawn = {"page": words, "per_page": [*words, str(10**30), "1000"]}
    for path in LISTS:
        for name, values in always.items():
            for value in (*values, *walk.rng.sample(drawn[name], 2)):
                with walk.step(REFUSED):
                    response = walk.client.get(f"{path}?{name}={value}", headers=viewer.headers)
                    said = f"GET {path} takes {name}={value}, which isn't a whole number in its bounds: that's a 422."
                    walk.expect(response.status_code, 422, REFUSED, said, root=("refused", name))
    with walk.step(FILTER):
        response = walk.client.get("/posts?published=maybe", headers=viewer.headers)
        walk.expect(response.status_code, 422, FILTER, "published=maybe is neither true nor false: a 422, as before.")


def refuse_logins(walk: Walk, logins: dict[str, dict[str, str]]) -> None:
    """Ask each list with every kind of bad login: who may read it stays as it was."""
    for what, headers in logins.items():
        is_no_one = what in NO_LOGINS  # and /posts is for everyone
        for path in LISTS[1:] if is_no_one else LISTS:
            with walk.step(PAGE):
                said = f"GET {path} with {what} isn't a 401, as it was before."
                walk.expect(walk.client.get(path, headers=headers).status_code, 401, PAGE, said, root=("login", path))


def ignore(pages: Pages, viewer: Member) -> None:
    """Send `skip` and `limit`, which are gone, with values that they took and values that they never took."""
    rng = pages.walk.rng
    for path in LISTS:
        for skip, limit in ((str(rng.randint(1, 9)), str(rng.randint(1, 9))), ("-1", "0"), ("x", str(10**20))):
            pages.check(Asked(path, viewer, extra=(("skip", skip), ("limit", limit))))
        asked = Asked(path, viewer, page=2, per_page=rng.randint(3, 9), extra=(("skip", "3"), ("limit", "2")))
        pages.check(asked)


def check_at_once(pages: Pages, viewers: list[Member | None]) -> None:
    """Ask for many pages at the same moment, and for one as everyone; each has to be what it is alone.

    The app is kept from everything else before, so that they pile up however slow the machine is.
    """
    walk = pages.walk
    asked = [
        Asked(path, viewer, page=walk.rng.randint(1, 4), per_page=walk.rng.randint(1, 30))
        for path in LISTS
        for viewer in viewers
        if viewer or path == "/posts"
        for _ in range(2)
    ]
    asked += [Asked("/posts", viewer, page=2, per_page=20) for viewer in viewers for _ in range(2)]
    walk.rng.shuffle(asked)
    with walk.step(AT_ONCE):
        alone = [walk.client.get(one.url, headers=headers_of(one.viewer)).content for one in asked]
        together: list[bytes] = []
        with ThreadPoolExecutor(len(asked) + 1) as pool:
            ask = lambda one: walk.client.get(one.url, headers=headers_of(one.viewer)).content  # noqa: E731
            for _ in range(BURSTS):
                pool.submit(walk.client.get, "/_probe/pause")
                time.sleep(0.05)  # for it to arrive first
                together += pool.map(ask, asked)
        for one, expected, got in zip(asked * BURSTS, alone * BURSTS, together, strict=True):
            if walk.is_blamed(("keys", one.path)):  # it isn't a page at all
                continue
            said = f"GET {one.url} has another answer while other requests are under way."
            walk.expect(got.decode(errors="replace"), expected.decode(errors="replace"), AT_ONCE, said)


def test_a_list_is_a_page(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Every list, for every caller, is an object of seven keys and their types; its rows are whole, and no other."""
    walk.prove(request)


def test_pages_follow_each_other(walk: Walk, request: pytest.FixtureRequest) -> None:
    """All pages of more than a hundred rows follow each other by id, also after changes and deletions."""
    walk.prove(request)


@pytest.mark.parametrize("key", REST)
def test_the_last_page_is_told(walk: Walk, request: pytest.FixtureRequest, key: str) -> None:
    """`total_pages`, `has_next` and `has_prev` follow from `total` on every page of every list."""
    walk.prove(request, part=key)


def test_filters_apply_before_counting(walk: Walk, request: pytest.FixtureRequest) -> None:
    """`published`, true or false, filters rows and `total` for every caller, before the page is cut."""
    walk.prove(request)


def test_a_page_that_is_no_page_is_refused(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Each list refuses every `page` and `per_page` that isn't a whole number within its bounds."""
    walk.prove(request)


def test_drafts_of_others_are_not_counted(walk: Walk, request: pytest.FixtureRequest) -> None:
    """The rows and `total` of a list hide other people's drafts: a stranger doesn't learn how many there are."""
    walk.prove(request)


def test_a_page_past_the_end_is_empty(walk: Walk, request: pytest.FixtureRequest) -> None:
    """A page past the end is a 200 with no rows, none after it and one before; from 1,000,000 on it may be a 422."""
    walk.prove(request)


def test_no_rows_are_no_pages(walk: Walk, request: pytest.FixtureRequest) -> None:
    """A list without rows has 0 pages, none before and none after, whether no rows exist or none are visible."""
    walk.prove(request)


def test_requests_side_by_side_have_their_own_page(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Requests at the same moment each get their own page, as if they were alone."""
    walk.prove(request)
