"""`workbook list`: every step, its minutes, and how far the learner is in it."""

from workbook.learner.review import calibration, due_questions
from workbook.wording import number_of

from .context import Context


def list_steps() -> None:
    """Print a line for each step."""
    here = Context()
    terminal, progress = here.terminal, here.progress
    terminal.line(here.course.title, "bold")
    terminal.line()
    width = max(len(step.name) for step in here.course.steps)
    for step in here.course.steps:
        tried, of = len(here.course.experiments(step)) - len(progress.untried(step)), len(here.course.experiments(step))
        tasks, questions = here.course.tasks(step), here.course.tour(step)
        solved = len(tasks) - len(progress.unsolved(step))
        toured = len(questions) - len(progress.unanswered(step))
        said = f"{step.name:<{width}} {step.minutes:>4} min  {step.concept}"
        if (tried or solved) and step.kind != "exercise":
            said += f" (experiments {tried} of {of}, tasks {solved} of {len(tasks)})"
        if toured:
            said += f" (tour {toured} of {len(questions)})"
        terminal.outcome(progress.state(step), said, hang=width + 11)
    terminal.line()
    total = sum(step.minutes for step in here.course.steps)
    time = f"{total / 60:.1f} hours" if total >= 90 else number_of(total, "minute")
    terminal.line(f"{number_of(len(here.course.steps), 'step')}, about {time}. You are in {progress.current.name}.")
    _show_calibration(here)


def _show_calibration(here: Context) -> None:
    """Say how much of what the learner was sure of was so."""
    entries = here.progress.journal.entries()
    said = [f"{right} of {of} {words}" for words, (of, right) in _by_degree(calibration(entries))]
    if said:
        here.terminal.line(f"Your predictions: right were {', '.join(said)}.")
    if due := due_questions(here.course, entries):
        here.terminal.line(f"{number_of(len(due), 'question')} to review today: uv run workbook review")


def _by_degree(found: dict[str, tuple[int, int]]) -> list[tuple[str, tuple[int, int]]]:
    words = {"certain": "that you were certain of", "fairly sure": "that you were fairly sure of", "a guess": "guesses"}
    return [(words[sure], found[sure]) for sure in words if sure in found]
