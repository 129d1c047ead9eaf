"""`workbook review`: earlier predictions come back, and questions across stages, five minutes at a time."""

import time
from functools import partial

from workbook.course.changes import Experiment
from workbook.course.promises import choices_for, read_promises, red_numbers
from workbook.course.questions import AcrossQuestion
from workbook.learner.review import DueQuestion, due_questions
from workbook.wording import number_of

from .context import Context
from .keyboard import can_ask, wait_for_enter
from .predicting import (
    Asked,
    about_experiment,
    ask_prediction,
    show_numbered,
    told_difference,
)

MINUTES = 5


def review_predictions() -> None:
    """Ask again what is due, until nothing is or five minutes are over."""
    here = Context()
    terminal = here.terminal
    due = due_questions(here.course, here.progress.journal.entries())
    if not due:
        terminal.line("Nothing is due. What you predict in the stages comes back here, in a day or more.")
        return
    if not can_ask():
        terminal.line(f"{number_of(len(due), 'question')} to review. Run this on a terminal.")
        return
    began = time.monotonic()
    for place, one in enumerate(due):
        if place and time.monotonic() - began > MINUTES * 60:
            terminal.line(f"Five minutes are over. {number_of(len(due) - place, 'more question')} can wait.", "bold")
            return
        if place:
            wait_for_enter(terminal, "Enter shows the next one … ")
            terminal.clear()
        _ask_again(here, one, place + 1, len(due))
    terminal.line("That was all that's due today.", "bold")


def _ask_again(here: Context, one: DueQuestion, place: int, of: int) -> None:
    """Ask one question, and judge the answer by what's known; no test runs."""
    terminal, subject = here.terminal, one.subject
    terminal.rule()
    if one.was_certain_and_wrong:
        terminal.line("Last time you were certain, and it wasn't so.", "yellow")
    if isinstance(subject, Experiment):
        head = f"{place} of {of}, from {one.step.title}: {subject.title}"
        folder = here.course.folder(one.step)
        choices = choices_for(subject, read_promises(folder))
        asked, right_numbers = about_experiment(terminal, head, subject, folder, choices), red_numbers(subject, choices)
        correct = partial(told_difference, red=right_numbers)
    else:
        steps = [step.title for name in subject.about if (step := here.course.known(name))]
        asked = _about_stages(here, f"{place} of {of}, {' and '.join(steps)}: {subject.title}", subject)
        right_numbers = [subject.choices.index(subject.answer) + 1]
        correct = partial(_tell_answer, subject)
    answer, sure = ask_prediction(here, asked)
    numbers = answer or []
    right = sorted(numbers) == right_numbers
    terminal.line("That's right." if right else correct(numbers), "green" if right else "yellow")
    terminal.line()
    terminal.line(" ".join(subject.why.split()))
    terminal.line()
    data = {"experiment": subject.title, "prediction": sorted(numbers), "right": right, "sure": sure}
    here.note("reviewed", one.step, **data)


def _tell_answer(question: AcrossQuestion, _: list[int]) -> str:
    return f"Not quite. It's {question.choices.index(question.answer) + 1}: {question.answer}."


def _about_stages(here: Context, head: str, question: AcrossQuestion) -> Asked:
    """Return a question across stages, as it's asked."""
    terminal = here.terminal

    def show() -> None:
        terminal.line(head, "bold")
        terminal.line()
        terminal.line(" ".join(question.question.split()))
        terminal.line()

    def offer() -> None:
        show_numbered(terminal, question.choices)
        terminal.line()

    most = len(question.choices)
    return Asked(show, show, offer, most, prompt="Its number: ", see_again="the question", only_one=True)
