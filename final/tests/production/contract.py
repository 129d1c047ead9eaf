"""Schemathesis on the app at URL: `contract.py URL [--few] [API_KEY]`, logged in where a key is given.

It runs in a separate process, because its hooks stay for good and what it imports warns. Its settings are in
schemathesis.toml; with `--few` it makes five random requests of each kind.
"""

import sys
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import strategies as st
from PIL import Image
from schemathesis.cli import schemathesis as command

FEW = "--few" in sys.argv
URL, *API_KEY = [argument for argument in sys.argv[1:] if argument != "--few"]


class Login:
    """A login that registers another user when a token is refused, because DELETE /users/me is tested too."""

    number = count()

    def get(
        self, case: schemathesis.Case[Any], context: schemathesis.AuthContext
    ) -> str:
        new = {
            "name": "Ada",
            "email": f"ada{next(self.number)}@example.com",
            "password": "correct horse battery",
        }
        with httpx.Client(base_url=URL, trust_env=False) as client:
            client.post("/auth/register", json=new).raise_for_status()
            del new["name"]
            return str(
                client.post("/auth/login", json=new)
                .raise_for_status()
                .json()["access_token"]
            )

    def set(
        self, case: schemathesis.Case[Any], data: str, context: schemathesis.AuthContext
    ) -> None:
        if case.path.startswith("/internal"):
            case.headers["X-API-Key"] = API_KEY[0]
        else:
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_load_schema(
    context: schemathesis.HookContext, raw_schema: dict[str, Any]
) -> None:
    """Leave out what an exercise adds, because its author may describe it or not.

    If a form takes several files, Schemathesis would send text instead. So here the schema says that it takes one.
    """
    for path in [
        path for path in raw_schema["paths"] if path.endswith(("/avatar", "/cover"))
    ]:
        del raw_schema["paths"][path]
    for schema in raw_schema["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            if field.get("items", {}).get("format") == "binary":
                field.clear()
                field.update(
                    {"type": "string", "contentMediaType": "application/octet-stream"}
                )


def picture(kind: str) -> bytes:
    encoded = BytesIO()
    Image.new("RGB", (2, 3)).save(encoded, kind)
    return encoded.getvalue()


for kind in ("jpeg", "png", "webp"):
    schemathesis.openapi.media_type(f"image/{kind}", st.just(picture(kind)))
schemathesis.openapi.media_type("application/pdf", st.just(b"%PDF-1.7\n%%EOF\n"))
# its own emails are sometimes at a domain that can't exist, which a schema couldn't say
schemathesis.openapi.format("email", st.emails(domains=st.just("example.com")))
if API_KEY:
    schemathesis.auth()(Login)
settings = Path(__file__).with_name("schemathesis.toml")
command(
    [
        "--no-color",
        "--config-file",
        str(settings),
        "run",
        f"{URL}/openapi.json",
        *(["--max-examples", "5"] if FEW else []),
    ]
)
