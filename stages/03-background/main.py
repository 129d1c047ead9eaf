"""Background tasks: work that begins when the response has been sent."""

import logging
import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from passlib.context import CryptContext
from pydantic import AfterValidator, BaseModel, EmailStr, Field
from pydantic_settings import BaseSettings
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Settings(BaseSettings):
    smtp_host: str = ""
    smtp_port: int = 25
    pool_size: int = 40  # a connection for each thread that runs routes and tasks
    argon2_memory_cost: int = 19 * 1024  # KiB


settings = Settings()
passwords = CryptContext(
    ["argon2"], argon2__memory_cost=settings.argon2_memory_cost, argon2__parallelism=1
)
engine = create_engine(
    "sqlite:///blog.db",
    pool_size=settings.pool_size,
    max_overflow=0,
    pool_timeout=2,
    connect_args={"timeout": 15},  # seconds that a writer waits for its turn
)

logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
log, login_log = logging.getLogger("blog"), logging.getLogger("login")
login_file = logging.FileHandler("login.log", encoding="utf-8")
login_line = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
login_line.converter = time.gmtime  # UTC
login_file.setFormatter(login_line)
login_log.addHandler(login_file)


class Base(DeclarativeBase):
    pass


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


Base.metadata.create_all(engine)  # from stage 04 on: in a lifespan


def refuse_code(text: str) -> str:
    """Refuse =?utf-8?q?=0A?= and the like: a mail's header makes a line break of it."""
    if "=?" in text:
        raise ValueError("takes no =?")
    return text


# No control characters, and no other ends of line: it goes into a mail's header.
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
OneLine = Field(min_length=1, max_length=100, pattern=ONE_LINE)
Line = Annotated[str, OneLine, AfterValidator(refuse_code)]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class UserCreate(BaseModel):
    name: Line
    email: Annotated[EmailStr, AfterValidator(refuse_code)]
    password: Annotated[str, Field(min_length=8, max_length=100)]


class LoginRequest(BaseModel):
    email: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=100)]


class UserPublic(BaseModel):  # no rules: what is stored has passed them
    name: str
    email: str
    id: int


class PostCreate(BaseModel):
    author_id: RowId
    title: Line


class PostPublic(BaseModel):
    author_id: int
    title: str
    id: int


def get_session() -> Iterator[Session]:
    # What's been written is kept: reading it again for the response takes a connection.
    with Session(engine, expire_on_commit=False) as session:
        yield session


# scope="function": closed before the response, not after the tasks
SessionDep = Annotated[Session, Depends(get_session, scope="function")]
app = FastAPI(title="Background tasks", max_body_size=256 * 1024)


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Name what's wrong, and send nothing back: half an emoji can't be encoded."""
    errors = [{key: e[key] for key in ("loc", "msg", "type")} for e in exc.errors()]
    return JSONResponse({"detail": errors}, status_code=422)


def send_mail(to: str, subject: str, text: str) -> bool:
    """Return whether it was sent. Raising would take the tasks after this one along."""
    try:
        message = EmailMessage()
        message["From"] = "blog@example.com"
        message["To"] = to
        message["Subject"] = subject
        message.set_content(text)
        host, port = settings.smtp_host, settings.smtp_port
        with smtplib.SMTP(host, port, "localhost", timeout=10) as server:
            server.send_message(message)
    except Exception as exc:
        log.error("mail %r to %s not sent: %s", subject, to, exc)
        return False
    log.info("mail %r to %s sent", subject, to)
    return True


def send_welcome(user_id: int) -> None:
    with Session(engine) as session:
        user = session.get_one(User, user_id)
        to, name = user.email, user.name
    send_mail(to, "Welcome", f"Hello {name}, your account is ready.")


def mail_author(post_id: int) -> None:
    with Session(engine) as session:
        post = session.get_one(Post, post_id)
        to, title = post.author.email, post.title
    send_mail(to, f"Published: {title}", "Your post is online.")


def add_to_feed(post_id: int) -> None:
    with Session(engine) as session:
        title = session.get_one(Post, post_id).title
    with Path("feed.txt").open("a", encoding="utf-8") as feed:
        feed.write(f"{title}\n")
    log.info("feed got %r", title)


def mail_subscribers(post_id: int) -> None:
    with Session(engine) as session:
        title = session.get_one(Post, post_id).title
    send_mail("subscribers@example.com", f"New post: {title}", "Read it on the blog.")


@app.post("/users/register", status_code=201, response_model=UserPublic)
def register(
    new: UserCreate, session: SessionDep, background_tasks: BackgroundTasks
) -> User:
    hashed = passwords.hash(new.password)
    user = User(name=new.name, email=new.email.lower(), hashed_password=hashed)
    session.add(user)
    try:
        session.commit()
    except IntegrityError:
        detail = "Email already registered"
        raise HTTPException(status_code=409, detail=detail) from None
    background_tasks.add_task(send_welcome, user.id)
    return user


@app.post("/auth/login", response_model=UserPublic)
def login(
    credentials: LoginRequest,
    request: Request,
    session: SessionDep,
    background_tasks: BackgroundTasks,
) -> User | Response:
    user = session.scalar(select(User).where(User.email == credentials.email.lower()))
    hashed = user.hashed_password if user else None
    session.commit()  # gives the connection back: no one waits for it while this hashes
    # Without a user, passlib works as long on a dummy hash, and returns False.
    is_right = passwords.verify(credentials.password, hashed)
    address = request.client.host if request.client else "-"
    outcome = "ok" if is_right else "failed"
    line = "login %s %r from %r"
    background_tasks.add_task(login_log.info, line, outcome, credentials.email, address)
    if user is None or not is_right:
        return JSONResponse({"detail": "Invalid credentials"}, status_code=401)
    return user


@app.post("/posts", status_code=201, response_model=PostPublic)
def publish(
    new: PostCreate, session: SessionDep, background_tasks: BackgroundTasks
) -> Post:
    if session.get(User, new.author_id) is None:
        raise HTTPException(status_code=404, detail="Author not found")
    post = Post(title=new.title, author_id=new.author_id)
    session.add(post)
    session.commit()
    background_tasks.add_task(mail_author, post.id)
    background_tasks.add_task(add_to_feed, post.id)
    background_tasks.add_task(mail_subscribers, post.id)
    return post
