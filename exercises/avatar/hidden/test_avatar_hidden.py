# hidden-from-learners-3b9f51c2
import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from workbook.plugin.client import Client, send_together
from workbook.plugin.members import Member, join
from workbook.plugin.pictures import noise, open_picture
from workbook.plugin.seen import gone, list_stored_files, soon
from workbook.serving import ServedApp

KINDS = ["JPEG", "PNG", "WEBP"]


def upload(client: Client, member: Member, content: bytes, name: str = "photo.png") -> httpx.Request:
    files = {"file": (name, content, "image/png")}
    return client.build_request("POST", "/users/me/avatar", headers=member.headers, files=files)


def send(client: Client, member: Member, content: bytes, name: str = "photo.png") -> httpx.Response:
    return client.send(upload(client, member, content, name))


def stored_at(response: httpx.Response) -> str:
    """Return where the uploaded picture is served."""
    assert response.is_success, "a good picture was refused"
    return str(response.json()["avatar_url"])


def current(client: Client, member: Member) -> Any:
    return client.get("/users/me", headers=member.headers).json()["avatar_url"]


def size_at(client: Client, url: str) -> tuple[int, int]:
    """Return the size of the picture at this URL."""
    response = client.get(url)
    assert response.status_code == 200, "no picture is served at avatar_url"
    return open_picture(response.content).size


def test_an_avatar_survives_a_restart(
    restarted: Callable[[], Client], unique: Callable[[str], str], rng: random.Random
) -> None:
    """After a restart avatar_url is the same, its picture is served, and replacing and deleting clean up as before."""
    client = restarted()
    members = {kind: join(client, unique(kind.lower())) for kind in KINDS}
    pictures = {kind: noise(rng, kind) for kind in KINDS}
    urls = {kind: stored_at(send(client, member, pictures[kind][0])) for kind, member in members.items()}

    client = restarted()

    for kind, member in members.items():
        assert current(client, member) == urls[kind], "the app forgot the avatar when it started again"
        assert size_at(client, urls[kind]) == pictures[kind][1]
    content_now, size_now = noise(rng, "JPEG")
    new = stored_at(send(client, members["JPEG"], content_now))
    assert size_at(client, new) == size_now, "after a restart a new avatar isn't what's served"
    if not gone(client, urls["JPEG"]):  # that's a fault of the restart only if no other avatar stays
        stored_at(send(client, members["JPEG"], pictures["JPEG"][0]))
        said = "the avatar from before a restart isn't removed when a new one takes its place"
        assert not gone(client, new), said
    for kind in ("PNG", "WEBP"):
        assert client.delete("/users/me", headers=members[kind].headers).status_code == 204
        if not gone(client, urls[kind]):
            late = join(client, unique("late"))
            new = stored_at(send(client, late, pictures[kind][0]))
            assert client.delete("/users/me", headers=late.headers).status_code == 204
            assert not gone(client, new), "the avatar from before a restart isn't removed when its user is deleted"


def test_the_name_is_the_servers(client: Client, unique: Callable[[str], str], rng: random.Random) -> None:
    """The stored name owes nothing to the client's, hostile or plain; two users' equal files don't share a fate."""
    ada, grace = join(client, unique("ada")), join(client, unique("grace"))
    stem = "".join(rng.choices("ghjkmnpqrstvwxyz", k=8))  # letters that no number has
    hostile = f"../../{stem}.png", f"{stem}.html", "a" * 300 + f"{stem}.png", f"{stem}/\\:é\u202egnp.%2e.png"
    for name in (*hostile, f"{stem}.png", f"{stem}", f"{stem.upper()}.JPG"):
        content, size = noise(rng)
        url = stored_at(send(client, ada, content, name))
        parts = [part for part in (stem[:5], stem[-5:]) if part in url.lower()]  # a name of chance has neither
        assert parts == [], "the stored name has the client's name for the file in it, or a part of it"
        assert size_at(client, url) == size

    content, size = noise(rng, "JPEG")
    urls = [stored_at(send(client, ada, content, f"{stem}.{end}")) for end in ("jpg", "jpe", "jpeg")]
    ends = {url.rpartition("/")[2].partition(".")[2] for url in urls}
    assert len(ends) == 1, "the same picture gets another ending when the client calls it by another"

    content, size = noise(rng)
    hers = stored_at(send(client, ada, content, f"{stem}.png"))
    others, other_size = noise(rng)
    stored_at(send(client, grace, others, f"{stem}.png"))
    assert size_at(client, hers) == size, "a file of the same name, from another user, took the place of this one"
    stored_at(send(client, grace, content, f"{stem}.png"))
    stored_at(send(client, grace, others, f"{stem}.png"))
    assert size_at(client, current(client, grace)) == other_size
    said = "another user who had the same picture changed theirs, and the file went along for both"
    assert client.get(hers).status_code == 200, said


def test_uploads_at_the_same_moment_leave_one_file(
    client: Client, served: ServedApp, unique: Callable[[str], str], rng: random.Random
) -> None:
    """Of several uploads at the same moment one is the avatar afterwards; the others' URLs and files are gone."""
    before = list_stored_files(served)
    stored_at(send(client, join(client, unique("grace")), noise(rng)[0]))
    of_one = len(list_stored_files(served) - before)

    for _ in range(2):
        check_uploads_at_once(client, join(client, unique("ada")), [noise(rng, kind) for kind in KINDS * 2], of_one)


def check_uploads_at_once(client: Client, me: Member, pictures: list[tuple[bytes, tuple[int, int]]], most: int) -> None:
    """Upload all pictures at the same moment; an avatar may have `most` files."""
    before = list_stored_files(client.app)
    try:
        responses = send_together(client, [upload(client, me, content) for content, _ in pictures])
    except httpx.TimeoutException:
        pytest.fail("uploads at the same moment wait for each other: one waits with a lock for another to end")

    assert {response.status_code for response in responses} <= {200, 201, 409}, (
        "uploads at the same moment broke the app"
    )
    sizes = [size for response, (_, size) in zip(responses, pictures, strict=True) if response.is_success]
    url = current(client, me)
    assert url is not None, "after several uploads at the same moment the user doesn't have an avatar"
    assert size_at(client, url) in sizes, "the picture at avatar_url is none of those that were uploaded"
    others = {stored_at(response) for response in responses if response.is_success} - {url}
    said = "one of several uploads at the same moment left its file: read the old name under a lock, and write under it"
    assert all(gone(client, other) for other in others), said
    assert soon(lambda: len(list_stored_files(client.app) - before) <= most), said
