"""What is found out once for all processes that the tests run in."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from .runners import wait_until


def found_once(factory: pytest.TempPathFactory, name: str, find: Callable[[], Any], seconds: float) -> Any:
    """What `find` returns, as JSON keeps it. Of several processes that run tests one finds, and the others wait."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return find()
    found = factory.getbasetemp().parent / f"{name}.json"
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
