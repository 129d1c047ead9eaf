"""Passwords and tokens."""

from datetime import UTC, datetime, timedelta

from jose import JWTError, jwt
from passlib.context import CryptContext

from .config import settings

ALGORITHM = "HS256"
MAX_ID = 2**31 - 1
passwords = CryptContext(
    schemes=["argon2"],
    argon2__time_cost=settings.argon2_time_cost,
    argon2__memory_cost=settings.argon2_memory_cost,
    argon2__parallelism=settings.argon2_parallelism,
)


def hash_password(password: str) -> str:
    return passwords.hash(password)


def verify_password(password: str, hashed: str | None) -> bool:
    """Return False if there's no hash, with as much work: timing gives nothing away."""
    return passwords.verify(password, hashed)


def create_token(user_id: int) -> str:
    expires = datetime.now(UTC) + timedelta(minutes=settings.token_minutes)
    claims = {"sub": str(user_id), "exp": expires}
    return jwt.encode(claims, settings.secret_key, algorithm=ALGORITHM)


def read_token(token: str) -> int | None:
    """Return the id of the user whom a sound token names; None for any other token."""
    required = {"require_exp": True, "require_sub": True, "leeway": 0}
    try:
        claims = jwt.decode(
            token, settings.secret_key, algorithms=[ALGORITHM], options=required
        )
        user_id = int(claims["sub"])
    # jose lets some through: `exp: null`, `exp: 1e999`, a `sub` of words, deep JSON.
    except (JWTError, TypeError, ValueError, OverflowError, RecursionError):
        return None
    return user_id if 1 <= user_id <= MAX_ID else None
