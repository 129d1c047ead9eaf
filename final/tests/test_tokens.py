import base64
import json
import math
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from jose import jwt
from workbook.plugin.client import Client
from workbook.plugin.members import PASSWORD, Member, join

SECRET_KEY = "a-key-for-tests-and-for-nothing-else"
HOUR = 3600


def now() -> int:
    return int(time.time())


def signed(
    claims: dict[str, Any], key: str = SECRET_KEY, algorithm: str = "HS256"
) -> str:
    return jwt.encode(claims, key, algorithm=algorithm)


def unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return (
        ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in parts
        )
        + "."
    )


def mangled(token: str) -> str:
    head, claims, signature = token.split(".")
    return f"{head}.{claims}.{'A' * len(signature)}"


FORGERIES: dict[str, Callable[[int], str]] = {
    "expired": lambda me: signed({"sub": str(me), "exp": now() - 1}),
    "not yet valid": lambda me: signed(
        {"sub": str(me), "exp": now() + HOUR, "nbf": now() + HOUR}
    ),
    "another algorithm": lambda me: signed(
        {"sub": str(me), "exp": now() + HOUR}, algorithm="HS512"
    ),
    "no algorithm": lambda me: unsigned({"sub": str(me), "exp": now() + HOUR}),
    "another secret": lambda me: signed(
        {"sub": str(me), "exp": now() + HOUR}, key="x" * 36
    ),
    "an empty secret": lambda me: signed({"sub": str(me), "exp": now() + HOUR}, key=""),
    "another signature": lambda me: mangled(
        signed({"sub": str(me), "exp": now() + HOUR})
    ),
    "no subject": lambda me: signed({"exp": now() + HOUR}),
    "an empty subject": lambda me: signed({"sub": "", "exp": now() + HOUR}),
    "a subject of words": lambda me: signed({"sub": "admin", "exp": now() + HOUR}),
    "a subject that no column holds": lambda me: signed(
        {"sub": str(2**70), "exp": now() + HOUR}
    ),
    "a negative subject": lambda me: signed({"sub": "-1", "exp": now() + HOUR}),
    "no expiry": lambda me: signed({"sub": str(me)}),
    "an expiry of null": lambda me: signed({"sub": str(me), "exp": None}),
    "an expiry without an end": lambda me: signed({"sub": str(me), "exp": math.inf}),
    "an expiry of words": lambda me: signed({"sub": str(me), "exp": "never"}),
    "no token at all": lambda me: "not.a.token",
    "letters that no token has": lambda me: "\u00fc\u00fc",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_only_our_own_tokens_are_taken(
    client: Client, ada: Member, forgery: str
) -> None:
    """A token that is expired, forged or lacks a claim is a 401 that names the way."""
    token = FORGERIES[forgery](ada.id)
    # a header is bytes: what is not ASCII goes as it would from a careless client
    headers = {b"Authorization": b"Bearer " + token.encode()}

    response = client.get("/users/me", headers=headers)

    assert (response.status_code, response.headers.get("www-authenticate")) == (
        401,
        "Bearer",
    ), response.text
    assert response.json()["success"] is False


def test_a_token_made_like_ours_is_taken(client: Client, ada: Member) -> None:
    """The forgeries are refused for what's wrong with them: the same token without a fault is taken."""
    token = signed({"sub": str(ada.id), "exp": now() + HOUR})

    response = client.get("/users/me", headers={"Authorization": f"Bearer {token}"})

    assert (response.status_code, response.json().get("id")) == (200, ada.id)


@pytest.mark.parametrize("header", ["Bearer", "Basic YTpi", "Token abc", "bearer"])
def test_another_kind_of_credentials_is_no_login(client: Client, header: str) -> None:
    """Credentials of another kind, or none after the word, are a 401."""
    response = client.get("/users/me", headers={"Authorization": header})

    assert (response.status_code, response.headers.get("www-authenticate")) == (
        401,
        "Bearer",
    )


def test_a_token_of_a_megabyte_is_refused(client: Client, ada: Member) -> None:
    """A token of 1 MB is refused before or by the app, and the next request works."""
    try:
        response = client.get(
            "/users/me", headers={"Authorization": "Bearer " + "A" * 2**20}
        )
    except httpx.TransportError:
        pass  # the server may close the connection while the header is still being sent
    else:
        assert response.status_code in {400, 401, 431}

    assert client.get("/users/me", headers=ada.headers).status_code == 200


def test_a_bad_token_is_refused_where_none_is_needed(client: Client) -> None:
    """A bad token is a 401 even if a token is optional: a client that sends one expects to be known."""
    assert client.get("/posts").status_code == 200
    assert (
        client.get("/posts", headers={"Authorization": "Bearer bad"}).status_code == 401
    )


def test_the_token_of_a_deleted_user_opens_nothing(
    client: Client, unique: Callable[[str], str]
) -> None:
    """A deleted user's token is a 401 for ever, because the id isn't given to the next user."""
    gone = join(client, unique("gone"))
    assert client.delete("/users/me", headers=gone.headers).status_code == 204
    assert client.get("/users/me", headers=gone.headers).status_code == 401

    again = client.post(
        "/auth/register", json={"name": "B", "email": gone.email, "password": PASSWORD}
    )

    assert (again.status_code, again.json()["id"] > gone.id) == (201, True)
    assert client.get("/users/me", headers=gone.headers).status_code == 401
