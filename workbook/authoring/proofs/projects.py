"""What's claimed about a project: it's green, and its tour leads to the right places."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from workbook.course.questions import Question, line_of, read_tour
from workbook.course.step_files import find_tests
from workbook.errors import UserError
from workbook.learner.workspace import copied_files
from workbook.testrun import Runner, run_tests

from .claims import Claim, red_of

QUESTIONS_OF_A_TOUR = 8
WORDS_OF_A_WHY = 20


def project_claims(root: Path, project: Path) -> Iterator[Claim]:
    """Yield the claims on a project: its tests are green unchanged, and its tour holds."""
    yield Claim(f"{project.name} as shipped", lambda runner: red_of(run_tests(runner, root, find_tests(project))))
    yield from tour_claims(project)


def tour_claims(project: Path) -> Iterator[Claim]:
    """Yield the claims on the tour: it has as many questions as promised, each with its answer and place."""
    try:
        questions = read_tour(project)
    except UserError as error:
        wrong = error.message
        yield Claim(f"{project.name}, its tour", lambda _: wrong)
        return
    yield Claim(f"{project.name}, its tour", lambda _: _wrong_tour(questions))
    for number, question in enumerate(questions, 1):
        subject = f"{project.name}, question {number}: {question.question}"
        yield Claim(subject, partial(_wrong_answer, project, question))


def wrong_question(project: Path, question: Question) -> str:
    """Return what's wrong with the question; "" if its files and place are there and its why is long enough."""
    files = copied_files(project)
    said = [f"there's no file {answer}" for answer in question.answer if answer not in files]
    if not said and line_of(project / question.answer[0], question.look) is None:
        said.append(f"“{question.look}” does not occur in {question.answer[0]}")
    if (words := len(question.why.split())) < WORDS_OF_A_WHY:
        said.append(f"its why has {words} words, fewer than {WORDS_OF_A_WHY}")
    return "; ".join(said)


def _wrong_answer(project: Path, question: Question, _: Runner) -> str:
    return wrong_question(project, question)


def _wrong_tour(questions: list[Question]) -> str:
    said = [] if len(questions) == QUESTIONS_OF_A_TOUR else [f"{len(questions)} questions, not {QUESTIONS_OF_A_TOUR}"]
    if len({question.question for question in questions}) < len(questions):
        said.append("a question is asked twice")
    return "; ".join(said)
