"""The tables."""

from datetime import UTC, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .database import Base, UtcDateTime


def now() -> datetime:
    return datetime.now(UTC)


class User(Base):
    __tablename__ = "users"
    # Otherwise SQLite gives a deleted user's id, and so their token, to the next.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    hashed_password: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[str]
    published: Mapped[bool]
    author_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)

    author: Mapped[User] = relationship()


class LoginAttempt(Base):
    """One login, successful or not: who tries which accounts, and from where.

    This is the only place that keeps emails and addresses of logins; the log has ids.
    It outlives the user, because an audit that a deletion empties proves nothing.
    """

    __tablename__ = "login_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    email: Mapped[str] = mapped_column(String(254))
    success: Mapped[bool]
    address: Mapped[str] = mapped_column(String(100))
