import httpx
import pytest

from workbook.plugin.client import Client
from workbook.plugin.pictures import picture
from workbook.plugin.seen import (
    connection,
    list_stored_files,
    nothing_stored,
    status_of,
)
from workbook.serving import ServedApp

KIB = 1024
PAGE = b"<!DOCTYPE html><script>document.title = document.cookie</script>"


def upload(client: Client, content: bytes, name: str = "draft.txt", label: str = "text/plain") -> httpx.Response:
    return client.post("/uploads/text", files={"file": (name, content, label)})


@pytest.mark.parametrize(
    "text",
    ["Dear editor,\r\nit rains.\n", "Smørbrød 🥪, 早安", "a" * (64 * KIB), "é" * (32 * KIB)],
    ids=["lines", "letters", "64-kib", "64-kib-of-two-byte-letters"],
)
def test_text_comes_back_as_it_was(ada: Client, served: ServedApp, text: str) -> None:
    """Text in UTF-8 of up to 64 KiB is stored, and comes back byte for byte."""
    before = list_stored_files(served)

    response = upload(ada, text.encode(), "my draft.md", "application/octet-stream")

    assert response.status_code == 201
    stored = response.json()
    assert list_stored_files(served) - before == {f"uploads/{stored['filename']}"}
    assert stored == {
        "filename": stored["filename"],
        "original_name": "my draft.md",
        "size": len(text.encode()),
        "uploaded_by": "ada",
        "url": f"/files/{stored['filename']}",
    }
    assert ada.get(stored["url"]).content == text.encode(), "the text came back with other bytes than you sent"


def test_page_comes_back_inert(ada: Client) -> None:
    """A web page is stored as text and served as text that no browser runs."""
    response = upload(ada, PAGE, "notes.html", "text/html")

    assert response.status_code == 201
    assert "html" not in response.json()["filename"], "the stored name keeps the client's extension"
    served_file = ada.get(response.json()["url"])
    assert served_file.content == PAGE
    assert served_file.headers["content-type"].replace(" ", "").lower() == "text/plain;charset=utf-8"
    assert served_file.headers.get("x-content-type-options") == "nosniff"
    assert served_file.headers.get("content-security-policy") == "sandbox"


@pytest.mark.parametrize(
    "content",
    [picture(), "Dear editor".encode("utf-16"), "Smørbrød".encode("latin-1"), "Smørbrød é".encode()[:-1]],
    ids=["png", "utf-16", "latin-1", "half-a-letter"],
)
def test_what_is_no_utf8_is_refused(ada: Client, served: ServedApp, content: bytes) -> None:
    """A file that isn't text in UTF-8 is refused with 415, whatever its name says, and leaves nothing."""
    with nothing_stored(served):
        assert upload(ada, content, "notes.txt", "text/plain").status_code == 415


@pytest.mark.parametrize("length", [64 * KIB + 1, 512 * KIB], ids=["64-kib-and-a-byte", "512-kib"])
def test_long_text_is_refused(ada: Client, served: ServedApp, length: int) -> None:
    """Text of more than 64 KiB is refused with 413 and leaves nothing."""
    with nothing_stored(served):
        assert upload(ada, b"a" * length).status_code == 413


def test_large_body_is_refused_unread(served: ServedApp) -> None:
    """A body announced as 1 MiB is refused with 413 before a byte of it is read."""
    head = (
        "POST /uploads/text HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-of-ada\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1048576\r\n\r\n"
    )
    with connection(served) as (caller, replied):
        caller.sendall(head.encode())
        status = status_of(replied(3))

    assert status == "413", "the head announced a large body, and the app didn't refuse it"


def test_stranger_stores_nothing(client: Client, served: ServedApp) -> None:
    """Without a token the answer is 401, and nothing is stored."""
    with nothing_stored(served):
        assert upload(client, b"Dear editor").status_code == 401
