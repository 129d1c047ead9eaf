import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from PIL import Image

if TYPE_CHECKING:
    from .conftest import StartUvicorn, Uvicorn

MIB = 1024 * 1024
BOUNDARY = "a-line-between-parts"
PIECES = 60  # of 1 MiB: six times what memory may grow by
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'.encode()

pytestmark = [
    pytest.mark.exhaustive(sample=4, of="file"),
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(),
        reason="not proven here: only Linux tells in /proc what a process takes",
    ),
]


@pytest.fixture(scope="module")
def new_database() -> Callable[[], str]:
    return lambda: "sqlite:///blog.db"  # what is proven here never reaches a database


def picture(mode: str = "RGB", size: tuple[int, int] = (8, 6)) -> bytes:
    file = BytesIO()
    Image.new(mode, size).save(file, "PNG")
    return file.getvalue()


def memory(uvicorn: "Uvicorn", field: str) -> float:
    """Return the app's memory in MiB: now (`VmRSS`), or its highest so far (`VmHWM`)."""
    status = Path(f"/proc/{uvicorn.pid}/status").read_text(encoding="ascii")
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


def cpu_seconds(uvicorn: "Uvicorn") -> float:
    """Return the seconds of CPU that the app has used so far."""
    fields = (
        Path(f"/proc/{uvicorn.pid}/stat")
        .read_text(encoding="utf-8")
        .rpartition(")")[2]
        .split()
    )
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def on_disk(uvicorn: "Uvicorn", temporary: Path) -> float:
    """Return the size of uploads and temporary files in MiB, including open ones that have been unlinked."""
    found = [
        path.stat()
        for folder in (uvicorn.data / "uploads", temporary)
        for path in folder.iterdir()
    ]
    for opened in Path(f"/proc/{uvicorn.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if str(opened.readlink()).startswith(str(temporary)):
                found.append(opened.stat())
    return sum(each.st_size for each in found) / MIB


@pytest.mark.parametrize("server", ["auto", "h11"])
@pytest.mark.parametrize(
    "announced", [True, False], ids=["with a length", "without a length"]
)
@pytest.mark.parametrize("path", ["/uploads/image", "/posts"])
def test_60_megabytes_cost_nothing(
    start_uvicorn: "StartUvicorn",
    unique: Callable[[str], str],
    tmp_path: Path,
    path: str,
    announced: bool,
    server: str,
) -> None:
    """An upload of 60 MB is refused, with a token and without: memory and disk don't grow with it."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    uvicorn = start_uvicorn("--http", server, TMPDIR=str(temporary))
    headers = {**uvicorn.join(unique("ada")), **FORM}
    most = 0.0

    def body() -> Iterator[bytes]:
        nonlocal most
        yield HEAD
        for _ in range(PIECES):
            most = max(most, on_disk(uvicorn, temporary))
            yield bytes(MIB)

    for who in headers, FORM:
        with uvicorn.client() as client:
            client.post(
                "/uploads/image", headers={**headers, **FORM}, content=HEAD + picture()
            )
            length = (
                {"Content-Length": str(len(HEAD) + PIECES * MIB)} if announced else {}
            )
            peak, now, disk = (
                memory(uvicorn, "VmHWM"),
                memory(uvicorn, "VmRSS"),
                on_disk(uvicorn, temporary),
            )
            spent = cpu_seconds(uvicorn)
            try:
                response = client.post(path, headers={**who, **length}, content=body())
            except httpx.TransportError:
                pass  # the server may close the connection instead of reading on
            else:
                assert response.status_code == 413
                assert response.json() == {
                    "success": False,
                    "message": response.json()["message"],
                    "errors": [],
                }
            assert client.get("/").status_code == 200
        assert cpu_seconds(uvicorn) - spent < 5
        assert memory(uvicorn, "VmHWM") - peak < 10
        assert memory(uvicorn, "VmRSS") - now < 10
        assert most - disk < 6
        assert on_disk(uvicorn, temporary) == disk


def test_many_large_pictures_at_once_take_turns(
    start_uvicorn: "StartUvicorn", unique: Callable[[str], str]
) -> None:
    """Ten pictures of 23 million pixels at once are all stored, and only a few lie unpacked in memory at a time."""
    uvicorn = start_uvicorn()
    headers = uvicorn.join(unique("ada"))
    large = picture("RGB", (4800, 4800))

    def upload(_: int) -> int:
        return client.post(
            "/uploads/image", headers=headers, files={"file": large}, timeout=120
        ).status_code

    with uvicorn.client() as client:
        assert upload(0) == 201
        alone = memory(uvicorn, "VmHWM")
        with ThreadPoolExecutor(10) as pool:
            assert Counter(pool.map(upload, range(10))) == {201: 10}

    taken = memory(uvicorn, "VmHWM")
    assert taken < 4 * alone, f"one took {alone:.0f} MiB, ten took {taken:.0f} MiB"


def test_uploads_that_wait_hold_nobody_up(
    start_uvicorn: "StartUvicorn", unique: Callable[[str], str]
) -> None:
    """While sixty uploads wait for their turn, which is more than there are threads, others are served."""
    uvicorn = start_uvicorn()
    headers = uvicorn.join(unique("ada"))
    large, done = picture("RGB", (1200, 1200)), 0
    first = threading.Event()

    def upload(_: int) -> int:
        nonlocal done
        status = client.post(
            "/uploads/image", headers=headers, files={"file": large}, timeout=120
        ).status_code
        done += 1
        first.set()
        return status

    with (
        uvicorn.client() as client,
        uvicorn.client() as reader,
        ThreadPoolExecutor(60) as pool,
    ):
        uploads = pool.map(upload, range(60))
        assert first.wait(60)
        assert reader.get("/posts").status_code == 200
        done_meanwhile = done
        assert Counter(uploads) == {201: 60}

    assert done_meanwhile < 15, (
        f"{done_meanwhile} of 60 uploads were served before a list of posts"
    )
