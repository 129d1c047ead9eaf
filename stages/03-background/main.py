"""Background tasks: work that begins when the reply has been sent."""

import logging
import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response, exceptions, responses
from passlib.context import CryptContext
from pydantic import BaseModel, EmailStr, Field
from pydantic_settings import BaseSettings
from sqlalchemy import ForeignKey, create_engine, exc, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker


class Settings(BaseSettings):
    smtp_host: str = ""
    smtp_port: int = 25
    pool_size: int = 40  # one per thread: nobody waits for a connection whose holder waits for a thread
    argon2_kib: int = 65536


settings = Settings()
passwords = CryptContext(["argon2"], argon2__memory_cost=settings.argon2_kib)
engine = create_engine("sqlite:///blog.db", pool_size=settings.pool_size, max_overflow=0, pool_timeout=2)
new_session = sessionmaker(engine)

logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
logging.Formatter.converter = time.gmtime  # UTC
log, login_log = logging.getLogger("blog"), logging.getLogger("login")
login_log.addHandler(login_file := logging.FileHandler("login.log", encoding="utf-8"))
login_file.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%SZ"))


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    hashed_password: Mapped[str]


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped[User] = relationship()


Base.metadata.create_all(engine)


Line = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\p{Cc}\p{Zl}\p{Zp}]+$")]


class Person(BaseModel):
    name: Line
    email: EmailStr


class NewUser(Person):
    password: Annotated[str, Field(min_length=8, max_length=100)]


class Credentials(BaseModel):
    email: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=100)]


class UserOut(Person):
    id: int


class NewPost(BaseModel):
    author_id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    title: Line


class PostOut(NewPost):
    id: int


def get_session() -> Iterator[Session]:
    with new_session() as session:
        yield session


async def invalid(_: Request, exc: exceptions.RequestValidationError) -> Response:  # FastAPI's own fails on deep JSON
    return responses.JSONResponse({"detail": [{k: e[k] for k in ("loc", "msg", "type")} for e in exc.errors()]}, 422)


app = FastAPI(title="Background tasks", exception_handlers={exceptions.RequestValidationError: invalid})
SessionDep = Annotated[Session, Depends(get_session, scope="function")]  # closed before the reply, not after the tasks


def send_mail(to: str, subject: str, text: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "blog@example.com", to, subject
    message.set_content(text)
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, "localhost", timeout=10) as server:
            server.send_message(message)
        log.info("mail %r to %s sent", subject, to)
    except OSError as error:  # smtplib's own errors are OSErrors too
        log.error("mail %r to %s not sent: %s", subject, to, error)


def send_welcome(user_id: int) -> None:
    with new_session() as session:
        user = session.get_one(User, user_id)
    send_mail(user.email, "Welcome", f"Hello {user.name}, your account is ready.")


def mail_author(post_id: int) -> None:
    with new_session() as session:
        post = session.get_one(Post, post_id)
        to, title = post.author.email, post.title
    send_mail(to, f"Published: {title}", "Your post is online.")


def add_to_feed(post_id: int) -> None:
    with new_session() as session:
        title = session.get_one(Post, post_id).title
    with Path("feed.txt").open("a", encoding="utf-8") as feed:
        feed.write(f"{title}\n")
    log.info("feed got %r", title)


def mail_subscribers(post_id: int) -> None:
    with new_session() as session:
        title = session.get_one(Post, post_id).title
    send_mail("subscribers@example.com", f"New post: {title}", "Read it on the blog.")


@app.post("/users/register", status_code=201, response_model=UserOut)
def register(new: NewUser, session: SessionDep, tasks: BackgroundTasks) -> User:
    session.add(user := User(name=new.name, email=new.email.lower(), hashed_password=passwords.hash(new.password)))
    try:
        session.commit()
    except exc.IntegrityError:
        raise HTTPException(409, "Email already registered") from None
    tasks.add_task(send_welcome, user.id)
    return user


@app.post("/auth/login", response_model=UserOut)
def login(given: Credentials, request: Request, session: SessionDep, tasks: BackgroundTasks) -> User | Response:
    user = session.scalar(select(User).where(User.email == given.email.lower()))
    right = passwords.verify(given.password, user.hashed_password) if user else passwords.dummy_verify()
    address = request.client.host if request.client else "-"
    tasks.add_task(login_log.info, "login %s %r from %r", "ok" if right else "failed", given.email, address)
    return user if user and right else responses.JSONResponse({"detail": "Invalid credentials"}, 401)


@app.post("/posts", status_code=201, response_model=PostOut)
def publish(new: NewPost, session: SessionDep, tasks: BackgroundTasks) -> Post:
    if session.get(User, new.author_id) is None:
        raise HTTPException(404, "Author not found")
    session.add(post := Post(**new.model_dump()))
    session.commit()
    tasks.add_task(mail_author, post.id)
    tasks.add_task(add_to_feed, post.id)
    tasks.add_task(mail_subscribers, post.id)
    return post
