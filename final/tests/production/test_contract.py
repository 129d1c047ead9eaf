import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from workbook.plugin.client import Client

CONTRACT = Path(__file__).parent / "contract.py"
API_KEY = "key-of-the-operators"
# (method and path, what /openapi.json says about it)
Operation = tuple[str, dict[str, Any]]

pytestmark = pytest.mark.slow


@pytest.mark.exhaustive(at_most=1)
@pytest.mark.parametrize("keys", [[], [API_KEY]], ids=["logged out", "logged in"])
def test_the_app_is_as_it_describes_itself(
    fresh_app: Callable[..., Client],
    new_database: Callable[[], str],
    tmp_path: Path,
    keys: list[str],
    sample_number: int | None,
) -> None:
    """A thousand requests made from /openapi.json, right and wrong ones, get only the responses that it promises.

    The whole suite makes 700: all those at the bounds of a value, and fewer random ones.
    """
    if importlib.util.find_spec("schemathesis") is None:
        pytest.skip("not proven: schemathesis is not installed (uv sync --group tests)")
    app = fresh_app(DATABASE_URL=new_database()).app
    here = {
        **{
            name: value
            for name, value in os.environ.items()
            if name != "PYTHONDONTWRITEBYTECODE"
        },
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "68",
    }

    ended = subprocess.run(
        [
            sys.executable,
            str(CONTRACT),
            app.url,
            *([] if sample_number is None else ["--few"]),
            *keys,
        ],
        cwd=tmp_path,  # Schemathesis leaves folders where it runs
        env=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=600,
    )

    # A client that is logged in and gets no further than 401 or 404 has tested nothing: Schemathesis warns of that.
    # A few random requests may miss every id, so then only a refused login counts.
    warning = "WARNINGS" if sample_number is None else "Authentication failed"
    if ended.returncode or (keys and warning in ended.stdout):
        pytest.fail(ended.stdout)
    assert "Tested: " in ended.stdout


def operations(client: Client) -> Iterator[Operation]:
    """Return the original project's operations, because you may describe those of an exercise as you like."""
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            if not path.endswith(("/avatar", "/cover")):
                yield f"{method.upper()} {path}", operation


def test_every_error_is_described_in_the_one_shape(client: Client) -> None:
    """Every operation describes its errors, 413, 500 and 503 among them, and all of them have the one shape."""
    for name, operation in operations(client):
        errors = {
            status: response
            for status, response in operation["responses"].items()
            if status >= "4"
        }

        assert {"413", "500", "503"} <= set(errors), name
        for status, response in errors.items():
            schemas = {
                kind: content["schema"] for kind, content in response["content"].items()
            }
            assert schemas == {
                "application/json": {"$ref": "#/components/schemas/ErrorResponse"}
            }, f"{name} {status}"


def test_the_shape_of_errors_is_described(client: Client) -> None:
    """The one shape is described as it is: success is false, message a text, errors name field, message and type."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]

    shape = schemas["ErrorResponse"]["properties"]
    assert (set(shape), shape["success"]["const"], shape["message"]["type"]) == (
        {"success", "message", "errors"},
        False,
        "string",
    )
    assert shape["errors"]["items"] == {"$ref": "#/components/schemas/FieldError"}
    assert set(schemas["FieldError"]["required"]) == {"field", "message", "type"}
    assert (
        "HTTPValidationError" not in schemas
    )  # FastAPI's own, which echoes what was sent


def test_what_can_be_wrong_with_a_request_is_described(client: Client) -> None:
    """An operation with a body describes 400 and 422, one with parameters 422, one with a path's id 404."""
    for name, operation in operations(client):
        described = set(operation["responses"])
        if "requestBody" in operation:
            assert {"400", "422"} <= described, name
        if parameters := operation.get("parameters"):
            assert "422" in described, name
            assert "404" in described or all(
                each["in"] != "path" for each in parameters
            ), name


def test_rare_errors_are_described(client: Client) -> None:
    """The errors that made-up requests hardly ever meet are described too: 403, 409 and 415."""
    described = {
        name: set(operation["responses"]) for name, operation in operations(client)
    }

    for name in ("PATCH /posts/{post_id}", "DELETE /posts/{post_id}"):
        assert {"403", "409"} <= described[name], name
    for name in (
        "POST /auth/register",
        "POST /posts",
        "PATCH /users/me",
        "DELETE /users/me",
    ):
        assert "409" in described[name], name
    for name in (
        "POST /uploads/image",
        "POST /uploads/multiple",
        "POST /uploads/profile-picture",
    ):
        assert "415" in described[name], name


def test_every_login_is_described(client: Client) -> None:
    """An operation that asks who's calling declares how to say it, and the 401; if that's optional, it says so too."""
    everybody = {"GET /", "POST /auth/register", "POST /auth/login"}
    for name, operation in operations(client):
        ways = [list(way) for way in operation.get("security", [])]

        if name in everybody:
            assert ways == [], name
            continue
        assert "401" in operation["responses"], name
        if name in {"GET /posts", "GET /posts/{post_id}"}:
            assert ways == [["HTTPBearer"], []], (
                f"{name}: the second way is to come without"
            )
        else:
            assert ways == [
                ["APIKeyHeader" if "/internal" in name else "HTTPBearer"]
            ], name


def test_a_token_can_be_pasted_into_the_docs_page(client: Client) -> None:
    """The button Authorize of /docs asks for a token as a bearer, and for the operators' key as X-API-Key."""
    ways = client.get("/openapi.json").json()["components"]["securitySchemes"].values()

    assert {(way["type"], way.get("scheme") or way["name"]) for way in ways} == {
        ("http", "bearer"),
        ("apiKey", "X-API-Key"),
    }
    assert client.get("/docs").status_code == 200


def test_operations_are_grouped_and_named(client: Client) -> None:
    """Every operation belongs to one group and has a summary, and no two have one id."""
    found = list(operations(client))

    assert {tuple(operation["tags"]) for _, operation in found} >= {
        (group,)
        for group in ("Root", "Authentication", "Users", "Posts", "Uploads", "Internal")
    }
    assert [
        name
        for name, operation in found
        if len(operation["tags"]) != 1 or not operation["summary"]
    ] == []
    ids = [operation["operationId"] for _, operation in found]
    assert len(ids) == len(set(ids))


def test_a_generated_client_has_short_names(client: Client) -> None:
    """An operation's id is a name for a function, and doesn't repeat its path and method."""
    for name, operation in operations(client):
        method, path = name.split()
        by_default = re.sub(r"\W", "_", f"{path}_{method.lower()}")

        assert operation["operationId"].isidentifier()
        assert not operation["operationId"].endswith(by_default), name


def test_a_generated_client_knows_what_it_gets(client: Client) -> None:
    """Every success has a schema with a name, or a list of such; a field with a default is always there."""
    for name, operation in operations(client):
        for status, response in operation["responses"].items():
            if status == "204":
                assert "content" not in response, name
            elif status < "4":
                schema = response["content"]["application/json"]["schema"]
                assert "$ref" in schema.get("items", schema), name

    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for name in ("ErrorResponse", "TokenPublic", "UploadPublic"):
        assert set(schemas[name]["required"]) == set(schemas[name]["properties"]), name


def test_uploads_tell_which_files_they_take(client: Client) -> None:
    """An upload describes the kinds of file that it takes, and how many."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for name, operation in operations(client):
        if "/uploads/" in name:
            form = operation["requestBody"]["content"]["multipart/form-data"]
            (field,) = form["encoding"]
            assert {"image/jpeg", "image/png", "image/webp"} <= set(
                form["encoding"][field]["contentType"].split(", ")
            )
            described = schemas[form["schema"]["$ref"].rpartition("/")[2]][
                "properties"
            ][field]
            assert (described.get("type"), described.get("maxItems")) in {
                ("string", None),
                ("array", 5),
            }, name
            # Without it, a generated client sends the file as a text.
            assert described.get("items", described)["format"] == "binary", name
