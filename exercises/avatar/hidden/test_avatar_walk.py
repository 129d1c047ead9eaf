# hidden-from-learners-3b9f51c2
"""Avatars of every kind of picture, refused and replaced in every state, compared with a model of the project."""

from collections.abc import Callable, Iterator
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
    large_picture,
    noisy_picture,
    one_of_each,
    refused_files,
    taken_pictures,
)
from workbook.conformance.tokens import bad_logins
from workbook.conformance.uploads import Promises, Uploads
from workbook.conformance.walk import Walk
from workbook.plugin.members import PASSWORD, Member
from workbook.plugin.seen import rows
from workbook.serving import ServedApp

MIB = 1024 * 1024
TAKEN, SHOWN = "test_an_avatar_is_stored_and_served", "test_every_response_with_a_user_tells_the_avatar"
CONTENT, DAMAGED = "test_the_content_decides", "test_a_damaged_picture_is_refused"
SIZE, REPLACED = "test_five_mebibytes_are_taken_and_one_byte_more_is_not", "test_a_new_avatar_replaces_the_old_one"
UNCHANGED, LOGIN = "test_a_refused_upload_changes_nothing", "test_a_login_and_a_file_are_needed"
DELETED = "test_deleting_the_user_deletes_the_file"
PROMISES = Promises(TAKEN, SHOWN, CONTENT, DAMAGED, SIZE, REPLACED, UNCHANGED, LOGIN)
LONGEST = "\u6f22" * 100  # a name that the project takes, of 300 bytes: more than a file's name may have
COLUMNS = ("avatar", "avatar_url", "avatar_name", "avatar_file", "avatar_path", "avatar_filename", "picture", "image")


def avatar_of(member: Member) -> Place:
    return Place(f"the avatar of {member.name}", "POST", "/users/me/avatar", "/users/me", member)


class Users:
    """Every user in every response, compared with the model."""

    def __init__(self, walk: Walk, blog: Blog) -> None:
        self.walk, self.blog = walk, blog
        self.posts: dict[int, list[int]] = {}

    def write(self, author: Member) -> None:
        """Write a post and a draft: their author is shown with them."""
        self.posts.setdefault(author.id, []).extend(self.blog.write(author, True, False))

    def check(self, place: Place, viewers: list[Member | None]) -> None:
        """Look at a user wherever one is shown, as themselves and as others."""
        walk, me, client = self.walk, place.whose, self.walk.client
        public = self.blog.users[me.id] | {"avatar_url": place.url}
        account = public | {"email": me.email}
        with walk.step(SHOWN):
            self.compare(client.get("/users/me", headers=me.headers), account, "GET /users/me")
            changed = client.patch("/users/me", json={"name": me.name}, headers=me.headers)
            self.compare(changed, account, "PATCH /users/me")
            login = client.post("/auth/login", json={"email": me.email, "password": PASSWORD})
            self.compare(login, account, "POST /auth/login", lambda body: body["user"])
            for viewer in [me, *viewers]:
                if viewer:
                    one = client.get(f"/users/{me.id}", headers=viewer.headers)
                    self.compare(one, public, "GET /users/{id}")
            other = next(viewer for viewer in viewers if viewer)
            listed = client.get("/users", params={"limit": 100, "per_page": 100}, headers=other.headers)
            found = {row["id"]: row for row in rows(listed)}
            self.note(found.get(me.id), public, "GET /users")
            for post in self.posts.get(me.id, []):
                is_public = self.blog.posts[post]["published"]
                for viewer in [me, *(viewers if is_public else [])]:
                    response = client.get(f"/posts/{post}", headers=headers_of(viewer))
                    self.compare(response, public, "a post's author in GET /posts/{id}", lambda body: body["author"])
                    whole = {key: response.json().get(key) for key in POST_KEYS}
                    said = "A post in GET /posts/{id} has lost or changed fields that it had."
                    walk.expect(whole, self.blog.posts[post], SHOWN, said, root="post")

    def change(self, place: Place) -> None:
        """Change a user's name, then the email, then both: the avatar stays."""
        walk, me = self.walk, place.whose
        for keys in (("name",), ("email",), ("name", "email")):
            name = walk.unique("changed")
            with walk.step(SHOWN):
                changes = {key: name if key == "name" else f"{name}@example.com" for key in keys}
                response = walk.client.patch("/users/me", json=changes, headers=me.headers)
                me.name, me.email = changes.get("name", me.name), changes.get("email", me.email)
                self.blog.users[me.id]["name"] = me.name
                account = self.blog.users[me.id] | {"email": me.email, "avatar_url": place.url}
                self.compare(response, account, "PATCH /users/me")

    def compare(
        self, response: httpx.Response, expected: Row, where: str, inside: Callable[[Row], Row] = lambda body: body
    ) -> None:
        """Compare the user in a response."""
        if self.walk.expect(response.is_success, True, SHOWN, f"{where} isn't answered any more.", root=where):
            self.note(inside(response.json()), expected, where)

    def note(self, got: Any, expected: Row, where: str) -> None:
        """Compare a user: every field that users had, avatar_url, and no email that isn't the reader's."""
        if not isinstance(got, dict):
            self.walk.blame(SHOWN, f"The user is missing from {where}.", got, expected, root=where)
            return
        secret = {key for key in got if "password" in key or (key == "email" and "email" not in expected)}
        shown = {key: got[key] for key in got if key in expected or key in secret}
        said = f"A user in {where} isn't shown as before, with avatar_url."
        if "avatar_url" not in got:
            said = f"avatar_url is missing from {where}."
        elif got["avatar_url"] != expected["avatar_url"]:
            said = f"avatar_url isn't this user's in {where}."
        elif secret:
            said = f"{where} shows what only the user may see."
        self.walk.expect(shown, expected, SHOWN, said, root=where)


@pytest.fixture(scope="module")
def walk(
    served: ServedApp, app_env: dict[str, str], module_rng: Random, unique: Callable[[str], str]
) -> Iterator[Walk]:
    """Walk through the states of an avatar: none, the first one, replaced, refused, and a user who has left."""
    walk = Walk(served, module_rng, unique)
    with walk.step(TAKEN):
        blog = Blog(walk)
        users, uploads = Users(walk, blog), Uploads(walk, "avatar_url", PROMISES)
        ada, bare, early = (blog.join(name) for name in ("ada", "bare", "early"))
        blog.register(7, "member")  # so that ids have two digits, and one begins with another
        grace = blog.join("grace", called=ada.name)  # two people may have one name
        leaver, other = blog.join("leaver", called=LONGEST), blog.join("other", called=LONGEST)
        hers, mine, theirs, none = (avatar_of(member) for member in (grace, ada, leaver, bare))
        others = avatar_of(other)
        users.write(ada)
        users.check(mine, [None, grace])
        registered(users, blog)
        pictures = in_every_order(taken_pictures(walk.rng), walk.rng)
        of_each = one_of_each(pictures, walk.rng)
        leavers = [theirs, avatar_of(early), avatar_of(blog.join("third"))]
        for place, picture in zip((hers, others, *leavers), (*pictures[:2], *of_each), strict=True):
            uploads.take(place, picture)
        keep_an_upload(uploads, ada)
        for number, (picture, name, label) in enumerate(labelled(pictures, walk.rng)):
            uploads.take(mine, picture, name, label)
            if number == 0:
                users.check(mine, [None, grace])
            if number == 1:
                users.write(ada)
                users.change(mine)
                users.check(mine, [None, grace])
        for way in (UNTYPED, IN_CHUNKS):  # the same picture again is another file
            uploads.take(mine, pictures[-1], way=way)
        uploads.take(hers, pictures[-1])
        for place in (mine, hers, others):
            uploads.is_served(place, "An avatar is lost when another user's is replaced.", REPLACED)
        users.check(hers, [ada])
        users.check(none, [ada])
        refuse_files(uploads, mine, none, of_each)
        check_sizes(uploads, mine, none)
        leave(blog, uploads, leavers)
        refuse_logins(uploads, mine, bad_logins(ada, leaver, app_env["SECRET_KEY"], walk.rng))
        uploads.is_served(mine, "The avatar is lost by an upload that was refused.")
        uploads.is_served(hers, "The avatar of another user is lost.", REPLACED)
        users.check(mine, [grace])
        for place, picture in zip((mine, hers, others), of_each, strict=True):
            uploads.take(place, picture)
        name_others_file(uploads, blog, mine)
        leave_under_way(uploads, blog)
    yield walk
    walk.close()


def leave(blog: Blog, uploads: Uploads, places: list[Place]) -> None:
    """Delete one user after the other; the avatars of those who are still there stay."""
    for number, place in enumerate(places, 1):
        with uploads.walk.step(DELETED):
            blog.leave(place.whose)
            uploads.removed([place], DELETED, "The avatar of a deleted user stays")
            for other in places[number:]:
                said = "The avatar of another user is lost with a deleted one's."
                uploads.is_served(other, said, DELETED)


def leave_under_way(uploads: Uploads, blog: Blog) -> None:
    """Delete a user while half of their picture is sent, and another one while a large one is looked at."""
    said = "A user who left while their upload was under way has left its file in the data folder."
    for content, part in ((noisy_picture(uploads.walk.rng), 0.5), (large_picture(uploads.walk.rng), 1.0)):
        late = blog.join("late")
        uploads.overtake(avatar_of(late), content, partial(blog.leave, late), DELETED, said, part=part)


def name_others_file(uploads: Uploads, blog: Blog, mine: Place) -> None:
    """Name another user's file in a JSON body, in each way that a column could be called, and leave."""
    walk, thief = uploads.walk, blog.join("thief")
    with walk.step(REPLACED):
        name = str(mine.url).rpartition("/")[2]
        for changes in ({"avatar_url": mine.url}, *({key: name} for key in COLUMNS)):
            walk.client.patch("/users/me", json=changes, headers=thief.headers)
        blog.leave(thief)
        said = "A user has named another user's file in PATCH /users/me, and has removed it by leaving."
        if mine.url and not walk.is_blamed("lost files"):
            is_there = walk.client.get(mine.url).status_code == 200
            walk.expect(is_there, True, REPLACED, said, root="lost files")
            uploads.forget()


def registered(users: Users, blog: Blog) -> None:
    """Look at the response to a registration: it has a user, too."""
    walk, name = users.walk, users.walk.unique("new")
    with walk.step(SHOWN):
        account = {"name": name, "email": f"{name}@example.com"}
        response = walk.client.post("/auth/register", json={**account, "password": PASSWORD})
        body = response.json()
        times = {key: body.get(key) for key in ("id", "created_at")}
        users.compare(response, account | times | {"avatar_url": None}, "POST /auth/register")
        blog.users[body["id"]] = {"name": name} | times


def keep_an_upload(uploads: Uploads, member: Member) -> None:
    """Store another file of the member's by another route: it's no avatar, so it stays."""
    with uploads.walk.step(REPLACED):
        files = {"file": ("a.png", noisy_picture(uploads.walk.rng), "image/png")}
        uploads.client.post("/uploads/image", headers=member.headers, files=files)
        uploads.forget()


def refuse_files(uploads: Uploads, mine: Place, none: Place, of_each: list[Picture]) -> None:
    """Send everything that's no picture, in place of an avatar of each format and without one."""
    rng = uploads.walk.rng
    cut, bad, large = cut_pictures(rng), refused_files(rng), bombs(rng)
    labels = cycle(IMAGE_LABELS)
    for number, picture in enumerate(of_each):
        uploads.take(mine, picture)
        for what, content in [*bad.items()][number::3]:
            uploads.refuse(mine, what, {415}, CONTENT, partial(uploads.send, mine, content, *next(labels)))
        for what, content in [*cut.items()][number::3]:
            uploads.refuse(mine, what, {415}, DAMAGED, partial(uploads.send, mine, content))
        for what, content in [*large.items()][number::3]:
            uploads.refuse(mine, what, (413, 415), DAMAGED, partial(uploads.send, mine, content))
        uploads.is_served(mine, "The avatar is lost by an upload that was refused.")
    for what, content in large.items():
        uploads.refuse(none, what, (413, 415), DAMAGED, partial(uploads.send, none, content))
    for what, content in rng.sample(sorted({**cut, **bad}.items()), 6):
        promise = DAMAGED if what in cut else CONTENT
        uploads.refuse(none, what, {415}, promise, partial(uploads.send, none, content))


def check_sizes(uploads: Uploads, mine: Place, none: Place) -> None:
    """Send a file of exactly 5 MiB in a form that needs nearly all of its room, and one byte more."""
    photo = coarse_photo(uploads.walk.rng)
    largest = photo.content.ljust(5 * MIB, b"\0")
    with uploads.walk.step(SIZE):
        if url := uploads.take_largest(mine, largest, photo.content):
            mine.url = url
            uploads.account(mine)
    for place in (mine, none):
        what = "a file of one byte more than 5 MiB"
        uploads.refuse(place, what, {413}, SIZE, partial(uploads.send, place, largest + b"\0"))
    what = "a file of one byte more than 5 MiB, in a chunked body"
    if not uploads.walk.is_blamed(IN_CHUNKS):
        uploads.refuse(mine, what, {413}, SIZE, partial(uploads.send_in_chunks, mine, largest + b"\0"))


def refuse_logins(uploads: Uploads, mine: Place, logins: dict[str, dict[str, str]]) -> None:
    """Send a good picture and a bad file with every kind of bad login, and forms without the file."""
    rng = uploads.walk.rng
    good = noisy_picture(rng)
    for what, headers in logins.items():
        said = f"An upload with {what} isn't a 401."
        uploads.refuse(mine, what, {401}, LOGIN, partial(uploads.send, mine, good, headers=headers), said)
    for what, headers in logins.items():
        said = f"An upload with {what} of a file that's no picture isn't a 401: the login comes first."
        uploads.refuse(mine, what, {401}, LOGIN, partial(uploads.send, mine, b"words", headers=headers), said)

    def form(**files: Any) -> httpx.Response:
        return uploads.client.post(mine.path, headers=mine.whose.headers, **files)

    picture = ("photo.png", good, "image/png")
    forms: dict[str, dict[str, Any]] = {
        **{f"a form with the field {name}": {"files": {name: picture}} for name in ("picture", "avatar", "image")},
        "a form with a text only": {"data": {"name": "words"}, "files": {"other": picture}},
        "a request without a form": {},
        "a JSON body": {"json": {"file": "words"}},
    }
    for what, sent in forms.items():
        said = f"{what[:1].upper()}{what[1:]} isn't a 422."
        statuses = (422, 415) if "json" in sent else (422,)
        uploads.refuse(mine, what, statuses, LOGIN, partial(form, **sent), said)


def test_an_avatar_is_stored_and_served(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Every kind of JPEG, PNG and WebP is taken, and served with its size, its colours and its own type."""
    walk.prove(request)


def test_every_response_with_a_user_tells_the_avatar(walk: Walk, request: pytest.FixtureRequest) -> None:
    """A user is shown as before and with avatar_url in every response, to everyone, in every state."""
    walk.prove(request)


def test_the_content_decides(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Every other kind of file is a 415, whatever it's called."""
    walk.prove(request)


def test_a_damaged_picture_is_refused(walk: Walk, request: pytest.FixtureRequest) -> None:
    """A picture that's cut off anywhere is a 415; one that unpacks to an enormous size is a 413 or a 415."""
    walk.prove(request)


def test_five_mebibytes_are_taken_and_one_byte_more_is_not(walk: Walk, request: pytest.FixtureRequest) -> None:
    """5 MiB are taken, also in a form that needs 60,000 bytes; one byte more is a 413."""
    walk.prove(request)


def test_a_new_avatar_replaces_the_old_one(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Each format replaces each other one, and only the old file goes."""
    walk.prove(request)


def test_a_refused_upload_changes_nothing(walk: Walk, request: pytest.FixtureRequest) -> None:
    """No refusal of any kind changes the user or the files, with an avatar and without one."""
    walk.prove(request)


def test_a_login_and_a_file_are_needed(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Every kind of bad login is a 401, before the file is looked at; every form without the file is a 422."""
    walk.prove(request)


def test_deleting_the_user_deletes_the_file(walk: Walk, request: pytest.FixtureRequest) -> None:
    """A user who leaves takes their avatar with them, also one that's replaced or under way, and no one else's."""
    walk.prove(request)
