"""The same tests without any isolation: pytest and the submissions in this one process, one after the other.

Warm, as the grader is; with many submissions it's the floor:

    python -m peers.one_process uvicorn COURSE EXERCISE ZIP …

With Starlette's TestClient; with one submission it's a fresh pytest:

    python -m peers.one_process testclient COURSE EXERCISE ZIP

Prints a line of JSON for each: seconds of CPU, promises kept, promises in all, and what pytest said.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

import workbook.plugin
from workbook.course.step_files import find_tests
from workbook.serving.fork import APP_MODULES
from workbook.testrun.pytest_process import OPTIONS, RUN_MODULES
from workbook.testrun.result import read_check

from . import in_process


def arguments(course: Path, exercise: str, submission: str, results: Path) -> list[str]:
    """pytest's, as the grader gives them."""
    folder = course / "exercises" / exercise
    tests = [str(file) for file in find_tests(folder, folder / "hidden")]
    settings = ["-c", str(course / "pyproject.toml"), "--rootdir", str(folder), "--workbook-results", str(results)]
    return [*OPTIONS, *settings, *tests, "--submission", submission, "--unsafe", "--seed", "1"]


def warm_up() -> None:
    for name in (*APP_MODULES, *RUN_MODULES):
        if name != "-":
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def main() -> None:
    kind, course, exercise, *submissions = sys.argv[1:]
    os.environ.update({in_process.KIND: kind, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    os.chdir(course)
    if kind == "uvicorn":
        warm_up()
    for submission in submissions:
        with tempfile.TemporaryDirectory() as folder:
            results, said = Path(folder) / "results.jsonl", io.StringIO()
            started = time.process_time()
            with contextlib.redirect_stdout(said):
                pytest.main(
                    arguments(Path(course), exercise, submission, results), plugins=[workbook.plugin, in_process]
                )
            used = time.process_time() - started
            found = read_check(results, said.getvalue(), 0)
        told = {"kept": len(found.kept), "of": len(found.promises), "said": said.getvalue()[-3000:]}
        print(json.dumps({"cpu": used, **told}), flush=True)


if __name__ == "__main__":
    main()
