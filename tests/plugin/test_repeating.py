"""“Repeat it”: pasted into a shell, a card's lines give the response that the card shows."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.plugin.repeating import in_front

from ..apps import write
from ..runners import Workbook, is_free, sole_use_of, wait_until

MAIN = """\
import os

from fastapi import FastAPI, Header, HTTPException, Request, UploadFile

app = FastAPI()
posts = []


@app.post("/login")
def login():
    return {"access_token": f"secret-{os.urandom(8).hex()}", "token_type": "bearer"}


@app.post("/posts", status_code=201)
def write(post: dict, authorization: str = Header("")):
    if not authorization.startswith("Bearer secret-"):
        raise HTTPException(401)
    posts.append(post | {"id": len(posts) + 1})
    return {"post": posts[-1]}


@app.get("/posts")
def read_all():
    return {"total": len(posts)}


@app.get("/posts/{number}")
def read(number: int):
    return posts[number - 1]


@app.post("/comments")
def comment(comment: dict):
    return {"on": posts[comment["post_id"] - 1]["title"]}


@app.get("/setting")
def setting():
    return {"flag": os.environ.get("FLAG"), "mode": os.environ.get("MODE"), "greeting": os.environ.get("GREETING")}


@app.post("/foreign")
def foreign(request: Request, origin: str = Header("")):
    return {"own": origin == str(request.base_url).rstrip("/")}


@app.post("/file")
async def upload(file: UploadFile):
    content = await file.read()
    return {"name": file.filename, "type": file.content_type, "size": len(content), "sum": sum(content)}


@app.put("/raw")
async def raw(request: Request):
    body = await request.body()
    return {"size": len(body), "sum": sum(body)}


@app.get("/polled")
def polled():
    return {"ready": True}
"""
TESTS = '''\
import pytest

from workbook.plugin.client import Client


@pytest.fixture(scope="module")
def app_env():
    return {"FLAG": "it's on"}


@pytest.fixture(scope="module")
def token(served):
    with Client(served, []) as client:
        token = client.post("/login").json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        for number in range(12):
            assert client.post("/posts", json={"title": f"Post {number}"}, headers=headers).status_code == 201
    return token


def test_setting_of_the_module(client):
    """A setting of the module is in front."""
    assert client.get("/setting").json() == {}


def test_setting_of_the_test(fresh_app):
    """A setting of the test is in front too."""
    assert fresh_app(MODE="a b").get("/setting").json() == {}


def test_posts_of_a_fixture(client, token):
    """What a fixture wrote is written again."""
    for _ in range(30):
        client.get("/polled")
    assert client.get("/posts").json() == {"total": 0}


def test_id(client, token):
    """An id is that of the repeated post, whatever number it has."""
    headers = {"Authorization": f"Bearer {token}"}
    post = client.post("/posts", json={"title": "Mine"}, headers=headers).json()["post"]
    client.get(f"/posts/{post['id']}")
    assert client.post("/comments", json={"post_id": post["id"]}).json() == {}


def test_own_origin(client):
    """The app's own origin is its own again."""
    assert client.post("/foreign", headers={"Origin": client.app.url}).json() == {}


def test_file(client):
    """A file is there."""
    files = {"file": ("../ü me.png", bytes(range(256)) * 9, "image/png")}
    assert client.post("/file", files=files).json() == {}


def test_files_of_one_name(client):
    """A file of a plain name is there too."""
    client.post("/file", files={"file": ("me.png", b"one", "image/png")})
    assert client.post("/file", files={"file": ("me.png", b"the other", "image/png")}).json() == {}


def test_binary_body(client):
    """A body that no line can hold is in a file."""
    assert client.put("/raw", content=b"\\0\\xff" * 5).json() == {}


def test_pieces(client):
    """A body in pieces is told."""
    assert client.put("/raw", content=iter([b"one", b"\\0two"])).json() == {}
'''

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl was not found: install curl")


def cards_of(workbook: Workbook) -> dict[str, tuple[list[str], list[str]]]:
    """Return by test the lines to repeat it, and the response's last line."""
    ended = workbook("check", "01-hello", "--all")
    found = {}
    for card in re.split(r"^─+$|^-{40,}$", ended.out, flags=re.MULTILINE):
        test = re.search(r"^ +(test_\w+), ", card, re.MULTILINE)
        if test:
            sections = re.findall(r"^ *(\S[\w' ]*?)  (.*(?:\n {12}.*)*)", card, re.MULTILINE)
            by_label = {label: [line.strip() for line in text.splitlines()] for label, text in sections}
            response = by_label.get("Last one") or by_label.get("Response") or []
            found[test[1]] = by_label["Repeat it"], response
    return found


@pytest.fixture
def uv(workbook: Workbook, tmp_path: Path) -> dict[str, str]:
    """An environment in which `uv run` is this Python."""
    folder = tmp_path / "bin"
    write(
        folder,
        {"uv": f'#!/bin/sh\nshift\ncase $1 in python) shift;; *) set -- -m "$@";; esac\nexec {sys.executable} "$@"\n'},
    )
    (folder / "uv").chmod(0o755)
    return workbook.env | {"PATH": f"{folder}:{os.environ['PATH']}"}


@contextlib.contextmanager
def serving(command: str, folder: Path, env: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(["sh", "-c", f"exec env {command}"], cwd=folder, env=env, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: not is_free(8000), lambda: command)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


@pytest.mark.exhaustive
def test_every_card_can_be_repeated(workbook: Workbook, uv: dict[str, str]) -> None:
    """Typed literally, each card's command and requests give the response that the card shows."""
    stage = workbook.root / "stages/01-hello"
    for file in stage.glob("test_*.py"):
        file.unlink()
    write(stage, {"main.py": MAIN, "test_all.py": TESTS})
    cards = cards_of(workbook)
    assert sorted(cards) == sorted(re.findall(r"def (test_\w+)", TESTS))

    for test, (lines, response) in cards.items():
        with sole_use_of(8000), sole_use_of(3000), serving(lines[0], workbook.root, uv):
            script = "\n".join(lines[1:])
            ended = subprocess.run(["bash", "-c", script], cwd=workbook.root, env=uv, capture_output=True, text=True)
        *_, (status, body) = re.findall(r"HTTP/1.1 (\d+).*?\n\n(.*?)\s*(?=HTTP/1|\Z)", ended.stdout, re.DOTALL)
        got = status, *json.loads(body).items()
        shown = json.loads("".join(response[next(n for n, line in enumerate(response) if line.startswith("{")) :]))
        assert got == (response[0].split()[0], *shown.items()), f"{test}:\n{script}\n{ended.stderr}"
        assert len(lines) < 20, test


@pytest.mark.parametrize(
    "platform, command",
    [
        ("linux", "A='it'\"'\"'s on' B=1 uv run workbook run 1"),
        ("win32", "$env:A='it''s on'; $env:B='1'; uv run workbook run 1"),
    ],
)
def test_settings_are_in_front_as_the_shell_takes_them(platform: str, command: str) -> None:
    """On Windows the usual shell is PowerShell, which sets variables in its own way."""
    assert in_front({"A": "it's on", "B": "1"}, "uv run workbook run 1", platform) == command
