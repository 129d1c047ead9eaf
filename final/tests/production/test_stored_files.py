import http.client
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import Member, join
from workbook.plugin.pictures import picture
from workbook.serving import ServedApp

NOT_HERE = b'{"success":false,"message":"Nothing is here; /docs lists what there is","errors":[]}'


def get_raw(app: ServedApp, path: str) -> tuple[int, bytes]:
    """Ask for exactly this path, which httpx would tidy up first."""
    connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=10)
    connection.putrequest("GET", path)
    connection.endheaders()
    response = connection.getresponse()
    answered = response.status, response.read()
    connection.close()
    return answered


@pytest.mark.slow
def test_a_picture_survives_a_restart(
    start_uvicorn: Callable[..., Any], unique: Callable[[str], str]
) -> None:
    """After a restart a picture's address still answers with the picture."""
    before = start_uvicorn()
    headers = before.join(unique("ada"))
    with before.client() as client:
        url = client.post(
            "/uploads/image", headers=headers, files={"file": picture()}
        ).json()["url"]
        content = client.get(url).content
    before.kill()

    with start_uvicorn().client() as client:
        response = client.get(url)

    assert (
        response.status_code,
        response.content,
        response.headers["content-type"],
    ) == (
        200,
        content,
        "image/png",
    )


def test_the_folder_is_made_at_the_start(
    fresh_app: Callable[..., Client],
    new_database: Callable[[], str],
    unique: Callable[[str], str],
    tmp_path: Path,
) -> None:
    """The folder for uploads is where UPLOAD_DIR says, and is made when the app starts."""
    folder = tmp_path / "disk" / "pictures"
    client = fresh_app(UPLOAD_DIR=str(folder), DATABASE_URL=new_database())
    assert list(folder.iterdir()) == []

    response = client.post(
        "/uploads/image",
        headers=join(client, unique("ada")).headers,
        files={"file": picture()},
    )

    assert response.status_code == 201
    assert [path.name for path in folder.iterdir()] == [response.json()["filename"]]
    assert client.get(response.json()["url"]).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/files/",
        "/files/.",
        "/files/no-such-file.png",
        "/files/../secret.txt",
        "/files/..%2fsecret.txt",
        "/files/%2e%2e/secret.txt",
        "/files/%2e%2e%2fsecret.txt",
        "/files/..%5csecret.txt",
        "/files/%252e%252e%252fsecret.txt",
        "/files//etc/passwd",
        "/files/%2fetc%2fpasswd",
        "/files/x/../../secret.txt",
        "/files/inner/../../secret.txt",
        "/files/link.txt",
        "/files/a%00b",
        "/files/secret.txt%00.png",
        "/files/%0d%0aX-Evil:%201",
        "/files/%ff%fe",
        "/files/" + "a" * 300,
        "/files/" + "a/" * 3000,
    ],
    ids=lambda path: path[:40],
)
def test_only_stored_files_are_served(served: ServedApp, path: str) -> None:
    """Anything but a stored file is a 404 in the common shape: no list, nothing above the folder, no odd name."""
    secret, inner = served.data / "secret.txt", served.data / "uploads" / "inner"
    secret.write_text("a secret", encoding="utf-8")
    inner.mkdir(exist_ok=True)
    (inner.parent / "link.txt").unlink(missing_ok=True)
    (inner.parent / "link.txt").symlink_to(secret)

    assert get_raw(served, path) == (404, NOT_HERE)


def test_a_stored_file_is_read_and_never_changed(client: Client, ada: Member) -> None:
    """A stored file answers GET, HEAD, a range and a question whether it has changed; nothing else."""
    url = client.post(
        "/uploads/image", headers=ada.headers, files={"file": picture()}
    ).json()["url"]
    whole = client.get(url)

    head, part = client.head(url), client.get(url, headers={"Range": "bytes=1-3"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (
        200,
        b"",
        str(len(whole.content)),
    )
    assert (part.status_code, part.content) == (206, b"PNG")
    assert (
        client.get(url, headers={"If-None-Match": whole.headers["etag"]}).status_code
        == 304
    )
    for method in "POST", "PUT", "PATCH", "DELETE":
        response = client.request(method, url, headers=ada.headers)
        assert (
            response.status_code,
            response.json()["success"],
            response.headers["allow"],
        ) == (
            405,
            False,
            "GET, HEAD",
        )
    assert client.get(url).content == whole.content
