"""Settings, from the environment. They only fill main.py's lists: read that first."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, model_validator
from pydantic_core import Url
from pydantic_settings import BaseSettings, NoDecode

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
    if given != "*" and not ORIGIN.fullmatch(sent):
        raise ValueError(f"{given!r} is no origin; write it like http://localhost:3000")
    if given not in ("*", sent):
        raise ValueError(f"no browser sends {given!r}, but {sent!r}")
    return given


Origins = Annotated[
    list[Annotated[str, AfterValidator(check_origin)]],
    NoDecode,
    BeforeValidator(split_origins),
]


class Settings(BaseSettings):
    environment: Literal["development", "production"] = "development"
    # With commas between them; in production there are none by default.
    allowed_origins: Origins = ["http://localhost:3000", "http://127.0.0.1:3000"]
    allow_credentials: bool = True

    @model_validator(mode="after")
    def allow_no_origin_in_production(self) -> Self:
        by_default = "allowed_origins" not in self.model_fields_set
        if by_default and self.environment == "production":
            self.allowed_origins = []
        return self

    @model_validator(mode="after")
    def refuse_any_origin_with_credentials(self) -> Self:
        if "*" in self.allowed_origins and self.allow_credentials:
            why = "with '*' any site could read what your users see"
            raise ValueError(f"ALLOWED_ORIGINS: {why}; name the origins")
        return self


settings = Settings()
