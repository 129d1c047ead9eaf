"""No later step may undo what an earlier one taught, so stages 02, 04 and 06 are tried on the steps after them."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image, MpoImagePlugin  # noqa: F401  (else Pillow loads all forty)

from workbook.course.model import Course
from workbook.plugin.client import Client
from workbook.plugin.members import CHEAP_HASHES
from workbook.plugin.pictures import display_p3, many_scans, picture
from workbook.plugin.seen import no_room_for_more_than, nothing_stored
from workbook.serving import Launcher, ServedApp

from .test_deep_bodies import enter

COURSE = Course.find(Path(__file__).parent.parent)
SECRET = b"<script>taken at 59.91 N</script>"
ENV = {
    "SECRET_KEY": "a-key-for-tests-and-for-nothing-else",
    "API_KEY": "key",
    "TOKENS": '{"token-of-ada": "ada"}',
    **CHEAP_HASHES,
}
UPLOAD = {"04-uploads": "/uploads/image", "05-routers": "/uploads/image", "final": "/uploads/image"}


class Step(NamedTuple):
    """A served step, and a client that's logged in to it."""

    name: str
    client: Client

    def upload(self, content: bytes, name: str = "photo.jpg") -> dict[str, str]:
        """Store an image; return the response's body together with its status."""
        response = self.client.post(UPLOAD[self.name], files={"file": (name, content)})
        return {**response.json(), "status": str(response.status_code)}


@pytest.fixture(scope="module", params=["02-middleware", "04-uploads", "05-routers", "06-errors", "final"])
def step(request: pytest.FixtureRequest, launcher: Launcher) -> Iterator[Step]:
    """Each step that has something to keep."""
    with ExitStack() as stack:
        app = stack.enter_context(ServedApp(launcher, COURSE.folder(COURSE.step(request.param)), env=ENV))
        client = stack.enter_context(Client(app, []))
        described = client.get("/openapi.json").json()
        client.headers.update({"Authorization": "Bearer token-of-ada", **enter(client, described["paths"])})
        yield Step(request.param, client)


def taught_in(*names: str) -> pytest.MarkDecorator:
    """Run a test only on these steps: the one that teaches it, and those that mustn't undo it."""
    return pytest.mark.parametrize("step", names, indirect=True)


def photo(kind: str = "JPEG", **options: object) -> bytes:
    file = BytesIO()
    Image.new("RGB", (80, 60), (220, 60, 40)).save(file, kind, **options)
    return file.getvalue()


@taught_in("04-uploads", "05-routers", "final")
def test_only_pixels_are_kept(step: Step) -> None:
    """04: an image is encoded again, so nothing that was hidden in the file is ever served."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    stored = step.upload(photo(comment=SECRET, exif=exif) + SECRET)

    assert stored["status"] == "201"
    assert SECRET not in step.client.get(stored["url"]).content


@taught_in("04-uploads", "05-routers", "final")
def test_files_are_served_inert(step: Step) -> None:
    """04: the server chooses a stored file's name, and serves it so that no script in it can run."""
    stored = step.upload(photo(), "../../page.html")
    served = step.client.get(stored["url"])

    assert Path(stored["filename"]).suffix in {".jpg", ".jpeg"}
    assert served.headers["content-security-policy"] == "sandbox"
    assert "nosniff" in served.headers["x-content-type-options"]


@taught_in("04-uploads", "05-routers", "final")
def test_phones_photos_are_taken(step: Step) -> None:
    """04: a sideways, wide-colour photo with a second picture becomes one upright JPEG with the same colours."""
    exif = Image.Exif()
    exif[0x0112] = 6
    small = Image.new("RGB", (4, 3))
    stored = step.upload(photo("MPO", save_all=True, append_images=[small], exif=exif, icc_profile=display_p3()))

    image = Image.open(BytesIO(step.client.get(stored["url"]).content))
    pixel = image.getpixel((30, 40))
    assert (image.format, image.size) == ("JPEG", (60, 80))
    assert isinstance(pixel, tuple)
    assert max(abs(a - b) for a, b in zip(pixel, (241, 35, 17), strict=True)) <= 6


@taught_in("04-uploads", "05-routers", "final")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif", [b"II*\0\x08\0", b"\xff\xff", b"II*\0\x08\0\0\0\1\0\x12\1\3\0\xff\xff\xff\xff\6\0\0\0"]
)
def test_a_photo_with_broken_exif_is_taken(step: Step, kind: str, exif: bytes) -> None:
    """04: Exif that can't be read costs a photo nothing, because browsers show it anyway."""
    assert step.upload(photo(kind, exif=b"Exif\0\0" + exif))["status"] == "201"


@taught_in("04-uploads", "05-routers", "final")
def test_what_is_no_image_is_refused(step: Step) -> None:
    """04: a file is an image only if its content is one, and a decompression bomb isn't unpacked."""
    bomb = photo("PNG").replace(b"IHDR\0\0\0\x50\0\0\0\x3c", b"IHDR\0\0\x75\x30\0\0\x75\x30")

    assert [step.upload(content)["status"] for content in (b"<svg/>", photo()[:400])] == ["415", "415"]
    assert step.upload(bomb)["status"] in {"413", "415"}


@taught_in("04-uploads", "05-routers", "final")
def test_transparency_is_kept(step: Step) -> None:
    """04: what was transparent stays transparent, also if its colours are converted."""
    stored = step.upload(photo("PNG", transparency=(220, 60, 40), icc_profile=display_p3()))

    pixel = Image.open(BytesIO(step.client.get(stored["url"]).content)).convert("RGBA").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    assert pixel[3] == 0


@taught_in("04-uploads", "05-routers", "final")
def test_what_takes_too_long_is_refused(step: Step) -> None:
    """04: neither a picture of thousands of scans nor a form with a long text keeps the server busy."""
    long = {"description": "x" * 4097}
    response = step.client.post(UPLOAD[step.name], files={"file": picture()}, data=long)

    assert step.upload(many_scans(200))["status"] == "415"
    assert response.status_code == 400


@taught_in("04-uploads", "05-routers", "final")
def test_a_full_disk_leaves_nothing(step: Step) -> None:
    """04: if there's no room for a picture, no part of it stays behind."""
    noise = BytesIO()
    Image.effect_noise((400, 300), 100).save(noise, "PNG")

    with nothing_stored(step.client.app), no_room_for_more_than(50_000, step.client.app):
        response = step.client.post(UPLOAD[step.name], files={"file": noise.getvalue()})

    assert response.status_code in {500, 503}


@taught_in("02-middleware", "final")
def test_responses_are_marked(step: Step) -> None:
    """02: each response has a request id, its time and the security headers; a hostile id is replaced."""
    response = step.client.get("/posts/1", headers={"X-Request-ID": "a b"})

    assert {"x-request-id", "x-process-time", "x-frame-options", "x-content-type-options"} <= set(response.headers)
    assert response.headers["x-request-id"] != "a b"


@taught_in("02-middleware", "final")
def test_internal_is_guarded(step: Step) -> None:
    """02: everything below /internal needs the key, whatever the method."""
    client = step.client
    statuses = {client.request(method, "/internal/stats").status_code for method in ("GET", "HEAD", "POST", "OPTIONS")}

    assert statuses == {401}
    assert client.get("/internal/stats", headers={"X-API-Key": "key"}).status_code == 200


@taught_in("02-middleware", "final")
def test_the_log_can_not_be_forged(step: Step) -> None:
    """02: an end of line in a path doesn't make a second log line."""
    for end in ("%0a", "%0d", "%c2%85", "%e2%80%a8"):
        step.client.get(f"/posts{end}forged{end}")

    assert not any(line.startswith("forged") for line in step.client.app.log.splitlines())


@taught_in("06-errors", "final")
def test_every_error_has_the_one_shape(step: Step) -> None:
    """06: unknown path, wrong method, invalid field, large body and refused preflight all have the same shape."""
    client, form = step.client, {"Content-Type": "application/json"}
    register = "/users" if step.name == "06-errors" else "/auth/register"
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    responses = {
        404: client.get("/nothing"),
        405: client.put("/users"),
        422: client.post(register, json={"name": "secret-of-ada"}),
        413: client.post(register, content=b" " * 300_000, headers=form),
        400: client.options(register, headers=preflight),
    }

    assert {status: response.status_code for status, response in responses.items()} == {
        status: status for status in responses
    }
    assert [set(json.loads(response.content)) for response in responses.values()] == [
        {"success", "message", "errors"}
    ] * 5
    assert "secret-of-ada" not in responses[422].text
