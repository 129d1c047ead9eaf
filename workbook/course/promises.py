"""The promises that a step's test files make, read without running them, and which of them a prediction offers."""

import ast
import hashlib
import inspect
from dataclasses import dataclass
from pathlib import Path

from .changes import Experiment
from .step_files import find_tests


@dataclass(frozen=True)
class PromiseText:
    """A test's name, the sentence that it proves, and whether it's marked `deeper`."""

    name: str
    text: str
    deeper: bool


def read_promises(folder: Path) -> list[PromiseText]:
    """Return the promises of the test files in `folder`, the core ones first; not those of its tasks."""
    found = []
    for file in find_tests(folder):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        all_deeper = any(isinstance(node, ast.Assign) and _is_deeper_mark(node) for node in body)
        for node in body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                text = inspect.cleandoc(ast.get_docstring(node) or node.name).split("\n\n")[0]
                deeper = all_deeper or any("deeper" in ast.unparse(decorator) for decorator in node.decorator_list)
                found.append(PromiseText(node.name, " ".join(text.split()), deeper))
    return sorted(found, key=lambda promise: promise.deeper)


def _is_deeper_mark(node: ast.Assign) -> bool:
    """Return whether it's `pytestmark = pytest.mark.deeper`, which marks a whole file."""
    return ast.unparse(node.targets[0]) == "pytestmark" and "deeper" in ast.unparse(node.value)


CHOICES = 8
SURE = ("a guess", "fairly sure", "certain")


def choices_for(experiment: Experiment, promises: list[PromiseText]) -> list[PromiseText]:
    """Return what the learner chooses among: every core promise, every one that breaks, and others up to eight.

    The others differ from one experiment to the next: otherwise what's new in the list would be what breaks.
    """
    clear = [promise for promise in promises if promise.name not in experiment.unclear]
    must = {promise.name for promise in clear if not promise.deeper or promise.name in experiment.red}
    spare = [promise.name for promise in clear if promise.name not in must]
    spare.sort(key=lambda name: hashlib.sha256(f"{experiment.title} {name}".encode()).digest())
    chosen = must | set(spare[: max(0, CHOICES - len(must))])
    return [promise for promise in clear if promise.name in chosen]


def red_numbers(experiment: Experiment, choices: list[PromiseText]) -> list[int]:
    """Return the numbers of the promises that the experiment breaks."""
    return [n for n, promise in enumerate(choices, 1) if promise.name in experiment.red]
