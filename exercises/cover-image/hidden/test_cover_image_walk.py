# hidden-from-learners-3b9f51c2
"""Covers of posts in every state, sent by every kind of caller, compared with a model of the project."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from random import Random
from typing import Any

import httpx
import pytest

from workbook.conformance.blog import POST_KEYS, Blog, Row, headers_of
from workbook.conformance.forms import IN_CHUNKS, UNTYPED, Place
from workbook.conformance.pictures import (
    IMAGE_LABELS,
    Picture,
    bombs,
    coarse_photo,
    cut_pictures,
    in_every_order,
    labelled,
    noisy_picture,
    one_of_each,
    refused_files,
    taken_pictures,
)
from workbook.conformance.tokens import bad_logins
from workbook.conformance.uploads import Promises, Uploads
from workbook.conformance.walk import Walk
from workbook.plugin.members import Member
from workbook.plugin.seen import rows
from workbook.serving import ServedApp

MIB = 1024 * 1024
MANY = 101  # posts without a cover, before those that have one: a page has at most 100
TAKEN, SHOWN = "test_a_cover_is_stored_and_served", "test_every_response_with_a_post_tells_the_cover"
AUTHOR, DRAFT = "test_only_the_author_changes_the_cover", "test_a_strangers_draft_is_not_there"
LOGIN, CONTENT = "test_a_login_and_a_file_are_needed", "test_the_content_decides"
SIZE, REPLACED = "test_five_mebibytes_are_taken_and_one_byte_more_is_not", "test_a_new_cover_replaces_the_old_one"
DELETED, ORDER = "test_deleting_the_post_deletes_the_file", "test_the_refusals_keep_their_order"
LEFT = "test_deleting_the_author_deletes_the_files"
PROMISES = Promises(TAKEN, SHOWN, CONTENT, CONTENT, SIZE, REPLACED, CONTENT, LOGIN)
LONGEST = "\u6f22" * 200  # a title that the project takes, of 600 bytes: more than a file's name may have


def cover_of(author: Member, post: int) -> Place:
    return Place(f"post {post}", "PATCH", f"/posts/{post}/cover", f"/posts/{post}", author)


@dataclass
class Scene:
    """A walk with its parts. `covers` are the places of all posts that there are, by their ids."""

    walk: Walk
    blog: Blog
    uploads: Uploads
    covers: dict[int, Place]

    def write(self, author: Member, published: bool = True, title: str = "") -> Place:
        """Write a post; it doesn't have a cover, even if a post with a cover had its id before."""
        walk = self.walk
        title = title or f"{walk.rng.randrange(16**6):06x}"
        response = walk.client.post(
            "/posts", json={"title": title, "content": "", "published": published}, headers=author.headers
        )
        assert response.status_code == 201, "POST /posts doesn't work any more"
        row = {key: response.json()[key] for key in POST_KEYS}
        self.blog.posts[row["id"]] = row
        place = self.covers[row["id"]] = cover_of(author, row["id"])
        self.note(response.json(), row, None, "POST /posts")
        return place

    def edit(self, place: Place, **changes: Any) -> None:
        """Change a post; its cover stays."""
        post = int(place.read.rpartition("/")[2])
        response = self.blog.edit(place.whose, post, **changes)
        self.note(response.json(), self.blog.posts[post], place.url, "PATCH /posts/{id}")

    def check(self, place: Place, viewers: list[Member | None]) -> None:
        """Look at a post wherever one is shown, as its author and as others."""
        walk, post = self.walk, int(place.read.rpartition("/")[2])
        with walk.step(SHOWN):
            now = walk.client.get(place.read, headers=place.whose.headers).json()
            self.blog.posts[post]["updated_at"] = now.get("updated_at")
            row = self.blog.posts[post]
            changed = walk.client.patch(place.read, json={}, headers=place.whose.headers)
            self.note(changed.json(), row, place.url, "PATCH /posts/{id}")
            for viewer in [place.whose, *viewers]:
                headers = headers_of(viewer)
                if not row["published"] and viewer != place.whose:
                    continue
                self.note(walk.client.get(place.read, headers=headers).json(), row, place.url, "GET /posts/{id}")
                for query in ({}, {"published": str(row["published"]).lower()}):
                    where = "GET /posts, filtered by published" if query else "GET /posts"
                    self.note_listed("/posts", viewer, query, place, where)
            self.note_listed("/posts/my", place.whose, {}, place, "GET /posts/my")

    def note_listed(self, path: str, viewer: Member | None, query: dict[str, str], place: Place, where: str) -> None:
        """Compare every post in a list, so that no other one shows this cover."""
        params = {"limit": "100", "per_page": "100", **query}
        found = rows(self.walk.client.get(path, params=params, headers=headers_of(viewer)))
        wanted = self.blog.rows(path, viewer, {"true": True, "false": False}.get(query.get("published", "")))
        same = [row.get("id") for row in found], [row["id"] for row in wanted]
        if not self.walk.expect(*same, SHOWN, f"{where} doesn't have the posts that it had before.", root=where):
            return
        for row, expected in zip(found, wanted, strict=True):
            url = self.covers[expected["id"]].url
            if expected["id"] != int(place.read.rpartition("/")[2]):
                expected = expected | {"updated_at": row.get("updated_at")}
            self.note(row, expected, url, where)

    def note(self, got: Row, row: Row, url: str | None, where: str) -> None:
        """Compare a post: every field that posts had, and cover_image."""
        expected = row | {"cover_image": url}
        said = f"A post in {where} isn't shown as before, with cover_image."
        if "cover_image" not in got:
            said = f"cover_image is missing from {where}."
        elif got["cover_image"] != url:
            said = (
                f"cover_image isn't this post's in {where}." if url else f"A post without a cover has one in {where}."
            )
        shown = {key: got[key] for key in expected if key in got}
        self.walk.expect(shown, expected, SHOWN, said, root=where)


@pytest.fixture(scope="module")
def walk(
    served: ServedApp, app_env: dict[str, str], module_rng: Random, unique: Callable[[str], str]
) -> Iterator[Walk]:
    """Walk through the states of a post and its cover: published, a draft, hidden again, deleted, its author gone."""
    walk = Walk(served, module_rng, unique)
    with walk.step(TAKEN):
        blog = Blog(walk)
        first, gone, ada, grace = (blog.join(name) for name in ("first", "gone", "ada", "grace"))
        uploads = Uploads(walk, "cover_image", PROMISES)
        uploads.as_in, uploads.shown, uploads.ignored = "the post as PATCH shows it", POST_KEYS, ("updated_at",)
        scene = Scene(walk, blog, uploads, {})
        post, draft, bare, hidden = (scene.write(ada, published) for published in (True, False, True, True))
        title = str(blog.posts[min(blog.posts)]["title"])
        hers, her_draft = scene.write(grace, title=title), scene.write(grace, False, title=LONGEST)
        for _ in range(5):
            scene.write(grace)  # so that ids have two digits, and one begins with another
        late = scene.write(grace, title=LONGEST)
        viewers: list[Member | None] = [None, first, grace]
        pictures = in_every_order(taken_pictures(walk.rng), walk.rng)
        for place, picture in zip((hers, her_draft, hidden, draft, late), pictures, strict=False):
            uploads.take(place, picture)
        scene.check(post, viewers)
        for number, (picture, name, label) in enumerate(labelled(pictures, walk.rng)):
            uploads.take(post, picture, name, label)
            if number in {0, len(pictures) - 1}:
                scene.check(post, viewers)
        for way in (UNTYPED, IN_CHUNKS):  # the same picture again is another file
            uploads.take(post, pictures[-1], way=way)
        uploads.take(late, pictures[-1])
        with walk.step(SHOWN):
            scene.edit(post, title=f"Changed {walk.rng.randrange(10**6)}")
            scene.edit(post, content=f"Changed {walk.rng.randrange(10**6)}")
            scene.edit(post, published=True)
            scene.edit(draft, title="A draft", content="Words")
        refuse_a_stranger(scene, hidden, gone)
        with walk.step(SHOWN):
            blog.leave(gone)
            scene.edit(hidden, published=False)
        for place in (post, draft, hidden, bare):
            scene.check(place, viewers)
        uploads.take(hidden, pictures[1])
        uploads.take(draft, pictures[2])
        refuse_callers(scene, [first, grace], {"published": [post, bare], "draft": [draft, hidden]})
        refuse_missing(scene, [first, ada])
        of_each = one_of_each(pictures, walk.rng)
        refuse_files(uploads, [post, draft, hidden], bare, of_each)
        check_sizes(uploads, post, [bare, draft, hidden])
        logins = bad_logins(ada, gone, app_env["SECRET_KEY"], walk.rng)
        refuse_logins(scene, logins, [post, draft, hidden, bare])
        for place in (post, draft, hidden):
            uploads.is_served(place, "The cover is lost by an upload that was refused.", CONTENT)
        for place in (hers, her_draft, late):
            uploads.is_served(place, "The cover of another post is lost.", REPLACED)
        with walk.step(SHOWN):
            scene.edit(hidden, published=True)
            scene.check(hidden, [first])
        refuse_a_stranger(scene, hidden, first)
        use_an_id_again(scene, grace, pictures[0])
        delete_under_way(scene, grace)
        delete_posts(scene, [post, draft], of_each)
        leave_with_covers(scene, ada, of_each)
        for place in (hers, her_draft):
            uploads.is_served(place, "The cover of another author's post is lost.", LEFT)
        scene.check(hers, [first])
        for _ in range(3):  # with the ids of posts whose author has left
            scene.check(scene.write(grace), [first])
    yield walk
    walk.close()


def refuse_callers(scene: Scene, strangers: list[Member], posts: dict[str, list[Place]]) -> None:
    """Send a good picture and a bad file for posts of someone else: published, a draft, and hidden again."""
    uploads, rng = scene.uploads, scene.walk.rng
    good = noisy_picture(rng)
    for state, status, promise in (("published", 403, AUTHOR), ("draft", 404, DRAFT)):
        for place in posts[state]:
            for stranger in strangers:
                what = f"a stranger's upload for someone else's {'published post' if status == 403 else 'draft'}"
                said = f"{what[:1].upper()}{what[1:]} isn't a {status}."
                refuse_both(uploads, place, what, status, promise, stranger.headers, good, said)


def refuse_a_stranger(scene: Scene, place: Place, stranger: Member) -> None:
    """Send a picture for someone else's published post, which may have been a draft before or be one later."""
    send = partial(scene.uploads.send, place, noisy_picture(scene.walk.rng), headers=stranger.headers)
    what = "a stranger's upload for someone else's published post"
    scene.uploads.refuse(place, what, {403}, AUTHOR, send, f"{what[:1].upper()}{what[1:]} isn't a 403.")


def refuse_both(
    uploads: Uploads,
    place: Place,
    what: str,
    status: int,
    promise: str,
    headers: dict[str, str],
    good: bytes,
    said: str,
) -> None:
    """Send a good picture, and then a file that's none, which has to be refused in the same way."""
    uploads.refuse(place, what, {status}, promise, lambda: uploads.send(place, good, headers=headers), said)
    if not uploads.walk.is_blamed(("refused", promise, what)):
        bad = next(uploads.bad_ones)
        said = f"{what[:1].upper()}{what[1:]} of a file that's no picture isn't a {status}: who asks comes first."
        uploads.refuse(
            place, f"{what}, no picture", {status}, ORDER, lambda: uploads.send(place, bad, headers=headers), said
        )


def refuse_missing(scene: Scene, callers: list[Member]) -> None:
    """Send pictures for posts that don't exist: deleted, never written, and ids that no post can have."""
    walk, uploads = scene.walk, scene.uploads
    with walk.step(DRAFT):
        deleted = scene.write(callers[-1])
        refuse_a_stranger(scene, deleted, callers[0])
        number = int(deleted.read.rpartition("/")[2])
        scene.blog.delete(callers[-1], number)
        del scene.covers[number]
        for place in scene.covers.values():
            uploads.is_served(place, "Deleting a post removes the cover of another one.", DELETED)
        uploads.forget()
        before = uploads.files()
        good = noisy_picture(walk.rng)
        missing = {
            str(number): {404},
            str(walk.rng.randint(10**6, 2**31 - 1)): {404},
            "0": {404, 422},
            "-1": {404, 422},
        }
        missing |= {str(2**31): {404, 422}, str(2**63): {404, 422}, str(10**30): {404, 422}, "words": {404, 422}}
        for post, statuses in missing.items():
            for content in (good, next(uploads.bad_ones)):
                caller = callers[0] if post == str(number) else walk.rng.choice(callers)
                status = uploads.send(Place("", "PATCH", f"/posts/{post}/cover", "", caller), content).status_code
                said = f"Post {post[:12]} doesn't exist, and an upload for it isn't a 404."
                promise = DRAFT if content == good else ORDER
                walk.expect(status if status not in statuses else 404, 404, promise, said, root="missing")
        left = uploads.soon(lambda: not uploads.files() - before)
        walk.expect(left, True, DRAFT, "An upload for a post that doesn't exist left a file in the data folder.")


def refuse_files(uploads: Uploads, posts: list[Place], bare: Place, of_each: list[Picture]) -> None:
    """Send everything that's no picture, in place of a cover of each format, in each of three states, and of none."""
    rng = uploads.walk.rng
    bad, large, labels = refused_files(rng) | cut_pictures(rng), bombs(rng), cycle(IMAGE_LABELS)
    for number, (post, picture) in enumerate(zip(posts, of_each, strict=True)):
        uploads.take(post, picture)
        for what, content in [*bad.items()][number::3]:
            uploads.refuse(post, what, {415}, CONTENT, partial(uploads.send, post, content, *next(labels)))
        for what, content in [*large.items()][number::3]:
            uploads.refuse(post, what, (413, 415), CONTENT, partial(uploads.send, post, content))
        uploads.is_served(post, "The cover is lost by an upload that was refused.", CONTENT)
    for what, content in large.items():
        uploads.refuse(bare, what, (413, 415), CONTENT, partial(uploads.send, bare, content))
    for what, content in rng.sample(sorted(bad.items()), 6):
        uploads.refuse(bare, what, {415}, CONTENT, partial(uploads.send, bare, content))


def check_sizes(uploads: Uploads, post: Place, others: list[Place]) -> None:
    """Send a file of exactly 5 MiB in a form that needs nearly all of its room, and one byte more to each post."""
    photo = coarse_photo(uploads.walk.rng)
    largest = photo.content.ljust(5 * MIB, b"\0")
    with uploads.walk.step(SIZE):
        if url := uploads.take_largest(post, largest, photo.content):
            post.url = url
            uploads.account(post)
    for place in (post, *others):
        what = "a file of one byte more than 5 MiB"
        uploads.refuse(place, what, {413}, SIZE, partial(uploads.send, place, largest + b"\0"))
    what = "a file of one byte more than 5 MiB, in a chunked body"
    if not uploads.walk.is_blamed(IN_CHUNKS):
        uploads.refuse(post, what, {413}, SIZE, partial(uploads.send_in_chunks, post, largest + b"\0"))


def refuse_logins(scene: Scene, logins: dict[str, dict[str, str]], places: list[Place]) -> None:
    """Send a good picture and a bad file with every kind of bad login, for posts in every state; and no file at all."""
    uploads, rng = scene.uploads, scene.walk.rng
    good = noisy_picture(rng)
    for number, (what, headers) in enumerate(logins.items()):
        place = places[number % len(places)]
        refuse_both(
            uploads, place, f"an upload with {what}", 401, LOGIN, headers, good, f"An upload with {what} isn't a 401."
        )
    with scene.walk.step(ORDER):
        for post in (rng.randint(10**6, 2**31 - 1), 2**63):
            for what in rng.sample(sorted(logins), 2):
                place = Place("", "PATCH", f"/posts/{post}/cover", "", places[0].whose)
                status = uploads.send(place, good, headers=logins[what]).status_code
                status = 401 if status == 422 and post == 2**63 else status
                said = f"An upload with {what} for a post that doesn't exist isn't a 401: it's that whatever the post."
                scene.walk.expect(status, 401, ORDER, said, root="401 first")
    covered = places[0]

    def form(**sent: Any) -> httpx.Response:
        return uploads.client.patch(covered.path, headers=covered.whose.headers, **sent)

    picture = ("photo.png", good, "image/png")
    forms: dict[str, dict[str, Any]] = {
        **{f"a form with the field {name}": {"files": {name: picture}} for name in ("picture", "cover", "cover_image")},
        "a form with a text, too": {"data": {"name": "words"}, "files": {"other": picture}},
        "a request without a form": {},
        "a JSON body": {"json": {"file": "words"}},
    }
    for what, sent in forms.items():
        said = f"{what[:1].upper()}{what[1:]} doesn't have the field `file`, and isn't a 422."
        statuses = (422, 415) if "json" in sent else (422,)
        uploads.refuse(covered, what, statuses, LOGIN, partial(form, **sent), said)


def use_an_id_again(scene: Scene, author: Member, picture: Picture) -> None:
    """Delete the newest post, which has a cover, and write another one: SQLite gives it the same id."""
    walk = scene.walk
    with walk.step(DELETED):
        place = scene.write(author)
        if walk.is_blamed("answer") or not scene.uploads.take(place, picture):
            return
        number = int(place.read.rpartition("/")[2])
        scene.blog.delete(author, number)
        del scene.covers[number]
        scene.uploads.removed([place], DELETED, "The cover of a deleted post stays")
        again = scene.write(author)
        scene.check(again, [None])


def delete_under_way(scene: Scene, author: Member) -> None:
    """Delete a post while half of the picture for it is sent."""
    said = "A post that was deleted while an upload for it was under way has left the file in the data folder."
    with scene.walk.step(DELETED):
        place = scene.write(author)
        number = int(place.read.rpartition("/")[2])
        del scene.covers[number]
        delete = partial(scene.blog.delete, author, number)
        scene.uploads.overtake(place, noisy_picture(scene.walk.rng), delete, DELETED, said)


def with_covers(scene: Scene, author: Member, of_each: list[Picture]) -> list[Place]:
    """Write a post and a draft for each format, and give each a cover of it."""
    places = []
    for picture in of_each:
        for published in (True, False):
            place = scene.write(author, published)
            scene.uploads.take(place, picture)
            places.append(place)
    return scene.walk.rng.sample(places, len(places))


def delete_posts(scene: Scene, places: list[Place], of_each: list[Picture]) -> None:
    """Delete posts and drafts with covers of each format; the covers of other posts stay."""
    for place in [*places, *with_covers(scene, places[0].whose, of_each)]:
        with scene.walk.step(DELETED):
            number = int(place.read.rpartition("/")[2])
            scene.blog.delete(place.whose, number)
            del scene.covers[number]
            scene.uploads.removed([place], DELETED, "The cover of a deleted post stays")


def leave_with_covers(scene: Scene, author: Member, of_each: list[Picture]) -> None:
    """Delete an author with covers of each format on posts and drafts, around a page of bare ones, and one hidden."""
    with scene.walk.step(LEFT):
        with_covers(scene, author, of_each[:1])  # the next posts will get the ids of these
        scene.blog.write(author, *[True] * MANY)
        with_covers(scene, author, of_each)
        places = [place for place in scene.covers.values() if place.whose == author]  # one may have got it by a mistake
        scene.blog.leave(author)
        scene.covers = {post: place for post, place in scene.covers.items() if place.whose != author}
        scene.uploads.removed(places, LEFT, "The cover of a deleted author's post stays")


def test_a_cover_is_stored_and_served(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Every kind of JPEG, PNG and WebP is taken, and served with its size, its colours and its own type."""
    walk.prove(request)


def test_every_response_with_a_post_tells_the_cover(walk: Walk, request: pytest.FixtureRequest) -> None:
    """A post is shown as before and with cover_image in every response and list, to everyone, in every state."""
    walk.prove(request)


def test_only_the_author_changes_the_cover(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Anyone but the author gets a 403 for a published post, with a cover or without, and nothing changes."""
    walk.prove(request)


def test_a_strangers_draft_is_not_there(walk: Walk, request: pytest.FixtureRequest) -> None:
    """A draft of someone else, one that was public once, and posts that don't exist are a 404."""
    walk.prove(request)


def test_a_login_and_a_file_are_needed(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Every kind of bad login is a 401 whatever the post; every form without the file is a 422."""
    walk.prove(request)


def test_the_content_decides(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Every other kind of file, and every picture that's cut off, is a 415; no refusal changes a post or the files."""
    walk.prove(request)


def test_five_mebibytes_are_taken_and_one_byte_more_is_not(walk: Walk, request: pytest.FixtureRequest) -> None:
    """5 MiB are taken, also in a form that needs 60,000 bytes; one byte more is a 413."""
    walk.prove(request)


def test_a_new_cover_replaces_the_old_one(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Each format replaces each other one, and only the old file goes."""
    walk.prove(request)


def test_deleting_the_post_deletes_the_file(walk: Walk, request: pytest.FixtureRequest) -> None:
    """A deleted post takes its cover with it, a draft's and one that's under way too, and no other post's."""
    walk.prove(request)


def test_the_refusals_keep_their_order(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Who asks, and for which post, is decided before the file is looked at: 401, 404 and 403 come before 415."""
    walk.prove(request)


def test_deleting_the_author_deletes_the_files(walk: Walk, request: pytest.FixtureRequest) -> None:
    """An author who leaves takes the covers of all their posts with them, drafts too, and no one else's."""
    walk.prove(request)
