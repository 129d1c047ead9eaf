"""Import an app directory's modules from their source, never from bytecode.

Bytecode is matched to its source by size and whole seconds: a second save within one second that keeps the size
would run the old code. So modules below the app directory are neither read from bytecode nor written to it.
"""

import importlib.machinery
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


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
