from collections.abc import Callable

import pytest

from workbook.plugin.client import Client
from workbook.plugin.mailbox import Mailbox
from workbook.plugin.seen import soon

SUBSCRIBERS = "subscribers@example.com"


@pytest.fixture(scope="module")
def app_env(mailbox: Mailbox) -> dict[str, str]:
    return {"SMTP_HOST": mailbox.host, "SMTP_PORT": str(mailbox.port), "ARGON2_MEMORY_COST": "1024"}


@pytest.fixture
def publish(
    fresh_app: Callable[..., Client], mailbox: Mailbox, unique: Callable[[str], str]
) -> tuple[Client, Callable[[str], str]]:
    """Return a function that publishes in an app that can't write its feed, and returns the author's email."""
    client = fresh_app()
    (client.app.data / "feed.txt").mkdir()
    name = unique("ada")
    person = {"name": name, "email": f"{name}@example.com", "password": "correct horse"}
    author = client.post("/users/register", json=person).json()

    def post(title: str) -> str:
        response = client.post("/posts", json={"author_id": author["id"], "title": title})
        assert response.status_code == 201, "you shouldn't refuse the post because the feed fails"
        return str(author["email"])

    return client, post


def subjects(mailbox: Mailbox, email: str) -> list[str]:
    return [str(mail["Subject"]) for mail in mailbox.to(email)]


def test_the_third_task_still_mails(
    publish: tuple[Client, Callable[[str], str]], mailbox: Mailbox, unique: Callable[[str], str]
) -> None:
    """When the feed fails, the author and the subscribers still get their mails."""
    _, post = publish
    title = unique("News")

    author = post(title)

    assert soon(lambda: f"Published: {title}" in subjects(mailbox, author)), "the author got no mail"
    assert soon(lambda: f"New post: {title}" in subjects(mailbox, SUBSCRIBERS)), (
        "the subscribers got no mail: the second task raised, and the third wasn't called"
    )


def test_the_failure_is_told_and_goes_no_further(
    publish: tuple[Client, Callable[[str], str]], mailbox: Mailbox, unique: Callable[[str], str]
) -> None:
    """The log reports the feed's failure, and the error doesn't leave the task."""
    client, post = publish
    title = unique("News")

    post(title)
    soon(lambda: f"New post: {title}" in subjects(mailbox, SUBSCRIBERS))

    log = client.app.log
    told, escaped = "feed" in log.lower(), "Exception in ASGI application" in log
    assert told, "the log says nothing about the feed: the error was swallowed"
    assert not escaped, "the error left the task and reached the server, which logs 'Exception in ASGI application'"


def test_a_feed_that_works_again_goes_on(
    publish: tuple[Client, Callable[[str], str]], mailbox: Mailbox, unique: Callable[[str], str]
) -> None:
    """Once the feed can be written again, the next post is in it."""
    client, post = publish
    first, second = unique("Lost"), unique("News")
    feed = client.app.data / "feed.txt"
    post(first)
    assert soon(lambda: f"New post: {first}" in subjects(mailbox, SUBSCRIBERS)), (
        "the subscribers got no mail: the second task raised, and the third wasn't called"
    )

    feed.rmdir()
    post(second)

    assert soon(lambda: feed.exists() and second in feed.read_text(encoding="utf-8")), "the feed has stopped for good"
