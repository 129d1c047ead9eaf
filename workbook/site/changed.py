"""What changed from one stage to the next, and from the last small apps to the finished project: a page for each.

Where the files live on, they are compared file by file. Two apps that share little more than a file's name are
compared by what is in them: a diff of the whole would be all minus and all plus.
"""

import difflib
import itertools

from workbook.course.model import Course, Step

from . import compare_parts
from .archive import files_in
from .code_blocks import anchor, counted, diff, in_words, kind_of, plus_minus, size, under_a_heading
from .module_index import docstring
from .pages import page_of, relative

_NOT_THE_APP = (
    "test_",
    "tests/",
    "tasks/",
    "README",
    "experiments.toml",
    "explore.ipynb",
    "tour.toml",
    "requirements",
    "ruff.toml",
)
_LIVES_ON = 0.5  # of the lines of a file that both have: with fewer it is another under the same name
MADE = "This page is made whenever the site is built, from the apps alone, without their tests."


def pairs(course: Course) -> list[tuple[Step, Step]]:
    """Return each stage with the one before it; the project with the last stage that has its structure, a package."""
    stages = [step for step in course.steps if step.kind == "stage"]
    found = list(itertools.pairwise(stages))
    packages = [stage for stage in stages if (course.folder(stage) / "app" / "main.py").is_file()]
    return found + [(packages[-1], step) for step in course.steps if step.kind == "project" and packages]


def changes(course: Course, before: Step, after: Step, page: str) -> str:
    """Return the page, in Markdown: a summary, a line for each file or part, then what there is to compare."""
    old, new = _app(course, before), _app(course, after)
    there, here = (f"[{step.title}]({relative(page_of(step), page)})" for step in (before, after))
    title = f"# What changed: {before.title} to {after.title}"
    if _lives_on(old, new):
        told, *parts = _by_file(old, new)
    else:
        told, *parts = compare_parts.compare_by_name(old, new)
        parts.insert(0, compare_parts.promised(course, after))
    return "\n\n".join([title, f"From {there} to {here}: {told} {MADE}", *parts]) + "\n"


def _lives_on(old: dict[str, str], new: dict[str, str]) -> bool:
    """Return whether the files that both have are, taken together, mostly the same text."""
    both = [(old[name].splitlines(), new[name].splitlines()) for name in old.keys() & new.keys()]
    kept = [
        sum(match.size for match in difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
        for a, b in both
    ]
    return sum(kept) > _LIVES_ON * sum(len(a) for a, _ in both)


def _by_file(old: dict[str, str], new: dict[str, str]) -> list[str]:
    gone = sorted(old.keys() - new.keys())
    added = sorted(new.keys() - old.keys())
    edited = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    same = len(old.keys() & new.keys()) - len(edited)
    diffs = {name: diff(old[name], new[name]) for name in edited}
    rows = ["| file | in its own words |", "|---|---|"]
    rows += [_row(name, f"changed, {plus_minus(diffs[name])}", new[name]) for name in edited]
    rows += [_row(name, f"new, {size(new[name])}", new[name]) for name in added]
    rows += [_row(name, f"gone, {size(old[name])}", old[name], linked=False) for name in gone]
    counts = (("changed", len(edited)), ("new", len(added)), ("gone", len(gone)), ("the same", same))
    told = in_words([f"{counted(count, 'file')} {word}" for word, count in counts if count])
    shown = [under_a_heading(name, "changed", "diff", diffs[name], plus_minus(diffs[name])) for name in edited]
    for name in added:
        shown.append(under_a_heading(name, "new", kind_of(name), new[name].rstrip().splitlines(), size(new[name])))
    return [f"{told}.", "\n".join(rows), *shown]


def _row(name: str, change: str, text: str, linked: bool = True) -> str:
    file = f"[`{name}`](#{anchor(name)}){{ .file }}" if linked else f"`{name}`{{ .file }}"
    return f"| {file}<br>{change} | {docstring(text)} |"


def _app(course: Course, step: Step) -> dict[str, str]:
    """Return the texts of the app's own files, by name, without empty ones."""
    files = files_in(course.folder(step))
    return {
        name: text.decode("utf-8")
        for name, text in files.items()
        if text.strip() and not name.startswith((*_NOT_THE_APP, ".")) and not name.endswith(".svg")
    }
