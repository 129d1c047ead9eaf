import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from workbook.plugin.client import Client


def user(name: str) -> dict[str, str]:
    return {"name": name, "email": f"{name}@example.com"}


def check_error(response: httpx.Response, status: int, message: str, errors: list[dict[str, str]]) -> None:
    assert response.headers.get("content-type") == "application/json", (
        f"the error isn't JSON: {response.text[:80]!r}; is there a handler for your exception?"
    )
    body = {key: value for key, value in response.json().items() if key != "code"}  # task 1 adds it
    assert (response.status_code, body) == (status, {"success": False, "message": message, "errors": errors})


def names(client: Client, limit: int) -> list[str]:
    """Return the newest users' names, the newest first."""
    return [row["name"] for row in client.get("/users", params={"limit": limit}).json()["data"]]


@pytest.fixture
def ada(client: Client, unique: Callable[[str], str]) -> dict[str, str]:
    """A registered user."""
    wanted = user(unique("ada"))
    assert client.post("/users", json=wanted).status_code == 201
    return wanted


def import_users(client: Client, wanted: list[dict[str, str]]) -> httpx.Response:
    response = client.post("/users/import", json=wanted)
    assert response.status_code != 405, "POST /users/import doesn't exist yet"
    return response


def test_import_goes_on_after_a_taken_email(client: Client, ada: dict[str, str], unique: Callable[[str], str]) -> None:
    """An import creates every user whose email is free, before and after a taken one, and names the taken ones."""
    first, second = user(unique("bob")), user(unique("cy"))

    response = import_users(client, [first, ada, second])

    assert response.status_code == 200, "the import must go on after a taken email (the log may say why it didn't)"
    expected: dict[str, Any] = {"created": 2, "refused": [ada["email"]]}
    assert response.json() == {"success": True, "message": "Import finished", "data": expected}
    assert names(client, 3) == [second["name"], first["name"], ada["name"]]


def test_two_thousand_fit_into_one_call(client: Client, unique: Callable[[str], str]) -> None:
    """A list as long as that of the two thousand authors of the old blog, 117,780 bytes, is taken in one call."""
    few = json.dumps([user(unique("bob"))])  # as many users would take seconds on a slow disk
    headers = {"Content-Type": "application/json"}

    response = client.post("/users/import", content=few.ljust(117_780), headers=headers)

    assert response.status_code == 200, response.text[:200]
    assert response.json()["data"] == {"created": 1, "refused": []}


def test_import_knows_an_email_twice_in_its_list(client: Client, unique: Callable[[str], str]) -> None:
    """An email that occurs twice in one list, once in capitals, is created once and refused once, in lower case."""
    bob = user(unique("bob"))

    response = import_users(client, [bob, bob | {"email": bob["email"].upper()}])

    expected: dict[str, Any] = {"created": 1, "refused": [bob["email"]]}
    assert response.json() == {"success": True, "message": "Import finished", "data": expected}


def test_import_of_nobody(client: Client) -> None:
    """An empty list doesn't create or refuse anyone."""
    response = import_users(client, [])

    expected: dict[str, Any] = {"created": 0, "refused": []}
    assert response.json() == {"success": True, "message": "Import finished", "data": expected}


def test_an_invalid_entry_creates_nobody(client: Client, ada: dict[str, str], unique: Callable[[str], str]) -> None:
    """An import with an invalid entry is a 422 that names its place, and it doesn't create anyone."""
    response = import_users(client, [user(unique("bob")), {"name": "Cy"}])

    missing = {"field": "body.1.email", "message": "Field required", "type": "missing"}
    check_error(response, 422, "Validation failed", [missing])
    assert names(client, 1) == [ada["name"]], "an entry before the invalid one was created"


@pytest.mark.as_before
def test_a_single_taken_email_is_still_a_409(client: Client, ada: dict[str, str]) -> None:
    """POST /users with a taken email is a 409 in the one shape, as before."""
    response = client.post("/users", json=ada)

    check_error(response, 409, "Email already registered", [])


@pytest.mark.as_before
def test_one_email_eight_times_at_once(client: Client, unique: Callable[[str], str]) -> None:
    """Of eight registrations with one email at the same moment, one is created and seven get a 409."""
    wanted = user(unique("ada"))

    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(lambda _: client.post("/users", json=wanted), range(8)))

    assert sorted(response.status_code for response in responses) == [201] + [409] * 7
