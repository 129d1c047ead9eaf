import random
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from workbook.plugin.client import Client
from workbook.plugin.members import PASSWORD, Member, join
from workbook.plugin.pictures import open_picture, picture
from workbook.plugin.seen import gone, list_stored_files, rows, soon
from workbook.serving import ServedApp

MIB = 1024 * 1024
KINDS = ["JPEG", "PNG", "WEBP"]
HTML = b"<!DOCTYPE html><script>alert('a script ran')</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert('a script ran')</script></svg>"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def send(
    client: Client, member: Member, content: bytes, name: str = "photo.png", label: str = "image/png"
) -> httpx.Response:
    return client.post("/users/me/avatar", headers=member.headers, files={"file": (name, content, label)})


def avatar_of(user: dict[str, Any], whose: str) -> Any:
    """Return the user's `avatar_url`: null, or where the picture is served."""
    assert "avatar_url" in user, f"avatar_url is missing from {whose}"
    url = user["avatar_url"]
    if url is not None:
        said = "avatar_url is the URL /files/<name>, and no path on disk, no bare name, no address with a host"
        assert re.fullmatch(r"/files/[^?#\s]{1,300}", str(url)), said
    return url


def avatar_in(response: httpx.Response, whose: str = "the user in this response", key: str = "") -> Any:
    """Return the `avatar_url` of the user in this response, or of the one below `key`."""
    assert response.is_success, f"{whose} cannot be read"
    return avatar_of(response.json()[key] if key else response.json(), whose)


def stored_at(response: httpx.Response) -> str:
    """Return where the uploaded picture is served."""
    absent = response.status_code in {404, 405}
    said = "this route doesn't exist: main.py doesn't include its router" if absent else "a good picture was refused"
    assert response.is_success, said
    url = avatar_in(response)
    assert isinstance(url, str), "avatar_url is null in the response to the upload"
    return url


def current(client: Client, member: Member) -> Any:
    return avatar_in(client.get("/users/me", headers=member.headers), "GET /users/me")


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
    assert response.status_code == 200, "no picture is served at avatar_url"
    image = open_picture(response.content)
    image.load()
    assert response.headers["content-type"] == f"image/{str(image.format).lower()}", "the type is not that of the bytes"
    return image


@pytest.mark.parametrize("kind", KINDS)
def test_an_avatar_is_stored_and_served(client: Client, ada: Member, rng: random.Random, kind: str) -> None:
    """POST /users/me/avatar takes a JPEG, PNG or WebP: 200, and the user, whose avatar_url leads to the picture."""
    size, colour = drawn(rng)
    response = send(client, ada, picture(kind, size, colour), f"me.{kind.lower()}", f"image/{kind.lower()}")

    url = stored_at(response)
    assert response.status_code == 200
    user = response.json()
    assert (user.get("id"), user.get("name")) == (ada.id, ada.name), "the response isn't the user"
    image = shown(client, url)
    assert image.size == size, "the picture has another size than the one that was sent"
    seen = image.convert("RGB").getpixel((size[0] // 2, size[1] // 2))
    assert isinstance(seen, tuple)
    assert max(abs(a - b) for a, b in zip(seen, colour, strict=True)) < 40, "this is another picture"


def test_every_response_with_a_user_tells_the_avatar(
    client: Client, grace: Member, unique: Callable[[str], str]
) -> None:
    """Every user in every response has avatar_url, an author in a post too: null, and after an upload its URL."""
    name = unique("ada")
    login = {"email": f"{name}@example.com", "password": PASSWORD}
    registered = client.post("/auth/register", json={"name": name, **login})
    assert avatar_in(registered, "POST /auth/register") is None, "a user without an avatar should have null"
    number = registered.json()["id"]
    me = {"Authorization": f"Bearer {client.post('/auth/login', json=login).json()['access_token']}"}
    post, draft = (
        client.post("/posts", json={"title": "T", "content": "", "published": published}, headers=me).json()["id"]
        for published in (True, False)
    )

    def everywhere() -> dict[str, Any]:
        listed = rows(client.get("/users", params={"limit": 100, "per_page": 100}, headers=grace.headers))
        (row,) = [user for user in listed if user["id"] == number]
        responses = {
            "GET /users/me": client.get("/users/me", headers=me),
            "PATCH /users/me": client.patch("/users/me", json={"name": name}, headers=me),
            "GET /users/{id}": client.get(f"/users/{number}", headers=grace.headers),
        }
        inside = {
            "the user in POST /auth/login": (client.post("/auth/login", json=login), "user"),
            "a post's author in GET /posts/{id}": (client.get(f"/posts/{post}"), "author"),
            "a draft's author in GET /posts/{id}": (client.get(f"/posts/{draft}", headers=me), "author"),
        }
        return {
            **{whose: avatar_in(response, whose) for whose, response in responses.items()},
            "GET /users": avatar_of(row, "the users in GET /users"),
            **{whose: avatar_in(response, whose, key) for whose, (response, key) in inside.items()},
        }

    before = everywhere()
    assert before == dict.fromkeys(before), "a user without an avatar should have null"
    url = stored_at(client.post("/users/me/avatar", headers=me, files={"file": ("photo.png", picture(), "image/png")}))
    assert everywhere() == dict.fromkeys(before, url), "not every response has the avatar that was uploaded"


@pytest.mark.parametrize(
    "what, content",
    [
        ("HTML labelled image/png", HTML),
        ("an SVG labelled image/png", SVG),
        ("a GIF labelled image/png", picture("GIF")),
        ("a PDF labelled image/png", PDF),
        ("an empty file", b""),
    ],
    ids=["HTML", "SVG", "GIF", "PDF", "empty"],
)
def test_the_content_decides(client: Client, ada: Member, rng: random.Random, what: str, content: bytes) -> None:
    """A file whose content isn't a JPEG, PNG or WebP is a 415, whatever its label; a WebP labelled HTML is taken."""
    response = send(client, ada, content)
    said = f"{what} was stored: a name and a label are what the client claims" if response.is_success else ""
    assert response.status_code == 415, said

    misnamed = send(client, ada, picture("WEBP", *drawn(rng)), "page.html", "text/html")
    assert misnamed.is_success, "a WebP was refused because of its name or its label"
    shown(client, stored_at(misnamed))


@pytest.mark.parametrize("kind", KINDS)
def test_five_mebibytes_are_taken_and_one_byte_more_is_not(client: Client, ada: Member, kind: str) -> None:
    """A file of exactly 5 MiB is taken, even if zeros follow the picture; one byte more is a 413."""
    largest = picture(kind).ljust(5 * MIB, b"\0")
    response, said = send(client, ada, largest), ""
    if response.status_code == 413:
        said = "5,242,880 bytes were refused: not the body is to be measured, which is larger, but the file in it"
        if send(client, ada, largest[:5_000_001]).status_code == 413:
            said = "more than 5,000,000 bytes are refused: 5 MiB are 5 * 1024 * 1024 bytes"
        if send(client, ada, largest[:MIB]).status_code == 413:
            said = "1 MiB was refused too: this route needs its own max_body_size, because the app's is 256 KiB"
    assert response.is_success, said
    stored_at(response)

    assert send(client, ada, largest + b"\0").status_code == 413
    if kind == KINDS[0]:
        assert send(client, ada, largest * 3).status_code == 413


def test_a_new_avatar_replaces_the_old_one(client: Client, served: ServedApp, unique: Callable[[str], str]) -> None:
    """A new avatar takes the old one's place: another URL; the old URL is a 404, and its file is gone."""
    me = join(client, unique("ada"))
    before = list_stored_files(served)
    old = stored_at(send(client, me, picture(size=(30, 20))))
    its_files = list_stored_files(served) - before

    new = stored_at(send(client, me, picture(size=(50, 40))))

    assert new != old, "the new avatar has the URL of the old one: a browser goes on showing what it has kept"
    assert shown(client, new).size == (50, 40)
    assert current(client, me) == new, "GET /users/me doesn't have the new avatar"
    assert gone(client, old), "the old URL still answers with the old picture"
    assert soon(lambda: not its_files & list_stored_files(served)), "the old avatar's file is still in the data folder"


@pytest.mark.parametrize("has_avatar", [True, False], ids=["in place of an avatar", "without an avatar"])
def test_a_refused_upload_changes_nothing(
    client: Client, served: ServedApp, unique: Callable[[str], str], has_avatar: bool
) -> None:
    """A refused upload leaves the old avatar as it was, and no file."""
    me = join(client, unique("ada"))
    url = stored_at(send(client, me, picture(size=(31, 21)))) if has_avatar else None
    before = list_stored_files(served)

    whole = picture("PNG", (200, 200))
    for content in HTML, b"", whole[: len(whole) // 2], whole.ljust(5 * MIB + 1, b"\0"):
        response = send(client, me, content)
        assert response.is_client_error, "this upload is to be refused"
        assert current(client, me) == url, "a refused upload changed avatar_url"
        if url:
            assert client.get(url).status_code == 200, "the old picture is lost by a refused upload"
            assert shown(client, url).size == (31, 21)
        assert soon(lambda: not list_stored_files(served) - before), "a refused upload left a file in the data folder"


def test_a_login_and_a_file_are_needed(client: Client, ada: Member) -> None:
    """Without a token, or with a bad one, an upload is a 401; a form without the field `file` is a 422."""
    form = {"file": ("photo.png", picture(), "image/png")}
    for headers in {}, {"Authorization": "Bearer no-such-token"}, {"Authorization": f"Bearer {ada.token}x"}:
        assert client.post("/users/me/avatar", headers=headers, files=form).status_code == 401

    for files_sent in {"picture": form["file"]}, {"avatar": form["file"]}:
        assert client.post("/users/me/avatar", headers=ada.headers, files=files_sent).status_code == 422
    assert client.post("/users/me/avatar", headers=ada.headers).status_code == 422


def test_deleting_the_user_deletes_the_file(
    client: Client, served: ServedApp, unique: Callable[[str], str], grace: Member
) -> None:
    """DELETE /users/me takes the avatar along: its URL is a 404, its file is gone, and other avatars stay."""
    other = stored_at(send(client, grace, picture(size=(32, 22))))
    leaver = join(client, unique("ada"))
    before = list_stored_files(served)
    url = stored_at(send(client, leaver, picture(size=(33, 23))))

    assert client.delete("/users/me", headers=leaver.headers).status_code == 204

    assert gone(client, url), "the avatar of a deleted user is still served"
    assert soon(lambda: not list_stored_files(served) - before), (
        "the file of a deleted user is still in the data folder"
    )
    assert client.get(other).status_code == 200, "another user's avatar was deleted too"
