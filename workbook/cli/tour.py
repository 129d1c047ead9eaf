"""`workbook tour`: which file of a project does it, and why there?"""

import itertools
import sys
from pathlib import Path

from workbook.course.model import Step
from workbook.course.questions import Question, line_of, meant_files, purpose
from workbook.errors import UserError
from workbook.learner.workspace import copied_files
from workbook.wording import number_of

from . import screens
from .context import Context
from .keyboard import ask_line
from .next_steps import show_next

PROMPT = "Which file? "
TRIES = 2


def tour_project(name: str | None, number: int | None) -> None:
    """Ask the questions on a project that are not answered yet, or one once more."""
    here = Context()
    if name and name.isdecimal() and not name.startswith("0") and number is None:  # `tour 2`, not `tour 02`
        raise UserError("Say which step, then which question.", f"workbook tour {_toured(here, None).name} {name}")
    step = _toured(here, name)
    questions = read_questions(here, step)
    if number is not None and number > len(questions):
        raise UserError(
            f"{step.name} has {number_of(len(questions), 'question')}, and number {number} isn't one of them.",
            f"workbook tour {step.name}",
        )
    try:
        ask_questions(here, step, number)
    except KeyboardInterrupt:
        if _asks_a_person():
            here.terminal.line()
        _sum_up(here, step, questions)
    here.terminal.line()
    show_next(here.terminal, here.course, here.progress, step)


def _toured(here: Context, name: str | None) -> Step:
    """Return the step meant by `name`; without it, the only project, or the current step if there are several."""
    projects = [step for step in here.course.steps if step.kind == "project"]
    return here.step(projects[0].name if name is None and len(projects) == 1 else name)


def read_questions(here: Context, step: Step) -> list[Question]:
    if questions := here.course.tour(step):
        return questions
    if step.kind == "project":
        raise UserError(f"{step.name} doesn't have a tour.", f"git checkout {here.course.place(step)}", code=1)
    projects = [step for step in here.course.steps if step.kind == "project"]
    raise UserError(
        f"{step.name} doesn't have a tour.", f"workbook tour {projects[0].name}" if projects else "workbook list"
    )


def ask_questions(here: Context, step: Step, number: int | None = None) -> None:
    """Ask what isn't answered yet, or only question `number`. Raises KeyboardInterrupt when the learner leaves."""
    questions = read_questions(here, step)
    asked = here.progress.unanswered(step) if number is None else [number]
    for place, n in enumerate(asked):
        if place:
            here.terminal.rule()
        here.terminal.line(f"Question {n} of {len(questions)}", "bold")
        here.terminal.line(questions[n - 1].question)
        here.terminal.line()
        _put(here, step, questions[n - 1])
        here.terminal.line()
    _sum_up(here, step, questions)
    if not asked:
        here.terminal.line(f"To answer one again, name it: uv run workbook tour {step.name} 1")


def _sum_up(here: Context, step: Step, questions: list[Question]) -> None:
    """Show how much of the tour is answered, and how well."""
    toured, of = here.progress.of(step).toured, len(questions)
    answered = [toured[question.question] for question in questions if question.question in toured]
    if len(answered) == of:
        here.terminal.line(f"Every question is answered: {sum(answered)} of {of} at the first try.", "bold")
    elif answered:
        here.terminal.line(f"{len(answered)} of {of} are answered, {sum(answered)} at the first try.", "bold")
    elif not _asks_a_person():
        here.terminal.line("Run this on a terminal, or give it the names of files, one on a line.")
    else:
        here.terminal.line(f"None of {of} is answered yet.")


def _put(here: Context, step: Step, question: Question) -> None:
    """Ask one question until it's answered, rightly or wrongly, or skipped; record that and show the answer."""
    terminal, project = here.terminal, here.course.folder(step)
    for tries in itertools.count(1):
        file = _ask_file(here, project, question)
        if not file:
            terminal.line("Skipped; it comes again.", "dim")
            return
        right = file in question.answer
        if right or tries == TRIES:
            break
        terminal.line(f"Not {_described(project, file)}. Once more:", "yellow")
    if right:
        terminal.line("That's it." if tries == 1 else "That's it, at the second try.", "green")
    else:
        terminal.line(f"Nor {_described(project, file)}. It is {question.answer[0]}.", "yellow")
    _tell(here, project, question)
    here.note("toured", step, question=question.question, right=right, tries=tries)


def _ask_file(here: Context, project: Path, question: Question) -> str:
    """Return the project's file that the learner names, "" for none; ask again until it's clear which one is meant."""
    terminal, files = here.terminal, copied_files(project)
    while answer := _ask(here, question).strip():
        meant = meant_files(answer, files, project.name)
        if len(meant) == 1:
            return meant[0]
        if meant:
            terminal.line(f"Which of them: {', '.join(meant)}?", "yellow")
        else:
            shown = "".join(letter if letter.isprintable() else "?" for letter in answer[:60])
            terminal.line(f"{project.name} has no file “{shown}”. It has:", "yellow")
            for folder, inside in itertools.groupby(files, lambda file: file.rpartition("/")[0]):
                names = "  ".join(file.rpartition("/")[2] for file in inside)
                terminal.line(f"{folder}/  {names}" if folder else names, indent=2, hang=2)
    return ""


def _described(project: Path, file: str) -> str:
    """Return a file's name, with what the file says about itself."""
    said = purpose(project / file).rstrip(".")
    return f"{file} (“{said}”)" if said else file


def _tell(here: Context, project: Path, question: Question) -> None:
    """Show where the answer is, as a path to click at, and why it's there."""
    file = project / question.answer[0]
    line = line_of(file, question.look)
    here.terminal.field("Look", [f"{screens.shown_path(file)}:{line}" if line else screens.shown_path(file)])
    if also := question.answer[1:]:
        here.terminal.field("Also", [screens.shown_path(project / name) for name in also])
    here.terminal.field("Why", [" ".join(question.why.split())], prose=True)


def _asks_a_person() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _ask(here: Context, question: Question) -> str:
    """Return one line of what's typed or piped. Raises KeyboardInterrupt at its end."""
    if _asks_a_person():
        while (typed := ask_line(here.terminal, PROMPT)) is None:
            here.terminal.rule()
            here.terminal.line(question.question)
            here.terminal.line("That was a pasted text. Type the name of a file; Enter skips the question.", "yellow")
        return typed
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise KeyboardInterrupt
    here.terminal.line(PROMPT + "".join(letter for letter in line.strip() if letter.isprintable()))
    return line
