"""A small stage that breaks its promises in every way; `cards.txt` has what its learner reads."""

SETTINGS = """\
[tool.pytest.ini_options]
addopts = ["--import-mode=importlib", "--strict-markers", "--strict-config"]
filterwarnings = ["error"]
norecursedirs = ["tasks"]
"""

MAIN = """\
import os
import time
from typing import Annotated

from fastapi import FastAPI, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

app = FastAPI()


class Post(BaseModel):
    id: int
    title: str


@app.middleware("http")
async def count(request: Request, call_next):
    return await call_next(request)


@app.get("/posts")
def read_posts():
    return {"data": [{"id": n, "title": f"Post {n}"} for n in range(3)], "total": 3, "page": 1}


@app.post("/notes")
async def add_note(request: Request):
    return {"size": len(await request.body())}


@app.post("/login")
def login(username: Annotated[str, Form()]):
    return {"access_token": f"token-of-{username}", "token_type": "bearer"}


@app.get("/me")
def read_me():
    return {"name": "Ada"}


@app.get("/crash")
def crash():
    return total([1, 2])


def total(numbers):
    raise RuntimeError("a bug")


@app.get("/wrong")
def wrong() -> Post:
    return {"id": "one"}


@app.get("/unavailable")
def unavailable():
    raise HTTPException(503)


def rows():
    yield "id;title"
    raise LookupError("no rows")


@app.get("/export")
def export():
    return StreamingResponse(rows(), headers={"Content-Length": "100"}, media_type="text/csv")


@app.get("/slow")
def slow():
    time.sleep(2)


@app.get("/picture")
def picture():
    return Response(b"\\x89PNG" * 10, media_type="image/png")


@app.post("/files")
def upload(file: UploadFile, title: Annotated[str, Form()]):
    return {"name": file.filename}


@app.get("/mode")
def mode():
    return {"mode": os.environ.get("MODE", "development")}


@app.get("/end")
def end():
    os._exit(3)
"""

TESTS = '''\
import re
import time

import httpx
import pytest


@pytest.fixture
def app_user(client):
    response = client.post("/users", json={"name": "Ada"})
    assert response.status_code == 201
    return response.json()


def test_status(client):
    """A post that is not there is told with 404."""
    assert client.get("/me").status_code == 404


def test_body(client):
    """The list tells its posts in the order of their ids, with the total and the number of
    the page.

    More about it.
    """
    client.get("/me")
    response = client.get("/posts", params={"page": 1})
    assert response.json() == {"data": [{"id": n + 1, "title": f"Post {n}"} for n in range(3)], "total": 3, "pages": 1}


def test_message(client):
    """Every response carries a request id."""
    response = client.get("/me")
    given = response.headers.get("x-request-id", "")
    assert re.fullmatch("[0-9a-f]{32}", given), f"X-Request-ID holds {given!r}, and should hold 32 hexadecimal digits"


def test_message_and_comparison(client):
    """A name is long."""
    name = client.get("/me").json()["name"]
    assert len(name) >= 10, f"the name is {name}"


@pytest.mark.parametrize("word", ["Grace", "Ada"])
def test_contains(client, word):
    """A name is in it, once."""
    text = client.get("/me").text
    assert word in text
    assert word not in text


def test_negation(client):
    """Nothing is left over."""
    left = sorted(client.get("/me").json())
    assert not left


def test_comparison_of_before(client):
    """What is compared earlier, in vain and without harm, is not on the card."""
    try:
        assert client.get("/me").status_code == 404
    except AssertionError:
        pass
    assert client.get("/me").is_error


def test_comparisons_inside(client):
    """What is compared inside a generator is shown as it stands there."""
    try:
        assert client.get("/me").status_code == 404
    except AssertionError:
        pass
    assert all(letter == "A" for letter in client.get("/me").json()["name"])


def test_needs_a_user(client, app_user):
    """A user has posts."""


def test_needs_a_user_too(client, app_user):
    """A user whom another test has needed already has drafts, too, and they are seen by nobody else."""


def test_key_error(client):
    """A user has an id."""
    assert client.get("/me").json()["id"] == 1


def test_tokens(client):
    """A user whose token is sent is known."""
    ada = client.post("/login", data={"username": "ada"}).json()["access_token"]
    bob = client.post("/login", data={"username": "bob"}).json()["access_token"]
    client.get("/me", headers={"Authorization": f"Bearer {ada}"})
    response = client.get("/me", headers={"Authorization": f"Bearer {bob}"})
    assert response.json() == {"name": "Bob"}


def test_crash(client):
    """A sum is told."""
    assert client.get("/crash").status_code == 200


def test_crash_of_before(client):
    """The log of an earlier request is not on the card."""
    client.get("/crash")
    deadline = time.monotonic() + 10
    while client.app.log.count("RuntimeError: a bug") < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert client.get("/unavailable").status_code == 200


def test_wrong_response(client):
    """A post has a number and a title."""
    assert client.get("/wrong").status_code == 200


def test_slow(client):
    """The response comes soon."""
    client.get("/slow", timeout=0.5)


def test_export(client):
    """The export comes to its end."""
    assert client.get("/export").text == "id;title"


def test_picture(client):
    """A picture comes as it is."""
    assert client.get("/picture").headers["content-type"] == "image/jpeg"


def test_upload(client):
    """A picture is kept under its name."""
    files = {"file": ("ada.png", b"PNG" * 100, "image/png")}
    response = client.post("/files", files=files, data={"title": "Ada's; portrait"})
    assert response.json() == {"name": "ada.jpg"}


def test_bodies(client):
    """Notes come back."""
    client.post("/notes", json={"text": "Ada's\\nnote"})
    client.post("/notes", content=b"x" * 3000)
    response = client.post("/notes", content="first line\\nAda's line", headers={"Content-Type": "text/plain"})
    assert response.json() == {"size": 0}


def test_many(client):
    """All pages are alike."""
    for page in range(20):
        client.get("/me", params={"page": page})
    pytest.fail("they are not alike")


def test_fresh(fresh_app):
    """In production nothing is told."""
    assert fresh_app(MODE="production").get("/mode").json() == {}
'''

DYING = '''\
def test_end(client):
    """An app lives."""
    client.get("/end")


def test_after(client):
    """An app lives on."""
    client.get("/me")


def test_long_after(client):
    """An app lives on and on."""
    client.get("/me")
'''

TASK = '''\
def test_task(client):
    """A task is done."""
    assert client.get("/me").json() == {"name": "Bob"}
'''
