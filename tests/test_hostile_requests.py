"""Requests that no client should send, sent to every route of every app: none of them may cause a 500.

Each app is tried as it is shipped, and each stage also with the solutions of its tasks. The routes, their parameters
and fields are read from the app's own description, so a new route is tried without a new line here.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from workbook.course.changes import read_tasks, scratch_copy
from workbook.course.exercise import project_copy
from workbook.course.model import Course
from workbook.plugin.client import Client
from workbook.plugin.members import CHEAP_HASHES
from workbook.serving import Launcher, ServedApp

from .test_deep_bodies import enter

COURSE = Course.find(Path(__file__).parent.parent)
STAGES = [step.name for step in COURSE.steps if step.kind == "stage"]
APPS = [*STAGES, *(f"{name}, tasks done" for name in STAGES), "final"]
WITH_FORMS = ["04-uploads", "04-uploads, tasks done", "05-routers", "final", "final, exercises done"]
ENV = {
    "SECRET_KEY": "a-key-for-tests-and-for-nothing-else",
    "API_KEY": "key",
    "TOKENS": '{"token-of-ada": "ada"}',
    **CHEAP_HASHES,
}
FAILING = {("GET", "/crash"), ("POST", "/users/{user_id}/archive"), ("GET", "/report")}  # these fail on purpose
RIGHT: dict[str, Any] = {
    "name": "Ada",
    "email": "ada@example.com",
    "password": "correct horse",
    "title": "Hello",
    "content": "x",
    "text": "Well said",
    "published": True,
    "author_id": 1,
}
NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-0", "1.5", "10000000000000000000000", "9" * 5000, "true", "null"]
TEXTS = ['"\\ud83d"', '"a\\udc00b"', '"\\u0000"', '"\\u2028\\r\\n"', '"\\u202e"', '""', f'"{"x" * 50_000}"', '"İ@İ.de"']
# A mail's header decodes these: a line with another header, and half a character.
TEXTS += [
    f'"{code}{rest}"' for code in ("=?utf-8?q?x=0ABcc:_e?=", "=?utf-7?q?+2AA-?=") for rest in ("", "@example.com")
]
OTHERS = ["[]", "{}", "[[]]", '{"a": NaN}', '["\\ud83d"]']
# A whole body that is wrong, with the Content-Type that it is sent under.
BODIES = [
    (b"", "application/json"),
    (b"NaN", "application/json"),
    (b"\xff\xfe", "application/json"),
    (b'"\\ud83d"', "application/json"),
    (b"{", "application/json"),
    (b'{"\\ud83d": 1, "a": NaN}', "application/json"),
    (b"[" * 5000, "application/json"),
    ('{"name": "Ada"}'.encode("utf-16"), "application/json; charset=utf-16"),
    (b'\xef\xbb\xbf{"name": "Ada"}', "application/json"),
    (b'{"name": 1}', "text/plain"),
    (b'{"name": 1}', "application/\xff"),
    (b"name=%ff%00&email=%ed%a0%bd", "application/x-www-form-urlencoded"),
    (b"name=1", "multipart/form-data"),
    (b"--x\r\n", "multipart/form-data; boundary=x"),
    (
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xff\x00\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
]
IDS = [
    "0",
    "-1",
    "99999999999999999999",
    "9" * 400,
    "9" * 5000,
    "1.5",
    "NaN",
    "%00",
    "%ff",
    "%ed%a0%bd",
    "%0a",
    "1%2f2",
]
IDS += ["%F0%9F%98%80", "x" * 3000, "\N{ARABIC-INDIC DIGIT ONE}"]
HEADERS = [
    {"Authorization": value}
    for value in (b"Bearer", b"Bearer \xff", b"Basic x", b"Bearer a.b.c", b"Bearer " + b"a" * 5000, b"\xff")
]
HEADERS += [{"Cookie": value} for value in (b'session="\\355\\240\\275"', b"session=\xff\xfe", b"=;=", b"session")]
HEADERS += [
    {"X-API-Key": b"\xff"},
    {"X-Request-ID": b"\xff" * 70},
    {"Origin": b"\xff"},
    {"Range": b"bytes=-"},
    {"Host": b"\xff"},
    {"X-Forwarded-For": b"\xff"},
    {"If-Modified-Since": b"\xff"},
    {"Accept": b"\xff"},
]
SURROGATE = b"\\ud83d"  # in a form whose charset is unicode_escape
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)


def folder_of(name: str, stack: ExitStack) -> Path:
    """Return the app directory; one whose tasks or exercises are done is a scratch copy."""
    step, _, done = name.partition(", ")
    if done == "exercises done":
        exercises = COURSE.exercises()
        return stack.enter_context(project_copy(exercises, [exercise.solution for exercise in exercises]))
    folder = COURSE.folder(COURSE.step(step))
    if not done:
        return folder
    edits = tuple(edit for task in read_tasks(folder) for edit in task.solution())
    return stack.enter_context(scratch_copy(folder, edits))


def requests_of(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what's sent to each route: its method, a path, and the request's other arguments."""
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            if (method.upper(), path) in FAILING:
                continue
            parameters = route.get("parameters", [])
            right = path
            for parameter in parameters:
                if parameter["in"] == "path":
                    right = right.replace(f"{{{parameter['name']}}}", "1")
            for parameter in parameters:
                name, place = parameter["name"], parameter["in"]
                for value in IDS:
                    if place == "path":
                        yield method.upper(), path.replace(f"{{{name}}}", value), {}
                    elif place == "query":
                        yield method.upper(), f"{right}?{name}={value}", {}
            for headers in HEADERS:
                yield method.upper(), right, {"headers": headers}
            yield from ((method.upper(), right, body) for body in bodies_of(route, described))


def forms_of(route: dict[str, Any], described: dict[str, Any]) -> Iterator[tuple[str, list[str], bool]]:
    """Yield each content type that a route takes, with the body's fields, and whether the body is a list of those."""
    for kind, content in route.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"].get("items", content["schema"])
        model = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        yield kind, list(model["properties"]), "items" in content["schema"]


def bodies_of(route: dict[str, Any], described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield bodies that are wrong in one place each, as arguments of a request."""
    for body, kind in BODIES:
        yield {"content": body, "headers": {"Content-Type": kind.encode("latin-1")}}
    for kind, fields, is_list in forms_of(route, described):
        for field in fields:
            if kind == "application/json":
                rest = {name: RIGHT[name] for name in fields if name != field and name in RIGHT}
                for value in (*NUMBERS, *TEXTS, *OTHERS):
                    text = json.dumps(rest).removesuffix("}") + (", " if rest else "") + f'"{field}": {value}}}'
                    text = f"[{text}]" if is_list else text
                    yield {"content": text.encode(), "headers": {"Content-Type": "application/json"}}
            else:
                yield from forms_with(field, fields)


def forms_with(field: str, fields: list[str]) -> Iterator[dict[str, Any]]:
    """Yield forms with a picture in which `field` is half an emoji, a number that isn't one, a file, or raw bytes."""
    for value in (SURROGATE, b"\xff\x00", b'{"x": 1e999, "y": NaN}', b'{"x": "\\\\ud83d"}', b"[" * 5000, b""):
        parts = [
            (name, b"", value) if name == field else (name, b'; filename="\\ud83d.png"', PICTURE) for name in fields
        ]
        body = b"".join(
            b'--x\r\nContent-Disposition: form-data; name="'
            + name.encode()
            + b'"'
            + extra
            + b"\r\n\r\n"
            + part
            + b"\r\n"
            for name, extra, part in parts
        )
        for charset in ("utf-8", "unicode_escape", "utf-7", "punycode", "rot13", "nothing"):
            kind = f"multipart/form-data; boundary=x; charset={charset}"
            yield {"content": body + b"--x--\r\n", "headers": {"Content-Type": kind}}


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("name", APPS)
def test_nothing_that_is_sent_is_a_500(launcher: Launcher, name: str) -> None:
    """No body, header, path or query causes a 500, and what's stored of it doesn't break any list afterwards."""
    with ExitStack() as stack:
        app = stack.enter_context(ServedApp(launcher, folder_of(name, stack), env=ENV))
        client = stack.enter_context(Client(app, []))
        described = client.get("/openapi.json").json()
        usual = {"Authorization": "Bearer token-of-ada", "X-API-Key": "key", **enter(client, described["paths"])}

        wrong = []
        for method, path, arguments in requests_of(described):
            if method == "DELETE" and path in {"/users/me", "/posts/1"}:
                continue  # who or what the other requests are about
            headers = {**usual, **arguments.get("headers", {})}
            response = client.request(method, path, **{**arguments, "headers": headers})
            if response.status_code >= 500:
                wrong.append(
                    f"{method} {path[:80]} {str(arguments)[:200]}: {response.status_code} {response.text[:80]}"
                )
            client.exchanges.clear()
        for path, methods in described["paths"].items():
            if "get" in methods and "{" not in path and ("GET", path) not in FAILING:
                assert client.get(path, headers=usual).status_code < 500, path

        assert wrong == []
        assert "Exception in ASGI application" not in app.log  # such as that of a task


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("name", WITH_FORMS)
def test_no_form_is_decoded_for_long(launcher: Launcher, name: str) -> None:
    """A form with a long text, or with many, is refused before it's decoded, which in some charsets takes minutes."""
    one, many = [b"a" * 100_000], [b"a" * 4000] * 25
    start = b'--x\r\nContent-Disposition: form-data; name="description"\r\n\r\n'
    form = {"Content-Type": "multipart/form-data; boundary=x; charset=punycode"}
    with ExitStack() as stack:
        app = stack.enter_context(ServedApp(launcher, folder_of(name, stack), env=ENV))
        client = stack.enter_context(Client(app, []))
        paths = client.get("/openapi.json").json()["paths"]

        seen = {
            f"{method} {path}": [
                client.request(
                    method,
                    path.replace("{post_id}", "1"),
                    content=b"".join(start + text + b"\r\n" for text in texts) + b"--x--\r\n",
                    headers=form,
                ).status_code
                for texts in (one, many)
            ]
            for path, methods in paths.items()
            for method, route in methods.items()
            if "multipart/form-data" in route.get("requestBody", {}).get("content", {})
        }

        assert seen
        assert {route: statuses for route, statuses in seen.items() if statuses != [400, 400]} == {}


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("name", [name for name in APPS if name.partition("-")[0] not in {"02", "04"}])
def test_no_json_is_read_without_end(launcher: Launcher, name: str) -> None:
    """A JSON body is refused above 256 KiB, before it's all in memory, and whether it has a length or not."""
    with ExitStack() as stack:
        app = stack.enter_context(ServedApp(launcher, folder_of(name, stack), env=ENV))
        client = stack.enter_context(Client(app, []))
        described = client.get("/openapi.json").json()
        headers = {"Content-Type": "application/json", **enter(client, described["paths"])}

        seen = {
            f"{method} {path}": [
                client.request(method, path.replace("{post_id}", "1"), content=body, headers=headers).status_code
                for body in (b" " * 300_000, (b" " * 100_000 for _ in range(3)))
            ]
            for path, methods in described["paths"].items()
            for method, route in methods.items()
            if "application/json" in route.get("requestBody", {}).get("content", {})
        }

        assert seen
        assert {route: statuses for route, statuses in seen.items() if statuses != [413, 413]} == {}


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("name", APPS)
def test_a_hundred_at_once_are_answered(launcher: Launcher, name: str) -> None:
    """A hundred requests at once, reads and writes, all get a response, whatever threads and connections they need."""
    with ExitStack() as stack:
        app = stack.enter_context(ServedApp(launcher, folder_of(name, stack), env=ENV))
        client = stack.enter_context(Client(app, []))
        client.timeout = 60
        pool = stack.enter_context(ThreadPoolExecutor(100))
        described = client.get("/openapi.json").json()
        usual = {"Authorization": "Bearer token-of-ada", **enter(client, described["paths"])}
        asked: list[tuple[str, str, object]] = [
            ("GET", path.partition("{")[0] + ("1" if "{" in path else ""), None)
            for path, methods in described["paths"].items()
            if "get" in methods and ("GET", path) not in FAILING
        ]
        asked += [
            (method.upper(), path.replace("{post_id}", "1"), {name: RIGHT[name] for name in fields if name in RIGHT})
            for path, methods in described["paths"].items()
            for method, route in methods.items()
            for kind, fields, is_list in forms_of(route, described)
            if kind == "application/json" and not is_list
        ]

        seen = {}
        for method, path, body in asked:
            responses = pool.map(
                lambda _, a=(method, path, body): client.request(*a[:2], json=a[2], headers=usual), range(100)
            )
            seen[f"{method} {path}"] = {response.status_code for response in responses}
            client.exchanges.clear()

        assert {route: statuses for route, statuses in seen.items() if max(statuses) >= 500} == {}
