# hidden-from-learners-3b9f51c2

import random
from collections.abc import Callable
from typing import Any

import httpx

from workbook.plugin.client import Client, send_together
from workbook.plugin.members import Member, join
from workbook.plugin.pictures import noise, open_picture
from workbook.plugin.seen import gone, list_stored_files, soon
from workbook.serving import ServedApp

KINDS = ["JPEG", "PNG", "WEBP"]


def write_post(client: Client, author: Member, published: bool = True) -> int:
    post = {"title": "A post", "content": "", "published": published}
    response = client.post("/posts", json=post, headers=author.headers)
    assert response.status_code == 201, "POST /posts doesn't work any more"
    return int(response.json()["id"])


def upload(
    client: Client, headers: dict[str, str], post: int, content: bytes, name: str = "photo.png"
) -> httpx.Request:
    files = {"file": (name, content, "image/png")}
    return client.build_request("PATCH", f"/posts/{post}/cover", headers=headers, files=files)


def send(client: Client, headers: dict[str, str], post: int, content: bytes, name: str = "photo.png") -> httpx.Response:
    return client.send(upload(client, headers, post, content, name))


def stored_at(response: httpx.Response) -> str:
    """Return where the uploaded picture is served."""
    assert response.is_success, "its author was refused, or a good picture was"
    return str(response.json()["cover_image"])


def current(client: Client, member: Member, post: int) -> Any:
    return client.get(f"/posts/{post}", headers=member.headers).json()["cover_image"]


def size_at(client: Client, url: str) -> tuple[int, int]:
    """Return the size of the picture at this URL."""
    response = client.get(url)
    assert response.status_code == 200, "no picture is served at cover_image"
    return open_picture(response.content).size


def test_a_cover_is_stored_and_served(
    restarted: Callable[[], Client], unique: Callable[[str], str], rng: random.Random
) -> None:
    """After a restart cover_image is the same, its picture is served, and replacing and deleting clean up as before."""
    client = restarted()
    me = join(client, unique("ada"))
    posts = {kind: (write_post(client, me), write_post(client, me, published=False)) for kind in KINDS}
    pictures = {kind: noise(rng, kind) for kind in KINDS}
    urls = {
        post: stored_at(send(client, me.headers, post, pictures[kind][0])) for kind in KINDS for post in posts[kind]
    }

    client = restarted()

    for kind, (replaced, deleted) in posts.items():
        content, size = pictures[kind]
        for post in (replaced, deleted):
            assert current(client, me, post) == urls[post], "the app forgot the cover when it started again"
            assert size_at(client, urls[post]) == size
        content_now, size_now = noise(rng, kind)
        new = stored_at(send(client, me.headers, replaced, content_now))
        assert size_at(client, new) == size_now, "after a restart a new cover isn't what's served"
        if not gone(client, urls[replaced]):  # that's a fault of the restart only if no other cover stays
            url, new = new, stored_at(send(client, me.headers, replaced, content))
            assert not gone(client, url), "the cover from before a restart isn't removed when a new one takes its place"
        assert client.delete(f"/posts/{deleted}", headers=me.headers).status_code == 204
        if not gone(client, urls[deleted]):
            assert client.delete(f"/posts/{replaced}", headers=me.headers).status_code == 204
            assert not gone(client, new), "the cover from before a restart isn't removed when its post is deleted"


def test_the_name_is_the_servers(client: Client, ada: Member, unique: Callable[[str], str], rng: random.Random) -> None:
    """The stored name owes nothing to the client's, hostile or plain; two posts' equal files don't share a fate."""
    first, second = write_post(client, ada), write_post(client, ada)
    stem = "".join(rng.choices("ghjkmnpqrstvwxyz", k=8))  # letters that no number has
    hostile = f"../../{stem}.png", f"{stem}.html", "a" * 300 + f"{stem}.png", f"{stem}/\\:é\u202egnp.%2e.png"
    for name in (*hostile, f"{stem}.png", f"{stem}", f"{stem.upper()}.JPG"):
        content, size = noise(rng)
        url = stored_at(send(client, ada.headers, first, content, name))
        parts = [part for part in (stem[:5], stem[-5:]) if part in url.lower()]  # a name of chance has neither
        assert parts == [], "the stored name has the client's name for the file in it, or a part of it"
        assert size_at(client, url) == size

    content, size = noise(rng, "JPEG")
    urls = [stored_at(send(client, ada.headers, first, content, f"{stem}.{end}")) for end in ("jpg", "jpe", "jpeg")]
    ends = {url.rpartition("/")[2].partition(".")[2] for url in urls}
    assert len(ends) == 1, "the same picture gets another ending when the client calls it by another"

    content, size = noise(rng)
    kept = stored_at(send(client, ada.headers, first, content, f"{stem}.png"))
    others, other_size = noise(rng)
    stored_at(send(client, ada.headers, second, others, f"{stem}.png"))
    assert size_at(client, kept) == size, "a file of the same name, for another post, took the place of this one"
    stored_at(send(client, ada.headers, second, content, f"{stem}.png"))
    stored_at(send(client, ada.headers, second, others, f"{stem}.png"))
    assert size_at(client, current(client, ada, second)) == other_size
    assert client.get(kept).status_code == 200, "another post had the same picture; when it changed, this one lost it"


def test_uploads_at_the_same_moment_leave_one_file(
    client: Client, served: ServedApp, ada: Member, rng: random.Random
) -> None:
    """Of several uploads at the same moment one is the cover afterwards; the others' URLs and files are gone."""
    before = list_stored_files(served)
    stored_at(send(client, ada.headers, write_post(client, ada), noise(rng)[0]))
    of_one = len(list_stored_files(served) - before)

    for _ in range(2):
        check_uploads_at_once(client, ada, write_post(client, ada), [noise(rng, kind) for kind in KINDS * 2], of_one)


def check_uploads_at_once(
    client: Client, author: Member, post: int, pictures: list[tuple[bytes, tuple[int, int]]], most: int
) -> None:
    """Upload all pictures at the same moment; a cover may have `most` files."""
    before = list_stored_files(client.app)
    responses = send_together(client, [upload(client, author.headers, post, content) for content, _ in pictures])

    assert {response.status_code for response in responses} <= {200, 201, 409}, (
        "uploads at the same moment broke the app"
    )
    sizes = [size for response, (_, size) in zip(responses, pictures, strict=True) if response.is_success]
    url = current(client, author, post)
    assert url is not None, "after several uploads at the same moment the post doesn't have a cover"
    assert size_at(client, url) in sizes
    others = {stored_at(response) for response in responses if response.is_success} - {url}
    said = "one of several uploads at the same moment left its file: read the old name under a lock, and write under it"
    assert all(gone(client, other) for other in others), said
    assert soon(lambda: len(list_stored_files(client.app) - before) <= most), said
