"""The fork server: has imported what apps import, and forks a supervisor for each connection. Lives by its line."""

import contextlib
import gc
import importlib
import os
import select
import socket
import sys
import traceback
from typing import NoReturn

from .supervisor import MOST_OF_REQUEST, NO_ROOM, supervise


def main() -> NoReturn:
    """Fork an app's supervisor at each connection, until standard input closes.

    The arguments are the number of a listening socket (SOCK_SEQPACKET), then modules to import. Those after `-` are
    imported after the first fork, because the first app, the test of the sandbox, needs none of them. The second waits
    for them: it would import them itself, and so would each that follows.
    """
    listener = socket.socket(fileno=int(sys.argv[1]))
    later = sys.argv[2:]
    while later and (name := later.pop(0)) != "-":
        importlib.import_module(name)
    forked_once = False
    while True:
        importing = forked_once and bool(later)
        watched = [0] if importing else [0, listener.fileno()]
        ready, _, _ = select.select(watched, [], [], 0 if importing else None)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # so that what they used counts as used here
                pass
        if 0 in ready:
            os._exit(0)  # the sandbox's first process: the kernel ends all others
        if importing:
            importlib.import_module(later.pop(0))
            if not later:
                gc.collect()
                gc.freeze()  # children then copy fewer pages
            continue
        control, _ = listener.accept()
        try:
            forked = os.fork()
        except OSError:  # no room for another process: this one is answered, and the next may find some
            _refuse(control)
            continue
        if forked == 0:
            listener.close()
            try:
                supervise(control, nested=True)
            except BaseException:
                traceback.print_exc()
            os._exit(71)
        control.close()
        forked_once = True


def _refuse(control: socket.socket) -> None:
    with contextlib.suppress(OSError), control:
        control.settimeout(1)
        _, fds, _, _ = socket.recv_fds(control, MOST_OF_REQUEST, 8)  # unread, it would take the answer along
        for fd in fds:
            os.close(fd)
        control.send(NO_ROOM)


if __name__ == "__main__":
    main()
