"""What a command uses: the CPU time of all processes that it starts, waited for or not, and when each line came."""

import contextlib
import os
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbook.sandbox.inside.kernel import prctl

PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 20.0  # seconds for what a command leaves behind
TICK, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Look:
    """At one moment: CPU of all processes so far, resident memory of the command itself and of its helpers together."""

    cpu: float
    own: int
    helpers: int


@dataclass
class Used:
    """Seconds of CPU and by the clock, lines with their seconds since the start, what was looked at on the way."""

    cpu: float = 0.0
    seconds: float = 0.0
    status: int = 0
    lines: list[tuple[float, str]] = field(default_factory=list)
    looks: dict[int, Look] = field(default_factory=dict)
    errors: str = ""


def run(
    command: Sequence[str],
    cwd: Path,
    env: Mapping[str, str] | None = None,
    *,
    counts: Callable[[str], bool] = lambda line: False,
    looks: Sequence[int] = (),
    on_look: Callable[[int, Look], None] = lambda count, look: None,
    at_most: float | None = None,
) -> Used:
    """Run it alone, for `at_most` seconds. `looks`: after how many of the lines that count to look at its processes."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans become children of this process, and so are counted
    found, before = Used(), _cpu_of_children()
    started, count = time.perf_counter(), 0
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        assert process.stdout
        timer = threading.Timer(at_most or 0.0, process.terminate)
        timer.daemon = True
        if at_most is not None:
            timer.start()
        with process.stdout:
            for line in process.stdout:
                found.lines.append((time.perf_counter() - started, line))
                count += counts(line)
                if count in looks and count not in found.looks:
                    found.looks[count] = _look(process.pid)
                    on_look(count, found.looks[count])
        found.status = process.wait()
        timer.cancel()
        found.seconds = time.perf_counter() - started
        errors.seek(0)
        found.errors = errors.read().decode(errors="replace")
    _wait_for_orphans()
    found.cpu = _cpu_of_children() - before
    return found


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wait_for_orphans() -> None:
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
            if time.monotonic() > deadline:
                raise RuntimeError(f"the command has left processes behind, for more than {PATIENCE:g} s")
            time.sleep(0.01)


def _look(pid: int) -> Look:
    """At all processes below this one, those in sandboxes too."""
    children: dict[int, list[int]] = {}
    used: dict[int, tuple[float, int]] = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(ValueError, OSError):
            number = int(folder.name)
            _, parent, *fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            # Counted from the third field of proc(5)'s list: 14 to 17 are its CPU and that of those it has waited for.
            used[number] = sum(map(int, fields[9:13])) / TICK, int(fields[19]) * PAGE
            children.setdefault(int(parent), []).append(number)
    waiting, below = list(children.get(os.getpid(), [])), []
    while waiting:
        number = waiting.pop()
        below.append(number)
        waiting += children.get(number, [])
    memory = {number: used[number][1] for number in below}
    return Look(sum(used[number][0] for number in below), memory.pop(pid, 0), sum(memory.values()))
