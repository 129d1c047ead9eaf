"""You can serve, reach, read and end an app in the sandbox like any other."""

import re
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from workbook.plugin.client import Client
from workbook.plugin.mailbox import Mailbox
from workbook.sandbox import Sandbox
from workbook.sandbox.inside import forks
from workbook.sandbox.inside.supervisor import NO_ROOM
from workbook.sandbox.launcher import SandboxLauncher
from workbook.serving import AppFailed, ServedApp

from ..apps import HELLO, PLAIN, wait_until, write

pytestmark = pytest.mark.exhaustive(sample=12, of="file")

Serve = Callable[..., Client]

WRITES = """\
import os
from pathlib import Path


def answer(path):
    if path == "/write":
        Path("kept/deep").mkdir(parents=True, exist_ok=True)
        Path("kept/deep/file.txt").write_text("mine")
        Path("passwords").symlink_to("/etc/passwd")
        Path("above").symlink_to("..", target_is_directory=True)
        os.chmod("kept", 0o700)
    if path == "/read":
        return Path("kept/deep/file.txt").read_text()
    return os.getcwd()
"""


def test_responses_and_log_are_those_of_any_app(serve: Serve) -> None:
    """The app responds at its address, sees its client at 127.0.0.1, and what it prints is in its log."""
    client = serve("def answer(path):\n    print('asked for', path)\n    return path\n" + PLAIN)

    assert client.get("/somewhere").text == "/somewhere"
    assert "asked for /somewhere" in client.app.log
    assert re.search(r'127\.0\.0\.1:\d+ - "GET /somewhere', client.app.log)


@pytest.mark.parametrize(
    "code, kind, text",
    [
        ("import nothing_like_it\n", "missing", "'nothing_like_it', which isn't installed"),
        ("app = FastAPI(\n", "syntax", "main.py"),
        ("import os\nos._exit(7)\n", "exit", "with exit status 7"),
        ("app = 1\n", "no-app", "not an app that can be served"),
        ("while True:\n    pass\n", "hang", "It hangs at main.py, line"),
        ("import re\nre.match('(a+)+$', 'a' * 99 + 'b')\n", "hang", "It hangs at main.py, line"),
        ("print(bytearray(3 * 10**9))\n", "import", "MemoryError"),
    ],
)
def test_a_start_that_fails_says_why(serve: Serve, code: str, kind: str, text: str) -> None:
    """If an app doesn't start, the message is the same as without a sandbox, with the app's own paths."""
    with pytest.raises(AppFailed) as raised:
        serve(code, patience=3.0)

    assert raised.value.kind == kind
    assert text in raised.value.text
    assert "/sandbox" not in raised.value.text


def test_a_crash_is_read_with_the_apps_own_paths(serve: Serve) -> None:
    """A traceback in the log shows the names that the app's files have outside."""
    client = serve("def answer(path):\n    raise RuntimeError('on purpose')\n" + PLAIN)
    assert client.get("/").status_code == 500

    assert f'File "{client.app.app_directory}/main.py", line 2' in client.app.log


def test_the_data_folder_is_read_from_outside(serve: Serve) -> None:
    """Regular files of the data folder can be listed and read; a link is listed but isn't followed."""
    client = serve(WRITES + PLAIN)
    client.get("/write")

    assert client.app.files() == ["above", "kept/deep/file.txt", "passwords"]
    assert client.app.read("kept/deep/file.txt") == b"mine"
    assert client.app.read("kept/deep/file.txt", most=2) == b"mi"
    for name in ("passwords", "above/project/main.py", "kept", "kept/../kept/deep/file.txt", "/etc/passwd", "none", ""):
        assert client.app.read(name) is None


def test_a_kept_data_folder_outlives_the_app(serve: Serve, tmp_path: Path) -> None:
    """If the test keeps a data folder, a restarted app finds its files there, but no links."""
    data = tmp_path / "data"
    first = serve(WRITES + PLAIN, data=data)
    first.get("/write")
    first.app.stop()
    assert (data / "kept/deep/file.txt").read_text() == "mine"
    assert sorted(path.name for path in data.iterdir()) == ["kept"]

    assert serve(WRITES + PLAIN, data=data).get("/read").text == "mine"


def test_mail_reaches_the_mailbox_of_the_test(serve: Serve) -> None:
    """An app can reach the test's mailbox if the test allows it, and nothing more on this machine."""
    code = """\
import os
import smtplib
from email.message import EmailMessage


def answer(path):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "app@example.com", "ada@example.com", path
    message.set_content("x" * int(path[1:]))
    with smtplib.SMTP("127.0.0.1", int(os.environ["SMTP_PORT"]), timeout=5) as server:
        server.send_message(message)
    return "sent"
"""
    mailbox = Mailbox()
    try:
        client = serve(code + PLAIN, env={"SMTP_PORT": str(mailbox.port)})
        assert client.get("/10").text == "sent"
        assert [message["Subject"] for message in mailbox.wait_for("ada@example.com")] == ["/10"]
        client.get("/9000000")
        assert len(mailbox.messages) == 1, "more mail than a test could need was carried"
    finally:
        mailbox.close()


def test_connections_side_by_side(serve: Serve) -> None:
    """Thirty requests at once each have a connection; a buffer is small if a test asks for that."""
    from concurrent.futures import ThreadPoolExecutor

    client = serve(HELLO)
    with ThreadPoolExecutor(30) as pool:
        responses = list(pool.map(lambda n: client.get(f"/{n}").text, range(90)))
    assert responses == [f"hello /{n}" for n in range(90)]

    import socket

    with client.app.connect(receive_buffer=4096) as connection:
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 2 * 4096


def test_an_app_that_has_ended_refuses_connections(serve: Serve) -> None:
    """After an app has ended, a request can't connect, and the end is known."""
    client = serve("import os\n\n\ndef answer(path):\n    os._exit(3)\n" + PLAIN)
    with pytest.raises(httpx.TransportError):
        client.get("/")

    def refused() -> bool:
        try:
            client.get("/")
        except httpx.ConnectError:
            return True
        except httpx.TransportError:  # it is still ending
            return False
        return False

    wait_until(refused, "there still are connections")


SPARSE = """\
from pathlib import Path


def answer(path):
    for number in range(12):
        with Path(f"sparse-{number}").open("wb") as file:
            file.truncate(30 * 2**20)
    return "made"
"""


def test_a_kept_data_folder_has_a_bound(serve: Serve, tmp_path: Path) -> None:
    """What outlives the app costs what's read of it, its holes too: no more than 64 MiB, however often it's served."""
    for _ in range(2):
        client = serve(SPARSE + PLAIN, data=tmp_path / "kept")
        client.get("/")
        client.app.stop()

    assert sum(file.stat().st_size for file in (tmp_path / "kept").iterdir()) <= 64 * 2**20


REMOVES = """\
from pathlib import Path


def answer(path):
    Path(path[1:]).unlink() if Path(path[1:]).exists() else Path(path[1:]).touch()
    return sorted(file.name for file in Path().iterdir())
"""


def test_what_an_app_removes_does_not_come_back(serve: Serve, tmp_path: Path) -> None:
    """A file that an app has removed is gone in its next life, and in the one after that."""
    told = []
    for _ in range(4):
        client = serve(REMOVES + PLAIN, data=tmp_path / "kept")
        told.append(client.get("/a").text)
        client.app.stop()

    assert told == ["['a']", "[]", "['a']", "[]"]


FILLS = """\
import ctypes
import os


def answer(path):
    taken = ctypes.CDLL(None).fallocate(1, 1, ctypes.c_long(0), ctypes.c_long(2**31))
    os.fchmod(1, 0)
    print("still read")
    return f"{taken} {os.readlink('/proc/self/fd/1')}"
"""


def test_the_log_is_no_file_of_this_machine(serve: Serve) -> None:
    """The log is in the sandbox's sized memory: taking room for it ahead fails, and hiding it hides nothing."""
    client = serve(FILLS + PLAIN)

    assert client.get("/").text == "-1 /sandbox/log (deleted)"
    assert "still read" in client.app.log
    assert not (client.app.folder / "log").exists()


def test_a_log_is_read_after_the_app_has_ended(serve: Serve) -> None:
    """What an app wrote last can be read when it has ended by itself; of very much, the end is read."""
    client = serve(
        "import os\n\n\ndef answer(path):\n    print('x' * 10**6, 'last', flush=True)\n    os._exit(1)\n" + PLAIN
    )
    with pytest.raises(httpx.TransportError):
        client.get("/")

    assert client.app.log_since(0, 100).strip().endswith("last")
    assert len(client.app.log_since(0, 100)) <= 100


def test_a_machine_without_room_for_a_process_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    """Where the fork server can't fork, it says so, and lives: it's the sandbox's trouble, not the app's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, tempfile.TemporaryFile() as file:
        socket.send_fds(ours, [b"{}"], [file.fileno()])
        forks._refuse(theirs)
        assert ours.recv(100) == NO_ROOM
    launcher = SandboxLauncher(sandbox.folder)

    def no_room() -> tuple[socket.socket, None]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        threading.Thread(target=forks._refuse, args=(theirs,)).start()
        return ours, None

    launcher.tier, launcher._forked = "fork", no_room  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="the sandbox's supervisor has no room for another process"):
        ServedApp(launcher, write(tmp_path, {"main.py": HELLO}))
