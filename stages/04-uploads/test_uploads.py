import json
import re
import select
import socket
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from random import randbytes
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image, ImageChops, MpoImagePlugin, WebPImagePlugin  # noqa: F401  (else Pillow loads all forty)

from workbook.plugin.client import Client
from workbook.plugin.pictures import display_p3
from workbook.serving import ServedApp

if TYPE_CHECKING:
    from playwright.sync_api import Page

MIB = 1024 * 1024
TOKEN = "token-of-ada"
UPLOAD_PATHS = ["/uploads", "/uploads/image", "/uploads/profile-picture", "/uploads/multiple"]
NAME = r"[0-9a-f]{32}\.(jpg|png|webp)"
BOUNDARY = "a-line-between-parts"
HTML = b"<!DOCTYPE html><script>new Image().src = '/a-script-ran'</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>new Image().src = '/a-script-ran'</script></svg>"


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"TOKENS": json.dumps({TOKEN: "ada", "token-of-grace": "grace"})}


@pytest.fixture(scope="module")
def token(served: ServedApp) -> str:
    """Ada's token, which the app accepts."""
    reply = httpx.post(f"{served.url}/uploads", headers={"Authorization": f"Bearer {TOKEN}"}, files={"file": b"hello"})
    assert reply.status_code == 200, f"POST /uploads with Ada's token is answered with {reply.status_code}"
    return TOKEN


@pytest.fixture
def ada(client: Client, token: str) -> Client:
    """A client that sends Ada's token."""
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 6), **options: Any) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, (200, 30, 40)).save(file, kind, **options)
    return file.getvalue()


def padded(length: int) -> bytes:
    """An image of `length` bytes: decoders ignore what follows the image's end."""
    return picture().ljust(length, b"\0")


def upload(
    client: Client,
    content: bytes,
    name: str = "photo.png",
    label: str = "image/png",
    *,
    to: str = "/uploads/image",
    **fields: str,
) -> httpx.Response:
    return client.post(to, files={"file": (name, content, label)}, data=fields)


def upload_several(client: Client, *contents: bytes, **headers: str) -> httpx.Response:
    files = [("files", (f"photo-{number}.png", content)) for number, content in enumerate(contents, 1)]
    return client.post("/uploads/multiple", files=files, headers=headers)


def files_in(app: ServedApp) -> set[str]:
    return {path.relative_to(app.data).as_posix() for path in app.data.rglob("*") if path.is_file()}


@contextmanager
def nothing_stored(app: ServedApp) -> Iterator[None]:
    before = files_in(app)
    yield
    assert files_in(app) - before == set(), "a refused upload left something on disk"


def fetched(client: Client, reply: httpx.Response) -> Image.Image:
    assert reply.status_code == 201, f"the upload was answered with {reply.status_code}: {reply.text}"
    image = Image.open(BytesIO(client.get(reply.json()["url"]).content))
    image.load()
    return image


def test_only_images_are_stored(ada: Client, served: ServedApp) -> None:
    """A file that isn't a whole JPEG, PNG or WebP is refused with 415, whatever its label and name say."""
    strangers = {
        "a web page": HTML,
        "a drawing that holds a script": SVG,
        "a web page that begins like a GIF": b"GIF89a" + HTML,
        "a GIF": picture("GIF"),
        "an empty file": b"",
        "half a PNG": picture()[:50],
        "half a JPEG": picture("JPEG")[:400],
    }
    for what, content in strangers.items():
        with nothing_stored(served):
            reply = upload(ada, content, "photo.png", "image/png")
            assert reply.status_code == 415, f"{what} was sent with the label image/png and the name photo.png"
            assert reply.json() == {"detail": "Not a whole JPEG, PNG or WebP image"}


def test_large_body_is_refused_unread(served: ServedApp, token: str) -> None:
    """A body that is announced as too large is refused with 413 before a byte of it is read."""
    with nothing_stored(served), connection(served) as (caller, replied):
        caller.sendall(head_of_upload(token, "Content-Length: 209715200", "Expect: 100-continue"))

        status = status_of(replied(3))

    assert status == "413", "the head announced 200 MB; the app asked for them (100) or waits for them (no response)"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_image_is_served_inert(ada: Client, served: ServedApp, kind: str) -> None:
    """An image is stored under a name of the server's making and served in a way that lets no script run."""
    sent = picture(kind)
    reply = upload(ada, sent, "../../my holiday.html", "text/html")
    assert reply.status_code == 201, f"the label text/html is wrong, the content is a {kind}: {reply.text}"
    stored = reply.json()
    served_file = ada.get(stored["url"])

    assert re.fullmatch(NAME, stored["filename"]), f"the stored name {stored['filename']} owes something to the client"
    assert stored == {
        "filename": stored["filename"],
        "original_name": "../../my holiday.html",
        "size": len(served_file.content),
        "uploaded_by": "ada",
        "url": f"/files/{stored['filename']}",
    }
    assert served_file.headers["content-type"] == f"image/{kind.lower()}"
    assert served_file.headers.get("x-content-type-options") == "nosniff"
    assert served_file.headers.get("content-security-policy") == "sandbox", "a browser would run scripts in this file"
    assert Image.open(BytesIO(served_file.content)).format == kind
    assert ImageChops.difference(Image.open(BytesIO(served_file.content)), Image.open(BytesIO(sent))).getbbox() is None


def test_several_are_stored_together_or_not_at_all(ada: Client, served: ServedApp) -> None:
    """Several images are stored all together; if one of them is refused, none is stored."""
    accepted = upload_several(ada, picture("JPEG"), picture("PNG"), picture("WEBP"))
    assert accepted.status_code == 201
    assert accepted.json()["uploaded"] == 3
    assert {f"uploads/{file['filename']}" for file in accepted.json()["files"]} <= files_in(served)

    with nothing_stored(served):
        refused = upload_several(ada, picture("JPEG"), picture("PNG"), HTML)
        assert (refused.status_code, refused.json()) == (415, {"detail": "Not a whole JPEG, PNG or WebP image"})


@pytest.mark.deeper
def test_client_says_what_it_likes(ada: Client, served: ServedApp) -> None:
    """Name and label are what the client says; size and content are what came."""
    with nothing_stored(served):
        reply = upload(ada, HTML, "photo.png", "image/png", to="/uploads")

    assert reply.json() == {
        "filename": "photo.png",
        "content_type": "image/png",
        "size": len(HTML),
        "begins_with": "<!DOCTYPE ht",
    }


@pytest.mark.deeper
def test_fields_travel_with_a_file(ada: Client) -> None:
    """Text fields and a JSON field travel in the same form as a file."""
    focus = {"x": 0.5, "y": 0.25}
    reply = upload(ada, picture(), to="/uploads/profile-picture", description="me, in Oslo", focus=json.dumps(focus))
    bare = upload(ada, picture(), to="/uploads/profile-picture")

    assert reply.status_code == 201, reply.text
    assert (reply.json()["description"], reply.json()["focus"]) == ("me, in Oslo", focus)
    assert (bare.json()["description"], bare.json()["focus"]) == ("", None)


@pytest.mark.deeper
def test_wrong_fields_store_nothing(ada: Client, served: ServedApp) -> None:
    """If a field beside the file is wrong, the response is a 422 and the file isn't stored."""
    wrong = [("focus", '{"x": 2, "y": 0}'), ("focus", '{"x": 1e999, "y": NaN}'), ("focus", "the middle")]
    wrong += [("description", "x" * 201)]

    for field, value in wrong:
        with nothing_stored(served):
            reply = upload(ada, picture(), to="/uploads/profile-picture", **{field: value})
            assert reply.status_code == 422, f"{field} was {value[:20]}"
            assert reply.json()["detail"][0]["loc"][:2] == ["body", field]


@pytest.mark.deeper
def test_json_body_carries_no_file(ada: Client) -> None:
    """A JSON body can't carry a file: the route finds no form and answers with 422."""
    for path in "/uploads/profile-picture", "/uploads/multiple":
        reply = ada.post(path, json={"file": "photo.png", "files": [], "description": "me"})
        assert (reply.status_code, reply.json()["detail"][0]["type"]) == (422, "missing"), path


@pytest.mark.deeper
def test_user_comes_from_the_token(ada: Client) -> None:
    """The token says who uploads; a field `user_id` is ignored."""
    reply = upload(ada, picture(), to="/uploads/profile-picture", user_id="grace", uploaded_by="grace")

    assert reply.json()["picture"]["uploaded_by"] == "ada"


@pytest.mark.deeper
def test_stranger_stores_nothing(client: Client, served: ServedApp) -> None:
    """Without a known token nothing is stored, and the answer is 401."""
    for path in UPLOAD_PATHS:
        field = "files" if path.endswith("multiple") else "file"
        with nothing_stored(served):
            reply = client.post(path, headers={"Authorization": "Bearer wrong"}, files={field: picture()})
            assert (reply.status_code, reply.headers.get("www-authenticate")) == (401, "Bearer"), path

    with nothing_stored(served):
        assert client.post(path, files={field: picture()}).status_code == 401


@pytest.mark.deeper
def test_image_of_exactly_the_limit(ada: Client, served: ServedApp) -> None:
    """An image of 5 MiB is stored, and one byte more is refused with 413."""
    assert upload(ada, padded(5 * MIB)).status_code == 201

    with nothing_stored(served):
        refused = upload(ada, padded(5 * MIB + 1))
        assert refused.status_code == 413
        assert refused.json() == {"detail": "An image may have at most 5,242,880 bytes"}


@pytest.mark.deeper
def test_announced_body_gets_plain_text(ada: Client, served: ServedApp) -> None:
    """A body over the limit is refused in plain text, not in JSON, because no route and no handler sees it."""
    with nothing_stored(served):
        reply = upload(ada, padded(5 * MIB + 100 * 1024))

    assert (reply.status_code, reply.text) == (413, "Content Too Large")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.deeper
def test_endless_body_is_cut_off(served: ServedApp, token: str) -> None:
    """A body without a length is refused with 413 at the limit, and the app's memory doesn't grow with it."""
    piece = b"100000\r\n" + bytes(MIB) + b"\r\n"
    before = peak_memory(served)
    pieces = 0
    with nothing_stored(served), connection(served) as (caller, replied):
        caller.sendall(head_of_upload(token, "Transfer-Encoding: chunked"))
        start = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'.encode()
        caller.sendall(f"{len(start):x}\r\n".encode() + start + b"\r\n")
        while pieces < 200 and not replied(0, peek=True):
            caller.sendall(piece)
            pieces += 1
        status = status_of(replied(3))

    assert status == "413", f"after {pieces} MB"
    assert pieces < 100, "the app took most of 200 MB before it refused them"
    assert peak_memory(served) - before < 20_000, "the app kept the body in memory (kB)"


@pytest.mark.deeper
def test_files_of_one_form_are_counted(ada: Client, served: ServedApp) -> None:
    """A form with more files than it may have is refused, and none of them is stored."""
    with nothing_stored(served):
        gallery = upload_several(ada, *[picture()] * 6)
        single = ada.post("/uploads/image", files=[("file", ("photo.png", picture()))] * 2)

        assert gallery.status_code in {400, 413, 422}, "six files went through /uploads/multiple"
        assert (single.status_code, single.json()) == (400, {"detail": "Too many files. Maximum number of files is 1."})


@pytest.mark.deeper
def test_files_of_one_form_are_weighed_together(ada: Client, served: ServedApp) -> None:
    """Files that are small enough one by one are refused with 413 if they are too large together."""
    with nothing_stored(served):
        assert upload_several(ada, *[padded(2 * MIB)] * 2).status_code == 413


@pytest.mark.deeper
def test_bomb_is_not_unpacked(ada: Client, served: ServedApp) -> None:
    """A small file that unpacks to an enormous image is refused with 413, and not unpacked."""
    honest = picture()
    for side in 6_000, 30_000:
        header = b"IHDR" + struct.pack(">II", side, side) + honest[24:29]
        bomb = honest[:12] + header + struct.pack(">I", zlib.crc32(header)) + honest[33:]
        with nothing_stored(served):
            reply = upload(ada, bomb)
            assert reply.status_code == 413, f"the image claims {side} by {side} pixels"
            assert reply.json() == {"detail": "An image may have at most 25,000,000 pixels, a JPEG twice as many"}


@pytest.mark.deeper
def test_hostile_name_names_nothing(ada: Client, served: ServedApp) -> None:
    """A client's name decides nothing about the stored name and its extension; it is kept cleaned and short."""
    half_a_character = rb"\ud800.png"  # so it is in the form's charset
    names = [b"x./../../evil", rb"..\..\evil.png", b"", b"a\0b", b"photo." + b"x" * 300, b"\xff.png", half_a_character]

    for name in names:
        before = files_in(served)
        reply = ada.post(
            "/uploads/image", content=form_with(name), headers={"Content-Type": form_type("unicode_escape")}
        )

        assert reply.status_code == 201, f"the name {name[:20]!r} decides about the upload"
        stored = reply.json()
        assert re.fullmatch(NAME, stored["filename"]), f"the name {name[:20]!r} became {stored['filename'][:60]}"
        assert files_in(served) - before == {f"uploads/{stored['filename']}"}
        assert stored["original_name"].isprintable()
        assert len(stored["original_name"]) <= 100


@pytest.mark.deeper
def test_endless_name_is_refused(ada: Client, served: ServedApp) -> None:
    """A name of 5000 characters makes no form, and is refused with 400."""
    with nothing_stored(served):
        assert upload(ada, picture(), "x" * 5000).status_code == 400


@pytest.mark.deeper
def test_only_pixels_are_kept(ada: Client) -> None:
    """Where a photo was taken isn't kept, and neither is anything else that's hidden in the file."""
    secret = b"taken at 59.91 N 10.75 E <script>"
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    for kind in "JPEG", "PNG", "WEBP":
        sent = picture(kind, comment=secret, exif=exif, icc_profile=secret, xmp=secret) + secret

        stored = ada.get(upload(ada, sent).json()["url"]).content

        assert secret not in stored, f"the stored {kind} holds more than the image's pixels"
        assert {"comment", "exif", "icc_profile", "xmp"} & set(Image.open(BytesIO(stored)).info) == set(), kind


@pytest.mark.deeper
def test_photo_from_a_phone_stands_upright(ada: Client) -> None:
    """A phone's photo, held sideways and with a second picture inside, becomes one upright JPEG."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    small = Image.new("RGB", (4, 3))
    photo = picture("MPO", (80, 60), save_all=True, append_images=[small], exif=exif)

    reply = upload(ada, photo, "photo.jpg", "image/jpeg")
    stored = fetched(ada, reply)

    assert reply.json()["filename"].endswith(".jpg")
    assert (stored.format, stored.size) == ("JPEG", (60, 80))


@pytest.mark.deeper
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "CMYK"])
def test_colours_survive(ada: Client, mode: str) -> None:
    """A photo in a phone's wide colours looks the same without its profile; one for other colours changes nothing."""
    kind = "JPEG" if mode == "CMYK" else "PNG"
    file = BytesIO()
    sent = Image.new("RGBA", (8, 6), (220, 60, 40, 128)).convert(mode)
    sent.save(file, kind, icc_profile=display_p3())
    stored = fetched(ada, upload(ada, file.getvalue()))

    assert "icc_profile" not in stored.info
    wide = mode in {"RGB", "RGBA", "P"}
    expected = (241, 35, 17) if wide else sent.convert("RGB").getpixel((4, 3))
    seen = stored.convert("RGBA").getpixel((4, 3))
    assert isinstance(seen, tuple)
    assert isinstance(expected, tuple)
    assert max(abs(a - b) for a, b in zip(seen[:3], expected, strict=True)) <= 4, f"{expected} became {seen}"
    assert seen[3] == (128 if mode in {"RGBA", "P", "LA"} else 255)


@pytest.mark.deeper
@pytest.mark.parametrize(
    "size, stored_size", [((5712, 4284), (5712, 4284)), ((8160, 6120), (4080, 3060))], ids=["24 MP", "50 MP"]
)
def test_large_photos_are_taken(
    ada: Client, served: ServedApp, size: tuple[int, int], stored_size: tuple[int, int]
) -> None:
    """A photo of 24 megapixels is kept; one of 48 or 50 is stored at half its width and height, to save memory."""
    reply = upload(ada, picture("JPEG", size), "photo.jpg", "image/jpeg")

    assert fetched(ada, reply).size == stored_size


@pytest.mark.deeper
def test_transparency_is_kept(ada: Client) -> None:
    """What was transparent stays transparent."""
    see_through = picture("PNG", transparency=(200, 30, 40))

    assert fetched(ada, upload(ada, see_through)).convert("RGBA").getpixel((0, 0)) == (200, 30, 40, 0)


@pytest.mark.deeper
def test_full_disk_leaves_nothing(ada: Client, served: ServedApp) -> None:
    """If the disk is full at the second of two files, the first doesn't stay behind."""
    noise = BytesIO()
    Image.frombytes("RGB", (200, 200), randbytes(120_000)).save(noise, "PNG", compress_level=0)

    with nothing_stored(served), no_room_for_more_than(100_000, served):
        reply = upload_several(ada, picture(), noise.getvalue(), connection="close")

    assert reply.status_code == 500


@pytest.mark.deeper
def test_folder_is_made_at_the_start(fresh_app: Callable[..., Client], tmp_path: Path) -> None:
    """The folder for uploads is where UPLOAD_DIR says, and made when the app starts."""
    folder = tmp_path / "disk" / "pictures"
    client = fresh_app(UPLOAD_DIR=str(folder))
    assert list(folder.iterdir()) == []

    reply = client.post("/uploads/image", headers={"Authorization": f"Bearer {TOKEN}"}, files={"file": picture()})

    assert reply.status_code == 201
    assert [path.name for path in folder.iterdir()] == [reply.json()["filename"]]
    assert client.get(reply.json()["url"]).status_code == 200


@pytest.mark.deeper
def test_only_uploads_are_served(client: Client, served: ServedApp) -> None:
    """No address below /files leads out of the folder, and the app doesn't list what's in it."""
    (served.data / "secret.txt").write_text("secret", encoding="utf-8")

    for path in "/files/../secret.txt", "/files/..%2fsecret.txt", "/files/%2e%2e/secret.txt", "/files/":
        assert client.get(path).status_code == 404, path


@pytest.mark.deeper
def test_image_with_a_script_in_it_runs_nothing(ada: Client, page: "Page") -> None:
    """An image that is a web page at the same time runs no script in a browser."""
    polyglot = picture("JPEG", comment=HTML) + HTML
    reply = upload(ada, polyglot, "photo.html", "text/html")
    assert reply.status_code == 201

    assert asked_for_by(page, f"{ada.app.url}{reply.json()['url']}") == [reply.json()["url"]]


@pytest.mark.deeper
def test_file_from_before_the_checks_runs_nothing(served: ServedApp, page: "Page") -> None:
    """A page or drawing that reached the folder in another way runs no script in a browser either."""
    for name, content in ("old.html", HTML), ("old.svg", SVG):
        (served.data / "uploads" / name).write_bytes(content)

        assert asked_for_by(page, f"{served.url}/files/{name}") == [f"/files/{name}"], "the script asked for more"


def asked_for_by(page: "Page", url: str) -> list[str]:
    """The paths that the browser asks for when it opens `url`."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(httpx.URL(request.url).path))
    page.goto(url)
    return paths


def form_type(charset: str = "utf-8") -> str:
    return f"multipart/form-data; boundary={BOUNDARY}; charset={charset}"


def form_with(name: bytes) -> bytes:
    """A form whose file has a name that no well-behaved client sends."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="'.encode() + name + b'"\r\n'
    return head + b"Content-Type: image/png\r\n\r\n" + picture() + f"\r\n--{BOUNDARY}--\r\n".encode()


def head_of_upload(token: str, *headers: str) -> bytes:
    lines = ["POST /uploads/image HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}", *headers]
    return "\r\n".join([*lines, f"Content-Type: {form_type()}", "", ""]).encode()


@contextmanager
def connection(app: ServedApp) -> Iterator[tuple[socket.socket, Callable[..., bytes]]]:
    """A connection to the app, and a function that waits for its reply; b"" if none comes."""
    address = httpx.URL(app.url)
    with socket.create_connection((address.host, address.port or 80), timeout=10) as caller:

        def replied(seconds: float, *, peek: bool = False) -> bytes:
            readable, _, _ = select.select([caller], [], [], seconds)
            return caller.recv(4096, socket.MSG_PEEK if peek else 0) if readable else b""

        yield caller, replied


def status_of(reply: bytes) -> str:
    return reply.split()[1].decode() if reply else "no response"


def peak_memory(app: ServedApp) -> int:
    """The most memory that the app has had so far, in kB; known on Linux alone."""
    status = Path(f"/proc/{app.pid}/status")
    return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) if status.exists() else 0


@contextmanager
def no_room_for_more_than(size: int, app: ServedApp) -> Iterator[None]:
    """A disk on which no file grows beyond `size`; where that cannot be had, a folder that is gone."""
    if sys.platform == "linux":
        from resource import RLIMIT_FSIZE, prlimit

        before = prlimit(app.pid, RLIMIT_FSIZE)
        prlimit(app.pid, RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            prlimit(app.pid, RLIMIT_FSIZE, before)
    else:
        folder = app.data / "uploads"
        away = folder.rename(app.data / "away")
        folder.write_bytes(b"")
        try:
            yield
        finally:
            folder.unlink()
            away.rename(folder)
