"""The whole suite: in as many processes as the machine can feed, and with samples of what is exhaustive.

What is named runs in one process, which is easier to follow, and all of it.
"""

import os
import sys
from importlib.util import find_spec

import pytest

from workbook.open_files import ENOUGH, allow_open_files

from .sampling import OPTION, sample_of
from .submissions import refuse_foreign_settings


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Take samples if no tests are named, and add xdist's options if it's installed, as in the tests' group.

    Before that, and before any conftest.py is imported, refuse the settings of a submission.
    """
    refuse_foreign_settings(early_config)
    given = early_config.known_args_namespace
    files = allow_open_files()
    whole = not given.file_or_dir and (early_config.rootpath / "workbook.toml").is_file()
    if not whole or "PYTEST_XDIST_WORKER" in os.environ:
        return
    if files < ENOUGH:
        said = f"The whole suite needs {ENOUGH} open files and gets {files} here"
        raise pytest.UsageError(f"{said}. Next: ulimit -n {ENOUGH}, as root")
    if not (given.exhaustive or given.keyword or given.markexpr or given.sampled >= 0):
        args += [OPTION, str(sample_of(early_config.rootpath))]
    _keep_bytecode()
    if find_spec("xdist") is None or given.collectonly:
        return
    if getattr(given, "numprocesses", None) is None and not getattr(given, "usepdb", False):
        # One more than there are cores: many tests wait, for a server, a terminal or a browser.
        args += ["-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]


def _keep_bytecode() -> None:
    """Let Python write bytecode in this run, also where the environment forbids it.

    The suite starts hundreds of interpreters. Without bytecode each compiles every package that it imports, which takes
    longer than all tests together.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
