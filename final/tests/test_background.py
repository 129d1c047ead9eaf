import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from workbook.plugin.client import Client
from workbook.plugin.mailbox import Mailbox
from workbook.plugin.members import PASSWORD, Member
from workbook.serving import ServedApp

KEY = {"X-API-Key": "key-of-the-operators"}


@pytest.fixture(scope="module")
def app_env(
    base_env: dict[str, str], new_database: Callable[[], str], mailbox: Mailbox
) -> dict[str, str]:
    smtp = {
        "SMTP_HOST": mailbox.host,
        "SMTP_PORT": str(mailbox.port),
        "MAIL_FROM": "hello@blog.example",
    }
    return {**base_env, **smtp, "DATABASE_URL": new_database()}


def register(client: Client, name: str) -> dict[str, Any]:
    response = client.post(
        "/auth/register",
        json={"name": name, "email": f"{name}@example.com", "password": PASSWORD},
    )
    assert response.status_code == 201
    return dict(response.json())


def wait_for(app: ServedApp, text: str) -> None:
    deadline = time.monotonic() + 10
    while text not in app.log:
        assert time.monotonic() < deadline, f"no {text!r} in the log:\n{app.log}"
        time.sleep(0.005)


def test_a_new_user_is_welcomed_by_mail(
    client: Client, mailbox: Mailbox, unique: Callable[[str], str]
) -> None:
    """A new user gets one mail, from the address in the settings, with their name."""
    name = unique("ada")

    register(client, name)

    (mail,) = mailbox.wait_for(f"{name}@example.com")
    assert (mail["From"], mail["Subject"]) == ("hello@blog.example", "Welcome")
    assert f"Hello {name}," in mail.get_content()


def test_nobody_waits_for_the_mail(
    client: Client, mailbox: Mailbox, unique: Callable[[str], str]
) -> None:
    """The response comes before the mail is delivered."""
    name = unique("ada")
    with mailbox.held():
        register(client, name)
        assert mailbox.to(f"{name}@example.com") == []

    mailbox.wait_for(f"{name}@example.com")


def test_a_refused_registration_mails_nobody(
    client: Client, ada: Member, mailbox: Mailbox
) -> None:
    """A registration that is refused sends no mail."""
    mailbox.wait_for(ada.email)

    client.post(
        "/auth/register", json={"name": "B", "email": ada.email, "password": PASSWORD}
    )

    other = register(client, f"{ada.name}-after")
    mailbox.wait_for(other["email"])
    assert len(mailbox.to(ada.email)) == 1


def test_a_mail_server_that_is_down_stops_nothing(
    fresh_app: Callable[..., Client],
    new_database: Callable[[], str],
    unique: Callable[[str], str],
) -> None:
    """If the mail server doesn't answer, users still get their account, and the log has the error."""
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        client = fresh_app(
            SMTP_PORT=str(nobody_listens.getsockname()[1]), DATABASE_URL=new_database()
        )

        account = register(client, unique("ada"))

        wait_for(client.app, f"user {account['id']} was not welcomed")
        assert client.get("/").status_code == 200


def test_without_a_mail_server_the_log_says_so(
    fresh_app: Callable[..., Client],
    new_database: Callable[[], str],
    unique: Callable[[str], str],
) -> None:
    """Without SMTP_HOST no mail is sent, and a line in the log says which one."""
    client = fresh_app(SMTP_HOST="", DATABASE_URL=new_database())

    account = register(client, unique("ada"))

    wait_for(client.app, "SMTP_HOST is not set: the mail 'Welcome' is not sent")
    assert account["email"] not in client.app.log


def test_the_log_holds_no_personal_data(
    client: Client, mailbox: Mailbox, unique: Callable[[str], str]
) -> None:
    """The log names users and logins by their ids: no email, no name and no address of theirs is in it."""
    before = client.app.log_size
    account = register(client, unique("ada"))
    mailbox.wait_for(account["email"])
    for password in ("correct horse battery", "wrong wrong wrong"):
        client.post(
            "/auth/login", json={"email": account["email"], "password": password}
        )

    wait_for(client.app, "login failed, attempt ")
    log = client.app.log_since(before)
    assert [
        word for word in (account["email"], account["name"], "127.0.0.1") if word in log
    ] == []


@pytest.fixture
def strict_mailbox(tmp_path: Path) -> Iterator[tuple[Mailbox, dict[str, str]]]:
    """A mail server that accepts mail only after TLS and a login, and the settings that it needs."""
    trustme = pytest.importorskip(
        "trustme", reason="trustme is not installed (uv sync --group tests)"
    )
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    mailbox = Mailbox()

    def login(
        server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"blog", b"s3cret"))

    strict = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=_free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=login,
    )
    strict.start()
    settings = {
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(strict.port),
        "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
    }
    yield mailbox, settings
    strict.stop()
    mailbox.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_mail_server_may_want_tls_and_a_login(
    fresh_app: Callable[..., Client],
    new_database: Callable[[], str],
    strict_mailbox: tuple[Mailbox, dict[str, str]],
    unique: Callable[[str], str],
) -> None:
    """With SMTP_USER mail goes over TLS, whose certificate is checked, and after a login."""
    mailbox, settings = strict_mailbox
    user = {"SMTP_USER": "blog", "SMTP_PASSWORD": "s3cret"}

    client = fresh_app(**settings, **user, DATABASE_URL=new_database())
    account = register(client, unique("ada"))
    mailbox.wait_for(account["email"])

    unknown_authority = {**settings, "SSL_CERT_FILE": ""}
    client = fresh_app(**unknown_authority, **user, DATABASE_URL=new_database())
    account = register(client, unique("ada"))
    wait_for(client.app, "certificate verify failed")
    assert mailbox.to(account["email"]) == []


def test_every_login_is_in_the_audit(client: Client, ada: Member) -> None:
    """Every login is in the audit with its time, email and address, failed ones too, the newest first."""

    def attempts() -> list[dict[str, Any]]:
        response = client.get("/internal/logins?limit=100", headers=KEY)
        assert response.status_code == 200
        return [each for each in response.json() if each["email"] == ada.email]

    def wait_for_attempts(number: int) -> None:
        deadline = time.monotonic() + 10
        while len(attempts()) < number and time.monotonic() < deadline:
            time.sleep(0.01)

    # Each is written after its response: without waiting, the next could overtake it.
    wait_for_attempts(1)  # of the fixture
    for number, password in ((2, PASSWORD), (3, "wrong password")):
        client.post("/auth/login", json={"email": ada.email, "password": password})
        wait_for_attempts(number)
    newest = attempts()
    assert [each["success"] for each in newest] == [False, True, True]
    assert {each["address"] for each in newest} == {"127.0.0.1"}
    assert all(each["at"].endswith("Z") for each in newest)
    assert [each["at"] for each in newest] == sorted(
        (each["at"] for each in newest), reverse=True
    )


def test_a_login_from_an_address_of_any_length_is_in_the_audit(
    client: Client, unique: Callable[[str], str]
) -> None:
    """A login from what a proxy calls an address is in the audit, cut to what the column holds."""
    email = f"{unique('eve')}@example.com"

    client.post(
        "/auth/login",
        json={"email": email, "password": "wrong password"},
        headers={"X-Forwarded-For": "x" * 200},
    )

    listed = client.get("/internal/logins", headers=KEY).json()
    assert [each["address"] for each in listed if each["email"] == email] == ["x" * 100]


def test_a_failed_login_is_written_before_its_refusal(
    client: Client, unique: Callable[[str], str]
) -> None:
    """When the 401 arrives, the failed login is in the audit already: an exception drops background tasks."""
    email = f"{unique('nobody')}@example.com"

    assert (
        client.post(
            "/auth/login", json={"email": email, "password": "wrong password"}
        ).status_code
        == 401
    )

    latest = client.get("/internal/logins?limit=1", headers=KEY).json()
    assert [(each["email"], each["success"]) for each in latest] == [(email, False)]


def test_nobody_forges_a_line(client: Client) -> None:
    """An email with a line break is refused and reaches neither the audit nor the log."""
    before = client.app.log_size
    forged = "a@example.com\n2026-01-01T00:00:00Z INFO login ok root"

    response = client.post("/auth/login", json={"email": forged, "password": PASSWORD})

    assert response.status_code == 422
    assert "login ok root" not in client.app.log_since(before)
