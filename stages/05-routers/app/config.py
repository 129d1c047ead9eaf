"""Settings, only from the environment."""

import secrets
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    # By default each start makes its own: with a known one, anyone could sign tokens.
    secret_key: str = Field(
        default_factory=lambda: secrets.token_urlsafe(32), min_length=32
    )
    token_minutes: Annotated[int, Field(ge=1, le=525_600)] = 30  # a year at most
    upload_dir: Path = Path("uploads")
    max_upload_bytes: PositiveInt = 5 * 1024 * 1024
    argon2_time_cost: PositiveInt = 2
    argon2_memory_cost: PositiveInt = 19 * 1024  # KiB
    argon2_parallelism: PositiveInt = 1


settings = Settings()
UPLOADS = settings.upload_dir.resolve()
