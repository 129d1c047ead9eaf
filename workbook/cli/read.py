"""`workbook read`: a step's lesson, in the terminal."""

import re

from workbook.course.changes import Task
from workbook.course.model import Course, Step
from workbook.course.promises import read_promises
from workbook.errors import UserError

from .context import Context
from .hint import show_hints, task_at_hand
from .screens import shown_path
from .terminal import Terminal

TABLE = re.compile(r"(?:^\|.*\n?)+", re.MULTILINE)
CONTRACT = re.compile(r"^## What to build\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
FOLDED = re.compile(r"^<details>\n<summary>(.*?)</summary>\n(.*?)\n</details>\n", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"^<!--.*?-->\n|<!--.*?-->", re.MULTILINE | re.DOTALL)


def read_lesson(name: str | None) -> None:
    """Show the lesson of a step: its README."""
    here = Context()
    step = here.step(name)
    file = here.course.folder(step) / "README.md"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{shown_path(file)} can't be read: {error.strerror}.", f"git checkout {here.course.place(step)}"
        ) from error
    with here.terminal.pager():
        show_markdown(here.terminal, text)


def show_markdown(terminal: Terminal, text: str) -> None:
    """Write Markdown: rendered where there's colour, otherwise as it is."""
    terminal.markdown(unfolded(text))


def unfolded(text: str) -> str:
    """Return Markdown without folds and comments: a folded part gets a heading, and answers come at the very end."""
    answers: list[str] = []

    def shown(fold: re.Match[str]) -> str:
        title, inside = fold[1], fold[2].strip("\n")
        if not title.endswith("?"):
            return f"### {title}\n\n{inside}\n"
        answers.append(f"**{title}**\n\n{inside}\n")
        return f"- {title}\n"

    text = FOLDED.sub(shown, COMMENT.sub("", text))
    return f"{text}\n## Answers\n\n{chr(10).join(answers)}" if answers else text


def task_table(course: Course, step: Step, task: Task) -> str:
    """Return what a task asks for: its title and its README's tables, or the README without one.

    Of an exercise it's the contract: the README's section that says what to build, or all of it.
    """
    file = course.folder(step) / "README.md" if step.kind == "exercise" else task.folder / "README.md"
    if not file.exists():
        return f"{shown_path(file)} is missing."
    text = file.read_text(encoding="utf-8")
    if step.kind == "exercise":
        contract = CONTRACT.search(text)
        return contract[1].strip() if contract else text
    tables = TABLE.findall(text)
    return "\n".join([f"**Task {task.number}: {task.title}**\n", *tables]) if tables else text


def show_panel(here: Context, step: Step, panel: str) -> None:
    """Write what stays on a session's screen: the last hint, what the task asks for, or the promises."""
    task = task_at_hand(here, step)
    if panel == "hint" and task:
        show_hints(here, step, task, only_last=True)
    elif panel == "task" and task:
        here.terminal.rule()
        asked = task_table(here.course, step, task)
        show_markdown(here.terminal, asked)
        if asked.startswith("**Task") and here.progress.untried(step):  # otherwise what comes next names the file
            here.terminal.field("Read", [shown_path(task.folder / "README.md")])
    elif panel == "promises":
        here.terminal.rule()
        for promise in read_promises(here.course.folder(step)):
            if not promise.deeper:
                here.terminal.line(promise.text, indent=3, hang=2)


def clipped_panel(here: Context, step: Step, panel: str, lines: list[str], room: int, key: str) -> list[str]:
    """Return a panel's lines that fit into `room` rows; the last says which `key`, or what else, shows the rest."""
    terminal = here.terminal
    if terminal.rows(lines) <= room:
        return lines
    task = task_at_hand(here, step)
    if key:
        end = f"   … {key} shows all of it"
    elif panel == "task" and task and step.kind != "exercise":
        end = f"   … the rest in a taller window, or: {shown_path(task.folder / 'README.md')}"
    else:
        end = (
            f"   … the rest in a taller window, or: uv run workbook {'hint' if panel == 'hint' else 'read'} {step.name}"
        )
    return [*terminal.fitted(lines, room - terminal.rows([end])), terminal.text(end)]
