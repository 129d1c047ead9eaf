"""Where the learner is and what to do next, on the screen: what to read, which file to edit, which command or key."""

import re
from pathlib import Path

from workbook.course.changes import BadChange, Task
from workbook.course.model import Course, Step
from workbook.learner import workspace
from workbook.learner.progress import Progress, fingerprint
from workbook.learner.step_check import StepResult, Subject
from workbook.learner.workspace import MAIN, has_begun

from .context import Context
from .hint import task_at_hand
from .screens import cards_first, shown_path
from .terminal import Terminal

FRAME = re.compile(r' {1,8}File "([^"]{1,500})", line \d')


def show_next(
    terminal: Terminal,
    course: Course,
    progress: Progress,
    step: Step,
    *,
    keys: bool = False,
    result: StepResult | None = None,
) -> None:
    """Show what to do next in the step, and which file to open; `result` is what a check of the copy has found."""

    def say(what: str, command: str, key: str) -> None:
        terminal.field("Next", [what], prose=True)
        terminal.field("", [f"press {key}" if keys else command])

    if step.kind == "exercise":
        show_next_in_exercise(terminal, course, progress, step, keys=keys, result=result)
        return
    copy, folder = course.copy(step), course.folder(step)
    main_file = Subject.of(course, step).main_file
    broken = bool(result and result.stage.broken)
    if result and result.whole.trouble:
        terminal.field(
            "Next",
            ["read what it says, mend that, and save. If it isn't your code, see what's missing here:"],
            prose=True,
        )
        terminal.field("", ["uv run workbook doctor"])
    elif result and (result.missing or (broken and not main_file.exists())):
        gone = "the missing tests" if result.missing else shown_path(main_file)
        terminal.field("Next", [f"put back {gone}; your own files stay as they are:"], prose=True)
        terminal.field("", [f"uv run workbook start {step.name}"])
    elif broken:
        terminal.field("Next", ["fix your copy: the card says what's broken"], prose=True)
        terminal.field("Edit", [shown_path(_named_on_card(copy, result) or main_file)])
        terminal.field("Or", ["put it back, with a backup:", f"uv run workbook reset {step.name}"])
    elif untried := progress.untried(step):
        of = len(course.experiments(step))
        terminal.field("Read", [_lesson(course, step)])
        say(
            f"predict and break: experiment {untried[0]} of {of}",
            f"uv run workbook break {step.name} {untried[0]}",
            "b",
        )
    elif unanswered := progress.unanswered(step):
        terminal.field("Read", [_lesson(course, step)])
        say(f"the tour: question {unanswered[0]} of {len(course.tour(step))}", f"uv run workbook tour {step.name}", "t")
    elif unsolved := progress.unsolved(step):
        task = next(task for task in course.tasks(step) if task.number == unsolved[0])
        terminal.field("Next", [f"task {task.number}: {task.title}"], prose=True)
        terminal.field("Read", [shown_path(folder / "tasks" / task.folder.name / "README.md")])
        if copy.is_dir():
            terminal.field("Edit", _files_of(task, copy, main_file))
        else:
            terminal.field("", [f"uv run workbook start {step.name}"])
    else:
        _show_end(terminal, course, step, keys=keys)


def _show_end(terminal: Terminal, course: Course, step: Step, *, keys: bool) -> None:
    """Show where to go on from a step whose parts are all done."""
    after = course.after(step)
    if step.kind == "stage":
        if course.tasks(step):
            compare = "press c" if keys else f"uv run workbook compare {step.name}"
            terminal.field("Compare", [f"your solutions with ours: {compare}"])
        terminal.field(
            "Check", ["yourself: the questions at the end of the lesson", f"uv run workbook read {step.name}"]
        )
    if after:
        terminal.field("Next", [f"this step is done; on to {after.name}"], prose=True)
        terminal.field("", ["press n" if keys else f"uv run workbook start {after.name}"])
    else:
        terminal.field("Next", ["the last step is done: you've been through the whole course"], prose=True)


def _lesson(course: Course, step: Step) -> str:
    """Return how to open a step's lesson: its file, which `workbook read` shows in the terminal."""
    return shown_path(course.folder(step) / "README.md")


def _named_on_card(copy: Path, result: StepResult | None) -> Path | None:
    """Return the file of the copy that the first card's traceback ends in, if the app wasn't served."""
    cards = [card for promise in result.stage.broken[:1] for card in promise.cards[:1]] if result else []
    lines = [line for card in cards for label, said in card["sections"] if label == "Not served" for line in said]
    named = [copy / found[1] for line in lines if (found := FRAME.match(line))]
    return named[-1] if named and named[-1].is_file() else None


def _files_of(task: Task, copy: Path, main_file: Path) -> list[str]:
    """Return the files that a task is solved in, as they are in the copy; the main file if that isn't known."""
    try:
        names = dict.fromkeys(edit.file for edit in task.solution())
    except BadChange:
        names = {}
    files = [copy / name for name in names]
    return [shown_path(file) + ("" if file.exists() else " (new)") for file in files] or [shown_path(main_file)]


def show_next_in_exercise(
    terminal: Terminal,
    course: Course,
    progress: Progress,
    step: Step,
    *,
    keys: bool = False,
    result: StepResult | None = None,
) -> None:
    """Show what to do next in an exercise: begin, write, make the zip."""
    copy, exercise = course.copy(step), course.exercise(step)
    if not has_begun(course, step):
        terminal.field("Next", ["begin it:", f"uv run workbook start {step.name}"])
    elif not (copy / MAIN).is_file():
        terminal.field("Next", [f"{shown_path(copy / MAIN)} is gone; this puts it back:"], prose=True)
        terminal.field("", [f"uv run workbook start {step.name}"])
    elif (result and not result.stage.passed) or progress.unsolved(step):
        terminal.field("Read", [shown_path(exercise.folder / "README.md")])
        todos = [copy / file for file in exercise.starter_files()]
        begin = [shown_path(file) for file in todos if file.exists()]
        app = f"{shown_path(copy / 'app')}/"
        terminal.field("Edit", [*begin, f"and what else it needs in {app}"] if begin else [app])
        if not keys:
            terminal.field("Check", [f"uv run workbook check {step.name}"])
    else:
        made = progress.of(step).submitted
        is_same = bool(made) and progress.of(step).submitted_code == fingerprint(copy)
        said = (
            "the public tests are green; make the zip to hand in:"
            if not made
            else f"hand in work/submissions/{made}; your files are in it as they are now. Another zip:"
            if is_same
            else f"your files have changed since {made} was made; make another zip:"
        )
        terminal.field("Next", [said], prose=True)
        terminal.field("", ["press s" if keys else f"uv run workbook submit {step.name}"])
        if after := course.after(step):
            terminal.field("Then", [f"press n for {after.name}" if keys else f"uv run workbook start {after.name}"])


def arrive(here: Context) -> str:
    """See that the current step is in work/; returns what was done for that."""
    step, new = here.step(None), here.progress.is_new
    copy = here.course.copy(step)
    if (copy / MAIN).is_file() and has_begun(here.course, step) if step.kind == "exercise" else copy.is_dir():
        return f"Welcome back to {step.name}."
    workspace.put_into_work(here.course, step)
    here.note("started", step)
    folder = shown_path(here.course.copy(step))
    return (
        f"Welcome. Your copy of the first step is in {folder}." if new else f"Your copy of {step.name} is in {folder}."
    )


def show_where(here: Context, happened: str) -> None:
    """Show where the learner is and what's next, on one screen."""
    step = here.progress.current
    show_head(here, step)
    here.terminal.line(happened)
    here.terminal.line()
    show_next(here.terminal, here.course, here.progress, step)
    here.terminal.field("Watch", ["uv run workbook watch"])


def show_head(here: Context, step: Step) -> None:
    """Show the course's title, and which step of it this is."""
    steps = here.course.steps
    here.terminal.line(f"{here.course.title}  (step {steps.index(step) + 1} of {len(steps)})", "dim")
    here.terminal.line(f"{step.name}: {step.concept}", "bold")
    here.terminal.line()


def lacking(here: Context, step: Step, key: str, verdict: StepResult | None) -> str:
    """Return what to say about a key for something that the step doesn't have; "" if it has it."""
    course, has_tour = here.course, bool(here.course.tour(step))
    instead = "; t goes on with its tour." if has_tour else "."
    if key == "b" and not course.experiments(step):
        return f"{step.name} doesn't have experiments{instead}"
    is_exercise = step.kind == "exercise"
    if key == "s" and not is_exercise:
        return f"{step.name} isn't handed in; exercises are."
    if key in "hc" and (has_tour or not (course.tasks(step) or is_exercise)):
        return f"{step.name} doesn't have tasks, so there are no hints{instead}"
    if key == "t" and not (has_tour or course.tasks(step) or is_exercise):
        return f"{step.name} doesn't have tasks."
    if key == "t" and not has_tour and not task_at_hand(here, step):
        return f"Every task of {step.name} is done."
    if key == "c" and is_exercise:
        return f"You hand in {step.name}, so it doesn't have a solution of ours to compare with."
    if key == "c" and not any(task.folder.name in here.progress.of(step).solved for task in course.tasks(step)):
        return "Once a task is done, c compares your solution with ours."
    if key == "m" and not (verdict and cards_first(verdict)):
        return "Nothing is broken, so there's no card to see more of."
    return ""
