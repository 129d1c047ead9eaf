"""The promises that a step's test files make, read without running them."""

import ast
import inspect
from dataclasses import dataclass
from pathlib import Path

from .test_files import find_tests


@dataclass(frozen=True)
class PromiseText:
    """A test's name, the sentence that it proves, and whether it's marked `deeper`."""

    name: str
    text: str
    deeper: bool


def read_promises(folder: Path) -> list[PromiseText]:
    """Return the promises of the test files in `folder`, in the order of the files; not those of its tasks."""
    found = []
    for file in find_tests(folder):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        all_deeper = any(isinstance(node, ast.Assign) and _is_deeper_mark(node) for node in body)
        for node in body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                text = inspect.cleandoc(ast.get_docstring(node) or node.name).split("\n\n")[0]
                deeper = all_deeper or any("deeper" in ast.unparse(decorator) for decorator in node.decorator_list)
                found.append(PromiseText(node.name, " ".join(text.split()), deeper))
    return found


def _is_deeper_mark(node: ast.Assign) -> bool:
    """Return whether it's `pytestmark = pytest.mark.deeper`, which marks a whole file."""
    return ast.unparse(node.targets[0]) == "pytestmark" and "deeper" in ast.unparse(node.value)
