"""What a run finds and leaves: the interpreter as it was, what the app writes, and the packages' caches."""

import asyncio
import functools
import gc
import linecache
import logging
import mimetypes
import os
import sys
import warnings
from pathlib import Path
from typing import Any

HOME = Path("/home/reader")
APP, DATA = HOME / "app", HOME / "data"
_CACHE = type(functools.lru_cache(lambda: None))
_caches: list[Any] = []


class Log:
    """Standard output and standard error together; `take` returns what was written since the last time."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def write(self, text: str) -> int:
        self._parts.append(text)
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False

    def take(self) -> str:
        text, self._parts = "".join(self._parts), []
        return text.replace(f"{APP}/", "")


class Before:
    """The parts of the interpreter that a run may change, as they were before, to put back at the end."""

    def __init__(self) -> None:
        self.modules = set(sys.modules)
        self.environ = os.environ.copy()
        self.filters = list(warnings.filters)
        self.loggers = set(logging.root.manager.loggerDict)
        self.converter = logging.Formatter.converter
        self.streams = sys.stdout, sys.stderr
        self.tasks = asyncio.all_tasks()

    async def put_back(self) -> None:
        await _cancel(asyncio.all_tasks() - self.tasks - {asyncio.current_task()})
        sys.stdout, sys.stderr = self.streams
        os.environ.clear()
        os.environ.update(self.environ)
        warnings.filters[:] = self.filters  # type: ignore[index]
        logging.Formatter.converter = self.converter
        self._forget_loggers()
        mimetypes.init()
        for name in set(sys.modules) - self.modules:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(APP)):
                del sys.modules[name]
        for name in [name for name in linecache.cache if name.startswith(str(APP))]:
            del linecache.cache[name]  # the packages' lines stay: tracebacks of the next run need them again
        os.chdir("/")

    def _forget_loggers(self) -> None:
        known = logging.root.manager.loggerDict
        for logger in [logging.root, *(known[name] for name in set(known) - self.loggers)]:
            for handler in list(getattr(logger, "handlers", ())):
                logger.removeHandler(handler)  # type: ignore[union-attr]
                handler.close()
        for name in set(known) - self.loggers:
            del known[name]
        logging.root.setLevel(logging.WARNING)


async def _cancel(tasks: set["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=0.5)


def settle() -> None:
    """Take what's loaded now as what stays for good, so that it needn't be looked at after every run."""
    gc.unfreeze()
    gc.collect()
    _caches[:] = [found for found in gc.get_objects() if isinstance(found, _CACHE)]
    gc.freeze()


def tidy() -> None:
    """Free what runs left behind, while the reader isn't waiting, because it takes as long as half a run.

    FastAPI, `typing` and Pydantic remember functions and classes that they have seen, and each of those holds a whole
    app. Pydantic does it for generic models: its keys hold what keeps their values alive.
    """
    for cache in _caches:
        cache.cache_clear()
    generics = sys.modules.get("pydantic._internal._generics")
    getattr(generics, "_GENERIC_TYPES_CACHE", {}).clear()
    gc.collect()
