"""The spawn launcher: a new interpreter for every app. Works on every platform."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from .job import Job, OnThisMachine


class SpawnLauncher:
    name = "spawn"

    def __init__(self, on_error_output: Callable[[bytes], None] | None = None) -> None:
        """Pass what apps write to standard error to `on_error_output`; without it, they inherit ours."""
        self._on_error_output = on_error_output

    def open(self, job: Job) -> "_Process":
        return _Process(job, self._on_error_output)

    def close(self) -> None:
        pass


class _Process(OnThisMachine):
    """An app whose line is its standard input: open while it may live."""

    def __init__(self, job: Job, on_error_output: Callable[[bytes], None] | None) -> None:
        self._job, self.app, self._grace = job, job.app, job.grace
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "workbook.serving.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if on_error_output else None,
            start_new_session=True,  # a Ctrl-C in the terminal reaches the owner alone, who then ends the line
        )
        self._reader: threading.Thread | None = None
        if on_error_output:
            self._reader = threading.Thread(target=self._read_errors, args=(on_error_output,), daemon=True)
            self._reader.start()
        try:
            self._stdin.write(job.to_line())
            self._stdin.flush()
        except BrokenPipeError:
            pass  # it has died already: answer() says with which status

    def _read_errors(self, on_output: Callable[[bytes], None]) -> None:
        stderr: Any = self._process.stderr
        with stderr:
            while data := stderr.read1(65536):
                on_output(data)

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
        deadline.daemon = True
        deadline.start()
        try:
            line = stdout.readline()
        finally:  # a Ctrl-C too: the process waits for a timer before it ends
            deadline.cancel()
        if line:
            answer: dict[str, Any] = json.loads(line)
            self._url = answer.get("url", "")
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
        if self._reader:
            self._reader.join(2)  # what the app started may hold the pipe longer
