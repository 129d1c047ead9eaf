"""What belongs to one app's process, and has to be changed over where several apps and their tests share one."""

import logging
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

KEPT_VARIABLES = ("HOME", "LANG", "PATH", "TZ")  # of the environment that the tests have
Handling = tuple[list[logging.Handler], int, bool, bool]


class NoInterior:
    """That of a server that's ours: it has nothing to put in place."""

    def enter(self) -> None: ...

    def leave(self) -> None: ...


class Interior(NoInterior):
    """An app's modules, environment, working directory, output and loggers; `enter` puts them in place."""

    def __init__(self, app: Path, data: Path, env: dict[str, str], out: TextIO) -> None:
        self._folder = f"{app}{os.sep}"
        self._cwd = data
        given = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | env
        self._environ = {os.environ.encodekey(k): os.environ.encodevalue(v) for k, v in given.items()}
        self._streams: tuple[TextIO, TextIO] = (out, out)
        self._modules: dict[str, ModuleType] = {}
        self._path = [str(app), *sys.path]
        known = logging.root.manager.loggerDict
        for name in [name for name, one in known.items() if isinstance(one, logging.PlaceHolder)]:
            logging.getLogger(name)  # otherwise each app would make its own, and those below it keep the first app's
        self._loggers = dict(known)
        shared = [one for one in self._loggers.values() if isinstance(one, logging.Logger)]
        self._handling: dict[logging.Logger, Handling] = {one: ([], one.level, True, False) for one in shared}
        self._handling[logging.root] = ([], logging.WARNING, True, False)
        self._converter: Any = logging.Formatter.__dict__["converter"]
        self._outer: Any = None

    def enter(self) -> None:
        """Put the app's things in place of the tests'."""
        self._outer = (
            os.environ._data,  # type: ignore[attr-defined]
            Path.cwd(),
            (sys.stdout, sys.stderr),
            sys.path,
            logging.root.manager.loggerDict,
            _handling_of(self._handling),
            logging.Formatter.__dict__["converter"],
        )
        os.environ._data = self._environ  # type: ignore[attr-defined]
        os.chdir(self._cwd)
        sys.stdout, sys.stderr = self._streams
        sys.path = self._path
        sys.modules.update(self._modules)
        self._count = len(sys.modules)
        logging.root.manager.loggerDict = self._loggers
        _handle(self._handling)
        logging.Formatter.converter = self._converter

    def leave(self) -> None:
        """Take them away again, and keep what has become of them."""
        own = self._modules
        if len(sys.modules) != self._count:  # something was imported meanwhile, which may be the app's
            files = {name: str(getattr(module, "__file__", None) or "") for name, module in sys.modules.items()}
            own = {name: sys.modules[name] for name, file in files.items() if file.startswith(self._folder)}
        for name in own:
            del sys.modules[name]
        self._modules = own
        self._cwd = Path.cwd()
        self._streams = sys.stdout, sys.stderr
        self._handling = _handling_of([logging.root, *_loggers_in(self._loggers)])
        self._converter = logging.Formatter.__dict__["converter"]
        environ, cwd, (sys.stdout, sys.stderr), sys.path, loggers, handling, converter = self._outer
        os.environ._data = environ  # type: ignore[attr-defined]
        os.chdir(cwd)
        # A package that was imported meanwhile has loggers for all: it sets them up once.
        loggers |= {
            n: one for n, one in self._loggers.items() if n not in loggers and n.partition(".")[0] in sys.modules
        }
        logging.root.manager.loggerDict = loggers
        _handle(handling)
        logging.Formatter.converter = converter


def _loggers_in(known: dict[str, Any]) -> list[logging.Logger]:
    return [one for one in known.values() if isinstance(one, logging.Logger)]


def _handling_of(loggers: Any) -> dict[logging.Logger, Handling]:
    return {one: (one.handlers, one.level, one.propagate, one.disabled) for one in loggers}


def _handle(handling: dict[logging.Logger, Handling]) -> None:
    for logger, (handlers, level, propagate, disabled) in handling.items():
        logger.handlers, logger.level, logger.propagate, logger.disabled = handlers, level, propagate, disabled
        logger._cache.clear()  # type: ignore[attr-defined]
