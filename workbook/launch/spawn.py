"""The spawn launcher: a new interpreter for every app. Works on every platform."""

import contextlib
import json
import subprocess
import sys
import threading
from typing import Any

from .job import Job


class SpawnLauncher:
    name = "spawn"

    def open(self, job: Job) -> "_Process":
        return _Process(job)

    def close(self) -> None:
        pass


class _Process:
    """An app whose line is its standard input: open while it may live."""

    def __init__(self, job: Job) -> None:
        self._grace = job.grace
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "workbook.launch.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C in the terminal reaches the owner alone, who then ends the line
        )
        try:
            self._stdin.write(job.to_line())
            self._stdin.flush()
        except BrokenPipeError:
            pass  # it has died already: answer() tells with which status

    @property
    def _stdin(self) -> Any:
        return self._process.stdin

    def answer(self, seconds: float) -> dict[str, Any]:
        stdout = self._process.stdout
        assert stdout is not None
        silent = threading.Event()

        def give_up() -> None:
            silent.set()
            self._process.kill()

        deadline = threading.Timer(seconds, give_up)
        deadline.start()
        line = stdout.readline()
        deadline.cancel()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        return {} if silent.is_set() else {"ended": self._process.wait()}

    def end(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        try:
            self._process.wait(self._grace + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
