"""`workbook` alone: where am I, what next; on a terminal it watches the step and reacts to keys."""

import contextlib
from collections.abc import Callable

from workbook.course.model import Step
from workbook.errors import UserError
from workbook.learner import workspace
from workbook.learner.step_check import StepResult, Subject
from workbook.learner.watch_loop import KeyPress, Saved, WatchLoop
from workbook.learner.workspace import MAIN, has_begun

from . import screens
from .break_ import try_experiment
from .check import note_solved
from .context import Context
from .hint import give_next_hint
from .keyboard import REDRAW, single_keys
from .list_ import list_steps
from .run import run_step
from .terminal import report_error
from .tour import ask_questions

KEYS = "h hint  n next  b break  r run  l list  q quit"
KEYS_OF_A_TOUR = "t tour  n next  r run  l list  q quit"


def open_session() -> None:
    """Show where the learner is; on a terminal, watch the step and react to keys."""
    here = Context()
    happened = arrive(here)
    if not here.terminal.interactive:
        show_where(here, happened)
        return
    with contextlib.suppress(KeyboardInterrupt):
        step: Step | None = here.progress.current
        while step:
            left, step = step, _Watch(here, step, happened).until_left()
            here = Context()  # with what has been recorded since
            if step:
                folder = screens.shown_path(here.course.copy(step))
                happened = f"Now in {step.name}: your copy is in {folder}. Back: uv run workbook start {left.name}"
    here.terminal.line()
    here.terminal.line("Everything is kept. uv run workbook brings you back here.")


def arrive(here: Context) -> str:
    """See that the current step is in work/; returns what was done for that."""
    step, new = here.step(None), here.progress.is_new
    copy = here.course.copy(step)
    if (copy / MAIN).is_file() and has_begun(here.course, step) if step.kind == "exercise" else copy.is_dir():
        return f"Welcome back to {step.name}."
    workspace.put_into_work(here.course, step)
    here.note("started", step)
    folder = screens.shown_path(here.course.copy(step))
    return (
        f"Welcome. Your copy of the first step is in {folder}." if new else f"Your copy of {step.name} is in {folder}."
    )


def show_where(here: Context, happened: str) -> None:
    """Show where the learner is and what's next, on one screen."""
    step = here.progress.current
    _head(here, step)
    here.terminal.line(happened)
    here.terminal.line()
    screens.show_next(here.terminal, here.course, here.progress, step)
    here.terminal.field("Watch", ["uv run workbook watch"])


def _head(here: Context, step: Step) -> None:
    steps = here.course.steps
    here.terminal.line(f"{here.course.title}  (step {steps.index(step) + 1} of {len(steps)})", "dim")
    here.terminal.line(f"{step.name}: {step.concept}", "bold")
    here.terminal.line()


class _Watch:
    """One step on the screen: redrawn at every save and key."""

    def __init__(self, here: Context, step: Step, happened: str) -> None:
        self.here, self.step, self.happened = here, step, happened
        self.verdict: StepResult | None = None
        self.edited = False
        self.has_tour = bool(here.course.tour(step))

    def until_left(self) -> Step | None:
        """Watch until the learner goes on, and return the step that comes then; None to quit."""
        subject = Subject.of(self.here.course, self.step)
        self._draw(f"{self.happened} Checking it …")
        with WatchLoop(self.here.course, subject) as loop:
            try:
                loop.check()
            except UserError as error:
                self._cannot(error)
            while True:
                with single_keys(loop.press):
                    key = self._until_key(loop)
                if key == "q":
                    return None
                if key == "n":
                    if after := self._next():
                        return after
                elif lacking := self._lacking(key):
                    self.happened = lacking
                else:
                    self._do(key, loop)
                self._draw()

    def _until_key(self, loop: WatchLoop) -> str:
        while True:
            try:
                event = loop.next()
            except UserError as error:  # no tests any more, for a moment perhaps: an editor replaces files
                self._cannot(error)
                continue
            if isinstance(event, KeyPress):
                if event.key in ("thnbrlq" if self.has_tour else "hnbrlq"):
                    return event.key
                if event.key == REDRAW:
                    self._draw()
            elif isinstance(event, Saved):
                self.edited = True
                names = ", ".join(screens.shown_path(path) for path in event.files[:3])
                self._draw(f"Saved {names}; checking …")
            else:
                self._take(event)
                self._draw()

    def _take(self, verdict: StepResult) -> None:
        solved = note_solved(self.here, verdict)
        broken = len(verdict.stage.broken)
        if solved and verdict.subject.exercise:
            self.happened = "The public tests are all green."
        elif solved:
            numbers = " and ".join(name.partition("-")[0] for name in solved)
            self.happened = f"Task {numbers} is done." if len(solved) == 1 else f"Tasks {numbers} are done."
        elif verdict.whole.trouble:
            self.happened = "The tests could not be run."
        elif broken:
            self.happened = f"{screens.count_broken(verdict.stage)} in your copy."
        elif self.edited:
            self.happened = f"The {self.step.kind}'s promises are all kept."
        if self.edited:
            self.happened += f"  ({verdict.whole.seconds:.2f} s)"
        self.verdict = verdict

    def _cannot(self, error: UserError) -> None:
        self.verdict, self.happened = None, f"{error.message} Next: uv run {error.then}"
        self._draw()

    def _draw(self, doing: str = "") -> None:
        terminal = self.here.terminal
        terminal.clear()
        _head(self.here, self.step)
        if self.verdict:
            at_tasks = self.edited or not self.here.progress.untried(self.step)
            screens.show_result(terminal, self.verdict, cards=1, task_cards=at_tasks)
        terminal.rule()
        terminal.line(doing or self.happened, "bold")
        broken = len(self.verdict.stage.broken) if self.verdict else 0
        screens.show_next(terminal, self.here.course, self.here.progress, self.step, keys=True, broken=broken)
        terminal.line()
        terminal.line(KEYS_OF_A_TOUR if self.has_tour else KEYS, "dim")

    def _next(self) -> Step | None:
        after = self.here.course.after(self.step)
        if after is None:
            self.happened = "This is the last step."
            return None
        try:
            workspace.put_into_work(self.here.course, self.here.step(after.name))
        except UserError as error:
            self.happened = f"{error.message} Next: {error.then}"
            return None
        self.here.note("started", after)
        return after

    def _lacking(self, key: str) -> str:
        """Return what to say about a key for something that the step doesn't have; "" if it has it."""
        course, instead = self.here.course, "; t goes on with its tour." if self.has_tour else "."
        if key == "b" and not course.experiments(self.step):
            return f"{self.step.name} has no experiments{instead}"
        if key == "h" and not course.tasks(self.step) and self.step.kind != "exercise":
            return f"{self.step.name} has no tasks, so no hints{instead}"
        return ""

    def _do(self, key: str, loop: WatchLoop) -> None:
        """Run one of the commands on a separate screen, and come back here."""
        untried = self.here.progress.untried(self.step)
        number = untried[0] if untried else 1
        commands: dict[str, tuple[Callable[[], None], str]] = {
            "h": (lambda: give_next_hint(self.step.name), "Back from the hint."),
            "l": (list_steps, "Back from the list."),
            "t": (lambda: ask_questions(self.here, self.step), "Back from the tour."),
            "b": (
                lambda: try_experiment(self.here, self.step, number, loop.runner),
                f"Back from experiment {number}.",
            ),
            "r": (lambda: run_step(self.step.name, shipped=False, port=8000, fresh=False), "The app is stopped."),
        }
        command, self.happened = commands[key]
        self.here.terminal.clear()
        try:
            command()
        except UserError as error:
            report_error(error)
        except KeyboardInterrupt:
            self.happened = "Left, unfinished."
            return
        self.here = Context()  # commands record progress: read it again
        with contextlib.suppress(EOFError, KeyboardInterrupt):
            input(self.here.terminal.text("\nEnter brings you back … "))
