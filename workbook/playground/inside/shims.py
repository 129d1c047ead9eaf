"""Replacements for what no browser runs: argon2, and python-jose's elliptic curves; Pillow's is in pictures.py.

The page names each. They keep the interface that the stages use, and nothing else.
"""

import errno
import importlib
import importlib.util
import socket
import sys
import time
import types
from collections.abc import Iterable
from typing import Any, NoReturn

from . import pictures


def install_shims(needs: Iterable[str]) -> None:
    """Replace the packages that an example needs and no browser runs."""
    for need in needs:
        {"database": _database, "passwords": _passwords, "pictures": pictures.stand_in_for_pillow, "tests": _tests}[
            need
        ]()


def refuse_input(prompt: object = "") -> NoReturn:
    """Take the place of `input`: as under uvicorn, no person sits at the app's terminal."""
    raise EOFError(
        "input() waits for someone at a terminal, and a server has none. Let a request bring the value: declare a "
        "parameter of the route, or a body."
    )


def refuse_connections() -> None:
    """A page reaches no server: connecting is refused, as on a machine where none listens."""

    def refused(*_: object, **__: object) -> NoReturn:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")

    socket.create_connection = refused


def _database() -> None:
    """Nothing is replaced here: imported now, it does not cost the first run its time."""
    for name in ("sqlalchemy.dialects.sqlite", "sqlalchemy.orm"):
        importlib.import_module(name)


def _tests() -> None:
    """Let what could speak TLS be imported, although a page doesn't have ssl; and import what runs the tests."""
    if not hasattr(time, "thread_time"):
        time.thread_time = time.process_time
    if importlib.util.find_spec("ssl") is None:
        ssl = types.ModuleType("ssl")
        names = ("SSLContext", "SSLObject", "SSLSocket", "TLSVersion", "VerifyMode", "Purpose", "MemoryBIO")
        errors = ("SSLError", "SSLWantReadError", "SSLSyscallError")
        vars(ssl).update({name: type(name, (), {"__init__": lambda *_, **__: None}) for name in names})
        vars(ssl).update({name: type(name, (OSError,), {}) for name in errors})
        vars(ssl).update(PROTOCOL_TLS_CLIENT=16, PROTOCOL_TLS_SERVER=17, CERT_NONE=0, CERT_REQUIRED=2)
        vars(ssl)["create_default_context"] = lambda *_, **__: vars(ssl)["SSLContext"]()
        sys.modules["ssl"] = ssl
    # httpx reads a file of certificates for each client, although it won't speak TLS. A page doesn't have that file.
    vars(importlib.import_module("httpx._transports.default"))["create_ssl_context"] = lambda *_, **__: None
    importlib.import_module("playground_inside.testing.session")


def _passwords() -> None:
    from passlib.hash import pbkdf2_sha256
    from passlib.registry import register_crypt_handler

    class argon2(pbkdf2_sha256):  # noqa: N801
        """Another hash under argon2's name, with one round: quick to make, and of use only to this page."""

        name = "argon2"
        default_rounds = min_rounds = 1

        @classmethod
        def using(cls, **settings: Any) -> Any:  # type: ignore[override]
            theirs = ("time_cost", "memory_cost", "parallelism")
            kept = {name: value for name, value in settings.items() if name not in theirs}
            return super().using(**kept)  # type: ignore[no-untyped-call]

    register_crypt_handler(argon2, force=True)
    # What python-jose imports for keys on elliptic curves; the stages sign with a secret.
    names = ("ecdsa", "ecdsa.ecdsa", "jose.backends.ecdsa_backend")
    curves = {name: types.ModuleType(name) for name in names}
    vars(curves["ecdsa.ecdsa"])["int_to_string"] = vars(curves["jose.backends.ecdsa_backend"])["ECDSAECKey"] = None
    sys.modules.update(curves)
    for name in ("jose.jwt", "passlib.context"):
        importlib.import_module(name)
