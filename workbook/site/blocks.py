"""What the shortcodes become: each is a function of the page and of the words after its name."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from workbook.course.changes import Edit, Experiment, Task
from workbook.course.model import Course, Step
from workbook.course.promises import PromiseText, read_promises
from workbook.playground.site import ANCHOR, button, has_button, review_button

from .changed import pairs
from .code_blocks import fold_block
from .pages import (
    archive_of,
    changes_page,
    notebook_page,
    page_of,
    relative,
    relative_root,
    shown_files,
    task_page,
    with_links_for,
)
from .parts import part_of, without_marks
from .sections import lines_of

MOST_LINES = 20  # of code at one go
_TICKED = {
    "stage": "I have finished this stage",
    "exercise": "I have solved this exercise",
    "project": "I have read and toured this project",
}


@dataclass(frozen=True)
class Page:
    """A page of the site: its path below docs/, and the step that it's about, if any."""

    path: str
    course: Course
    step: Step | None = None

    @cached_property
    def shown(self) -> dict[str, str]:
        return shown_files(self.course)

    @property
    def its_step(self) -> Step:
        if self.step is None:
            raise LookupError("there's no `step:` in the page's front matter")
        return self.step

    def link(self, text: str, to: str) -> str:
        return f"[{text}]({relative(to, self.path)})"

    def named(self, name: str) -> Step:
        return self.course.step(name) if name else self.its_step


def code(page: Page, place: str, *more: str) -> str:
    """Show a named part of a file of the course: `code FILE:NAME`; the name `all` shows the whole file."""
    path, _, names = place.rpartition(":")
    file = page.course.root / path
    lines = "" if names == "all" else f":{lines_of(file, names)}"
    shown = len(file.read_text(encoding="utf-8").splitlines()) if not lines else _length(lines)
    if shown > MOST_LINES and "long" not in more:
        raise ValueError(f"{shown} lines are more than a reader takes in at once: {MOST_LINES}")
    kind = {"py": "python", "html": "html", "toml": "toml", "ipynb": "json"}.get(file.suffix[1:], "text")
    return f'``` {{ .{kind} title="{path}" }}\n--8<-- "{path}{lines}"\n```'


def _length(lines: str) -> int:
    first, _, last = lines[1:].partition(":")
    return int(last) - int(first) + 1 if last else 0


def head(page: Page) -> str:
    """Show the step's number, how long it takes, its zip, and the tick for having done it. Placed below the title."""
    step = page.its_step
    alike = [other for other in page.course.steps if other.kind == step.kind]
    number = f"{step.kind.capitalize()} {alike.index(step) + 1} of {len(alike)}" if len(alike) > 1 else "Project"
    facts = [number, f"{step.minutes} minutes"]
    if step.kind == "stage":
        facts.append(page.link("the code as a zip", archive_of(step)))
    here = f'<span class="scripted"> · <a href="#{ANCHOR}">run it in this page</a></span>' if has_button(step) else ""
    return (
        f'<div class="step-head" markdown>\n\n{" · ".join(facts)}{here}\n\n{_tick(step, _TICKED[step.kind])}\n\n</div>'
    )


def _tick(step: Step, label: str, css_class: str = "") -> str:
    return (
        f'<label class="tick" hidden><input type="checkbox" data-step="{step.name}">'
        f"<span{css_class}>{label}</span></label>"
    )


def course(page: Page) -> str:
    """List the course, with a tick for each step."""
    rows = []
    for step in page.course.steps:
        tick = _tick(step, f"{step.title} is done", ' class="unseen"')
        rows.append(
            f"<li markdown>{tick}<span markdown>**{page.link(step.title, page_of(step))}** {step.concept}</span>"
            f'<span class="minutes">{step.minutes} min</span></li>'
        )
    return '<ol class="course" markdown>\n' + "\n".join(rows) + "\n</ol>"


def outcomes(page: Page) -> str:
    """List what a reader can do after each stage."""
    return "\n".join(f"- {step.outcome}" for step in page.course.steps if step.kind == "stage")


def experiments(page: Page) -> str:
    """Show the stage's experiments: each one's question and edit; folded, what turns red and why."""
    step = page.its_step
    texts = {promise.name: promise for promise in read_promises(page.course.folder(step))}
    blocks = []
    for number, experiment in enumerate(page.course.experiments(step), 1):
        asked = [f"### {number}. {experiment.title}", experiment.question]
        if experiment.hidden:
            asked.append("\n".join(f"- {choice}" for choice in experiment.choices))
        else:
            asked.append(_edits(experiment))
        asked.append(f"```console\n$ uv run workbook break {step.name} {number}\n```")
        blocks.append("\n\n".join([*asked, _answer(experiment, texts)]))
    return "\n\n".join(blocks)


def _edits(experiment: Experiment) -> str:
    return "\n\n".join(f'``` {{ .diff title="{edit.file}" }}\n{_diff(edit)}\n```' for edit in experiment.edits)


def _diff(edit: Edit) -> str:
    old, new = edit.find.strip("\n").splitlines(), edit.replace.strip("\n").splitlines()
    return "\n".join(line for line in difflib.ndiff(old, new) if not line.startswith("?"))


def _answer(experiment: Experiment, texts: dict[str, PromiseText]) -> str:
    red = [texts[name].text for name in texts if name in experiment.red]
    inside = [f"**It was:** {experiment.answer}.\n\n{_edits(experiment)}"] if experiment.hidden else []
    inside.append(
        "**Red:**\n\n" + "\n".join(f"- {text}" for text in red) if red else "**Red:** nothing. Every promise is kept."
    )
    inside.append(experiment.why)
    heading = "What was done, and why it shows so" if experiment.hidden else "What turns red, and why"
    return fold_block(heading, "\n\n".join(inside), "success")


def task_text(course: Course, step: Step, task: Task) -> str:
    """Return a task's own page: its README, and the way there and back."""
    page = Page(task_page(step, task), course, step)
    place = f"{course.place(step)}/tasks/{task.folder.name}"
    text = (task.folder / "README.md").read_text(encoding="utf-8").strip()
    heading, _, body = with_links_for(page.path, text, place, page.shown).partition("\n")
    return (
        f"{heading}\n\nTask {task.number} of {page.link(step.title, page_of(step))}.\n\n{body.strip()}\n\n"
        "## Do it\n\n"
        f"```console\n$ uv run workbook start {step.name}\n$ uv run workbook\n```\n\n"
        f"The first command puts the stage into `{course.copy(step).relative_to(course.root).as_posix()}`, where you "
        "edit it. The second shows at every save what's still missing, and gives hints if you press `h`.\n"
    )


def readme(page: Page, place: str = "", *heading: str) -> str:
    """Show the README of the page's step without its title: `readme`; `readme FILE` is another file of the course.

    `readme FILE HEADING` is the part below that heading, without it.
    """
    place = place or f"{page.course.place(page.its_step)}/README.md"
    text = (page.course.root / place).read_text(encoding="utf-8")
    body = _below(" ".join(heading), text, place) if heading else text.partition("\n")[2]
    return with_links_for(page.path, without_marks(body).strip(), place.rpartition("/")[0], page.shown)


def part(page: Page, place: str, name: str) -> str:
    """Show a part that a file of the course marks with `<!-- part NAME -->`: `part FILE NAME`."""
    return with_links_for(page.path, part_of(page.course.root, place, name), place.rpartition("/")[0], page.shown)


def _below(heading: str, text: str, place: str) -> str:
    parts = dict(below.partition("\n")[::2] for below in text.split("\n## ")[1:])
    if heading not in parts:
        raise LookupError(f"{place} has no part {heading}; there are {', '.join(parts)}")
    return parts[heading]


def onward(page: Page) -> str:
    """List where to go from here: what changed, the notebook, the zip, the next step."""
    step, all_steps = page.its_step, page.course
    rows = []
    if any(step == after for _, after in pairs(all_steps)):
        rows.append(page.link("What changed since the stage before", changes_page(step)))
    if (all_steps.folder(step) / "explore.ipynb").is_file():
        rows.append(page.link("Look closer: the notebook of this stage", notebook_page(step)))
    if step.kind == "stage":
        rows.append(page.link("The code of this stage as a zip", archive_of(step)))
    if after := all_steps.after(step):
        rows.append(f"**Next: {page.link(after.title, page_of(after))}.** {after.concept}.")
    return "\n".join(f"- {row}" for row in rows)


def play(page: Page, name: str = "") -> str:
    """Show the button that runs the step's code in the page; `play STEP` is another page's, with an invitation."""
    step = page.named(name) if name else page.its_step
    shown = button(step, relative_root(page.path)) if has_button(step) else ""
    if not shown:
        return ""
    above = f'<span class="scripted">{_INVITATION}</span>' if name else f"## Run the code {{ #{ANCHOR} .scripted }}"
    return f"{above}\n\n{shown}"


def review_here(page: Page) -> str:
    """Show the button of review and progress in the page; without the playground's files, what the terminal has."""
    return review_button(relative_root(page.path)) or _ONLY_THE_TERMINAL


_ONLY_THE_TERMINAL = "This copy of the site can't ask you. In the terminal, `uv run workbook review` does."
_INVITATION = (
    "Don't take our word for it. Press the button, then **Run**, and read what a page on another address gets. "
    "Then open **Break it here** and guess what breaks before you look."
)


def minutes(page: Page, name: str = "") -> str:
    return str(page.named(name).minutes)


def title(page: Page, name: str = "") -> str:
    return page.named(name).title


def concept(page: Page, name: str = "") -> str:
    return page.named(name).concept


def hours(page: Page) -> str:
    """Return how many hours the whole course takes, to the half hour."""
    return f"{round(sum(step.minutes for step in page.course.steps) / 30) / 2:g}"


BLOCKS: dict[str, Callable[..., str]] = {
    function.__name__: function
    for function in (code, head, course, outcomes, experiments, play, readme, part, onward, review_here)
}
WORDS: dict[str, Callable[..., str]] = {function.__name__: function for function in (minutes, title, concept, hours)}
