"""JSON that's nested deeper than Python can follow, sent to every app of the course that reads JSON.

Pythons differ: on 3.11 the parser gives up at about 950 levels, but on 3.14 it follows tens of thousands. Python code
that recurses over the result gives up at about 1,000 on all of them.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbook.course.model import Course
from workbook.plugin.client import Client
from workbook.plugin.members import CHEAP_HASHES, join
from workbook.serving import Launcher, ServedApp

pytestmark = pytest.mark.exhaustive(sample=4, of="file")

COURSE = Course.find(Path(__file__).parent.parent)
APPS = {step.name: COURSE.folder(step) for step in COURSE.steps if step.kind in ("stage", "project")}
READ_JSON = {"01-cors": 2, "03-background": 3, "05-routers": 5, "06-errors": 1, "final": 5}  # routes; others: none
ONE_SHAPE = ("06-errors", "final")
ENV = {"SECRET_KEY": "a-key-for-tests-and-for-nothing-else", **CHEAP_HASHES}
JSON = "application/json"
DEPTHS = [10, 500, 900, 990, 1000, 3000, 10_000, 50_000, 200_000]
# Where Pythons whose parser counts Python's frames give up: some that it still parses fail later.
NEAR_THE_LIMIT = range(920, 1000, 3)


def corpus(field: str) -> Iterator[tuple[str, bytes]]:
    """Return deep bodies by name: arrays and objects, whole and cut off, as the body and as a value of `field`."""
    places = [("the body", "", ""), (field, f'{{"{field}":', "}")]
    for kind, opening, closing in [("arrays", "[", "]"), ("objects", '{"a":', "}")]:
        for place, before, after in places:
            for depth in DEPTHS:
                start = f"{before}{opening * depth}1"
                yield f"{depth} {kind} as {place}, cut off", start.encode()
                yield f"{depth} {kind} as {place}", f"{start}{closing * depth}{after}".encode()
    for place, before, after in places:
        for depth in NEAR_THE_LIMIT:
            yield f"{depth} arrays as {place}", f"{before}{'[' * depth}{']' * depth}{after}".encode()


def routes_that_read_json(described: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Return method, path and one field of the body for every route that takes JSON."""
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            content = route.get("requestBody", {}).get("content", {})
            if JSON in content:
                schema = content[JSON]["schema"]["$ref"].rpartition("/")[2]
                field = next(iter(described["components"]["schemas"][schema]["properties"]))
                yield method.upper(), path.replace("{post_id}", "1"), field


def enter(client: Client, paths: dict[str, Any]) -> dict[str, str]:
    """Sign in if the app has a login, and write a post; return the headers that say who's calling."""
    if "/auth/register" in paths:
        headers = join(client, "ada").headers
        assert client.post("/posts", json={"title": "T", "content": ""}, headers=headers).status_code == 201
        return headers
    if "/sessions" in paths:
        token = client.post("/sessions", json={"name": "Ada"}).json()["access_token"]
        return {"Authorization": f"Bearer {token}"}
    return {}


@pytest.mark.parametrize("step", APPS)
def test_no_depth_is_a_crash(launcher: Launcher, step: str) -> None:
    """A JSON body of any depth is accepted or refused in the app's shape; it's never a 500 and never ends the app."""
    keys = {"success", "message", "errors"} if step in ONE_SHAPE else {"detail"}
    with ServedApp(launcher, APPS[step], env=ENV) as app, Client(app, []) as client:
        described = client.get("/openapi.json").json()
        routes = list(routes_that_read_json(described))
        assert len(routes) == READ_JSON.get(step, 0)
        headers = {"Content-Type": JSON, **enter(client, described["paths"])}

        wrong = []
        for method, path, field in routes:
            for name, body in corpus(field):
                response = client.request(method, path, content=body, headers=headers)
                is_shaped = response.status_code != 413 or step in ONE_SHAPE  # the framework's 413 is plain text
                refused = 400 <= response.status_code < 500 and (not is_shaped or set(response.json()) == keys)
                if not (refused or response.is_success):
                    wrong.append(f"{method} {path}, {name}: {response.status_code} {response.text[:80]}")
            client.exchanges.clear()

        assert wrong == []
        assert client.get("/openapi.json").json() == described
        assert "Traceback" not in app.log


@pytest.mark.parametrize("step", ["05-routers", "final"])
def test_no_depth_of_a_token_is_a_crash(launcher: Launcher, step: str) -> None:
    """A token whose header is deeply nested JSON gets a 401, like any other bad token."""
    with ServedApp(launcher, APPS[step], env=ENV) as app, Client(app, []) as client:
        responses = {}
        for depth in [10, 500, *NEAR_THE_LIMIT, 1000, 3000, 10_000]:
            header = base64.urlsafe_b64encode(b'{"alg":"HS256","a":' + b"[" * depth + b"]" * depth + b"}").decode()
            token = f"{header.rstrip('=')}.e30.AAAA"
            responses[depth] = client.get("/users/me", headers={"Authorization": f"Bearer {token}"}).status_code

    assert {depth: status for depth, status in responses.items() if status != 401} == {}
