"""Run a command in a process group of its own, which is killed when stdin ends: `lifeline.py COMMAND…`.

Writes the command's pid. So nothing stays behind, whatever kills the tests.
"""

import contextlib
import os
import signal
import subprocess
import sys

process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
print(process.pid, flush=True)
sys.stdin.read()
with contextlib.suppress(ProcessLookupError):
    os.killpg(process.pid, signal.SIGKILL)
process.wait()
