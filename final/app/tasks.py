"""Work after the reply. A task takes ids, opens its own session, and keeps its failures to itself."""

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
        with Session(reader) as db:
            user = db.get(User, user_id)
        if user:
            send_mail(user.email, "Welcome", f"Hello {user.name},\n\nyour account is ready.")
    except Exception:  # a task that fails would take those after it along
        log.exception("user %d was not welcomed", user_id)


def send_mail(to: str, subject: str, text: str) -> None:
    """Send a mail by SMTP; without SMTP_HOST only say so. Raises OSError, of which smtplib's errors are a kind."""
    if not settings.smtp_host:
        log.info("SMTP_HOST is not set: the mail %r to %s is not sent", subject, to)
        return
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, to, subject
    message.set_content(text)
    with smtplib.SMTP(settings.smtp_host, settings.smtp_port, "localhost", timeout=10) as server:
        if settings.smtp_user:
            server.starttls(context=ssl.create_default_context())
            server.login(settings.smtp_user, settings.smtp_password)
        server.send_message(message)
    log.info("mail %r to %s sent", subject, to)


def record_login(email: str, success: bool, address: str) -> None:
    """Write a login attempt down, in a session of its own: the refusal that follows undoes nothing of it."""
    log.info("login %s %s from %s", "ok" if success else "failed", email, address)
    try:
        with Session(engine) as db:
            db.add(LoginAttempt(email=email, success=success, address=address))
            db.commit()
    except Exception:
        log.exception("this login is not in the audit")
