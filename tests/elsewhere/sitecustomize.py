"""Take away what only POSIX has, from this Python and from those that it starts. An imitation of Windows."""

import asyncio
import importlib
import importlib.abc
import io
import os
import select
import shutil
import signal
import socket
import sys
from functools import partial
from types import SimpleNamespace

POSIX = {"fcntl", "termios", "tty", "pty", "resource", "pwd", "grp", "readline"}
# What these use is decided while they're imported, and what they'd use on Windows isn't here.
OF_OTHERS = ["http.server", "multiprocessing", "sqlite3", "subprocess", "tempfile", "uuid"]
OF_OTHERS += ["pydantic_settings", "pytest", "rich.console", "typer", "uvicorn", "watchfiles"]
LACKING = {
    os: ("fork", "geteuid", "getuid", "setsid", "mkfifo", "uname", "wait4", "pidfd_open"),
    socket: ("AF_UNIX", "send_fds", "recv_fds"),
    select: ("epoll", "poll"),
    signal: ("SIGKILL", "SIGCONT", "SIGHUP", "pidfd_send_signal"),
}


class _Refused(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name in POSIX:
            raise ModuleNotFoundError(f"there is no {name} on Windows", name=name)


for other in OF_OTHERS:
    importlib.import_module(other)
for posix in POSIX:
    sys.modules.pop(posix, None)
sys.meta_path.insert(0, _Refused())
setattr(socket, "socketpair", partial(socket.socketpair, socket.AF_UNIX))  # noqa: B010 - Windows has one, too
setattr(io, "_WindowsConsoleIO", type("_WindowsConsoleIO", (), {}))  # noqa: B010 - pytest looks for it
setattr(asyncio, "ProactorEventLoop", asyncio.SelectorEventLoop)  # noqa: B010 - uvicorn's there
windows = SimpleNamespace(NeedCurrentDirectoryForExePath=lambda name: True)
setattr(shutil, "_winapi", windows)  # noqa: B010 - from Python 3.12 on, `which` asks it
for module, names in LACKING.items():
    for lacking in names:
        if hasattr(module, lacking):
            delattr(module, lacking)
sys.platform = "win32"
