"""`workbook submit`: make the zip that a learner hands in, and check what's in it."""

import zipfile
from pathlib import Path

from workbook.course.model import Step
from workbook.course.pins import read_pins, read_pyproject
from workbook.errors import UserError
from workbook.learner import step_check
from workbook.learner.progress import fingerprint, meaning
from workbook.learner.step_check import StepResult, Subject
from workbook.learner.workspace import has_begun
from workbook.submissions.imports import foreign_packages, newer_syntax
from workbook.submissions.packing import PackedSubmission, hand_in
from workbook.submissions.reading import BadSubmission, open_submission
from workbook.testrun import ColdRunner, run_tests
from workbook.wording import number_of

from . import screens
from .context import Context
from .screens import shown_path

LISTED = 40
NAMED = 3  # files for each reason, or each warning
OLDEST = (3, 11)  # of the Pythons that the course allows, and so what a grader may have


def submit_exercise(name: str | None) -> None:
    """Make the zip of an exercise, show what's in it, what isn't and why, and run the public tests on it."""
    here = Context()
    step = here.step(name)
    if step.kind != "exercise":
        raise UserError(f"{step.name} isn't something to hand in; only exercises are.", "workbook list")
    if not has_begun(here.course, step):
        raise UserError(f"You haven't started {step.name} yet.", f"workbook start {step.name}", code=1)
    copy = here.course.copy(step)
    handed = hand_in(copy, here.course.work / "submissions", step.name)
    here.note("submitted", step, file=handed.file.name, code=fingerprint(copy))
    _show_files(here, handed)
    for warning in _warnings(here, handed):
        here.terminal.line(warning, "yellow")
    terminal = here.terminal
    terminal.line()
    with terminal.waiting("Running the public tests on this zip …"):
        result = _checked(here, step, handed.file)
    _show_result(here, step, result)
    size = handed.file.stat().st_size / 1024
    terminal.line(
        f"Zip made: {shown_path(handed.file)}, {number_of(len(handed.files), 'file')}, {size:.0f} KiB.", "bold"
    )
    terminal.line("Hand in this file. When you change something afterwards, make another one.")


def _show_files(here: Context, handed: PackedSubmission) -> None:
    terminal = here.terminal
    for file in handed.files[:LISTED]:
        terminal.line(file, indent=2)
    if (more := len(handed.files) - LISTED) > 0:
        terminal.line(f"and {more} more", "dim", indent=2)
    for reason in dict.fromkeys(handed.left_out.values()):
        files = [file for file, why in handed.left_out.items() if why == reason]
        terminal.line(f"Left out, because {reason}: {_some(files)}", "dim", hang=2)


def _some(files: list[str]) -> str:
    shown = ["".join(letter if letter.isprintable() else "?" for letter in file) for file in files[:NAMED]]
    return ", ".join(shown) + (f" and {len(files) - NAMED} more" if len(files) > NAMED else "")


def _warnings(here: Context, handed: PackedSubmission) -> list[str]:
    """Return what may keep this zip from running where it's graded."""
    with zipfile.ZipFile(handed.file) as archive:
        sources = {name.partition("/")[2]: archive.read(name) for name in archive.namelist() if name.endswith(".py")}
    pinned = read_pins(here.course.root)
    found = [
        f"{_some(files)}: imports {name}, which isn't one of the course's packages. Where it's graded it isn't there."
        for name, files in foreign_packages(sources, pinned).items()
    ]
    oldest = _oldest(here.course.root)
    for file, source in sources.items():
        if newer := newer_syntax(source, oldest):
            version = ".".join(map(str, oldest))
            found.append(f"{file}, {newer}. Python {version} doesn't read that, and it may be graded with {version}.")
    return found


def _oldest(root: Path) -> tuple[int, int]:
    """Return the oldest Python that the course allows."""
    asked = str(read_pyproject(root).get("project", {}).get("requires-python", ""))
    major, _, minor = asked.partition(",")[0].strip(">=~ ").partition(".")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else OLDEST


def _checked(here: Context, step: Step, file: Path) -> StepResult:
    try:
        with open_submission(file) as folder:
            subject = Subject.of_submission(here.course, step, folder, file)
            found = run_tests(ColdRunner(), here.course.root, subject.tests, subject.options)
            return step_check.read_result(subject, found)
    except BadSubmission as error:  # the zip has been changed in between
        raise UserError(str(error), f"workbook submit {step.name}", code=1) from error


def _show_result(here: Context, step: Step, result: StepResult) -> None:
    terminal = here.terminal
    terminal.line()
    screens.show_verdict(terminal, result, short=True)
    if result.stage.broken or result.whole.trouble:
        screens.show_cards(terminal, result.stage.broken, limit=1)
        terminal.line()
        terminal.line(
            f"Not all is green, and the zip is made anyway. Next: uv run workbook check {step.name}", "yellow"
        )
    else:
        terminal.line("The public tests are green on this zip.", "green")
        if not here.progress.of(step).solved:
            here.note("solved", step, task=step.name, code=meaning(here.course.copy(step)))
