"""The settings, from the environment or a file `.env`; see `.env.example`."""

import re
import sys
from difflib import get_close_matches
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import Url
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

EXAMPLE_SECRETS = (
    "for-development-only-not-a-secret",
    "put-the-output-of-the-command-above-here",
)
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
        example = "write each like https://example.com, commas between them"
        raise ValueError(f"{given!r} is no origin; {example}")
    if sent != given:
        raise ValueError(f"no browser sends {given!r}, but {sent!r}")
    return given


def check_database(given: str) -> str:
    takes = "takes sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    if not given.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError(takes)
    try:
        url = make_url(given)
        timeout = float(str(url.query.get("timeout", 0)))
    except (ArgumentError, ValueError):
        raise ValueError(takes) from None
    if url.get_backend_name() == "sqlite":
        if url.query.keys() - {"timeout"} or not 0 <= timeout <= 3600:
            raise ValueError(f"{takes}; behind FILE only ?timeout=SECONDS, up to 3600")
        if url.database in (None, "", ":memory:"):
            raise ValueError(f"{takes}; in memory, each connection has its own tables")
        file = Path(url.database).absolute()
        if file.is_dir():
            raise ValueError(f"{file} is a folder; name a file")
        if not file.parent.is_dir():
            raise ValueError(f"there's no folder {file.parent}")
    return given


def check_folder(given: Path) -> Path:
    """Refuse a folder that can't be made, and one that would publish our own files."""
    folders = [given.absolute(), *given.absolute().parents]
    if not next(folder for folder in folders if folder.exists()).is_dir():
        raise ValueError(f"{given} is a file, or below one; name a folder")
    if Path.cwd().is_relative_to(given.resolve()):
        raise ValueError("everyone could read the app's own files; name another folder")
    return given


Origins = Annotated[
    list[Annotated[str, AfterValidator(check_origin)]],
    NoDecode,
    BeforeValidator(split_origins),
]
Port = Annotated[int, Field(ge=1, le=65535)]
YEAR = 365 * 24 * 60  # minutes


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",
        extra="ignore",
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = "development"
    secret_key: str = Field(default=EXAMPLE_SECRETS[0], min_length=32)
    token_minutes: Annotated[int, Field(gt=0, le=YEAR)] = 30
    database_url: Annotated[str, AfterValidator(check_database)] = "sqlite:///blog.db"
    allowed_origins: Origins = ["http://localhost:3000"]  # in production none
    api_key: str = ""  # empty: no one enters /internal
    upload_dir: Annotated[Path, AfterValidator(check_folder)] = Path("uploads")
    smtp_host: str = ""  # empty: mail is logged and not sent
    smtp_port: Port = 25
    smtp_user: str = ""  # with a user: TLS, then login
    smtp_password: str = ""
    mail_from: str = "blog@example.com"
    # What OWASP recommends: docs/final-why.md#passwords
    argon2_time_cost: Annotated[int, Field(ge=1, le=1000)] = 2
    argon2_memory_cost: Annotated[int, Field(ge=8, le=2**22)] = 19 * 1024  # KiB
    argon2_parallelism: Annotated[int, Field(ge=1, le=256)] = 1

    @model_validator(mode="after")
    def allow_no_origin_in_production(self) -> Self:
        by_default = "allowed_origins" not in self.model_fields_set
        if by_default and self.environment == "production":
            self.allowed_origins = []
        return self

    @model_validator(mode="after")
    def give_each_lane_memory(self) -> Self:
        if self.argon2_memory_cost < 8 * self.argon2_parallelism:
            raise ValueError("ARGON2_MEMORY_COST: takes 8 * ARGON2_PARALLELISM or more")
        return self

    @model_validator(mode="after")
    def refuse_known_secrets(self) -> Self:
        if self.environment == "production" and self.secret_key in EXAMPLE_SECRETS:
            why = "everyone knows this one, and could sign tokens with it"
            raise ValueError(f"SECRET_KEY: {why}; make your own")
        return self

    @field_validator(
        "secret_key",
        "database_url",
        "api_key",
        "smtp_host",
        "smtp_user",
        "smtp_password",
        "mail_from",
        mode="before",
    )
    @classmethod
    def refuse_what_cannot_be_sent(cls, given: str) -> str:
        if not given.isprintable():  # nor is half a character, which can't be encoded
            raise ValueError("takes UTF-8 in one line, without control characters")
        return given

    @field_validator("mail_from")
    @classmethod
    def need_an_address(cls, given: str) -> str:
        if "@" not in parseaddr(given)[1]:
            raise ValueError("takes an address, like Blog <blog@example.com>")
        return given


def load_settings() -> Settings:
    """Read the settings; end the program if one is wrong, and say what it accepts."""
    try:
        check_env_file()
        return Settings()
    except ValidationError as exc:
        wrong: dict[str, str] = {}  # of several wrong origins, the first
        for each in exc.errors():
            why = each["msg"].removeprefix("Value error, ")
            wrong.setdefault(prefix(each["loc"]), why)
    except (OSError, ValueError) as exc:
        wrong = {"": str(exc)}
    said = ["The app does not start, because of its settings:"]
    said += [name + why for name, why in wrong.items()]
    raise SystemExit("\n  ".join(said))


def check_env_file() -> None:
    """Raise ValueError if .env isn't UTF-8; warn of names that are nearly settings."""
    try:
        text = ENV_FILE.read_text(encoding="utf-8-sig") if ENV_FILE.is_file() else ""
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        said = f"{ENV_FILE.absolute()} is not in UTF-8: save it with that encoding"
        raise ValueError(said)
    known = [name.upper() for name in Settings.model_fields]
    for name in re.findall(r"^\s*(?:export\s+)?(\w+)\s*=", text, re.MULTILINE):
        close = get_close_matches(name.upper(), known, n=1, cutoff=0.85)
        if close and name.upper() not in known:
            said = f"{ENV_FILE}: {name} isn't a setting. Is {close[0]} meant?"
            print(said, file=sys.stderr)


def prefix(loc: tuple[int | str, ...]) -> str:
    """Return the setting's name and a colon; what spans several names them itself."""
    return f"{loc[0]}: ".upper() if loc else ""


settings = load_settings()
UPLOADS = settings.upload_dir.resolve()
