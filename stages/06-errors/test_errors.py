import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from workbook.plugin.client import Client, ask_at_once
from workbook.serving import ServedApp

FRONTEND = "http://localhost:3000"
LIMIT = 256 * 1024


@pytest.fixture
def ada(client: Client, unique: Callable[[str], str]) -> dict[str, Any]:
    """A registered user for this test only: id, name and email."""
    name = unique("ada")
    response = client.post("/users", json={"name": name, "email": f"{name}@example.com"})
    assert response.status_code == 201, "a user with a new email can be created by POST /users"
    return {"id": response.json()["data"]["id"], "name": name, "email": f"{name}@example.com"}


def error(response: httpx.Response) -> tuple[int, Any]:
    """Return an error's status and body, without the `code` that task 1 adds; as text if it isn't JSON."""
    if response.headers.get("content-type") != "application/json":
        return response.status_code, response.text
    body = response.json()
    return response.status_code, {key: body[key] for key in body if key != "code"}


def hint(response: httpx.Response) -> str:
    """Return what a failure card adds when `error(response)` differs: the mistake, if the response gives it away."""
    if '"detail"' in response.text:
        return "this error kept FastAPI's own shape: no handler of yours has seen it"
    if response.headers.get("content-type") != "application/json":
        return "this response isn't JSON: it was made outside your handlers and your middlewares"
    if "[SQL: " in response.text:
        return "the caller can read your database's statements: str(exc) belongs in the log"
    return ""


def shape(message: str, *errors: tuple[str, str, str]) -> dict[str, Any]:
    """Return an error in the one shape that all errors should have."""
    fields = [{"field": field, "message": text, "type": kind} for field, text, kind in errors]
    return {"success": False, "message": message, "errors": fields}


@pytest.mark.parametrize(
    "method, path, token, status, message, kept",
    [
        ("GET", "/nothing-here", "", 404, "Not Found", {}),
        ("GET", "/users/987654321", "", 404, "User not found", {}),
        ("POST", "/crash", "", 405, "Method Not Allowed", {"allow": "GET"}),
        ("GET", "/report", "", 401, "Not authenticated", {"www-authenticate": "Bearer"}),
        ("GET", "/report", "Bearer anything", 503, "The report is not ready", {"retry-after": "30"}),
    ],
    ids=["unknown route", "missing user", "wrong method", "no token", "not ready"],
)
def test_every_refusal_has_one_shape(
    client: Client, method: str, path: str, token: str, status: int, message: str, kept: dict[str, str]
) -> None:
    """Every refusal has one shape, an unknown route like a missing user, and keeps its status, message and headers."""
    response = client.request(method, path, headers={"Authorization": token} if token else {})

    assert error(response) == (status, shape(message)), hint(response)
    for name, value in kept.items():
        assert response.headers.get(name) == value, (
            f"the response has lost the header {name} that the exception carried"
        )


def test_invalid_input_is_named_and_not_echoed(client: Client, unique: Callable[[str], str]) -> None:
    """Invalid input is a 422 that names every wrong field and sends back nothing of what was sent."""
    secret = unique("secret")

    response = client.post("/users", json={"name": "", "password": secret})

    assert secret not in response.text, "the response sends back what was sent, and with it the password"
    assert error(response) == (
        422,
        shape(
            "Validation failed",
            ("body.name", "String should have at least 1 character", "string_too_short"),
            ("body.email", "Field required", "missing"),
        ),
    ), hint(response)


@pytest.mark.parametrize(
    "method, path, message, cause",
    [
        ("GET", "/crash", "Internal server error", "RuntimeError: a bug"),
        ("POST", "/users/{id}/archive", "Database error", "no such column: archived"),
    ],
    ids=["crash", "database"],
)
def test_a_failure_tells_the_log_and_not_the_caller(
    client: Client, served: ServedApp, ada: dict[str, Any], method: str, path: str, message: str, cause: str
) -> None:
    """A failure of ours tells the caller nothing but an error id, under which the log holds the traceback."""
    response = client.request(method, path.format(id=ada["id"]))

    assert error(response) == (500, shape(message)), hint(response)
    error_id = response.headers.get("x-error-id", "")
    assert re.fullmatch(r"[0-9a-f]{32}", error_id), f"X-Error-ID should be 32 hexadecimal digits, but it's {error_id!r}"
    _, _, logged = served.log.partition(error_id)
    assert re.match(r".*\nTraceback ", logged), "no traceback follows the error id in the log"
    assert cause in logged, f"the log doesn't say why: {cause}"


def test_a_success_is_wrapped(client: Client, unique: Callable[[str], str]) -> None:
    """A success is wrapped in success, message and data, and shows of a database row only what its type names."""
    name = unique("grace")

    created = client.post("/users", json={"name": name, "email": f"{name}@example.com"})
    assert created.status_code == 201, "a user with a new email can be created by POST /users"
    user_id = created.json()["data"]["id"]
    read = client.get(f"/users/{user_id}")

    data = {"id": user_id, "name": name}
    assert created.json() == {"success": True, "message": "User created", "data": data}
    assert read.status_code != 500, "a row of the database didn't become JSON: the return type says how it should"
    assert (read.status_code, read.json()) == (200, {"success": True, "message": "User found", "data": data})


@pytest.mark.deeper
def test_a_list_is_wrapped(client: Client, ada: dict[str, Any]) -> None:
    """A list is wrapped like a single user, the newest first."""
    response = client.get("/users", params={"limit": 1})

    assert (response.status_code, response.json()) == (
        200,
        {"success": True, "message": "Newest users", "data": [{"id": ada["id"], "name": ada["name"]}]},
    )


@pytest.mark.deeper
def test_a_page_can_read_a_crash(client: Client) -> None:
    """A page on another origin can read the response to a crash, and its error id."""
    response = client.get("/crash", headers={"Origin": FRONTEND})

    assert error(response) == (500, shape("Internal server error")), hint(response)
    assert response.headers.get("access-control-allow-origin") == FRONTEND, (
        "the response was made outside CORSMiddleware: the browser hides it from the page and reports 'Failed to fetch'"
    )
    assert response.headers.get("access-control-expose-headers") == "X-Error-ID"


@pytest.mark.deeper
def test_one_email_eight_times_at_once(client: Client, unique: Callable[[str], str]) -> None:
    """Of eight registrations with one email at the same moment, one is created and seven get a 409."""
    wanted = {"name": "Ada", "email": f"{unique('ada')}@example.com"}

    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(lambda _: client.post("/users", json=wanted), range(8)))

    assert sorted(response.status_code for response in responses) == [201] + [409] * 7
    refusals = [error(response) for response in responses if response.status_code != 201]
    assert refusals == [(409, shape("Email already registered"))] * 7


@pytest.mark.deeper
def test_capitals_make_no_second_account(client: Client, ada: dict[str, Any]) -> None:
    """An email in capitals is the same email."""
    response = client.post("/users", json={"name": "Ada", "email": ada["email"].upper()})

    assert error(response) == (409, shape("Email already registered")), hint(response)


NOT_A_STRING = "Input should be a valid string"
NOT_UNICODE = "Input should be a valid string, unable to parse raw data as a unicode string"
NOT_AN_OBJECT = "Input should be a valid dictionary or object to extract fields from"


@pytest.mark.deeper
@pytest.mark.parametrize(
    "body, errors",
    [
        (b'{"name": "Ada"', [("body.14", "JSON decode error", "json_invalid")]),
        (b"", [("body", "Field required", "missing")]),
        (b"[1]", [("body", NOT_AN_OBJECT, "model_attributes_type")]),
        (b'{"name": NaN, "email": "a@example.com"}', [("body.name", NOT_A_STRING, "string_type")]),
        (b'{"name": "\\ud800", "email": "a@example.com"}', [("body.name", NOT_UNICODE, "string_unicode")]),
    ],
    ids=["cut off", "empty", "a list", "NaN", "half a character"],
)
def test_a_strange_body_is_a_422(client: Client, body: bytes, errors: list[tuple[str, str, str]]) -> None:
    """A body that is cut off, empty or strange is a 422 in the one shape, never a 500."""
    response = client.post("/users", content=body, headers={"Content-Type": "application/json"})

    assert error(response) == (422, shape("Validation failed", *errors)), hint(response)


@pytest.mark.deeper
def test_an_unreadable_body_is_a_400(client: Client) -> None:
    """A body that isn't text is a 400 in the one shape."""
    response = client.post("/users", content=b'{"name": "\xff"}', headers={"Content-Type": "application/json"})

    assert error(response) == (400, shape("There was an error parsing the body")), hint(response)


@pytest.mark.deeper
def test_an_absurd_id_is_a_422(client: Client) -> None:
    """An id that no database column can hold is a 422, not a crash in the driver."""
    response = client.get(f"/users/{2**31}")

    message = f"Input should be less than or equal to {2**31 - 1}"
    assert error(response) == (422, shape("Validation failed", ("path.user_id", message, "less_than_equal"))), hint(
        response
    )


@pytest.mark.deeper
@pytest.mark.parametrize(
    "asked, said",
    [
        ({"origin": "http://evil.example", "access-control-request-method": "GET"}, "Disallowed CORS origin"),
        ({"origin": FRONTEND, "access-control-request-method": "DELETE"}, "Disallowed CORS method"),
    ],
    ids=["origin", "method"],
)
def test_a_refused_preflight_has_the_shape(client: Client, asked: dict[str, str], said: str) -> None:
    """A preflight that is refused has the one shape as well, though no handler sees it."""
    response = client.options("/users", headers=asked)

    assert error(response) == (400, shape(said)), hint(response)
    usual = {"origin": FRONTEND, "access-control-request-method": "GET"}
    assert client.options("/users", headers=usual).status_code == 200


@pytest.mark.deeper
def test_a_hundred_readers_at_once(client: Client, ada: dict[str, Any]) -> None:
    """A hundred requests at once are all answered: none holds a connection while it waits for a thread."""
    assert ask_at_once(client, f"/users/{ada['id']}", 100) == {200}


def chunks() -> Iterator[bytes]:
    yield from [b" " * LIMIT, b" "]


@pytest.mark.deeper
@pytest.mark.parametrize("body", [lambda: b" " * (LIMIT + 1), chunks], ids=["declared", "chunked"])
def test_a_body_too_large_is_a_413(client: Client, body: Callable[[], Any]) -> None:
    """A body over 256 KiB is a 413 in the one shape that a page can read, whether it declares its length or not."""
    headers = {"Content-Type": "application/json", "Origin": FRONTEND}

    response = client.post("/users", content=body(), headers=headers)

    assert error(response) == (413, shape("Content Too Large")), hint(response)
    assert response.headers.get("access-control-allow-origin") == FRONTEND


@pytest.mark.deeper
def test_a_body_at_the_limit_is_read(client: Client) -> None:
    """A body of exactly 256 KiB is read."""
    response = client.post("/users", content=b" " * LIMIT, headers={"Content-Type": "application/json"})

    assert response.status_code == 422


@pytest.mark.deeper
def test_the_log_holds_no_personal_data(client: Client, served: ServedApp, ada: dict[str, Any]) -> None:
    """The log of a database error holds the statement, and not the email that was in it."""
    response = client.post(f"/users/{ada['id']}/archive")

    _, _, logged = served.log.partition(response.headers.get("x-error-id", "no id"))
    assert "UPDATE users SET archived = 1 WHERE email = ?" in logged
    assert ada["email"] not in served.log, "there's an email address in the log, and logs are copied to more places"


@pytest.mark.deeper
def test_the_documentation_shows_the_shape(client: Client) -> None:
    """The documentation shows the one shape, and nowhere FastAPI's own."""
    described = client.get("/openapi.json").json()

    schemas = described["components"]["schemas"]
    assert "HTTPValidationError" not in schemas, "a route documents FastAPI's own 422, which it never sends"
    for path, routes in described["paths"].items():
        for method, route in routes.items():
            content = route["responses"]["default"]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/ErrorResponse"}, f"{method} {path}"
    assert set(schemas["ErrorResponse"]["properties"]) - {"code"} == {"success", "message", "errors"}
