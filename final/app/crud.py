"""Reading and writing rows. Knows nothing of HTTP.

Functions that read one row leave the transaction open, for the caller to read more; the others commit.
"""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from .database import Base
from .models import LoginAttempt, Post, User

Row = TypeVar("Row", bound=Base)


def fetch(db: Session, query: Select[Row]) -> Sequence[Row]:
    """Return the rows, and give the connection back: making the reply of them may have to wait for a thread."""
    rows = db.scalars(query).all()
    db.commit()
    return rows


def save(db: Session, row: Base) -> None:
    """Write a new or changed row."""
    db.add(row)
    db.commit()


def try_save(db: Session, row: Base) -> bool:
    """Write it; False if one of its unique values is taken."""
    try:
        save(db, row)
    except IntegrityError:
        db.rollback()
        return False
    return True


def change(row: Base, changes: BaseModel) -> None:
    """Give the row the values that `changes` names."""
    for name, value in changes.model_dump(exclude_none=True).items():
        setattr(row, name, value)


def delete(db: Session, row: Base) -> None:
    db.delete(row)
    db.commit()


def get_user(db: Session, user_id: int) -> User | None:
    return db.get(User, user_id)


def get_user_by_email(db: Session, email: str) -> User | None:
    return db.scalar(select(User).where(User.email == email))


def get_users(db: Session, skip: int, limit: int) -> Sequence[User]:
    return fetch(db, select(User).order_by(User.id).offset(skip).limit(limit))


def visible_to(viewer: User | None) -> ColumnElement[bool]:
    """Published posts are everybody's, drafts their author's."""
    if viewer is None:
        return Post.published.is_(True)
    return or_(Post.published.is_(True), Post.author_id == viewer.id)


def get_post(db: Session, post_id: int, viewer: User | None) -> Post | None:
    """The post with its author, if `viewer` may see it."""
    wanted = select(Post).where(Post.id == post_id, visible_to(viewer))
    return db.scalar(wanted.options(joinedload(Post.author, innerjoin=True)))


def get_posts(db: Session, viewer: User | None, skip: int, limit: int, **only: int | bool | None) -> Sequence[Post]:
    """The visible posts whose columns have the values in `only`; None asks for any."""
    wanted = {column: value for column, value in only.items() if value is not None}
    query = select(Post).where(visible_to(viewer)).filter_by(**wanted)
    return fetch(db, query.order_by(Post.id).offset(skip).limit(limit))


def get_login_attempts(db: Session, skip: int, limit: int) -> Sequence[LoginAttempt]:
    """The newest first."""
    return fetch(db, select(LoginAttempt).order_by(LoginAttempt.id.desc()).offset(skip).limit(limit))


def count_rows(db: Session) -> dict[str, int]:
    counted = select(
        select(func.count()).select_from(User).scalar_subquery().label("users"),
        select(func.count()).select_from(Post).scalar_subquery().label("posts"),
        select(func.count()).where(Post.published.is_(True)).scalar_subquery().label("published"),
    )
    found = dict(db.execute(counted).one()._mapping)
    db.commit()
    return found
