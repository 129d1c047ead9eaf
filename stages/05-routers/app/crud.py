"""Reading and writing rows. Nothing here is about HTTP."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from .models import Base, Post, User

Row = TypeVar("Row", bound=Base)


def fetch(session: Session, query: Select[Row]) -> Sequence[Row]:
    """Return the rows and give the connection back, before waiting for a thread."""
    rows = session.scalars(query).all()
    session.commit()
    return rows


def save(session: Session, row: Base) -> None:
    """Write a new or changed row."""
    session.add(row)
    session.commit()


def try_save(session: Session, row: Base) -> bool:
    """Write it; False if one of its unique values is taken."""
    try:
        save(session, row)
    except IntegrityError:
        session.rollback()
        return False
    return True


def change(row: Base, changes: BaseModel) -> None:
    """Give the row the values that `changes` names."""
    for name, value in changes.model_dump(exclude_unset=True).items():
        setattr(row, name, value)


def delete(session: Session, row: Base) -> None:
    session.delete(row)
    session.commit()


def get_user(session: Session, user_id: int) -> User | None:
    return session.get(User, user_id)


def get_user_by_email(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == email))


def get_users(session: Session, skip: int, limit: int) -> Sequence[User]:
    return fetch(session, select(User).order_by(User.id).offset(skip).limit(limit))


def visible_to(viewer: User | None) -> ColumnElement[bool]:
    """Return the filter: everyone sees published posts, and only its author a draft."""
    if viewer is None:
        return Post.published.is_(True)
    return or_(Post.published.is_(True), Post.author_id == viewer.id)


def get_post(session: Session, post_id: int, viewer: User | None) -> Post | None:
    """Return the post with its author, if `viewer` may see it."""
    wanted = select(Post).where(Post.id == post_id, visible_to(viewer))
    return session.scalar(wanted.options(joinedload(Post.author, innerjoin=True)))


def get_posts(
    session: Session,
    viewer: User | None,
    skip: int,
    limit: int,
    **only: int | bool | None,
) -> Sequence[Post]:
    """Return visible posts whose columns have the values in `only`; None means any."""
    wanted = {column: value for column, value in only.items() if value is not None}
    query = select(Post).where(visible_to(viewer)).filter_by(**wanted)
    return fetch(session, query.order_by(Post.id).offset(skip).limit(limit))
