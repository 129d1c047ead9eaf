"""What's found out once for all processes in which the tests run."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .runners import wait_until


def folder_of_all(factory: pytest.TempPathFactory) -> Path:
    """Return the folder for what all processes of this run share."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def found_once(factory: pytest.TempPathFactory, name: str, find: Callable[[], Any], seconds: float) -> Any:
    """Return what `find` returns, by way of JSON. If several processes run tests, one finds it and the others wait."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return find()
    found = folder_of_all(factory) / f"{name}.json"
    try:
        found.with_suffix(".lock").touch(exist_ok=False)
    except FileExistsError:
        wait_until(found.exists, lambda: f"the process that finds {name} says nothing", seconds)
    else:
        part = found.with_suffix(".part")
        try:
            part.write_text(json.dumps(find()), encoding="utf-8")
        except BaseException:
            part.write_text("{}", encoding="utf-8")
            raise
        finally:
            part.replace(found)
    return json.loads(found.read_text(encoding="utf-8"))
