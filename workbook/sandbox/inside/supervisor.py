"""The supervisor of one app: inside the sandbox, out of the app's reach.

It makes the app's namespaces, forks it, hands out sockets that can reach it, and ends it when the other end of
`control` is closed or the app has ended. Messages on `control` (SOCK_SEQPACKET): first a request with the descriptors
of app.py; `sockets` then asks for a few sockets; the last answer says how the app ended.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from typing import Any, NoReturn

from . import kernel
from .app import PLACE, become_app, data_folder, listener, log_file

NO_ROOM = b"no room"  # instead of `ready`: the machine doesn't allow another process
AT_ONCE = 8  # sockets for one request
MOST_OF_REQUEST = 256 * 1024


def supervise(control: socket.socket, *, nested: bool) -> NoReturn:
    """Start and watch the app that `control` asks for; `nested` gives it its own namespaces below the shared ones."""
    message, fds, _, _ = socket.recv_fds(control, MOST_OF_REQUEST, 8)
    if not message:
        os._exit(0)
    request: dict[str, Any] = json.loads(message)
    if nested:
        kernel.new_user_namespace("mnt", "pid", "net", "ipc", "uts")
        kernel.loopback_up()
    sized = f"size={request['disk']},nr_inodes={request['inodes']},mode=700"
    kernel.mount("tmpfs", PLACE, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, sized)
    data, (log, log_outside) = data_folder(), log_file()
    outward = [listener(port) for port in request["reach"]]
    socket.send_fds(control, [b"ready"], [data, log_outside, *(one.fileno() for one in outward)])
    os.close(data)
    os.close(log_outside)
    for one in outward:
        one.close()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # not even a process of the same user can look into this one
    app = os.fork()  # if it fails, the owner sees that nothing was started
    if app == 0:
        os.setsid()  # a signal to a process group reaches all of it, whatever namespace they are in
        control.close()
        try:
            become_app(request, fds, log, own_proc=nested)
        except BaseException:
            traceback.print_exc()
        os._exit(70)
    for fd in (*fds, log):
        os.close(fd)
    kernel.drop_capabilities()
    _watch(control, app)


def _watch(control: socket.socket, app: int) -> NoReturn:
    ended = os.pidfd_open(app)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(control, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if ended not in ready and control.recv(16) == b"sockets":
            _hand_out(control)
            continue
        if ended not in ready:  # it's no longer needed
            os.kill(app, signal.SIGKILL)
        _, status, used = os.wait4(app, 0)
        cpu, memory = round(used.ru_utime + used.ru_stime, 3), used.ru_maxrss * 1024
        last = {"ended": os.waitstatus_to_exitcode(status), "cpu": cpu, "memory": memory}
        with contextlib.suppress(OSError):
            control.send(json.dumps(last).encode())
        os._exit(0)


def _hand_out(control: socket.socket) -> None:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) for _ in range(AT_ONCE)]
    with contextlib.suppress(OSError):
        socket.send_fds(control, [b"sockets"], [one.fileno() for one in sockets])
    for one in sockets:
        one.close()


def main() -> NoReturn:
    """Supervise one app in a separate bubblewrap; the argument is the number of its control socket."""
    try:
        supervise(socket.socket(fileno=int(sys.argv[1])), nested=False)
    except BaseException:
        traceback.print_exc()
    os._exit(71)


if __name__ == "__main__":
    main()
