import base64
import contextlib
import hashlib
import hmac
import json
import socket
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, MpoImagePlugin  # noqa: F401  (else Pillow loads all forty)

from workbook.plugin.client import Client
from workbook.plugin.members import CHEAP_HASHES, PASSWORD, Member, join
from workbook.plugin.pictures import display_p3
from workbook.serving import ServedApp

SECRET_KEY = "a-key-for-tests-and-for-nothing-else"
MAX_UPLOAD = 8192
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")
TAGS = {
    "GET /": ["Root"],
    "POST /auth/register": ["Authentication"],
    "POST /auth/login": ["Authentication"],
    "GET /users": ["Users"],
    "GET /users/me": ["Users"],
    "PATCH /users/me": ["Users"],
    "DELETE /users/me": ["Users"],
    "GET /users/{user_id}": ["Users"],
    "GET /posts": ["Posts"],
    "POST /posts": ["Posts"],
    "GET /posts/my": ["Posts"],
    "GET /posts/{post_id}": ["Posts"],
    "PATCH /posts/{post_id}": ["Posts"],
    "DELETE /posts/{post_id}": ["Posts"],
    "POST /uploads/image": ["Uploads"],
}


def png(width: int, height: int) -> bytes:
    """A black picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    rows = zlib.compress(bytes((1 + (width + 7) // 8) * height), 9)
    parts = chunk(b"IHDR", size + b"\x01\0\0\0\0"), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


PNG = png(1, 1)


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"SECRET_KEY": SECRET_KEY, "MAX_UPLOAD_BYTES": str(MAX_UPLOAD), **CHEAP_HASHES}


def write(client: Client, author: Member, title: str, *, published: bool) -> dict[str, Any]:
    body = {"title": title, "content": "Some text", "published": published}
    reply = client.post("/posts", json=body, headers=author.headers)
    assert (reply.status_code, reply.json()) == (201, {"id": reply.json().get("id"), **body, "author_id": author.id})
    return dict(reply.json())


def operations(client: Client) -> dict[str, dict[str, Any]]:
    """The app's routes as its OpenAPI page has them: `GET /posts` and so on."""
    paths = client.get("/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}": op for path, ops in paths.items() for method, op in ops.items()}


def token(claims: dict[str, Any], *, key: str = SECRET_KEY, algorithm: str = "HS256") -> str:
    """A token made by hand: what an attacker might send, instead of one from the login."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = f"{part(json.dumps({'alg': algorithm, 'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    digests = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}
    if algorithm not in digests:
        return f"{signed}."
    return f"{signed}.{part(hmac.digest(key.encode(), signed.encode(), digests[algorithm]))}"


@contextlib.contextmanager
def nobody_writes(app: ServedApp) -> Iterator[None]:
    """Hold the database's write lock: requests that want to write wait, others go on."""
    with contextlib.closing(sqlite3.connect(next(app.data.glob("*.db")), isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def send(app: ServedApp, path: str, body: dict[str, str]) -> socket.socket:
    """Send a POST and do not wait for its reply."""
    content = json.dumps(body).encode()
    host, port = app.url.removeprefix("http://").split(":")
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    caller = socket.create_connection((host, int(port)), timeout=10)
    caller.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return caller


def test_routes_are_grouped(client: Client) -> None:
    """Every route is below its router's prefix, and the OpenAPI page groups it under its router's tag."""
    tags = {name: operation.get("tags") for name, operation in operations(client).items()}

    missing, strange = sorted(TAGS.keys() - tags.keys()), sorted(tags.keys() - TAGS.keys())
    assert missing == [], f"not on the page, which has instead: {', '.join(strange) or 'nothing'}"
    assert {name: tags[name] for name in TAGS} == TAGS


def test_users_need_a_login(client: Client, ada: Member) -> None:
    """The list of users and each single user need a login, and only their router asks for it."""
    for path in ("/users", f"/users/{ada.id}"):
        refused = client.get(path)
        assert (refused.status_code, refused.json()) == (401, {"detail": "Not authenticated"}), f"{path} is open"
        assert refused.headers.get("www-authenticate") == "Bearer"
        assert client.get(path, headers=ada.headers).status_code == 200


def test_my_posts_are_not_a_post(client: Client, ada: Member, grace: Member) -> None:
    """/posts/my lists the caller's own posts, drafts too, and isn't taken for the id of a post."""
    write(client, ada, "By Ada", published=True)
    draft, post = (write(client, grace, "By Grace", published=published) for published in (False, True))

    reply = client.get("/posts/my", headers=grace.headers)

    assert reply.status_code != 422, "`my` was read as a post's id: another route is above /posts/my"
    assert (reply.status_code, reply.json()) == (200, [draft, post])
    assert client.get("/posts/my").status_code == 401


def test_drafts_are_their_authors(client: Client, ada: Member, grace: Member) -> None:
    """Only its author can see a draft; for everyone else it's as if it weren't there."""
    draft = write(client, ada, "Draft", published=False)
    path = f"/posts/{draft['id']}"

    for viewer, headers in {"nobody": {}, "another user": grace.headers}.items():
        reply = client.get(path, headers=headers)
        assert (reply.status_code, reply.json()) == (404, {"detail": "Post not found"}), f"{viewer} reads a draft"
        drafts = client.get("/posts", params={"published": False, "limit": 100}, headers=headers).json()
        assert draft not in drafts, f"{viewer} finds a draft in the list"

    assert client.get(path, headers=ada.headers).json() == {**draft, "author": {"id": ada.id, "name": ada.name}}


@pytest.mark.deeper
def test_the_package_starts_anywhere(client: Client) -> None:
    """The package can start in another working directory, and says where its docs are."""
    assert client.get("/").json() == {"message": "The blog is running", "docs": "/docs"}


@pytest.mark.deeper
def test_every_reply_has_a_declared_shape(client: Client) -> None:
    """Every route declares what it returns, so that no column leaves the database by accident."""
    undeclared = [
        name
        for name, operation in operations(client).items()
        for status, reply in operation["responses"].items()
        if status.startswith("2") and not all(kind.get("schema") for kind in reply.get("content", {}).values())
    ]

    assert undeclared == [], "without a return type or response_model, the response is whatever the function returns"


@pytest.mark.deeper
def test_docs_know_what_needs_a_token(client: Client) -> None:
    """The docs have a title, a version, an Authorize button, and a lock on every route that takes a token."""
    page = client.get("/openapi.json").json()
    unlocked = {
        f"{method.upper()} {path}"
        for path, methods in page["paths"].items()
        for method, operation in methods.items()
        if not operation.get("security")
    }

    description = "Users, posts and images, one router each"
    assert page["info"] == {"title": "A small blog", "description": description, "version": "5.0.0"}
    assert page["components"].get("securitySchemes") == {"HTTPBearer": {"type": "http", "scheme": "bearer"}}
    assert unlocked == {"GET /", "POST /auth/register", "POST /auth/login"}


@pytest.mark.deeper
def test_registration_and_login(client: Client, unique: Callable[[str], str]) -> None:
    """Registration answers 201 with the account, login with a token and the account; neither shows the hash."""
    name = unique("joan")
    account = {"name": name, "email": f"{name}@example.com"}

    registered = client.post("/auth/register", json={**account, "password": PASSWORD})
    logged_in = client.post("/auth/login", json={"email": account["email"], "password": PASSWORD})

    assert (registered.status_code, registered.json()) == (201, {"id": registered.json().get("id"), **account})
    assert logged_in.json() == {
        "access_token": logged_in.json().get("access_token"),
        "token_type": "bearer",
        "user": registered.json(),
    }


@pytest.mark.deeper
def test_a_failed_login_says_how(client: Client, ada: Member) -> None:
    """A failed login is 401 with WWW-Authenticate, and doesn't say whether email or password was wrong."""
    for email, password in ((ada.email, "not the password"), (f"not.{ada.email}", PASSWORD)):
        reply = client.post("/auth/login", json={"email": email, "password": password})

        assert (reply.status_code, reply.json()) == (401, {"detail": "Invalid email or password"})
        assert reply.headers.get("www-authenticate") == "Bearer", "the 401 does not say how to log in"


@pytest.mark.deeper
def test_passwords_are_stored_as_argon2(served: ServedApp, client: Client, ada: Member) -> None:
    """The database holds argon2 hashes, and no password."""
    stored = b"".join(file.read_bytes() for file in served.data.glob("*.db*") if not file.name.endswith("-shm"))

    assert ada.email.encode() in stored
    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored


@pytest.mark.deeper
def test_an_email_registers_once(client: Client, ada: Member) -> None:
    """A second registration with an email is 409, in whatever case it is written."""
    for email in (ada.email, ada.email.upper()):
        reply = client.post("/auth/register", json={"name": "Eve", "email": email, "password": PASSWORD})

        assert (reply.status_code, reply.json()) == (409, {"detail": "Email already registered"}), email


@pytest.mark.deeper
def test_eight_registrations_at_once(served: ServedApp, unique: Callable[[str], str]) -> None:
    """Of eight registrations with one email at the same moment, one is 201 and seven are 409."""
    body = {"name": "Eve", "email": f"{unique('eve')}@example.com", "password": PASSWORD}

    with contextlib.ExitStack() as stack:
        with nobody_writes(served):  # so that none of the eight is through before the last has begun
            callers = [stack.enter_context(send(served, "/auth/register", body)) for _ in range(8)]
            ninth = stack.enter_context(send(served, "/auth/login", body))
            ninth.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                ninth.recv(1)
        statuses = [int(caller.makefile("rb").readline().split()[1]) for caller in callers]

    assert Counter(statuses) == {201: 1, 409: 7}, (
        "several requests saw that the email was free before one of them took it: only a unique column decides"
    )


@pytest.mark.deeper
def test_an_unsound_token_is_refused(client: Client, ada: Member) -> None:
    """A token that's expired, endless, without a user or signed by someone else is refused, even on a public route."""
    me, soon = str(ada.id), int(time.time()) + 60
    refused = {
        "expired": token({"sub": me, "exp": 1}),
        "without exp": token({"sub": me}),
        "exp null": token({"sub": me, "exp": None}),
        "without sub": token({"exp": soon}),
        "empty sub": token({"sub": "", "exp": soon}),
        "unsigned": token({"sub": me, "exp": soon}, algorithm="none"),
        "another algorithm": token({"sub": me, "exp": soon}, algorithm="HS512"),
        "empty key": token({"sub": me, "exp": soon}, key=""),
    }

    for name, bad in refused.items():
        reply = client.get("/posts", headers={"Authorization": f"Bearer {bad}"})
        assert (reply.status_code, reply.text) == (401, '{"detail":"Invalid or expired token"}'), f"accepted: {name}"
        assert reply.headers.get("www-authenticate") == "Bearer"
    good = token({"sub": me, "exp": soon})
    assert client.get("/users/me", headers={"Authorization": f"Bearer {good}"}).json()["id"] == ada.id


@pytest.mark.deeper
def test_lists_are_bounded(client: Client, ada: Member) -> None:
    """Every list refuses a negative or absurd skip, and a limit below 1 or above 100."""
    for path in ("/users", "/posts", "/posts/my"):
        for query in ("skip=-1&limit=0", "skip=10000000000000000000&limit=101"):
            reply = client.get(f"{path}?{query}", headers=ada.headers)
            assert reply.status_code == 422, f"{path}?{query} was accepted"
            assert {error["loc"][-1] for error in reply.json()["detail"]} == {"skip", "limit"}, f"{path}?{query}"

    both, second = (
        client.get(f"/users?{query}", headers=ada.headers).json() for query in ("limit=2", "skip=1&limit=1")
    )
    assert second == both[1:]


@pytest.mark.deeper
def test_an_absurd_id_is_refused(client: Client, ada: Member) -> None:
    """An id that no row can have is 422, and one that no row has is 404."""
    for path in ("/users", "/posts"):
        for row, status in ((10**19, 422), (10**9, 404)):
            assert client.get(f"{path}/{row}", headers=ada.headers).status_code == status, f"{path}/{row}"


@pytest.mark.deeper
def test_emails_are_private(client: Client, ada: Member, grace: Member) -> None:
    """Only its owner gets to see an email."""
    post = write(client, ada, "By Ada", published=True)

    assert client.get(f"/posts/{post['id']}").json() == {**post, "author": {"id": ada.id, "name": ada.name}}
    assert client.get(f"/users/{ada.id}", headers=grace.headers).json() == {"id": ada.id, "name": ada.name}
    assert ada.email not in client.get("/users", headers=grace.headers).text, "the list of users shows emails"
    assert client.get("/users/me", headers=ada.headers).json()["email"] == ada.email


@pytest.mark.deeper
def test_published_filters_the_list(client: Client, ada: Member) -> None:
    """`published` narrows the list, also that of an author who sees drafts."""
    draft, post = (write(client, ada, "One of two", published=published) for published in (False, True))

    for published in (True, False):
        query = {"limit": 100, "published": published}
        found = client.get("/posts", params=query, headers=ada.headers).json()
        assert [draft in found, post in found] == [not published, published]


@pytest.mark.deeper
def test_only_the_author_changes_a_post(client: Client, ada: Member, grace: Member) -> None:
    """Only its author can change or delete a post: 401 without a token, 403 for anyone else."""
    post = write(client, ada, "Mine", published=True)
    path = f"/posts/{post['id']}"

    for method in ("PATCH", "DELETE"):
        body = {"title": "Yours"} if method == "PATCH" else None
        assert client.request(method, path, json=body).status_code == 401, f"{method} without a token"
        assert client.request(method, path, json=body, headers=grace.headers).status_code == 403, f"{method} by another"

    changed = client.patch(path, json={"title": "Still mine"}, headers=ada.headers)
    assert (changed.status_code, changed.json()) == (200, {**post, "title": "Still mine"})
    assert client.patch(path, json={"content": None}, headers=ada.headers).status_code == 422, "null isn't text"
    assert client.delete(path, headers=ada.headers).status_code == 204
    assert client.get(path).status_code == 404


@pytest.mark.deeper
def test_users_change_themselves(client: Client, ada: Member, unique: Callable[[str], str]) -> None:
    """Users change their own name and email; an email that is taken is 409."""
    member = join(client, unique("alan"))

    changed = client.patch("/users/me", json={"name": "Alan M."}, headers=member.headers)
    taken = client.patch("/users/me", json={"email": ada.email.upper()}, headers=member.headers)

    account = {"id": member.id, "name": "Alan M.", "email": member.email}
    assert (changed.status_code, changed.json()) == (200, account)
    assert (taken.status_code, taken.json()) == (409, {"detail": "Email already registered"})


@pytest.mark.deeper
def test_a_deleted_user_takes_all_along(client: Client, unique: Callable[[str], str]) -> None:
    """A deleted user's posts are gone, and the old token never names anybody again."""
    gone = join(client, unique("gone"))
    post = write(client, gone, "Going too", published=True)

    assert client.delete("/users/me", headers=gone.headers).status_code == 204

    assert client.get(f"/posts/{post['id']}").status_code == 404, "the post is still there, without an author"
    assert client.get("/users/me", headers=gone.headers).status_code == 401
    heir = join(client, unique("heir"))
    assert client.get("/users/me", headers=gone.headers).status_code == 401, (
        f"the id {gone.id} was given away again, so the old token is now a key to the account of {heir.name}"
    )


@pytest.mark.deeper
def test_an_image_is_stored_and_served(client: Client, ada: Member) -> None:
    """An image gets a name from the server and is served below /files as what it is."""
    files = {"file": ("../../evil.html", PNG, "text/html")}

    reply = client.post("/uploads/image", files=files, headers=ada.headers)

    name = reply.json().get("filename")
    expected = {"message": "Uploaded", "filename": name, "url": f"/files/{name}", "uploaded_by": ada.id}
    assert (reply.status_code, reply.json()) == (201, expected)
    image = client.get(f"/files/{name}")
    assert image.headers["content-type"] == "image/png"
    assert image.headers["content-security-policy"] == "sandbox"
    assert image.content.startswith(b"\x89PNG")
    assert client.post("/uploads/image", files=files).status_code == 401


@pytest.mark.deeper
def test_what_is_no_image_is_refused(client: Client, served: ServedApp, ada: Member) -> None:
    """A page that is called an image, a broken image, one of too many pixels or bytes: none leaves a file."""
    before = sorted((served.data / "uploads").iterdir())
    bodies = [(b"<script>", 415), (PNG[:43], 415), (png(5001, 5000), 413), (PNG.ljust(MAX_UPLOAD + 1), 413)]

    for body, status in bodies:
        reply = client.post("/uploads/image", files={"file": ("a.png", body, "image/png")}, headers=ada.headers)
        assert reply.status_code == status, f"the file of {len(body)} bytes that begins with {body[:20]!r}"

    assert sorted((served.data / "uploads").iterdir()) == before


@pytest.mark.deeper
def test_pictures_are_stored_as_stage_04_taught(client: Client, ada: Member) -> None:
    """A phone's photo with a second picture inside is one upright JPEG, without the place and the page behind it."""
    secret = b"<script>taken at 59.91 N</script>"
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    exif[0x010E] = secret.decode()
    photo = BytesIO()
    Image.new("RGB", (80, 60)).save(photo, "MPO", save_all=True, append_images=[Image.new("RGB", (4, 3))], exif=exif)

    reply = client.post("/uploads/image", files={"file": photo.getvalue() + secret}, headers=ada.headers)

    assert reply.status_code == 201, reply.text
    stored = client.get(reply.json()["url"]).content
    assert secret not in stored
    image = Image.open(BytesIO(stored))
    assert (image.format, image.size) == ("JPEG", (60, 80))


@pytest.mark.deeper
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_colours_survive(client: Client, ada: Member, mode: str) -> None:
    """A photo in a phone's wide colours looks the same without its profile; one for other colours changes nothing."""
    file = BytesIO()
    sent = Image.new("RGBA", (8, 6), (220, 60, 40, 128)).convert(mode)
    sent.save(file, "PNG", icc_profile=display_p3())

    reply = client.post("/uploads/image", files={"file": file.getvalue()}, headers=ada.headers)

    assert reply.status_code == 201, reply.text
    seen = Image.open(BytesIO(client.get(reply.json()["url"]).content)).convert("RGB").getpixel((4, 3))
    expected = sent.convert("RGB").getpixel((4, 3)) if mode == "L" else (241, 35, 17)
    assert isinstance(seen, tuple)
    assert isinstance(expected, tuple)
    assert max(abs(a - b) for a, b in zip(seen, expected, strict=True)) <= 4, f"{expected} became {seen}"


@pytest.mark.deeper
def test_a_hundred_readers_at_once(client: Client, ada: Member) -> None:
    """A hundred requests at once are all answered: none holds a connection while it waits for a thread."""
    with ThreadPoolExecutor(100) as readers:
        replies = list(readers.map(lambda _: client.get("/users/me", headers=ada.headers), range(100)))

    assert {reply.status_code for reply in replies} == {200}
