"""`workbook` alone: where am I, what next; on a terminal it watches the step and reacts to keys."""

import contextlib
from collections.abc import Callable

from workbook.course.model import Step
from workbook.course.promises import read_promises
from workbook.errors import UserError
from workbook.learner import workspace
from workbook.learner.step_check import StepResult, Subject
from workbook.learner.watch_loop import KeyPress, Notice, Saved, WatchLoop

from . import screens
from .break_ import try_experiment
from .check import judged
from .compare import compare_solutions
from .context import Context
from .hint import show_hints, take_hint, task_at_hand
from .keyboard import REDRAW, SingleKeys, wait_for_enter
from .list_ import list_steps
from .next_steps import arrive, show_head, show_next, show_where
from .read import show_markdown, task_table
from .run import run_step
from .terminal import report_error
from .tour import ask_questions

KEYS = "h hint  t task  p promises  m more  b break  n next  r run  l list  q quit"
KEYS_OF_A_TOUR = "t tour  p promises  m more  n next  r run  l list  q quit"
PANELS = {"h": "hint", "t": "task", "p": "promises"}
AT_LEAST = 3  # rows of a hint that stay beside a card


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
                happened = f"Now in {step.name}: your copy is in {folder}. (Back: uv run workbook start {left.name})"
    here.terminal.line()
    here.terminal.line("Everything is kept. uv run workbook brings you back here.")


class _Watch:
    """One step on the screen: redrawn at every save and key."""

    def __init__(self, here: Context, step: Step, happened: str) -> None:
        self.here, self.step, self.happened = here, step, happened
        self.verdict: StepResult | None = None
        self.edited = False
        self.panel = ""  # what stays on the screen while saves are answered: hint, task or promises
        self.doing = ""
        self.has_tour = bool(here.course.tour(step))

    def until_left(self) -> Step | None:
        """Watch until the learner goes on, and return the step that comes then; None to quit."""
        subject = Subject.of(self.here.course, self.step)
        self._draw(f"{self.happened} Checking it …")
        loop = WatchLoop(self.here.course, subject)
        with SingleKeys(loop.press) as keys, loop:
            loop.check()
            while True:
                key = self._until_key(loop)
                if key == "q":
                    return None
                if key == "n":
                    if after := self._next():
                        return after
                elif lacking := self._lacking(key):
                    self.happened = lacking
                elif key in PANELS and not (key == "t" and self.has_tour):
                    self._turn(PANELS[key])
                else:
                    with keys.paused():
                        self._do(key, loop)
                self._draw(self.doing)

    def _until_key(self, loop: WatchLoop) -> str:
        while True:
            event = loop.next()
            if isinstance(event, UserError):  # no tests any more, for a moment perhaps: an editor replaces files
                self._cannot(event)
            elif isinstance(event, KeyPress):
                if event.key in "htpmbnrlcq":
                    self.here.read_again()
                    return event.key
                if event.key == REDRAW:
                    self._draw(self.doing)
            elif isinstance(event, Notice):
                self.happened = event.text
                self._draw(self.doing)
            elif isinstance(event, Saved):
                self.edited = True
                names = ", ".join(screens.shown_path(path) for path in event.files[:3])
                more = f" and {len(event.files) - 3} more" if len(event.files) > 3 else ""
                self._draw(f"Saved {names}{more}; checking …")
            else:
                self._take(event)
                self._draw()

    def _take(self, found: StepResult) -> None:
        self.here.read_again()
        before = set(self.here.progress.of(self.step).solved)
        verdict = judged(self.here, found)
        solved = [name for name in verdict.solved if name not in before]
        broken = len(verdict.stage.broken)
        if solved and verdict.subject.exercise:
            self.happened = "The public tests are all green."
        elif solved:
            numbers = " and ".join(name.partition("-")[0] for name in solved)
            self.happened = f"Task {numbers} is done." if len(solved) == 1 else f"Tasks {numbers} are done."
            if self.panel in {"hint", "task"}:
                self.panel = ""
        elif verdict.whole.trouble:
            self.happened = "The tests could not be run."
        elif verdict.missing:
            self.happened = "Tests are missing, so nothing is known of what they prove."
        elif broken and verdict.subject.exercise:
            self.happened = f"{screens.count_broken(verdict.stage)} so far."
        elif broken:
            self.happened = f"{screens.count_broken(verdict.stage)} in your copy."
        elif self.edited and verdict.subject.exercise:
            self.happened = "It's as you found it: nothing to check yet." if not verdict.stage.passed else "All green."
        elif self.edited:
            self.happened = f"The {self.step.kind}'s promises are all kept."
        if self.edited:
            self.happened += f"  ({verdict.whole.seconds:.2f} s)"
        self.verdict = verdict

    def _cannot(self, error: UserError) -> None:
        then = f"uv run {error.then}" if error.then.startswith("workbook ") else error.then
        self.verdict, self.happened = None, f"{error.message} Next: {then}"
        self._draw()

    def _turn(self, panel: str) -> None:
        """Show a panel, or the next hint; hide one whose key is pressed again."""
        if panel == "hint":
            if task := task_at_hand(self.here, self.step):
                level, of = take_hint(self.here, self.step, task)
                self.panel, self.happened = (
                    panel,
                    f"Hint {level} of {of}. It stays here while you save; h for the next.",
                )
                if level == of:
                    self.happened = f"Hint {level} of {of}, the last. It stays here while you save."
            else:
                self.happened = "Every task is done, so there's nothing to hint at."
            return
        self.panel = "" if self.panel == panel else panel
        if self.panel:
            name = "contract" if self.step.kind == "exercise" and panel == "task" else panel
            self.happened = f"The {name}; {panel[0]} hides it."

    def _draw(self, doing: str = "") -> None:
        """Draw the screen so that what matters fits: what happened, what's next, what's broken; then the rest."""
        self.doing = doing
        terminal, verdict = self.here.terminal, self.verdict
        foot = self._foot(doing)
        head = terminal.lines_of(lambda: show_head(self.here, self.step))
        card = terminal.lines_of(self._card)
        panel = terminal.squeezed(terminal.lines_of(self._panel))
        rest = terminal.lines_of(lambda: screens.show_verdict(terminal, verdict)) if verdict else []
        room, points = terminal.height - terminal.rows(foot), list[str]()
        if terminal.rows([*head, *rest, *panel, *card]) > room:
            head = head[:1]
            rest = terminal.lines_of(lambda: screens.show_verdict(terminal, verdict, short=True)) if verdict else []
            points = rest[-1:] if verdict and verdict.subject.exercise else []
        for block in (head, rest):
            if terminal.rows([*head, *rest, *panel, *card]) > room and (panel or card):
                block.clear()
        if points and not rest and terminal.rows([*points, *panel, *card]) <= room:
            rest = points
        if terminal.rows([*card, *panel]) > room:
            of_panel = max(AT_LEAST if panel else 0, room - terminal.rows(card))
            card = terminal.fitted(card, room - min(of_panel, terminal.rows(panel)))
            panel = self._clipped(panel, room - terminal.rows([*head, *rest, *card]))
        shown = terminal.fitted([*head, *rest, *panel, *card], room)
        terminal.clear()
        terminal.show([*shown, *foot])

    def _clipped(self, lines: list[str], room: int) -> list[str]:
        if self.here.terminal.rows(lines) <= room:
            return lines
        task = task_at_hand(self.here, self.step)
        if self.panel == "task" and task and self.step.kind != "exercise":
            where = screens.shown_path(task.folder / "README.md")
        else:
            where = f"uv run workbook {'hint' if self.panel == 'hint' else 'read'} {self.step.name}"
        end = f"   … the rest in a taller window, or: {where}"
        return [*self.here.terminal.fitted(lines, room - 1), self.here.terminal.text(end)]

    def _foot(self, doing: str) -> list[str]:
        """Return what's below: what happened, what's next, the keys; in a very low window only what happened."""
        terminal, verdict = self.here.terminal, self.verdict

        def show_way() -> None:
            show_next(terminal, self.here.course, self.here.progress, self.step, keys=True, result=verdict)
            terminal.line(KEYS_OF_A_TOUR if self.has_tour else KEYS, "dim")

        rule = terminal.lines_of(terminal.rule)
        happened = terminal.lines_of(lambda: terminal.line(doing or self.happened, "bold"))
        way = terminal.lines_of(show_way)
        if terminal.rows([*rule, *happened, *way]) <= terminal.height:
            return [*rule, *happened, *way]
        return terminal.fitted([*happened, *way], terminal.height)

    def _card(self) -> None:
        if self.verdict and not self.verdict.whole.trouble:
            screens.show_cards(self.here.terminal, screens.cards_first(self.verdict), limit=1, more="m")

    def _panel(self) -> None:
        terminal = self.here.terminal
        task = task_at_hand(self.here, self.step)
        if self.panel == "hint" and task:
            show_hints(self.here, self.step, task, only_last=True)
        elif self.panel == "task" and task:
            terminal.rule()
            show_markdown(terminal, task_table(self.here.course, self.step, task))
        elif self.panel == "promises":
            terminal.rule()
            for promise in read_promises(self.here.course.folder(self.step)):
                if not promise.deeper:
                    terminal.line(promise.text, indent=3, hang=2)

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
            return f"{self.step.name} doesn't have experiments{instead}"
        is_exercise = self.step.kind == "exercise"
        if key in "hc" and (self.has_tour or not (course.tasks(self.step) or is_exercise)):
            return f"{self.step.name} doesn't have tasks, so there are no hints{instead}"
        if key == "t" and not (self.has_tour or course.tasks(self.step) or is_exercise):
            return f"{self.step.name} doesn't have tasks."
        if key == "t" and not self.has_tour and not task_at_hand(self.here, self.step):
            return f"Every task of {self.step.name} is done."
        if key == "c" and not any(
            task.folder.name in self.here.progress.of(self.step).solved for task in course.tasks(self.step)
        ):
            return "Once a task is done, c compares your solution with ours."
        if key == "m" and not (self.verdict and screens.cards_first(self.verdict)):
            return "Nothing is broken, so there's no card to see more of."
        return ""

    def _do(self, key: str, loop: WatchLoop) -> None:
        """Run one of the commands on a separate screen, and come back here."""
        untried = self.here.progress.untried(self.step)
        number = untried[0] if untried else 1
        verdict = self.verdict
        commands: dict[str, tuple[Callable[[], None], str]] = {
            "m": (lambda: self._show_more(verdict), "Back from the card."),
            "c": (lambda: compare_solutions(self.step.name, None), "Back from our solutions."),
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
        wait_for_enter(self.here.terminal, "\nEnter brings you back … ")

    def _show_more(self, verdict: StepResult | None) -> None:
        if verdict:
            screens.show_cards(self.here.terminal, screens.cards_first(verdict), limit=1, whole=True)
