"""Compile what apps import, once: they can't write bytecode in the sandbox, so each would compile all of it again."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

PATIENCE = 120.0  # seconds


def keep_bytecode(modules: Iterable[str]) -> None:
    """Write the bytecode of installed modules and what they import, unless it's there or can't be written.

    Another process imports them, also where PYTHONDONTWRITEBYTECODE is set, as in many images of Python.
    """
    modules = tuple(modules)
    if any(_lacks_bytecode(name) for name in {module.partition(".")[0] for module in modules}):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                # isolated, so that neither the current folder nor PYTHON… in the environment is looked at
                [sys.executable, "-I", "-c", f"import {', '.join(modules)}"],
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )


def _lacks_bytecode(package: str) -> bool:
    """Return whether the package's bytecode is missing and could be written."""
    with contextlib.suppress(ImportError, ValueError):
        spec = find_spec(package)
        if spec and spec.cached and spec.origin and not Path(spec.cached).exists():
            folder = Path(spec.cached).parent
            return os.access(folder if folder.exists() else folder.parent, os.W_OK)
    return False
