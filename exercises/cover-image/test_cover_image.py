import random
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from workbook.plugin.client import Client
from workbook.plugin.members import Member, join
from workbook.plugin.pictures import open_picture, picture
from workbook.plugin.seen import gone, list_stored_files, rows, soon
from workbook.serving import ServedApp

MIB = 1024 * 1024
KINDS = ["JPEG", "PNG", "WEBP"]
HTML = b"<!DOCTYPE html><script>alert('a script ran')</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert('a script ran')</script></svg>"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
NO_SUCH_POST = 1_999_999_999


def write_post(client: Client, author: Member, published: bool = True) -> int:
    post = {"title": "A post", "content": "", "published": published}
    response = client.post("/posts", json=post, headers=author.headers)
    assert response.status_code == 201, "POST /posts doesn't work any more"
    return int(response.json()["id"])


def send(
    client: Client, member: Member, post: int, content: bytes, name: str = "photo.png", label: str = "image/png"
) -> httpx.Response:
    return client.patch(f"/posts/{post}/cover", headers=member.headers, files={"file": (name, content, label)})


def cover_of(post: dict[str, Any], where: str) -> Any:
    """Return the post's `cover_image`: null, or where the picture is served."""
    assert "cover_image" in post, f"cover_image is missing from {where}"
    url = post["cover_image"]
    if url is not None:
        said = "cover_image is the URL /files/<name>, and no path on disk, no bare name, no address with a host"
        assert re.fullmatch(r"/files/[^/?#\s]{1,300}", str(url)), said
    return url


def cover_in(response: httpx.Response, where: str = "the post in this response") -> Any:
    """Return the `cover_image` of the post in this response."""
    assert response.is_success, f"{where} cannot be read"
    return cover_of(response.json(), where)


def stored_at(response: httpx.Response, refused: str = "its author was refused, or a good picture was") -> str:
    """Return where the uploaded picture is served; fail with `refused` if it wasn't accepted."""
    absent = response.status_code in {404, 405}
    said = f"{refused}; a 404 or 405 may also say that main.py does not include the router" if absent else refused
    assert response.is_success, said
    url = cover_in(response)
    assert isinstance(url, str), "cover_image is null in the response to the upload"
    return url


def current(client: Client, member: Member, post: int) -> Any:
    return cover_in(client.get(f"/posts/{post}", headers=member.headers), "GET /posts/{id}")


def drawn(rng: random.Random) -> tuple[tuple[int, int], tuple[int, int, int]]:
    """Return a random size and colour for a picture."""
    return (rng.randint(40, 90), rng.randint(40, 90)), (
        rng.randint(30, 220),
        rng.randint(30, 220),
        rng.randint(30, 220),
    )


def shown(client: Client, url: str) -> Image.Image:
    """Return the picture at this URL."""
    response = client.get(url)
    assert response.status_code == 200, "no picture is served at cover_image"
    image = open_picture(response.content)
    image.load()
    assert response.headers["content-type"] == f"image/{str(image.format).lower()}", "the type is not that of the bytes"
    return image


WHOLE = picture("JPEG", (300, 300))
HALF = WHOLE[: len(WHOLE) // 2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cover_is_stored_and_served(client: Client, ada: Member, rng: random.Random, kind: str) -> None:
    """PATCH /posts/{id}/cover takes a JPEG, PNG or WebP: 200, and the post, whose cover_image leads to the picture."""
    post = write_post(client, ada)
    size, colour = drawn(rng)
    content = picture(kind, size, colour)
    response = send(client, ada, post, content, f"cover.{kind.lower()}", f"image/{kind.lower()}")

    url = stored_at(response)
    assert response.status_code == 200
    told = response.json()
    assert (told.get("id"), told.get("author_id")) == (post, ada.id), "the response isn't the post"
    image = shown(client, url)
    assert image.size == size, "the picture has another size than the one that was sent"
    seen = image.convert("RGB").getpixel((size[0] // 2, size[1] // 2))
    assert isinstance(seen, tuple)
    assert max(abs(a - b) for a, b in zip(seen, colour, strict=True)) < 40, "this is another picture"


def test_every_response_with_a_post_tells_the_cover(client: Client, unique: Callable[[str], str]) -> None:
    """Every post in every response has cover_image: null, and after an upload its URL; no other post shows it."""
    me = join(client, unique("ada"))
    new = {"title": "A post", "content": "", "published": True}
    created = client.post("/posts", json=new, headers=me.headers)
    assert cover_in(created, "POST /posts") is None, "a new post doesn't have a cover yet: null"
    post, other = created.json()["id"], write_post(client, me)

    def everywhere(number: int) -> dict[str, Any]:
        responses = {
            "GET /posts/{id}": client.get(f"/posts/{number}"),
            "GET /posts/{id} for the author": client.get(f"/posts/{number}", headers=me.headers),
            "PATCH /posts/{id}": client.patch(f"/posts/{number}", json={"content": "More"}, headers=me.headers),
        }
        lists = {
            "the posts in GET /posts": client.get("/posts", params={"limit": 100, "per_page": 100}),
            "the posts in GET /posts/my": client.get("/posts/my", headers=me.headers),
        }
        listed = {where: [row for row in rows(response) if row["id"] == number] for where, response in lists.items()}
        assert {where: len(found) for where, found in listed.items()} == dict.fromkeys(lists, 1), "a post is not listed"
        return {
            **{where: cover_in(response, where) for where, response in responses.items()},
            **{where: cover_of(found[0], where) for where, found in listed.items()},
        }

    before = everywhere(post)
    assert before == dict.fromkeys(before), "a post without a cover should have null"
    url = stored_at(send(client, me, post, picture()))
    assert everywhere(post) == dict.fromkeys(before, url), "not every response has the cover that was uploaded"
    assert everywhere(other) == dict.fromkeys(before), "another post of the same author shows this cover too"


def test_a_login_and_a_file_are_needed(client: Client, ada: Member) -> None:
    """Without a token, or with a bad one, an upload is a 401; a form without the field `file` is a 422."""
    post = write_post(client, ada)
    stored_at(send(client, ada, post, picture()))
    form = {"file": ("photo.png", picture(), "image/png")}
    for headers in {}, {"Authorization": "Bearer no-such-token"}, {"Authorization": f"Bearer {ada.token}x"}:
        assert client.patch(f"/posts/{post}/cover", headers=headers, files=form).status_code == 401

    for files_sent in {"picture": form["file"]}, {"cover_image": form["file"]}:
        assert client.patch(f"/posts/{post}/cover", headers=ada.headers, files=files_sent).status_code == 422
    assert client.patch(f"/posts/{post}/cover", headers=ada.headers).status_code == 422


def test_a_strangers_draft_is_not_there(client: Client, served: ServedApp, ada: Member, grace: Member) -> None:
    """A draft takes a cover from its author; anyone else gets a 404, as for a post that doesn't exist."""
    draft = write_post(client, ada, published=False)
    url = stored_at(send(client, ada, draft, picture()), "the author was refused a cover for the own draft")
    before = list_stored_files(served)

    response = send(client, grace, draft, picture())
    said = "a stranger put a cover on a draft" if response.is_success else ""
    if response.status_code == 403:
        said = "a 403 shows a stranger that a draft with this id exists: a post that they may not see is a 404"
    assert response.status_code == 404, said
    assert send(client, grace, NO_SUCH_POST, picture()).status_code == 404, "this post doesn't exist: 404"
    check_nothing_changed(client, ada, draft, url, before)


@pytest.mark.parametrize("has_cover", [True, False], ids=["in place of a cover", "without a cover"])
def test_only_the_author_changes_the_cover(
    client: Client, served: ServedApp, ada: Member, grace: Member, has_cover: bool
) -> None:
    """Anybody but the author gets a 403 for a published post, and nothing changes; an author of other posts too."""
    post, others = write_post(client, ada), write_post(client, grace)
    stored_at(send(client, grace, others, picture()))
    url = stored_at(send(client, ada, post, picture(size=(31, 21)))) if has_cover else None
    before = list_stored_files(served)

    response = send(client, grace, post, picture(size=(40, 40)))
    said = "someone other than the author put a cover on the post: a login isn't enough" if response.is_success else ""
    if response.status_code == 401:
        said = "401 asks for a login; this stranger has one, and may not: 403"
    elif response.status_code == 404:
        said = "everyone can read this post, so there's nothing to hide: 403"
    assert response.status_code == 403, said
    assert current(client, ada, post) == url, "a stranger's upload was refused, and changed the cover nevertheless"
    if url:
        assert client.get(url).status_code == 200, "the cover is lost by a stranger's upload, which was refused"
    said = "a stranger's upload was refused, and its file stored: find out who asks before you store"
    assert soon(lambda: not list_stored_files(served) - before), said


@pytest.mark.parametrize(
    "what, content",
    [
        ("HTML labelled image/png", HTML),
        ("an SVG labelled image/png", SVG),
        ("a GIF labelled image/png", picture("GIF")),
        ("a PDF labelled image/png", PDF),
        ("an empty file", b""),
        ("half of a JPEG", HALF),
    ],
    ids=["HTML", "SVG", "GIF", "PDF", "empty", "half"],
)
def test_the_content_decides(client: Client, served: ServedApp, ada: Member, what: str, content: bytes) -> None:
    """A file whose content isn't a JPEG, PNG or WebP is a 415, whatever its label says, and changes nothing."""
    post = write_post(client, ada)
    misnamed = send(client, ada, post, picture("WEBP"), "page.html", "text/html")
    url = stored_at(misnamed, "a WebP was refused because of its name or its label")
    shown(client, url)

    before = list_stored_files(served)
    response = send(client, ada, post, content)
    said = f"{what} was stored: a name and a label are what the client claims" if response.is_success else ""
    assert response.status_code == 415, said
    check_nothing_changed(client, ada, post, url, before)

    without = write_post(client, ada)
    assert send(client, ada, without, content).status_code == 415
    check_nothing_changed(client, ada, without, None, before)


def check_nothing_changed(client: Client, author: Member, post: int, url: str | None, before: set[str]) -> None:
    """Check that a refused upload changed nothing: the cover is still the one at `url`, and no file is new."""
    assert current(client, author, post) == url, "a refused upload changed cover_image"
    if url:
        assert client.get(url).status_code == 200, "the old picture is lost by a refused upload"
    assert soon(lambda: not list_stored_files(client.app) - before), "a refused upload left a file in the data folder"


def test_five_mebibytes_are_taken_and_one_byte_more_is_not(client: Client, served: ServedApp, ada: Member) -> None:
    """Exactly 5 MiB are taken, also with zeros behind the picture; one byte more is a 413 and changes nothing."""
    post = write_post(client, ada)
    largest = picture("JPEG").ljust(5 * MIB, b"\0")
    response, said = send(client, ada, post, largest), "its author was refused, or a good picture was"
    if response.status_code == 413:
        said = "5,242,880 bytes were refused: not the body is to be measured, which is larger, but the file in it"
        if send(client, ada, post, picture("JPEG").ljust(MIB, b"\0")).status_code == 413:
            said = "1 MiB was refused too: this route needs its own max_body_size, because the app's is 256 KiB"
    url = stored_at(response, said)

    before = list_stored_files(served)
    for content in largest + b"\0", largest * 3:
        assert send(client, ada, post, content).status_code == 413
        check_nothing_changed(client, ada, post, url, before)


def test_a_new_cover_replaces_the_old_one(client: Client, served: ServedApp, ada: Member) -> None:
    """A new cover takes the old one's place: another URL; the old URL is a 404, its file gone, other covers stay."""
    post, other = write_post(client, ada), write_post(client, ada)
    others = stored_at(send(client, ada, other, picture(size=(32, 22))))
    before = list_stored_files(served)
    old = stored_at(send(client, ada, post, picture(size=(30, 20))))
    its_files = list_stored_files(served) - before

    new = stored_at(send(client, ada, post, picture(size=(50, 40))))

    assert new != old, "the new cover has the URL of the old one: a browser goes on showing what it has kept"
    assert shown(client, new).size == (50, 40)
    assert current(client, ada, post) == new, "GET /posts/{id} doesn't have the new cover"
    assert gone(client, old), "the old URL still answers with the old picture"
    assert soon(lambda: not its_files & list_stored_files(served)), "the old cover's file is still in the data folder"
    assert client.get(others).status_code == 200, "the cover of another post of the author went along"


def test_deleting_the_post_deletes_the_file(client: Client, served: ServedApp, ada: Member) -> None:
    """DELETE /posts/{id} takes the cover along: its URL is a 404, its file is gone, and other covers stay."""
    other = stored_at(send(client, ada, write_post(client, ada), picture(size=(32, 22))))
    deleted = write_post(client, ada)
    before = list_stored_files(served)
    url = stored_at(send(client, ada, deleted, picture(size=(33, 23))))

    assert client.delete(f"/posts/{deleted}", headers=ada.headers).status_code == 204

    assert gone(client, url), "the file of a deleted post is still served"
    assert soon(lambda: not list_stored_files(served) - before), (
        "the file of a deleted post is still in the data folder"
    )
    assert client.get(other).status_code == 200, "the cover of another post went along"
