"""The one file that a sandbox needs and the system's own does not fit: the names of hosts."""

import tempfile
from typing import IO

HOSTS = b"127.0.0.1 localhost\n"


def hosts_file() -> IO[bytes]:
    """Return an open file without a name that holds the hosts; the caller closes it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(HOSTS)
    file.seek(0)
    return file
