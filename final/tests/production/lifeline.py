"""Start uvicorns, each in a process group that is killed when its line to the tests ends: `lifeline.py FD`.

FD is a socket. A request on it is a line of JSON, and brings the new process's line, standard output and standard error
along. The answers on that line are its pid and, when it has ended, its exit status. "command" is to be
run instead of a fork, where there is one. The tests may be killed in any way:
their ends of the lines are closed then, so nothing stays behind.

What an app imports is imported here once, and each uvicorn is a fork of this process: it saves a second of processor
time per start. Inside another command, and where forks are not safe, it is a new interpreter.
"""

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

from workbook.serving.fork import APP_MODULES

UVICORN_MODULES = (
    "uvicorn.main",
    "uvicorn.supervisors.multiprocess",
    "uvicorn.loops.auto",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.protocols.websockets.auto",
    "sqlalchemy.dialects.postgresql.psycopg",
)


def ignore_signals() -> None:
    """Ignore Ctrl-C, which the terminal sends to all processes: only the end of a line may end one of ours."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)


def end_with_signals() -> None:
    """Handle signals again as a new interpreter would."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_for_work(control: socket.socket) -> Callable[[], Any]:
    """Answer requests until there are no more. Only a fork returns from here, with what it should do."""
    while True:
        data, fds, _, _ = socket.recv_fds(control, 1, 3)
        if not data:
            os._exit(0)
        request = json.loads(data + control.makefile("rb", 0).readline())
        if os.fork() == 0:
            control.close()
            return watch_over(request, *fds)
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):  # those that have ended meanwhile
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def watch_over(
    request: dict[str, Any], line: int, output: int, errors: int
) -> Callable[[], Any]:
    """Start the process, and kill its group when the line ends. Only the process itself returns from here."""
    if not request["command"]:
        pid = os.fork()
        if pid == 0:
            os.close(line)
            os.setsid()
            return become(request, output, errors)
    else:
        pid = subprocess.Popen(
            request["command"],
            cwd=request["cwd"],
            env=request["env"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        ).pid

    def kill() -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)

    def kill_with_the_line() -> None:
        with contextlib.suppress(OSError):
            os.read(line, 1)
        kill()

    os.write(line, f"{pid}\n".encode())
    threading.Thread(target=kill_with_the_line, daemon=True).start()
    _, status = os.waitpid(pid, 0)
    kill()  # a supervisor that was killed alone leaves its workers
    with contextlib.suppress(OSError):
        os.write(line, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def become(request: dict[str, Any], output: int, errors: int) -> Callable[[], Any]:
    """Make this fork look like a new interpreter, and return the function that it should run."""
    end_with_signals()
    for target, fd in enumerate((os.open(os.devnull, os.O_RDONLY), output, errors)):
        os.dup2(fd, target)
        os.close(fd)
    faulthandler.enable()  # a crash of the interpreter leaves its place in the log
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    tempfile.tempdir = None  # it was looked up in the environment of the tests
    sys.path[0] = request["cwd"]
    sys.argv = [request["program"], *request["arguments"]]
    return {"uvicorn": run_uvicorn, "code": run_code}[request["program"]]


def run_uvicorn() -> None:
    """Run uvicorn's command. Its workers are forks too, but of a supervisor that never imports the app."""
    import multiprocessing

    import uvicorn._subprocess
    from uvicorn.main import main

    vars(uvicorn._subprocess)["spawn"] = multiprocessing.get_context("fork")
    os.register_at_fork(
        after_in_child=end_with_signals
    )  # the supervisor handles them, and a new interpreter wouldn't
    main()


def run_code() -> None:
    """Run the code in the second argument, with the folder in the first one on the import path."""
    folder, code = sys.argv[1:]
    sys.path.insert(0, folder)
    exec(code, {"__name__": "__main__"})


if __name__ == "__main__":
    ignore_signals()
    if sys.platform == "linux":
        for name in (*APP_MODULES, *UVICORN_MODULES):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        gc.collect()
        gc.freeze()  # forks then copy fewer pages
    wait_for_work(socket.socket(fileno=int(sys.argv[1])))()
