"""What changed from one stage to the next, and from the last small apps to the finished project: a page for each."""

import difflib
import itertools

from workbook.course import Course, Step

from .archive import files_in
from .pages import page_of, relative

_NOT_THE_APP = ("test_", "tests/", "tasks/", "README", "experiments.toml", "explore.ipynb", "tour.toml", "requirements")
_KINDS = {".py": "python", ".html": "html"}


def pairs(course: Course) -> list[tuple[Step, Step]]:
    """Each stage with the one before it; the project with the stage that has its structure, a package."""
    stages = [step for step in course.steps if step.kind == "stage"]
    found = list(itertools.pairwise(stages))
    packages = [stage for stage in stages if (course.folder(stage) / "app" / "main.py").is_file()]
    return found + [(packages[-1], step) for step in course.steps if step.kind == "project" and packages]


def changes(course: Course, before: Step, after: Step, page: str) -> str:
    """The page, in Markdown."""
    old, new = _app(course, before), _app(course, after)
    gone = sorted(old.keys() - new.keys())
    added = sorted(new.keys() - old.keys())
    edited = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    same = sorted(name for name in old.keys() & new.keys() if old[name] == new[name])
    there, here = (f"[{step.title}]({relative(page_of(step), page)})" for step in (before, after))
    head = [
        f"# What changed: {before.title} to {after.title}",
        f"From {there} to {here}: the app alone, without its tests. "
        "This page is made from both folders whenever the site is built.",
        "| files | |\n|---|---|",
    ]
    for word, names in (("gone", gone), ("changed", edited), ("new", added), ("the same", same)):
        if names:
            head[-1] += f"\n| {word} | {', '.join(f'`{name}`' for name in names)} |"
    parts = [_diff(name, old[name], new[name]) for name in edited]
    parts += [_whole(name, new[name]) for name in added]
    return "\n\n".join(head + parts) + "\n"


def _app(course: Course, step: Step) -> dict[str, str]:
    """The app's own files that hold something."""
    files = files_in(course.folder(step))
    return {
        name: text.decode("utf-8")
        for name, text in files.items()
        if text.strip() and not name.startswith((*_NOT_THE_APP, "."))
    }


def _diff(name: str, old: str, new: str) -> str:
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]
    return f"## `{name}`\n\n{_fence('diff', name, lines)}"


def _whole(name: str, text: str) -> str:
    kind = _KINDS.get(name[name.rfind(".") :], "text")
    block = _fence(kind, name, text.rstrip().splitlines())
    indented = "\n".join("    " + line if line else "" for line in block.splitlines())
    return f'## `{name}` (new)\n\n??? example "{_count(text)}"\n\n{indented}'


def _count(text: str) -> str:
    lines = len(text.splitlines())
    return f"{lines} lines" if lines > 1 else "1 line"


def _fence(kind: str, title: str, lines: list[str]) -> str:
    return "\n".join([f'``````{{ .{kind} title="{title}" }}', *lines, "``````"])
