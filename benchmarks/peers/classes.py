"""Classes to be graded: real solutions of a course's exercises, or their starters, made different by a comment."""

import ast
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from workbook.course.changes import left_out
from workbook.course.exercise import Exercise, project_copy
from workbook.course.model import Course

# What TestClient can't do: a body that comes in parts, a response that's taken in small sips. These don't run here.
NEEDS_A_NETWORK = {
    "test_the_milliseconds_are_those_of_the_request": "sends a body in parts, while other requests come and go",
    "test_the_line_comes_after_the_response": "takes a reply in small sips from a raw socket",
}
# Alternatives that share state with the next submission in one process, or whose last steps race with a busy machine's.
NOT_SIDE_BY_SIDE = {"url-and-events", "async-as-sent"}


@dataclass(frozen=True)
class Class:
    """Zips for one exercise of the course in `course`, a copy."""

    course: Path
    exercise: str
    zips: list[Path]


def course_copy(root: Path, target: Path) -> Course:
    """A course with its project and exercises alone, without the tests that need a network."""
    target.mkdir(parents=True)
    for name in ("pyproject.toml", "workbook.toml"):
        shutil.copy(root / name, target)
    for folder in ("final", "exercises"):
        shutil.copytree(root / folder, target / folder, ignore=left_out)
    for file in (target / "exercises").rglob("test_*.py"):
        _cut(file)
    return Course.find(target)


def _cut(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef) and node.name in NEEDS_A_NETWORK:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            del lines[first - 1 : node.end_lineno]
    file.write_text("".join(lines), encoding="utf-8")


def make_class(course: Course, exercise: Exercise, count: int, folder: Path, *, solved: bool = True) -> Class:
    """`count` zips in `folder`: the exercise's solution, its alternatives, and so on in turn; or all of its starter."""
    patches = [exercise.solution, *(one for one in exercise.alternatives if one.stem not in NOT_SIDE_BY_SIDE)]
    folder.mkdir(parents=True)
    projects = [dict(_files(exercise, [patch])) for patch in patches] if solved else [dict(_files(exercise, []))]
    zips = []
    for number, files in enumerate(islice(cycle(projects), count)):
        zips.append(folder / f"learner{number:04}.zip")
        with zipfile.ZipFile(zips[-1], "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                note = f"\n# learner {number}\n".encode() if name == "app/main.py" else b""
                archive.writestr(f"final/{name}", content + note)
    return Class(course.root, exercise.name, zips)


def _files(exercise: Exercise, patches: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    with project_copy([exercise], patches) as project:
        for path in sorted((project / "app").rglob("*.py")):
            yield path.relative_to(project).as_posix(), path.read_bytes()
