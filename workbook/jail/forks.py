"""The fork server: has imported what apps import, and forks a supervisor for each connection. Lives by its line."""

import gc
import importlib
import os
import select
import signal
import socket
import sys
import traceback
from typing import NoReturn

from .supervisor import supervise


def main() -> NoReturn:
    """The arguments: the number of a listening socket (SOCK_SEQPACKET), then modules. Standard input is the line."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # children then copy fewer pages
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a supervisor ended
    while True:
        ready, _, _ = select.select([0, listener.fileno()], [], [])
        if 0 in ready:
            os._exit(0)  # the sandbox's first process: the kernel ends all others
        control, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            try:
                supervise(control, nested=True)
            except BaseException:
                traceback.print_exc()
            os._exit(71)
        control.close()


if __name__ == "__main__":
    main()
