"""otter-grader and nbgrader, each in a separate environment, with a trivial notebook: one cell and one test of it.

uv makes both environments in `folder`, and they're kept there. If one can't be installed, that raises `NotThere`.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

ANSWER, CHECK = "def double(n):\n    return 2 * n\n", "assert double(21) == 42"
NOTEBOOK, ASSIGNMENT = "double.ipynb", "week1"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
OTTER_TEST = {
    "name": "q1",
    "points": 1,
    "suites": [{"cases": [{"code": ">>> double(21)\n42", "hidden": False}], "type": "doctest", "scored": True}],
}


class NotThere(Exception):
    """It could not be installed: why."""


def installed(command: str, packages: list[str], folder: Path) -> Path:
    """Return the command of some packages, installed in a separate environment. Raises `NotThere`."""
    environment = folder / command
    found = environment / ("Scripts" if sys.platform == "win32" else "bin") / command
    if found.exists():
        return found
    try:
        for words in (["venv", "--clear", "--python", PYTHON, str(environment)], ["pip", "install", *packages]):
            given = os.environ | {"VIRTUAL_ENV": str(environment)}
            ended = subprocess.run(["uv", *words], env=given, capture_output=True, text=True, timeout=900)
            if ended.returncode:
                raise NotThere(f"{command} cannot be installed: {ended.stderr.strip()[-300:]}")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotThere(f"{command} cannot be installed: {error}") from error
    return found


def environment_of(command: Path) -> dict[str, str]:
    """Its kernels are found by PATH, and none of this project's variables reach it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "VIRTUAL"))}
    return kept | {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}


def notebook(*cells: dict[str, Any]) -> str:
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    made = {"cells": list(cells), "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made)


def cell(name: str, source: str, **nbgrader: Any) -> dict[str, Any]:
    about = {"nbgrader": {"grade_id": name, "schema_version": 3, "task": False, **nbgrader}} if nbgrader else {}
    return {
        "cell_type": "code",
        "id": name,
        "source": source,
        "metadata": about,
        "outputs": [],
        "execution_count": None,
    }


class Otter:
    """`otter run`: a command for each submission."""

    def __init__(self, folder: Path, cache: Path) -> None:
        """Raises `NotThere`."""
        self._command = installed("otter", ["otter-grader", "ipykernel"], cache)
        self.folder = folder
        folder.mkdir()
        (folder / NOTEBOOK).write_text(notebook(cell("double", ANSWER)), encoding="utf-8")
        with zipfile.ZipFile(folder / "autograder.zip", "w") as archive:
            archive.writestr("otter_config.json", json.dumps({"show_stdout": False}))
            archive.writestr("tests/q1.py", f"OK_FORMAT = True\ntest = {OTTER_TEST!r}\n")
        self.env = environment_of(self._command)

    def command(self, count: int) -> list[str]:
        """Grade one; `count` is 1."""
        (self.folder / "results.json").unlink(missing_ok=True)
        return [str(self._command), "run", "--no-logo", "-a", "autograder.zip", NOTEBOOK]

    def graded(self, count: int) -> bool:
        """Whether it got its point."""
        told = json.loads((self.folder / "results.json").read_text(encoding="utf-8"))
        points: list[float] = [test.get("score", 0.0) for test in told["tests"]]
        return sum(points) == count


class NbGrader:
    """`nbgrader autograde`: one command for all submissions of an assignment."""

    def __init__(self, folder: Path, cache: Path) -> None:
        """Raises `NotThere`."""
        self._command = installed("nbgrader", ["nbgrader"], cache)
        self.folder = folder
        source = folder / "source" / ASSIGNMENT
        source.mkdir(parents=True)
        (folder / "nbgrader_config.py").write_text(
            'c = get_config()\nc.CourseDirectory.course_id = "course"\n', encoding="utf-8"
        )
        solution = {"grade": False, "locked": False, "solution": True}
        test = {"grade": True, "locked": True, "points": 1, "solution": False}
        text = notebook(cell("double", ANSWER, **solution), cell("test", CHECK, **test))
        (source / NOTEBOOK).write_text(text, encoding="utf-8")
        self.env = environment_of(self._command)
        made = subprocess.run(
            [str(self._command), "generate_assignment", ASSIGNMENT],
            cwd=folder,
            env=self.env,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise NotThere(f"nbgrader makes no assignment here: {made.stderr.strip()[-300:]}")

    def command(self, count: int) -> list[str]:
        """Grade `count` submissions that it has not seen."""
        for place in ("submitted", "autograded"):
            shutil.rmtree(self.folder / place, ignore_errors=True)
        for number in range(count):
            submitted = self.folder / "submitted" / f"learner{number}" / ASSIGNMENT
            submitted.mkdir(parents=True)
            shutil.copy(self.folder / "source" / ASSIGNMENT / NOTEBOOK, submitted)
        return [str(self._command), "autograde", ASSIGNMENT, "--force"]

    def graded(self, count: int) -> bool:
        """Whether each was executed without an error."""
        found = list((self.folder / "autograded").glob(f"*/{ASSIGNMENT}/{NOTEBOOK}"))
        cells = [cell for file in found for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]]
        run = [one for one in cells if one["cell_type"] == "code" and one["execution_count"]]
        errors = [output for one in run for output in one["outputs"] if output["output_type"] == "error"]
        return len(found) == count and len(run) == 2 * count and not errors
