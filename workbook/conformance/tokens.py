"""Every kind of login that is refused, made from a good token with the key that the app was given."""

import random
import time
from typing import Any

from jose import jwt
from jose.exceptions import JOSEError

from workbook.plugin.members import Member

UNSIGNED = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"  # {"alg":"none","typ":"JWT"}


def bad_logins(good: Member, gone: Member, key: str, rng: random.Random) -> dict[str, dict[str, str]]:
    """Return the headers of each kind of bad login, by what it is; `gone` is a member who has left.

    Those that need the key are left out if the app signs its tokens in another way.
    """
    signed, _, signature = good.token.rpartition(".")
    middle = len(signature) // 2
    other = "A" if signature[middle : middle + 1] != "A" else "B"
    tokens = {
        "a scheme without a token": "Bearer",
        "another scheme": f"Basic {good.token}",
        "a token that is nonsense": f"Bearer {rng.randbytes(16).hex()}",
        "a token with a letter more": f"Bearer {good.token}x",
        "a token with another letter": f"Bearer {signed}.{signature[:middle]}{other}{signature[middle + 1 :]}",
        "a token without its signature": f"Bearer {signed}.",
        "the token of a user who is gone": f"Bearer {gone.token}",
    }
    try:
        claims: dict[str, Any] = jwt.get_unverified_claims(good.token)
        algorithm = str(jwt.get_unverified_header(good.token).get("alg"))
        tokens["a forged token"] = f"Bearer {jwt.encode(claims, rng.randbytes(24).hex(), algorithm)}"
        tokens["a token that says it has no signature"] = f"Bearer {UNSIGNED}.{good.token.split('.')[1]}."
        jwt.decode(good.token, key, [algorithm], options={"verify_aud": False})
        expired = {**claims, "exp": int(time.time()) - 60}
        tokens["an expired token"] = f"Bearer {jwt.encode(expired, key, algorithm)}"
        tokens["a token for no user"] = f"Bearer {jwt.encode({**claims, 'sub': 'no-number'}, key, algorithm)}"
    except (JOSEError, ValueError, AttributeError, IndexError):
        pass
    return {"no token": {}} | {what: {"Authorization": token} for what, token in tokens.items()}
