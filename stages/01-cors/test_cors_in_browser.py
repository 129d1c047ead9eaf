import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbook.plugin.client import Client
from workbook.serving import ServedApp

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

pytestmark = pytest.mark.deeper

PAGES = Path(__file__).parent / "page"
REFUSED = "refused by the browser"
SEND = """async ([path, options]) => {
    const api = new URLSearchParams(location.search).get("api");
    try {
        const response = await fetch(api + path, options);
        return {status: response.status, headers: Object.fromEntries(response.headers), body: await response.json()};
    } catch (error) {
        return "refused by the browser";
    }
}"""

OPEN_FRAME = """url => new Promise(opened => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.onload = opened;
    frame.src = url;
})"""
PRESS_ALL = """() => new Promise(answered => {
    new MutationObserver(() => {
        if (document.querySelectorAll("[data-state]").length === 6) answered(
            [...document.querySelector("#list output").children].map(child => child.textContent));
    }).observe(document.body, {attributes: true, subtree: true});
    document.getElementById("all").click();
})"""


@pytest.fixture(scope="module")
def allowed_origin(site: Callable[[Path], str]) -> str:
    return site(PAGES)


@pytest.fixture(scope="module")
def refused_origin(site: Callable[[Path], str]) -> str:
    return site(PAGES)


@pytest.fixture(scope="module")
def app_env(allowed_origin: str) -> dict[str, str]:
    return {"ALLOWED_ORIGINS": allowed_origin}


@pytest.fixture(scope="module")
def allowed(new_page: Callable[[], "Page"], served: ServedApp, allowed_origin: str) -> "Page":
    """A page on an allowed origin."""
    page = new_page()
    page.goto(f"{allowed_origin}/?api={served.url}")
    return page


@pytest.fixture(scope="module")
def refused(allowed: "Page", served: ServedApp, refused_origin: str) -> "Frame":
    """A page on an origin that isn't allowed. It's a frame in the other page, because a second tab would be slower."""
    allowed.evaluate(OPEN_FRAME, f"{refused_origin}/?api={served.url}")
    return allowed.frames[1]


def send(page: "Page | Frame", path: str, **options: Any) -> Any:
    """Return what JavaScript on the page could read: status, headers and body, or that it was refused."""
    return page.evaluate(SEND, [path, options])


def read(page: "Page", path: str, **options: Any) -> Any:
    """Return what JavaScript on the page could read; if it's refused, fail with what the console said."""
    response = send(page, path, **options)
    if response == REFUSED:
        reasons = [message.text for message in page.console_messages() if "CORS policy" in message.text]
        pytest.fail(f"the browser refused to show JavaScript the response to {path}:\n" + "\n".join(reasons[-1:]))
    return response


def json_post(name: str) -> dict[str, Any]:
    return {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": f'{{"name": "{name}"}}'}


def methods_logged(served: ServedApp, mark: str, number: int) -> list[str]:
    """Return the methods of the requests whose query is `mark`, in order, as soon as there are `number` of them."""
    deadline = time.monotonic() + 10
    while True:
        methods = [line.split('"')[1].split()[0] for line in served.log.splitlines() if f"?{mark} " in line]
        if len(methods) >= number or time.monotonic() > deadline:
            return methods
        time.sleep(0.01)


def test_browser_shows_a_response_to_the_allowed_page(allowed: "Page", refused: "Frame") -> None:
    """In a browser, the allowed page reads the posts, and the refused page gets an error without a reason."""
    response = read(allowed, "/posts/2")

    assert (response["status"], response["body"]["title"]) == (200, "Cookies")
    assert send(refused, "/posts/2") == REFUSED, "a page on an origin that isn't allowed could read the response"


def test_browser_asks_before_it_sends_json(
    allowed: "Page", refused: "Frame", served: ServedApp, unique: Callable[[str], str]
) -> None:
    """In a browser, a JSON POST is sent after an OPTIONS request that permits it, and not at all if that refuses."""
    permitted, denied = unique("permitted"), unique("denied")

    assert read(allowed, f"/sessions?{permitted}", **json_post(permitted))["status"] == 201
    assert send(refused, f"/sessions?{denied}", **json_post(denied)) == REFUSED

    assert methods_logged(served, permitted, 2) == ["OPTIONS", "POST"]
    assert methods_logged(served, denied, 1) == ["OPTIONS"]


def test_browser_sends_the_cookie_with_credentials_alone(allowed: "Page", unique: Callable[[str], str]) -> None:
    """In a browser, the cookie goes to another origin with `credentials: "include"`, and not without."""
    name = unique("ada")

    read(allowed, "/sessions", credentials="include", **json_post(name))
    without, included = read(allowed, "/me"), read(allowed, "/me", credentials="include")

    assert without["status"] == 401
    assert (included["status"], included["body"]) == (200, {"name": name})


def test_browser_sends_authorization_without_credentials(allowed: "Page", unique: Callable[[str], str]) -> None:
    """In a browser, an Authorization header that the page sets is sent without credentials mode."""
    name = unique("ada")
    token = read(allowed, "/sessions", **json_post(name))["body"]["access_token"]

    response = read(allowed, "/me", credentials="omit", headers={"Authorization": f"Bearer {token}"})

    assert (response["status"], response["body"]) == (200, {"name": name})


def test_browser_shows_exposed_headers_alone(allowed: "Page", client: Client) -> None:
    """In a browser, JavaScript reads X-Process-Time, which is exposed, and not Server, which is only sent."""
    assert "server" in client.get("/posts").headers

    seen = read(allowed, "/posts")["headers"]

    assert [name for name in seen if name in ("server", "x-process-time")] == ["x-process-time"]


def test_browser_shows_a_crash(allowed: "Page") -> None:
    """In a browser, JavaScript on the allowed page reads the 500 of a crash."""
    response = read(allowed, "/crash")

    assert (response["status"], response["body"]) == (500, {"detail": "Internal server error"})


def test_browser_sends_a_simple_post_it_will_refuse(
    allowed: "Page", refused: "Frame", client: Client, unique: Callable[[str], str]
) -> None:
    """In a browser, a simple POST of a refused page is executed, and only its response is withheld."""
    before = client.get("/posts/1").json()["likes"]

    assert send(refused, "/posts/1/likes", method="POST") == REFUSED

    assert client.get("/posts/1").json()["likes"] == before + 1


def test_the_page_shows_what_javascript_could_read(allowed: "Page", refused: "Frame") -> None:
    """Each of the page's six buttons ends with what JavaScript could read, or with the browser's refusal."""
    title, text = allowed.evaluate(PRESS_ALL)
    assert (title, text.partition("\n")[0]) == ("JavaScript could read", "200 OK")

    title, text = refused.evaluate(PRESS_ALL)
    assert (title, text) == ("Refused by the browser", "TypeError: Failed to fetch")
