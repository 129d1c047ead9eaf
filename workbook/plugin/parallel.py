"""The whole suite, in as many processes as the machine can feed; what is named runs in one, and is easier to follow."""

import os
from importlib.util import find_spec

import pytest


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Add xdist's options where nothing was named and xdist is installed, as the tests' group has it."""
    given = early_config.known_args_namespace
    whole = not given.file_or_dir and (early_config.rootpath / "workbook.toml").is_file()
    if not whole or find_spec("xdist") is None or given.collectonly or "PYTEST_XDIST_WORKER" in os.environ:
        return
    if getattr(given, "numprocesses", None) is None and not getattr(given, "usepdb", False):
        # One more than there are cores: many tests wait, for a server, a terminal or a browser.
        args += ["-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]
