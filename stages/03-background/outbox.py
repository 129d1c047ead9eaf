"""An outbox: a mail that mustn't be lost is a row, in the same commit as its reason."""

from threading import Lock

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from main import Base, engine, send_mail


class OutboxMail(Base):
    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    to: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]


Base.metadata.create_all(engine)
turn = Lock()  # two tasks at once would send each mail twice


def deliver() -> None:
    """Send what's waiting, and forget each mail when it's sent."""
    with turn:
        columns = OutboxMail.id, OutboxMail.to, OutboxMail.subject, OutboxMail.text
        with Session(engine) as session:
            waiting = session.execute(select(*columns)).all()
        for row_id, *mail in waiting:
            if not send_mail(*mail):
                return  # the next call tries again
            with Session(engine) as session:
                session.execute(delete(OutboxMail).where(OutboxMail.id == row_id))
                session.commit()
