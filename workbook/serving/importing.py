"""Importing an app directory's module from its source, and what to say to its author if that fails.

Never from bytecode, which is matched to its source by size and whole seconds: a second save within one second that
keeps the size would run the old code. So modules below the app directory are neither read from it nor written to it.
"""

import importlib
import importlib.machinery
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from .frames import own_frames
from .job import AppFailed


class _SourceOnly(importlib.machinery.SourceFileLoader):
    def path_stats(self, path: str) -> Any:
        raise OSError  # the import system then uses no bytecode for this file

    def source_to_code(self, data: Any, path: Any, **options: Any) -> Any:  # type: ignore[override]
        try:
            return super().source_to_code(data, path, **options)
        except SyntaxError as error:  # for a file with NUL bytes, for example, the compiler doesn't name it
            error.filename = error.filename or str(path)
            raise
        except ValueError as error:  # what the first patches of Python 3.11 say of NUL bytes
            raise SyntaxError(str(error), (str(path), None, None, None)) from error


def load_without_bytecode(directory: Path) -> None:
    """Import modules below `directory` from their source only, from now on, in this process."""
    sys.path_hooks.insert(0, _hook(directory))
    sys.path_importer_cache.clear()


def _hook(directory: Path) -> Callable[[str], Any]:
    def hook(path: str) -> Any:
        if Path(path).is_relative_to(directory):
            return importlib.machinery.FileFinder(path, (_SourceOnly, [".py"]))
        raise ImportError

    return hook


def import_app(directory: Path) -> ModuleType:
    """Import the app directory's module and return it; it has an attribute `app`. Raises `AppFailed`."""
    name = "main" if (directory / "main.py").exists() else "app.main"
    file = directory / (name.replace(".", "/") + ".py")
    if not file.exists():
        raise AppFailed("no-app", f"There's no main.py and no app/main.py in {directory.name}/.")
    try:
        module = importlib.import_module(name)
    except SyntaxError as error:
        raise AppFailed("syntax", _syntax(error, directory)) from error
    except ModuleNotFoundError as error:
        raise AppFailed("missing", _missing(error, directory)) from error
    except SystemExit as error:
        raise AppFailed("exit", _exit(error, directory)) from error
    except BaseException as error:
        raise AppFailed("import", f"The app couldn't be imported:\n{_traceback(error, directory)}") from error
    if not callable(getattr(module, "app", None)):
        raise AppFailed("no-app", _no_app(module, file.relative_to(directory).as_posix()))
    return module


def _traceback(error: BaseException, directory: Path) -> str:
    return own_frames("".join(traceback.format_exception(error)), directory)


def _syntax(error: SyntaxError, directory: Path) -> str:
    lines = "".join(traceback.format_exception_only(error)).replace(str(directory) + os.sep, "")
    return "The app has a syntax error:\n" + lines.rstrip()


def _missing(error: ModuleNotFoundError, directory: Path) -> str:
    text = _traceback(error, directory)
    top = (error.name or "").partition(".")[0]
    if (directory / top).exists() or (directory / f"{top}.py").exists():
        return f"The app imports {error.name!r}, which isn't in its folder:\n{text}"
    return f"The app imports {error.name!r}, which isn't installed (and isn't a file of the app):\n{text}"


def _exit(error: SystemExit, directory: Path) -> str:
    text = "".join(traceback.format_exception(error))
    return f"The app ended the program while it was imported:\n{own_frames(text, directory)}"


def _no_app(module: ModuleType, file: str) -> str:
    if hasattr(module, "app"):
        return f"{file} defines `app`, but as {module.app!r}: not an app that can be served."
    names = [name for name in vars(module) if not name.startswith("_")]
    apps = [name for name in names if type(vars(module)[name]).__name__ == "FastAPI"]
    if apps:
        return f"{file} defines no `app`. Its FastAPI app is called `{apps[0]}`: call it `app`."
    listed = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return f"{file} defines no `app`. It defines {listed or 'nothing'}."
