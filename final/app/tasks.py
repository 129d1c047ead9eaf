"""Work after the reply. A task takes ids and keeps its failures to itself."""

import logging
import smtplib
import ssl
from email.message import EmailMessage

from sqlalchemy.orm import Session

from .config import settings
from .database import engine, reader
from .models import LoginAttempt, User

log = logging.getLogger("blog.tasks")


def send_welcome(user_id: int) -> None:
    """Welcome a new user by mail."""
    try:
        with Session(reader) as session:
            user = session.get(User, user_id)
        if user:
            text = f"Hello {user.name},\n\nyour account is ready."
            send_mail(user.email, "Welcome", text)
    except Exception:  # a task that fails would take those after it along
        log.exception("user %d was not welcomed", user_id)


def send_mail(to: str, subject: str, text: str) -> None:
    """Send a mail by SMTP, or only say so without SMTP_HOST. Raise OSError."""
    if not settings.smtp_host:
        log.info("SMTP_HOST is not set: the mail %r is not sent", subject)
        return
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = to
    message["Subject"] = subject
    message.set_content(text)
    host, port = settings.smtp_host, settings.smtp_port
    try:
        with smtplib.SMTP(host, port, "localhost", timeout=10) as server:
            if settings.smtp_user:
                server.starttls(context=ssl.create_default_context())
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(message)
    except smtplib.SMTPException as exc:  # its text names the recipient
        raise OSError(f"the mail server refused: {type(exc).__name__}") from None
    log.info("mail %r sent", subject)


def record_login(email: str, success: bool, address: str) -> None:
    """Write a login down in its own session, so that a refusal can't undo it."""
    try:
        with Session(engine) as session:
            attempt = LoginAttempt(email=email, success=success, address=address[:100])
            session.add(attempt)
            session.commit()
            log.info("login %s, attempt %d", "ok" if success else "failed", attempt.id)
    except Exception:
        log.exception("this login is not in the audit")
