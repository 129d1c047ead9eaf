"""Importing an app directory's module, and what to say to its author if that fails."""

import importlib
import os
import traceback
from pathlib import Path
from types import ModuleType

from .frames import own_frames
from .job import AppFailed


def import_app(directory: Path) -> ModuleType:
    """Import the app directory's module and return it; it has an attribute `app`. Raises `AppFailed`."""
    name = "main" if (directory / "main.py").exists() else "app.main"
    file = directory / (name.replace(".", "/") + ".py")
    if not file.exists():
        raise AppFailed("no-app", f"There is neither main.py nor app/main.py in {directory.name}/.")
    try:
        module = importlib.import_module(name)
    except SyntaxError as error:
        raise AppFailed("syntax", _syntax(error, directory)) from error
    except ModuleNotFoundError as error:
        raise AppFailed("missing", _missing(error, directory)) from error
    except SystemExit as error:
        raise AppFailed("exit", _exit(error, directory)) from error
    except BaseException as error:
        raise AppFailed("import", f"The app could not be imported:\n{_traceback(error, directory)}") from error
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
        return f"The app imports {error.name!r}, which its folder does not hold:\n{text}"
    return f"The app imports {error.name!r}, which is not installed (and is no file of the app):\n{text}"


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
