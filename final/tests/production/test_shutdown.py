import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING

import httpx
import pytest
from PIL import Image
from workbook.plugin.mailbox import Mailbox
from workbook.plugin.members import PASSWORD

if TYPE_CHECKING:
    from .conftest import StartUvicorn, Uvicorn

DEADLINE = ("--timeout-graceful-shutdown", "10")
ONE, TWO = ("--workers", "1"), ("--workers", "2")
ENDED = {
    ONE: -signal.SIGTERM,
    TWO: 0,
}  # uvicorn alone ends by the signal, a supervisor by itself

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive(sample=5, of="file")]


def noise(side: int = 300) -> bytes:
    """Return a PNG of noise, which an encoder can't make smaller."""
    encoded = BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(
        encoded, "PNG"
    )
    return encoded.getvalue()


def is_whole(content: bytes) -> bool:
    with Image.open(BytesIO(content)) as image:
        image.load()
    return True


def wait_for_shutdown(uvicorn: "Uvicorn", workers: int) -> None:
    deadline = time.monotonic() + 20
    while uvicorn.log.count("Shutting down") < workers:
        assert time.monotonic() < deadline, uvicorn.log
        time.sleep(0.02)


@pytest.mark.parametrize("workers", [ONE, TWO], ids=["one worker", "two workers"])
def test_a_mail_is_sent_although_sigterm_came(
    start_uvicorn: "StartUvicorn",
    mailbox: Mailbox,
    unique: Callable[[str], str],
    workers: tuple[str, str],
) -> None:
    """SIGTERM waits for the tasks of requests that are answered: the mail arrives, and then the process ends."""
    uvicorn = start_uvicorn(
        *workers, *DEADLINE, SMTP_HOST=mailbox.host, SMTP_PORT=str(mailbox.port)
    )
    email = f"{unique('ada')}@example.com"
    with mailbox.held():
        with uvicorn.client() as client:
            response = client.post(
                "/auth/register",
                json={"name": "Ada", "email": email, "password": PASSWORD},
            )

        uvicorn.signal(signal.SIGTERM)
        wait_for_shutdown(uvicorn, int(workers[1]))
        before = len(mailbox.to(email))
    status = uvicorn.wait_until_ended()

    assert (response.status_code, before, len(mailbox.to(email))) == (201, 0, 1)
    assert status == ENDED[workers]
    assert "Traceback" not in uvicorn.log


@pytest.mark.parametrize("workers", [ONE, TWO], ids=["one worker", "two workers"])
def test_an_upload_is_answered_although_sigterm_came(
    start_uvicorn: "StartUvicorn", workers: tuple[str, str]
) -> None:
    """SIGTERM waits for requests that have begun: half an upload that is then completed is stored and answered."""
    uvicorn = start_uvicorn(*workers, *DEADLINE)
    ada = uvicorn.join("ada")
    request = httpx.Request(
        "POST",
        uvicorn.url + "/uploads/image",
        files={"file": ("a.png", noise())},
        headers=ada,
    )
    request.headers["Expect"] = "100-continue"
    body = request.read()
    with uvicorn.connect() as connection:
        head = "".join(
            f"{name}: {value}\r\n" for name, value in request.headers.items()
        )
        connection.sendall(f"POST /uploads/image HTTP/1.1\r\n{head}\r\n".encode())
        told = connection.recv(1000)  # the request is under way
        connection.sendall(body[: len(body) // 2])

        uvicorn.signal(signal.SIGTERM)
        wait_for_shutdown(uvicorn, int(workers[1]))
        connection.sendall(body[len(body) // 2 :])
        response = b"".join(iter(lambda: connection.recv(2**16), b""))

    assert told.startswith(b"HTTP/1.1 100 ")
    assert response.startswith(b"HTTP/1.1 201 "), response
    assert uvicorn.wait_until_ended() == ENDED[workers]
    assert "Traceback" not in uvicorn.log
    (stored,) = (uvicorn.data / "uploads").iterdir()
    assert is_whole(stored.read_bytes())


@pytest.mark.parametrize("workers", [ONE, TWO], ids=["one worker", "two workers"])
def test_a_task_that_takes_too_long_is_ended(
    start_uvicorn: "StartUvicorn",
    mailbox: Mailbox,
    unique: Callable[[str], str],
    workers: tuple[str, str],
) -> None:
    """A task that takes longer than the deadline doesn't hold the server up: the process ends before the task does."""
    mail = {"SMTP_HOST": mailbox.host, "SMTP_PORT": str(mailbox.port)}
    uvicorn = start_uvicorn(*workers, "--timeout-graceful-shutdown", "1", **mail)
    email = f"{unique('ada')}@example.com"
    with mailbox.held():
        with uvicorn.client() as client:
            client.post(
                "/auth/register",
                json={"name": "Ada", "email": email, "password": PASSWORD},
            )

        uvicorn.signal(signal.SIGTERM)

        assert uvicorn.wait_until_ended() == ENDED[workers]
        assert mailbox.to(email) == []
        assert "was not welcomed" not in uvicorn.log, (
            "the task ended by itself, as its connection timed out"
        )


class Writers:
    """Threads that write posts and upload pictures until uvicorn has gone, and note what it confirmed."""

    def __init__(self, uvicorn: "Uvicorn", headers: dict[str, str]) -> None:
        self.posts: dict[int, str] = {}
        self.pictures: list[str] = []
        self.documents: dict[str, int] = {}
        self._uvicorn, self._headers = uvicorn, headers
        works = [
            self._write,
            self._write,
            self._upload_picture,
            self._upload_document,
            self._upload_document,
        ]
        self._threads = [threading.Thread(target=work) for work in works]
        for thread in self._threads:
            thread.start()

    def _repeat(self, work: Callable[[httpx.Client], None]) -> None:
        with self._uvicorn.client() as client:
            client.headers.update(self._headers)
            try:
                while True:
                    work(client)
            except httpx.TransportError:
                pass  # killed

    def _write(self) -> None:
        def write(client: httpx.Client) -> None:
            content = os.urandom(4000).hex()
            response = client.post(
                "/posts", json={"title": "T", "content": content, "published": True}
            )
            assert response.status_code == 201
            self.posts[response.json()["id"]] = content

        self._repeat(write)

    def _upload_picture(self) -> None:
        picture = noise()

        def upload(client: httpx.Client) -> None:
            response = client.post("/uploads/image", files={"file": ("a.png", picture)})
            assert response.status_code == 201
            self.pictures.append(response.json()["url"])

        self._repeat(upload)

    def _upload_document(self) -> None:
        document = (
            b"%PDF-1.7" + os.urandom(4 * 2**20) + b"%%EOF"
        )  # takes a while to write down

        def upload(client: httpx.Client) -> None:
            response = client.post(
                "/uploads/image", files={"file": ("a.pdf", document)}
            )
            assert response.status_code == 201
            self.documents[response.json()["url"]] = len(document)

        self._repeat(upload)

    def wait_for_a_write(self) -> None:
        """Wait until there's some of everything, and then until the app starts to write a file."""
        deadline, uploads = time.monotonic() + 20, self._uvicorn.data / "uploads"
        while len(self.posts) < 20 or len(self.pictures) < 3 or len(self.documents) < 3:
            assert time.monotonic() < deadline, self._uvicorn.log
            time.sleep(0.01)
        before = set(uploads.iterdir())
        while before.issuperset(uploads.iterdir()):
            assert time.monotonic() < deadline, self._uvicorn.log

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def test_what_was_acknowledged_outlives_kill_9(start_uvicorn: "StartUvicorn") -> None:
    """After kill -9 in the middle of writes, every acknowledged post and file is there whole, and no half file is."""
    posts: dict[int, str] = {}
    pictures: list[str] = []
    documents: dict[str, int] = {}
    uvicorn = start_uvicorn("--workers", "2")
    headers = uvicorn.join("ada")

    for _ in range(3):
        writers = Writers(uvicorn, headers)
        writers.wait_for_a_write()
        uvicorn.kill()
        writers.join()
        posts |= writers.posts
        pictures += writers.pictures
        documents |= writers.documents
        uvicorn = start_uvicorn("--workers", "2")

    with uvicorn.client() as client, ThreadPoolExecutor(8) as pool:
        client.headers.update(headers)

        def read(url: str) -> bytes:
            return client.get(url).content

        contents = pool.map(
            lambda post_id: client.get(f"/posts/{post_id}").json().get("content"), posts
        )
        assert list(contents) == list(posts.values())
        served = {
            f"/files/{path.name}"
            for path in (uvicorn.data / "uploads").iterdir()
            if path.name[0] != "."
        }
        assert served.issuperset([*pictures, *documents])
        assert all(is_whole(read(url)) for url in served if url.endswith("png"))
        written = {url: len(read(url)) for url in served if url.endswith("pdf")}
        assert set(written.values()) == set(documents.values())
        assert (
            client.post("/posts", json={"title": "T", "content": ""}).status_code == 201
        )
