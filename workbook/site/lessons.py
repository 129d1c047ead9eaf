"""Lessons: a step's README, filled in from the course's files, and the page that the site makes of it.

A README reads well where it's raw, in an editor or on a code host. Filled in are:

- a fence whose title names a part of a file beside it: ```python title="main.py:app"
- a list between a comment with a name of LISTS, such as `<!-- promises core -->`, and `<!-- end -->`
- what another step's README says already: `<!-- same avatar pictures -->` is its `<!-- part pictures -->`
- a drawing, such as `![…](onion.svg)`

A comment without an end, such as `<!-- play -->`, marks where the page has what only a site can do.
"""

import re
from collections.abc import Callable
from pathlib import Path

from workbook.course.model import Course, Step
from workbook.course.points import read_grading
from workbook.course.promises import read_promises

from .code_blocks import braced
from .diagrams import NAMES, render_file
from .pages import page_of, relative, shown_files, with_links_for
from .parts import part_of
from .sections import section_text

README = "README.md"
MOST_LINES = 20  # of code at one go
_CODE = re.compile(
    r'^(?P<head>```\w+ title="(?P<path>[\w./-]+):(?P<names>[\w.]+)")\n(?P<code>.*?)^```$', re.MULTILINE | re.DOTALL
)
_LIST = re.compile(r"^<!-- (?P<name>\w+)(?P<words>[^>]*?) -->\n(?P<text>(?:(?!<!--).)*?)<!-- end -->$", re.M | re.S)
_ALONE = re.compile(r"^<!-- (\w+) -->$", re.MULTILINE)
_DRAWING = re.compile(r"^!\[[^\]]*\]\((\w+)\.svg\)$", re.MULTILINE)
_FOLDED = re.compile(r"^<details>\n<summary>(.*?)</summary>$", re.MULTILINE)
_ON_THE_SITE = {"play", "experiments"}


class BadLesson(Exception):
    """A lesson that names something that the course doesn't have."""


def _facts(course: Course, step: Step) -> str:
    """Return the step's place in the course, and how long it takes."""
    alike = [other for other in course.steps if other.kind == step.kind]
    number = f" {alike.index(step) + 1} of {len(alike)}" if len(alike) > 1 else ""
    return f"{step.kind.capitalize()}{number} · about {step.minutes} minutes"


def _promises(course: Course, step: Step, which: str) -> str:
    """Return what the step's tests prove, in their own words: `promises core` or `promises deeper`."""
    deeper = {"core": False, "deeper": True}[which]
    found = [promise.text for promise in read_promises(course.folder(step)) if promise.deeper is deeper]
    return "\n".join(f"{'-' if deeper else f'{n}.'} {text}" for n, text in enumerate(found, 1))


def _tasks(course: Course, step: Step) -> str:
    """Return the stage's tasks: the story of each, with a link to the rest of it."""
    rows = []
    for task in course.tasks(step):
        story = (task.folder / README).read_text(encoding="utf-8").split("\n\n")[1]
        rows.append(f"{task.number}. **[{task.title}](tasks/{task.folder.name}/{README})**: {story}")
    return "\n".join(rows)


def _wrong(course: Course, step: Step) -> str:
    """Return the claims of docs/wrong.md about the step, each with a link to its evidence."""
    page = (course.root / "docs" / "wrong.md").read_text(encoding="utf-8")
    below = page.partition(f"\n## {step.title}\n")[2].partition("\n## ")[0]
    anchor = step.title.lower().replace(" ", "-")
    titles = re.findall(r"^### (.+)$", below, re.MULTILINE)
    if not titles:
        raise LookupError(f"docs/wrong.md has nothing about {step.title}")
    return "\n".join(
        [*(f"- {title}" for title in titles), "", f"[What's true]({_up(course, step)}docs/wrong.md#{anchor})"]
    )


def _points(course: Course, step: Step) -> str:
    """Return how many of the exercise's points belong to promises of its public tests."""
    exercise = next(one for one in course.exercises() if one.name == step.name)
    grading = read_grading(exercise.folder)
    tests = "".join(file.read_text(encoding="utf-8") for file in exercise.public_tests)
    public = sum(points for name, points in grading.points.items() if f"def {name}(" in tests)
    return f"{public:g} of {grading.full:g} points are for promises that the public tests show."


def _onward(course: Course, step: Step) -> str:
    """Return where to go from here."""
    rows = []
    if (course.folder(step) / "explore.ipynb").is_file():
        rows.append("[Look closer: the notebook of this stage](explore.ipynb)")
    if after := course.after(step):
        to = relative(f"{course.place(after)}/{README}", f"{course.place(step)}/{README}")
        rows.append(f"**Next: [{after.title}]({to}).** {after.concept}.")
    return "\n".join(f"- {row}" for row in rows)


def _part(course: Course, step: Step, name: str) -> str:
    """Return a part of this README unchanged, because it's the source of what others fill in with `same`."""
    return part_of(course.root, f"{course.place(step)}/{README}", name)


def _same(course: Course, step: Step, other: str, name: str) -> str:
    """Return a part of another step's README."""
    return part_of(course.root, f"{course.place(course.step(other))}/{README}", name)


LISTS: dict[str, Callable[..., str]] = {
    function.__name__.lstrip("_"): function
    for function in (_facts, _promises, _tasks, _wrong, _points, _onward, _part, _same)
}
_PAGES_OWN = {"facts": "", "onward": "{{ onward }}"}  # what the page says its own way


def _up(course: Course, step: Step) -> str:
    return "../" * len(course.folder(step).relative_to(course.root).parts)


def is_page(course: Course, step: Step) -> bool:
    """Return whether the step's README is its page: it is, unless docs/ has one."""
    return not (course.root / "docs" / page_of(step)).is_file()


def step_of(course: Course, readme: Path) -> Step | None:
    """Return the step whose lesson, and so whose page, this file is, if any."""
    lessons = (step for step in course.steps if is_page(course, step))
    return next((step for step in lessons if course.folder(step) / README == readme.resolve()), None)


def filled(course: Course, step: Step) -> str:
    """Return the lesson with everything filled in again, except for the outputs of commands. Raises `BadLesson`."""
    folder = course.folder(step)

    def code(found: re.Match[str]) -> str:
        text = section_text(folder / found["path"], found["names"])
        if len(text.splitlines()) > MOST_LINES:
            raise ValueError(f"{len(text.splitlines())} lines are more than a reader takes in at once: {MOST_LINES}")
        return f"{found['head']}\n{text}```"

    def listed(found: re.Match[str]) -> str:
        text = LISTS[found["name"]](course, step, *found["words"].split())
        return f"<!-- {found['name']}{found['words']} -->\n{text}\n<!-- end -->"

    text = (folder / README).read_text(encoding="utf-8")
    for pattern, instead in ((_CODE, code), (_LIST, listed)):
        text = pattern.sub(_naming(f"{course.place(step)}/{README}", instead), text)
    return text


def drawings(course: Course, step: Step) -> dict[Path, str]:
    """Return the lesson's drawings as they have to be, by their files."""
    text = (course.folder(step) / README).read_text(encoding="utf-8")
    return {course.folder(step) / f"{name}.svg": render_file(name) for name in _DRAWING.findall(text)}


def stale_parts(course: Course, step: Step) -> list[str]:
    """Return what's filled in and not as it has to be: the first line of each code and list, and each drawing."""
    place = course.folder(step) / README
    old, new = place.read_text(encoding="utf-8"), filled(course, step)
    parts = [found[0] for pattern in (_CODE, _LIST) for found in pattern.finditer(old)]
    wrong = [part.partition("\n")[0] for part in parts if part not in new]
    for file, drawing in drawings(course, step).items():
        if not file.is_file() or file.read_text(encoding="utf-8") != drawing:
            wrong.append(file.name)
    return wrong


def fill(course: Course, step: Step) -> None:
    """Write the lesson with everything filled in again, except for the outputs of commands. Raises `BadLesson`."""
    for file, drawing in drawings(course, step).items():
        file.write_text(drawing, encoding="utf-8", newline="\n")
    text = filled(course, step)
    (course.folder(step) / README).write_text(text, encoding="utf-8", newline="\n")


def lesson_page(course: Course, step: Step) -> str:
    """Return the lesson as the site's page, in Markdown. Raises `BadLesson`."""
    place, page = course.place(step), page_of(step)
    text = (course.folder(step) / README).read_text(encoding="utf-8")

    def only_here(found: re.Match[str]) -> str:
        if found[1] not in _ON_THE_SITE:
            raise BadLesson(f"{place}/{README}: {found[0]}: there are {', '.join(sorted(_ON_THE_SITE))}")
        return f"{{{{ {found[1]} }}}}"

    def titled(found: re.Match[str]) -> str:
        return found[0].replace(f'"{found["path"]}:{found["names"]}"', f'"{place}/{found["path"]}"', 1)

    def folded(found: re.Match[str]) -> str:
        kind = "question" if found[1].endswith("?") else "abstract"
        return f'<details class="{kind}" markdown="1">\n<summary markdown="span">{found[1]}</summary>'

    text = _LIST.sub(lambda found: _PAGES_OWN.get(found["name"], found["text"].rstrip("\n")), text)
    text = _ALONE.sub(only_here, text)
    text = _DRAWING.sub(lambda found: f"```diagram\n{found[1]}\n```" if found[1] in NAMES else found[0], text)
    text = _CODE.sub(
        lambda found: found[0].replace(f'"{found["path"]}:{found["names"]}"', f'"{place}/{found["path"]}"'), text
    )
    text = "\n".join(map(braced, _FOLDED.sub(folded, text).splitlines())) + "\n"
    return f"---\nstep: {step.name}\n---\n\n{with_links_for(page, text, place, shown_files(course))}"


def _naming(place: str, instead: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
    def replaced(found: re.Match[str]) -> str:
        try:
            return instead(found)
        except (LookupError, TypeError, ValueError, OSError) as error:
            raise BadLesson(f"{place}: {found[0].partition(chr(10))[0]}: {error}") from error

    return replaced
