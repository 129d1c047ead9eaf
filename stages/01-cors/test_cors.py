import json
from collections.abc import Callable

import pytest

from workbook.plugin.cards import AppDoesNotStart
from workbook.plugin.client import Client

PAGE = "http://localhost:3000"
STRANGER = "http://localhost:4000"
STRANGERS = [STRANGER, "https://localhost:3000", "http://localhost:3000.evil.example", "http://localhost", "null"]


@pytest.fixture
def name(unique: Callable[[str], str]) -> str:
    return unique("ada")


@pytest.fixture
def login(client: Client, name: str) -> dict[str, str]:
    """Return the Authorization header of a user who has signed in."""
    response = client.post("/sessions", json={"name": name})
    assert response.status_code == 201
    return {"Authorization": f"Bearer {response.json()['access_token']}"}


@pytest.fixture
def post(client: Client, login: dict[str, str]) -> str:
    """Return the path of a new post by this user."""
    response = client.post("/posts", json={"title": "Hello"}, headers=login)
    assert response.status_code == 201
    return str(response.headers["location"])


def allowed_origin(client: Client, origin: str) -> str:
    """Return the origin that may read the response, according to its header; empty without one."""
    response = client.get("/posts/1", headers={"Origin": origin})
    return str(response.headers.get("access-control-allow-origin", ""))


def says_at_start(fresh_app: Callable[..., Client], **env: str) -> str:
    """Return what the app says when it refuses to start. Tests ask for `served` too, so after a typo they wait."""
    try:
        fresh_app(**env)
    except AppDoesNotStart as refusal:
        return str(refusal)
    return "nothing: the app has started"


def preflight(client: Client, origin: str, method: str, headers: str = "") -> tuple[int, dict[str, str]]:
    """Send a preflight as a browser would; return the status, and the headers that a browser looks at."""
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    response = client.options("/posts", headers=asked)
    return response.status_code, {
        short: response.headers.get(f"access-control-allow-{short}", "") for short in ("origin", "methods", "headers")
    }


def test_only_allowed_origins_may_read(client: Client) -> None:
    """A page on an allowed origin may read a response, and a page on any other origin may not."""
    assert allowed_origin(client, PAGE) == PAGE, f"{PAGE} may not read the response"
    for origin in STRANGERS:
        assert allowed_origin(client, origin) == "", f"{origin} may read the response, but isn't an allowed origin"


def test_preflight_permits_allowed_pages_alone(client: Client) -> None:
    """A preflight permits an allowed page to send JSON and Authorization, and refuses a page on another origin."""
    status, permitted = preflight(client, PAGE, "POST", "authorization,content-type")

    assert (status, permitted["origin"]) == (200, PAGE)
    assert "POST" in permitted["methods"].split(", ")
    assert {"authorization", "content-type"} <= set(permitted["headers"].lower().split(", "))
    for origin in STRANGERS:
        status, refused = preflight(client, origin, "POST", "authorization,content-type")
        assert (status, refused["origin"]) == (400, ""), f"{origin} gets the permission, but isn't an allowed origin"


def test_a_crash_is_readable(client: Client) -> None:
    """A crash is answered by a 500 that a page on an allowed origin may read."""
    response = client.get("/crash", headers={"Origin": PAGE})

    assert response.status_code == 500
    assert response.headers.get("access-control-allow-origin") == PAGE, "the 500 was made outside the CORS middleware"
    assert response.json() == {"detail": "Internal server error"}


def test_a_refused_simple_post_is_executed(client: Client, post: str) -> None:
    """A simple POST from a refused origin is executed and its response hidden, so CORS isn't access control."""
    response = client.post(f"{post}/likes", headers={"Origin": STRANGER})

    may_read = response.headers.get("access-control-allow-origin")
    assert (response.status_code, may_read) == (200, None), "the POST is refused, or a stranger may read its response"
    assert client.get(post).json()["likes"] == 1


@pytest.mark.deeper
@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:3000"])
def test_development_allows_port_3000(client: Client, origin: str) -> None:
    """In development, pages on port 3000 of this machine are allowed."""
    assert allowed_origin(client, origin) == origin


@pytest.mark.deeper
def test_a_body_that_does_not_fit_is_a_422(client: Client) -> None:
    """A body that doesn't fit is a 422 that names the field and sends back nothing of what was sent."""
    response = client.post("/sessions", json={"password": "secret"})

    expected = {"loc": ["body", "name"], "msg": "Field required", "type": "missing"}
    assert (response.status_code, response.json()) == (422, {"detail": [expected]})


@pytest.mark.deeper
def test_production_allows_no_origin_by_itself(fresh_app: Callable[..., Client]) -> None:
    """In production no origin is allowed by default, and the session's cookie travels only by HTTPS."""
    client = fresh_app(ENVIRONMENT="production")

    assert allowed_origin(client, PAGE) == "", f"{PAGE} is a developer's machine, and allowed in production"
    cookie = client.post("/sessions", json={"name": "Ada"}).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Secure"} <= set(cookie.split("; "))


@pytest.mark.deeper
def test_production_allows_the_origins_that_it_is_given(fresh_app: Callable[..., Client]) -> None:
    """In production exactly the origins in ALLOWED_ORIGINS are allowed, with commas between them."""
    client = fresh_app(ENVIRONMENT="production", ALLOWED_ORIGINS="https://blog.example, https://www.blog.example")

    asked = ["https://blog.example", "https://www.blog.example", "http://blog.example", "https://api.blog.example"]
    assert [allowed_origin(client, origin) for origin in asked] == [*asked[:2], "", ""]


@pytest.mark.deeper
def test_an_origin_that_no_browser_sends_is_refused(served: object, fresh_app: Callable[..., Client]) -> None:
    """An origin that no browser sends stops the start, and the app says what it sends instead."""
    sent = {
        "http://localhost:3000/": "http://localhost:3000",
        "https://Blog.example": "https://blog.example",
        "https://blog.example:443": "https://blog.example",
        "https://bücher.example": "https://xn--bcher-kva.example",
    }

    said = says_at_start(fresh_app, ALLOWED_ORIGINS=",".join(["https://blog.example", *sent]))

    assert [wrong for wrong, right in sent.items() if f"no browser sends {wrong!r}, but {right!r}" not in said] == []


@pytest.mark.deeper
def test_what_is_no_origin_is_refused(served: object, fresh_app: Callable[..., Client]) -> None:
    """The app doesn't start with something that isn't an origin, or with `null`, which any local file sends."""
    wrong = ["localhost:3000", "https://blog.example/posts", "https://*.blog.example", "wss://blog.example", "https://"]

    said = says_at_start(fresh_app, ALLOWED_ORIGINS=",".join([*wrong, "null"]))

    assert [one for one in wrong if f"{one!r} is no origin; write it like http://localhost:3000" not in said] == []
    assert "any local file and any sandboxed page sends 'null'" in said


@pytest.mark.deeper
def test_an_app_in_a_shell_may_be_allowed(fresh_app: Callable[..., Client]) -> None:
    """Origins with other schemes, of a phone's app or a browser's extension, can be allowed too."""
    named = ["capacitor://localhost", "chrome-extension://abcdefgh", "http://[::1]:3000"]
    client = fresh_app(ALLOWED_ORIGINS=" , ".join(named))

    assert [allowed_origin(client, origin) for origin in named] == named


@pytest.mark.deeper
def test_one_wrong_setting_is_one_error(served: object, fresh_app: Callable[..., Client]) -> None:
    """If one setting is wrong, the error names that one and no other."""
    assert "1 validation error for Settings" in says_at_start(fresh_app, ENVIRONMENT="prod")


@pytest.mark.deeper
@pytest.mark.parametrize(
    "title", ["My day \ud83d", "", "x" * 101, 12345], ids=["half an emoji", "empty", "long", "number"]
)
def test_a_title_that_is_none_breaks_no_list(client: Client, login: dict[str, str], title: object) -> None:
    """A title that can't be shown, such as one cut in the middle of an emoji, is a 422; the list goes on as before."""
    body = json.dumps({"title": title})

    response = client.post("/posts", content=body, headers={**login, "Content-Type": "application/json"})

    assert response.status_code == 422
    assert client.get("/posts").status_code == 200


@pytest.mark.deeper
def test_a_wildcard_with_credentials_is_refused(served: object, fresh_app: Callable[..., Client]) -> None:
    """`*` with credentials would allow every origin by name, and is refused when the app starts."""
    assert "ALLOWED_ORIGINS: with '*'" in says_at_start(fresh_app, ALLOWED_ORIGINS="*")


@pytest.mark.deeper
def test_a_wildcard_without_credentials_is_harmless(fresh_app: Callable[..., Client]) -> None:
    """`*` without credentials lets every page read what anybody may read, and no page send cookies."""
    client = fresh_app(ALLOWED_ORIGINS="*", ALLOW_CREDENTIALS="false")

    response = client.get("/posts", headers={"Origin": STRANGER})

    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.deeper
def test_cookies_may_travel(client: Client) -> None:
    """An allowed page may read responses to requests with cookies."""
    response = client.get("/posts", headers={"Origin": PAGE})

    assert response.headers.get("access-control-allow-credentials") == "true"


@pytest.mark.deeper
def test_headers_are_exposed(client: Client) -> None:
    """Location and X-Process-Time are exposed to JavaScript; Server is sent, and is not."""
    response = client.get("/posts", headers={"Origin": PAGE})

    exposed = response.headers.get("access-control-expose-headers", "").split(", ")
    assert [name for name in exposed if name in ("Location", "X-Process-Time")] == ["Location", "X-Process-Time"]
    assert "server" in response.headers
    assert "server" not in [name.lower() for name in exposed]


@pytest.mark.deeper
def test_responses_vary_by_origin(client: Client) -> None:
    """A response says that it depends on the origin, so that a cache doesn't give a page another one's permission."""
    for origin in (PAGE, STRANGER):
        assert client.get("/posts", headers={"Origin": origin}).headers["vary"] == "Origin"


@pytest.mark.deeper
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_methods_that_are_not_listed_are_refused(client: Client, method: str) -> None:
    """A method that isn't listed is refused in the preflight."""
    status, _ = preflight(client, PAGE, method, "authorization")

    assert status == 400, f"{method} is permitted to pages"


@pytest.mark.deeper
def test_who_asks_no_permission_is_served(client: Client, login: dict[str, str], post: str) -> None:
    """A client that isn't a page can send a DELETE without a preflight, because CORS doesn't protect routes."""
    assert client.delete(post, headers=login).status_code == 204
    assert client.get(post).status_code == 404


@pytest.mark.deeper
def test_a_post_is_deleted_by_its_author_alone(client: Client, post: str, unique: Callable[[str], str]) -> None:
    """Only its author can delete a post, and that's decided in the route, never by CORS."""
    client.cookies.clear()
    stranger = client.post("/sessions", json={"name": unique("grace")}).json()["access_token"]

    assert client.delete(post, headers={"Authorization": f"Bearer {stranger}"}).status_code == 403
    assert client.get(post).status_code == 200


@pytest.mark.deeper
def test_a_user_is_known_by_token_or_cookie(client: Client, login: dict[str, str], name: str) -> None:
    """A user is known by the token in Authorization or by the cookie, and without either it is a 401."""
    by_cookie = client.get("/me").json()
    client.cookies.clear()
    by_token = client.get("/me", headers=login).json()
    unknown = client.get("/me", headers={"Authorization": "Bearer wrong"})

    assert by_cookie == by_token == {"name": name}
    assert (unknown.status_code, unknown.headers.get("www-authenticate")) == (401, "Bearer")
