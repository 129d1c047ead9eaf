"""Run a command in a process group of its own, which is killed when stdin ends: `lifeline.py COMMAND…`.

Writes the command's pid and, when the command has ended, its exit status. So nothing stays behind, whatever kills the
tests.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):  # they also come from Ctrl-C, to all of the tests
    signal.signal(number, lambda *_: None)
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)


def kill() -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def kill_with_stdin() -> None:
    os.read(0, 1)  # not sys.stdin: its lock would be held when this program ends
    kill()


print(process.pid, flush=True)
threading.Thread(target=kill_with_stdin, daemon=True).start()
status = process.wait()
kill()  # a supervisor that was killed alone leaves its workers
print(status, flush=True)
