"""The settings, from the environment or a file `.env`; `.env.example` explains each. And what the log looks like."""

import logging
import re
import sys
import time
from contextvars import ContextVar
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, ValidationError, model_validator
from pydantic_core import Url
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

EXAMPLE_SECRETS = ("for-development-only-not-a-secret", "put-the-output-of-the-command-above-here")
ENV_FILE = Path(".env")
ORIGIN = re.compile(r"(?!(wss?|ftp|file|data|blob):)[a-z][a-z0-9+.-]*://[^/?#@*]+")


def split_origins(given: str | list[str]) -> list[str]:
    return re.findall(r"[^\s,]+", given) if isinstance(given, str) else given


def check_origin(given: str) -> str:
    """Refuse what no Origin header is equal to. Pydantic reads URLs as browsers do."""
    if given == "null":
        raise ValueError("any local file and any sandboxed page sends 'null'")
    try:
        sent = str(Url(given)).removesuffix("/").lower()
    except ValueError:
        sent = ""
    if not ORIGIN.fullmatch(sent):
        raise ValueError(f"{given!r} is no origin; write each like https://example.com, commas between them")
    if sent != given:
        raise ValueError(f"no browser sends {given!r}, but {sent!r}")
    return given


def check_database(given: str) -> str:
    if not given.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("takes sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME")
    return given


Origins = Annotated[list[Annotated[str, AfterValidator(check_origin)]], NoDecode, BeforeValidator(split_origins)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8-sig", extra="ignore", hide_input_in_errors=True
    )

    environment: Literal["development", "production"] = "development"
    secret_key: str = Field(default=EXAMPLE_SECRETS[0], min_length=32)
    token_minutes: PositiveInt = 30
    database_url: Annotated[str, AfterValidator(check_database)] = "sqlite:///blog.db"
    allowed_origins: Origins = ["http://localhost:3000"]  # in production none
    api_key: str = ""  # empty: nobody enters /internal
    upload_dir: Path = Path("uploads")
    smtp_host: str = ""  # empty: mail is logged and not sent
    smtp_port: Port = 25
    smtp_user: str = ""  # with a user: TLS, then login
    smtp_password: str = ""
    mail_from: str = "blog@example.com"
    # What OWASP recommends: 40 logins at once then take 760 MB. The default of argon2 would take 2.5 GB.
    argon2_time_cost: PositiveInt = 2
    argon2_memory_cost: Annotated[int, Field(ge=8)] = 19 * 1024  # KiB
    argon2_parallelism: PositiveInt = 1

    @model_validator(mode="after")
    def allow_no_origin_in_production(self) -> Self:
        if self.environment == "production" and "allowed_origins" not in self.model_fields_set:
            self.allowed_origins = []
        return self

    @model_validator(mode="after")
    def refuse_known_secrets(self) -> Self:
        if self.environment == "production" and self.secret_key in EXAMPLE_SECRETS:
            raise ValueError("SECRET_KEY: everybody knows this one, and could sign tokens with it; make your own")
        return self


def load_settings() -> Settings:
    """Read the settings. One that is wrong ends the program, with its name and what it accepts."""
    try:
        check_env_file()
        return Settings()
    except ValidationError as error:
        said = [f"{_name(each['loc'])}{each['msg'].removeprefix('Value error, ')}" for each in error.errors()]
    except (OSError, ValueError) as error:
        said = [str(error)]
    raise SystemExit("\n  ".join(["The app does not start, because of its settings:", *said]))


def check_env_file() -> None:
    """Raise ValueError if .env can't be read as UTF-8; warn of a name in it that is nearly a setting's."""
    try:
        text = ENV_FILE.read_text(encoding="utf-8-sig") if ENV_FILE.is_file() else ""
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(f"{ENV_FILE.absolute()} is not in UTF-8: save it with that encoding")
    known = [name.upper() for name in Settings.model_fields]
    for name in re.findall(r"^\s*(?:export\s+)?(\w+)\s*=", text, re.MULTILINE):
        if name.upper() not in known and (close := get_close_matches(name.upper(), known, 1, 0.85)):
            print(f"{ENV_FILE}: {name} is no setting. Is {close[0]} meant?", file=sys.stderr)


def _name(loc: tuple[int | str, ...]) -> str:
    return f"{loc[0]}: ".upper() if loc else ""


settings = load_settings()
UPLOADS = settings.upload_dir.resolve()

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class LogFormatter(logging.Formatter):
    """A line is one line, in UTC, and names the request that it belongs to; only a traceback has several."""

    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802, the name that logging calls
        record.request_id = request_id.get()
        if not record.message.isprintable():
            record.message = "".join(c if c.isprintable() else repr(c)[1:-1] for c in record.message)
        return super().formatMessage(record)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": partial(LogFormatter, "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"),
            "datefmt": "%Y-%m-%dT%H:%M:%SZ",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "blog": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        "uvicorn.access": {"handlers": [], "propagate": False},  # ours says more, and counts to the last byte
    },
}
