"""Open a sandbox for many apps: the fastest tier that holds on this machine, as a test of it shows."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbook.folders import temporary_folder
from workbook.open_files import ENOUGH, allow_open_files
from workbook.serving.fork import APP_MODULES
from workbook.serving.warm import place_for_sockets

from . import bubblewrap
from .bytecode import keep_bytecode
from .errors import NoSandbox
from .launcher import VARIABLE, SandboxLauncher

LEAST_FILES = 192  # open at once, for a lane: what goes into the sandbox gets numbers from 100 on
FORKS = "workbook.sandbox.inside.forks"
FIRST = ("workbook.serving.child", "uvicorn.lifespan.on", "uvicorn.protocols.http.h11_impl")  # all that its test needs
IMPORTED = tuple(name for name in APP_MODULES if name != "-")
TIERS = {"fork": "a fork server inside bubblewrap", "bubblewrap": "a bubblewrap for each app"}


@dataclass(frozen=True)
class Sandbox:
    """An open sandbox. With `env` in its environment, a process starts apps in it by `SandboxLauncher`.

    `refused`: why a faster tier is not used, if so. `process`: what all apps die with, if there is such a one.
    """

    folder: Path
    tier: str
    refused: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        return {VARIABLE: str(self.folder)}

    @property
    def is_alive(self) -> bool:
        """Whether apps can be started in it. Who cleans up temporary folders may have taken its own."""
        return (self.folder / "filter").exists() and (self.process is None or self.process.poll() is None)


@contextlib.contextmanager
def open_sandbox(root: Path | None = None, tier: str = "auto") -> Iterator[Sandbox]:
    """Yield a sandbox that has passed its test; `root` is the course, which it must not see. Raises `NoSandbox`.

    `tier`: `fork`, `bubblewrap`, or `auto`, the first of them that holds.
    """
    if sys.platform != "linux":
        raise NoSandbox("submissions can only be kept apart on Linux", "use Linux, or WSL2 on Windows")
    if (files := allow_open_files()) < LEAST_FILES:
        raise NoSandbox(
            f"a sandbox needs {LEAST_FILES} open files, and gets {files} here", f"ulimit -n {ENOUGH}, as root"
        )
    from .selftest import find_holes

    said = []
    for candidate in TIERS if tier == "auto" else [tier]:
        with contextlib.ExitStack() as stack:
            folder, process = stack.enter_context(_start(candidate))
            try:
                found = find_holes(folder, root)
            except (OSError, RuntimeError) as error:
                found = [f"it doesn't start: {error}"]
            if found:
                log = (folder / "log").read_text(encoding="utf-8", errors="replace").strip()
                said.append(f"{candidate}: {', '.join(found)}" + (f" ({log[-300:]})" if log else ""))
                continue
            yield Sandbox(folder, candidate, "; ".join(said), process)
            return
    raise NoSandbox(
        f"no sandbox works here ({'; '.join(said)})",
        "see what's missing: uv run --group grading workbook doctor --grading",
    )


@contextlib.contextmanager
def _start(tier: str) -> Iterator[tuple[Path, subprocess.Popen[bytes] | None]]:
    """Yield a folder with tier, filter, log and, for `fork`, the fork server's socket; and that server's process."""
    try:
        from .filter import program
    except (ImportError, OSError, RuntimeError) as error:
        raise NoSandbox(
            f"pyseccomp, or the system's libseccomp, is missing ({error})",
            "sudo apt install libseccomp2; uv run --group grading workbook doctor --grading",
        ) from error
    with temporary_folder("sandbox", place_for_sockets()) as folder:
        (folder / "tier").write_text(tier, encoding="utf-8")
        (folder / "filter").write_bytes(program())
        (folder / "log").touch()
        bubblewrap.find_bwrap()
        keep_bytecode(IMPORTED)
        process = _fork_server(folder) if tier == "fork" else None
        try:
            yield folder, process
        finally:
            if process:
                assert process.stdin is not None
                process.stdin.close()
                process.wait()


def _fork_server(folder: Path) -> subprocess.Popen[bytes]:
    modules = [*FIRST, "-", *IMPORTED]
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(folder / "socket"))
        listener.listen(64)
        number = listener.fileno()
        return bubblewrap.start_bubblewrap(FORKS, *modules, passed=number, log=folder / "log", stdin=subprocess.PIPE)


class _OwnSandbox(SandboxLauncher):
    """A launcher with its own sandbox, which closes with it."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        super().__init__(self._stack.enter_context(open_sandbox()).folder)

    def close(self) -> None:
        self._stack.close()


def open_launcher() -> SandboxLauncher:
    """Return a launcher for the sandbox that the environment names, otherwise for a new one. Raises `NoSandbox`."""
    folder = os.environ.get(VARIABLE)
    return SandboxLauncher(Path(folder)) if folder else _OwnSandbox()
