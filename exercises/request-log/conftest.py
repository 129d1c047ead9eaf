"""How these tests read the log: from outside, in the app's data folder, as something that a stranger has written."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from workbook.plugin.client import Client
from workbook.plugin.mailbox import Mailbox
from workbook.plugin.seen import WaitingTime
from workbook.serving import ServedApp

FAR_AWAY = "Asia/Kolkata"  # five and a half hours ahead of UTC
WAIT = 3.0  # seconds; a line may come after the response


@pytest.fixture(scope="module")
def app_env(app_env: dict[str, str], mailbox: Mailbox) -> dict[str, str]:
    return {**app_env, "TZ": FAR_AWAY, "SMTP_HOST": mailbox.host, "SMTP_PORT": str(mailbox.port)}


@pytest.fixture(scope="session")
def whole_log() -> Callable[..., list[str]]:
    """Return the lines of the log: `whole_log(app)`, with `file=` if it has another name."""
    most = 8 * 1024 * 1024

    def read(app: ServedApp, file: str = "requests.log") -> list[str]:
        return (app.read(file, most) or b"").decode("utf-8", "replace").splitlines()

    return read


@pytest.fixture(scope="session")
def patience() -> WaitingTime:
    """How long a line is waited for. A log that has stayed empty once isn't waited for as long again."""
    return WaitingTime(WAIT, less=1.0)


@pytest.fixture(scope="session")
def lines_about(
    whole_log: Callable[..., list[str]], unique: Callable[[str], str], patience: WaitingTime
) -> Callable[..., list[str]]:
    """The log's lines about one path, raw or escaped: `lines_about(client, "/posts/7", "PATCH")`.

    Waits until there are `count` of them (with 0: not at all). Then it waits for the line of one more request, so that
    a line too many would be there as well. After waiting in vain once, it doesn't wait as long again.
    """

    def find(
        client: Client, path: str, method: str = "GET", *, count: int = 1, file: str = "requests.log"
    ) -> list[str]:
        def found(path: str, method: str = "GET") -> list[str]:
            spelt = re.compile(rf"(?:{re.escape(path)}|{re.escape(quote(path))})(?![\w.-])")
            lines = [line for line in whole_log(client.app, file) if spelt.search(line)]
            return [line for line in lines if re.search(rf"\b{method}\b", line)]

        def wait(path: str, method: str = "GET", *, count: int = 1) -> None:
            any_came = lambda: whole_log(client.app, file)  # noqa: E731
            patience.wait(lambda: len(found(path, method)) >= count, any_came=any_came)

        wait(path, method, count=count)
        if count > len(found(path, method)):
            return found(path, method)
        marker = f"/{unique('marker')}"
        with Client(client.app, []) as another:  # not `client`: its card shows what the test asks
            another.get(marker)
        wait(marker)
        return found(path, method)

    return find
