"""Saves: told the moment that a file below a folder has changed."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from watchfiles import Change, DefaultFilter, watch

QUIET_MS = 5  # how long the folder must be quiet before a save is told
LONGEST_MS = 50  # and how long a save that never gets quiet is waited for


class _SourceFiles(DefaultFilter):
    """What a learner saves; not what running leaves behind, and not editors' temporary files."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, "backups", "uploads")

    def __call__(self, change: Change, path: str) -> bool:
        name = Path(path).name
        if name.startswith(".") or name.endswith((".db", ".db-wal", ".db-shm", ".sqlite", ".log", "~", ".tmp")):
            return False
        return super().__call__(change, path)


class FileWatcher:
    """Calls `on_save` with the files that were saved below `folder`, from a thread of its own."""

    def __init__(self, folder: Path, on_save: Callable[[list[Path]], None]) -> None:
        self.folder = folder
        self._on_save = on_save
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watch(self) -> None:
        changes = watch(
            self.folder,
            watch_filter=_SourceFiles(),
            step=QUIET_MS,
            debounce=LONGEST_MS,
            rust_timeout=200,
            stop_event=self._stop,
            raise_interrupt=False,
        )
        for batch in changes:
            self._on_save(sorted({Path(path) for _, path in batch}))
