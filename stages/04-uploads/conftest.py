"""What these tests and those of the tasks share: who may upload."""

import json

import httpx
import pytest

from workbook.plugin.client import Client
from workbook.serving import ServedApp

TOKEN = "token-of-ada"


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"TOKENS": json.dumps({TOKEN: "ada", "token-of-grace": "grace"})}


@pytest.fixture(scope="module")
def token(served: ServedApp) -> str:
    """Ada's token, which the app accepts."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    response = httpx.post(
        f"{served.url}/uploads", headers=headers, files={"file": b"a"}
    )
    status = response.status_code
    assert status == 200, f"POST /uploads with Ada's token is answered with {status}"
    return TOKEN


@pytest.fixture
def ada(client: Client, token: str) -> Client:
    """A client that sends Ada's token."""
    client.headers["Authorization"] = f"Bearer {token}"
    return client
