"""What changed from one stage to the next, and from the last small apps to the finished project: a page for each."""

import ast
import difflib
import itertools
import re

from workbook.course import Course, Step

from .archive import files_in
from .pages import page_of, relative

_NOT_THE_APP = ("test_", "tests/", "tasks/", "README", "experiments.toml", "explore.ipynb", "tour.toml", "requirements")
MOST_LINES = 40  # of a file that is shown without being asked for
_KINDS = {".py": "python", ".html": "html"}


def pairs(course: Course) -> list[tuple[Step, Step]]:
    """Each stage with the one before it; the project with the stage that has its structure, a package."""
    stages = [step for step in course.steps if step.kind == "stage"]
    found = list(itertools.pairwise(stages))
    packages = [stage for stage in stages if (course.folder(stage) / "app" / "main.py").is_file()]
    return found + [(packages[-1], step) for step in course.steps if step.kind == "project" and packages]


def changes(course: Course, before: Step, after: Step, page: str) -> str:
    """The page, in Markdown: a summary, a line for each file, then the files themselves."""
    old, new = _app(course, before), _app(course, after)
    gone = sorted(old.keys() - new.keys())
    added = sorted(new.keys() - old.keys())
    edited = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    same = len(old.keys() & new.keys()) - len(edited)
    there, here = (f"[{step.title}]({relative(page_of(step), page)})" for step in (before, after))
    diffs = {name: _diff(old[name], new[name]) for name in edited}
    rows = ["| file | change | in its own words |", "|---|---|---|"]
    rows += [_row(name, f"changed: {_plus_minus(diffs[name])}", new[name]) for name in edited]
    rows += [_row(name, f"new: {_lines(new[name])}", new[name]) for name in added]
    rows += [_row(name, f"gone: {_lines(old[name])}", old[name], linked=False) for name in gone]
    parts = [
        f"# What changed: {before.title} to {after.title}",
        f"From {there} to {here}: {_summary(len(edited), len(added), len(gone), same)}.{_why(edited, same)} "
        "The table compares the apps alone, without their tests, and is made whenever the site is built.",
        "\n".join(rows),
    ]
    parts += [_shown(name, "changed", "diff", diffs[name], _plus_minus(diffs[name])) for name in edited]
    parts += [_shown(name, "new", _kind(name), new[name].rstrip().splitlines(), _lines(new[name])) for name in added]
    return "\n\n".join(parts) + "\n"


def _row(name: str, change: str, text: str, linked: bool = True) -> str:
    file = f"[`{name}`](#{_anchor(name)}){{ .file }}" if linked else f"`{name}`{{ .file }}"
    return f"| {file} | {change} | {_told(text)} |"


def _summary(changed: int, added: int, gone: int, same: int) -> str:
    """How many files are what, in words."""
    counts = (("changed", changed), ("new", added), ("gone", gone), ("the same", same))
    told = [f"{_files(count)} {word}" for word, count in counts if count]
    return ", ".join(told[:-1]) + (" and " if len(told) > 1 else "") + told[-1]


def _why(edited: list[str], same: int) -> str:
    return "" if edited or same else " Each app is a small one of its own; these two share no file."


def _app(course: Course, step: Step) -> dict[str, str]:
    """The app's own files that hold something."""
    files = files_in(course.folder(step))
    return {
        name: text.decode("utf-8")
        for name, text in files.items()
        if text.strip() and not name.startswith((*_NOT_THE_APP, "."))
    }


def _diff(old: str, new: str) -> list[str]:
    return list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]


def _shown(name: str, word: str, kind: str, lines: list[str], size: str) -> str:
    """A file under a heading of its own; folded where it is long."""
    block = "\n".join([f'``````{{ .{kind} title="{name}" }}', *lines, "``````"])
    if len(lines) > MOST_LINES:
        indented = "\n".join("    " + line if line else "" for line in block.splitlines())
        block = f'??? example "{name}: {size}"\n\n{indented}'
    return f"## `{name}` ({word}) {{ #{_anchor(name)} }}\n\n{block}"


def _kind(name: str) -> str:
    return _KINDS.get(name[name.rfind(".") :], "text")


def _anchor(name: str) -> str:
    return re.sub(r"[\W_]+", "-", name).strip("-")


def _told(text: str) -> str:
    """The first sentence of a module's docstring, as it can stand in a table."""
    try:
        told = ast.get_docstring(ast.parse(text)) or ""
    except SyntaxError:  # not Python
        told = ""
    return re.split(r"(?<=[.!?])\s|\n\n", told, maxsplit=1)[0].replace("\n", " ").replace("|", "\\|")


def _plus_minus(diff: list[str]) -> str:
    more, fewer = (sum(line.startswith(sign) for line in diff) for sign in "+-")
    return f"+{more} -{fewer}"


def _lines(text: str) -> str:
    count = len(text.splitlines())
    return f"{count} lines" if count > 1 else "1 line"


def _files(count: int) -> str:
    return f"{count} files" if count > 1 else "1 file"
