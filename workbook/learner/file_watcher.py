"""Saves: told the moment that a file below a folder has changed, wherever that folder is."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from watchfiles import watch

QUIET_MS = 5  # how long the folder must be quiet before a save counts
LONGEST_MS = 50  # and how long a save that never gets quiet is waited for
LOOK_EVERY = 1.0  # seconds: whether something has changed that the system didn't report
REPORT_WITHIN = 0.4  # seconds that the system has for a report
LEFT_BY_RUNNING = (".db", ".db-wal", ".db-shm", ".db-journal", ".sqlite", ".sqlite3", ".log", ".pyc", ".part")
OF_EDITORS = ("~", ".tmp", ".swp", ".swx", "#", "___jb_tmp___", "___jb_old___")
NOT_THEIRS = {"__pycache__", "node_modules", "site-packages", "venv"}
DATA = {"uploads", "backups"}  # where only modules are code
SILENT = "This folder doesn't report saves, as network folders do, so the workbook looks for them once a second."

Stamp = tuple[int, int, int]


class FileWatcher:
    """Calls `on_save` with the files that were saved below `folder`, from a separate thread.

    Where the system doesn't report saves it looks for them itself; `on_silence` is then called, once, with a sentence.
    """

    def __init__(
        self,
        folder: Path,
        on_save: Callable[[list[Path]], None],
        on_silence: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = folder
        self._place = folder.resolve()  # work/ may be a link
        self._on_save, self._on_silence = on_save, on_silence
        self._stop = threading.Event()
        self._looking = threading.Lock()
        self._known = self._look()
        self._is_silent = False
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._listen, self._poll)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        """Report what the system reports."""
        try:
            changes = watch(
                self._place,
                watch_filter=None,
                step=QUIET_MS,
                debounce=LONGEST_MS,
                rust_timeout=200,
                stop_event=self._stop,
                raise_interrupt=False,
            )
            for batch in changes:
                self._tell({Path(path) for _, path in batch})
        except Exception:  # the system's limit of watches, a folder that can't be watched: `_poll` does it alone
            self._say_that_it_is_silent()

    def _poll(self) -> None:
        """Report what has changed without the system saying so."""
        while not self._stop.wait(LOOK_EVERY):
            seen = self._look()
            has_changed = self._differences(seen) and not self._stop.wait(0 if self._is_silent else REPORT_WITHIN)
            if has_changed and self._tell(set()):
                self._say_that_it_is_silent()

    def _say_that_it_is_silent(self) -> None:
        if not self._is_silent:
            self._is_silent = True
            self._on_silence(SILENT)

    def _tell(self, reported: set[Path]) -> bool:
        """Report what has changed since the last time, and return whether anything has."""
        with self._looking:
            seen = self._look()
            changed = self._differences(seen) | {path for path in reported if path in seen}
            self._known = seen
        if changed and not self._stop.is_set():
            self._on_save(sorted(self.folder / path.relative_to(self._place) for path in changed))
        return bool(changed)

    def _differences(self, seen: dict[Path, Stamp]) -> set[Path]:
        known = self._known
        return {path for path in {*known, *seen} if known.get(path) != seen.get(path)}

    def _look(self) -> dict[Path, Stamp]:
        """Return a stamp of each file, to notice changes by; only what's inside the folder decides what counts."""
        found: dict[Path, Stamp] = {}
        for parent, folders, files in os.walk(self._place):
            folders[:] = [name for name in folders if not name.startswith(".") and name not in NOT_THEIRS]
            inside = set(Path(parent).relative_to(self._place).parts)
            for name in files:
                if is_source(name) and (not inside & DATA or name.endswith(".py")):
                    path = Path(parent, name)
                    try:
                        status = path.stat()
                    except OSError:  # gone in between
                        continue
                    found[path] = status.st_mtime_ns, status.st_size, status.st_ino
        return found


def is_source(name: str) -> bool:
    """Return whether a file of this name is one that a learner saves; not what running or an editor leaves behind."""
    if name == ".env":
        return True
    _, dot, extension = name.rpartition(".")
    is_whole = bool(dot) and not extension.isdecimal()  # editors write `4913`, `main.py.1234` or `sedQx7` in between
    return is_whole and not (name.startswith((".", "#")) or name.lower().endswith(LEFT_BY_RUNNING + OF_EDITORS))
