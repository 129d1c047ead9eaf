"""A card's curl commands send what the test sent."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from workbook.plugin.bounds import KeptResponse
from workbook.plugin.client import Client
from workbook.plugin.curl import ADDRESS, curl_lines, made_files
from workbook.serving import ServedApp, choose_launcher

from ..apps import write

# Responses with what it was sent.
ECHO = """\
from fastapi import FastAPI, Request, Response
from starlette.datastructures import UploadFile

app = FastAPI()


@app.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def echo(request: Request, response: Response):
    kind = request.headers.get("content-type", "")
    body = (await request.body()).hex()
    if kind.startswith("multipart/"):
        kind, body = "multipart", [await told(*item) for item in (await request.form()).multi_items()]
    response.headers["X-Sent"] = request.method
    headers = [item for item in request.headers.items() if item[0] in ("accept", "authorization", "origin", "x-note")]
    path = request.scope["raw_path"].decode() + "?" + request.scope["query_string"].decode()
    return {"method": request.method, "path": path, "headers": sorted(headers), "type": kind, "body": body}


async def told(name, value):
    if isinstance(value, UploadFile):
        return [name, value.filename, value.content_type, (await value.read()).hex()]
    return [name, value]
"""
PNG = b"\x89PNG\r\n\x1a\n\0--\r\nnot the end"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl was not found: install curl")


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    launcher = choose_launcher()
    with ServedApp(launcher, write(tmp_path_factory.mktemp("echo"), {"main.py": ECHO})) as app:
        yield app
    launcher.close()


@pytest.fixture
def client(echo: ServedApp) -> Iterator[Client]:
    with Client(echo, []) as opened:
        yield opened


def repeat(client: Client, line: str, folder: Path) -> str:
    """Run a card's command in a shell, against the app that the test used."""
    command = line.replace(ADDRESS, client.app.url).replace("curl -i ", "curl -s ", 1)
    ended = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, check=True, timeout=60)
    return ended.stdout.decode()


def kept_json(value: object) -> KeptResponse:
    """What a card keeps of a response with this JSON."""
    kept = KeptResponse(200, "OK", [("content-type", "application/json")])
    kept.body.add(json.dumps(value).encode())
    return kept


REQUESTS: dict[str, Callable[[Client], httpx.Response]] = {
    "a plain GET": lambda client: client.get("/posts"),
    "a query": lambda client: client.get("/posts", params={"q": "a b&c='d'", "tag": ["x", "y"]}),
    "signs that mean something to curl": lambda client: client.get("/posts/[1-3]{a,b}?ids[]=1&set={2}"),
    "signs that mean something to a shell": lambda client: client.get("/$HOME/`id`/*?a=$(id)&b=!1;2|3"),
    "letters that are not ASCII": lambda client: client.get("/lösung/“x”?wort=größe"),
    "headers": lambda client: client.get("/", headers={"Origin": "https://a.example", "X-Note": 'it\'s $5 "net"'}),
    "a header of its own kind": lambda client: client.get("/", headers={"Accept": "text/csv"}),
    "an empty header": lambda client: client.get("/", headers={"X-Note": ""}),
    "a header twice": lambda client: client.get("/", headers=[("X-Note", "one"), ("X-Note", "two")]),
    "a POST without a body": lambda client: client.post("/posts"),
    "JSON": lambda client: client.post("/posts", json={"title": 'Ada\'s "first"\nline\\', "tags": ["größe", "🎉"]}),
    "a form": lambda client: client.post("/login", data={"username": "ada@example.com", "password": "a'b &=c"}),
    "text with quotes and line breaks": lambda client: client.put("/note", content='it\'s\n"two"\n\nlines\n'),
    "text that looks like a file's name": lambda client: client.post("/note", content="@/etc/passwd"),
    "a body in DELETE": lambda client: client.request("DELETE", "/posts", json=[1, 2]),
    "PATCH": lambda client: client.patch("/posts/1", json={"title": None}),
    "OPTIONS": lambda client: client.options("/posts", headers={"Origin": "https://a.example"}),
}
FILES: dict[str, Callable[[Client], httpx.Response]] = {
    "a file": lambda client: client.post("/files", files={"file": ("ada.png", PNG, "image/png")}),
    "fields beside it": lambda client: client.post(
        "/files", files={"file": ("ada.png", PNG, "image/png")}, data={"title": "Ada's; \"one\"", "at": "@home"}
    ),
    "several of one name": lambda client: client.post(
        "/files", files=[("files", ("a.png", PNG, "image/png")), ("files", ("b.txt", b"text", "text/plain"))]
    ),
    "a name that is no file's": lambda client: client.post(
        "/files", files={"file": ("../../etc/pass wd;\"x\".png", PNG, "image/png")}
    ),
    "fields alone": lambda client: client.post("/files", files={"note": (None, "<b>\nnext")}),
}  # fmt: skip


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_line_sends_what_the_test_sent(client: Client, tmp_path: Path, request_: str) -> None:
    """In a shell, a card's command sends the same request: method, path, headers and body."""
    response = REQUESTS[request_](client)

    (line,) = curl_lines(client.exchanges)
    assert repeat(client, line, tmp_path) == response.text


@pytest.mark.parametrize("request_", FILES)
def test_a_line_sends_the_same_form(client: Client, tmp_path: Path, request_: str) -> None:
    """A multipart request uses -F, with the same fields, and files with the same name, type and content."""
    response = FILES[request_](client)

    for name, content in {"ada.png": PNG, "a.png": PNG, "b.txt": b"text", "FILE": PNG}.items():
        (tmp_path / name).write_bytes(content)
    (line,) = curl_lines(client.exchanges)
    assert repeat(client, line, tmp_path) == response.text


def test_head_is_sent_as_head(client: Client, tmp_path: Path) -> None:
    """A HEAD request uses -I, which shows the response's headers."""
    client.head("/posts")

    (line,) = curl_lines(client.exchanges)
    assert line == f"curl -I {ADDRESS}/posts"
    assert "x-sent: HEAD" in repeat(client, line, tmp_path)


def test_a_token_is_named(client: Client, tmp_path: Path) -> None:
    """A token that an earlier response held is read out of that response into $TOKEN, and sent from there."""
    client.post("/login")
    client.exchanges[0].response = kept_json({"access_token": "a.b-c-d-e"})
    response = client.get("/me", headers={"Authorization": "Bearer a.b-c-d-e"})

    assignment, line = curl_lines(client.exchanges)
    assert assignment == (
        f"TOKEN=$(curl -s -X POST {ADDRESS}/login"
        """ | uv run python -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')"""
    )
    assert line == f'curl -i {ADDRESS}/me -H "authorization: Bearer ${{TOKEN}}"'
    assert repeat(client, "TOKEN=a.b-c-d-e\n" + line, tmp_path) == response.text


def test_ids_and_addresses_are_named(client: Client) -> None:
    """An id in a path or a body, and a made-up file name, come from the response that held them, by their place."""
    client.post("/posts", json={"title": "One"})
    client.exchanges[0].response = kept_json({"data": [{"id": 17, "url": "/files/3f9c01aa.png"}]})
    client.get("/posts/17")
    client.post("/notes", json={"post_id": 17, "pages": 17})
    client.get("/files/3f9c01aa.png")

    assert curl_lines(client.exchanges)[1:] == [
        """URL=$(printf %s "$REPLY" | uv run python -c 'import json, sys; """
        """print(json.load(sys.stdin)["data"][0]["url"])')""",
        """ID=$(printf %s "$REPLY" | uv run python -c 'import json, sys; """
        """print(json.load(sys.stdin)["data"][0]["id"])')""",
        f'curl -i "{ADDRESS}/posts/${{ID}}"',
        f"""curl -i -X POST {ADDRESS}/notes -H 'content-type: application/json' """
        """-d '{"post_id":'"$ID"',"pages":17}'""",
        f'curl -i "{ADDRESS}${{URL}}"',
    ]


def test_the_apps_own_address_is_that_of_run(client: Client) -> None:
    """A header that names the app's own address names the one that `workbook run` has."""
    client.post("/posts", headers={"Origin": client.app.url})

    (line,) = curl_lines(client.exchanges)
    assert line == f"curl -i -X POST {ADDRESS}/posts -H 'origin: {ADDRESS}'"


@pytest.mark.parametrize(
    "content, named",
    [(b"x" * 2001, "@FILE-OF-2001-BYTES"), (PNG, f"@FILE-OF-{len(PNG)}-BYTES"), (b"\xff\xfe", "@FILE-OF-2-BYTES")],
    ids=["long", "null bytes", "not UTF-8"],
)
def test_a_body_that_no_line_can_hold_is_named(client: Client, tmp_path: Path, content: bytes, named: str) -> None:
    """A long or binary body is replaced by its size; with such a file, the command sends the same."""
    response = client.post("/note", content=content)

    (line,) = curl_lines(client.exchanges)
    assert line == f"curl -i -X POST {ADDRESS}/note -H content-type: --data-binary {named}"
    (tmp_path / named[1:]).write_bytes(content)
    assert repeat(client, line, tmp_path) == response.text


def test_a_stream_is_told(client: Client, tmp_path: Path) -> None:
    """A body sent in pieces is shown as such, and the command sends it in pieces again."""
    response = client.post("/note", content=iter([b"one ", b"two"]), headers={"Content-Type": "text/plain"})

    (line,) = curl_lines(client.exchanges)
    assert "-H 'transfer-encoding: chunked'" in line
    assert line.endswith("-d 'one two'")
    assert repeat(client, line, tmp_path) == response.text


def test_files_are_listed(client: Client) -> None:
    """Files that only the test has are listed with their type and size."""
    FILES["fields beside it"](client)
    FILES["several of one name"](client)

    assert made_files(client.exchanges) == [
        f"ada.png: image/png, {len(PNG)} bytes",
        f"a.png: image/png, {len(PNG)} bytes",
        "b.txt: text/plain, 4 bytes",
    ]


def test_a_form_of_a_closed_file_is_told_without_it(client: Client, tmp_path: Path) -> None:
    """A request still has a command if its file has been closed meanwhile."""
    (tmp_path / "ada.png").write_bytes(PNG)
    with (tmp_path / "ada.png").open("rb") as file:
        client.post("/files", files={"file": file})

    (line,) = curl_lines(client.exchanges)
    assert line == f"curl -i -X POST {ADDRESS}/files -F file=@FILE"
