import socket
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from workbook.plugin.client import Client
from workbook.plugin.mailbox import Mailbox
from workbook.plugin.seen import soon


@pytest.fixture(scope="module")
def app_env(mailbox: Mailbox) -> dict[str, str]:
    return {"SMTP_HOST": mailbox.host, "SMTP_PORT": str(mailbox.port), "ARGON2_MEMORY_COST": "1024"}


def published(client: Client, unique: Callable[[str], str]) -> tuple[str, dict[str, Any]]:
    """Return a new author's email, and a new post."""
    name = unique("ada")
    person = {"name": name, "email": f"{name}@example.com", "password": "correct horse"}
    author = client.post("/users/register", json=person).json()
    post = client.post("/posts", json={"author_id": author["id"], "title": unique("News")})
    assert post.status_code == 201
    return author["email"], post.json()


def comment_mails(mailbox: Mailbox, author: str, post: dict[str, Any]) -> list[EmailMessage]:
    return [mail for mail in mailbox.to(author) if mail["Subject"] == f"New comment: {post['title']}"]


def test_a_comment_mails_the_author(client: Client, mailbox: Mailbox, unique: Callable[[str], str]) -> None:
    """A comment is answered by 201, and its post's author gets a mail with its text."""
    author, post = published(client, unique)
    text = unique("Well said")

    first = client.post(f"/posts/{post['id']}/comments", json={"text": text})
    second = client.post(f"/posts/{post['id']}/comments", json={"text": "Zażółć\nand a second line"})

    assert (first.status_code, second.status_code) == (201, 201)
    body = first.json()
    shown = {name: body.get(name) for name in ("post_id", "text")}
    assert shown == {"post_id": post["id"], "text": text}
    assert body["id"] != second.json()["id"], "two comments have one id"
    assert soon(lambda: len(comment_mails(mailbox, author, post)) == 2), (
        f"two mails 'New comment: {post['title']}' to the author were expected; "
        f"she got {[str(mail['Subject']) for mail in mailbox.to(author)]}"
    )
    texts = [mail.get_content().replace("\r\n", "\n") for mail in comment_mails(mailbox, author, post)]
    assert [word for word in (text, "Zażółć\nand a second line") if not any(word in body for body in texts)] == [], (
        "a mail doesn't have the comment's text"
    )


def test_a_slow_mailbox_delays_nothing(client: Client, mailbox: Mailbox, unique: Callable[[str], str]) -> None:
    """When the mail server is slow, the response to a comment doesn't wait for it."""
    author, post = published(client, unique)
    mailbox.wait_for(author, count=2)
    mailbox.delay = 0.5

    response = client.post(f"/posts/{post['id']}/comments", json={"text": "Slowly"})
    arrived = len(comment_mails(mailbox, author, post))
    mailbox.delay = 0

    assert response.status_code == 201
    assert arrived == 0, "the response waited for the mail: the route sent it, not a task"
    assert soon(lambda: comment_mails(mailbox, author, post)), "the mail never arrived"


def test_a_mailbox_that_is_down_costs_one_line(fresh_app: Callable[..., Client], unique: Callable[[str], str]) -> None:
    """When the mail server is down, a comment is answered by 201 and leaves exactly one log line."""
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        client = fresh_app(SMTP_PORT=str(nobody_listens.getsockname()[1]))
        author, post = published(client, unique)

        def lines() -> list[str]:
            return [line for line in client.app.log.splitlines() if author in line]

        assert soon(lambda: len(lines()) == 2), "registration and post leave one line each"
        responses = []
        for count in (3, 4, 5):
            responses.append(client.post(f"/posts/{post['id']}/comments", json={"text": "Lost"}).status_code)
            soon(lambda count=count: len(lines()) >= count)  # type: ignore[misc]

        escaped = "Exception in ASGI application" in client.app.log
    assert responses == [201, 201, 201]
    assert not escaped, "an error left the task: see the traceback in the app's log"
    assert len(lines()[2:]) == 3, f"three comments, one line each; the log says {lines()[2:]}"


def test_a_comment_needs_its_post(client: Client) -> None:
    """A comment on a post that doesn't exist is refused with 404."""
    response = client.post("/posts/999999/comments", json={"text": "Hello?"})

    assert (response.status_code, response.json()) == (404, {"detail": "Post not found"})


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "x" * 1001}], ids=["missing", "empty", "long"])
def test_a_comment_needs_a_text(client: Client, unique: Callable[[str], str], body: dict[str, str]) -> None:
    """A comment whose text is missing, empty or longer than 1000 characters is refused with 422."""
    _, post = published(client, unique)

    refused = client.post(f"/posts/{post['id']}/comments", json=body)
    longest = client.post(f"/posts/{post['id']}/comments", json={"text": "x" * 1000})

    assert (refused.status_code, longest.status_code) == (422, 201)
